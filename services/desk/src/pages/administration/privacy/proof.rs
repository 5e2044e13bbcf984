//! An erasure as it is shown: in numbers, with what stays elsewhere, and with the salt that is told once.

use maud::{Markup, html};
use proto::intake::v1::{ErasePersonResponse, Erasure, ErasureCounts};

use super::PATH;
use crate::{
    html::{Tone, badge, filled, id_of, moment},
    visit::Visit,
    words,
};

/// Whether all of it is done.
pub fn state(visit: &Visit, erasure: &Erasure) -> Markup {
    match &erasure.end_time {
        Some(_) => badge(Tone::Good, visit.say("已完成", "Done")),
        None => badge(Tone::Warn, visit.say("有内容等待删除", "Something waits")),
    }
}

/// What is held and would be erased, or (`is_done`) was.
pub fn numbers(visit: &Visit, counts: &ErasureCounts, is_done: bool) -> Markup {
    let lines = [
        ("邮件", "Mails", counts.messages),
        ("附件及其文字", "Files and their texts", counts.files),
        ("来稿（各版本）", "Submissions (each version)", counts.submissions),
        ("稿件（全部版本）", "Manuscripts (all versions)", counts.manuscripts),
        ("给作者的信", "Letters to the author", counts.replies),
        ("其中尚未发出的", "Those of them that had not gone", counts.called_off),
        ("留痕中的文字（行）", "Lines of histories with words", counts.lines),
        ("标签", "Tags", counts.tags),
        ("无法送达标记", "Marks of an unreachable address", counts.marks),
    ];
    html! {
        dl.facts {
            @for (zh, en, count) in lines { dt { (visit.say(zh, en)) } dd { (count) } }
            dt { (visit.say("文件", "Files on disk")) } dd { @if is_done { (blobs(visit, counts)) } @else { (counts.waiting_blobs) } }
        }
    }
}

fn blobs(visit: &Visit, counts: &ErasureCounts) -> String {
    let ErasureCounts { removed_blobs, shared_blobs, waiting_blobs, .. } = counts;
    match visit.language() {
        crate::Language::Zh => {
            format!("已删除 {removed_blobs} 个；他人来稿也用到而保留 {shared_blobs} 个；等待删除 {waiting_blobs} 个")
        }
        crate::Language::En => {
            format!("{removed_blobs} removed; {shared_blobs} stay, since others sent the same; {waiting_blobs} wait")
        }
    }
}

/// What a person has to look at: adopted manuscripts, mails of others, mails that nobody could read.
pub fn beside(visit: &Visit, answer: &ErasePersonResponse) -> Markup {
    html! {
        @if !answer.adopted.is_empty() {
            p { (visit.say("其中已采用、排期或刊发的稿件：", "Adopted, scheduled or published among them: "))
                @for (at, one) in answer.adopted.iter().enumerate() {
                    @if at > 0 { (visit.say("、", ", ")) }
                    a href={ "/" (one.submission) } { (visit.say("收稿号 ", "number ")) (one.number) }
                } }
        }
        @if !answer.mentions.is_empty() {
            details { summary { (mentioned(visit, answer.mentions.len())) } ul {
                @for name in &answer.mentions { li { a href={ "/ledger/" (id_of(name)) } { (name) } } } } }
        }
        @if answer.unread_count > 0 {
            p { (unread(visit, answer.unread_count)) " " a href="/quarantine" { (visit.say("到隔离", "To the quarantine")) } }
        }
    }
}

fn mentioned(visit: &Visit, count: usize) -> String {
    match visit.language() {
        crate::Language::Zh => format!("另有 {count} 封他人的邮件提到这个地址，不会删除，请逐一查看"),
        crate::Language::En => format!("{count} mails of others hold the address and stay: look at each of them"),
    }
}

fn unread(visit: &Visit, count: u64) -> String {
    match visit.language() {
        crate::Language::Zh => format!("有 {count} 封邮件尚未能读出，不知是何人的。"),
        crate::Language::En => format!("{count} mails could not be read yet: whose they are is not known."),
    }
}

/// Where the mails may still lie.
pub fn places(visit: &Visit, erasure: &Erasure) -> Markup {
    html! {
        @if !erasure.mails.is_empty() {
            h2 { (visit.say("邮件服务器上的邮件", "Mails on the mail server")) }
            p { (visit.say(
                "系统从不删除邮件服务器上的邮件，请在网页邮箱中自行删除以下各封。留在那里的，即使再次被取回也不会存下。",
                "Nothing is ever removed from the mail server: remove these in its webmail. What stays there is fetched again at most, and never kept.")) }
            div.scroll tabindex="0" role="group" aria-label=(visit.say("邮件服务器上的邮件", "Mails on the mail server")) { table {
                thead { tr {
                    th scope="col" { (visit.say("邮箱", "Mailbox")) }
                    th scope="col" { (visit.say("文件夹", "Folder")) }
                    th.number scope="col" { "UIDVALIDITY" }
                    th.number scope="col" { "UID" }
                    th scope="col" { (visit.say("原件的 SHA-256", "SHA-256 of the raw mail")) }
                } }
                tbody { @for mail in &erasure.mails { tr {
                    td { (mail.mailbox) } td { (mail.folder) }
                    td.number { (mail.uidvalidity) } td.number { (mail.uid) }
                    td { code { (filled(&mail.raw_sha256)) } }
                } } }
            } }
        }
    }
}

/// What was done, as it is told once.
pub fn done(visit: &Visit, answer: &ErasePersonResponse) -> Markup {
    let erasure = answer.erasure.clone().unwrap_or_default();
    html! {
        p.notice.(if erasure.end_time.is_some() { Tone::Good.class() } else { Tone::Warn.class() }) role="status" {
            @if erasure.end_time.is_some() { (visit.say("已删除。没有发出的信不再发出。", "Erased. Letters that had not gone never go.")) }
            @else { (visit.say("各项内容已清除，部分文件等待删除。", "The words are gone; some files wait.")) }
        }
        @if let Some(words) = words::erasure_wait(answer.wait(), visit.language()) { p { (words) } }
        @if !answer.salt.is_empty() {
            p { (visit.say(
                "下面的盐值只显示这一次，系统不保存。请连同证明交给本人，或另行妥善保存：盐值加上邮箱地址的哈希即“对象哈希”，可据此证明删除的正是这个地址。",
                "The salt below is shown this once and kept nowhere. Give it to the person with the proof, or keep it elsewhere: hashed with the address it gives the hash of the subject, and so shows whose address it was.")) }
            dl.facts {
                dt { (visit.say("盐值", "Salt")) } dd { code { (answer.salt) } }
                dt { (visit.say("计算方法", "How")) } dd { code { "printf '%s %s' " (visit.say("盐值 小写的邮箱地址", "SALT address-in-lower-case")) " | sha256sum" } }
            }
        } @else if !erasure.subject_sha256.is_empty() {
            p { (visit.say(
                "这次删除先前已经完成，盐值只在那时显示过。",
                "This erasure was done before, and the salt was shown then.")) }
        }
        (beside(visit, answer))
        (whole(visit, &erasure))
    }
}

/// The proof as it is kept.
pub fn whole(visit: &Visit, erasure: &Erasure) -> Markup {
    html! {
        dl.facts {
            dt { (visit.say("编号", "Name")) } dd { a href={ (PATH) "/" (id_of(&erasure.name)) } { code { (id_of(&erasure.name)) } } }
            dt { (visit.say("类别", "Kind")) } dd { (words::erasure_kind(erasure.kind(), visit.language())) }
            dt { (visit.say("何人何时", "Who and when")) } dd { (erasure.asked_by) " " (moment(erasure.ask_time.as_ref())) }
            dt { (visit.say("原因", "Reason")) } dd { (filled(&erasure.reason)) }
            dt { (visit.say("状态", "State")) } dd { (state(visit, erasure)) " " (moment(erasure.end_time.as_ref())) }
            dt { (visit.say("对象哈希（SHA-256）", "Hash of the subject (SHA-256)")) } dd { code { (filled(&erasure.subject_sha256)) } }
        }
        h2 { (visit.say("删除了什么", "What was erased")) }
        (numbers(visit, &erasure.counts.unwrap_or_default(), true))
        (places(visit, erasure))
        @if !erasure.blobs.is_empty() {
            details { summary { (visit.say("各文件的哈希及去向", "Hash of each file, and what became of it")) }
                div.scroll tabindex="0" role="group" aria-label=(visit.say("各文件的哈希及去向", "Hash of each file, and what became of it")) { table {
                    thead { tr { th scope="col" { "SHA-256" } th scope="col" { (visit.say("去向", "What became of it")) } } }
                    tbody { @for blob in &erasure.blobs { tr {
                        th scope="row" { code { (blob.sha256) } }
                        td { (words::blob_fate(blob.fate(), visit.language())) }
                    } } }
                } } }
        }
    }
}

#[cfg(test)]
mod tests {
    use proto::intake::v1::{ErasureWait, ReviewRole};

    use super::*;
    use crate::{Language, visit::tests::visit_of};

    #[test]
    fn the_salt_is_shown_where_it_was_told_and_what_waits_is_said_with_what_to_do() {
        let visit = visit_of(ReviewRole::Administrator, Language::Zh);
        let erasure = Erasure { subject_sha256: "ab12".into(), reason: "<本人>".into(), ..Erasure::default() };
        let answer = ErasePersonResponse {
            erasure: Some(erasure.clone()),
            salt: "5a17".into(),
            wait: ErasureWait::WorkerRuns.into(),
            ..ErasePersonResponse::default()
        };
        let shown = done(&visit, &answer).into_string();
        for expected in ["5a17", "ab12", "等待删除", "caibian person resume", "&lt;本人&gt;"] {
            assert!(shown.contains(expected), "{expected}\n{shown}");
        }
        let again = done(&visit, &ErasePersonResponse { salt: String::new(), ..answer }).into_string();
        assert!(!again.contains("5a17") && again.contains("只在那时显示过"), "{again}");
        assert!(!whole(&visit, &erasure).into_string().contains("盐值"));
    }
}
