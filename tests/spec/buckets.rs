//! Raw mails and attachments in a bucket of a real S3 server.

use std::{fs, time::Duration};

use proto::intake::v1::{DownloadAttachmentRequest, Stage, Submission};
use specimen::mail::Mail;
use stdx::Sha256;
use tests::{
    Backend, Ledger, Product, Settings, World,
    bucket_server::BucketServer,
    oracle,
    product::ADDRESS,
    wait_for,
    world::{USER, in_time, plain_mail},
};
use tonic::Code;

const BOUND: Duration = Duration::from_secs(60);

/// More than one part of an upload.
const FILE_BYTES: usize = 10_000_000;

fn picture() -> Vec<u8> {
    let mut state = 7_u64;
    let noise = std::iter::repeat_with(|| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 56) as u8
    });
    let mut bytes = specimen::png(300, 200, [10, 20, 30]);
    bytes.extend(noise.take(FILE_BYTES));
    bytes
}

fn mail(picture: &[u8]) -> Vec<u8> {
    Mail::new("李文博", "li@author.example.cn", ADDRESS)
        .subject("主题征稿：图片《田野》")
        .received_at(in_time())
        .message_id("bucket@author.example.cn")
        .text("姓名：李文博\n单位：浙江省财政厅\n联系电话：0571-87057615\n")
        .attach("田野.png", "image/png", picture)
        .to_bytes()
}

async fn downloaded(product: &Product, submission: &Submission, path: &str) -> Result<Vec<u8>, tonic::Status> {
    let request =
        DownloadAttachmentRequest { name: submission.name.clone(), path: path.to_owned(), offset: 0, limit: 0 };
    let mut stream = product.submissions().download_attachment(request).await?.into_inner();
    let mut bytes = Vec::new();
    while let Some(response) = stream.message().await? {
        bytes.extend(response.data);
    }
    Ok(bytes)
}

/// An API on another machine: the same tables and bucket, and a folder of its own.
fn elsewhere(home: &std::path::Path, world: &World, server: &BucketServer) -> Settings {
    let url = format!("sqlite:{}", world.home().join("data/caibian.db").display());
    Settings::write(home, &url, &[]).with_more(&server.settings())
}

#[tokio::test]
async fn a_mail_is_kept_in_a_bucket_and_read_by_a_machine_that_has_no_copy_of_it() {
    let world = World::new(Backend::Sqlite);
    let server = BucketServer::start();
    let settings = world.settings(&[world.mailbox()]).with_more(&server.settings());
    let product = Product::start(&settings);
    let picture = picture();
    let raw = mail(&picture);
    let place = world.session().append("INBOX", in_time(), &raw);
    let ledger = Ledger::settled(&product, 1, BOUND).await;
    ledger.assert_sound();
    let message = ledger.message("INBOX", place);
    let recorded = ledger.submission_of(message).expect("it was recorded");
    let submission = oracle::submission(&product, &recorded.name).await;
    let attachment = submission.attachments.iter().find(|found| found.file_name == "田野.png").expect("the picture");
    let (raw_sha256, sha256) = (Sha256::of(&raw).hex(), Sha256::of(&picture).hex());
    assert_eq!((&message.raw_sha256, &attachment.sha256), (&raw_sha256, &sha256));
    for kept in [&raw_sha256, &sha256] {
        let bytes = fs::read(server.object(kept)).expect("an object of this name");
        assert_eq!(Sha256::of(&bytes).hex(), *kept);
    }
    settings.verify_with_server();

    let home = tempfile::tempdir().expect("a folder");
    let other = elsewhere(home.path(), &world, &server);
    let second = Product::start_api(&other);
    assert!(downloaded(&second, &submission, &attachment.path).await.expect("the file") == picture);

    // Whoever changes a byte in the bucket is found by the next reader, and by `verify`.
    drop(second);
    fs::remove_dir_all(other.data.join("blobs")).expect("the second's own folder");
    let mut changed = picture.clone();
    changed[FILE_BYTES / 2] ^= 1;
    fs::write(server.object(&sha256), &changed).expect("the server's folder is ours");
    let second = Product::start_api(&other);
    let status = downloaded(&second, &submission, &attachment.path).await.expect_err("they are not the file");
    assert_eq!(status.code(), Code::DataLoss, "{status:?}");
    let output = settings.run(&["verify"]);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(!output.status.success() && said.contains(&sha256), "{said}");
    assert!(!settings.log_tail(1000).contains("planted-secret-key"));
    product.terminate().await;
}

#[tokio::test]
async fn mail_waits_while_the_bucket_is_away_and_is_recorded_when_it_is_back() {
    let world = World::new(Backend::Sqlite);
    let mut server = BucketServer::start();
    let settings = world.settings(&[world.mailbox()]).with_more(&server.settings());
    let product = Product::start(&settings);
    let mut session = world.session();
    session.append("INBOX", in_time(), &plain_mail(USER, 0, 20));
    Ledger::settled(&product, 1, BOUND).await;

    server.stop();
    session.append("INBOX", in_time(), &plain_mail(USER, 1, 20));
    wait_for("the mailbox tells that the bucket is away", BOUND, || async {
        let mailbox = oracle::mailbox(&product, USER).await?;
        let told = format!("{mailbox:?}");
        told.contains("bucket magazine").then_some(())
    })
    .await;
    let ledger = Ledger::read(&product).await;
    let waiting = ledger.messages.iter().find(|message| oracle::is_open(message.stage())).expect("it waits");
    assert_eq!(waiting.stage(), Stage::Seen);

    server.begin();
    let ledger = Ledger::settled(&product, 2, BOUND).await;
    assert_eq!(ledger.stages(), "STAGE_RECORDED 2");
    product.terminate().await;
    settings.verify_with_server();
}

#[tokio::test]
async fn a_crash_around_an_upload_leaves_no_row_whose_bytes_the_bucket_lacks() {
    let world = World::new(Backend::Sqlite);
    let server = BucketServer::start();
    let settings = world.settings(&[world.mailbox()]).with_more(&server.settings());
    let mut session = world.session();
    let mut delivered = 0;
    // Before the upload, between the upload and the copy, and between the copy and the row.
    for point in ["C5", "C5b", "C6", "C7"] {
        session.append("INBOX", in_time(), &plain_mail(USER, delivered, 20));
        delivered += 1;
        let crashed = match Product::try_start(&settings, &[("CAIBIAN_CRASH_AT", point)]) {
            Err(status) => status,
            Ok(mut product) => {
                let mut ended = None;
                wait_for("the worker dies where it is told to", BOUND, || {
                    ended = product.ended();
                    let ended = ended;
                    async move { ended }
                })
                .await
            }
        };
        assert!(!crashed.success(), "{point}");
        // Whatever is in the tables now, the bucket has the bytes of.
        let output = settings.run(&["verify"]);
        assert!(output.status.success(), "{point}: {}", String::from_utf8_lossy(&output.stdout));
        let product = Product::start(&settings);
        let ledger = Ledger::settled(&product, delivered, BOUND).await;
        ledger.assert_sound();
        assert_eq!(ledger.stages(), format!("STAGE_RECORDED {delivered}"), "{point}");
        product.terminate().await;
        settings.verify_with_server();
    }
}
