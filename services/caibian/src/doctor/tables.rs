//! What the tables tell: their clock, who takes mail until when, who may sign in, and what waits for a person.

use std::time::{Duration, Instant};

use chrono::{TimeDelta, Utc};
use intake::message::Stage;
use reply::outbox::State;
use stdx::beijing;
use store::Store;

use super::Report;
use crate::{backup, ops, settings::Settings};

/// Leases go by the database's clock, receipts and deadlines by this machine's.
const CLOCKS_APART_MAX: TimeDelta = TimeDelta::seconds(5);
/// As the alerts of `deploy/prometheus/alerts.yaml` have it.
const LETTER_WAITS_MAX: Duration = Duration::from_secs(60 * 60);
const BACKUP_AGE_MAX: TimeDelta = TimeDelta::hours(26);
/// Rows that one question may give.
const PAGE: u32 = 500;

/// How soon they answer, and whether their clock goes right.
pub async fn answer(store: &Store, report: &mut Report) {
    let asked = Instant::now();
    match store.clock_now().await {
        Ok(clock) => {
            let took = asked.elapsed();
            report.well("tables", &format!("up to date; answer in {} ms", took.as_millis()));
            let apart = (Utc::now() - clock).abs() - TimeDelta::from_std(took).unwrap_or_default();
            if apart > CLOCKS_APART_MAX {
                report.warning(
                    "clock",
                    &format!("this machine's and the database's are {} s apart", apart.num_seconds()),
                    "截止时间按本机时钟判断，请用 NTP 校时。",
                    "Deadlines go by this machine's clock: set both by NTP.",
                );
            }
        }
        Err(error) => {
            let (zh, en) = ("请查看数据库的日志。", "Read the database's log.");
            report.fault("tables", &error.to_string(), zh, en);
        }
    }
}

/// Everything else.
pub async fn look(store: &Store, settings: &Settings, report: &mut Report) -> Result<(), store::Error> {
    campaigns(store, settings, report).await?;
    people(store, report).await?;
    sweeps(store, settings, report).await?;
    waiting(store, report).await?;
    backups(settings, report);
    Ok(())
}

/// Mail to an address that no campaign uses is answered by nobody.
async fn campaigns(store: &Store, settings: &Settings, report: &mut Report) -> Result<(), store::Error> {
    let now = Utc::now();
    let campaigns = store.campaign_list(None, store::LIST_MAX).await?;
    for mailbox in &settings.mailbox {
        let place = format!("campaigns of {}", mailbox.name);
        let address = &mailbox.address;
        let of_it = campaigns.iter().filter(|campaign| campaign.mailbox.eq_ignore_ascii_case(address));
        match of_it.max_by_key(|campaign| campaign.deadline_day) {
            None => report.warning(
                &place,
                &format!("none takes mail for {address}"),
                "发到此地址的邮件不会被登记为来稿；请在编辑部网页的“征稿”页建立征稿，或核对 mailbox.address。",
                "What comes to this address is no submission: make a campaign on the desk, or check `mailbox.address`.",
            ),
            Some(last) if last.late_from() <= now => report.warning(
                &place,
                &format!("“{}” ended on {}", last.theme, last.deadline_day),
                "此后的来稿均记为逾期；如有新的征稿，请在编辑部网页的“征稿”页建立。",
                "What comes now is late; make the next campaign on the desk.",
            ),
            Some(last) => report.well(&place, &format!("“{}”, until {}", last.theme, last.deadline_day)),
        }
    }
    Ok(())
}

async fn people(store: &Store, report: &mut Report) -> Result<(), store::Error> {
    let (mut people, mut after) = (0, None::<String>);
    loop {
        let page = store.account_list(after.as_deref(), PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.name.clone());
        people += page.iter().filter(|account| account.has_password && !account.disabled).count();
    }
    if people > 0 {
        report.well("people", &format!("{people} can sign in with a password"));
    } else {
        report.warning(
            "people",
            "nobody has set a password",
            "首任管理员的邀请码在首次启动时显示一次；可用 `caibian users invite admin` 重新取得。",
            "The first administrator's invitation is shown at the first start; `caibian users invite admin` gives another.",
        );
    }
    Ok(())
}

async fn sweeps(store: &Store, settings: &Settings, report: &mut Report) -> Result<(), store::Error> {
    let now = Utc::now();
    let known = store.mailbox_list(now).await?;
    for mailbox in &settings.mailbox {
        let place = format!("sweeps of {}", mailbox.name);
        let Some(record) = known.iter().find(|record| record.enrolment.name == mailbox.name) else {
            let (zh, en) = (
                "运行 `caibian all` 或 `caibian worker` 后才会收取。",
                "`caibian all` or `caibian worker` takes its mail.",
            );
            report.warning(&place, "no worker has had it yet", zh, en);
            continue;
        };
        let last = record.folders.iter().map(|folder| folder.last_sweep_at).min().flatten();
        let age = last.map_or(Duration::MAX, |last| (now - last).to_std().unwrap_or_default());
        let when = last.map_or_else(|| "never".into(), beijing::format);
        if age > ops::SWEEP_AGE_MAX {
            let why = record.last_error.as_ref().map(|(why, _)| format!("; {why}")).unwrap_or_default();
            report.warning(
                &place,
                &format!("last {when}{why}"),
                "采集程序未运行，或邮箱出错。（docs/runbooks/mailbox-not-swept.md）",
                "No worker runs, or the mailbox fails. (docs/runbooks/mailbox-not-swept.md)",
            );
        } else if Duration::from_secs(record.lag_seconds) > ops::PENDING_AGE_MAX {
            report.warning(
                &place,
                &format!("a mail has waited for {} minutes", record.lag_seconds / 60),
                "见 docs/runbooks/mail-waits.md。",
                "See docs/runbooks/mail-waits.md.",
            );
        } else {
            report.well(&place, &format!("last {when}"));
        }
    }
    Ok(())
}

async fn waiting(store: &Store, report: &mut Report) -> Result<(), store::Error> {
    let vitals = store.vitals(Utc::now()).await?;
    let mails = |wanted: Stage| {
        vitals.messages.iter().filter(|(stage, _)| *stage == wanted).map(|(_, count)| count).sum::<u64>()
    };
    let unread = mails(Stage::Quarantined) + mails(Stage::TooLarge);
    if unread > 0 {
        report.warning(
            "quarantine",
            &format!("{unread} mails could not be opened"),
            "请在编辑部网页的“隔离区”处理。（docs/runbooks/quarantine.md）",
            "Settle them on the desk's page of the quarantine. (docs/runbooks/quarantine.md)",
        );
    }
    let uncertain: u64 =
        vitals.letters.iter().filter(|(state, _)| *state == State::Uncertain).map(|(_, count)| count).sum();
    if uncertain > 0 {
        report.warning(
            "letters",
            &format!("of {uncertain} nobody knows whether they went"),
            "请在编辑部网页的“发信”页逐一确认。（docs/runbooks/letter-uncertain.md）",
            "Settle them on the desk's page of letters. (docs/runbooks/letter-uncertain.md)",
        );
    }
    if vitals.oldest_letter > LETTER_WAITS_MAX {
        report.warning(
            "letters",
            &format!("the oldest has been due for {} minutes", vitals.oldest_letter.as_secs() / 60),
            "见 docs/runbooks/letters-wait.md。",
            "See docs/runbooks/letters-wait.md.",
        );
    }
    if unread == 0 && uncertain == 0 && vitals.oldest_letter <= LETTER_WAITS_MAX {
        report.well("what waits", "no mail and no letter waits for a person");
    }
    Ok(())
}

fn backups(settings: &Settings, report: &mut Report) {
    let last = backup::last(&settings.data.0);
    let what = match last {
        Some(last) if Utc::now() - last <= BACKUP_AGE_MAX => {
            return report.well("backup", &format!("last {}", beijing::format(last)));
        }
        Some(last) => format!("last {}", beijing::format(last)),
        None => "none was made from this data folder".to_owned(),
    };
    report.warning(
        "backup",
        &what,
        "请定时运行 `caibian backup --to 文件夹`。（docs/runbooks/backup-old.md）",
        "Let `caibian backup --to FOLDER` run daily. (docs/runbooks/backup-old.md)",
    );
}
