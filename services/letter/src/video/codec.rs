//! Names codecs as ffprobe does, from the four characters of a sample entry and, where those are shared by several
//! codecs, from the object type of its `esds` (ISO/IEC 14496-1; the registry of mp4ra.org).

/// What a sample entry says of its codec.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Entry {
    /// The four characters, those of `frma` where the entry is encrypted.
    pub(super) kind: [u8; 4],
    /// Object type of `esds`.
    pub(super) object_type: Option<u8>,
    /// Bits of one audio sample.
    pub(super) sample_bits: u16,
    /// Whether `enda` turns the bytes of QuickTime's big-endian forms round.
    pub(super) is_little_endian: bool,
    /// Flags of a QuickTime version 2 description: 1 floating point, 2 big endian, 4 signed.
    pub(super) lpcm_flags: Option<u32>,
}

/// The name of a video codec.
pub(super) fn video_name(entry: &Entry) -> String {
    let name = match &entry.kind {
        b"avc1" | b"avc2" | b"avc3" | b"avc4" | b"dvav" | b"dva1" | b"h264" | b"H264" | b"AVin" => "h264",
        b"hvc1" | b"hev1" | b"dvhe" | b"dvh1" => "hevc",
        b"vvc1" | b"vvi1" => "vvc",
        b"mp4v" | b"MP4S" | b"mp4s" => match entry.object_type {
            Some(0x60..=0x65) => "mpeg2video",
            Some(0x6a) => "mpeg1video",
            Some(0x6c) => "mjpeg",
            Some(0x6d) => "png",
            Some(0x21) => "h264",
            Some(0x23) => "hevc",
            _ => "mpeg4",
        },
        b"XVID" | b"xvid" | b"DIVX" | b"DX50" | b"3IV2" => "mpeg4",
        b"vp08" => "vp8",
        b"vp09" => "vp9",
        b"av01" => "av1",
        b"apch" | b"apcn" | b"apcs" | b"apco" | b"ap4h" | b"ap4x" | b"aprn" | b"aprh" => "prores",
        b"jpeg" | b"mjpa" | b"mjpg" | b"MJPG" | b"AVDJ" => "mjpeg",
        b"mjpb" => "mjpegb",
        b"png " => "png",
        b"s263" | b"h263" | b"H263" => "h263",
        b"SVQ1" | b"svq1" => "svq1",
        b"SVQ3" => "svq3",
        b"cvid" => "cinepak",
        b"rle " => "qtrle",
        b"m1v " | b"m1v1" | b"mp1v" | b"mpeg" => "mpeg1video",
        b"m2v1" | b"mp2v" => "mpeg2video",
        b"hdv1" | b"hdv2" | b"hdv3" | b"hdv5" | b"hdv6" | b"hdv7" | b"mx5p" | b"xdv2" | b"xdv3" | b"xdvb" | b"xdvc"
        | b"xd5b" | b"xd5c" => "mpeg2video",
        b"AVdn" | b"AVdh" => "dnxhd",
        b"dvc " | b"dvcp" | b"dvpp" | b"dv5n" | b"dv5p" | b"dvh5" | b"dvhq" => "dvvideo",
        b"vc-1" => "vc1",
        b"FFV1" => "ffv1",
        b"CFHD" => "cfhd",
        b"v210" => "v210",
        b"raw " | b"2vuy" | b"yuv2" | b"BGRA" => "rawvideo",
        _ => return four_characters(entry.kind).trim_end().to_owned(),
    };
    name.to_owned()
}

/// The name of an audio codec.
pub(super) fn audio_name(entry: &Entry) -> String {
    let name = match &entry.kind {
        b"mp4a" => match entry.object_type {
            Some(0x69 | 0x6b) => "mp3",
            Some(0xa5) => "ac3",
            Some(0xa6) => "eac3",
            Some(0xa9) => "dts",
            Some(0xad) => "opus",
            Some(0xdd) => "vorbis",
            _ => "aac",
        },
        b".mp3" | b"mp3 " | b"ms\0U" => "mp3",
        b".mp2" => "mp2",
        b"ac-3" | b"sac3" => "ac3",
        b"ec-3" => "eac3",
        b"ac-4" => "ac4",
        b"Opus" => "opus",
        b"fLaC" => "flac",
        b"alac" => "alac",
        b"dtsc" | b"dtsh" | b"dtsl" | b"dtse" => "dts",
        b"samr" => "amr_nb",
        b"sawb" => "amr_wb",
        b"ulaw" => "pcm_mulaw",
        b"alaw" => "pcm_alaw",
        b"ima4" => "adpcm_ima_qt",
        b"QDM2" => "qdm2",
        b"sowt" | b"twos" | b"in24" | b"in32" | b"fl32" | b"fl64" | b"raw " | b"lpcm" => return pcm_name(entry),
        _ => return four_characters(entry.kind).trim_end().to_owned(),
    };
    name.to_owned()
}

/// The name of uncompressed sound.
fn pcm_name(entry: &Entry) -> String {
    let flags = entry.lpcm_flags.unwrap_or_default();
    let bits = entry.sample_bits;
    let order = if entry.is_little_endian { "le" } else { "be" };
    let (form, bits, order) = match &entry.kind {
        b"lpcm" => {
            let form = if flags & 1 != 0 {
                'f'
            } else if flags & 4 != 0 {
                's'
            } else {
                'u'
            };
            (form, bits, if flags & 2 != 0 { "be" } else { "le" })
        }
        b"sowt" => ('s', bits, "le"),
        b"in24" => ('s', 24, order),
        b"in32" => ('s', 32, order),
        b"fl32" => ('f', 32, order),
        b"fl64" => ('f', 64, order),
        b"raw " => ('u', bits, "be"),
        _ => ('s', bits, "be"),
    };
    match bits {
        8 => format!("pcm_{form}8"),
        16 | 24 | 32 | 64 => format!("pcm_{form}{bits}{order}"),
        _ => format!("pcm_{form}16{order}"),
    }
}

/// Four characters as text; bytes that are no printable ASCII stand as `.`.
pub(super) fn four_characters(kind: [u8; 4]) -> String {
    kind.iter().map(|&byte| if (b' '..=b'~').contains(&byte) { char::from(byte) } else { '.' }).collect()
}

/// The object type in the payload of an `esds` box: descriptor 3 (ES) holds descriptor 4 (decoder configuration),
/// whose first byte it is (ISO/IEC 14496-1, 7.2.6).
pub(super) fn object_type(esds: &[u8]) -> Option<u8> {
    let mut rest = esds.get(4..)?;
    for _ in 0..8 {
        let (&tag, after) = rest.split_first()?;
        // A length of up to four bytes of seven bits each.
        let length_bytes = after.iter().take(4).take_while(|&&byte| byte & 0x80 != 0).count() + 1;
        let body = after.get(length_bytes..)?;
        rest = match tag {
            3 => {
                let flags = *body.get(2)?;
                let mut skip = 3;
                if flags & 0x80 != 0 {
                    skip += 2;
                }
                if flags & 0x40 != 0 {
                    skip += 1 + usize::from(*body.get(skip)?);
                }
                if flags & 0x20 != 0 {
                    skip += 2;
                }
                body.get(skip..)?
            }
            4 => return body.first().copied(),
            _ => return None,
        };
    }
    None
}
