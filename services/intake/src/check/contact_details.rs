//! contact-details (征稿启事 二 3: 附联系方式): a phone, or a mail address that is written in the mail; the bare From is
//! none. The campaign's own phones and mailbox do not count.

use super::{Case, Told, contact_missing, listed};
use crate::{campaign::Campaign, finding::Outcome};

pub(super) fn check(case: &Case<'_>, campaign: &Campaign) -> Told {
    let digits = |phone: &str| phone.chars().filter(char::is_ascii_digit).collect::<String>();
    let own_phone = |phone: &str| {
        let phone = digits(phone);
        campaign.contacts.iter().map(|contact| digits(&contact.phone)).any(|own| {
            // 88227050 without its area code is the same phone.
            !own.is_empty() && (own == phone || (phone.len() >= 7 && own.ends_with(&phone)))
        })
    };
    let own_address = |address: &str| address.eq_ignore_ascii_case(&campaign.mailbox);
    let phones = case.contact.phones.iter().filter(|found| !own_phone(&found.value));
    let details: Vec<_> =
        phones.chain(case.contact.addresses.iter().filter(|found| !own_address(&found.value))).collect();
    let limit = "a phone or a mail address";
    if details.is_empty() {
        return contact_missing(case.letter, limit, ("联系方式（电话或邮箱）", "phone or mail address"));
    }
    let listed = listed(&details);
    Told::new(Outcome::Passed, &listed, limit)
        .because_found(details.iter().take(3).copied())
        .say(format!("联系方式：{listed}。"), format!("Contact details: {listed}."))
}
