//! Erasure of personal data: what was asked for and what became of it, the hashes of mails that never come back, and when a
//! row lost its words.

use sea_orm_migration::{prelude::*, schema::*};

use crate::{index, run, text_column};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("erasure")
                    .col(uuid("id").primary_key())
                    .col(text("kind"))
                    .col(big_integer("asked_at"))
                    .col(text("asked_by"))
                    .col(text("reason"))
                    .col(text_null("subject_sha256"))
                    .col(json_binary("counts"))
                    .col(json_binary("mails"))
                    .col(json_binary("blobs"))
                    .col(big_integer_null("ended_at"))
                    .take(),
            )
            .await?;
        manager.create_index(index("erasure_by_time", "erasure", &["asked_at", "id"])).await?;
        manager
            .create_table(
                Table::create()
                    .table("erased_mail")
                    .col(text_column(manager, "raw_sha256").primary_key())
                    .col(uuid("erasure_id"))
                    .col(big_integer("erased_at"))
                    .take(),
            )
            .await?;
        for table in ["message", "submission", "reply", "manuscript_summary"] {
            manager.alter_table(Table::alter().table(table).add_column(big_integer_null("erased_at")).take()).await?;
        }
        // In the very words of `store`.
        run(manager, &["CREATE INDEX erasure_open ON erasure (asked_at) WHERE ended_at IS NULL"]).await
    }
}
