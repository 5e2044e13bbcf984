//! contact-name (征稿启事 二 3: 附作者或联系人姓名). The campaign's own contacts, from a quoted call, are nobody's authors.

use super::{Case, Told, contact_missing, listed};
use crate::{campaign::Campaign, finding::Outcome};

pub(super) fn check(case: &Case<'_>, campaign: &Campaign) -> Told {
    let own = |name: &str| campaign.contacts.iter().any(|contact| contact.name == name);
    let names: Vec<_> = case.contact.names.iter().filter(|found| !own(&found.value)).collect();
    if names.is_empty() {
        return contact_missing(case.letter, "a name", ("作者或联系人姓名", "name of an author or contact"));
    }
    let listed = listed(&names);
    Told::new(Outcome::Passed, &listed, "a name")
        .because_found(names.iter().take(3).copied())
        .say(format!("作者或联系人：{listed}。"), format!("Author or contact: {listed}."))
}
