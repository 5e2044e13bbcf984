//! Mail that no person wrote for us: delivery reports, automatic replies, lists.

use super::Reason;
use crate::{letter::Letter, manuscript, wording};

/// A delivery report: RFC 3464, or the forms of servers that do not keep to it.
pub(super) fn bounce(letter: &Letter) -> Option<Reason> {
    const SUBJECTS: [&str; 15] = [
        "系统退信",
        "退信",
        "邮件退回",
        "邮件被退回",
        "投递失败",
        "发送失败",
        "未送达",
        "无法送达",
        "undeliver",
        "returned mail",
        "returned to sender",
        "delivery status notification",
        "delivery failure",
        "mail delivery failed",
        "failure notice",
    ];
    let headers = &letter.headers;
    if headers.media_type == "multipart/report"
        && headers.report_type.as_deref().is_some_and(|kind| kind.contains("delivery-status"))
    {
        return Some((
            "邮件格式为投递状态报告（multipart/report）".into(),
            "its format is multipart/report with delivery-status".into(),
        ));
    }
    let from = headers.from.first().map(|from| from.address.to_lowercase()).unwrap_or_default();
    let local = from.split('@').next().unwrap_or_default();
    if !["mailer-daemon", "postmaster", "mail-daemon", "maildaemon", "mdaemon"].contains(&local) {
        return None;
    }
    if headers.return_path.as_deref() == Some("") {
        return Some((
            format!("发件人为 {local}，且退信路径为空"),
            format!("it comes from {local} with a null Return-Path"),
        ));
    }
    let subject = wording::fold(&headers.subject);
    SUBJECTS.iter().any(|known| subject.contains(known)).then(|| {
        let subject = wording::quoted(&headers.subject);
        (format!("发件人为 {local}，主题为“{subject}”"), format!("it comes from {local} with the subject “{subject}”"))
    })
}

/// An automatic reply: RFC 3834 and the fields and subjects in use beside it. `Auto-Submitted: no` is a person.
/// `tagged` says that the subject holds a campaign's tag: then a null path alone decides nothing.
pub(super) fn automatic_reply(letter: &Letter, tagged: bool) -> Option<Reason> {
    const SUBJECTS: [&str; 17] = [
        "自动回复:",
        "自动回复】",
        "自动回复]",
        "自动回复 ",
        "自动答复:",
        "自动回信:",
        "auto:",
        "autoreply",
        "auto reply",
        "automatic reply",
        "auto-reply",
        "out of office",
        // Receipts of reading that say nothing of it in their header.
        "已读:",
        "已读回执",
        "阅读回执",
        "未读:",
        "read receipt",
    ];
    let headers = &letter.headers;
    let told = |field: &str, value: &str| {
        let value = wording::quoted(value);
        Some((
            format!("邮件头 {field}: {value} 表明是自动发出"),
            format!("the header {field}: {value} says that it was sent automatically"),
        ))
    };
    let auto_submitted = headers.auto_submitted.as_deref().map(str::trim);
    if let Some(value) = auto_submitted.filter(|value| *value != "no" && !value.is_empty()) {
        return told("Auto-Submitted", value);
    }
    if headers.media_type == "multipart/report"
        && headers.report_type.as_deref().is_some_and(|kind| kind.contains("disposition-notification"))
    {
        return told("Content-Type", "multipart/report; report-type=disposition-notification");
    }
    // X-Auto-Response-Suppress asks for no answer and says nothing of its own mail: Exchange sets it on people's mail.
    let field = headers.auto_response.as_deref().unwrap_or_default();
    if !field.is_empty() && !field.eq_ignore_ascii_case("X-Auto-Response-Suppress") && auto_submitted != Some("no") {
        return told(field, "yes");
    }
    if let Some(value) = headers.precedence.as_deref().filter(|value| value.replace('-', "_") == "auto_reply") {
        return told("Precedence", value);
    }
    let subject = wording::fold(&headers.subject);
    let subject = subject.trim_start_matches(|c: char| !c.is_alphanumeric());
    if auto_submitted != Some("no")
        && (subject == "自动回复" || SUBJECTS.iter().any(|known| subject.starts_with(known)))
        && manuscript::attached(letter).is_none()
    {
        let subject = wording::quoted(&headers.subject);
        return Some((
            format!("主题“{subject}”为自动回复或回执，且没有稿件"),
            format!("the subject “{subject}” is that of an automatic reply, and no manuscript is with it"),
        ));
    }
    // RFC 5321 §4.5.5: only notifications are sent with the null path.
    if !tagged && headers.return_path.as_deref() == Some("") && manuscript::attached(letter).is_none() {
        return told("Return-Path", "<>");
    }
    None
}

/// The mark of a list or of mass mail. The first value says whether the mark is a list's own (`List-*`), so that a long
/// body is an issue of the list and not a manuscript.
pub(super) fn list(letter: &Letter) -> Option<(bool, Reason)> {
    let headers = &letter.headers;
    if let Some(list) = headers.list.as_deref() {
        let list = wording::quoted(list);
        return Some((true, (format!("邮件头含列表标记 List-*: {list}"), format!("the header names a list: {list}"))));
    }
    let value = headers.precedence.as_deref().filter(|value| ["bulk", "list", "junk"].contains(value))?;
    Some((false, (format!("邮件头为 Precedence: {value}"), format!("the header says Precedence: {value}"))))
}
