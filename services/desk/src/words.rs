//! What the wire's enumerations are called on the pages, in Chinese and English.

use proto::intake::v1::{
    AccessAction, BlobFate, Class, ErasureKind, ErasureWait, Outcome, ReplyKind, ReplyState, ReviewAction,
    ReviewDecision, ReviewRole, ReviewRound, ReviewState, Severity, Stage, Verdict, mailbox,
};

use crate::{Language, html::Tone};

/// Every state of a review that a list can ask for, in the order of the way through it.
pub const STATES: [ReviewState; 12] = [
    ReviewState::Received,
    ReviewState::Judged,
    ReviewState::Assigned,
    ReviewState::FirstReview,
    ReviewState::SecondReview,
    ReviewState::FinalReview,
    ReviewState::RevisionAsked,
    ReviewState::Adopted,
    ReviewState::Scheduled,
    ReviewState::Published,
    ReviewState::Declined,
    ReviewState::Withdrawn,
];

/// Those in which nothing was decided yet, or the author's revision is waited for.
pub const OPEN: [ReviewState; 7] = [
    ReviewState::Received,
    ReviewState::Judged,
    ReviewState::Assigned,
    ReviewState::FirstReview,
    ReviewState::SecondReview,
    ReviewState::FinalReview,
    ReviewState::RevisionAsked,
];

/// Verdicts that a list can ask for.
pub const VERDICTS: [Verdict; 4] = [Verdict::Eligible, Verdict::Incomplete, Verdict::Late, Verdict::Undetermined];

/// The rules, as the wire spells them, with what they are about.
pub const RULES: [(&str, &str, &str); 12] = [
    ("subject-tag", "主题标记", "Subject tag"),
    ("deadline", "截稿日期", "Deadline"),
    ("contact-name", "作者姓名", "Author’s name"),
    ("contact-organisation", "工作单位", "Organisation"),
    ("contact-details", "联系方式", "Contact details"),
    ("manuscript-present", "稿件", "Manuscript"),
    ("publicity-pictures", "配图", "Pictures"),
    ("video-duration", "视频时长", "Video length"),
    ("video-size", "视频大小", "Video size"),
    ("video-resolution", "视频分辨率", "Video resolution"),
    ("video-format", "视频格式", "Video format"),
    ("video-synopsis", "视频简介", "Video synopsis"),
];

/// What a rule is about; the wire's own word for one that is not known here.
#[must_use]
pub fn rule(code: &str, language: Language) -> &str {
    RULES.iter().find(|(known, ..)| *known == code).map_or(code, |(_, zh, en)| language.of(zh, en))
}

/// A state of a review.
#[must_use]
pub fn state(state: ReviewState, language: Language) -> &'static str {
    match state {
        ReviewState::Unspecified => language.of("未知", "unknown"),
        ReviewState::Received => language.of("收到", "Received"),
        ReviewState::Judged => language.of("待分派", "To be assigned"),
        ReviewState::Assigned => language.of("已分派", "Assigned"),
        ReviewState::FirstReview => language.of("初审", "First review"),
        ReviewState::SecondReview => language.of("复审", "Second review"),
        ReviewState::FinalReview => language.of("终审", "Final review"),
        ReviewState::RevisionAsked => language.of("退修", "Revision asked"),
        ReviewState::Adopted => language.of("采用", "Adopted"),
        ReviewState::Declined => language.of("退稿", "Declined"),
        ReviewState::Scheduled => language.of("已排期", "Scheduled"),
        ReviewState::Published => language.of("已刊发", "Published"),
        ReviewState::Withdrawn => language.of("撤稿", "Withdrawn"),
    }
}

/// Whether a state is good news for somebody.
#[must_use]
pub fn state_tone(state: ReviewState) -> Tone {
    match state {
        ReviewState::Adopted | ReviewState::Scheduled | ReviewState::Published => Tone::Good,
        ReviewState::RevisionAsked | ReviewState::Judged => Tone::Warn,
        _ => Tone::Plain,
    }
}

/// A verdict, with its colour.
#[must_use]
pub fn verdict(verdict: Verdict, language: Language) -> (Tone, &'static str) {
    match verdict {
        Verdict::Unspecified => (Tone::Plain, language.of("未判定", "not judged")),
        Verdict::Eligible => (Tone::Good, language.of("合格", "Eligible")),
        Verdict::Incomplete => (Tone::Bad, language.of("待补", "Incomplete")),
        Verdict::Late => (Tone::Bad, language.of("逾期", "Late")),
        Verdict::Undetermined => (Tone::Warn, language.of("待核", "To be checked")),
    }
}

/// How a rule ended, with its colour.
#[must_use]
pub fn outcome(outcome: Outcome, is_advice: bool, language: Language) -> (Tone, &'static str) {
    match outcome {
        Outcome::Passed => (Tone::Good, language.of("符合", "Met")),
        Outcome::Failed if is_advice => (Tone::Warn, language.of("建议改进", "Advice")),
        Outcome::Failed => (Tone::Bad, language.of("不符合", "Not met")),
        Outcome::Undetermined | Outcome::Unspecified => (Tone::Warn, language.of("待核", "To be checked")),
    }
}

/// A kind of mail.
#[must_use]
pub fn class(class: Class, language: Language) -> &'static str {
    match class {
        Class::Unspecified => language.of("未知", "unknown"),
        Class::Submission => language.of("投稿", "Submission"),
        Class::Correction => language.of("修改稿", "Correction"),
        Class::AutomaticReply => language.of("自动回复", "Automatic reply"),
        Class::Bounce => language.of("退信", "Bounce"),
        Class::ListMail => language.of("群发邮件", "List mail"),
        Class::NotASubmission => language.of("非投稿", "Not a submission"),
        Class::NearMiss => language.of("疑似投稿", "Near miss"),
        Class::Unreadable => language.of("无法读取", "Unreadable"),
    }
}

/// A step, as a button and a line of a history say it.
#[must_use]
pub fn action(action: ReviewAction, language: Language) -> &'static str {
    match action {
        ReviewAction::Unspecified => language.of("未知", "unknown"),
        ReviewAction::Judge => language.of("判定", "Judge"),
        ReviewAction::Assign => language.of("分派", "Assign"),
        ReviewAction::Begin => language.of("开始审稿", "Begin the review"),
        ReviewAction::Recommend => language.of("提出建议", "Recommend"),
        ReviewAction::Pass => language.of("送下一审", "Pass on"),
        ReviewAction::SendBack => language.of("退回上一审", "Send back"),
        ReviewAction::Adopt => language.of("采用", "Adopt"),
        ReviewAction::Decline => language.of("退稿", "Decline"),
        ReviewAction::AskRevision => language.of("退修", "Ask for a revision"),
        ReviewAction::TakeCorrection => language.of("收到修改稿", "Correction received"),
        ReviewAction::Resume => language.of("不等修改稿继续审稿", "Go on without the revision"),
        ReviewAction::Schedule => language.of("排期", "Schedule"),
        ReviewAction::Unschedule => language.of("取消排期", "Unschedule"),
        ReviewAction::Publish => language.of("刊发", "Publish"),
        ReviewAction::Withdraw => language.of("撤稿", "Withdraw"),
        ReviewAction::Retract => language.of("撤回上一决定", "Retract the last decision"),
    }
}

/// What may be recommended and decided.
#[must_use]
pub fn decision(decision: ReviewDecision, language: Language) -> &'static str {
    match decision {
        ReviewDecision::Unspecified => language.of("未知", "unknown"),
        ReviewDecision::Adopt => language.of("采用", "Adopt"),
        ReviewDecision::Decline => language.of("退稿", "Decline"),
        ReviewDecision::AskRevision => language.of("退修", "Ask for a revision"),
    }
}

/// A round.
#[must_use]
pub fn round(round: ReviewRound, language: Language) -> &'static str {
    match round {
        ReviewRound::Unspecified => language.of("未知", "unknown"),
        ReviewRound::First => language.of("初审", "First review"),
        ReviewRound::Second => language.of("复审", "Second review"),
        ReviewRound::Final => language.of("终审", "Final review"),
    }
}

/// A role.
#[must_use]
pub fn role(role: ReviewRole, language: Language) -> &'static str {
    match role {
        ReviewRole::Unspecified => language.of("未知", "unknown"),
        ReviewRole::Worker => language.of("系统", "System"),
        ReviewRole::Viewer => language.of("浏览者", "Viewer"),
        ReviewRole::Editor => language.of("编辑", "Editor"),
        ReviewRole::ChiefEditor => language.of("主编", "Chief editor"),
        ReviewRole::Administrator => language.of("管理员", "Administrator"),
    }
}

/// A letter to an author.
#[must_use]
pub fn reply_kind(kind: ReplyKind, language: Language) -> &'static str {
    match kind {
        ReplyKind::Unspecified => language.of("回信", "Letter"),
        ReplyKind::Acknowledgement => language.of("收稿回执", "Acknowledgement"),
        ReplyKind::Findings => language.of("补充通知", "Request for what is missing"),
        ReplyKind::Adopted => language.of("采用通知", "Notice of adoption"),
        ReplyKind::Declined => language.of("退稿通知", "Notice of decline"),
        ReplyKind::RevisionAsked => language.of("退修通知", "Request for a revision"),
    }
}

/// Where a letter stands, with its colour.
#[must_use]
pub fn reply_state(state: ReplyState, language: Language) -> (Tone, &'static str) {
    match state {
        ReplyState::Unspecified => (Tone::Plain, language.of("未知", "unknown")),
        ReplyState::Held => (Tone::Warn, language.of("待批准", "Held for approval")),
        ReplyState::Pending => (Tone::Plain, language.of("待发", "Pending")),
        ReplyState::Sending => (Tone::Plain, language.of("发送中", "Being sent")),
        ReplyState::Deferred => (Tone::Warn, language.of("稍后再发", "Deferred")),
        ReplyState::Sent => (Tone::Good, language.of("已发", "Sent")),
        ReplyState::Failed => (Tone::Bad, language.of("未能发出", "Failed")),
        ReplyState::Uncertain => (Tone::Bad, language.of("不确定", "Uncertain")),
        ReplyState::Suppressed => (Tone::Plain, language.of("不发", "Not sent")),
        ReplyState::Cancelled => (Tone::Plain, language.of("已取消", "Cancelled")),
    }
}

/// What the time of receipt rests on; the wire's own word for one that is not known here.
#[must_use]
pub fn received_basis(basis: &str, language: Language) -> &str {
    match basis {
        "internal_date" => language.of("邮件服务器的收信时间", "the mail server’s time of receipt"),
        "received_header" => language.of("邮件的 Received 头", "a Received header of the mail"),
        "file_time" => language.of("文件时间", "the file’s time"),
        other => other,
    }
}

/// Every stage that a list can ask for, in the order of a mail's way.
pub const STAGES: [Stage; 8] = [
    Stage::Seen,
    Stage::Stored,
    Stage::Parsed,
    Stage::Recorded,
    Stage::Repeated,
    Stage::TooLarge,
    Stage::Vanished,
    Stage::Quarantined,
];

/// Every class that a list can ask for.
pub const CLASSES: [Class; 8] = [
    Class::Submission,
    Class::Correction,
    Class::NearMiss,
    Class::NotASubmission,
    Class::AutomaticReply,
    Class::Bounce,
    Class::ListMail,
    Class::Unreadable,
];

/// Every letter to an author.
pub const REPLY_KINDS: [ReplyKind; 5] = [
    ReplyKind::Acknowledgement,
    ReplyKind::Findings,
    ReplyKind::Adopted,
    ReplyKind::Declined,
    ReplyKind::RevisionAsked,
];

/// The roles that a person can have, lowest first.
pub const ROLES: [ReviewRole; 4] =
    [ReviewRole::Viewer, ReviewRole::Editor, ReviewRole::ChiefEditor, ReviewRole::Administrator];

/// What a mail is called: its subject, that it has none, or that it was erased.
#[must_use]
pub fn subject(subject: &str, is_erased: bool, language: Language) -> &str {
    match (subject, is_erased) {
        ("", true) => language.of("〔已删除〕", "[erased]"),
        ("", false) => language.of("（无主题）", "(no subject)"),
        (subject, _) => subject,
    }
}

/// Everything that the list of accesses tells.
pub const ACCESS_ACTIONS: [AccessAction; 14] = [
    AccessAction::SignIn,
    AccessAction::SignInFailed,
    AccessAction::SignOut,
    AccessAction::InvitationAccepted,
    AccessAction::PasswordChanged,
    AccessAction::UserCreated,
    AccessAction::UserUpdated,
    AccessAction::UserInvited,
    AccessAction::ContactRevealed,
    AccessAction::Exported,
    AccessAction::PersonReported,
    AccessAction::PersonErased,
    AccessAction::CampaignCreated,
    AccessAction::CampaignUpdated,
];

/// Where a mail stands, with its colour.
#[must_use]
pub fn stage(stage: Stage, language: Language) -> (Tone, &'static str) {
    match stage {
        Stage::Unspecified => (Tone::Plain, language.of("无", "none")),
        Stage::Seen => (Tone::Plain, language.of("待取回", "To be fetched")),
        Stage::Stored => (Tone::Plain, language.of("已存原件", "Stored")),
        Stage::Parsed => (Tone::Plain, language.of("已解析", "Read")),
        Stage::Recorded => (Tone::Good, language.of("已登记", "Recorded")),
        Stage::Repeated => (Tone::Plain, language.of("重复", "Repeated")),
        Stage::TooLarge => (Tone::Warn, language.of("过大未取", "Too large")),
        Stage::Vanished => (Tone::Warn, language.of("服务器上已无", "Gone from the server")),
        Stage::Quarantined => (Tone::Bad, language.of("隔离", "Quarantined")),
    }
}

/// What a failed rule means.
#[must_use]
pub fn severity(severity: Severity, language: Language) -> &'static str {
    match severity {
        Severity::Unspecified => language.of("未定", "not said"),
        Severity::Routes => language.of("归类", "Sorts the mail"),
        Severity::Required => language.of("必须", "Required"),
        Severity::Advice => language.of("建议", "Advice"),
    }
}

/// How a mailbox fares, with its colour.
#[must_use]
pub fn mailbox_state(state: mailbox::State, language: Language) -> (Tone, &'static str) {
    match state {
        mailbox::State::Ok => (Tone::Good, language.of("正常", "Well")),
        mailbox::State::Failing => (Tone::Bad, language.of("出错", "Failing")),
        mailbox::State::New | mailbox::State::Unspecified => (Tone::Plain, language.of("尚未收取", "Not read yet")),
    }
}

/// What was done with an account, personal data or a campaign.
#[must_use]
pub fn access_action(action: AccessAction, language: Language) -> &'static str {
    match action {
        AccessAction::Unspecified => language.of("未知", "unknown"),
        AccessAction::SignIn => language.of("登录", "Signed in"),
        AccessAction::SignInFailed => language.of("登录失败", "Failed to sign in"),
        AccessAction::SignOut => language.of("退出", "Signed out"),
        AccessAction::InvitationAccepted => language.of("接受邀请", "Accepted an invitation"),
        AccessAction::PasswordChanged => language.of("更改密码", "Changed the password"),
        AccessAction::UserCreated => language.of("新建用户", "Created a user"),
        AccessAction::UserUpdated => language.of("更改用户", "Changed a user"),
        AccessAction::UserInvited => language.of("邀请用户", "Invited a user"),
        AccessAction::ContactRevealed => language.of("查看联系方式", "Looked at contact details"),
        AccessAction::Exported => language.of("导出", "Exported"),
        AccessAction::PersonReported => language.of("查阅个人信息", "Reported a person's data"),
        AccessAction::PersonErased => language.of("删除个人信息", "Erased a person's data"),
        AccessAction::CampaignCreated => language.of("新建征稿", "Opened a campaign"),
        AccessAction::CampaignUpdated => language.of("修改征稿", "Changed a campaign"),
    }
}

/// Why something was erased.
#[must_use]
pub fn erasure_kind(kind: ErasureKind, language: Language) -> &'static str {
    match kind {
        ErasureKind::Unspecified => language.of("未知", "unknown"),
        ErasureKind::Person => language.of("本人要求", "A person asked"),
        ErasureKind::Messages => language.of("指定的邮件", "Single mails"),
        ErasureKind::Retention => language.of("保存期满", "Kept long enough"),
        ErasureKind::Replay => language.of("恢复备份后重新删除", "Erased again after a restore"),
    }
}

/// Why blobs wait, and what to do; none when none does.
#[must_use]
pub fn erasure_wait(wait: ErasureWait, language: Language) -> Option<&'static str> {
    match wait {
        ErasureWait::Unspecified => None,
        ErasureWait::MailOnItsWay => Some(language.of(
            "有邮件正在收取，可能带有同样的文件：等待中的文件会在一小时内自动删除。",
            "Mail is on its way that may bring the same file: what waits is removed within the hour.",
        )),
        ErasureWait::WorkerRuns => Some(language.of(
            "文件存放在存储桶中，采集程序运行期间不能删除：请先停止采集程序，运行 caibian person resume，再重新启动。",
            "The files lie in a bucket, from which nothing is removed while a worker runs: stop the workers, run caibian person resume, start them again.",
        )),
    }
}

/// What became of a blob.
#[must_use]
pub fn blob_fate(fate: BlobFate, language: Language) -> &'static str {
    match fate {
        BlobFate::Unspecified => language.of("未知", "unknown"),
        BlobFate::Waiting => language.of("等待删除", "Waits"),
        BlobFate::Removed => language.of("已删除", "Removed"),
        BlobFate::Shared => language.of("他人来稿也用到，保留", "Stays: others sent the same"),
    }
}

/// A value of an enumeration as an address spells it: `STAGE_TOO_LARGE` is `too-large`.
#[must_use]
pub fn code(name: &str, prefix: &str) -> String {
    name.strip_prefix(prefix).unwrap_or(name).to_lowercase().replace('_', "-")
}

/// The wire's name of a value that an address spells.
#[must_use]
pub fn spelled(code: &str, prefix: &str) -> String {
    format!("{prefix}{}", code.to_uppercase().replace('-', "_"))
}

/// Bytes as people say them: `1.4 MB` of 1024 × 1024.
#[must_use]
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KB", "MB", "GB", "TB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    // One digit behind the point is plenty, and needs no floating point.
    let mut tenths = u128::from(bytes) * 10 / 1024;
    let mut unit = 0;
    while tenths >= 10_240 && unit + 1 < UNITS.len() {
        tenths /= 1024;
        unit += 1;
    }
    if tenths >= 100 {
        format!("{} {}", (tenths + 5) / 10, UNITS[unit])
    } else {
        format!("{}.{} {}", tenths / 10, tenths % 10, UNITS[unit])
    }
}

/// Seconds as people say them: `4:57`, `1:02:03`.
#[must_use]
pub fn duration(seconds: f64) -> String {
    if !(0.0..=1e9).contains(&seconds) {
        return "—".into();
    }
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // bounded above
    let whole = seconds.round() as u64;
    let (hours, minutes, seconds) = (whole / 3600, whole / 60 % 60, whole % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

/// At most so many characters, the rest told by an ellipsis.
#[must_use]
pub fn cut(text: &str, characters_max: usize) -> String {
    match text.char_indices().nth(characters_max) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_lengths_are_said_as_people_say_them() {
        for (bytes, said) in
            [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 KB"), (1_572_864, "1.5 MB"), (734_003_200, "700 MB")]
        {
            assert_eq!(size(bytes), said);
        }
        assert!(size(u64::MAX).ends_with(" TB"));
        for (seconds, said) in [(0.4, "0:00"), (297.0, "4:57"), (3723.2, "1:02:03"), (f64::NAN, "—"), (-1.0, "—")] {
            assert_eq!(duration(seconds), said);
        }
    }

    #[test]
    fn a_cut_text_says_that_it_was_cut() {
        assert_eq!(cut("绩效评价", 4), "绩效评价");
        assert_eq!(cut("绩效评价报告", 4), "绩效评价…");
    }
}
