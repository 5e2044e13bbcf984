//! 审核发现: what each rule found, the troubles first.

use maud::{Markup, html};
use proto::intake::v1::{Finding, Outcome, Severity, Submission};

use super::facts::place;
use crate::{
    html::{badge, sentence},
    language::Language,
    visit::Visit,
    words,
};

/// The findings.
pub fn findings(visit: &Visit, submission: &Submission) -> Markup {
    let of = |outcome: Outcome, is_advice: bool| {
        let wanted = move |finding: &&Finding| {
            finding.outcome() == outcome
                && (outcome != Outcome::Failed || is_advice == (finding.severity() == Severity::Advice))
        };
        submission.findings.iter().filter(wanted).collect::<Vec<_>>()
    };
    let troubles: Vec<&Finding> =
        [of(Outcome::Failed, false), of(Outcome::Undetermined, false), of(Outcome::Failed, true)].concat();
    let passed = of(Outcome::Passed, false);
    html! {
        section aria-labelledby="findings" {
            h2 #findings { (visit.say("审核发现", "Findings")) }
            @if submission.findings.is_empty() {
                p.detail { (visit.say("这封来信没有按规则审核。", "The rules were not applied to this mail.")) }
            } @else if troubles.is_empty() {
                p { (visit.say("各项规则均符合。", "Every rule is met.")) }
            }
            ul.findings { @for finding in &troubles { (one(visit, finding)) } }
            @if !passed.is_empty() {
                details {
                    summary { (visit.say("符合的规则", "Rules that are met")) " (" (passed.len()) ")" }
                    ul.findings { @for finding in &passed { (one(visit, finding)) } }
                }
            }
        }
    }
}

fn one(visit: &Visit, finding: &Finding) -> Markup {
    let language = visit.language();
    let (tone, outcome) = words::outcome(finding.outcome(), finding.severity() == Severity::Advice, language);
    html! {
        li {
            (badge(tone, outcome)) " " b { (words::rule(&finding.rule, language)) }
            p { (sentence(finding.sentence.as_ref(), language)) }
            // Programs read these two, so they are in English; the sentence says both.
            @if language == Language::En && !(finding.measured.is_empty() && finding.limit.is_empty()) {
                p.detail {
                    @if !finding.measured.is_empty() { "measured " bdi { (finding.measured) } @if !finding.limit.is_empty() { " · " } }
                    @if !finding.limit.is_empty() { "asked " bdi { (finding.limit) } }
                }
            }
            @if !finding.evidence.is_empty() {
                details {
                    summary { (visit.say("依据", "Evidence")) }
                    ul { @for evidence in &finding.evidence {
                        li { (place(visit, &evidence.place)) @if !evidence.excerpt.is_empty() { (visit.say("：", ": ")) q { (evidence.excerpt) } } }
                    } }
                }
            }
        }
    }
}
