//! Providers: codes, kinds, flags, merging, profile, ranking.

use proto::procurement::v1::{
    Acceptance, AddProviderFlagRequest, CheckEligibilityRequest, CheckUsccRequest, CheckUsccResponse,
    CreateProviderRequest, CreateRecommendedEntryRequest, CreateRecommendedListRequest, DeleteProviderRequest,
    EndProviderFlagRequest, FlagSource, GetContractRequest, GetProjectTraceRequest, GetProviderProfileRequest,
    GetProviderRequest, ListContractsRequest, ListProviderFlagsRequest, ListRecommendedEntriesRequest,
    MergeProvidersRequest, Outcome, Payment, Provider, ProviderFlag, ProviderKind, ProviderStatus, RankKey,
    RankProvidersRequest, RecommendedEntry, RecommendedList, RecordAcceptanceRequest, RecordPaymentRequest,
    ResultApplication, ResultEffect, ResultUseKind, UndeleteProviderRequest, UpdateProviderRequest, UsccFault,
};
use tonic::Code;

use crate::{
    parties::{Parties, WAN, applied, contract, evaluated, project, provider, published},
    world::{World, fields, refusal},
};

// The worked example of GB 11643-1999.
const IDENTITY_NUMBER: &str = "11010519491231002X";

async fn checked(parties: &mut Parties, uscc: &str, kind: ProviderKind) -> CheckUsccResponse {
    let request = CheckUsccRequest { uscc: uscc.into(), kind: kind.into() };
    parties.providers.check_uscc(request).await.unwrap().into_inner()
}

#[tokio::test]
async fn a_credit_code_is_checked_by_both_digits_and_the_wrong_place_is_named() {
    let world = World::new().await;
    let mut parties = Parties::new(&world.channel).await;
    let right = checked(&mut parties, "91330106673959654p", ProviderKind::Enterprise).await;
    assert!(right.is_valid);
    assert_eq!(
        (right.uscc.as_str(), right.prefix.as_str(), right.registration_class.as_str(), right.region_code.as_str()),
        ("91330106673959654P", "91", "企业", "330106")
    );
    assert_eq!(right.organisation_code, "673959654");
    assert_eq!(right.kinds, [i32::from(ProviderKind::Enterprise)]);
    assert_eq!(right.findings[0].outcome(), Outcome::Pass);
    let other = checked(&mut parties, "91330106673959654P", ProviderKind::SocialOrganisation).await;
    assert_eq!(
        (other.findings[0].rule.as_str(), other.findings[0].outcome()),
        ("PROVIDER_KIND_CONTRADICTS_USCC", Outcome::Fail)
    );

    for (code, fault, place, expected) in [
        ("9133010667395965", UsccFault::Length, None, ""),
        ("91330106673I59654P", UsccFault::Symbol, Some(12), ""),
        ("9133A106673959654P", UsccFault::Region, Some(5), ""),
        ("91330106673959655P", UsccFault::OrganisationCheck, Some(17), "4"),
        ("91330106673959654R", UsccFault::Check, Some(18), "P"),
        (IDENTITY_NUMBER, UsccFault::IdentityNumber, None, ""),
    ] {
        let told = checked(&mut parties, code, ProviderKind::Unspecified).await;
        assert_eq!((told.is_valid, told.fault(), told.place, told.expected.as_str()), (false, fault, place, expected));
        if let Some(place) = place {
            assert!(told.sentence.starts_with(&format!("第{place}位")), "{}", told.sentence);
        }
        assert!(!told.sentence.contains(code), "{}", told.sentence);
    }
}

#[tokio::test]
async fn a_person_is_kept_masked_and_an_identity_number_is_never_stored() {
    let world = World::new().await;
    let mut parties = Parties::new(&world.channel).await;
    let made = parties.provider("zhang", provider("张小明", ProviderKind::Individual)).await;
    assert_eq!(made.title, "张**");
    let changed = Provider { title: "欧阳小明".into(), ..made };
    let request = UpdateProviderRequest { provider: Some(changed), ..Default::default() };
    assert_eq!(parties.providers.update_provider(request).await.unwrap().into_inner().title, "欧阳**");

    for wrong in [
        Provider { uscc: IDENTITY_NUMBER.into(), ..provider("张小明", ProviderKind::Individual) },
        // Mistyped: still nobody's credit code.
        Provider { uscc: "110105194912310021".into(), ..provider("张小明", ProviderKind::Individual) },
    ] {
        let request = CreateProviderRequest { provider: Some(wrong), ..Default::default() };
        let refused = parties.providers.create_provider(request).await;
        let said = format!("{refused:?}");
        assert_eq!(fields(refused), ["provider.uscc"]);
        assert!(said.contains("never stored") && !said.contains("19491231"), "{said}");
    }
    let named = provider(&format!("张小明 {IDENTITY_NUMBER}"), ProviderKind::Individual);
    let request = CreateProviderRequest { provider: Some(named), ..Default::default() };
    assert_eq!(fields(parties.providers.create_provider(request).await), ["provider.title"]);
}

#[tokio::test]
async fn eligibility_is_of_a_day_and_names_the_article() {
    let world = World::new().await;
    let mut parties = Parties::new(&world.channel).await;
    let institution = parties.provider("one", provider("某某公益服务中心", ProviderKind::PublicInstitutionOne)).await;
    let company = parties.provider("co", provider("某某有限公司", ProviderKind::Enterprise)).await;
    let flag = ProviderFlag {
        provider: company.name.clone(),
        source: FlagSource::TaxViolation.into(),
        from_day: "2021-03-01".into(),
        ..Default::default()
    };
    let request = AddProviderFlagRequest { provider_flag: Some(flag), ..Default::default() };
    let flag = parties.providers.add_provider_flag(request).await.unwrap().into_inner();
    let end =
        |to_day: &str| EndProviderFlagRequest { name: flag.name.clone(), to_day: to_day.into(), ..Default::default() };
    assert_eq!(fields(parties.providers.end_provider_flag(end("2021-02-28")).await), ["to_day"]);
    parties.providers.end_provider_flag(end("2021-06-01")).await.unwrap();

    for (name, on_day, broken) in [
        (&institution.name, "2021-05-01", Some(("PROVIDER_KIND_BARRED", "财政部令第102号 §8"))),
        (&company.name, "2021-02-28", None),
        (&company.name, "2021-03-01", Some(("PROVIDER_FLAGGED", "政府采购法 §22"))),
        (&company.name, "2021-06-01", None),
    ] {
        let request = CheckEligibilityRequest { name: name.clone(), on_day: on_day.into() };
        let told = parties.providers.check_eligibility(request).await.unwrap().into_inner();
        let failed = told.findings.iter().find(|found| found.outcome() == Outcome::Fail);
        assert_eq!(failed.map(|found| (found.rule.as_str(), found.article.as_str())), broken, "{name} {on_day}");
        assert_eq!(told.is_eligible, broken.is_none());
    }
    let gone = Provider { status: ProviderStatus::Deregistered.into(), ..company };
    let request = UpdateProviderRequest { provider: Some(gone), ..Default::default() };
    let gone = parties.providers.update_provider(request).await.unwrap().into_inner();
    let request = CheckEligibilityRequest { name: gone.name, on_day: "2022-01-01".into() };
    assert!(!parties.providers.check_eligibility(request).await.unwrap().into_inner().is_eligible);
    let filter = "provider = \"providers/co\" AND source = TAX_VIOLATION".to_owned();
    let listed = parties.providers.list_provider_flags(ListProviderFlagsRequest { filter, ..Default::default() }).await;
    assert_eq!(listed.unwrap().into_inner().provider_flags.len(), 1);
}

#[tokio::test]
async fn a_merge_keeps_the_names_and_the_contracts_of_both() {
    let world = World::new().await;
    let mut parties = Parties::new(&world.channel).await;
    let code = "91330106673959654P";
    parties.provider("new", provider("千岛湖环保有限公司", ProviderKind::Enterprise)).await;
    let old = Provider {
        uscc: code.into(),
        former_titles: vec!["千岛湖打捞队".into()],
        ..provider("千岛湖保洁公司", ProviderKind::Enterprise)
    };
    let old = parties.provider("old", old).await;
    parties.project("p", project(2019)).await;
    parties.contract("both", contract("p", &[("new", "1/3"), ("old", "2/3")], 300)).await;
    parties.contract("one", contract("p", &[("old", "1")], 200)).await;
    let flag = ProviderFlag {
        provider: old.name.clone(),
        source: FlagSource::ProcurementViolation.into(),
        from_day: "2019-01-01".into(),
        ..Default::default()
    };
    let request = AddProviderFlagRequest { provider_flag: Some(flag), ..Default::default() };
    parties.providers.add_provider_flag(request).await.unwrap();

    let request = MergeProvidersRequest {
        name: "providers/new".into(),
        merged: "providers/old".into(),
        request_id: "0190a3f0-0000-4000-8000-000000000001".into(),
        ..Default::default()
    };
    let rehearsed = MergeProvidersRequest { validate_only: true, request_id: String::new(), ..request.clone() };
    parties.providers.merge_providers(rehearsed).await.unwrap();
    let stale = MergeProvidersRequest { merged_etag: "v9".into(), request_id: String::new(), ..request.clone() };
    assert_eq!(refusal(parties.providers.merge_providers(stale).await), (Code::Aborted, "ETAG_MISMATCH".into()));
    let merged = parties.providers.merge_providers(request.clone()).await.unwrap().into_inner();
    assert_eq!(merged.aliases, ["千岛湖保洁公司", "千岛湖打捞队"]);
    assert_eq!((merged.uscc.as_str(), merged.merged_providers.as_slice()), (code, &["providers/old".to_owned()][..]));
    // The same call again is answered, not made again.
    assert_eq!(parties.providers.merge_providers(request).await.unwrap().into_inner(), merged);

    let gone =
        parties.providers.get_provider(GetProviderRequest { name: old.name.clone() }).await.unwrap().into_inner();
    assert!(gone.delete_time.is_some());
    assert_eq!(gone.merged_into, "providers/new");
    let request = UndeleteProviderRequest { name: old.name, ..Default::default() };
    let refused = parties.providers.undelete_provider(request).await;
    assert_eq!(refusal(refused), (Code::FailedPrecondition, "PROVIDER_MERGED".into()));

    let filter = "parts.provider:\"providers/new\"".to_owned();
    let request = ListContractsRequest { filter, ..Default::default() };
    let contracts = parties.contracts.list_contracts(request).await.unwrap().into_inner().contracts;
    assert_eq!(contracts.len(), 2);
    let both = parties.contracts.get_contract(GetContractRequest { name: "contracts/both".into() }).await.unwrap();
    let both = both.into_inner();
    assert_eq!((both.parts.len(), both.parts[0].share.as_str()), (1, "1"));
    let request = GetProviderProfileRequest { name: "providers/new".into(), on_day: "2020-01-01".into() };
    let profile = parties.providers.get_provider_profile(request).await.unwrap().into_inner();
    assert_eq!((profile.contract_count, profile.contract_fen, profile.flags_held), (2, 500, 1));
}

#[tokio::test]
async fn two_providers_with_different_codes_are_not_merged() {
    let world = World::new().await;
    let mut parties = Parties::new(&world.channel).await;
    for (id, code) in [("a", "91330106673959654P"), ("b", "91440300708461136T")] {
        parties.provider(id, Provider { uscc: code.into(), ..provider(id, ProviderKind::Enterprise) }).await;
    }
    let merge = |merged: &str| MergeProvidersRequest {
        name: "providers/a".into(),
        merged: format!("providers/{merged}"),
        ..Default::default()
    };
    let refused = parties.providers.merge_providers(merge("b")).await;
    assert_eq!(refusal(refused), (Code::FailedPrecondition, "PROVIDER_CODES_DIFFER".into()));
    assert_eq!(fields(parties.providers.merge_providers(merge("a")).await), ["merged"]);
    assert_eq!(refusal(parties.providers.merge_providers(merge("c")).await).0, Code::NotFound);
}

#[tokio::test]
async fn a_provider_with_contracts_is_not_deleted() {
    let world = World::new().await;
    let mut parties = Parties::new(&world.channel).await;
    let made = parties.provider("a", provider("某公司", ProviderKind::Enterprise)).await;
    parties.project("p", project(2019)).await;
    parties.contract("c", contract("p", &[("a", "1")], 1)).await;
    let request = DeleteProviderRequest { name: made.name, ..Default::default() };
    let refused = parties.providers.delete_provider(request).await;
    assert_eq!(refusal(refused), (Code::FailedPrecondition, "PROVIDER_HAS_CONTRACTS".into()));
}

#[tokio::test]
async fn only_social_organisations_are_recommended_and_each_once() {
    let world = World::new().await;
    let mut parties = Parties::new(&world.channel).await;
    parties.provider("org", provider("淳安县养老服务协会", ProviderKind::SocialOrganisation)).await;
    parties.provider("co", provider("某公司", ProviderKind::Enterprise)).await;
    let list = RecommendedList {
        title: "淳安县社会组织推荐性目录".into(),
        region: "regions/330127".into(),
        year: 2021,
        ..Default::default()
    };
    let request = CreateRecommendedListRequest {
        recommended_list: Some(list.clone()),
        recommended_list_id: "2021".into(),
        ..Default::default()
    };
    let made = parties.providers.create_recommended_list(request).await.unwrap().into_inner();
    assert_eq!(made.revision, 1);
    let again = CreateRecommendedListRequest { recommended_list: Some(list), ..Default::default() };
    let again = parties.providers.create_recommended_list(again).await;
    assert_eq!(refusal(again), (Code::AlreadyExists, "RESOURCE_DUPLICATE".into()));
    let entry = |provider: &str| CreateRecommendedEntryRequest {
        recommended_entry: Some(RecommendedEntry {
            list: "recommendedLists/2021".into(),
            provider: format!("providers/{provider}"),
            fields: vec!["养老服务".into()],
            ..Default::default()
        }),
        ..Default::default()
    };
    parties.providers.create_recommended_entry(entry("org")).await.unwrap();
    let twice = parties.providers.create_recommended_entry(entry("org")).await;
    assert_eq!(refusal(twice), (Code::AlreadyExists, "RESOURCE_DUPLICATE".into()));
    let refused = parties.providers.create_recommended_entry(entry("co")).await;
    assert_eq!(refusal(refused), (Code::FailedPrecondition, "PROVIDER_NOT_SOCIAL_ORGANISATION".into()));
    assert_eq!(
        fields(parties.providers.create_recommended_entry(entry("nobody")).await),
        ["recommended_entry.provider"]
    );
    let filter = "fields:\"养老服务\"".to_owned();
    let request = ListRecommendedEntriesRequest { filter, ..Default::default() };
    let listed = parties.providers.list_recommended_entries(request).await.unwrap().into_inner();
    assert_eq!(listed.recommended_entries.len(), 1);
}

#[tokio::test]
async fn a_ranking_answers_for_everybody_by_the_callers_keys() {
    let world = World::new().await;
    let mut parties = Parties::new(&world.channel).await;
    let item = published(&world.channel).await;
    for (id, title, kind) in [
        ("a", "甲公司", ProviderKind::Enterprise),
        ("b", "乙公司", ProviderKind::Enterprise),
        ("c", "丙中心", ProviderKind::PublicInstitutionOne),
        ("d", "丁公司", ProviderKind::Enterprise),
    ] {
        parties.provider(id, provider(title, kind)).await;
    }
    let inside = proto::procurement::v1::Project { item: item.clone(), ..project(2021) };
    parties.project("in", inside).await;
    parties.project("out", project(2021)).await;
    for (id, project, provider, day, is_passed) in [
        ("1", "in", "a", "2021-05-01", true),
        ("2", "out", "b", "2021-05-01", true),
        ("3", "out", "b", "2021-06-01", true),
        ("4", "in", "b", "2021-06-01", false),
        // Later than the day asked about.
        ("5", "in", "d", "2021-12-01", true),
    ] {
        let made = parties.contract(id, contract(project, &[(provider, "1")], 100 * WAN)).await;
        let acceptance = Some(Acceptance { day: day.into(), is_passed, ..Default::default() });
        let request = RecordAcceptanceRequest { name: made.name, acceptance, ..Default::default() };
        parties.contracts.record_acceptance(request).await.unwrap();
    }
    let ask = |keys: &[RankKey]| RankProvidersRequest {
        item: item.clone(),
        on_day: "2021-07-01".into(),
        keys: keys.iter().map(|key| i32::from(*key)).collect(),
        candidates: ["a", "b", "c", "d"].map(|id| format!("providers/{id}")).to_vec(),
        ..Default::default()
    };
    for (keys, places) in [
        (&[RankKey::FinishedInSection][..], "1甲公司 2丁公司 2乙公司"),
        (&[RankKey::Finished], "1乙公司 2甲公司 3丁公司"),
        (&[RankKey::FewestFailures, RankKey::Finished], "1甲公司 2丁公司 3乙公司"),
    ] {
        let told = parties.providers.rank_providers(ask(keys)).await.unwrap().into_inner();
        let ranked: Vec<String> = told.ranked.iter().map(|of| format!("{}{}", of.place, of.title)).collect();
        assert_eq!(ranked.join(" "), places, "{keys:?}");
        assert_eq!(told.excluded.len(), 1);
        assert!(told.excluded[0].reasons[0].contains("财政部令第102号 §8"), "{:?}", told.excluded);
        assert!(told.section.ends_with(".hj") && told.notes[0].contains("投诉"), "{told:?}");
    }
    // Named by a filter, the same providers are answered for.
    let by_filter = RankProvidersRequest {
        candidates: Vec::new(),
        filter: "kind = ENTERPRISE AND NOT under(region, \"regions/110000\")".into(),
        ..ask(&[RankKey::Finished])
    };
    let told = parties.providers.rank_providers(by_filter).await.unwrap().into_inner();
    assert_eq!((told.ranked.len(), told.excluded.len()), (3, 0));
    assert!(told.notes.iter().any(|note| note.contains("政府采购法 §5")), "{:?}", told.notes);
    for (wrong, field) in [
        (ask(&[]), "keys"),
        (ask(&[RankKey::Finished, RankKey::Finished]), "keys"),
        (RankProvidersRequest { since_day: "2021-08-01".into(), ..ask(&[RankKey::Finished]) }, "since_day"),
    ] {
        assert_eq!(fields(parties.providers.rank_providers(wrong).await), [field]);
    }
}

#[tokio::test]
async fn a_profile_tells_a_providers_own_part_year_by_year() {
    let world = World::new().await;
    let mut parties = Parties::new(&world.channel).await;
    for id in ["a", "b", "c"] {
        parties.provider(id, provider(id, ProviderKind::Enterprise)).await;
    }
    parties.project("p", project(2021)).await;
    let thirds = [("a", "1/3"), ("b", "1/3"), ("c", "1/3")];
    let first = proto::procurement::v1::Contract { signed_day: "2020-03-01".into(), ..contract("p", &thirds, 100) };
    let first = parties.contract("1", first).await;
    let second =
        proto::procurement::v1::Contract { signed_day: "2021-03-01".into(), ..contract("p", &[("a", "1")], 7) };
    parties.contract("2", second).await;
    let payment = Some(Payment { day: "2021-04-01".into(), amount_fen: 50, ..Default::default() });
    let request = RecordPaymentRequest { name: first.name, payment, ..Default::default() };
    parties.contracts.record_payment(request).await.unwrap();
    let mut sums = (0, 0);
    for id in ["a", "b", "c"] {
        let request = GetProviderProfileRequest { name: format!("providers/{id}"), ..Default::default() };
        let told = parties.providers.get_provider_profile(request).await.unwrap().into_inner();
        sums = (sums.0 + told.contract_fen, sums.1 + told.paid_fen);
        if id == "a" {
            let years: Vec<_> =
                told.years.iter().map(|of| (of.year, of.contract_count, of.contract_fen, of.paid_fen)).collect();
            assert_eq!(years, [(2020, 1, 34, 17), (2021, 1, 7, 0)]);
        }
    }
    assert_eq!(sums, (107, 50));
}

#[tokio::test]
async fn what_evaluations_led_to_counts_in_profile_ranking_and_eligibility() {
    let world = World::new().await;
    let mut parties = Parties::new(&world.channel).await;
    let item = published(&world.channel).await;
    for (id, score) in [("a", "80.5"), ("b", "95"), ("old", "60")] {
        parties.provider(id, provider(&format!("{id}公司"), ProviderKind::Enterprise)).await;
        let of_id = proto::procurement::v1::Project { item: item.clone(), ..project(2020) };
        parties.project(id, of_id).await;
        parties.contract(id, contract(id, &[(id, "1")], 100)).await;
        evaluated(&world.channel, id, id, score, "2021-01-10").await;
    }
    // Decided for a record that is merged afterwards: the one that stays is barred.
    let decided = ResultApplication {
        evaluation: "evaluations/old".into(),
        kind: ResultUseKind::ProviderSelection.into(),
        effect: ResultEffect::BarUntil.into(),
        bar_until_day: "2022-01-01".into(),
        provider: "providers/old".into(),
        decided_day: "2021-02-01".into(),
        title: "一年内不得选择".into(),
        ..Default::default()
    };
    applied(&world.channel, decided).await;
    let request =
        MergeProvidersRequest { name: "providers/b".into(), merged: "providers/old".into(), ..Default::default() };
    parties.providers.merge_providers(request).await.unwrap();

    for (on_day, eligible) in [("2021-01-31", true), ("2021-02-01", false), ("2021-12-31", false), ("2022-01-01", true)]
    {
        let request = CheckEligibilityRequest { name: "providers/b".into(), on_day: on_day.into() };
        let told = parties.providers.check_eligibility(request).await.unwrap().into_inner();
        assert_eq!(told.is_eligible, eligible, "{on_day}: {:?}", told.findings);
    }
    let rank = |on_day: &str| RankProvidersRequest {
        item: item.clone(),
        on_day: on_day.into(),
        keys: vec![RankKey::MeanScore.into()],
        candidates: vec!["providers/a".into(), "providers/b".into()],
        ..Default::default()
    };
    let told = parties.providers.rank_providers(rank("2021-06-01")).await.unwrap().into_inner();
    assert_eq!((told.ranked.len(), told.excluded[0].provider.as_str()), (1, "providers/b"));
    assert!(told.excluded[0].reasons[0].contains("2022-01-01"), "{:?}", told.excluded);
    let told = parties.providers.rank_providers(rank("2022-01-01")).await.unwrap().into_inner();
    let means: Vec<_> = told
        .ranked
        .iter()
        .map(|of| {
            let evidence = of.evidence.as_ref().unwrap();
            (of.title.as_str(), evidence.mean_score.as_str(), evidence.mean_score_exact.as_str())
        })
        .collect();
    assert_eq!(means, [("a公司", "80.50", "161/2"), ("b公司", "77.50", "155/2")]);
    let request = GetProviderProfileRequest { name: "providers/b".into(), ..Default::default() };
    let profile = parties.providers.get_provider_profile(request).await.unwrap().into_inner();
    assert_eq!(profile.evaluations.len(), 2);

    let request = GetProjectTraceRequest { name: "projects/old".into() };
    let trace = parties.projects.get_project_trace(request).await.unwrap().into_inner();
    assert_eq!(trace.evaluations[0].uses.len(), 1);
    let told = "2021年事后绩效评价已定稿, 得分60.00, 等级中, 结果应用于承接主体选择。";
    assert!(trace.sentences.iter().any(|sentence| sentence == told), "{:?}", trace.sentences);
}
