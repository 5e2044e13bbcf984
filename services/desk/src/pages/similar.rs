//! What is like a submission: a list, and two texts side by side with what both say marked.

use axum::{
    Router,
    extract::{Path, Query},
    response::Response,
    routing::get,
};
use maud::{Markup, html};
use proto::intake::v1::{
    CompareSubmissionsRequest, CompareSubmissionsResponse, ComparedParagraph, GetSubmissionRequest, ListSimilarRequest,
    SimilarSubmission, Submission,
};

use crate::{
    Desk, Language,
    fault::Fault,
    html::{Here, Page, Tone, badge, moment, notice, url},
    posted::Fields,
    visit::Visit,
};

/// The routes of this file.
pub fn routes() -> Router<Desk> {
    Router::new().route("/submissions/{id}/similar", get(show))
}

async fn show(visit: Visit, Path(id): Path<String>, Query(query): Query<Vec<(String, String)>>) -> Response {
    match page(&visit, &id, &Fields(query)).await {
        Ok(page) => page,
        Err(fault) => fault.to(&visit),
    }
}

async fn page(visit: &Visit, id: &str, query: &Fields) -> Result<Response, Fault> {
    let name = format!("submissions/{id}");
    let same_campaign = query.has("campaign");
    let submission = get_submission(visit, &name).await?;
    let asked = ListSimilarRequest { name: name.clone(), same_campaign };
    let listed = visit.api.submissions().list_similar(asked).await?.into_inner();
    let other = query.one("with");
    let beside = if other.is_empty() {
        None
    } else {
        let other = get_submission(visit, &format!("submissions/{other}")).await?;
        let asked = CompareSubmissionsRequest { name, other: other.name.clone() };
        Some((visit.api.submissions().compare_submissions(asked).await?.into_inner(), other))
    };
    let body = html! {
        p { a href={ "/submissions/" (id) } { "← " (visit.say("回到来稿", "Back to the submission")) } }
        ul.tabs {
            @for (query, is_here, words) in [
                ("", !same_campaign, visit.say("全部征稿", "All campaigns")),
                ("1", same_campaign, visit.say("同一征稿", "This campaign")),
            ] {
                li { a href=(url(&format!("/submissions/{id}/similar"), &[("campaign", query)])) aria-current=[is_here.then_some("page")] { (words) } }
            }
        }
        @if listed.text_too_short {
            (notice(Tone::Plain, visit.say("此稿文字过少，只比对了文件。", "This submission has too little text: only its files were compared.")))
        }
        @if listed.similar.is_empty() {
            p { (visit.say("没有发现文字相近或文件相同的来稿。", "No submission was found that says the same or came with the same file.")) }
        } @else {
            div.scroll tabindex="0" { (table(visit, id, same_campaign, other, &listed.similar)) }
            p.detail { (visit.say(
                "相似度是两稿共有的五字片段占全部片段的比例；“见于彼稿”是本稿的片段有多少也出现在对方稿中。问候语、联系方式和引用的旧信不计。",
                "Likeness is the share of all runs of five characters that both texts have; “found there” is how much of this text stands in the other. Greetings, contact data and quoted mail do not count.")) }
        }
        @if let Some((compared, other)) = &beside { (side_by_side(visit, &submission, other, compared)) }
    };
    let title = match visit.language() {
        Language::Zh => format!("收稿号 {} 的相似来稿", submission.number),
        Language::En => format!("Submissions like number {}", submission.number),
    };
    Ok(Page::new(visit, Here::Submissions, title).show(&body))
}

async fn get_submission(visit: &Visit, name: &str) -> Result<Submission, Fault> {
    match visit.api.submissions().get_submission(GetSubmissionRequest { name: name.to_owned() }).await {
        Ok(answer) => Ok(answer.into_inner()),
        Err(status) if status.code() == tonic::Code::InvalidArgument => Err(Fault::not_found()),
        Err(status) => Err(status.into()),
    }
}

/// `78.3%`
fn percent(share: f64) -> String {
    format!("{:.1}%", share * 100.0)
}

/// A text that is half the same deserves a look; one that is nearly the same, a question to the author.
fn tone(likeness: f64) -> Tone {
    match likeness {
        0.8.. => Tone::Bad,
        0.5.. => Tone::Warn,
        _ => Tone::Plain,
    }
}

fn id_of(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or_default()
}

fn table(visit: &Visit, id: &str, same_campaign: bool, with: &str, similar: &[SimilarSubmission]) -> Markup {
    let compare = |other: &str| {
        let campaign = if same_campaign { "1" } else { "" };
        format!("{}#compared", url(&format!("/submissions/{id}/similar"), &[("campaign", campaign), ("with", other)]))
    };
    html! {
        table {
            caption.unseen { (visit.say("相似来稿", "Similar submissions")) }
            thead { tr {
                th.number scope="col" { (visit.say("收稿号", "Number")) }
                th scope="col" { (visit.say("主题", "Subject")) }
                th scope="col" { (visit.say("相似度", "Likeness")) }
                th.number scope="col" { (visit.say("见于彼稿", "Found there")) }
                th scope="col" { (visit.say("相同文件", "Same files")) }
                th scope="col" { (visit.say("收到时间", "Received")) }
                th scope="col" { (visit.say("对照", "Compare")) }
            } }
            tbody {
                @for other in similar {
                    tr.chosen[id_of(&other.submission) == with] {
                        td.number { (other.number) }
                        th scope="row" { a href={ "/" (other.submission) } { @if other.subject.is_empty() { (visit.say("（无主题）", "(no subject)")) } @else { (other.subject) } } }
                        td { @if other.likeness > 0.0 { (badge(tone(other.likeness), &percent(other.likeness))) } @else { span.nothing { "—" } } }
                        td.number { @if other.likeness > 0.0 { (percent(other.contained)) } @else { span.nothing { "—" } } }
                        td { @if other.same_files.is_empty() { span.nothing { "—" } } @else { (other.same_files.join(visit.say("、", ", "))) } }
                        td { (moment(other.received_time.as_ref())) }
                        td { a href=(compare(id_of(&other.submission))) { (visit.say("并排对照", "Side by side")) } }
                    }
                }
            }
        }
    }
}

fn side_by_side(visit: &Visit, one: &Submission, other: &Submission, compared: &CompareSubmissionsResponse) -> Markup {
    html! {
        section #compared aria-labelledby="compared-title" {
            h2 #compared-title { (visit.say("并排对照", "Side by side")) " " (badge(tone(compared.likeness), &percent(compared.likeness))) }
            p.detail { (visit.say("两稿都有的段落已标出。", "What stands in both is marked.")) }
            @if compared.truncated {
                (notice(Tone::Plain, visit.say("文字过长，只显示开头部分。", "The texts are long: only their beginnings are shown.")))
            }
            div.compared {
                @for (submission, paragraphs) in [(one, &compared.paragraphs), (other, &compared.other_paragraphs)] {
                    article.card {
                        h3 { (visit.say("收稿号", "Number")) " " (submission.number) " · " a href={ "/" (submission.name) } { (submission.subject) } }
                        @for paragraph in paragraphs { (marked(paragraph)) }
                        @if paragraphs.is_empty() { p.nothing { (visit.say("没有可对照的文字。", "There is no text to compare.")) } }
                    }
                }
            }
        }
    }
}

fn marked(paragraph: &ComparedParagraph) -> Markup {
    html! {
        p.manuscript {
            @for piece in &paragraph.pieces {
                @if piece.shared { mark { (piece.text) } } @else { (piece.text) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proto::intake::v1::ComparedPiece;

    use super::*;

    #[test]
    fn what_both_say_is_marked_and_nothing_of_a_mail_becomes_html() {
        let piece = |text: &str, shared| ComparedPiece { text: text.into(), shared };
        let paragraph = ComparedParagraph { pieces: vec![piece("<b>独有</b>，", false), piece("共有&", true)] };
        assert_eq!(
            marked(&paragraph).into_string(),
            "<p class=\"manuscript\">&lt;b&gt;独有&lt;/b&gt;，<mark>共有&amp;</mark></p>"
        );
    }

    #[test]
    fn a_likeness_is_told_in_percent_and_louder_the_nearer_it_is() {
        let told = [(1.0, "100.0%", Tone::Bad), (0.7831, "78.3%", Tone::Warn), (0.2, "20.0%", Tone::Plain)];
        for (likeness, words, loudness) in told {
            assert_eq!((percent(likeness), tone(likeness)), (words.to_owned(), loudness));
        }
    }
}
