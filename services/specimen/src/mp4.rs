//! A small MP4 or MOV file that players and ffprobe read: a grey picture that stands still, one frame a second.

use std::io::{self, Read};

use crate::bits::Bits;

/// Ticks a second of every clock in the file.
const TIMESCALE: u32 = 1000;

/// What the video is to be.
#[derive(Clone, Copy, Debug)]
pub struct Mp4 {
    /// Coded width in pixels.
    pub width: u16,
    /// Coded height in pixels.
    pub height: u16,
    /// Length in seconds, at least 1.
    pub seconds: u32,
    /// Sample entry: `avc1` (H.264, truly decodable) or `hvc1` (HEVC: parameter sets without pictures).
    pub codec: [u8; 4],
    /// Major brand of `ftyp`; `qt  ` makes it a MOV.
    pub brand: [u8; 4],
    /// Clockwise rotation asked of the player: 0, 90, 180 or 270.
    pub rotation_degrees: u16,
    /// Whether the header comes before the media.
    pub moov_first: bool,
    /// Bytes of a `free` box that make the file larger.
    pub padding_bytes: u64,
}

impl Default for Mp4 {
    fn default() -> Self {
        Self {
            width: 1920,
            height: 1080,
            seconds: 120,
            codec: *b"avc1",
            brand: *b"isom",
            rotation_degrees: 0,
            moov_first: true,
            padding_bytes: 0,
        }
    }
}

/// Composes the whole file in memory.
#[must_use]
pub fn mp4(video: Mp4) -> Vec<u8> {
    let mut bytes = Vec::new();
    let (head, padding_bytes, tail) = pieces(video);
    bytes.extend(head);
    bytes.resize(bytes.len() + usize::try_from(padding_bytes).expect("padding fits into memory"), 0);
    bytes.extend(tail);
    bytes
}

/// Composes the file as it is read, so that hundreds of megabytes of padding are never held.
pub fn mp4_stream(video: Mp4) -> impl Read {
    let (head, padding_bytes, tail) = pieces(video);
    io::Cursor::new(head).chain(io::repeat(0).take(padding_bytes)).chain(io::Cursor::new(tail))
}

/// The bytes before the padding, its length, and the bytes after it.
fn pieces(video: Mp4) -> (Vec<u8>, u64, Vec<u8>) {
    let samples = samples(video);
    let ftyp = atom(b"ftyp", &[&video.brand[..], &512u32.to_be_bytes(), &video.brand, b"mp41"]);
    let mdat = atom(b"mdat", &[&samples.concat()]);
    let free = match video.padding_bytes {
        0 => Vec::new(),
        // A 64-bit size, so that padding may be larger than 4 GiB.
        bytes => [&1u32.to_be_bytes()[..], b"free", &(bytes + 16).to_be_bytes()].concat(),
    };
    let moov_at = |media_at: usize| moov(video, &samples, u32::try_from(media_at).expect("the header is small"));
    if video.moov_first {
        let header_bytes = moov_at(0).len();
        let media_at = ftyp.len() + header_bytes + 8;
        ([ftyp, moov_at(media_at), mdat, free].concat(), video.padding_bytes, Vec::new())
    } else {
        let media_at = ftyp.len() + 8;
        ([ftyp, mdat, free].concat(), video.padding_bytes, moov_at(media_at))
    }
}

/// A box around its payload.
pub(crate) fn atom(kind: &[u8; 4], payload: &[&[u8]]) -> Vec<u8> {
    let payload = payload.concat();
    let size = u32::try_from(payload.len() + 8).expect("a box of less than 4 GiB");
    [&size.to_be_bytes()[..], kind, &payload].concat()
}

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_be_bytes()).collect()
}

fn moov(video: Mp4, samples: &[Vec<u8>], media_at: u32) -> Vec<u8> {
    let duration = video.seconds * TIMESCALE;
    let one: u32 = 0x0001_0000;
    let minus = one.wrapping_neg();
    let (width, height) = (u32::from(video.width) << 16, u32::from(video.height) << 16);
    let w = 0x4000_0000;
    let upright = [one, 0, 0, 0, one, 0, 0, 0, w];
    let turned = match video.rotation_degrees {
        90 => [0, one, 0, minus, 0, 0, height, 0, w],
        180 => [minus, 0, 0, 0, minus, 0, width, height, w],
        270 => [0, minus, 0, one, 0, 0, 0, width, w],
        _ => upright,
    };
    let mvhd = [
        &words(&[0, 0, 0, TIMESCALE, duration, one, 0x0100_0000, 0, 0])[..],
        &words(&upright),
        &words(&[0, 0, 0, 0, 0, 0, 2]),
    ]
    .concat();
    let tkhd = [&words(&[3, 0, 0, 1, 0, duration, 0, 0, 0, 0])[..], &words(&turned), &words(&[width, height])].concat();
    let elst = words(&[0, 1, duration, 0, one]);
    // The language is "und", packed as three letters of five bits.
    let mdhd = words(&[0, 0, 0, TIMESCALE, duration, 0x55c4_0000]);
    let hdlr = [&words(&[0, 0])[..], b"vide", &words(&[0, 0, 0]), b"VideoHandler\0"].concat();
    let dref = atom(b"dref", &[&words(&[0, 1]), &atom(b"url ", &[&words(&[1])])]);
    let sizes: Vec<u32> = samples.iter().map(|sample| sample.len() as u32).collect();
    let count = sizes.len() as u32;
    let stbl = atom(
        b"stbl",
        &[
            &atom(b"stsd", &[&words(&[0, 1]), &sample_entry(video)]),
            &atom(b"stts", &[&words(&[0, 1, count, TIMESCALE])]),
            &atom(b"stss", &[&words(&[0, 1, 1])]),
            &atom(b"stsc", &[&words(&[0, 1, 1, count, 1])]),
            &atom(b"stsz", &[&words(&[0, 0, count]), &words(&sizes)]),
            &atom(b"stco", &[&words(&[0, 1, media_at])]),
        ],
    );
    let minf = atom(b"minf", &[&atom(b"vmhd", &[&words(&[1, 0, 0])]), &atom(b"dinf", &[&dref]), &stbl]);
    let mdia = atom(b"mdia", &[&atom(b"mdhd", &[&mdhd]), &atom(b"hdlr", &[&hdlr]), &minf]);
    let trak = atom(b"trak", &[&atom(b"tkhd", &[&tkhd]), &atom(b"edts", &[&atom(b"elst", &[&elst])]), &mdia]);
    atom(b"moov", &[&atom(b"mvhd", &[&mvhd]), &trak])
}

fn sample_entry(video: Mp4) -> Vec<u8> {
    let mut entry = vec![0; 78];
    entry[7] = 1;
    entry[24..26].copy_from_slice(&video.width.to_be_bytes());
    entry[26..28].copy_from_slice(&video.height.to_be_bytes());
    // 72 dots an inch, one frame a sample, 24 bits deep, no colour table.
    entry[28..36].copy_from_slice(&words(&[0x0048_0000, 0x0048_0000]));
    entry[40..42].copy_from_slice(&1u16.to_be_bytes());
    entry[74..78].copy_from_slice(&[0, 24, 0xff, 0xff]);
    let configuration = if &video.codec == b"hvc1" { hevc_configuration(video) } else { avc_configuration(video) };
    atom(&video.codec, &[&entry, &configuration])
}

/// Macroblocks across and down.
fn macroblocks(video: Mp4) -> (u32, u32) {
    (u32::from(video.width).div_ceil(16), u32::from(video.height).div_ceil(16))
}

/// `avcC` with a sequence and a picture parameter set of the baseline profile, level 5.1.
fn avc_configuration(video: Mp4) -> Vec<u8> {
    let (across, down) = macroblocks(video);
    let mut sequence = Bits::default();
    sequence.golomb(0).golomb(0).golomb(2).golomb(1).put(0, 1).golomb(across - 1).golomb(down - 1).put(0b11, 2);
    sequence.put(1, 1).golomb(0).golomb((across * 16 - u32::from(video.width)) / 2);
    sequence.golomb(0).golomb((down * 16 - u32::from(video.height)) / 2).put(0, 1);
    let sequence = sequence.unit(&[0x67, 66, 0xc0, 51]);
    let mut picture = Bits::default();
    picture.golomb(0).golomb(0).put(0, 2).golomb(0).golomb(0).golomb(0).put(0, 3).golomb(0).golomb(0).golomb(0);
    // The deblocking filter is under the slice's control; no constrained prediction, no redundant pictures.
    picture.put(0b100, 3);
    let picture = picture.unit(&[0x68]);
    let length = |unit: &[u8]| (unit.len() as u16).to_be_bytes();
    atom(b"avcC", &[&[1, 66, 0xc0, 51, 0xff, 0xe1], &length(&sequence), &sequence, &[1], &length(&picture), &picture])
}

/// The coded pictures, each behind its length: a key picture of plain grey, then pictures that repeat it.
fn samples(video: Mp4) -> Vec<Vec<u8>> {
    let sample = |unit: Vec<u8>| [&(unit.len() as u32).to_be_bytes()[..], &unit].concat();
    if &video.codec == b"hvc1" {
        // An access unit delimiter alone: there is a sample, and no picture in it.
        return (0..video.seconds).map(|_| sample(vec![0x46, 0x01, 0x50])).collect();
    }
    let (across, down) = macroblocks(video);
    let count = across * down;
    (0..video.seconds)
        .map(|index| {
            let mut slice = Bits::default();
            if index == 0 {
                slice.golomb(0).golomb(7).golomb(0).put(0, 4).golomb(0).put(0, 2).golomb(0).golomb(1);
                for _ in 0..count {
                    // Intra 16x16, predicted from the mean, nothing left over.
                    slice.golomb(3).golomb(0).golomb(0).put(1, 1);
                }
                sample(slice.unit(&[0x65]))
            } else {
                slice.golomb(0).golomb(5).golomb(0).put(index % 16, 4).put(0, 3).golomb(0).golomb(1).golomb(count);
                sample(slice.unit(&[0x41]))
            }
        })
        .collect()
}

/// `hvcC` with video, sequence and picture parameter sets of the main profile, level 5.
fn hevc_configuration(video: Mp4) -> Vec<u8> {
    const LEVEL: u32 = 150;
    let (width, height) = (u32::from(video.width).next_multiple_of(8), u32::from(video.height).next_multiple_of(8));
    let profile = |bits: &mut Bits| {
        bits.put(0, 2).put(0, 1).put(1, 5).put(0x6000_0000, 32).put(0b1001, 4).put(0, 32).put(0, 12).put(LEVEL, 8);
    };
    let mut all = Bits::default();
    all.put(0, 4).put(0b11, 2).put(0, 6).put(0, 3).put(1, 1).put(0xffff, 16);
    profile(&mut all);
    all.put(1, 1).golomb(0).golomb(0).golomb(0).put(0, 6).golomb(0).put(0, 2);
    let all = all.unit(&[0x40, 0x01]);
    let mut sequence = Bits::default();
    sequence.put(0, 4).put(0, 3).put(1, 1);
    profile(&mut sequence);
    sequence.golomb(0).golomb(1).golomb(width).golomb(height).put(1, 1);
    sequence.golomb(0).golomb((width - u32::from(video.width)) / 2);
    sequence.golomb(0).golomb((height - u32::from(video.height)) / 2);
    sequence.golomb(0).golomb(0).golomb(4).put(1, 1).golomb(0).golomb(0).golomb(0);
    sequence.golomb(0).golomb(3).golomb(0).golomb(3).golomb(0).golomb(0);
    sequence.put(0, 4).golomb(0).put(0, 3).put(0, 1).put(0, 1);
    let sequence = sequence.unit(&[0x42, 0x01]);
    let mut picture = Bits::default();
    picture.golomb(0).golomb(0).put(0, 7).golomb(0).golomb(0).golomb(0).put(0, 3).golomb(0).golomb(0);
    picture.put(0, 6).put(0, 4).golomb(0).put(0, 2);
    let picture = picture.unit(&[0x44, 0x01]);

    let mut payload = vec![1, 0x01, 0x60, 0, 0, 0, 0x90, 0, 0, 0, 0, 0, LEVEL as u8];
    payload.extend([0xf0, 0, 0xfc, 0xfd, 0xf8, 0xf8, 0, 0, 0x0f, 3]);
    for (kind, unit) in [(32, all), (33, sequence), (34, picture)] {
        payload.extend([0x80 | kind, 0, 1]);
        payload.extend((unit.len() as u16).to_be_bytes());
        payload.extend(unit);
    }
    atom(b"hvcC", &[&payload])
}
