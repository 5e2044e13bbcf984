//! Reviewed data sets and made-up registers as entries of the registers.
//!
//! A file here holds the functions of one service, one a register: from a data set to the resources it gives with their
//! ids, `pub(super) fn figures(set: &Dataset) -> Vec<(String, v1::Figure)>`. The ids are those of the data set.

pub mod catalogue;

use procurement::figure::Source;
use proto::procurement::v1::Provenance;

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
