//! 处理: a form for each step that is open to the person, and for no other.

use chrono::{Days, Utc};
use maud::{Markup, html};
use proto::intake::v1::{Campaign, Review, ReviewAction, ReviewNextAction, ReviewWords, Verdict};
use stdx::beijing;
use uuid::Uuid;

use super::{Asked, Refused};
use crate::{
    Language,
    html::{Tone, hidden, moment, notice},
    listing::wire_word,
    pages::submissions::choice,
    people::Editors,
    visit::Visit,
    words,
};

/// Days that the form suggests for a revision.
const REVISION_DAYS: u32 = 14;

/// What the box needs.
pub struct Around<'a> {
    /// Who looks.
    pub visit: &'a Visit,
    /// At which page.
    pub asked: &'a Asked,
    /// The review as it stands.
    pub review: &'a Review,
    /// Its campaign.
    pub campaign: Option<&'a Campaign>,
    /// Who may get it.
    pub editors: &'a Editors,
    /// The page of the next submission of the list.
    pub next: Option<&'a str>,
    /// The form that was just refused.
    pub refused: Option<&'a Refused<'a>>,
}

/// Steps that belong together: heading in Chinese and English, the steps, the key of the first.
type Group = (&'static str, &'static str, &'static [ReviewAction], &'static str);

const GROUPS: [Group; 5] = [
    ("决定", "Decision", &[ReviewAction::Adopt, ReviewAction::Decline, ReviewAction::AskRevision], "d"),
    ("意见", "Opinion", &[ReviewAction::Recommend], "v"),
    (
        "流转",
        "Way",
        &[ReviewAction::Assign, ReviewAction::Begin, ReviewAction::Pass, ReviewAction::SendBack, ReviewAction::Resume],
        "e",
    ),
    ("刊发", "Publication", &[ReviewAction::Schedule, ReviewAction::Publish, ReviewAction::Unschedule], "p"),
    ("撤稿与撤回", "Taking back", &[ReviewAction::Retract, ReviewAction::Withdraw], ""),
];

/// The word of an action in a form.
pub fn word(action: ReviewAction) -> &'static str {
    wire_word(action.as_str_name(), "REVIEW_ACTION_")
}

/// The box.
pub fn steps(around: &Around<'_>) -> Markup {
    let Around { visit, review, refused, .. } = around;
    let open = |action: &ReviewAction| review.next_actions.iter().find(|next| next.action() == *action);
    html! {
        section #steps aria-labelledby="steps-title" tabindex="-1" {
            h2 #steps-title { (visit.say("处理", "Steps")) }
            @if let Some(refused) = refused { (notice(Tone::Bad, refused.fault.words(visit.language()))) }
            @if review.retractable_until_time.is_some() {
                p.detail { (visit.say("上一决定可在此时间前撤回：", "The last decision can be retracted until ")) (moment(review.retractable_until_time.as_ref())) }
            }
            @if review.next_actions.is_empty() {
                p.detail { (visit.say("您现在没有可以进行的操作。", "There is no step for you to take now.")) }
            }
            @for (zh, en, actions, key) in GROUPS {
                @let nexts: Vec<&ReviewNextAction> = actions.iter().filter_map(open).collect();
                @if !nexts.is_empty() {
                    h3 { (visit.say(zh, en)) }
                    @for (index, next) in nexts.into_iter().enumerate() {
                        (step(around, next, (index == 0 && !key.is_empty()).then_some(key)))
                    }
                }
            }
        }
    }
}

fn step(around: &Around<'_>, next: &ReviewNextAction, key: Option<&str>) -> Markup {
    let Around { visit, asked, review, refused, .. } = around;
    let (action, words) = (next.action(), next.words());
    let language = visit.language();
    let again = refused.filter(|refused| refused.action == action);
    let value = |name: &str| again.map(|refused| refused.fields.one(name)).unwrap_or_default();
    let note_is_required = matches!(words, ReviewWords::TellColleagues)
        || (action == ReviewAction::Adopt && review.verdict() != Verdict::Eligible);
    html! {
        details.step name="step" open[again.is_some()] {
            summary data-key=[key] { (words::action(action, language)) }
            form.column method="post" action=(asked_steps(asked)) {
                (hidden(visit))
                input type="hidden" name="action" value=(word(action));
                input type="hidden" name="etag" value=(review.etag);
                input type="hidden" name="request_id" value=(Uuid::now_v7());
                input type="hidden" name="tab" value=(asked.tab);
                (particulars(around, action, &value))
                @if matches!(words, ReviewWords::TellAuthor | ReviewWords::MayTellAuthor) {
                    label { span { (visit.say("给作者的理由（写入回信）", "Reason for the author (goes into the letter)"))
                            @if words == ReviewWords::MayTellAuthor { (visit.say("，可不填", ", optional")) } }
                        textarea name="reason" maxlength="2000" required[words == ReviewWords::TellAuthor] { (value("reason")) } }
                }
                label { span { (note_label(visit, action)) @if !note_is_required { (visit.say("，可不填", ", optional")) } }
                    textarea.short name="note" maxlength="2000" required[note_is_required] { (value("note")) } }
                @if action == ReviewAction::Adopt && review.verdict() != Verdict::Eligible {
                    p.detail { (visit.say("稿件未判定为合格，请说明为何仍予采用。", "It was not judged eligible: say why it is adopted all the same.")) }
                }
                (letter_told(visit, action))
                div.line {
                    button.danger[action == ReviewAction::Withdraw] data-save[around.next.is_none()] { (words::action(action, language)) }
                    @if let Some(next) = around.next {
                        @if goes_on(action) {
                            button.quiet name="next" value=(next) data-save { (visit.say("完成并看下一篇", "Done, and the next one")) }
                        }
                    }
                }
            }
        }
    }
}

/// Where the steps of a page are sent.
fn asked_steps(asked: &Asked) -> String {
    crate::html::url(&format!("/{}/steps", asked.name), &[("list", &asked.listing.query())])
}

/// Steps after which one is done with a submission for now.
fn goes_on(action: ReviewAction) -> bool {
    matches!(
        action,
        ReviewAction::Assign
            | ReviewAction::Recommend
            | ReviewAction::Pass
            | ReviewAction::SendBack
            | ReviewAction::Adopt
            | ReviewAction::Decline
            | ReviewAction::AskRevision
    )
}

fn note_label(visit: &Visit, action: ReviewAction) -> &str {
    match action {
        ReviewAction::Recommend => visit.say("审稿意见（同事可见）", "Opinion (for colleagues)"),
        ReviewAction::Withdraw => {
            visit.say("作者何时、如何提出撤稿（同事可见）", "When and how the author asked (for colleagues)")
        }
        _ => visit.say("内部备注（同事可见）", "Note (for colleagues)"),
    }
}

/// What follows for the author.
fn letter_told(visit: &Visit, action: ReviewAction) -> Markup {
    let words = match action {
        ReviewAction::Adopt => {
            visit.say("会为作者写一封采用通知，见“回信”。", "A notice of adoption is written; see the letters.")
        }
        ReviewAction::Decline => {
            visit.say("会为作者写一封退稿通知，见“回信”。", "A notice of decline is written; see the letters.")
        }
        ReviewAction::AskRevision => {
            visit.say("会为作者写一封退修通知，见“回信”。", "A request for a revision is written; see the letters.")
        }
        _ => "",
    };
    html! { @if !words.is_empty() { p.detail { (words) } } }
}

/// What a step asks beside words.
fn particulars<'v>(around: &Around<'_>, action: ReviewAction, value: &dyn Fn(&str) -> &'v str) -> Markup {
    let Around { visit, review, campaign, editors, .. } = around;
    let language = visit.language();
    match action {
        ReviewAction::Assign => html! {
            label { span { (visit.say("责任编辑", "Editor")) }
                (choice(visit, editors, if value("editor").is_empty() { &review.editor } else { value("editor") })) }
        },
        ReviewAction::Recommend => html! {
            fieldset { legend { (visit.say("建议", "Recommendation")) }
                @for decision in [proto::intake::v1::ReviewDecision::Adopt, proto::intake::v1::ReviewDecision::AskRevision, proto::intake::v1::ReviewDecision::Decline] {
                    @let word = wire_word(decision.as_str_name(), "REVIEW_DECISION_");
                    label.box { input type="radio" name="decision" value=(word) required checked[value("decision") == word]; span { (words::decision(decision, language)) } } " "
                }
            }
        },
        ReviewAction::AskRevision => {
            let most = campaign
                .and_then(|campaign| campaign.review.as_ref())
                .map_or(REVISION_DAYS, |review| review.revision_days_max);
            let today = beijing::day_of(Utc::now());
            let after = |days: u32| today.checked_add_days(Days::new(days.into())).unwrap_or(today);
            let chosen = value("until_day").to_owned();
            let chosen = if chosen.is_empty() { after(REVISION_DAYS.min(most)).to_string() } else { chosen };
            let hint = match language {
                Language::Zh => format!("修改期限（含当日，最迟 {}）", after(most)),
                Language::En => format!("Last day for the revision (inclusive, {} at the latest)", after(most)),
            };
            html! { label { span { (hint) } input type="date" name="until_day" required min=(today) max=(after(most)) value=(chosen); } }
        }
        ReviewAction::Schedule => {
            let channels = campaign.map(|campaign| campaign.channels.as_slice()).unwrap_or_default();
            html! {
                (channel(visit, channels.iter().map(String::as_str), value("channel")))
                label { span { (visit.say("刊期或位置，例如 2023年第5期", "Where in it: 2023年第5期")) }
                    input name="slot" maxlength="100" required value=(value("slot")); }
            }
        }
        ReviewAction::Unschedule | ReviewAction::Publish => {
            let waiting = review.placements.iter().filter(|placement| placement.publish_time.is_none());
            channel(visit, waiting.map(|placement| placement.channel.as_str()), value("channel"))
        }
        _ => html! {},
    }
}

fn channel<'c>(visit: &Visit, channels: impl Iterator<Item = &'c str>, chosen: &str) -> Markup {
    html! {
        label { span { (visit.say("刊发渠道", "Channel")) }
            select name="channel" required { @for channel in channels { option value=(channel) selected[channel == chosen] { (channel) } } } }
    }
}
