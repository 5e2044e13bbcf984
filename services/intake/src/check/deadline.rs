//! deadline (征稿启事 三: 截止日期), decided by the server's receipt time and never by the sender's Date.

use chrono::TimeDelta;
use stdx::beijing;

use super::{Case, Told};
use crate::{campaign::Campaign, finding::Outcome};

/// A Date that differs by more is told, so that an editor sees a delayed or forged mail.
const SKEW_TOLD: TimeDelta = TimeDelta::days(1);

pub(super) fn check(case: &Case<'_>, campaign: &Campaign) -> Told {
    let received = beijing::format(case.received_at);
    let limit = format!("< {}", beijing::format(campaign.late_from()));
    let day = campaign.deadline_day.format("%Y 年 %-m 月 %-d 日");
    let day_en = campaign.deadline_day;
    let told = if case.received_at < campaign.late_from() {
        Told::new(Outcome::Passed, &received, limit).say(
            format!("邮箱于北京时间 {received} 收到，在截稿日 {day}（含当日）之内。"),
            format!("Received at {received}, within the deadline of {day_en} (inclusive)."),
        )
    } else {
        Told::new(Outcome::Failed, &received, limit).say(
            format!("邮箱于北京时间 {received} 收到，已过截稿日 {day}（含当日），按逾期登记，是否采用由编辑决定。"),
            format!("Received at {received}, after the deadline of {day_en} (inclusive): recorded as late, for an editor to decide."),
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
