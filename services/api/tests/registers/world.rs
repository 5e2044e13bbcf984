//! A server over empty tables of its own.

use std::sync::Arc;

use api::ApiSettings;
use blobs::Folder;
use procurement::settings::RuleSettings;
use store::Store;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use tonic::{Code, Status, transport::Channel};
use tonic_types::StatusExt;

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
        tokens: Vec::new(),
        page_token_key: [5; 32],
        rules: RuleSettings::default(),
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

/// The refusal's code and reason, after a look at what every refusal must carry.
pub fn refusal<T: std::fmt::Debug>(answer: Result<T, Status>) -> (Code, String) {
    let status = answer.unwrap_err();
    let details = status.get_error_details();
    let info = details.error_info().unwrap_or_else(|| panic!("no ErrorInfo: {status:?}"));
    assert_eq!(info.domain, "caibian");
    assert!(info.reason.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_'), "{}", info.reason);
    let localized = details.localized_message().unwrap_or_else(|| panic!("no Chinese: {status:?}"));
    assert_eq!(localized.locale, "zh-CN");
    assert!(localized.message.chars().any(|character| ('\u{4e00}'..'\u{9fff}').contains(&character)), "{localized:?}");
    (status.code(), info.reason.clone())
}

/// The fields that an INVALID_ARGUMENT names.
pub fn fields<T: std::fmt::Debug>(answer: Result<T, Status>) -> Vec<String> {
    let status = answer.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");
    let request = status.get_details_bad_request().unwrap_or_else(|| panic!("no BadRequest: {status:?}"));
    request.field_violations.into_iter().map(|violation| violation.field).collect()
}
