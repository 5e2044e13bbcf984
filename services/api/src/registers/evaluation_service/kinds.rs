//! What the registers of evaluations hold.

use std::sync::LazyLock;

use procurement::evaluation::{Effect, UseKind};
use proto::procurement::v1;

use super::report;
use crate::{
    registers::{
        day,
        held::{FIGURES_MAX, Held, NAME_CHARACTERS_MAX, NOTE_CHARACTERS_MAX, TITLE_CHARACTERS_MAX},
        kind::{Kind, Meaning},
        pilot_service::{PILOT_OF, PROJECT_OF},
        policy_service::{FIGURE_OF, POLICY_DOCUMENT_OF, PURCHASER_OF},
        rules,
    },
    wire::Fault,
};

/// Characters of an evaluation's number.
const NUMBER_CHARACTERS_MAX: usize = 100;

const SCHEME_OF: Meaning = Meaning::Reference { collection: "evaluationSchemes", table: "evaluation_scheme" };
const EVALUATION_OF: Meaning = Meaning::Reference { collection: "evaluations", table: "evaluation" };
const PROVIDER_OF: Meaning = Meaning::Reference { collection: "providers", table: "provider" };

/// 评价指标体系.
pub static EVALUATION_SCHEME: LazyLock<Kind<v1::EvaluationScheme>> = LazyLock::new(|| {
    Kind::new("evaluation_scheme", "evaluationSchemes", "评价指标体系")
        .ordered("title", Meaning::Text)
        .ordered("region", Meaning::Region)
        .searched(&["title", "indicators.title"])
        .immutable(&["indicators"])
        .checked(check_scheme)
});

/// 绩效评价.
pub static EVALUATION: LazyLock<Kind<v1::Evaluation>> = LazyLock::new(|| {
    Kind::new("evaluation", "evaluations", "绩效评价")
        .ordered("title", Meaning::Text)
        .look_up("evaluation_no", Meaning::Text)
        .look_up("phase", Meaning::Code)
        .ordered("year", Meaning::Integer)
        .ordered("region", Meaning::Region)
        .look_up("project", PROJECT_OF)
        .look_up("purchaser", PURCHASER_OF)
        .look_up("system_region", Meaning::Region)
        .look_up("policy_document", POLICY_DOCUMENT_OF)
        .look_up("pilot", PILOT_OF)
        .look_up("evaluator_kind", Meaning::Code)
        .look_up("evaluator", Meaning::Text)
        .look_up("scheme", SCHEME_OF)
        .look_up("state", Meaning::Code)
        .ordered("final_day", Meaning::Text)
        .look_up("application_count", Meaning::Integer)
        .repeated("figures", "figure", FIGURE_OF)
        .searched(&["title", "title_en", "evaluation_no", "evaluator", "report"])
        .output_only(&[
            "state",
            "score",
            "exact_score",
            "grade",
            "satisfaction",
            "sheet",
            "report",
            "reported_day",
            "final_day",
            "application_count",
        ])
        .checked(check_evaluation)
});

/// 结果应用.
pub static RESULT_APPLICATION: LazyLock<Kind<v1::ResultApplication>> = LazyLock::new(|| {
    Kind::new("result_application", "resultApplications", "结果应用")
        .look_up("evaluation", EVALUATION_OF)
        .look_up("kind", Meaning::Code)
        .look_up("effect", Meaning::Code)
        .look_up("bar_until_day", Meaning::Text)
        .look_up("project", PROJECT_OF)
        .look_up("purchaser", PURCHASER_OF)
        .look_up("policy_document", POLICY_DOCUMENT_OF)
        .look_up("provider", PROVIDER_OF)
        .ordered("decided_day", Meaning::Text)
        .ordered("region", Meaning::Region)
        .searched(&["title", "title_en"])
        .checked(check_application)
});

/// The fields of an evaluation that can hold its subject.
pub const SUBJECTS: [&str; 5] = ["project", "purchaser", "system_region", "policy_document", "pilot"];

/// The values of those fields, in that order.
#[must_use]
pub fn subjects(evaluation: &v1::Evaluation) -> [&str; 5] {
    [
        &evaluation.project,
        &evaluation.purchaser,
        &evaluation.system_region,
        &evaluation.policy_document,
        &evaluation.pilot,
    ]
}

fn check_scheme(scheme: &v1::EvaluationScheme) -> Vec<Fault> {
    let mut held = Held::default();
    held.text("title", &scheme.title, 1..=TITLE_CHARACTERS_MAX);
    held.required("region", &scheme.region);
    held.text("note", &scheme.note, 0..=NOTE_CHARACTERS_MAX);
    for (index, indicator) in scheme.indicators.iter().enumerate().take(procurement::evaluation::INDICATORS_MAX) {
        held.text(&format!("indicators[{index}].code"), &indicator.code, 1..=NUMBER_CHARACTERS_MAX);
        held.text(&format!("indicators[{index}].title"), &indicator.title, 1..=NAME_CHARACTERS_MAX);
    }
    let mut faults = held.faults();
    faults.extend(report::scheme(scheme).err());
    faults.extend(report::grades(scheme).err());
    faults
}

fn check_evaluation(evaluation: &v1::Evaluation) -> Vec<Fault> {
    let mut held = Held::default();
    held.titles(&evaluation.title, &evaluation.title_en);
    held.text("evaluation_no", &evaluation.evaluation_no, 0..=NUMBER_CHARACTERS_MAX);
    let is_one_word = !evaluation.evaluation_no.contains(char::is_whitespace);
    held.must(is_one_word, "evaluation_no", "has a blank", "不应含空格");
    held.year("year", evaluation.year);
    held.required("region", &evaluation.region);
    let mut given = SUBJECTS.iter().zip(subjects(evaluation)).filter(|(_, name)| !name.is_empty());
    match (given.next(), given.next()) {
        (Some(_), None) => {}
        (None, _) => held.wrong(
            "project",
            "one of project, purchaser, system_region, policy_document, pilot is needed",
            "请填写评价对象:项目、购买主体、行政区划、政策文件或试点",
        ),
        (Some(_), Some((field, _))) => held.wrong(*field, "an evaluation has one subject", "评价对象只能填一项"),
    }
    for (field, text) in [
        ("evaluator", &evaluation.evaluator),
        ("evaluator_controller", &evaluation.evaluator_controller),
        ("delivered_to", &evaluation.delivered_to),
        ("channel", &evaluation.channel),
    ] {
        held.text(field, text, 0..=NAME_CHARACTERS_MAX);
    }
    let is_named = evaluation.evaluator_kind() != v1::EvaluatorKind::ThirdParty || !evaluation.evaluator.is_empty();
    held.must(is_named, "evaluator", "a third party is named", "请填写第三方机构名称");
    held.list("figures", &evaluation.figures, FIGURES_MAX);
    held.faults()
}

/// The effect of an application, with its day; a fault when they do not go together.
pub fn effect(application: &v1::ResultApplication) -> Result<Effect, Fault> {
    let code = application.effect().as_str_name().trim_start_matches("RESULT_EFFECT_").to_owned();
    Effect::from_code(&code, day::read(&application.bar_until_day)).map_err(|_| {
        let field = if application.effect() == v1::ResultEffect::Unspecified { "effect" } else { "bar_until_day" };
        Fault {
            field: field.into(),
            zh: "请选择决定;仅“暂停承接”需要填写截止日期".into(),
            en: "an effect is needed, with a day for BAR_UNTIL alone".into(),
        }
    })
}

fn check_application(application: &v1::ResultApplication) -> Vec<Fault> {
    let mut held = Held::default();
    held.said("kind", application.kind());
    held.text("title", &application.title, 0..=NOTE_CHARACTERS_MAX);
    held.text("title_en", &application.title_en, 0..=NOTE_CHARACTERS_MAX);
    if application.evaluation.is_empty() {
        // What a source says of results in general. No call makes one: applying needs an evaluation.
        held.required("title", &application.title);
        return held.faults();
    }
    let decided = day::read(&application.decided_day);
    held.must(
        decided.is_some(),
        "decided_day",
        "a day of the form 2021-12-31 is needed",
        "请填写日期,格式如 2021-12-31",
    );
    let until = &application.bar_until_day;
    let is_day = until.is_empty() || day::read(until).is_some();
    held.must(is_day, "bar_until_day", "a day of the form 2021-12-31 is needed", "请填写日期,格式如 2021-12-31");
    if let (Some(until), Some(decided)) = (day::read(until), decided) {
        held.must(decided < until, "bar_until_day", "is not after the decision", "应晚于决定日期");
    }
    let kind: Option<UseKind> = rules::member(application.kind().as_str_name(), "RESULT_USE_KIND_");
    let target = |field: &'static str, name: &str| (field, !name.is_empty());
    let (project, purchaser) = (target("project", &application.project), target("purchaser", &application.purchaser));
    let policy = target("policy_document", &application.policy_document);
    let provider = target("provider", &application.provider);
    let mut absent = Vec::new();
    match kind {
        Some(UseKind::Budget) => {
            let is_one = project.1 != purchaser.1;
            held.must(is_one, "project", "the budget of one project or one purchaser", "请填写一个项目或一个购买主体");
            absent = vec![policy, provider];
        }
        Some(UseKind::ProviderSelection) => {
            held.required("provider", &application.provider);
            absent = vec![purchaser, policy];
        }
        Some(UseKind::Policy) => {
            held.required("policy_document", &application.policy_document);
            absent = vec![project, purchaser, provider];
        }
        None => {}
    }
    for (field, is_given) in absent {
        held.must(!is_given, field, "does not go with this kind", "与结果应用类型不符");
    }
    let mut faults = held.faults();
    match effect(application) {
        Err(fault) => faults.push(fault),
        Ok(effect) if kind.is_some_and(|kind| kind != effect.kind()) => faults.push(Fault {
            field: "effect".into(),
            zh: "与结果应用类型不符".into(),
            en: "does not go with this kind".into(),
        }),
        Ok(_) => {}
    }
    faults
}
