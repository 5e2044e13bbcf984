//! Who may call what: one table, a line for every method. What stands in no line is denied to everybody.
//!
//! The table says the least right of a method; a service may ask for more (which step of a review is whose, say
//! `intake::review` and the campaign). A viewer reads, an editor works on submissions, a chief editor decides, approves letters,
//! and changes campaigns and registers, an administrator has the users, and reports and erases persons.

use std::{collections::HashMap, sync::LazyLock};

use intake::review::Role;

/// The least right that a method asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    /// Asked without a token.
    Open,
    /// This role, or one above it.
    Least(Role),
}

const OPEN: Right = Right::Open;
const VIEWER: Right = Right::Least(Role::Viewer);
const EDITOR: Right = Right::Least(Role::Editor);
const CHIEF: Right = Right::Least(Role::ChiefEditor);
const ADMINISTRATOR: Right = Right::Least(Role::Administrator);

type Line = (&'static str, Right, &'static [&'static str]);

/// By service. Signing out takes a token that may have ended; a mail as it came, and its page, hold what the views mask, and a
/// page is downloaded with a ticket in place of a token; messages and quarantine name senders.
const TABLE: &[Line] = &[
    ("grpc.health.v1.Health", OPEN, &["Check", "Watch"]),
    ("grpc.reflection.v1.ServerReflection", VIEWER, &["ServerReflectionInfo"]),
    ("grpc.reflection.v1alpha.ServerReflection", VIEWER, &["ServerReflectionInfo"]),
    ("caibian.intake.v1.CampaignService", VIEWER, &["GetCampaign", "ListCampaigns"]),
    ("caibian.intake.v1.CampaignService", EDITOR, &["TestCampaign", "PreviewReply"]),
    ("caibian.intake.v1.CampaignService", CHIEF, &["CreateCampaign", "UpdateCampaign"]),
    ("caibian.intake.v1.ContactService", VIEWER, &["GetContact", "ListContacts", "ListOrganisations"]),
    ("caibian.intake.v1.ContactService", EDITOR, &["MarkReachable"]),
    ("caibian.intake.v1.ExportService", VIEWER, &["ExportRegister"]),
    ("caibian.intake.v1.ExportService", EDITOR, &["ExportFiles"]),
    ("caibian.intake.v1.MailPageService", OPEN, &["DownloadMailPage"]),
    ("caibian.intake.v1.MailPageService", EDITOR, &["GetMailPage", "IssueMailPageTicket"]),
    ("caibian.intake.v1.MailboxService", VIEWER, &["GetMailbox", "ListMailboxes"]),
    ("caibian.intake.v1.MailboxService", EDITOR, &["GetMessage", "ListMessages", "ReconcileMailbox"]),
    ("caibian.intake.v1.MailboxService", ADMINISTRATOR, &["TestMailbox"]),
    ("caibian.intake.v1.OutboxService", VIEWER, &["GetReply", "ListReplies", "CountReplies", "GetSending"]),
    ("caibian.intake.v1.OutboxService", EDITOR, &["UpdateReply", "HoldReply", "CancelReply", "RetryReply"]),
    ("caibian.intake.v1.OutboxService", CHIEF, &["ApproveReply", "SettleReply"]),
    ("caibian.intake.v1.PrivacyService", ADMINISTRATOR, &["ReportPerson", "ErasePerson", "GetErasure", "ListErasures"]),
    ("caibian.intake.v1.QuarantineService", EDITOR, &["GetQuarantined", "ListQuarantined", "RetryQuarantined"]),
    ("caibian.intake.v1.QuarantineService", CHIEF, &["ReleaseQuarantined"]),
    (
        "caibian.intake.v1.ReviewService",
        VIEWER,
        &[
            "GetReview",
            "ListReviews",
            "ListReviewEvents",
            "CountReviews",
            "GetReviewNeighbours",
            "ListReviewRemarks",
            "ListTags",
            "CreateSavedView",
            "ListSavedViews",
            "DeleteSavedView",
            "WatchReviews",
        ],
    ),
    (
        "caibian.intake.v1.ReviewService",
        EDITOR,
        &[
            "AssignSubmission",
            "BeginReview",
            "RecommendSubmission",
            "PassSubmission",
            "SendBackSubmission",
            "DecideSubmission",
            "ResumeReview",
            "ScheduleSubmission",
            "UnscheduleSubmission",
            "PublishSubmission",
            "WithdrawSubmission",
            "RetractDecision",
            "TagSubmission",
            "CommentSubmission",
        ],
    ),
    (
        "caibian.intake.v1.SessionService",
        OPEN,
        &[
            "SignIn",
            "AcceptInvitation",
            "SignOut",
            "ListSignInProviders",
            "BeginProviderSignIn",
            "CompleteProviderSignIn",
        ],
    ),
    ("caibian.intake.v1.SessionService", VIEWER, &["GetSession", "ChangePassword"]),
    ("caibian.intake.v1.StatisticsService", VIEWER, &["GetIntakeStatistics"]),
    (
        "caibian.intake.v1.SubmissionService",
        VIEWER,
        &["GetSubmission", "ListSubmissions", "WatchSubmissions", "DownloadAttachment"],
    ),
    (
        "caibian.intake.v1.SubmissionService",
        EDITOR,
        &["DownloadRaw", "RevealContact", "ListSimilar", "CompareSubmissions"],
    ),
    ("caibian.intake.v1.UserService", EDITOR, &["ListEditors"]),
    (
        "caibian.intake.v1.UserService",
        ADMINISTRATOR,
        &["CreateUser", "GetUser", "ListUsers", "UpdateUser", "InviteUser", "ListAccessEvents"],
    ),
    ("caibian.procurement.v1.CaseService", VIEWER, &["GetPracticeCase", "ListPracticeCases", "SearchCases"]),
    (
        "caibian.procurement.v1.CaseService",
        CHIEF,
        &["CreatePracticeCase", "UpdatePracticeCase", "DeletePracticeCase", "UndeletePracticeCase"],
    ),
    (
        "caibian.procurement.v1.CatalogueService",
        VIEWER,
        &[
            "GetCatalogue",
            "ListCatalogues",
            "GetEdition",
            "ListEditions",
            "GetCatalogueItem",
            "ListCatalogueItems",
            "BatchGetCatalogueItems",
            "DiffEditions",
            "GetCrosswalk",
            "SuggestCrosswalk",
            "MapItems",
            "ClassifyText",
        ],
    ),
    (
        "caibian.procurement.v1.CatalogueService",
        CHIEF,
        &[
            "CreateCatalogue",
            "CreateEdition",
            "UpdateEdition",
            "PublishEdition",
            "CreateCatalogueItem",
            "UpdateCatalogueItem",
            "DeleteCatalogueItem",
            "UndeleteCatalogueItem",
            "SetCrosswalk",
        ],
    ),
    ("caibian.procurement.v1.ContractService", VIEWER, &["GetContract", "ListContracts", "CheckContract"]),
    (
        "caibian.procurement.v1.ContractService",
        CHIEF,
        &[
            "CreateContract",
            "UpdateContract",
            "DeleteContract",
            "UndeleteContract",
            "AmendContract",
            "RecordPayment",
            "RecordAcceptance",
            "TerminateContract",
        ],
    ),
    (
        "caibian.procurement.v1.EvaluationService",
        VIEWER,
        &[
            "GetEvaluationScheme",
            "ListEvaluationSchemes",
            "GetEvaluation",
            "ListEvaluations",
            "GetResultApplication",
            "ListResultApplications",
            "TraceResult",
            "ListUnappliedEvaluations",
            "CheckEvaluation",
        ],
    ),
    (
        "caibian.procurement.v1.EvaluationService",
        CHIEF,
        &[
            "CreateEvaluationScheme",
            "UpdateEvaluationScheme",
            "DeleteEvaluationScheme",
            "UndeleteEvaluationScheme",
            "CreateEvaluation",
            "UpdateEvaluation",
            "DeleteEvaluation",
            "UndeleteEvaluation",
            "DeleteResultApplication",
            "SubmitEvaluationReport",
            "FinaliseEvaluation",
            "ApplyEvaluationResult",
        ],
    ),
    (
        "caibian.procurement.v1.FigureService",
        VIEWER,
        &[
            "GetFigure",
            "BatchGetFigures",
            "ListFigures",
            "GetSourceDocument",
            "ListSourceDocuments",
            "GetWantedFigure",
            "ListWantedFigures",
            "GetDerivedFigure",
            "ListDerivedFigures",
            "GetClaim",
            "ListClaims",
            "ReconcileClaim",
            "EvaluateFormula",
            "GetFinding",
            "ListFindings",
        ],
    ),
    (
        "caibian.procurement.v1.FigureService",
        CHIEF,
        &[
            "CreateFigure",
            "UpdateFigure",
            "DeleteFigure",
            "UndeleteFigure",
            "CreateSourceDocument",
            "ReconcileClaims",
            "ReconcileFigure",
            "ReconcileAll",
            "ResolveFinding",
        ],
    ),
    (
        "caibian.procurement.v1.PilotService",
        VIEWER,
        &[
            "GetPilot",
            "ListPilots",
            "GetPilotMember",
            "ListPilotMembers",
            "GetDesignation",
            "ListDesignations",
            "GetMilestone",
            "ListMilestones",
            "GetPilotTimeline",
        ],
    ),
    (
        "caibian.procurement.v1.PilotService",
        CHIEF,
        &[
            "CreatePilot",
            "UpdatePilot",
            "DeletePilot",
            "UndeletePilot",
            "CreatePilotMember",
            "UpdatePilotMember",
            "DeletePilotMember",
            "UndeletePilotMember",
            "CreateDesignation",
            "UpdateDesignation",
            "DeleteDesignation",
            "UndeleteDesignation",
            "CreateMilestone",
            "UpdateMilestone",
            "DeleteMilestone",
            "UndeleteMilestone",
        ],
    ),
    (
        "caibian.procurement.v1.PolicyService",
        VIEWER,
        &[
            "GetPolicyDocument",
            "ListPolicyDocuments",
            "GetPolicyFramework",
            "ListPolicyFrameworks",
            "GetMechanism",
            "ListMechanisms",
            "GetFunctionList",
            "ListFunctionLists",
            "GetGovernmentFunction",
            "ListGovernmentFunctions",
            "GetConsultationReview",
            "ListConsultationReviews",
            "GetOutreachEvent",
            "ListOutreachEvents",
            "GetPolicyLineage",
            "GetFramework",
        ],
    ),
    (
        "caibian.procurement.v1.PolicyService",
        CHIEF,
        &[
            "CreatePolicyDocument",
            "UpdatePolicyDocument",
            "DeletePolicyDocument",
            "UndeletePolicyDocument",
            "CreatePolicyFramework",
            "UpdatePolicyFramework",
            "DeletePolicyFramework",
            "UndeletePolicyFramework",
            "CreateMechanism",
            "UpdateMechanism",
            "DeleteMechanism",
            "UndeleteMechanism",
            "CreateFunctionList",
            "UpdateFunctionList",
            "DeleteFunctionList",
            "UndeleteFunctionList",
            "CreateGovernmentFunction",
            "UpdateGovernmentFunction",
            "DeleteGovernmentFunction",
            "UndeleteGovernmentFunction",
            "CreateConsultationReview",
            "UpdateConsultationReview",
            "DeleteConsultationReview",
            "UndeleteConsultationReview",
            "CreateOutreachEvent",
        ],
    ),
    (
        "caibian.procurement.v1.ProjectService",
        VIEWER,
        &["GetProject", "ListProjects", "BatchGetProjects", "CheckProject", "GetProjectSeries", "GetProjectTrace"],
    ),
    (
        "caibian.procurement.v1.ProjectService",
        CHIEF,
        &["CreateProject", "UpdateProject", "DeleteProject", "UndeleteProject", "LinkProjectSeries"],
    ),
    (
        "caibian.procurement.v1.ProviderService",
        VIEWER,
        &[
            "GetProvider",
            "ListProviders",
            "BatchGetProviders",
            "CheckUscc",
            "CheckEligibility",
            "GetProviderProfile",
            "RankProviders",
            "GetProviderFlag",
            "ListProviderFlags",
            "GetRecommendedList",
            "ListRecommendedLists",
            "GetRecommendedEntry",
            "ListRecommendedEntries",
        ],
    ),
    (
        "caibian.procurement.v1.ProviderService",
        CHIEF,
        &[
            "CreateProvider",
            "UpdateProvider",
            "DeleteProvider",
            "UndeleteProvider",
            "MergeProviders",
            "AddProviderFlag",
            "EndProviderFlag",
            "CreateRecommendedList",
            "UpdateRecommendedList",
            "DeleteRecommendedList",
            "UndeleteRecommendedList",
            "CreateRecommendedEntry",
            "DeleteRecommendedEntry",
        ],
    ),
    ("caibian.procurement.v1.PurchaserService", VIEWER, &["GetPurchaser", "BatchGetPurchasers", "ListPurchasers"]),
    (
        "caibian.procurement.v1.PurchaserService",
        CHIEF,
        &["CreatePurchaser", "UpdatePurchaser", "DeletePurchaser", "UndeletePurchaser"],
    ),
    (
        "caibian.procurement.v1.RegionService",
        VIEWER,
        &["GetRegion", "ListRegions", "ResolveRegion", "GetRegionLineage", "CompareTerritory"],
    ),
    ("caibian.procurement.v1.RegionService", CHIEF, &["ImportRegionTable"]),
    ("caibian.procurement.v1.StatisticsService", VIEWER, &["QueryRollup", "QueryTrend", "QueryTop", "GetCoverage"]),
    ("caibian.procurement.v1.StatisticsService", CHIEF, &["RebuildRollups", "VerifyRollups"]),
    ("google.longrunning.Operations", VIEWER, &["GetOperation", "ListOperations", "WaitOperation"]),
    ("google.longrunning.Operations", CHIEF, &["CancelOperation", "DeleteOperation"]),
];

static RIGHTS: LazyLock<HashMap<String, Right>> = LazyLock::new(|| {
    let lines = TABLE.iter().flat_map(|(service, right, methods)| {
        methods.iter().map(move |method| (format!("/{service}/{method}"), *right))
    });
    lines.collect()
});

/// The right that the method of a path (`/package.Service/Method`) asks for; none for one without a line.
#[must_use]
pub fn of(path: &str) -> Option<Right> {
    RIGHTS.get(path).copied()
}

/// The method of a path, as metrics name it; whatever callers invent is one.
#[must_use]
pub fn named(path: &str) -> &'static str {
    RIGHTS.get_key_value(path).map_or("other", |(path, _)| &path[1..])
}

/// Every path that has a line.
pub fn paths() -> impl Iterator<Item = (&'static str, Right)> {
    RIGHTS.iter().map(|(path, right)| (path.as_str(), *right))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use prost::Message;

    use super::*;

    #[test]
    fn every_method_has_one_line_and_every_line_a_method() {
        let mut methods = BTreeSet::new();
        for descriptors in [proto::DESCRIPTORS, tonic_health::pb::FILE_DESCRIPTOR_SET] {
            let set = prost_types::FileDescriptorSet::decode(descriptors).unwrap();
            for file in &set.file {
                for service in &file.service {
                    for method in &service.method {
                        methods.insert(format!("/{}.{}/{}", file.package(), service.name(), method.name()));
                    }
                }
            }
        }
        for version in ["v1", "v1alpha"] {
            methods.insert(format!("/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo"));
        }
        let lines: BTreeSet<String> = paths().map(|(path, _)| path.to_owned()).collect();
        let missing: Vec<_> = methods.difference(&lines).collect();
        assert!(missing.is_empty(), "give these a line in services/api/src/rights.rs: {missing:#?}");
        let idle: Vec<_> = lines.difference(&methods).collect();
        assert!(idle.is_empty(), "services/api/src/rights.rs has lines without a method: {idle:#?}");
        let count: usize = TABLE.iter().map(|(_, _, methods)| methods.len()).sum();
        assert_eq!(count, lines.len(), "a method has two lines in services/api/src/rights.rs");
    }
}
