//! Totals of projects and contracts by year, region and kind.
//!
//! `rollup` is a cache of partitions, one a (year, region): every write to a project or contract forgets its partitions
//! in the same transaction, and the next question fills those that are missing. So a total is never stale, and nothing
//! is added up twice. A partition that was forgotten keeps its row in `rollup_partition`, so that a question need not
//! look through the records for what is missing.

pub(crate) mod fill;
pub(crate) mod forget;
pub(crate) mod query;
mod records;
pub(crate) mod verify;

/// What totals are grouped by. Codes as in the tables: years `2021`, regions `330000`, class the id of a 类 or empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dimension {
    /// Fiscal year of the project.
    Year,
    /// The region whose own level buys.
    Region,
    /// That region's level.
    Level,
    /// The 类 of the guidance catalogue.
    Class,
    /// 公共服务 or 履职辅助性服务.
    ServiceKind,
    /// How it was procured.
    Method,
    /// The kind of the provider. Only contracts have one: measures of projects are given under the empty code.
    ProviderKind,
}

/// Which records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Those that stand for something.
    Real,
    /// Made-up ones.
    Synthetic,
    /// Both.
    All,
}

/// Which totals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RollupQuery {
    /// The groups; none for one total.
    pub dimensions: Vec<Dimension>,
    /// Years, inclusive.
    pub years: std::ops::RangeInclusive<i32>,
    /// Ranges `[from, to)` of region codes; all regions when empty.
    pub regions: Vec<(String, String)>,
    /// Ranges of region codes that are left out (不含宁波).
    pub without_regions: Vec<(String, String)>,
    /// Only groups with one of these codes in a dimension.
    pub only: Vec<(Dimension, Vec<String>)>,
    /// Which records.
    pub origin: Origin,
}

/// Totals of one group. Money in fen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// The codes of the dimensions asked for, in their order.
    pub codes: Vec<String>,
    /// Projects.
    pub project_count: i64,
    /// Projects whose settlement is recorded.
    pub settled_project_count: i64,
    /// Budgets of projects.
    pub budget_fen: i64,
    /// Settlements of projects.
    pub settlement_fen: i64,
    /// Contracts; one of several provider kinds counts under that of its first provider.
    pub contract_count: i64,
    /// Contract amounts with their supplements; split by the providers' shares.
    pub contract_fen: i64,
    /// Payments, split likewise.
    pub paid_fen: i64,
}

/// A partition whose kept totals are not those of the records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RollupFault {
    /// The year.
    pub year: i32,
    /// The region.
    pub region: String,
    /// What differs, one line.
    pub detail: String,
}
