//! Policies and what surrounds them: frameworks, mechanisms, government functions, consultations, outreach; pilots and
//! designations; evaluations and what was decided because of them; practice cases.

use sea_orm_migration::prelude::*;

use crate::{Lookup::*, index, register, run};

#[derive(DeriveMigrationName)]
pub struct Migration;

/// An index: its name, its table, its columns.
type Ordered = (&'static str, &'static str, &'static [&'static str]);

const ORDERED: &[Ordered] = &[
    ("policy_document_by_region", "policy_document", &["region", "issue_date", "id"]),
    ("policy_document_by_issue", "policy_document", &["issue_date", "id"]),
    ("policy_framework_by_region", "policy_framework", &["region", "from_date", "id"]),
    ("mechanism_by_region", "mechanism", &["region", "id"]),
    ("function_list_by_region", "function_list", &["region", "id"]),
    ("government_function_by_list", "government_function", &["function_list", "id"]),
    ("consultation_review_by_region", "consultation_review", &["region", "received_date", "id"]),
    ("consultation_review_by_received", "consultation_review", &["received_date", "id"]),
    ("outreach_event_by_region", "outreach_event", &["region", "held_date", "id"]),
    ("pilot_by_region", "pilot", &["region", "year", "id"]),
    ("pilot_member_by_pilot", "pilot_member", &["pilot", "id"]),
    ("pilot_member_by_region", "pilot_member", &["region", "id"]),
    ("designation_by_holder", "designation", &["holder", "year", "id"]),
    ("designation_by_year", "designation", &["year", "id"]),
    ("milestone_by_region", "milestone", &["region", "year", "id"]),
    ("evaluation_scheme_by_region", "evaluation_scheme", &["region", "id"]),
    ("evaluation_by_region", "evaluation", &["region", "year", "id"]),
    ("evaluation_by_year", "evaluation", &["year", "id"]),
    ("evaluation_by_project", "evaluation", &["project", "year", "id"]),
    ("evaluation_by_use", "evaluation", &["state", "application_count", "id"]),
    ("result_application_by_evaluation", "result_application", &["evaluation", "id"]),
    ("result_application_by_project", "result_application", &["project", "id"]),
    ("result_application_by_provider", "result_application", &["provider", "effect", "bar_until_day", "id"]),
    ("result_application_by_day", "result_application", &["decided_day", "id"]),
    ("practice_case_by_region", "practice_case", &["region", "id"]),
];

const UNIQUE: &[&str] = &[
    "CREATE UNIQUE INDEX policy_document_number ON policy_document (issuer, doc_no) \
     WHERE deleted_at IS NULL AND doc_no <> ''",
    "CREATE UNIQUE INDEX policy_framework_of_day ON policy_framework (region, from_date) WHERE deleted_at IS NULL",
    "CREATE UNIQUE INDEX pilot_member_region ON pilot_member (pilot, region) WHERE deleted_at IS NULL AND region <> ''",
    "CREATE UNIQUE INDEX pilot_member_purchaser ON pilot_member (pilot, purchaser) \
     WHERE deleted_at IS NULL AND purchaser <> ''",
    "CREATE UNIQUE INDEX evaluation_one_final ON evaluation \
     (project, purchaser, system_region, policy_document, pilot, phase, year) \
     WHERE deleted_at IS NULL AND state = 'FINAL'",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let columns = [
            Text("title"),
            Text("kind"),
            Text("doc_no"),
            Text("issuer"),
            Text("issue_date"),
            Text("effective_date"),
            Text("abolish_date"),
            Text("region"),
        ];
        register(manager, "policy_document", &columns).await?;
        register(manager, "policy_framework", &[Text("title"), Text("region"), Text("from_date")]).await?;
        let columns = [Text("title"), Text("kind"), Text("region"), OptionalInteger("start_year")];
        register(manager, "mechanism", &columns).await?;
        let columns = [Text("title"), Text("region"), Text("policy_document"), OptionalInteger("year")];
        register(manager, "function_list", &columns).await?;
        let columns =
            [Text("title"), Text("function_list"), Text("department"), Text("purchaser"), Text("transfer_state")];
        register(manager, "government_function", &columns).await?;
        let columns = [
            Text("title"),
            Text("requester"),
            Text("region"),
            Text("received_date"),
            Text("replied_date"),
            Text("policy_document"),
        ];
        register(manager, "consultation_review", &columns).await?;
        register(manager, "outreach_event", &[Text("title"), Text("region"), Text("held_date")]).await?;

        let columns = [Text("title"), Text("stage"), Integer("year"), Text("region"), Text("legal_basis")];
        register(manager, "pilot", &columns).await?;
        register(manager, "pilot_member", &[Text("pilot"), Text("kind"), Text("region"), Text("purchaser")]).await?;
        let columns = [
            Text("title"),
            Text("kind"),
            Text("grantor"),
            Text("holder"),
            Integer("year"),
            Text("national_total_figure"),
        ];
        register(manager, "designation", &columns).await?;
        register(manager, "milestone", &[Text("title"), Integer("year"), Text("region")]).await?;

        register(manager, "evaluation_scheme", &[Text("title"), Text("region")]).await?;
        let columns = [
            Text("title"),
            Text("evaluation_no"),
            Text("phase"),
            Integer("year"),
            Text("region"),
            Text("project"),
            Text("purchaser"),
            Text("system_region"),
            Text("policy_document"),
            Text("pilot"),
            Text("evaluator_kind"),
            Text("evaluator"),
            Text("scheme"),
            Text("state"),
            Text("final_day"),
            Integer("application_count"),
        ];
        register(manager, "evaluation", &columns).await?;
        let columns = [
            Text("evaluation"),
            Text("kind"),
            Text("effect"),
            Text("bar_until_day"),
            Text("project"),
            Text("purchaser"),
            Text("policy_document"),
            Text("provider"),
            Text("decided_day"),
            Text("region"),
        ];
        register(manager, "result_application", &columns).await?;

        register(manager, "practice_case", &[Text("title"), Text("region")]).await?;
        for (name, table, columns) in ORDERED {
            manager.create_index(index(name, table, columns)).await?;
        }
        run(manager, UNIQUE).await
    }
}
