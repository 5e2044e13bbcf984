//! contact-organisation (征稿启事 二 3: 附单位).

use super::{Case, Told, contact_missing, listed};
use crate::finding::Outcome;

pub(super) fn check(case: &Case<'_>) -> Told {
    let organisations: Vec<_> = case.contact.organisations.iter().collect();
    if organisations.is_empty() {
        return contact_missing(case.letter, "an organisation", ("工作单位", "organisation"));
    }
    let listed = listed(&organisations);
    Told::new(Outcome::Passed, &listed, "an organisation")
        .because_found(organisations.iter().take(3).copied())
        .say(format!("工作单位：{listed}。"), format!("Organisation: {listed}."))
}
