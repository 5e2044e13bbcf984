//! Downloads: whole files, ranges, and bytes that are no longer what they were.

use std::fs;

use intake::ports::Blobs;
use proto::intake::v1::{self, submission_service_client::SubmissionServiceClient};
use stdx::Sha256;
use tonic::{Code, Status, Streaming, transport::Channel};
use uuid::Uuid;

use crate::world::{Mail, Server, World, document, fields, refusal};

const CHUNK: usize = 256 * 1024;

struct Case {
    world: World,
    client: SubmissionServiceClient<Channel>,
    _server: Server,
    submission: Uuid,
    bytes: Vec<u8>,
}

async fn case() -> Case {
    let world = World::new().await;
    let bytes: Vec<u8> = (0..600_000_u32).map(|index| (index % 251) as u8).collect();
    world.blob(&bytes).await;
    let parts = vec![document("2", "稿件.txt", &bytes, ""), document("3", "空.txt", b"", "")];
    world.blob(b"").await;
    let submission = world.submission(&Mail { parts, ..Mail::default() }).await;
    let server = world.serve().await;
    let client = SubmissionServiceClient::new(server.channel().await);
    Case { world, client, _server: server, submission, bytes }
}

impl Case {
    fn attachment(&self, path: &str, offset: u64, limit: u64) -> v1::DownloadAttachmentRequest {
        v1::DownloadAttachmentRequest {
            name: format!("submissions/{}", self.submission),
            path: path.into(),
            offset,
            limit,
        }
    }

    async fn bytes(&mut self, path: &str, offset: u64, limit: u64) -> Result<Vec<u8>, Status> {
        let request = self.attachment(path, offset, limit);
        all(self.client.download_attachment(request).await?.into_inner()).await.map(|(bytes, ..)| bytes)
    }
}

/// All bytes with the total and the hash of the first response.
async fn all(mut stream: Streaming<v1::DownloadResponse>) -> Result<(Vec<u8>, u64, String), Status> {
    let first = stream.message().await?.expect("a first response");
    let (mut bytes, total_bytes, sha256) = (first.data, first.total_bytes, first.sha256);
    assert!(bytes.len() <= CHUNK);
    while let Some(response) = stream.message().await? {
        assert!(response.data.len() <= CHUNK);
        assert_eq!((response.total_bytes, response.sha256.as_str()), (0, ""));
        bytes.extend(response.data);
    }
    Ok((bytes, total_bytes, sha256))
}

#[tokio::test]
async fn an_attachment_comes_whole_with_its_size_and_hash_first() {
    let mut case = case().await;
    let request = case.attachment("2", 0, 0);
    let stream = case.client.download_attachment(request).await.unwrap().into_inner();
    let (bytes, total_bytes, sha256) = all(stream).await.unwrap();
    assert_eq!(bytes, case.bytes);
    assert_eq!(total_bytes, 600_000);
    assert_eq!(sha256, Sha256::of(&case.bytes).hex());
    let request = case.attachment("3", 0, 0);
    let stream = case.client.download_attachment(request).await.unwrap().into_inner();
    assert_eq!(all(stream).await.unwrap(), (Vec::new(), 0, Sha256::of(b"").hex()));
}

#[tokio::test]
async fn any_range_gives_the_bytes_of_that_range() {
    let mut case = case().await;
    let whole = case.bytes.clone();
    let table = [
        (0, 10, 0..10),
        (0, 600_000, 0..600_000),
        (0, 600_001, 0..600_000),
        (1, 0, 1..600_000),
        (262_143, 2, 262_143..262_145),
        (262_144, 262_144, 262_144..524_288),
        (599_999, 0, 599_999..600_000),
        (599_999, 100, 599_999..600_000),
        (600_000, 0, 600_000..600_000),
    ];
    for (offset, limit, expected) in table {
        let bytes = case.bytes("2", offset, limit).await.unwrap();
        assert!(bytes == whole[expected.clone()], "{offset}, {limit}: {} bytes", bytes.len());
    }
    for offset in [600_001, u64::MAX] {
        let answer = case.bytes("2", offset, 0).await;
        assert_eq!(refusal(answer), (Code::OutOfRange, "OFFSET_BEYOND_END".into()), "{offset}");
    }
}

#[tokio::test]
async fn what_is_not_there_is_told_by_name() {
    let mut case = case().await;
    assert_eq!(refusal(case.bytes("9", 0, 0).await), (Code::NotFound, "ATTACHMENT_NOT_FOUND".into()));
    assert_eq!(refusal(case.bytes("../2", 0, 0).await), (Code::NotFound, "ATTACHMENT_NOT_FOUND".into()));
    let unknown =
        v1::DownloadAttachmentRequest { name: format!("submissions/{}", Uuid::now_v7()), ..Default::default() };
    let answer = case.client.download_attachment(unknown).await;
    assert_eq!(refusal(answer), (Code::NotFound, "SUBMISSION_NOT_FOUND".into()));
    let raw = |name: String| v1::DownloadRawRequest { name, ..Default::default() };
    assert_eq!(fields(case.client.download_raw(raw("mailboxes/1".into())).await), ["name"]);
    let answer = case.client.download_raw(raw(format!("messages/{}", Uuid::now_v7()))).await;
    assert_eq!(refusal(answer), (Code::NotFound, "MESSAGE_NOT_FOUND".into()));
}

#[tokio::test]
async fn the_raw_mail_comes_by_the_name_of_the_message_and_of_the_submission() {
    let mut case = case().await;
    let (message, raw) = case.world.stored(Mail::default().received_at).await;
    let request = v1::DownloadRawRequest { name: format!("messages/{}", message.id), offset: 0, limit: 0 };
    let stream = case.client.download_raw(request).await.unwrap().into_inner();
    assert_eq!(all(stream).await.unwrap(), (raw.clone(), raw.len() as u64, Sha256::of(&raw).hex()));

    let request = v1::DownloadRawRequest { name: format!("submissions/{}", case.submission), offset: 9, limit: 0 };
    let record = case.world.store.submission_get(case.submission).await.unwrap();
    let path = case.world.blobs.path(record.message.raw_sha256.unwrap()).await.unwrap();
    let stream = case.client.download_raw(request).await.unwrap().into_inner();
    assert_eq!(all(stream).await.unwrap().0, fs::read(path).unwrap()[9..]);

    let seen = case.world.seen(Mail::default().received_at).await;
    let request = v1::DownloadRawRequest { name: format!("messages/{}", seen.id), offset: 0, limit: 0 };
    let answer = case.client.download_raw(request).await;
    assert_eq!(refusal(answer), (Code::FailedPrecondition, "RAW_NOT_STORED".into()));
}

#[tokio::test]
async fn bytes_that_are_gone_or_changed_are_told_as_data_loss_and_never_as_success() {
    let mut case = case().await;
    let path = case.world.blobs.path(Sha256::of(&case.bytes)).await.unwrap();

    let mut changed = case.bytes.clone();
    changed[500_000] ^= 1;
    fs::remove_file(&path).unwrap();
    fs::write(&path, &changed).unwrap();
    assert_eq!(refusal(case.bytes("2", 0, 0).await), (Code::DataLoss, "BLOB_DAMAGED".into()));
    // A part of a file has no hash of its own to be held against.
    assert_eq!(case.bytes("2", 0, 5).await.unwrap(), case.bytes[..5]);

    fs::write(&path, &changed[..1000]).unwrap();
    assert_eq!(refusal(case.bytes("2", 0, 5).await), (Code::DataLoss, "BLOB_DAMAGED".into()));

    fs::remove_file(&path).unwrap();
    let answer = case.bytes("2", 0, 0).await;
    let told = format!("{answer:?}");
    assert!(!told.contains(&*case.world.folder.path().to_string_lossy()), "a path leaks: {told}");
    assert_eq!(refusal(answer), (Code::DataLoss, "BLOB_MISSING".into()));
}
