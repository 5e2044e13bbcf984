//! Cases that no encoder writes: garbage matrices, lying sizes, missing headers.

use std::io::Cursor;

use specimen::Mp4;

use super::*;

const SMALL: Mp4 = Mp4 {
    width: 64,
    height: 48,
    seconds: 3,
    codec: *b"avc1",
    brand: *b"isom",
    rotation_degrees: 0,
    moov_first: true,
    padding_bytes: 0,
};

fn probe_bytes(bytes: &[u8]) -> Result<Video, Error> {
    probe(&mut Cursor::new(bytes), bytes.len() as u64)
}

/// Writes over the bytes that lie `after` bytes behind the start of a box's type.
fn with(mut film: Vec<u8>, kind: &[u8; 4], after: usize, bytes: &[u8]) -> Vec<u8> {
    let at = film.windows(4).position(|at| at == kind).unwrap() + after;
    film[at..at + bytes.len()].copy_from_slice(bytes);
    film
}

#[test]
fn each_hostile_film_ends_in_its_own_value_or_error() {
    let ended: Vec<String> = specimen::hostile::broken_movies()
        .into_iter()
        .map(|(name, bytes)| {
            let end = match probe_bytes(&bytes) {
                Ok(video) => {
                    format!("{:?} ms, {}x{}", video.duration_ms, video.displayed_width, video.displayed_height)
                }
                Err(error) => error.to_string(),
            };
            format!("{name}: {end}")
        })
        .collect();
    expect_test::expect![[r#"
        moov of size 0 that holds itself for ever: Some(3000) ms, 64x64
        moov of size 1 without a 64-bit size: not an MP4 or MOV file
        moov of size 7: moov box at byte 24 claims 7 bytes
        moov of size 4 GiB: moov box is cut short
        moov of 2^64 - 1 bytes: moov box is cut short
        ftyp that swallows the file: no moov box
        trak of size 0: Some(3000) ms, 64x64
        trak of size 3: no video or audio track
        trak beyond its parent: Some(3000) ms, 64x64
        sample description beyond its parent: Some(3000) ms, 64x64
        sample description of size 9: Some(3000) ms, 64x64
        clock of 0 ticks: Some(3000) ms, 64x64
        unknown duration: Some(3000) ms, 64x64
        media clock of 0 ticks: Some(3000) ms, 64x64
        matrix of ones: Some(3000) ms, 64x64
        matrix of the most negative numbers: Some(3000) ms, 64x64
        matrix of zeros: Some(3000) ms, 64x64
        four milliards of edits: Some(3000) ms, 64x64
        four milliards of runs: Some(3000) ms, 64x64
        five thousand nested moov: no video or audio track
        moov of a hundred thousand empty boxes: more than 10000 boxes
        moov of a thousand empty tracks: no video or audio track
        a hundred thousand empty boxes before moov: more than 10000 boxes
        four milliards of samples by default: Some(3000) ms, 64x64
        four milliards of samples with durations: Some(3000) ms, 64x64
        ten thousand fragments of four milliards of samples: Some(3000) ms, 64x64"#]]
    .assert_eq(&ended.join("\n"));
}

#[test]
fn the_nearest_quarter_turn_of_any_matrix_is_found_without_overflow() {
    let one = 0x0001_0000u32;
    let minus = one.wrapping_neg();
    let cases: [([u32; 4], u16, (u32, u32)); 9] = [
        ([one, 0, 0, one], 0, (64, 48)),
        ([0, one, minus, 0], 90, (48, 64)),
        ([minus, 0, 0, minus], 180, (64, 48)),
        ([0, minus, one, 0], 270, (48, 64)),
        ([0, 2 * one, minus.wrapping_mul(2), 0], 90, (48, 64)),
        ([0; 4], 0, (64, 48)),
        ([u32::MAX; 4], 0, (64, 48)),
        ([0x8000_0000; 4], 0, (64, 48)),
        ([0x8000_0000, 1, 0x7fff_ffff, 0x8000_0000], 180, (64, 48)),
    ];
    for ([a, b, c, d], degrees, displayed) in cases {
        let matrix: Vec<u8> = [a, b, 0, c, d].iter().flat_map(|word| word.to_be_bytes()).collect();
        let video = probe_bytes(&with(specimen::mp4(SMALL), b"tkhd", 44, &matrix)).unwrap();
        assert_eq!(video.rotation_degrees, degrees, "{a:x} {b:x} {c:x} {d:x}");
        assert_eq!((video.displayed_width, video.displayed_height), displayed, "{a:x} {b:x} {c:x} {d:x}");
    }
}

#[test]
fn a_movie_header_without_a_duration_leaves_it_to_edits_then_tracks_then_media() {
    let unknown = u32::MAX.to_be_bytes();
    let mut film = specimen::mp4(SMALL);
    assert_eq!(probe_bytes(&film).unwrap().duration_ms, Some(3000));
    film = with(film, b"mvhd", 20, &unknown);
    assert_eq!(probe_bytes(&film).unwrap().duration_ms, Some(3000));
    film = with(film, b"elst", 12, &2000u32.to_be_bytes());
    assert_eq!(probe_bytes(&film).unwrap().duration_ms, Some(2000), "by its edit");
    film = with(with(film, b"elst", 12, &[0; 4]), b"tkhd", 24, &2500u32.to_be_bytes());
    assert_eq!(probe_bytes(&film).unwrap().duration_ms, Some(2500), "by its track header");
    film = with(with(film, b"tkhd", 24, &unknown), b"mdhd", 20, &2750u32.to_be_bytes());
    assert_eq!(probe_bytes(&film).unwrap().duration_ms, Some(2750), "by its media header");
    film = with(film, b"mdhd", 20, &unknown);
    assert_eq!(probe_bytes(&film).unwrap().duration_ms, Some(3000), "by its samples");
    film = with(film, b"stts", 8, &[0; 4]);
    assert_eq!(probe_bytes(&film).unwrap().duration_ms, None, "by nothing");
}

#[test]
fn a_track_header_that_claims_a_larger_picture_is_not_believed() {
    let claim = [(1920u32 << 16).to_be_bytes(), (1440u32 << 16).to_be_bytes()].concat();
    let video = probe_bytes(&with(specimen::mp4(SMALL), b"tkhd", 80, &claim)).unwrap();
    assert_eq!((video.displayed_width, video.displayed_height), (64, 48));
}

#[test]
fn an_encrypted_entry_is_named_by_its_original_format() {
    let film = specimen::mp4(SMALL);
    let frma = [&16u32.to_be_bytes()[..], b"sinf", &12u32.to_be_bytes(), b"frma", b"hvc1"].concat();
    let sinf = [&20u32.to_be_bytes()[..], &frma[4..]].concat();
    // The configuration box gives its place to the protection box.
    let length = film.windows(4).position(|at| at == b"avcC").unwrap();
    let mut encrypted = with(film, b"avc1", 0, b"encv");
    encrypted[length - 4..length - 4 + sinf.len()].copy_from_slice(&sinf);
    assert_eq!(probe_bytes(&encrypted).unwrap().video_codec.as_deref(), Some("hevc"));
}

#[test]
fn a_reader_that_fails_is_our_failure_and_a_file_that_lies_is_its_own() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("disk"))
        }
    }
    impl Seek for Broken {
        fn seek(&mut self, _: io::SeekFrom) -> io::Result<u64> {
            Ok(0)
        }
    }
    assert_eq!(probe(&mut Broken, 100).unwrap_err().kind(), ErrorKind::Internal);
    assert_eq!(probe_bytes(b"").unwrap_err().kind(), ErrorKind::Invalid);
}
