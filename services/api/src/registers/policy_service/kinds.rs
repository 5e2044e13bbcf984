//! What the registers of policies hold.

use std::sync::LazyLock;

use proto::procurement::v1;

use crate::{
    registers::{
        held::{
            FIGURES_MAX, Held, NAME_CHARACTERS_MAX, NOTE_CHARACTERS_MAX, TEXT_CHARACTERS_MAX, TITLE_CHARACTERS_MAX,
        },
        kind::{Kind, Meaning},
    },
    wire::Fault,
};

/// Documents that one supersedes.
const SUPERSEDED_MAX: usize = 100;
/// Places of a framework.
const SLOTS_MAX: usize = 20;
/// Documents of a place.
const SLOT_DOCUMENTS_MAX: usize = 200;
/// Forms of an event.
const FORMS_MAX: usize = 20;

/// A policy document, by name.
pub const POLICY_DOCUMENT_OF: Meaning = Meaning::Reference { collection: "policyDocuments", table: "policy_document" };
/// A figure, by name.
pub const FIGURE_OF: Meaning = Meaning::Reference { collection: "figures", table: "figure" };
/// A purchaser, by name.
pub const PURCHASER_OF: Meaning = Meaning::Reference { collection: "purchasers", table: "purchaser" };

/// 政策文件.
pub static POLICY_DOCUMENT: LazyLock<Kind<v1::PolicyDocument>> = LazyLock::new(|| {
    Kind::new("policy_document", "policyDocuments", "政策文件")
        .ordered("title", Meaning::Text)
        .look_up("kind", Meaning::Code)
        .look_up("doc_no", Meaning::Text)
        .look_up("issuer", Meaning::Text)
        .ordered("issue_date", Meaning::Text)
        .ordered("effective_date", Meaning::Text)
        .ordered("abolish_date", Meaning::Text)
        .ordered("region", Meaning::Region)
        .repeated("supersedes", "supersedes", POLICY_DOCUMENT_OF)
        .searched(&["title", "doc_no", "issuer"])
        .checked(check_document)
});

/// 制度框架.
pub static POLICY_FRAMEWORK: LazyLock<Kind<v1::PolicyFramework>> = LazyLock::new(|| {
    Kind::new("policy_framework", "policyFrameworks", "制度框架")
        .ordered("title", Meaning::Text)
        .ordered("region", Meaning::Region)
        .ordered("from_date", Meaning::Text)
        .repeated("slots.documents", "document", POLICY_DOCUMENT_OF)
        .searched(&["title", "title_en"])
        .checked(check_framework)
});

/// 组织机制.
pub static MECHANISM: LazyLock<Kind<v1::Mechanism>> = LazyLock::new(|| {
    Kind::new("mechanism", "mechanisms", "组织机制")
        .ordered("title", Meaning::Text)
        .look_up("kind", Meaning::Code)
        .ordered("region", Meaning::Region)
        .optional_integer("start_year")
        .searched(&["title", "title_en", "convenor_role", "lead_body"])
        .checked(check_mechanism)
});

/// 政府职能清单.
pub static FUNCTION_LIST: LazyLock<Kind<v1::FunctionList>> = LazyLock::new(|| {
    Kind::new("function_list", "functionLists", "政府职能清单")
        .ordered("title", Meaning::Text)
        .ordered("region", Meaning::Region)
        .look_up("policy_document", POLICY_DOCUMENT_OF)
        .optional_integer("year")
        .repeated("figures", "figure", FIGURE_OF)
        .searched(&["title", "title_en"])
        .checked(check_function_list)
});

/// 政府职能.
pub static GOVERNMENT_FUNCTION: LazyLock<Kind<v1::GovernmentFunction>> = LazyLock::new(|| {
    Kind::new("government_function", "governmentFunctions", "政府职能")
        .ordered("title", Meaning::Text)
        .look_up("function_list", Meaning::Reference { collection: "functionLists", table: "function_list" })
        .ordered("department", Meaning::Text)
        .look_up("purchaser", PURCHASER_OF)
        .look_up("transfer_state", Meaning::Code)
        .searched(&["title", "department"])
        .checked(check_function)
});

/// 征求意见.
pub static CONSULTATION_REVIEW: LazyLock<Kind<v1::ConsultationReview>> = LazyLock::new(|| {
    Kind::new("consultation_review", "consultationReviews", "征求意见答复")
        .ordered("title", Meaning::Text)
        .look_up("requester", Meaning::Text)
        .look_up("region", Meaning::Region)
        .ordered("received_date", Meaning::Text)
        .ordered("replied_date", Meaning::Text)
        .look_up("policy_document", POLICY_DOCUMENT_OF)
        .repeated("figures", "figure", FIGURE_OF)
        .searched(&["title", "title_en", "advice"])
        .checked(check_consultation)
});

/// 送政策上门.
pub static OUTREACH_EVENT: LazyLock<Kind<v1::OutreachEvent>> = LazyLock::new(|| {
    Kind::new("outreach_event", "outreachEvents", "政策宣讲活动")
        .ordered("title", Meaning::Text)
        .look_up("region", Meaning::Region)
        .ordered("held_date", Meaning::Text)
        .searched(&["title", "title_en", "forms", "audience"])
        .checked(check_outreach)
});

fn check_document(document: &v1::PolicyDocument) -> Vec<Fault> {
    let mut held = Held::default();
    held.text("title", &document.title, 1..=TITLE_CHARACTERS_MAX);
    held.said("kind", document.kind());
    held.text("doc_no", &document.doc_no, 0..=NAME_CHARACTERS_MAX);
    held.text("issuer", &document.issuer, 0..=NAME_CHARACTERS_MAX);
    held.coarse_day("issue_date", &document.issue_date);
    held.coarse_day("effective_date", &document.effective_date);
    held.coarse_day("abolish_date", &document.abolish_date);
    held.list("supersedes", &document.supersedes, SUPERSEDED_MAX);
    held.required("region", &document.region);
    held.text("note", &document.note, 0..=NOTE_CHARACTERS_MAX);
    held.faults()
}

fn check_framework(framework: &v1::PolicyFramework) -> Vec<Fault> {
    let mut held = Held::default();
    held.titles(&framework.title, &framework.title_en);
    held.required("region", &framework.region);
    held.coarse_day("from_date", &framework.from_date);
    if !(1..=SLOTS_MAX).contains(&framework.slots.len()) {
        held.wrong("slots", format!("1 to {SLOTS_MAX} are needed"), format!("应有 1 至 {SLOTS_MAX} 项"));
    }
    for (index, slot) in framework.slots.iter().enumerate().take(SLOTS_MAX) {
        let field = |name: &str| format!("slots[{index}].{name}");
        held.text(&field("title"), &slot.title, 1..=NAME_CHARACTERS_MAX);
        held.said(&field("kind"), slot.kind());
        let counts = 0..=i32::try_from(SLOT_DOCUMENTS_MAX).unwrap_or(i32::MAX);
        held.must(
            counts.contains(&slot.wanted_count),
            &field("wanted_count"),
            "0 to 200 is taken",
            "应在 0 至 200 之间",
        );
        held.list(&field("documents"), &slot.documents, SLOT_DOCUMENTS_MAX);
    }
    held.faults()
}

fn check_mechanism(mechanism: &v1::Mechanism) -> Vec<Fault> {
    let mut held = Held::default();
    held.titles(&mechanism.title, &mechanism.title_en);
    held.said("kind", mechanism.kind());
    held.text("convenor_role", &mechanism.convenor_role, 0..=NAME_CHARACTERS_MAX);
    held.text("lead_body", &mechanism.lead_body, 0..=NAME_CHARACTERS_MAX);
    held.last_year("start_year", mechanism.start_year, None);
    held.last_year("end_year", mechanism.end_year, mechanism.start_year);
    held.required("region", &mechanism.region);
    held.faults()
}

fn check_function_list(list: &v1::FunctionList) -> Vec<Fault> {
    let mut held = Held::default();
    held.titles(&list.title, &list.title_en);
    held.required("region", &list.region);
    held.last_year("year", list.year, None);
    held.count("department_count", list.department_count);
    held.count("function_count", list.function_count);
    held.list("figures", &list.figures, FIGURES_MAX);
    held.faults()
}

fn check_function(function: &v1::GovernmentFunction) -> Vec<Fault> {
    let mut held = Held::default();
    held.text("title", &function.title, 1..=TITLE_CHARACTERS_MAX);
    held.required("function_list", &function.function_list);
    held.text("department", &function.department, 0..=NAME_CHARACTERS_MAX);
    held.coarse_day("transfer_date", &function.transfer_date);
    held.text("note", &function.note, 0..=NOTE_CHARACTERS_MAX);
    held.faults()
}

fn check_consultation(review: &v1::ConsultationReview) -> Vec<Fault> {
    let mut held = Held::default();
    held.titles(&review.title, &review.title_en);
    held.text("doc_no", &review.doc_no, 0..=NAME_CHARACTERS_MAX);
    held.text("requester", &review.requester, 0..=NAME_CHARACTERS_MAX);
    held.required("region", &review.region);
    held.coarse_day("received_date", &review.received_date);
    held.coarse_day("replied_date", &review.replied_date);
    let span = crate::registers::held::span;
    if let (Some((received, _)), Some((_, replied))) = (span(&review.received_date), span(&review.replied_date)) {
        held.must(received <= replied, "replied_date", "is before it came", "早于收到日期");
    }
    held.text("advice", &review.advice, 0..=TEXT_CHARACTERS_MAX);
    held.list("figures", &review.figures, FIGURES_MAX);
    held.faults()
}

fn check_outreach(event: &v1::OutreachEvent) -> Vec<Fault> {
    let mut held = Held::default();
    held.titles(&event.title, &event.title_en);
    held.list("forms", &event.forms, FORMS_MAX);
    for (index, form) in event.forms.iter().enumerate().take(FORMS_MAX) {
        held.text(&format!("forms[{index}]"), form, 1..=NAME_CHARACTERS_MAX);
    }
    held.required("region", &event.region);
    held.coarse_day("held_date", &event.held_date);
    held.text("audience", &event.audience, 0..=NAME_CHARACTERS_MAX);
    held.count("attendee_count", event.attendee_count);
    held.faults()
}
