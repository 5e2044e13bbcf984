//! 政府购买服务: the procurement registers, read only. One page a file; here the way between them and what they share.

mod cases;
mod catalogue;
mod claims;
mod classify;
mod compare;
mod contracts;
mod evaluations;
mod figures;
mod items;
mod listing;
mod names;
mod overview;
mod parts;
mod pilots;
mod places;
mod policies;
mod projects;
mod providers;
mod purchasers;
mod regions;
mod statistics;
mod words;

use axum::{Router, response::Response};
use maud::{Markup, html};

use crate::{
    Desk,
    fault::Fault,
    html::{Here, Page},
    visit::Visit,
};

/// All of them.
pub fn routes() -> Router<Desk> {
    Router::new()
        .merge(overview::routes())
        .merge(catalogue::routes())
        .merge(items::routes())
        .merge(compare::routes())
        .merge(classify::routes())
        .merge(projects::routes())
        .merge(contracts::routes())
        .merge(providers::routes())
        .merge(purchasers::routes())
        .merge(figures::routes())
        .merge(claims::routes())
        .merge(statistics::routes())
        .merge(policies::routes())
        .merge(pilots::routes())
        .merge(evaluations::routes())
        .merge(cases::routes())
        .merge(regions::routes())
}

/// A page, or why there is none.
type Answer = Result<Response, Fault>;

/// The answer as the person gets it.
fn answer(visit: &Visit, answer: Answer) -> Response {
    answer.unwrap_or_else(|fault| fault.to(visit))
}

/// A register of the section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tab {
    Overview,
    Catalogue,
    Projects,
    Providers,
    Purchasers,
    Figures,
    Statistics,
    Policies,
    Pilots,
    Evaluations,
    Cases,
}

const TABS: [(Tab, &str, &str, &str); 11] = [
    (Tab::Overview, "/procurement", "概览", "Overview"),
    (Tab::Catalogue, "/procurement/catalogues", "指导性目录", "Catalogue"),
    (Tab::Projects, "/procurement/projects", "项目", "Projects"),
    (Tab::Providers, "/procurement/providers", "承接主体", "Providers"),
    (Tab::Purchasers, "/procurement/purchasers", "购买主体", "Purchasers"),
    (Tab::Figures, "/procurement/figures", "数字", "Figures"),
    (Tab::Statistics, "/procurement/statistics", "统计", "Statistics"),
    (Tab::Policies, "/procurement/policies", "政策", "Policies"),
    (Tab::Pilots, "/procurement/pilots", "试点", "Pilots"),
    (Tab::Evaluations, "/procurement/evaluations", "评价", "Evaluations"),
    (Tab::Cases, "/procurement/cases", "案例", "Cases"),
];

/// A page of a register.
#[expect(clippy::unnecessary_wraps, reason = "every page ends with it")]
fn show(visit: &Visit, tab: Tab, title: &str, body: &Markup) -> Answer {
    Ok(Page::new(visit, Here::Procurement, title).below(tabs(visit, tab)).show(body))
}

fn tabs(visit: &Visit, here: Tab) -> Markup {
    html! {
        nav aria-label=(visit.say("政府购买服务", "Procurement")) {
            ul.tabs {
                @for (tab, path, zh, en) in TABS {
                    li { a href=(path) aria-current=[(tab == here).then_some("page")] { (visit.say(zh, en)) } }
                }
            }
        }
    }
}
