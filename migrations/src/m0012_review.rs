//! Reviews: where each manuscript stands, its history, to which lines can only be added, and who acted in it. What was
//! recorded before stands as judged.

use sea_orm_migration::{prelude::*, schema::*, sea_orm::DbBackend};

use crate::{index, reference, run};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(Table::create().table("review_person").col(uuid("id").primary_key()).col(text("name")).take())
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("review")
                    .col(uuid("submission_id").primary_key())
                    .col(uuid("campaign_id"))
                    .col(big_integer("row_version"))
                    .col(text("state"))
                    .col(uuid_null("editor_id"))
                    .col(date("due_day"))
                    .col(json_binary("standing"))
                    .col(big_integer("received_at"))
                    .col(big_integer("updated_at"))
                    .foreign_key(&mut reference(("review", "submission_id"), ("submission", "id"), "review_submission"))
                    .foreign_key(&mut reference(("review", "campaign_id"), ("campaign", "id"), "review_campaign"))
                    .foreign_key(&mut reference(("review", "editor_id"), ("review_person", "id"), "review_editor"))
                    .take(),
            )
            .await?;
        let ordered: [(&'static str, &[&'static str]); 6] = [
            ("review_by_receipt", &["received_at", "submission_id"]),
            ("review_by_update", &["updated_at", "submission_id"]),
            ("review_by_due_day", &["due_day", "submission_id"]),
            ("review_by_campaign", &["campaign_id", "received_at", "submission_id"]),
            ("review_by_state", &["state", "received_at", "submission_id"]),
            ("review_by_editor", &["editor_id", "received_at", "submission_id"]),
        ];
        for (name, columns) in ordered {
            manager.create_index(index(name, "review", columns)).await?;
        }
        manager
            .create_table(
                Table::create()
                    .table("review_event")
                    .col(big_pk_auto("id"))
                    .col(uuid("submission_id"))
                    .col(big_integer("number"))
                    .col(big_integer("at"))
                    .col(uuid("actor_id"))
                    .col(text("role"))
                    .col(text("state_from"))
                    .col(text("state_to"))
                    .col(json_binary("action"))
                    .col(text("reason"))
                    .col(text("note"))
                    .col(json_binary("standing"))
                    .col(big_integer("campaign_revision"))
                    .col(text_null("request_id"))
                    .col(text_null("request_sha256"))
                    .foreign_key(&mut reference(
                        ("review_event", "submission_id"),
                        ("review", "submission_id"),
                        "review_event_review",
                    ))
                    .foreign_key(&mut reference(
                        ("review_event", "actor_id"),
                        ("review_person", "id"),
                        "review_event_actor",
                    ))
                    .take(),
            )
            .await?;
        let number = ["submission_id", "number"];
        manager.create_index(index("review_event_number", "review_event", &number).unique().take()).await?;
        run(
            manager,
            &["CREATE UNIQUE INDEX review_event_request ON review_event (actor_id, request_id) \
               WHERE request_id IS NOT NULL"],
        )
        .await?;
        run(manager, backfill(manager.get_database_backend())).await?;
        let triggers: &[&str] = match manager.get_database_backend() {
            DbBackend::Postgres => &["CREATE TRIGGER review_event_append_only \
                 BEFORE UPDATE OR DELETE OR TRUNCATE ON review_event \
                 FOR EACH STATEMENT EXECUTE FUNCTION message_event_refuse()"],
            _ => &[
                "CREATE TRIGGER review_event_no_update BEFORE UPDATE ON review_event \
                 BEGIN SELECT RAISE(ABORT, 'the history is append-only'); END",
                "CREATE TRIGGER review_event_no_delete BEFORE DELETE ON review_event \
                 BEGIN SELECT RAISE(ABORT, 'the history is append-only'); END",
            ],
        };
        run(manager, triggers).await
    }
}

/// The worker, and for each chain of versions with one that is reviewed: judged, with the newest of them.
fn backfill(backend: DbBackend) -> &'static [&'static str] {
    match backend {
        DbBackend::Postgres => &[
            "INSERT INTO review_person (id, name) VALUES ('00000000-0000-0000-0000-000000000000', 'worker')",
            "INSERT INTO review (submission_id, campaign_id, row_version, state, due_day, standing, received_at, updated_at) \
             SELECT root.id, root.campaign_id, 1, 'judged', DATE '9999-12-31', \
             jsonb_build_object('state', 'judged', 'verdict', newest.verdict, 'editor', NULL, \
             'recommendations', jsonb_build_array(), 'revision', NULL, 'placements', jsonb_build_array(), \
             'retractable', NULL), root.received_at, newest.created_at \
             FROM submission AS root JOIN submission AS newest ON newest.root_id = root.id \
             WHERE newest.class IN ('submission', 'correction') AND root.root_id = root.id AND newest.version = \
             (SELECT MAX(version) FROM submission WHERE root_id = root.id AND class IN ('submission', 'correction'))",
            "INSERT INTO review_event (submission_id, number, at, actor_id, role, state_from, state_to, action, reason, \
             note, standing, campaign_revision) \
             SELECT submission_id, 1, review.updated_at, '00000000-0000-0000-0000-000000000000', 'worker', 'received', \
             'judged', jsonb_build_object('action', 'judge', 'verdict', standing ->> 'verdict'), '', '', standing, \
             campaign.revision FROM review JOIN campaign ON campaign.id = review.campaign_id ORDER BY review.updated_at",
        ],
        _ => &[
            "INSERT INTO review_person (id, name) VALUES (x'00000000000000000000000000000000', 'worker')",
            "INSERT INTO review (submission_id, campaign_id, row_version, state, due_day, standing, received_at, updated_at) \
             SELECT root.id, root.campaign_id, 1, 'judged', '9999-12-31', \
             '{\"state\":\"judged\",\"verdict\":\"' || newest.verdict || '\",\"editor\":null,\"recommendations\":[],\
             \"revision\":null,\"placements\":[],\"retractable\":null}', root.received_at, newest.created_at \
             FROM submission AS root JOIN submission AS newest ON newest.root_id = root.id \
             WHERE newest.class IN ('submission', 'correction') AND root.root_id = root.id AND newest.version = \
             (SELECT MAX(version) FROM submission WHERE root_id = root.id AND class IN ('submission', 'correction'))",
            "INSERT INTO review_event (submission_id, number, at, actor_id, role, state_from, state_to, action, reason, \
             note, standing, campaign_revision) \
             SELECT submission_id, 1, review.updated_at, x'00000000000000000000000000000000', 'worker', 'received', \
             'judged', '{\"action\":\"judge\",\"verdict\":\"' || json_extract(standing, '$.verdict') || '\"}', '', '', \
             standing, campaign.revision FROM review JOIN campaign ON campaign.id = review.campaign_id \
             ORDER BY review.updated_at",
        ],
    }
}
