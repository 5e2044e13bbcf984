//! Reconciling (核对): a source's own claims against its own figures, and published figures against our records.
//! A verdict is computed each time and never stored as published; no figure is ever “fixed”.

pub mod claim;
pub mod records;
mod wording;

pub use claim::{Claim, Denominator, Reading, Reconciled, Relation, Undetermined, Verdict, Wanted};
pub use records::{Comparison, Mismatch, Records, RecordsVerdict};

use crate::{
    figure::ComputedFigure,
    formula::{Figures, Formula, Language},
};

/// Writes a computed value with its arithmetic and its caveats as a sentence: `名:F15a(6类) ÷ F16a(2类) = 3倍。`.
#[must_use]
pub fn tell(name: &str, formula: &Formula, value: &ComputedFigure, figures: &Figures, language: Language) -> String {
    let telling = wording::Telling::usual(formula, value, figures);
    let places = telling.places(&wording::ends(&value.interval, value.central.as_ref()), None);
    let (arithmetic, number) = (formula.spelled(figures, language), telling.value(value, places, language));
    let caveats = value.caveats.iter();
    match language {
        Language::Chinese => {
            let caveats: String = caveats.map(|caveat| format!("注意：{}。", caveat.chinese())).collect();
            format!("{name}：{arithmetic} {number}。{caveats}")
        }
        Language::English => {
            let caveats: String = caveats.map(|caveat| format!(" Caveat: {}.", caveat.english())).collect();
            format!("{name}: {arithmetic} {number}.{caveats}")
        }
    }
}
