//! 收稿登记簿: what stands in which column. It is a Chinese document, whoever asks for it.

use intake::{
    contact::Found, finding::Outcome, judgement::Verdict, letter::Disposition, message::ReceivedBasis, sorting::Class,
};
use stdx::{beijing, csv::Cell};
use store::record::ExportLine;

use crate::masked;

/// Heads with the widths of their columns, in characters.
pub const COLUMNS: [(&str, f64); 18] = [
    ("收稿号", 8.0),
    ("版本", 6.0),
    ("收到时间", 20.0),
    ("依据", 18.0),
    ("作者", 14.0),
    ("单位", 28.0),
    ("联系方式", 40.0),
    ("主题", 44.0),
    ("类别", 10.0),
    ("判定", 8.0),
    ("缺项", 44.0),
    ("状态", 10.0),
    ("责任编辑", 12.0),
    ("决定", 8.0),
    ("理由", 40.0),
    ("渠道/期次", 28.0),
    ("附件数", 8.0),
    ("原始邮件 SHA-256", 68.0),
];

/// Values of one sort that stand in a cell.
const VALUES_MAX: usize = 3;

/// The head as cells.
#[must_use]
pub fn head() -> Vec<Cell> {
    COLUMNS.iter().map(|(words, _)| Cell::text(*words)).collect()
}

/// One submission; phones and addresses masked unless `with_contacts`.
#[must_use]
pub fn cells(line: &ExportLine, with_contacts: bool) -> Vec<Cell> {
    let ExportLine { submission, review } = line;
    let received_at = submission.message.received_at.with_timezone(&beijing::zone());
    let names = match values(&submission.contact.names) {
        found if found.is_empty() => {
            submission.letter.headers.from.first().map(|from| from.name.clone()).unwrap_or_default()
        }
        found => found.join("、"),
    };
    let open = |outcome: Outcome| {
        submission.findings.iter().filter(move |finding| finding.outcome == outcome).map(|finding| finding.zh.as_str())
    };
    let codes = |finding: &&intake::finding::Finding| submission.judgement.failed.contains(&finding.rule);
    let failed = submission.findings.iter().filter(codes).map(|finding| finding.zh.as_str());
    let missing: Vec<&str> = failed.chain(open(Outcome::Undetermined)).collect();
    let attachments = submission.letter.parts.iter().filter(|part| part.disposition == Disposition::Attachment).count();
    let standing = review.as_ref().map(|review| &review.standing);
    let places = standing.map(|standing| {
        let places = standing.placements.iter().map(|placement| {
            let published = placement
                .published_at
                .map(|at| format!("（{} 刊发）", at.with_timezone(&beijing::zone()).format("%Y-%m-%d")));
            format!("{} {}{}", placement.channel, placement.slot, published.unwrap_or_default())
        });
        places.collect::<Vec<_>>().join("；")
    });
    vec![
        Cell::Number(submission.number),
        Cell::Number(submission.version.into()),
        Cell::text(received_at.format("%Y-%m-%d %H:%M:%S").to_string()),
        Cell::text(basis(submission.message.received_basis)),
        Cell::text(names),
        Cell::text(values(&submission.contact.organisations).join("；")),
        Cell::text(contact(line, with_contacts)),
        Cell::text(match submission.erased_at {
            Some(_) => "〔已删除〕",
            None => submission.letter.headers.subject.as_str(),
        }),
        Cell::text(class(submission.class)),
        Cell::text(verdict(submission.judgement.verdict)),
        Cell::text(missing.join("；")),
        Cell::text(standing.map_or("不审稿", |standing| standing.state.zh())),
        Cell::text(review.as_ref().map_or("", |review| review.editor.as_str())),
        Cell::text(review.as_ref().and_then(|review| review.decision).map_or("", |decision| decision.zh())),
        Cell::text(review.as_ref().map_or("", |review| review.reason.as_str())),
        Cell::text(places.unwrap_or_default()),
        Cell::Number(attachments as u64),
        Cell::text(submission.message.raw_sha256.map(|hash| hash.hex()).unwrap_or_default()),
    ]
}

fn values(found: &[Found]) -> Vec<&str> {
    found.iter().take(VALUES_MAX).map(|found| found.value.as_str()).collect()
}

/// `电话：138****1234；邮箱：a***@example.cn`: always words, so that no spreadsheet rounds a phone.
fn contact(line: &ExportLine, with_contacts: bool) -> String {
    let contact = &line.submission.contact;
    let shown = |value: &str, mask: fn(&str) -> String| if with_contacts { value.to_owned() } else { mask(value) };
    let sender = line.submission.letter.headers.from.first().map(|from| from.address.as_str());
    let mut addresses: Vec<&str> = sender.into_iter().filter(|address| !address.is_empty()).collect();
    for address in values(&contact.addresses) {
        if !addresses.iter().any(|known| known.eq_ignore_ascii_case(address)) {
            addresses.push(address);
        }
    }
    let phones = values(&contact.phones).into_iter().map(|phone| format!("电话：{}", shown(phone, masked::phone)));
    let addresses = addresses.into_iter().map(|address| format!("邮箱：{}", shown(address, masked::address)));
    phones.chain(addresses).collect::<Vec<_>>().join("；")
}

fn basis(basis: ReceivedBasis) -> &'static str {
    match basis {
        ReceivedBasis::InternalDate => "邮件服务器收信时间",
        ReceivedBasis::ReceivedHeader => "邮件头 Received",
        ReceivedBasis::FileTime => "文件时间",
    }
}

fn class(class: Class) -> &'static str {
    match class {
        Class::Submission => "投稿",
        Class::Correction => "修改稿",
        Class::NearMiss => "疑似投稿",
        Class::AutomaticReply => "自动回复",
        Class::Bounce => "退信",
        Class::ListMail => "群发邮件",
        Class::NotASubmission => "非投稿",
        Class::Unreadable => "无法读取",
    }
}

fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Eligible => "合格",
        Verdict::Incomplete => "待补",
        Verdict::Late => "逾期",
        Verdict::Undetermined => "待核",
    }
}
