//! 常用列表: lists under a name, as links over the list; what one shows stands in its address.

use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use proto::intake::v1::{CreateSavedViewRequest, DeleteSavedViewRequest, ReviewRole, SavedView};

use crate::{
    fault::Fault,
    html::hidden,
    listing::{Listing, PATH},
    posted::Posted,
    visit::Visit,
};

/// The links, and the forms that keep and remove one.
#[must_use]
pub fn views(visit: &Visit, listing: &Listing, views: &[SavedView]) -> Markup {
    let present = listing.query();
    let is_present = |view: &SavedView| Listing::of_query(&view.query).query() == present;
    let may_remove =
        |view: &SavedView| view.owner == visit.session.user_name || (view.shared && visit.may(ReviewRole::ChiefEditor));
    html! {
        nav.views.line aria-label=(visit.say("常用列表", "Saved lists")) {
            a href=(PATH) aria-current=[present.is_empty().then_some("page")] { (visit.say("全部", "All")) }
            @for view in views {
                a href=(Listing::of_query(&view.query).url()) aria-current=[is_present(view).then_some("page")] { bdi { (view.title) }
                    @if view.shared { small { (visit.say("（公共）", " (for all)")) } } }
            }
            details.keep {
                summary { (visit.say("管理", "Manage")) }
                form.line method="post" action="/submissions/views" {
                    (hidden(visit))
                    input type="hidden" name="list" value=(present);
                    label { span { (visit.say("把当前筛选、排序和列存为", "Keep conditions, order and columns as")) } input name="title" maxlength="30" required; }
                    @if visit.may(ReviewRole::ChiefEditor) {
                        label.box { input type="checkbox" name="shared" value="1"; span { (visit.say("所有人可见", "For all")) } }
                    }
                    button.quiet { (visit.say("保存", "Keep")) }
                }
                @for view in views.iter().filter(|view| may_remove(view)) {
                    form.line method="post" action="/submissions/views/remove" {
                        (hidden(visit))
                        input type="hidden" name="list" value=(present);
                        input type="hidden" name="name" value=(view.name);
                        span { bdi { (view.title) } }
                        button.quiet aria-label={ (visit.say("删除", "Remove")) " " (view.title) } { (visit.say("删除", "Remove")) }
                    }
                }
            }
        }
    }
}

/// `POST /submissions/views`
pub async fn keep(posted: Posted) -> Response {
    let visit = &posted.visit;
    let listing = Listing::of_query(posted.one("list"));
    let view = SavedView {
        title: posted.one("title").to_owned(),
        query: listing.query(),
        shared: posted.fields().has("shared"),
        ..SavedView::default()
    };
    match visit.api.reviews().create_saved_view(CreateSavedViewRequest { saved_view: Some(view) }).await {
        Ok(_) => Redirect::to(&listing.url()).into_response(),
        Err(status) => Fault::from(status).to(visit),
    }
}

/// `POST /submissions/views/remove`
pub async fn remove(posted: Posted) -> Response {
    let visit = &posted.visit;
    let asked = DeleteSavedViewRequest { name: posted.one("name").to_owned() };
    match visit.api.reviews().delete_saved_view(asked).await {
        Ok(_) => Redirect::to(&Listing::of_query(posted.one("list")).url()).into_response(),
        Err(status) => Fault::from(status).to(visit),
    }
}
