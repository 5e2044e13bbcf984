//! Indexes for lists by the last change: an editor's own of some states, and what is left out before its row is read. And
//! one for the few mails that could not be read.

use sea_orm_migration::prelude::*;

use crate::{index, run};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let indexes: [(&'static str, &[&'static str]); 2] = [
            // Counted from the index alone as before; now also in the order in which an editor's own work is listed.
            ("manuscript_by_editor_and_state", &["editor_id", "state", "updated_at", "submission_id"]),
            // A month, a verdict or an editor by the last change may lie far from where the list begins: what is behind
            // the order tells without a look at the row.
            ("manuscript_by_update", &["updated_at", "submission_id", "received_at", "verdict", "editor_id"]),
        ];
        for (name, columns) in indexes {
            manager.drop_index(Index::drop().name(name).table("manuscript").to_owned()).await?;
            manager.create_index(index(name, "manuscript", columns)).await?;
        }
        // In the very words of `store`, which asks for it by them.
        let unread = "CREATE INDEX message_unread ON message (received_at, id) \
                      WHERE stage IN ('too_large', 'vanished', 'quarantined')";
        run(manager, &[unread]).await
    }
}
