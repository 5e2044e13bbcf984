//! What of our records measures what a published figure measures: one table.

use num_rational::BigRational;
use procurement::{
    figure::{Basis, PublishedFigure},
    party::ProviderKind,
    rational::fraction,
    unit::Unit,
};
use store::rollup::{Dimension, Totals};

/// One number of a total.
pub type Part = fn(&Totals) -> i64;

/// Which codes of a dimension.
pub type Only = Option<(Dimension, fn() -> Vec<String>)>;

/// Where the number comes from.
#[derive(Clone, Copy)]
pub enum Taken {
    /// A count of the roll-up.
    Count(Part, Only),
    /// Money of the roll-up.
    Money(Part),
    /// A count over the same count of everything.
    Share(Part, Only),
    /// Recorded lines of the region's catalogue of the year.
    Lines(fn(&proto::procurement::v1::EditionCounts) -> i32),
}

/// A line of the table.
pub struct Measure {
    /// The metric of the figures that it measures.
    pub metric: &'static str,
    /// Its name on the wire.
    pub code: &'static str,
    /// What it counts by.
    pub basis: Basis,
    /// Where it comes from.
    pub taken: Taken,
    /// How the figure is read, in Chinese.
    pub chinese: &'static str,
    /// The same in English.
    pub english: &'static str,
}

impl Measure {
    /// What it is in: base units.
    #[must_use]
    pub fn unit(&self) -> Unit {
        match self.taken {
            Taken::Count(..) | Taken::Lines(_) => Unit::Thing,
            Taken::Money(_) => Unit::Yuan,
            Taken::Share(..) => Unit::Percent,
        }
    }
}

fn public() -> Vec<String> {
    vec![procurement::catalogue::ServiceKind::Public.code().to_owned()]
}

fn enterprises_and_institutions() -> Vec<String> {
    let kinds = ProviderKind::ALL.iter().filter(|kind| kind.is_enterprise_or_social_institution());
    kinds.map(|kind| kind.code().to_owned()).collect()
}

const PUBLIC: Only = Some((Dimension::ServiceKind, public));
const ENTERPRISES: Only = Some((Dimension::ProviderKind, enterprises_and_institutions));

/// The table. Where several lines have one metric (money on several bases), the figure's basis chooses.
pub const MEASURES: &[Measure] = &[
    line(
        "project_count",
        "project_count",
        Basis::Implementation,
        Taken::Count(|totals| totals.project_count, None),
        "",
        "",
    ),
    line(
        "public_service_project_count",
        "project_count",
        Basis::Implementation,
        Taken::Count(|totals| totals.project_count, PUBLIC),
        "",
        "",
    ),
    line(
        "contract_count",
        "contract_count",
        Basis::Contract,
        Taken::Count(|totals| totals.contract_count, None),
        "",
        "",
    ),
    line("budget_amount", "budget_fen", Basis::Budget, Taken::Money(|totals| totals.budget_fen), "", ""),
    line("contract_amount", "contract_fen", Basis::Contract, Taken::Money(|totals| totals.contract_fen), "", ""),
    line(
        "settlement_amount",
        "settlement_fen",
        Basis::Settlement,
        Taken::Money(|totals| totals.settlement_fen),
        "",
        "",
    ),
    line("payment_amount", "paid_fen", Basis::Payment, Taken::Money(|totals| totals.paid_fen), "", ""),
    line("purchase_amount", "budget_fen", Basis::Budget, Taken::Money(|totals| totals.budget_fen), "", ""),
    line("purchase_amount", "contract_fen", Basis::Contract, Taken::Money(|totals| totals.contract_fen), "", ""),
    line("purchase_amount", "settlement_fen", Basis::Settlement, Taken::Money(|totals| totals.settlement_fen), "", ""),
    line("purchase_amount", "paid_fen", Basis::Payment, Taken::Money(|totals| totals.paid_fen), "", ""),
    line(
        "public_service_project_share",
        "project_count",
        Basis::Implementation,
        Taken::Share(|totals| totals.project_count, PUBLIC),
        "按项目个数：公共服务项目占全部项目；来源未说明基数",
        "by number of projects: public services among all projects; the source leaves the base open",
    ),
    line(
        "enterprise_and_institution_share",
        "contract_count",
        Basis::Contract,
        Taken::Share(|totals| totals.contract_count, ENTERPRISES),
        "按合同个数：企业及社会机构承接的合同占全部合同；来源未说明基数",
        "by number of contracts: those of enterprises and social institutions among all; the source leaves the base open",
    ),
    line("catalogue_categories", "categories", Basis::Count, Taken::Lines(|counts| counts.categories), "", ""),
    line("catalogue_sections", "sections", Basis::Count, Taken::Lines(|counts| counts.sections), "", ""),
    line("catalogue_items", "items", Basis::Count, Taken::Lines(|counts| counts.items), "", ""),
];

const fn line(
    metric: &'static str,
    code: &'static str,
    basis: Basis,
    taken: Taken,
    chinese: &'static str,
    english: &'static str,
) -> Measure {
    Measure { metric, code, basis, taken, chinese, english }
}

/// The line that measures what a figure measures.
#[must_use]
pub fn of(figure: &PublishedFigure) -> Option<&'static Measure> {
    let lines = || MEASURES.iter().filter(|line| line.metric == figure.metric);
    lines().find(|line| line.basis == figure.basis).or_else(|| lines().next())
}

/// Money of fen in base units: yuan.
#[must_use]
pub fn yuan(fen: i64) -> BigRational {
    fraction(fen, 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_basis_chooses_among_lines_of_one_metric() {
        let article = procurement::dataset::Dataset::article().unwrap();
        let mut figure = article.figure("F09").unwrap().clone();
        assert_eq!(of(&figure).unwrap().code, "settlement_fen");
        figure.metric = "purchase_amount".to_owned();
        assert_eq!(of(&figure).unwrap().code, "settlement_fen");
        figure.basis = Basis::Budget;
        assert_eq!(of(&figure).unwrap().code, "budget_fen");
        figure.metric = "elderly_served".to_owned();
        assert!(of(&figure).is_none());
    }

    #[test]
    fn each_line_measures_the_unit_of_the_figures_that_the_article_has_for_it() {
        let article = procurement::dataset::Dataset::article().unwrap();
        let measured = article.figures.values().filter_map(|figure| Some((figure, of(figure)?)));
        let mut seen = 0;
        for (figure, line) in measured {
            assert_eq!(figure.quantity.unit().dimension(), line.unit().dimension(), "{}", figure.id);
            seen += 1;
        }
        assert_eq!(seen, 12, "F09, F10, F12, F13, F15a-c, F16a-c, F23, F28");
    }
}
