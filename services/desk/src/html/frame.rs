//! The frame of every page: head, navigation, the person's corner, and the place for what the page is about.

use axum::response::{IntoResponse, Response};
use maud::{DOCTYPE, Markup, html};
use proto::intake::v1::ReviewRole;

use super::{parts::Tone, parts::notice};
use crate::{
    assets::{ICON, SCRIPT, STYLE},
    html::hidden,
    language::Taste,
    visit::Visit,
};

/// A section of the navigation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Here {
    /// 今日工作.
    Today,
    /// 来稿.
    Submissions,
    /// 发件箱.
    Outbox,
    /// 来信登记.
    Ledger,
    /// 联系人.
    Contacts,
    /// 征稿.
    Campaigns,
    /// 统计.
    Statistics,
    /// 政府购买服务.
    Procurement,
    /// 管理.
    Administration,
    /// None of them: the person's own page.
    Nowhere,
}

/// A line of the navigation: section, path, Chinese, English, least role, the key after `g`.
type Section = (Here, &'static str, &'static str, &'static str, ReviewRole, &'static str);

const SECTIONS: [Section; 9] = [
    (Here::Today, "/", "今日工作", "Today", ReviewRole::Viewer, "t"),
    (Here::Submissions, "/submissions", "来稿", "Submissions", ReviewRole::Viewer, "s"),
    (Here::Outbox, "/outbox", "发件箱", "Outbox", ReviewRole::Viewer, "o"),
    (Here::Ledger, "/ledger", "来信登记", "Mail ledger", ReviewRole::Viewer, "m"),
    (Here::Contacts, "/contacts", "联系人", "Contacts", ReviewRole::Viewer, "c"),
    (Here::Campaigns, "/campaigns", "征稿", "Campaigns", ReviewRole::Viewer, "k"),
    (Here::Statistics, "/statistics", "统计", "Statistics", ReviewRole::Viewer, "n"),
    (Here::Procurement, "/procurement", "购买服务", "Procurement", ReviewRole::Viewer, "p"),
    (Here::Administration, "/administration", "管理", "Administration", ReviewRole::Administrator, "a"),
];

/// A page for a person who is signed in.
pub struct Page<'a> {
    visit: &'a Visit,
    here: Here,
    title: String,
    said: Option<(Tone, String)>,
    above: Option<Markup>,
    watched: Option<String>,
}

impl<'a> Page<'a> {
    /// With its title, which is the page's first heading too.
    #[must_use]
    pub fn new(visit: &'a Visit, here: Here, title: impl Into<String>) -> Self {
        Self { visit, here, title: title.into(), said: None, above: None, watched: None }
    }

    /// With a sentence above everything else: what was just done.
    #[must_use]
    pub fn saying(mut self, tone: Tone, words: impl Into<String>) -> Self {
        self.said = Some((tone, words.into()));
        self
    }

    /// Told of changes while it is open: of the manuscript with this name, or of any when it is empty. A page that a form
    /// brought back is not: what was typed would be lost with a refresh.
    #[must_use]
    pub fn watching(mut self, manuscript: &str) -> Self {
        self.watched = Some(manuscript.to_owned());
        self
    }

    /// With a part above the heading: where in the section the page is.
    #[must_use]
    pub fn below(mut self, above: Markup) -> Self {
        self.above = Some(above);
        self
    }

    /// The whole page.
    #[must_use]
    pub fn show(self, body: &Markup) -> Response {
        let Self { visit, here, title, said, above, watched } = self;
        let content = html! {
            a.skip href="#main" { (visit.say("跳到正文", "Skip to the content")) }
            header.top {
                a.brand href="/" { "采编" span lang="en" { "caibian" } }
                nav.sections aria-label=(visit.say("主导航", "Main")) {
                    ul {
                        @for (section, path, zh, en, role, key) in SECTIONS {
                            @if visit.may(role) {
                                li { a href=(path) data-go=(key) aria-current=[(section == here).then_some("page")] { (visit.say(zh, en)) } }
                            }
                        }
                    }
                }
                form.search action="/submissions" role="search" aria-label=(visit.say("来稿", "Submissions")) {
                    label.unseen for="search" { (visit.say("搜索来稿", "Search submissions")) }
                    input #search type="search" name="q" maxlength="80" placeholder=(visit.say("搜索来稿", "Search"));
                }
                a.person href="/account" aria-current=[(here == Here::Nowhere).then_some("page")] { (visit.session.display_name) }
            }
            main #main tabindex="-1" {
                @if let Some(above) = &above { (above) }
                h1 { (title) }
                @if let Some((tone, words)) = &said { (notice(*tone, words)) }
                (body)
            }
            @if let Some(manuscript) = &watched {
                p.news role="status" aria-live="polite" data-watch=(manuscript) data-here=(visit.here)
                    data-one=(visit.say("有 1 件更新，点此刷新", "1 change: refresh"))
                    data-many=(visit.say("有 {} 件更新，点此刷新", "{} changes: refresh")) {}
            }
            footer.bottom { (taste_form(visit)) }
        };
        document(visit.taste, &title, &content).into_response()
    }
}

/// Language, theme, density and keys; works without a script.
fn taste_form(visit: &Visit) -> Markup {
    let taste = visit.taste;
    let choice = |name: &str, zh: &str, en: &str, value: &str, options: &[(&str, &str, &str)]| {
        html! {
            label {
                span { (visit.say(zh, en)) }
                select name=(name) {
                    @for (option, zh, en) in options {
                        option value=(option) selected[*option == value] { (visit.say(zh, en)) }
                    }
                }
            }
        }
    };
    html! {
        form.taste method="post" action="/taste" aria-label=(visit.say("显示设置", "Display")) {
            (hidden(visit)) input type="hidden" name="next" value=(visit.here);
            (choice("language", "语言", "Language", taste.language.of("zh", "en"), &[("zh", "中文", "中文"), ("en", "English", "English")]))
            (choice("theme", "外观", "Theme", taste.theme.unwrap_or("system"),
                &[("system", "跟随系统", "As the system"), ("light", "浅色", "Light"), ("dark", "深色", "Dark")]))
            (choice("density", "行距", "Density", if taste.is_compact { "compact" } else { "wide" },
                &[("wide", "宽松", "Wide"), ("compact", "紧凑", "Compact")]))
            (choice("keys", "单键快捷", "Single-letter keys", if taste.has_keys { "on" } else { "off" },
                &[("on", "开", "On"), ("off", "关", "Off")]))
            button.quiet { (visit.say("应用", "Apply")) }
        }
    }
}

/// A page for somebody who is not signed in, or for a fault: no navigation.
#[must_use]
pub fn bare(taste: Taste, title: &str, body: &Markup) -> Markup {
    document(taste, title, &html! { main.bare #main { p.brand { "采编" span lang="en" { "caibian" } } (body) } })
}

fn document(taste: Taste, title: &str, content: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang=(taste.language.tag()) data-theme=[taste.theme] data-density=[taste.is_compact.then_some("compact")]
            data-keys=[taste.has_keys.then_some("on")] {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="robots" content="noindex";
                meta name="color-scheme" content="light dark";
                title { (title) " · 采编" }
                link rel="icon" href=(ICON.path);
                link rel="stylesheet" href=(STYLE.path);
                script src=(SCRIPT.path) defer {}
            }
            body { (content) }
        }
    }
}
