//! 征稿: the calls for manuscripts, each with its days, rules and ways of reviewing; opening, changing and copying one.

mod form;
mod letters;
mod rules;
mod trial;

use axum::{
    Router,
    extract::{Path, Query},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use maud::{Markup, html};
use proto::intake::v1::{
    Campaign, CreateCampaignRequest, GetCampaignRequest, ListCampaignsRequest, ListCampaignsResponse,
    ListMailboxesRequest, ReviewRole, UpdateCampaignRequest,
};
use tonic::Status;

use crate::{
    Desk,
    fault::Fault,
    html::{Here, Page, Tone, day, filled, hidden, id_of, pager, told, url, wrong},
    posted::{Fields, Posted},
    visit::Visit,
};

/// The least role that changes campaigns; below it nothing is offered.
const CHANGES: ReviewRole = ReviewRole::ChiefEditor;

/// The routes of this file and its neighbours.
pub fn routes() -> Router<Desk> {
    Router::new()
        .route("/campaigns", get(list))
        .route("/campaigns/new", get(new).post(create))
        .route("/campaigns/{id}", get(show))
        .route("/campaigns/{id}/edit", get(edit).post(update))
        .merge(trial::routes())
        .merge(letters::routes())
}

async fn get_campaign(visit: &Visit, id: &str) -> Result<Campaign, Status> {
    let asked = GetCampaignRequest { name: format!("campaigns/{id}") };
    Ok(visit.api.campaigns().get_campaign(asked).await?.into_inner())
}

async fn list(visit: Visit, Query(query): Query<Vec<(String, String)>>) -> Response {
    let query = Fields(query);
    let asked = ListCampaignsRequest { page_token: query.one("page").to_owned(), page_size: 0 };
    match visit.api.campaigns().list_campaigns(asked).await {
        Ok(answer) => {
            let body = list_body(&visit, query.one("page"), &answer.into_inner());
            Page::new(&visit, Here::Campaigns, visit.say("征稿", "Campaigns")).show(&body)
        }
        Err(status) => Fault::from(status).to(&visit),
    }
}

fn list_body(visit: &Visit, page: &str, answer: &ListCampaignsResponse) -> Markup {
    let next = (!answer.next_page_token.is_empty()).then(|| url("/campaigns", &[("page", &answer.next_page_token)]));
    html! {
        @if visit.may(CHANGES) { p { a.button href="/campaigns/new" { (visit.say("新建征稿", "Open a campaign")) } } }
        @if answer.campaigns.is_empty() { p { (visit.say("还没有征稿。", "There is no campaign yet.")) } }
        @else { div.scroll tabindex="0" role="group" aria-label=(visit.say("征稿", "Campaigns")) { table {
            thead { tr {
                th scope="col" { (visit.say("主题", "Theme")) }
                th scope="col" { (visit.say("标记", "Tag")) }
                th scope="col" { (visit.say("开始（含）", "First day")) }
                th scope="col" { (visit.say("截止（含，北京时间）", "Last day (inclusive, Beijing)")) }
                th scope="col" { (visit.say("邮箱", "Mailbox")) }
                th scope="col" { (visit.say("规则", "Rules")) }
            } }
            tbody { @for campaign in &answer.campaigns { tr data-row {
                th scope="row" { a href={ "/campaigns/" (id_of(&campaign.name)) } { (campaign.theme) } }
                td { (campaign.tag) }
                td { (day(campaign.opens_day.as_ref())) }
                td { (day(campaign.deadline_day.as_ref())) }
                td { (campaign.mailbox) }
                td { (campaign.rules.len()) }
            } } }
        } } }
        (pager(visit, (!page.is_empty()).then_some("/campaigns"), next.as_deref()))
    }
}

async fn show(visit: Visit, Path(id): Path<String>, Query(query): Query<Vec<(String, String)>>) -> Response {
    let campaign = match get_campaign(&visit, &id).await {
        Ok(campaign) => campaign,
        Err(status) => return Fault::from(status).to(&visit),
    };
    let page = Page::new(&visit, Here::Campaigns, campaign.theme.as_str());
    let body = one(&visit, &campaign);
    match Fields(query).one("done") {
        "create" => page.saying(Tone::Good, visit.say("征稿已建立。", "The campaign was opened.")).show(&body),
        "update" => {
            let said = visit
                .say("已保存，此后登记的来信按新的内容处理。", "Saved: mail recorded from now on is handled by it.");
            page.saying(Tone::Good, said).show(&body)
        }
        _ => page.show(&body),
    }
}

/// How long what was not adopted is kept, in words.
fn kept_for(visit: &Visit, days: u32) -> String {
    match (visit.language(), days) {
        (crate::Language::Zh, 0) => "一直保留".to_owned(),
        (crate::Language::Zh, _) => format!("未采用的稿件在截止后保存 {days} 天，到期删除全部内容"),
        (crate::Language::En, 0) => "All is kept".to_owned(),
        (crate::Language::En, _) => {
            format!("Manuscripts not adopted are kept {days} days after the deadline, then all of them is erased")
        }
    }
}

fn one(visit: &Visit, campaign: &Campaign) -> Markup {
    let id = id_of(&campaign.name);
    html! {
        p.line {
            a href={ "/submissions?campaign=" (id) } { (visit.say("来稿", "Submissions")) }
            a href={ "/outbox?campaign=" (id) } { (visit.say("发件箱", "Outbox")) }
            a href={ "/campaigns/" (id) "/letters" } { (visit.say("信件模板", "Letters")) }
            @if visit.may(CHANGES) {
                a.button href={ "/campaigns/" (id) "/edit" } { (visit.say("修改、试规则", "Change it, try its rules")) }
                a.button.quiet href={ "/campaigns/new?from=" (id) } { (visit.say("复制为新征稿", "Copy it into a new one")) }
            }
        }
        dl.facts {
            dt { (visit.say("征稿标记", "Tag")) } dd { (campaign.tag) }
            dt { (visit.say("征稿邮箱", "Mailbox")) } dd { (campaign.mailbox) }
            dt { (visit.say("起止日期", "Days")) }
            dd { (day(campaign.opens_day.as_ref())) (visit.say(" 至 ", " to ")) (day(campaign.deadline_day.as_ref())) " "
                span.detail { (visit.say("北京时间，首尾两日都算在内；截止日次日零点起收到的为逾期", "Beijing, both days inclusive; what is received from the midnight that ends the last day is late")) } }
            dt { (visit.say("刊发渠道", "Channels")) } dd { (filled(&campaign.channels.join(visit.say("、", ", ")))) }
            dt { (visit.say("联系人", "Contacts")) }
            dd { @if campaign.contacts.is_empty() { (filled("")) }
                @for contact in &campaign.contacts { div { (contact.name) " " (contact.phone) } } }
            dt { (visit.say("保存期限", "Kept for")) } dd { (kept_for(visit, campaign.retention_days)) }
            dt { (visit.say("第几次修改后", "Revision")) } dd { (campaign.revision) }
        }
        section aria-labelledby="categories" {
            h2 #categories { (visit.say("征稿内容", "Categories")) }
            @if campaign.categories.is_empty() { p { (visit.say("没有分类。", "There are none.")) } }
            @else { ol { @for category in &campaign.categories { li { (category) } } } }
        }
        // The table below bears this name as a region of its own.
        section {
            h2 #rules { (visit.say("规则", "Rules")) }
            (rules::table(visit, &campaign.rules, &campaign.categories))
        }
        @if let Some(review) = &campaign.review {
            section aria-labelledby="review" {
                h2 #review { (visit.say("审稿", "Review")) }
                (form::review_words(visit, review))
            }
        }
    }
}

/// The addresses of the mailboxes, to choose from; none when they cannot be asked for.
async fn addresses(visit: &Visit) -> Vec<String> {
    let answer = visit.api.mailboxes().list_mailboxes(ListMailboxesRequest {}).await;
    let mut addresses: Vec<String> = answer
        .map(|answer| answer.into_inner().mailboxes.into_iter().map(|mailbox| mailbox.address).collect())
        .unwrap_or_default();
    addresses.sort();
    addresses.dedup();
    addresses
}

async fn new(visit: Visit, Query(query): Query<Vec<(String, String)>>) -> Response {
    let query = Fields(query);
    let from = match query.one("from") {
        "" => form::blank(),
        id => match get_campaign(&visit, id).await {
            Ok(campaign) => campaign,
            Err(status) => return Fault::from(status).to(&visit),
        },
    };
    new_page(&visit, &form::fields(&from), query.one("from"), None).await
}

async fn new_page(visit: &Visit, typed: &Fields, from: &str, fault: Option<&Fault>) -> Response {
    let addresses = addresses(visit).await;
    let read = form::read(typed).ok();
    let body = html! {
        (wrong(visit, fault, &|field| form::input(visit, field, read.as_ref())))
        form method="post" action="/campaigns/new" {
            (hidden(visit))
            input type="hidden" name="from" value=(from);
            (form::show(visit, typed, &addresses))
            p { button data-save { (visit.say("建立征稿", "Open the campaign")) } }
        }
    };
    told(fault, Page::new(visit, Here::Campaigns, visit.say("新建征稿", "Open a campaign")).show(&body))
}

async fn create(posted: Posted) -> Response {
    let visit = &posted.visit;
    let made = async {
        let mut campaign = form::read(posted.fields()).map_err(Fault::of_fields)?;
        let from = posted.one("from");
        if !from.is_empty() {
            campaign.templates = get_campaign(visit, from).await.map_err(Fault::from)?.templates;
        }
        let asked = CreateCampaignRequest { campaign: Some(campaign), validate_only: false };
        visit.api.campaigns().create_campaign(asked).await.map_err(Fault::from)
    };
    match made.await {
        Ok(made) => {
            let made = made.into_inner();
            Redirect::to(&format!("/campaigns/{}?done=create", id_of(&made.name))).into_response()
        }
        Err(fault) => new_page(visit, posted.fields(), posted.one("from"), Some(&fault)).await,
    }
}

async fn edit(visit: Visit, Path(id): Path<String>) -> Response {
    match get_campaign(&visit, &id).await {
        Ok(campaign) => edit_page(&visit, &id, &form::fields(&campaign), None, None).await,
        Err(status) => Fault::from(status).to(&visit),
    }
}

/// The form; with what a trial found, or what was wrong.
async fn edit_page(visit: &Visit, id: &str, typed: &Fields, found: Option<&Markup>, fault: Option<&Fault>) -> Response {
    let addresses = addresses(visit).await;
    let read = form::read(typed).ok();
    let body = html! {
        (wrong(visit, fault, &|field| form::input(visit, field, read.as_ref())))
        @if let Some(found) = found { (found) }
        form method="post" action={ "/campaigns/" (id) "/edit" } {
            (hidden(visit))
            (form::show(visit, typed, &addresses))
            p.line {
                button data-save { (visit.say("保存", "Save")) }
                button.quiet formaction={ "/campaigns/" (id) "/trial" } { (visit.say("先在往来信上试", "Try it on past mail first")) }
                a href={ "/campaigns/" (id) } { (visit.say("不保存，返回", "Back without saving")) }
            }
        }
    };
    told(fault, Page::new(visit, Here::Campaigns, visit.say("修改征稿", "Change the campaign")).show(&body))
}

async fn update(Path(id): Path<String>, posted: Posted) -> Response {
    let visit = &posted.visit;
    let made = async {
        let campaign = form::read(posted.fields()).map_err(Fault::of_fields)?;
        let campaign = Campaign { name: format!("campaigns/{id}"), ..campaign };
        let update_mask = Some(prost_types::FieldMask { paths: form::MASK.map(str::to_owned).into() });
        let asked = UpdateCampaignRequest { campaign: Some(campaign), update_mask, validate_only: false };
        visit.api.campaigns().update_campaign(asked).await.map_err(Fault::from)
    };
    match made.await {
        Ok(_) => Redirect::to(&format!("/campaigns/{id}?done=update")).into_response(),
        Err(fault) => edit_page(visit, &id, posted.fields(), None, Some(&fault)).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Language, visit::tests::visit_of};

    #[test]
    fn a_campaign_says_that_its_days_are_inclusive_and_offers_changes_to_who_may() {
        let campaign = Campaign { name: "campaigns/c1".into(), ..form::tests::campaign() };
        let chief = visit_of(ReviewRole::ChiefEditor, Language::Zh);
        let shown = one(&chief, &campaign).into_string();
        for expected in [
            "2023-03-31</time>",
            "首尾两日都算在内",
            "张小莉 010-88227050",
            "主编及以上可决定退稿",
            "30 分钟内撤回",
            "一直保留",
            "href=\"/campaigns/c1/edit\"",
            "href=\"/campaigns/new?from=c1\"",
        ] {
            assert!(shown.contains(expected), "{expected}\n{shown}");
        }
        let kept = Campaign { retention_days: 90, ..campaign.clone() };
        assert!(one(&chief, &kept).into_string().contains("在截止后保存 90 天"));
        let editor = visit_of(ReviewRole::Editor, Language::Zh);
        assert!(!one(&editor, &campaign).into_string().contains("/edit"));
        let answer = ListCampaignsResponse { campaigns: vec![campaign], next_page_token: "T".into() };
        let shown = list_body(&chief, "", &answer).into_string();
        assert!(shown.contains("href=\"/campaigns?page=T\"") && shown.contains("href=\"/campaigns/new\""));
    }
}
