//! The reviewed data set of a source: its figures, claims and registers, each entry with the words it rests on.
//!
//! Loading checks that every quote stands verbatim in its source, every id once, every reference somewhere, and names the
//! file, the entry and the field of what is wrong. What is computed (verdicts, derived values) is never stored.

mod entry;
mod figures;
mod registers;

use std::collections::{BTreeMap, BTreeSet};

use stdx::Sha256;

use self::entry::{Entry, Shelf};
pub use self::{
    figures::Derived,
    registers::{
        Activity, ActivityKind, CaseTheme, Designation, DesignationKind, Edition, Evaluation, EvaluationSubject,
        EvaluatorKind, Mechanism, MechanismKind, Member, MemberKind, Milestone, Pilot, PilotStage, PolicyDocument,
        PolicyFramework, PolicyKind, PracticeCase, ResultUse, ResultUseKind,
    },
};
use crate::{
    error::Error,
    figure::{FigureId, PublishedFigure},
    formula::{Failure, Figures},
    reconcile::{Claim, Reconciled, Wanted},
};

/// A data set may have this many entries.
pub const ENTRIES_MAX: usize = 10_000;
/// A data file may have this many bytes.
pub const FILE_BYTES_MAX: usize = 4 * 1024 * 1024;

const ARTICLE_FILE: &str = "data/article.toml";
const ARTICLE: &str = include_str!("../data/article.toml");
const ARTICLE_TEXT: &str = include_str!("../data/article.txt");

/// A document that entries quote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceDocument {
    /// Its name in the data set.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Who wrote it.
    pub issuer: String,
    /// The file that holds its text.
    pub file: String,
    /// The hash of that file.
    pub sha256: Sha256,
    /// Where it appeared, and what is known about its time.
    pub note: Option<String>,
}

/// A reviewed data set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dataset {
    /// The documents quoted.
    pub sources: Vec<SourceDocument>,
    /// Published figures by id.
    pub figures: Figures,
    /// Figures that claims rest on and no source states.
    pub wanted: BTreeMap<FigureId, Wanted>,
    /// What the sources say about their own figures.
    pub claims: Vec<Claim>,
    /// What we compute from the figures.
    pub derived: Vec<Derived>,
    /// Policy documents.
    pub policies: Vec<PolicyDocument>,
    /// Frameworks of policy documents.
    pub frameworks: Vec<PolicyFramework>,
    /// Joint meetings and leading groups.
    pub mechanisms: Vec<Mechanism>,
    /// Editions of the guidance catalogue.
    pub editions: Vec<Edition>,
    /// Consultations, outreach and reforms that figures count.
    pub activities: Vec<Activity>,
    /// Pilots.
    pub pilots: Vec<Pilot>,
    /// Members of pilots.
    pub members: Vec<Member>,
    /// What ministries granted.
    pub designations: Vec<Designation>,
    /// Evaluations.
    pub evaluations: Vec<Evaluation>,
    /// What results are used for.
    pub result_uses: Vec<ResultUse>,
    /// What happened, year by year.
    pub milestones: Vec<Milestone>,
    /// Practice cases.
    pub cases: Vec<PracticeCase>,
}

impl Dataset {
    /// The shipped data set of the article of Zhejiang's Department of Finance (2022).
    ///
    /// # Errors
    /// None as long as the tests of this room pass.
    pub fn article() -> Result<Self, Error> {
        Self::load(ARTICLE_FILE, ARTICLE, &[("article.txt", ARTICLE_TEXT)])
    }

    /// The text of the article that the shipped data set quotes.
    #[must_use]
    pub fn article_text() -> &'static str {
        ARTICLE_TEXT
    }

    /// Reads a data set from TOML; `texts` are the files of its sources by name.
    ///
    /// # Errors
    /// [`Error::Data`] with the file, the entry and the field, for the first thing that is wrong.
    pub fn load(file: &str, text: &str, texts: &[(&str, &str)]) -> Result<Self, Error> {
        if text.len() > FILE_BYTES_MAX {
            return Err(Error::data(file, "file", "bytes", format!("more than {FILE_BYTES_MAX}")));
        }
        let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
            let line = error.span().map_or(1, |span| {
                1 + text.as_bytes()[..span.start.min(text.len())].iter().filter(|byte| **byte == b'\n').count()
            });
            Error::data(file, &format!("line {line}"), "syntax", error.message())
        })?;
        let mut shelf = Shelf::new(file, texts);
        let mut lists = Lists { file, table, left: ENTRIES_MAX };
        let sources = lists.read("source", &mut shelf, read_source)?;
        let figures: Vec<PublishedFigure> = lists.read("figure", &mut shelf, figures::figure)?;
        let wanted = lists.read("wanted", &mut shelf, figures::wanted)?;
        let set = Self {
            sources,
            figures: figures.into_iter().map(|figure| (figure.id.clone(), figure)).collect(),
            wanted: wanted.into_iter().map(|wanted| (wanted.id.clone(), wanted)).collect(),
            claims: lists.read("claim", &mut shelf, figures::claim)?,
            derived: lists.read("derived", &mut shelf, figures::derived)?,
            policies: lists.read("policy", &mut shelf, registers::policy)?,
            frameworks: lists.read("framework", &mut shelf, registers::framework)?,
            mechanisms: lists.read("mechanism", &mut shelf, registers::mechanism)?,
            editions: lists.read("edition", &mut shelf, registers::edition)?,
            activities: lists.read("activity", &mut shelf, registers::activity)?,
            pilots: lists.read("pilot", &mut shelf, registers::pilot)?,
            members: lists.read("member", &mut shelf, registers::member)?,
            designations: lists.read("designation", &mut shelf, registers::designation)?,
            evaluations: lists.read("evaluation", &mut shelf, registers::evaluation)?,
            result_uses: lists.read("result_use", &mut shelf, registers::result_use)?,
            milestones: lists.read("milestone", &mut shelf, registers::milestone)?,
            cases: lists.read("case", &mut shelf, registers::case)?,
        };
        if let Some(kind) = lists.table.keys().next() {
            return Err(Error::data(file, kind, "kind", "is no kind of entry"));
        }
        shelf.check_references()?;
        set.check_claims(file)?;
        Ok(set)
    }

    /// Recomputes a claim.
    ///
    /// # Errors
    /// The claim makes no sense with these figures, such as unlike units.
    pub fn reconcile(&self, claim: &Claim) -> Result<Reconciled, Failure> {
        claim.reconcile(&self.figures, &self.wanted)
    }

    /// The claim of that id.
    #[must_use]
    pub fn claim(&self, id: &str) -> Option<&Claim> {
        self.claims.iter().find(|claim| claim.id == id)
    }

    /// The figure of that id.
    #[must_use]
    pub fn figure(&self, id: &str) -> Option<&PublishedFigure> {
        self.figures.get(&id.parse::<FigureId>().ok()?)
    }

    /// A claim or derived value that makes no sense is a mistake of the file, not of its reader.
    fn check_claims(&self, file: &str) -> Result<(), Error> {
        for claim in &self.claims {
            let wrong = |failure| Error::data(file, &format!("claim {}", claim.id), "formula", failure);
            self.reconcile(claim).map_err(wrong)?;
        }
        for derived in &self.derived {
            let wrong = |failure| Error::data(file, &format!("derived {}", derived.id), "formula", failure);
            derived.tell(&self.figures).map_err(wrong)?;
        }
        Ok(())
    }
}

struct Lists<'a> {
    file: &'a str,
    table: toml::Table,
    left: usize,
}

impl Lists<'_> {
    fn read<T>(
        &mut self,
        kind: &'static str,
        shelf: &mut Shelf<'_>,
        read: impl Fn(&mut Entry<'_, '_>) -> Result<T, Error>,
    ) -> Result<Vec<T>, Error> {
        let entries = match self.table.remove(kind) {
            None => return Ok(Vec::new()),
            Some(toml::Value::Array(entries)) => entries,
            Some(_) => return Err(Error::data(self.file, kind, "kind", format!("must be written [[{kind}]]"))),
        };
        self.left = self
            .left
            .checked_sub(entries.len())
            .ok_or_else(|| Error::data(self.file, kind, "count", format!("more than {ENTRIES_MAX} entries in all")))?;
        let mut found = Vec::with_capacity(entries.len());
        for (index, value) in entries.into_iter().enumerate() {
            let mut entry = Entry::open(shelf, kind, index, value)?;
            let read = read(&mut entry)?;
            entry.close()?;
            found.push(read);
        }
        Ok(found)
    }
}

fn read_source(entry: &mut Entry<'_, '_>) -> Result<SourceDocument, Error> {
    let source = SourceDocument {
        id: entry.id()?,
        title: entry.text("title")?,
        issuer: entry.text("issuer")?,
        file: entry.text("file")?,
        sha256: entry.code("sha256")?,
        note: entry.optional_text("note")?,
    };
    entry.add_source(&source)?;
    Ok(source)
}

/// The ids that an entry may refer to, by kind.
type Known = BTreeMap<&'static str, BTreeSet<String>>;

#[cfg(test)]
mod tests;
