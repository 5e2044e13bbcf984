//! Ranks providers for a service: gates first, then evidence, ordered by keys that the caller names; who was left out is
//! listed with the reason.
//!
//! No key prefers a region or an ownership, and none can be named (政府采购法 §5; 财政部令第102号 §7): evidence holds neither.

use std::cmp::Ordering;

use chrono::NaiveDate;
use num_rational::BigRational;

use crate::{
    catalogue::ItemUid,
    coded::coded,
    eligibility::{RegistrationStatus, check_eligibility},
    error::Error,
    evaluation::Score,
    finding::{Outcome, Severities, Severity},
    party::{Provider, ProviderFlag},
};

/// Most candidates of one ranking.
pub const CANDIDATES_MAX: usize = 10_000;

coded! {
    /// By what candidates may be ordered; the better always comes first, and who has no such evidence last.
    RankKey, "ranking key":
    /// Most contracts finished and accepted in the same section (款).
    FinishedInSection = "FINISHED_IN_SECTION" "同款已完成合同数",
    /// Most contracts finished and accepted anywhere.
    Finished = "FINISHED" "已完成合同数",
    /// Highest mean score of its final evaluations.
    MeanScore = "MEAN_SCORE" "平均得分",
    /// Highest score of its latest final evaluation.
    LastScore = "LAST_SCORE" "最近得分",
    /// Fewest upheld complaints.
    FewestComplaints = "FEWEST_COMPLAINTS" "投诉最少",
    /// Fewest contracts that failed their acceptance.
    FewestFailures = "FEWEST_FAILURES" "验收不合格最少",
}

/// A contract that came to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FinishedContract {
    /// The section (款) of what was bought.
    pub section: ItemUid,
    /// The day of acceptance.
    pub accepted_day: NaiveDate,
    /// Whether the work was found good.
    pub passed: bool,
}

/// A provider with all that is on record of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Who.
    pub provider: Provider,
    /// Whether it still exists, where recorded.
    pub status: Option<RegistrationStatus>,
    /// Black marks.
    pub flags: Vec<ProviderFlag>,
    /// Days until which an evaluation's result bars it (first day free again).
    pub barred_until: Vec<NaiveDate>,
    /// What it finished.
    pub contracts: Vec<FinishedContract>,
    /// Final evaluations of its work, by day.
    pub scores: Vec<(NaiveDate, Score)>,
    /// Upheld complaints, by day.
    pub complaints: Vec<NaiveDate>,
}

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The section of what is to be bought.
    pub section: ItemUid,
    /// The day of the choice: gates are as of it, and later evidence is not seen.
    pub on_day: NaiveDate,
    /// The first day of evidence that counts.
    pub since_day: NaiveDate,
    /// The first key decides, the next among equals, and so on; none twice, at least one.
    pub keys: Vec<RankKey>,
}

/// What is on record of one candidate within the asked days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// Contracts finished and accepted in the section.
    pub finished_in_section: usize,
    /// Contracts finished and accepted.
    pub finished: usize,
    /// Contracts that failed their acceptance.
    pub failures: usize,
    /// Exact mean of the scores, in points.
    pub mean_score: Option<BigRational>,
    /// The latest score.
    pub last_score: Option<Score>,
    /// Upheld complaints.
    pub complaints: usize,
}

/// One candidate in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ranked<'a> {
    /// From 1; who is equal by every key shares a place.
    pub place: usize,
    /// Where it stood among the candidates, from 0.
    pub at: usize,
    /// Who.
    pub provider: &'a Provider,
    /// On what grounds.
    pub evidence: Evidence,
}

/// One candidate that no gate let through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excluded<'a> {
    /// Where it stood among the candidates, from 0.
    pub at: usize,
    /// Who.
    pub provider: &'a Provider,
    /// Each reason, a Chinese sentence with its article.
    pub reasons: Vec<String>,
}

/// The answer: nobody asked about is missing from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ranking<'a> {
    /// The best first; sharers of a place by name.
    pub ranked: Vec<Ranked<'a>>,
    /// Who was left out, by name.
    pub excluded: Vec<Excluded<'a>>,
}

/// Ranks candidates.
///
/// # Errors
/// [`Error::Malformed`]: no key, a key twice, or too many candidates.
pub fn rank<'a>(
    candidates: &'a [Candidate],
    question: &Question,
    severities: &Severities,
) -> Result<Ranking<'a>, Error> {
    let keys = &question.keys;
    let repeated = keys.iter().enumerate().any(|(at, key)| keys[..at].contains(key));
    if keys.is_empty() || repeated {
        return Err(Error::malformed("ranking keys", &format!("{keys:?}"), "name at least one key, none twice"));
    }
    if candidates.len() > CANDIDATES_MAX {
        let count = candidates.len().to_string();
        return Err(Error::malformed("candidates", &count, format!("must be {CANDIDATES_MAX} at most")));
    }
    let (mut ranked, mut excluded) = (Vec::new(), Vec::new());
    for (at, candidate) in candidates.iter().enumerate() {
        let reasons = gates(candidate, question, severities);
        let provider = &candidate.provider;
        match reasons.is_empty() {
            true => ranked.push(Ranked { place: 0, at, provider, evidence: evidence(candidate, question) }),
            false => excluded.push(Excluded { at, provider, reasons }),
        }
    }
    ranked.sort_by(|a, b| compare(a, b, keys).then_with(|| a.provider.name.cmp(&b.provider.name)));
    excluded.sort_by(|a, b| a.provider.name.cmp(&b.provider.name));
    for at in 0..ranked.len() {
        let shared = at > 0 && compare(&ranked[at - 1], &ranked[at], keys) == Ordering::Equal;
        ranked[at].place = if shared { ranked[at - 1].place } else { at + 1 };
    }
    Ok(Ranking { ranked, excluded })
}

fn gates(candidate: &Candidate, question: &Question, severities: &Severities) -> Vec<String> {
    let Candidate { provider, status, flags, barred_until, .. } = candidate;
    check_eligibility(provider, *status, flags, barred_until, question.on_day, severities)
        .into_iter()
        .filter(|found| found.severity == Severity::Error && found.outcome == Outcome::Fail)
        .map(|found| format!("{} ({})", found.sentence, found.article))
        .collect()
}

fn evidence(candidate: &Candidate, question: &Question) -> Evidence {
    let counts = |day: &NaiveDate| (question.since_day..=question.on_day).contains(day);
    let contracts = || candidate.contracts.iter().filter(|contract| counts(&contract.accepted_day));
    let mut scores: Vec<(NaiveDate, Score)> = candidate.scores.iter().copied().filter(|(day, _)| counts(day)).collect();
    scores.sort();
    let sum: u64 = scores.iter().map(|(_, score)| u64::from(score.hundredths())).sum();
    Evidence {
        finished_in_section: contracts().filter(|of| of.passed && of.section == question.section).count(),
        finished: contracts().filter(|of| of.passed).count(),
        failures: contracts().filter(|of| !of.passed).count(),
        mean_score: (!scores.is_empty()).then(|| BigRational::new(sum.into(), (scores.len() as u64 * 100).into())),
        last_score: scores.last().map(|(_, score)| *score),
        complaints: candidate.complaints.iter().filter(|day| counts(day)).count(),
    }
}

fn compare(a: &Ranked<'_>, b: &Ranked<'_>, keys: &[RankKey]) -> Ordering {
    let (a, b) = (&a.evidence, &b.evidence);
    keys.iter().fold(Ordering::Equal, |decided, key| {
        // None is below every score, so turned round it comes last.
        decided.then_with(|| match key {
            RankKey::FinishedInSection => b.finished_in_section.cmp(&a.finished_in_section),
            RankKey::Finished => b.finished.cmp(&a.finished),
            RankKey::MeanScore => b.mean_score.cmp(&a.mean_score),
            RankKey::LastScore => b.last_score.cmp(&a.last_score),
            RankKey::FewestComplaints => a.complaints.cmp(&b.complaints),
            RankKey::FewestFailures => a.failures.cmp(&b.failures),
        })
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::party::{FlagSource, ProviderKind};

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn candidate(name: &str, in_section: usize, elsewhere: usize, scores: &[(&str, &str)]) -> Candidate {
        let finished = |section: &str| FinishedContract {
            section: section.parse().unwrap(),
            accepted_day: day("2020-06-01"),
            passed: true,
        };
        Candidate {
            provider: Provider {
                name: name.parse().unwrap(),
                credit_code: None,
                kind: ProviderKind::Enterprise,
                registration_class: None,
                region: None,
            },
            status: None,
            flags: Vec::new(),
            barred_until: Vec::new(),
            contracts: (0..in_section).map(|_| finished("a1")).chain((0..elsewhere).map(|_| finished("b1"))).collect(),
            scores: scores.iter().map(|(on, score)| (day(on), Score::parse(score).unwrap())).collect(),
            complaints: Vec::new(),
        }
    }

    fn question(keys: &[RankKey]) -> Question {
        Question {
            section: "a1".parse().unwrap(),
            on_day: day("2021-06-01"),
            since_day: day("2018-06-01"),
            keys: keys.to_vec(),
        }
    }

    fn places(candidates: &[Candidate], keys: &[RankKey]) -> String {
        let ranking = rank(candidates, &question(keys), &Severities::default()).unwrap();
        let told: Vec<String> =
            ranking.ranked.iter().map(|of| format!("{}{}", of.place, of.provider.name.as_str())).collect();
        told.join(" ")
    }

    #[test]
    fn the_callers_keys_decide_in_their_order() {
        let candidates = [
            candidate("甲", 1, 9, &[("2020-01-01", "95"), ("2021-01-01", "70")]),
            candidate("乙", 3, 0, &[("2020-01-01", "80")]),
            candidate("丙", 3, 2, &[]),
            // Evidence from before and after the asked days is not seen.
            candidate("丁", 0, 0, &[("2018-05-31", "100"), ("2021-06-02", "100")]),
        ];
        for (keys, expected) in [
            (&[RankKey::FinishedInSection][..], "1丙 1乙 3甲 4丁"),
            (&[RankKey::FinishedInSection, RankKey::Finished], "1丙 2乙 3甲 4丁"),
            (&[RankKey::Finished], "1甲 2丙 3乙 4丁"),
            (&[RankKey::MeanScore], "1甲 2乙 3丁 3丙"),
            (&[RankKey::LastScore], "1乙 2甲 3丁 3丙"),
            (&[RankKey::FewestComplaints], "1丁 1丙 1乙 1甲"),
        ] {
            assert_eq!(places(&candidates, keys), expected, "{keys:?}");
        }
        let ranking = rank(&candidates, &question(&[RankKey::MeanScore]), &Severities::default()).unwrap();
        assert_eq!(ranking.ranked[0].evidence.mean_score, Some(BigRational::new(165.into(), 2.into())));
    }

    #[test]
    fn who_does_not_pass_a_gate_is_listed_with_every_reason() {
        let mut barred = candidate("甲", 9, 9, &[]);
        barred.provider.kind = ProviderKind::PublicInstitutionOne;
        barred.flags.push(ProviderFlag { source: FlagSource::TaxViolation, from_day: day("2021-01-01"), to_day: None });
        let mut until = candidate("乙", 1, 0, &[]);
        until.barred_until = vec![day("2021-06-02"), day("2020-01-01")];
        let mut free_again = candidate("丙", 1, 0, &[]);
        free_again.barred_until = vec![day("2021-06-01")];
        let candidates = [barred, until, free_again];
        let ranking = rank(&candidates, &question(&[RankKey::Finished]), &Severities::default()).unwrap();
        let told: Vec<String> = ranking
            .excluded
            .iter()
            .map(|of| format!("{}: {}", of.provider.name.as_str(), of.reasons.join(" ")))
            .collect();
        assert_eq!(
            told,
            [
                "乙: 绩效评价结果应用: 2021-06-02前不得选择。 (预算法实施条例 §20)",
                "甲: 公益一类事业单位不得作为购买主体和承接主体。 (财政部令第102号 §8) \
                 2021-06-01 列入重大税收违法失信主体名单。 (政府采购法 §22)",
            ]
        );
        assert_eq!(ranking.ranked.len(), 1);
    }

    #[test]
    fn a_ranking_without_keys_or_with_one_twice_is_refused() {
        for keys in [&[][..], &[RankKey::Finished, RankKey::Finished]] {
            assert!(rank(&[], &question(keys), &Severities::default()).is_err());
        }
    }

    proptest! {
        #[test]
        fn region_and_ownership_never_change_a_place(
            evidence in proptest::collection::vec((0usize..4, 0usize..4, 0u32..10_000), 1..8),
            kinds in proptest::collection::vec(0usize..10, 8),
            regions in proptest::collection::vec(proptest::sample::select(vec!["330110", "330000", "110000"]), 8),
            key in 0usize..6,
        ) {
            let plain: Vec<Candidate> = evidence.iter().enumerate().map(|(n, (inside, elsewhere, score))| {
                let score = format!("{}.{:02}", score / 100, score % 100);
                candidate(&format!("甲{n}"), *inside, *elsewhere, &[("2020-01-01", score.as_str())])
            }).collect();
            let mut other = plain.clone();
            for (n, candidate) in other.iter_mut().enumerate() {
                let kind = ProviderKind::ALL[kinds[n]];
                if !kind.is_barred() {
                    candidate.provider.kind = kind;
                }
                candidate.provider.region = Some(regions[n].parse().unwrap());
            }
            let keys = [RankKey::ALL[key]];
            prop_assert_eq!(places(&plain, &keys), places(&other, &keys));
        }

        #[test]
        fn everybody_asked_about_is_answered_for_once(kinds in proptest::collection::vec(0usize..10, 0..12)) {
            let candidates: Vec<Candidate> = kinds.iter().enumerate().map(|(n, kind)| {
                let mut made = candidate(&format!("甲{n}"), n, 0, &[]);
                made.provider.kind = ProviderKind::ALL[*kind];
                made
            }).collect();
            let ranking = rank(&candidates, &question(&[RankKey::Finished]), &Severities::default()).unwrap();
            let barred = kinds.iter().filter(|kind| ProviderKind::ALL[**kind].is_barred()).count();
            prop_assert_eq!((ranking.ranked.len(), ranking.excluded.len()), (kinds.len() - barred, barred));
            prop_assert!(ranking.excluded.iter().all(|of| !of.reasons.is_empty()));
        }
    }
}
