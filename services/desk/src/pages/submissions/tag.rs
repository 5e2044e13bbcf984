//! Tags for many: tried first and shown, then set. Setting a tag that is set changes nothing, so that the same page sent
//! twice does no harm.

use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use proto::intake::v1::{Review, TagSubmissionRequest};

use super::assign::{SHOWN, Ticked, named, ticked};
use crate::{
    Language,
    fault::Fault,
    html::{Here, Page, Tone, hidden, notice},
    listing::Listing,
    posted::Posted,
    visit::Visit,
};

/// What a form names: words between spaces or commas.
pub fn named_tags(text: &str) -> Vec<String> {
    let words = text.split(|character: char| character.is_whitespace() || ",，、;；".contains(character));
    words.filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// How one went.
type Went = (Ticked, Result<Review, Fault>);

/// Tries or tags, by the field `step`.
pub async fn tag(posted: Posted) -> Response {
    let visit = &posted.visit;
    let listing = Listing::of_query(posted.one("list"));
    let (add, remove) = (named_tags(posted.one("add")), named_tags(posted.one("remove")));
    let lines = ticked(&posted);
    let title = visit.say("批量标签", "Tag many");
    if lines.is_empty() || add.len() + remove.len() == 0 {
        let body = html! {
            (notice(Tone::Warn, visit.say("请先勾选稿件，并填写要加或要去的标签。", "Tick lines of the list and name a tag first.")))
            p { a href=(listing.url()) { (visit.say("回到列表", "Back to the list")) } }
        };
        return Page::new(visit, Here::Submissions, title).show(&body);
    }
    let is_real = posted.one("step") == "apply";
    let mut went: Vec<Went> = Vec::with_capacity(lines.len());
    for line in lines {
        let asked = TagSubmissionRequest {
            submission: line.submission.clone(),
            add: add.clone(),
            remove: remove.clone(),
            validate_only: !is_real,
        };
        let answer = visit.api.reviews().tag_submission(asked).await;
        went.push((line, answer.map(tonic::Response::into_inner).map_err(Fault::from)));
    }
    let body = told(visit, &listing, &posted, is_real, &went);
    Page::new(visit, Here::Submissions, title).show(&body).into_response()
}

fn told(visit: &Visit, listing: &Listing, posted: &Posted, is_real: bool, went: &[Went]) -> Markup {
    let good: Vec<(&Ticked, &Review)> =
        went.iter().filter_map(|(line, went)| Some((line, went.as_ref().ok()?))).collect();
    let bad = went.len() - good.len();
    let words = match (visit.language(), is_real) {
        (Language::Zh, false) => format!("将更改 {} 篇稿件的标签。尚未作任何更改。", good.len()),
        (Language::Zh, true) => format!("已更改 {} 篇稿件的标签。", good.len()),
        (Language::En, false) => format!("The tags of {} would change. Nothing was changed yet.", good.len()),
        (Language::En, true) => format!("The tags of {} were changed.", good.len()),
    };
    let tone = match (bad, is_real) {
        (0, true) => Tone::Good,
        (0, false) => Tone::Plain,
        _ => Tone::Warn,
    };
    let shown = if is_real { good.len() } else { SHOWN };
    let more = good.len().saturating_sub(shown);
    html! {
        (notice(tone, &words))
        ol.outcomes {
            @for (_, review) in good.iter().take(shown) { li { (named(visit, review)) " " (super::table::tags(&review.tags)) } }
        }
        @if more > 0 {
            p.detail { @match visit.language() { Language::Zh => { "以及另外 " (more) " 篇" }, Language::En => { "and " (more) " more" } } }
        }
        @if bad > 0 {
            h2 { (visit.say("不能更改的", "Not to be changed")) }
            ul.outcomes {
                @for (line, fault) in went.iter().filter_map(|(line, went)| Some((line, went.as_ref().err()?))) {
                    li { a href={ "/" (line.submission) } { (visit.say("打开稿件", "open it")) } " " (fault.words(visit.language())) }
                }
            }
        }
        @if is_real {
            p { a href=(listing.url()) { (visit.say("回到列表", "Back to the list")) } }
        } @else {
            form.line method="post" action="/submissions/tag" {
                (hidden(visit))
                input type="hidden" name="step" value="apply";
                input type="hidden" name="list" value=(listing.query());
                @for name in ["add", "remove"] { input type="hidden" name=(name) value=(posted.one(name)); }
                @for (line, _) in &good { input type="hidden" name="row" value={ (line.submission) " " (line.etag) }; }
                @if !good.is_empty() { button data-save { (visit.say("确认更改", "Change")) } }
                a.button.quiet href=(listing.url()) { (visit.say("取消", "Cancel")) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_named_between_spaces_and_commas_of_either_width() {
        assert_eq!(named_tags(" 浙江，ai、 待约;;x "), ["浙江", "ai", "待约", "x"]);
        assert_eq!(named_tags(" ，"), [""; 0]);
    }
}
