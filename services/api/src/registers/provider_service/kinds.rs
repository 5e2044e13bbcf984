//! What the registers of providers, flags and recommended lists hold, and the rules of one entry alone.

use std::sync::LazyLock;

use procurement::{
    credit_code::CreditCode,
    identity_number,
    party::{self, PartyName, mask_name},
};
use proto::procurement::v1::{self, FlagSource, ProviderKind};

use super::super::{
    day,
    kind::{Kind, Meaning},
    rules,
};
use crate::wire::Fault;

/// Earlier titles of a provider, and other names, each.
pub const NAMES_MAX: usize = 100;
/// Fields that a provider is recommended for.
const FIELDS_MAX: usize = 50;
/// Characters of a short text in a record's own words.
const TEXT_CHARACTERS_MAX: usize = 200;

const PROVIDER_REFERENCE: Meaning = Meaning::Reference { collection: "providers", table: "provider" };

/// 承接主体.
pub static PROVIDER: LazyLock<Kind<v1::Provider>> = LazyLock::new(|| {
    Kind::new("provider", "providers", "承接主体")
        .ordered("title", Meaning::Text)
        .look_up("uscc", Meaning::Text)
        .look_up("kind", Meaning::Code)
        .look_up("registration_class", Meaning::Text)
        .look_up("scale", Meaning::Code)
        .ordered("region", Meaning::Region)
        .look_up("status", Meaning::Code)
        .look_up("merged_into", Meaning::Text)
        .repeated("former_titles", "former_titles", Meaning::Text)
        .repeated("aliases", "aliases", Meaning::Text)
        .searched(&["title", "former_titles", "aliases"])
        .output_only(&["merged_into", "merged_providers"])
        .checked(check_provider)
});

/// 失信记录.
pub static PROVIDER_FLAG: LazyLock<Kind<v1::ProviderFlag>> = LazyLock::new(|| {
    Kind::new("provider_flag", "providerFlags", "失信记录")
        .look_up("provider", PROVIDER_REFERENCE)
        .look_up("source", Meaning::Code)
        .ordered("from_day", Meaning::Text)
        .look_up("to_day", Meaning::Text)
        .checked(check_flag)
});

/// 社会组织推荐性目录.
pub static RECOMMENDED_LIST: LazyLock<Kind<v1::RecommendedList>> = LazyLock::new(|| {
    Kind::new("recommended_list", "recommendedLists", "社会组织推荐性目录")
        .ordered("title", Meaning::Text)
        .ordered("region", Meaning::Region)
        .ordered("year", Meaning::Integer)
        .look_up("revision", Meaning::Integer)
        .searched(&["title", "issuer"])
        .checked(check_list)
});

/// 社会组织推荐性目录的条目.
pub static RECOMMENDED_ENTRY: LazyLock<Kind<v1::RecommendedEntry>> = LazyLock::new(|| {
    Kind::new("recommended_entry", "recommendedEntries", "推荐性目录条目")
        .look_up("list", Meaning::Reference { collection: "recommendedLists", table: "recommended_list" })
        .look_up("provider", PROVIDER_REFERENCE)
        .repeated("fields", "fields", Meaning::Text)
        .checked(check_entry)
});

fn fault(field: impl Into<String>, en: impl Into<String>, zh: impl Into<String>) -> Fault {
    Fault { field: field.into(), zh: zh.into(), en: en.into() }
}

/// Whether a text given as a credit code is a resident identity number: a right one, or one that is no code either.
#[must_use]
pub fn is_identity_number(uscc: &str) -> bool {
    let text = uscc.trim();
    identity_number::is_sound(text) || (identity_number::has_form(text) && text.parse::<CreditCode>().is_err())
}

fn check_provider(provider: &v1::Provider) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut named = |field: String, text: &str| {
        if identity_number::is_in(text) {
            faults.push(rules::identity_fault(field));
        } else if text.parse::<PartyName>().is_err() {
            let en = "1 to 200 characters without control characters are needed";
            faults.push(fault(field, en, "应为 1 至 200 个字符,不含控制字符"));
        }
    };
    named("title".into(), &provider.title);
    for (field, names) in [("former_titles", &provider.former_titles), ("aliases", &provider.aliases)] {
        for (index, name) in names.iter().take(NAMES_MAX).enumerate() {
            named(format!("{field}[{index}]"), name);
        }
    }
    for (field, names) in [("former_titles", &provider.former_titles), ("aliases", &provider.aliases)] {
        if names.len() > NAMES_MAX {
            faults.push(fault(field, "holds at most 100 names", "最多 100 个名称"));
        }
    }
    if is_identity_number(&provider.uscc) {
        faults.push(rules::identity_fault("uscc"));
    } else if !provider.uscc.is_empty()
        && let Err(wrong) = provider.uscc.parse::<CreditCode>()
    {
        faults.push(fault("uscc", wrong.to_string(), wrong.chinese()));
    }
    if provider.kind() == ProviderKind::Unspecified {
        faults.push(fault("kind", "a kind is needed", "请选择承接主体类型"));
    }
    if identity_number::is_in(&provider.registration_class) {
        faults.push(rules::identity_fault("registration_class"));
    } else if provider.registration_class.chars().count() > TEXT_CHARACTERS_MAX {
        faults.push(fault("registration_class", "has at most 200 characters", "不超过 200 个字符"));
    }
    faults
}

/// A provider as it is kept: the code in upper case, what the code says where nothing is said, a person's names masked.
#[must_use]
pub fn settled(mut provider: v1::Provider) -> v1::Provider {
    provider.title = provider.title.trim().to_owned();
    if let Ok(code) = provider.uscc.parse::<CreditCode>() {
        if provider.registration_class.is_empty() {
            provider.registration_class = code.registration_class().unwrap_or_default().to_owned();
        }
        provider.uscc = code.as_str().to_owned();
    }
    if provider.kind() == ProviderKind::Individual {
        for name in std::iter::once(&mut provider.title).chain(&mut provider.former_titles).chain(&mut provider.aliases)
        {
            *name = mask_name(name.trim());
        }
    }
    provider
}

/// A provider as the rules see it.
///
/// # Errors
/// A title, kind or code that [`check_provider`] refuses.
pub fn party(provider: &v1::Provider) -> Result<party::Provider, procurement::Error> {
    let wrong = |what: &'static str| procurement::Error::malformed(what, &provider.name, "is not as it was checked");
    Ok(party::Provider {
        name: provider.title.parse().map_err(|_| wrong("title"))?,
        credit_code: match provider.uscc.as_str() {
            "" => None,
            uscc => Some(uscc.parse().map_err(|_| wrong("uscc"))?),
        },
        kind: rules::member(provider.kind().as_str_name(), "PROVIDER_KIND_").ok_or_else(|| wrong("kind"))?,
        registration_class: Some(provider.registration_class.clone()).filter(|class| !class.is_empty()),
        region: provider.region.strip_prefix("regions/").and_then(|code| code.parse().ok()),
    })
}

/// A flag as the rules see it; `None` for one that [`check_flag`] refuses.
#[must_use]
pub fn mark(flag: &v1::ProviderFlag) -> Option<party::ProviderFlag> {
    Some(party::ProviderFlag {
        source: rules::member(flag.source().as_str_name(), "FLAG_SOURCE_")?,
        from_day: day::read(&flag.from_day)?,
        to_day: day::read(&flag.to_day),
    })
}

/// What breaks the form of a flag.
#[must_use]
pub fn check_flag(flag: &v1::ProviderFlag) -> Vec<Fault> {
    let mut faults = day::faults(&[("from_day", &flag.from_day), ("to_day", &flag.to_day)]);
    if flag.provider.is_empty() {
        faults.push(fault("provider", "a provider is needed", "请填写承接主体"));
    }
    if flag.source() == FlagSource::Unspecified {
        faults.push(fault("source", "a source is needed", "请选择名单"));
    }
    if flag.from_day.is_empty() {
        faults.push(fault("from_day", "the first day is needed", "请填写列入日期"));
    } else if faults.is_empty() && !flag.to_day.is_empty() && flag.to_day < flag.from_day {
        faults.push(fault("to_day", "is before the first day", "早于列入日期"));
    }
    if flag.decision.chars().count() > TEXT_CHARACTERS_MAX {
        faults.push(fault("decision", "has at most 200 characters", "不超过 200 个字符"));
    } else if identity_number::is_in(&flag.decision) {
        faults.push(rules::identity_fault("decision"));
    }
    faults
}

fn check_list(list: &v1::RecommendedList) -> Vec<Fault> {
    let mut faults = day::faults(&[("published_day", &list.published_day)]);
    if list.title.parse::<PartyName>().is_err() {
        faults.push(fault("title", "1 to 200 characters are needed", "应为 1 至 200 个字符"));
    }
    if list.region.is_empty() {
        faults.push(fault("region", "a region is needed", "请填写行政区划"));
    }
    if !procurement::project::YEARS.contains(&list.year) {
        faults.push(fault("year", "a year from 2000 to 2100 is needed", "应为 2000 至 2100 年"));
    }
    if !(0..=1_000).contains(&list.revision) {
        faults.push(fault("revision", "a number from 1 to 1000 is needed", "应为 1 至 1000"));
    }
    if list.issuer.chars().count() > TEXT_CHARACTERS_MAX {
        faults.push(fault("issuer", "has at most 200 characters", "不超过 200 个字符"));
    }
    faults
}

fn check_entry(entry: &v1::RecommendedEntry) -> Vec<Fault> {
    let mut faults = Vec::new();
    if entry.list.is_empty() {
        faults.push(fault("list", "a list is needed", "请填写推荐性目录"));
    }
    if entry.provider.is_empty() {
        faults.push(fault("provider", "a provider is needed", "请填写承接主体"));
    }
    let named = entry.fields.iter().all(|field| field.parse::<PartyName>().is_ok());
    if entry.fields.len() > FIELDS_MAX || !named {
        faults.push(fault("fields", "at most 50 texts of 1 to 200 characters", "最多 50 个,每个 1 至 200 个字符"));
    }
    faults
}

#[cfg(test)]
mod tests {

    use procurement::eligibility::RegistrationStatus;

    use super::*;

    #[test]
    fn every_kind_source_and_status_of_the_rules_is_on_the_wire_and_back() {
        for kind in party::ProviderKind::ALL {
            let name = format!("PROVIDER_KIND_{kind}");
            let wire = ProviderKind::from_str_name(&name).unwrap_or_else(|| panic!("{name}"));
            assert_eq!(rules::member(wire.as_str_name(), "PROVIDER_KIND_"), Some(*kind));
        }
        for source in party::FlagSource::ALL {
            assert!(FlagSource::from_str_name(&format!("FLAG_SOURCE_{source}")).is_some(), "{source}");
        }
        for status in RegistrationStatus::ALL {
            assert!(v1::ProviderStatus::from_str_name(&format!("PROVIDER_STATUS_{status}")).is_some(), "{status}");
        }
        assert_eq!(rules::member::<party::ProviderKind>("PROVIDER_KIND_UNSPECIFIED", "PROVIDER_KIND_"), None);
    }

    #[test]
    fn a_persons_names_are_masked_whatever_was_sent_and_masking_again_changes_nothing() {
        let person = v1::Provider {
            title: " 欧阳修文 ".into(),
            aliases: vec!["欧阳老师".into()],
            kind: ProviderKind::Individual.into(),
            ..Default::default()
        };
        let kept = settled(person);
        assert_eq!((kept.title.as_str(), kept.aliases[0].as_str()), ("欧阳**", "欧阳**"));
        assert_eq!(settled(kept.clone()), kept);
    }

    #[test]
    fn a_code_is_kept_in_upper_case_and_says_what_its_bearer_is() {
        let kept = settled(v1::Provider {
            title: "某公司".into(),
            uscc: "91330106673959654p".into(),
            kind: ProviderKind::Enterprise.into(),
            ..Default::default()
        });
        assert_eq!((kept.uscc.as_str(), kept.registration_class.as_str()), ("91330106673959654P", "企业"));
    }
}
