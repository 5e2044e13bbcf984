//! A delivery report (RFC 3464), and the forms of servers that do not keep to it: which letter did not arrive, and why.

use intake::letter::{DeliveryReport, Headers, Part};

use crate::headers::{self, Field};

/// Parts of a report that are looked into: its status, and the letter or its header.
pub(crate) const PARTS_MAX: usize = 5;
/// Bytes of such a part that are read: a header, and the recipients of a letter that went to one.
pub(crate) const PART_BYTES_MAX: u64 = 64 << 10;
/// Bytes of an address (RFC 5321 §4.5.3.1: 64, an at sign, 255).
const RECIPIENT_BYTES_MAX: usize = 320;
const DIAGNOSTIC_BYTES_MAX: usize = 500;
const WORD_BYTES_MAX: usize = 40;
const ID_BYTES_MAX: usize = 998;

/// Whether the header is that of a report: its type, a null path, or the names under which mail servers write.
pub(crate) fn may_be_one(headers: &Headers) -> bool {
    const SERVERS: [&str; 5] = ["mailer-daemon", "postmaster", "mail-daemon", "maildaemon", "mdaemon"];
    let kind = headers.report_type.as_deref();
    if headers.media_type == "multipart/report" && kind.is_some_and(|kind| !kind.contains("delivery-status")) {
        // A receipt of reading or a complaint.
        return false;
    }
    let from = headers.from.first().map(|from| from.address.to_lowercase()).unwrap_or_default();
    headers.media_type == "multipart/report"
        || headers.return_path.as_deref() == Some("")
        || SERVERS.contains(&from.split('@').next().unwrap_or_default())
}

/// Whether a part says something about the letter.
pub(crate) fn tells(part: &Part) -> bool {
    is_status(part) || is_original(part)
}

/// Also the form with addresses in UTF-8 (RFC 6533).
fn is_status(part: &Part) -> bool {
    matches!(part.media_type_declared.as_str(), "message/delivery-status" | "message/global-delivery-status")
}

/// The letter or its header; QQ sends it as a file.
fn is_original(part: &Part) -> bool {
    matches!(
        part.media_type_declared.as_str(),
        "message/rfc822"
            | "message/rfc822-headers"
            | "text/rfc822-headers"
            | "message/global"
            | "message/global-headers"
    ) || part.name.to_lowercase().ends_with(".eml")
}

/// Reads a report from the beginnings of its telling parts and from its text; none if nothing in it names a letter or a
/// recipient.
pub(crate) fn read(headers: &Headers, told: &[(&Part, Vec<u8>)], text: &str) -> Option<DeliveryReport> {
    let status = told.iter().find(|(part, _)| is_status(part)).map(|(_, bytes)| status(bytes)).unwrap_or_default();
    let original = told.iter().filter(|(part, _)| is_original(part));
    let by_copy = original.filter_map(|(_, bytes)| message_id(header(bytes))).next();
    // Servers in the manner of qmail copy the letter into their text.
    let original_message_id = by_copy.or_else(|| message_id(text.as_bytes()));
    let report = DeliveryReport { original_message_id, ..status };
    let itself = headers.message_id.is_some() && report.original_message_id == headers.message_id;
    (report != DeliveryReport::default() && !itself).then_some(report)
}

/// The header of a mail: up to its first empty line.
fn header(mail: &[u8]) -> &[u8] {
    let mail = mail.trim_ascii_start();
    let ends = [&b"\n\n"[..], b"\n\r\n"].map(|end| memchr::memmem::find(mail, end));
    ends.into_iter().flatten().min().map_or(mail, |end| &mail[..=end])
}

fn message_id(lines: &[u8]) -> Option<String> {
    let fields = headers::fields(lines);
    let id = headers::ids(headers::first(&fields, "message-id")?).into_iter().next()?;
    (id.len() <= ID_BYTES_MAX && id.contains('@')).then_some(id)
}

/// The fields of the first recipient that failed, else of the first one at all (RFC 3464 §2.3).
fn status(bytes: &[u8]) -> DeliveryReport {
    let text = bytes.iter().copied().filter(|&byte| byte != b'\r').collect::<Vec<_>>();
    // Groups are parted by empty lines; the first speaks of the server. Some servers leave the line between out.
    let mut groups: Vec<Vec<Field>> = Vec::new();
    let mut lines = Vec::new();
    for line in text.split(|&byte| byte == b'\n').chain([&b""[..]]) {
        if line.trim_ascii().is_empty() {
            groups.push(headers::fields(&lines));
            lines.clear();
        } else {
            lines.extend_from_slice(line);
            lines.push(b'\n');
        }
    }
    let of_recipients = groups.iter().filter(|fields| {
        ["final-recipient", "original-recipient", "action"].iter().any(|name| headers::first(fields, name).is_some())
    });
    let mut reports: Vec<DeliveryReport> = of_recipients.take(100).map(|fields| recipient(fields)).collect();
    let failed = reports.iter().position(|report| report.action.as_deref() == Some("failed")).unwrap_or(0);
    if reports.is_empty() { DeliveryReport::default() } else { reports.swap_remove(failed) }
}

fn recipient(fields: &[Field]) -> DeliveryReport {
    let text = |name: &str, bytes_max: usize| {
        let (mut text, _) = headers::decode(headers::first(fields, name)?, None);
        headers::cut(&mut text, bytes_max);
        (!text.is_empty()).then_some(text)
    };
    // `rfc822; a@b` and `smtp; 550 no such user`.
    let typed = |name: &str, bytes_max: usize| {
        let text = text(name, bytes_max)?;
        let value = text.split_once(';').map_or(text.as_str(), |(_, value)| value).trim();
        let value = value.trim_start_matches('<').trim_end_matches('>').trim();
        (!value.is_empty()).then(|| value.to_owned())
    };
    let word = |name: &str| {
        let text = text(name, WORD_BYTES_MAX)?;
        text.split([' ', '(', ';']).next().filter(|word| !word.is_empty()).map(str::to_ascii_lowercase)
    };
    DeliveryReport {
        original_message_id: None,
        final_recipient: typed("final-recipient", RECIPIENT_BYTES_MAX)
            .or_else(|| typed("original-recipient", RECIPIENT_BYTES_MAX)),
        action: word("action"),
        status: word("status"),
        diagnostic: typed("diagnostic-code", DIAGNOSTIC_BYTES_MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_recipients_a_failed_one_is_told() {
        let found = status(
            b"Reporting-MTA: dns; mx.example.com\r\n\r\nFinal-Recipient: rfc822; a@b.cn\r\nAction: delayed\r\nStatus: 4.4.1\r\n\
              \r\nOriginal-Recipient: rfc822;<c@d.cn>\r\nAction: Failed (for good)\r\nStatus: 5.1.1 (no such user)\r\n\
              Diagnostic-Code: smtp; 550 5.1.1\r\n\tno; such user\r\n",
        );
        let expected = DeliveryReport {
            original_message_id: None,
            final_recipient: Some("c@d.cn".into()),
            action: Some("failed".into()),
            status: Some("5.1.1".into()),
            diagnostic: Some("550 5.1.1\tno; such user".replace('\t', " ")),
        };
        assert_eq!(found, expected);
        assert!(found.says_failed());
        let delayed = DeliveryReport { action: Some("delayed".into()), ..DeliveryReport::default() };
        assert!(!delayed.says_failed());
        assert_eq!(status(b""), DeliveryReport::default());
    }

    #[test]
    fn letters_that_were_read_before_there_were_reports_are_still_understood() {
        let old: intake::letter::Letter =
            serde_json::from_str(r#"{"headers":{"subject":"征稿","media_type":"text/plain"},"parts":[]}"#).unwrap();
        assert_eq!(old.headers.subject, "征稿");
        assert_eq!((old.report, old.headers.loop_mark), (None, false));
        assert!(old.headers.authentication_results.is_empty());
    }

    #[test]
    fn whatever_is_long_is_cut() {
        let long = "字".repeat(30_000);
        let found = status(
            format!("\n\nFinal-Recipient: rfc822; {long}\nAction: {long}\nStatus: {long}\nDiagnostic-Code: {long}\n")
                .as_bytes(),
        );
        let texts = [found.final_recipient, found.action, found.status, found.diagnostic];
        assert!(texts.iter().flatten().all(|text| text.len() <= DIAGNOSTIC_BYTES_MAX), "{texts:?}");
        assert_eq!(message_id(format!("Message-ID: <{}@b>", "a".repeat(5_000)).as_bytes()), None);
    }
}
