//! 合同: the list, and one contract with its parts, supplements, payments and what the rules say.

use axum::{
    Router,
    extract::{Path, Query},
    response::Response,
    routing::get,
};
use maud::{Markup, html};
use proto::procurement::v1::{
    CheckContractRequest, Contract, ContractState, GetContractRequest, ListContractsRequest, ProviderKind,
};

use super::{
    Answer, Tab, answer,
    listing::{Listing, PAGE_SIZE},
    names::{Names, link},
    parts,
    projects::method,
    show,
    words::Named,
};
use crate::{
    Desk, Language,
    html::{Tone, Unit, badge, filled, money},
    posted::Fields,
    visit::Visit,
};

/// The routes of this file.
pub fn routes() -> Router<Desk> {
    Router::new().route("/procurement/contracts", get(list)).route("/procurement/contracts/{id}", get(one))
}

async fn list(visit: Visit, Query(query): Query<Vec<(String, String)>>) -> Response {
    answer(&visit, listed(&visit, &Fields(query)).await)
}

async fn listed(visit: &Visit, fields: &Fields) -> Answer {
    let listing = Listing::new(visit, "/procurement/contracts", fields)
        .search()
        .choice::<ContractState>("state", "state", "状态", "State")
        .choice::<ProviderKind>("kind", "provider_kind", "承接主体类型", "Kind of provider")
        .origin()
        .ordered(&[
            ("", "", "登记次序", "As registered"),
            ("signed", "signed_day desc", "最近签订在前", "Last signed first"),
            ("ends", "end_day", "最早到期在前", "First to end first"),
        ])
        .reference("provider", "parts.provider", "providers", "承接主体", "Provider")
        .await
        .reference("project", "project", "projects", "项目", "Project")
        .await;
    let asked = ListContractsRequest {
        page_size: PAGE_SIZE,
        page_token: listing.token(),
        filter: listing.filter(),
        order_by: listing.order(),
        show_deleted: false,
        return_total: listing.is_counted(),
    };
    let found = visit.api.contracts().list_contracts(asked).await?.into_inner();
    let body = html! {
        (listing.form())
        (listing.total(found.total_size))
        @if found.contracts.is_empty() { p.nothing { (visit.say("没有符合条件的合同。", "No contract meets the conditions.")) } }
        @else { (table(&found.contracts, &Names::default(), visit.language())) }
        (listing.pager(&found.next_page_token))
    };
    show(visit, Tab::Projects, visit.say("合同", "Contracts"), &body)
}

/// Contracts, a row each.
pub fn table(contracts: &[Contract], names: &Names, language: Language) -> Markup {
    let unit = Unit::of(contracts.iter().flat_map(|of| [of.amended_fen, of.paid_fen]).flatten());
    let columns = [
        (language.of("合同", "Contract"), false),
        (language.of("承接主体", "Providers"), false),
        (&*unit.column(language.of("金额", "Amount"), language), true),
        (&*unit.column(language.of("已支付", "Paid"), language), true),
        (language.of("签订日", "Signed"), false),
        (language.of("期限", "Term"), false),
        (language.of("状态", "State"), false),
    ];
    html! { div.scroll tabindex="0" { table {
        (parts::head(&columns))
        tbody { @for contract in contracts { tr data-row {
            th scope="row" {
                (link(&contract.name, &contract.title)) (parts::marks(contract.provenance.as_ref(), contract.delete_time.as_ref(), language))
                @if !contract.contract_no.is_empty() { br; span.code { (contract.contract_no) } }
            }
            td { @for (at, part) in contract.parts.iter().enumerate() { @if at > 0 { br; } (provider(part, names)) } }
            td.number { (unit.cell(contract.amended_fen, language)) }
            td.number { (unit.cell(contract.paid_fen, language)) }
            td.short { (filled(&contract.signed_day)) }
            td.short { (term(contract)) }
            td { (state(contract.state(), language)) }
        } } }
    } } }
}

fn provider(part: &proto::procurement::v1::ContractPart, names: &Names) -> Markup {
    let title = if part.title.is_empty() { names.title(&part.provider) } else { &part.title };
    html! { (link(&part.provider, title)) @if !part.share.is_empty() && part.share != "1" { " （" (part.share) "）" } }
}

fn term(contract: &Contract) -> Markup {
    html! {
        @if contract.start_day.is_empty() && contract.end_day.is_empty() { span.nothing { "—" } }
        @else { (filled(&contract.start_day)) " – " (filled(&contract.end_day)) }
    }
}

fn state(state: ContractState, language: Language) -> Markup {
    let tone = match state {
        ContractState::Accepted => Tone::Good,
        ContractState::Rejected | ContractState::Terminated => Tone::Bad,
        ContractState::Draft | ContractState::InForce | ContractState::Unspecified => Tone::Plain,
    };
    badge(tone, state.named(language))
}

async fn one(visit: Visit, Path(id): Path<String>) -> Response {
    answer(&visit, shown(&visit, format!("contracts/{id}")).await)
}

async fn shown(visit: &Visit, name: String) -> Answer {
    let language = visit.language();
    let mut contracts = visit.api.contracts();
    let contract = contracts.get_contract(GetContractRequest { name: name.clone() }).await?.into_inner();
    let checked = contracts.check_contract(CheckContractRequest { name, on_day: String::new() }).await?.into_inner();
    let source =
        contract.provenance.as_ref().map(|said| format!("sourceDocuments/{}", said.source)).unwrap_or_default();
    let providers = contract.parts.iter().map(|part| part.provider.as_str());
    let names = Names::of(&visit.api, language, providers.chain([contract.project.as_str(), &source])).await;
    let body = html! {
        (parts::warnings(contract.provenance.as_ref(), contract.delete_time.as_ref(), language))
        div.split {
            (facts(&contract, &names, language))
            div { (money_of(&contract, language)) (parts::source(contract.provenance.as_ref(), names.title(&source), language)) }
        }
        (parts::findings("rules", &checked.findings, language))
    };
    show(visit, Tab::Projects, &contract.title, &body)
}

fn facts(contract: &Contract, names: &Names, language: Language) -> Markup {
    let days = [
        ("中标、成交通知", "Awarded", &contract.award_day),
        ("签订", "Signed", &contract.signed_day),
        ("服务开始", "Begins", &contract.start_day),
        ("服务结束", "Ends", &contract.end_day),
        ("公告", "Published", &contract.published_day),
        ("备案", "Filed", &contract.filed_day),
    ];
    html! {
        dl.facts {
            dt { (language.of("合同编号", "Number")) } dd { (filled(&contract.contract_no)) }
            dt { (language.of("项目", "Project")) } dd { (names.link(&contract.project)) }
            dt { (language.of("承接主体", "Providers")) }
            dd { @for part in &contract.parts {
                div { (provider(part, names)) " " span.detail { (part.kind().named(language)) } }
            } }
            dt { (language.of("采购方式", "Method")) } dd { (method(contract.method(), &contract.method_text, language)) }
            @for (zh, en, day) in days { dt { (language.of(zh, en)) } dd { (filled(day)) } }
            @if contract.is_secret { dt { (language.of("公开", "Publication")) } dd { (language.of("涉密，不公开", "secret, not published")) } }
            dt { (language.of("状态", "State")) } dd { (state(contract.state(), language)) }
            @if let Some(acceptance) = &contract.acceptance {
                dt { (language.of("验收", "Acceptance")) }
                dd { (acceptance.day) " " (if acceptance.is_passed { language.of("合格", "passed") } else { language.of("不合格", "failed") })
                    @if acceptance.service_users_invited == Some(true) { (language.of("，服务对象参与", ", service users took part")) }
                    @if acceptance.service_users_invited == Some(false) { (language.of("，服务对象未参与", ", service users did not take part")) }
                    @if !acceptance.note.is_empty() { br; (acceptance.note) } }
            }
            @if let Some(end) = &contract.termination { dt { (language.of("终止", "Terminated")) } dd { (end.day) " " (end.reason) } }
        }
    }
}

fn money_of(contract: &Contract, language: Language) -> Markup {
    html! {
        dl.facts {
            dt { (language.of("合同金额", "Amount")) } dd { (money(contract.amount_fen, language)) }
            dt { (language.of("含补充合同", "With supplements")) } dd { (money(contract.amended_fen, language)) }
            dt { (language.of("已支付", "Paid")) } dd { (money(contract.paid_fen, language)) }
        }
        @if !contract.amendments.is_empty() {
            h2 { (language.of("补充合同", "Supplements")) }
            div.scroll tabindex="0" { table {
                (parts::head(&[(language.of("日期", "Day"), false), (language.of("增减", "Change"), true), (language.of("事由", "Reason"), false)]))
                tbody { @for change in &contract.amendments { tr { td { (change.day) } td.number { (money(Some(change.delta_fen), language)) } td { (filled(&change.reason)) } } } }
            } }
        }
        @if !contract.payments.is_empty() {
            h2 { (language.of("支付", "Payments")) }
            div.scroll tabindex="0" { table {
                (parts::head(&[(language.of("日期", "Day"), false), (language.of("金额", "Amount"), true), (language.of("说明", "Note"), false)]))
                tbody { @for paid in &contract.payments { tr { td { (paid.day) } td.number { (money(Some(paid.amount_fen), language)) } td { (filled(&paid.note)) } } } }
            } }
        }
    }
}
