//! 基本情况: who sent it, when, and how it came.

use maud::{Markup, html};
use proto::intake::v1::{Campaign, Class, Contact, Found, Review, ReviewRole, Submission};

use super::Asked;
use crate::{
    html::{filled, hidden, moment, sentence, url},
    pages::unreachable::flag_with_form,
    people::Editors,
    visit::Visit,
    words,
};

/// Values of one kind that are shown; further ones are in the mail.
const VALUES: usize = 5;

/// What the facts need.
pub struct Around<'a> {
    /// Who looks.
    pub visit: &'a Visit,
    /// At which page.
    pub asked: &'a Asked,
    /// The submission, its contact masked as the services mask it.
    pub submission: &'a Submission,
    /// The contact whole, where the person has just asked for it.
    pub revealed: Option<&'a Contact>,
    /// None for a mail that is not reviewed.
    pub review: Option<&'a Review>,
    /// None for a mail that no campaign wants.
    pub campaign: Option<&'a Campaign>,
    /// What editors are called.
    pub editors: &'a Editors,
}

/// The facts.
pub fn facts(around: &Around<'_>) -> Markup {
    let Around { visit, submission, revealed, review, campaign, editors, .. } = around;
    let language = visit.language();
    let masked = submission.contact.clone().unwrap_or_default();
    let contact = revealed.unwrap_or(&masked);
    let has_masked = contact.phones.iter().chain(&contact.addresses).any(|found| found.value.contains('*'));
    let from = submission.from.clone().unwrap_or_default();
    html! {
        section aria-labelledby="facts" {
            h2 #facts { (visit.say("基本情况", "Facts")) }
            dl.facts {
                @if let Some(review) = review {
                    dt { (visit.say("责任编辑", "Editor")) } dd { (filled(editors.called(&review.editor))) }
                }
                dt { (visit.say("作者", "Author")) } dd { (found(visit, &contact.names)) }
                dt { (visit.say("工作单位", "Organisation")) } dd { (found(visit, &contact.organisations)) }
                dt { (visit.say("电话", "Phone")) } dd { (found(visit, &contact.phones)) }
                dt { (visit.say("邮箱", "Mail address")) } dd { (found(visit, &contact.addresses)) }
                @if has_masked && visit.may(ReviewRole::Editor) {
                    dt { span.unseen { (visit.say("联系方式", "Contact")) } }
                    dd { form method="post" action=(url(&format!("/{}/contact", submission.name), &[("list", &around.asked.listing.query()), ("tab", around.asked.tab)])) {
                        (hidden(visit))
                        button.quiet { (visit.say("显示联系方式", "Show the contact")) }
                        br; small { (visit.say("每次显示都会留痕。", "Each time is recorded.")) } } }
                }
                dt { (visit.say("发件人", "Sender")) }
                dd { bdi { (from.display_name) } " " bdi { (from.address) } }
                @if !submission.unreachable.is_empty() {
                    dt { (visit.say("送达", "Delivery")) }
                    dd { @for unreachable in &submission.unreachable {
                        div { (flag_with_form(visit, unreachable, &around.asked.url(&submission.name, &[("tab", around.asked.tab)]))) } } }
                }
                dt { (visit.say("收到", "Received")) }
                dd { (moment(submission.received_time.as_ref()))
                    @if !submission.received_basis.is_empty() {
                        br; small { (visit.say("依据：", "by ")) (words::received_basis(&submission.received_basis, language)) } } }
                @if let Some(campaign) = campaign {
                    dt { (visit.say("征稿", "Campaign")) } dd { (campaign.theme) }
                }
                dt { (visit.say("来信类别", "Class")) }
                dd { (words::class(submission.class(), language))
                    @if submission.class() == Class::Correction || review.is_none() {
                        br; small { (sentence(submission.class_reason.as_ref(), language)) } } }
                @if let Some(review) = review {
                    @for placement in &review.placements {
                        dt { (placement.channel) }
                        dd { (filled(&placement.slot))
                            @if placement.publish_time.is_some() { " " (visit.say("刊发于 ", "published ")) (moment(placement.publish_time.as_ref())) } }
                    }
                }
            }
        }
    }
}

fn found(visit: &Visit, values: &[Found]) -> Markup {
    html! {
        @if values.is_empty() { span.nothing { (visit.say("未找到", "not found")) } }
        @for (index, value) in values.iter().take(VALUES).enumerate() {
            @if index > 0 { br; }
            bdi { (value.value) }
            @if !value.place.is_empty() { " " small { (place(visit, &value.place)) } }
        }
    }
}

/// A place as the intake names it: `subject`, `body`, `part 2 “稿件.docx”`.
pub fn place(visit: &Visit, place: &str) -> String {
    let said = match place {
        "subject" => visit.say("主题", "subject"),
        "body" => visit.say("正文", "body"),
        "received" => visit.say("收信时间", "receipt"),
        "from" => visit.say("发件人", "sender"),
        "date" => visit.say("发件时间", "date of the sender"),
        other => other,
    };
    match (said.strip_prefix("part "), said.strip_prefix("cloud file ")) {
        (Some(rest), _) => format!("{} {rest}", visit.say("附件", "part")),
        (_, Some(rest)) => format!("{}{rest}", visit.say("云附件", "cloud file ")),
        _ => said.to_owned(),
    }
}
