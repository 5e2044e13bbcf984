//! The commands for people at a terminal: `check` and `probe`, without settings, server or database.

use std::{fs, path::Path, process::Command};

use serde_json::Value;
use stdx::Sha256;
use tests::{process, product::binary, world::plain_mail};

fn lines(folder: &Path, arguments: &[&str]) -> Vec<Value> {
    let output =
        process::bound_to_the_test(binary()).current_dir(folder).args(arguments).output().expect("the binary starts");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(!text.is_empty(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

#[test]
fn check_tells_what_the_worker_would_record_and_leaves_nothing_behind() {
    let folder = tempfile::tempdir().expect("a folder");
    let raw = plain_mail("author", 1, 20);
    fs::write(folder.path().join("one.eml"), &raw).expect("our own folder");
    fs::write(folder.path().join("late.eml"), &raw).expect("our own folder");
    let in_time =
        lines(folder.path(), &["check", "--json", "--received", "2023-03-31T23:59:59+08:00", "one.eml", "late.eml"]);
    let late = lines(folder.path(), &["check", "--json", "--received", "2023-04-01T00:00:00+08:00", "one.eml"]);
    assert_eq!((in_time.len(), late.len()), (2, 1));
    for value in &in_time {
        assert_eq!(value["class"], "CLASS_SUBMISSION", "{value}");
        assert_eq!(value["rawSha256"], Sha256::of(&raw).hex().as_str());
        assert_eq!(value["judgement"]["verdict"], "VERDICT_ELIGIBLE");
        assert_eq!(value["contact"]["names"][0]["value"], "张三");
        assert_eq!(value["receivedTime"], "2023-03-31T15:59:59Z");
    }
    assert_eq!(late[0]["judgement"]["verdict"], "VERDICT_LATE");
    assert_eq!(late[0]["judgement"]["failed"], serde_json::json!(["deadline"]));
    let mut names: Vec<String> = fs::read_dir(folder.path())
        .expect("our own folder")
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    assert_eq!(names, ["late.eml", "one.eml"], "no database, no blobs");
}

/// A video by ffmpeg of a still picture, and what ffprobe says of its first video stream.
fn made_and_probed(folder: &Path, name: &str, size: &str, more: &[&str]) -> Value {
    let source = format!("color=c=gray:s={size}:r=10:d=2");
    let made = Command::new("ffmpeg")
        .current_dir(folder)
        .args(["-v", "error", "-y", "-f", "lavfi", "-i", &source, "-pix_fmt", "yuv420p"])
        .args(more)
        .arg(name)
        .output()
        .expect("ffmpeg is installed");
    assert!(made.status.success(), "{name}: {}", String::from_utf8_lossy(&made.stderr));
    let probed = Command::new("ffprobe")
        .current_dir(folder)
        .args(["-v", "error", "-of", "json", "-show_format", "-show_streams", name])
        .output()
        .expect("ffmpeg is installed");
    serde_json::from_slice(&probed.stdout).expect("JSON")
}

#[test]
fn probe_says_what_ffprobe_says() {
    let folder = tempfile::tempdir().expect("a folder");
    let cases: [(&str, &str, &[&str]); 3] = [
        ("last.mp4", "640x360", &["-c:v", "libx264"]),
        ("first.mp4", "1920x1080", &["-c:v", "libx264", "-movflags", "+faststart"]),
        ("apple.mov", "320x240", &["-c:v", "libx264"]),
    ];
    for (name, size, more) in cases {
        let expected = made_and_probed(folder.path(), name, size, more);
        let said = lines(folder.path(), &["probe", "--json", name]);
        assert_eq!(said.len(), 1, "{name}");
        let video = &said[0];
        let stream = &expected["streams"][0];
        assert_eq!(video["coded_width"], stream["width"], "{name}: {video}");
        assert_eq!(video["coded_height"], stream["height"], "{name}");
        assert_eq!(video["displayed_width"], stream["width"], "{name}");
        assert_eq!(video["video_codec"], stream["codec_name"], "{name}");
        let seconds: f64 =
            expected["format"]["duration"].as_str().and_then(|text| text.parse().ok()).expect("a number");
        let ours = video["duration_seconds"].as_f64().expect("a number");
        assert!((ours - seconds).abs() < 0.01, "{name}: {ours} is not {seconds}");
    }
    fs::write(folder.path().join("broken.mp4"), b"\0\0\0\x18ftypisom").expect("our own folder");
    let output = process::bound_to_the_test(binary())
        .current_dir(folder.path())
        .args(["probe", "broken.mp4"])
        .output()
        .expect("the binary starts");
    assert!(!output.status.success(), "a broken file is not a success");
}

#[test]
fn the_demo_needs_nothing_and_shows_every_class_and_verdict_twice_the_same() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = || {
        let output = process::bound_to_the_test(binary())
            .current_dir(folder.path())
            .args(["demo", "--exit", "--listen", "127.0.0.1:0"])
            .output()
            .expect("the binary starts");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
        text
    };
    let first = run();
    for word in ["投稿", "修改稿", "自动回复", "退信", "群发邮件", "非投稿", "疑似投稿", "合格", "待补", "逾期", "待核"]
    {
        assert!(first.contains(word), "no {word} in\n{first}");
    }
    let rows = first.lines().filter(|line| line.starts_with("202")).count();
    assert!(rows >= 18, "{rows} mails in\n{first}");
    assert!(first.contains(&format!("{rows} of {rows} mails recorded, each once.")), "{first}");
    assert_eq!(run(), first, "a second run finds the same mails and records nothing twice");
}
