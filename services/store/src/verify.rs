//! Checks the tables against themselves, set by set, in one snapshot. Each question is one statement that both databases
//! read the same and that gives the place and the detail of each disagreement; nothing is held in memory but those. What
//! lies in JSON is read page by page.

mod look_ups;
mod manuscripts;
mod standings;
mod terms;

use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, Statement};

use crate::{Result, Store, chain, record::VerifyFault, submission::CHANGE_COUNTER};

/// Disagreements that are told of one question; the first few say enough.
const FAULTS_MAX: u32 = 200;

/// One question: what it is called, what a place of it is, and the statement, whose rows are an id and up to two words.
struct Question {
    place: &'static str,
    detail: &'static str,
    sql: &'static str,
}

/// Lines of a history whose words are gone with their salts, though what they are about was not erased: the place, the
/// history, and the table that says whether it was, by this column of a line.
macro_rules! words_erased {
    ($place:literal, $history:literal, $owner:literal, $owner_id:literal) => {
        Question {
            place: $place,
            detail: concat!("words of line {a} of its ", $history, " were erased, and it was not"),
            sql: concat!(
                "SELECT {uuid owner.id} AS id, CAST(line.id AS TEXT) AS a, '' AS b FROM history_link JOIN ",
                $history,
                " AS line ON line.id = history_link.event_id JOIN ",
                $owner,
                " AS owner ON owner.id = line.",
                $owner_id,
                " WHERE history_link.kind = '",
                $history,
                "' AND history_link.salt IS NULL AND owner.erased_at IS NULL"
            ),
        }
    };
}

/// `{uuid COLUMN}` becomes the id as text, `{change}` the name of the counter of changes.
const QUESTIONS: &[Question] = &[
    Question {
        place: "erasure",
        detail: "it was begun and has not ended: `caibian person resume` goes on with it",
        sql: "SELECT {uuid id} AS id, '' AS a, '' AS b FROM erasure WHERE ended_at IS NULL",
    },
    Question {
        place: "message",
        detail: "it was erased, and {a} is still held",
        sql: "SELECT {uuid message.id} AS id, CASE WHEN message.subject <> '' THEN 'its subject' \
              WHEN COALESCE(message.from_address, '') <> '' OR COALESCE(message.from_name, '') <> '' THEN 'its sender' \
              WHEN message.stage NOT IN ('recorded', 'repeated') THEN 'its place on the way' \
              WHEN EXISTS (SELECT 1 FROM letter WHERE letter.message_id = message.id) THEN 'its letter' \
              ELSE 'a file of it' END AS a, '' AS b \
              FROM message WHERE message.erased_at IS NOT NULL AND (message.subject <> '' \
              OR COALESCE(message.from_address, '') <> '' OR COALESCE(message.from_name, '') <> '' \
              OR message.stage NOT IN ('recorded', 'repeated') \
              OR EXISTS (SELECT 1 FROM letter WHERE letter.message_id = message.id) \
              OR EXISTS (SELECT 1 FROM attachment WHERE attachment.message_id = message.id))",
    },
    Question {
        place: "message",
        detail: "its bytes were erased, and it is not",
        sql: "SELECT {uuid message.id} AS id, '' AS a, '' AS b FROM message \
              JOIN erased_mail ON erased_mail.raw_sha256 = message.raw_sha256 WHERE message.erased_at IS NULL",
    },
    Question {
        place: "submission",
        detail: "{a}",
        sql: "SELECT {uuid submission.id} AS id, CASE \
              WHEN message.erased_at IS NULL THEN 'it was erased, and its message was not' \
              WHEN submission.erased_at IS NULL THEN 'its message was erased, and it was not' \
              ELSE 'it was erased, and words of it are still held' END AS a, '' AS b \
              FROM submission JOIN message ON message.id = submission.message_id \
              WHERE (message.erased_at IS NULL) <> (submission.erased_at IS NULL) OR (submission.erased_at IS NOT NULL \
              AND (submission.subject <> '' OR submission.sender <> '' OR submission.message_id_header IS NOT NULL \
              OR EXISTS (SELECT 1 FROM submission_contact AS kept WHERE kept.submission_id = submission.id) \
              OR EXISTS (SELECT 1 FROM likeness_band AS band WHERE band.submission_id = submission.id)))",
    },
    Question {
        place: "reply",
        detail: "{a}",
        sql: "SELECT {uuid reply.id} AS id, CASE WHEN reply.erased_at IS NULL \
              THEN 'its submission was erased, and it was not' ELSE 'it was erased, and words of it are still held' END \
              AS a, '' AS b FROM reply JOIN submission ON submission.id = reply.submission_id \
              WHERE (reply.erased_at IS NULL AND submission.erased_at IS NOT NULL) OR (reply.erased_at IS NOT NULL \
              AND (reply.subject <> '' OR reply.body <> '' OR reply.to_address <> '' OR reply.contact <> '' \
              OR LENGTH(reply.raw) > 0))",
    },
    words_erased!("message", "message_event", "message", "message_id"),
    words_erased!("reply", "reply_event", "reply", "reply_id"),
    words_erased!("review", "review_event", "submission", "submission_id"),
    words_erased!("review", "review_remark", "submission", "submission_id"),
    Question {
        place: "message",
        detail: "its history breaks: a line goes on from {a} where the line before ended at {b}",
        sql: "SELECT {uuid message_id} AS id, COALESCE(stage_from, 'nothing') AS a, COALESCE(before, 'nothing') AS b \
              FROM (SELECT id, message_id, stage_from, \
                    LAG(stage_to) OVER (PARTITION BY message_id ORDER BY id) AS before FROM message_event) AS line \
              WHERE COALESCE(stage_from, '') <> COALESCE(before, '')",
    },
    Question {
        place: "message",
        detail: "it is {a}, its history ends at {b}",
        sql: "SELECT {uuid message.id} AS id, message.stage AS a, COALESCE(last.stage_to, 'nothing') AS b \
              FROM message LEFT JOIN (SELECT message_id, MAX(id) AS id FROM message_event GROUP BY message_id) AS newest \
              ON newest.message_id = message.id LEFT JOIN message_event AS last ON last.id = newest.id \
              WHERE last.stage_to IS NULL OR last.stage_to <> message.stage",
    },
    Question {
        place: "message",
        detail: "its stage {a} is unknown",
        sql: "SELECT {uuid id} AS id, stage AS a, '' AS b FROM message WHERE stage NOT IN \
              ('seen', 'stored', 'parsed', 'recorded', 'repeated', 'too_large', 'vanished', 'quarantined')",
    },
    Question {
        place: "message",
        detail: "it is {a} and {b} a message that it repeats",
        sql: "SELECT {uuid id} AS id, stage AS a, CASE WHEN repeats IS NULL THEN 'does not name' ELSE 'names' END AS b \
              FROM message WHERE (stage = 'repeated') <> (repeats IS NOT NULL)",
    },
    Question {
        place: "message",
        detail: "it repeats message {a}, which {b}",
        sql: "SELECT {uuid message.id} AS id, {uuid original.id} AS a, CASE \
              WHEN original.repeats IS NOT NULL THEN 'is repeated itself' \
              WHEN LOWER(TRIM(there.address)) <> LOWER(TRIM(here.address)) THEN 'came to another address' \
              ELSE 'has other bytes' END AS b \
              FROM message JOIN message AS original ON original.id = message.repeats \
              JOIN mailbox AS here ON here.id = message.mailbox_id \
              JOIN mailbox AS there ON there.id = original.mailbox_id \
              WHERE original.repeats IS NOT NULL OR LOWER(TRIM(there.address)) <> LOWER(TRIM(here.address)) \
              OR original.raw_sha256 IS NULL OR message.raw_sha256 IS NULL OR original.raw_sha256 <> message.raw_sha256",
    },
    Question {
        place: "message",
        detail: "it is {a} without the hash of its raw bytes",
        sql: "SELECT {uuid id} AS id, stage AS a, '' AS b FROM message WHERE raw_sha256 IS NULL \
              AND stage IN ('stored', 'parsed', 'recorded', 'repeated') AND COALESCE(class, '') <> 'unreadable'",
    },
    Question {
        place: "message",
        detail: "it is {a} without a letter",
        sql: "SELECT {uuid message.id} AS id, stage AS a, '' AS b FROM message \
              LEFT JOIN letter ON letter.message_id = message.id WHERE letter.message_id IS NULL \
              AND stage IN ('parsed', 'recorded') AND COALESCE(class, '') <> 'unreadable' AND message.erased_at IS NULL",
    },
    Question {
        place: "message",
        detail: "it is {a} and has attachments without a letter",
        sql: "SELECT {uuid message.id} AS id, stage AS a, '' AS b FROM message \
              LEFT JOIN letter ON letter.message_id = message.id WHERE letter.message_id IS NULL \
              AND EXISTS (SELECT 1 FROM attachment WHERE attachment.message_id = message.id)",
    },
    Question {
        place: "message",
        detail: "it is recorded without a class",
        sql: "SELECT {uuid id} AS id, '' AS a, '' AS b FROM message WHERE stage = 'recorded' AND class IS NULL",
    },
    Question {
        place: "message",
        detail: "it is a recorded {a} for a campaign and has no submission",
        sql: "SELECT {uuid message.id} AS id, message.class AS a, '' AS b FROM message \
              LEFT JOIN submission ON submission.message_id = message.id \
              WHERE message.stage = 'recorded' AND message.campaign_id IS NOT NULL \
              AND message.class IN ('submission', 'correction', 'near-miss') AND submission.id IS NULL",
    },
    Question {
        place: "submission",
        detail: "its message is {a} and of class {b}",
        sql: "SELECT {uuid submission.id} AS id, message.stage AS a, COALESCE(message.class, 'none') AS b \
              FROM submission JOIN message ON message.id = submission.message_id \
              WHERE message.stage <> 'recorded' OR COALESCE(message.class, '') <> submission.class \
              OR message.class NOT IN ('submission', 'correction', 'near-miss')",
    },
    Question {
        place: "submission",
        detail: "its campaign is not its message's",
        sql: "SELECT {uuid submission.id} AS id, '' AS a, '' AS b FROM submission \
              JOIN message ON message.id = submission.message_id \
              WHERE message.campaign_id IS NULL OR message.campaign_id <> submission.campaign_id",
    },
    Question {
        place: "campaign",
        detail: "its numbers are not 1 to {a}: the highest is {b}",
        sql: "SELECT {uuid campaign_id} AS id, CAST(COUNT(*) AS text) AS a, CAST(MAX(number) AS text) AS b \
              FROM submission GROUP BY campaign_id \
              HAVING MIN(number) <> 1 OR MAX(number) <> COUNT(*) OR COUNT(DISTINCT number) <> COUNT(*)",
    },
    Question {
        place: "campaign",
        detail: "its highest number is {a}, its counter stands at {b}",
        sql: "SELECT {uuid highest.campaign_id} AS id, CAST(highest.number AS text) AS a, \
              COALESCE(CAST(counter.value AS text), 'nothing') AS b \
              FROM (SELECT campaign_id, MAX(number) AS number FROM submission GROUP BY campaign_id) AS highest \
              LEFT JOIN counter ON counter.name = 'submission_number ' || {uuid highest.campaign_id} \
              WHERE counter.value IS NULL OR counter.value <> highest.number",
    },
    Question {
        place: "submission",
        detail: "its chain has {a} versions, the highest is {b}",
        sql: "SELECT {uuid root_id} AS id, CAST(COUNT(*) AS text) AS a, CAST(MAX(version) AS text) AS b \
              FROM submission GROUP BY root_id HAVING MIN(version) <> 1 OR MAX(version) <> COUNT(*)",
    },
    Question {
        place: "submission",
        detail: "it is version {a}, and {b} the first of its chain",
        sql: "SELECT {uuid id} AS id, CAST(version AS text) AS a, \
              CASE WHEN root_id = id THEN 'names itself' ELSE 'names another' END AS b \
              FROM submission WHERE (version = 1) <> (root_id = id)",
    },
    Question {
        place: "submission",
        detail: "its change {a} is beyond the counter, which stands at {b}",
        sql: "SELECT {uuid submission.id} AS id, CAST(change_seq AS text) AS a, \
              COALESCE(CAST(counter.value AS text), 'nothing') AS b FROM submission \
              LEFT JOIN counter ON counter.name = '{change}' \
              WHERE counter.value IS NULL OR submission.change_seq > counter.value",
    },
    Question {
        place: "submission",
        detail: "its contact for look-ups is not its own: {a}",
        sql: "SELECT {uuid submission.id} AS id, CASE WHEN kept.address <> submission.sender THEN 'another sender' \
              WHEN kept.root_id <> submission.root_id THEN 'another manuscript' ELSE 'another receipt' END AS a, '' AS b \
              FROM submission JOIN submission_contact AS kept ON kept.submission_id = submission.id \
              WHERE kept.address <> submission.sender OR kept.root_id <> submission.root_id \
              OR kept.received_at <> submission.received_at",
    },
    Question {
        place: "contract",
        detail: "its year and region are not its project's: {a}",
        sql: "SELECT contract.id AS id, TRIM(CAST(contract.year AS TEXT) || ' ' || contract.region) AS a, '' AS b \
              FROM contract LEFT JOIN project ON project.id = contract.project \
              WHERE contract.year <> 0 \
              AND (contract.year <> COALESCE(project.year, 0) OR contract.region <> COALESCE(project.region, ''))",
    },
    Question {
        place: "campaign",
        detail: "it is at revision {a}, and {b} are kept",
        sql: "SELECT {uuid campaign.id} AS id, CAST(campaign.revision AS text) AS a, \
              CAST(COUNT(kept.revision) AS text) AS b FROM campaign \
              LEFT JOIN campaign_revision AS kept ON kept.campaign_id = campaign.id \
              GROUP BY campaign.id, campaign.revision \
              HAVING COUNT(kept.revision) <> campaign.revision OR MAX(kept.revision) <> campaign.revision",
    },
    Question {
        place: "campaign",
        detail: "what mails are judged by is not what was kept as revision {a}",
        sql: "SELECT {uuid campaign.id} AS id, CAST(campaign.revision AS text) AS a, '' AS b FROM campaign \
              JOIN campaign_revision AS kept ON kept.campaign_id = campaign.id AND kept.revision = campaign.revision \
              WHERE kept.body <> campaign.body",
    },
    Question {
        place: "submission",
        detail: "it is a {a} and its manuscript has no review",
        sql: "SELECT {uuid submission.id} AS id, submission.class AS a, '' AS b FROM submission \
              LEFT JOIN review ON review.submission_id = submission.root_id \
              WHERE submission.class IN ('submission', 'correction') AND review.submission_id IS NULL",
    },
    Question {
        place: "review",
        detail: "its campaign is not its submission's",
        sql: "SELECT {uuid review.submission_id} AS id, '' AS a, '' AS b FROM review \
              JOIN submission ON submission.id = review.submission_id \
              WHERE submission.campaign_id <> review.campaign_id",
    },
    Question {
        place: "review",
        detail: "it is at version {a}, and its history has {b} events",
        sql: "SELECT {uuid review.submission_id} AS id, CAST(review.row_version AS text) AS a, \
              CAST(COUNT(event.id) AS text) AS b FROM review \
              LEFT JOIN review_event AS event ON event.submission_id = review.submission_id \
              GROUP BY review.submission_id, review.row_version \
              HAVING COUNT(event.id) <> review.row_version OR MIN(event.number) <> 1 \
              OR MAX(event.number) <> review.row_version",
    },
    Question {
        place: "review",
        detail: "its history breaks: a line goes on from {a} where the line before ended at {b}",
        sql: "SELECT {uuid submission_id} AS id, state_from AS a, COALESCE(before, 'received') AS b \
              FROM (SELECT number, submission_id, state_from, \
                    LAG(state_to) OVER (PARTITION BY submission_id ORDER BY number) AS before FROM review_event) AS line \
              WHERE state_from <> COALESCE(before, 'received')",
    },
    Question {
        place: "review",
        detail: "it is {a}, its history ends at {b}",
        sql: "SELECT {uuid review.submission_id} AS id, review.state AS a, last.state_to AS b FROM review \
              JOIN review_event AS last ON last.submission_id = review.submission_id \
              AND last.number = review.row_version WHERE last.state_to <> review.state",
    },
    Question {
        place: "reply",
        detail: "its history breaks: a line goes on from {a} where the line before ended at {b}",
        sql: "SELECT {uuid reply_id} AS id, COALESCE(state_before, 'nothing') AS a, COALESCE(before, 'nothing') AS b \
              FROM (SELECT id, reply_id, state_before, \
                    LAG(state_after) OVER (PARTITION BY reply_id ORDER BY id) AS before FROM reply_event) AS line \
              WHERE COALESCE(state_before, '') <> COALESCE(before, '')",
    },
    Question {
        place: "reply",
        // A try is told when it is over.
        detail: "it is {a}, its history ends at {b}",
        sql: "SELECT {uuid reply.id} AS id, reply.state AS a, COALESCE(last.state_after, 'nothing') AS b \
              FROM reply LEFT JOIN (SELECT reply_id, MAX(id) AS id FROM reply_event GROUP BY reply_id) AS newest \
              ON newest.reply_id = reply.id LEFT JOIN reply_event AS last ON last.id = newest.id \
              WHERE reply.state <> 'sending' AND (last.state_after IS NULL OR last.state_after <> reply.state)",
    },
];

/// Asks every question.
pub async fn verify(store: &Store) -> Result<Vec<VerifyFault>> {
    let tx = store.snapshot().await?;
    let mut faults = Vec::new();
    for question in QUESTIONS {
        ask(&tx, question, &mut faults).await?;
    }
    look_ups::findings(&tx, &mut faults).await?;
    look_ups::attachments(&tx, &mut faults).await?;
    terms::terms(&tx, &mut faults).await?;
    standings::standings(&tx, &mut faults).await?;
    manuscripts::manuscripts(&tx, &mut faults).await?;
    chain::verify(&tx, &mut faults).await?;
    Ok(faults)
}

async fn ask(tx: &DatabaseTransaction, question: &Question, faults: &mut Vec<VerifyFault>) -> Result<()> {
    let backend = tx.get_database_backend();
    let sql = format!("{} LIMIT {FAULTS_MAX}", statement(backend, question.sql));
    for row in tx.query_all_raw(Statement::from_string(backend, sql)).await? {
        let id: String = row.try_get_by_index(0)?;
        let a: String = row.try_get_by_index(1)?;
        let b: String = row.try_get_by_index(2)?;
        faults.push(VerifyFault {
            place: format!("{} {id}", question.place),
            detail: question.detail.replace("{a}", &a).replace("{b}", &b),
        });
    }
    Ok(())
}

/// Fills in how the database writes a UUID with hyphens.
fn statement(backend: DbBackend, sql: &str) -> String {
    let mut text = sql.replace("{change}", CHANGE_COUNTER);
    while let Some(start) = text.find("{uuid ") {
        let end = text[start..].find('}').map_or(text.len(), |end| start + end);
        let column = text[start + "{uuid ".len()..end].to_owned();
        let hyphened = match backend {
            DbBackend::Postgres => format!("CAST({column} AS text)"),
            _ => {
                let digits = format!("lower(hex({column}))");
                [(1, 8), (9, 4), (13, 4), (17, 4), (21, 12)]
                    .map(|(from, length)| format!("substr({digits}, {from}, {length})"))
                    .join(" || '-' || ")
            }
        };
        text.replace_range(start..=end, &format!("({hyphened})"));
    }
    text
}
