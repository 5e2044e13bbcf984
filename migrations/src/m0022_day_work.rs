//! Indexes for what the day's work asks most: some states by the last change, and how many of some states have a verdict or
//! an editor.

use sea_orm_migration::prelude::*;

use crate::index;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let indexes: [(&'static str, &[&'static str]); 3] = [
            ("manuscript_by_state_and_update", &["state", "updated_at", "submission_id"]),
            // Counted from the index alone; without the order of a list, so that no list is led by them.
            ("manuscript_by_verdict_and_state", &["verdict", "state"]),
            ("manuscript_by_editor_and_state", &["editor_id", "state"]),
        ];
        for (name, columns) in indexes {
            manager.create_index(index(name, "manuscript", columns)).await?;
        }
        Ok(())
    }
}
