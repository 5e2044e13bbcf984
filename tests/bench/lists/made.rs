//! 100,000 manuscripts as an intake of a year and its editors would have left them, made up and the same at every run but
//! for the days on which cloud files end: those lie around the day of the run, which the desk asks about.

use std::fmt::Write;

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend};
use stdx::Sha256;
use uuid::Uuid;

/// How many there are.
pub const MANUSCRIPTS: u64 = 100_000;
/// Rows of one statement.
const ROWS: u64 = 500;

const STATES: [&str; 10] = [
    "declined",
    "declined",
    "declined",
    "declined",
    "published",
    "adopted",
    "judged",
    "judged",
    "assigned",
    "first_review",
];
const VERDICTS: [&str; 6] = ["eligible", "eligible", "eligible", "incomplete", "late", "undetermined"];
const SUBJECTS: [&str; 8] =
    ["预算绩效管理", "政府购买服务", "养老服务", "乡村振兴", "财政改革", "社区托育", "绩效评价", "数字财政"];
const SURNAMES: [&str; 12] = ["张", "王", "李", "赵", "陈", "杨", "黄", "周", "吴", "徐", "孙", "马"];
const GIVEN: [&str; 12] = ["伟", "芳", "娜", "敏", "静", "丽", "强", "磊", "军", "洋", "勇", "艳"];
const PLACES: [&str; 10] = ["杭州", "宁波", "温州", "嘉兴", "湖州", "绍兴", "金华", "衢州", "舟山", "台州"];

/// Numbers that look random and are the same at every run (SplitMix64).
pub struct Seeded(pub u64);

impl Seeded {
    /// Below `bound`.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (word ^ (word >> 31)) % bound
    }

    fn one(&mut self, choices: &[&'static str]) -> &'static str {
        choices[self.below(choices.len() as u64) as usize]
    }
}

/// A day of the year, from 0.
pub fn day(number: u64) -> DateTime<Utc> {
    let first: DateTime<Utc> = "2023-01-01T00:00:00Z".parse().expect("an instant");
    first + TimeDelta::days(number.cast_signed())
}

/// What an editor is called; the first is who signs in.
pub fn called(number: u64) -> String {
    if number == 0 { "admin".into() } else { format!("p{number}") }
}

/// An editor as the reviews name them.
pub fn editor(number: u64) -> Uuid {
    let digest = Sha256::of(format!("caibian token {}", called(number)).as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest.as_bytes()[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

/// Fills the tables; gives the manuscripts.
pub async fn generate(raw: &DatabaseConnection, mailbox_id: Uuid, campaign_id: Uuid) -> Vec<Uuid> {
    let is_postgres = raw.get_database_backend() == DbBackend::Postgres;
    let uuid = |id: Uuid| if is_postgres { format!("'{id}'") } else { format!("x'{}'", id.simple()) };
    let mut sql = String::from("INSERT INTO review_person (id, name) VALUES ");
    for number in 0..8 {
        write!(sql, "{}({}, '{}')", if number == 0 { "" } else { "," }, uuid(editor(number)), called(number))
            .expect("text");
    }
    raw.execute_unprepared(&sql).await.expect("editors");
    let mut seeded = Seeded(1);
    let mut ids = Vec::new();
    let now = Utc::now();
    let (mailbox, campaign) = (uuid(mailbox_id), uuid(campaign_id));
    for start in (0..MANUSCRIPTS).step_by(ROWS as usize) {
        let [mut messages, mut submissions, mut reviews, mut sketches] = [const { String::new() }; 4];
        let none = if is_postgres { "'\\x'" } else { "x''" };
        for number in start..start + ROWS {
            let at = day(0).timestamp_micros() + (number * 315_360_000) as i64;
            let id = Uuid::from_u128((u128::from(number) + 1) << 64 | u128::from(seeded.below(u64::MAX)));
            ids.push(id);
            let (id, message) = (uuid(id), uuid(Uuid::from_u128(u128::from(number) + 1)));
            let comma = if number == start { "" } else { "," };
            let subject = format!("主题征稿：{}{}之{number}", seeded.one(&PLACES), seeded.one(&SUBJECTS));
            let author = format!("{}{}", seeded.one(&SURNAMES), seeded.one(&GIVEN));
            let organisation = format!("{}市财政局", seeded.one(&PLACES));
            let (state, verdict) = (seeded.one(&STATES), seeded.one(&VERDICTS));
            let outcome = if seeded.below(20) == 0 { "failed" } else { "passed" };
            let cloud = match seeded.below(10) {
                0 => format!(
                    r#","cloud_files":[{{"provider":"qq","name":"片.mp4","size_bytes_claimed":1,"expires_at":"{}","url":"x","quoted":false}}]"#,
                    (now + TimeDelta::days((number * 365 / MANUSCRIPTS).cast_signed() - 180)).to_rfc3339()
                ),
                _ => String::new(),
            };
            let has_editor = state != "judged";
            let held = if has_editor { editor(seeded.below(8)) } else { Uuid::nil() };
            let held_json = if has_editor { format!("\"{held}\"") } else { "null".into() };
            let held = if has_editor { uuid(held) } else { "NULL".into() };
            let due = if state == "first_review" && seeded.below(4) == 0 { "2023-12-20" } else { "9999-12-31" };
            write!(
                messages,
                "{comma}({message},{mailbox},'INBOX',1,{number},1,{at},'internal_date',false,{at},'recorded')"
            )
            .expect("text");
            write!(
                submissions,
                "{comma}({id},{message},{campaign},{number},{id},1,1,{number},'submission','{verdict}','a{}@b.cn',\
                 '{subject}',{at},false,'{{\"headers\":{{}}{cloud}}}',\
                 '{{\"names\":[{{\"value\":\"{author}\",\"place\":\"body\",\"excerpt\":\"\"}}],\"organisations\":\
                 [{{\"value\":\"{organisation}\",\"place\":\"body\",\"excerpt\":\"\"}}],\"phones\":[],\"addresses\":[]}}',\
                 '[{{\"rule\":\"video-duration\",\"severity\":\"required\",\"outcome\":\"{outcome}\",\"measured\":\"\",\
                 \"limit\":\"\",\"evidence\":[],\"zh\":\"\",\"en\":\"\"}}]','{{}}',{at})",
                seeded.below(5_000),
            )
            .expect("text");
            write!(
                reviews,
                "{comma}({id},{campaign},1,'{state}',{held},'{due}','{{\"state\":\"{state}\",\"verdict\":\"{verdict}\",\
                 \"editor\":{held_json},\"recommendations\":[],\"revision\":null,\"placements\":[],\"retractable\":null}}',\
                 {at},{})",
                at + seeded.below(20 * 86_400_000_000) as i64,
            )
            .expect("text");
        }
        for number in start..start + ROWS {
            let (comma, id) = (if number == start { "" } else { "," }, uuid(ids[number as usize]));
            write!(sketches, "{comma}({id},0,{none})").expect("text");
        }
        for insert in [
            format!(
                "INSERT INTO message (id, mailbox_id, folder, uidvalidity, uid, size_bytes, received_at, \
                 received_basis, backfilled, seen_at, stage) VALUES {messages}"
            ),
            format!(
                "INSERT INTO submission (id, message_id, campaign_id, number, root_id, version, row_version, change_seq, \
                 class, verdict, sender, subject, received_at, backfilled, outline, contact, findings, judgement, \
                 created_at) VALUES {submissions}"
            ),
            format!(
                "INSERT INTO review (submission_id, campaign_id, row_version, state, editor_id, due_day, standing, \
                 received_at, updated_at) VALUES {reviews}"
            ),
            // What a start would make of texts that are not there.
            format!("INSERT INTO likeness (submission_id, shingles, minima) VALUES {sketches}"),
        ] {
            raw.execute_unprepared(&insert).await.expect("rows");
        }
    }
    ids
}
