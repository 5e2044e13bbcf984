//! 邮件: the mail as it came.

use maud::{Markup, html};
use proto::intake::v1::{ReviewRole, Submission};
use tonic::Status;

use super::{Asked, manuscript::text};
use crate::{
    html::{filled, moment, sentence},
    pages::as_sent::{self, AsSent},
    visit::Visit,
    words,
};

/// Headers, text or the mail as it was sent, what could not be read, and the raw bytes.
pub fn tab(visit: &Visit, asked: &Asked, submission: &Submission, as_sent: Option<&Result<AsSent, Status>>) -> Markup {
    let here = |view: &str| asked.url(&asked.name, &[("tab", "mail"), ("view", view)]);
    let language = visit.language();
    let from = submission.from.clone().unwrap_or_default();
    html! {
        h2.unseen { (visit.say("邮件", "Mail")) }
        article.sheet {
            dl.facts {
                dt { (visit.say("发件人", "From")) } dd { bdi { (from.display_name) } " " bdi { "<" (from.address) ">" } }
                dt { (visit.say("主题", "Subject")) } dd { bdi { (words::subject(&submission.subject, submission.erase_time.is_some(), language)) } }
                dt { (visit.say("服务器收到", "Received by the server")) }
                dd { (moment(submission.received_time.as_ref())) " " small { (words::received_basis(&submission.received_basis, language)) } }
                dt { (visit.say("发件人所写时间", "Date as the sender wrote it")) }
                dd { bdi { (filled(&submission.date)) } " " small { (visit.say("不作为依据", "decides nothing")) } }
                dt { (visit.say("分类理由", "Why it was sorted so")) } dd { (sentence(submission.class_reason.as_ref(), language)) }
                dt { (visit.say("原始邮件", "Raw mail")) }
                dd { (words::size(submission.raw_size_bytes))
                    @if visit.may(ReviewRole::Editor) && submission.erase_time.is_none() {
                        " · " a href={ "/" (submission.name) "/raw" } { (visit.say("下载 .eml", "Download .eml")) }
                    } }
                dt { "SHA-256" } dd.raw { (submission.raw_sha256) }
                dt { (visit.say("来信登记", "Mail ledger")) }
                dd { @if let Some(id) = submission.message.strip_prefix("messages/") { a href={ "/ledger/" (id) } { (visit.say("看这封来信的经过", "How this mail went")) } } @else { (filled("")) } }
            }
        }
        @if !submission.faults.is_empty() {
            article.sheet {
                h3 { (visit.say("不能照原样读取的部分", "What could not be read as it stands")) }
                ul { @for fault in &submission.faults { li { code { (fault.code) } " " bdi { (fault.place) } " " span.detail { bdi { (fault.detail) } } } } }
            }
        }
        article.sheet {
            h3 { (visit.say("正文", "Text")) }
            (as_sent::switch(visit, as_sent, asked.as_sent, &here(""), &here(as_sent::VIEW)))
            @if let Some(frame) = as_sent::frame(visit, as_sent, &submission.subject) { (frame) }
            @else if submission.text.trim().is_empty() { p.detail { (visit.say("正文为空。", "It is empty.")) } }
            @else { (text(&submission.text)) }
        }
    }
}
