//! deadline (征稿启事 三: 截止日期), decided by the server's receipt time and never by the sender's Date. A revision that an
//! editor asked for is due on the day that the editor named.

use chrono::TimeDelta;
use stdx::beijing;

use super::{Case, Told};
use crate::{campaign::Campaign, finding::Outcome};

/// A Date that differs by more is told, so that an editor sees a delayed or forged mail.
const SKEW_TOLD: TimeDelta = TimeDelta::days(1);

pub(super) fn check(case: &Case<'_>, campaign: &Campaign) -> Told {
    let received = beijing::format(case.received_at);
    let asked = case.revision_until.filter(|day| *day > campaign.deadline_day);
    let (last, what, what_en) = match asked {
        Some(day) => (day, "修改期限", "the last day for the revision,"),
        None => (campaign.deadline_day, "截稿日", "the deadline of"),
    };
    let limit = format!("< {}", beijing::format(beijing::day_end(last)));
    let day = last.format("%Y 年 %-m 月 %-d 日");
    let told = if case.received_at < beijing::day_end(last) {
        Told::new(Outcome::Passed, &received, limit).say(
            format!("邮箱于北京时间 {received} 收到，在{what} {day}（含当日）之内。"),
            format!("Received at {received}, within {what_en} {last} (inclusive)."),
        )
    } else {
        Told::new(Outcome::Failed, &received, limit).say(
            format!("邮箱于北京时间 {received} 收到，已过{what} {day}（含当日），按逾期登记，是否采用由编辑决定。"),
            format!(
                "Received at {received}, after {what_en} {last} (inclusive): recorded as late, for an editor to decide."
            ),
        )
    }
    .because("received", &received);
    match case.letter.headers.date {
        Some(date) if apart(date.to_utc(), case.received_at) => {
            let written = date.format("%Y-%m-%d %H:%M:%S %:z");
            told.because("date", &format!("the sender’s Date says {written}; it decides nothing"))
        }
        _ => told,
    }
}

fn apart(left: chrono::DateTime<chrono::Utc>, right: chrono::DateTime<chrono::Utc>) -> bool {
    (left - right).abs() > SKEW_TOLD
}
