//! 版本: the chain of a manuscript's versions, and two of them beside each other.

use maud::{Markup, html};
use proto::intake::v1::{GetSubmissionRequest, ListSubmissionsRequest, Submission, attachment::Content};
use tonic::Status;

use super::Asked;
use crate::{
    Language,
    diff::{self, Line, Piece},
    html::{Tone, badge, moment, notice},
    pages::submissions::version,
    visit::Visit,
    words,
};

/// Submissions of one sender that are looked through for versions: as many as the service gives at once.
const SUBMISSIONS: i32 = 500;

/// The versions, and one of them to compare with.
#[derive(Default)]
pub struct Chain {
    /// By version; without texts.
    pub versions: Vec<Submission>,
    /// The other version, whole, and how the two differ: it is the earlier one of the two where `Line::Changed` says `before`.
    pub compared: Option<(Submission, Vec<Line>)>,
}

/// The versions of a submission. They are all of one sender, so that the sender's submissions hold them.
pub async fn load(visit: &Visit, submission: &Submission, with: Option<&str>) -> Result<Chain, Status> {
    let address = submission.from.as_ref().map(|from| from.address.as_str()).unwrap_or_default();
    let mut versions = Vec::new();
    if !address.is_empty() {
        let asked = ListSubmissionsRequest {
            page_size: SUBMISSIONS,
            page_token: String::new(),
            campaign: submission.campaign.clone(),
            filter: format!("from = \"{}\"", address.replace('\\', "\\\\").replace('"', "\\\"")),
            order_by: "received_time desc".into(),
        };
        versions = visit.api.submissions().list_submissions(asked).await?.into_inner().submissions;
    }
    let root = if submission.root.is_empty() { &submission.name } else { &submission.root };
    versions.retain(|version| version.name == *root || version.root == *root);
    // Who does not see the sender's address cannot ask by it; the first version is named, and can be asked for.
    if *root != submission.name && !versions.iter().any(|version| version.name == *root) {
        let asked = GetSubmissionRequest { name: root.clone() };
        versions.push(visit.api.submissions().get_submission(asked).await?.into_inner());
    }
    if !versions.iter().any(|version| version.name == submission.name) {
        versions.push(submission.clone());
    }
    versions.sort_by_key(|version| version.version);
    let before = versions.iter().rev().find(|version| version.version < submission.version);
    let with =
        with.filter(|with| versions.iter().any(|version| version.name == *with && version.name != submission.name));
    let other = with.or(before.map(|before| before.name.as_str()));
    let compared = match other {
        Some(name) => {
            let asked = GetSubmissionRequest { name: name.to_owned() };
            let other = visit.api.submissions().get_submission(asked).await?.into_inner();
            let (early, late) =
                if other.version < submission.version { (&other, submission) } else { (submission, &other) };
            let (early, late) = texts(early, late);
            // Long texts take a while: never on a thread that serves others.
            let lines = tokio::task::spawn_blocking(move || diff::compare(&early, &late)).await;
            Some((other, lines.map_err(|_| Status::internal("the comparison ended"))?))
        }
        None => None,
    };
    Ok(Chain { versions, compared })
}

/// What is compared: the documents, or the mails' own text where neither has one.
fn texts(early: &Submission, late: &Submission) -> (String, String) {
    let documents = |submission: &Submission| {
        let text = |content: &Option<Content>| match content {
            Some(Content::Document(document)) => Some(document.text.clone()),
            _ => None,
        };
        let texts: Vec<String> =
            submission.attachments.iter().filter_map(|attachment| text(&attachment.content)).collect();
        texts.join("\n")
    };
    let (before, after) = (documents(early), documents(late));
    if before.is_empty() && after.is_empty() { (early.text.clone(), late.text.clone()) } else { (before, after) }
}

/// The tab.
pub fn tab(visit: &Visit, asked: &Asked, submission: &Submission, chain: &Chain) -> Markup {
    let language = visit.language();
    html! {
        h2 { (visit.say("各版", "Versions")) }
        div.scroll role="group" tabindex="0" aria-label=(visit.say("各版", "Versions")) {
            table {
                thead { tr {
                    th scope="col" { (visit.say("版本", "Version")) }
                    th scope="col" { (visit.say("收稿号", "No.")) }
                    th scope="col" { (visit.say("收到", "Received")) }
                    th scope="col" { (visit.say("判定", "Verdict")) }
                    th scope="col" { (visit.say("对照", "Compare")) }
                } }
                tbody { @for one in &chain.versions {
                    tr {
                        th scope="row" {
                            @if one.name == submission.name { b { (version(one.version, language)) } " " small { (visit.say("本页", "this page")) } }
                            @else { a href=(asked.url(&one.name, &[("tab", "versions")])) { (version(one.version, language)) } } }
                        td { (one.number) }
                        td { (moment(one.received_time.as_ref())) }
                        td { @let (tone, words) = words::verdict(one.judgement.as_ref().map_or_else(Default::default, |judgement| judgement.verdict()), language); (badge(tone, words)) }
                        td { @if one.name != submission.name {
                            a href=(asked.url(&submission.name, &[("tab", "versions"), ("with", one.name.strip_prefix("submissions/").unwrap_or_default())])) {
                                (visit.say("与本版对照", "with this one")) span.unseen { " " (version(one.version, language)) } } } }
                    }
                } }
            }
        }
        @match &chain.compared {
            Some((other, lines)) => {
                @let (early, late) = if other.version < submission.version { (other, submission) } else { (submission, other) };
                h2 { (version(early.version, language)) " ↔ " (version(late.version, language)) }
                (beside(visit, early.version, late.version, lines))
            }
            None => p.detail { (visit.say("只有一版。", "There is one version only.")) },
        }
    }
}

fn beside(visit: &Visit, early: u32, late: u32, lines: &[Line]) -> Markup {
    let language = visit.language();
    if lines.iter().all(|line| !matches!(line, Line::Changed { .. })) {
        return notice(Tone::Plain, visit.say("两版的文字相同。", "The text of the two is the same."));
    }
    let skipped = |count: usize| match language {
        Language::Zh => format!("{count} 句相同，从略"),
        Language::En => format!("{count} sentences that are the same"),
    };
    html! {
        div.scroll role="group" tabindex="0" aria-label=(visit.say("两版对照", "Two versions beside each other")) {
            table.beside {
                thead { tr { th scope="col" { (version(early, language)) } th scope="col" { (version(late, language)) } } }
                tbody { @for line in lines {
                    @match line {
                        Line::Same(text) => tr { td { (text) } td { (text) } },
                        Line::Skipped(count) => tr { td.detail colspan="2" { (skipped(*count)) } },
                        Line::Changed { before, after } => tr.changed { td { (side(before, true)) } td { (side(after, false)) } },
                    }
                } }
            }
        }
    }
}

fn side(pieces: &[Piece], is_before: bool) -> Markup {
    html! {
        @for piece in pieces {
            @if !piece.is_changed { (piece.text) }
            @else if is_before { del { (piece.text) } }
            @else { ins { (piece.text) } }
        }
    }
}
