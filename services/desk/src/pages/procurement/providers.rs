//! 承接主体: the list, and one provider with all that is recorded of it.

use axum::{
    Router,
    extract::{Path, Query},
    response::Response,
    routing::get,
};
use maud::{Markup, html};
use proto::procurement::v1::{
    CheckEligibilityRequest, CheckUsccRequest, CheckUsccResponse, GetProviderProfileRequest, ListContractsRequest,
    ListProvidersRequest, Provider, ProviderKind, ProviderProfile, ProviderScale, ProviderStatus,
};

use super::{
    Answer, Tab, answer, contracts, evaluations,
    listing::{Listing, PAGE_SIZE, quoted},
    names::{Names, id, link},
    parts, show,
    words::Named,
};
use crate::{
    Desk, Language,
    html::{Chart, Point, Tone, Unit, badge, count, filled, money, money_text, url},
    posted::Fields,
    visit::Visit,
};

/// The routes of this file.
pub fn routes() -> Router<Desk> {
    Router::new().route("/procurement/providers", get(list)).route("/procurement/providers/{id}", get(one))
}

/// Contracts that a profile shows; the others are in the list.
const CONTRACTS_SHOWN: i32 = 20;

async fn list(visit: Visit, Query(query): Query<Vec<(String, String)>>) -> Response {
    answer(&visit, listed(&visit, &Fields(query)).await)
}

async fn listed(visit: &Visit, fields: &Fields) -> Answer {
    let language = visit.language();
    let listing = Listing::new(visit, "/procurement/providers", fields)
        .search()
        .region("region")
        .await?
        .choice::<ProviderKind>("kind", "kind", "类型", "Kind")
        .choice::<ProviderScale>("scale", "scale", "规模", "Scale")
        .choice::<ProviderStatus>("status", "status", "存续", "Status")
        .origin()
        .ordered(&[("", "", "登记次序", "As registered"), ("title", "title", "名称", "Title")]);
    let asked = ListProvidersRequest {
        page_size: PAGE_SIZE,
        page_token: listing.token(),
        filter: listing.filter(),
        order_by: listing.order(),
        show_deleted: false,
        return_total: listing.is_counted(),
    };
    let found = visit.api.providers().list_providers(asked).await?.into_inner();
    let names = Names::of(&visit.api, language, found.providers.iter().map(|of| of.region.as_str())).await;
    let body = html! {
        (listing.form())
        (listing.total(found.total_size))
        (table(&found.providers, &names, language))
        (listing.pager(&found.next_page_token))
    };
    show(visit, Tab::Providers, visit.say("承接主体", "Providers"), &body)
}

fn table(providers: &[Provider], names: &Names, language: Language) -> Markup {
    let columns = [
        (language.of("名称", "Name"), false),
        (language.of("统一社会信用代码", "Credit code"), false),
        (language.of("类型", "Kind"), false),
        (language.of("登记类别", "Registration"), false),
        (language.of("规模", "Scale"), false),
        (language.of("登记地", "Region"), false),
        (language.of("存续", "Status"), false),
    ];
    html! {
        @if providers.is_empty() { p.nothing { (language.of("没有符合条件的承接主体。", "No provider meets the conditions.")) } }
        @else { div.scroll tabindex="0" { table {
            (parts::head(&columns))
            tbody { @for provider in providers { tr data-row {
                th scope="row" { (link(&provider.name, &provider.title)) (parts::marks(provider.provenance.as_ref(), provider.delete_time.as_ref(), language)) }
                td { (code(&provider.uscc)) }
                td { (kind(provider.kind(), language)) }
                td { (filled(&provider.registration_class)) }
                td.short { (provider.scale().named(language)) }
                td.short { (names.link(&provider.region)) }
                td.short { (provider.status().named(language)) }
            } } }
        } } }
    }
}

/// A credit code, to be read figure by figure.
pub fn code(uscc: &str) -> Markup {
    html! { @if uscc.is_empty() { span.nothing { "—" } } @else { span.code { (uscc) } } }
}

/// A kind of provider; those that may not deliver are marked (财政部令第102号 §8).
fn kind(kind: ProviderKind, language: Language) -> Markup {
    let is_barred = matches!(kind, ProviderKind::PublicInstitutionOne | ProviderKind::FundedMassOrganisation);
    html! { (kind.named(language)) @if is_barred { " " (badge(Tone::Bad, language.of("不得承接", "may not deliver"))) } }
}

async fn one(visit: Visit, Path(id): Path<String>) -> Response {
    answer(&visit, shown(&visit, format!("providers/{id}")).await)
}

async fn shown(visit: &Visit, name: String) -> Answer {
    let language = visit.language();
    let mut providers = visit.api.providers();
    let asked = GetProviderProfileRequest { name: name.clone(), on_day: String::new() };
    let profile = providers.get_provider_profile(asked).await?.into_inner();
    let provider = profile.provider.clone().unwrap_or_default();
    let asked = CheckEligibilityRequest { name: name.clone(), on_day: String::new() };
    let eligible = providers.check_eligibility(asked).await?.into_inner();
    let checked = if provider.uscc.is_empty() {
        None
    } else {
        let asked = CheckUsccRequest { uscc: provider.uscc.clone(), kind: provider.kind };
        Some(providers.check_uscc(asked).await?.into_inner())
    };
    let asked = ListContractsRequest {
        page_size: CONTRACTS_SHOWN,
        filter: format!("parts.provider:{}", quoted(&name)),
        order_by: "signed_day desc".into(),
        ..Default::default()
    };
    let contracts = visit.api.contracts().list_contracts(asked).await?.into_inner();
    let recommended = profile.recommended_entries.iter().map(|entry| entry.list.as_str());
    let names = Names::of(
        &visit.api,
        language,
        recommended
            .chain([provider.region.as_str(), &provider.merged_into])
            .chain(provider.merged_providers.iter().map(String::as_str)),
    )
    .await;
    let all = url("/procurement/contracts", &[("provider", id(&name))]);
    let body = html! {
        (parts::warnings(provider.provenance.as_ref(), provider.delete_time.as_ref(), language))
        div.split {
            div {
                (facts(&provider, checked.as_ref(), &names, language))
                (flags(&profile, language))
            }
            div { (recorded(&profile, language)) }
        }
        h2 { (language.of("合同", "Contracts")) }
        @if contracts.contracts.is_empty() { p.nothing { (language.of("没有登记合同。", "No contract is recorded.")) } }
        @else {
            (contracts::table(&contracts.contracts, &names, language))
            @if !contracts.next_page_token.is_empty() { p { a href=(all) { (language.of("全部合同", "All contracts")) } } }
        }
        h2 { (language.of("绩效评价", "Evaluations")) }
        (evaluations::table(&profile.evaluations, &Names::default(), language))
        @if !profile.recommended_entries.is_empty() {
            h2 { (language.of("社会组织推荐性目录", "Recommended lists")) }
            ul { @for entry in &profile.recommended_entries { li { (names.title(&entry.list)) (language.of("：", ": ")) (entry.fields.join(language.of("、", ", "))) } } }
        }
        (parts::findings("rules", &eligible.findings, language))
    };
    show(visit, Tab::Providers, &provider.title, &body)
}

fn facts(provider: &Provider, checked: Option<&CheckUsccResponse>, names: &Names, language: Language) -> Markup {
    let comma = language.of("、", ", ");
    html! {
        dl.facts {
            dt { (language.of("统一社会信用代码", "Credit code")) }
            dd {
                (code(&provider.uscc))
                @if let Some(checked) = checked {
                    " " @if checked.is_valid { (badge(Tone::Good, language.of("校验正确", "check digits right"))) }
                    @else { (badge(Tone::Bad, language.of("校验有误", "check digits wrong"))) }
                    details { summary { (language.of("校验说明", "How it was checked")) } p lang="zh-CN" { (checked.sentence) } }
                }
            }
            dt { (language.of("类型", "Kind")) } dd { (kind(provider.kind(), language)) }
            dt { (language.of("登记类别", "Registration")) } dd { (filled(&provider.registration_class)) }
            dt { (language.of("企业规模", "Scale")) } dd { (provider.scale().named(language)) }
            dt { (language.of("登记地", "Region")) } dd { (names.link(&provider.region)) }
            dt { (language.of("存续", "Status")) } dd { (provider.status().named(language)) }
            @if !provider.former_titles.is_empty() { dt { (language.of("曾用名", "Former names")) } dd { (provider.former_titles.join(comma)) } }
            @if !provider.aliases.is_empty() { dt { (language.of("别名", "Other names")) } dd { (provider.aliases.join(comma)) } }
            @if !provider.merged_into.is_empty() { dt { (language.of("已并入", "Merged into")) } dd { (names.link(&provider.merged_into)) } }
            @if !provider.merged_providers.is_empty() {
                dt { (language.of("由此并入", "Merged from")) }
                dd { @for (at, merged) in provider.merged_providers.iter().enumerate() { @if at > 0 { (comma) } (names.link(merged)) } }
            }
        }
    }
}

fn flags(profile: &ProviderProfile, language: Language) -> Markup {
    html! {
        h2 { (language.of("不良记录", "Black lists")) }
        @if profile.flags.is_empty() { p.nothing { (language.of("没有登记不良记录。", "None is recorded.")) } }
        @else {
            p { (language.of("截至", "As of ")) (profile.on_day) (language.of("，有效 ", ": ")) (count(profile.flags_held.into())) (language.of(" 条。", " held.")) }
            div.scroll tabindex="0" { table {
                (parts::head(&[(language.of("名单", "List"), false), (language.of("自", "From"), false), (language.of("至", "Until"), false), (language.of("决定", "Decision"), false)]))
                tbody { @for flag in &profile.flags { tr {
                    td { (flag.source().named(language)) } td { (flag.from_day) }
                    td { @if flag.to_day.is_empty() { (badge(Tone::Bad, language.of("仍有效", "still held"))) } @else { (flag.to_day) } }
                    td { (filled(&flag.decision)) }
                } } }
            } }
        }
    }
}

/// Contracts and money, year by year.
fn recorded(profile: &ProviderProfile, language: Language) -> Markup {
    let unit = Unit::of(profile.years.iter().flat_map(|year| [year.contract_fen, year.paid_fen]));
    let label = |year: i32| if year == 0 { language.of("未签订", "unsigned").to_owned() } else { year.to_string() };
    let points = profile.years.iter().map(|year| Point {
        label: label(year.year),
        value: Some(year.contract_fen),
        text: money_text(year.contract_fen, language),
        is_partial: false,
        href: String::new(),
    });
    let chart = Chart {
        id: "years",
        title: unit.column(language.of("各年合同金额", "Contracts by year"), language),
        points: points.collect(),
        unit: unit.fen(),
        is_synthetic: profile.provider.as_ref().and_then(|of| of.provenance.as_ref()).is_some_and(|of| of.is_synthetic),
    };
    let row = |year: &proto::procurement::v1::ProviderYear| {
        let number = html! { (count(year.contract_count)) };
        vec![number, unit.cell(Some(year.contract_fen), language), unit.cell(Some(year.paid_fen), language)]
    };
    let cells: Vec<_> = profile.years.iter().map(row).collect();
    html! {
        ul.cards {
            li.card { span.count { (count(profile.contract_count)) } (language.of("合同", "contracts")) }
            li.card { span.count { (count(profile.accepted_count)) } (language.of("验收合格", "accepted")) }
            li.card { span.count { (count(profile.rejected_count)) } (language.of("验收不合格", "rejected")) }
        }
        dl.facts {
            dt { (language.of("合同金额（按份额）", "Contracts (its share)")) } dd { (money(Some(profile.contract_fen), language)) }
            dt { (language.of("已支付（按份额）", "Paid (its share)")) } dd { (money(Some(profile.paid_fen), language)) }
        }
        @if !profile.years.is_empty() {
            (chart.bars(language))
            (chart.table(language.of("年度", "Year"), &[language.of("合同数", "Contracts"), language.of("合同金额", "Amount"), language.of("已支付", "Paid")], &cells))
        }
    }
}
