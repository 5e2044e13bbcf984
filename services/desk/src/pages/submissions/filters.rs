//! The conditions of the list: a form that writes them into the address, and pills that take them away.

use maud::{Markup, html};
use proto::intake::v1::{Campaign, Tag};

use crate::{
    listing::{COLUMNS, KEPT, Listing, ORDERS, PATH, SWITCHES, wire_word},
    people::Editors,
    visit::Visit,
    words::{self, RULES, STATES, VERDICTS},
};

/// Conditions that the first line of the form has; a list with any other opens the rest.
const COMMON: [&str; 5] = ["q", "campaign", "state", "verdict", "editor"];

/// The pills, or nothing for the whole list.
#[must_use]
pub fn pills(visit: &Visit, listing: &Listing, editors: &Editors, campaigns: &[Campaign]) -> Markup {
    let campaign = |id: &str| {
        let known = campaigns.iter().find(|campaign| campaign.name.strip_prefix("campaigns/") == Some(id));
        known.map_or_else(|| id.to_owned(), |campaign| words::cut(&campaign.theme, 20))
    };
    let pills = listing.pills(visit.language(), |name| editors.called(name).to_owned(), campaign);
    html! {
        @if !pills.is_empty() {
            ul.pills aria-label=(visit.say("筛选条件", "Conditions")) {
                @for (words, without) in &pills {
                    li { a href=(without) { (words) span aria-hidden="true" { " ×" } span.unseen { (visit.say("，去掉这个条件", ", take it away")) } } }
                }
                li { a.clear href=(PATH) data-key="r" { (visit.say("全部清除", "Clear all")) } }
            }
        }
    }
}

/// The form.
#[must_use]
pub fn form(visit: &Visit, listing: &Listing, editors: &Editors, campaigns: &[Campaign], tags: &[Tag]) -> Markup {
    let language = visit.language();
    let any = visit.say("不限", "Any");
    let has_more = listing.names().any(|name| !COMMON.contains(&name) && !KEPT.contains(&name))
        || listing.states_asked() > 1
        || listing.has_own_columns();
    html! {
        form.filters action=(PATH) aria-label=(visit.say("筛选来稿", "Filter submissions")) {
            @for name in KEPT {
                @if !listing.one(name).is_empty() { input type="hidden" name=(name) value=(listing.one(name)); }
            }
            div.line {
                label { span { (visit.say("主题、作者或单位含", "Subject, author or organisation holds")) }
                    input name="q" type="search" value=(listing.one("q")) maxlength="80"; }
                label { span { (visit.say("征稿", "Campaign")) }
                    select name="campaign" {
                        option value="" { (visit.say("全部征稿", "All campaigns")) }
                        @for campaign in campaigns {
                            @let id = campaign.name.strip_prefix("campaigns/").unwrap_or_default();
                            option value=(id) selected[listing.has("campaign", id)] { (words::cut(&campaign.theme, 30)) }
                        }
                    } }
                label { span { (visit.say("责任编辑", "Editor")) }
                    select name="editor" {
                        option value="" { (any) }
                        option value="mine" selected[listing.has("editor", "mine")] { (visit.say("我的稿件", "Mine")) }
                        option value="none" selected[listing.has("editor", "none")] { (visit.say("无责任编辑", "Nobody")) }
                        @for editor in &editors.0 {
                            @let value = format!("by.{}", editor.editor);
                            option value=(value) selected[listing.has("editor", &value)] { (editors.called(&editor.editor)) }
                        }
                    } }
                label { span { (visit.say("判定", "Verdict")) }
                    select name="verdict" {
                        option value="" { (any) }
                        @for verdict in VERDICTS {
                            @let value = wire_word(verdict.as_str_name(), "VERDICT_");
                            option value=(value) selected[listing.has("verdict", value)] { (words::verdict(verdict, language).1) }
                        }
                    } }
                label { span { (visit.say("排序", "Order")) }
                    select name="order" {
                        @for (value, _, zh, en) in ORDERS {
                            option value=(value) selected[listing.order() == value] { (visit.say(zh, en)) }
                        }
                    } }
                button { (visit.say("筛选", "Filter")) }
            }
            details open[has_more] {
                summary { (visit.say("更多条件", "More conditions")) }
                fieldset {
                    legend { (visit.say("状态", "State")) }
                    div.boxes {
                        (tick("state", "open", visit.say("未决（自收到至退修）", "Undecided"), listing))
                        @for state in STATES {
                            (tick("state", wire_word(state.as_str_name(), "REVIEW_STATE_"), words::state(state, language), listing))
                        }
                    }
                }
                fieldset {
                    legend { (visit.say("稿件与来信", "Manuscript and mail")) }
                    div.boxes {
                        @for (value, _, zh, en) in SWITCHES { (tick("is", value, visit.say(zh, en), listing)) }
                        (tick("overdue", "1", visit.say("退修逾期", "Revision overdue"), listing))
                    }
                }
                fieldset {
                    legend { (visit.say("列", "Columns")) }
                    div.boxes {
                        @for (value, zh, en) in COLUMNS {
                            label.box { input type="checkbox" name="col" value=(value) checked[listing.shows(value)]; span { (visit.say(zh, en)) } }
                        }
                    }
                }
                div.line {
                    @for (name, label) in [("tag", visit.say("标签", "Tag")), ("untag", visit.say("无此标签", "Without tag"))] {
                        @let asked: Vec<&str> = listing.all(name).collect();
                        @for tag in asked.iter().skip(1) { input type="hidden" name=(name) value=(tag); }
                        label { span { (label) } input name=(name) list="tags" maxlength="20" value=[asked.first()]; }
                    }
                    datalist #tags { @for tag in tags { option value=(tag.tag) {} } }
                    @for (name, label) in [("failed", visit.say("不符合的规则", "Rule not met")), ("unsure", visit.say("待核的规则", "Rule to be checked"))] {
                        label { span { (label) }
                            select name=(name) {
                                option value="" { (any) }
                                @for (code, zh, en) in RULES { option value=(code) selected[listing.has(name, code)] { (visit.say(zh, en)) } }
                            } }
                    }
                    label { span { (visit.say("收到（自）", "Received from")) } input type="date" name="from" value=(listing.one("from")); }
                    label { span { (visit.say("收到（至，含当日）", "to (inclusive)")) } input type="date" name="to" value=(listing.one("to")); }
                    label { span { (visit.say("云附件几日内到期", "Cloud file ends within days")) }
                        input type="number" name="expires" min="1" max="60" value=(listing.one("expires")); }
                    label { span { (visit.say("发件地址", "Sender’s address")) } input type="email" name="author" maxlength="254" value=(listing.one("author")); }
                    button.quiet { (visit.say("筛选", "Filter")) }
                }
            }
        }
    }
}

fn tick(name: &str, value: &str, words: &str, listing: &Listing) -> Markup {
    html! { label.box { input type="checkbox" name=(name) value=(value) checked[listing.has(name, value)]; span { (words) } } }
}
