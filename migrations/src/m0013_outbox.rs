//! The outbox: letters to authors, their history, to which lines can only be added, the circuit that stops them all, and
//! the addresses that letters came back from. What was recorded before gets no letter.

use sea_orm_migration::{prelude::*, schema::*, sea_orm::DbBackend};

use crate::{index, reference, run};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("reply")
                    .col(uuid("id").primary_key())
                    .col(uuid("submission_id"))
                    .col(uuid("root_id"))
                    .col(uuid("campaign_id"))
                    .col(big_integer("number"))
                    .col(text("kind"))
                    .col(big_integer("version"))
                    .col(text("state"))
                    .col(text("occasion"))
                    .col(text("from_name"))
                    .col(text("from_address"))
                    .col(text("to_address"))
                    .col(text("contact"))
                    .col(text("subject"))
                    .col(text("body"))
                    .col(text("language"))
                    .col(blob("raw"))
                    .col(text("message_id"))
                    .col(json_binary("answered"))
                    .col(big_integer("dated_at"))
                    .col(big_integer("due_at"))
                    .col(big_integer("tries"))
                    .col(text_null("lease_holder"))
                    .col(big_integer("lease_fence"))
                    .col(big_integer_null("lease_until"))
                    .col(text_null("stage"))
                    .col(boolean("was_uncertain"))
                    .col(boolean("called_off"))
                    .col(text_null("silence"))
                    .col(text("silence_zh"))
                    .col(text("silence_en"))
                    .col(text("detail"))
                    .col(big_integer_null("handed_at"))
                    .col(big_integer_null("failed_at"))
                    .col(big_integer_null("sent_at"))
                    .col(big_integer_null("bounced_at"))
                    .col(text("bounce_detail"))
                    .col(boolean("edited"))
                    .col(big_integer("row_version"))
                    .col(big_integer("created_at"))
                    .col(big_integer("updated_at"))
                    .foreign_key(&mut reference(("reply", "submission_id"), ("submission", "id"), "reply_submission"))
                    .foreign_key(&mut reference(("reply", "root_id"), ("submission", "id"), "reply_root"))
                    .foreign_key(&mut reference(("reply", "campaign_id"), ("campaign", "id"), "reply_campaign"))
                    .take(),
            )
            .await?;
        let told = ["submission_id", "kind", "version"];
        manager.create_index(index("reply_told", "reply", &told).unique().take()).await?;
        let ordered: [(&'static str, &[&'static str]); 6] = [
            ("reply_by_time", &["created_at", "id"]),
            ("reply_by_state", &["state", "created_at", "id"]),
            ("reply_by_manuscript", &["root_id", "created_at", "id"]),
            ("reply_by_campaign", &["campaign_id", "created_at", "id"]),
            ("reply_by_contact", &["contact", "created_at"]),
            ("reply_by_message_id", &["message_id"]),
        ];
        for (name, columns) in ordered {
            manager.create_index(index(name, "reply", columns)).await?;
        }
        run(
            manager,
            &[
                "CREATE INDEX reply_due ON reply (due_at, id) WHERE state IN ('pending', 'deferred')",
                "CREATE INDEX reply_leased ON reply (lease_until) WHERE state = 'sending'",
                "CREATE INDEX reply_handed ON reply (handed_at) WHERE handed_at IS NOT NULL",
                "CREATE INDEX reply_failed ON reply (failed_at) WHERE failed_at IS NOT NULL",
                "CREATE INDEX reply_sent ON reply (sent_at) WHERE sent_at IS NOT NULL",
                "CREATE INDEX reply_bounced ON reply (bounced_at) WHERE bounced_at IS NOT NULL",
            ],
        )
        .await?;
        manager
            .create_table(
                Table::create()
                    .table("reply_event")
                    .col(big_pk_auto("id"))
                    .col(uuid("reply_id"))
                    .col(big_integer("at"))
                    .col(text_null("state_before"))
                    .col(text("state_after"))
                    .col(text("actor"))
                    .col(text("detail"))
                    .foreign_key(&mut reference(("reply_event", "reply_id"), ("reply", "id"), "reply_event_reply"))
                    .take(),
            )
            .await?;
        manager.create_index(index("reply_event_of", "reply_event", &["reply_id", "id"])).await?;
        manager
            .create_table(
                Table::create()
                    .table("reply_circuit")
                    .col(big_integer("id").primary_key())
                    .col(big_integer_null("tripped_at"))
                    .col(uuid_null("trial_id"))
                    .col(big_integer("closed_at"))
                    .take(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("contact_mark")
                    .col(text("address").primary_key())
                    .col(big_integer("unreachable_since"))
                    .col(text("reason"))
                    .take(),
            )
            .await?;
        run(manager, &["INSERT INTO reply_circuit (id, closed_at) VALUES (1, 0)"]).await?;
        let triggers: &[&str] = match manager.get_database_backend() {
            DbBackend::Postgres => &["CREATE TRIGGER reply_event_append_only \
                 BEFORE UPDATE OR DELETE OR TRUNCATE ON reply_event \
                 FOR EACH STATEMENT EXECUTE FUNCTION message_event_refuse()"],
            _ => &[
                "CREATE TRIGGER reply_event_no_update BEFORE UPDATE ON reply_event \
                 BEGIN SELECT RAISE(ABORT, 'the history is append-only'); END",
                "CREATE TRIGGER reply_event_no_delete BEFORE DELETE ON reply_event \
                 BEGIN SELECT RAISE(ABORT, 'the history is append-only'); END",
            ],
        };
        run(manager, triggers).await
    }
}
