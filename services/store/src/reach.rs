//! Whether letters reach an address. A bounce marks it, and a person who has looked lifts the mark; nothing else does: the
//! address that a mail bears proves nobody's mailbox, and a server that takes a letter may send it back an hour later. A
//! bounce of a letter that was handed over before a person looked marks nothing anew.

use std::collections::HashMap;

use ::reply::{Silence, outbox::State};
use chrono::{DateTime, Utc};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, NotSet, QueryFilter, QueryOrder, QuerySelect, Set,
    sea_query::OnConflict,
};
use uuid::Uuid;

use crate::{
    Result, Store, contact,
    entity::{contact_event, contact_mark, reply as row, submission_contact},
    mailbox::clock_now,
    outbox::{self, Line},
    record::{Checked, Reach, Unreachable},
    values::{LINE_CHARACTERS_MAX, REASON_CHARACTERS_MAX, address, from_word, instant, line, micros, word},
};

/// Marks that are looked through for the one of a contact: a magazine has dozens.
const MARKS_MAX: u64 = 10_000;
/// Letters of one address that wait at once.
const WAITING_MAX: u64 = 1_000;

/// How it stands with each of the addresses, by the address in lower case; one that nothing is known of is left out.
pub async fn of(connection: &impl ConnectionTrait, addresses: &[String]) -> Result<HashMap<String, Reach>> {
    let mut reaches: HashMap<String, Reach> = HashMap::new();
    let addresses: Vec<String> = addresses.iter().map(|one| address(one)).filter(|one| !one.is_empty()).collect();
    let marks = contact_mark::Entity::find().filter(contact_mark::Column::Address.is_in(addresses.iter()));
    for mark in marks.all(connection).await? {
        let heard: Option<Option<i64>> = submission_contact::Entity::find()
            .select_only()
            .column_as(submission_contact::Column::ReceivedAt.max(), "heard")
            .filter(submission_contact::Column::ContactId.eq(contact::id_of(&mark.address)))
            .filter(submission_contact::Column::ReceivedAt.gt(mark.unreachable_since))
            .into_tuple()
            .one(connection)
            .await?;
        let unreachable = Unreachable {
            since: instant(mark.unreachable_since)?,
            reason: mark.reason,
            heard_at: heard.flatten().map(instant).transpose()?,
        };
        reaches.entry(mark.address).or_default().unreachable = Some(unreachable);
    }
    // In the order of their lines: the last one stays.
    let checks = contact_event::Entity::find()
        .filter(contact_event::Column::Address.is_in(addresses))
        .filter(contact_event::Column::IsReachable.eq(true))
        .order_by_asc(contact_event::Column::Id);
    for check in checks.all(connection).await? {
        let checked = Checked { at: instant(check.at)?, by: check.actor };
        reaches.entry(check.address).or_default().checked = Some(checked);
    }
    Ok(reaches)
}

/// Whether nothing goes to an address, which is in lower case.
pub async fn is_marked(tx: &DatabaseTransaction, address: &str) -> Result<bool> {
    Ok(contact_mark::Entity::find_by_id(address.to_owned()).one(tx).await?.is_some())
}

/// Marks the address of a letter that came back, and holds what waits for it.
pub async fn mark(tx: &DatabaseTransaction, back: &row::Model, reason: &str, now: DateTime<Utc>) -> Result<()> {
    if back.contact.is_empty() {
        // Erased: nobody knows any more whose it was.
        return Ok(());
    }
    let looked = contact_event::Entity::find()
        .filter(contact_event::Column::Address.eq(back.contact.as_str()))
        .filter(contact_event::Column::IsReachable.eq(true))
        .filter(contact_event::Column::At.gte(back.handed_at.unwrap_or(i64::MAX)))
        .limit(1)
        .one(tx)
        .await?;
    if looked.is_some() {
        return Ok(());
    }
    let mark = contact_mark::ActiveModel {
        address: Set(back.contact.clone()),
        unreachable_since: Set(micros(now)),
        reason: Set(line(reason, LINE_CHARACTERS_MAX)),
    };
    let there = OnConflict::column(contact_mark::Column::Address).do_nothing().to_owned();
    if contact_mark::Entity::insert(mark).on_conflict(there).exec_without_returning(tx).await? > 0 {
        append(tx, &back.contact, false, "worker", reason, now).await?;
    }
    let waiting = row::Entity::find()
        .filter(row::Column::Contact.eq(back.contact.as_str()))
        .filter(row::Column::State.is_in([word(State::Pending)?, word(State::Deferred)?]))
        .order_by_asc(row::Column::Id)
        .limit(WAITING_MAX)
        .lock_exclusive();
    for row in waiting.all(tx).await? {
        hold(tx, &row, "worker", now).await?;
    }
    Ok(())
}

/// Holds a letter to a marked address: the row is held by the transaction.
pub async fn hold(tx: &DatabaseTransaction, row: &row::Model, actor: &str, now: DateTime<Utc>) -> Result<()> {
    let silence = Silence::Unreachable;
    let columns = row::ActiveModel {
        state: Set(word(State::Held)?),
        silence: Set(Some(silence.code().to_owned())),
        silence_zh: Set(silence.zh()),
        silence_en: Set(silence.en()),
        ..Default::default()
    };
    outbox::set(tx, row, columns, now).await?;
    let before = Some(from_word(&row.state)?);
    outbox::append(tx, row.id, Line { before, after: State::Held, actor, detail: &silence.en() }, now).await
}

/// A person has looked: the mark of an address, in lower case, is lifted, and the letters that it held go on, all but
/// one that the caller has in hand. Tells how many go on.
pub async fn lift(
    tx: &DatabaseTransaction,
    address: &str,
    in_hand: Option<Uuid>,
    actor: &str,
    now: DateTime<Utc>,
) -> Result<u32> {
    let lifted = contact_mark::Entity::delete_by_id(address.to_owned()).exec(tx).await?;
    if lifted.rows_affected == 0 {
        return Ok(0);
    }
    append(tx, address, true, actor, "", now).await?;
    let held = row::Entity::find()
        .filter(row::Column::Contact.eq(address))
        .filter(row::Column::State.eq(word(State::Held)?))
        .filter(row::Column::Silence.eq(Silence::Unreachable.code()))
        .order_by_asc(row::Column::Id)
        .limit(WAITING_MAX)
        .lock_exclusive();
    let mut count = 0;
    for row in held.all(tx).await? {
        if in_hand != Some(row.id) && outbox::go_on(tx, &row, actor, now).await? {
            count += 1;
        }
    }
    Ok(count)
}

async fn append(
    tx: &DatabaseTransaction,
    address: &str,
    is_reachable: bool,
    actor: &str,
    detail: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    let event = contact_event::ActiveModel {
        id: NotSet,
        address: Set(address.to_owned()),
        at: Set(micros(now)),
        is_reachable: Set(is_reachable),
        actor: Set(line(actor, LINE_CHARACTERS_MAX)),
        detail: Set(line(detail, REASON_CHARACTERS_MAX)),
    };
    contact_event::Entity::insert(event).exec_without_returning(tx).await?;
    Ok(())
}

/// Marks a contact reachable; one that is not marked stays so, and one that never was and never sent is not found. Tells
/// how many letters go on.
pub async fn mark_reachable(store: &Store, contact_id: Uuid, actor: &str) -> Result<u32> {
    let tx = store.write().await?;
    let now = clock_now(&tx).await?;
    // An id follows from its address, and an address that letters go to need not be one that mail comes from.
    let marked: Vec<String> = contact_mark::Entity::find()
        .select_only()
        .column(contact_mark::Column::Address)
        .limit(MARKS_MAX)
        .into_tuple()
        .all(&tx)
        .await?;
    let Some(address) = marked.into_iter().find(|address| contact::id_of(address) == contact_id) else {
        tx.rollback().await?;
        contact::get(store, contact_id).await?;
        return Ok(0);
    };
    let count = lift(&tx, &address, None, actor, now).await?;
    tx.commit().await?;
    Ok(count)
}

/// How it stands with the addresses of a manuscript: its sender's, and those that its letters go to. Those that nothing
/// reaches, by address.
pub async fn of_manuscript(store: &Store, root_id: Uuid, sender: &str) -> Result<Vec<(String, Reach)>> {
    let mut addresses: Vec<String> = row::Entity::find()
        .select_only()
        .column(row::Column::Contact)
        .distinct()
        .filter(row::Column::RootId.eq(root_id))
        .limit(WAITING_MAX)
        .into_tuple()
        .all(&store.reader)
        .await?;
    addresses.push(sender.to_owned());
    let reaches = of(&store.reader, &addresses).await?;
    let mut reaches: Vec<_> = reaches.into_iter().filter(|(_, reach)| reach.unreachable.is_some()).collect();
    reaches.sort_by(|(one, _), (other, _)| one.cmp(other));
    Ok(reaches)
}
