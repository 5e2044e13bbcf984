//! Conversions between the values of `intake` and `store` and the messages of the wire. Every enum is matched without a
//! wildcard, so that a new variant cannot be forgotten here.

mod campaign;
pub mod erasure;
mod fit;
mod mailbox;
pub mod masking;
pub mod reach;
pub mod reply;
pub mod review;
mod submission;
mod template;

use chrono::{DateTime, Utc};
use proto::intake::v1;

pub use campaign::{Fault, campaign, campaign_read, day, day_read, rule};
pub use mailbox::{event, mail_page, mailbox, message, reconciliation, stage, stage_read};
pub use submission::{
    attachment, class, class_read, contact, finding, judgement, submission, submission_listed, submission_unrecorded,
    verdict, verdict_read,
};
pub use template::{places, template_fault, written, written_read};

/// Bytes of a text on the wire; the whole text stays in the raw mail.
pub const TEXT_BYTES_MAX: usize = 64 * 1024;

/// Bytes of all document texts of one submission together: an answer must fit into the 4 MiB that gRPC clients take
/// unless they are told otherwise.
pub const DOCUMENT_BYTES_MAX: usize = 2 * 1024 * 1024;

/// Bytes of one submission, for the same reason: one mail of ten thousand parts must not end every watch.
pub const SUBMISSION_BYTES_MAX: usize = 3 * 1024 * 1024;

/// An instant.
#[must_use]
pub fn timestamp(instant: DateTime<Utc>) -> prost_types::Timestamp {
    prost_types::Timestamp {
        seconds: instant.timestamp(),
        // A leap second counts on beyond 999,999,999 in chrono; protobuf has none.
        nanos: i32::try_from(instant.timestamp_subsec_nanos().min(999_999_999)).unwrap_or_default(),
    }
}

/// A sentence in both languages.
#[must_use]
pub fn sentence(zh: &str, en: &str) -> v1::Sentence {
    v1::Sentence { zh: zh.to_owned(), en: en.to_owned() }
}

/// The longest beginning of a text that has at most so many bytes and ends between characters.
#[must_use]
pub fn cut(text: &str, bytes_max: usize) -> &str {
    &text[..text.floor_char_boundary(bytes_max)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_between_characters_and_never_inside_one() {
        assert_eq!(cut("绩效", 6), "绩效");
        assert_eq!(cut("绩效", 5), "绩");
        assert_eq!(cut("绩效", 2), "");
        assert_eq!(cut("short", 64), "short");
    }

    #[test]
    fn an_instant_before_1970_keeps_its_nanoseconds_positive() {
        let instant: DateTime<Utc> = "1969-12-31T23:59:59.25Z".parse().unwrap();
        assert_eq!(timestamp(instant), prost_types::Timestamp { seconds: -1, nanos: 250_000_000 });
    }
}
