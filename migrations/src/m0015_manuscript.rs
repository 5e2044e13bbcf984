//! Manuscripts as a list filters, orders and shows them: one row a review with what is compared, kept narrow so that going
//! over all of them is cheap, one with what is shown, and two inverted indexes: of the rules that did not pass and of the
//! pairs of characters of what is searched. The rows are made by `store` at the first start: they hold what the rules of
//! `intake` read in JSON and folded texts, which SQL cannot say.

use sea_orm_migration::{prelude::*, schema::*};

use crate::{clustered, index, reference, run, text_column};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let review = |from, name| reference((from, "submission_id"), ("review", "submission_id"), name);
        let mut manuscript = Table::create();
        manuscript
            .table("manuscript")
            .col(big_integer("received_at"))
            .col(uuid("submission_id"))
            .col(uuid("campaign_id"))
            .col(big_integer("number"))
            .col(big_integer("row_version"))
            .col(text_column(manager, "state"))
            .col(text_column(manager, "verdict"))
            .col(uuid_null("editor_id"))
            .col(date("due_day"))
            .col(big_integer("updated_at"))
            .col(big_integer("versions"))
            .col(text_column(manager, "sender"))
            .col(boolean("has_video"))
            .col(boolean("has_cloud_file"))
            .col(big_integer_null("cloud_expires_at"))
            .col(boolean("backfilled"))
            .col(big_integer_null("bounced_at"))
            // The order of the usual list is the order in which the rows lie.
            .primary_key(Index::create().col("received_at").col("submission_id"))
            .foreign_key(&mut review("manuscript", "manuscript_review"));
        manager.create_table(clustered(manager, manuscript)).await?;
        let one = ["submission_id"];
        manager.create_index(index("manuscript_of_review", "manuscript", &one).unique().take()).await?;
        let ordered: [(&'static str, &[&'static str]); 8] = [
            ("manuscript_by_update", &["updated_at", "submission_id"]),
            ("manuscript_by_due_day", &["due_day", "submission_id"]),
            ("manuscript_by_campaign", &["campaign_id", "received_at", "submission_id"]),
            ("manuscript_by_number", &["number", "received_at", "submission_id"]),
            ("manuscript_by_state", &["state", "received_at", "submission_id"]),
            ("manuscript_by_verdict", &["verdict", "received_at", "submission_id"]),
            ("manuscript_by_editor", &["editor_id", "received_at", "submission_id"]),
            ("manuscript_by_sender", &["sender", "received_at", "submission_id"]),
        ];
        for (name, columns) in ordered {
            manager.create_index(index(name, "manuscript", columns)).await?;
        }
        // Few rows have these.
        run(
            manager,
            &[
                "CREATE INDEX manuscript_by_cloud_expiry ON manuscript (cloud_expires_at, received_at, submission_id) \
                 WHERE cloud_expires_at IS NOT NULL",
                "CREATE INDEX manuscript_by_bounce ON manuscript (bounced_at, received_at, submission_id) \
                 WHERE bounced_at IS NOT NULL",
            ],
        )
        .await?;
        manager
            .create_table(
                Table::create()
                    .table("manuscript_summary")
                    .col(uuid("submission_id").primary_key())
                    .col(uuid("newest_id"))
                    .col(text("subject"))
                    .col(text("contact_name"))
                    .col(text("organisation"))
                    .col(big_integer("received_at"))
                    .col(json_binary("failed"))
                    .col(json_binary("undetermined"))
                    .col(big_integer("documents"))
                    .col(big_integer("videos"))
                    .col(big_integer("pictures"))
                    .col(big_integer("cloud_files"))
                    .col(big_integer("characters"))
                    .col(text("search_text"))
                    .foreign_key(&mut review("manuscript_summary", "manuscript_summary_review"))
                    .take(),
            )
            .await?;
        // The keys end in the order of the usual list, so that its page is read from the front.
        let mut rule = Table::create();
        rule.table("manuscript_rule")
            .col(text_column(manager, "outcome"))
            .col(text_column(manager, "rule"))
            .col(big_integer("received_at"))
            .col(uuid("submission_id"))
            .primary_key(Index::create().col("outcome").col("rule").col("received_at").col("submission_id"));
        manager.create_table(clustered(manager, rule)).await?;
        let mut pair = Table::create();
        pair.table("manuscript_pair")
            .col(text_column(manager, "pair"))
            .col(big_integer("received_at"))
            .col(uuid("submission_id"))
            .primary_key(Index::create().col("pair").col("received_at").col("submission_id"));
        manager.create_table(clustered(manager, pair)).await
    }
}
