//! A run over every claim and every figure, and the findings that it keeps.

use std::collections::BTreeMap;

use proto::procurement::v1::{self, figure_finding::State, reconcile_all_response::VerdictCount};
use store::register::{Change, Refusal, Write};
use tonic::Status;

use super::{
    List, Registrar,
    figure_register::{CLAIM, FIGURE, FINDING},
    operations::Progress,
    reconciliation,
};
use crate::errors;

/// Claims or figures looked at in one step.
const STEP: i32 = 200;
/// An editor may resolve a finding while it is written.
const TRIES_MAX: usize = 8;

/// What a run found so far.
struct Run<'a> {
    registrar: &'a Registrar,
    progress: &'a Progress,
    told: v1::ReconcileAllMetadata,
    verdicts: BTreeMap<String, i64>,
    changed: i64,
}

/// Recomputes every claim, compares every figure that records measure, and keeps what it finds.
pub async fn reconcile_all(
    registrar: &Registrar,
    origin: v1::Origin,
    progress: &Progress,
) -> Result<v1::ReconcileAllResponse, Status> {
    let store = registrar.store();
    let mut total_count = 0;
    for register in [&CLAIM.register, &FIGURE.register] {
        let count = store.register_count(register, None, false).await.map_err(errors::of_store)?;
        total_count += count.cast_signed();
    }
    let told = v1::ReconcileAllMetadata { origin: origin.into(), done_count: 0, total_count };
    let mut run = Run { registrar, progress, told, verdicts: BTreeMap::new(), changed: 0 };
    let mut list = List { page_size: STEP, ..List::default() };
    loop {
        let page = registrar.list(&CLAIM, "ReconcileAll claims", &list).await?;
        for claim in &page.resources {
            // One claim that makes no sense any more must not hide what the others say.
            let finding = match reconciliation::claims(registrar, std::slice::from_ref(claim)).await {
                Ok(found) => of_claim(found.into_iter().next().unwrap_or_default()),
                Err(status) if status.code() == tonic::Code::FailedPrecondition => senseless(claim, &status),
                Err(status) => return Err(status),
            };
            run.keep(finding).await?;
        }
        run.step(page.resources.len());
        list.page_token = page.next_page_token;
        if list.page_token.is_empty() {
            break;
        }
    }
    let mut unmeasured_count = 0;
    loop {
        let page = registrar.list(&FIGURE, "ReconcileAll figures", &list).await?;
        for figure in &page.resources {
            let published = reconciliation::published(figure)?;
            let found = reconciliation::figure(registrar, &published, origin).await?;
            if found.no_data_reason() == v1::NoDataReason::Measure {
                unmeasured_count += 1;
            } else {
                run.keep(of_figure(found)).await?;
            }
        }
        run.step(page.resources.len());
        list.page_token = page.next_page_token;
        if list.page_token.is_empty() {
            break;
        }
    }
    let verdicts = run.verdicts.into_iter().map(|(verdict, count)| VerdictCount { verdict, count });
    Ok(v1::ReconcileAllResponse { verdicts: verdicts.collect(), unmeasured_count, changed_count: run.changed })
}

fn of_claim(found: v1::ClaimReconciliation) -> v1::FigureFinding {
    let verdict = found.verdict().as_str_name().trim_start_matches("CLAIM_VERDICT_").to_owned();
    let state = if found.verdict() == v1::ClaimVerdict::Consistent { State::Fine } else { State::Open };
    v1::FigureFinding {
        subject: found.claim,
        verdict,
        sentence: found.sentence,
        state: state.into(),
        ..v1::FigureFinding::default()
    }
}

fn senseless(claim: &v1::Claim, status: &Status) -> v1::FigureFinding {
    use tonic_types::StatusExt;
    let zh = status.get_details_localized_message().map(|message| message.message).unwrap_or_default();
    v1::FigureFinding {
        subject: claim.name.clone(),
        verdict: "UNDETERMINED".to_owned(),
        sentence: Some(v1::Wording { zh, en: status.message().to_owned() }),
        state: State::Open.into(),
        ..v1::FigureFinding::default()
    }
}

fn of_figure(found: v1::FigureReconciliation) -> v1::FigureFinding {
    let verdict = found.verdict().as_str_name().trim_start_matches("RECORDS_VERDICT_").to_owned();
    let is_fine = matches!(found.verdict(), v1::RecordsVerdict::Match | v1::RecordsVerdict::WithinRounding);
    let state = if is_fine { State::Fine } else { State::Open };
    let provenance = v1::Provenance { is_synthetic: found.includes_synthetic, ..v1::Provenance::default() };
    v1::FigureFinding {
        provenance: found.includes_synthetic.then_some(provenance),
        subject: found.figure,
        origin: found.origin,
        verdict,
        sentence: found.sentence,
        state: state.into(),
        ..v1::FigureFinding::default()
    }
}

/// One finding a claim, and one a figure and origin.
fn id_of(finding: &v1::FigureFinding) -> String {
    let origin = finding.origin().as_str_name().trim_start_matches("ORIGIN_").to_lowercase();
    match finding.subject.split_once('/') {
        Some(("claims", id)) => format!("claim-{id}"),
        Some((_, id)) => format!("figure-{id}.{origin}"),
        None => finding.subject.clone(),
    }
}

impl Run<'_> {
    fn step(&mut self, count: usize) {
        self.told.done_count += i64::try_from(count).unwrap_or_default();
        self.progress.tell(&self.told);
    }

    /// Keeps a finding; one that says what it said before stays as it is, resolved or not.
    async fn keep(&mut self, mut finding: v1::FigureFinding) -> Result<(), Status> {
        *self.verdicts.entry(finding.verdict.clone()).or_default() += 1;
        finding.operation.clone_from(&self.progress.name);
        let id = id_of(&finding);
        for _ in 0..TRIES_MAX {
            let stored: Option<v1::FigureFinding> = self.registrar.find(&FINDING, &id).await?;
            let says_the_same = |stored: &v1::FigureFinding| {
                stored.verdict == finding.verdict && stored.sentence == finding.sentence && stored.delete_time.is_none()
            };
            if stored.as_ref().is_some_and(says_the_same) {
                return Ok(());
            }
            let (draft, _) = self.registrar.draft(&FINDING, &id, &finding)?;
            let write = match &stored {
                None => Write::Insert(&FINDING.register, draft),
                Some(stored) => Write::Update(&FINDING.register, draft, super::body::version(&stored.etag)),
            };
            let change = Change { writes: vec![write], references: Vec::new(), once: None, is_rehearsal: false };
            match self.registrar.store().register_write(change).await {
                Ok(_) => {
                    self.changed += 1;
                    return Ok(());
                }
                Err(store::Error::Refused(Refusal::Stale { .. } | Refusal::Taken { .. })) => {}
                Err(error) => return Err(errors::of_store(error)),
            }
        }
        Err(errors::of_kind(stdx::ErrorKind::Conflict, &format!("finding {id} is written too often")))
    }
}
