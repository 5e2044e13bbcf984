//! `caibian probe`: what the boxes of video files say.

use std::{fs::File, io::BufReader, path::PathBuf, process::ExitCode};

use intake::letter::Video;

/// Probes each file; exit code 1 when one could not be read.
pub fn run(files: &[PathBuf], json: bool) -> ExitCode {
    let mut code = ExitCode::SUCCESS;
    for file in files {
        match probe(file) {
            Ok(video) if json => println!("{}", as_json(file, &video)),
            Ok(video) => println!("{}", as_text(file, &video)),
            Err(reason) => {
                if json {
                    println!("{}", serde_json::json!({ "file": file.display().to_string(), "error": reason }));
                } else {
                    eprintln!("{}: {reason}", file.display());
                }
                code = ExitCode::from(1);
            }
        }
    }
    code
}

fn probe(file: &PathBuf) -> Result<Video, String> {
    // Looked at before it is opened: a pipe would be waited for without end.
    let metadata = std::fs::metadata(file).map_err(|error| error.to_string())?;
    if !metadata.is_file() {
        return Err("not a regular file".into());
    }
    let handle = File::open(file).map_err(|error| error.to_string())?;
    let size_bytes = metadata.len();
    letter::video::probe(&mut BufReader::new(handle), size_bytes).map_err(|error| error.to_string())
}

fn seconds(video: &Video) -> Option<f64> {
    video.duration_ms.map(|milliseconds| milliseconds as f64 / 1000.0)
}

fn as_json(file: &std::path::Path, video: &Video) -> serde_json::Value {
    serde_json::json!({
        "file": file.display().to_string(),
        "container": video.container,
        "brand": video.brand,
        "duration_seconds": seconds(video),
        "coded_width": video.coded_width,
        "coded_height": video.coded_height,
        "displayed_width": video.displayed_width,
        "displayed_height": video.displayed_height,
        "rotation_degrees": video.rotation_degrees,
        "video_codec": video.video_codec,
        "audio_codec": video.audio_codec,
        "fragmented": video.fragmented,
    })
}

fn as_text(file: &std::path::Path, video: &Video) -> String {
    let or_dash = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".into());
    format!(
        "{}: {} (brand {}), {}, {}×{} coded, {}×{} displayed, rotated {}°, video {}, audio {}{}",
        file.display(),
        video.container,
        if video.brand.is_empty() { "-" } else { &video.brand },
        seconds(video).map_or_else(|| "duration unknown".into(), |seconds| format!("{seconds:.3} s")),
        video.coded_width,
        video.coded_height,
        video.displayed_width,
        video.displayed_height,
        video.rotation_degrees,
        or_dash(&video.video_codec),
        or_dash(&video.audio_codec),
        if video.fragmented { ", fragmented" } else { "" },
    )
}
