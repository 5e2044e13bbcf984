//! One mail of the ledger: what is known of it, what happened to it, and its raw bytes as text and as a download.

use axum::{
    Router,
    extract::{Path, Query},
    http::Method,
    response::Response,
    routing::get,
};
use maud::{Markup, html};
use proto::intake::v1::{Class, DownloadRawRequest, GetMessageRequest, Message, MessageEvent, Stage};
use tonic::Status;

use crate::{
    Desk,
    fault::Fault,
    html::{Here, Page, badge, filled, id_of, moment, sentence, url},
    pages::{
        administration::privacy::ASKS,
        as_sent::{self, AsSent},
    },
    posted::Fields,
    stream::{self, Part, Told},
    visit::Visit,
    words,
};

/// Bytes of the raw mail that are shown as text.
const TEXT_BYTES_MAX: u64 = 64 * 1024;

/// The routes of this file.
pub fn routes() -> Router<Desk> {
    Router::new().route("/ledger/{id}", get(show)).route("/ledger/{id}/raw", get(raw))
}

/// The subject, or that there is none that could be read.
pub fn title<'a>(visit: &'a Visit, message: &'a Message) -> &'a str {
    match (message.subject.is_empty(), message.stage()) {
        (false, _) => &message.subject,
        (true, _) if message.erase_time.is_some() => words::subject("", true, visit.language()),
        (true, Stage::Parsed | Stage::Recorded) => visit.say("（无主题）", "(no subject)"),
        (true, _) => visit.say("（无主题或尚未读取）", "(no subject, or not read yet)"),
    }
}

/// Who sent it.
pub fn sender(message: &Message) -> Markup {
    html! {
        @match &message.from {
            Some(from) if !from.address.is_empty() || !from.display_name.is_empty() => {
                @if !from.display_name.is_empty() { (from.display_name) " " }
                span.detail { (from.address) }
            },
            _ => span.nothing { "—" },
        }
    }
}

/// Its class; a dash before it was sorted.
pub fn class(visit: &Visit, message: &Message) -> Markup {
    html! {
        @if message.class() == Class::Unspecified { span.nothing { "—" } }
        @else { (words::class(message.class(), visit.language())) }
    }
}

/// Its stage.
pub fn stage(visit: &Visit, stage: Stage) -> Markup {
    let (tone, called) = words::stage(stage, visit.language());
    badge(tone, called)
}

/// Why it stands where it stands: what failed, or why it was sorted so.
pub fn why<'a>(visit: &Visit, message: &'a Message) -> &'a str {
    if message.reason.is_empty() { sentence(message.class_reason.as_ref(), visit.language()) } else { &message.reason }
}

async fn show(visit: Visit, Path(id): Path<String>, Query(query): Query<Vec<(String, String)>>) -> Response {
    let is_asked = Fields(query).one("view") == as_sent::VIEW;
    let asked = GetMessageRequest { name: format!("messages/{id}") };
    let message = match visit.api.mailboxes().get_message(asked).await {
        Ok(answer) => answer.into_inner(),
        Err(status) => return Fault::from(status).to(&visit),
    };
    let beginning = match message.raw_sha256.is_empty() || message.erase_time.is_some() {
        true => None,
        false => Some(beginning(&visit, &message.name).await),
    };
    let shown = match beginning {
        Some(_) => as_sent::load(&visit, &message.name, is_asked).await,
        None => None,
    };
    let body = html! {
        (facts(&visit, &message))
        (sent(&visit, &message, shown.as_ref(), is_asked))
        @if visit.may(ASKS) && message.erase_time.is_none() {
            p { a href={ "/ledger/" (id) "/privacy" } { (visit.say("个人信息：删除这封邮件", "Personal data: erase this mail")) } }
        }
        (history(&visit, &message.history))
        (raw_text(&visit, &message, beginning.as_ref()))
    };
    Page::new(&visit, Here::Ledger, title(&visit, &message)).show(&body)
}

/// What is known of it.
pub fn facts(visit: &Visit, message: &Message) -> Markup {
    let mailbox = id_of(&message.mailbox);
    html! {
        dl.facts {
            dt { (visit.say("阶段", "Stage")) }
            dd { (stage(visit, message.stage()))
                @if message.stage() == Stage::Quarantined {
                    " " a href={ "/quarantine/" (id_of(&message.name)) } { (visit.say("在隔离中处理", "Handle it in quarantine")) } } }
            @if !message.reason.is_empty() { dt { (visit.say("原因", "Reason")) } dd { (message.reason) } }
            @if message.stage_failed() != Stage::Unspecified {
                dt { (visit.say("在哪一步出错", "Failed at")) } dd { (stage(visit, message.stage_failed())) } }
            @if message.tries > 0 { dt { (visit.say("已试次数", "Tries")) } dd { (message.tries) } }
            dt { (visit.say("类别", "Class")) } dd { (class(visit, message)) }
            @if let Some(reason) = &message.class_reason {
                dt { (visit.say("归类理由", "Why sorted so")) } dd { (sentence(Some(reason), visit.language())) } }
            dt { (visit.say("发件人", "From")) } dd { (sender(message)) }
            dt { (visit.say("收到（北京时间）", "Received (Beijing)")) }
            dd { (moment(message.received_time.as_ref())) " "
                span.detail { (visit.say("依据：", "by ")) (words::received_basis(&message.received_basis, visit.language())) } }
            @if message.backfilled {
                dt { (visit.say("补录", "Backfilled")) }
                dd { (visit.say("早于邮箱的回信起点，已登记，不回信", "Received before the mailbox began to answer: recorded, never answered")) } }
            @if !message.submission.is_empty() {
                dt { (visit.say("来稿", "Submission")) }
                dd { a href={ "/submissions/" (id_of(&message.submission)) } { (visit.say("打开来稿", "Open the submission")) } } }
            @if !message.repeats.is_empty() {
                dt { (visit.say("与之相同", "Same as")) }
                dd { a href={ "/ledger/" (id_of(&message.repeats)) } { (visit.say("最早收到的那一封", "the mail that came first")) } } }
            dt { (visit.say("邮箱与文件夹", "Mailbox and folder")) }
            dd { a href={ "/mailboxes/" (mailbox) } { (visit.say("邮箱", "mailbox")) } " · " (message.folder)
                " · UID " (message.uid) " · UIDVALIDITY " (message.uidvalidity) }
            dt { (visit.say("大小", "Size")) } dd { (words::size(message.size_bytes)) }
            @if !message.raw_sha256.is_empty() { dt { "SHA-256" } dd { code { (message.raw_sha256) } } }
        }
    }
}

/// The mail as it was sent, or the way to it; nothing for a mail of plain text.
fn sent(visit: &Visit, message: &Message, shown: Option<&Result<AsSent, Status>>, is_asked: bool) -> Markup {
    let here = format!("/ledger/{}", id_of(&message.name));
    let switch = as_sent::switch(visit, shown, is_asked, &here, &url(&here, &[("view", as_sent::VIEW)]));
    let frame = as_sent::frame(visit, shown, title(visit, message));
    html! {
        @if frame.is_some() || !switch.0.is_empty() {
            section aria-labelledby="sent" {
                h2 #sent { (visit.say("正文", "Body")) }
                (switch)
                @if let Some(frame) = frame { (frame) }
                @else { p.detail { (visit.say("文字见下方的邮件原件。", "Its text stands below, in the raw mail.")) } }
            }
        }
    }
}

/// What happened to it.
pub fn history(visit: &Visit, history: &[MessageEvent]) -> Markup {
    html! {
        section aria-labelledby="history" {
            h2 #history { (visit.say("记录", "History")) }
            @if history.is_empty() { p { (visit.say("没有记录。", "Nothing yet.")) } }
            @else { div.scroll tabindex="0" role="group" aria-labelledby="history" { table {
                thead { tr {
                    th scope="col" { (visit.say("时间（北京）", "When (Beijing)")) }
                    th scope="col" { (visit.say("变化", "Change")) }
                    th scope="col" { (visit.say("何人", "Who")) }
                    th scope="col" { (visit.say("说明", "Detail")) }
                } }
                tbody { @for event in history { tr {
                    td { (moment(event.time.as_ref())) }
                    td { @if event.from() != Stage::Unspecified { (words::stage(event.from(), visit.language()).1) " → " }
                        (words::stage(event.to(), visit.language()).1) }
                    td { (actor(visit, &event.actor)) }
                    td { (filled(&event.detail)) }
                } } }
            } } }
        }
    }
}

/// Who did it, as people call them.
pub fn actor<'a>(visit: &Visit, actor: &'a str) -> &'a str {
    match actor {
        "worker" => visit.language().of("采集程序", "the intake worker"),
        "sender" => visit.language().of("发信程序", "the sender"),
        other => other.strip_prefix("caller:").unwrap_or(other),
    }
}

/// The first bytes of the raw mail.
async fn beginning(visit: &Visit, name: &str) -> Result<Vec<u8>, Status> {
    let asked = DownloadRawRequest { name: name.to_owned(), offset: 0, limit: TEXT_BYTES_MAX };
    let mut answer = visit.api.submissions().download_raw(asked).await?.into_inner();
    let mut bytes = Vec::new();
    while let Some(part) = answer.message().await? {
        bytes.extend(part.data);
    }
    Ok(bytes)
}

fn raw_text(visit: &Visit, message: &Message, beginning: Option<&Result<Vec<u8>, Status>>) -> Markup {
    html! {
        section aria-labelledby="raw" {
            h2 #raw { (visit.say("邮件原件", "The raw mail")) }
            @match beginning {
                None => p { (visit.say("原件尚未取回。", "It has not been fetched yet.")) },
                Some(Err(status)) => p.notice.bad role="alert" { (Fault::from(status.clone()).words(visit.language())) },
                Some(Ok(bytes)) => {
                    p { a.button.quiet href={ "/ledger/" (id_of(&message.name)) "/raw" } download {
                        (visit.say("下载原件（.eml）", "Download it (.eml)")) } " "
                        span.detail { (visit.say(
                            "按发来时的样子保存，可能含有病毒，请勿在无防护的电脑上打开。",
                            "As it came: it may hold malware. Do not open it on a machine without protection.",
                        )) } }
                    @if message.size_bytes > TEXT_BYTES_MAX {
                        p { (visit.say("以下为开头 64 KiB：", "The first 64 KiB:")) } }
                    pre.raw tabindex="0" aria-labelledby="raw" { (String::from_utf8_lossy(bytes)) }
                },
            }
        }
    }
}

async fn raw(visit: Visit, method: Method, Path(id): Path<String>) -> Response {
    let name = format!("messages/{id}");
    let message = match visit.api.mailboxes().get_message(GetMessageRequest { name: name.clone() }).await {
        Ok(answer) => answer.into_inner(),
        Err(status) => return Fault::from(status).to(&visit),
    };
    if message.raw_sha256.is_empty() || message.erase_time.is_some() {
        return Fault::not_found().to(&visit);
    }
    let file_name = format!("{}.eml", if message.subject.is_empty() { "mail" } else { &message.subject });
    let told = Told {
        name: &file_name,
        or_else: "mail.eml",
        media_type: "message/rfc822",
        size_bytes: message.size_bytes,
        sha256: &message.raw_sha256,
    };
    let head = stream::head(&told, Part::Whole, true);
    if method == Method::HEAD {
        return head;
    }
    match visit.api.submissions().download_raw(DownloadRawRequest { name, offset: 0, limit: 0 }).await {
        Ok(bytes) => stream::with_bytes(head, bytes.into_inner()),
        Err(status) => Fault::from(status).to(&visit),
    }
}

#[cfg(test)]
mod tests {
    use proto::intake::v1::{ReviewRole, Sentence};

    use super::*;
    use crate::{Language, visit::tests::visit_of};

    #[test]
    fn a_mail_is_told_with_its_reason_its_history_and_its_bytes_as_text() {
        let visit = visit_of(ReviewRole::Viewer, Language::En);
        let message = Message {
            name: "messages/a1".into(),
            mailbox: "mailboxes/m1".into(),
            folder: "垃圾邮件".into(),
            uid: 42,
            size_bytes: 70_000,
            stage: Stage::Recorded.into(),
            class: Class::AutomaticReply.into(),
            class_reason: Some(Sentence { zh: "自动回复".into(), en: "says that it was sent by a machine".into() }),
            raw_sha256: "ab".repeat(32),
            repeats: "messages/a0".into(),
            history: vec![MessageEvent {
                from: Stage::Parsed.into(),
                to: Stage::Recorded.into(),
                actor: "caller:王编辑".into(),
                detail: "<b>".into(),
                ..MessageEvent::default()
            }],
            ..Message::default()
        };
        let shown = facts(&visit, &message).into_string() + &history(&visit, &message.history).into_string();
        for expected in
            ["says that it was sent by a machine", "Read → Recorded", "王编辑", "&lt;b&gt;", "/ledger/a0", "垃圾邮件"]
        {
            assert!(shown.contains(expected), "{expected}\n{shown}");
        }
        let raw = raw_text(&visit, &message, Some(&Ok(b"Subject: <img src=x>\r\n\xff".to_vec()))).into_string();
        assert!(raw.contains("The first 64 KiB") && raw.contains("&lt;img src=x&gt;\r\n\u{fffd}"));
        assert!(raw.contains("href=\"/ledger/a1/raw\"") && !raw.contains("<img"));
    }
}
