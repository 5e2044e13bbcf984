//! Lists of reviews: a page by key, how many there are, the neighbours of one. Three ways to ask one question, so that they
//! cannot differ: which rows of `manuscript` a filter has, and in which order.
//!
//! What an index of rules or pairs answers is read from its front, in the order of the usual list. Everything else goes
//! over the narrow rows of `manuscript` by the order or by an index.

use intake::review::State;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, ExprTrait, Order, QueryFilter,
    sea_query::{Expr, Func, Query, SelectStatement, UnionType},
};
use uuid::Uuid;

use super::{NO_DAY, read};
use crate::{
    Error, Result, Store,
    entity::{
        manuscript, manuscript_group, manuscript_pair, manuscript_rule, manuscript_summary, manuscript_tag, review,
    },
    manuscript::{grouped, pairs, searched},
    record::{
        ReviewCount, ReviewFilter, ReviewFlag, ReviewKey, ReviewNeighbours, ReviewOrder, ReviewQuery, ReviewRecord,
        ReviewTime,
    },
    values::{address, bounded, instant, micros, signed, word},
};

/// Comparisons of one filter.
const FILTERS_MAX: usize = 40;
/// Filters that are counted at once.
const COUNTS_MAX: usize = 40;
/// Terms of which the rarest is looked for.
const TERMS_MAX: usize = 24;
/// From here on a term is common: its rows are not sorted, but the list is walked until the page is full.
const COMMON: u64 = 5_000;
/// Rows of a term that are counted to find the rarest: reading on in one index costs less than leading by a wrong one.
const COUNTED: u64 = 50_000;

/// The table that leads, where an index of terms does.
const TERM: &str = "term";

/// A page by key.
pub async fn list(store: &Store, query: &ReviewQuery) -> Result<Vec<ReviewRecord>> {
    let question = Question::read(query.campaign_id, &query.filters)?;
    let ids = question.page(&store.reader, query.order, false, query.after, bounded(query.limit)).await?;
    // One statement, so that the keys of the rows are those that the page was chosen by.
    let mut rows =
        review::Entity::find().filter(review::Column::SubmissionId.in_subquery(ids)).all(&store.reader).await?;
    let turned = matches!(query.order, ReviewOrder::ReceivedDescending | ReviewOrder::UpdatedDescending);
    rows.sort_by_key(|row| match query.order {
        ReviewOrder::ReceivedDescending | ReviewOrder::ReceivedAscending => {
            (row.received_at, NO_DAY, row.submission_id)
        }
        ReviewOrder::UpdatedDescending | ReviewOrder::UpdatedAscending => (row.updated_at, NO_DAY, row.submission_id),
        ReviewOrder::DueAscending => (0, row.due_day, row.submission_id),
    });
    if turned {
        rows.reverse();
    }
    read::records(&store.reader, rows).await
}

/// How many reviews each filter has, counted no further than `at_most`.
pub async fn count(
    store: &Store,
    campaign_id: Option<Uuid>,
    filters: &[Vec<ReviewFilter>],
    at_most: Option<u64>,
) -> Result<Vec<u64>> {
    if filters.len() > COUNTS_MAX {
        return Err(Error::Invalid(format!("at most {COUNTS_MAX} filters are counted at once")));
    }
    let tx = store.snapshot().await?;
    let mut counts = Vec::with_capacity(filters.len());
    for filters in filters {
        counts.push(Question::read(campaign_id, filters)?.count(&tx, at_most).await?);
    }
    Ok(counts)
}

/// Whether the review under this id meets all comparisons, for a question about something else.
pub fn met(backend: DbBackend, filters: &[ReviewFilter], root_id: Expr) -> Result<Expr> {
    let mut rows = Question::read(None, filters)?.rows(backend, None, true);
    rows.expr(Expr::val(1)).and_where(Expr::col((manuscript::Entity, manuscript::Column::SubmissionId)).eq(root_id));
    Ok(Expr::exists(rows))
}

/// The neighbours of a review.
pub async fn neighbours(store: &Store, submission_id: Uuid, query: &ReviewQuery) -> Result<ReviewNeighbours> {
    let question = Question::read(query.campaign_id, &query.filters)?;
    let tx = store.snapshot().await?;
    let root_id = read::root_of(&tx, submission_id).await?;
    let here = manuscript::Entity::find().filter(manuscript::Column::SubmissionId.eq(root_id)).one(&tx).await?;
    let here = here.ok_or(Error::NotFound { what: "review", id: submission_id })?;
    let key = ReviewKey {
        received_at: instant(here.received_at)?,
        updated_at: instant(here.updated_at)?,
        due_day: (here.due_day != NO_DAY).then_some(here.due_day),
        submission_id: root_id,
    };
    let mut found = [None, None];
    for (turned, found) in [true, false].into_iter().zip(&mut found) {
        let one = question.page(&tx, query.order, turned, Some(key), 1).await?;
        *found = tx.query_one(&one).await?.map(|row| row.try_get_by_index(0)).transpose()?;
    }
    Ok(ReviewNeighbours { previous: found[0], next: found[1] })
}

/// Something that an index of terms answers.
#[derive(Clone, Debug, PartialEq)]
enum Term {
    Rule(&'static str, &'static str),
    Group(&'static str, String),
    Pair(String),
    Tag(String),
}

impl Term {
    /// The rows of the index that say so.
    fn rows(&self, alias: &'static str) -> SelectStatement {
        let mut rows = Query::select();
        match self {
            Self::Rule(outcome, rule) => {
                rows.from_as(manuscript_rule::Entity, alias)
                    .and_where(Expr::col((alias, manuscript_rule::Column::Outcome)).eq(*outcome))
                    .and_where(Expr::col((alias, manuscript_rule::Column::Rule)).eq(*rule));
            }
            Self::Group(kind, value) => {
                rows.from_as(manuscript_group::Entity, alias)
                    .and_where(Expr::col((alias, manuscript_group::Column::Kind)).eq(*kind))
                    .and_where(Expr::col((alias, manuscript_group::Column::Value)).eq(value.as_str()));
            }
            Self::Pair(pair) => {
                rows.from_as(manuscript_pair::Entity, alias)
                    .and_where(Expr::col((alias, manuscript_pair::Column::Pair)).eq(pair.as_str()));
            }
            Self::Tag(tag) => {
                rows.from_as(manuscript_tag::Entity, alias)
                    .and_where(Expr::col((alias, manuscript_tag::Column::Tag)).eq(tag.as_str()));
            }
        }
        rows
    }

    /// Whether a row of this table has it.
    fn held(&self, of: &'static str) -> Expr {
        let mut rows = self.rows("held");
        rows.expr(Expr::val(1));
        for column in ["received_at", "submission_id"] {
            rows.and_where(Expr::col(("held", column)).equals((of, column)));
        }
        Expr::exists(rows)
    }

    /// How many rows have it, counted no further than the bound.
    async fn frequency(&self, connection: &impl ConnectionTrait, bound: u64) -> Result<u64> {
        counted(connection, self.rows(TERM), Some(bound)).await
    }
}

/// How many rows there are, counted no further than the bound.
async fn counted(connection: &impl ConnectionTrait, mut rows: SelectStatement, bound: Option<u64>) -> Result<u64> {
    let count = Expr::cust("COUNT(*)");
    let counting = match bound {
        None => rows.expr(count).take(),
        Some(bound) => {
            rows.expr(Expr::val(1)).limit(bound);
            Query::select().expr(count).from_subquery(rows, "counted").take()
        }
    };
    let row = connection.query_one(&counting).await?;
    let row = row.ok_or_else(|| Error::Internal("a count is mute".into()))?;
    let count: i64 = row.try_get_by_index(0)?;
    crate::values::unsigned(count)
}

/// A filter, read.
#[derive(Clone)]
struct Question {
    campaign_id: Option<Uuid>,
    /// States of which a review has one.
    states: Vec<State>,
    /// What columns of `manuscript` answer besides, and whether few rows meet it.
    columns: Vec<(Expr, bool)>,
    /// What terms answer.
    terms: Vec<Term>,
    /// Longer texts: their pairs only lead to them.
    texts: Vec<String>,
}

impl Question {
    fn read(campaign_id: Option<Uuid>, filters: &[ReviewFilter]) -> Result<Self> {
        if filters.len() > FILTERS_MAX {
            return Err(Error::Invalid(format!("a filter has at most {FILTERS_MAX} comparisons")));
        }
        let mut question =
            Self { campaign_id, states: Vec::new(), columns: Vec::new(), terms: Vec::new(), texts: Vec::new() };
        for filter in filters {
            match filter {
                ReviewFilter::Failed(rule) => question.term(Term::Rule("failed", rule.as_str())),
                ReviewFilter::Undetermined(rule) => question.term(Term::Rule("undetermined", rule.as_str())),
                ReviewFilter::In(group, value) => {
                    question.term(Term::Group(group.as_str(), grouped(value)));
                }
                ReviewFilter::Holds(text) => {
                    let text = searched(text)?;
                    // Two characters are their pair; more may stand apart where all pairs are.
                    match text.chars().count() {
                        2 => question.term(Term::Pair(text)),
                        _ => question.texts.push(text),
                    }
                }
                ReviewFilter::State(states, true) if question.states.is_empty() => question.states.clone_from(states),
                // One tag is one place of its index, as a rule is.
                ReviewFilter::Tag(tags, true) if tags.len() == 1 => question.term(Term::Tag(tags[0].clone())),
                filter => question.columns.push((condition(filter)?, is_rare(filter))),
            }
        }
        Ok(question)
    }

    fn term(&mut self, term: Term) {
        if !self.terms.contains(&term) {
            self.terms.push(term);
        }
    }

    /// The rarest term with its frequency.
    async fn rarest(&self, connection: &impl ConnectionTrait) -> Result<Option<(Term, u64)>> {
        let of_texts = self.texts.iter().flat_map(|text| pairs(text)).map(Term::Pair);
        let mut rarest: Option<(Term, u64)> = None;
        for term in self.terms.iter().cloned().chain(of_texts).take(TERMS_MAX) {
            // What is no rarer than the rarest so far is counted no further.
            let bound = rarest.as_ref().map_or(COUNTED, |(_, least)| *least);
            let frequency = term.frequency(connection, bound).await?;
            if rarest.is_none() || frequency < bound {
                rarest = Some((term, frequency));
            }
        }
        Ok(rarest)
    }

    /// Whether terms alone answer it: the rows of an index, which lie in the order of the usual list.
    fn is_of_terms(&self) -> bool {
        self.campaign_id.is_none() && self.states.is_empty() && self.columns.is_empty()
    }

    /// Whether anything is asked of columns.
    fn asks_columns(&self) -> bool {
        !self.states.is_empty() || !self.columns.is_empty()
    }

    /// The same question for each of its states alone.
    fn of_each_state(&self) -> impl Iterator<Item = Self> {
        self.states.iter().map(|state| Self { states: vec![*state], ..self.clone() })
    }

    /// The rows of `manuscript` that the question has, led by a term if one is given. They are joined where something asks
    /// for their columns; else the term's own rows stand for them, which spares a look-up each.
    fn rows(&self, backend: DbBackend, led_by: Option<&Term>, is_joined: bool) -> SelectStatement {
        let of = if led_by.is_none() || is_joined { "manuscript" } else { TERM };
        let mut rows = match led_by {
            None => Query::select().from(manuscript::Entity).take(),
            Some(term) if !is_joined => term.rows(TERM),
            Some(term) => {
                let mut rows = term.rows(TERM);
                // SQLite joins CROSS in the order in which it is written; PostgreSQL knows how common a term is.
                rows.cross_join(manuscript::Entity);
                for column in ["received_at", "submission_id"] {
                    rows.and_where(Expr::col((TERM, column)).equals(("manuscript", column)));
                }
                rows
            }
        };
        // PostgreSQL counts how many rows meet a comparison. SQLite is told: most manuscripts are of one campaign or two,
        // and few wait for a day.
        let told = |likelihood: &'static str, expr: Expr| match backend {
            DbBackend::Sqlite => Expr::expr(Func::cust(likelihood).arg(expr)),
            _ => expr,
        };
        if let Some(id) = self.campaign_id {
            let of_campaign = manuscript::Column::CampaignId.eq(id);
            let is_alone = !self.asks_columns() && led_by.is_none();
            rows.and_where(if is_alone { of_campaign } else { told("likely", of_campaign) });
        }
        if !self.states.is_empty() {
            let words = self.states.iter().map(|state| state.as_str().to_owned()).collect();
            rows.and_where(among(manuscript::Column::State, words, true));
        }
        for (condition, is_rare) in &self.columns {
            rows.and_where(if *is_rare { told("unlikely", condition.clone()) } else { condition.clone() });
        }
        for term in self.terms.iter().filter(|term| led_by != Some(term)) {
            rows.and_where(term.held(of));
        }
        for text in &self.texts {
            // Position instead of LIKE: no character is a pattern.
            let position = Func::cust(if backend == DbBackend::Postgres { "strpos" } else { "instr" })
                .arg(Expr::col((manuscript_summary::Entity, manuscript_summary::Column::SearchText)))
                .arg(Expr::val(text.as_str()));
            let found = Query::select()
                .expr(Expr::expr(position))
                .from(manuscript_summary::Entity)
                .and_where(
                    Expr::col((manuscript_summary::Entity, manuscript_summary::Column::SubmissionId))
                        .equals((of, "submission_id")),
                )
                .take();
            rows.and_where(Expr::SubQuery(None, Box::new(found.into())).gt(0));
        }
        rows
    }

    async fn count(&self, connection: &impl ConnectionTrait, at_most: Option<u64>) -> Result<u64> {
        let rarest = self.rarest(connection).await?;
        let led_by = rarest.as_ref().map(|(term, _)| term);
        counted(connection, self.rows(connection.get_database_backend(), led_by, !self.is_of_terms()), at_most).await
    }

    /// The ids of a page; `turned` walks the order backwards.
    async fn page(
        &self,
        connection: &impl ConnectionTrait,
        order: ReviewOrder,
        turned: bool,
        after: Option<ReviewKey>,
        limit: u64,
    ) -> Result<SelectStatement> {
        let way = Way::new(order, turned, after, limit);
        let backend = connection.get_database_backend();
        let rarest = self.rarest(connection).await?;
        // A common term leads only where its index has the order.
        let rarest = rarest.filter(|(_, frequency)| way.is_usual() || *frequency <= COMMON);
        let led_by = rarest.as_ref().map(|(term, _)| term);
        let is_apart = way.column == "updated_at" && led_by.is_none() && self.states.len() > 1;
        Ok(if is_apart { self.page_by_state(backend, &way) } else { self.page_of(backend, led_by, &way) })
    }

    /// Each state has the order in an index of its own: a page of all is among the first pages of each. Asked for all at
    /// once, every review of these states would be sorted, or those of the other states walked over.
    fn page_by_state(&self, backend: DbBackend, way: &Way) -> SelectStatement {
        let mut pages = self.of_each_state().map(|one| {
            let mut page = one.page_of(backend, None, way);
            page.column(("manuscript", way.column));
            // SQLite takes an order and a limit in a part of a union only where a query of its own stands for it.
            Query::select().expr(Expr::cust("*")).from_subquery(page, "page").take()
        });
        let mut all = pages.next().unwrap_or_default();
        all.unions(pages.map(|page| (UnionType::All, page)));
        let mut ids = Query::select().column(("pages", "submission_id")).from_subquery(all, "pages").take();
        way.ordered(&mut ids, "pages");
        ids
    }

    fn page_of(&self, backend: DbBackend, led_by: Option<&Term>, way: &Way) -> SelectStatement {
        let is_joined = !way.is_usual() || !self.is_of_terms();
        let mut rows = self.rows(backend, led_by, is_joined);
        let table = if led_by.is_some() && way.is_usual() { TERM } else { "manuscript" };
        if let Some(key) = &way.after {
            let here = Expr::tuple([Expr::col((table, way.column)), Expr::col((table, "submission_id"))]);
            let there = Expr::tuple([key.0.clone(), Expr::val(key.1)]);
            rows.and_where(if way.direction == Order::Asc { here.gt(there) } else { here.lt(there) });
        }
        rows.column((table, "submission_id"));
        way.ordered(&mut rows, table);
        rows
    }
}

/// How a list is walked.
struct Way {
    column: &'static str,
    direction: Order,
    /// The value of the column and the id from which it goes on.
    after: Option<(Expr, Uuid)>,
    limit: u64,
}

impl Way {
    fn new(order: ReviewOrder, turned: bool, after: Option<ReviewKey>, limit: u64) -> Self {
        let (column, mut direction) = match order {
            ReviewOrder::ReceivedDescending => ("received_at", Order::Desc),
            ReviewOrder::ReceivedAscending => ("received_at", Order::Asc),
            ReviewOrder::UpdatedDescending => ("updated_at", Order::Desc),
            ReviewOrder::UpdatedAscending => ("updated_at", Order::Asc),
            ReviewOrder::DueAscending => ("due_day", Order::Asc),
        };
        if turned {
            direction = if direction == Order::Asc { Order::Desc } else { Order::Asc };
        }
        let value = |key: ReviewKey| match column {
            "received_at" => Expr::val(micros(key.received_at)),
            "updated_at" => Expr::val(micros(key.updated_at)),
            _ => Expr::val(key.due_day.unwrap_or(NO_DAY)),
        };
        Self { column, direction, after: after.map(|key| (value(key), key.submission_id)), limit }
    }

    /// Whether it is the order in which the rows lie, and those of terms too.
    fn is_usual(&self) -> bool {
        self.column == "received_at"
    }

    fn ordered(&self, rows: &mut SelectStatement, table: &'static str) {
        rows.order_by((table, self.column), self.direction.clone())
            .order_by((table, "submission_id"), self.direction.clone())
            .limit(self.limit);
    }
}

/// Whether few reviews meet a comparison.
fn is_rare(filter: &ReviewFilter) -> bool {
    matches!(
        filter,
        ReviewFilter::DueFrom(_)
            | ReviewFilter::DueBefore(_)
            | ReviewFilter::Since(ReviewTime::CloudExpiry, _)
            | ReviewFilter::Before(ReviewTime::CloudExpiry, _)
            | ReviewFilter::Is(ReviewFlag::Bounced, true)
    )
}

fn among(column: manuscript::Column, mut words: Vec<String>, is: bool) -> Expr {
    match (words.len(), is) {
        // One word is one place of an index, in the order of the list.
        (1, true) => column.eq(words.remove(0)),
        (_, true) => column.is_in(words),
        (_, false) => column.is_not_in(words),
    }
}

/// What columns answer.
fn condition(filter: &ReviewFilter) -> Result<Expr> {
    use manuscript::Column::{
        Backfilled, BouncedAt, CloudExpiresAt, DueDay, EditorId, HasCloudFile, HasVideo, Number, ReceivedAt, Sender,
        UpdatedAt, Verdict, Versions,
    };
    let time = |time: ReviewTime| match time {
        ReviewTime::Received => ReceivedAt,
        ReviewTime::Updated => UpdatedAt,
        ReviewTime::CloudExpiry => CloudExpiresAt,
    };
    let number = |count: ReviewCount| match count {
        ReviewCount::Number => Number,
        ReviewCount::Versions => Versions,
    };
    Ok(match filter {
        ReviewFilter::State(states, is) => {
            let words = states.iter().map(|state| state.as_str().to_owned()).collect();
            among(manuscript::Column::State, words, *is)
        }
        ReviewFilter::Verdict(verdicts, is) => among(Verdict, verdicts.iter().map(word).collect::<Result<_>>()?, *is),
        ReviewFilter::Editor(ids, true) if ids.len() == 1 => EditorId.eq(ids[0]),
        ReviewFilter::Editor(ids, true) => EditorId.is_in(ids.iter().copied()),
        ReviewFilter::Editor(ids, false) => EditorId.is_null().or(EditorId.is_not_in(ids.iter().copied())),
        ReviewFilter::Is(ReviewFlag::Assigned, true) => EditorId.is_not_null(),
        ReviewFilter::Is(ReviewFlag::Assigned, false) => EditorId.is_null(),
        ReviewFilter::Is(ReviewFlag::Bounced, true) => BouncedAt.gte(0),
        ReviewFilter::Is(ReviewFlag::Bounced, false) => BouncedAt.is_null(),
        ReviewFilter::Is(ReviewFlag::Video, is) => HasVideo.eq(*is),
        ReviewFilter::Is(ReviewFlag::CloudFile, is) => HasCloudFile.eq(*is),
        ReviewFilter::Is(ReviewFlag::Backfilled, is) => Backfilled.eq(*is),
        ReviewFilter::DueFrom(day) => DueDay.gte(*day).and(DueDay.lt(NO_DAY)),
        ReviewFilter::DueBefore(day) => DueDay.lt(*day),
        ReviewFilter::Since(which, at) => time(*which).gte(micros(*at)),
        ReviewFilter::Before(which, at) => time(*which).lt(micros(*at)),
        ReviewFilter::AtLeast(which, least) => number(*which).gte(signed(*least)?),
        ReviewFilter::Below(which, end) => number(*which).lt(signed(*end)?),
        ReviewFilter::From(from) => Sender.eq(address(from)),
        ReviewFilter::Tag(tags, is) => {
            let held = tagged(tags);
            if *is { held } else { held.not() }
        }
        ReviewFilter::Failed(_) | ReviewFilter::Undetermined(_) | ReviewFilter::In(..) | ReviewFilter::Holds(_) => {
            return Err(Error::Internal("a term is no column".into()));
        }
    })
}

/// Whether a row of `manuscript` has one of these tags.
fn tagged(tags: &[String]) -> Expr {
    let mut rows = Query::select();
    rows.expr(Expr::val(1))
        .from_as(manuscript_tag::Entity, "tagged")
        .and_where(Expr::col(("tagged", manuscript_tag::Column::Tag)).is_in(tags.iter().map(String::as_str)));
    for column in ["received_at", "submission_id"] {
        rows.and_where(Expr::col(("tagged", column)).equals(("manuscript", column)));
    }
    Expr::exists(rows)
}

#[cfg(test)]
mod tests {
    use intake::{finding::RuleCode, judgement::Verdict, review::State};
    use sea_orm::Statement;

    use super::*;
    use crate::record::ReviewGroup;

    /// How SQLite goes about a statement, a step a line.
    async fn plan(store: &Store, select: &SelectStatement) -> String {
        let Statement { sql, values, .. } = DbBackend::Sqlite.build(select);
        let explain = Statement { sql: format!("EXPLAIN QUERY PLAN {sql}"), values, db_backend: DbBackend::Sqlite };
        let rows = store.reader.query_all_raw(explain).await.unwrap();
        rows.iter().map(|row| row.try_get::<String>("", "detail").unwrap()).collect::<Vec<_>>().join("\n")
    }

    #[tokio::test]
    async fn what_the_dashboard_asks_is_answered_from_an_index() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&format!("sqlite:{}/x.db", folder.path().display())).await.unwrap();
        store.migrate().await.unwrap();
        let at = "2023-03-01T00:00:00Z".parse().unwrap();
        let day = "2023-03-01".parse().unwrap();
        let open = vec![State::Assigned, State::FirstReview, State::SecondReview, State::FinalReview];
        let mine = ReviewFilter::Editor(vec![Uuid::nil()], true);
        let asked: [(&str, Vec<ReviewFilter>); 12] = [
            ("my queue", vec![mine, ReviewFilter::State(open.clone(), true)]),
            ("to be assigned", vec![ReviewFilter::State(vec![State::Judged], true)]),
            ("nobody's", vec![ReviewFilter::Is(ReviewFlag::Assigned, false)]),
            ("late", vec![ReviewFilter::Verdict(vec![Verdict::Late], true)]),
            ("a revision overdue", vec![ReviewFilter::DueBefore(day)]),
            ("links that end", vec![ReviewFilter::Before(ReviewTime::CloudExpiry, at)]),
            ("came back", vec![ReviewFilter::Is(ReviewFlag::Bounced, true)]),
            ("too long a video", vec![ReviewFilter::Failed(RuleCode::VideoDuration)]),
            ("searched for", vec![ReviewFilter::Holds("绩效管理".into())]),
            ("one sender's", vec![ReviewFilter::From("a@b.cn".into())]),
            ("one organisation's", vec![ReviewFilter::In(ReviewGroup::Organisation, "某省财政厅".into())]),
            ("one tag's", vec![ReviewFilter::Tag(vec!["ai".into()], true)]),
        ];
        for (what, filters) in asked {
            let question = Question::read(Some(Uuid::nil()), &filters).unwrap();
            let rarest = question.rarest(&store.reader).await.unwrap();
            let mut count = question.rows(DbBackend::Sqlite, rarest.as_ref().map(|(term, _)| term), true);
            count.expr(Expr::cust("COUNT(*)"));
            let page = question.page(&store.reader, ReviewOrder::default(), false, None, 50).await.unwrap();
            for select in [count, page] {
                let plan = plan(&store, &select).await;
                let is_indexed = !plan.contains("SCAN") && !plan.contains("manuscript_by_campaign (campaign_id=?)");
                assert!(is_indexed && plan.contains("SEARCH"), "{what}:\n{plan}");
            }
        }
        // The longest unchanged of some states: each from its own end, and none of them sorted but the pages at last.
        let unchanged = Question::read(Some(Uuid::nil()), &[ReviewFilter::State(open, true)]).unwrap();
        let page = unchanged.page(&store.reader, ReviewOrder::UpdatedAscending, false, None, 50).await.unwrap();
        let plan_of_states = plan(&store, &page).await;
        assert_eq!(plan_of_states.matches("manuscript_by_state_and_update (state=?)").count(), 4, "{plan_of_states}");
        assert_eq!(plan_of_states.matches("USE TEMP B-TREE FOR ORDER BY").count(), 1, "{plan_of_states}");
        // A filter that no index answers goes by the order, and ends with the page.
        for (order, by) in [
            (ReviewOrder::ReceivedDescending, "SCAN manuscript"),
            (ReviewOrder::UpdatedAscending, "SCAN manuscript USING INDEX manuscript_by_update"),
            (ReviewOrder::DueAscending, "SCAN manuscript USING INDEX manuscript_by_due_day"),
        ] {
            let question = Question::read(None, &[ReviewFilter::Is(ReviewFlag::Video, true)]).unwrap();
            let page = question.page(&store.reader, order, false, None, 50).await.unwrap();
            assert_eq!(plan(&store, &page).await, by);
        }
    }
}
