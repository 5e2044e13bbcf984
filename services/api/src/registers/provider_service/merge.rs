//! Two records of one provider made one: a person says that they are the same, never we.

use procurement::contract::Share;
use proto::procurement::v1::{self, Contract, Provider, RecommendedEntry};
use store::register::{Condition, Reference, Write};
use tonic::{Code, Status};

use super::{
    super::{
        WriteOptions, body,
        contract_service::{self, CONTRACT},
        kind::Kind,
    },
    PROVIDER, PROVIDER_FLAG, Providers, RECOMMENDED_ENTRY, flags_of, id_of, is, kinds, ours,
};
use crate::errors;

/// Contracts, and recommendations, that one merge moves.
const MOVED_MAX: usize = 5_000;

/// The writes of a merge, gathered.
struct Moves {
    writes: Vec<Write<'static>>,
    references: Vec<Reference>,
}

impl Providers {
    pub(super) async fn merge(
        &self,
        request: &v1::MergeProvidersRequest,
        options: WriteOptions,
    ) -> Result<Provider, Status> {
        let v1::MergeProvidersRequest { name, merged, etag, merged_etag, .. } = request;
        if name == merged {
            return Err(errors::field("merged", "is the one that stays", "与保留的承接主体相同"));
        }
        if let Some(entries) = self.registrar.replayed(&options).await? {
            return entries.last().map_or_else(|| Err(nothing()), |entry| self.registrar.resource(&PROVIDER, entry));
        }
        let mut stays = self.live("name", name).await?;
        let mut goes = self.live("merged", merged).await?;
        seen("etag", etag, &stays)?;
        seen("merged_etag", merged_etag, &goes)?;
        if !stays.uscc.is_empty() && !goes.uscc.is_empty() && stays.uscc != goes.uscc {
            let (en, zh) = (
                format!("{name} and {merged} have different credit codes"),
                format!("{name}与{merged}的统一社会信用代码不同,不是同一主体"),
            );
            return Err(errors::named(Code::FailedPrecondition, "PROVIDER_CODES_DIFFER", merged, en, zh));
        }

        let mut moves = Moves { writes: Vec::new(), references: Vec::new() };
        self.move_contracts(&stays, merged, &mut moves).await?;
        for mut flag in flags_of(&self.registrar, &goes).await? {
            flag.provider.clone_from(name);
            self.update(&PROVIDER_FLAG, &flag.name.clone(), &flag.etag.clone(), &flag, &mut moves)?;
        }
        self.move_entries(name, merged, &mut moves).await?;

        // The one that goes is gone before the one that stays takes its code.
        goes.merged_into.clone_from(name);
        self.update(&PROVIDER, merged, &goes.etag, &goes, &mut moves)?;
        let gone_at = body::version(&goes.etag).map(|version| version + 1);
        moves.writes.push(Write::Delete(&PROVIDER.register, id_of(merged).to_owned(), gone_at));
        take_over(&mut stays, &goes)?;
        self.update(&PROVIDER, name, &stays.etag.clone(), &kinds::settled(stays), &mut moves)?;
        let entries = self.registrar.commit(moves.writes, moves.references, options).await?;
        entries.last().map_or_else(|| Err(nothing()), |entry| self.registrar.resource(&PROVIDER, entry))
    }

    async fn move_contracts(&self, stays: &Provider, merged: &str, moves: &mut Moves) -> Result<(), Status> {
        let with = Condition::Has("providers", id_of(merged).to_owned());
        for mut contract in self.registrar.all_where(&CONTRACT, with, Vec::new(), MOVED_MAX).await? {
            hand_over(&mut contract, stays, merged)?;
            self.update(&CONTRACT, &contract.name.clone(), &contract.etag.clone(), &contract, moves)?;
        }
        Ok(())
    }

    async fn move_entries(&self, name: &str, merged: &str, moves: &mut Moves) -> Result<(), Status> {
        let of = |name: &str| is("provider", id_of(name));
        let there = self.registrar.all_where(&RECOMMENDED_ENTRY, of(name), Vec::new(), MOVED_MAX).await?;
        for mut entry in self.registrar.all_where(&RECOMMENDED_ENTRY, of(merged), Vec::new(), MOVED_MAX).await? {
            if there.iter().any(|other: &RecommendedEntry| other.list == entry.list) {
                // Once on a list is enough.
                let id = body::id_of(RECOMMENDED_ENTRY.collection, &entry.name).unwrap_or_default().to_owned();
                moves.writes.push(Write::Delete(&RECOMMENDED_ENTRY.register, id, body::version(&entry.etag)));
            } else {
                name.clone_into(&mut entry.provider);
                self.update(&RECOMMENDED_ENTRY, &entry.name.clone(), &entry.etag.clone(), &entry, moves)?;
            }
        }
        Ok(())
    }

    fn update<M: body::Resource>(
        &self,
        kind: &'static Kind<M>,
        name: &str,
        etag: &str,
        resource: &M,
        moves: &mut Moves,
    ) -> Result<(), Status> {
        let id = body::id_of(kind.collection, name).unwrap_or_default();
        let (draft, references) = self.registrar.draft(kind, id, resource)?;
        moves.writes.push(Write::Update(&kind.register, draft, body::version(etag)));
        moves.references.extend(references);
        Ok(())
    }
}

fn nothing() -> Status {
    errors::of_kind(stdx::ErrorKind::Internal, &"a merge gave no entries")
}

fn seen(field: &str, etag: &str, provider: &Provider) -> Result<(), Status> {
    if etag.is_empty() || etag == provider.etag {
        return Ok(());
    }
    if body::version(etag).is_none() {
        return Err(errors::field(field, "is no etag of ours", "不是有效的 etag"));
    }
    let name = &provider.name;
    let (en, zh) = (
        format!("{name} was changed in between: its etag is now {}", provider.etag),
        format!("承接主体其间已被修改:{name} 现在的 etag 为 {}", provider.etag),
    );
    Err(errors::named(Code::Aborted, "ETAG_MISMATCH", name, en, zh))
}

/// A contract's part goes over; where the one that stays has a part too, the shares are added.
fn hand_over(contract: &mut Contract, stays: &Provider, merged: &str) -> Result<(), Status> {
    let taken = contract.parts.iter().position(|part| part.provider == merged);
    let Some(taken) = taken else { return Ok(()) };
    match contract.parts.iter().position(|part| part.provider == stays.name) {
        None => contract.parts[taken].provider.clone_from(&stays.name),
        Some(own) => {
            let share = |text: &str| Share::parse(text).map_err(|error| ours(&error));
            let sum = share(&contract.parts[own].share)?.get() + share(&contract.parts[taken].share)?.get();
            contract.parts[own].share = sum.to_string();
            contract.parts.remove(taken);
        }
    }
    for part in contract.parts.iter_mut().filter(|part| part.provider == stays.name) {
        part.kind = stays.kind;
    }
    contract_service::settle(contract)
}

/// Every name by which the merged one was known is an alias of the one that stays.
fn take_over(stays: &mut Provider, goes: &Provider) -> Result<(), Status> {
    for name in std::iter::once(&goes.title).chain(&goes.former_titles).chain(&goes.aliases) {
        let known = *name == stays.title || stays.former_titles.contains(name) || stays.aliases.contains(name);
        if !known {
            stays.aliases.push(name.clone());
        }
    }
    stays.merged_providers.push(goes.name.clone());
    stays.merged_providers.extend(goes.merged_providers.iter().cloned());
    if stays.aliases.len() > kinds::NAMES_MAX || stays.merged_providers.len() > kinds::NAMES_MAX {
        let (en, zh) = ("more than 100 aliases or merged records", "别名或已并入的记录超过 100 个");
        return Err(errors::status(Code::ResourceExhausted, "TOO_MANY", en, zh));
    }
    if stays.uscc.is_empty() {
        stays.uscc.clone_from(&goes.uscc);
    }
    Ok(())
}
