//! `caibian import seed` and `caibian generate`: fill the procurement registers with the article's data set, and with
//! made-up records whose totals are the published ones.

use std::{process::ExitCode, time::Instant};

use api::registers::{
    area::Area,
    seed::{self, Report},
};
use procurement::{
    figure::Scope,
    money::{Fen, MoneyUnit},
    party::ProviderKind,
    rational::{self, Rounding},
    region::{RegionCode, RegisterOfRegions, year_end},
    synthetic::{self, Plan},
};
use store::{
    Store,
    rollup::{Dimension, Origin, RollupQuery, Totals},
};

use crate::{Failure, serve, settings::Settings, table::fit};

/// What to import.
#[derive(clap::Subcommand)]
pub enum Import {
    /// The reviewed data set of the article on Zhejiang's reform, shipped with the program.
    Seed,
}

/// Options of `generate`.
#[derive(clap::Args)]
pub struct Generate {
    /// The region, as a code of GB/T 2260.
    #[arg(long, default_value = "330000", value_name = "CODE")]
    region: String,
    /// The fiscal year.
    #[arg(long, default_value_t = 2021)]
    year: i32,
    /// The same seed makes the same records; another one replaces them.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// `caibian import seed`
pub async fn import(settings: &Settings, what: &Import) -> Result<ExitCode, Failure> {
    let Import::Seed = what;
    let report = seed::article(&serve::open_store(settings).await?).await?;
    print_report(&report);
    Ok(ExitCode::SUCCESS)
}

/// `caibian generate`
pub async fn generate(settings: &Settings, arguments: &Generate) -> Result<ExitCode, Failure> {
    let plan = plan(arguments)?;
    let store = serve::open_store(settings).await?;
    let begun = Instant::now();
    let whole = plan.projects;
    let report = seed::synthetic(&store, plan.clone(), |done| {
        if done % 5_000 == 0 {
            eprintln!("{done} of {whole} projects");
        }
    })
    .await?;
    let seconds = begun.elapsed().as_secs_f64();
    print_report(&report);
    let rows: u64 =
        report.registers.iter().map(|(_, part)| part.inserted + part.replaced + part.unchanged + part.left_alone).sum();
    println!("{rows} entries in {seconds:.1} s, {:.0} a second\n", rows as f64 / seconds.max(0.001));
    print_totals(&store, &plan).await?;
    Ok(ExitCode::SUCCESS)
}

fn plan(arguments: &Generate) -> Result<Plan, Failure> {
    let region: RegionCode = arguments.region.parse()?;
    Plan::published(&region, arguments.year, arguments.seed).ok_or_else(|| {
        let there: Vec<String> =
            synthetic::PUBLISHED.iter().map(|(region, year)| format!("--region {region} --year {year}")).collect();
        format!(
            "there is no plan for region {region} in {}: nobody published its totals. There is {}",
            arguments.year,
            there.join(" and ")
        )
        .into()
    })
}

/// One line a register: what is new, replaced, the same, and what an editor changed and so was left alone.
pub fn print_report(report: &Report) {
    println!("{}{:>8}{:>10}{:>8}{:>12}", fit("register", 16), "new", "replaced", "same", "left alone");
    for (chinese, part) in &report.registers {
        println!(
            "{}{:>8}{:>10}{:>8}{:>12}",
            fit(chinese, 16),
            part.inserted,
            part.replaced,
            part.unchanged,
            part.left_alone
        );
    }
    println!("{} entries changed", report.changed());
}

/// What the tables now hold of the plan's region and year, made up as it is.
async fn print_totals(store: &Store, plan: &Plan) -> Result<(), Failure> {
    let area = Area { region: plan.region.clone(), scope: Scope::WholeArea, without: Vec::new() };
    let query = |dimensions: Vec<Dimension>| RollupQuery {
        dimensions,
        years: plan.year..=plan.year,
        regions: area.ranges(),
        without_regions: Vec::new(),
        only: Vec::new(),
        origin: Origin::Synthetic,
    };
    let whole = store.rollup_query(&query(Vec::new())).await?.into_iter().next().unwrap_or_default();
    let kinds = store.rollup_query(&query(vec![Dimension::ServiceKind])).await?;
    let providers = store.rollup_query(&query(vec![Dimension::ProviderKind])).await?;
    let (purchasers, distinct_providers) = store.rollup_distinct(&query(Vec::new())).await?;
    let part = |groups: &[Totals], is_in: &dyn Fn(&str) -> bool, count: fn(&Totals) -> i64| -> i64 {
        groups.iter().filter(|group| group.codes.first().is_some_and(|code| is_in(code))).map(count).sum()
    };
    let public = part(&kinds, &|code| code == "PUBLIC", |group| group.project_count);
    let is_market =
        |code: &str| code.parse::<ProviderKind>().is_ok_and(ProviderKind::is_enterprise_or_social_institution);
    let market = part(&providers, &is_market, |group| group.contract_count);
    let title = year_end(plan.year)
        .and_then(|day| RegisterOfRegions::shipped().get(&plan.region, day))
        .map_or_else(String::new, |region| region.name.clone());
    println!("合成数据 (made up): {} {title}, {}年", plan.region, plan.year);
    for (name, value) in [
        ("项目", format!("{}个", whole.project_count)),
        ("决算金额", Fen::new(whole.settlement_fen).show(MoneyUnit::YiYuan)),
        ("公共服务项目占比", share(public, whole.project_count)),
        ("企业及社会机构占比", share(market, whole.contract_count)),
        ("合同", format!("{}份", whole.contract_count)),
        ("购买主体", format!("{purchasers}家")),
        ("承接主体", format!("{distinct_providers}家")),
        ("指导性目录", synthetic::edition(plan.year).counts().to_string()),
    ] {
        println!("  {}{value}", fit(name, 22));
    }
    Ok(())
}

fn share(part: i64, whole: i64) -> String {
    if whole == 0 {
        return "—".to_owned();
    }
    format!("{}% ({part})", rational::decimal(&rational::fraction(100 * part, whole), 1, Rounding::Nearest))
}
