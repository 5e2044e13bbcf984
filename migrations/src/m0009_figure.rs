//! Published figures, what their sources say of them, what runs of reconciliation found, and work that outlives a call.

use sea_orm_migration::prelude::*;

use crate::{Lookup::*, index, register};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        register(manager, "source_document", &[Text("title"), Text("issuer"), Text("sha256")]).await?;
        let columns = [
            Text("metric"),
            Text("unit"),
            Text("qualifier"),
            Text("basis"),
            Text("scope"),
            Text("region"),
            Text("period"),
            Text("from_day"),
            Text("to_day"),
            Text("source_document"),
        ];
        register(manager, "figure", &columns).await?;
        let columns = [Text("unit"), Text("region"), Text("period"), Text("source_document")];
        register(manager, "wanted_figure", &columns).await?;
        register(manager, "derived_figure", &[]).await?;
        register(manager, "claim", &[Text("stated"), Text("relation"), Text("source_document")]).await?;
        let columns = [Text("subject"), Text("origin"), Text("verdict"), Text("state")];
        register(manager, "figure_finding", &columns).await?;
        let columns =
            [Text("method"), Text("owner"), Flag("is_done"), Flag("is_cancel_requested"), Integer("heartbeat_at")];
        register(manager, "operation", &columns).await?;
        let ordered: [(&'static str, &'static str, &[&'static str]); 7] = [
            ("figure_by_metric", "figure", &["metric", "region", "from_day", "id"]),
            ("figure_by_region", "figure", &["region", "from_day", "id"]),
            ("figure_by_source_document", "figure", &["source_document", "id"]),
            ("claim_by_stated", "claim", &["stated", "id"]),
            ("figure_finding_by_subject", "figure_finding", &["subject", "id"]),
            ("figure_finding_by_state", "figure_finding", &["state", "verdict", "id"]),
            ("operation_by_time", "operation", &["created_at", "id"]),
        ];
        for (name, table, columns) in ordered {
            manager.create_index(index(name, table, columns)).await?;
        }
        Ok(())
    }
}
