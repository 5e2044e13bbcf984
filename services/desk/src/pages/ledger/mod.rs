//! 来信登记: every mail that the worker has seen, whatever became of it.

pub(super) mod mail;

use axum::{Router, extract::Query, response::Response, routing::get};
use maud::{Markup, html};
use proto::intake::v1::{
    Class, ListMailboxesRequest, ListMessagesRequest, ListMessagesResponse, Mailbox, Message, Stage,
};

use crate::{
    Desk,
    fault::Fault,
    html::{Choice, Here, Page, badge, choice, filled, id_of, moment, pager, url},
    posted::Fields,
    visit::Visit,
    words::{self, CLASSES, STAGES, code, spelled},
};

/// The routes of this file and its neighbours.
pub fn routes() -> Router<Desk> {
    Router::new().route("/ledger", get(list)).merge(mail::routes())
}

/// Characters of a text that is looked for.
const TEXT_CHARACTERS_MAX: usize = 80;

/// The list that an address asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Asked {
    mailbox: String,
    stage: Option<Stage>,
    class: Option<Class>,
    text: String,
    page: String,
}

impl Asked {
    /// What the list does not know is left out.
    fn read(query: &Fields) -> Self {
        let stage = Stage::from_str_name(&spelled(query.one("stage"), "STAGE_"));
        let class = Class::from_str_name(&spelled(query.one("class"), "CLASS_"));
        let text = query.one("q").trim().chars().filter(|character| !character.is_control());
        Self {
            mailbox: query.one("mailbox").to_owned(),
            stage: stage.filter(|stage| *stage != Stage::Unspecified),
            class: class.filter(|class| *class != Class::Unspecified),
            text: text.take(TEXT_CHARACTERS_MAX).collect(),
            page: query.one("page").to_owned(),
        }
    }

    fn request(&self) -> ListMessagesRequest {
        ListMessagesRequest {
            mailbox: if self.mailbox.is_empty() { String::new() } else { format!("mailboxes/{}", self.mailbox) },
            stages: self.stage.iter().map(|stage| *stage as i32).collect(),
            classes: self.class.iter().map(|class| *class as i32).collect(),
            text: self.text.clone(),
            page_token: self.page.clone(),
            page_size: 0,
        }
    }

    fn stage_code(&self) -> String {
        self.stage.map(stage_code).unwrap_or_default()
    }

    fn class_code(&self) -> String {
        self.class.map(class_code).unwrap_or_default()
    }

    /// The same list from a page on.
    fn at(&self, page: &str) -> String {
        let (stage, class) = (self.stage_code(), self.class_code());
        let query = [
            ("mailbox", self.mailbox.as_str()),
            ("stage", &stage),
            ("class", &class),
            ("q", &self.text),
            ("page", page),
        ];
        url("/ledger", &query)
    }

    fn is_filtered(&self) -> bool {
        !(self.mailbox.is_empty() && self.text.is_empty() && self.stage.is_none() && self.class.is_none())
    }
}

fn stage_code(stage: Stage) -> String {
    code(stage.as_str_name(), "STAGE_")
}

fn class_code(class: Class) -> String {
    code(class.as_str_name(), "CLASS_")
}

async fn list(visit: Visit, Query(query): Query<Vec<(String, String)>>) -> Response {
    let asked = Asked::read(&Fields(query));
    let mailboxes = match visit.api.mailboxes().list_mailboxes(ListMailboxesRequest {}).await {
        Ok(answer) => answer.into_inner().mailboxes,
        Err(status) => return Fault::from(status).to(&visit),
    };
    match visit.api.mailboxes().list_messages(asked.request()).await {
        Ok(answer) => {
            let body = body(&visit, &asked, &mailboxes, &answer.into_inner());
            Page::new(&visit, Here::Ledger, visit.say("来信登记", "Mail ledger")).show(&body)
        }
        Err(status) => Fault::from(status).to(&visit),
    }
}

fn body(visit: &Visit, asked: &Asked, mailboxes: &[Mailbox], answer: &ListMessagesResponse) -> Markup {
    let first = (!asked.page.is_empty()).then(|| asked.at(""));
    let next = (!answer.next_page_token.is_empty()).then(|| asked.at(&answer.next_page_token));
    html! {
        p { (visit.say(
            "采集程序在邮箱中见到的每一封邮件都在这里，包括不予处理的、退信和自动回复。",
            "Every mail that was seen in the mailboxes is here, also what was left aside, bounces and automatic replies.",
        )) }
        (filters(visit, asked, mailboxes))
        @if answer.messages.is_empty() {
            p { @if asked.is_filtered() { (visit.say("没有符合条件的来信。", "No mail fits.")) }
                @else { (visit.say("还没有收到任何来信。", "No mail has been seen yet.")) } }
        } @else { (table(visit, mailboxes, &answer.messages)) }
        (pager(visit, first.as_deref(), next.as_deref()))
    }
}

fn filters(visit: &Visit, asked: &Asked, mailboxes: &[Mailbox]) -> Markup {
    let language = visit.language();
    let boxes: Vec<Choice> =
        mailboxes.iter().map(|mailbox| (id_of(&mailbox.name).to_owned(), mailbox.display_name.clone())).collect();
    let stages = STAGES.map(|stage| (stage_code(stage), words::stage(stage, language).1.to_owned()));
    let classes = CLASSES.map(|class| (class_code(class), words::class(class, language).to_owned()));
    let all = Some(visit.say("全部", "All"));
    html! {
        form.line method="get" action="/ledger" role="search" aria-label=(visit.say("筛选来信", "Filter the mails")) {
            (choice("mailbox", visit.say("邮箱", "Mailbox"), all, &boxes, &asked.mailbox))
            (choice("stage", visit.say("阶段", "Stage"), all, &stages, &asked.stage_code()))
            (choice("class", visit.say("类别", "Class"), all, &classes, &asked.class_code()))
            label { span { (visit.say("主题或发件人", "Subject or sender")) }
                input type="search" name="q" value=(asked.text) maxlength=(TEXT_CHARACTERS_MAX); }
            button { (visit.say("筛选", "Filter")) }
            @if asked.is_filtered() { a.button.quiet href="/ledger" { (visit.say("清除条件", "Clear")) } }
        }
    }
}

fn table(visit: &Visit, mailboxes: &[Mailbox], messages: &[Message]) -> Markup {
    let called = |name: &str| {
        let mailbox = mailboxes.iter().find(|mailbox| mailbox.name == name);
        mailbox.map_or_else(String::new, |mailbox| mailbox.display_name.clone())
    };
    html! {
        div.scroll tabindex="0" role="group" aria-label=(visit.say("来信", "Mails")) {
            table {
                thead { tr {
                    th scope="col" { (visit.say("收到（北京时间）", "Received (Beijing)")) }
                    th scope="col" { (visit.say("主题", "Subject")) }
                    th scope="col" { (visit.say("发件人", "From")) }
                    th scope="col" { (visit.say("类别", "Class")) }
                    th scope="col" { (visit.say("阶段", "Stage")) }
                    th scope="col" { (visit.say("原因", "Reason")) }
                    th scope="col" { (visit.say("邮箱", "Mailbox")) }
                    th scope="col" { (visit.say("来稿", "Submission")) }
                } }
                tbody { @for message in messages {
                    tr data-row {
                        td { (moment(message.received_time.as_ref()))
                            @if message.backfilled { " " (badge(crate::html::Tone::Plain, visit.say("补录", "backfilled"))) } }
                        th scope="row" { a href={ "/ledger/" (id_of(&message.name)) } { (mail::title(visit, message)) } }
                        td { (mail::sender(message)) }
                        td { (mail::class(visit, message)) }
                        td { (mail::stage(visit, message.stage())) }
                        td { (filled(mail::why(visit, message))) }
                        td { (filled(&called(&message.mailbox))) }
                        td { @if message.submission.is_empty() { span.nothing { "—" } }
                            @else { a href={ "/submissions/" (id_of(&message.submission)) } { (visit.say("打开来稿", "Open it")) } } }
                    }
                } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proto::intake::v1::{Address, ReviewRole, Sentence};

    use super::*;
    use crate::{Language, visit::tests::visit_of};

    fn pairs(pairs: &[(&str, &str)]) -> Fields {
        Fields(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    #[test]
    fn an_address_asks_for_what_it_says_and_every_page_keeps_it() {
        let query =
            [("stage", "too-large"), ("class", "near-miss"), ("q", " 绩效\n"), ("mailbox", "m1"), ("page", "T")];
        let asked = Asked::read(&pairs(&query));
        let request = asked.request();
        assert_eq!(request.stages, [Stage::TooLarge as i32]);
        assert_eq!(request.classes, [Class::NearMiss as i32]);
        assert_eq!((request.text.as_str(), request.mailbox.as_str()), ("绩效", "mailboxes/m1"));
        assert_eq!(request.page_token, "T");
        let next = "/ledger?mailbox=m1&stage=too-large&class=near-miss&q=%E7%BB%A9%E6%95%88&page=U";
        assert_eq!(asked.at("U"), next);
        for strange in [pairs(&[("stage", "unspecified")]), pairs(&[("stage", "nowhere"), ("class", "x")])] {
            assert_eq!(Asked::read(&strange), Asked::default());
        }
    }

    #[test]
    fn a_row_tells_what_became_of_a_mail_and_nothing_of_it_is_markup() {
        let visit = visit_of(ReviewRole::Viewer, Language::Zh);
        let bounce = Message {
            name: "messages/a1".into(),
            mailbox: "mailboxes/m1".into(),
            stage: Stage::Recorded.into(),
            class: Class::Bounce.into(),
            class_reason: Some(Sentence { zh: "退信报告".into(), en: "a delivery report".into() }),
            subject: "<script>alert(1)</script>".into(),
            from: Some(Address { display_name: String::new(), address: "mailer-daemon@163.com".into() }),
            ..Message::default()
        };
        let kept = Message {
            name: "messages/a2".into(),
            stage: Stage::Quarantined.into(),
            reason: "附件层数过多".into(),
            submission: "submissions/s2".into(),
            ..Message::default()
        };
        let mailbox =
            Mailbox { name: "mailboxes/m1".into(), display_name: "征稿邮箱".into(), ..Mailbox::default() };
        let answer = ListMessagesResponse { messages: vec![bounce, kept], next_page_token: "T2".into() };
        let shown = body(&visit, &Asked::default(), &[mailbox], &answer).into_string();
        for expected in [
            "href=\"/ledger/a1\">&lt;script&gt;alert(1)&lt;/script&gt;</a>",
            "退信报告",
            "mailer-daemon@163.com",
            "附件层数过多",
            "href=\"/submissions/s2\"",
            "征稿邮箱",
            "href=\"/ledger?page=T2\"",
            "（无主题或尚未读取）",
        ] {
            assert!(shown.contains(expected), "{expected}\n{shown}");
        }
        assert!(!shown.contains("<script>"));
    }
}
