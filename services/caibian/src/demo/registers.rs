//! The demo's second half: the article's figures in the registers, its own arithmetic judged, and made-up records beside it.

use std::net::SocketAddr;

use api::registers::seed;
use procurement::synthetic::Plan;
use proto::procurement::v1::{
    GetClaimRequest, GetFigureRequest, Origin, ReconcileClaimsRequest, ReconcileFigureRequest,
    figure_service_client::FigureServiceClient,
};
use store::Store;
use tonic::transport::Channel;

use crate::{Failure, table::fit, words};

/// The figures that the made-up year is held against.
const HELD_AGAINST: [&str; 5] = ["F13", "F10", "F16a", "F16b", "F16c"];
/// The smaller one of the two years that the article publishes.
const MADE_UP_YEAR: i32 = 2015;

/// Fills the registers; a second time changes nothing.
pub async fn fill(store: &Store) -> Result<(), Failure> {
    seed::article(store).await?;
    let plan = Plan::published(&"330000".parse()?, MADE_UP_YEAR, 1).ok_or("no plan for the demo's year")?;
    seed::synthetic(store, plan, |_| {}).await?;
    Ok(())
}

/// What the service makes of the article, read back over gRPC.
pub async fn print(channel: Channel) -> Result<(), Failure> {
    let mut figures = FigureServiceClient::new(channel);
    let request = ReconcileClaimsRequest { page_size: 100, ..ReconcileClaimsRequest::default() };
    let claims = figures.reconcile_claims(request).await?.into_inner().reconciliations;
    println!("\n论断: what the article says about its own figures, recomputed");
    for found in &claims {
        let claim = figures.get_claim(GetClaimRequest { name: found.claim.clone() }).await?.into_inner();
        let sentence = found.sentence.clone().unwrap_or_default().zh;
        let arithmetic = sentence.split("；").next().unwrap_or_default();
        let title = claim.title.unwrap_or_default().zh;
        println!(
            "{}  {}  {}  {}",
            fit(found.claim.trim_start_matches("claims/"), 4),
            fit(&title, 46),
            fit(words::claim_verdict(found.verdict()), 12),
            fit(arithmetic, 72).trim_end()
        );
    }
    println!("\n统计数据: published figures against made-up records (合成数据) of {MADE_UP_YEAR}");
    for id in HELD_AGAINST {
        let name = format!("figures/{id}");
        let figure = figures.get_figure(GetFigureRequest { name: name.clone() }).await?.into_inner();
        let request = ReconcileFigureRequest { name, origin: Origin::Synthetic.into() };
        let found = figures.reconcile_figure(request).await?.into_inner();
        let sentence = found.sentence.clone().unwrap_or_default().zh;
        let title = figure.title.unwrap_or_default().zh;
        let verdict = fit(words::records_verdict(found.verdict()), 12);
        println!("{}  {}  {verdict}  {sentence}", fit(id, 4), fit(&title, 46));
    }
    Ok(())
}

/// Questions to go on with.
pub fn print_commands(address: SocketAddr) {
    println!(
        "  grpcurl -plaintext -d '{{\"name\": \"claims/C01\"}}' {address} caibian.procurement.v1.FigureService/ReconcileClaim
  grpcurl -plaintext -d '{{\"selection\": {{\"from_year\": {MADE_UP_YEAR}, \"region\": \"regions/330000\", \"origin\": \"ORIGIN_SYNTHETIC\"}}, \"dimensions\": [\"ROLLUP_DIMENSION_CLASS\"]}}' {address} caibian.procurement.v1.StatisticsService/QueryRollup"
    );
}
