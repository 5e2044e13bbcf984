//! Revisions of campaigns are lines of a history: each has a number of its own, by which the chain links it, and what mails
//! were judged by is not changed behind its back. A program of before writes them as it did; the database numbers them.

use sea_orm_migration::{prelude::*, schema::*, sea_orm::DbBackend};

use crate::{index, reference, run};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if manager.get_database_backend() == DbBackend::Postgres {
            return run(manager, &ON_POSTGRES).await;
        }
        // A number that SQLite gives and keeps is a primary key, so the table is made anew.
        manager
            .create_table(
                Table::create()
                    .table(NUMBERED)
                    .col(big_pk_auto("id"))
                    .col(uuid("campaign_id"))
                    .col(big_integer("revision"))
                    .col(json_binary("body"))
                    .col(big_integer("created_at"))
                    .foreign_key(&mut reference(
                        (NUMBERED, "campaign_id"),
                        ("campaign", "id"),
                        "campaign_revision_campaign",
                    ))
                    .take(),
            )
            .await?;
        run(manager, &ON_SQLITE).await?;
        let once = ["campaign_id", "revision"];
        manager.create_index(index("campaign_revision_once", "campaign_revision", &once).unique().take()).await
    }
}

const NUMBERED: &str = "campaign_revision_numbered";

const ON_SQLITE: [&str; 5] = [
    "INSERT INTO campaign_revision_numbered (campaign_id, revision, body, created_at) \
     SELECT campaign_id, revision, body, created_at FROM campaign_revision ORDER BY created_at, campaign_id, revision",
    "DROP TABLE campaign_revision",
    "ALTER TABLE campaign_revision_numbered RENAME TO campaign_revision",
    "CREATE TRIGGER campaign_revision_no_update BEFORE UPDATE ON campaign_revision \
     BEGIN SELECT RAISE(ABORT, 'the history is append-only'); END",
    "CREATE TRIGGER campaign_revision_no_delete BEFORE DELETE ON campaign_revision \
     BEGIN SELECT RAISE(ABORT, 'the history is append-only'); END",
];

const ON_POSTGRES: [&str; 3] = [
    "ALTER TABLE campaign_revision ADD COLUMN id bigserial NOT NULL",
    "CREATE UNIQUE INDEX campaign_revision_by_id ON campaign_revision (id)",
    "CREATE TRIGGER campaign_revision_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON campaign_revision \
     FOR EACH STATEMENT EXECUTE FUNCTION message_event_refuse()",
];
