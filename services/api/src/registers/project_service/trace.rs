//! What became of a project: from its budget to what was decided because of its evaluations.

use procurement::{
    evaluation::{EvaluationState, Phase, UseKind},
    money::Fen,
};
use proto::procurement::v1::{Contract, Project, ProjectTrace, TracedEvaluation};
use tonic::Status;

use super::{
    super::{evaluation_service, rules},
    PROJECT, Projects, ours,
};

impl Projects {
    pub(super) async fn trace(&self, name: &str) -> Result<ProjectTrace, Status> {
        let project = self.registrar.get(&PROJECT, name).await?;
        let contracts = self.contracts(name).await?;
        let followers = if project.series.is_empty() {
            Vec::new()
        } else {
            let all = self.in_series(&project.series).await?;
            all.into_iter().filter(|of| of.year > project.year).collect()
        };
        let sum = |amount: fn(&Contract) -> Option<i64>| {
            Fen::sum(contracts.iter().filter_map(amount).map(Fen::new)).map_err(|error| ours(&error))
        };
        let (agreed, paid) = (sum(|of| of.amended_fen)?, sum(|of| of.paid_fen)?);
        let mut sentences = vec![budget(&project)];
        sentences.extend(contracts.iter().map(told));
        if let Some(settlement) = project.settlement_fen {
            sentences.push(format!(
                "决算{}, 合同合计{}, 已支付{}。",
                Fen::new(settlement).usual(),
                agreed.usual(),
                paid.usual()
            ));
        }
        let evaluations = evaluation_service::trace(&self.registrar, name).await?.evaluations;
        sentences.extend(evaluations.iter().map(judged));
        sentences.extend(followers.iter().map(|of| format!("{}年续作: {}", of.year, budget(of))));
        Ok(ProjectTrace {
            project: Some(project),
            contracts,
            contract_fen: agreed.get(),
            paid_fen: paid.get(),
            followers,
            sentences,
            evaluations,
        })
    }
}

fn budget(project: &Project) -> String {
    match project.budget_fen {
        Some(budget) => format!("{}年{}, 预算{}。", project.year, project.title, Fen::new(budget).usual()),
        None => format!("{}年{}, 没有预算记录。", project.year, project.title),
    }
}

fn told(contract: &Contract) -> String {
    let parts: Vec<&str> = contract.parts.iter().map(|part| part.title.as_str()).collect();
    let mut text = match contract.signed_day.as_str() {
        "" => format!("与{}的合同没有签订日期", parts.join("、")),
        day => format!("{day}与{}签订合同", parts.join("、")),
    };
    if let Some(amount) = contract.amount_fen {
        text += &format!(", 金额{}", Fen::new(amount).usual());
    }
    if let Some(amended) = contract.amended_fen.filter(|_| !contract.amendments.is_empty()) {
        text += &format!(", 补充合同{}份后为{}", contract.amendments.len(), Fen::new(amended).usual());
    }
    if let Some(paid) = contract.paid_fen {
        text += &format!(", 支付{}笔共{}", contract.payments.len(), Fen::new(paid).usual());
    }
    if let Some(taken) = &contract.acceptance {
        text += &format!(", {}验收{}", taken.day, if taken.is_passed { "合格" } else { "不合格" });
    }
    if let Some(ended) = &contract.termination {
        text += &format!(", {}终止: {}", ended.day, ended.reason);
    }
    text + "。"
}

fn judged(traced: &TracedEvaluation) -> String {
    let evaluation = traced.evaluation.clone().unwrap_or_default();
    let phase = rules::member(evaluation.phase().as_str_name(), "EVALUATION_PHASE_").map_or("", Phase::chinese);
    let state =
        rules::member(evaluation.state().as_str_name(), "EVALUATION_STATE_").map_or("", EvaluationState::chinese);
    let mut text = format!("{}年{phase}绩效评价{state}", evaluation.year);
    if !evaluation.score.is_empty() {
        text += &format!(", 得分{}", evaluation.score);
    }
    if !evaluation.grade.is_empty() {
        text += &format!(", 等级{}", evaluation.grade);
    }
    let uses = traced.uses.iter().filter_map(|used| used.result_application.as_ref());
    let kinds: Vec<&str> = uses
        .filter_map(|used| rules::member(used.kind().as_str_name(), "RESULT_USE_KIND_").map(UseKind::chinese))
        .collect();
    match kinds.is_empty() {
        true => text + ", 结果尚未应用。",
        false => format!("{text}, 结果应用于{}。", kinds.join("、")),
    }
}
