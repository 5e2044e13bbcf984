//! EvaluationService.

use api::registers::seed;
use proto::procurement::v1::{
    ApplyEvaluationResultRequest, CheckEvaluationRequest, CreateEvaluationRequest, CreateEvaluationSchemeRequest,
    DeleteEvaluationRequest, DeleteResultApplicationRequest, Evaluation, EvaluationIndicator, EvaluationPhase,
    EvaluationScheme, EvaluationState, EvaluatorKind, FinaliseEvaluationRequest, Finding, GetEvaluationRequest,
    GradeBand, GradeTable, LeafScore, ListEvaluationsRequest, ListResultApplicationsRequest,
    ListUnappliedEvaluationsRequest, Outcome, Project, ProviderKind, ResultApplication, ResultEffect, ResultUseKind,
    SubmitEvaluationReportRequest, TraceResultRequest, UpdateEvaluationRequest, UpdateEvaluationSchemeRequest,
    evaluation_service_client::EvaluationServiceClient,
};
use tonic::{Code, Status, transport::Channel};

use crate::{
    parties::{self, Parties, WAN},
    world::{World, fields, refusal},
};

type Client = EvaluationServiceClient<Channel>;

/// 淳安's project of 2016, renewed in 2017, with the contract of 2016.
async fn projects(channel: &Channel) {
    let mut made = Parties::new(channel).await;
    let of =
        |year, budget_fen| Project { series: "qiandao".into(), budget_fen: Some(budget_fen), ..parties::project(year) };
    made.project("p2016", of(2016, 995 * WAN)).await;
    made.project("p2017", of(2017, 700 * WAN)).await;
    made.provider("clean", parties::provider("千岛湖保洁有限公司", ProviderKind::Enterprise)).await;
    made.contract("c2016", parties::contract("p2016", &[("clean", "1")], 990 * WAN)).await;
    made.contract("c2017", parties::contract("p2017", &[("clean", "1")], 690 * WAN)).await;
}

fn indicator(code: &str, parent: &str, weight: &str, score_max: &str) -> EvaluationIndicator {
    EvaluationIndicator {
        code: code.into(),
        title: code.into(),
        parent: parent.into(),
        weight: weight.into(),
        score_max: score_max.into(),
    }
}

fn scheme() -> EvaluationScheme {
    EvaluationScheme {
        title: "湖面保洁评价".into(),
        region: "regions/330127".into(),
        indicators: vec![
            indicator("产出", "", "60", ""),
            indicator("数量", "产出", "33.4", "30"),
            indicator("质量", "产出", "66.6", ""),
            indicator("满意度", "", "40", "10"),
        ],
        grade_tables: vec![
            GradeTable { from_day: String::new(), bands: bands(&[("合格", "60"), ("不合格", "0")]) },
            GradeTable { from_day: "2017-01-01".into(), bands: bands(&[("优", "90"), ("良", "80"), ("差", "0")]) },
        ],
        ..Default::default()
    }
}

fn bands(bands: &[(&str, &str)]) -> Vec<GradeBand> {
    bands.iter().map(|(grade, from)| GradeBand { grade: (*grade).into(), from_score: (*from).into() }).collect()
}

fn evaluation() -> Evaluation {
    Evaluation {
        title: "千岛湖湖面垃圾打捞绩效评价".into(),
        phase: EvaluationPhase::After.into(),
        year: 2016,
        region: "regions/330127".into(),
        project: "projects/p2016".into(),
        evaluator_kind: EvaluatorKind::ThirdParty.into(),
        evaluator: "浙江大学公共政策研究院".into(),
        ..Default::default()
    }
}

async fn schemed(client: &mut Client) -> EvaluationScheme {
    let request = CreateEvaluationSchemeRequest {
        evaluation_scheme: Some(scheme()),
        evaluation_scheme_id: "s".into(),
        ..Default::default()
    };
    client.create_evaluation_scheme(request).await.unwrap().into_inner()
}

async fn created(client: &mut Client, id: &str, evaluation: Evaluation) -> Evaluation {
    let request =
        CreateEvaluationRequest { evaluation: Some(evaluation), evaluation_id: id.into(), ..Default::default() };
    client.create_evaluation(request).await.unwrap().into_inner()
}

fn leaves(points: &[(&str, &str)]) -> Vec<LeafScore> {
    points.iter().map(|(code, points)| LeafScore { code: (*code).into(), points: (*points).into() }).collect()
}

async fn finalised(client: &mut Client, name: &str, score: &str) -> Evaluation {
    let report = SubmitEvaluationReportRequest {
        name: name.into(),
        score: score.into(),
        reported_day: "2016-12-01".into(),
        ..Default::default()
    };
    client.submit_evaluation_report(report).await.unwrap();
    let request = FinaliseEvaluationRequest { name: name.into(), final_day: "2016-12-20".into(), ..Default::default() };
    client.finalise_evaluation(request).await.unwrap().into_inner()
}

fn cut(evaluation: &str, project: &str, decided_day: &str) -> ResultApplication {
    ResultApplication {
        evaluation: evaluation.into(),
        kind: ResultUseKind::Budget.into(),
        effect: ResultEffect::Cut.into(),
        project: project.into(),
        decided_day: decided_day.into(),
        delta_fen: Some(-295 * WAN),
        title: "按服务提供情况下调预算".into(),
        ..Default::default()
    }
}

async fn applied(client: &mut Client, application: ResultApplication) -> Result<ResultApplication, Status> {
    let request = ApplyEvaluationResultRequest { result_application: Some(application), ..Default::default() };
    Ok(client.apply_evaluation_result(request).await?.into_inner())
}

async fn check(client: &mut Client, name: &str) -> Vec<Finding> {
    let request = CheckEvaluationRequest { name: name.into() };
    client.check_evaluation(request).await.unwrap().into_inner().findings
}

fn outcome(findings: &[Finding], rule: &str) -> Option<Outcome> {
    findings.iter().find(|finding| finding.rule == rule).map(Finding::outcome)
}

async fn unapplied(client: &mut Client, region: &str) -> Vec<String> {
    let request = ListUnappliedEvaluationsRequest { region: region.into(), ..Default::default() };
    let page = client.list_unapplied_evaluations(request).await.unwrap().into_inner();
    page.evaluations.into_iter().map(|evaluation| evaluation.name).collect()
}

#[tokio::test]
async fn the_leaves_roll_up_to_one_exact_score_whose_grade_is_that_of_the_day() {
    let world = World::new().await;
    let mut client = Client::new(world.channel.clone());
    projects(&world.channel).await;
    schemed(&mut client).await;
    let made = created(&mut client, "e", Evaluation { scheme: "evaluationSchemes/s".into(), ..evaluation() }).await;
    assert_eq!(made.state(), EvaluationState::Open);
    let report = SubmitEvaluationReportRequest {
        name: made.name.clone(),
        sheet: leaves(&[("数量", "20"), ("质量", "90"), ("满意度", "9.89")]),
        satisfaction: "98.9".into(),
        channel: "《公共政策参考》".into(),
        delivered_to: "省政府".into(),
        reported_day: "2016-12-31".into(),
        ..Default::default()
    };
    // 60 % × (33.4 % × 20/30 + 66.6 % × 90/100) + 40 % × 9.89/10 = 0.88884
    let read = client.submit_evaluation_report(report.clone()).await.unwrap().into_inner();
    assert_eq!((read.score.as_str(), read.exact_score.as_str()), ("88.88", "22221/250"));
    assert_eq!((read.grade.as_str(), read.satisfaction.as_str()), ("合格", "98.90"));
    assert_eq!((read.state(), read.channel.as_str()), (EvaluationState::Reported, "《公共政策参考》"));
    let later = SubmitEvaluationReportRequest { reported_day: "2017-01-01".into(), channel: String::new(), ..report };
    let read = client.submit_evaluation_report(later).await.unwrap().into_inner();
    assert_eq!((read.grade.as_str(), read.channel.as_str()), ("良", "《公共政策参考》"));
    assert_eq!(outcome(&check(&mut client, "evaluations/e").await, "EVALUATION_SCORE"), Some(Outcome::Pass));
}

#[tokio::test]
async fn a_sheet_names_the_leaf_that_is_wrong() {
    let world = World::new().await;
    let mut client = Client::new(world.channel.clone());
    projects(&world.channel).await;
    schemed(&mut client).await;
    let made = created(&mut client, "e", Evaluation { scheme: "evaluationSchemes/s".into(), ..evaluation() }).await;
    for (points, score, field) in [
        (&[("数量", "20"), ("质量", "90")][..], "", "sheet"),
        (&[("数量", "31"), ("质量", "90"), ("满意度", "9")], "", "sheet[0].points"),
        (&[("数量", "20"), ("质量", "-1"), ("满意度", "9")], "", "sheet[1].points"),
        (&[("产出", "20"), ("质量", "90"), ("满意度", "9")], "", "sheet[0].code"),
        (&[("数量", "20"), ("数量", "20"), ("满意度", "9")], "", "sheet[1].code"),
        (&[("数量", "二十"), ("质量", "90"), ("满意度", "9")], "", "sheet[0].points"),
        (&[("数量", "20"), ("质量", "90"), ("满意度", "9")], "90", "score"),
    ] {
        let request = SubmitEvaluationReportRequest {
            name: made.name.clone(),
            sheet: leaves(points),
            score: score.into(),
            ..Default::default()
        };
        assert_eq!(fields(client.submit_evaluation_report(request).await), [field], "{points:?}");
    }
    let plain = created(&mut client, "plain", evaluation()).await;
    for (score, sheet, field) in
        [("100.01", &[][..], "score"), ("87.355", &[], "score"), ("", &[("数量", "20")], "sheet")]
    {
        let request = SubmitEvaluationReportRequest {
            name: plain.name.clone(),
            score: score.into(),
            sheet: leaves(sheet),
            ..Default::default()
        };
        assert_eq!(fields(client.submit_evaluation_report(request).await), [field], "{score} {sheet:?}");
    }
}

#[tokio::test]
async fn a_scheme_adds_up_falls_from_the_best_grade_and_keeps_its_indicators() {
    let world = World::new().await;
    let mut client = Client::new(world.channel.clone());
    let made = schemed(&mut client).await;
    let with = |indicators| EvaluationScheme { indicators, ..scheme() };
    let graded = |grades: &[(&str, &str)]| EvaluationScheme {
        grade_tables: vec![GradeTable { from_day: String::new(), bands: bands(grades) }],
        ..scheme()
    };
    for (wrong, field) in [
        (with(vec![]), "evaluation_scheme.indicators"),
        (with(vec![indicator("a", "", "99", "")]), "evaluation_scheme.indicators"),
        (with(vec![indicator("a", "b", "100", "")]), "evaluation_scheme.indicators"),
        (with(vec![indicator("a", "", "一百", "")]), "evaluation_scheme.indicators[0].weight"),
        (graded(&[("优", "90"), ("良", "95"), ("差", "0")]), "evaluation_scheme.grade_tables[0].bands"),
        (graded(&[("优", "90"), ("良", "60")]), "evaluation_scheme.grade_tables[0].bands"),
        (graded(&[("优", "很高"), ("差", "0")]), "evaluation_scheme.grade_tables[0].bands[0].from_score"),
    ] {
        let request = CreateEvaluationSchemeRequest { evaluation_scheme: Some(wrong), ..Default::default() };
        assert_eq!(fields(client.create_evaluation_scheme(request).await), [field]);
    }
    let changed = EvaluationScheme { indicators: vec![indicator("a", "", "100", "")], ..made };
    let request = UpdateEvaluationSchemeRequest { evaluation_scheme: Some(changed), ..Default::default() };
    assert_eq!(fields(client.update_evaluation_scheme(request).await), ["evaluation_scheme.indicators"]);
}

#[tokio::test]
async fn an_evaluation_goes_from_open_to_reported_to_final_and_then_stays() {
    let world = World::new().await;
    let mut client = Client::new(world.channel.clone());
    projects(&world.channel).await;
    let made = created(&mut client, "e", Evaluation { score: "99.00".into(), ..evaluation() }).await;
    assert_eq!(made.score, "", "only a report gives a score");
    let close = FinaliseEvaluationRequest { name: made.name.clone(), ..Default::default() };
    let refused = client.finalise_evaluation(close.clone()).await;
    assert_eq!(refusal(refused), (Code::FailedPrecondition, "EVALUATION_NOT_REPORTED".into()));
    let closed = finalised(&mut client, &made.name, "87.35").await;
    assert_eq!((closed.grade.as_str(), closed.state()), ("良", EvaluationState::Final));
    let changed = Evaluation { title: "改名".into(), ..closed.clone() };
    let request = UpdateEvaluationRequest { evaluation: Some(changed), ..Default::default() };
    let refused = client.update_evaluation(request).await;
    assert_eq!(refusal(refused), (Code::FailedPrecondition, "EVALUATION_FINAL".into()));
    let report = SubmitEvaluationReportRequest { name: made.name.clone(), ..Default::default() };
    let refused = client.submit_evaluation_report(report).await;
    assert_eq!(refusal(refused), (Code::FailedPrecondition, "EVALUATION_FINAL".into()));
    let refused = client.finalise_evaluation(close).await;
    assert_eq!(refusal(refused), (Code::FailedPrecondition, "EVALUATION_NOT_REPORTED".into()));
}

#[tokio::test]
async fn a_subject_has_one_final_evaluation_of_a_phase_and_year() {
    let world = World::new().await;
    let mut client = Client::new(world.channel.clone());
    projects(&world.channel).await;
    for id in ["first", "twin"] {
        created(&mut client, id, evaluation()).await;
    }
    created(&mut client, "before", Evaluation { phase: EvaluationPhase::Before.into(), ..evaluation() }).await;
    finalised(&mut client, "evaluations/first", "80").await;
    finalised(&mut client, "evaluations/before", "80").await;
    let report = SubmitEvaluationReportRequest {
        name: "evaluations/twin".into(),
        reported_day: "2016-12-01".into(),
        ..Default::default()
    };
    client.submit_evaluation_report(report).await.unwrap();
    let close = FinaliseEvaluationRequest {
        name: "evaluations/twin".into(),
        final_day: "2016-12-21".into(),
        ..Default::default()
    };
    let rehearsed =
        client.finalise_evaluation(FinaliseEvaluationRequest { validate_only: true, ..close.clone() }).await;
    assert_eq!(refusal(rehearsed), (Code::AlreadyExists, "RESOURCE_DUPLICATE".into()));
    let refused = client.finalise_evaluation(close).await;
    assert_eq!(refusal(refused), (Code::AlreadyExists, "RESOURCE_DUPLICATE".into()));
    let unphased = created(&mut client, "u", Evaluation { phase: 0, ..evaluation() }).await;
    let report = SubmitEvaluationReportRequest { name: unphased.name.clone(), ..Default::default() };
    client.submit_evaluation_report(report).await.unwrap();
    let close = FinaliseEvaluationRequest { name: unphased.name, ..Default::default() };
    let refused = client.finalise_evaluation(close).await;
    assert_eq!(refusal(refused), (Code::FailedPrecondition, "EVALUATION_WITHOUT_PHASE".into()));
}

#[tokio::test]
async fn only_a_final_result_is_applied_and_only_afterwards() {
    let world = World::new().await;
    let mut client = Client::new(world.channel.clone());
    projects(&world.channel).await;
    let made = created(&mut client, "e", evaluation()).await;
    let early = applied(&mut client, cut(&made.name, "projects/p2017", "2017-01-10")).await;
    assert_eq!(refusal(early), (Code::FailedPrecondition, "EVALUATION_NOT_FINAL".into()));
    finalised(&mut client, &made.name, "75").await;
    let right = cut(&made.name, "projects/p2017", "2017-01-10");
    let provider = || "providers/clean".to_owned();
    for (wrong, field) in [
        (ResultApplication { evaluation: String::new(), ..right.clone() }, "evaluation"),
        (ResultApplication { decided_day: "2016-12-19".into(), ..right.clone() }, "decided_day"),
        (ResultApplication { decided_day: "2017".into(), ..right.clone() }, "decided_day"),
        (ResultApplication { effect: ResultEffect::Renew.into(), ..right.clone() }, "effect"),
        (ResultApplication { effect: 0, ..right.clone() }, "effect"),
        (ResultApplication { project: String::new(), ..right.clone() }, "project"),
        (ResultApplication { provider: provider(), ..right.clone() }, "provider"),
        (ResultApplication { bar_until_day: "2018-01-01".into(), ..right.clone() }, "bar_until_day"),
        (
            ResultApplication {
                kind: ResultUseKind::ProviderSelection.into(),
                effect: ResultEffect::BarUntil.into(),
                provider: provider(),
                bar_until_day: "2017-01-10".into(),
                ..right.clone()
            },
            "bar_until_day",
        ),
        (
            ResultApplication { kind: ResultUseKind::Policy.into(), project: String::new(), ..right.clone() },
            "policy_document",
        ),
    ] {
        let named = fields(applied(&mut client, wrong.clone()).await);
        assert_eq!(named.first(), Some(&format!("result_application.{field}")), "{wrong:?}");
    }
    let later = Evaluation { year: 2018, ..evaluation() };
    let later = created(&mut client, "later", later).await;
    finalised(&mut client, &later.name, "75").await;
    let backwards = applied(&mut client, cut(&later.name, "projects/p2017", "2017-01-10")).await;
    assert_eq!(fields(backwards), ["result_application.project"]);
    let used = applied(&mut client, right).await.unwrap();
    assert_eq!(used.region, "regions/330127", "that of the evaluation");
}

#[tokio::test]
async fn a_result_is_traced_to_the_budget_that_followed_and_unused_ones_are_listed() {
    let world = World::new().await;
    let mut client = Client::new(world.channel.clone());
    projects(&world.channel).await;
    let made = created(&mut client, "e", evaluation()).await;
    finalised(&mut client, &made.name, "75").await;
    assert_eq!(unapplied(&mut client, "regions/330000").await, std::slice::from_ref(&made.name));
    assert!(unapplied(&mut client, "regions/330300").await.is_empty());
    let trace = |name: &str| TraceResultRequest { name: name.into() };
    let before = client.trace_result(trace("projects/p2016")).await.unwrap().into_inner();
    assert_eq!((before.evaluations.len(), before.unapplied_count), (1, 1));

    let used = applied(&mut client, cut(&made.name, "projects/p2017", "2017-01-10")).await.unwrap();
    let raised =
        ResultApplication { effect: ResultEffect::Raise.into(), ..cut(&made.name, "projects/p2017", "2017-02-10") };
    applied(&mut client, raised).await.unwrap();
    assert!(unapplied(&mut client, "").await.is_empty());
    let traced = client.trace_result(trace("projects/p2016")).await.unwrap().into_inner();
    assert_eq!(traced.unapplied_count, 0);
    let of = &traced.evaluations[0];
    assert_eq!(of.evaluation.as_ref().unwrap().application_count, 2);
    let first = &of.uses[0];
    assert_eq!(first.result_application.as_ref().unwrap().name, used.name);
    let (was, is) = (first.before.as_ref().unwrap(), first.after.as_ref().unwrap());
    assert_eq!((was.year, was.budget_fen, is.year, is.budget_fen), (2016, Some(995 * WAN), 2017, Some(700 * WAN)));
    assert_eq!(first.budget_change_fen, Some(-295 * WAN));
    assert_eq!(first.contracts, ["contracts/c2017"]);
    let broken: Vec<&str> = of
        .findings
        .iter()
        .filter(|finding| finding.outcome() == Outcome::Fail)
        .map(|finding| finding.rule.as_str())
        .collect();
    assert_eq!(broken, ["RESULT_USE_DELTA"], "a raise that takes money away");
    assert_eq!(client.trace_result(trace("evaluations/e")).await.unwrap().into_inner().evaluations.len(), 1);
    assert_eq!(fields(client.trace_result(trace("providers/clean")).await), ["name"]);

    let delete = DeleteEvaluationRequest { name: made.name.clone(), ..Default::default() };
    let refused = client.delete_evaluation(delete).await;
    assert_eq!(refusal(refused), (Code::FailedPrecondition, "EVALUATION_APPLIED".into()));
    for application in of.uses.iter().map(|used| used.result_application.as_ref().unwrap()) {
        let request = DeleteResultApplicationRequest { name: application.name.clone(), ..Default::default() };
        client.delete_result_application(request).await.unwrap();
    }
    assert_eq!(unapplied(&mut client, "").await, [made.name]);
}

#[tokio::test]
async fn a_decision_that_is_told_twice_counts_once_and_two_at_once_count_twice() {
    let world = World::new().await;
    let mut client = Client::new(world.channel.clone());
    projects(&world.channel).await;
    let made = created(&mut client, "e", evaluation()).await;
    finalised(&mut client, &made.name, "75").await;
    let request = ApplyEvaluationResultRequest {
        result_application: Some(cut(&made.name, "projects/p2017", "2017-01-10")),
        request_id: "0d9be3d2-5c2c-4a52-a9b4-9a4e1b6e6a10".into(),
        ..Default::default()
    };
    let first = client.apply_evaluation_result(request.clone()).await.unwrap().into_inner();
    let again = client.apply_evaluation_result(request).await.unwrap().into_inner();
    assert_eq!(first.name, again.name);
    let (mut a, mut b) = (client.clone(), client.clone());
    let (one, other) = tokio::join!(
        applied(&mut a, cut(&made.name, "projects/p2017", "2017-03-01")),
        applied(&mut b, cut(&made.name, "projects/p2017", "2017-04-01")),
    );
    one.unwrap();
    other.unwrap();
    let read = client.get_evaluation(GetEvaluationRequest { name: made.name }).await.unwrap().into_inner();
    assert_eq!(read.application_count, 3);
}

#[tokio::test]
async fn a_third_party_that_delivers_the_service_is_not_independent() {
    let world = World::new().await;
    let mut client = Client::new(world.channel.clone());
    projects(&world.channel).await;
    for (id, evaluator, controller, expected) in [
        ("free", "浙江大学公共政策研究院", "", Outcome::Pass),
        ("provider", "千岛湖保洁有限公司", "", Outcome::Fail),
        ("purchaser", "淳安县生态环境局", "", Outcome::Fail),
        ("controlled", "某咨询公司", "千岛湖保洁有限公司", Outcome::Fail),
    ] {
        let of = Evaluation { evaluator: evaluator.into(), evaluator_controller: controller.into(), ..evaluation() };
        let made = created(&mut client, id, of).await;
        let findings = check(&mut client, &made.name).await;
        assert_eq!(outcome(&findings, "EVALUATOR_INDEPENDENT"), Some(expected), "{id}");
    }
    finalised(&mut client, "evaluations/free", "").await;
    let findings = check(&mut client, "evaluations/free").await;
    assert_eq!(outcome(&findings, "EVALUATION_COMPLETE"), Some(Outcome::Fail), "final without a score");
    assert_eq!(outcome(&findings, "EVALUATION_ONE_FINAL"), Some(Outcome::Pass));
}

#[tokio::test]
async fn an_evaluation_has_one_subject() {
    let world = World::new().await;
    let mut client = Client::new(world.channel.clone());
    projects(&world.channel).await;
    for (of, field) in [
        (Evaluation { project: String::new(), ..evaluation() }, "project"),
        (Evaluation { purchaser: "purchasers/chunan".into(), ..evaluation() }, "purchaser"),
        (Evaluation { project: "projects/none".into(), ..evaluation() }, "project"),
        (Evaluation { evaluator: String::new(), ..evaluation() }, "evaluator"),
        (Evaluation { year: 16, ..evaluation() }, "year"),
    ] {
        let request = CreateEvaluationRequest { evaluation: Some(of), ..Default::default() };
        assert_eq!(fields(client.create_evaluation(request).await), [format!("evaluation.{field}")]);
    }
}

#[tokio::test]
async fn the_articles_evaluations_are_told_as_far_as_it_tells_them() {
    let world = World::new().await;
    seed::article(&world.store).await.unwrap();
    let mut client = Client::new(world.channel.clone());
    let read =
        client.get_evaluation(GetEvaluationRequest { name: "evaluations/E2017".into() }).await.unwrap().into_inner();
    assert_eq!((read.evaluator_kind(), read.evaluator.as_str()), (EvaluatorKind::ThirdParty, "浙江大学公共政策研究院"));
    assert_eq!((read.delivered_to.as_str(), read.channel.as_str()), ("省政府", "公共政策参考"));
    assert_eq!(
        (read.score.as_str(), read.state(), read.phase()),
        ("", EvaluationState::Reported, EvaluationPhase::Unspecified)
    );
    let filter = "pilot = \"pilots/T2016\" AND year = 2018".to_owned();
    let request = ListEvaluationsRequest { filter, ..Default::default() };
    let of_projects = client.list_evaluations(request).await.unwrap().into_inner().evaluations;
    assert_eq!(of_projects.len(), 1);
    assert_eq!(of_projects[0].figures, ["figures/F07a", "figures/F07b"]);
    let request = ListResultApplicationsRequest { filter: "evaluation = \"\"".into(), ..Default::default() };
    let uses = client.list_result_applications(request).await.unwrap().into_inner().result_applications;
    let kinds: Vec<_> = uses.iter().map(|used| used.kind()).collect();
    assert_eq!(kinds, [ResultUseKind::Budget, ResultUseKind::ProviderSelection, ResultUseKind::Policy]);
    let traced = client.trace_result(TraceResultRequest { name: "pilots/T2016".into() }).await.unwrap().into_inner();
    assert_eq!((traced.evaluations.len(), traced.unapplied_count), (2, 0), "none is final");
    assert!(unapplied(&mut client, "").await.is_empty());
    assert_eq!(outcome(&check(&mut client, "evaluations/E2017").await, "EVALUATOR_INDEPENDENT"), Some(Outcome::Pass));
}
