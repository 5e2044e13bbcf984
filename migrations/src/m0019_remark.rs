//! What editors note beside the steps of a review: tags with who set them, and comments, lines that are only added to; the
//! tags that a manuscript has now, for look-ups by tag; and the lists that people come back to.

use sea_orm_migration::{prelude::*, schema::*, sea_orm::DbBackend};

use crate::{index, reference, run, text_column};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let review = |from, name| reference((from, "submission_id"), ("review", "submission_id"), name);
        manager
            .create_table(
                Table::create()
                    .table("review_remark")
                    .col(big_pk_auto("id"))
                    .col(uuid("submission_id"))
                    // From 1 for each review.
                    .col(big_integer("number"))
                    .col(big_integer("at"))
                    .col(uuid("actor_id"))
                    .col(text("role"))
                    .col(text("kind"))
                    .col(text("words"))
                    .col(text_null("request_id"))
                    .col(text_null("request_sha256"))
                    .foreign_key(&mut review("review_remark", "review_remark_review"))
                    .take(),
            )
            .await?;
        let number = ["submission_id", "number"];
        manager.create_index(index("review_remark_of_review", "review_remark", &number).unique().take()).await?;
        let once = ["actor_id", "request_id"];
        manager.create_index(index("review_remark_once", "review_remark", &once).unique().take()).await?;
        let mut tag = Table::create();
        tag.table("manuscript_tag")
            .col(text_column(manager, "tag"))
            .col(big_integer("received_at"))
            .col(uuid("submission_id"))
            // Ends in the order of the usual list, so that its page is read from the front.
            .primary_key(Index::create().col("tag").col("received_at").col("submission_id"))
            .foreign_key(&mut review("manuscript_tag", "manuscript_tag_review"));
        if manager.get_database_backend() == DbBackend::Sqlite {
            tag.extra("WITHOUT ROWID");
        }
        manager.create_table(tag.take()).await?;
        manager.create_index(index("manuscript_tag_of_review", "manuscript_tag", &["submission_id"])).await?;
        manager
            .create_table(
                Table::create()
                    .table("saved_view")
                    .col(uuid("id").primary_key())
                    .col(text_column(manager, "owner"))
                    .col(text_column(manager, "title"))
                    .col(text("query"))
                    .col(boolean("shared"))
                    .col(big_integer("created_at"))
                    .take(),
            )
            .await?;
        let title = ["owner", "title"];
        manager.create_index(index("saved_view_title", "saved_view", &title).unique().take()).await?;
        run(
            manager,
            match manager.get_database_backend() {
                DbBackend::Postgres => &["CREATE TRIGGER review_remark_append_only \
                     BEFORE UPDATE OR DELETE OR TRUNCATE ON review_remark \
                     FOR EACH STATEMENT EXECUTE FUNCTION message_event_refuse()"],
                _ => &[
                    "CREATE TRIGGER review_remark_no_update BEFORE UPDATE ON review_remark \
                     BEGIN SELECT RAISE(ABORT, 'the history is append-only'); END",
                    "CREATE TRIGGER review_remark_no_delete BEFORE DELETE ON review_remark \
                     BEGIN SELECT RAISE(ABORT, 'the history is append-only'); END",
                ],
            },
        )
        .await
    }
}
