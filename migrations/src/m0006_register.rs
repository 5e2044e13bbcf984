//! What all registers share: the inverted index of repeated values and search tokens, calls that were made once, and the
//! kept totals of projects and contracts.

use sea_orm_migration::{prelude::*, schema::*, sea_orm::DbBackend};

use crate::{index, text_column};

#[derive(DeriveMigrationName)]
pub struct Migration;

/// What totals are grouped by, beside year and region.
const GROUPS: [&str; 5] = ["level", "class", "service_kind", "method", "provider_kind"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut terms = Table::create();
        terms
            .table("register_term")
            .col(text_column(manager, "register"))
            .col(text_column(manager, "facet"))
            .col(text_column(manager, "term"))
            .col(text_column(manager, "id"))
            .col(big_integer("amount"))
            .primary_key(Index::create().col("register").col("id").col("facet").col("term"));
        if manager.get_database_backend() == DbBackend::Sqlite {
            // The key is nearly all of a row: one tree instead of two.
            terms.extra("WITHOUT ROWID");
        }
        manager.create_table(terms.take()).await?;
        // The key begins with the entry: SQLite, which keeps no statistics, would otherwise take the facet of all entries for
        // the narrower way to the few rows of one.
        let by_term = ["register", "facet", "term", "id"];
        manager.create_index(index("register_term_by_term", "register_term", &by_term)).await?;
        manager
            .create_table(
                Table::create()
                    .table("idempotency_key")
                    .col(text_column(manager, "method"))
                    .col(text_column(manager, "request_id"))
                    .col(text("body_sha256"))
                    .col(json_binary("entries"))
                    .col(big_integer("created_at"))
                    .primary_key(Index::create().col("method").col("request_id"))
                    .take(),
            )
            .await?;
        manager.create_index(index("idempotency_key_by_age", "idempotency_key", &["created_at"])).await?;
        manager
            .create_table(
                Table::create()
                    .table("rollup_partition")
                    .col(big_integer("year"))
                    .col(text_column(manager, "region"))
                    .col(boolean("is_filled"))
                    .primary_key(Index::create().col("year").col("region"))
                    .take(),
            )
            .await?;
        manager.create_index(index("rollup_partition_by_fill", "rollup_partition", &["is_filled", "year"])).await?;
        let mut rollup = Table::create();
        let mut key = Index::create();
        rollup.table("rollup").col(big_integer("year")).col(text_column(manager, "region"));
        key.col("year").col("region");
        for name in GROUPS {
            rollup.col(text_column(manager, name));
            key.col(name);
        }
        rollup.col(boolean("is_synthetic"));
        for measure in [
            "project_count",
            "settled_project_count",
            "budget_fen",
            "settlement_fen",
            "contract_count",
            "contract_fen",
            "paid_fen",
        ] {
            rollup.col(big_integer(measure));
        }
        rollup.primary_key(key.col("is_synthetic"));
        manager.create_table(rollup.take()).await
    }
}
