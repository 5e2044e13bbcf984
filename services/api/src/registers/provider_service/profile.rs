//! A provider with all that is recorded of it.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};
use procurement::money::Fen;
use proto::procurement::v1::{self, ContractState, ProviderProfile, ProviderYear};
use store::register::{Condition, Direction};
use tonic::Status;

use super::{
    super::{
        contract_service::{self, CONTRACT},
        day,
    },
    PROVIDER, Providers, RECOMMENDED_ENTRY, evaluated, flags_of, id_of, is, kinds, ours,
};

/// Contracts of one provider.
const CONTRACTS_MAX: usize = 10_000;
/// Recommendations of one provider.
const ENTRIES_MAX: usize = 1_000;

/// Evaluations that are told.
const EVALUATIONS_MAX: usize = 1_000;

#[derive(Default)]
struct Sums {
    contracts: i64,
    agreed: Vec<Fen>,
    paid: Vec<Fen>,
}

impl Providers {
    pub(super) async fn profile(&self, name: &str, on_day: NaiveDate) -> Result<ProviderProfile, Status> {
        let provider = self.registrar.get(&PROVIDER, name).await?;
        let with = Condition::Has("providers", id_of(name).to_owned());
        let order = vec![("signed_day", Direction::Ascending)];
        let contracts = self.registrar.all_where(&CONTRACT, with, order, CONTRACTS_MAX).await?;
        let flags = flags_of(&self.registrar, &provider).await?;
        let held = flags.iter().filter_map(kinds::mark).filter(|flag| flag.holds_on(on_day)).count();
        let of = is("provider", id_of(name));
        let recommended_entries = self.registrar.all_where(&RECOMMENDED_ENTRY, of, Vec::new(), ENTRIES_MAX).await?;
        let years = years(&contracts, name)?;
        let finals = evaluated::finals(&self.registrar, &contracts).await?;
        let mut evaluations: Vec<_> = finals.into_values().flatten().collect();
        evaluations.sort_by(|a, b| (&b.final_day, &b.name).cmp(&(&a.final_day, &a.name)));
        evaluations.truncate(EVALUATIONS_MAX);
        let in_state = |state: ContractState| contracts.iter().filter(|of| of.state() == state).count() as i64;
        let sum = |part: fn(&ProviderYear) -> i64| {
            Fen::sum(years.iter().map(|year| Fen::new(part(year)))).map(Fen::get).map_err(|error| ours(&error))
        };
        Ok(ProviderProfile {
            on_day: on_day.to_string(),
            contract_count: contracts.len() as i64,
            accepted_count: in_state(ContractState::Accepted),
            rejected_count: in_state(ContractState::Rejected),
            contract_fen: sum(|year| year.contract_fen)?,
            paid_fen: sum(|year| year.paid_fen)?,
            flags_held: i32::try_from(held).unwrap_or(i32::MAX),
            provider: Some(provider),
            years,
            flags,
            recommended_entries,
            evaluations,
        })
    }
}

fn years(contracts: &[v1::Contract], name: &str) -> Result<Vec<ProviderYear>, Status> {
    let mut by_year: BTreeMap<i32, Sums> = BTreeMap::new();
    for contract in contracts {
        let year = day::read(&contract.signed_day).map_or(0, |day| day.year());
        let sums = by_year.entry(year).or_default();
        sums.contracts += 1;
        let amounts = contract_service::amounts(contract).map_err(|error| ours(&error))?;
        for (part, (agreed, paid)) in contract.parts.iter().zip(amounts) {
            if part.provider == name {
                sums.agreed.push(agreed);
                sums.paid.push(paid);
            }
        }
    }
    let sum = |amounts: Vec<Fen>| Fen::sum(amounts).map(Fen::get).map_err(|error| ours(&error));
    by_year
        .into_iter()
        .map(|(year, sums)| {
            Ok(ProviderYear {
                year,
                contract_count: sums.contracts,
                contract_fen: sum(sums.agreed)?,
                paid_fen: sum(sums.paid)?,
            })
        })
        .collect()
}
