//! The register of regions in use: the one that ships, or the table that somebody imported in its place.
//!
//! The table is one entry of a register of its own. Each process keeps the register it read from it, and looks every
//! second whether the entry was written anew; the process that imports knows at once.

use std::{
    sync::{Arc, LazyLock, PoisonError, RwLock},
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use procurement::region::RegisterOfRegions;
use prost::Message;
use proto::procurement::v1;
use serde::{Deserialize, Serialize};
use store::{
    Store,
    register::{Comparison, Condition, Draft, Entry, Register, Value, Write},
};
use tokio_util::sync::CancellationToken;
use tonic::Status;

use crate::errors;

/// From one look at the table to the next.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// The id of the one entry.
const ID: &str = "regions";

static TABLE: LazyLock<Register> = LazyLock::new(|| Register { table: "region_table", columns: Vec::new() });

/// The body of the entry.
#[derive(Serialize, Deserialize)]
struct Body {
    files: Vec<String>,
    /// What the import was answered, for the same call once more.
    answer: String,
}

struct Kept {
    version: i64,
    register: Arc<RegisterOfRegions>,
}

/// The register in use, with its version.
pub(super) struct Regions {
    store: Store,
    kept: RwLock<Kept>,
}

impl Regions {
    /// The register that ships, until [`Self::refresh`].
    pub(super) fn new(store: Store) -> Self {
        // One copy a process, so that imported and shipped ones are held in the same way.
        static SHIPPED: LazyLock<Arc<RegisterOfRegions>> =
            LazyLock::new(|| Arc::new(RegisterOfRegions::shipped().clone()));
        Self { store, kept: RwLock::new(Kept { version: 0, register: Arc::clone(&SHIPPED) }) }
    }

    /// The register, and its version: 0 for the one that ships.
    pub(super) fn current(&self) -> (Arc<RegisterOfRegions>, i64) {
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        (Arc::clone(&kept.register), kept.version)
    }

    /// Reads the table when it was written since the last look.
    pub(super) async fn refresh(&self) -> Result<(), Status> {
        let known = self.current().1;
        let changed = Condition::Compare("row_version", Comparison::Unequal, Value::Integer(known));
        if self.store.register_count(&TABLE, Some(&changed), false).await.map_err(errors::of_store)? == 0 {
            return Ok(());
        }
        let Some(entry) = self.store.register_get(&TABLE, ID).await.map_err(errors::of_store)? else { return Ok(()) };
        let unsound = |error: &dyn std::fmt::Display| errors::of_kind(stdx::ErrorKind::Internal, error);
        let body: Body = serde_json::from_value(entry.body).map_err(|error| unsound(&error))?;
        let read = tokio::task::spawn_blocking(move || {
            let files: Vec<&str> = body.files.iter().map(String::as_str).collect();
            RegisterOfRegions::read(&files).map_err(|faults| faults.first().map(|first| first.fault.clone()))
        });
        let register = read.await.map_err(|error| unsound(&error))?;
        let register = register.map_err(|fault| unsound(&format!("the imported table of regions: {fault:?}")))?;
        self.keep(entry.row_version, register);
        Ok(())
    }

    fn keep(&self, version: i64, register: RegisterOfRegions) {
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        // Two looks at once may end in either order.
        if version > kept.version {
            *kept = Kept { version, register: Arc::new(register) };
        }
    }

    /// Looks until the end of the process.
    pub(super) async fn follow(&self, shutdown: CancellationToken) {
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
            // What is wrong was logged; the register known so far stays in use.
            let _ = self.refresh().await;
        }
    }
}

/// The write that puts these files in the place of the table at that version (0 for the register that ships).
pub(super) fn write(files: Vec<String>, answer: &v1::ImportRegionTableResponse, version: i64) -> Write<'static> {
    let body = Body { files, answer: STANDARD.encode(answer.encode_to_vec()) };
    let draft = Draft {
        id: ID.to_owned(),
        values: Vec::new(),
        terms: Vec::new(),
        search_text: String::new(),
        is_synthetic: false,
        body: serde_json::to_value(body).expect("texts have a JSON form"),
    };
    if version == 0 { Write::Insert(&TABLE, draft) } else { Write::Update(&TABLE, draft, Some(version)) }
}

/// What the import behind an entry was answered.
pub(super) fn answer(entry: &Entry) -> v1::ImportRegionTableResponse {
    let text = entry.body.get("answer").and_then(|answer| answer.as_str()).unwrap_or_default();
    let bytes = STANDARD.decode(text).unwrap_or_default();
    v1::ImportRegionTableResponse::decode(bytes.as_slice()).unwrap_or_default()
}
