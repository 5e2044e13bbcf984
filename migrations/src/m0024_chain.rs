//! The chain over all histories: one link a line, each made of the one before, so that a line that was changed, removed or
//! put in between is named. Of a line's words a link keeps a salted hash only: words can be erased, with the salt, and the
//! chain stays provable. From here on that is the one change of a line that the database lets pass.

use sea_orm_migration::{prelude::*, schema::*, sea_orm::DbBackend};

use crate::{index, run};

#[derive(DeriveMigrationName)]
pub struct Migration;

/// A history: its table, what can be erased of a line, and what never changes.
struct History {
    table: &'static str,
    words: &'static [&'static str],
    fixed: &'static [&'static str],
}

const HISTORIES: [History; 6] = [
    History {
        table: "message_event",
        words: &["detail"],
        fixed: &["id", "message_id", "at", "stage_from", "stage_to", "actor"],
    },
    History {
        table: "review_event",
        words: &["reason", "note", "request_sha256"],
        fixed: &[
            "id",
            "submission_id",
            "number",
            "at",
            "actor_id",
            "role",
            "state_from",
            "state_to",
            "action",
            "standing",
            "campaign_revision",
            "request_id",
        ],
    },
    History {
        table: "review_remark",
        words: &["words", "request_sha256"],
        fixed: &["id", "submission_id", "number", "at", "actor_id", "role", "kind", "request_id"],
    },
    History {
        table: "reply_event",
        words: &["detail"],
        fixed: &["id", "reply_id", "at", "state_before", "state_after", "actor"],
    },
    History { table: "contact_event", words: &["address", "detail"], fixed: &["id", "at", "is_reachable", "actor"] },
    History { table: "access_event", words: &["subject", "detail"], fixed: &["id", "at", "actor", "action", "peer"] },
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("history_link")
                    // From 1, without a gap.
                    .col(big_integer("number").primary_key())
                    .col(text("kind"))
                    .col(big_integer("event_id"))
                    .col(big_integer("sealed_at"))
                    // How lines are written before they are hashed.
                    .col(integer("format"))
                    // NULL once the words are erased.
                    .col(binary_null("salt"))
                    .col(binary("words_sha256"))
                    .col(binary("line_sha256"))
                    .col(binary("link_sha256"))
                    .take(),
            )
            .await?;
        let once = ["kind", "event_id"];
        manager.create_index(index("history_link_once", "history_link", &once).unique().take()).await?;
        let link = History {
            table: "history_link",
            words: &["salt"],
            fixed: &["number", "kind", "event_id", "sealed_at", "format", "words_sha256", "line_sha256", "link_sha256"],
        };
        let statements: Vec<String> = match manager.get_database_backend() {
            DbBackend::Postgres => {
                let erasing = HISTORIES.iter().chain([&link]).flat_map(erasing_alone_on_postgres);
                [FUNCTION.to_owned()].into_iter().chain(erasing).collect()
            }
            _ => HISTORIES.iter().chain([&link]).flat_map(erasing_alone_on_sqlite).collect(),
        };
        let statements: Vec<&str> = statements.iter().map(String::as_str).collect();
        run(manager, &statements).await
    }
}

/// Its arguments are the columns that may become empty.
const FUNCTION: &str = "CREATE FUNCTION history_erasing_alone() RETURNS trigger LANGUAGE plpgsql AS $$ \
     DECLARE word text; \
     BEGIN \
       IF to_jsonb(NEW) - TG_ARGV IS DISTINCT FROM to_jsonb(OLD) - TG_ARGV THEN \
         RAISE EXCEPTION 'the history is append-only'; \
       END IF; \
       FOREACH word IN ARRAY TG_ARGV LOOP \
         IF COALESCE(to_jsonb(NEW) ->> word, '') <> '' THEN RAISE EXCEPTION 'the history is append-only'; END IF; \
       END LOOP; \
       RETURN NEW; \
     END $$";

fn erasing_alone_on_postgres(history: &History) -> [String; 3] {
    let table = history.table;
    let words: Vec<String> = history.words.iter().map(|column| format!("'{column}'")).collect();
    [
        format!("DROP TRIGGER IF EXISTS {table}_append_only ON {table}"),
        format!(
            "CREATE TRIGGER {table}_append_only BEFORE DELETE OR TRUNCATE ON {table} \
             FOR EACH STATEMENT EXECUTE FUNCTION message_event_refuse()"
        ),
        format!(
            "CREATE TRIGGER {table}_erasing_alone BEFORE UPDATE ON {table} \
             FOR EACH ROW EXECUTE FUNCTION history_erasing_alone({})",
            words.join(", ")
        ),
    ]
}

fn erasing_alone_on_sqlite(history: &History) -> [String; 4] {
    let table = history.table;
    let same = history.fixed.iter().map(|column| format!("NEW.{column} IS OLD.{column}"));
    let empty = history.words.iter().map(|column| format!("COALESCE(NEW.{column}, '') = ''"));
    let lawful: Vec<String> = same.chain(empty).collect();
    [
        format!("DROP TRIGGER IF EXISTS {table}_no_update"),
        format!("DROP TRIGGER IF EXISTS {table}_no_delete"),
        format!(
            "CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} WHEN NOT ({}) \
             BEGIN SELECT RAISE(ABORT, 'the history is append-only'); END",
            lawful.join(" AND ")
        ),
        format!(
            "CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} \
             BEGIN SELECT RAISE(ABORT, 'the history is append-only'); END"
        ),
    ]
}
