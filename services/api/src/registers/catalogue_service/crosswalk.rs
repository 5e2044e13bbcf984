//! Crosswalks: set by somebody, suggested by us.

use std::{collections::BTreeSet, sync::Arc};

use procurement::{
    catalogue::{
        ItemUid,
        crosswalk::Crosswalk,
        diff::{Diff, suggest_crosswalk},
    },
    contract::Share,
};
use proto::procurement::v1;
use store::register::{Reference, Write};
use tonic::Status;

use super::{CROSSWALK, Catalogues, LINKS_MAX, convert, edition::version, fault, loaded::Loaded};
use crate::{
    errors,
    registers::{WriteOptions, registrar::version_given},
};

/// A crosswalk as it was set.
pub(super) struct Known {
    /// As it is recorded.
    pub(super) message: v1::Crosswalk,
    /// Its links.
    pub(super) links: Crosswalk,
}

impl Catalogues {
    /// The crosswalk set from one edition to another.
    pub(super) async fn known(&self, from: &Loaded, to: &Loaded) -> Result<Option<Known>, Status> {
        let found = self.registrar.find(&CROSSWALK, &id(from, to)).await?;
        let Some(message) = found.filter(|found| found.delete_time.is_none()) else { return Ok(None) };
        let links = read(&message.links).map_err(|_| {
            errors::of_kind(stdx::ErrorKind::Internal, &format!("{} is not what this service writes", message.name))
        })?;
        // A draft may have changed since.
        links.check(&from.lines, &to.lines).map_err(|fault| {
            let en = format!("{}: {fault}; set it again", message.name);
            errors::precondition("CROSSWALK_DOES_NOT_FIT", en, format!("对照表与现有条目不符,请重新设置:{fault}"))
        })?;
        Ok(Some(Known { message, links }))
    }

    pub(super) async fn crosswalk_set(
        &self,
        crosswalk: Option<v1::Crosswalk>,
        options: WriteOptions,
    ) -> Result<v1::Crosswalk, Status> {
        if let Some(entries) = self.registrar.replayed(&options).await? {
            return self.registrar.resource(&CROSSWALK, &entries[0]);
        }
        let etag = crosswalk.as_ref().map(|crosswalk| crosswalk.etag.clone()).unwrap_or_default();
        let mut resource = self.registrar.fresh(&CROSSWALK, crosswalk, "")?.resource;
        let from = self.loaded("crosswalk.from_edition", &resource.from_edition).await?;
        let to = self.loaded("crosswalk.to_edition", &resource.to_edition).await?;
        if from.id == to.id {
            let (en, zh) = ("must be another edition", "应为另一版本");
            return Err(errors::field("crosswalk.to_edition", en, zh));
        }
        let links = read(&resource.links)?;
        links
            .check(&from.lines, &to.lines)
            .map_err(|fault| convert::refused(&field_of(&resource.links, &fault), &fault))?;
        resource.links = told(&links, &from, &to);
        let id = id(&from, &to);
        let (draft, references) = self.registrar.draft(&CROSSWALK, &id, &resource)?;
        let asked = version_given("crosswalk.etag", &etag)?;
        let write = match (self.registrar.find(&CROSSWALK, &id).await?, asked) {
            (Some(_), None) => {
                let en = "there is one between these editions: its etag is needed to replace it";
                return Err(errors::field("crosswalk.etag", en, "两个版本之间已有对照表,替换须提供其 etag"));
            }
            // An etag of one that is not there is refused by the tables.
            (_, Some(asked)) => Write::Update(&CROSSWALK.register, draft, Some(asked)),
            (None, None) => Write::Insert(&CROSSWALK.register, draft),
        };
        let references = references
            .into_iter()
            .map(|reference| Reference { field: format!("crosswalk.{}", reference.field), ..reference });
        let entries = self.registrar.commit(vec![write], references.collect(), options).await?;
        self.registrar.resource(&CROSSWALK, &entries[0])
    }

    pub(super) async fn crosswalk_suggested(
        &self,
        request: &v1::SuggestCrosswalkRequest,
    ) -> Result<v1::SuggestCrosswalkResponse, Status> {
        let (from, to) = self.both(&request.from_edition, &request.to_edition).await?;
        let known = self.known(&from, &to).await?;
        let set = known.as_ref().map(|known| &known.links);
        let own = |fault| errors::of_kind(stdx::ErrorKind::Internal, &fault);
        let links = suggest_crosswalk(&from.lines, &to.lines, set).map_err(own)?;
        let diff = Diff::between(&from.lines, &to.lines, set).map_err(own)?;
        let linked_from: BTreeSet<&ItemUid> = links.links().map(|(from, ..)| from).collect();
        let linked_to: BTreeSet<&ItemUid> = links.links().map(|(_, to, _)| to).collect();
        let unmatched = |loaded: &Arc<Loaded>, linked: &BTreeSet<&ItemUid>| {
            let lines = loaded.lines.in_order().into_iter().filter(|item| !linked.contains(&item.uid));
            lines.map(|item| item.uid.to_string()).collect()
        };
        Ok(v1::SuggestCrosswalkResponse {
            unmatched_from_uids: unmatched(&from, &linked_from),
            unmatched_to_uids: unmatched(&to, &linked_to),
            suggestions: diff.suggestions.iter().map(|found| convert::suggestion(found, &from, &to)).collect(),
            crosswalk: Some(v1::Crosswalk {
                name: CROSSWALK.name(&id(&from, &to)),
                etag: known.map(|known| known.message.etag).unwrap_or_default(),
                from_edition: from.edition.name.clone(),
                to_edition: to.edition.name.clone(),
                links: told(&links, &from, &to),
                ..v1::Crosswalk::default()
            }),
        })
    }

    /// Two editions of a request.
    pub(super) async fn both(&self, from: &str, to: &str) -> Result<(Arc<Loaded>, Arc<Loaded>), Status> {
        Ok((self.loaded("from_edition", from).await?, self.loaded("to_edition", to).await?))
    }
}

// No edition's id has a dot.
fn id(from: &Loaded, to: &Loaded) -> String {
    format!("{}.{}", from.id, to.id)
}

/// The links of a message; INVALID_ARGUMENT names those that break a rule.
fn read(links: &[v1::CrosswalkLink]) -> Result<Crosswalk, Status> {
    if !(1..=LINKS_MAX).contains(&links.len()) {
        let en = format!("1 to {LINKS_MAX} links are taken");
        return Err(errors::field("crosswalk.links", en, format!("应为 1 至 {LINKS_MAX} 条")));
    }
    let mut faults = Vec::new();
    let mut read = Vec::with_capacity(links.len());
    for (index, link) in links.iter().enumerate() {
        let at = format!("crosswalk.links[{index}]");
        let (from, to) = (link.from_uid.parse::<ItemUid>(), link.to_uid.parse::<ItemUid>());
        match (from, to, Share::parse(&link.weight)) {
            (Ok(from), Ok(to), Ok(weight)) => read.push((from, to, weight.get().clone())),
            (Err(error), ..) => faults.push(fault(format!("{at}.from_uid"), error.to_string(), "条目标识无效")),
            (_, Err(error), _) => faults.push(fault(format!("{at}.to_uid"), error.to_string(), "条目标识无效")),
            (.., Err(error)) => {
                faults.push(fault(format!("{at}.weight"), error.to_string(), "权重应为大于 0、不超过 1 的分数或小数"));
            }
        }
    }
    if !faults.is_empty() {
        return Err(errors::fields(&faults));
    }
    Crosswalk::new(read).map_err(|fault| convert::refused(&field_of(links, &fault), &fault))
}

// The first link that the fault is about.
fn field_of(links: &[v1::CrosswalkLink], fault: &procurement::catalogue::Fault) -> String {
    use procurement::catalogue::Fault;
    let at = match fault {
        Fault::Weights(uid) => links.iter().position(|link| link.from_uid == uid.as_str()),
        Fault::DoesNotFit(uid) => {
            links.iter().position(|link| link.from_uid == uid.as_str() || link.to_uid == uid.as_str())
        }
        _ => None,
    };
    at.map_or_else(|| "crosswalk.links".to_owned(), |at| format!("crosswalk.links[{at}]"))
}

fn told(links: &Crosswalk, from: &Loaded, to: &Loaded) -> Vec<v1::CrosswalkLink> {
    let kinds = links.kinds(&from.lines, &to.lines);
    links
        .links()
        .map(|(a, b, weight)| v1::CrosswalkLink {
            from_uid: a.to_string(),
            to_uid: b.to_string(),
            weight: weight.to_string(),
            kind: kinds
                .get(&(a.clone(), b.clone()))
                .map_or(v1::LinkKind::Unspecified, |kind| convert::link_kind(*kind))
                .into(),
        })
        .collect()
}

/// The version of a crosswalk, for tokens that must not outlive it.
pub(super) fn version_of(known: Option<&Known>) -> i64 {
    known.map_or(0, |known| version(&known.message.etag))
}
