//! Messages with their stage, the letters read from them and the letters' attachments.

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
                    .table("message")
                    .col(uuid("id").primary_key())
                    .col(uuid("mailbox_id"))
                    .col(text("folder"))
                    .col(big_integer("uidvalidity"))
                    .col(big_integer("uid"))
                    .col(big_integer("size_bytes"))
                    .col(big_integer("received_at"))
                    .col(text("received_basis"))
                    .col(boolean("backfilled"))
                    .col(big_integer("seen_at"))
                    .col(text("stage"))
                    .col(big_integer("tries").default(0))
                    .col(big_integer_null("due_at"))
                    .col(text_null("raw_sha256"))
                    .col(uuid_null("repeats"))
                    .col(text("reason").default(""))
                    .col(text_null("stage_failed"))
                    .col(uuid_null("campaign_id"))
                    .col(text_null("class"))
                    .col(text_null("class_reason_zh"))
                    .col(text_null("class_reason_en"))
                    .col(text("subject").default(""))
                    .col(text_null("from_name"))
                    .col(text_null("from_address"))
                    .col(big_integer_null("filed_at"))
                    .foreign_key(&mut reference(("message", "mailbox_id"), ("mailbox", "id"), "message_mailbox"))
                    .foreign_key(&mut reference(("message", "repeats"), ("message", "id"), "message_repeats"))
                    .foreign_key(&mut reference(("message", "campaign_id"), ("campaign", "id"), "message_campaign"))
                    .take(),
            )
            .await?;
        let place = ["mailbox_id", "folder", "uidvalidity", "uid"];
        manager.create_index(index("message_place", "message", &place).unique().take()).await?;
        manager
            .create_index(index("message_by_stage", "message", &["mailbox_id", "stage", "received_at", "id"]))
            .await?;
        manager.create_index(index("message_by_receipt", "message", &["received_at", "id"])).await?;
        run(
            manager,
            &[
                "CREATE UNIQUE INDEX message_first_of_hash ON message (mailbox_id, raw_sha256) \
                 WHERE repeats IS NULL AND raw_sha256 IS NOT NULL",
                "CREATE INDEX message_by_hash ON message (raw_sha256) WHERE raw_sha256 IS NOT NULL",
                "CREATE INDEX message_open ON message (mailbox_id, received_at, id) \
                 WHERE stage IN ('seen', 'stored', 'parsed')",
                "CREATE INDEX message_to_file ON message (mailbox_id, folder, uidvalidity, received_at, id) \
                 WHERE filed_at IS NULL AND stage IN ('recorded', 'repeated')",
            ],
        )
        .await?;
        manager
            .create_table(
                Table::create()
                    .table("letter")
                    .col(uuid("message_id").primary_key())
                    .col(json_binary("facts"))
                    .foreign_key(&mut reference(("letter", "message_id"), ("message", "id"), "letter_message"))
                    .take(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("attachment")
                    .col(big_pk_auto("id"))
                    .col(uuid("message_id"))
                    .col(text("path"))
                    .col(text("name"))
                    .col(text("media_type"))
                    .col(big_integer("size_bytes"))
                    .col(text("sha256"))
                    .foreign_key(&mut reference(("attachment", "message_id"), ("message", "id"), "attachment_message"))
                    .take(),
            )
            .await?;
        manager.create_index(index("attachment_by_message", "attachment", &["message_id"])).await?;
        manager.create_index(index("attachment_by_hash", "attachment", &["sha256", "id"])).await
    }
}
