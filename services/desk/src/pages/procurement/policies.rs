//! 政策: the documents with what they superseded, the frameworks that they fill, who leads the reform, lists of functions
//! and advice on drafts.

use axum::{
    Router,
    extract::{Path, Query},
    response::Response,
    routing::get,
};
use maud::{Markup, html};
use proto::procurement::v1::{
    ConsultationReview, DocumentStanding, FrameworkSlotState, FunctionList, GetFrameworkRequest, GetFrameworkResponse,
    GetPolicyLineageRequest, ListConsultationReviewsRequest, ListFunctionListsRequest, ListMechanismsRequest,
    ListPolicyDocumentsRequest, ListPolicyFrameworksRequest, Mechanism, PolicyDocument, PolicyKind, PolicyLineageStep,
};

use super::{
    Answer, Tab, answer,
    listing::{Listing, PAGE_SIZE},
    names::{Names, id, link},
    parts::{self, counted, titled},
    show,
    words::Named,
};
use crate::{
    Desk, Language,
    html::{Tone, badge, filled},
    posted::Fields,
    visit::Visit,
};

/// The routes of this file.
pub fn routes() -> Router<Desk> {
    Router::new().route("/procurement/policies", get(list)).route("/procurement/policies/{id}", get(one))
}

/// Of each smaller register a page shows so many.
const SHOWN: i32 = 100;

async fn list(visit: Visit, Query(query): Query<Vec<(String, String)>>) -> Response {
    answer(&visit, listed(&visit, &Fields(query)).await)
}

async fn listed(visit: &Visit, fields: &Fields) -> Answer {
    let language = visit.language();
    let listing = Listing::new(visit, "/procurement/policies", fields)
        .search()
        .region("region")
        .await?
        .choice::<PolicyKind>("kind", "kind", "文种", "Kind")
        .ordered(&[
            ("", "issue_date", "发文由远及近", "Earliest first"),
            ("latest", "issue_date desc", "发文由近及远", "Latest first"),
        ]);
    let asked = ListPolicyDocumentsRequest {
        page_size: PAGE_SIZE,
        page_token: listing.token(),
        filter: listing.filter(),
        order_by: listing.order(),
        show_deleted: false,
        return_total: listing.is_counted(),
    };
    let mut policies = visit.api.policies();
    let found = policies.list_policy_documents(asked).await?.into_inner();
    let asked = ListPolicyFrameworksRequest { page_size: SHOWN, ..Default::default() };
    let mut frameworks = Vec::new();
    for framework in policies.list_policy_frameworks(asked).await?.into_inner().policy_frameworks {
        let asked = GetFrameworkRequest { region: framework.region, as_of_day: String::new() };
        frameworks.push(policies.get_framework(asked).await?.into_inner());
    }
    let asked = ListMechanismsRequest { page_size: SHOWN, ..Default::default() };
    let mechanisms = policies.list_mechanisms(asked).await?.into_inner().mechanisms;
    let asked = ListFunctionListsRequest { page_size: SHOWN, ..Default::default() };
    let functions = policies.list_function_lists(asked).await?.into_inner().function_lists;
    let asked = ListConsultationReviewsRequest { page_size: SHOWN, ..Default::default() };
    let consultations = policies.list_consultation_reviews(asked).await?.into_inner().consultation_reviews;
    let regions = found.policy_documents.iter().map(|of| of.region.as_str());
    let regions = regions.chain(mechanisms.iter().map(|of| of.region.as_str()));
    let regions = regions.chain(functions.iter().map(|of| of.region.as_str()));
    let names = Names::of(&visit.api, language, regions).await;
    let body = html! {
        (listing.form())
        (listing.total(found.total_size))
        (table(&found.policy_documents, &names, language))
        (listing.pager(&found.next_page_token))
        h2 #frameworks { (visit.say("制度框架", "Frameworks")) }
        @if frameworks.is_empty() { p.nothing { (visit.say("没有登记。", "None is recorded.")) } }
        @for framework in &frameworks { (filled_framework(framework, language)) }
        h2 #mechanisms { (visit.say("组织机制", "Mechanisms")) }
        (led(&mechanisms, &names, language))
        h2 #functions { (visit.say("政府职能清单", "Lists of functions")) }
        (function_table(&functions, &names, language))
        h2 #consultations { (visit.say("征求意见", "Consultations")) }
        (advice(&consultations, language))
    };
    show(visit, Tab::Policies, visit.say("政策", "Policies"), &body)
}

fn table(documents: &[PolicyDocument], names: &Names, language: Language) -> Markup {
    let columns = [
        (language.of("文件", "Document"), false),
        (language.of("文种", "Kind"), false),
        (language.of("文号", "Number"), false),
        (language.of("发文单位", "Issuer"), false),
        (language.of("发文", "Issued"), false),
        (language.of("废止", "Abolished"), false),
        (language.of("地区", "Region"), false),
    ];
    html! {
        @if documents.is_empty() { p.nothing { (language.of("没有符合条件的文件。", "No document meets the conditions.")) } }
        @else { div.scroll tabindex="0" { table {
            (parts::head(&columns))
            tbody { @for of in documents { tr data-row {
                th scope="row" { (link(&of.name, &of.title)) (parts::marks(of.provenance.as_ref(), of.delete_time.as_ref(), language)) }
                td.short { (of.kind().named(language)) }
                td { (filled(&of.doc_no)) }
                td { (filled(&of.issuer)) }
                td.short { (filled(&of.issue_date)) }
                td { (filled(&of.abolish_date)) }
                td.short { (names.link(&of.region)) }
            } } }
        } } }
    }
}

/// A framework and how far its places are filled.
fn filled_framework(found: &GetFrameworkResponse, language: Language) -> Markup {
    let tone = |state: FrameworkSlotState| match state {
        FrameworkSlotState::Filled => Tone::Good,
        FrameworkSlotState::Partial => Tone::Warn,
        FrameworkSlotState::Empty => Tone::Bad,
        FrameworkSlotState::Undetermined | FrameworkSlotState::Unspecified => Tone::Plain,
    };
    let standing = |standing: DocumentStanding| match standing {
        DocumentStanding::InForce => Tone::Good,
        DocumentStanding::Abolished | DocumentStanding::Deleted => Tone::Bad,
        _ => Tone::Plain,
    };
    let framework = found.policy_framework.clone().unwrap_or_default();
    let columns = [
        (language.of("位置", "Place"), false),
        (language.of("文种", "Kind"), false),
        (language.of("状态", "State"), false),
        (language.of("文件", "Documents"), false),
    ];
    html! {
        h3 { (titled(&framework.title, &framework.title_en, language)) (parts::marks(framework.provenance.as_ref(), framework.delete_time.as_ref(), language)) }
        div.scroll tabindex="0" { table {
            (parts::head(&columns))
            tbody { @for filling in &found.slots { @let slot = filling.slot.clone().unwrap_or_default(); tr {
                th scope="row" { (slot.title) }
                td { (slot.kind().named(language)) }
                td { (badge(tone(filling.state()), filling.state().named(language)))
                    @if filling.missing_count > 0 { " " (language.of("还缺 ", "missing ")) (filling.missing_count) } }
                td { @for document in &filling.documents { @if let Some(policy) = &document.policy_document {
                    div { (link(&policy.name, &policy.title)) " " (badge(standing(document.standing()), document.standing().named(language))) }
                } } }
            } } }
        } }
    }
}

fn led(mechanisms: &[Mechanism], names: &Names, language: Language) -> Markup {
    let columns = [
        (language.of("名称", "Title"), false),
        (language.of("类别", "Kind"), false),
        (language.of("召集人（职务）", "Convenor (office)"), false),
        (language.of("牵头单位", "Lead body"), false),
        (language.of("起始", "Since"), true),
        (language.of("地区", "Region"), false),
    ];
    html! {
        @if mechanisms.is_empty() { p.nothing { (language.of("没有登记。", "None is recorded.")) } }
        @else { div.scroll tabindex="0" { table {
            (parts::head(&columns))
            tbody { @for of in mechanisms { tr {
                th scope="row" { (titled(&of.title, &of.title_en, language)) (parts::marks(of.provenance.as_ref(), of.delete_time.as_ref(), language)) }
                td.short { (of.kind().named(language)) }
                td { (filled(&of.convenor_role)) }
                td { (filled(&of.lead_body)) }
                td.number { @match of.start_year { Some(year) => (year), None => span.nothing { "—" } } }
                td.short { (names.link(&of.region)) }
            } } }
        } } }
    }
}

fn function_table(lists: &[FunctionList], names: &Names, language: Language) -> Markup {
    let columns = [
        (language.of("清单", "List"), false),
        (language.of("地区", "Region"), false),
        (language.of("部门数（公布）", "Departments (published)"), true),
        (language.of("职能数（公布）", "Functions (published)"), true),
        (language.of("相关数字", "Figures"), false),
    ];
    html! {
        @if lists.is_empty() { p.nothing { (language.of("没有登记。", "None is recorded.")) } }
        @else { div.scroll tabindex="0" { table {
            (parts::head(&columns))
            tbody { @for of in lists { tr {
                th scope="row" { (titled(&of.title, &of.title_en, language)) (parts::marks(of.provenance.as_ref(), of.delete_time.as_ref(), language)) }
                td.short { (names.link(&of.region)) }
                td.number { (counted(of.department_count)) }
                td.number { (counted(of.function_count)) }
                td { (figures(&of.figures, language)) }
            } } }
        } } }
    }
}

fn figures(figures: &[String], language: Language) -> Markup {
    html! {
        @if figures.is_empty() { span.nothing { "—" } }
        @for (at, figure) in figures.iter().enumerate() { @if at > 0 { (language.of("、", ", ")) } (link(figure, id(figure))) }
    }
}

fn advice(consultations: &[ConsultationReview], language: Language) -> Markup {
    let columns = [
        (language.of("征求意见稿", "Draft"), false),
        (language.of("来文单位", "Asked by"), false),
        (language.of("收到", "Received"), false),
        (language.of("答复", "Replied"), false),
        (language.of("相关数字", "Figures"), false),
    ];
    html! {
        @if consultations.is_empty() { p.nothing { (language.of("没有登记。", "None is recorded.")) } }
        @else { div.scroll tabindex="0" { table {
            (parts::head(&columns))
            tbody { @for of in consultations { tr {
                th scope="row" {
                    (titled(&of.title, &of.title_en, language)) (parts::marks(of.provenance.as_ref(), of.delete_time.as_ref(), language))
                    @if !of.advice.is_empty() { details { summary { (language.of("政策建议", "Advice")) } div.prose lang="zh-CN" { (of.advice) } } }
                }
                td { (filled(&of.requester)) }
                td { (filled(&of.received_date)) }
                td { (filled(&of.replied_date)) }
                td { (figures(&of.figures, language)) }
            } } }
        } } }
    }
}

async fn one(visit: Visit, Path(id): Path<String>) -> Response {
    answer(&visit, shown(&visit, format!("policyDocuments/{id}")).await)
}

async fn shown(visit: &Visit, name: String) -> Answer {
    let language = visit.language();
    let lineage = visit.api.policies().get_policy_lineage(GetPolicyLineageRequest { name }).await?.into_inner();
    let of = lineage.policy_document.clone().unwrap_or_default();
    let source = of.provenance.as_ref().map(|said| format!("sourceDocuments/{}", said.source)).unwrap_or_default();
    let names = Names::of(&visit.api, language, [of.region.as_str(), &source]).await;
    let is_latest = lineage.latest.contains(&of.name);
    let body = html! {
        (parts::warnings(of.provenance.as_ref(), of.delete_time.as_ref(), language))
        dl.facts {
            dt { (language.of("文种", "Kind")) } dd { (of.kind().named(language)) }
            dt { (language.of("文号", "Number")) } dd { (filled(&of.doc_no)) }
            dt { (language.of("发文单位", "Issuer")) } dd { (filled(&of.issuer)) }
            dt { (language.of("发文日期", "Issued")) } dd { (filled(&of.issue_date)) }
            dt { (language.of("施行日期", "In force from")) } dd { (filled(&of.effective_date)) }
            dt { (language.of("废止日期", "Abolished")) } dd { (filled(&of.abolish_date)) }
            dt { (language.of("适用地区", "Region")) } dd { (names.link(&of.region)) }
            @if !of.note.is_empty() { dt { (language.of("说明", "Note")) } dd { (of.note) } }
        }
        h2 { (language.of("沿革", "Lineage")) }
        p { @if is_latest { (badge(Tone::Good, language.of("最新", "latest"))) " " (language.of("没有文件替代它。", "No document takes its place.")) }
            @else { (badge(Tone::Warn, language.of("已有后续文件", "superseded"))) } }
        (steps(language.of("由它替代的文件", "What it superseded"), &lineage.predecessors, language))
        (steps(language.of("替代它的文件", "What superseded it"), &lineage.successors, language))
        (parts::source(of.provenance.as_ref(), names.title(&source), language))
    };
    show(visit, Tab::Policies, &of.title, &body)
}

fn steps(heading: &str, steps: &[PolicyLineageStep], language: Language) -> Markup {
    html! { @if !steps.is_empty() {
        h3 { (heading) }
        ol { @for step in steps { @if let Some(of) = &step.policy_document {
            li { (link(&of.name, &of.title)) " " span.detail { (of.issue_date) @if step.steps > 1 { (language.of("，间隔 ", ", ")) (step.steps - 1) (language.of(" 份文件", " documents between")) } } }
        } } }
    } }
}
