//! The Chinese words for what stands in a table on a terminal.

use proto::{intake::v1, procurement::v1 as procurement};

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

/// What was made of a claim, as in GLOSSARY.md.
pub fn claim_verdict(verdict: procurement::ClaimVerdict) -> &'static str {
    match verdict {
        procurement::ClaimVerdict::Unspecified => "",
        procurement::ClaimVerdict::Consistent => "一致",
        procurement::ClaimVerdict::Inconsistent => "不一致",
        procurement::ClaimVerdict::AmbiguousBase => "基数有歧义",
        procurement::ClaimVerdict::Undetermined => "无法判定",
    }
}

/// How records stand to a published figure, as in GLOSSARY.md.
pub fn records_verdict(verdict: procurement::RecordsVerdict) -> &'static str {
    match verdict {
        procurement::RecordsVerdict::Unspecified => "",
        procurement::RecordsVerdict::Match => "相符",
        procurement::RecordsVerdict::WithinRounding => "在舍入范围内",
        procurement::RecordsVerdict::Differs => "不符",
        procurement::RecordsVerdict::PartialCoverage => "数据不全",
        procurement::RecordsVerdict::NoData => "没有可比数据",
    }
}
