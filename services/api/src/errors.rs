//! Kinds of failure → gRPC status, in this one file. Each status carries `google.rpc.ErrorInfo` with a stable reason, a
//! `LocalizedMessage` in zh-CN and, where a field is to blame, `BadRequest`. Details of our own side (SQL, paths) are
//! logged under an id; the caller gets the id.

use std::{collections::HashMap, fmt::Display, time::Duration};

use intake::ports::PortError;
use stdx::ErrorKind;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, FieldViolation, LocalizedMessage, StatusExt};
use uuid::Uuid;

use crate::{
    names::{self, Collection},
    wire,
};

/// The domain of every `ErrorInfo`.
pub const DOMAIN: &str = "caibian";

/// Field violations told at most in one status: it travels in a header, and clients refuse headers beyond 16 KiB.
const VIOLATIONS_MAX: usize = 16;

/// Characters of one description, for the same reason.
const DESCRIPTION_CHARACTERS_MAX: usize = 120;

/// Bytes of a list of what could stand at a place, for the same reason.
const EXPECTED_BYTES_MAX: usize = 2_048;

/// The code that a kind of failure has on the wire.
#[must_use]
pub fn code(kind: ErrorKind) -> Code {
    match kind {
        ErrorKind::NotFound => Code::NotFound,
        ErrorKind::AlreadyExists => Code::AlreadyExists,
        ErrorKind::Invalid => Code::InvalidArgument,
        ErrorKind::Conflict => Code::Aborted,
        ErrorKind::Unauthenticated => Code::Unauthenticated,
        ErrorKind::Forbidden => Code::PermissionDenied,
        ErrorKind::Exhausted => Code::ResourceExhausted,
        ErrorKind::Unavailable => Code::Unavailable,
        ErrorKind::Uncertain => Code::Unknown,
        ErrorKind::Internal => Code::Internal,
    }
}

/// A status with its reason and both languages.
#[must_use]
pub fn status(code: Code, reason: &str, en: impl Into<String>, zh: impl Into<String>) -> Status {
    with_metadata(code, reason, en, zh, HashMap::new())
}

/// A status about one thing, whose name is in the metadata.
#[must_use]
pub fn named(code: Code, reason: &str, name: &str, en: String, zh: String) -> Status {
    with_metadata(code, reason, en, zh, HashMap::from([("name".to_owned(), name.to_owned())]))
}

fn with_metadata(
    code: Code,
    reason: &str,
    en: impl Into<String>,
    zh: impl Into<String>,
    metadata: HashMap<String, String>,
) -> Status {
    let mut details = ErrorDetails::with_error_info(reason, DOMAIN, metadata);
    details.set_localized_message("zh-CN", shortened(&zh.into()));
    Status::with_error_details(code, shortened(&en.into()), details)
}

/// RESOURCE_EXHAUSTED that says after what time the call may be made again (`RetryInfo`).
#[must_use]
pub fn retry_after(wait: Duration, reason: &str, en: impl Into<String>, zh: impl Into<String>) -> Status {
    let mut details = ErrorDetails::with_error_info(reason, DOMAIN, HashMap::new());
    details.set_localized_message("zh-CN", shortened(&zh.into())).set_retry_info(Some(wait));
    Status::with_error_details(Code::ResourceExhausted, shortened(&en.into()), details)
}

/// INVALID_ARGUMENT for one field.
#[must_use]
pub fn field(field: &str, en: impl Into<String>, zh: impl Into<String>) -> Status {
    fields(&[wire::Fault { field: field.to_owned(), zh: zh.into(), en: en.into() }])
}

/// INVALID_ARGUMENT for all fields that break a rule, at most sixteen of them.
#[must_use]
pub fn fields(faults: &[wire::Fault]) -> Status {
    let violations: Vec<FieldViolation> = faults
        .iter()
        .take(VIOLATIONS_MAX)
        .map(|fault| {
            let mut violation = FieldViolation::new(shortened(&fault.field), shortened(&fault.en));
            violation.reason = "FIELD_INVALID".to_owned();
            violation.localized_message = Some(LocalizedMessage::new("zh-CN", shortened(&fault.zh)));
            violation
        })
        .collect();
    let (en, zh) = match faults {
        [only] => (format!("{}: {}", only.field, only.en), format!("{}:{}", only.field, only.zh)),
        _ => (
            format!("{} fields break a rule; each is named in the details", faults.len()),
            format!("有 {} 个字段不符合要求,详见 details", faults.len()),
        ),
    };
    let metadata = HashMap::from([("violations".to_owned(), faults.len().to_string())]);
    let mut details = ErrorDetails::with_error_info("FIELD_INVALID", DOMAIN, metadata);
    details.set_bad_request(violations).set_localized_message("zh-CN", shortened(&zh));
    Status::with_error_details(Code::InvalidArgument, shortened(&en), details)
}

/// INVALID_ARGUMENT for a text that is not understood at a character, counted from 1. A list of what could stand there is
/// whole in the metadata `expected`; the sentences hold its beginning.
#[must_use]
pub fn misread(field: &str, character: usize, en: &str, zh: &str, choices: &[String]) -> Status {
    let (mut en, mut zh) = (format!("at character {character}: {en}"), format!("第 {character} 个字符处:{zh}"));
    let mut metadata = HashMap::from([("character".to_owned(), character.to_string())]);
    if !choices.is_empty() {
        let expected = choices.join(", ");
        en = format!("{en}; expected: {expected}");
        zh = format!("{zh};可用:{expected}");
        metadata.insert("expected".to_owned(), wire::cut(&expected, EXPECTED_BYTES_MAX).to_owned());
    }
    let mut violation = FieldViolation::new(field, shortened(&en));
    violation.reason = "FIELD_INVALID".to_owned();
    violation.localized_message = Some(LocalizedMessage::new("zh-CN", shortened(&zh)));
    let mut details = ErrorDetails::with_error_info("FIELD_INVALID", DOMAIN, metadata);
    details.set_bad_request(vec![violation]).set_localized_message("zh-CN", shortened(&format!("{field}:{zh}")));
    Status::with_error_details(Code::InvalidArgument, shortened(&format!("{field}: {en}")), details)
}

/// NOT_FOUND for one resource.
#[must_use]
pub fn missing(collection: Collection, id: Uuid) -> Status {
    let name = collection.name(id);
    let metadata = HashMap::from([("name".to_owned(), name.clone())]);
    let (en, zh) = (format!("there is no {name}"), format!("没有这个{}:{name}", collection.zh));
    with_metadata(Code::NotFound, collection.reason_missing, en, zh, metadata)
}

/// A failure of the tables.
#[must_use]
pub fn of_store(error: store::Error) -> Status {
    if let store::Error::NotFound { what: "review", id } = error {
        let name = names::SUBMISSION.name(id);
        let (en, zh) = (format!("{name} is not reviewed"), format!("该来稿不进入审稿:{name}"));
        return named(Code::NotFound, "REVIEW_NOT_FOUND", &name, en, zh);
    }
    if let store::Error::NotFound { what, id } = error {
        let collection = match what {
            "campaign" => Some(names::CAMPAIGN),
            "submission" => Some(names::SUBMISSION),
            "message" => Some(names::MESSAGE),
            "mailbox" => Some(names::MAILBOX),
            "contact" => Some(names::CONTACT),
            "reply" => Some(names::REPLY),
            "account" => Some(names::USER),
            "view" => Some(names::SAVED_VIEW),
            "erasure" => Some(names::ERASURE),
            _ => None,
        };
        if let Some(collection) = collection {
            return missing(collection, id);
        }
    }
    of_kind(error.kind(), &error)
}

/// A failure behind a port.
#[must_use]
pub fn of_port(error: &PortError) -> Status {
    of_kind(error.kind, &error.detail)
}

/// A failure of ours, without any of its detail: that is logged under an id.
#[must_use]
pub fn of_kind(kind: ErrorKind, detail: &dyn Display) -> Status {
    let (reason, en, zh) = match kind {
        ErrorKind::NotFound => ("NOT_FOUND", "there is no such thing", "没有找到"),
        ErrorKind::AlreadyExists => ("ALREADY_EXISTS", "it is there already", "已经存在"),
        ErrorKind::Invalid => ("INVALID", "the input breaks a rule", "输入不符合要求"),
        ErrorKind::Conflict => {
            ("CONFLICT", "somebody else changed it in between; read it again", "其间已有改动,请重新读取")
        }
        ErrorKind::Unauthenticated => ("UNAUTHENTICATED", "no or wrong credentials", "未提供凭证或凭证有误"),
        ErrorKind::Forbidden => ("FORBIDDEN", "this is not allowed", "没有权限"),
        ErrorKind::Exhausted => ("EXHAUSTED", "a stated bound was reached", "已达到上限"),
        ErrorKind::Unavailable => {
            ("UNAVAILABLE", "a part that is needed does not answer now; try again", "服务暂时不可用,请稍后再试")
        }
        ErrorKind::Uncertain => {
            ("UNCERTAIN", "it is not known whether this took effect; look first", "不能确定是否已生效,请先查看")
        }
        ErrorKind::Internal => ("INTERNAL", "an error of the server", "服务器内部错误"),
    };
    let id = Uuid::now_v7();
    let detail = detail.to_string();
    match kind {
        ErrorKind::Internal | ErrorKind::Uncertain => tracing::error!(error_id = %id, ?kind, detail, "call failed"),
        _ => tracing::warn!(error_id = %id, ?kind, detail, "call failed"),
    }
    let metadata = HashMap::from([("error_id".to_owned(), id.to_string())]);
    with_metadata(code(kind), reason, format!("{en} (error {id})"), format!("{zh}(编号 {id})"), metadata)
}

/// FAILED_PRECONDITION.
#[must_use]
pub fn precondition(reason: &str, en: impl Into<String>, zh: impl Into<String>) -> Status {
    status(Code::FailedPrecondition, reason, en, zh)
}

/// DATA_LOSS: bytes that a row names are gone or changed. What exactly is logged under an id.
#[must_use]
pub fn data_loss(reason: &str, en: &str, zh: &str, detail: &dyn Display) -> Status {
    let id = Uuid::now_v7();
    tracing::error!(error_id = %id, reason, detail = %detail, "stored bytes are damaged");
    let metadata = HashMap::from([("error_id".to_owned(), id.to_string())]);
    with_metadata(Code::DataLoss, reason, format!("{en} (error {id})"), format!("{zh}(编号 {id})"), metadata)
}

/// DEADLINE_EXCEEDED.
#[must_use]
pub fn deadline() -> Status {
    let en = "the call took longer than its deadline";
    status(Code::DeadlineExceeded, "DEADLINE_EXCEEDED", en, "调用超过了时限")
}

/// UNAVAILABLE: the server is going down, and a stream can be resumed elsewhere.
#[must_use]
pub fn draining() -> Status {
    let en = "the server is shutting down; resume from the last token";
    status(Code::Unavailable, "DRAINING", en, "服务器正在停止,请从上一个令牌继续")
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(DESCRIPTION_CHARACTERS_MAX) {
        None => text.to_owned(),
        Some((at, _)) => format!("{}…", &text[..at]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_of_the_tables_tells_an_id_and_nothing_of_its_inside() {
        let inside = "UNIQUE constraint failed: submission.id in /var/lib/caibian/data.db";
        for error in [
            store::Error::Internal(inside.into()),
            store::Error::Unavailable(inside.into()),
            store::Error::Invalid(inside.into()),
            store::Error::Conflict(inside.into()),
        ] {
            let status = of_store(error);
            let info = status.get_details_error_info().unwrap();
            assert_eq!(info.domain, DOMAIN);
            assert!(status.message().contains(&info.metadata["error_id"]));
            let everything = format!("{status:?} {:?}", status.get_error_details());
            assert!(!everything.contains("UNIQUE") && !everything.contains("/var"), "{everything}");
        }
    }

    #[test]
    fn each_kind_has_its_code() {
        let table = [
            (ErrorKind::NotFound, Code::NotFound),
            (ErrorKind::AlreadyExists, Code::AlreadyExists),
            (ErrorKind::Invalid, Code::InvalidArgument),
            (ErrorKind::Conflict, Code::Aborted),
            (ErrorKind::Unauthenticated, Code::Unauthenticated),
            (ErrorKind::Forbidden, Code::PermissionDenied),
            (ErrorKind::Exhausted, Code::ResourceExhausted),
            (ErrorKind::Unavailable, Code::Unavailable),
            (ErrorKind::Uncertain, Code::Unknown),
            (ErrorKind::Internal, Code::Internal),
        ];
        for (kind, expected) in table {
            assert_eq!(of_kind(kind, &"detail").code(), expected, "{kind:?}");
        }
    }

    #[test]
    fn a_thousand_faults_still_fit_into_the_headers_that_clients_take() {
        let faults: Vec<wire::Fault> = (0..1000)
            .map(|index| wire::Fault { field: format!("rules[{index}]"), zh: "错".repeat(500), en: "x".repeat(500) })
            .collect();
        let status = fields(&faults);
        let bytes: usize = status
            .into_http::<tonic::body::Body>()
            .headers()
            .iter()
            .map(|(name, value)| name.as_str().len() + value.len() + 32)
            .sum();
        assert!(bytes < 16 * 1024, "{bytes}");
    }
}
