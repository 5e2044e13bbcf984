//! What became of a project: from its budget to what was decided because of its evaluations.

use procurement::money::Fen;
use proto::procurement::v1::{Contract, Project, ProjectTrace};
use tonic::Status;

use super::{PROJECT, Projects, ours};

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
        sentences.extend(followers.iter().map(|of| format!("{}年续作: {}", of.year, budget(of))));
        Ok(ProjectTrace {
            project: Some(project),
            contracts,
            contract_fen: agreed.get(),
            paid_fen: paid.get(),
            followers,
            sentences,
            evaluations: Vec::new(),
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
