//! 标签 and 备注: what an editor notes beside the steps.

use axum::{
    extract::{Path, Query},
    response::{IntoResponse, Redirect, Response},
};
use maud::{Markup, html};
use proto::intake::v1::{
    CommentSubmissionRequest, Review, ReviewRemark, ReviewRemarkKind, ReviewRole, TagSubmissionRequest,
};
use uuid::Uuid;

use super::Asked;
use crate::{
    fault::Fault,
    html::{hidden, moment, url},
    pages::submissions,
    people::Editors,
    posted::{Fields, Posted},
    visit::Visit,
    words,
};

/// Where a form of this file is sent.
fn to(asked: &Asked, what: &str) -> String {
    url(&format!("/{}/{what}", asked.name), &[("list", &asked.listing.query())])
}

/// The tags, and for an editor the form that changes them.
pub fn tags(visit: &Visit, asked: &Asked, review: &Review) -> Markup {
    html! {
        section aria-labelledby="tags-title" {
            h2 #tags-title { (visit.say("标签", "Tags")) }
            @if review.tags.is_empty() { p.detail { (visit.say("没有标签。", "None.")) } }
            @else { p { (submissions::tags(&review.tags)) } }
            @if visit.may(ReviewRole::Editor) {
                form.line method="post" action=(to(asked, "tags")) {
                    (hidden(visit))
                    input type="hidden" name="tab" value=(asked.tab);
                    label { span { (visit.say("加标签（空格或逗号分开）", "Set (spaces or commas between)")) } input name="add" maxlength="200" data-key="t"; }
                    @for tag in &review.tags {
                        label.box { input type="checkbox" name="remove" value=(tag); span { (visit.say("去掉 ", "take away ")) (tag) } }
                    }
                    button.quiet { (visit.say("更改标签", "Change")) }
                }
            }
        }
    }
}

/// The comments, and for an editor the form for one more.
pub fn comments(visit: &Visit, asked: &Asked, remarks: &[ReviewRemark], editors: &Editors) -> Markup {
    let comments: Vec<&ReviewRemark> =
        remarks.iter().filter(|remark| remark.kind() == ReviewRemarkKind::Commented).collect();
    html! {
        h2 { (visit.say("备注", "Comments")) }
        @if comments.is_empty() { p.detail { (visit.say("还没有备注。", "There is none yet.")) } }
        @for comment in comments {
            article.sheet { p { (who(visit, comment, editors)) " · " (moment(comment.time.as_ref())) } div.said { (comment.words) } }
        }
        @if visit.may(ReviewRole::Editor) {
            form.column method="post" action=(to(asked, "comment")) {
                (hidden(visit))
                input type="hidden" name="request_id" value=(Uuid::now_v7());
                label { span { (visit.say("写一条备注（同事可见，写后不能更改）", "A comment (for colleagues; it cannot be changed afterwards)")) }
                    textarea.short name="comment" maxlength="2000" required data-key="c" {} }
                button { (visit.say("保存备注", "Keep the comment")) }
            }
        }
    }
}

/// Who noted something, in which role.
pub fn who(visit: &Visit, remark: &ReviewRemark, editors: &Editors) -> Markup {
    html! { (editors.called(&remark.actor)) " " span.detail { (words::role(remark.role(), visit.language())) } }
}

/// A line of the history.
pub fn line(visit: &Visit, remark: &ReviewRemark, editors: &Editors) -> Markup {
    let done = match remark.kind() {
        ReviewRemarkKind::Tagged => visit.say("加标签", "Tag set"),
        ReviewRemarkKind::Untagged => visit.say("去标签", "Tag taken away"),
        ReviewRemarkKind::Commented | ReviewRemarkKind::Unspecified => visit.say("备注", "Comment"),
    };
    html! {
        p { b { (done) } " " span.said { (remark.words) } }
        p.detail { (who(visit, remark, editors)) " · " (moment(remark.time.as_ref())) }
    }
}

fn asked(id: &str, query: Vec<(String, String)>, tab: &str) -> Option<Asked> {
    let mut around = query;
    around.push(("tab".into(), tab.into()));
    Asked::read(id, &Fields(around))
}

fn back(asked: &Asked, done: &str) -> Response {
    let tab = if asked.tab == super::TABS[0].0 { "" } else { asked.tab };
    Redirect::to(&asked.url(&asked.name, &[("tab", tab), ("done", done)])).into_response()
}

/// `POST /submissions/{id}/tags`
pub async fn tag(Path(id): Path<String>, Query(query): Query<Vec<(String, String)>>, posted: Posted) -> Response {
    let visit = &posted.visit;
    let Some(asked) = asked(&id, query, posted.one("tab")) else { return Fault::not_found().to(visit) };
    let changed = TagSubmissionRequest {
        submission: asked.name.clone(),
        add: submissions::named_tags(posted.one("add")),
        remove: posted.fields().all("remove").map(str::to_owned).collect(),
        validate_only: false,
    };
    match visit.api.reviews().tag_submission(changed).await {
        Ok(_) => back(&asked, "tags"),
        Err(status) => Fault::from(status).to(visit),
    }
}

/// `POST /submissions/{id}/comment`
pub async fn comment(Path(id): Path<String>, Query(query): Query<Vec<(String, String)>>, posted: Posted) -> Response {
    let visit = &posted.visit;
    let Some(asked) = asked(&id, query, "opinions") else { return Fault::not_found().to(visit) };
    let said = CommentSubmissionRequest {
        submission: asked.name.clone(),
        request_id: posted.one("request_id").to_owned(),
        comment: posted.text("comment"),
    };
    match visit.api.reviews().comment_submission(said).await {
        Ok(_) => back(&asked, "comment"),
        Err(status) => Fault::from(status).to(visit),
    }
}
