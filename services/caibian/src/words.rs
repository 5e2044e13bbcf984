//! The Chinese words for what stands in a table on a terminal.

use proto::intake::v1;

/// A class of mail, as in GLOSSARY.md.
pub fn class(class: v1::Class) -> &'static str {
    match class {
        v1::Class::Unspecified => "",
        v1::Class::Submission => "投稿",
        v1::Class::Correction => "修改稿",
        v1::Class::AutomaticReply => "自动回复",
        v1::Class::Bounce => "退信",
        v1::Class::ListMail => "群发邮件",
        v1::Class::NotASubmission => "非投稿",
        v1::Class::NearMiss => "疑似投稿",
        v1::Class::Unreadable => "无法读取",
    }
}

/// A verdict, as in GLOSSARY.md.
pub fn verdict(verdict: v1::Verdict) -> &'static str {
    match verdict {
        v1::Verdict::Unspecified => "",
        v1::Verdict::Eligible => "合格",
        v1::Verdict::Incomplete => "待补",
        v1::Verdict::Late => "逾期",
        v1::Verdict::Undetermined => "待核",
    }
}
