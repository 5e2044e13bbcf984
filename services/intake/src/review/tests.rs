use std::collections::BTreeMap;

use chrono::{TimeDelta, TimeZone};
use expect_test::expect_file;
use proptest::{collection::vec, prelude::*};

use super::{table::TABLE, *};

fn at(minutes: i64) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2023, 3, 1, 1, 0, 0).unwrap() + TimeDelta::minutes(minutes)
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn who(number: u128, role: Role) -> Actor {
    Actor { id: Uuid::from_u128(number), role }
}

fn settings() -> Settings {
    Settings::three_rounds(vec!["杂志".into(), "微信".into()])
}

fn does(action: Action) -> Step {
    Step { action, reason: String::new(), note: String::new() }
}

/// The same with the words that its row asks for, if the standing has a row for it.
fn told(state: State, action: Action) -> Step {
    let mut step = does(action);
    match table::row_of(state, step.action.kind()).map(|row| row.words) {
        Some(table::Words::TellAuthor) => step.reason = "请补充数据来源。".into(),
        Some(table::Words::TellColleagues) => step.note = "编辑部意见".into(),
        Some(table::Words::Free | table::Words::MayTellAuthor) | None => {}
    }
    step
}

/// Follows actions of a chief editor (the worker where it must be) from the beginning, each with its words.
fn follow(steps: &[(Actor, Action)]) -> Standing {
    steps.iter().fold(Standing::received(), |standing, (actor, action)| {
        step(&standing, &told(standing.state, action.clone()), actor, at(0), &settings())
            .unwrap_or_else(|refusal| panic!("{} {:?}: {}", standing.state, action, refusal.en()))
            .standing
    })
}

/// A submission in each state, as far on as it can be: opinions of two editors in a round, a decision to retract.
fn standing_in(state: State) -> Standing {
    let (worker, editor, chief) = (who(0, Role::Worker), who(1, Role::Editor), who(9, Role::ChiefEditor));
    let opinion = |number| (who(number, Role::Editor), Action::Recommend { decision: Decision::Adopt });
    let mut steps = vec![];
    let judged = [(worker, Action::Judge { verdict: Verdict::Eligible })];
    let assigned = [(editor.clone(), Action::Assign { editor: editor.id })];
    let first = [(editor.clone(), Action::Begin), opinion(1), opinion(2)];
    let second = [(editor.clone(), Action::Pass), opinion(1), opinion(2)];
    let last = second.clone();
    let schedule = (chief.clone(), Action::Schedule { channel: "杂志".into(), slot: "2023年第5期".into() });
    let placed = [(chief.clone(), Action::Adopt), schedule];
    let publish = [(chief.clone(), Action::Publish { channel: "杂志".into() })];
    let ask = [(chief.clone(), Action::AskRevision { until_day: day("2023-03-20") })];
    let parts: &[&[(Actor, Action)]] = match state {
        State::Received => &[],
        State::Judged => &[&judged],
        State::Assigned => &[&judged, &assigned],
        State::FirstReview => &[&judged, &assigned, &first],
        State::SecondReview => &[&judged, &assigned, &first, &second],
        State::FinalReview => &[&judged, &assigned, &first, &second, &last],
        State::RevisionAsked => &[&judged, &assigned, &first, &ask],
        State::Adopted => &[&judged, &assigned, &first, &second, &last, &placed[..1]],
        State::Declined => &[&judged, &assigned, &first, &[(chief.clone(), Action::Decline)]],
        State::Scheduled => &[&judged, &assigned, &first, &second, &last, &placed],
        State::Published => &[&judged, &assigned, &first, &second, &last, &placed, &publish],
        State::Withdrawn => &[&judged, &assigned, &[(editor.clone(), Action::Withdraw)]],
    };
    for part in parts {
        steps.extend_from_slice(part);
    }
    let standing = follow(&steps);
    assert_eq!(standing.state, state);
    standing
}

/// An action of each kind with particulars that fit [`standing_in`].
fn example(kind: ActionKind) -> Action {
    match kind {
        ActionKind::Judge => Action::Judge { verdict: Verdict::Eligible },
        ActionKind::Assign => Action::Assign { editor: Uuid::from_u128(3) },
        ActionKind::Begin => Action::Begin,
        ActionKind::Recommend => Action::Recommend { decision: Decision::Decline },
        ActionKind::Pass => Action::Pass,
        ActionKind::SendBack => Action::SendBack,
        ActionKind::Adopt => Action::Adopt,
        ActionKind::Decline => Action::Decline,
        ActionKind::AskRevision => Action::AskRevision { until_day: day("2023-03-31") },
        ActionKind::TakeCorrection => Action::TakeCorrection { verdict: Verdict::Incomplete },
        ActionKind::Resume => Action::Resume,
        ActionKind::Schedule => Action::Schedule { channel: "微信".into(), slot: "3月第4周".into() },
        ActionKind::Unschedule => Action::Unschedule { channel: "杂志".into() },
        ActionKind::Publish => Action::Publish { channel: "杂志".into() },
        ActionKind::Withdraw => Action::Withdraw,
        ActionKind::Retract => Action::Retract,
    }
}

/// Every state × action × role: what comes of it, or which refusal. The decision that can be retracted was taken ten
/// minutes ago by the chief editor (the withdrawal by an editor).
#[test]
fn every_state_with_every_action_by_every_role_has_a_known_end() {
    let mut lines = String::new();
    for state in State::ALL {
        let standing = standing_in(state);
        for kind in ActionKind::ALL {
            let mut ends: BTreeMap<String, Vec<&str>> = BTreeMap::new();
            for (number, role) in (10..).zip(Role::ALL) {
                let step_told = told(state, example(kind));
                let end = match step(&standing, &step_told, &who(number, role), at(10), &settings()) {
                    Ok(next) => {
                        let duty = match next.duty {
                            Duty::None => String::new(),
                            Duty::Tell { decision, .. } => format!(" (letter: {decision})"),
                            Duty::CallBack => " (call the letter back)".into(),
                        };
                        format!("→ {}{duty}", next.standing.state)
                    }
                    Err(refusal) => refusal.code().into(),
                };
                ends.entry(end).or_default().push(role.as_str());
            }
            let ends: Vec<String> = ends
                .into_iter()
                .rev()
                .map(
                    |(end, roles)| {
                        if roles.len() == Role::ALL.len() { end } else { format!("{}: {end}", roles.join(", ")) }
                    },
                )
                .collect();
            lines += &format!("{state:<14} {kind:<15} {}\n", ends.join("; "));
        }
    }
    expect_file!["lawful.txt"].assert_eq(&lines);
}

#[test]
fn the_table_names_each_state_and_action_once_and_no_state_without_a_way_on() {
    for state in State::ALL {
        for kind in ActionKind::ALL {
            let rows = TABLE.iter().filter(|row| row.action == kind && row.from.contains(&state)).count();
            assert!(rows <= 1, "{state} {kind}: {rows} rows");
        }
        let way_on = TABLE.iter().any(|row| {
            row.from.contains(&state) && row.action != ActionKind::Retract && row.to.iter().any(|to| *to != state)
        });
        assert_eq!(way_on, !state.is_end(), "{state}");
    }
    for state in State::ALL.into_iter().filter(|state| *state != State::Received) {
        assert!(TABLE.iter().any(|row| row.to.contains(&state)), "nothing leads to {state}");
    }
}

#[test]
fn words_of_every_kind_are_read_back_and_none_is_like_another() {
    assert!(State::ALL.iter().all(|value| value.as_str().parse() == Ok(*value)));
    assert!(ActionKind::ALL.iter().all(|value| value.as_str().parse() == Ok(*value)));
    assert!(Decision::ALL.iter().all(|value| value.as_str().parse() == Ok(*value)));
    assert!(Role::ALL.iter().all(|value| value.as_str().parse() == Ok(*value)));
    assert!(Round::ALL.iter().all(|value| value.as_str().parse() == Ok(*value)));
    assert!("Adopted".parse::<State>().is_err());
}

/// One refusal a line: which state, what is tried, by whom, what it is called.
#[test]
fn what_a_step_lacks_is_named() {
    let (editor, chief) = (who(1, Role::Editor), who(9, Role::ChiefEditor));
    let place = |channel: &str, slot: &str| Action::Schedule { channel: channel.into(), slot: slot.into() };
    let mut recommended_himself = standing_in(State::FinalReview);
    recommended_himself.recommendations = vec![Recommendation { by: chief.id, decision: Decision::Adopt, at: at(0) }];
    let mut late = standing_in(State::FinalReview);
    late.verdict = Some(Verdict::Late);
    let mut crowded = standing_in(State::FirstReview);
    crowded.recommendations = (100..100 + RECOMMENDATIONS_MAX as u128)
        .map(|number| Recommendation { by: Uuid::from_u128(number), decision: Decision::Adopt, at: at(0) })
        .collect();
    let last = standing_in(State::FinalReview);
    let first = standing_in(State::FirstReview);
    let adopted = standing_in(State::Adopted);
    let said = |reason: &str, note: &str, action| Step { action, reason: reason.into(), note: note.into() };
    for (standing, step_said, actor, code) in [
        (&first, said("", "", Action::Decline), &chief, "reason_missing"),
        (&first, said(" \n", "内部", Action::Decline), &chief, "reason_missing"),
        (&first, said("x", "n", Action::Recommend { decision: Decision::Adopt }), &editor, "reason_reaches_nobody"),
        (&first, said("", " ", Action::Recommend { decision: Decision::Adopt }), &editor, "note_missing"),
        (&first, said(&"长".repeat(WORDS_MAX + 1), "", Action::Decline), &chief, "words_unfit"),
        (&first, said("see\r\nBcc: x@example.com", "", Action::Decline), &chief, "words_unfit"),
        (&first, does(Action::Adopt), &chief, "decision_not_of_round"),
        (&first, said("r", "", Action::AskRevision { until_day: day("2023-03-01") }), &chief, "day_unfit"),
        (&first, said("r", "", Action::AskRevision { until_day: day("2023-05-01") }), &chief, "day_unfit"),
        (&first, does(Action::SendBack), &chief, "not_lawful"),
        (&crowded, said("", "n", Action::Recommend { decision: Decision::Adopt }), &editor, "recommendations_full"),
        (&last, does(Action::Pass), &chief, "not_lawful"),
        (&last, does(Action::Adopt), &editor, "role_too_low"),
        (&recommended_himself, does(Action::Adopt), &chief, "recommendations_missing"),
        (&late, does(Action::Adopt), &chief, "exception_unexplained"),
        (&adopted, does(place("报纸", "头版")), &editor, "channel_unknown"),
        (&adopted, does(place("杂志", " ")), &editor, "slot_unfit"),
        (&adopted, does(place("杂志", "第5期\r\n")), &editor, "slot_unfit"),
        (&adopted, said("", "n", Action::Retract), &editor, "not_own_decision"),
        (&standing_in(State::Scheduled), does(Action::Publish { channel: "微信".into() }), &editor, "not_scheduled"),
        (&standing_in(State::Published), does(place("杂志", "第6期")), &editor, "published_already"),
        (
            &standing_in(State::Published),
            does(Action::Publish { channel: "杂志".into() }),
            &editor,
            "published_already",
        ),
        (&standing_in(State::Published), said("r", "", Action::Decline), &chief, "not_lawful"),
        (
            &standing_in(State::Judged),
            does(Action::Judge { verdict: Verdict::Late }),
            &who(2, Role::Viewer),
            "role_too_low",
        ),
        (&Standing::received(), does(Action::Judge { verdict: Verdict::Late }), &chief, "worker_only"),
    ] {
        let refusal = step(standing, &step_said, actor, at(1), &settings()).unwrap_err();
        assert_eq!(refusal.code(), code, "{} {:?}", standing.state, step_said.action);
        assert!(refusal.zh().ends_with('。') && refusal.en().ends_with('.'), "{code}");
    }
    // With a note the exception is made; with another's opinion beside the own one, the decision is.
    assert!(step(&late, &said("", "财政部领导批示", Action::Adopt), &chief, at(1), &settings()).is_ok());
    let opinion = Recommendation { by: editor.id, decision: Decision::Decline, at: at(0) };
    recommended_himself.recommendations.push(opinion);
    assert!(step(&recommended_himself, &does(Action::Adopt), &chief, at(1), &settings()).is_ok());
}

#[test]
fn a_decision_is_retracted_within_the_window_and_not_at_its_end() {
    let adopted = standing_in(State::Adopted);
    let retract = told(State::Adopted, Action::Retract);
    let chief = who(9, Role::ChiefEditor);
    let back = step(&adopted, &retract, &chief, at(30) - TimeDelta::seconds(1), &settings()).unwrap();
    assert_eq!(back.standing, standing_in(State::FinalReview));
    assert_eq!(back.duty, Duty::CallBack);
    assert_eq!((back.entry.from, back.entry.to), (State::Adopted, State::FinalReview));
    assert_eq!(step(&adopted, &retract, &chief, at(30), &settings()), Err(Refusal::WindowClosed(at(30))));
    let once_more = step(&back.standing, &retract, &chief, at(1), &settings());
    assert_eq!(once_more, Err(Refusal::NotLawful(State::FinalReview, ActionKind::Retract)));
}

/// What is open is what the step takes when its particulars fit: asked of every state, action and role, in and after
/// the window for a retraction.
#[test]
fn what_is_open_to_an_actor_is_what_a_step_does_not_refuse() {
    for (state, minutes) in State::ALL.into_iter().flat_map(|state| [(state, 10), (state, 40)]) {
        let standing = standing_in(state);
        for (number, role) in (10..).zip(Role::ALL) {
            let actor = who(number, role);
            let open: Vec<_> =
                open_to(&standing, &actor, at(minutes), &settings()).into_iter().map(|row| row.action).collect();
            let taken: Vec<_> = ActionKind::ALL
                .into_iter()
                .filter(|kind| step(&standing, &told(state, example(*kind)), &actor, at(minutes), &settings()).is_ok())
                .collect();
            assert_eq!(open, taken, "{state} by {role} after {minutes} minutes");
        }
    }
}

#[test]
fn a_letter_of_a_decision_is_held_as_long_as_the_decision_can_be_retracted() {
    let next = step(
        &standing_in(State::FinalReview),
        &told(State::FinalReview, Action::Decline),
        &who(9, Role::ChiefEditor),
        at(0),
        &settings(),
    )
    .unwrap();
    assert_eq!(next.duty, Duty::Tell { decision: Decision::Decline, hold_until: at(30) });
}

#[test]
fn a_correction_opens_the_round_that_asked_for_it_and_old_opinions_do_not_count() {
    let asked = standing_in(State::RevisionAsked);
    let arrives = does(Action::TakeCorrection { verdict: Verdict::Eligible });
    let next = step(&asked, &arrives, &who(0, Role::Worker), at(1000), &settings()).unwrap().standing;
    assert_eq!((next.state, next.recommendations.len(), next.revision), (State::FirstReview, 0, None));
    let declined = step(&next, &told(next.state, Action::Decline), &who(9, Role::ChiefEditor), at(1001), &settings());
    assert_eq!(declined, Err(Refusal::RecommendationsMissing { asked: 1, counted: 0 }));
}

#[test]
fn a_correction_after_a_slip_takes_nobody_the_right_to_retract_it() {
    let declined = standing_in(State::Declined);
    let arrives = does(Action::TakeCorrection { verdict: Verdict::Incomplete });
    let worker = who(0, Role::Worker);
    let noted = step(&declined, &arrives, &worker, at(1), &settings()).unwrap().standing;
    assert_eq!(noted.state, State::Declined);
    let retract = told(State::Declined, Action::Retract);
    let back = step(&noted, &retract, &who(9, Role::ChiefEditor), at(2), &settings()).unwrap().standing;
    let in_order = step(&standing_in(State::FirstReview), &arrives, &worker, at(1), &settings()).unwrap().standing;
    assert_eq!(back, in_order);
}

#[test]
fn a_round_that_the_campaign_drops_is_left_by_a_lawful_step() {
    for dropped in Round::ALL {
        let mut settings = settings();
        settings.rounds.retain(|round| round.round != dropped);
        settings.rounds.last_mut().unwrap().decisions = Decision::ALL.to_vec();
        assert_eq!(settings.faults(), []);
        let standing = standing_in(dropped.state());
        let ways = [Action::Pass, Action::SendBack].into_iter().filter(|action| {
            let said = told(standing.state, action.clone());
            step(&standing, &said, &who(1, Role::Editor), at(1), &settings).is_ok()
        });
        assert!(ways.count() > 0, "{dropped}");
    }
}

/// The campaign changed its rounds while the author revised: which round takes the correction.
#[test]
fn a_correction_of_a_round_that_was_dropped_goes_to_the_next_or_else_to_the_last_before() {
    use Round::{Final, First, Second};
    for (asked, kept, opened) in [
        (Second, vec![First, Second, Final], Second),
        (First, vec![Second, Final], Second),
        (Second, vec![First, Final], Final),
        (Final, vec![First, Second], Second),
        (First, vec![Final], Final),
    ] {
        let standing = Standing { revision: Some((asked, day("2023-03-20"))), ..standing_in(State::RevisionAsked) };
        let mut settings = settings();
        settings.rounds.retain(|round| kept.contains(&round.round));
        let arrives = does(Action::TakeCorrection { verdict: Verdict::Eligible });
        let next = step(&standing, &arrives, &who(0, Role::Worker), at(9), &settings).unwrap();
        assert_eq!(next.standing.state, opened.state(), "{asked} of {kept:?}");
    }
}

#[test]
fn a_campaign_without_the_second_round_goes_from_the_first_to_the_last() {
    let mut settings = settings();
    settings.rounds.remove(1);
    let standing = standing_in(State::FirstReview);
    let next = step(&standing, &does(Action::Pass), &who(1, Role::Editor), at(1), &settings).unwrap().standing;
    assert_eq!(next.state, State::FinalReview);
    let back = step(&next, &told(next.state, Action::SendBack), &who(1, Role::Editor), at(2), &settings).unwrap();
    assert_eq!(back.standing.state, State::FirstReview);
}

#[test]
fn faults_of_settings_are_told_field_by_field() {
    let faults = |change: fn(&mut Settings)| {
        let mut settings = settings();
        change(&mut settings);
        settings.faults().into_iter().map(|fault| fault.field).collect::<Vec<_>>()
    };
    assert_eq!(faults(|_| {}), [""; 0]);
    assert_eq!(faults(|settings| settings.rounds.clear()), ["rounds"]);
    assert_eq!(faults(|settings| settings.rounds.swap(0, 1)), ["rounds"]);
    assert_eq!(faults(|settings| settings.rounds.truncate(2)), ["rounds[1].decisions"]);
    assert_eq!(faults(|settings| settings.rounds[0].recommendations_min = 6), ["rounds[0].recommendations_min"]);
    assert_eq!(faults(|settings| settings.rounds[1].decides = Role::Viewer), ["rounds[1].decides"]);
    assert_eq!(faults(|settings| settings.rounds[1].decisions = vec![Decision::Decline; 2]), ["rounds[1].decisions"]);
    assert_eq!(faults(|settings| settings.retract_minutes = 10_081), ["retract_minutes"]);
    assert_eq!(faults(|settings| settings.revision_days_max = 0), ["revision_days_max"]);
    assert_eq!(faults(|settings| settings.channels.clear()), ["channels"]);
    assert_eq!(faults(|settings| settings.channels.push("杂志".into())), ["channels[2]"]);
}

/// How deep retractions nest.
fn depth(standing: &Standing) -> usize {
    standing.retractable.as_ref().map_or(0, |last| 1 + depth(&last.before))
}

fn action() -> impl Strategy<Value = Action> {
    (0..ActionKind::ALL.len(), 0..4_u128, 0..3_usize, prop::bool::ANY).prop_map(|(kind, editor, choice, flag)| {
        let channel = ["杂志", "微信", "报纸"][choice].to_owned();
        match example(ActionKind::ALL[kind]) {
            Action::Judge { .. } => Action::Judge { verdict: if flag { Verdict::Eligible } else { Verdict::Late } },
            Action::Assign { .. } => Action::Assign { editor: Uuid::from_u128(editor) },
            Action::Recommend { .. } => Action::Recommend { decision: Decision::ALL[choice] },
            Action::Schedule { slot, .. } => Action::Schedule { channel, slot },
            Action::Unschedule { .. } => Action::Unschedule { channel },
            Action::Publish { .. } => Action::Publish { channel },
            action => action,
        }
    })
}

fn rounds() -> impl Strategy<Value = Settings> {
    (1..8_u8, 0..3_u32, prop::bool::ANY, 0..60_u32).prop_map(|(mask, asked, differs, window)| {
        let mut settings = settings();
        settings.rounds.retain(|round| mask & (1 << round.round as u8) != 0);
        settings.rounds.iter_mut().for_each(|round| round.recommendations_min = asked);
        settings.rounds.last_mut().unwrap().decisions = Decision::ALL.to_vec();
        settings.decider_differs = differs;
        settings.retract_minutes = window;
        settings
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_sequence_of_actions_leaves_the_table_or_breaks_its_promises(
        settings in rounds(),
        // Most often the action is one that the table knows here, so that long lives are reached.
        tries in vec((action(), 0..5_u128, 0..9_usize, 0..20_i64, 0..64_usize), 1..120),
    ) {
        prop_assert_eq!(settings.faults(), vec![]);
        let mut standing = Standing::received();
        let mut published = false;
        let mut minutes = 0;
        for (action, number, role, wait, pick) in tries {
            minutes += wait;
            let lawful: Vec<_> = TABLE.iter().filter(|row| row.from.contains(&standing.state)).collect();
            let action = if pick % 8 == 0 { action } else { example(lawful[pick % lawful.len()].action) };
            let role = [Role::Worker, Role::Viewer, Role::Editor, Role::Administrator].get(role).copied()
                .unwrap_or(Role::ChiefEditor);
            let actor = who(number, role);
            let said = told(standing.state, action);
            let kind = said.action.kind();
            let Ok(next) = step(&standing, &said, &actor, at(minutes), &settings) else { continue };
            let row = table::row_of(standing.state, kind).unwrap();
            prop_assert!(row.to.contains(&next.standing.state));
            prop_assert_eq!((next.entry.from, next.entry.to), (standing.state, next.standing.state));
            prop_assert!(!published || next.standing.state == State::Published, "published, then {}", kind);
            prop_assert!(depth(&next.standing) <= 2);
            // What belongs to a state is there in it and gone outside it.
            let Standing { state, .. } = next.standing;
            let placed = matches!(state, State::Scheduled | State::Published);
            prop_assert_eq!(placed, !next.standing.placements.is_empty());
            prop_assert_eq!(state == State::RevisionAsked, next.standing.revision.is_some());
            prop_assert!(state.round().is_some() || next.standing.recommendations.is_empty());
            let kept = serde_json::to_string(&(&next.standing, &next.entry)).unwrap();
            let read: (Standing, Entry) = serde_json::from_str(&kept).unwrap();
            prop_assert_eq!(&read, &(next.standing.clone(), next.entry.clone()));
            let decided = matches!(kind, ActionKind::Adopt | ActionKind::Decline | ActionKind::AskRevision);
            if decided {
                prop_assert!(!said.reason.is_empty() || kind == ActionKind::Adopt);
                prop_assert!(role >= Role::ChiefEditor);
                if let Some(round) = standing.state.round() {
                    let asked = settings.round(round).unwrap().recommendations_min;
                    let others = standing.recommendations.iter()
                        .filter(|opinion| !settings.decider_differs || opinion.by != actor.id).count();
                    prop_assert!(others >= asked as usize);
                }
            }
            if decided || kind == ActionKind::Withdraw {
                let retract = told(next.standing.state, Action::Retract);
                let back = step(&next.standing, &retract, &who(9, Role::ChiefEditor), at(minutes), &settings);
                match back {
                    Ok(back) => prop_assert_eq!(&back.standing, &standing),
                    Err(refusal) => prop_assert_eq!(refusal, Refusal::WindowClosed(at(minutes))),
                }
            }
            if kind == ActionKind::TakeCorrection {
                prop_assert_eq!(standing.state.is_end(), next.standing.state.is_end());
            }
            published |= next.standing.state == State::Published;
            standing = next.standing;
        }
    }

    #[test]
    fn a_submission_is_brought_to_an_end_from_wherever_it_stands(
        settings in rounds(),
        later in rounds(),
        tries in vec((0..64_usize, 0..3_u128), 0..60),
    ) {
        let mut standing = Standing::received();
        for (pick, number) in tries {
            let lawful: Vec<_> = TABLE.iter().filter(|row| row.from.contains(&standing.state)).collect();
            let said = told(standing.state, example(lawful[pick % lawful.len()].action));
            let role = if number == 0 { Role::Worker } else { Role::Administrator };
            if let Ok(next) = step(&standing, &said, &who(number, role), at(0), &settings) {
                standing = next.standing;
            }
        }
        // The campaign may have changed its rounds meanwhile; opinions come from three editors, the chief decides.
        for _ in 0..10 {
            if standing.state.is_end() {
                break;
            }
            let opinions = (0..3).map(|number| {
                (who(20 + number, Role::Editor), Action::Recommend { decision: Decision::Decline })
            });
            let ways = [Action::Judge { verdict: Verdict::Late }, Action::Assign { editor: Uuid::nil() }, Action::Begin,
                Action::Decline, Action::Pass, Action::SendBack];
            let ways = ways.into_iter().map(|action| {
                let judges = matches!(action, Action::Judge { .. });
                (who(9, if judges { Role::Worker } else { Role::ChiefEditor }), action)
            });
            for (actor, action) in opinions.chain(ways) {
                let moved = step(&standing, &told(standing.state, action), &actor, at(0), &later);
                if let Ok(next) = moved {
                    let done = next.standing.state != standing.state;
                    standing = next.standing;
                    if done { break; }
                }
            }
        }
        prop_assert!(standing.state.is_end(), "stuck in {}", standing.state);
    }
}
