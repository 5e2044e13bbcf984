//! video-size (征稿启事 二 2: 文件大小 500M 以内为宜), of the decoded file.

use super::{Told, size, size_zh};
use crate::{
    finding::{Outcome, Severity},
    manuscript::Clip,
};

/// None for sound without a picture. A card's claim above the limit fails where the rule is advice; where it is
/// required, a claim decides nothing.
pub(super) fn check(clip: &Clip<'_>, bytes_max: u64, severity: Severity) -> Option<Told> {
    if clip.is_audio() {
        return None;
    }
    let (name, place, asked) = (clip.name(), clip.place(), size(bytes_max));
    let asked_zh = size_zh(bytes_max);
    let limit = format!("≤ {asked}");
    let (bytes, claimed) = match clip {
        Clip::Read(part, _) | Clip::Unread(part, _) => (Some(part.size_bytes), false),
        Clip::Cloud(file) => (file.size_bytes_claimed, true),
    };
    // An empty file has no size worth a word; video-duration tells it.
    if matches!(clip, Clip::Unread(..)) && bytes == Some(0) {
        return None;
    }
    let Some(bytes) = bytes else {
        return Some(Told::new(Outcome::Undetermined, "unknown", limit).because(place, "the card names no size").say(
            format!("超大附件“{name}”没有写明大小（{asked_zh} 以内为宜），编辑下载后核对。"),
            format!(
                "The card of “{name}” names no size (at most {asked} is wanted): an editor will fetch it and look."
            ),
        ));
    };
    // A byte above the limit must not read as the limit itself.
    let shown = if bytes > bytes_max && size(bytes) == asked { format!("{bytes} B") } else { size(bytes) };
    let shown_zh = shown.replace("iB", "B");
    let measured = if claimed { format!("{shown} claimed") } else { shown.clone() };
    let excerpt = if claimed { format!("the card claims {bytes} bytes") } else { format!("{bytes} bytes") };
    let told = match (bytes <= bytes_max, claimed) {
        (true, false) => Told::new(Outcome::Passed, &measured, limit)
            .say(format!("视频“{name}”大小 {shown_zh}。"), format!("The video “{name}” has {measured}.")),
        (false, false) => Told::new(Outcome::Failed, &measured, limit).say(
            format!("视频“{name}”大小 {shown_zh}，超过 {asked_zh}，建议压缩后重新发送。"),
            format!("The video “{name}” has {measured}, more than {asked}: please compress it and send it again."),
        ),
        (false, true) if severity == Severity::Advice => Told::new(Outcome::Failed, &measured, limit).say(
            format!("超大附件“{name}”标称大小 {shown_zh}，超过 {asked_zh}，建议压缩后重新发送。"),
            format!(
                "The card of “{name}” claims {}, more than {asked}: please compress it and send it again.",
                size(bytes)
            ),
        ),
        (_, true) => Told::new(Outcome::Undetermined, &measured, limit).say(
            format!("超大附件“{name}”标称大小 {shown_zh}，实际大小待编辑下载后核对。"),
            format!("The card of “{name}” claims {shown}; an editor will fetch it and look."),
        ),
    };
    Some(told.because(place, &excerpt))
}
