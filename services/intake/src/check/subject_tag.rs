//! subject-tag (征稿启事 二 3: 邮件主题请注明“主题征稿”).

use super::{Case, Told};
use crate::{campaign::Campaign, finding::Outcome, tag, wording};

pub(super) fn check(case: &Case<'_>, campaign: &Campaign) -> Told {
    let (subject, tag) = (&case.letter.headers.subject, &campaign.tag);
    let quoted = wording::quoted(subject);
    if tag::holds(subject, tag) {
        Told::new(Outcome::Passed, tag, format!("holds “{tag}”"))
            .say(format!("邮件主题含“{tag}”。"), format!("The subject holds “{tag}”."))
    } else if subject.trim().is_empty() {
        Told::new(Outcome::Failed, "no subject", format!("holds “{tag}”")).say(
            format!("邮件没有写主题，将由编辑确认是否为本次征稿的来稿；今后来稿请在主题中注明“{tag}”。"),
            format!("The mail has no subject, so an editor will decide whether it is for this call: please write “{tag}” in the subject of further mails."),
        )
    } else {
        Told::new(Outcome::Failed, "no tag", format!("holds “{tag}”")).say(
            format!("邮件主题“{quoted}”没有注明“{tag}”，将由编辑确认是否为本次征稿的来稿；今后来稿请在主题中注明。"),
            format!("The subject “{quoted}” does not hold “{tag}”, so an editor will decide whether it is for this call: please write it in the subject of further mails."),
        )
    }
    .because("subject", subject)
}
