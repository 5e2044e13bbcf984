//! Mail that no person wrote: a delivery report, an automatic reply, a newsletter.

use chrono::{DateTime, TimeZone};

use super::{Mail, beijing, encode::base64_lines};

fn base64(text: &str) -> String {
    let mut out = Vec::new();
    base64_lines(&mut out, text.replace('\n', "\r\n").as_bytes()).expect("memory takes every byte");
    String::from_utf8(out).expect("base64 is ASCII")
}

/// A delivery report (RFC 3464) to the mailbox `to`: what it sent to `recipient` under `subject` did not arrive.
#[must_use]
pub fn bounce<Tz: TimeZone>(to: &str, recipient: &str, subject: &str, received_at: DateTime<Tz>) -> Vec<u8> {
    bounce_of("reply.2207@example.com", to, recipient, subject, received_at)
}

/// The same about the letter with this `Message-ID`, without angle brackets.
#[must_use]
pub fn bounce_of<Tz: TimeZone>(
    message_id: &str,
    to: &str,
    recipient: &str,
    subject: &str,
    received_at: DateTime<Tz>,
) -> Vec<u8> {
    let stamp = received_at.with_timezone(&beijing()).format("%a, %d %b %Y %H:%M:%S %z").to_string();
    let text = base64(&format!(
        "抱歉，您的邮件被退回来了……\n\n收件人：{recipient}\n主题：{subject}\n退信原因：收件人邮件地址不存在，邮件无法送达。\n\
         建议：请检查收件人地址是否拼写正确后重新发送。\n"
    ));
    let word = |text: &str| {
        let mut header = Mail::new("", "", "").subject(text);
        header.charset = super::Charset::Utf8;
        String::from_utf8(header.words(text, 9)).expect("encoded words are ASCII")
    };
    let (title, original) = (word("系统退信"), word(subject));
    let boundary = "----=_Part_report_7741";
    format!(
        "Return-Path: <>\r\n\
         Received: from mx.example.com (mx.example.com [192.0.2.25])\r\n\tby mx.example.com (Coremail) with SMTP;\r\n\t{stamp}\r\n\
         From: \"Postmaster\" <postmaster@example.com>\r\n\
         To: <{to}>\r\n\
         Subject: {title}\r\n\
         Date: {stamp}\r\n\
         Message-ID: <report.7741@mx.example.com>\r\n\
         Auto-Submitted: auto-replied\r\n\
         MIME-Version: 1.0\r\n\
         Content-Type: multipart/report; report-type=delivery-status;\r\n\tboundary=\"{boundary}\"\r\n\
         \r\n\
         --{boundary}\r\n\
         Content-Type: text/plain; charset=\"UTF-8\"\r\n\
         Content-Transfer-Encoding: base64\r\n\
         \r\n\
         {text}\
         --{boundary}\r\n\
         Content-Type: message/delivery-status\r\n\
         \r\n\
         Reporting-MTA: dns; mx.example.com\r\n\
         Arrival-Date: {stamp}\r\n\
         \r\n\
         Final-Recipient: rfc822; {recipient}\r\n\
         Action: failed\r\n\
         Status: 5.1.1\r\n\
         Diagnostic-Code: smtp; 550 5.1.1 User not found: {recipient}\r\n\
         \r\n\
         --{boundary}\r\n\
         Content-Type: text/rfc822-headers\r\n\
         \r\n\
         From: <{to}>\r\n\
         To: <{recipient}>\r\n\
         Subject: {original}\r\n\
         Message-ID: <{message_id}>\r\n\
         \r\n\
         --{boundary}--\r\n"
    )
    .into_bytes()
}

/// An automatic reply (RFC 3834) of a person who is away, to a mail with the given subject.
#[must_use]
pub fn automatic_reply<Tz: TimeZone>(
    name: &str,
    from: &str,
    to: &str,
    subject: &str,
    received_at: DateTime<Tz>,
) -> Vec<u8> {
    Mail::new(name, from, to)
        .subject(&format!("自动回复：{subject}"))
        .received_at(received_at)
        .message_id("vacation.5512@example.cn")
        .in_reply_to("reply.2207@example.com")
        .header("Auto-Submitted", "auto-replied")
        .header("X-Auto-Response-Suppress", "All")
        .header("Precedence", "bulk")
        .text(&format!("您好，来信已收到。我近期出差，将于返回后尽快回复您。如有急事请与办公室联系。\n\n{name}\n"))
        .to_bytes()
}

/// An issue of a newsletter that the mailbox `to` is subscribed to.
#[must_use]
pub fn newsletter<Tz: TimeZone>(from: &str, to: &str, subject: &str, received_at: DateTime<Tz>) -> Vec<u8> {
    let domain = from.rsplit_once('@').map_or(from, |(_, domain)| domain);
    Mail::new("财税资讯周刊", from, to)
        .subject(subject)
        .received_at(received_at)
        .message_id(&format!("weekly.118@{domain}"))
        .header("List-Id", &format!("<weekly.{domain}>"))
        .header("List-Unsubscribe", &format!("<https://{domain}/unsubscribe?u=118>, <mailto:leave@{domain}>"))
        .header("Precedence", "list")
        .text("本期要目\n一、地方财政动态三则\n二、会计准则问答\n三、培训班报名通知\n\n如不希望再收到本刊，请点击退订。\n")
        .html(&format!(
            "<html><body><h2>本期要目</h2><ol><li>地方财政动态三则</li><li>会计准则问答</li><li>培训班报名通知</li></ol>\
             <p><a href=\"https://{domain}/unsubscribe?u=118\">退订</a></p></body></html>"
        ))
        .to_bytes()
}
