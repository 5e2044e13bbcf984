//! Work that takes longer than a call: it runs as a task of this process, and how far it is stands in a table, so that any
//! process of the installation answers for it. Work whose process ended is told as ABORTED.

use std::{
    collections::HashMap,
    future::Future,
    sync::{Arc, LazyLock, Mutex, PoisonError},
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::Utc;
use prost::{Message, Name};
use prost_types::Any;
use proto::google::{
    longrunning::{Operation, operation},
    rpc,
};
use serde::{Deserialize, Serialize};
use stdx::ErrorKind;
use store::register::{Change, Column, ColumnKind, Draft, Entry, Refusal, Register, Value, Write};
use tokio::{
    sync::{Notify, Semaphore, watch},
    time::Instant,
};
use tokio_util::sync::CancellationToken;
use tonic::{Code, Status};
use uuid::Uuid;

use super::{Registrar, WriteOptions, body};
use crate::errors;

/// Works at once in one process; a further one is refused with RESOURCE_EXHAUSTED.
const AT_ONCE_MAX: usize = 4;
/// From one sign of life to the next.
const SIGN_EVERY: Duration = Duration::from_secs(2);
/// Without a sign for so long, the process that worked on it is taken for dead.
const LOST_AFTER: Duration = Duration::from_secs(60);
/// While another process works on it, its end is looked for so often.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Two writers of one row try again so often.
const TRIES_MAX: usize = 16;

/// `operations/{uuid}`.
pub const COLLECTION: &str = "operations";

/// The table.
pub static OPERATION: LazyLock<Register> = LazyLock::new(|| {
    let column = |name, kind| Column { name, kind };
    Register {
        table: "operation",
        columns: vec![
            column("method", ColumnKind::Text),
            column("owner", ColumnKind::Text),
            column("is_done", ColumnKind::Flag),
            column("is_cancel_requested", ColumnKind::Flag),
            column("heartbeat_at", ColumnKind::Integer),
        ],
    }
});

/// The body of a row; messages in base64, for their types are those of the methods.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Body {
    metadata: String,
    error: Option<String>,
    response: Option<String>,
}

#[derive(Clone, Debug)]
struct Row {
    id: String,
    row_version: i64,
    method: String,
    owner: String,
    is_done: bool,
    is_cancel_requested: bool,
    heartbeat_at: i64,
    body: Body,
}

impl Row {
    fn read(entry: &Entry) -> Result<Self, Status> {
        let damaged = || errors::of_kind(ErrorKind::Internal, &format!("the operation {} does not read", entry.id));
        match entry.values.as_slice() {
            [
                Value::Text(method),
                Value::Text(owner),
                Value::Flag(is_done),
                Value::Flag(is_cancel_requested),
                Value::Integer(heartbeat_at),
            ] => Ok(Self {
                id: entry.id.clone(),
                row_version: entry.row_version,
                method: method.clone(),
                owner: owner.clone(),
                is_done: *is_done,
                is_cancel_requested: *is_cancel_requested,
                heartbeat_at: *heartbeat_at,
                body: serde_json::from_value(entry.body.clone()).map_err(|_| damaged())?,
            }),
            _ => Err(damaged()),
        }
    }

    fn draft(&self) -> Draft {
        Draft {
            id: self.id.clone(),
            values: vec![
                Value::Text(self.method.clone()),
                Value::Text(self.owner.clone()),
                Value::Flag(self.is_done),
                Value::Flag(self.is_cancel_requested),
                Value::Integer(self.heartbeat_at),
            ],
            terms: Vec::new(),
            search_text: String::new(),
            is_synthetic: false,
            body: serde_json::to_value(&self.body).expect("texts have a JSON form"),
        }
    }

    fn end(&mut self, outcome: &Result<Any, Status>) {
        self.is_done = true;
        match outcome {
            Ok(response) => self.body.response = Some(STANDARD.encode(response.encode_to_vec())),
            Err(status) => self.body.error = Some(STANDARD.encode(error(status).encode_to_vec())),
        }
    }

    fn operation(&self) -> Operation {
        let any = |text: &String| Any::decode(STANDARD.decode(text).unwrap_or_default().as_slice()).ok();
        let failed = |text: &String| rpc::Status::decode(STANDARD.decode(text).unwrap_or_default().as_slice()).ok();
        let error = self.body.error.as_ref().and_then(failed).map(operation::Result::Error);
        let response = || self.body.response.as_ref().and_then(any).map(operation::Result::Response);
        Operation {
            name: format!("{COLLECTION}/{}", self.id),
            metadata: any(&self.body.metadata),
            done: self.is_done,
            result: error.or_else(response),
        }
    }
}

/// The status as a message, with its details.
fn error(status: &Status) -> rpc::Status {
    match rpc::Status::decode(status.details()) {
        Ok(detailed) if detailed.code != 0 => detailed,
        _ => rpc::Status { code: status.code().into(), message: status.message().to_owned(), details: Vec::new() },
    }
}

fn any<M: Message + Name>(message: &M) -> Any {
    Any { type_url: format!("type.googleapis.com/{}", M::full_name()), value: message.encode_to_vec() }
}

/// How a work says how far it is.
#[derive(Clone)]
pub struct Progress {
    /// The name of the operation.
    pub name: String,
    metadata: watch::Sender<Any>,
}

impl Progress {
    /// Says it. What is said last stands in the table at the next sign of life and at the end.
    pub fn tell<M: Message + Name>(&self, metadata: &M) {
        self.metadata.send_replace(any(metadata));
    }
}

/// Starts works, and tells what became of them.
#[derive(Clone)]
pub struct Operations {
    registrar: Registrar,
    owner: Arc<str>,
    slots: Arc<Semaphore>,
    running: Arc<Mutex<HashMap<String, CancellationToken>>>,
    ended: Arc<Notify>,
    drain: CancellationToken,
}

impl Operations {
    /// Works end when `drain` is cancelled.
    #[must_use]
    pub fn new(registrar: Registrar, drain: CancellationToken) -> Self {
        Self {
            registrar,
            owner: Uuid::now_v7().hyphenated().to_string().into(),
            slots: Arc::new(Semaphore::new(AT_ONCE_MAX)),
            running: Arc::default(),
            ended: Arc::default(),
            drain,
        }
    }

    /// Starts a work, and gives its operation while it runs. The same request id gives the operation of the first call.
    pub async fn start<M, R, F>(
        &self,
        options: WriteOptions,
        metadata: &M,
        work: impl FnOnce(Progress) -> F + Send + 'static,
    ) -> Result<Operation, Status>
    where
        M: Message + Name,
        R: Message + Name,
        F: Future<Output = Result<R, Status>> + Send + 'static,
    {
        let Ok(slot) = Arc::clone(&self.slots).try_acquire_owned() else {
            if let Some(entry) = self.registrar.replayed(&options).await?.and_then(|entries| entries.into_iter().next())
            {
                return Ok(self.row(&entry.id).await?.operation());
            }
            let en = format!("{AT_ONCE_MAX} operations run already; wait for one of them");
            let zh = format!("已有 {AT_ONCE_MAX} 个操作在运行,请稍后再试");
            return Err(errors::status(Code::ResourceExhausted, "TOO_MANY_OPERATIONS", en, zh));
        };
        let id = Uuid::now_v7().hyphenated().to_string();
        let (sender, told) = watch::channel(any(metadata));
        let row = Row {
            id: id.clone(),
            row_version: 0,
            method: options.method.to_owned(),
            owner: self.owner.to_string(),
            is_done: false,
            is_cancel_requested: false,
            heartbeat_at: Utc::now().timestamp_micros(),
            body: Body { metadata: STANDARD.encode(told.borrow().encode_to_vec()), ..Body::default() },
        };
        // Before the row is there: whoever reads it then finds that somebody works on it.
        let cancel = CancellationToken::new();
        let guard = Running { operations: self.clone(), id: id.clone() };
        self.running().insert(id.clone(), cancel.clone());
        let entries = self.registrar.commit(vec![Write::Insert(&OPERATION, row.draft())], Vec::new(), options).await?;
        let made = Row::read(&entries[0])?;
        if made.id != id {
            return Ok(self.row(&made.id).await?.operation());
        }
        let work = work(Progress { name: format!("{COLLECTION}/{id}"), metadata: sender });
        let work = async move { work.await.map(|response| any(&response)) };
        let operations = self.clone();
        tokio::spawn(async move {
            operations.run(&id, work, told, cancel).await;
            drop((guard, slot));
        });
        Ok(made.operation())
    }

    async fn run(
        &self,
        id: &str,
        work: impl Future<Output = Result<Any, Status>> + Send + 'static,
        told: watch::Receiver<Any>,
        cancel: CancellationToken,
    ) {
        // A task of its own: were it polled here only, it would stand still with what it holds of the tables while a sign
        // of life waits for them.
        let mut work = tokio::spawn(work);
        let mut signs = tokio::time::interval(SIGN_EVERY);
        signs.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let outcome = loop {
            tokio::select! {
                ended = &mut work => break ended.unwrap_or_else(|error| {
                    Err(errors::of_kind(ErrorKind::Internal, &format!("the work of operation {id} ended: {error}")))
                }),
                () = cancel.cancelled() => break Err(cancelled()),
                () = self.drain.cancelled() => break Err(aborted()),
                _ = signs.tick() => {
                    let signed = self.amend(id, |row| {
                        row.heartbeat_at = Utc::now().timestamp_micros();
                        row.body.metadata = STANDARD.encode(told.borrow().encode_to_vec());
                    });
                    match signed.await {
                        Ok(row) if row.is_cancel_requested => break Err(cancelled()),
                        Ok(_) => {}
                        // The next sign may be written; the work goes on.
                        Err(status) => tracing::warn!(operation = id, %status, "no sign of life could be written"),
                    }
                }
            }
        };
        if !work.is_finished() {
            // Its end is waited for: what it holds of the tables must be free before the outcome is written.
            work.abort();
            let _ = work.await;
        }
        let ended = self.amend(id, |row| {
            row.body.metadata = STANDARD.encode(told.borrow().encode_to_vec());
            row.end(&outcome);
        });
        if let Err(status) = ended.await {
            tracing::error!(operation = id, %status, "the end of an operation could not be written; it is told as aborted");
        }
    }

    /// Reads, changes and writes a row that is not done, as often as somebody else writes in between; one that is done is
    /// given as it is.
    async fn amend(&self, id: &str, change: impl Fn(&mut Row)) -> Result<Row, Status> {
        for _ in 0..TRIES_MAX {
            let mut row = self.stored(id).await?;
            if row.is_done {
                return Ok(row);
            }
            change(&mut row);
            let writes = vec![Write::Update(&OPERATION, row.draft(), Some(row.row_version))];
            let change = Change { writes, references: Vec::new(), once: None, is_rehearsal: false };
            match self.registrar.store().register_write(change).await {
                Ok(entries) => return Row::read(&entries[0]),
                Err(store::Error::Refused(Refusal::Stale { .. })) => {}
                Err(error) => return Err(errors::of_store(error)),
            }
        }
        Err(errors::of_kind(ErrorKind::Conflict, &format!("operation {id} is written too often")))
    }

    async fn stored(&self, id: &str) -> Result<Row, Status> {
        let entry = self.registrar.store().register_get(&OPERATION, id).await.map_err(errors::of_store)?;
        match entry {
            Some(entry) if entry.deleted_at.is_none() => Row::read(&entry),
            _ => {
                let name = format!("{COLLECTION}/{id}");
                let (en, zh) = (format!("there is no {name}"), format!("没有这个操作:{name}"));
                Err(errors::named(Code::NotFound, "RESOURCE_NOT_FOUND", &name, en, zh))
            }
        }
    }

    /// The row; one whose process is dead is ended first.
    async fn row(&self, id: &str) -> Result<Row, Status> {
        let row = self.stored(id).await?;
        if row.is_done || !self.is_lost(&row) {
            return Ok(row);
        }
        self.amend(id, |row| {
            if self.is_lost(row) {
                row.end(&Err(aborted()));
            }
        })
        .await
    }

    fn is_lost(&self, row: &Row) -> bool {
        if row.owner == *self.owner {
            return !self.running().contains_key(&row.id);
        }
        let silent = Utc::now().timestamp_micros() - row.heartbeat_at;
        silent > i64::try_from(LOST_AFTER.as_micros()).unwrap_or(i64::MAX)
    }

    fn running(&self) -> std::sync::MutexGuard<'_, HashMap<String, CancellationToken>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The operation of that name; NOT_FOUND.
    pub async fn get(&self, name: &str) -> Result<Operation, Status> {
        Ok(self.row(id_of(name)?).await?.operation())
    }

    /// The operation of an entry of the table.
    pub async fn of_entry(&self, entry: &Entry) -> Result<Operation, Status> {
        let row = Row::read(entry)?;
        if row.is_done || !self.is_lost(&row) { Ok(row.operation()) } else { Ok(self.row(&row.id).await?.operation()) }
    }

    /// The operation when it is done, or as it is at that instant.
    pub async fn wait(&self, name: &str, until: Instant) -> Result<Operation, Status> {
        loop {
            let mut ended = std::pin::pin!(self.ended.notified());
            ended.as_mut().enable();
            let operation = self.get(name).await?;
            if operation.done || Instant::now() >= until {
                return Ok(operation);
            }
            tokio::select! {
                () = ended => {}
                () = tokio::time::sleep_until(until.min(Instant::now() + LOOK_EVERY)) => {}
                () = self.drain.cancelled() => return Err(errors::draining()),
            }
        }
    }

    /// Asks it to stop.
    pub async fn cancel(&self, name: &str) -> Result<(), Status> {
        let id = id_of(name)?;
        self.row(id).await?;
        self.amend(id, |row| row.is_cancel_requested = true).await?;
        if let Some(cancel) = self.running().get(id) {
            cancel.cancel();
        }
        Ok(())
    }

    /// Forgets it; FAILED_PRECONDITION while it runs.
    pub async fn delete(&self, name: &str) -> Result<(), Status> {
        let id = id_of(name)?;
        let row = self.row(id).await?;
        if !row.is_done {
            let (en, zh) = (format!("{name} is running; cancel it first"), format!("操作尚在运行,请先取消:{name}"));
            return Err(errors::precondition("OPERATION_RUNNING", en, zh));
        }
        let writes = vec![Write::Delete(&OPERATION, id.to_owned(), Some(row.row_version))];
        let change = Change { writes, references: Vec::new(), once: None, is_rehearsal: false };
        self.registrar.store().register_write(change).await.map_err(errors::of_store)?;
        Ok(())
    }
}

/// A work that is under way in this process.
struct Running {
    operations: Operations,
    id: String,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.operations.running().remove(&self.id);
        self.operations.ended.notify_waiters();
    }
}

fn id_of(name: &str) -> Result<&str, Status> {
    body::id_of(COLLECTION, name).ok_or_else(|| {
        errors::field("name", "a name of the form operations/{id} is needed", "应为 operations/{id} 形式的名称")
    })
}

fn cancelled() -> Status {
    errors::status(Code::Cancelled, "OPERATION_CANCELLED", "somebody cancelled it", "操作已被取消")
}

fn aborted() -> Status {
    let en = "the process that worked on it ended before it did; start it again";
    errors::status(Code::Aborted, "OPERATION_ABORTED", en, "执行该操作的进程已结束,请重新开始")
}
