//! One step: the table is asked first, then rights, words and the campaign's settings; then the new standing is made.

use chrono::{DateTime, Utc};
use stdx::beijing;
use uuid::Uuid;

use super::{
    Action, ActionKind, Actor, Decision, Duty, Entry, Next, Placement, RECOMMENDATIONS_MAX, Recommendation, Refusal,
    Retractable, Role, Round, SLOT_MAX, Settings, Standing, State, Step, WORDS_MAX,
    table::{self, Row, Who, Words},
};
use crate::judgement::Verdict;

/// Takes a step, or says why not. The same arguments always give the same result.
///
/// # Errors
/// A [`Refusal`]; the standing is as before.
pub fn step(
    standing: &Standing,
    step: &Step,
    actor: &Actor,
    now: DateTime<Utc>,
    settings: &Settings,
) -> Result<Next, Refusal> {
    let kind = step.action.kind();
    let row = table::row_of(standing.state, kind).ok_or(Refusal::NotLawful(standing.state, kind))?;
    permit(row, standing, actor, settings)?;
    words(row, step)?;
    let moved = standing_after(standing, step, actor, now, settings)?;
    debug_assert!(row.to.contains(&moved.state), "{kind} led from {} to {}", standing.state, moved.state);
    let entry = Entry { at: now, by: actor.clone(), step: step.clone(), from: standing.state, to: moved.state };
    let duty = duty(kind, standing.state, moved.state, now + settings.window());
    Ok(Next { standing: moved, entry, duty })
}

/// The rows that are open to an actor now, in the order of [`ActionKind::ALL`]. A step can still be refused for its
/// particulars: words, opinions that are missing, a channel.
#[must_use]
pub fn open_to(standing: &Standing, actor: &Actor, now: DateTime<Utc>, settings: &Settings) -> Vec<&'static Row> {
    let round = standing.state.round();
    let of_round = |decision| {
        round.is_none_or(|round| settings.round(round).is_some_and(|round| round.decisions.contains(&decision)))
    };
    let holds = |kind: ActionKind| match kind {
        ActionKind::Adopt => of_round(Decision::Adopt),
        ActionKind::Decline => of_round(Decision::Decline),
        ActionKind::AskRevision => of_round(Decision::AskRevision),
        ActionKind::Pass => round.is_some_and(|round| settings.after(round).is_some()),
        ActionKind::SendBack => round.is_some_and(|round| settings.before(round).is_some()),
        ActionKind::Begin => settings.first().is_some(),
        ActionKind::Unschedule | ActionKind::Publish => {
            standing.placements.iter().any(|place| place.published_at.is_none())
        }
        ActionKind::Retract => retracted(standing, actor, now, settings).is_ok(),
        _ => true,
    };
    ActionKind::ALL
        .into_iter()
        .filter_map(|kind| table::row_of(standing.state, kind))
        .filter(|row| permit(row, standing, actor, settings).is_ok() && holds(row.action))
        .collect()
}

/// What the author is owed after a step between two states.
fn duty(kind: ActionKind, from: State, to: State, hold_until: DateTime<Utc>) -> Duty {
    let tell = |decision| Duty::Tell { decision, hold_until };
    let was_told = matches!(from, State::RevisionAsked | State::Adopted | State::Scheduled | State::Declined);
    match (kind, to) {
        (ActionKind::Decline, _) => tell(Decision::Decline),
        // A retraction that restores a decision owes its letter again.
        (ActionKind::Adopt, _) | (ActionKind::Retract, State::Adopted | State::Scheduled) => tell(Decision::Adopt),
        (ActionKind::AskRevision, _) | (ActionKind::Retract, State::RevisionAsked) => tell(Decision::AskRevision),
        (ActionKind::Retract | ActionKind::Withdraw | ActionKind::Resume | ActionKind::TakeCorrection, _)
            if from != to && was_told =>
        {
            Duty::CallBack
        }
        _ => Duty::None,
    }
}

/// Whether the actor has the right.
fn permit(row: &Row, standing: &Standing, actor: &Actor, settings: &Settings) -> Result<(), Refusal> {
    let least = match row.who {
        Who::Worker if actor.role == Role::Worker => return Ok(()),
        Who::Worker => return Err(Refusal::WorkerOnly),
        Who::WorkerOr(_) if actor.role == Role::Worker => return Ok(()),
        Who::AtLeast(role) | Who::WorkerOr(role) => role,
        Who::Decider => standing
            .state
            .round()
            .and_then(|round| settings.round(round))
            .map_or(Role::ChiefEditor, |round| round.decides.max(Role::Editor)),
    };
    if actor.role >= least { Ok(()) } else { Err(Refusal::RoleTooLow(least)) }
}

/// Whether what is said fits the row.
fn words(row: &Row, step: &Step) -> Result<(), Refusal> {
    for text in [&step.reason, &step.note] {
        let length = text.chars().count();
        if length > WORDS_MAX || text.chars().any(|character| character.is_control() && character != '\n') {
            return Err(Refusal::WordsUnfit(length));
        }
    }
    let (reason, note) = (!step.reason.trim().is_empty(), !step.note.trim().is_empty());
    match row.words {
        Words::TellAuthor if !reason => Err(Refusal::ReasonMissing),
        Words::Free | Words::TellColleagues if reason => Err(Refusal::ReasonReachesNobody),
        Words::TellColleagues if !note => Err(Refusal::NoteMissing),
        _ => Ok(()),
    }
}

/// Where it then stands. Any step but a correction ends the chance to retract the decision before it; a further decision
/// or withdrawal keeps that inside what it restores.
fn standing_after(
    standing: &Standing,
    step: &Step,
    actor: &Actor,
    now: DateTime<Utc>,
    settings: &Settings,
) -> Result<Standing, Refusal> {
    let mut next = Standing { retractable: None, ..standing.clone() };
    match &step.action {
        Action::Judge { verdict } => {
            next.verdict = Some(*verdict);
            next.state = State::Judged;
        }
        Action::Assign { editor } => {
            next.editor = Some(*editor);
            if standing.state == State::Judged {
                next.state = State::Assigned;
            }
        }
        Action::Begin => open(&mut next, settings.first().ok_or(Refusal::NoRound)?),
        Action::Recommend { decision } => {
            next.recommendations.retain(|earlier| earlier.by != actor.id);
            if next.recommendations.len() >= RECOMMENDATIONS_MAX {
                return Err(Refusal::RecommendationsFull);
            }
            next.recommendations.push(Recommendation { by: actor.id, decision: *decision, at: now });
        }
        Action::Pass => {
            let round = open_round(standing)?;
            recommended(standing, round, None, settings)?;
            open(&mut next, settings.after(round).ok_or(Refusal::NoLaterRound)?);
        }
        Action::SendBack => {
            open(&mut next, settings.before(open_round(standing)?).ok_or(Refusal::NoEarlierRound)?);
        }
        Action::Adopt => {
            decide(standing, Decision::Adopt, actor, settings)?;
            if standing.verdict != Some(Verdict::Eligible) && step.note.trim().is_empty() {
                return Err(Refusal::ExceptionUnexplained);
            }
            close(&mut next, State::Adopted, standing, actor, now);
        }
        Action::Decline => {
            decide(standing, Decision::Decline, actor, settings)?;
            close(&mut next, State::Declined, standing, actor, now);
        }
        Action::AskRevision { until_day } => {
            decide(standing, Decision::AskRevision, actor, settings)?;
            let today = beijing::day_of(now);
            let first = today.succ_opt().unwrap_or(today);
            let last = today.checked_add_days(settings.revision_days()).unwrap_or(first);
            if !(first..=last).contains(until_day) {
                return Err(Refusal::DayUnfit(first, last));
            }
            let round = open_round(standing)?;
            close(&mut next, State::RevisionAsked, standing, actor, now);
            next.revision = Some((round, *until_day));
        }
        Action::TakeCorrection { verdict } => {
            next = corrected(standing, *verdict, settings)?;
        }
        Action::Resume => open(&mut next, resumed(standing, settings)?),
        Action::Schedule { channel, slot } => {
            if !settings.channels.contains(channel) {
                return Err(Refusal::ChannelUnknown);
            }
            let unfit = slot.trim().is_empty() || slot.chars().count() > SLOT_MAX || slot.chars().any(char::is_control);
            if unfit {
                return Err(Refusal::SlotUnfit);
            }
            match next.placements.iter_mut().find(|place| place.channel == *channel) {
                Some(place) if place.published_at.is_some() => return Err(Refusal::PublishedAlready),
                Some(place) => place.slot.clone_from(slot),
                None => {
                    next.placements.push(Placement { channel: channel.clone(), slot: slot.clone(), published_at: None })
                }
            }
            next.state = placed(&next);
        }
        Action::Unschedule { channel } => {
            unpublished(&mut next, channel)?;
            next.placements.retain(|place| place.channel != *channel);
            next.state = placed(&next);
        }
        Action::Publish { channel } => {
            unpublished(&mut next, channel)?.published_at = Some(now);
            next.state = placed(&next);
        }
        Action::Withdraw => close(&mut next, State::Withdrawn, standing, actor, now),
        Action::Retract => return retracted(standing, actor, now, settings),
    }
    Ok(next)
}

/// Opens a round: opinions of another round do not count in it.
fn open(next: &mut Standing, round: Round) {
    next.state = round.state();
    next.recommendations.clear();
    next.revision = None;
}

/// Ends the review for now, and keeps what a retraction restores.
fn close(next: &mut Standing, state: State, standing: &Standing, actor: &Actor, now: DateTime<Utc>) {
    next.state = state;
    next.recommendations.clear();
    next.revision = None;
    next.placements.clear();
    next.retractable = Some(Retractable { by: actor.id, at: now, before: Box::new(standing.clone()) });
}

/// A correction has come. Nobody loses a right by it: what can be retracted still can, and then restores what it would
/// if the correction had come before.
fn corrected(standing: &Standing, verdict: Verdict, settings: &Settings) -> Result<Standing, Refusal> {
    let mut next = standing.clone();
    next.verdict = Some(verdict);
    next.recommendations.clear();
    if standing.state == State::RevisionAsked {
        open(&mut next, resumed(standing, settings)?);
        next.retractable = None;
    } else if let Some(last) = &mut next.retractable {
        *last.before = corrected(&last.before, verdict, settings)?;
    }
    Ok(next)
}

fn open_round(standing: &Standing) -> Result<Round, Refusal> {
    standing.state.round().ok_or(Refusal::NoRound)
}

/// Whether the round has the opinions that the campaign asks for; those of `decider` do not count.
fn recommended(standing: &Standing, round: Round, decider: Option<Uuid>, settings: &Settings) -> Result<(), Refusal> {
    let asked = settings.round(round).map_or(0, |round| round.recommendations_min);
    let counted = standing.recommendations.iter().filter(|opinion| Some(opinion.by) != decider).count();
    let counted = u32::try_from(counted).unwrap_or(u32::MAX);
    if counted < asked { Err(Refusal::RecommendationsMissing { asked, counted }) } else { Ok(()) }
}

/// Whether this may be decided now. After a round is over, the table alone says so.
fn decide(standing: &Standing, decision: Decision, actor: &Actor, settings: &Settings) -> Result<(), Refusal> {
    let Some(round) = standing.state.round() else { return Ok(()) };
    if !settings.round(round).is_some_and(|settings| settings.decisions.contains(&decision)) {
        return Err(Refusal::DecisionNotOfRound(round, decision));
    }
    recommended(standing, round, settings.decider_differs.then_some(actor.id), settings)
}

/// The round that goes on after a revision: the one that asked, or what the campaign now has in its place.
fn resumed(standing: &Standing, settings: &Settings) -> Result<Round, Refusal> {
    let asked = standing.revision.map(|(round, _)| round);
    asked
        .and_then(|round| {
            settings
                .round(round)
                .map(|settings| settings.round)
                .or_else(|| settings.after(round))
                .or_else(|| settings.before(round))
        })
        .or_else(|| settings.first())
        .ok_or(Refusal::NoRound)
}

/// What its places in channels make of an adopted submission.
fn placed(standing: &Standing) -> State {
    if standing.placements.iter().any(|place| place.published_at.is_some()) {
        State::Published
    } else if standing.placements.is_empty() {
        State::Adopted
    } else {
        State::Scheduled
    }
}

fn unpublished<'a>(next: &'a mut Standing, channel: &str) -> Result<&'a mut Placement, Refusal> {
    let place = next.placements.iter_mut().find(|place| place.channel == channel).ok_or(Refusal::NotScheduled)?;
    if place.published_at.is_some() { Err(Refusal::PublishedAlready) } else { Ok(place) }
}

fn retracted(standing: &Standing, actor: &Actor, now: DateTime<Utc>, settings: &Settings) -> Result<Standing, Refusal> {
    let last = standing.retractable.as_ref().ok_or(Refusal::NothingToRetract)?;
    let ends_at = last.at + settings.window();
    if now >= ends_at {
        return Err(Refusal::WindowClosed(ends_at));
    }
    if actor.id != last.by && actor.role < Role::ChiefEditor {
        return Err(Refusal::NotOwnDecision);
    }
    Ok((*last.before).clone())
}
