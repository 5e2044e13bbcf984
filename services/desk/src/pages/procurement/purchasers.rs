//! 购买主体: the list, and one purchaser with the way to what it buys.

use axum::{
    Router,
    extract::{Path, Query},
    response::Response,
    routing::get,
};
use maud::html;
use proto::procurement::v1::{GetPurchaserRequest, ListPurchasersRequest, PurchaserKind, TraceResultRequest};

use super::{
    Answer, Tab, answer, evaluations,
    listing::{Listing, PAGE_SIZE},
    names::{Names, id, link},
    parts,
    providers::code,
    show,
    words::Named,
};
use crate::{
    Desk,
    html::{filled, url},
    posted::Fields,
    visit::Visit,
};

/// The routes of this file.
pub fn routes() -> Router<Desk> {
    Router::new().route("/procurement/purchasers", get(list)).route("/procurement/purchasers/{id}", get(one))
}

async fn list(visit: Visit, Query(query): Query<Vec<(String, String)>>) -> Response {
    answer(&visit, listed(&visit, &Fields(query)).await)
}

async fn listed(visit: &Visit, fields: &Fields) -> Answer {
    let language = visit.language();
    let listing = Listing::new(visit, "/procurement/purchasers", fields)
        .search()
        .region("region")
        .await?
        .choice::<PurchaserKind>("kind", "kind", "类型", "Kind")
        .origin()
        .ordered(&[("", "", "登记次序", "As registered"), ("title", "title", "名称", "Title")]);
    let asked = ListPurchasersRequest {
        page_size: PAGE_SIZE,
        page_token: listing.token(),
        filter: listing.filter(),
        order_by: listing.order(),
        show_deleted: false,
        return_total: listing.is_counted(),
    };
    let found = visit.api.purchasers().list_purchasers(asked).await?.into_inner();
    let names = Names::of(&visit.api, language, found.purchasers.iter().map(|of| of.region.as_str())).await;
    let columns = [
        (language.of("名称", "Name"), false),
        (language.of("统一社会信用代码", "Credit code"), false),
        (language.of("预算单位编码", "Budget unit"), false),
        (language.of("类型", "Kind"), false),
        (language.of("地区", "Region"), false),
    ];
    let body = html! {
        (listing.form())
        (listing.total(found.total_size))
        @if found.purchasers.is_empty() { p.nothing { (visit.say("没有符合条件的购买主体。", "No purchaser meets the conditions.")) } }
        @else { div.scroll tabindex="0" { table {
            (parts::head(&columns))
            tbody { @for purchaser in &found.purchasers { tr data-row {
                th scope="row" { (link(&purchaser.name, &purchaser.title)) (parts::marks(purchaser.provenance.as_ref(), purchaser.delete_time.as_ref(), language)) }
                td { (code(&purchaser.uscc)) }
                td { (code(&purchaser.budget_unit_code)) }
                td { (purchaser.kind().named(language)) }
                td.short { (names.link(&purchaser.region)) }
            } } }
        } } }
        (listing.pager(&found.next_page_token))
    };
    show(visit, Tab::Purchasers, visit.say("购买主体", "Purchasers"), &body)
}

async fn one(visit: Visit, Path(id): Path<String>) -> Response {
    answer(&visit, shown(&visit, format!("purchasers/{id}")).await)
}

async fn shown(visit: &Visit, name: String) -> Answer {
    let language = visit.language();
    let purchaser =
        visit.api.purchasers().get_purchaser(GetPurchaserRequest { name: name.clone() }).await?.into_inner();
    let traced = visit.api.evaluations().trace_result(TraceResultRequest { name: name.clone() }).await?.into_inner();
    let source =
        purchaser.provenance.as_ref().map(|said| format!("sourceDocuments/{}", said.source)).unwrap_or_default();
    let names = Names::of(&visit.api, language, [purchaser.region.as_str(), &source]).await;
    let body = html! {
        (parts::warnings(purchaser.provenance.as_ref(), purchaser.delete_time.as_ref(), language))
        dl.facts {
            dt { (language.of("统一社会信用代码", "Credit code")) } dd { (code(&purchaser.uscc)) }
            dt { (language.of("预算单位编码", "Budget unit")) } dd { (filled(&purchaser.budget_unit_code)) }
            dt { (language.of("类型", "Kind")) } dd { (purchaser.kind().named(language)) }
            dt { (language.of("地区", "Region")) } dd { (names.link(&purchaser.region)) }
        }
        p { a href=(url("/procurement/projects", &[("purchaser", id(&name))])) { (language.of("查看其购买的项目", "The projects that it buys")) } }
        (parts::source(purchaser.provenance.as_ref(), names.title(&source), language))
        @if !traced.evaluations.is_empty() {
            h2 { (language.of("绩效评价与结果应用", "Evaluations and what followed")) }
            (evaluations::traced(&traced.evaluations, language))
        }
    };
    show(visit, Tab::Purchasers, &purchaser.title, &body)
}
