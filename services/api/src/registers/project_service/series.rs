//! A service over the years: how its money changed from one to the next (“根据服务提供情况动态调整招标价格”).

use std::collections::BTreeMap;

use num_rational::BigRational;
use procurement::{
    money::Fen,
    rational::{self, Rounding},
};
use proto::procurement::v1::{self, ProjectSeries, SeriesBasis, SeriesChange, SeriesEntry};

/// Lays out a series. Entries come by year; with no basis asked for, the first that every entry has is taken.
///
/// # Errors
/// Sums that leave 64 bits.
pub fn series(name: &str, entries: Vec<SeriesEntry>, asked: SeriesBasis) -> Result<ProjectSeries, procurement::Error> {
    let candidates = match asked {
        SeriesBasis::Unspecified => vec![SeriesBasis::Settlement, SeriesBasis::Contract, SeriesBasis::Budget],
        basis => vec![basis],
    };
    let has_all = |basis: &SeriesBasis| !entries.is_empty() && entries.iter().all(|of| amount(of, *basis).is_some());
    let basis = candidates.into_iter().find(has_all).unwrap_or(SeriesBasis::Unspecified);
    let mut by_year: BTreeMap<i32, Vec<Fen>> = BTreeMap::new();
    for entry in &entries {
        let year = entry.project.as_ref().map_or(0, |project| project.year);
        if let Some(amount) = amount(entry, basis) {
            by_year.entry(year).or_default().push(amount);
        }
    }
    let years = by_year.into_iter().map(|(year, amounts)| Ok((year, Fen::sum(amounts)?)));
    let years: Vec<(i32, Fen)> = years.collect::<Result<_, procurement::Error>>()?;
    let changes = years.windows(2).map(|pair| change(pair[0], pair[1])).collect::<Result<Vec<_>, _>>()?;
    let whole = match years[..] {
        [first, .., last] => Some(change(first, last)?),
        _ => None,
    };
    Ok(ProjectSeries { series: name.to_owned(), entries, basis: basis.into(), changes, whole })
}

fn amount(entry: &SeriesEntry, basis: SeriesBasis) -> Option<Fen> {
    let project: &v1::Project = entry.project.as_ref()?;
    match basis {
        SeriesBasis::Unspecified => None,
        SeriesBasis::Settlement => project.settlement_fen,
        SeriesBasis::Contract => entry.contract_fen,
        SeriesBasis::Budget => project.budget_fen,
    }
    .map(Fen::new)
}

fn change((from_year, from): (i32, Fen), (to_year, to): (i32, Fen)) -> Result<SeriesChange, procurement::Error> {
    let delta = to.minus(from)?;
    let (ratio, percent) = if from == Fen::ZERO {
        (String::new(), String::new())
    } else {
        let hundredfold = BigRational::new((i128::from(delta.get()) * 100).into(), from.get().into());
        let ratio = BigRational::new(to.get().into(), from.get().into());
        (ratio.to_string(), rational::decimal(&hundredfold, 2, Rounding::Nearest))
    };
    let told = if percent.is_empty() { String::new() } else { format!(", 变动{percent}%") };
    Ok(SeriesChange {
        from_year,
        to_year,
        from_fen: from.get(),
        to_fen: to.get(),
        delta_fen: delta.get(),
        ratio,
        percent,
        sentence: format!("{from_year}年{}, {to_year}年{}{told}。", from.usual(), to.usual()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(year: i32, settlement: Option<i64>, contract: Option<i64>, budget: Option<i64>) -> SeriesEntry {
        let wan = |amount: Option<i64>| amount.map(|wan| wan * 1_000_000);
        let project =
            v1::Project { year, settlement_fen: wan(settlement), budget_fen: wan(budget), ..v1::Project::default() };
        SeriesEntry { project: Some(project), contract_fen: wan(contract) }
    }

    #[test]
    fn chunan_fell_from_995_to_399() {
        let entries = vec![entry(2016, Some(995), None, None), entry(2019, Some(399), None, None)];
        let told = series("chunan", entries, SeriesBasis::Unspecified).unwrap();
        let whole = told.whole.unwrap();
        assert_eq!((whole.ratio.as_str(), whole.percent.as_str()), ("399/995", "-59.90"));
        assert_eq!(whole.sentence, "2016年995万元, 2019年399万元, 变动-59.90%。");
        assert_eq!((told.basis, told.changes.len()), (SeriesBasis::Settlement.into(), 1));
    }

    #[test]
    fn the_basis_is_the_first_that_every_year_has_unless_one_is_asked_for() {
        let entries = || {
            vec![
                entry(2019, None, Some(90), Some(100)),
                entry(2020, Some(80), Some(85), None),
                entry(2020, None, Some(5), None),
            ]
        };
        for (asked, basis, percent) in [
            (SeriesBasis::Unspecified, SeriesBasis::Contract, Some("0.00")),
            (SeriesBasis::Contract, SeriesBasis::Contract, Some("0.00")),
            (SeriesBasis::Settlement, SeriesBasis::Unspecified, None),
            (SeriesBasis::Budget, SeriesBasis::Unspecified, None),
        ] {
            let told = series("s", entries(), asked).unwrap();
            assert_eq!(told.basis, i32::from(basis), "{asked:?}");
            assert_eq!(told.whole.map(|whole| whole.percent).as_deref(), percent, "{asked:?}");
        }
    }

    #[test]
    fn from_nothing_there_is_no_percent_and_one_year_has_no_change() {
        let told = series(
            "s",
            vec![entry(2019, Some(0), None, None), entry(2020, Some(1), None, None)],
            SeriesBasis::Unspecified,
        );
        let change = told.unwrap().changes.remove(0);
        assert_eq!((change.percent.as_str(), change.ratio.as_str(), change.delta_fen), ("", "", 1_000_000));
        let told = series("s", vec![entry(2019, Some(1), None, None)], SeriesBasis::Unspecified).unwrap();
        assert!(told.changes.is_empty() && told.whole.is_none());
    }
}
