//! 来稿: the list of manuscripts, filtered, ordered, page by page, and with one step for many.

mod assign;
mod filters;
mod table;
mod tag;
mod views;

use axum::{
    Router,
    extract::Query,
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use chrono::Utc;
use maud::{Markup, html};
use proto::intake::v1::{
    Campaign, CountReviewsRequest, ListCampaignsRequest, ListReviewsRequest, ListReviewsResponse,
    ListSavedViewsRequest, ListTagsRequest, ReviewRole, SavedView, Tag,
};
use stdx::beijing;

pub use assign::choice;
pub use table::{Around, EXPIRES_WITHIN_DAYS, table, tags, version};
pub use tag::named_tags;

use crate::{
    Desk, Language,
    fault::Fault,
    html::{Here, Page, Tone, notice, pager},
    listing::{Listing, PATH},
    pages::keys,
    people::Editors,
    posted::Fields,
    visit::Visit,
};

/// Lines of a page.
const LINES: i32 = 50;

/// Submissions found by a text that are counted.
const FOUND_COUNTED: u64 = 2_000;

/// Campaigns that the form offers.
const CAMPAIGNS: i32 = 100;

/// The routes of this directory.
pub fn routes() -> Router<Desk> {
    Router::new()
        .route(PATH, get(show))
        .route("/submissions/assign", post(assign::assign))
        .route("/submissions/tag", post(tag::tag))
        .route("/submissions/views", post(views::keep))
        .route("/submissions/views/remove", post(views::remove))
}

async fn show(visit: Visit, Query(query): Query<Vec<(String, String)>>) -> Response {
    let query = Fields(query);
    let listing = Listing::read(&query);
    // A form sends its empty fields too; what people copy from the address bar stays short.
    if query.0.iter().any(|(_, value)| value.is_empty()) {
        return Redirect::to(&listing.url()).into_response();
    }
    let now = Utc::now();
    let filter = listing.filter(&visit.session.user_name, beijing::day_of(now));
    let asked = ListReviewsRequest {
        page_size: LINES,
        page_token: listing.page().to_owned(),
        campaign: listing.campaign(),
        filter: filter.clone(),
        order_by: listing.order_by().to_owned(),
    };
    // Each text that holds what is searched for is looked through; nobody turns all those pages.
    let count_max = if listing.one("q").is_empty() { 0 } else { FOUND_COUNTED };
    let counted = CountReviewsRequest { campaign: listing.campaign(), filters: vec![filter], count_max };
    let (mut reviews, mut counting, mut campaigns) = (visit.api.reviews(), visit.api.reviews(), visit.api.campaigns());
    let (mut tagging, mut viewing) = (visit.api.reviews(), visit.api.reviews());
    let (listed, counted, editors, tags, views, campaigns) = tokio::join!(
        reviews.list_reviews(asked),
        counting.count_reviews(counted),
        Editors::ask(&visit),
        tagging.list_tags(ListTagsRequest {}),
        viewing.list_saved_views(ListSavedViewsRequest {}),
        campaigns.list_campaigns(ListCampaignsRequest { page_size: CAMPAIGNS, page_token: String::new() }),
    );
    let (editors, campaigns) = match (editors, campaigns) {
        (Ok(editors), Ok(campaigns)) => (editors, campaigns.into_inner().campaigns),
        (Err(status), _) | (_, Err(status)) => return Fault::from(status).to(&visit),
    };
    // What the list cannot be asked for is told above the form that asked for it.
    let (fault, listed, total) = match (listed, counted) {
        (Ok(listed), Ok(counted)) => {
            let count = counted.into_inner().counts.first().copied().unwrap_or_default();
            (None, listed.into_inner(), Total { count, is_least: count_max > 0 && count >= count_max })
        }
        (Err(status), _) | (_, Err(status)) => {
            (Some(Fault::from(status)), ListReviewsResponse::default(), Total::default())
        }
    };
    // The list is worth more than what is offered around it.
    let tags = tags.map(|answer| answer.into_inner().tags).unwrap_or_default();
    let views = views.map(|answer| answer.into_inner().saved_views).unwrap_or_default();
    let (visit, listing) = (&visit, &listing);
    let list = List { visit, listing, editors: &editors, campaigns: &campaigns, tags: &tags, views: &views, now };
    let body = list.body(&listed, total, fault.as_ref());
    let page = Page::new(visit, Here::Submissions, visit.say("来稿", "Submissions")).watching("").show(&body);
    match fault {
        Some(fault) => (fault.status(), page).into_response(),
        None => page,
    }
}

/// How long the whole list is.
#[derive(Clone, Copy, Default)]
struct Total {
    count: u64,
    /// Counting ended there.
    is_least: bool,
}

impl Total {
    fn words(self, language: Language) -> String {
        let count = self.count;
        match (language, self.is_least) {
            (Language::Zh, false) => format!("共 {count} 篇"),
            (Language::Zh, true) => format!("共 {count} 篇以上"),
            (Language::En, false) => format!("{count} in all"),
            (Language::En, true) => format!("{count} or more in all"),
        }
    }
}

/// The list with what it needs around it.
struct List<'a> {
    visit: &'a Visit,
    listing: &'a Listing,
    editors: &'a Editors,
    campaigns: &'a [Campaign],
    tags: &'a [Tag],
    views: &'a [SavedView],
    now: chrono::DateTime<Utc>,
}

impl List<'_> {
    fn body(&self, listed: &ListReviewsResponse, total: Total, fault: Option<&Fault>) -> Markup {
        let (visit, listing) = (self.visit, self.listing);
        let around =
            Around { visit, listing, editors: self.editors, now: self.now, has_boxes: visit.may(ReviewRole::Editor) };
        let first = (!listing.page().is_empty()).then(|| listing.url());
        let next = (!listed.next_page_token.is_empty()).then(|| listing.url_of_page(&listed.next_page_token));
        let count = total.words(visit.language());
        html! {
            @if let Some(fault) = fault { (notice(Tone::Bad, fault.words(visit.language()))) }
            (views::views(visit, listing, self.views))
            (filters::form(visit, listing, self.editors, self.campaigns, self.tags))
            (filters::pills(visit, listing, self.editors, self.campaigns))
            @if listed.reviews.is_empty() {
                @if fault.is_none() { (self.empty()) }
            } @else {
                p.count { (count) }
                @if around.has_boxes {
                    form method="post" action="/submissions/assign" {
                        (crate::html::hidden(visit))
                        input type="hidden" name="list" value=(listing.query());
                        (table(&around, visit.say("来稿列表", "List of submissions"), &listed.reviews))
                        (assign::bar(visit, self.editors))
                    }
                } @else {
                    (table(&around, visit.say("来稿列表", "List of submissions"), &listed.reviews))
                }
                (pager(visit, first.as_deref(), next.as_deref()))
            }
            (keys(visit))
        }
    }

    fn empty(&self) -> Markup {
        let visit = self.visit;
        html! {
            div.empty {
                @if !self.listing.page().is_empty() {
                    p { (visit.say("这一页没有稿件了。", "There is nothing on this page any more.")) }
                    p { a href=(self.listing.url()) { (visit.say("回到首页", "First page")) } }
                } @else if self.listing.is_all() {
                    p { (visit.say("还没有来稿。邮箱收到带征稿标记的邮件后，稿件会出现在这里。",
                        "There is no submission yet. A mail that bears a campaign’s tag appears here once the mailbox has it.")) }
                    p { (visit.say("若作者说已经投稿，请到", "If an author says that one was sent, look into the ")) a href="/ledger" { (visit.say("来信登记", "mail ledger")) } (visit.say("查看该邮件的去向。", ".")) }
                } @else {
                    p { (visit.say("没有符合条件的稿件。去掉一个条件再看，或", "Nothing meets these conditions. Take one of them away, or ")) a href=(PATH) { (visit.say("查看全部来稿", "see all submissions")) } (visit.say("。", ".")) }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
