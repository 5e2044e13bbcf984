//! 分派 for many: the ticked lines are tried first and shown, then assigned, each by a call of its own with the etag that
//! was read, and each with a line that says how it went.

use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use proto::intake::v1::{AssignSubmissionRequest, Review};
use stdx::Sha256;
use uuid::Uuid;

use crate::{
    Language,
    fault::Fault,
    html::{Here, Page, Tone, badge, filled, hidden, notice},
    listing::Listing,
    people::Editors,
    posted::Posted,
    visit::Visit,
    words,
};

/// Lines that are taken at once; a page of the list has fewer.
const LINES_MAX: usize = 100;

/// Lines that the preview shows of those that can be assigned.
pub const SHOWN: usize = 10;

/// What is done with ticked lines.
#[must_use]
pub fn bar(visit: &Visit, editors: &Editors) -> Markup {
    html! {
        fieldset.bulk {
            legend { (visit.say("对所选稿件", "With the selected")) }
            div.line {
                label { span { (visit.say("分派给", "Assign to")) } (choice(visit, editors, "")) }
                label { span { (visit.say("备注（同事可见）", "Note (for colleagues)")) } input name="note" maxlength="2000"; }
                button { (visit.say("预览分派", "Preview")) }
            }
            div.line {
                label { span { (visit.say("加标签", "Set tag")) } input name="add" list="tags" maxlength="20" data-key="t"; }
                label { span { (visit.say("去标签", "Take tag away")) } input name="remove" list="tags" maxlength="20"; }
                button formaction="/submissions/tag" { (visit.say("预览标签", "Preview")) }
            }
        }
    }
}

/// The editors as a choice; the person first when none was chosen.
#[must_use]
pub fn choice(visit: &Visit, editors: &Editors, chosen: &str) -> Markup {
    let chosen = if chosen.is_empty() { visit.session.user_name.as_str() } else { chosen };
    html! {
        select name="editor" data-key="e" required {
            @for editor in &editors.0 {
                option value=(editor.editor) selected[editor.editor == chosen] { (editors.called(&editor.editor)) }
            }
        }
    }
}

/// A ticked line: `{submission} {etag}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticked {
    /// Its name.
    pub submission: String,
    /// As it was read.
    pub etag: String,
}

/// The ticked lines of a form.
pub fn ticked(posted: &Posted) -> Vec<Ticked> {
    let line = |value: &str| {
        let (submission, etag) = value.split_once(' ')?;
        Some(Ticked { submission: submission.to_owned(), etag: etag.to_owned() })
    };
    posted.fields().all("row").filter_map(line).take(LINES_MAX).collect()
}

/// How one went.
type Went = (Ticked, Result<Review, Fault>);

/// Tries or assigns, by the field `step`.
pub async fn assign(posted: Posted) -> Response {
    let visit = &posted.visit;
    let listing = Listing::of_query(posted.one("list"));
    let lines = ticked(&posted);
    let editors = match Editors::ask(visit).await {
        Ok(editors) => editors,
        Err(status) => return Fault::from(status).to(visit),
    };
    if lines.is_empty() {
        let body = html! {
            (notice(Tone::Warn, visit.say("没有选择稿件。请在列表中勾选后再分派。", "Nothing was selected. Tick lines of the list first.")))
            p { a href=(listing.url()) { (visit.say("回到列表", "Back to the list")) } }
        };
        return Page::new(visit, Here::Submissions, visit.say("批量分派", "Assign many")).show(&body);
    }
    let is_real = posted.one("step") == "apply";
    // The same page sent twice assigns once: each line's call has a name that follows from the preview's.
    let batch = Some(posted.one("batch")).filter(|batch| Uuid::try_parse(batch).is_ok());
    let batch = batch.map_or_else(|| Uuid::now_v7().to_string(), str::to_owned);
    let mut went = Vec::with_capacity(lines.len());
    for line in lines {
        let once = Sha256::of(format!("{batch} {}", line.submission).as_bytes()).hex();
        let asked = AssignSubmissionRequest {
            submission: line.submission.clone(),
            etag: line.etag.clone(),
            request_id: if is_real { once[..32].to_owned() } else { String::new() },
            validate_only: !is_real,
            note: posted.text("note"),
            editor: posted.one("editor").to_owned(),
        };
        let answer = visit.api.reviews().assign_submission(asked).await;
        went.push((line, answer.map(tonic::Response::into_inner).map_err(Fault::from)));
    }
    let called = editors.called(posted.one("editor"));
    let body = if is_real {
        result(visit, &listing, called, &went)
    } else {
        preview(visit, &listing, called, &posted, &batch, &went)
    };
    Page::new(visit, Here::Submissions, visit.say("批量分派", "Assign many")).show(&body).into_response()
}

fn preview(visit: &Visit, listing: &Listing, called: &str, posted: &Posted, batch: &str, went: &[Went]) -> Markup {
    let good: Vec<(&Ticked, &Review)> =
        went.iter().filter_map(|(line, went)| Some((line, went.as_ref().ok()?))).collect();
    let bad = went.iter().filter(|(_, went)| went.is_err()).count();
    let words = match visit.language() {
        Language::Zh if bad > 0 => {
            format!("将把 {} 篇稿件分派给{called}；另有 {bad} 篇不能分派，原因如下。", good.len())
        }
        Language::Zh => format!("将把 {} 篇稿件分派给{called}。尚未作任何更改。", good.len()),
        Language::En if bad > 0 => {
            format!("{} would be assigned to {called}; {bad} cannot be, as told below.", good.len())
        }
        Language::En => format!("{} would be assigned to {called}. Nothing was changed yet.", good.len()),
    };
    let more = good.len().saturating_sub(SHOWN);
    html! {
        (notice(if bad > 0 { Tone::Warn } else { Tone::Plain }, &words))
        ol.outcomes {
            @for (_, review) in good.iter().take(SHOWN) { li { (named(visit, review)) } }
        }
        @if more > 0 {
            p.detail { @match visit.language() { Language::Zh => { "以及另外 " (more) " 篇" }, Language::En => { "and " (more) " more" } } }
        }
        (refused(visit, went))
        form.line method="post" action="/submissions/assign" {
            (hidden(visit))
            input type="hidden" name="step" value="apply";
            input type="hidden" name="batch" value=(batch);
            input type="hidden" name="list" value=(listing.query());
            input type="hidden" name="editor" value=(posted.one("editor"));
            input type="hidden" name="note" value=(posted.one("note"));
            @for (line, _) in &good { input type="hidden" name="row" value={ (line.submission) " " (line.etag) }; }
            @if !good.is_empty() { button data-save { (visit.say("确认分派", "Assign")) } }
            a.button.quiet href=(listing.url()) { (visit.say("取消", "Cancel")) }
        }
    }
}

fn result(visit: &Visit, listing: &Listing, called: &str, went: &[Went]) -> Markup {
    let good = went.iter().filter(|(_, went)| went.is_ok()).count();
    let bad = went.len() - good;
    let words = match visit.language() {
        Language::Zh if bad > 0 => format!("{good} 篇已分派给{called}，{bad} 篇未分派。"),
        Language::Zh => format!("{good} 篇已分派给{called}。"),
        Language::En if bad > 0 => format!("{good} assigned to {called}, {bad} not."),
        Language::En => format!("{good} assigned to {called}."),
    };
    html! {
        (notice(if bad > 0 { Tone::Warn } else { Tone::Good }, &words))
        ol.outcomes {
            @for review in went.iter().filter_map(|(_, went)| went.as_ref().ok()) {
                li { (badge(Tone::Good, visit.say("已分派", "assigned"))) " " (named(visit, review)) }
            }
        }
        (refused(visit, went))
        p { a href=(listing.url()) { (visit.say("回到列表", "Back to the list")) } }
    }
}

/// A line of a preview.
pub fn named(visit: &Visit, review: &Review) -> Markup {
    html! {
        a href={ "/" (review.submission) } { (review.number) " " bdi { (filled(&words::cut(&review.subject, 60))) } }
        " " span.detail { (words::state(review.state(), visit.language())) }
    }
}

fn refused(visit: &Visit, went: &[Went]) -> Markup {
    let refused: Vec<(&Ticked, &Fault)> =
        went.iter().filter_map(|(line, went)| Some((line, went.as_ref().err()?))).collect();
    html! {
        @if !refused.is_empty() {
            h2 { (visit.say("不能分派的", "Not to be assigned")) }
            ul.outcomes {
                @for (line, fault) in refused {
                    li { (badge(Tone::Bad, visit.say("未分派", "not assigned"))) " "
                        a href={ "/" (line.submission) } { (visit.say("打开稿件", "open it")) } " " (fault.words(visit.language())) }
                }
            }
        }
    }
}
