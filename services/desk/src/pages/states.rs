//! The states of a review, as the pages of contacts and exports call them.

use proto::intake::v1::ReviewState;

use crate::{Language, html::Tone};

/// Every state of a review that a list can ask for, in the order of the way through it.
pub const ALL: [ReviewState; 12] = [
    ReviewState::Received,
    ReviewState::Judged,
    ReviewState::Assigned,
    ReviewState::FirstReview,
    ReviewState::SecondReview,
    ReviewState::FinalReview,
    ReviewState::RevisionAsked,
    ReviewState::Adopted,
    ReviewState::Scheduled,
    ReviewState::Published,
    ReviewState::Declined,
    ReviewState::Withdrawn,
];

/// A state of a review.
#[must_use]
pub fn name(state: ReviewState, language: Language) -> &'static str {
    match state {
        ReviewState::Unspecified => language.of("未知", "unknown"),
        ReviewState::Received => language.of("收到", "Received"),
        ReviewState::Judged => language.of("待分派", "To be assigned"),
        ReviewState::Assigned => language.of("已分派", "Assigned"),
        ReviewState::FirstReview => language.of("初审", "First review"),
        ReviewState::SecondReview => language.of("复审", "Second review"),
        ReviewState::FinalReview => language.of("终审", "Final review"),
        ReviewState::RevisionAsked => language.of("退修", "Revision asked"),
        ReviewState::Adopted => language.of("采用", "Adopted"),
        ReviewState::Declined => language.of("退稿", "Declined"),
        ReviewState::Scheduled => language.of("已排期", "Scheduled"),
        ReviewState::Published => language.of("已刊发", "Published"),
        ReviewState::Withdrawn => language.of("撤稿", "Withdrawn"),
    }
}

/// Whether a state is good news for somebody.
#[must_use]
pub fn tone(state: ReviewState) -> Tone {
    match state {
        ReviewState::Adopted | ReviewState::Scheduled | ReviewState::Published => Tone::Good,
        ReviewState::RevisionAsked | ReviewState::Judged => Tone::Warn,
        _ => Tone::Plain,
    }
}
