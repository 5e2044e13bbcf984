//! Campaigns with every revision, and the counters that hand out numbers without gaps.

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
                    .table("campaign")
                    .col(uuid("id").primary_key())
                    .col(big_integer("revision"))
                    .col(text("mailbox_address"))
                    .col(date("deadline_day"))
                    .col(json_binary("body"))
                    .col(big_integer("created_at"))
                    .col(big_integer("updated_at"))
                    .take(),
            )
            .await?;
        manager.create_index(index("campaign_by_deadline", "campaign", &["deadline_day", "id"])).await?;
        manager.create_index(index("campaign_by_mailbox", "campaign", &["mailbox_address"])).await?;
        manager
            .create_table(
                Table::create()
                    .table("campaign_revision")
                    .col(uuid("campaign_id"))
                    .col(big_integer("revision"))
                    .col(json_binary("body"))
                    .col(big_integer("created_at"))
                    .primary_key(Index::create().col("campaign_id").col("revision"))
                    .foreign_key(&mut reference(
                        ("campaign_revision", "campaign_id"),
                        ("campaign", "id"),
                        "campaign_revision_campaign",
                    ))
                    .take(),
            )
            .await?;
        manager
            .create_table(
                Table::create().table("counter").col(text("name").primary_key()).col(big_integer("value")).take(),
            )
            .await
    }
}
