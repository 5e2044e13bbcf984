//! video-duration (征稿启事 二 2: 视频时长不超过 5 分钟).

use super::Told;
use crate::{finding::Outcome, manuscript::Clip};

pub(super) fn check(clip: &Clip<'_>, seconds_max: u32, tolerance_ms: u32) -> Told {
    let (name, limit) = (clip.name(), format!("≤ {seconds_max} s"));
    let (asked_zh, asked_en) = (spoken_zh(u64::from(seconds_max)), spoken_en(u64::from(seconds_max)));
    let unknown = |zh: &str, en: &str| {
        Told::new(Outcome::Undetermined, "unknown", &limit).say(
            format!("视频“{name}”{zh}，无法测量时长（要求不超过 {asked_zh}），编辑将人工核对。"),
            format!("The video “{name}” {en}, so its duration could not be measured (at most {asked_en}): an editor will look."),
        )
    };
    let place = clip.place();
    match clip {
        Clip::Cloud(file) => unknown("以超大附件链接提供", "lies with the mail provider").because(place, &file.url),
        Clip::Unread(part, _) if part.size_bytes == 0 => Told::new(Outcome::Failed, "0 bytes", &limit)
            .say(
                format!("视频“{name}”是空文件（0 字节），请检查后重新发送。"),
                format!("The video “{name}” is an empty file of 0 bytes: please look at it and send it again."),
            )
            .because(place, "0 bytes"),
        Clip::Unread(_, reason) => unknown("无法读取", "could not be read").because(place, reason),
        Clip::Read(_, video) => match video.duration_ms {
            None => unknown("没有写明时长", "does not say its duration").because(place, "no duration in the file"),
            Some(duration_ms) => {
                let measured = format!("{} s", seconds(duration_ms));
                let (zh, en) = (spoken_zh(duration_ms / 1000), spoken_en(duration_ms / 1000));
                let told = if duration_ms <= u64::from(seconds_max) * 1000 + u64::from(tolerance_ms) {
                    Told::new(Outcome::Passed, &measured, &limit)
                        .say(format!("视频“{name}”时长 {zh}。"), format!("The video “{name}” lasts {en}."))
                } else {
                    Told::new(Outcome::Failed, &measured, &limit).say(
                        format!("视频“{name}”时长 {zh}，超过 {asked_zh}的要求，请剪辑后重新发送。"),
                        format!(
                            "The video “{name}” lasts {en}, more than {asked_en}: please cut it and send it again."
                        ),
                    )
                };
                told.because(place, &format!("duration {measured}"))
            }
        },
    }
}

/// `311.4`.
fn seconds(milliseconds: u64) -> String {
    let text = format!("{}.{:03}", milliseconds / 1000, milliseconds % 1000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// 5 分 11 秒; 5 分钟 when no seconds are over.
fn spoken_zh(seconds: u64) -> String {
    match (seconds / 60, seconds % 60) {
        (0, seconds) => format!("{seconds} 秒"),
        (minutes, 0) => format!("{minutes} 分钟"),
        (minutes, seconds) => format!("{minutes} 分 {seconds} 秒"),
    }
}

fn spoken_en(seconds: u64) -> String {
    match (seconds / 60, seconds % 60) {
        (0, seconds) => format!("{seconds} s"),
        (minutes, 0) => format!("{minutes} min"),
        (minutes, seconds) => format!("{minutes} min {seconds} s"),
    }
}
