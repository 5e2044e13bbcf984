//! Statistics of what came in: counts of manuscripts by what they are compared and grouped by, and how long they waited.
//! All of it is counted in `manuscript` and the indexes beside it, in one moment; nothing is kept.

use chrono::NaiveDate;
use intake::{finding::RuleCode, judgement::Verdict, review::State};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, ExprTrait, Order,
    sea_query::{Expr, Query, SelectStatement},
};
use stdx::beijing;
use uuid::Uuid;

use crate::{
    Error, Result, Store,
    entity::{manuscript, manuscript_group, manuscript_rule},
    record::ReviewGroup,
    values::{from_word, micros, parsed, unsigned},
};

/// Days of one answer: ten years.
const DAYS_MAX: u64 = 3_660;

/// Groups of one kind that are named.
pub const TOP_MAX: u32 = 100;

/// Groups of the kinds that have few: categories, rules.
const GROUPS_MAX: u64 = 200;

/// Microseconds of a day.
const DAY: i64 = 86_400_000_000;

/// From the first day of the calendar (0001-01-01, day 1) to 1970, so that no day that is counted is negative.
const DAYS_TO_1970: i64 = 719_163;

/// What is counted: manuscripts by the receipt of their first version.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StatisticsQuery {
    /// Only of this campaign.
    pub campaign_id: Option<Uuid>,
    /// Received on this day in Beijing or later.
    pub from_day: Option<NaiveDate>,
    /// Received on this day in Beijing or earlier.
    pub until_day: Option<NaiveDate>,
    /// How many groups are named of a kind that may have many; at most [`TOP_MAX`].
    pub top: u32,
}

/// How many manuscripts there are of each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// All of them.
    pub manuscripts: u64,
    /// By the day of receipt in Beijing, in order; days without any are left out.
    pub days: Vec<(NaiveDate, u64)>,
    /// By verdict, in the order of their words; none is what was not judged.
    pub verdicts: Vec<(Option<Verdict>, u64)>,
    /// By state, in the order of the way through a review.
    pub states: Vec<(State, u64)>,
    /// By category, in order; 0 where nothing tells it. Numbers are a campaign's own: empty without one.
    pub categories: Vec<(u32, u64)>,
    /// By organisation; empty where none was found.
    pub organisations: Top,
    /// By the channel where they have a place and have not appeared.
    pub scheduled: Top,
    /// By the channel where they appeared. One that appeared in two is counted in both.
    pub published: Top,
    /// By the reason of a decline or of a revision that was asked for.
    pub reasons: Top,
    /// By the rule that the newest version failed, most first. One that failed two is counted in both.
    pub failed: Vec<(RuleCode, u64)>,
    /// By the rule that could not be measured, likewise.
    pub undetermined: Vec<(RuleCode, u64)>,
    /// From receipt to the first step of a person; without what was received before the mailbox's cut-off.
    pub opened: Waiting,
    /// From receipt to the adoption or the decline that holds; likewise.
    pub decided: Waiting,
}

/// The largest groups of a kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Top {
    /// Most first; equal ones by code point.
    pub groups: Vec<(String, u64)>,
    /// What the groups that are not named have together.
    pub rest: u64,
}

/// How long manuscripts waited, by nearest rank: a number that one of them has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// How many are measured; where it is 0, so are the others.
    pub manuscripts: u64,
    /// Seconds that half of them waited at most.
    pub median_seconds: u64,
    /// Seconds that nine of ten waited at most.
    pub p90_seconds: u64,
    /// Seconds that all of them waited at most.
    pub max_seconds: u64,
}

pub(crate) async fn get(store: &Store, query: &StatisticsQuery) -> Result<Statistics> {
    if query.top == 0 || query.top > TOP_MAX {
        return Err(Error::Invalid(format!("1 to {TOP_MAX} groups are named")));
    }
    let tx = store.snapshot().await?;
    let counted = Counted { tx: &tx, query };
    let mut states: Vec<(State, u64)> = Vec::new();
    for (word, count) in counted.column(manuscript::Column::State).await? {
        states.push((parsed(&word)?, count));
    }
    states.sort_unstable();
    let mut verdicts = Vec::new();
    for (word, count) in counted.column(manuscript::Column::Verdict).await? {
        verdicts.push((if word.is_empty() { None } else { Some(from_word(&word)?) }, count));
    }
    Ok(Statistics {
        manuscripts: counted.all().await?,
        days: counted.days().await?,
        verdicts,
        states,
        categories: counted.categories().await?,
        organisations: counted.top(ReviewGroup::Organisation).await?,
        scheduled: counted.top(ReviewGroup::Scheduled).await?,
        published: counted.top(ReviewGroup::Published).await?,
        reasons: counted.top(ReviewGroup::Reason).await?,
        failed: counted.rules("failed").await?,
        undetermined: counted.rules("undetermined").await?,
        opened: counted.waiting("opened_at").await?,
        decided: counted.waiting("decided_at").await?,
    })
}

/// What is counted, in one moment.
struct Counted<'a> {
    tx: &'a DatabaseTransaction,
    query: &'a StatisticsQuery,
}

impl Counted<'_> {
    /// Those of a table's rows that were received in these days.
    fn received(&self, rows: &mut SelectStatement, table: &'static str) {
        let received_at = || Expr::col((table, "received_at"));
        if let Some(day) = self.query.from_day {
            rows.and_where(received_at().gte(micros(beijing::day_start(day))));
        }
        if let Some(day) = self.query.until_day {
            rows.and_where(received_at().lt(micros(beijing::day_end(day))));
        }
    }

    fn manuscripts(&self) -> SelectStatement {
        let mut rows = Query::select().from(manuscript::Entity).take();
        self.received(&mut rows, "manuscript");
        if let Some(id) = self.query.campaign_id {
            rows.and_where(manuscript::Column::CampaignId.eq(id));
        }
        rows
    }

    /// Rows of an index beside `manuscript`, of the campaign.
    fn indexed(&self, table: &'static str) -> SelectStatement {
        let mut rows = Query::select().from(table).take();
        self.received(&mut rows, table);
        if let Some(id) = self.query.campaign_id {
            // As where the index leads a list: SQLite joins in the order in which it is written.
            rows.cross_join(manuscript::Entity).and_where(manuscript::Column::CampaignId.eq(id));
            for column in ["received_at", "submission_id"] {
                rows.and_where(Expr::col((table, column)).equals(("manuscript", column)));
            }
        }
        rows
    }

    async fn one(&self, rows: &SelectStatement) -> Result<u64> {
        let row = self.tx.query_one(rows).await?;
        let row = row.ok_or_else(|| Error::Internal("a count is mute".into()))?;
        unsigned(row.try_get_by_index(0)?)
    }

    async fn pairs<T: sea_orm::TryGetable>(&self, rows: &SelectStatement) -> Result<Vec<(T, u64)>> {
        let rows = self.tx.query_all(rows).await?;
        rows.iter().map(|row| Ok((row.try_get_by_index(0)?, unsigned(row.try_get_by_index(1)?)?))).collect()
    }

    async fn all(&self) -> Result<u64> {
        self.one(self.manuscripts().expr(Expr::cust("COUNT(*)"))).await
    }

    /// By the words of a column.
    async fn column(&self, column: manuscript::Column) -> Result<Vec<(String, u64)>> {
        let mut rows = self.manuscripts();
        rows.column((manuscript::Entity, column)).expr(Expr::cust("COUNT(*)"));
        rows.group_by_col((manuscript::Entity, column)).order_by((manuscript::Entity, column), Order::Asc);
        self.pairs(&rows).await
    }

    async fn days(&self) -> Result<Vec<(NaiveDate, u64)>> {
        let east = i64::from(beijing::OFFSET_SECONDS) * 1_000_000 + DAYS_TO_1970 * DAY;
        let mut rows = self.manuscripts();
        rows.expr_as(Expr::cust(format!("(manuscript.received_at + {east}) / {DAY}")), "day");
        rows.expr(Expr::cust("COUNT(*)")).group_by_col("day").order_by("day", Order::Asc).limit(DAYS_MAX + 1);
        let days: Vec<(i64, u64)> = self.pairs(&rows).await?;
        if days.len() as u64 > DAYS_MAX {
            return Err(Error::Invalid(format!("there are more than {DAYS_MAX} days: ask for fewer")));
        }
        let day = |(number, count): (i64, u64)| {
            let day = i32::try_from(number).ok().and_then(NaiveDate::from_num_days_from_ce_opt);
            Ok((day.ok_or_else(|| Error::Internal(format!("day {number} is in no calendar")))?, count))
        };
        days.into_iter().map(day).collect()
    }

    fn of_kind(&self, kind: ReviewGroup) -> SelectStatement {
        let mut rows = self.indexed("manuscript_group");
        rows.and_where(manuscript_group::Column::Kind.eq(kind.as_str()));
        rows
    }

    async fn categories(&self) -> Result<Vec<(u32, u64)>> {
        if self.query.campaign_id.is_none() {
            return Ok(Vec::new());
        }
        let value = (manuscript_group::Entity, manuscript_group::Column::Value);
        let mut rows = self.of_kind(ReviewGroup::Category);
        rows.column(value).expr(Expr::cust("COUNT(*)")).group_by_col(value).limit(GROUPS_MAX);
        let groups: Vec<(String, u64)> = self.pairs(&rows).await?;
        let mut categories =
            groups.into_iter().map(|(value, count)| Ok((parsed(&value)?, count))).collect::<Result<Vec<_>>>()?;
        categories.sort_unstable();
        Ok(categories)
    }

    async fn top(&self, kind: ReviewGroup) -> Result<Top> {
        let value = (manuscript_group::Entity, manuscript_group::Column::Value);
        let mut rows = self.of_kind(kind);
        rows.column(value).expr_as(Expr::cust("COUNT(*)"), "many").group_by_col(value);
        rows.order_by("many", Order::Desc).order_by(value, Order::Asc).limit(self.query.top.into());
        let groups: Vec<(String, u64)> = self.pairs(&rows).await?;
        let all = self.one(self.of_kind(kind).expr(Expr::cust("COUNT(*)"))).await?;
        let rest = all - groups.iter().map(|(_, count)| count).sum::<u64>();
        Ok(Top { groups, rest })
    }

    async fn rules(&self, outcome: &'static str) -> Result<Vec<(RuleCode, u64)>> {
        let rule = (manuscript_rule::Entity, manuscript_rule::Column::Rule);
        let mut rows = self.indexed("manuscript_rule");
        rows.and_where(manuscript_rule::Column::Outcome.eq(outcome));
        rows.column(rule).expr_as(Expr::cust("COUNT(*)"), "many").group_by_col(rule);
        rows.order_by("many", Order::Desc).order_by(rule, Order::Asc).limit(GROUPS_MAX);
        let groups: Vec<(String, u64)> = self.pairs(&rows).await?;
        groups.into_iter().map(|(word, count)| Ok((from_word(&word)?, count))).collect()
    }

    /// By the rank of each in their order: the rows that stand there are read and no others.
    async fn waiting(&self, until: &'static str) -> Result<Waiting> {
        let mut rows = self.manuscripts();
        rows.and_where(Expr::col(("manuscript", until)).is_not_null())
            .and_where(manuscript::Column::Backfilled.eq(false));
        let manuscripts = self.one(rows.clone().expr(Expr::cust("COUNT(*)"))).await?;
        if manuscripts == 0 {
            return Ok(Waiting::default());
        }
        let span = format!("manuscript.{until} - manuscript.received_at");
        rows.expr_as(Expr::cust(format!("ROW_NUMBER() OVER (ORDER BY {span})")), "place")
            .expr_as(Expr::cust(span), "span");
        let ranks = [manuscripts.div_ceil(2), (manuscripts * 9).div_ceil(10), manuscripts];
        let ranked = Query::select()
            .columns(["place", "span"])
            .from_subquery(rows, "ranked")
            .and_where(Expr::col("place").is_in(ranks.map(u64::cast_signed)))
            .order_by("place", Order::Asc)
            .take();
        let rows = self.tx.query_all(&ranked).await?;
        let mut spans = Vec::with_capacity(rows.len());
        for row in &rows {
            spans.push((row.try_get_by_index::<i64>(0)?, row.try_get_by_index::<i64>(1)?));
        }
        let seconds = |rank: u64| {
            let span = spans.iter().find(|(place, _)| *place == rank.cast_signed()).map_or(0, |(_, span)| *span);
            // A server whose clock is ahead of ours makes no wait negative.
            u64::try_from(span).unwrap_or(0) / 1_000_000
        };
        let [median_seconds, p90_seconds, max_seconds] = ranks.map(seconds);
        Ok(Waiting { manuscripts, median_seconds, p90_seconds, max_seconds })
    }
}
