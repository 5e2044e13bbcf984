//! Providers, what stands against them, and the lists that recommend them.

use sea_orm_migration::prelude::*;

use crate::{Lookup::*, index, register, run};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let columns = [
            Text("title"),
            Text("uscc"),
            Text("kind"),
            Text("registration_class"),
            Text("scale"),
            Text("region"),
            Text("status"),
            Text("merged_into"),
        ];
        register(manager, "provider", &columns).await?;
        let columns = [Text("provider"), Text("source"), Text("from_day"), Text("to_day")];
        register(manager, "provider_flag", &columns).await?;
        let columns = [Text("title"), Text("region"), Integer("year"), Integer("revision")];
        register(manager, "recommended_list", &columns).await?;
        register(manager, "recommended_entry", &[Text("list"), Text("provider")]).await?;
        let ordered: [(&'static str, &'static str, &[&'static str]); 10] = [
            ("provider_by_title", "provider", &["title", "id"]),
            ("provider_by_region", "provider", &["region", "id"]),
            ("provider_by_class", "provider", &["registration_class", "id"]),
            ("provider_flag_by_provider", "provider_flag", &["provider", "from_day", "id"]),
            ("provider_flag_by_day", "provider_flag", &["from_day", "id"]),
            ("recommended_list_by_title", "recommended_list", &["title", "id"]),
            ("recommended_list_by_region", "recommended_list", &["region", "year", "id"]),
            ("recommended_list_by_year", "recommended_list", &["year", "id"]),
            ("recommended_entry_by_list", "recommended_entry", &["list", "id"]),
            ("recommended_entry_by_provider", "recommended_entry", &["provider", "id"]),
        ];
        for (name, table, columns) in ordered {
            manager.create_index(index(name, table, columns)).await?;
        }
        run(
            manager,
            &[
                "CREATE UNIQUE INDEX provider_uscc ON provider (uscc) WHERE deleted_at IS NULL AND uscc <> ''",
                "CREATE UNIQUE INDEX recommended_list_of_year ON recommended_list (region, year, revision) \
                 WHERE deleted_at IS NULL",
                "CREATE UNIQUE INDEX recommended_entry_once ON recommended_entry (list, provider) \
                 WHERE deleted_at IS NULL",
            ],
        )
        .await
    }
}
