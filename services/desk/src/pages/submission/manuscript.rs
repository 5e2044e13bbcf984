//! 稿件: what is to be read, and to be looked at.

use maud::{Markup, html};
use proto::intake::v1::{Submission, attachment::Content};

use super::files;
use crate::{
    Language,
    html::{Tone, notice},
    stream::is_shown,
    visit::Visit,
};

/// The documents' text and the films, or the mail's own text where it is the manuscript.
pub fn tab(visit: &Visit, submission: &Submission) -> Markup {
    let shown = submission.attachments.iter().filter(|attachment| {
        !attachment.inline
            && matches!(attachment.content, Some(Content::Document(_) | Content::Video(_) | Content::Unreadable(_)))
    });
    let pictures: Vec<_> = submission
        .attachments
        .iter()
        .filter(|attachment| {
            matches!(attachment.content, Some(Content::Picture(_))) && is_shown(&attachment.media_type)
        })
        .collect();
    html! {
        h2.unseen { (visit.say("稿件", "Manuscript")) }
        @for attachment in shown {
            article.sheet {
                h3 { bdi { (files::named(visit, attachment)) } }
                (files::content(visit, &submission.name, attachment))
            }
        }
        @if !submission.cloud_files.is_empty() {
            article.sheet {
                h3 { (visit.say("云附件", "Cloud files")) }
                (files::clouds(visit, submission))
            }
        }
        @if !pictures.is_empty() {
            article.sheet {
                h3 { (visit.say("图片", "Pictures")) " (" (pictures.len()) ")" }
                div.pictures { @for picture in pictures { (files::content(visit, &submission.name, picture)) } }
            }
        }
        article.sheet {
            h3 { (visit.say("邮件正文", "Text of the mail")) }
            @if submission.text.trim().is_empty() { p.detail { (visit.say("正文为空。", "It is empty.")) } }
            @else { (text(&submission.text)) }
        }
        @if submission.faults.iter().any(|fault| fault.code == "answer_cut") {
            (notice(Tone::Warn, visit.say("这封来信很大，此处只显示一部分；完整内容请下载。", "This mail is large and only a part of it is shown; download it for the rest.")))
        }
    }
}

/// A text as the author set it.
pub fn text(text: &str) -> Markup {
    html! { div.manuscript dir="auto" { (text.trim_matches('\n')) } }
}

/// How many characters a document has.
pub fn characters(count: u64, language: Language) -> String {
    match language {
        Language::Zh => format!("{count} 字"),
        Language::En => format!("{count} characters"),
    }
}
