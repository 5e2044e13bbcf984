//! Mailboxes with their lease and the editors' question, and their folders with the last sweep.

use sea_orm_migration::{prelude::*, schema::*};

use crate::reference;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("mailbox")
                    .col(uuid("id").primary_key())
                    .col(text("name").unique_key())
                    .col(text("kind"))
                    .col(text("address"))
                    .col(json_binary("folders"))
                    .col(big_integer("answer_from"))
                    .col(text_null("lease_holder"))
                    .col(big_integer("lease_fence"))
                    .col(big_integer_null("lease_expires_at"))
                    .col(big_integer("reconcile_asked"))
                    .col(big_integer("reconcile_answered"))
                    .col(json_binary_null("reconcile_answer"))
                    .take(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("folder")
                    .col(uuid("mailbox_id"))
                    .col(text("folder"))
                    .col(big_integer_null("uidvalidity"))
                    .col(big_integer("server_count"))
                    .col(big_integer_null("last_sweep_at"))
                    .col(text_null("last_error"))
                    .col(big_integer_null("last_error_at"))
                    .primary_key(Index::create().col("mailbox_id").col("folder"))
                    .foreign_key(&mut reference(("folder", "mailbox_id"), ("mailbox", "id"), "folder_mailbox"))
                    .take(),
            )
            .await
    }
}
