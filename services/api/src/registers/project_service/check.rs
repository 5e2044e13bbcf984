//! What breaks the form of a project, and a project as the rules see it.

use procurement::{
    money::Fen,
    party::PartyName,
    project::{FileNo, ProcurementMethod, Project, YEARS},
};
use proto::procurement::v1::{self, ServiceKind};

use super::{
    super::{body, rules},
    line,
};
use crate::wire::Fault;

fn fault(field: impl Into<String>, en: impl Into<String>, zh: impl Into<String>) -> Fault {
    Fault { field: field.into(), zh: zh.into(), en: en.into() }
}

/// What breaks the form of a project. The rules of the law are none of it: they give findings.
#[must_use]
pub fn check(project: &v1::Project) -> Vec<Fault> {
    let mut faults = Vec::new();
    if project.title.parse::<PartyName>().is_err() {
        faults.push(fault("title", "1 to 200 characters are needed", "应为 1 至 200 个字符,不含控制字符"));
    }
    if !project.project_no.is_empty() && project.project_no.parse::<FileNo>().is_err() {
        faults.push(fault("project_no", "has 1 to 100 characters and no blanks", "应为 1 至 100 个字符,不含空白"));
    }
    if !YEARS.contains(&project.year) {
        faults.push(fault("year", "a year from 2000 to 2100 is needed", "应为 2000 至 2100 年"));
    }
    for (field, name, zh) in
        [("region", &project.region, "请填写行政区划"), ("purchaser", &project.purchaser, "请填写购买主体")]
    {
        if name.is_empty() {
            faults.push(fault(field, format!("a {field} is needed"), zh));
        }
    }
    if project.service_kind() == ServiceKind::Unspecified {
        faults.push(fault("service_kind", "a kind of service is needed", "请选择公共服务或政府履职辅助性服务"));
    }
    for (field, amount) in [("budget_fen", project.budget_fen), ("settlement_fen", project.settlement_fen)] {
        if amount.is_some_and(|amount| amount < 0) {
            faults.push(fault(field, "must not be negative", "不能为负数"));
        }
    }
    if !project.series.is_empty() && !body::is_id(&project.series) {
        faults.push(fault(
            "series",
            "1 to 128 characters of A-Z a-z 0-9 . _ ~ -",
            "应为 1 至 128 个字符:A-Z a-z 0-9 . _ ~ -",
        ));
    }
    for (field, text, characters_max) in [
        ("method_text", &project.method_text, 200),
        ("description", &project.description, 4_000),
        ("approval_ref", &project.approval_ref, 200),
        ("individual_reason", &project.individual_reason, 1_000),
    ] {
        if text.chars().count() > characters_max {
            let en = format!("has at most {characters_max} characters");
            faults.push(fault(field, en, format!("不超过 {characters_max} 个字符")));
        }
    }
    faults.extend(rules::identity_faults(&[
        ("title", &project.title),
        ("description", &project.description),
        ("approval_ref", &project.approval_ref),
        ("individual_reason", &project.individual_reason),
    ]));
    faults
}

/// The project as the rules see it.
///
/// # Errors
/// What [`check`] refuses.
pub fn subject(project: &v1::Project) -> Result<Project, procurement::Error> {
    let wrong = |what: &'static str| procurement::Error::malformed(what, &project.name, "is not as it was checked");
    let said = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    // A number that is not recorded is no rule's business.
    let number = if project.project_no.is_empty() { "-" } else { &project.project_no };
    let region = project.region.strip_prefix("regions/").unwrap_or_default();
    Ok(Project {
        project_no: number.parse::<FileNo>()?,
        name: project.title.parse().map_err(|_| wrong("title"))?,
        description: project.description.clone(),
        year: project.year,
        region: region.parse().map_err(|_| wrong("region"))?,
        item: line::uid_in(&project.item).and_then(|uid| uid.parse().ok()),
        approval_ref: said(&project.approval_ref),
        service_kind: rules::member(project.service_kind().as_str_name(), "SERVICE_KIND_")
            .ok_or_else(|| wrong("service kind"))?,
        method: rules::member(project.method().as_str_name(), "PROCUREMENT_METHOD_")
            .unwrap_or(ProcurementMethod::Other),
        method_text: project.method_text.clone(),
        form: rules::member(project.organisation_form().as_str_name(), "ORGANISATION_FORM_"),
        budget: project.budget_fen.map(Fen::new),
        settlement: project.settlement_fen.map(Fen::new),
        individual_reason: said(&project.individual_reason),
    })
}
