//! Contracts: shares, who may be awarded, supplements, payments, acceptance, end, and what the rules say.

use proto::procurement::v1::{
    Acceptance, AmendContractRequest, Amendment, CheckContractRequest, Contract, ContractState, CreateContractRequest,
    Finding, ListContractsRequest, MultiYearBasis, Outcome, Payment, ProcurementMethod, ProviderKind,
    RecordAcceptanceRequest, RecordPaymentRequest, TerminateContractRequest, Termination, UpdateContractRequest,
    UpdateProviderRequest,
};
use store::rollup::{Dimension, Origin, RollupQuery};
use tonic::Code;
use tonic_types::StatusExt;

use crate::{
    parties::{Parties, WAN, contract, project, provider},
    world::{World, fields, refusal},
};

async fn place() -> (World, Parties) {
    let world = World::new().await;
    let mut parties = Parties::new(&world.channel).await;
    for (id, title, kind) in [
        ("a", "甲公司", ProviderKind::Enterprise),
        ("b", "乙协会", ProviderKind::SocialOrganisation),
        ("c", "丙公司", ProviderKind::Enterprise),
        ("barred", "丁中心", ProviderKind::PublicInstitutionOne),
    ] {
        parties.provider(id, provider(title, kind)).await;
    }
    parties.project("p", project(2021)).await;
    (world, parties)
}

async fn checked(parties: &mut Parties, name: &str, on_day: &str) -> Vec<Finding> {
    let request = CheckContractRequest { name: name.into(), on_day: on_day.into() };
    parties.contracts.check_contract(request).await.unwrap().into_inner().findings
}

fn outcome(findings: &[Finding], rule: &str) -> Option<Outcome> {
    findings.iter().find(|found| found.rule == rule).map(Finding::outcome)
}

async fn refused(parties: &mut Parties, contract: Contract) -> Vec<String> {
    let request = CreateContractRequest { contract: Some(contract), ..Default::default() };
    fields(parties.contracts.create_contract(request).await)
}

#[tokio::test]
async fn shares_sum_to_one_and_amounts_by_kind_add_up_to_the_fen() {
    let (world, mut parties) = place().await;
    let thirds = [("a", "1/3"), ("b", "1/3"), ("c", "1/3")];
    let made = parties.contract("c", contract("p", &thirds, 100)).await;
    assert_eq!((made.provider.as_str(), made.provider_kind()), ("providers/a", ProviderKind::Enterprise));
    assert_eq!(made.parts[1].title, "乙协会");
    let percents = parties.contract("d", contract("p", &[("a", "60%"), ("b", "0.4")], 100)).await;
    assert_eq!(percents.parts.iter().map(|part| part.share.as_str()).collect::<Vec<_>>(), ["3/5", "2/5"]);

    for (parts, field) in [
        (&[("a", "1/3"), ("b", "1/3")][..], "contract.parts"),
        (&[], "contract.parts"),
        (&[("a", "1/2"), ("a", "1/2")], "contract.parts[1].provider"),
        (&[("a", "2")], "contract.parts[0].share"),
        (&[("nobody", "1")], "contract.parts[0].provider"),
    ] {
        let named = refused(&mut parties, contract("p", parts, 100)).await;
        assert!(named.contains(&field.to_owned()), "{parts:?} {named:?}");
    }
    let query = RollupQuery {
        dimensions: vec![Dimension::ProviderKind],
        years: 2021..=2021,
        regions: Vec::new(),
        without_regions: Vec::new(),
        only: Vec::new(),
        origin: Origin::Real,
    };
    let totals = world.store.rollup_query(&query).await.unwrap();
    let by_kind: Vec<(&str, i64)> =
        totals.iter().map(|of| (of.codes[0].as_str(), of.contract_fen)).filter(|(code, _)| !code.is_empty()).collect();
    assert_eq!(by_kind, [("ENTERPRISE", 67 + 60), ("SOCIAL_ORGANISATION", 33 + 40)]);
}

#[tokio::test]
async fn a_barred_kind_is_recorded_but_never_awarded() {
    let (_world, mut parties) = place().await;
    let request = CreateContractRequest {
        contract: Some(contract("p", &[("a", "1/2"), ("barred", "1/2")], 100)),
        ..Default::default()
    };
    let status = parties.contracts.create_contract(request.clone()).await.unwrap_err();
    assert!(status.message().contains("财政部令第102号 §8"), "{status:?}");
    assert_eq!(status.get_details_error_info().unwrap().metadata["name"], "providers/barred");
    assert_eq!(refusal::<()>(Err(status)), (Code::FailedPrecondition, "PROVIDER_BARRED".into()));
    let rehearsed = CreateContractRequest { validate_only: true, ..request };
    assert_eq!(refusal(parties.contracts.create_contract(rehearsed).await).1, "PROVIDER_BARRED");

    let made = parties.contract("c", contract("p", &[("a", "1")], 100)).await;
    let changed = Contract { parts: contract("p", &[("barred", "1")], 0).parts, ..made.clone() };
    let request = UpdateContractRequest { contract: Some(changed), ..Default::default() };
    assert_eq!(refusal(parties.contracts.update_contract(request).await).1, "PROVIDER_BARRED");

    // What became barred later is a finding, and the record can still be put right.
    let reformed = provider("甲中心", ProviderKind::PublicInstitutionOne);
    let reformed = proto::procurement::v1::Provider { name: "providers/a".into(), etag: "v1".into(), ..reformed };
    let request = UpdateProviderRequest { provider: Some(reformed), ..Default::default() };
    parties.providers.update_provider(request).await.unwrap();
    let found = checked(&mut parties, &made.name, "2021-06-01").await;
    assert_eq!(outcome(&found, "PROVIDER_KIND_BARRED"), Some(Outcome::Fail));
    let request = UpdateContractRequest {
        contract: Some(Contract { title: "打捞合同".into(), ..made }),
        ..Default::default()
    };
    let put_right = parties.contracts.update_contract(request).await.unwrap().into_inner();
    assert_eq!(
        (put_right.parts[0].title.as_str(), put_right.provider_kind()),
        ("甲公司", ProviderKind::PublicInstitutionOne)
    );
}

#[tokio::test]
async fn supplements_payments_and_acceptance_are_recorded_and_judged_but_not_refused() {
    let (_world, mut parties) = place().await;
    let signed = Contract {
        signed_day: "2021-03-01".into(),
        start_day: "2021-03-01".into(),
        end_day: "2022-02-28".into(),
        published_day: "2021-03-03".into(),
        method: ProcurementMethod::Other.into(),
        method_text: "竞争择优方式".into(),
        ..contract("p", &[("a", "1")], 100 * WAN)
    };
    let name = parties.contract("c", signed).await.name;
    let amend = |delta_fen, request_id: &str| AmendContractRequest {
        name: name.clone(),
        amendment: Some(Amendment { day: "2021-05-01".into(), delta_fen, ..Default::default() }),
        request_id: request_id.into(),
        ..Default::default()
    };
    let once = amend(10 * WAN, "0190a3f0-0000-4000-8000-000000000003");
    let tenth = parties.contracts.amend_contract(once.clone()).await.unwrap().into_inner();
    assert_eq!(outcome(&tenth.findings, "CONTRACT_AMENDMENTS"), Some(Outcome::Pass));
    let again = parties.contracts.amend_contract(once).await.unwrap().into_inner();
    assert_eq!(again.contract, tenth.contract);
    let beyond = parties.contracts.amend_contract(amend(1, "")).await.unwrap().into_inner();
    assert_eq!(outcome(&beyond.findings, "CONTRACT_AMENDMENTS"), Some(Outcome::Fail));
    let contract = beyond.contract.unwrap();
    assert_eq!((contract.amended_fen, contract.amendments.len()), (Some(110 * WAN + 1), 2));
    assert_eq!((contract.method(), contract.method_text.as_str()), (ProcurementMethod::Other, "竞争择优方式"));

    let payment = Some(Payment { day: "2021-12-20".into(), amount_fen: 111 * WAN, ..Default::default() });
    let request = RecordPaymentRequest { name: name.clone(), payment, ..Default::default() };
    let paid = parties.contracts.record_payment(request).await.unwrap().into_inner();
    assert_eq!(outcome(&paid.findings, "CONTRACT_PAYMENTS"), Some(Outcome::Fail));
    assert_eq!(paid.contract.unwrap().paid_fen, Some(111 * WAN));

    let acceptance = |invited| {
        Some(Acceptance {
            day: "2022-03-01".into(),
            is_passed: true,
            service_users_invited: invited,
            ..Default::default()
        })
    };
    for (invited, expected) in
        [(None, Outcome::Undetermined), (Some(false), Outcome::Fail), (Some(true), Outcome::Pass)]
    {
        let request =
            RecordAcceptanceRequest { name: name.clone(), acceptance: acceptance(invited), ..Default::default() };
        let taken = parties.contracts.record_acceptance(request).await.unwrap().into_inner();
        assert_eq!(outcome(&taken.findings, "ACCEPTANCE_INVITES_USERS"), Some(expected));
        assert_eq!(taken.contract.unwrap().state(), ContractState::Accepted);
    }
    let request = RecordPaymentRequest { name: name.clone(), payment: Some(Payment::default()), ..Default::default() };
    assert_eq!(fields(parties.contracts.record_payment(request).await), ["payment.day"]);
}

#[tokio::test]
async fn terms_and_days_are_judged_by_their_articles() {
    let (_world, mut parties) = place().await;
    let all = MultiYearBasis {
        budget_is_assured: true,
        content_is_fixed: true,
        funding_is_stable: true,
        price_is_steady: true,
    };
    let lacking = MultiYearBasis { price_is_steady: false, ..all };
    for (n, (end, basis, expected)) in [
        ("2021-12-31", None, Outcome::Pass),
        ("2022-01-01", None, Outcome::Fail),
        ("2023-12-31", Some(lacking), Outcome::Fail),
        ("2023-12-31", Some(all), Outcome::Pass),
        ("2024-01-01", Some(all), Outcome::Fail),
        ("", None, Outcome::Undetermined),
    ]
    .into_iter()
    .enumerate()
    {
        let subject = Contract {
            start_day: "2021-01-01".into(),
            end_day: end.into(),
            multi_year_basis: basis,
            ..contract("p", &[("a", "1")], 100)
        };
        let name = parties.contract(&format!("term-{n}"), subject).await.name;
        let found = checked(&mut parties, &name, "2021-01-01").await;
        assert_eq!(outcome(&found, "CONTRACT_TERM"), Some(expected), "{end} {basis:?}");
        let rule = found.iter().find(|of| of.rule == "CONTRACT_TERM").unwrap();
        assert_eq!(rule.article, "财政部令第102号 §24");
    }
    // 2021-03-01 is a Monday: two working days end on the Wednesday. 2019 has no calendar.
    for (n, (signed, published, on_day, expected)) in [
        ("2021-03-01", "2021-03-03", "2021-03-10", Outcome::Pass),
        ("2021-03-01", "2021-03-04", "2021-03-10", Outcome::Fail),
        ("2021-03-01", "", "2021-03-03", Outcome::Undetermined),
        ("2021-03-01", "", "2021-03-04", Outcome::Fail),
        ("2019-03-01", "2019-03-02", "2021-03-04", Outcome::Undetermined),
    ]
    .into_iter()
    .enumerate()
    {
        let subject = Contract {
            signed_day: signed.into(),
            published_day: published.into(),
            ..contract("p", &[("a", "1")], 100)
        };
        let name = parties.contract(&format!("day-{n}"), subject).await.name;
        let found = checked(&mut parties, &name, on_day).await;
        assert_eq!(outcome(&found, "CONTRACT_PUBLISHED"), Some(expected), "{signed} {published} {on_day}");
    }
}

#[tokio::test]
async fn an_end_before_its_time_has_a_reason_and_comes_once() {
    let (_world, mut parties) = place().await;
    let name = parties.contract("c", contract("p", &[("a", "1")], 100)).await.name;
    let end = |reason: &str| TerminateContractRequest {
        name: name.clone(),
        termination: Some(Termination { day: "2021-08-01".into(), reason: reason.into() }),
        ..Default::default()
    };
    assert_eq!(fields(parties.contracts.terminate_contract(end(" ")).await), ["termination.reason"]);
    let ended = parties.contracts.terminate_contract(end("服务质量不达标")).await.unwrap().into_inner();
    assert_eq!(ended.contract.unwrap().state(), ContractState::Terminated);
    let refused = parties.contracts.terminate_contract(end("再次")).await;
    assert_eq!(refusal(refused), (Code::FailedPrecondition, "CONTRACT_TERMINATED".into()));
    let amendment = Some(Amendment { day: "2021-09-01".into(), delta_fen: 1, ..Default::default() });
    let request = AmendContractRequest { name: name.clone(), amendment, ..Default::default() };
    assert_eq!(refusal(parties.contracts.amend_contract(request).await).1, "CONTRACT_TERMINATED");
    let filter = "state = TERMINATED AND project = \"projects/p\"".to_owned();
    let listed = parties.contracts.list_contracts(ListContractsRequest { filter, ..Default::default() }).await.unwrap();
    assert_eq!(listed.into_inner().contracts.len(), 1);
}

#[tokio::test]
async fn what_custom_methods_record_no_update_changes() {
    let (_world, mut parties) = place().await;
    let made = parties.contract("c", contract("p", &[("a", "1")], 100)).await;
    let payment = Some(Payment { day: "2021-04-01".into(), amount_fen: 40, ..Default::default() });
    let request =
        RecordPaymentRequest { name: made.name.clone(), payment, etag: made.etag.clone(), ..Default::default() };
    let paid = parties.contracts.record_payment(request.clone()).await.unwrap().into_inner().contract.unwrap();
    assert_eq!(refusal(parties.contracts.record_payment(request).await), (Code::Aborted, "ETAG_MISMATCH".into()));
    let emptied = Contract { payments: Vec::new(), paid_fen: None, state: 0, amount_fen: Some(90), ..paid };
    let request = UpdateContractRequest { contract: Some(emptied), ..Default::default() };
    let updated = parties.contracts.update_contract(request).await.unwrap().into_inner();
    assert_eq!((updated.payments.len(), updated.paid_fen, updated.amended_fen), (1, Some(40), Some(90)));
    let moved = Contract { project: "projects/q".into(), ..updated };
    let request = UpdateContractRequest { contract: Some(moved), ..Default::default() };
    assert_eq!(fields(parties.contracts.update_contract(request).await), ["contract.project"]);
}
