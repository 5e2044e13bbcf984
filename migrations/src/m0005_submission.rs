//! Submissions with their versions, and the outcome of each rule beside them for look-ups.

use sea_orm_migration::{prelude::*, schema::*};

use crate::{index, reference};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("submission")
                    .col(uuid("id").primary_key())
                    .col(uuid("message_id"))
                    .col(uuid("campaign_id"))
                    .col(big_integer("number"))
                    .col(uuid("root_id"))
                    .col(big_integer("version"))
                    .col(big_integer("row_version"))
                    .col(big_integer("change_seq"))
                    .col(text("class"))
                    .col(text("verdict"))
                    .col(text("sender"))
                    .col(text("subject"))
                    .col(text_null("message_id_header"))
                    .col(big_integer("received_at"))
                    .col(boolean("backfilled"))
                    .col(json_binary("outline"))
                    .col(json_binary("contact"))
                    .col(json_binary("findings"))
                    .col(json_binary("judgement"))
                    .col(big_integer("created_at"))
                    .foreign_key(&mut reference(("submission", "message_id"), ("message", "id"), "submission_message"))
                    .foreign_key(&mut reference(
                        ("submission", "campaign_id"),
                        ("campaign", "id"),
                        "submission_campaign",
                    ))
                    .foreign_key(&mut reference(("submission", "root_id"), ("submission", "id"), "submission_root"))
                    .take(),
            )
            .await?;
        let unique: [(&'static str, &[&'static str]); 4] = [
            ("submission_of_message", &["message_id"]),
            ("submission_number", &["campaign_id", "number"]),
            ("submission_change", &["change_seq"]),
            ("submission_version", &["root_id", "version"]),
        ];
        for (name, columns) in unique {
            manager.create_index(index(name, "submission", columns).unique().take()).await?;
        }
        let ordered: [(&'static str, &[&'static str]); 5] = [
            ("submission_by_receipt", &["received_at", "id"]),
            ("submission_by_number", &["number", "id"]),
            ("submission_by_campaign_receipt", &["campaign_id", "received_at", "id"]),
            ("submission_by_campaign_change", &["campaign_id", "change_seq"]),
            ("submission_by_sender", &["sender", "received_at", "id"]),
        ];
        for (name, columns) in ordered {
            manager.create_index(index(name, "submission", columns)).await?;
        }
        manager
            .create_table(
                Table::create()
                    .table("submission_finding")
                    .col(uuid("submission_id"))
                    .col(big_integer("position"))
                    .col(text("rule"))
                    .col(text("outcome"))
                    .col(text("severity"))
                    .primary_key(Index::create().col("submission_id").col("position"))
                    .foreign_key(&mut reference(
                        ("submission_finding", "submission_id"),
                        ("submission", "id"),
                        "submission_finding_submission",
                    ))
                    .take(),
            )
            .await?;
        let rule = ["rule", "outcome", "submission_id"];
        manager.create_index(index("submission_finding_by_rule", "submission_finding", &rule)).await
    }
}
