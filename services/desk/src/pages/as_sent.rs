//! 按原样查看: a mail as it was sent, in a frame of the content origin, beside its text. Without a script: a switch of two
//! links.

use maud::{Markup, html};
use proto::intake::v1::{GetMailPageRequest, IssueMailPageTicketRequest, MailPage, ReviewRole};
use tonic::Status;

use crate::{
    fault::Fault,
    html::{Tone, notice},
    visit::Visit,
};

/// The word in an address that asks for it: `view=sent`.
pub const VIEW: &str = "sent";

/// What is known of a mail's page.
pub struct AsSent {
    page: MailPage,
    /// Where the frame shows it, when it was asked for.
    frame: Option<String>,
}

/// Asks what is kept of a mail, and for a ticket when it is to be shown. None where it cannot be shown: to a viewer, and
/// without a content origin. The page around is worth more: a failure is told in the place of the frame.
pub async fn load(visit: &Visit, name: &str, is_asked: bool) -> Option<Result<AsSent, Status>> {
    let origin = visit.content.as_deref().filter(|_| visit.may(ReviewRole::Editor))?;
    let mut pages = visit.api.mail_pages();
    let page = match pages.get_mail_page(GetMailPageRequest { name: name.to_owned() }).await {
        Ok(page) => page.into_inner(),
        Err(status) => return Some(Err(status)),
    };
    if !page.kept || !is_asked {
        return Some(Ok(AsSent { page, frame: None }));
    }
    let ticket = pages.issue_mail_page_ticket(IssueMailPageTicketRequest { name: name.to_owned() }).await;
    Some(ticket.map(|ticket| {
        let frame = Some(format!("{origin}/mail/{}/", ticket.into_inner().ticket));
        AsSent { page, frame }
    }))
}

impl AsSent {
    /// One that tests made up.
    #[cfg(test)]
    pub fn of(page: MailPage, frame: Option<&str>) -> Self {
        Self { page, frame: frame.map(str::to_owned) }
    }
}

/// The switch between the text and the mail as it was sent, by the addresses of both; nothing without a page.
pub fn switch(
    visit: &Visit,
    as_sent: Option<&Result<AsSent, Status>>,
    is_asked: bool,
    text: &str,
    sent: &str,
) -> Markup {
    let is_kept = matches!(as_sent, Some(Ok(as_sent)) if as_sent.page.kept);
    html! {
        @if is_kept {
            nav aria-label=(visit.say("正文的看法", "Ways to see the body")) {
                ul.tabs {
                    li { a href=(text) aria-current=[(!is_asked).then_some("page")] { (visit.say("文字", "Text")) } }
                    li { a href=(sent) aria-current=[is_asked.then_some("page")] { (visit.say("按原样查看", "As sent")) } }
                }
            }
        } @else if is_asked && matches!(as_sent, Some(Ok(_))) {
            (notice(Tone::Plain, visit.say(
                "这封来信没有可按原样查看的正文：来信只有纯文字，或读取时尚不保存原样。",
                "There is nothing to show as it was sent: the mail is plain text, or was read before that was kept.",
            )))
        } @else if is_asked && as_sent.is_none() {
            (notice(Tone::Plain, visit.say(
                "您的角色不能按原样查看来信，或者工作台没有设置用来显示来信的地址。",
                "Your role may not see mail as it was sent, or no address is set where the desk shows it.",
            )))
        }
    }
}

/// The frame, with what the reader should know of it; nothing when it was not asked for.
pub fn frame(visit: &Visit, as_sent: Option<&Result<AsSent, Status>>, subject: &str) -> Option<Markup> {
    let as_sent = match as_sent? {
        Ok(as_sent) => as_sent,
        Err(status) => return Some(notice(Tone::Bad, Fault::from(status.clone()).words(visit.language()))),
    };
    let address = as_sent.frame.as_deref()?;
    let remote = as_sent.page.remote_pictures;
    Some(html! {
        @if as_sent.page.truncated {
            (notice(Tone::Warn, visit.say(
                "正文过长，这里只有前一部分；全文请下载原始邮件。",
                "It is too long: this is the first part. The raw mail has all of it.",
            )))
        }
        p.detail {
            (visit.say("已去除脚本、表单和外部内容；链接的真实地址写在链接文字之后。", "Without scripts, forms and outside content; a link's true target stands behind its words."))
            @if remote > 0 {
                " " (match visit.language() {
                    crate::Language::Zh => format!("有 {remote} 张图片须从外部网站取得，未加载，以免对方得知有人看信。"),
                    crate::Language::En => format!("{remote} pictures would have come from other sites and told them that somebody reads; they were not loaded."),
                })
            }
        }
        iframe.mail src=(address) sandbox="allow-popups" referrerpolicy="no-referrer"
            title=(format!("{}{subject}", visit.say("来信原样：", "Mail as sent: "))) {}
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Language, visit::tests::visit_of};

    fn kept() -> MailPage {
        MailPage { kept: true, remote_pictures: 3, truncated: true, ..MailPage::default() }
    }

    #[test]
    fn the_frame_runs_nothing_tells_nothing_and_says_what_is_missing() {
        let visit = visit_of(ReviewRole::Editor, Language::Zh);
        let shown = Some(Ok(AsSent::of(kept(), Some("http://127.0.0.1:8089/mail/T/"))));
        let html = frame(&visit, shown.as_ref(), "<b>征稿").unwrap().into_string();
        for expected in [
            "src=\"http://127.0.0.1:8089/mail/T/\"",
            "sandbox=\"allow-popups\"",
            "referrerpolicy=\"no-referrer\"",
            "title=\"来信原样：&lt;b&gt;征稿\"",
            "有 3 张图片",
            "正文过长",
        ] {
            assert!(html.contains(expected), "{expected} is not in {html}");
        }
        assert!(!html.contains("allow-scripts") && !html.contains("allow-same-origin"));
    }

    #[test]
    fn the_text_is_what_is_seen_first_and_the_switch_is_there_only_for_what_is_kept() {
        let visit = visit_of(ReviewRole::Editor, Language::En);
        let told = |as_sent: Option<Result<AsSent, Status>>, is_asked| {
            switch(&visit, as_sent.as_ref(), is_asked, "/text", "/sent").into_string()
        };
        let html = told(Some(Ok(AsSent::of(kept(), None))), false);
        assert!(
            html.contains("href=\"/text\" aria-current=\"page\"") && html.contains("href=\"/sent\">As sent"),
            "{html}"
        );
        assert!(frame(&visit, Some(&Ok(AsSent::of(kept(), None))), "x").is_none());
        assert_eq!(told(Some(Ok(AsSent::of(MailPage::default(), None))), false), "");
        assert!(told(Some(Ok(AsSent::of(MailPage::default(), None))), true).contains("nothing to show"));
        assert_eq!(told(None, false), "");
        assert!(told(None, true).contains("Your role"));
        assert!(frame(&visit, Some(&Err(Status::unavailable("x"))), "x").unwrap().into_string().contains("alert"));
    }

    #[test]
    fn nothing_is_asked_for_a_viewer_or_without_an_origin_to_show_it() {
        let viewer = visit_of(ReviewRole::Viewer, Language::Zh);
        let mut editor = visit_of(ReviewRole::Editor, Language::Zh);
        editor.content = None;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        for visit in [viewer, editor] {
            assert!(runtime.block_on(load(&visit, "messages/x", true)).is_none());
        }
    }
}
