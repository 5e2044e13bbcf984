//! Tests of a mailbox by a mail to itself: who asked, which mail is ours, what each step came to. The service asks by a row
//! and a worker, which alone has the mailbox's settings, answers in it.

use sea_orm_migration::{prelude::*, schema::*};

use crate::{index, reference, run};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("mailbox_test")
                    .col(uuid("id").primary_key())
                    .col(uuid("mailbox_id"))
                    .col(text("token"))
                    .col(text("domain"))
                    .col(text("asked_by"))
                    .col(big_integer("asked_at"))
                    .col(text_null("holder"))
                    .col(json_binary("steps"))
                    .col(big_integer_null("set_aside_at"))
                    .col(big_integer_null("ended_at"))
                    .foreign_key(&mut reference(
                        ("mailbox_test", "mailbox_id"),
                        ("mailbox", "id"),
                        "mailbox_test_mailbox",
                    ))
                    .take(),
            )
            .await?;
        manager.create_index(index("mailbox_test_token", "mailbox_test", &["token"]).unique().take()).await?;
        run(manager, &["CREATE INDEX mailbox_test_open ON mailbox_test (asked_at) WHERE ended_at IS NULL"]).await
    }
}
