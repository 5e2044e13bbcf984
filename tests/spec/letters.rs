//! Every class of mail and every rule, passing and failing: one line a mail, what was decided of it beside it.

use std::time::Duration;

use futures::StreamExt;
use proto::intake::v1::{DownloadAttachmentRequest, ListCampaignsRequest, UpdateCampaignRequest, rule::Check};
use stdx::Sha256;
use tests::{
    Backend, Ledger, Product, World, oracle,
    world::{USER, at},
};

use crate::corpus::{self, Case};

const BOUND: Duration = Duration::from_secs(120);

/// Lowers the limit of one rule, so that a small mail can break it.
async fn lower_video_size(product: &Product) {
    let mut client = product.campaigns();
    let listed = client.list_campaigns(ListCampaignsRequest::default()).await.expect("a list").into_inner();
    let mut campaign = listed.campaigns.into_iter().next().expect("a campaign is there from the start");
    for rule in &mut campaign.rules {
        if let Some(Check::VideoSize(limit)) = &mut rule.check {
            assert_eq!(limit.bytes_max, 500 * 1024 * 1024);
            limit.bytes_max = 1024 * 1024;
        }
    }
    let request = UpdateCampaignRequest { campaign: Some(campaign), ..Default::default() };
    client.update_campaign(request).await.expect("it is taken");
}

async fn every_mail_is_decided_as_the_call_says(backend: Backend) {
    let world = World::new(backend);
    let settings = world.settings(&[world.mailbox().with("folders", "[\"INBOX\", \"Junk\"]")]);
    let product = Product::start(&settings);
    lower_video_size(&product).await;

    let cases = corpus::cases();
    let mut session = world.session();
    let places: Vec<_> = cases.iter().map(|case| session.append(case.folder, at(case.received), &case.raw)).collect();
    let ledger = Ledger::settled(&product, cases.len(), BOUND).await;
    ledger.assert_sound();

    let mut wrong = Vec::new();
    for (case, place) in cases.iter().zip(&places) {
        let message = ledger.message(case.folder, *place);
        let recorded = ledger.submission_of(message);
        let decided = oracle::decided(message, recorded);
        if decided != case.decided {
            wrong.push(format!("{}: {decided}\n    not: {}", case.name, case.decided));
        }
        assert_eq!(message.raw_sha256, Sha256::of(&case.raw).hex(), "{}: the raw bytes", case.name);
        assert_eq!(
            message.received_time.map(|time| time.seconds),
            Some(at(case.received).timestamp()),
            "{}",
            case.name
        );
        assert_eq!(message.received_basis, "internal_date", "{}", case.name);
        assert!(
            message.class_reason.as_ref().is_some_and(|line| !line.zh.is_empty() && !line.en.is_empty()),
            "{}",
            case.name
        );
        if let Some(recorded) = recorded {
            wrong.extend(facts_that_differ(&product, case, &recorded.name).await);
        }
    }
    assert!(wrong.is_empty(), "{} of {} mails:\n{}", wrong.len(), cases.len(), wrong.join("\n"));

    // Nothing was changed on the server.
    for folder in ["INBOX", "Junk"] {
        session.select(folder);
        let flags = session.flags();
        assert_eq!(flags.len(), cases.iter().filter(|case| case.folder == folder).count(), "{folder}");
        assert!(flags.iter().all(|(_, flags)| flags.is_empty()), "{folder}: {flags:?}");
    }
    assert_eq!(oracle::assert_reconciled(&product, USER).await, cases.len() as u64);
    product.terminate().await;
    settings.verify_with_server();
}

async fn facts_that_differ(product: &Product, case: &Case, name: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    let submission = oracle::submission(product, name).await;
    if let Some(subject) = case.subject
        && submission.subject != subject
    {
        wrong.push(format!("{}: subject {:?}\n    not: {subject:?}", case.name, submission.subject));
    }
    for (file_name, bytes) in &case.files {
        let Some(attachment) = submission.attachments.iter().find(|attachment| attachment.file_name == *file_name)
        else {
            let names: Vec<&str> = submission.attachments.iter().map(|one| one.file_name.as_str()).collect();
            wrong.push(format!("{}: no attachment {file_name:?}, but {names:?}", case.name));
            continue;
        };
        if (attachment.size_bytes, &attachment.sha256) != (bytes.len() as u64, &Sha256::of(bytes).hex()) {
            wrong.push(format!(
                "{}: {file_name}: {} bytes, not the {} sent",
                case.name,
                attachment.size_bytes,
                bytes.len()
            ));
        }
        let request =
            DownloadAttachmentRequest { name: name.to_owned(), path: attachment.path.clone(), ..Default::default() };
        let mut stream = product.submissions().download_attachment(request).await.expect("a stream").into_inner();
        let mut loaded = Vec::new();
        while let Some(response) = stream.next().await {
            loaded.extend(response.expect("no failure").data);
        }
        if loaded != *bytes {
            wrong.push(format!("{}: {file_name}: {} downloaded bytes are not what was sent", case.name, loaded.len()));
        }
    }
    // Every finding says something to the author in both languages, and what was measured against which limit.
    for finding in &submission.findings {
        let sentence = finding.sentence.clone().unwrap_or_default();
        if sentence.zh.is_empty() || sentence.en.is_empty() {
            wrong.push(format!("{}: {} has no sentence", case.name, finding.rule));
        }
    }
    wrong
}

on_each_backend! {
    every_class_and_every_rule => super::every_mail_is_decided_as_the_call_says;
}
