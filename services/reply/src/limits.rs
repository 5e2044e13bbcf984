//! How many letters may go out: caps for one sender and overall, and a circuit that opens when they come back.
//! Pure functions over counts that the caller reads from what was sent.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::{Silence, answering::Occasion};

/// How many letters may go out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Caps {
    /// Automatic letters to one sender in 24 hours.
    pub sender_day: u32,
    /// Of these, answers to mail without a manuscript: what a machine that hides itself would send back.
    pub sender_bare_day: u32,
    /// Letters to anybody in an hour.
    pub hour: u32,
    /// Letters to anybody in 24 hours; mail providers close accounts that send more.
    pub day: u32,
    /// Failures in an hour from which the circuit may open.
    pub failed_min: u32,
    /// Share of failures among the letters of that hour from which it does, in percent.
    pub failed_percent: u32,
    /// How long it stays open, in minutes.
    pub pause_minutes: u32,
}

impl Default for Caps {
    fn default() -> Self {
        Self {
            sender_day: 10,
            sender_bare_day: 1,
            hour: 60,
            day: 400,
            failed_min: 5,
            failed_percent: 30,
            pause_minutes: 60,
        }
    }
}

/// What went out, counted back from now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Automatic letters to this sender in 24 hours.
    pub sender_day: u32,
    /// Of these, answers to mail without a manuscript.
    pub sender_bare_day: u32,
    /// Letters to anybody in the last hour.
    pub hour: u32,
    /// Letters to anybody in the last 24 hours.
    pub day: u32,
    /// Letters of the last hour that a server refused or that came back; those before the circuit last closed left out.
    pub failed_hour: u32,
}

/// The state that is kept of the circuit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tripped {
    /// When it opened last; none while all is well.
    pub at: Option<DateTime<Utc>>,
    /// Whether the letter that tries it after the pause is on its way.
    pub trial_under_way: bool,
}

/// Whether letters may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Circuit {
    /// They may.
    Closed,
    /// None may until then. With nothing tripped before, the caller keeps now as [`Tripped::at`] and tells an editor.
    Open {
        /// The end of the pause.
        until: DateTime<Utc>,
    },
    /// One may: if it goes, the circuit closes, if it fails, the pause begins anew.
    Trial,
}

/// What happens to the circuit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// [`circuit`] said [`Circuit::Open`] with nothing tripped before.
    Opened,
    /// The letter that tries it was handed over.
    TrialBegun,
    /// It went.
    TrialWent,
    /// It failed.
    TrialFailed,
}

impl Tripped {
    /// The state to keep after a turn.
    #[must_use]
    pub fn after(self, turn: Turn, now: DateTime<Utc>) -> Self {
        match turn {
            Turn::Opened | Turn::TrialFailed => Self { at: Some(now), trial_under_way: false },
            Turn::TrialBegun => Self { trial_under_way: self.at.is_some(), ..self },
            Turn::TrialWent => Self::default(),
        }
    }
}

/// Says whether letters may go.
#[must_use]
pub fn circuit(caps: &Caps, counts: &Counts, tripped: Tripped, now: DateTime<Utc>) -> Circuit {
    let pause = TimeDelta::minutes(i64::from(caps.pause_minutes));
    if let Some(at) = tripped.at {
        // A clock that was set back must not lengthen the pause without end.
        let until = at.min(now) + pause;
        return if now < until { Circuit::Open { until } } else { Circuit::Trial };
    }
    let share = u64::from(counts.failed_hour) * 100 >= u64::from(caps.failed_percent) * u64::from(counts.hour);
    if counts.failed_hour >= caps.failed_min.max(1) && share {
        Circuit::Open { until: now + pause }
    } else {
        Circuit::Closed
    }
}

/// Whether one more letter may go now.
///
/// # Errors
/// The [`Silence`] that is kept.
pub fn permit(
    caps: &Caps,
    counts: &Counts,
    tripped: Tripped,
    occasion: Occasion,
    now: DateTime<Utc>,
) -> Result<(), Silence> {
    if let Occasion::Automatic { brings_manuscript } = occasion {
        if counts.sender_day >= caps.sender_day {
            return Err(Silence::SenderCap(caps.sender_day));
        }
        if !brings_manuscript && counts.sender_bare_day >= caps.sender_bare_day {
            return Err(Silence::SenderCap(caps.sender_bare_day));
        }
    }
    match circuit(caps, counts, tripped, now) {
        Circuit::Open { until } => return Err(Silence::CircuitOpen(until)),
        Circuit::Trial if tripped.trial_under_way => return Err(Silence::TrialUnderWay),
        Circuit::Trial | Circuit::Closed => {}
    }
    if counts.day >= caps.day {
        return Err(Silence::DayCap(caps.day));
    }
    if counts.hour >= caps.hour {
        return Err(Silence::HourCap(caps.hour));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(minutes: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_677_632_400 + minutes * 60, 0).unwrap()
    }

    const BRINGS: Occasion = Occasion::Automatic { brings_manuscript: true };
    const BARE: Occasion = Occasion::Automatic { brings_manuscript: false };

    #[test]
    fn a_letter_goes_while_every_count_is_below_its_cap() {
        let caps = Caps::default();
        let zero = Counts::default();
        for (counts, occasion, expected) in [
            (zero, BRINGS, None),
            (zero, BARE, None),
            (Counts { sender_day: 9, ..zero }, BRINGS, None),
            (Counts { sender_day: 10, ..zero }, BRINGS, Some(Silence::SenderCap(10))),
            (Counts { sender_day: 1, sender_bare_day: 1, ..zero }, BARE, Some(Silence::SenderCap(1))),
            (Counts { sender_day: 1, sender_bare_day: 1, ..zero }, BRINGS, None),
            (Counts { sender_day: 99, sender_bare_day: 9, ..zero }, Occasion::Decided, None),
            (Counts { hour: 59, day: 59, ..zero }, BRINGS, None),
            (Counts { hour: 60, day: 60, ..zero }, BRINGS, Some(Silence::HourCap(60))),
            (Counts { hour: 60, day: 60, ..zero }, Occasion::Decided, Some(Silence::HourCap(60))),
            (Counts { hour: 0, day: 400, ..zero }, Occasion::Decided, Some(Silence::DayCap(400))),
            (Counts { hour: 10, day: 10, failed_hour: 4, ..zero }, BRINGS, None),
            (Counts { hour: 10, day: 10, failed_hour: 5, ..zero }, BRINGS, Some(Silence::CircuitOpen(at(60)))),
            (Counts { hour: 20, day: 20, failed_hour: 5, ..zero }, BRINGS, None),
            (Counts { hour: 0, day: 0, failed_hour: 5, ..zero }, Occasion::Decided, Some(Silence::CircuitOpen(at(60)))),
        ] {
            let permitted = permit(&caps, &counts, Tripped::default(), occasion, at(0));
            assert_eq!(permitted.err(), expected, "{counts:?} {occasion:?}");
        }
    }

    #[test]
    fn an_open_circuit_lets_one_letter_try_after_its_pause_and_no_second_beside_it() {
        let (caps, counts) = (Caps::default(), Counts::default());
        let tripped = |trial_under_way| Tripped { at: Some(at(0)), trial_under_way };
        assert_eq!(circuit(&caps, &counts, tripped(false), at(59)), Circuit::Open { until: at(60) });
        assert_eq!(circuit(&caps, &counts, tripped(false), at(60)), Circuit::Trial);
        assert_eq!(permit(&caps, &counts, tripped(false), BRINGS, at(60)), Ok(()));
        assert_eq!(permit(&caps, &counts, tripped(true), BRINGS, at(60)), Err(Silence::TrialUnderWay));
        // The clock went back by a day: the pause is one pause, not a day.
        assert_eq!(circuit(&caps, &counts, tripped(false), at(-1440)), Circuit::Open { until: at(-1380) });
    }

    /// A server that refuses everything for some hours and letters that never cease to come.
    #[test]
    fn while_every_letter_fails_only_one_goes_in_each_pause() {
        let caps = Caps::default();
        let (mut tripped, mut failed, mut went) = (Tripped::default(), vec![], 0);
        for minute in 0..600 {
            let counts = Counts {
                hour: failed.iter().filter(|at| **at > minute - 60).count() as u32,
                failed_hour: failed.iter().filter(|at| **at > minute - 60).count() as u32,
                ..Counts::default()
            };
            if tripped.at.is_none() && matches!(circuit(&caps, &counts, tripped, at(minute)), Circuit::Open { .. }) {
                tripped = tripped.after(Turn::Opened, at(minute));
            }
            for _ in 0..3 {
                if permit(&caps, &counts, tripped, BRINGS, at(minute)).is_err() {
                    continue;
                }
                went += 1;
                failed.push(minute);
                if tripped.at.is_some() {
                    tripped = tripped.after(Turn::TrialBegun, at(minute));
                    assert!(permit(&caps, &counts, tripped, BRINGS, at(minute)).is_err());
                    tripped = tripped.after(Turn::TrialFailed, at(minute));
                }
            }
        }
        // Two minutes of three letters until five have failed, then one an hour.
        assert_eq!(went, 6 + 9);
        assert_eq!(tripped.after(Turn::TrialWent, at(600)), Tripped::default());
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn more_letters_or_more_failures_never_open_what_fewer_kept_shut(
            hour in 0..100_u32, more in 0..50_u32, failed in 0..20_u32, worse in 0..20_u32, sender in 0..20_u32,
        ) {
            let caps = Caps::default();
            let counts = Counts { sender_day: sender, hour, day: hour, failed_hour: failed, ..Counts::default() };
            let ask = |counts| permit(&caps, &counts, Tripped::default(), BRINGS, at(0)).is_ok();
            if !ask(counts) {
                prop_assert_eq!(ask(Counts { failed_hour: failed + worse, ..counts }), false);
                prop_assert_eq!(ask(Counts { sender_day: sender + more, ..counts }), false);
                prop_assert_eq!(ask(Counts { day: hour + 400, ..counts }), false);
            }
        }
    }
}
