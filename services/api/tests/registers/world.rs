//! A server over empty tables of its own.

use std::sync::Arc;

use api::ApiSettings;
use blobs::Folder;
use procurement::settings::RuleSettings;
use store::Store;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use tonic::transport::Channel;

#[path = "../shared/refusal.rs"]
mod refusal;

pub use refusal::{fields, refusal};

pub struct World {
    pub folder: TempDir,
    pub store: Store,
    pub channel: Channel,
    shutdown: CancellationToken,
}

impl World {
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&format!("sqlite:{}", folder.path().join("data.db").display())).await.unwrap();
        store.migrate().await.unwrap();
        let shutdown = CancellationToken::new();
        let channel = served(&folder, store.clone(), shutdown.clone()).await;
        Self { folder, store, channel, shutdown }
    }

    /// Another server over the same tables.
    pub async fn another(&self) -> Channel {
        served(&self.folder, self.store.clone(), self.shutdown.clone()).await
    }
}

async fn served(folder: &TempDir, store: Store, shutdown: CancellationToken) -> Channel {
    let blobs = Arc::new(Folder::open(folder.path().join("blobs")).await.unwrap());
    let settings = ApiSettings {
        listen: "127.0.0.1:0".parse().unwrap(),
        tls: None,
        tokens: Vec::new(),
        certificates: Vec::new(),
        issuers: Vec::new(),
        page_token_key: [5; 32],
        rules: RuleSettings::default(),
        sign_in_provider: None,
    };
    let bound = api::bind(settings, store, blobs).await.unwrap();
    let address = bound.address();
    tokio::spawn(bound.serve(shutdown));
    Channel::from_shared(format!("http://{address}")).unwrap().connect().await.unwrap()
}

impl Drop for World {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}
