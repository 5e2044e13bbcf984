//! What a person may do with a letter of the outbox, and where it then stands. Pure: one table, no rights.

use crate::outbox::State;

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// It gets new words.
    Rewrite,
    /// It may go.
    Approve,
    /// It waits for a person.
    Hold,
    /// It does not go.
    Cancel,
    /// It is tried anew.
    Retry,
    /// Nobody knew whether it went: it counts as sent.
    SettleSent,
    /// Nobody knew whether it went: it goes once more.
    SettleAgain,
}

impl Action {
    /// Every action.
    pub const ALL: [Self; 7] =
        [Self::Rewrite, Self::Approve, Self::Hold, Self::Cancel, Self::Retry, Self::SettleSent, Self::SettleAgain];
}

/// What has to be known of a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Letter<'a> {
    /// Where it stands.
    pub state: State,
    /// Whether the end of the mail was sent to a server before.
    pub is_handed: bool,
    /// Whether its decision was retracted, or another one followed.
    pub is_called_off: bool,
    /// The word of the silence that is kept, if one is.
    pub silence: Option<&'a str>,
}

/// Why it is not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The state does not allow it.
    State(State),
    /// A server may have it with the words that it has.
    HandedOver,
    /// It tells a decision that no longer stands.
    CalledOff,
    /// A rule against loops keeps it back.
    Silent,
    /// The address that it goes to or comes from is unfit for a mail.
    Unfit,
    /// A letter came back from the address that it goes to.
    Unreachable,
}

impl Refusal {
    /// A stable word.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::State(_) => "reply_state",
            Self::HandedOver => "reply_handed_over",
            Self::CalledOff => "reply_called_off",
            Self::Silent => "reply_silent",
            Self::Unfit => "reply_unfit",
            Self::Unreachable => "reply_unreachable",
        }
    }

    /// A sentence in Chinese.
    #[must_use]
    pub fn zh(self) -> String {
        match self {
            Self::State(state) => format!("此信的状态是“{}”，不能这样处理。", state.zh()),
            Self::HandedOver => "此信曾交给邮件服务器，内容不能再改。".into(),
            Self::CalledOff => "此信所告知的决定已撤回或被新的决定取代，不能再发。".into(),
            Self::Silent => "按不予回复的规则，此信不能发送。".into(),
            Self::Unfit => "发信或收信地址无效，此信不能发送。".into(),
            Self::Unreachable => "发往该地址的信曾被退回，请先核对地址，标为可送达后再发。".into(),
        }
    }

    /// The same in English.
    #[must_use]
    pub fn en(self) -> String {
        match self {
            Self::State(state) => format!("The letter is {}: this cannot be done with it.", state.en()),
            Self::HandedOver => "The letter was handed to a mail server before: its words stay as they are.".into(),
            Self::CalledOff => "The decision that it tells was retracted or another one followed: it cannot go.".into(),
            Self::Silent => "A rule against loops keeps the letter back: it cannot go.".into(),
            Self::Unfit => "An address of the letter is unfit for a mail: it cannot go.".into(),
            Self::Unreachable => {
                "A letter to this address came back: please check it and mark it reachable first.".into()
            }
        }
    }
}

/// Silences that a person may break, after a look at the address or the sender: no loop follows from one letter.
const BREAKABLE: [&str; 2] = ["unreachable", "sender_cap"];

/// Where a letter stands after an action.
///
/// # Errors
/// A [`Refusal`]; the letter is as before.
pub fn step(action: Action, letter: Letter<'_>) -> Result<State, Refusal> {
    use State::{Cancelled, Deferred, Failed, Held, Pending, Sent, Suppressed, Uncertain};
    let state = letter.state;
    let lawful = |next: State, states: &[State]| {
        if states.contains(&state) { Ok(next) } else { Err(Refusal::State(state)) }
    };
    let sends = |next: Result<State, Refusal>| match next {
        Ok(_) if letter.is_called_off => Err(Refusal::CalledOff),
        next => next,
    };
    match action {
        Action::Rewrite => match lawful(state, &[Held, Pending, Deferred]) {
            Ok(_) if letter.is_handed => Err(Refusal::HandedOver),
            next => next,
        },
        Action::Approve => sends(lawful(Pending, &[Held])),
        Action::Hold => lawful(Held, &[Pending, Deferred]),
        Action::Cancel => lawful(Cancelled, &[Held, Pending, Deferred, Failed]),
        Action::Retry if state == Suppressed => match letter.silence {
            Some(silence) if BREAKABLE.contains(&silence) => sends(Ok(Pending)),
            _ => Err(Refusal::Silent),
        },
        Action::Retry => sends(lawful(Pending, &[Failed, Cancelled, Deferred])),
        Action::SettleSent => lawful(Sent, &[Uncertain]),
        Action::SettleAgain => sends(lawful(Pending, &[Uncertain])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter(state: State) -> Letter<'static> {
        Letter { state, is_handed: false, is_called_off: false, silence: None }
    }

    #[test]
    fn each_action_is_lawful_in_the_states_that_it_is_for_and_in_no_other() {
        use State::{Cancelled, Deferred, Failed, Held, Pending, Sent, Uncertain};
        let table: [(Action, &[(State, State)]); 7] = [
            (Action::Rewrite, &[(Held, Held), (Pending, Pending), (Deferred, Deferred)]),
            (Action::Approve, &[(Held, Pending)]),
            (Action::Hold, &[(Pending, Held), (Deferred, Held)]),
            (Action::Cancel, &[(Held, Cancelled), (Pending, Cancelled), (Deferred, Cancelled), (Failed, Cancelled)]),
            (Action::Retry, &[(Failed, Pending), (Cancelled, Pending), (Deferred, Pending)]),
            (Action::SettleSent, &[(Uncertain, Sent)]),
            (Action::SettleAgain, &[(Uncertain, Pending)]),
        ];
        assert_eq!(table.map(|(action, _)| action), Action::ALL);
        for (action, lawful) in table {
            for state in State::ALL {
                let expected = lawful.iter().find(|(from, _)| *from == state).map(|(_, to)| *to);
                assert_eq!(step(action, letter(state)).ok(), expected, "{action:?} in {state:?}");
            }
        }
    }

    #[test]
    fn a_letter_that_a_server_may_have_keeps_its_words_and_one_that_was_called_off_never_goes() {
        for state in State::ALL {
            let handed = Letter { is_handed: true, ..letter(state) };
            assert!(step(Action::Rewrite, handed).is_err(), "{state:?}");
            let called_off = Letter { is_called_off: true, ..letter(state) };
            for action in Action::ALL {
                let goes = step(action, called_off) == Ok(State::Pending) && state != State::Pending;
                assert!(!goes, "{action:?} in {state:?}");
            }
        }
    }

    #[test]
    fn only_a_silence_without_a_loop_is_broken_by_a_person() {
        for (silence, expected) in [
            ("unreachable", Ok(State::Pending)),
            ("sender_cap", Ok(State::Pending)),
            ("automatic_reply", Err(Refusal::Silent)),
            ("spoofed", Err(Refusal::Silent)),
            ("own_letter", Err(Refusal::Silent)),
        ] {
            let kept = Letter { silence: Some(silence), ..letter(State::Suppressed) };
            assert_eq!(step(Action::Retry, kept), expected, "{silence}");
        }
    }
}
