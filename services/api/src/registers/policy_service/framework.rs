//! How far the places of a framework are filled on a day (“一个意见、两个目录、若干个办法”). Where days are unknown or too
//! coarse, nothing is claimed.

use chrono::NaiveDate;
use proto::procurement::v1::{self, DocumentStanding, FrameworkSlotState};
use store::register::{Comparison, Condition, Direction, Value};
use tonic::{Code, Status};

use super::{
    POLICY_FRAMEWORK,
    lineage::{documents, superseding},
};
use crate::{
    errors,
    registers::{Registrar, day, held::span, region_code},
};

/// Frameworks of one region.
const FRAMEWORKS_MAX: usize = 100;

/// The framework of a region on a day, or the latest when no day is asked for.
pub(super) async fn framework(
    registrar: &Registrar,
    request: &v1::GetFrameworkRequest,
) -> Result<v1::GetFrameworkResponse, Status> {
    let region = region_code(registrar, "region", &request.region)?;
    let asked = match request.as_of_day.as_str() {
        "" => None,
        text => Some(day::required("as_of_day", text)?),
    };
    let of_region = Condition::Compare("region", Comparison::Equal, Value::Text(region.to_string()));
    let order = vec![("from_date", Direction::Descending)];
    let all = registrar.all_where(&POLICY_FRAMEWORK, of_region, order, FRAMEWORKS_MAX).await?;
    let begun = |framework: &v1::PolicyFramework| {
        asked.is_none_or(|day| span(&framework.from_date).is_none_or(|(first, _)| first <= day))
    };
    let framework = all.into_iter().find(begun).ok_or_else(|| {
        errors::status(
            Code::NotFound,
            "FRAMEWORK_NOT_FOUND",
            format!("no framework of {} is recorded for that day", request.region),
            format!("{} 在该日没有登记制度框架", request.region),
        )
    })?;
    let mut slots = Vec::with_capacity(framework.slots.len());
    for slot in &framework.slots {
        let mut filled = Vec::new();
        for document in documents(registrar, &slot.documents).await? {
            let later = superseding(registrar, &document.name).await?;
            let standing = standing(&document, &later, asked);
            filled.push(v1::FrameworkDocument { policy_document: Some(document), standing: standing.into() });
        }
        slots.push(filling(slot, filled));
    }
    let count = |state| i32::try_from(slots.iter().filter(|slot| slot.state() == state).count()).unwrap_or(i32::MAX);
    let (filled_count, undetermined_count) =
        (count(FrameworkSlotState::Filled), count(FrameworkSlotState::Undetermined));
    Ok(v1::GetFrameworkResponse {
        policy_framework: Some(framework),
        as_of_day: request.as_of_day.clone(),
        slots,
        filled_count,
        undetermined_count,
    })
}

fn filling(slot: &v1::FrameworkSlot, documents: Vec<v1::FrameworkDocument>) -> v1::FrameworkSlotFilling {
    let count = |standing| documents.iter().filter(|document| document.standing() == standing).count();
    let (sure, unsure) = (count(DocumentStanding::InForce), count(DocumentStanding::Undetermined));
    let wanted = usize::try_from(slot.wanted_count).unwrap_or_default().max(1);
    let state = match (sure, unsure) {
        _ if sure >= wanted => FrameworkSlotState::Filled,
        (0, 0) => FrameworkSlotState::Empty,
        _ if sure > 0 && sure + unsure < wanted => FrameworkSlotState::Partial,
        _ => FrameworkSlotState::Undetermined,
    };
    v1::FrameworkSlotFilling {
        slot: Some(slot.clone()),
        state: state.into(),
        documents,
        missing_count: i32::try_from(wanted.saturating_sub(sure + unsure)).unwrap_or(i32::MAX),
    }
}

/// Whether something that begins or ends on a coarse day has done so on a day; `None` when that cannot be said.
fn has_come(text: &str, day: NaiveDate) -> Option<bool> {
    let (first, last) = span(text)?;
    if last <= day {
        Some(true)
    } else if day < first {
        Some(false)
    } else {
        None
    }
}

/// Where a document stands on a day; when none is asked for, today, and one without a day counts as begun.
fn standing(document: &v1::PolicyDocument, later: &[v1::PolicyDocument], asked: Option<NaiveDate>) -> DocumentStanding {
    let day = asked.unwrap_or_else(day::today);
    let begun = |document: &v1::PolicyDocument| {
        let from = if document.effective_date.is_empty() { &document.issue_date } else { &document.effective_date };
        if from.is_empty() && asked.is_none() { Some(true) } else { has_come(from, day) }
    };
    let ended = if document.abolish_date.is_empty() { Some(false) } else { has_come(&document.abolish_date, day) };
    if document.delete_time.is_some() {
        return DocumentStanding::Deleted;
    }
    if begun(document) == Some(false) {
        return DocumentStanding::NotYet;
    }
    if ended == Some(true) {
        return DocumentStanding::Abolished;
    }
    let replaced: Vec<Option<bool>> = later.iter().map(begun).collect();
    if replaced.contains(&Some(true)) {
        return DocumentStanding::Superseded;
    }
    if begun(document).is_none() || ended.is_none() || replaced.contains(&None) {
        return DocumentStanding::Undetermined;
    }
    DocumentStanding::InForce
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(issue: &str, effective: &str, abolish: &str) -> v1::PolicyDocument {
        v1::PolicyDocument {
            issue_date: issue.into(),
            effective_date: effective.into(),
            abolish_date: abolish.into(),
            ..Default::default()
        }
    }

    #[test]
    fn a_document_stands_as_its_days_allow_to_say() {
        use DocumentStanding::{Abolished, InForce, NotYet, Superseded, Undetermined};
        for (issue, effective, abolish, later, day, expected) in [
            ("2014", "", "", None, "2013-12-31", NotYet),
            ("2014", "", "", None, "2014-06-01", Undetermined),
            ("2014", "", "", None, "2014-12-31", InForce),
            ("2014", "2015-02", "", None, "2015-01-31", NotYet),
            ("2014-06-25", "", "", None, "2014-06-25", InForce),
            ("2014", "", "2020-03-01", None, "2020-02-29", InForce),
            ("2014", "", "2020-03-01", None, "2020-03-01", Abolished),
            ("2014", "", "2020", None, "2020-03-01", Undetermined),
            ("2014", "", "", Some("2021"), "2020-12-31", InForce),
            ("2014", "", "", Some("2021"), "2021-05-01", Undetermined),
            ("2014", "", "", Some("2021"), "2022-01-01", Superseded),
            ("2014", "", "", Some(""), "2022-01-01", Undetermined),
            ("", "", "", None, "2022-01-01", Undetermined),
            ("", "", "2020", None, "2022-01-01", Abolished),
        ] {
            let later: Vec<_> = later.into_iter().map(|issue| document(issue, "", "")).collect();
            let stands = standing(&document(issue, effective, abolish), &later, Some(day.parse().unwrap()));
            assert_eq!(stands, expected, "{issue} {effective} {abolish} {later:?} on {day}");
        }
        assert_eq!(standing(&document("", "", ""), &[], None), InForce);
        assert_eq!(standing(&document("", "", ""), &[document("", "", "")], None), Superseded);
    }

    #[test]
    fn a_place_is_filled_only_by_as_many_as_it_wants() {
        use DocumentStanding::{Abolished, InForce, Undetermined};
        use FrameworkSlotState as State;
        for (wanted, standings, state, missing) in [
            (1, vec![InForce], State::Filled, 0),
            (2, vec![InForce], State::Partial, 1),
            (2, vec![InForce, Undetermined], State::Undetermined, 0),
            (2, vec![Undetermined], State::Undetermined, 1),
            (2, vec![Abolished, Abolished], State::Empty, 2),
            (0, vec![], State::Empty, 1),
            (0, vec![InForce, InForce, InForce], State::Filled, 0),
        ] {
            let documents = standings
                .iter()
                .map(|standing| v1::FrameworkDocument { standing: (*standing).into(), ..Default::default() })
                .collect();
            let filled = filling(&v1::FrameworkSlot { wanted_count: wanted, ..Default::default() }, documents);
            assert_eq!((filled.state(), filled.missing_count), (state, missing), "{wanted} {standings:?}");
        }
    }
}
