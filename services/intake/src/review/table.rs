//! The table of lawful steps: what may be done in which state, by whom, where it leads, and which words it needs.

use super::{
    ActionKind::{self, *},
    Role,
    State::{self, *},
};

/// Who may, before the campaign's settings are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// The worker alone.
    Worker,
    /// A person of this role or a higher one.
    AtLeast(Role),
    /// The worker, or a person of this role or a higher one.
    WorkerOr(Role),
    /// Whom the campaign's round names ([`super::settings::RoundSettings::decides`]); an editor at least.
    Decider,
}

/// Which words a step needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Words {
    /// None; a reason would reach nobody and is refused, a note is welcome.
    Free,
    /// A reason is welcome: the author reads it.
    MayTellAuthor,
    /// A reason is required: the author reads it.
    TellAuthor,
    /// A note for colleagues is required.
    TellColleagues,
}

/// One lawful step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// In these states.
    pub from: &'static [State],
    /// This may be done.
    pub action: ActionKind,
    /// By these.
    pub who: Who,
    /// It leads to one of these; to the state before where it is in the list of both.
    pub to: &'static [State],
    /// With these words.
    pub words: Words,
}

const ROUNDS: &[State] = &[FirstReview, SecondReview, FinalReview];
const EDITOR: Who = Who::AtLeast(Role::Editor);
const CHIEF: Who = Who::AtLeast(Role::ChiefEditor);

const fn row(from: &'static [State], action: ActionKind, who: Who, to: &'static [State], words: Words) -> Row {
    Row { from, action, who, to, words }
}

/// Every lawful step. No state and action stand in two rows.
pub const TABLE: &[Row] = &[
    row(&[Received], Judge, Who::Worker, &[Judged], Words::Free),
    // A second judgement under changed rules, before anybody has looked.
    row(&[Judged], Judge, Who::WorkerOr(Role::Editor), &[Judged], Words::Free),
    row(&[Judged, Assigned], Assign, EDITOR, &[Assigned], Words::Free),
    row(&[FirstReview], Assign, EDITOR, &[FirstReview], Words::Free),
    row(&[SecondReview], Assign, EDITOR, &[SecondReview], Words::Free),
    row(&[FinalReview], Assign, EDITOR, &[FinalReview], Words::Free),
    row(&[RevisionAsked], Assign, EDITOR, &[RevisionAsked], Words::Free),
    row(&[Assigned], Begin, EDITOR, ROUNDS, Words::Free),
    row(&[FirstReview], Recommend, EDITOR, &[FirstReview], Words::TellColleagues),
    row(&[SecondReview], Recommend, EDITOR, &[SecondReview], Words::TellColleagues),
    row(&[FinalReview], Recommend, EDITOR, &[FinalReview], Words::TellColleagues),
    row(&[FirstReview], Pass, EDITOR, &[SecondReview, FinalReview], Words::Free),
    row(&[SecondReview], Pass, EDITOR, &[FinalReview], Words::Free),
    row(&[SecondReview], SendBack, EDITOR, &[FirstReview], Words::TellColleagues),
    row(&[FinalReview], SendBack, EDITOR, &[FirstReview, SecondReview], Words::TellColleagues),
    row(ROUNDS, Adopt, Who::Decider, &[Adopted], Words::MayTellAuthor),
    row(ROUNDS, Decline, Who::Decider, &[Declined], Words::TellAuthor),
    // No revision came, or something came to light later (一稿多投): until it is published, the chief editor may decline.
    row(&[RevisionAsked, Adopted, Scheduled], Decline, CHIEF, &[Declined], Words::TellAuthor),
    row(ROUNDS, AskRevision, Who::Decider, &[RevisionAsked], Words::TellAuthor),
    row(&[RevisionAsked], TakeCorrection, Who::WorkerOr(Role::Editor), ROUNDS, Words::Free),
    row(&[RevisionAsked], Resume, EDITOR, ROUNDS, Words::TellColleagues),
    // An unasked correction is never lost: it is noted wherever it comes, and opens nothing that was closed.
    row(&[Received], TakeCorrection, Who::WorkerOr(Role::Editor), &[Received], Words::Free),
    row(&[Judged], TakeCorrection, Who::WorkerOr(Role::Editor), &[Judged], Words::Free),
    row(&[Assigned], TakeCorrection, Who::WorkerOr(Role::Editor), &[Assigned], Words::Free),
    row(&[FirstReview], TakeCorrection, Who::WorkerOr(Role::Editor), &[FirstReview], Words::Free),
    row(&[SecondReview], TakeCorrection, Who::WorkerOr(Role::Editor), &[SecondReview], Words::Free),
    row(&[FinalReview], TakeCorrection, Who::WorkerOr(Role::Editor), &[FinalReview], Words::Free),
    row(&[Adopted], TakeCorrection, Who::WorkerOr(Role::Editor), &[Adopted], Words::Free),
    row(&[Declined], TakeCorrection, Who::WorkerOr(Role::Editor), &[Declined], Words::Free),
    row(&[Scheduled], TakeCorrection, Who::WorkerOr(Role::Editor), &[Scheduled], Words::Free),
    row(&[Published], TakeCorrection, Who::WorkerOr(Role::Editor), &[Published], Words::Free),
    row(&[Withdrawn], TakeCorrection, Who::WorkerOr(Role::Editor), &[Withdrawn], Words::Free),
    row(&[Adopted, Scheduled], Schedule, EDITOR, &[Scheduled], Words::Free),
    row(&[Published], Schedule, EDITOR, &[Published], Words::Free),
    row(&[Scheduled], Unschedule, EDITOR, &[Adopted, Scheduled], Words::TellColleagues),
    row(&[Published], Unschedule, EDITOR, &[Published], Words::TellColleagues),
    row(&[Scheduled, Published], Publish, EDITOR, &[Published], Words::Free),
    row(
        &[Received, Judged, Assigned, FirstReview, SecondReview, FinalReview, RevisionAsked, Adopted],
        Withdraw,
        EDITOR,
        &[Withdrawn],
        Words::TellColleagues,
    ),
    // A page has to be laid out anew.
    row(&[Scheduled], Withdraw, CHIEF, &[Withdrawn], Words::TellColleagues),
    row(&[RevisionAsked], Retract, EDITOR, ROUNDS, Words::TellColleagues),
    row(&[Adopted], Retract, EDITOR, ROUNDS, Words::TellColleagues),
    row(
        &[Declined],
        Retract,
        EDITOR,
        &[FirstReview, SecondReview, FinalReview, RevisionAsked, Adopted, Scheduled],
        Words::TellColleagues,
    ),
    row(
        &[Withdrawn],
        Retract,
        EDITOR,
        &[Received, Judged, Assigned, FirstReview, SecondReview, FinalReview, RevisionAsked, Adopted, Scheduled],
        Words::TellColleagues,
    ),
];

/// The row of a state and an action; none if that is not lawful.
#[must_use]
pub fn row_of(state: State, action: ActionKind) -> Option<&'static Row> {
    TABLE.iter().find(|row| row.action == action && row.from.contains(&state))
}
