//! Made-up registers: a plan's catalogue, purchasers, providers, projects, contracts and evaluations, streamed into the tables.
//!
//! A region and year has one made-up register: another seed replaces it. What a record refers to is loaded in the batch
//! before it, so a load that was cut short leaves nothing dangling and a second one completes it.

use std::collections::HashSet;

use procurement::{
    catalogue::{CatalogueItem, Depth, Edition, ItemUid},
    evaluation::{GradeTable, Score},
    money::Fen,
    party,
    project::OrganisationForm,
    region::{Level, RegionCode, RegisterOfRegions, year_end},
    synthetic::{self, MARK, Plan, Record},
};
use proto::procurement::v1;

use super::{BATCH, Error, Loader, made_up};
use crate::registers::{
    catalogue_service::{CATALOGUE, CATALOGUE_ITEM, EDITION},
    contract_service::{self, CONTRACT},
    evaluation_service::EVALUATION,
    project_service::PROJECT,
    provider_service::{self, PROVIDER},
    purchaser_service::PURCHASER,
};

/// The made-up catalogue has two editions, as the article's has.
const EDITION_YEARS: [i32; 2] = [2015, 2021];
/// Providers that are remembered as loaded. Beyond it they are loaded again, which changes nothing.
const KNOWN_MAX: usize = 100_000;

/// Loads a plan.
pub(super) async fn load(loader: &mut Loader<'_>, plan: Plan, mut told: impl FnMut(u64)) -> Result<(), Error> {
    let editions = Editions::new(&plan.region, plan.year);
    loader.load(&CATALOGUE, vec![editions.catalogue()]).await?;
    loader.load(&EDITION, editions.editions()).await?;
    loader.load(&CATALOGUE_ITEM, editions.items()).await?;
    let (mut known, mut done) = (HashSet::new(), 0);
    let mut records = synthetic::records(plan.clone())?;
    loop {
        let batch: Vec<Record> = records.by_ref().take(BATCH).collect();
        if batch.is_empty() {
            return Ok(());
        }
        if known.len() > KNOWN_MAX {
            known.clear();
        }
        let mut new = |id: &String| known.insert(id.clone());
        let purchasers = batch.iter().map(|record| purchaser(&record.purchaser)).filter(|(id, _)| new(id)).collect();
        let providers = batch.iter().map(|record| provider(&record.provider)).filter(|(id, _)| new(id)).collect();
        loader.load(&PURCHASER, purchasers).await?;
        loader.load(&PROVIDER, providers).await?;
        let projects = batch.iter().map(|record| project(&plan, &editions, record)).collect();
        loader.load(&PROJECT, projects).await?;
        let contracts = batch.iter().map(|record| contract(&plan, record)).collect();
        loader.load(&CONTRACT, contracts).await?;
        let evaluations = batch.iter().filter_map(|record| evaluation(&plan, record)).collect();
        loader.load(&EVALUATION, evaluations).await?;
        done += batch.len() as u64;
        told(done);
    }
}

/// The made-up catalogue of a region.
struct Editions {
    region: RegionCode,
    editions: Vec<Edition>,
    /// The one that the plan's projects name.
    of_plan: usize,
}

impl Editions {
    fn new(region: &RegionCode, year: i32) -> Self {
        let editions = EDITION_YEARS.iter().map(|year| synthetic::edition(*year)).collect();
        let of_plan = usize::from(year > EDITION_YEARS[0]);
        Self { region: region.clone(), editions, of_plan }
    }

    fn catalogue_id(&self) -> String {
        format!("syn-{}", self.region)
    }

    fn edition_id(&self, edition: &Edition) -> String {
        format!("syn-{}-{}", self.region, edition.year())
    }

    fn item_name(&self, edition: &Edition, uid: &ItemUid) -> String {
        format!("catalogueItems/{}.{uid}", self.edition_id(edition))
    }

    fn catalogue(&self) -> (String, v1::Catalogue) {
        let catalogue = v1::Catalogue {
            provenance: made_up(),
            region: format!("regions/{}", self.region),
            title: format!("{MARK}政府购买服务指导性目录"),
            description: "合成数据, 不是任何地区公布的目录".into(),
            ..v1::Catalogue::default()
        };
        (self.catalogue_id(), catalogue)
    }

    fn editions(&self) -> Vec<(String, v1::Edition)> {
        let last = self.editions.len() - 1;
        let edition = |(at, edition): (usize, &Edition)| {
            let counts = edition.counts();
            let resource = v1::Edition {
                provenance: made_up(),
                catalogue: format!("catalogues/{}", self.catalogue_id()),
                year: edition.year(),
                revision: 1,
                state: if at == last { v1::EditionState::Published } else { v1::EditionState::Superseded }.into(),
                effective_from_day: format!("{}-01-01", edition.year()),
                counts: Some(v1::EditionCounts {
                    categories: counts.categories as i32,
                    sections: counts.sections as i32,
                    items: counts.items as i32,
                }),
                title: format!("{MARK}政府购买服务指导性目录（{}年）", edition.year()),
                superseded_by: self
                    .editions
                    .get(at + 1)
                    .map(|next| format!("editions/{}", self.edition_id(next)))
                    .unwrap_or_default(),
                ..v1::Edition::default()
            };
            (self.edition_id(edition), resource)
        };
        self.editions.iter().enumerate().map(edition).collect()
    }

    fn items(&self) -> Vec<(String, v1::CatalogueItem)> {
        let of = |edition| {
            move |item: &CatalogueItem| {
                let level = match item.depth {
                    Depth::Category => v1::ItemLevel::Category,
                    Depth::Section => v1::ItemLevel::Section,
                    Depth::Item => v1::ItemLevel::Item,
                };
                let resource = v1::CatalogueItem {
                    provenance: made_up(),
                    edition: format!("editions/{}", self.edition_id(edition)),
                    uid: item.uid.to_string(),
                    code: item.code.clone(),
                    title: item.name.clone(),
                    level: level.into(),
                    parent: item.parent.as_ref().map(|uid| self.item_name(edition, uid)).unwrap_or_default(),
                    class: self.item_name(edition, above(edition, &item.uid, Depth::Category)),
                    service_kind: code("SERVICE_KIND_", item.service_kind.code(), v1::ServiceKind::from_str_name),
                    description: item.description.clone(),
                    sort: item.sort as i32,
                    path: edition.path(&item.uid).into_iter().map(str::to_owned).collect(),
                    ..v1::CatalogueItem::default()
                };
                (format!("{}.{}", self.edition_id(edition), item.uid), resource)
            }
        };
        self.editions.iter().flat_map(|edition| edition.in_order().into_iter().map(of(edition))).collect()
    }
}

/// The line of that depth which a line stands in; itself where it has that depth.
fn above<'a>(edition: &'a Edition, uid: &'a ItemUid, depth: Depth) -> &'a ItemUid {
    let mut uid = uid;
    while let Some(parent) = edition.get(uid).filter(|item| item.depth != depth).and_then(|item| item.parent.as_ref()) {
        uid = parent;
    }
    uid
}

/// The number of an enum's value by the code that the room of rules gives it.
fn code<E: Into<i32> + Default>(prefix: &str, code: &str, read: impl Fn(&str) -> Option<E>) -> i32 {
    // That the two lists agree is a test's promise.
    read(&format!("{prefix}{code}")).unwrap_or_default().into()
}

fn purchaser(purchaser: &party::Purchaser) -> (String, v1::Purchaser) {
    let uscc = purchaser.credit_code.as_ref().map(ToString::to_string).unwrap_or_default();
    let resource = v1::Purchaser {
        provenance: made_up(),
        title: purchaser.name.as_str().to_owned(),
        uscc: uscc.clone(),
        budget_unit_code: purchaser.budget_unit_code.clone().unwrap_or_default(),
        region: format!("regions/{}", purchaser.region),
        kind: code("PURCHASER_KIND_", purchaser.kind.code(), v1::PurchaserKind::from_str_name),
        ..v1::Purchaser::default()
    };
    (format!("syn-{uscc}"), resource)
}

/// The id of a made-up provider: by its code, and of a person, who has none, by the number in the made-up name.
fn provider_id(provider: &party::Provider) -> String {
    match &provider.credit_code {
        Some(code) => format!("syn-{code}"),
        None => format!("syn-individual-{}", provider.name.as_str().replace(|c: char| !c.is_ascii_digit(), "")),
    }
}

fn provider(provider: &party::Provider) -> (String, v1::Provider) {
    let resource = v1::Provider {
        provenance: made_up(),
        title: provider.name.as_str().to_owned(),
        uscc: provider.credit_code.as_ref().map(ToString::to_string).unwrap_or_default(),
        kind: code("PROVIDER_KIND_", provider.kind.code(), v1::ProviderKind::from_str_name),
        registration_class: provider.registration_class.clone().unwrap_or_default(),
        region: provider.region.as_ref().map(|region| format!("regions/{region}")).unwrap_or_default(),
        status: v1::ProviderStatus::Active.into(),
        ..v1::Provider::default()
    };
    (provider_id(provider), provider_service::settled(resource))
}

/// The id of a record's project or contract: `syn-330000-2021-000001`.
fn record_id(plan: &Plan, record: &Record) -> String {
    format!("syn-{}-{}-{:06}", plan.region, plan.year, record.number + 1)
}

fn project(plan: &Plan, editions: &Editions, record: &Record) -> (String, v1::Project) {
    let project = &record.project;
    let edition = &editions.editions[editions.of_plan];
    let item = |depth| {
        let uid = project.item.as_ref();
        uid.map(|uid| editions.item_name(edition, above(edition, uid, depth))).unwrap_or_default()
    };
    let form = project.form.map(OrganisationForm::code).unwrap_or("UNSPECIFIED");
    let resource = v1::Project {
        provenance: made_up(),
        title: project.name.as_str().to_owned(),
        project_no: project.project_no.to_string(),
        year: project.year,
        region: format!("regions/{}", project.region),
        level: level(&project.region, project.year).into(),
        purchaser: format!("purchasers/{}", purchaser(&record.purchaser).0),
        item: item(Depth::Item),
        section: item(Depth::Section),
        class: item(Depth::Category),
        service_kind: code("SERVICE_KIND_", project.service_kind.code(), v1::ServiceKind::from_str_name),
        method: code("PROCUREMENT_METHOD_", project.method.code(), v1::ProcurementMethod::from_str_name),
        method_text: project.method_text.clone(),
        organisation_form: code("ORGANISATION_FORM_", form, v1::OrganisationForm::from_str_name),
        budget_fen: project.budget.map(Fen::get),
        settlement_fen: project.settlement.map(Fen::get),
        state: v1::ProjectState::Finished.into(),
        description: project.description.clone(),
        individual_reason: project.individual_reason.clone().unwrap_or_default(),
        ..v1::Project::default()
    };
    (record_id(plan, record), resource)
}

fn level(region: &RegionCode, year: i32) -> v1::RegionLevel {
    let level = year_end(year).and_then(|day| RegisterOfRegions::shipped().get(region, day)).map(|found| found.level);
    match level {
        Some(Level::Nation) => v1::RegionLevel::Nation,
        Some(Level::Province) => v1::RegionLevel::Province,
        Some(Level::City) => v1::RegionLevel::City,
        Some(Level::County) => v1::RegionLevel::County,
        Some(Level::Township) => v1::RegionLevel::Township,
        Some(Level::Village) => v1::RegionLevel::Village,
        None => v1::RegionLevel::Unspecified,
    }
}

fn contract(plan: &Plan, record: &Record) -> (String, v1::Contract) {
    let contract = &record.contract;
    let (provider_id, provider) = provider(&record.provider);
    let day = |day: Option<chrono::NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
    let payments = contract.payments.iter().map(|payment| v1::Payment {
        day: payment.day.to_string(),
        amount_fen: payment.amount.get(),
        note: String::new(),
    });
    let mut resource = v1::Contract {
        provenance: made_up(),
        title: format!("{}合同", record.project.name.as_str()),
        contract_no: contract.contract_no.to_string(),
        project: format!("projects/{}", record_id(plan, record)),
        parts: vec![v1::ContractPart {
            provider: format!("providers/{provider_id}"),
            share: "1".into(),
            title: provider.title,
            kind: provider.kind,
        }],
        amount_fen: Some(contract.amount.get()),
        award_day: day(contract.award_day),
        signed_day: day(contract.signed_day),
        start_day: day(contract.start_day),
        end_day: day(contract.end_day),
        published_day: day(contract.published_day),
        filed_day: day(contract.filed_day),
        method: code("PROCUREMENT_METHOD_", record.project.method.code(), v1::ProcurementMethod::from_str_name),
        method_text: record.project.method_text.clone(),
        payments: payments.collect(),
        ..v1::Contract::default()
    };
    // Made-up sums are far below 64 bits.
    let _ = contract_service::settle(&mut resource);
    (record_id(plan, record), resource)
}

/// The final evaluation of a record, where one was made.
fn evaluation(plan: &Plan, record: &Record) -> Option<(String, v1::Evaluation)> {
    let score = Score::from_hundredths(record.score_hundredths?).ok()?;
    let resource = v1::Evaluation {
        provenance: made_up(),
        title: format!("{}绩效评价", record.project.name.as_str()),
        phase: v1::EvaluationPhase::After.into(),
        year: plan.year,
        region: format!("regions/{}", record.project.region),
        project: format!("projects/{}", record_id(plan, record)),
        evaluator_kind: v1::EvaluatorKind::Finance.into(),
        evaluator: format!("{MARK}财政部门"),
        state: v1::EvaluationState::Final.into(),
        score: score.to_string(),
        grade: GradeTable::usual().grade(score).to_owned(),
        reported_day: format!("{}-03-01", plan.year + 1),
        final_day: format!("{}-03-31", plan.year + 1),
        ..v1::Evaluation::default()
    };
    Some((record_id(plan, record), resource))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::registers::{body, body::Resource, kind::Kind};

    /// Loads nothing: what a draft refers to, as `table/id`.
    fn sound<M: Resource>(kind: &Kind<M>, (id, resource): &(String, M)) -> Vec<String> {
        assert!(body::is_id(id), "{id}");
        let faults = (kind.check)(resource);
        assert!(faults.is_empty(), "{id}: {faults:?}");
        let (draft, references) = body::draft(kind, id, resource, RegisterOfRegions::shipped()).unwrap();
        assert!(draft.is_synthetic, "{id} does not say that it is made up");
        references.into_iter().map(|reference| format!("{}/{}", reference.table, reference.id)).collect()
    }

    #[test]
    fn made_up_entries_keep_the_rules_of_their_registers_and_refer_to_what_is_loaded_before_them() {
        for year in EDITION_YEARS {
            let plan = Plan::published(&"330000".parse().unwrap(), year, 3).unwrap();
            let editions = Editions::new(&plan.region, plan.year);
            let mut known = BTreeSet::new();
            let mut put = |table: &str, id: &str, references: Vec<String>| {
                for reference in references {
                    let own = reference == format!("{table}/{id}");
                    assert!(own || known.contains(&reference), "{table}/{id} refers to {reference}");
                }
                known.insert(format!("{table}/{id}"));
            };
            let catalogue = editions.catalogue();
            put("catalogue", &catalogue.0, sound(&CATALOGUE, &catalogue));
            // The earlier edition names the later one that followed it; no look-up does.
            for edition in editions.editions() {
                put("edition", &edition.0, sound(&EDITION, &edition));
            }
            for item in editions.items() {
                put("catalogue_item", &item.0, sound(&CATALOGUE_ITEM, &item));
            }
            for record in synthetic::records(plan.clone()).unwrap().step_by(61) {
                let (purchaser, provider) = (purchaser(&record.purchaser), provider(&record.provider));
                put("purchaser", &purchaser.0, sound(&PURCHASER, &purchaser));
                put("provider", &provider.0, sound(&PROVIDER, &provider));
                let project = project(&plan, &editions, &record);
                put("project", &project.0, sound(&PROJECT, &project));
                let contract = contract(&plan, &record);
                put("contract", &contract.0, sound(&CONTRACT, &contract));
                if let Some(evaluation) = evaluation(&plan, &record) {
                    put("evaluation", &evaluation.0, sound(&EVALUATION, &evaluation));
                }
                assert_eq!(contract.1.paid_fen, project.1.settlement_fen);
                assert_ne!(project.1.level(), v1::RegionLevel::Unspecified);
                assert_eq!(contract.1.provider_kind(), provider.1.kind());
                assert!(
                    project.1.item.starts_with(&format!("catalogueItems/syn-330000-{year}.")),
                    "{}",
                    project.1.item
                );
            }
        }
    }
}
