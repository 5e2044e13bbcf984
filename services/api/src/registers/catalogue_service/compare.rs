//! What looks at whole editions: differences, items carried over, texts classified.

use std::collections::{BTreeMap, HashSet};

use procurement::{
    catalogue::{
        Counts, ItemUid,
        classify::CANDIDATES_MAX,
        diff::{Change, Diff},
    },
    money::Fen,
    rational,
};
use proto::procurement::v1;
use tonic::Status;

use super::{Catalogues, convert, crosswalk, fault, loaded::Loaded};
use crate::{errors, page};

/// Changes of a page, unless fewer are asked for.
const CHANGES_MAX: i32 = 1_000;
/// Items of one MapItems.
const ITEMS_MAX: usize = 1_000;
/// Characters of a text that is classified.
const TEXT_CHARACTERS_MAX: usize = 2_000;
/// Candidates when the caller does not say.
const CANDIDATES_DEFAULT: usize = 10;

impl Catalogues {
    pub(super) async fn diff(&self, request: &v1::DiffEditionsRequest) -> Result<v1::DiffEditionsResponse, Status> {
        let size = match request.page_size {
            0 => CHANGES_MAX,
            asked => asked.min(CHANGES_MAX),
        };
        let size =
            u32::try_from(size).map_err(|_| errors::field("page_size", "page_size is negative", "每页条数不能为负"))?;
        let (from, to) = self.both(&request.from_edition, &request.to_edition).await?;
        if from.is_by_counts() || to.is_by_counts() {
            return Ok(by_counts(&from, &to));
        }
        let known = match request.ignores_crosswalk || from.id == to.id {
            true => None,
            false => self.known(&from, &to).await?,
        };
        let links = known.as_ref().map(|known| &known.links);
        let diff = Diff::between(&from.lines, &to.lines, links)
            .map_err(|fault| errors::of_kind(stdx::ErrorKind::Internal, &fault))?;
        let version = crosswalk::version_of(known.as_ref()).to_string();
        let query = ["DiffEditions", &from.id, &from.edition.etag, &to.id, &to.edition.etag, &version];
        let start: usize = self.registrar.tokens().open(&query, &request.page_token)?.unwrap_or_default();
        let left: &[Change] = diff.changes.get(start..).unwrap_or_default();
        let (changes, more) = page::fill(left, size, |change| convert::change(change, &from, &to));
        let next = start + changes.len();
        let counts = diff.counts(&from.lines, &to.lines);
        let suggestions = if start == 0 { diff.suggestions.as_slice() } else { &[] };
        let (suggestions, _) =
            page::fill(suggestions, u32::MAX, |suggestion| convert::suggestion(suggestion, &from, &to));
        Ok(v1::DiffEditionsResponse {
            changes,
            next_page_token: if more { self.registrar.tokens().seal(&query, &next) } else { String::new() },
            counts: Some(convert::diff_counts(counts)),
            suggestions,
            is_empty: diff.is_empty(),
            sentence: convert::sentence(&diff, &counts),
            crosswalk: known.map(|known| known.message.name).unwrap_or_default(),
            is_by_counts: false,
        })
    }

    pub(super) async fn mapped(&self, request: &v1::MapItemsRequest) -> Result<v1::MapItemsResponse, Status> {
        let (from, to) = self.both(&request.from_edition, &request.to_edition).await?;
        let asked = asked(&request.items, &from)?;
        let (crosswalk, links, is_inverted) = match self.known(&from, &to).await? {
            Some(known) => (known.message.name, known.links, false),
            None => match self.known(&to, &from).await? {
                Some(known) => (known.message.name, known.links.inverse(), true),
                None => {
                    let en = "no crosswalk was set between these editions; SuggestCrosswalk proposes one";
                    let zh = "两个版本之间没有设置对照表;可先用 SuggestCrosswalk 取得建议";
                    return Err(errors::precondition("NO_CROSSWALK", en, zh));
                }
            },
        };
        let overflow = |error: procurement::Error| errors::field("items", error.to_string(), "金额超出范围");
        let mut items = Vec::with_capacity(asked.len());
        let mut totals: BTreeMap<String, Vec<Fen>> = BTreeMap::new();
        let mut unlinked = Vec::new();
        for (uid, given) in asked {
            let targets: Vec<_> = links.parts(&uid).collect();
            let amounts: Vec<Option<Fen>> = match given.amount_fen.map(Fen::new) {
                Some(amount) if targets.is_empty() => {
                    unlinked.push(amount);
                    Vec::new()
                }
                Some(amount) => {
                    let weights: Vec<_> = targets.iter().map(|(_, weight)| *weight).collect();
                    let weights = rational::whole_weights(&weights).map_err(overflow)?;
                    amount.split(&weights).map_err(overflow)?.into_iter().map(Some).collect()
                }
                None => vec![None; targets.len()],
            };
            let mut told = Vec::with_capacity(targets.len());
            for ((target, weight), amount) in targets.iter().zip(amounts) {
                let item = convert::item_name(&to.id, target.as_str());
                if let Some(amount) = amount {
                    totals.entry(item.clone()).or_default().push(amount);
                }
                told.push(v1::MappedPart { item, weight: weight.to_string(), amount_fen: amount.map(Fen::get) });
            }
            items.push(v1::MappedItem { item: given.item.clone(), parts: told });
        }
        let totals = totals
            .into_iter()
            .map(|(item, amounts)| {
                Ok(v1::ItemAmount { item, amount_fen: Some(Fen::sum(amounts).map_err(overflow)?.get()) })
            })
            .collect::<Result<_, Status>>()?;
        let unlinked_amount_fen = Fen::sum(unlinked).map_err(overflow)?.get();
        Ok(v1::MapItemsResponse { items, totals, unlinked_amount_fen, crosswalk, is_inverted })
    }

    pub(super) async fn classified(
        &self,
        request: &v1::ClassifyTextRequest,
    ) -> Result<v1::ClassifyTextResponse, Status> {
        let characters = request.text.chars().count();
        if request.text.trim().is_empty() || characters > TEXT_CHARACTERS_MAX {
            let en = format!("1 to {TEXT_CHARACTERS_MAX} characters are taken");
            return Err(errors::field("text", en, format!("应为 1 至 {TEXT_CHARACTERS_MAX} 个字符")));
        }
        let most = match usize::try_from(request.candidates_max) {
            Ok(0) => CANDIDATES_DEFAULT,
            Ok(most) => most.min(CANDIDATES_MAX),
            Err(_) => return Err(errors::field("candidates_max", "is negative", "不能为负")),
        };
        let edition = self.loaded("edition", &request.edition).await?;
        if edition.lines.counts().items == 0 {
            let (en, zh) = ("no item of this edition is recorded", "该版本没有录入条目");
            return Err(errors::precondition("EDITION_WITHOUT_ITEMS", en, zh));
        }
        let text = request.text.clone();
        let found = tokio::task::spawn_blocking(move || {
            let candidates = edition.classifier().classify(&text, most).into_iter();
            candidates
                .map(|candidate| v1::ItemCandidate {
                    item: Some(edition.item(&candidate.uid)),
                    score: candidate.score.to_string(),
                    matched_words: candidate.matched,
                })
                .collect()
        });
        let candidates = found.await.map_err(|error| errors::of_kind(stdx::ErrorKind::Internal, &error))?;
        Ok(v1::ClassifyTextResponse { candidates })
    }
}

// Nothing but counts is known of one of them.
fn by_counts(from: &Loaded, to: &Loaded) -> v1::DiffEditionsResponse {
    let (before, after): (Counts, Counts) = (from.counts(), to.counts());
    v1::DiffEditionsResponse {
        counts: Some(v1::DiffCounts {
            before: Some(convert::counts(before)),
            after: Some(convert::counts(after)),
            ..v1::DiffCounts::default()
        }),
        is_empty: from.id == to.id,
        sentence: convert::sentence_of_counts(before, after),
        is_by_counts: true,
        ..v1::DiffEditionsResponse::default()
    }
}

fn asked<'a>(items: &'a [v1::ItemAmount], from: &Loaded) -> Result<Vec<(ItemUid, &'a v1::ItemAmount)>, Status> {
    if !(1..=ITEMS_MAX).contains(&items.len()) {
        let en = format!("1 to {ITEMS_MAX} items are taken");
        return Err(errors::field("items", en, format!("应为 1 至 {ITEMS_MAX} 条")));
    }
    let stem = convert::item_name(&from.id, "");
    let mut seen = HashSet::new();
    let mut faults = Vec::new();
    let mut read = Vec::with_capacity(items.len());
    for (index, given) in items.iter().enumerate() {
        let uid = given.item.strip_prefix(&stem).and_then(|uid| uid.parse::<ItemUid>().ok());
        match uid.filter(|uid| from.lines.get(uid).is_some()) {
            Some(uid) if seen.insert(uid.clone()) => read.push((uid, given)),
            Some(_) => faults.push(fault(format!("items[{index}].item"), "stands twice", "出现两次")),
            None => faults.push(fault(
                format!("items[{index}].item"),
                format!("is no item of {}", from.edition.name),
                format!("不是 {} 的条目", from.edition.name),
            )),
        }
    }
    if faults.is_empty() { Ok(read) } else { Err(errors::fields(&faults)) }
}
