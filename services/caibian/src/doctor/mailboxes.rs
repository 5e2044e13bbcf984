//! Whether each mailbox's servers let us in.

use intake::ports::Source;
use post::Post;
use stdx::ErrorKind;
use tokio::time::timeout;

use super::{ANSWER_WITHIN, Report};
use crate::{
    letters, mailbox_test,
    settings::MailboxSettings,
    source::{self, AnySource},
};

/// Signs in and opens every folder that is swept.
pub async fn receive(mailbox: &MailboxSettings, report: &mut Report) {
    let place = format!("mailbox {}", mailbox.name);
    let mut source = match source::source(mailbox) {
        Ok(source) => source,
        Err(failure) => {
            let (zh, en) =
                ("请核对设置中的文件及其权限。", "Check the files that the settings name, and who may read them.");
            return report.fault(&place, &crate::chain(&*failure), zh, en);
        }
    };
    let mut opened = Vec::new();
    for folder in &mailbox.folders {
        match timeout(ANSWER_WITHIN, counted(&mut source, folder)).await {
            Ok(Ok(mails)) => opened.push(format!("{folder} {mails}")),
            Ok(Err(error)) if error.kind == ErrorKind::NotFound => report.fault(
                &place,
                &format!("folder {folder}: {}", error.detail),
                "请核对设置中的 folders 与邮箱中的文件夹名。（docs/runbooks/mailbox-not-swept.md）",
                "Compare `folders` in the settings with the names in the mailbox. (docs/runbooks/mailbox-not-swept.md)",
            ),
            Ok(Err(error)) => {
                let (zh, en) = mailbox_test::advice(&error);
                let what = format!("{}: {}", mailbox.host, error.detail);
                let (zh, en) = (format!("{zh}（docs/runbooks/mailbox-login-refused.md）"), en.to_owned());
                return report.fault(&place, &what, &zh, &format!("{en} (docs/runbooks/mailbox-login-refused.md)"));
            }
            Err(_) => {
                let (zh, en) = ("请检查网络和防火墙。", "Check the network and the firewall.");
                return report.fault(&place, &format!("no answer in {ANSWER_WITHIN:?}"), zh, en);
            }
        }
    }
    if !opened.is_empty() {
        report.well(&place, &format!("signed in; mails in {}", opened.join(", ")));
    }
}

async fn counted(source: &mut AnySource, folder: &str) -> intake::ports::PortResult<usize> {
    source.select(folder).await?;
    Ok(source.uids().await?.len())
}

/// Signs in at the server that letters leave by.
pub async fn send(mailbox: &MailboxSettings, report: &mut Report) {
    let place = format!("letters of {}", mailbox.name);
    let office = match letters::office(mailbox) {
        Ok(Some(office)) => office,
        // A mailbox that answers nobody is a choice.
        Ok(None) => return,
        Err(failure) => {
            let (zh, en) =
                ("请核对设置中的文件及其权限。", "Check the files that the settings name, and who may read them.");
            return report.fault(&place, &crate::chain(&*failure), zh, en);
        }
    };
    let mut post = Post::new(office.settings);
    let signed_in = timeout(ANSWER_WITHIN, post.sign_in()).await;
    post.close().await;
    let what = match signed_in {
        Ok(Ok(())) => return report.well(&place, &format!("{} lets us in", mailbox.smtp.host)),
        Ok(Err(said)) => format!("{}: {said}", mailbox.smtp.host),
        Err(_) => format!("{}: no answer in {ANSWER_WITHIN:?}", mailbox.smtp.host),
    };
    report.fault(
        &place,
        &what,
        "请核对 [mailbox.smtp] 的地址、端口、加密方式、用户名和密码（授权码）。（docs/runbooks/letters-wait.md）",
        "Check name, port, encryption, user and password (authorisation code) of [mailbox.smtp]. \
         (docs/runbooks/letters-wait.md)",
    );
}
