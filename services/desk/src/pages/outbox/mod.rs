//! 发件箱: every letter to an author, by state; approving several at once.

mod approve;
mod letter;

use axum::{Router, extract::Query, response::Response, routing::get};
use maud::{Markup, html};
use proto::intake::v1::{
    Campaign, CountRepliesRequest, CountRepliesResponse, GetSendingRequest, ListCampaignsRequest, ListRepliesRequest,
    ListRepliesResponse, Reply, ReplyState, ReviewRole, Sending,
};
use tonic::Code;

use super::mailboxes::sending_facts;
use crate::{
    Desk,
    fault::Fault,
    html::{Choice, Here, Page, Tone, badge, choice, filled, hidden, id_of, moment, pager, sentence, url},
    posted::Fields,
    visit::Visit,
    words::{self, code, spelled},
};

/// The routes of this file and its neighbours.
pub fn routes() -> Router<Desk> {
    Router::new().route("/outbox", get(list)).merge(letter::routes()).merge(approve::routes())
}

/// The list that an address asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Asked {
    state: Option<ReplyState>,
    is_bounced: bool,
    campaign: String,
    page: String,
}

impl Asked {
    /// What the list does not know is left out.
    fn read(query: &Fields) -> Self {
        let state = ReplyState::from_str_name(&spelled(query.one("state"), "REPLY_STATE_"));
        Self {
            state: state.filter(|state| *state != ReplyState::Unspecified),
            is_bounced: query.one("state") == "bounced",
            campaign: query.one("campaign").to_owned(),
            page: query.one("page").to_owned(),
        }
    }

    fn campaign_name(&self) -> String {
        if self.campaign.is_empty() { String::new() } else { format!("campaigns/{}", self.campaign) }
    }

    fn request(&self) -> ListRepliesRequest {
        ListRepliesRequest {
            states: self.state.iter().map(|state| *state as i32).collect(),
            bounced: self.is_bounced,
            campaign: self.campaign_name(),
            page_token: self.page.clone(),
            ..ListRepliesRequest::default()
        }
    }

    fn state_code(&self) -> String {
        if self.is_bounced { "bounced".into() } else { self.state.map(state_code).unwrap_or_default() }
    }

    /// The same list in another state, or from a page on.
    fn at(&self, state: &str, page: &str) -> String {
        url("/outbox", &[("state", state), ("campaign", &self.campaign), ("page", page)])
    }
}

fn state_code(state: ReplyState) -> String {
    code(state.as_str_name(), "REPLY_STATE_")
}

/// What the list tells beside the letters.
struct Around {
    campaigns: Vec<Campaign>,
    counts: CountRepliesResponse,
    sending: Option<Sending>,
}

async fn list(visit: Visit, Query(query): Query<Vec<(String, String)>>) -> Response {
    let query = Fields(query);
    let asked = Asked::read(&query);
    let title = visit.say("发件箱", "Outbox");
    let around = match around(&visit, &asked).await {
        Ok(around) => around,
        Err(status) if status.code() == Code::Unimplemented => {
            let body = html! { p { (visit.say("此系统未启用发信。", "Nothing is sent by this installation.")) } };
            return Page::new(&visit, Here::Outbox, title).show(&body);
        }
        Err(status) => return Fault::from(status).to(&visit),
    };
    let answer = match visit.api.outbox().list_replies(asked.request()).await {
        Ok(answer) => answer.into_inner(),
        Err(status) => return Fault::from(status).to(&visit),
    };
    let page = Page::new(&visit, Here::Outbox, title);
    let body = body(&visit, &asked, &around, &answer);
    match query.one("done") {
        "approved" => {
            let said = visit.say("已批准，到时间即发出。", "Approved: they go out when their time has come.");
            page.saying(Tone::Good, said).show(&body)
        }
        _ => page.show(&body),
    }
}

async fn around(visit: &Visit, asked: &Asked) -> Result<Around, tonic::Status> {
    let mut outbox = visit.api.outbox();
    let counts = outbox.count_replies(CountRepliesRequest { campaign: asked.campaign_name() }).await?.into_inner();
    let sending = outbox.get_sending(GetSendingRequest {}).await?.into_inner();
    let campaigns = visit.api.campaigns().list_campaigns(ListCampaignsRequest::default()).await?.into_inner().campaigns;
    Ok(Around { campaigns, counts, sending: Some(sending) })
}

fn body(visit: &Visit, asked: &Asked, around: &Around, answer: &ListRepliesResponse) -> Markup {
    let state = asked.state_code();
    let first = (!asked.page.is_empty()).then(|| asked.at(&state, ""));
    let next = (!answer.next_page_token.is_empty()).then(|| asked.at(&state, &answer.next_page_token));
    let can_approve = asked.state == Some(ReplyState::Held) && visit.may(ReviewRole::Editor);
    let campaigns: Vec<Choice> =
        around.campaigns.iter().map(|campaign| (id_of(&campaign.name).to_owned(), campaign.theme.clone())).collect();
    html! {
        details { summary { (visit.say("发信情况", "Sending")) } (sending_facts(visit, around.sending.as_ref())) }
        @if around.sending.as_ref().is_some_and(|sending| sending.paused_until_time.is_some()) {
            p.notice.warn role="status" { (visit.say(
                "失败或退回过多，发信已暂停，详见“发信情况”。", "Sending is paused: see “Sending”.")) } }
        form.line method="get" action="/outbox" {
            input type="hidden" name="state" value=(state);
            (choice("campaign", visit.say("征稿", "Campaign"), Some(visit.say("全部", "All")), &campaigns, &asked.campaign))
            button.quiet { (visit.say("筛选", "Filter")) }
        }
        (tabs(visit, asked, &around.counts))
        @if answer.replies.is_empty() { p { (visit.say("这里没有信。", "No letter is here.")) } }
        @else if can_approve {
            form method="post" action="/outbox/approve" {
                (hidden(visit))
                input type="hidden" name="campaign" value=(asked.campaign);
                (table(visit, &answer.replies, true))
                p { button { (visit.say("批准所选的信…", "Approve the ticked letters…")) } " "
                    span.detail { (visit.say("下一步先预览，再确认", "They are shown once more before anything happens")) } }
            }
        } @else { (table(visit, &answer.replies, false)) }
        (pager(visit, first.as_deref(), next.as_deref()))
    }
}

fn tabs(visit: &Visit, asked: &Asked, counts: &CountRepliesResponse) -> Markup {
    let now = asked.state_code();
    let all: u64 = counts.counts.iter().map(|count| count.count).sum();
    let tab = |state: &str, called: &str, count: u64| {
        html! { li { a href=(asked.at(state, "")) aria-current=[(state == now).then_some("page")] { (called) " (" (count) ")" } } }
    };
    html! {
        nav aria-label=(visit.say("按状态", "By state")) {
            ul.tabs {
                (tab("", visit.say("全部", "All"), all))
                @for count in &counts.counts {
                    @if count.state() != ReplyState::Unspecified {
                        (tab(&state_code(count.state()), words::reply_state(count.state(), visit.language()).1, count.count)) }
                }
                (tab("bounced", visit.say("退回", "Came back"), counts.bounced))
            }
        }
    }
}

/// Which letter, in which version: what a box of the list stands for.
fn ticket(reply: &Reply) -> String {
    format!("{} {}", reply.name, reply.etag)
}

fn table(visit: &Visit, replies: &[Reply], has_boxes: bool) -> Markup {
    let language = visit.language();
    html! {
        div.scroll tabindex="0" role="group" aria-label=(visit.say("信", "Letters")) { table {
            thead { tr {
                @if has_boxes { th scope="col" { span.unseen { (visit.say("选择", "Tick")) } } }
                th scope="col" { (visit.say("写于（北京时间）", "Written (Beijing)")) }
                th scope="col" { (visit.say("主题", "Subject")) }
                th scope="col" { (visit.say("信", "Letter")) }
                th scope="col" { (visit.say("收信人", "To")) }
                th scope="col" { (visit.say("状态", "State")) }
                th scope="col" { (visit.say("说明", "Detail")) }
                th scope="col" { (visit.say("来稿", "Submission")) }
            } }
            tbody { @for reply in replies {
                @let (tone, called) = words::reply_state(reply.state(), language);
                tr data-row {
                    @if has_boxes { td { input type="checkbox" name="reply" value=(ticket(reply))
                        aria-label={ (visit.say("选择：", "Tick: ")) (reply.subject) }; } }
                    td { (moment(reply.create_time.as_ref())) }
                    th scope="row" { a href={ "/outbox/" (id_of(&reply.name)) } {
                        @if reply.subject.is_empty() { (words::reply_kind(reply.kind(), language)) } @else { (reply.subject) } } }
                    td { (words::reply_kind(reply.kind(), language)) }
                    td { (filled(&reply.to)) }
                    td { (badge(tone, called))
                        @if reply.bounce_time.is_some() { " " (badge(Tone::Bad, visit.say("退回", "Came back"))) } }
                    td { @if reply.state() == ReplyState::Suppressed {
                            (sentence(reply.silence.as_ref().and_then(|silence| silence.sentence.as_ref()), language)) }
                        @else if reply.bounce_time.is_some() { (filled(&reply.bounce_detail)) }
                        @else { (filled(&reply.detail)) } }
                    td { a href={ "/submissions/" (id_of(&reply.submission)) } { (visit.say("收稿号", "No.")) " " (reply.number) } }
                }
            } }
        } }
    }
}

#[cfg(test)]
mod tests {
    use proto::intake::v1::{Sentence, Silence, count_replies_response::Count};

    use super::*;
    use crate::{Language, visit::tests::visit_of};

    fn around() -> Around {
        let count = |state: ReplyState, count| Count { state: state.into(), count };
        let counts = vec![count(ReplyState::Held, 2), count(ReplyState::Suppressed, 1)];
        Around { campaigns: Vec::new(), counts: CountRepliesResponse { counts, bounced: 4 }, sending: None }
    }

    fn reply(state: ReplyState) -> Reply {
        Reply {
            name: "replies/r1".into(),
            etag: "v3".into(),
            submission: "submissions/s1".into(),
            number: 7,
            state: state.into(),
            subject: "来稿收悉".into(),
            to: "a@example.cn".into(),
            ..Reply::default()
        }
    }

    #[test]
    fn only_letters_that_wait_for_approval_have_boxes_and_only_for_who_may() {
        let answer = |state| ListRepliesResponse { replies: vec![reply(state)], ..ListRepliesResponse::default() };
        let held = Asked { state: Some(ReplyState::Held), ..Asked::default() };
        let editor = visit_of(ReviewRole::Editor, Language::Zh);
        let shown = body(&editor, &held, &around(), &answer(ReplyState::Held)).into_string();
        for expected in
            ["value=\"replies/r1 v3\"", "aria-current=\"page\">待批准 (2)", "全部 (3)", "退回 (4)", "收稿号 7"]
        {
            assert!(shown.contains(expected), "{expected}\n{shown}");
        }
        let viewer = visit_of(ReviewRole::Viewer, Language::Zh);
        assert!(!body(&viewer, &held, &around(), &answer(ReplyState::Held)).into_string().contains("checkbox"));
        let all = body(&editor, &Asked::default(), &around(), &answer(ReplyState::Sent)).into_string();
        assert!(!all.contains("checkbox"));
    }

    #[test]
    fn a_letter_that_is_not_sent_says_why() {
        let visit = visit_of(ReviewRole::Viewer, Language::En);
        let why = Sentence { zh: "发件人可能是冒用的".into(), en: "the sender may be forged".into() };
        let silence = Some(Silence { code: "spoofed".into(), sentence: Some(why) });
        let shown = table(&visit, &[Reply { silence, ..reply(ReplyState::Suppressed) }], false).into_string();
        assert!(shown.contains("the sender may be forged") && shown.contains("Not sent"));
    }

    #[test]
    fn an_address_asks_for_what_it_says() {
        let query = Fields(vec![("state".into(), "bounced".into()), ("campaign".into(), "c1".into())]);
        let asked = Asked::read(&query);
        let request = asked.request();
        assert!(request.bounced && request.states.is_empty());
        assert_eq!(request.campaign, "campaigns/c1");
        assert_eq!(asked.at("held", ""), "/outbox?state=held&campaign=c1");
    }
}
