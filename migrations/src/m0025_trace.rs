//! Where a mail's way and what wrote a letter stand in a trace (W3C `traceparent`), so that the trace goes on after a restart and
//! after days. Rows of before have none, and a program of before writes none: then a trace begins anew.

use sea_orm_migration::{prelude::*, schema::string_len_null};

#[derive(DeriveMigrationName)]
pub struct Migration;

/// Of version 00: `00-TRACE-SPAN-FLAGS`.
const TRACEPARENT_CHARACTERS: u32 = 55;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["message", "reply"] {
            let column = string_len_null("traceparent", TRACEPARENT_CHARACTERS);
            manager.alter_table(Table::alter().table(table).add_column(column).take()).await?;
        }
        Ok(())
    }
}
