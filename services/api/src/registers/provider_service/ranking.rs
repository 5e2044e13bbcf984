//! Who comes first for a service: gathers what is on record of each candidate and lets the rules order them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{Months, NaiveDate};
use procurement::{
    catalogue::ItemUid,
    evaluation::Score,
    rank::{self, Candidate, FinishedContract, Question, RankKey},
    rational,
};
use proto::procurement::v1::{self, Provider, RankProvidersResponse};
use store::register::Condition;
use tonic::{Code, Status};

use super::{
    super::{
        List,
        contract_service::CONTRACT,
        day,
        project_service::{PROJECT, line},
        rules,
    },
    FLAGS_MAX, PROVIDER, PROVIDER_FLAG, Providers, evaluated, id_of, is, kinds, ours, party, status_of,
};
use crate::errors;

/// Candidates of one call.
const CANDIDATES_MAX: usize = 1_000;
/// Candidates whose contracts are read at a time.
const CHUNK: usize = 100;
/// Projects that are read at a time.
const PROJECTS_CHUNK: usize = 500;
/// Contracts of one chunk.
const CONTRACTS_MAX: usize = 50_000;
/// Years of evidence unless the caller says otherwise.
const EVIDENCE_MONTHS: u32 = 36;

impl Providers {
    pub(super) async fn rank(&self, request: &v1::RankProvidersRequest) -> Result<RankProvidersResponse, Status> {
        let on_day = day::or_today("on_day", &request.on_day)?;
        let since_day = match request.since_day.as_str() {
            "" => on_day.checked_sub_months(Months::new(EVIDENCE_MONTHS)).unwrap_or(on_day),
            text => day::or_today("since_day", text)?,
        };
        if since_day > on_day {
            return Err(errors::field("since_day", "is after on_day", "晚于 on_day"));
        }
        let keys = keys(request)?;
        let chain = line::chain_at(&self.registrar, "item", &request.item).await?;
        let Some(section) = chain.get(1) else {
            let (en, zh) = ("a 款 or a 项 of one is needed", "应为指导性目录的款或项");
            return Err(errors::field("item", en, zh));
        };
        let providers = self.candidates(request).await?;
        let mut evidence = self.evidence(&providers).await?;
        let mut barred = evaluated::barred_until(&self.registrar, &providers, on_day).await?;
        let mut flags = self.flags(&providers).await?;
        let candidates: Vec<Candidate> = providers
            .iter()
            .map(|provider| {
                let Found { contracts, scores } = evidence.remove(&provider.name).unwrap_or_default();
                Ok(Candidate {
                    provider: party(provider).map_err(|error| ours(&error))?,
                    status: status_of(provider),
                    flags: flags.remove(&provider.name).unwrap_or_default(),
                    barred_until: barred.remove(&provider.name).unwrap_or_default(),
                    contracts,
                    scores,
                    complaints: Vec::new(),
                })
            })
            .collect::<Result<_, Status>>()?;
        let question = Question { section: uid(&section.uid)?, on_day, since_day, keys };
        let ranking = rank::rank(&candidates, &question, &self.registrar.rules().severities)
            .map_err(|error| errors::field("keys", error.to_string(), "排序依据无效"))?;
        let ranked = ranking.ranked.iter().map(|of| v1::RankedProvider {
            place: i32::try_from(of.place).unwrap_or(i32::MAX),
            provider: providers[of.at].name.clone(),
            title: of.provider.shown_name(),
            evidence: Some(told(&of.evidence)),
        });
        let excluded = ranking.excluded.iter().map(|of| v1::ExcludedProvider {
            provider: providers[of.at].name.clone(),
            title: of.provider.shown_name(),
            reasons: of.reasons.clone(),
        });
        Ok(RankProvidersResponse {
            ranked: ranked.collect(),
            excluded: excluded.collect(),
            on_day: on_day.to_string(),
            since_day: since_day.to_string(),
            section: section.name.clone(),
            notes: notes(request),
        })
    }

    async fn candidates(&self, request: &v1::RankProvidersRequest) -> Result<Vec<Provider>, Status> {
        let too_many = || {
            let (en, zh) = (
                format!("more than {CANDIDATES_MAX} candidates; narrow the filter"),
                format!("候选承接主体超过 {CANDIDATES_MAX} 个,请缩小范围"),
            );
            errors::status(Code::ResourceExhausted, "TOO_MANY", en, zh)
        };
        let named = &request.candidates;
        if !named.is_empty() {
            if named.len() > CANDIDATES_MAX {
                return Err(too_many());
            }
            if named.iter().collect::<BTreeSet<_>>().len() < named.len() {
                return Err(errors::field("candidates", "one stands twice", "候选承接主体重复"));
            }
            let providers = self.registrar.batch_get(&PROVIDER, named).await?;
            return match providers.iter().find(|provider| provider.delete_time.is_some()) {
                Some(gone) => self.live("candidates", &gone.name).await.map(|_| Vec::new()),
                None => Ok(providers),
            };
        }
        let mut all = Vec::new();
        let mut list = List { page_size: 500, filter: request.filter.clone(), ..List::default() };
        loop {
            let page = self.registrar.list(&PROVIDER, "ProviderService/RankProviders", &list).await?;
            all.extend(page.resources);
            if all.len() > CANDIDATES_MAX {
                return Err(too_many());
            }
            if page.next_page_token.is_empty() {
                return Ok(all);
            }
            list.page_token = page.next_page_token;
        }
    }

    /// The contracts that came to their end, and the scores of the projects they were under, by provider.
    async fn evidence(&self, providers: &[Provider]) -> Result<BTreeMap<String, Found>, Status> {
        let mut by_provider: BTreeMap<String, Found> = BTreeMap::new();
        for chunk in providers.chunks(CHUNK) {
            let any = chunk.iter().map(|of| Condition::Has("providers", id_of(&of.name).to_owned())).collect();
            let contracts = self.registrar.all_where(&CONTRACT, Condition::Any(any), Vec::new(), CONTRACTS_MAX).await?;
            let sections = self.sections(&contracts).await?;
            let finals = evaluated::finals(&self.registrar, &contracts).await?;
            let asked: BTreeSet<&str> = chunk.iter().map(|of| of.name.as_str()).collect();
            // A project of several contracts was evaluated once.
            let mut scored: BTreeSet<(&str, &str)> = BTreeSet::new();
            for contract in &contracts {
                let finished = finished(contract, &sections)?;
                let scores = finals.get(&contract.project).map_or(&[][..], Vec::as_slice);
                for part in contract.parts.iter().filter(|part| asked.contains(part.provider.as_str())) {
                    let found = by_provider.entry(part.provider.clone()).or_default();
                    found.contracts.extend(finished.clone());
                    if scored.insert((&part.provider, &contract.project)) {
                        found.scores.extend(scores.iter().filter_map(score));
                    }
                }
            }
        }
        Ok(by_provider)
    }

    /// The sections of what was bought, by project.
    async fn sections(&self, contracts: &[v1::Contract]) -> Result<HashMap<String, ItemUid>, Status> {
        let names: BTreeSet<&String> = contracts.iter().map(|contract| &contract.project).collect();
        let names: Vec<String> = names.into_iter().cloned().collect();
        let mut sections: HashMap<String, ItemUid> = HashMap::new();
        for names in names.chunks(PROJECTS_CHUNK) {
            for project in self.registrar.batch_get(&PROJECT, names).await? {
                if let Some(section) = line::uid_in(&project.section) {
                    sections.insert(project.name, uid(section)?);
                }
            }
        }
        Ok(sections)
    }

    /// Flags by provider.
    async fn flags(
        &self,
        providers: &[Provider],
    ) -> Result<BTreeMap<String, Vec<procurement::party::ProviderFlag>>, Status> {
        let mut by_provider: BTreeMap<String, Vec<_>> = BTreeMap::new();
        for chunk in providers.chunks(CHUNK) {
            let any = Condition::Any(chunk.iter().map(|of| is("provider", id_of(&of.name))).collect());
            for flag in self.registrar.all_where(&PROVIDER_FLAG, any, Vec::new(), CHUNK * FLAGS_MAX).await? {
                by_provider.entry(flag.provider.clone()).or_default().extend(kinds::mark(&flag));
            }
        }
        Ok(by_provider)
    }
}

/// What is on record of one provider.
#[derive(Default)]
struct Found {
    contracts: Vec<FinishedContract>,
    scores: Vec<(NaiveDate, Score)>,
}

/// What the reader of a ranking must know of it.
fn notes(request: &v1::RankProvidersRequest) -> Vec<String> {
    // Nothing keeps complaints yet: whoever orders by them is told so.
    let mut notes = vec!["没有投诉处理的登记, 投诉一项按无记录计。".to_owned()];
    if request.candidates.is_empty() && request.filter.contains("region") {
        notes.push("候选范围按地区限定; 不得以此阻挠和限制外地供应商自由进入本地区市场 (政府采购法 §5)。".to_owned());
    }
    notes
}

/// A contract that was taken over, good or not.
fn finished(contract: &v1::Contract, sections: &HashMap<String, ItemUid>) -> Result<Option<FinishedContract>, Status> {
    let Some(acceptance) = &contract.acceptance else { return Ok(None) };
    let Some(accepted_day) = day::read(&acceptance.day) else { return Ok(None) };
    let section = sections.get(&contract.project).cloned().map_or_else(|| uid(OUTSIDE), Ok)?;
    Ok(Some(FinishedContract { section, accepted_day, passed: acceptance.is_passed }))
}

/// A final score with its day; none where a source gives no score.
fn score(evaluation: &v1::Evaluation) -> Option<(NaiveDate, Score)> {
    Some((day::read(&evaluation.final_day)?, Score::parse(&evaluation.score).ok()?))
}

/// Stands for the section of what was bought outside the catalogue: no uid of an item has these characters.
const OUTSIDE: &str = "(outside)";

fn uid(text: &str) -> Result<ItemUid, Status> {
    text.parse().map_err(|fault| errors::of_kind(stdx::ErrorKind::Internal, &fault))
}

fn keys(request: &v1::RankProvidersRequest) -> Result<Vec<RankKey>, Status> {
    let wrong = || {
        let (en, zh) = ("name at least one key, none twice", "请至少指定一个排序依据,且不得重复");
        errors::field("keys", en, zh)
    };
    let keys: Vec<RankKey> = request
        .keys()
        .map(|key| rules::member(key.as_str_name(), "RANK_KEY_"))
        .collect::<Option<_>>()
        .ok_or_else(wrong)?;
    let repeated = keys.iter().enumerate().any(|(at, key)| keys[..at].contains(key));
    if keys.is_empty() || repeated { Err(wrong()) } else { Ok(keys) }
}

fn told(evidence: &rank::Evidence) -> v1::RankEvidence {
    let mean = evidence.mean_score.as_ref();
    let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    v1::RankEvidence {
        finished_in_section: count(evidence.finished_in_section),
        finished: count(evidence.finished),
        failures: count(evidence.failures),
        mean_score: mean.map(|mean| rational::decimal(mean, 2, rational::Rounding::Nearest)).unwrap_or_default(),
        mean_score_exact: mean.map(ToString::to_string).unwrap_or_default(),
        last_score: evidence.last_score.as_ref().map(Score::to_string).unwrap_or_default(),
        complaints: count(evidence.complaints),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_ranking_key_of_the_rules_is_on_the_wire_and_no_other() {
        for key in RankKey::ALL {
            assert!(v1::RankKey::from_str_name(&format!("RANK_KEY_{key}")).is_some(), "{key}");
        }
        assert_eq!(v1::RankKey::try_from(RankKey::ALL.len() as i32 + 1).ok(), None);
    }
}
