//! Purchasers, providers, projects and contracts for tests that need some, made by real calls.

use proto::procurement::v1::{
    ApplyEvaluationResultRequest, Catalogue, Contract, ContractPart, CreateCatalogueRequest, CreateContractRequest,
    CreateEditionRequest, CreateEvaluationRequest, CreateProjectRequest, CreateProviderRequest, CreatePurchaserRequest,
    Edition, Evaluation, EvaluationPhase, EvaluatorKind, FinaliseEvaluationRequest, NewItem, Project, Provider,
    ProviderKind, PublishEditionRequest, Purchaser, PurchaserKind, ResultApplication, ServiceKind,
    SubmitEvaluationReportRequest, catalogue_service_client::CatalogueServiceClient,
    contract_service_client::ContractServiceClient, evaluation_service_client::EvaluationServiceClient,
    project_service_client::ProjectServiceClient, provider_service_client::ProviderServiceClient,
    purchaser_service_client::PurchaserServiceClient,
};
use tonic::transport::Channel;

/// 万元 in fen.
pub const WAN: i64 = 10_000 * 100;

pub struct Parties {
    pub purchasers: PurchaserServiceClient<Channel>,
    pub providers: ProviderServiceClient<Channel>,
    pub projects: ProjectServiceClient<Channel>,
    pub contracts: ContractServiceClient<Channel>,
}

impl Parties {
    /// With one purchaser, `purchasers/chunan`.
    pub async fn new(channel: &Channel) -> Self {
        let mut parties = Self {
            purchasers: PurchaserServiceClient::new(channel.clone()),
            providers: ProviderServiceClient::new(channel.clone()),
            projects: ProjectServiceClient::new(channel.clone()),
            contracts: ContractServiceClient::new(channel.clone()),
        };
        let purchaser = Purchaser {
            title: "淳安县生态环境局".into(),
            region: "regions/330127".into(),
            kind: PurchaserKind::StateOrgan.into(),
            ..Default::default()
        };
        let request =
            CreatePurchaserRequest { purchaser: Some(purchaser), purchaser_id: "chunan".into(), ..Default::default() };
        parties.purchasers.create_purchaser(request).await.unwrap();
        parties
    }

    pub async fn provider(&mut self, id: &str, provider: Provider) -> Provider {
        let request = CreateProviderRequest { provider: Some(provider), provider_id: id.into(), ..Default::default() };
        self.providers.create_provider(request).await.unwrap().into_inner()
    }

    pub async fn project(&mut self, id: &str, project: Project) -> Project {
        let request = CreateProjectRequest { project: Some(project), project_id: id.into(), ..Default::default() };
        self.projects.create_project(request).await.unwrap().into_inner()
    }

    pub async fn contract(&mut self, id: &str, contract: Contract) -> Contract {
        let request = CreateContractRequest { contract: Some(contract), contract_id: id.into(), ..Default::default() };
        self.contracts.create_contract(request).await.unwrap().into_inner()
    }
}

pub fn provider(title: &str, kind: ProviderKind) -> Provider {
    Provider { title: title.into(), kind: kind.into(), ..Default::default() }
}

/// 千岛湖湖面垃圾打捞 of a year, budgeted at 995 万元.
pub fn project(year: i32) -> Project {
    Project {
        title: "千岛湖湖面垃圾打捞".into(),
        year,
        region: "regions/330127".into(),
        purchaser: "purchasers/chunan".into(),
        service_kind: ServiceKind::Public.into(),
        budget_fen: Some(995 * WAN),
        ..Default::default()
    }
}

pub fn contract(project: &str, parts: &[(&str, &str)], amount_fen: i64) -> Contract {
    let part = |(provider, share): &(&str, &str)| ContractPart {
        provider: format!("providers/{provider}"),
        share: (*share).into(),
        ..Default::default()
    };
    Contract {
        project: format!("projects/{project}"),
        parts: parts.iter().map(part).collect(),
        amount_fen: Some(amount_fen),
        ..Default::default()
    }
}

/// Two editions of one catalogue, of 2015 and 2021, each with one 项 of 环境治理: `catalogueItems/zj15.hjbj` and
/// `catalogueItems/zj21.hjbj`. Gives the name of the later one.
pub async fn published(channel: &Channel) -> String {
    let mut client = CatalogueServiceClient::new(channel.clone());
    let catalogue =
        Catalogue { region: "regions/330000".into(), title: "指导性目录".into(), ..Default::default() };
    let request =
        CreateCatalogueRequest { catalogue: Some(catalogue), catalogue_id: "zj".into(), ..Default::default() };
    client.create_catalogue(request).await.unwrap();
    for (id, year) in [("zj15", 2015), ("zj21", 2021)] {
        let line = |uid: &str, title: &str, parent_uid: &str| NewItem {
            uid: uid.into(),
            code: uid.into(),
            title: title.into(),
            parent_uid: parent_uid.into(),
            service_kind: ServiceKind::Public.into(),
            ..Default::default()
        };
        let items = vec![line("gg", "公共服务", ""), line("hj", "环境治理", "gg"), line("hjbj", "水面保洁", "hj")];
        let edition = Some(Edition { catalogue: "catalogues/zj".into(), year, ..Default::default() });
        let request = CreateEditionRequest { edition, edition_id: id.into(), items, ..Default::default() };
        client.create_edition(request).await.unwrap();
        let request = PublishEditionRequest {
            name: format!("editions/{id}"),
            effective_from_day: format!("{year}-01-01"),
            ..Default::default()
        };
        client.publish_edition(request).await.unwrap();
    }
    "catalogueItems/zj21.hjbj".into()
}

/// A final evaluation of a project with a score, as of a day.
pub async fn evaluated(channel: &Channel, id: &str, project: &str, score: &str, day: &str) -> String {
    let mut client = EvaluationServiceClient::new(channel.clone());
    let evaluation = Evaluation {
        title: "项目支出绩效评价".into(),
        phase: EvaluationPhase::After.into(),
        year: day[..4].parse().unwrap(),
        region: "regions/330127".into(),
        project: format!("projects/{project}"),
        evaluator_kind: EvaluatorKind::Finance.into(),
        ..Default::default()
    };
    let request =
        CreateEvaluationRequest { evaluation: Some(evaluation), evaluation_id: id.into(), ..Default::default() };
    let name = client.create_evaluation(request).await.unwrap().into_inner().name;
    let request = SubmitEvaluationReportRequest {
        name: name.clone(),
        score: score.into(),
        reported_day: day.into(),
        ..Default::default()
    };
    client.submit_evaluation_report(request).await.unwrap();
    let request = FinaliseEvaluationRequest { name: name.clone(), final_day: day.into(), ..Default::default() };
    client.finalise_evaluation(request).await.unwrap();
    name
}

/// What was decided because of a final evaluation.
pub async fn applied(channel: &Channel, application: ResultApplication) {
    let mut client = EvaluationServiceClient::new(channel.clone());
    let request = ApplyEvaluationResultRequest { result_application: Some(application), ..Default::default() };
    client.apply_evaluation_result(request).await.unwrap();
}
