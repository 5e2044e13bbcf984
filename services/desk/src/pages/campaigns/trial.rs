//! Trying changed rules on past mail: what would be judged otherwise, before and after, without saving anything.

use std::time::Duration;

use axum::{Router, extract::Path, response::Response, routing::post};
use maud::{Markup, html};
use proto::intake::v1::{
    Campaign, Class, Finding, Judgement, JudgementChange, Outcome, Severity, TestCampaignRequest, TestCampaignResponse,
};
use tonic::Request;

use super::{edit_page, form};
use crate::{
    Desk,
    fault::Fault,
    html::{Tone, badge, id_of, notice, sentence},
    posted::Posted,
    visit::Visit,
    words,
};

/// Mails that are tried: the newest.
const MAILS_MAX: i32 = 1000;

/// How long it may take.
const TRIAL_WITHIN: Duration = Duration::from_secs(120);

/// Changes that are shown.
const CHANGES_SHOWN_MAX: usize = 200;

/// The routes of this file.
pub fn routes() -> Router<Desk> {
    Router::new().route("/campaigns/{id}/trial", post(try_out))
}

async fn try_out(Path(id): Path<String>, posted: Posted) -> Response {
    let visit = &posted.visit;
    let found = async {
        let campaign = form::read(posted.fields()).map_err(Fault::of_fields)?;
        let campaign = Campaign { name: format!("campaigns/{id}"), ..campaign };
        let mut asked = Request::new(TestCampaignRequest { campaign: Some(campaign), mails_max: MAILS_MAX });
        asked.set_timeout(TRIAL_WITHIN);
        visit.api.campaigns().test_campaign(asked).await.map_err(Fault::from)
    };
    match found.await {
        Ok(found) => {
            let found = result(visit, &found.into_inner());
            edit_page(visit, &id, posted.fields(), Some(&found), None).await
        }
        Err(fault) => edit_page(visit, &id, posted.fields(), None, Some(&fault)).await,
    }
}

fn result(visit: &Visit, found: &TestCampaignResponse) -> Markup {
    let language = visit.language();
    let (tested, changed) = (found.tested, found.changes.len());
    html! {
        section aria-labelledby="found" {
            h2 #found { (visit.say("试的结果（尚未保存）", "What the trial found (nothing is saved)")) }
            @if changed == 0 {
                (notice(Tone::Good, language.of(
                    &format!("试了最近的 {tested} 封来信，没有一封的结果会变。"),
                    &format!("{tested} mails were tried, newest first: none would be judged otherwise."))))
            } @else {
                (notice(Tone::Warn, language.of(
                    &format!("试了最近的 {tested} 封来信，其中 {changed} 封的结果会变。已登记的不会因此改动，只影响此后的来信。"),
                    &format!("{tested} mails were tried, newest first: {changed} would be judged otherwise. What is recorded stays as it is; only later mail is concerned."))))
                div.scroll tabindex="0" role="group" aria-labelledby="found" { table {
                    thead { tr {
                        th scope="col" { (visit.say("来信", "Mail")) }
                        th scope="col" { (visit.say("现在", "As it is")) }
                        th scope="col" { (visit.say("改动后", "As it would be")) }
                        th scope="col" { (visit.say("变化的规则", "Rules that end otherwise")) }
                    } }
                    tbody { @for change in found.changes.iter().take(CHANGES_SHOWN_MAX) { (row(visit, change)) } }
                } }
                @if changed > CHANGES_SHOWN_MAX {
                    p { (language.of(&format!("只列出前 {CHANGES_SHOWN_MAX} 封。"), &format!("The first {CHANGES_SHOWN_MAX} are shown."))) } }
            }
            @if found.truncated {
                p { (visit.say("还有更早的来信没有试。", "Older mail was not tried.")) } }
        }
    }
}

fn row(visit: &Visit, change: &JudgementChange) -> Markup {
    let leaves = |before: &str, after: &str| !before.is_empty() && after.is_empty();
    html! {
        tr {
            th scope="row" {
                a href={ "/ledger/" (id_of(&change.message)) } {
                    @if change.subject.is_empty() { (visit.say("（无主题）", "(no subject)")) } @else { (change.subject) } }
                @if !change.submission.is_empty() {
                    " " a.detail href={ "/submissions/" (id_of(&change.submission)) } { (visit.say("来稿", "submission")) } }
            }
            td { (judged(visit, change.class_before(), change.before.as_ref())) }
            td { (judged(visit, change.class_after(), change.after.as_ref()))
                @if leaves(&change.campaign_before, &change.campaign_after) {
                    " " (visit.say("（不再属于任何征稿）", "(for no campaign any more)")) }
                @else if change.campaign_before != change.campaign_after {
                    " " a href={ "/campaigns/" (id_of(&change.campaign_after)) } { (visit.say("（归入此征稿）", "(for this campaign)")) } } }
            td { @if change.findings_after.is_empty() { span.nothing { "—" } }
                @else { ul { @for finding in &change.findings_after { li { (told(visit, finding)) } } } } }
        }
    }
}

fn judged(visit: &Visit, class: Class, judgement: Option<&Judgement>) -> Markup {
    html! {
        (words::class(class, visit.language()))
        @if let Some(judgement) = judgement {
            @let (tone, called) = words::verdict(judgement.verdict(), visit.language());
            " " (badge(tone, called))
        }
    }
}

fn told(visit: &Visit, finding: &Finding) -> Markup {
    let is_advice = finding.severity() == Severity::Advice;
    let (_, ended) = words::outcome(finding.outcome(), is_advice, visit.language());
    html! {
        (words::rule(&finding.rule, visit.language())) (visit.say("：", ": ")) (ended)
        @if finding.outcome() != Outcome::Passed { " " span.detail { (sentence(finding.sentence.as_ref(), visit.language())) } }
    }
}

#[cfg(test)]
mod tests {
    use proto::intake::v1::{ReviewRole, Sentence, Verdict};

    use super::*;
    use crate::{Language, visit::tests::visit_of};

    #[test]
    fn what_would_change_is_told_before_and_after_with_its_rule() {
        let visit = visit_of(ReviewRole::ChiefEditor, Language::Zh);
        let judgement = |verdict: Verdict| Some(Judgement { verdict: verdict.into(), ..Judgement::default() });
        let finding = Finding {
            rule: "video-duration".into(),
            severity: Severity::Required.into(),
            outcome: Outcome::Failed.into(),
            sentence: Some(Sentence { zh: "视频长 4 分 57 秒".into(), en: "x".into() }),
            ..Finding::default()
        };
        let change = JudgementChange {
            message: "messages/a1".into(),
            submission: "submissions/s1".into(),
            subject: "【主题征稿】<i>".into(),
            class_before: Class::Submission.into(),
            class_after: Class::Submission.into(),
            before: judgement(Verdict::Eligible),
            after: judgement(Verdict::Incomplete),
            findings_after: vec![finding],
            ..JudgementChange::default()
        };
        let found = TestCampaignResponse { tested: 40, changes: vec![change], truncated: true };
        let shown = result(&visit, &found).into_string();
        for expected in [
            "试了最近的 40 封来信，其中 1 封",
            "合格",
            "待补",
            "视频时长：不符合",
            "视频长 4 分 57 秒",
            "href=\"/submissions/s1\"",
            "&lt;i&gt;",
            "更早的来信没有试",
        ] {
            assert!(shown.contains(expected), "{expected}\n{shown}");
        }
        let none = TestCampaignResponse { tested: 3, ..TestCampaignResponse::default() };
        assert!(result(&visit, &none).into_string().contains("没有一封的结果会变"));
    }
}
