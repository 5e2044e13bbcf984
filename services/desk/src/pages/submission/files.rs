//! 文件: every attachment as it is, by what its bytes say; and files that were left with a mail provider.

use maud::{Markup, html};
use proto::intake::v1::{Attachment, CloudFile, Submission, Video, attachment::Content};

use super::manuscript::{characters, text};
use crate::{
    Language,
    disposition::safe_name,
    html::{Tone, badge, filled, moment, notice},
    stream::is_shown,
    visit::Visit,
    words,
};

/// The attachments.
pub fn tab(visit: &Visit, submission: &Submission) -> Markup {
    html! {
        h2.unseen { (visit.say("文件", "Files")) }
        @if submission.attachments.is_empty() && submission.cloud_files.is_empty() {
            p.detail { (visit.say("这封来信没有附件。", "This mail has no attachment.")) }
        }
        @for attachment in &submission.attachments {
            article.sheet {
                h3 { bdi { (named(visit, attachment)) } }
                (facts(visit, attachment))
                p { a.button.quiet href=(address(&submission.name, &attachment.path, true)) { (visit.say("下载", "Download")) span.unseen { " " (named(visit, attachment)) } } }
                (content(visit, &submission.name, attachment))
            }
        }
        @if !submission.cloud_files.is_empty() {
            article.sheet { h3 { (visit.say("云附件", "Cloud files")) } (clouds(visit, submission)) }
        }
    }
}

/// What it is called here: never a path, never a trick of direction.
pub fn named(visit: &Visit, attachment: &Attachment) -> String {
    let or_else = format!("{} {}", visit.say("附件", "attachment"), attachment.path);
    safe_name(&attachment.file_name, &or_else)
}

/// Where its bytes are.
fn address(submission: &str, path: &str, is_download: bool) -> String {
    let path: String = path.chars().filter(|c| c.is_ascii_digit() || *c == '.').collect();
    format!("/{submission}/files/{path}{}", if is_download { "?download=1" } else { "" })
}

fn facts(visit: &Visit, attachment: &Attachment) -> Markup {
    let raw = &attachment.file_name;
    html! {
        dl.facts {
            dt { (visit.say("类型", "Type")) }
            dd { (filled(&attachment.media_type))
                @if !attachment.media_type_declared.is_empty() && attachment.media_type_declared != attachment.media_type {
                    " " small { (visit.say("邮件声明为 ", "declared as ")) bdi { (attachment.media_type_declared) } } } }
            dt { (visit.say("大小", "Size")) } dd { (words::size(attachment.size_bytes)) " " small { (attachment.size_bytes) " B" } }
            dt { "SHA-256" } dd.raw { (attachment.sha256) }
            @if *raw != named(visit, attachment) && !raw.is_empty() {
                dt { (visit.say("原文件名", "Name as sent")) } dd { details { summary { (visit.say("显示", "Show")) } code { (spelt(raw)) } } }
            }
        }
    }
}

/// A name with everything that cannot be seen spelt out.
fn spelt(name: &str) -> String {
    let spell = |c: char| {
        let is_plain = c == ' ' || (!c.is_control() && !c.is_whitespace() && !safe_name(&c.to_string(), "").is_empty());
        if is_plain || ".\\/:*?\"<>|_".contains(c) { c.to_string() } else { c.escape_unicode().to_string() }
    };
    name.chars().map(spell).collect()
}

/// What can be shown of it.
pub fn content(visit: &Visit, submission: &str, attachment: &Attachment) -> Markup {
    let language = visit.language();
    let shown = address(submission, &attachment.path, false);
    match &attachment.content {
        Some(Content::Document(document)) => html! {
            p.detail { (characters(document.characters, language))
                @if document.pictures > 0 { " · " (visit.say("内含图片 ", "pictures inside: ")) (document.pictures) } }
            @if document.text.trim().is_empty() { p.detail { (visit.say("没有读到文字。", "No text was read from it.")) } }
            @else { (text(&document.text)) }
            @if document.truncated {
                (notice(Tone::Warn, visit.say("文字过长，此处只显示开头；全文请下载。", "The text is long and only its beginning is shown; download it for the whole.")))
            }
        },
        Some(Content::Video(video)) => html! {
            @if is_shown(&attachment.media_type) {
                video controls preload="metadata" src=(shown) aria-label=(named(visit, attachment)) {}
            } @else {
                p.detail { (visit.say("浏览器不能播放这种格式，请下载后观看。", "A browser does not play this format; download it.")) }
            }
            p.detail { (measured(video, language)) }
        },
        Some(Content::Picture(_)) if is_shown(&attachment.media_type) => html! {
            figure { img loading="lazy" src=(shown) alt=(named(visit, attachment)); figcaption.detail { bdi { (named(visit, attachment)) } } }
        },
        Some(Content::Unreadable(unreadable)) => {
            let what = match unreadable.what.as_str() {
                "document" => visit.say("文档", "document"),
                "video" => visit.say("视频", "video"),
                "archive" => visit.say("压缩包", "archive"),
                other => other,
            };
            let words = match language {
                Language::Zh => format!("这个{what}无法读取（{}），请下载后查看。", unreadable.reason),
                Language::En => format!("This {what} cannot be read ({}); download it.", unreadable.reason),
            };
            notice(Tone::Warn, &words)
        }
        Some(Content::Picture(_)) | None => {
            html! { p.detail { (visit.say("此处不能预览，请下载后查看。", "There is no preview of it; download it.")) } }
        }
    }
}

/// Length, pixels and codec.
fn measured(video: &Video, language: Language) -> String {
    let mut told = Vec::new();
    if let Some(seconds) = video.duration_seconds {
        told.push(format!("{} {}", language.of("时长", "length"), words::duration(seconds)));
    }
    if video.displayed_width > 0 {
        told.push(format!("{}×{}", video.displayed_width, video.displayed_height));
    }
    told.extend(
        [&video.container, &video.video_codec, &video.audio_codec].into_iter().filter(|word| !word.is_empty()).cloned(),
    );
    told.join(" · ")
}

/// The files that were left with a provider.
pub fn clouds(visit: &Visit, submission: &Submission) -> Markup {
    html! {
        p.detail { (visit.say("采编不会自行取回云附件。请在到期前打开链接下载。", "Nothing of them is fetched by caibian. Open the link and download before it ends.")) }
        ul { @for cloud in &submission.cloud_files { li { (cloud_file(visit, cloud)) } } }
    }
}

fn cloud_file(visit: &Visit, cloud: &CloudFile) -> Markup {
    let provider = match cloud.provider.as_str() {
        "netease" => visit.say("网易", "NetEase"),
        "qq" => "QQ",
        _ => visit.say("其他", "other"),
    };
    let is_link = cloud.url.starts_with("https://") || cloud.url.starts_with("http://");
    html! {
        b { bdi { (safe_name(&cloud.file_name, visit.say("未命名", "unnamed"))) } } " " (badge(Tone::Plain, provider))
        @if cloud.quoted { " " (badge(Tone::Plain, visit.say("引用的邮件中", "in quoted mail"))) }
        br;
        small {
            (visit.say("声称大小 ", "claimed size "))
            @if cloud.size_bytes_claimed > 0 { (words::size(cloud.size_bytes_claimed)) } @else { (visit.say("未注明", "unknown")) }
            " · " (visit.say("到期 ", "ends "))
            @if cloud.expire_time.is_some() { (moment(cloud.expire_time.as_ref())) } @else { (visit.say("未注明", "unknown")) }
        }
        br;
        // The address is a stranger's: it is shown whole, and nothing of ours goes with it.
        @if is_link { a.raw href=(cloud.url) rel="noreferrer noopener nofollow" target="_blank" { bdi { (words::cut(&cloud.url, 200)) } } span.unseen { (visit.say("（新窗口）", " (new window)")) } }
        @else { code { bdi { (words::cut(&cloud.url, 200)) } } }
    }
}
