//! Scores, grades, independence, and what became of results.

use proptest::prelude::*;

use super::*;
use crate::money::Fen;

fn part(top: i64, bottom: i64) -> BigRational {
    BigRational::new(top.into(), bottom.into())
}

fn indicator(code: &str, parent: Option<&str>, weight: i64) -> Indicator {
    Indicator {
        code: code.to_owned(),
        name: code.to_owned(),
        parent: parent.map(str::to_owned),
        weight: part(weight, 1),
        score_max: part(100, 1),
    }
}

fn scheme() -> Scheme {
    Scheme::new([
        indicator("产出", None, 60),
        indicator("满意度", None, 40),
        indicator("数量", Some("产出"), 50),
        indicator("质量", Some("产出"), 50),
    ])
    .unwrap()
}

fn sheet(points: &[(&str, BigRational)]) -> Sheet {
    points.iter().map(|(code, points)| ((*code).to_owned(), points.clone())).collect()
}

#[test]
fn leaves_roll_up_exactly() {
    let filled = sheet(&[("数量", part(100, 1)), ("质量", part(80, 1)), ("满意度", part(989, 10))]);
    let score = scheme().score(&filled).unwrap();
    assert_eq!(score, part(9356, 100));
    assert_eq!(Score::nearest(&score).unwrap().to_string(), "93.56");
    for (points, fault) in [
        (sheet(&[("数量", part(1, 1)), ("质量", part(1, 1))]), SchemeFault::Missing("满意度".to_owned())),
        (sheet(&[("产出", part(1, 1))]), SchemeFault::NotALeaf("产出".to_owned())),
        (sheet(&[("别的", part(1, 1))]), SchemeFault::NotALeaf("别的".to_owned())),
        (
            sheet(&[("数量", part(101, 1)), ("质量", part(1, 1)), ("满意度", part(1, 1))]),
            SchemeFault::Range("数量".to_owned()),
        ),
    ] {
        assert_eq!(scheme().score(&points), Err(fault));
    }
}

#[test]
fn a_score_is_what_its_sheet_rolls_up_to() {
    let filled = sheet(&[("数量", part(100, 1)), ("质量", part(80, 1)), ("满意度", part(989, 10))]);
    let empty = Sheet::new();
    for (sheet, hundredths, outcome) in
        [(&filled, 9_356, Outcome::Pass), (&filled, 9_357, Outcome::Fail), (&empty, 9_356, Outcome::Undetermined)]
    {
        let score = Score::from_hundredths(hundredths).unwrap();
        let found = check_score(&scheme(), sheet, score, &Severities::default());
        assert_eq!((found[0].rule, found[0].outcome), ("EVALUATION_SCORE", outcome));
    }
}

#[test]
fn a_scheme_that_does_not_add_up_is_refused() {
    for (indicators, fault) in [
        (vec![], SchemeFault::Size),
        (vec![indicator("a", None, 99)], SchemeFault::Sum { under: String::new(), sum: part(99, 1) }),
        (vec![indicator("a", None, 50), indicator("a", None, 50)], SchemeFault::Twice("a".to_owned())),
        (vec![indicator("a", None, 100), indicator("b", Some("c"), 100)], SchemeFault::Parent("b".to_owned())),
        (
            vec![indicator("a", None, 100), indicator("b", Some("c"), 100), indicator("c", Some("b"), 100)],
            SchemeFault::Parent("b".to_owned()),
        ),
        (vec![indicator("a", None, 0)], SchemeFault::Weight("a".to_owned())),
        (
            vec![indicator("a", None, 100), indicator("b", Some("a"), 30)],
            SchemeFault::Sum { under: "a".to_owned(), sum: part(30, 1) },
        ),
    ] {
        assert_eq!(Scheme::new(indicators), Err(fault));
    }
}

#[test]
fn grades_change_at_their_exact_scores_and_with_the_table_of_the_day() {
    let usual = GradeTable::usual();
    for (score, grade) in [
        ("100", "优"),
        ("90", "优"),
        ("89.99", "良"),
        ("80", "良"),
        ("79.99", "中"),
        ("60", "中"),
        ("59.99", "差"),
        ("0", "差"),
    ] {
        assert_eq!(usual.grade(Score::parse(score).unwrap()), grade, "{score}");
    }
    let band = |grade: &str, from: &str| Band { grade: grade.to_owned(), from: Score::parse(from).unwrap() };
    let from_day = "2022-01-01".parse().unwrap();
    let stricter = GradeTable::new(from_day, vec![band("优", "95"), band("其他", "0")]).unwrap();
    let tables = [stricter, usual];
    let grade = |day: &str| {
        GradeTable::in_force(&tables, day.parse().unwrap()).unwrap().grade(Score::parse("92").unwrap()).to_owned()
    };
    assert_eq!((grade("2021-12-31"), grade("2022-01-01")), ("优".to_owned(), "其他".to_owned()));
    assert!(GradeTable::new(from_day, vec![band("良", "80"), band("优", "90"), band("差", "0")]).is_err());
    assert!(GradeTable::new(from_day, vec![band("优", "90")]).is_err());
    assert!(GradeTable::new(from_day, vec![]).is_err());
}

#[test]
fn scores_are_read_strictly() {
    for (text, hundredths) in [
        ("98.9", Some(9890)),
        ("100", Some(10_000)),
        ("100.01", None),
        ("-1", None),
        ("98.999", None),
        ("", None),
        ("九十", None),
    ] {
        assert_eq!(Score::parse(text).ok().map(Score::hundredths), hundredths, "{text}");
    }
    assert!(Score::from_hundredths(10_001).is_err());
}

fn evaluation(number: &str, state: EvaluationState) -> Evaluation {
    Evaluation {
        evaluation_no: number.parse().unwrap(),
        subject: Subject::Project("P1".parse().unwrap()),
        phase: Phase::After,
        year: 2021,
        evaluator: Evaluator::ThirdParty { name: "某大学公共政策研究院".parse().unwrap(), controller: None },
        score: Some(Score::parse("92").unwrap()),
        satisfaction: None,
        state,
        final_day: (state == EvaluationState::Final).then(|| "2022-03-01".parse().unwrap()),
    }
}

#[test]
fn a_third_party_is_neither_side_nor_of_one_house_with_it() {
    let name = |text: &str| text.parse::<PartyName>().unwrap();
    let controlled = |by: &str| Evaluator::ThirdParty { name: name("评价公司"), controller: Some(name(by)) };
    let sides = [(name("民政局"), None), (name("甲公司"), Some(name("甲集团")))];
    for (evaluator, outcome) in [
        (Evaluator::ThirdParty { name: name("某大学"), controller: None }, Some(Outcome::Pass)),
        (Evaluator::ThirdParty { name: name("甲公司"), controller: None }, Some(Outcome::Fail)),
        (Evaluator::ThirdParty { name: name("甲集团"), controller: None }, Some(Outcome::Fail)),
        (controlled("甲集团"), Some(Outcome::Fail)),
        (controlled("民政局"), Some(Outcome::Fail)),
        (controlled("乙集团"), Some(Outcome::Pass)),
        (Evaluator::Finance, None),
        (Evaluator::Own, None),
    ] {
        let subject = Evaluation { evaluator, ..evaluation("E1", EvaluationState::Reported) };
        let findings = check_evaluation(&subject, &sides, &[], &Severities::default());
        let found = findings.iter().find(|found| found.rule == INDEPENDENT.code).map(|found| found.outcome);
        assert_eq!(found, outcome, "{:?}", subject.evaluator);
    }
}

#[test]
fn a_subject_has_one_final_evaluation_a_phase_and_year() {
    let (first, other) = (evaluation("E1", EvaluationState::Final), evaluation("E2", EvaluationState::Final));
    let outcome = |others: &[Evaluation]| {
        let findings = check_evaluation(&first, &[], others, &Severities::default());
        findings.iter().find(|found| found.rule == ONE_FINAL.code).map(|found| found.outcome)
    };
    assert_eq!(outcome(&[]), Some(Outcome::Pass));
    assert_eq!(outcome(std::slice::from_ref(&first)), Some(Outcome::Pass));
    assert_eq!(outcome(&[Evaluation { phase: Phase::During, ..other.clone() }]), Some(Outcome::Pass));
    assert_eq!(outcome(&[other]), Some(Outcome::Fail));
    let bare = Evaluation { score: None, ..first.clone() };
    let findings = check_evaluation(&bare, &[], &[], &Severities::default());
    assert!(findings.iter().any(|found| found.rule == COMPLETE.code && found.outcome == Outcome::Fail));
}

#[test]
fn a_result_is_traced_to_what_was_decided_and_the_unused_are_listed() {
    let evaluations = [
        evaluation("E1", EvaluationState::Final),
        evaluation("E2", EvaluationState::Final),
        evaluation("E3", EvaluationState::Reported),
    ];
    let made = |number: &str, effect: Effect, day: &str, delta: Option<i64>| ResultUse {
        evaluation_no: number.parse().unwrap(),
        effect,
        target_no: format!("T-{day}").parse().unwrap(),
        provider: None,
        decided_day: day.parse().unwrap(),
        delta: delta.map(Fen::new),
    };
    let uses = [
        made("E1", Effect::Cut, "2022-06-01", Some(-5)),
        made("E1", Effect::Renew, "2022-02-28", None),
        made("E1", Effect::Raise, "2022-07-01", Some(-5)),
        made("E3", Effect::Amend, "2022-06-01", None),
    ];
    let outcomes = |of: &Evaluation| -> Vec<(&'static str, Outcome)> {
        trace(of, &uses, &Severities::default()).findings.iter().map(|found| (found.rule, found.outcome)).collect()
    };
    let (after, delta) = (trace::USE_AFTER_FINAL.code, trace::USE_DELTA.code);
    assert_eq!(
        outcomes(&evaluations[0]),
        [
            (after, Outcome::Fail),
            (after, Outcome::Pass),
            (delta, Outcome::Pass),
            (after, Outcome::Pass),
            (delta, Outcome::Fail)
        ]
    );
    assert_eq!(outcomes(&evaluations[2]), [(after, Outcome::Fail)]);
    let nobody: Vec<&str> = unused(&evaluations, &uses).iter().map(|of| of.evaluation_no.as_str()).collect();
    assert_eq!(nobody, ["E2"]);
    let day: NaiveDate = "2023-01-01".parse().unwrap();
    for (code, until, known) in [
        ("CUT", None, Some(Effect::Cut)),
        ("BAR_UNTIL", Some(day), Some(Effect::BarUntil(day))),
        ("BAR_UNTIL", None, None),
        ("CUT", Some(day), None),
        ("", None, None),
    ] {
        assert_eq!(Effect::from_code(code, until).ok(), known, "{code}");
    }
    assert_eq!(Effect::BarUntil("2023-01-01".parse().unwrap()).kind(), UseKind::ProviderSelection);
}

proptest! {
    #[test]
    fn a_score_lies_between_the_worst_and_the_best_leaf(points in proptest::array::uniform3(0i64..=10_000)) {
        let [a, b, c] = points.map(|hundredths| part(hundredths, 100));
        let score = scheme().score(&sheet(&[("数量", a.clone()), ("质量", b.clone()), ("满意度", c.clone())])).unwrap();
        let (worst, best) = (a.clone().min(b.clone()).min(c.clone()), a.max(b).max(c));
        prop_assert!(worst <= score && score <= best);
        prop_assert!(Score::nearest(&score).is_ok());
    }
}
