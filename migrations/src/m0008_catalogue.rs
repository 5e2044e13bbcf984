//! Guidance catalogues with their editions, items and crosswalks, and the table of regions that somebody imported.

use sea_orm_migration::prelude::*;

use crate::{Lookup::*, index, register, run};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        register(manager, "catalogue", &[Text("region"), Text("title")]).await?;
        let columns = [
            Text("catalogue"),
            Integer("year"),
            Integer("revision"),
            Text("state"),
            Text("effective_from_day"),
            Text("policy_document"),
        ];
        register(manager, "edition", &columns).await?;
        let columns = [
            Text("edition"),
            Text("uid"),
            Text("code"),
            Text("title"),
            Text("level"),
            Text("parent"),
            Text("class"),
            Text("service_kind"),
            Integer("sort"),
        ];
        register(manager, "catalogue_item", &columns).await?;
        register(manager, "crosswalk", &[Text("from_edition"), Text("to_edition")]).await?;
        register(manager, "region_table", &[]).await?;
        let ordered: [(&'static str, &'static str, &[&'static str]); 4] = [
            ("catalogue_by_region", "catalogue", &["region", "id"]),
            ("catalogue_item_by_edition", "catalogue_item", &["edition", "code", "id"]),
            ("catalogue_item_by_parent", "catalogue_item", &["parent", "id"]),
            ("catalogue_item_by_class", "catalogue_item", &["class", "id"]),
        ];
        for (name, table, columns) in ordered {
            manager.create_index(index(name, table, columns)).await?;
        }
        run(
            manager,
            &[
                "CREATE UNIQUE INDEX edition_number ON edition (catalogue, year, revision) WHERE deleted_at IS NULL",
                // One edition of a catalogue is in force at most.
                "CREATE UNIQUE INDEX edition_in_force ON edition (catalogue) \
                 WHERE deleted_at IS NULL AND state = 'PUBLISHED'",
                "CREATE UNIQUE INDEX catalogue_item_code ON catalogue_item (edition, code) WHERE deleted_at IS NULL",
            ],
        )
        .await
    }
}
