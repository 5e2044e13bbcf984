//! Holds the box reader against ffprobe, on files that ffmpeg writes here and now.

use std::{
    fs,
    io::{Cursor, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    process::Command,
};

use intake::letter::Video;
use letter::video::{self, Error};
use proptest::prelude::*;
use serde_json::Value;

/// Durations of ours and ffprobe's may differ by this.
const DURATION_TOLERANCE_MS: u64 = 50;
/// Bytes that a probe may read, whatever the file claims.
const READ_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// Runs ffmpeg; `{}` in an argument is the folder.
fn ffmpeg(folder: &Path, arguments: &str) {
    let arguments = arguments.replace("{}", &folder.display().to_string());
    let output = Command::new("ffmpeg")
        .args(["-nostdin", "-v", "error", "-y"])
        .args(arguments.split_whitespace())
        .output()
        .expect("ffmpeg is installed (package ffmpeg)");
    assert!(output.status.success(), "ffmpeg {arguments}: {}", String::from_utf8_lossy(&output.stderr));
}

/// What ffprobe says, in our terms; none where it cannot read the file.
fn ffprobe(file: &Path) -> Option<Video> {
    let output = Command::new("ffprobe")
        .args(["-v", "error", "-show_format", "-show_streams", "-of", "json"])
        .arg(file)
        .output()
        .expect("ffprobe is installed (package ffmpeg)");
    let said: Value = serde_json::from_slice(&output.stdout).ok()?;
    let streams = said["streams"].as_array().filter(|streams| !streams.is_empty())?;
    let stream = |kind: &str| streams.iter().find(|stream| stream["codec_type"] == kind);
    let name = |stream: Option<&Value>| stream.and_then(|stream| stream["codec_name"].as_str()).map(str::to_owned);
    let number = |value: &Value| value.as_u64().unwrap_or_default() as u32;
    let seconds: Option<f64> = said["format"]["duration"].as_str().and_then(|text| text.parse().ok());
    let brand = said["format"]["tags"]["major_brand"].as_str();
    let mut video = Video {
        container: if brand.is_none_or(|brand| brand == "qt  ") { "mov" } else { "mp4" }.to_owned(),
        brand: brand.unwrap_or_default().trim_end().to_owned(),
        duration_ms: seconds.map(|seconds| (seconds * 1000.0).round() as u64),
        video_codec: name(stream("video")),
        audio_codec: name(stream("audio")),
        ..Video::default()
    };
    if let Some(picture) = stream("video") {
        (video.coded_width, video.coded_height) = (number(&picture["width"]), number(&picture["height"]));
        // ffprobe counts against the clock.
        let turned =
            picture["side_data_list"].as_array().into_iter().flatten().find_map(|data| data["rotation"].as_i64());
        video.rotation_degrees = (-turned.unwrap_or_default()).rem_euclid(360) as u16;
        let shape = picture["sample_aspect_ratio"].as_str().and_then(|text| {
            let (over, under) = text.split_once(':')?;
            Some(over.parse::<f64>().ok()? / under.parse::<f64>().ok()?)
        });
        let width = (f64::from(video.coded_width) * shape.unwrap_or(1.0)).round() as u32;
        (video.displayed_width, video.displayed_height) = match video.rotation_degrees % 180 {
            0 => (width, video.coded_height),
            _ => (video.coded_height, width),
        };
    }
    Some(video)
}

fn probe(file: &Path) -> Result<Video, Error> {
    let mut opened = fs::File::open(file).unwrap();
    let size_bytes = opened.metadata().unwrap().len();
    video::probe(&mut opened, size_bytes)
}

const PICTURE: &str = "-f lavfi -i testsrc=size=320x180:rate=25:duration=";
const SOUND: &str = "-f lavfi -i sine=frequency=440:duration=";
const H264: &str = "-c:v libx264 -preset ultrafast -pix_fmt yuv420p";

/// File name, ffmpeg's arguments, whether the media lies in fragments. `{p}`, `{s}` and `{h}` stand for the sources.
const VIDEOS: [(&str, &str, bool); 19] = [
    ("last.mp4", "{p}3 {s}3 {h} -c:a aac {}/last.mp4", false),
    ("first.mp4", "-i {}/last.mp4 -c copy -movflags +faststart {}/first.mp4", false),
    ("fragmented.mp4", "{p}6 {s}6 {h} -g 25 -c:a aac -movflags +frag_keyframe+empty_moov {}/fragmented.mp4", true),
    (
        "dash.mp4",
        "-i {}/fragmented.mp4 -c copy -movflags +dash+delay_moov+global_sidx -frag_duration 1000000 {}/dash.mp4",
        true,
    ),
    (
        "defaults.mp4",
        "-i {}/fragmented.mp4 -an -c copy -movflags +frag_keyframe+empty_moov+default_base_moof {}/defaults.mp4",
        true,
    ),
    ("hevc.mp4", "{p}2 -c:v libx265 -preset ultrafast -x265-params log-level=none -tag:v hvc1 {}/hevc.mp4", false),
    ("turned_right.mp4", "-i {}/last.mp4 -c copy -metadata:s:v:0 rotate=90 {}/turned_right.mp4", false),
    ("turned_over.mp4", "-i {}/last.mp4 -c copy -metadata:s:v:0 rotate=180 {}/turned_over.mp4", false),
    ("turned_left.mov", "-i {}/last.mp4 -c copy -metadata:s:v:0 rotate=270 {}/turned_left.mov", false),
    ("quicktime.mov", "{p}2 {s}2 -c:v mjpeg -pix_fmt yuvj420p -c:a pcm_s16le {}/quicktime.mov", false),
    ("prores.mov", "{p}1 {s}1 -c:v prores_ks -c:a pcm_s24le {}/prores.mov", false),
    ("edited.mp4", "-ss 1.7 -i {}/bframes.mp4 -c copy {}/edited.mp4", false),
    ("sound.m4a", "{s}4 -c:a aac {}/sound.m4a", false),
    ("sound.mp4", "{s}4 -c:a libmp3lame {}/sound.mp4", false),
    ("surround.mp4", "{p}1 {s}1 {h} -c:a ac3 {}/surround.mp4", false),
    ("lossless.m4a", "{s}1 -c:a alac {}/lossless.m4a", false),
    ("mpeg4.mp4", "{p}2 {s}2 -c:v mpeg4 -c:a libopus -strict -2 {}/mpeg4.mp4", false),
    ("vp9.mp4", "{p}1 -c:v libvpx-vp9 -deadline realtime -cpu-used 8 {}/vp9.mp4", false),
    ("anamorphic.mp4", "-f lavfi -i testsrc=size=360x270:rate=25:duration=1,setsar=4/3 {h} {}/anamorphic.mp4", false),
];

fn make_videos(folder: &Path) {
    ffmpeg(
        folder,
        &format!(
            "{PICTURE}5 {SOUND}5 -c:v libx264 -preset medium -bf 3 -g 50 -pix_fmt yuv420p -c:a aac {{}}/bframes.mp4"
        ),
    );
    for (_, arguments, _) in VIDEOS {
        ffmpeg(folder, &arguments.replace("{p}", PICTURE).replace("{s}", SOUND).replace("{h}", H264));
    }
}

/// Keeps the first bytes of a file under another name.
fn cut(folder: &Path, from: &str, to: &str, keep: impl Fn(usize) -> usize) -> PathBuf {
    let bytes = fs::read(folder.join(from)).unwrap();
    let file = folder.join(to);
    fs::write(&file, &bytes[..keep(bytes.len())]).unwrap();
    file
}

#[test]
fn the_boxes_say_what_ffprobe_says() {
    let folder = tempfile::tempdir().unwrap();
    make_videos(folder.path());
    // Cut in the middle of the media: whoever has its header still reads it.
    cut(folder.path(), "first.mp4", "first_cut.mp4", |size| size * 2 / 3);
    cut(folder.path(), "fragmented.mp4", "fragmented_cut.mp4", |size| size * 2 / 3);
    let cases = VIDEOS.iter().map(|(name, _, fragmented)| (*name, *fragmented)).chain([
        ("bframes.mp4", false),
        ("first_cut.mp4", false),
        ("fragmented_cut.mp4", true),
    ]);
    for (name, fragmented) in cases {
        let file = folder.path().join(name);
        let expected = ffprobe(&file).unwrap_or_else(|| panic!("ffprobe reads {name}"));
        let read = probe(&file).unwrap_or_else(|error| panic!("{name}: {error}"));
        let apart_ms = read.duration_ms.unwrap().abs_diff(expected.duration_ms.unwrap());
        assert!(apart_ms <= DURATION_TOLERANCE_MS, "{name}: {:?} against {:?}", read.duration_ms, expected.duration_ms);
        assert_eq!(Video { duration_ms: None, ..read }, Video { duration_ms: None, fragmented, ..expected }, "{name}");
    }
}

#[test]
fn a_file_that_ffprobe_cannot_read_ends_in_a_clear_error() {
    let folder = tempfile::tempdir().unwrap();
    ffmpeg(folder.path(), &format!("{PICTURE}1 {H264} {{}}/last.mp4"));
    ffmpeg(folder.path(), "-i {}/last.mp4 -c copy -movflags +faststart {}/first.mp4");
    ffmpeg(folder.path(), "-i {}/last.mp4 -c copy {}/matroska.mkv");
    let cases = [
        (cut(folder.path(), "last.mp4", "last_cut.mp4", |size| size - 2000), "no moov box"),
        (cut(folder.path(), "first.mp4", "header_cut.mp4", |_| 500), "moov box is cut short"),
        (cut(folder.path(), "first.mp4", "zero.mp4", |_| 0), "empty file"),
        (cut(folder.path(), "first.mp4", "seven.mp4", |_| 7), "not an MP4 or MOV file"),
        (folder.path().join("matroska.mkv"), "not an MP4 or MOV file"),
    ];
    for (file, expected) in cases {
        let error = probe(&file).expect_err(expected);
        assert!(error.to_string().starts_with(expected), "{}: {error}", file.display());
        if file.extension().is_some_and(|extension| extension == "mp4") {
            assert!(ffprobe(&file).is_none(), "ffprobe reads {}", file.display());
        }
    }
}

#[test]
fn a_composed_video_is_read_alike_by_ffprobe_and_by_us() {
    let folder = tempfile::tempdir().unwrap();
    let cases = [
        specimen::Mp4::default(),
        specimen::Mp4 { width: 1280, height: 720, seconds: 311, ..specimen::Mp4::default() },
        specimen::Mp4 { codec: *b"hvc1", brand: *b"qt  ", ..specimen::Mp4::default() },
        specimen::Mp4 {
            width: 1920,
            height: 1080,
            rotation_degrees: 90,
            moov_first: false,
            ..specimen::Mp4::default()
        },
        specimen::Mp4 { rotation_degrees: 270, padding_bytes: 100_000, ..specimen::Mp4::default() },
    ];
    for (index, wanted) in cases.into_iter().enumerate() {
        let file = folder.path().join(format!("{index}.mp4"));
        fs::write(&file, specimen::mp4(wanted)).unwrap();
        let expected = ffprobe(&file).unwrap_or_else(|| panic!("ffprobe reads {wanted:?}"));
        assert_eq!(
            (expected.coded_width, expected.coded_height),
            (wanted.width.into(), wanted.height.into()),
            "{wanted:?}"
        );
        assert_eq!(expected.duration_ms, Some(u64::from(wanted.seconds) * 1000), "{wanted:?}");
        assert_eq!(probe(&file).unwrap(), expected, "{wanted:?}");
    }
}

/// Counts what is read.
struct Counted<R> {
    inner: R,
    bytes: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.bytes += read as u64;
        Ok(read)
    }
}

impl<R: Seek> Seek for Counted<R> {
    fn seek(&mut self, position: SeekFrom) -> std::io::Result<u64> {
        self.inner.seek(position)
    }
}

/// Probes bytes, which may claim to be more than they are, and says how many were read.
fn bytes_read(bytes: &[u8], size_bytes: u64) -> u64 {
    let mut counted = Counted { inner: Cursor::new(bytes), bytes: 0 };
    let _ = video::probe(&mut counted, size_bytes);
    counted.bytes
}

#[test]
fn the_media_itself_is_never_read() {
    let bytes =
        specimen::mp4(specimen::Mp4 { padding_bytes: 5_000_000, moov_first: false, ..specimen::Mp4::default() });
    assert!(bytes_read(&bytes, bytes.len() as u64) < 10_000);
}

#[test]
fn hostile_boxes_end_in_a_value_or_an_error_with_a_bounded_number_of_bytes_read() {
    for (name, bytes) in specimen::hostile::broken_movies() {
        for size_bytes in [bytes.len() as u64, u64::MAX, 1 << 40] {
            let read = bytes_read(&bytes, size_bytes);
            assert!(read <= READ_BYTES_MAX, "{name} of {size_bytes}: {read}");
        }
    }
}

fn seeds() -> Vec<Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    ffmpeg(folder.path(), &format!("{PICTURE}1 {SOUND}1 {H264} -c:a aac {{}}/last.mp4"));
    ffmpeg(folder.path(), "-i {}/last.mp4 -c copy -movflags +faststart {}/first.mov");
    ffmpeg(folder.path(), "-i {}/last.mp4 -c copy -movflags +frag_keyframe+empty_moov {}/fragmented.mp4");
    ["last.mp4", "first.mov", "fragmented.mp4"].iter().map(|name| fs::read(folder.path().join(name)).unwrap()).collect()
}

#[test]
fn mutated_and_random_bytes_never_panic_and_reads_stay_bounded() {
    let seeds = seeds();
    // Changes strike where the boxes are, not the media.
    let places: Vec<Vec<usize>> = seeds
        .iter()
        .map(|seed| {
            let near = |kind: &[u8]| {
                let found: Vec<usize> =
                    seed.windows(4).enumerate().filter(|(_, at)| *at == kind).map(|(at, _)| at).collect();
                found
            };
            [
                &b"moov"[..],
                b"trak",
                b"tkhd",
                b"mdia",
                b"stsd",
                b"mvhd",
                b"elst",
                b"stts",
                b"moof",
                b"traf",
                b"tfhd",
                b"tfdt",
                b"trun",
                b"esds",
                b"mdat",
            ]
            .iter()
            .flat_map(|kind| near(kind))
            .flat_map(|at| at.saturating_sub(4)..(at + 48).min(seed.len()))
            .collect()
        })
        .collect();
    let change = (any::<prop::sample::Index>(), prop_oneof![Just(0u8), Just(1), Just(0xff), Just(0x7f), any::<u8>()]);
    let mutation = (0..seeds.len(), proptest::collection::vec(change, 1..12), any::<bool>());
    let mut runner =
        proptest::test_runner::TestRunner::new(ProptestConfig { cases: 2000, ..ProptestConfig::default() });
    runner
        .run(&mutation, |(seed, changes, cut)| {
            let mut bytes = seeds[seed].clone();
            for (at, value) in &changes {
                let at = places[seed][at.index(places[seed].len())];
                bytes[at] = *value;
            }
            if cut {
                bytes.truncate(changes[0].0.index(bytes.len()));
            }
            prop_assert!(bytes_read(&bytes, bytes.len() as u64) <= READ_BYTES_MAX);
            Ok(())
        })
        .unwrap();
    runner
        .run(&proptest::collection::vec(any::<u8>(), 0..4096), |mut bytes| {
            prop_assert!(bytes_read(&bytes, bytes.len() as u64) <= READ_BYTES_MAX);
            // Behind a lawful beginning, random boxes are reached.
            bytes.splice(..0, *b"\0\0\0\x08free");
            prop_assert!(bytes_read(&bytes, u64::MAX) <= READ_BYTES_MAX);
            Ok(())
        })
        .unwrap();
}
