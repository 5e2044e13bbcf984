//! What became of addresses that letters came back from: marked by a bounce, and marked reachable again by a person. Lines
//! can only be added. `contact_mark` holds which addresses are marked now.

use sea_orm_migration::{prelude::*, schema::*, sea_orm::DbBackend};

use crate::{index, run, text_column};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("contact_event")
                    .col(big_pk_auto("id"))
                    .col(text_column(manager, "address"))
                    .col(big_integer("at"))
                    .col(boolean("is_reachable"))
                    .col(text("actor"))
                    .col(text("detail"))
                    .take(),
            )
            .await?;
        manager.create_index(index("contact_event_of", "contact_event", &["address", "id"])).await?;
        let triggers: &[&str] = match manager.get_database_backend() {
            DbBackend::Postgres => &["CREATE TRIGGER contact_event_append_only \
                 BEFORE UPDATE OR DELETE OR TRUNCATE ON contact_event \
                 FOR EACH STATEMENT EXECUTE FUNCTION message_event_refuse()"],
            _ => &[
                "CREATE TRIGGER contact_event_no_update BEFORE UPDATE ON contact_event \
                 BEGIN SELECT RAISE(ABORT, 'the history is append-only'); END",
                "CREATE TRIGGER contact_event_no_delete BEFORE DELETE ON contact_event \
                 BEGIN SELECT RAISE(ABORT, 'the history is append-only'); END",
            ],
        };
        run(manager, triggers).await
    }
}
