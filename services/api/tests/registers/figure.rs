//! FigureService: the article's figures, what the article says of them, and our records beside them.

use proto::procurement::v1::{
    AreaScope, ClaimReconciliation, ClaimVerdict, CreateFigureRequest, CreateSourceDocumentRequest,
    DeleteFigureRequest, EvaluateFormulaRequest, EvaluateFormulaResponse, Figure, FigureBasis, FigureQualifier,
    FigureReconciliation, FigureUnit, GetClaimRequest, GetFigureRequest, GetSourceDocumentRequest,
    GetWantedFigureRequest, ListClaimsRequest, ListDerivedFiguresRequest, ListFiguresRequest,
    ListSourceDocumentsRequest, NoDataReason, Number, Origin, ReconcileClaimRequest, ReconcileClaimsRequest,
    ReconcileFigureRequest, RecordsVerdict, SourceDocument, UndeterminedReason, UpdateFigureRequest, Wording,
    evaluate_formula_request::Computed, figure_service_client::FigureServiceClient,
};
use tonic::{Code, Status, transport::Channel};

use crate::{
    parties::{Parties, WAN, project},
    world::{World, fields, refusal},
};

type Client = FigureServiceClient<Channel>;

/// A server over the article's data set.
pub async fn seeded() -> (World, Client) {
    let world = World::new().await;
    api::registers::seed::article(&world.store).await.unwrap();
    let client = FigureServiceClient::new(world.channel.clone());
    (world, client)
}

async fn figure(client: &mut Client, id: &str) -> Figure {
    client.get_figure(GetFigureRequest { name: format!("figures/{id}") }).await.unwrap().into_inner()
}

async fn reconciled(client: &mut Client, id: &str) -> ClaimReconciliation {
    client.reconcile_claim(ReconcileClaimRequest { name: format!("claims/{id}") }).await.unwrap().into_inner()
}

async fn compared(client: &mut Client, id: &str, origin: Origin) -> FigureReconciliation {
    let request = ReconcileFigureRequest { name: format!("figures/{id}"), origin: origin.into() };
    client.reconcile_figure(request).await.unwrap().into_inner()
}

async fn computed(client: &mut Client, formula: &str) -> Result<EvaluateFormulaResponse, Status> {
    let request = EvaluateFormulaRequest { computed: Some(Computed::Formula(formula.into())) };
    client.evaluate_formula(request).await.map(tonic::Response::into_inner)
}

async fn derived(client: &mut Client, id: &str) -> EvaluateFormulaResponse {
    let name = format!("derivedFigures/{id}");
    let request = EvaluateFormulaRequest { computed: Some(Computed::DerivedFigure(name)) };
    client.evaluate_formula(request).await.unwrap().into_inner()
}

/// A figure of an editor's, from a source whose text we do not hold.
pub fn entered(metric: &str, value: &str, unit: FigureUnit, basis: FigureBasis, region: &str, period: &str) -> Figure {
    Figure {
        metric: metric.into(),
        title: Some(Wording { zh: "编者录入".into(), en: "entered by an editor".into() }),
        value: value.into(),
        unit: unit.into(),
        basis: basis.into(),
        scope: AreaScope::WholeArea.into(),
        region: format!("regions/{region}"),
        period: period.into(),
        source_document: "sourceDocuments/yearbook".into(),
        quote: "年鉴所载".into(),
        ..Default::default()
    }
}

pub async fn yearbook(client: &mut Client) {
    let document = SourceDocument {
        title: "统计年鉴".into(),
        issuer: "国家统计局".into(),
        sha256: "0".repeat(64),
        ..Default::default()
    };
    let request = CreateSourceDocumentRequest {
        source_document: Some(document),
        source_document_id: "yearbook".into(),
        ..Default::default()
    };
    client.create_source_document(request).await.unwrap();
}

pub async fn create(client: &mut Client, id: &str, figure: Figure) -> Result<Figure, Status> {
    let request = CreateFigureRequest { figure: Some(figure), figure_id: id.into(), ..Default::default() };
    client.create_figure(request).await.map(tonic::Response::into_inner)
}

fn decimal(number: &Option<Number>) -> &str {
    number.as_ref().map_or("", |number| number.decimal.as_str())
}

#[tokio::test]
async fn a_published_figure_is_told_as_it_was_written_with_what_it_can_stand_for() {
    let (_world, mut client) = seeded().await;
    //   id, value, low, high, high closed
    for (id, value, low, high, closed) in [
        ("F09", "321.70", "321.695", "321.705", true),
        ("F10", "84", "83.5", "84.5", true),
        ("F12", "34463", "34463", "34463", true),
        // T6: 多, 约, 几 are intervals and no points.
        ("F01", "800", "800", "900", false),
        ("F24a", "3100", "3100", "3200", false),
        ("F27", "12.4", "12.35", "12.45", true),
        ("F31a", "100", "100", "1000", false),
        ("F31b", "1000", "1000", "10000", false),
    ] {
        let figure = figure(&mut client, id).await;
        let interval = figure.interval.unwrap();
        assert_eq!(figure.value, value, "{id}");
        assert_eq!((decimal(&interval.low), decimal(&interval.high)), (low, high), "{id}");
        assert_eq!((interval.is_low_closed, interval.is_high_closed), (true, closed), "{id}");
    }
    let settled = figure(&mut client, "F09").await;
    assert_eq!((settled.unit(), settled.basis()), (FigureUnit::YiYuan, FigureBasis::Settlement));
    assert_eq!((settled.from_day.as_str(), settled.to_day.as_str()), ("2021-01-01", "2021-12-31"));
    assert_eq!(settled.provenance.unwrap().source, "zj-2022");
    let source = client
        .get_source_document(GetSourceDocumentRequest { name: settled.source_document })
        .await
        .unwrap()
        .into_inner();
    let span = settled.span.unwrap();
    let (begin, end) = (usize::try_from(span.begin).unwrap(), usize::try_from(span.end).unwrap());
    assert_eq!(source.text.chars().skip(begin).take(end - begin).collect::<String>(), settled.quote);
    let listed = client.list_source_documents(ListSourceDocumentsRequest::default()).await.unwrap().into_inner();
    assert_eq!((listed.source_documents.len(), listed.source_documents[0].text.as_str()), (1, ""));
}

#[tokio::test]
async fn figures_are_found_by_what_they_measure_and_by_their_words() {
    let (_world, mut client) = seeded().await;
    for (filter, ids) in [
        ("metric = \"settlement_amount\"", &["F09", "F10"][..]),
        ("basis = IMPLEMENTATION", &["F12", "F13"]),
        ("region = \"regions/331081\"", &["F24a", "F24b"]),
        ("qualifier = ORDER_OF", &["F31a", "F31b"]),
        ("period = \"2016\" AND scope = OWN_LEVEL", &["F03", "F04"]),
        ("search(\"社会组织\") AND unit = PERCENT", &["F26"]),
    ] {
        let request = ListFiguresRequest { filter: filter.into(), ..Default::default() };
        let listed = client.list_figures(request).await.unwrap().into_inner();
        let found: Vec<&str> = listed.figures.iter().map(|figure| &figure.name["figures/".len()..]).collect();
        assert_eq!(found, ids, "{filter}");
    }
}

/// procurement.md section 1.3, row by row.
#[tokio::test]
async fn every_claim_of_the_article_gets_its_verdict_with_the_arithmetic() {
    use ClaimVerdict::{AmbiguousBase, Consistent, Undetermined};
    let (_world, mut client) = seeded().await;
    //   id, verdict, what the first reading gives, in the sentence
    for (id, verdict, value, words) in [
        ("C01", Consistent, "3.829761904762", "3.8070–3.8528倍"),
        ("C02", Consistent, "3.553252912671", "9699"),
        ("C03a", Consistent, "2", "高于"),
        ("C03b", Consistent, "16", "高于"),
        ("C03c", Consistent, "65", "高于"),
        ("C04", Consistent, "3", "一致"),
        ("C05", Consistent, "5", "一致"),
        ("C06a", Consistent, "11", "一致"),
        ("C06b", Consistent, "16", "一致"),
        ("C07", Undetermined, "", "1,041,962.75"),
        ("C08", Undetermined, "", "58,652,419"),
        ("C09", Undetermined, "", "缺少 N03"),
        ("C10", AmbiguousBase, "23917.322", "基数有歧义"),
    ] {
        let found = reconciled(&mut client, id).await;
        let zh = &found.sentence.as_ref().unwrap().zh;
        assert_eq!(found.verdict(), verdict, "{id}: {zh}");
        let first = found.readings[0].value.as_ref();
        assert_eq!(first.map_or("", |value| decimal(&value.central)), value, "{id}: {zh}");
        assert!(zh.contains(words), "{id}: {zh}");
    }
    let ratio = reconciled(&mut client, "C01").await;
    let value = ratio.readings[0].value.as_ref().unwrap();
    assert_eq!(value.central.as_ref().unwrap().exact, "3217/840");
    let interval = value.interval.as_ref().unwrap();
    assert!(
        decimal(&interval.low).starts_with("3.807") && decimal(&interval.high).starts_with("3.852"),
        "{interval:?}"
    );
    // T4: the denominators that nobody stated.
    let share = reconciled(&mut client, "C07").await;
    assert_eq!(
        (share.undetermined_reason(), &share.missing_figures[..]),
        (UndeterminedReason::Figures, &["figures/N01".to_owned()][..])
    );
    let implied = share.implied_denominators[0].value.as_ref().unwrap();
    let interval = implied.interval.as_ref().unwrap();
    assert!(decimal(&implied.central).starts_with("1041962.7"), "{implied:?}");
    assert!(
        decimal(&interval.low).starts_with("1041216.89") && decimal(&interval.high).starts_with("1042709"),
        "{interval:?}"
    );
    // T1: both readings are told, and none is chosen.
    let share = reconciled(&mut client, "C10").await;
    let values: Vec<&str> =
        share.readings.iter().map(|reading| &decimal(&reading.value.as_ref().unwrap().central)[..5]).collect();
    assert_eq!(values, ["23917", "49658"]);
    assert!(figure(&mut client, "F23").await.base_note.is_some(), "the source leaves the base open");
}

#[tokio::test]
async fn every_derived_value_of_the_article_is_computed_and_none_is_stored() {
    let (_world, mut client) = seeded().await;
    for (id, value, words) in [
        ("D01a", "3", "= 3倍"),
        ("D01b", "2.875", "2.875倍"),
        ("D01c", "2.615384615385", "2.615"),
        ("D02a", "4", "= 4类"),
        ("D02b", "30", "= 30款"),
        ("D02c", "105", "= 105项"),
        ("D03", "9", "= 9个"),
        ("D04a", "0.401005025126", "0.401"),
        ("D04b", "-0.598994974874", "-59.89"),
        ("D04c", "-0.262", "-26.2"),
        ("D05", "-0.777777777778", "-77.7"),
        ("D06a", "933464.875", "93.34"),
        ("D06b", "866068.6", "86.60"),
        ("D06c", "0.0778", "7.78"),
        ("D07a", "0.2508", "25.08"),
        ("D07b", "0.2352", "23.53"),
    ] {
        let found = derived(&mut client, id).await;
        let (value_found, sentence) = (found.value.unwrap(), found.sentence.unwrap());
        let central = decimal(&value_found.central);
        assert!(central.starts_with(value), "{id}: {central} {}", sentence.zh);
        assert!(sentence.zh.contains(words), "{id}: {}", sentence.zh);
        assert!(!sentence.en.is_empty() && !value_found.inputs.is_empty());
    }
    let listed = client.list_derived_figures(ListDerivedFiguresRequest::default()).await.unwrap().into_inner();
    assert!(listed.derived_figures.iter().all(|derived| !derived.formula.is_empty()));
    assert!(listed.derived_figures.len() >= 16);
    // T5: money by settlement over projects by implementation is told with a caveat.
    let per_project = derived(&mut client, "D06a").await.value.unwrap();
    assert!(per_project.caveats.iter().any(|caveat| caveat.zh.contains("口径不同")), "{:?}", per_project.caveats);
}

#[tokio::test]
async fn a_national_figure_that_an_editor_enters_changes_the_verdict_and_its_deletion_takes_that_back() {
    let (_world, mut client) = seeded().await;
    yearbook(&mut client).await;
    let is_entered = async |client: &mut Client| {
        let request = GetWantedFigureRequest { name: "wantedFigures/N01".into() };
        client.get_wanted_figure(request).await.unwrap().into_inner().is_entered
    };
    assert!(!is_entered(&mut client).await);
    let nation =
        entered("social_organisations", "894000", FigureUnit::House, FigureBasis::Registration, "000000", "2021-04");
    let nation = Figure { qualifier: FigureQualifier::About.into(), ..nation };
    let made = create(&mut client, "N01", nation).await.unwrap();
    assert!(is_entered(&mut client).await);
    let found = reconciled(&mut client, "C07").await;
    let zh = &found.sentence.as_ref().unwrap().zh;
    assert_eq!(found.verdict(), ClaimVerdict::Inconsistent, "{zh}");
    assert!(decimal(&found.readings[0].value.as_ref().unwrap().central).starts_with("0.0813"), "{zh}");
    assert!(decimal(&found.gap).starts_with("0.011"), "{zh} {:?}", found.gap);
    assert!(zh.contains("相差至少"), "{zh}");
    let request = DeleteFigureRequest { name: made.name, ..Default::default() };
    client.delete_figure(request).await.unwrap();
    assert_eq!(reconciled(&mut client, "C07").await.verdict(), ClaimVerdict::Undetermined);

    // The census of 2020 gives 11.26, the estimate of 2019 the article's 12.4: the base year is another.
    let people = |value| entered("population", value, FigureUnit::Person, FigureBasis::Population, "330000", "2021-04");
    let made = create(&mut client, "N02", people("64570000")).await.unwrap();
    let found = reconciled(&mut client, "C08").await;
    assert_eq!(found.verdict(), ClaimVerdict::Inconsistent);
    assert!(decimal(&found.readings[0].value.as_ref().unwrap().central).starts_with("0.00112"), "{found:?}");
    let changed = Figure { value: "58500000".into(), ..made };
    let mask = Some(prost_types::FieldMask { paths: vec!["value".into()] });
    let request = UpdateFigureRequest { figure: Some(changed), update_mask: mask, ..Default::default() };
    client.update_figure(request).await.unwrap();
    assert_eq!(reconciled(&mut client, "C08").await.verdict(), ClaimVerdict::Consistent);
}

#[tokio::test]
async fn claims_are_recomputed_a_page_at_a_time() {
    let (_world, mut client) = seeded().await;
    let listed = client.list_claims(ListClaimsRequest { return_total: true, ..Default::default() }).await.unwrap();
    assert_eq!(listed.into_inner().total_size, Some(13));
    let mut request = ReconcileClaimsRequest { page_size: 5, ..Default::default() };
    let mut seen = Vec::new();
    loop {
        let page = client.reconcile_claims(request.clone()).await.unwrap().into_inner();
        seen.extend(page.reconciliations.into_iter().map(|found| found.claim));
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            break;
        }
    }
    assert_eq!((seen.len(), seen[0].as_str(), seen[12].as_str()), (13, "claims/C01", "claims/C10"));
}

#[tokio::test]
async fn a_formula_that_cannot_be_read_names_the_character_and_one_that_makes_no_sense_says_why() {
    let (_world, mut client) = seeded().await;
    for (formula, words) in [
        ("ratio(F09 F10)", "character 11"),
        ("sum(F12, ½)", "character 10"),
        ("比(F09)", "character 1"),
        ("sum(F09, F12)", "unlike units"),
        ("ratio(F09, F18b)", "rank"),
        ("ratio(F09, difference(F12, F12))", "zero"),
        ("", "character 1"),
    ] {
        let refused = computed(&mut client, formula).await;
        let message = refused.as_ref().unwrap_err().message().to_owned();
        assert_eq!(fields(refused), ["formula"], "{formula}");
        assert!(message.contains(words), "{formula}: {message}");
    }
    assert_eq!(refusal(computed(&mut client, "share(F25, N01)").await), (Code::NotFound, "FIGURE_NOT_FOUND".into()));
    let found = computed(&mut client, "sum(F17b, F18c)").await.unwrap();
    assert_eq!(found.formula, "sum(F17b, F18c)");
    // T7: own-level and whole-area figures together are told.
    let mixed = computed(&mut client, "sum(F05a, F05c)").await.unwrap().value.unwrap();
    assert!(mixed.caveats.iter().any(|caveat| caveat.zh.contains("本级与全辖")), "{:?}", mixed.caveats);
}

#[tokio::test]
async fn equal_values_are_two_figures_and_no_match() {
    let (_world, mut client) = seeded().await;
    // T3: 170 of the province's catalogue, 170 of Wenzhou's.
    let (province, wenzhou) = (figure(&mut client, "F15c").await, figure(&mut client, "F21b").await);
    assert_eq!((province.value.as_str(), wenzhou.value.as_str()), ("170", "170"));
    assert_ne!((province.metric, province.region), (wenzhou.metric, wenzhou.region));
    // T7: 省属 is the own level.
    assert_eq!(figure(&mut client, "F19").await.scope(), AreaScope::OwnLevel);
    // T2: the 16 projects are the departments'.
    assert!(figure(&mut client, "F04").await.base_note.unwrap().zh.contains("11个省级部门"));
}

#[tokio::test]
async fn a_quote_must_stand_in_its_source_where_we_hold_the_text() {
    let (_world, mut client) = seeded().await;
    yearbook(&mut client).await;
    let unseen = entered("elderly_served", "5", FigureUnit::Person, FigureBasis::Count, "331081", "2021");
    let of_article = Figure { source_document: "sourceDocuments/zj-2022".into(), ..unseen.clone() };
    assert_eq!(fields(create(&mut client, "X1", of_article.clone()).await), ["figure.quote"]);
    let quoted = Figure { quote: "2021年,全省政府购买服务决算金额321.70亿元".into(), ..of_article };
    let made = create(&mut client, "X1", quoted).await.unwrap();
    assert_eq!(made.span, figure(&mut client, "F09").await.span);
    // Where we do not hold it, the words are taken as given, and no place is told.
    assert!(create(&mut client, "X2", unseen.clone()).await.unwrap().span.is_none());
    let nowhere = Figure { source_document: "sourceDocuments/nowhere".into(), ..unseen.clone() };
    assert_eq!(fields(create(&mut client, "X3", nowhere).await), ["figure.source_document"]);
    assert_eq!(fields(create(&mut client, "1X", unseen.clone()).await), ["figure_id"]);
    assert_eq!(fields(create(&mut client, "", unseen).await), ["figure_id"]);
    let request = GetClaimRequest { name: "claims/C99".into() };
    assert_eq!(refusal(client.get_claim(request).await).0, Code::NotFound);
}

#[tokio::test]
async fn a_figure_is_held_against_records_and_every_verdict_is_told() {
    use RecordsVerdict::{Differs, Match, PartialCoverage, WithinRounding};
    let (world, mut client) = seeded().await;
    yearbook(&mut client).await;
    // Nothing is recorded yet.
    let found = compared(&mut client, "F12", Origin::Real).await;
    assert_eq!((found.verdict(), found.no_data_reason()), (RecordsVerdict::NoData, NoDataReason::Nothing));

    let mut parties = Parties::new(&world.channel).await;
    let mut lake = project(2019);
    lake.settlement_fen = Some(399 * WAN + 40 * 100 * 100);
    parties.project("lake", lake).await;
    let count =
        |value: &str| entered("project_count", value, FigureUnit::Thing, FigureBasis::Implementation, "330127", "2019");
    let money =
        |value: &str, unit| entered("settlement_amount", value, unit, FigureBasis::Settlement, "330127", "2019");
    //   id, figure, verdict, difference, percent
    let cases = [
        ("M1", count("1"), Match, "", ""),
        ("M2", count("2"), Differs, "-1", "-50"),
        ("M3", money("399.4", FigureUnit::WanYuan), Match, "", ""),
        ("M4", money("399", FigureUnit::WanYuan), WithinRounding, "", ""),
        ("M5", money("400", FigureUnit::WanYuan), Differs, "-6000", "-0.15"),
        // The province's total is larger than the only county that reports.
        ("M6", Figure { region: "regions/330000".into(), ..count("9699") }, PartialCoverage, "", ""),
        // A part that is larger than the whole differs from it, whoever is missing.
        (
            "M7",
            Figure { region: "regions/330000".into(), ..money("1", FigureUnit::WanYuan) },
            Differs,
            "3984000",
            "39840",
        ),
    ];
    for (id, given, verdict, difference, percent) in cases {
        create(&mut client, id, given).await.unwrap();
        let found = compared(&mut client, id, Origin::Real).await;
        let zh = &found.sentence.as_ref().unwrap().zh;
        assert_eq!(found.verdict(), verdict, "{id}: {zh}");
        assert_eq!(
            (decimal(&found.difference), decimal(&found.difference_percent)),
            (difference, percent),
            "{id}: {zh}"
        );
        assert!(!found.includes_synthetic && found.total.is_some(), "{id}");
    }
    let whole = compared(&mut client, "M6", Origin::Real).await.coverage.unwrap();
    assert_eq!(whole.regions_reporting, 1);
    assert!(whole.regions_existing > 90 && whole.missing_count == whole.regions_existing - 1, "{whole:?}");
    assert_eq!(whole.missing[0].region, "regions/330000");

    let by_other_basis = Figure { basis: FigureBasis::Budget.into(), ..money("399", FigureUnit::WanYuan) };
    create(&mut client, "M8", by_other_basis).await.unwrap();
    let by_own_level = Figure { scope: AreaScope::OwnLevel.into(), ..count("1") };
    create(&mut client, "M9", by_own_level).await.unwrap();
    for (id, reason) in [
        ("M8", NoDataReason::Basis),
        ("F11", NoDataReason::Measure),
        ("F01", NoDataReason::Measure),
        ("F12", NoDataReason::Nothing),
        ("F15c", NoDataReason::Nothing),
    ] {
        let found = compared(&mut client, id, Origin::Real).await;
        assert_eq!((found.verdict(), found.no_data_reason()), (RecordsVerdict::NoData, reason), "{id}");
        assert!(found.sentence.unwrap().zh.contains("没有可比数据"), "{id}");
    }
    assert_eq!(compared(&mut client, "M9", Origin::Real).await.verdict(), Match);
    let since = Figure { period: "2015..".into(), ..count("1") };
    create(&mut client, "M10", since).await.unwrap();
    assert_eq!(compared(&mut client, "M10", Origin::Real).await.no_data_reason(), NoDataReason::Period);
}

#[tokio::test]
async fn the_articles_figures_stand_against_made_up_records_that_are_told_as_such() {
    let (world, mut client) = seeded().await;
    let plan = made_up_2021();
    api::registers::seed::synthetic(&world.store, plan, |_| ()).await.unwrap();
    for (id, verdict, measure) in [
        // 321.7012 亿元 lie within 321.70.
        ("F09", RecordsVerdict::WithinRounding, "settlement_fen"),
        ("F12", RecordsVerdict::Differs, "project_count"),
        ("F23", RecordsVerdict::Match, "project_count"),
        ("F28", RecordsVerdict::Match, "contract_count"),
        ("F15a", RecordsVerdict::Match, "categories"),
        ("F15b", RecordsVerdict::Match, "sections"),
        ("F15c", RecordsVerdict::Match, "items"),
    ] {
        let found = compared(&mut client, id, Origin::Synthetic).await;
        let zh = &found.sentence.as_ref().unwrap().zh;
        assert_eq!((found.verdict(), found.measure.as_str()), (verdict, measure), "{id}: {zh}");
        assert!(found.includes_synthetic && zh.contains("含合成记录"), "{id}: {zh}");
        // What is made up is not among the real records.
        assert_eq!(compared(&mut client, id, Origin::Real).await.verdict(), RecordsVerdict::NoData, "{id}");
    }
    // T1 again: how the share is read is said.
    let share = compared(&mut client, "F23", Origin::Synthetic).await;
    assert!(share.reading.unwrap().zh.contains("来源未说明基数"));
}

/// The article's 2021 with fewer projects: 1,500 of them, in every region of the province.
pub fn made_up_2021() -> procurement::synthetic::Plan {
    procurement::synthetic::Plan {
        region: "330000".parse().unwrap(),
        year: 2021,
        seed: 1,
        projects: 1_500,
        settlement: procurement::money::Fen::new(32_170_120_000 * 100),
        public_projects: 1_041,
        market_contracts: 1_221,
    }
}
