//! 邮箱: how each fares, and whether the server and the ledger agree.

use std::time::Duration;

use axum::{
    Router,
    extract::Path,
    response::Response,
    routing::{get, post},
};
use maud::{Markup, html};
use proto::intake::v1::{
    FolderReconciliation, GetMailboxRequest, GetSendingRequest, ListMailboxesRequest, Mailbox, MailboxFolder,
    ReconcileMailboxRequest, ReviewRole, Sending,
};
use tonic::{Code, Request};

use crate::{
    Desk,
    fault::Fault,
    html::{Here, Page, Tone, badge, filled, hidden, id_of, moment, notice},
    pages::mailbox_test,
    posted::Posted,
    visit::Visit,
    words,
};

/// How long the worker may take to answer: it does so at its next sweep.
const RECONCILE_WITHIN: Duration = Duration::from_secs(60);

/// The routes of this file.
pub fn routes() -> Router<Desk> {
    Router::new()
        .route("/mailboxes", get(list))
        .route("/mailboxes/{id}", get(show))
        .route("/mailboxes/{id}/reconcile", post(reconcile))
}

async fn list(visit: Visit) -> Response {
    let mailboxes = match visit.api.mailboxes().list_mailboxes(ListMailboxesRequest {}).await {
        Ok(answer) => answer.into_inner().mailboxes,
        Err(status) => return Fault::from(status).to(&visit),
    };
    let sending = match visit.api.outbox().get_sending(GetSendingRequest {}).await {
        Ok(answer) => Ok(Some(answer.into_inner())),
        // Services without an outbox send nothing, which is told.
        Err(status) if status.code() == Code::Unimplemented => Ok(None),
        Err(status) => Err(Fault::from(status)),
    };
    let body = html! {
        (overview(&visit, &mailboxes))
        section aria-labelledby="sending" {
            h2 #sending { (visit.say("发信", "Sending")) }
            @match &sending {
                Ok(sending) => (sending_facts(&visit, sending.as_ref())),
                Err(fault) => (notice(Tone::Bad, fault.words(visit.language()))),
            }
        }
    };
    Page::new(&visit, Here::Ledger, visit.say("邮箱", "Mailboxes")).show(&body)
}

fn last_sweep(mailbox: &Mailbox) -> Option<&prost_types::Timestamp> {
    mailbox.folders.iter().filter_map(|folder| folder.last_sweep_time.as_ref()).max_by_key(|at| at.seconds)
}

fn overview(visit: &Visit, mailboxes: &[Mailbox]) -> Markup {
    html! {
        @if mailboxes.is_empty() { p { (visit.say("设置中没有邮箱。", "The settings name no mailbox.")) } }
        @else { div.scroll tabindex="0" role="group" aria-label=(visit.say("邮箱", "Mailboxes")) { table {
            thead { tr {
                th scope="col" { (visit.say("邮箱", "Mailbox")) }
                th scope="col" { (visit.say("地址", "Address")) }
                th scope="col" { (visit.say("状态", "State")) }
                th scope="col" { (visit.say("上次收取", "Last read")) }
                th scope="col" { (visit.say("服务器 / 登记", "Server / ledger")) }
                th scope="col" { (visit.say("最久的未处理邮件", "Oldest open mail")) }
                th scope="col" { (visit.say("最近的错误", "Last error")) }
            } }
            tbody { @for mailbox in mailboxes { tr data-row {
                th scope="row" { a href={ "/mailboxes/" (id_of(&mailbox.name)) } { (mailbox.display_name) } }
                td { (mailbox.address) }
                td { (state(visit, mailbox)) }
                td { (moment(last_sweep(mailbox))) }
                td { (agreement(visit, &mailbox.folders)) }
                td { (waited(visit, mailbox.lag_seconds)) }
                td { (filled(&mailbox.last_error)) }
            } } }
        } } }
    }
}

fn state(visit: &Visit, mailbox: &Mailbox) -> Markup {
    let (tone, called) = words::mailbox_state(mailbox.state(), visit.language());
    badge(tone, called)
}

/// Mails on the server and rows of the ledger, and whether some on the server have no row.
fn agreement(visit: &Visit, folders: &[MailboxFolder]) -> Markup {
    let server: u64 = folders.iter().map(|folder| folder.server_count).sum();
    let rows: u64 = folders.iter().map(|folder| folder.row_count).sum();
    let is_short = folders.iter().any(|folder| folder.server_count > folder.row_count);
    html! {
        (server) " / " (rows) " "
        @if is_short { (badge(Tone::Bad, visit.say("有未登记", "Some have no row"))) }
        @else if server == rows { (badge(Tone::Good, visit.say("一致", "Equal"))) }
        @else { (badge(Tone::Plain, visit.say("服务器上有的已移走", "Some left the server"))) }
    }
}

fn waited(visit: &Visit, seconds: u64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (seconds, days, hours) {
        (0, ..) => visit.say("无", "none").to_owned(),
        (_, 0, 0) if minutes == 0 => visit.say("不到 1 分钟", "under a minute").to_owned(),
        (_, 0, 0) => visit.language().of(&format!("{minutes} 分钟"), &format!("{minutes} min")).to_owned(),
        (_, 0, _) => {
            visit.language().of(&format!("{hours} 小时 {minutes} 分"), &format!("{hours} h {minutes} min")).to_owned()
        }
        _ => visit.language().of(&format!("{days} 天 {hours} 小时"), &format!("{days} d {hours} h")).to_owned(),
    }
}

/// Whether letters go out, and how many did.
pub fn sending_facts(visit: &Visit, sending: Option<&Sending>) -> Markup {
    let say = |zh: String, en: String| visit.language().of(&zh, &en).to_owned();
    html! {
        @match sending {
            None => p { (visit.say("此系统未启用发信。", "Nothing is sent by this installation.")) },
            Some(sending) if sending.senders.is_empty() => {
                p { (visit.say(
                    "没有设置发信服务器：信写好后留在发件箱，不会发出。",
                    "No server for sending is set: letters stay in the outbox and do not go out.",
                )) }
            },
            Some(sending) => {
                @if sending.paused_until_time.is_some() {
                    p.notice.warn role="status" {
                        (visit.say("失败或退回过多，发信已暂停，至 ", "Too many letters failed or came back: sending is paused until "))
                        (moment(sending.paused_until_time.as_ref())) (visit.say("（北京时间）。", " (Beijing).")) }
                }
                dl.facts {
                    dt { (visit.say("发信地址", "Sent from")) } dd { (sending.senders.join(visit.say("、", ", "))) }
                    dt { (visit.say("近一小时", "Last hour")) }
                    dd { (say(
                        format!("发出 {}，失败 {}，上限 {}", sending.sent_last_hour, sending.failed_last_hour, sending.hour_max),
                        format!("{} sent, {} failed, at most {}", sending.sent_last_hour, sending.failed_last_hour, sending.hour_max))) }
                    dt { (visit.say("近一日", "Last day")) }
                    dd { (say(
                        format!("发出 {}，上限 {}", sending.sent_last_day, sending.day_max),
                        format!("{} sent, at most {}", sending.sent_last_day, sending.day_max))) }
                }
            }
        }
    }
}

async fn show(visit: Visit, Path(id): Path<String>) -> Response {
    one(&visit, &id, None).await
}

type Reconciled = Result<Vec<FolderReconciliation>, Fault>;

async fn one(visit: &Visit, id: &str, reconciled: Option<Reconciled>) -> Response {
    match visit.api.mailboxes().get_mailbox(GetMailboxRequest { name: format!("mailboxes/{id}") }).await {
        Ok(answer) => {
            let mailbox = answer.into_inner();
            let body = detail(visit, &mailbox, reconciled.as_ref());
            Page::new(visit, Here::Ledger, mailbox.display_name.as_str()).show(&body)
        }
        Err(status) => Fault::from(status).to(visit),
    }
}

fn detail(visit: &Visit, mailbox: &Mailbox, reconciled: Option<&Reconciled>) -> Markup {
    let id = id_of(&mailbox.name);
    html! {
        dl.facts {
            dt { (visit.say("状态", "State")) } dd { (state(visit, mailbox)) }
            dt { (visit.say("地址", "Address")) } dd { (mailbox.address) }
            dt { (visit.say("来源", "Kind")) }
            dd { (match mailbox.kind.as_str() {
                "imap" => visit.say("IMAP 邮箱", "IMAP mailbox"),
                "folder" => visit.say("文件夹（装入旧信）", "A folder of mail files"),
                other => other,
            }) }
            dt { (visit.say("上次收取", "Last read")) } dd { (moment(last_sweep(mailbox))) }
            dt { (visit.say("最久的未处理邮件", "Oldest open mail")) } dd { (waited(visit, mailbox.lag_seconds)) }
            dt { (visit.say("回信起点", "Answers from")) }
            dd { (moment(mailbox.answer_from_time.as_ref())) " "
                span.detail { (visit.say("（北京时间）此前收到的邮件只登记，不回信", "(Beijing) mail received before is recorded and never answered")) } }
            @if !mailbox.last_error.is_empty() {
                dt { (visit.say("最近的错误", "Last error")) }
                dd { (mailbox.last_error) " " (moment(mailbox.last_error_time.as_ref())) } }
        }
        p { a href={ "/ledger?mailbox=" (id) } { (visit.say("这个邮箱的来信", "The mails of this mailbox")) } }
        section aria-labelledby="folders" {
            h2 #folders { (visit.say("文件夹", "Folders")) }
            (folders(visit, &mailbox.folders))
        }
        @if mailbox.kind == "imap" { (mailbox_test::section(visit, id)) }
        section aria-labelledby="reconcile" {
            h2 #reconcile { (visit.say("核对", "Reconciliation")) }
            p { (visit.say(
                "请采集程序立即把服务器上的邮件逐一与登记核对。可能需要等到下一次收取。",
                "Asks the worker to compare the server's mails with the ledger one by one. It may take until the next sweep.",
            )) }
            @if visit.may(ReviewRole::Editor) {
                form method="post" action={ "/mailboxes/" (id) "/reconcile#reconcile" } {
                    (hidden(visit)) button { (visit.say("现在核对", "Compare now")) } }
            }
            @match reconciled {
                Some(Ok(folders)) => (reconciliation(visit, folders)),
                Some(Err(fault)) => (notice(Tone::Bad, fault.words(visit.language()))),
                None => {}
            }
        }
    }
}

fn folders(visit: &Visit, folders: &[MailboxFolder]) -> Markup {
    html! {
        div.scroll tabindex="0" role="group" aria-labelledby="folders" { table {
            thead { tr {
                th scope="col" { (visit.say("文件夹", "Folder")) }
                th scope="col" { (visit.say("服务器 / 登记", "Server / ledger")) }
                th scope="col" { (visit.say("上次收取", "Last read")) }
                th scope="col" { "UIDVALIDITY" }
                th scope="col" { (visit.say("最大的 UID", "Highest UID")) }
            } }
            tbody { @for folder in folders { tr {
                th scope="row" { (folder.folder) }
                td { (agreement(visit, std::slice::from_ref(folder))) }
                td { (moment(folder.last_sweep_time.as_ref())) }
                td { (folder.uidvalidity) }
                td { (folder.position) }
            } } }
        } }
    }
}

fn reconciliation(visit: &Visit, folders: &[FolderReconciliation]) -> Markup {
    let missing: u64 = folders.iter().map(|folder| folder.missing_count).sum();
    let language = visit.language();
    html! {
        @if missing == 0 {
            (notice(Tone::Good, visit.say("服务器上的每一封邮件都有登记。", "Every mail on the server has its row.")))
        } @else {
            (notice(Tone::Bad, language.of(
                &format!("有 {missing} 封邮件尚未登记；下一次收取时会补上，若一直如此请告知管理员。"),
                &format!("{missing} mails have no row yet. The next sweep takes them up; tell an administrator if it does not."))))
        }
        div.scroll tabindex="0" role="group" aria-label=(visit.say("核对结果", "What was found")) { table {
            thead { tr {
                th scope="col" { (visit.say("文件夹", "Folder")) }
                th scope="col" { (visit.say("服务器上", "On the server")) }
                th scope="col" { (visit.say("未登记", "Without a row")) }
                th scope="col" { (visit.say("未登记的 UID", "Their UIDs")) }
                th scope="col" { (visit.say("已登记、服务器上已无", "With a row, gone from the server")) }
                th scope="col" { (visit.say("核对时间", "Compared at")) }
            } }
            tbody { @for folder in folders { tr {
                th scope="row" { (folder.folder) }
                td { (folder.server_count) }
                td { (folder.missing_count) }
                td { (filled(&uids(&folder.missing, folder.missing_count))) }
                td { (folder.gone_count) }
                td { (moment(folder.reconcile_time.as_ref())) }
            } } }
        } }
    }
}

/// The UIDs that are told, and that there are more.
fn uids(missing: &[u64], count: u64) -> String {
    let mut told = missing.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
    if count > missing.len() as u64 {
        told.push('…');
    }
    told
}

async fn reconcile(Path(id): Path<String>, posted: Posted) -> Response {
    let mut asked = Request::new(ReconcileMailboxRequest { name: format!("mailboxes/{id}") });
    asked.set_timeout(RECONCILE_WITHIN);
    let answer = posted.visit.api.mailboxes().reconcile_mailbox(asked).await;
    let reconciled = answer.map(|answer| answer.into_inner().folders).map_err(Fault::from);
    one(&posted.visit, &id, Some(reconciled)).await
}

#[cfg(test)]
mod tests {
    use proto::intake::v1::mailbox::State;

    use super::*;
    use crate::{Language, visit::tests::visit_of};

    fn folder(server_count: u64, row_count: u64) -> MailboxFolder {
        MailboxFolder { folder: "INBOX".into(), server_count, row_count, ..MailboxFolder::default() }
    }

    #[test]
    fn server_and_ledger_are_set_side_by_side_and_a_missing_mail_is_told() {
        let visit = visit_of(ReviewRole::Editor, Language::Zh);
        let mailbox = Mailbox {
            name: "mailboxes/m1".into(),
            display_name: "征稿邮箱".into(),
            address: "czzhengwen@163.com".into(),
            state: State::Failing.into(),
            last_error: "登录被拒绝".into(),
            folders: vec![folder(12, 12)],
            lag_seconds: 93_600,
            ..Mailbox::default()
        };
        let shown = overview(&visit, std::slice::from_ref(&mailbox)).into_string();
        for expected in ["12 / 12", "一致", "出错", "登录被拒绝", "1 天 2 小时", "href=\"/mailboxes/m1\""] {
            assert!(shown.contains(expected), "{expected}\n{shown}");
        }
        assert!(
            agreement(&visit, &[folder(3, 2), folder(1, 2)]).into_string().contains("有未登记"),
            "sums hide nothing"
        );
        let found = FolderReconciliation {
            folder: "INBOX".into(),
            server_count: 13,
            missing: vec![7, 9],
            missing_count: 3,
            ..FolderReconciliation::default()
        };
        let shown = detail(&visit, &mailbox, Some(&Ok(vec![found]))).into_string();
        assert!(shown.contains("有 3 封邮件尚未登记") && shown.contains("7, 9…"), "{shown}");
        let silent = Fault::of(axum::http::StatusCode::SERVICE_UNAVAILABLE, "采集程序未答复", "silent");
        assert!(detail(&visit, &mailbox, Some(&Err(silent))).into_string().contains("采集程序未答复"));
    }

    #[test]
    fn a_paused_circuit_and_a_missing_server_are_told() {
        let visit = visit_of(ReviewRole::Viewer, Language::En);
        let paused = Sending {
            senders: vec!["desk@example.cn".into()],
            hour_max: 100,
            paused_until_time: Some(prost_types::Timestamp { seconds: 1_680_000_000, nanos: 0 }),
            ..Sending::default()
        };
        assert!(sending_facts(&visit, Some(&paused)).into_string().contains("paused until"));
        assert!(sending_facts(&visit, Some(&Sending::default())).into_string().contains("do not go out"));
        assert!(sending_facts(&visit, None).into_string().contains("Nothing is sent"));
    }
}
