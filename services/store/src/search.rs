//! Pages of submissions: by key, never by offset, so that a page neither skips nor repeats under inserts.

use intake::finding::Outcome;
use sea_orm::{
    ColumnTrait, DbBackend, EntityTrait, ExprTrait, Order, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, Func, Query},
};

use crate::{
    Error, Result, Store,
    entity::{message, submission, submission_finding},
    record::{SubmissionFilter, SubmissionOrder, SubmissionQuery, SubmissionRecord},
    submission::records,
    values::{LINE_CHARACTERS_MAX, address, bounded, line, micros, signed, word},
};

/// Comparisons of one filter.
const FILTERS_MAX: usize = 32;

pub async fn list(store: &Store, query: &SubmissionQuery) -> Result<Vec<SubmissionRecord>> {
    if query.filters.len() > FILTERS_MAX {
        return Err(Error::Invalid(format!("a filter has at most {FILTERS_MAX} comparisons")));
    }
    let mut rows = submission::Entity::find().find_also_related(message::Entity);
    if let Some(campaign_id) = query.campaign_id {
        rows = rows.filter(submission::Column::CampaignId.eq(campaign_id));
    }
    for filter in &query.filters {
        rows = rows.filter(condition(store.backend(), filter)?);
    }
    let (column, order) = match query.order {
        SubmissionOrder::ReceivedDescending => (submission::Column::ReceivedAt, Order::Desc),
        SubmissionOrder::ReceivedAscending => (submission::Column::ReceivedAt, Order::Asc),
        SubmissionOrder::NumberDescending => (submission::Column::Number, Order::Desc),
        SubmissionOrder::NumberAscending => (submission::Column::Number, Order::Asc),
    };
    if let Some(key) = query.after {
        let value = match column {
            submission::Column::Number => signed(key.number)?,
            _ => micros(key.received_at),
        };
        let here = Expr::tuple([column, submission::Column::Id].map(|column| Expr::col((submission::Entity, column))));
        let there = Expr::tuple([Expr::val(value), Expr::val(key.id)]);
        rows = rows.filter(match order {
            Order::Asc => here.gt(there),
            _ => here.lt(there),
        });
    }
    let rows = rows
        .order_by(column, order.clone())
        .order_by(submission::Column::Id, order)
        .limit(bounded(query.limit))
        .all(&store.reader)
        .await?;
    records(rows)
}

/// Whether a text holds these characters. Position instead of LIKE: no character is a pattern, and both databases tell
/// cases apart.
pub fn holds(backend: DbBackend, text: Expr, part: &str) -> Expr {
    let position = Func::cust(if backend == DbBackend::Postgres { "strpos" } else { "instr" });
    Expr::expr(position.arg(text).arg(Expr::val(part))).gt(0)
}

fn condition(backend: DbBackend, filter: &SubmissionFilter) -> Result<Expr> {
    use submission::Column::{Backfilled, Class, Id, ReceivedAt, Sender, Subject, Verdict};
    let same =
        |column: submission::Column, value: String, is: bool| if is { column.eq(value) } else { column.ne(value) };
    Ok(match filter {
        SubmissionFilter::Class(class, is) => same(Class, word(class)?, *is),
        SubmissionFilter::Verdict(verdict, is) => same(Verdict, word(verdict)?, *is),
        SubmissionFilter::From(from) => Sender.eq(address(from)),
        SubmissionFilter::SubjectHolds(part) => {
            holds(backend, Expr::col((submission::Entity, Subject)), &line(part, LINE_CHARACTERS_MAX))
        }
        SubmissionFilter::ReceivedFrom(at) => ReceivedAt.gte(micros(*at)),
        SubmissionFilter::ReceivedBefore(at) => ReceivedAt.lt(micros(*at)),
        SubmissionFilter::Backfilled(is) => Backfilled.eq(*is),
        SubmissionFilter::FindingFailed(rule) => Id.in_subquery(
            Query::select()
                .column(submission_finding::Column::SubmissionId)
                .from(submission_finding::Entity)
                .and_where(submission_finding::Column::Rule.eq(rule.as_str()))
                .and_where(submission_finding::Column::Outcome.eq(word(Outcome::Failed)?))
                .take(),
        ),
    })
}
