//! The lines of each history as they are hashed: what of them is fixed, and the words that may be personal.

use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, IntoIden, Query},
};
use stdx::Sha256;
use uuid::Uuid;

use super::FORMAT;
use crate::{
    Result,
    entity::{
        access_event, campaign_revision, contact_event, history_link, message_event, reply_event, review_event,
        review_remark,
    },
};

/// A history. In a chain it is called by its table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Of messages.
    Message,
    /// Of reviews.
    Review,
    /// Tags and comments beside the steps of a review.
    Remark,
    /// Of letters to authors.
    Reply,
    /// Of addresses.
    Contact,
    /// Of what was done with accounts, personal data and campaigns.
    Access,
    /// Revisions of campaigns: the rules by which mails were judged.
    Campaign,
}

impl Kind {
    /// Every one.
    pub const ALL: [Self; 7] =
        [Self::Message, Self::Review, Self::Remark, Self::Reply, Self::Contact, Self::Access, Self::Campaign];

    /// Its table.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Message => "message_event",
            Self::Review => "review_event",
            Self::Remark => "review_remark",
            Self::Reply => "reply_event",
            Self::Contact => "contact_event",
            Self::Access => "access_event",
            Self::Campaign => "campaign_revision",
        }
    }
}

/// A line of some history.
pub struct Line {
    pub id: i64,
    pub at: i64,
    /// What it is about, for people; never an address.
    pub about: String,
    fixed: Written,
    words: Written,
    /// Whether its words are empty.
    pub is_bare: bool,
}

impl Line {
    /// The salted hash of its words.
    pub fn words_sha256(&self, salt: &[u8]) -> Sha256 {
        let mut written = Written::default();
        written.bytes(salt);
        written.0.extend_from_slice(&self.words.0);
        written.sha256()
    }

    /// The hash of the whole line.
    pub fn sha256(&self, kind: Kind, words_sha256: &Sha256) -> Sha256 {
        let mut written = Written::default();
        written.integer(i64::from(FORMAT));
        written.text(Some(kind.as_str()));
        written.integer(self.id);
        written.0.extend_from_slice(&self.fixed.0);
        written.bytes(words_sha256.as_bytes());
        written.sha256()
    }
}

/// Values one after the other, each with its type and length, so that no two lists of values are written alike.
#[derive(Default)]
pub struct Written(Vec<u8>);

impl Written {
    fn value(&mut self, tag: u8, bytes: &[u8]) {
        self.0.push(tag);
        self.0.extend_from_slice(&(bytes.len() as u64).to_be_bytes());
        self.0.extend_from_slice(bytes);
    }

    pub fn bytes(&mut self, bytes: &[u8]) {
        self.value(b'b', bytes);
    }

    pub fn integer(&mut self, number: i64) {
        self.value(b'i', &number.to_be_bytes());
    }

    fn text(&mut self, text: Option<&str>) {
        match text {
            Some(text) => self.value(b't', text.as_bytes()),
            None => self.value(b'n', b""),
        }
    }

    fn uuid(&mut self, id: Uuid) {
        self.value(b'u', id.as_bytes());
    }

    /// Keys stand in the order of their bytes, as `serde_json` keeps them; PostgreSQL keeps them in an order of its own.
    fn json(&mut self, value: &sea_orm::JsonValue) {
        self.value(b'j', value.to_string().as_bytes());
    }

    pub fn sha256(&self) -> Sha256 {
        Sha256::of(&self.0)
    }
}

/// A table whose rows are lines of a history.
trait History: EntityTrait {
    const KIND: Kind;

    fn id() -> Self::Column;

    fn line(row: Self::Model) -> Line;

    /// The columns of its words, with what stands there when they are erased.
    fn words() -> Vec<(Self::Column, Option<&'static str>)>;
}

/// Calls a function of a history by its kind.
macro_rules! of {
    ($kind:expr, $function:ident($($argument:expr),*)) => {
        match $kind {
            Kind::Message => $function::<message_event::Entity>($($argument),*).await,
            Kind::Review => $function::<review_event::Entity>($($argument),*).await,
            Kind::Remark => $function::<review_remark::Entity>($($argument),*).await,
            Kind::Reply => $function::<reply_event::Entity>($($argument),*).await,
            Kind::Contact => $function::<contact_event::Entity>($($argument),*).await,
            Kind::Access => $function::<access_event::Entity>($($argument),*).await,
            Kind::Campaign => $function::<campaign_revision::Entity>($($argument),*).await,
        }
    };
}

/// Lines by their ids, as far as they are there.
pub async fn by_ids(tx: &DatabaseTransaction, kind: Kind, ids: &[i64]) -> Result<Vec<Line>> {
    async fn find<E: History>(tx: &DatabaseTransaction, ids: &[i64]) -> Result<Vec<Line>> {
        let rows = E::find().filter(E::id().is_in(ids.iter().copied())).all(tx).await?;
        Ok(rows.into_iter().map(E::line).collect())
    }
    of!(kind, find(tx, ids))
}

/// Lines above an id that have no link, oldest first.
pub async fn unlinked(tx: &DatabaseTransaction, kind: Kind, above: i64, limit: u64) -> Result<Vec<Line>> {
    async fn find<E: History>(tx: &DatabaseTransaction, above: i64, limit: u64) -> Result<Vec<Line>> {
        let link = Query::select()
            .expr(Expr::value(1))
            .from(history_link::Entity)
            .and_where(Expr::col((history_link::Entity, history_link::Column::Kind)).eq(E::KIND.as_str()))
            .and_where(
                Expr::col((history_link::Entity, history_link::Column::EventId))
                    .equals((E::default().into_iden(), E::id().into_iden())),
            )
            .take();
        let rows = E::find()
            .filter(E::id().gt(above))
            .filter(Expr::exists(link).not())
            .order_by_asc(E::id())
            .limit(limit)
            .all(tx)
            .await?;
        Ok(rows.into_iter().map(E::line).collect())
    }
    of!(kind, find(tx, above, limit))
}

/// The highest id of a history; 0 where there is none.
pub async fn top(connection: &impl ConnectionTrait, kind: Kind) -> Result<i64> {
    async fn find<E: History>(connection: &impl ConnectionTrait) -> Result<i64> {
        let top: Option<Option<i64>> =
            E::find().select_only().column_as(E::id().max(), "top").into_tuple().one(connection).await?;
        Ok(top.flatten().unwrap_or_default())
    }
    of!(kind, find(connection))
}

/// Empties the words of lines.
pub async fn empty(tx: &DatabaseTransaction, kind: Kind, ids: &[i64]) -> Result<()> {
    async fn change<E: History>(tx: &DatabaseTransaction, ids: &[i64]) -> Result<()> {
        let mut update = E::update_many().filter(E::id().is_in(ids.iter().copied()));
        for (column, erased) in E::words() {
            update = update.col_expr(column, Expr::value(erased));
        }
        update.exec(tx).await?;
        Ok(())
    }
    of!(kind, change(tx, ids))
}

impl History for message_event::Entity {
    const KIND: Kind = Kind::Message;

    fn id() -> Self::Column {
        message_event::Column::Id
    }

    fn line(row: message_event::Model) -> Line {
        let (mut fixed, mut words) = (Written::default(), Written::default());
        fixed.uuid(row.message_id);
        fixed.integer(row.at);
        fixed.text(row.stage_from.as_deref());
        fixed.text(Some(&row.stage_to));
        fixed.text(Some(&row.actor));
        words.text(Some(&row.detail));
        let about = format!("of message {}", row.message_id);
        Line { id: row.id, at: row.at, about, fixed, words, is_bare: row.detail.is_empty() }
    }

    fn words() -> Vec<(Self::Column, Option<&'static str>)> {
        vec![(message_event::Column::Detail, Some(""))]
    }
}

impl History for review_event::Entity {
    const KIND: Kind = Kind::Review;

    fn id() -> Self::Column {
        review_event::Column::Id
    }

    fn line(row: review_event::Model) -> Line {
        let (mut fixed, mut words) = (Written::default(), Written::default());
        fixed.uuid(row.submission_id);
        fixed.integer(row.number);
        fixed.integer(row.at);
        fixed.uuid(row.actor_id);
        fixed.text(Some(&row.role));
        fixed.text(Some(&row.state_from));
        fixed.text(Some(&row.state_to));
        fixed.json(&row.action);
        fixed.json(&row.standing);
        fixed.integer(row.campaign_revision);
        fixed.text(row.request_id.as_deref());
        words.text(Some(&row.reason));
        words.text(Some(&row.note));
        words.text(row.request_sha256.as_deref());
        let is_bare = row.reason.is_empty() && row.note.is_empty() && row.request_sha256.is_none();
        Line { id: row.id, at: row.at, about: format!("of review {}", row.submission_id), fixed, words, is_bare }
    }

    fn words() -> Vec<(Self::Column, Option<&'static str>)> {
        use review_event::Column;
        vec![(Column::Reason, Some("")), (Column::Note, Some("")), (Column::RequestSha256, None)]
    }
}

impl History for review_remark::Entity {
    const KIND: Kind = Kind::Remark;

    fn id() -> Self::Column {
        review_remark::Column::Id
    }

    fn line(row: review_remark::Model) -> Line {
        let (mut fixed, mut words) = (Written::default(), Written::default());
        fixed.uuid(row.submission_id);
        fixed.integer(row.number);
        fixed.integer(row.at);
        fixed.uuid(row.actor_id);
        fixed.text(Some(&row.role));
        fixed.text(Some(&row.kind));
        fixed.text(row.request_id.as_deref());
        words.text(Some(&row.words));
        words.text(row.request_sha256.as_deref());
        let is_bare = row.words.is_empty() && row.request_sha256.is_none();
        Line { id: row.id, at: row.at, about: format!("of review {}", row.submission_id), fixed, words, is_bare }
    }

    fn words() -> Vec<(Self::Column, Option<&'static str>)> {
        vec![(review_remark::Column::Words, Some("")), (review_remark::Column::RequestSha256, None)]
    }
}

impl History for reply_event::Entity {
    const KIND: Kind = Kind::Reply;

    fn id() -> Self::Column {
        reply_event::Column::Id
    }

    fn line(row: reply_event::Model) -> Line {
        let (mut fixed, mut words) = (Written::default(), Written::default());
        fixed.uuid(row.reply_id);
        fixed.integer(row.at);
        fixed.text(row.state_before.as_deref());
        fixed.text(Some(&row.state_after));
        fixed.text(Some(&row.actor));
        words.text(Some(&row.detail));
        let about = format!("of reply {}", row.reply_id);
        Line { id: row.id, at: row.at, about, fixed, words, is_bare: row.detail.is_empty() }
    }

    fn words() -> Vec<(Self::Column, Option<&'static str>)> {
        vec![(reply_event::Column::Detail, Some(""))]
    }
}

impl History for contact_event::Entity {
    const KIND: Kind = Kind::Contact;

    fn id() -> Self::Column {
        contact_event::Column::Id
    }

    fn line(row: contact_event::Model) -> Line {
        let (mut fixed, mut words) = (Written::default(), Written::default());
        fixed.integer(row.at);
        fixed.integer(i64::from(row.is_reachable));
        fixed.text(Some(&row.actor));
        words.text(Some(&row.address));
        words.text(Some(&row.detail));
        let is_bare = row.address.is_empty() && row.detail.is_empty();
        Line { id: row.id, at: row.at, about: "of a contact".into(), fixed, words, is_bare }
    }

    fn words() -> Vec<(Self::Column, Option<&'static str>)> {
        vec![(contact_event::Column::Address, Some("")), (contact_event::Column::Detail, Some(""))]
    }
}

impl History for access_event::Entity {
    const KIND: Kind = Kind::Access;

    fn id() -> Self::Column {
        access_event::Column::Id
    }

    fn line(row: access_event::Model) -> Line {
        let (mut fixed, mut words) = (Written::default(), Written::default());
        fixed.integer(row.at);
        fixed.text(Some(&row.actor));
        fixed.text(Some(&row.action));
        fixed.text(Some(&row.peer));
        words.text(Some(&row.subject));
        words.text(Some(&row.detail));
        let is_bare = row.subject.is_empty() && row.detail.is_empty();
        Line { id: row.id, at: row.at, about: format!("of {}", row.actor), fixed, words, is_bare }
    }

    fn words() -> Vec<(Self::Column, Option<&'static str>)> {
        vec![(access_event::Column::Subject, Some("")), (access_event::Column::Detail, Some(""))]
    }
}

impl History for campaign_revision::Entity {
    const KIND: Kind = Kind::Campaign;

    fn id() -> Self::Column {
        campaign_revision::Column::Id
    }

    fn line(row: campaign_revision::Model) -> Line {
        let mut fixed = Written::default();
        fixed.uuid(row.campaign_id);
        fixed.integer(row.revision);
        fixed.json(&row.body);
        fixed.integer(row.created_at);
        let about = format!("of campaign {}, revision {}", row.campaign_id, row.revision);
        Line { id: row.id, at: row.created_at, about, fixed, words: Written::default(), is_bare: true }
    }

    /// Nothing of an author stands in it.
    fn words() -> Vec<(Self::Column, Option<&'static str>)> {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_values_are_written_alike_only_when_they_are_alike() {
        let written = |write: &dyn Fn(&mut Written)| {
            let mut written = Written::default();
            write(&mut written);
            written.sha256()
        };
        let all = [
            written(&|w| w.text(Some("ab"))),
            written(&|w| {
                w.text(Some("a"));
                w.text(Some("b"));
            }),
            written(&|w| w.bytes(b"ab")),
            written(&|w| w.text(None)),
            written(&|w| w.text(Some(""))),
            written(&|_| ()),
        ];
        for (at, one) in all.iter().enumerate() {
            assert!(!all[at + 1..].contains(one), "{at}");
        }
    }

    #[test]
    fn json_is_hashed_in_one_order_of_its_keys() {
        let value: sea_orm::JsonValue = serde_json::from_str(r#"{"b": 1, "a": {"d": [2], "c": "三"}}"#).unwrap();
        assert_eq!(value.to_string(), r#"{"a":{"c":"三","d":[2]},"b":1}"#);
    }
}
