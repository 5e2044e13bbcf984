//! Between the messages of catalogues and the values of the room `procurement`.

use procurement::catalogue::{
    self as room, Counts, Depth, Fault, ItemUid,
    crosswalk::LinkKind,
    diff::{Alteration, Change, Diff, DiffCounts, Suggestion},
};
use proto::procurement::v1;
use tonic::Status;

use super::{EDITION, loaded::Loaded};
use crate::errors;

/// The level of a depth.
pub(super) fn level(depth: Depth) -> v1::ItemLevel {
    match depth {
        Depth::Category => v1::ItemLevel::Category,
        Depth::Section => v1::ItemLevel::Section,
        Depth::Item => v1::ItemLevel::Item,
    }
}

/// The depth of a level that is set.
pub(super) fn depth(level: v1::ItemLevel) -> Option<Depth> {
    match level {
        v1::ItemLevel::Unspecified => None,
        v1::ItemLevel::Category => Some(Depth::Category),
        v1::ItemLevel::Section => Some(Depth::Section),
        v1::ItemLevel::Item => Some(Depth::Item),
    }
}

/// The kind of service that is set.
pub(super) fn service_kind(kind: v1::ServiceKind) -> Option<room::ServiceKind> {
    match kind {
        v1::ServiceKind::Unspecified => None,
        v1::ServiceKind::Public => Some(room::ServiceKind::Public),
        v1::ServiceKind::Auxiliary => Some(room::ServiceKind::Auxiliary),
    }
}

/// The kind of service on the wire.
pub(crate) fn service_kind_told(kind: room::ServiceKind) -> v1::ServiceKind {
    match kind {
        room::ServiceKind::Public => v1::ServiceKind::Public,
        room::ServiceKind::Auxiliary => v1::ServiceKind::Auxiliary,
    }
}

/// Counts on the wire.
pub(crate) fn counts(counts: Counts) -> v1::EditionCounts {
    let number = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
    v1::EditionCounts {
        categories: number(counts.categories),
        sections: number(counts.sections),
        items: number(counts.items),
    }
}

/// 6类46款170项.
pub(super) fn counts_read(counts: &v1::EditionCounts) -> Counts {
    let number = |count: i32| usize::try_from(count).unwrap_or_default();
    Counts { categories: number(counts.categories), sections: number(counts.sections), items: number(counts.items) }
}

/// The name of the line of that uid in an edition.
pub(super) fn item_name(edition_id: &str, uid: &str) -> String {
    format!("catalogueItems/{edition_id}.{uid}")
}

/// What the room says of a catalogue, as a status about a request's field.
pub(super) fn refused(field: &str, fault: &Fault) -> Status {
    let zh = match fault {
        Fault::Uid => "条目标识无效".to_owned(),
        Fault::Text { uid, field } => format!("{uid} 的 {field} 为空或过长"),
        Fault::UidTwice(uid) => format!("{uid} 出现两次"),
        Fault::CodeTwice(code) => format!("编码 {code} 出现两次"),
        Fault::Parent(uid) => format!("{uid} 的上级缺失,或不是正好高一级"),
        Fault::HasChildren(uid) => format!("{uid} 还有下级条目"),
        Fault::TooMany => "条目过多".to_owned(),
        Fault::Published => "已公布的版本不能修改".to_owned(),
        Fault::State => "版本状态不允许".to_owned(),
        Fault::DoesNotFit(uid) => format!("{uid} 不在该版本中,或两端级次不同"),
        Fault::Weights(uid) => format!("{uid} 的权重应都大于 0,且合计为 1"),
    };
    errors::field(field, fault.to_string(), zh)
}

/// How a link looks.
pub(super) fn link_kind(kind: LinkKind) -> v1::LinkKind {
    match kind {
        LinkKind::Same => v1::LinkKind::Same,
        LinkKind::Rename => v1::LinkKind::Rename,
        LinkKind::Move => v1::LinkKind::Move,
        LinkKind::Split => v1::LinkKind::Split,
        LinkKind::Merge => v1::LinkKind::Merge,
        LinkKind::Regroup => v1::LinkKind::Regroup,
    }
}

fn alteration(alteration: Alteration) -> v1::Alteration {
    match alteration {
        Alteration::Renamed => v1::Alteration::Renamed,
        Alteration::Recoded => v1::Alteration::Recoded,
        Alteration::Moved => v1::Alteration::Moved,
        Alteration::TextChanged => v1::Alteration::TextChanged,
        Alteration::Reclassified => v1::Alteration::Reclassified,
        Alteration::Reordered => v1::Alteration::Reordered,
        Alteration::Rekeyed => v1::Alteration::Rekeyed,
    }
}

/// A change with its lines as they are recorded.
pub(super) fn change(change: &Change, from: &Loaded, to: &Loaded) -> v1::EditionChange {
    let kind = match change {
        Change::Added(_) => v1::EditionChangeKind::Added,
        Change::Removed(_) => v1::EditionChangeKind::Removed,
        Change::Altered { .. } => v1::EditionChangeKind::Altered,
        Change::Split { .. } => v1::EditionChangeKind::Split,
        Change::Merged { .. } => v1::EditionChangeKind::Merged,
        Change::Regrouped { .. } => v1::EditionChangeKind::Regrouped,
    };
    let alterations = match change {
        Change::Altered { alterations, .. } => alterations.iter().map(|one| alteration(*one).into()).collect(),
        _ => Vec::new(),
    };
    v1::EditionChange {
        kind: kind.into(),
        before: change.before().iter().map(|item| from.item(&item.uid)).collect(),
        after: change.after().iter().map(|item| to.item(&item.uid)).collect(),
        alterations,
    }
}

/// Lines that look alike.
pub(super) fn suggestion(suggestion: &Suggestion, from: &Loaded, to: &Loaded) -> v1::DiffSuggestion {
    v1::DiffSuggestion {
        before: Some(from.item(&suggestion.before)),
        after: Some(to.item(&suggestion.after)),
        likeness: lowest(2 * suggestion.shared, suggestion.total),
    }
}

fn lowest(numerator: usize, denominator: usize) -> String {
    let (numerator, denominator) = (i64::try_from(numerator), i64::try_from(denominator));
    let fraction = procurement::rational::fraction(numerator.unwrap_or(0), denominator.unwrap_or(1).max(1));
    fraction.to_string()
}

/// The counts of a difference.
pub(super) fn diff_counts(counted: DiffCounts) -> v1::DiffCounts {
    let number = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
    v1::DiffCounts {
        before: Some(counts(counted.before)),
        after: Some(counts(counted.after)),
        added: number(counted.added),
        removed: number(counted.removed),
        altered: number(counted.altered),
        regrouped: i32::try_from(counted.regrouped).unwrap_or(i32::MAX),
    }
}

/// A difference in one sentence.
pub(super) fn sentence(diff: &Diff, counted: &DiffCounts) -> String {
    let steps = steps(counted.before, counted.after);
    if diff.is_empty() {
        return format!("两个版本没有差别:均为{}", counted.after);
    }
    format!(
        "由{}变为{}({steps}):新增{}条,删除{}条,修改{}条,拆分合并净增{}条",
        counted.before, counted.after, counted.added, counted.removed, counted.altered, counted.regrouped
    )
}

/// What can be said of two editions of which only counts are known.
pub(super) fn sentence_of_counts(before: Counts, after: Counts) -> String {
    format!("由{before}变为{after}({});只有公布的数量,无法逐条比较", steps(before, after))
}

fn steps(before: Counts, after: Counts) -> String {
    let step = |before: usize, after: usize, name: &str| {
        let (before, after) = (before as i128, after as i128);
        format!("{name}{:+}", after - before)
    };
    [
        step(before.categories, after.categories, "类"),
        step(before.sections, after.sections, "款"),
        step(before.items, after.items, "项"),
    ]
    .join(",")
}

/// The item of the room behind a stored line; none when the table holds what no service writes.
pub(super) fn line(item: &v1::CatalogueItem) -> Option<room::CatalogueItem> {
    let parent: Option<ItemUid> = match item.parent.as_str() {
        "" => None,
        name => {
            let edition = super::super::body::id_of(EDITION.collection, &item.edition)?;
            Some(name.strip_prefix(&item_name(edition, ""))?.parse().ok()?)
        }
    };
    Some(room::CatalogueItem {
        uid: item.uid.parse().ok()?,
        code: item.code.clone(),
        name: item.title.clone(),
        depth: depth(item.level())?,
        parent,
        service_kind: service_kind(item.service_kind())?,
        description: item.description.clone(),
        sort: u32::try_from(item.sort).unwrap_or_default(),
    })
}
