//! Purchasers, projects and their contracts.

use sea_orm_migration::prelude::*;

use crate::{Lookup::*, index, register, run};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let columns = [Text("title"), Text("uscc"), Text("budget_unit_code"), Text("region"), Text("kind")];
        register(manager, "purchaser", &columns).await?;
        let columns = [
            Text("title"),
            Text("project_no"),
            Integer("year"),
            Text("region"),
            Text("level"),
            Text("purchaser"),
            Text("item"),
            Text("class"),
            Text("service_kind"),
            Text("method"),
            Text("form"),
            Text("series"),
            Text("pilot"),
            Text("state"),
            OptionalInteger("budget_fen"),
            OptionalInteger("settlement_fen"),
        ];
        register(manager, "project", &columns).await?;
        let columns = [
            Text("title"),
            Text("contract_no"),
            Text("project"),
            Text("provider"),
            Text("provider_kind"),
            Text("signed_day"),
            Text("end_day"),
            Text("state"),
            OptionalInteger("amount_fen"),
            OptionalInteger("paid_fen"),
        ];
        register(manager, "contract", &columns).await?;
        let ordered: [(&'static str, &'static str, &[&'static str]); 12] = [
            ("purchaser_by_title", "purchaser", &["title", "id"]),
            ("purchaser_by_region", "purchaser", &["region", "id"]),
            ("project_by_year", "project", &["year", "id"]),
            ("project_by_year_region", "project", &["year", "region", "id"]),
            ("project_by_purchaser", "project", &["purchaser", "year", "id"]),
            ("project_by_series", "project", &["series", "year", "id"]),
            ("project_by_item", "project", &["item", "id"]),
            ("project_by_title", "project", &["title", "id"]),
            ("contract_by_signed_day", "contract", &["signed_day", "id"]),
            ("contract_by_end_day", "contract", &["end_day", "id"]),
            ("contract_by_project", "contract", &["project", "id"]),
            ("contract_by_provider", "contract", &["provider", "id"]),
        ];
        for (name, table, columns) in ordered {
            manager.create_index(index(name, table, columns)).await?;
        }
        run(
            manager,
            &[
                "CREATE UNIQUE INDEX purchaser_uscc ON purchaser (uscc) WHERE deleted_at IS NULL AND uscc <> ''",
                "CREATE UNIQUE INDEX project_number ON project (purchaser, project_no) \
                 WHERE deleted_at IS NULL AND project_no <> ''",
                "CREATE UNIQUE INDEX contract_number ON contract (project, contract_no) \
                 WHERE deleted_at IS NULL AND contract_no <> ''",
            ],
        )
        .await
    }
}
