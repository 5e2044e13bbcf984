//! A mail with a film of 500 MiB is taken, decoded, probed and recorded in little memory (guarantee G7).

use std::time::Duration;

use proto::intake::v1::{DownloadAttachmentRequest, ExportFilesRequest, attachment::Content};
use tests::{
    Backend, Ledger, Product, World,
    bucket_server::BucketServer,
    huge::{FILM_BYTES, HugeMail},
    memory::Watch,
    oracle,
};

/// Worker, API and child together, beside the pages of the program.
const MEMORY_MAX: u64 = 64 * 1024 * 1024;

#[tokio::test]
async fn a_mail_with_a_film_of_500_mib_is_recorded_in_less_than_64_mib() {
    a_mail_with_a_film(None).await;
}

#[tokio::test]
async fn it_goes_into_a_bucket_in_less_than_64_mib_too() {
    a_mail_with_a_film(Some(BucketServer::start())).await;
}

async fn a_mail_with_a_film(bucket: Option<BucketServer>) {
    let _alone = crate::ALONE.lock().await;
    let world = World::new(Backend::Sqlite);
    let mail = HugeMail::compose(world.home());
    assert!(mail.size_bytes > 680 * 1024 * 1024, "{} on the wire", mail.size_bytes);
    let mut session = world.session();
    let place = mail.deliver(&mut session);

    let settings = world.settings(&[world.mailbox()]);
    let settings = match &bucket {
        Some(bucket) => settings.with_more(&bucket.settings()),
        None => settings,
    };
    let product = Product::start(&settings);
    let watch = Watch::start(product.pid(), Duration::from_millis(20));
    let ledger = Ledger::settled(&product, 1, Duration::from_secs(240)).await;
    ledger.assert_sound();
    let peak = watch.peak();
    println!("{peak:?}");

    let message = ledger.message("INBOX", place);
    let recorded = ledger.submission_of(message);
    assert_eq!(oracle::decided(message, recorded), "submission eligible");
    assert_eq!((message.size_bytes, &message.raw_sha256), (mail.size_bytes, &mail.raw_sha256.hex()));
    let submission = oracle::submission(&product, &recorded.expect("it was recorded").name).await;
    let film = submission.attachments.iter().find(|attachment| attachment.file_name == "宣讲.mp4").expect("the film");
    assert_eq!((film.size_bytes, &film.sha256), (FILM_BYTES, &mail.film_sha256.hex()));
    let Some(Content::Video(video)) = &film.content else { panic!("{film:?}") };
    assert_eq!(
        (video.duration_seconds, video.displayed_width, video.video_codec.as_str()),
        (Some(120.0), 1920, "h264")
    );
    assert!(peak.child_bytes > 0, "no child was seen: {peak:?}");
    assert!(peak.worst_bytes() < MEMORY_MAX, "{peak:?}");

    // A piece from the end of the film, without sending what is before it.
    let request = DownloadAttachmentRequest {
        name: submission.name.clone(),
        path: film.path.clone(),
        offset: FILM_BYTES - 1000,
        limit: 5000,
    };
    let mut stream = product.submissions().download_attachment(request).await.expect("a stream").into_inner();
    let mut bytes = Vec::new();
    while let Some(response) = stream.message().await.expect("no failure") {
        bytes.extend(response.data);
    }
    assert_eq!(bytes.len(), 1000);
    assert!(watch.peak().worst_bytes() < MEMORY_MAX, "{:?}", watch.peak());

    // All of it as an archive, the raw mail too; nothing is kept here either.
    let request =
        ExportFilesRequest { submissions: vec![submission.name.clone()], with_raw_mail: true, ..Default::default() };
    let mut stream = product.exports().export_files(request).await.expect("a stream").into_inner();
    let mut archive_bytes = 0;
    while let Some(response) = stream.message().await.expect("no failure") {
        archive_bytes += response.data.len() as u64;
    }
    assert!(archive_bytes > FILM_BYTES, "{archive_bytes}");
    assert!(watch.peak().worst_bytes() < MEMORY_MAX, "{:?}", watch.peak());
    product.terminate().await;
}
