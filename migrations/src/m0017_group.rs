//! What a manuscript is counted under, for statistics and for the list behind each of their numbers: its category, its
//! organisation, the channels where it has a place, the reason that its author was told. One inverted index, as that of
//! the rules; and beside it two instants, so that no question goes through the history: the first step of a person and the
//! decision. `store` fills all of it at the next start, and again what a program before this one changed.

use sea_orm_migration::{prelude::*, schema::*};

use crate::{clustered, index, text_column};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // SQLite adds one column a statement.
        let added = [
            ("submission", big_integer_null("category")),
            ("manuscript", big_integer_null("opened_at")),
            ("manuscript", big_integer_null("decided_at")),
            ("manuscript", big_integer("grouped_version").default(0).take()),
        ];
        for (table, column) in added {
            manager.alter_table(Table::alter().table(table).add_column(column).take()).await?;
        }
        let mut group = Table::create();
        group
            .table("manuscript_group")
            .col(text_column(manager, "kind"))
            .col(text_column(manager, "value"))
            .col(big_integer("received_at"))
            .col(uuid("submission_id"))
            .primary_key(Index::create().col("kind").col("value").col("received_at").col("submission_id"));
        manager.create_table(clustered(manager, group)).await?;
        manager.create_index(index("manuscript_group_of", "manuscript_group", &["submission_id"])).await
    }
}
