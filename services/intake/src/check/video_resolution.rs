//! video-resolution (征稿启事 二 2: 视频分辨率 ≥ 1080P): the short side of the picture as it is shown, rotation applied.

use super::Told;
use crate::{finding::Outcome, manuscript::Clip};

/// None for sound without a picture. A long side that is large enough shows a cropped picture: then a short side that is
/// too short is advice, whatever the rule's severity.
pub(super) fn check(clip: &Clip<'_>, short_side_min: u32, cropped_long_side_min: u32) -> Option<Told> {
    if clip.is_audio() {
        return None;
    }
    let (name, place) = (clip.name(), clip.place());
    let limit = format!("short side ≥ {short_side_min}");
    let unknown = |zh: &str, en: &str| {
        Told::new(Outcome::Undetermined, "unknown", &limit).say(
            format!("视频“{name}”{zh}，无法测量分辨率（要求不低于 {short_side_min}P），编辑将人工核对。"),
            format!("The video “{name}” {en}, so its resolution could not be measured (at least {short_side_min}P): an editor will look."),
        )
    };
    let video = match clip {
        Clip::Cloud(file) => {
            return Some(unknown("以超大附件链接提供", "lies with the mail provider").because(place, &file.url));
        }
        Clip::Unread(_, reason) => return Some(unknown("无法读取", "could not be read").because(place, reason)),
        Clip::Read(_, video) => video,
    };
    let (width, height) = if video.displayed_width > 0 && video.displayed_height > 0 {
        (video.displayed_width, video.displayed_height)
    } else {
        (video.coded_width, video.coded_height)
    };
    if width == 0 || height == 0 {
        return Some(unknown("没有写明画面大小", "does not say the size of its picture").because(place, "0×0"));
    }
    let measured = format!("{width}×{height}");
    let (short, long) = (width.min(height), width.max(height));
    let mut told = if short >= short_side_min {
        Told::new(Outcome::Passed, &measured, &limit)
            .say(format!("视频“{name}”分辨率 {measured}。"), format!("The video “{name}” has {measured} pixels."))
    } else if long >= cropped_long_side_min {
        Told::new(Outcome::Failed, &measured, &limit).say(
            format!("视频“{name}”分辨率 {measured}，长边达到要求而短边不足 {short_side_min}，应为裁切画面，仅作提示；如有完整画面的版本，建议一并提供。"),
            format!("The video “{name}” has {measured} pixels: the long side is enough and the short side is below {short_side_min}, so the picture seems cropped. This is advice only; please add an uncropped version if there is one."),
        )
    } else {
        Told::new(Outcome::Failed, &measured, &limit).say(
            format!("视频“{name}”分辨率 {measured}，低于 {short_side_min}P 的要求，请以 {short_side_min}P 或更高的分辨率重新导出后发送。"),
            format!("The video “{name}” has {measured} pixels, less than {short_side_min}P: please export it again at {short_side_min}P or more."),
        )
    };
    told.advice = told.outcome == Outcome::Failed && long >= cropped_long_side_min;
    let turned =
        if video.rotation_degrees == 0 { String::new() } else { format!(", rotated by {}°", video.rotation_degrees) };
    Some(
        told.because(
            place,
            &format!("{measured} as shown, {}×{} coded{turned}", video.coded_width, video.coded_height),
        ),
    )
}
