//! What a credit code says of itself (GB 32100-2015, GB 11714), without asking any register.

use procurement::{
    credit_code::{CreditCode, Fault},
    party::{self, KIND_AGAINST_CODE, Provider, check_provider},
    settings::RuleSettings,
};
use proto::procurement::v1::{self, CheckUsccResponse, ProviderKind, UsccFault};

use super::{
    super::{day, rules},
    kinds,
};

/// Reads a code.
#[must_use]
pub fn read(text: &str, kind: ProviderKind, settings: &RuleSettings) -> CheckUsccResponse {
    if kinds::is_identity_number(text) {
        return CheckUsccResponse {
            fault: UsccFault::IdentityNumber.into(),
            sentence: "这是公民身份号码的格式, 不是统一社会信用代码; 本系统不保存身份证号。".to_owned(),
            ..CheckUsccResponse::default()
        };
    }
    match text.trim().parse::<CreditCode>() {
        Ok(code) => right(&code, kind, settings),
        Err(fault) => wrong(&fault),
    }
}

fn right(code: &CreditCode, kind: ProviderKind, settings: &RuleSettings) -> CheckUsccResponse {
    let class = code.registration_class();
    let kinds = code
        .provider_kinds()
        .iter()
        .filter_map(|kind| ProviderKind::from_str_name(&format!("PROVIDER_KIND_{kind}")).map(i32::from));
    let stated: Option<party::ProviderKind> = rules::member(kind.as_str_name(), "PROVIDER_KIND_");
    let findings: Vec<_> = stated.map_or_else(Vec::new, |kind| {
        let bearer = Provider {
            name: "持证主体".parse().expect("four characters are a name"),
            credit_code: Some(code.clone()),
            kind,
            registration_class: None,
            region: None,
        };
        let found = check_provider(&bearer, &[], day::today(), &settings.severities);
        found.iter().filter(|of| of.rule == KIND_AGAINST_CODE.code).map(rules::finding).collect()
    });
    CheckUsccResponse {
        is_valid: true,
        uscc: code.as_str().to_owned(),
        sentence: format!(
            "两个校验码均正确; 前两位 {} 为{}, 登记机关行政区划码为{}。",
            code.prefix(),
            class.unwrap_or("未知类别"),
            code.region()
        ),
        prefix: code.prefix().to_owned(),
        registration_class: class.unwrap_or_default().to_owned(),
        kinds: kinds.collect(),
        region_code: code.region().to_owned(),
        organisation_code: code.organisation_code().to_owned(),
        findings,
        ..CheckUsccResponse::default()
    }
}

fn wrong(fault: &Fault) -> CheckUsccResponse {
    let (kind, expected) = match fault {
        Fault::Length { .. } => (v1::UsccFault::Length, None),
        Fault::Symbol { .. } => (v1::UsccFault::Symbol, None),
        Fault::Region { .. } => (v1::UsccFault::Region, None),
        Fault::OrganisationCheck { expected, .. } => (v1::UsccFault::OrganisationCheck, Some(expected)),
        Fault::Check { expected, .. } => (v1::UsccFault::Check, Some(expected)),
    };
    CheckUsccResponse {
        fault: kind.into(),
        place: fault.place().and_then(|place| i32::try_from(place).ok()),
        expected: expected.map(char::to_string).unwrap_or_default(),
        sentence: fault.chinese(),
        ..CheckUsccResponse::default()
    }
}
