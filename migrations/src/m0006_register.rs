//! What all registers share: the inverted index of repeated values and search tokens, calls that were made once, and the
//! kept totals of projects and contracts.

use sea_orm_migration::{prelude::*, schema::*};

use crate::{index, text_column};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("register_term")
                    .col(text_column(manager, "register"))
                    .col(text_column(manager, "facet"))
                    .col(text_column(manager, "term"))
                    .col(text_column(manager, "id"))
                    .col(big_integer("amount"))
                    .primary_key(Index::create().col("register").col("facet").col("term").col("id"))
                    .take(),
            )
            .await?;
        manager.create_index(index("register_term_by_entry", "register_term", &["register", "id"])).await
    }
}
