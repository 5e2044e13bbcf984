//! video-format (征稿启事 二 2: 建议采用 MP4 (H.264 编码) 视频格式).

use super::Told;
use crate::{finding::Outcome, manuscript::Clip};

/// None for sound without a picture. A container that is told by the name (AVI, WMV, FLV, MKV) is measured enough, even
/// where the file could not be read.
pub(super) fn check(clip: &Clip<'_>, container: &str, codec: &str) -> Option<Told> {
    if clip.is_audio() {
        return None;
    }
    let (name, place) = (clip.name(), clip.place());
    let limit = format!("{container}, {codec}");
    let (asked_container, asked_codec) = (container.to_uppercase(), shown(codec));
    let failed = |measured: String, found: String, note: &str, note_en: &str| {
        Told::new(Outcome::Failed, measured, &limit).say(
            format!("视频“{name}”为 {found}{note}，建议转换为 {asked_container}（{asked_codec} 编码）后重新发送。"),
            format!("The video “{name}” is {found}{note_en}: please convert it to {asked_container} with {asked_codec} video."),
        )
    };
    let claimed =
        clip.container_claimed().filter(|claimed| !claimed.eq_ignore_ascii_case(container) && claimed != "m4v");
    let unknown = |zh: &str, en: &str| {
        Told::new(Outcome::Undetermined, "unknown", &limit).say(
            format!("视频“{name}”{zh}，无法确认格式（建议 {asked_container}，{asked_codec} 编码），编辑将人工核对。"),
            format!("The video “{name}” {en}, so its format could not be told ({asked_container} with {asked_codec} is wanted): an editor will look."),
        )
    };
    Some(match (clip, claimed) {
        (Clip::Cloud(file), Some(claimed)) => {
            failed(format!("{claimed} by its name"), claimed.to_uppercase(), "（按文件名）", " by its name")
                .because(place, &file.name)
        }
        (Clip::Cloud(file), None) => {
            unknown("以超大附件链接提供", "lies with the mail provider").because(place, &file.url)
        }
        (Clip::Unread(_, reason), Some(claimed)) => {
            failed(claimed.clone(), claimed.to_uppercase(), "", "").because(place, reason)
        }
        (Clip::Unread(_, reason), None) => unknown("无法读取", "could not be read").because(place, reason),
        (Clip::Read(_, video), _) => {
            let found_codec = video.video_codec.as_deref().unwrap_or("unknown");
            let measured = format!("{}, {found_codec}", video.container);
            let brand = if video.brand.is_empty() { String::new() } else { format!(", brand {}", video.brand) };
            let told = if video.container.eq_ignore_ascii_case(container) && found_codec.eq_ignore_ascii_case(codec) {
                Told::new(Outcome::Passed, &measured, &limit).say(
                    format!("视频“{name}”为 {asked_container}（{asked_codec} 编码）。"),
                    format!("The video “{name}” is {asked_container} with {asked_codec} video."),
                )
            } else {
                let (codec, container) = (shown(found_codec), video.container.to_uppercase());
                failed(measured.clone(), container, &format!("（{codec} 编码）"), &format!(" with {codec} video"))
            };
            told.because(place, &format!("{measured}{brand}"))
        }
    })
}

/// A codec as people write it.
fn shown(codec: &str) -> String {
    match codec.to_ascii_lowercase().as_str() {
        "h264" => "H.264".into(),
        "hevc" | "h265" => "H.265".into(),
        other => other.to_uppercase(),
    }
}
