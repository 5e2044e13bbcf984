//! Reviewed data sets and made-up registers as entries of the registers.
//!
//! A file here holds the functions of one service, one a register: from a data set to the resources it gives with their
//! ids, `pub(super) fn figures(set: &Dataset) -> Vec<(String, v1::Figure)>`. The ids are those of the data set.
//!
//! Loading is not creating: what is there already and the same stays untouched, what an editor changed is left alone, so a
//! second load changes nothing.

pub mod case;
pub mod catalogue;
pub mod evaluation;
pub mod figures;
pub mod pilot;
pub mod policy;
mod synthetic;

use procurement::{dataset::Dataset, figure::Source, region::RegisterOfRegions, synthetic::Plan};
use proto::procurement::v1::Provenance;
use stdx::ErrorKind;
use store::{
    Store,
    register::{Draft, Loaded, Register},
};

use super::{
    body::{self, Resource},
    case_service::PRACTICE_CASE,
    catalogue_service::{CATALOGUE, EDITION},
    evaluation_service::{EVALUATION, RESULT_APPLICATION},
    figure_register::{CLAIM, DERIVED_FIGURE, FIGURE, SOURCE_DOCUMENT, WANTED_FIGURE},
    kind::Kind,
    pilot_service::{DESIGNATION, MILESTONE, PILOT, PILOT_MEMBER},
    policy_service::{
        CONSULTATION_REVIEW, FUNCTION_LIST, MECHANISM, OUTREACH_EVENT, POLICY_DOCUMENT, POLICY_FRAMEWORK,
    },
};
use crate::wire::Fault;

/// Entries of one transaction.
const BATCH: usize = 1_000;

/// Why a seed could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An entry breaks a rule of its register: a mistake of the data set.
    #[error("{name}: {field} {reason}")]
    Entry {
        /// Of the entry.
        name: String,
        /// Of the entry.
        field: String,
        /// In English.
        reason: String,
    },
    /// The data set or the plan is wrong.
    #[error(transparent)]
    Data(#[from] procurement::Error),
    /// The tables.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Error {
    /// The kind, for callers.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Entry { .. } | Self::Data(_) => ErrorKind::Invalid,
            Self::Store(error) => error.kind(),
        }
    }
}

/// What came of a load, one line a register in the order of loading.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The register's Chinese word, and its part.
    pub registers: Vec<(&'static str, Loaded)>,
}

impl Report {
    /// Entries that are new or were replaced.
    #[must_use]
    pub fn changed(&self) -> u64 {
        self.registers.iter().map(|(_, loaded)| loaded.inserted + loaded.replaced).sum()
    }

    fn add(&mut self, chinese: &'static str, loaded: Loaded) {
        let sum = match self.registers.iter_mut().find(|(known, _)| *known == chinese) {
            Some((_, sum)) => sum,
            None => {
                self.registers.push((chinese, Loaded::default()));
                &mut self.registers.last_mut().expect("just pushed").1
            }
        };
        sum.inserted += loaded.inserted;
        sum.replaced += loaded.replaced;
        sum.unchanged += loaded.unchanged;
        sum.left_alone += loaded.left_alone;
    }
}

/// Loads the article's data set. What is referred to comes first.
pub async fn article(store: &Store) -> Result<Report, Error> {
    let set = Dataset::article()?;
    let mut loader = Loader::new(store);
    let text_of = |file: &str| (file == "article.txt").then(|| Dataset::article_text().to_owned());
    loader.load(&SOURCE_DOCUMENT, figures::sources(&set, text_of)).await?;
    loader.load(&FIGURE, figures::figures(&set)).await?;
    loader.load(&WANTED_FIGURE, figures::wanted(&set)).await?;
    loader.load(&DERIVED_FIGURE, figures::derived(&set)).await?;
    loader.load(&CLAIM, figures::claims(&set)).await?;
    loader.load(&POLICY_DOCUMENT, policy::policy_documents(&set)).await?;
    loader.load(&POLICY_FRAMEWORK, policy::policy_frameworks(&set)).await?;
    loader.load(&MECHANISM, policy::mechanisms(&set)).await?;
    loader.load(&FUNCTION_LIST, policy::function_lists(&set)).await?;
    loader.load(&CONSULTATION_REVIEW, policy::consultation_reviews(&set)).await?;
    loader.load(&OUTREACH_EVENT, policy::outreach_events(&set)).await?;
    loader.load(&CATALOGUE, catalogue::catalogues(&set)).await?;
    loader.load(&EDITION, catalogue::editions(&set)).await?;
    loader.load(&PILOT, pilot::pilots(&set)).await?;
    loader.load(&PILOT_MEMBER, pilot::pilot_members(&set)).await?;
    loader.load(&DESIGNATION, pilot::designations(&set)).await?;
    loader.load(&EVALUATION, evaluation::evaluations(&set)).await?;
    loader.load(&RESULT_APPLICATION, evaluation::result_applications(&set)).await?;
    loader.load(&PRACTICE_CASE, case::practice_cases(&set)).await?;
    loader.load(&MILESTONE, pilot::milestones(&set)).await?;
    Ok(loader.report)
}

/// Makes up the registers of a plan and loads them, a batch at a time; `told` hears how many projects are done.
pub async fn synthetic(store: &Store, plan: Plan, told: impl FnMut(u64)) -> Result<Report, Error> {
    let mut loader = Loader::new(store);
    synthetic::load(&mut loader, plan, told).await?;
    store.register_measure().await?;
    Ok(loader.report)
}

/// Brings entries into their registers.
struct Loader<'a> {
    store: &'a Store,
    report: Report,
}

impl<'a> Loader<'a> {
    fn new(store: &'a Store) -> Self {
        Self { store, report: Report::default() }
    }

    /// Loads the entries of a register; what they refer to must be loaded before.
    async fn load<M: Resource>(&mut self, kind: &Kind<M>, entries: Vec<(String, M)>) -> Result<(), Error> {
        let drafts = entries.iter().map(|(id, resource)| {
            let wrong = |faults: Vec<Fault>| Error::Entry {
                name: kind.name(id),
                field: faults.first().map(|fault| fault.field.clone()).unwrap_or_default(),
                reason: faults.first().map(|fault| fault.en.clone()).unwrap_or_default(),
            };
            let faults = (kind.check)(resource);
            if !faults.is_empty() {
                return Err(wrong(faults));
            }
            let (draft, _) = body::draft(kind, id, resource, RegisterOfRegions::shipped()).map_err(wrong)?;
            Ok(draft)
        });
        let drafts = drafts.collect::<Result<Vec<Draft>, Error>>()?;
        self.load_drafts(&kind.register, kind.chinese, drafts).await
    }

    async fn load_drafts(
        &mut self,
        register: &Register,
        chinese: &'static str,
        drafts: Vec<Draft>,
    ) -> Result<(), Error> {
        let mut drafts = drafts.into_iter().peekable();
        while drafts.peek().is_some() {
            let batch = drafts.by_ref().take(BATCH).collect();
            self.report.add(chinese, self.store.register_load(register, batch).await?);
        }
        Ok(())
    }
}

/// Where an entry of a data set comes from: the source document and the words that it rests on.
#[must_use]
pub fn provenance(source: &Source) -> Option<Provenance> {
    Some(Provenance { source: source.document.clone(), quote: source.quote.clone(), is_synthetic: false })
}

/// What every made-up entry says of itself.
#[must_use]
pub fn made_up() -> Option<Provenance> {
    Some(Provenance { source: "synthetic".into(), quote: String::new(), is_synthetic: true })
}
