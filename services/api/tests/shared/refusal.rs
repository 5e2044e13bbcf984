//! What a refused call says, read as every client may.

use tonic::{Code, Status};
use tonic_types::StatusExt;

/// The refusal's code and reason, after a look at what every refusal must carry.
pub fn refusal<T: std::fmt::Debug>(answer: Result<T, Status>) -> (Code, String) {
    let status = answer.unwrap_err();
    let details = status.get_error_details();
    let info = details.error_info().unwrap_or_else(|| panic!("no ErrorInfo: {status:?}"));
    assert_eq!(info.domain, "caibian");
    assert!(info.reason.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_'), "{}", info.reason);
    let localized = details.localized_message().unwrap_or_else(|| panic!("no Chinese: {status:?}"));
    assert_eq!(localized.locale, "zh-CN");
    assert!(localized.message.chars().any(|character| ('\u{4e00}'..'\u{9fff}').contains(&character)), "{localized:?}");
    (status.code(), info.reason.clone())
}

/// The fields that an INVALID_ARGUMENT names.
pub fn fields<T: std::fmt::Debug>(answer: Result<T, Status>) -> Vec<String> {
    let status = answer.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");
    let request = status.get_details_bad_request().unwrap_or_else(|| panic!("no BadRequest: {status:?}"));
    request.field_violations.into_iter().map(|violation| violation.field).collect()
}
