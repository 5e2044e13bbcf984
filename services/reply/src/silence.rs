//! Why a mail gets no letter, as a value with a stable word and a sentence in both languages.

use chrono::{DateTime, Utc};
use stdx::beijing;

/// Why nothing is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Silence {
    /// 补录: received before the mailbox's cut-off.
    Backfilled,
    /// The mail bears the mark of a caibian, this one or another.
    LoopMark,
    /// The mail has the `Message-ID` of one of our own letters.
    OwnLetter,
    /// It comes from, or the answer would go to, an address of ours.
    OwnAddress,
    /// A delivery report.
    Bounce,
    /// `Auto-Submitted` says so, or the sorting did (RFC 3834 §2).
    AutomaticReply,
    /// `List-*`, or `Precedence` bulk, list or junk (RFC 3834 §2).
    ListMail,
    /// `Return-Path: <>` (RFC 5321 §4.5.5).
    NullPath,
    /// `X-Auto-Response-Suppress` or its like asks for no automatic answer.
    Suppressed,
    /// Not a submission or correction, or only perhaps one: an editor has to look first.
    NotASubmission,
    /// Nobody reads at this address: `no-reply@…`, `mailer-daemon@…`.
    Unattended,
    /// There is no address, or none that a mail can be sent to.
    NoAddress,
    /// An earlier letter to this contact came back.
    Unreachable,
    /// The configured host says that the sender is not who the mail says (RFC 8601).
    Spoofed,
    /// The configured host does not say that the sender is who the mail says.
    Unproven,
    /// This sender got as many automatic letters in 24 hours as one may get.
    SenderCap(u32),
    /// As many letters went out in the last hour as may.
    HourCap(u32),
    /// As many letters went out in the last 24 hours as may.
    DayCap(u32),
    /// Too many letters failed or came back: nothing is sent until then.
    CircuitOpen(DateTime<Utc>),
    /// After the pause one letter is on its way as a trial.
    TrialUnderWay,
}

impl Silence {
    /// A stable word.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Backfilled => "backfilled",
            Self::LoopMark => "loop_mark",
            Self::OwnLetter => "own_letter",
            Self::OwnAddress => "own_address",
            Self::Bounce => "bounce",
            Self::AutomaticReply => "automatic_reply",
            Self::ListMail => "list_mail",
            Self::NullPath => "null_path",
            Self::Suppressed => "suppressed",
            Self::NotASubmission => "not_a_submission",
            Self::Unattended => "unattended",
            Self::NoAddress => "no_address",
            Self::Unreachable => "unreachable",
            Self::Spoofed => "spoofed",
            Self::Unproven => "unproven",
            Self::SenderCap(_) => "sender_cap",
            Self::HourCap(_) => "hour_cap",
            Self::DayCap(_) => "day_cap",
            Self::CircuitOpen(_) => "circuit_open",
            Self::TrialUnderWay => "trial_under_way",
        }
    }

    /// Whether the letter waits and may go later, instead of never.
    #[must_use]
    pub fn is_for_now(self) -> bool {
        matches!(self, Self::HourCap(_) | Self::DayCap(_) | Self::CircuitOpen(_) | Self::TrialUnderWay)
    }

    /// A sentence in Chinese.
    #[must_use]
    pub fn zh(self) -> String {
        match self {
            Self::Backfilled => "此信早于邮箱的回复起始时间（补录），不发送任何回信。".into(),
            Self::LoopMark => "此信由采编系统发出，回信会造成循环，不予回复。".into(),
            Self::OwnLetter => "此信的 Message-ID 是本系统发出的信，不予回复。".into(),
            Self::OwnAddress => "发件人或收信人是本系统自己的地址，不予回复。".into(),
            Self::Bounce => "此信是退信，不予回复。".into(),
            Self::AutomaticReply => "此信是自动回复，不予回复。".into(),
            Self::ListMail => "此信是群发或列表邮件，不予自动回复。".into(),
            Self::NullPath => "此信的退信路径为空，不予回复。".into(),
            Self::Suppressed => "发件方要求不要自动回复，请编辑酌情处理。".into(),
            Self::NotASubmission => "此信未确认为投稿，须编辑确认后再回复。".into(),
            Self::Unattended => "该地址无人查看（如 no-reply），不予回复。".into(),
            Self::NoAddress => "没有可以回信的有效地址。".into(),
            Self::Unreachable => "此前发往该联系人的信被退回，请先核对联系方式。".into(),
            Self::Spoofed => "收信服务器判定发件人系伪造，不予回复。".into(),
            Self::Unproven => "收信服务器未能证实发件人，不予自动回复，请编辑核对。".into(),
            Self::SenderCap(cap) => format!("24 小时内发给该发件人的自动回信已达上限（{cap} 封）。"),
            Self::HourCap(cap) => format!("最近一小时发信已达上限（{cap} 封），稍后发送。"),
            Self::DayCap(cap) => format!("最近 24 小时发信已达上限（{cap} 封），稍后发送。"),
            Self::CircuitOpen(at) => {
                format!("发信失败或退信过多，已暂停发送，北京时间 {} 后再试。", beijing::format(at))
            }
            Self::TrialUnderWay => "暂停发送后正在试发一封，成功后继续。".into(),
        }
    }

    /// The same in English.
    #[must_use]
    pub fn en(self) -> String {
        match self {
            Self::Backfilled => "The mail is older than the mailbox’s first day of answering: nothing is sent.".into(),
            Self::LoopMark => "The mail was sent by a caibian: an answer would begin a loop.".into(),
            Self::OwnLetter => "The mail has the Message-ID of a letter of ours.".into(),
            Self::OwnAddress => "The sender or the recipient is an address of ours.".into(),
            Self::Bounce => "The mail is a delivery report.".into(),
            Self::AutomaticReply => "The mail is an automatic reply.".into(),
            Self::ListMail => "The mail comes from a list or was sent in bulk: no automatic answer.".into(),
            Self::NullPath => "The mail has a null return path.".into(),
            Self::Suppressed => "The sender’s side asks for no automatic answer: an editor may write.".into(),
            Self::NotASubmission => "The mail is not confirmed as a submission: an editor has to look first.".into(),
            Self::Unattended => "Nobody reads at this address.".into(),
            Self::NoAddress => "There is no valid address to answer to.".into(),
            Self::Unreachable => "An earlier letter to this contact came back: please check the address first.".into(),
            Self::Spoofed => "The receiving server says that the sender is forged.".into(),
            Self::Unproven => "The receiving server could not prove the sender: no automatic answer.".into(),
            Self::SenderCap(cap) => format!("This sender got {cap} automatic letters in 24 hours, the most allowed."),
            Self::HourCap(cap) => format!("{cap} letters went out in the last hour, the most allowed: sent later."),
            Self::DayCap(cap) => format!("{cap} letters went out in the last 24 hours, the most allowed: sent later."),
            Self::CircuitOpen(at) => {
                format!("Too many letters failed or came back: sending pauses until {}.", beijing::format(at))
            }
            Self::TrialUnderWay => "After a pause one letter is being tried: the others follow if it goes.".into(),
        }
    }
}
