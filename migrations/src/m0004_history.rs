//! The history of messages, to which lines can only be added: triggers refuse every change and every removal.

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
                    .table("message_event")
                    .col(big_pk_auto("id"))
                    .col(uuid("message_id"))
                    .col(big_integer("at"))
                    .col(text_null("stage_from"))
                    .col(text("stage_to"))
                    .col(text("actor"))
                    .col(text("detail"))
                    .foreign_key(&mut reference(
                        ("message_event", "message_id"),
                        ("message", "id"),
                        "message_event_message",
                    ))
                    .take(),
            )
            .await?;
        manager.create_index(index("message_event_by_message", "message_event", &["message_id", "id"])).await?;
        let triggers: &[&str] = match manager.get_database_backend() {
            DbBackend::Postgres => &[
                "CREATE FUNCTION message_event_refuse() RETURNS trigger LANGUAGE plpgsql AS \
                 $$ BEGIN RAISE EXCEPTION 'the history is append-only'; END $$",
                "CREATE TRIGGER message_event_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON message_event \
                 FOR EACH STATEMENT EXECUTE FUNCTION message_event_refuse()",
            ],
            _ => &[
                "CREATE TRIGGER message_event_no_update BEFORE UPDATE ON message_event \
                 BEGIN SELECT RAISE(ABORT, 'the history is append-only'); END",
                "CREATE TRIGGER message_event_no_delete BEFORE DELETE ON message_event \
                 BEGIN SELECT RAISE(ABORT, 'the history is append-only'); END",
            ],
        };
        run(manager, triggers).await
    }
}
