//! What is held of a person, and its erasure, as services and administrators ask for them; and blobs in a bucket, which wait.

use std::{fs, path::Path, time::Duration};

use proto::intake::v1::{
    BlobFate, ErasePersonRequest, ErasureWait, GetErasureRequest, GetSubmissionRequest, ListErasuresRequest,
    ReportPersonRequest, erase_person_request::Subject, privacy_service_client::PrivacyServiceClient,
    report_person_request::Person,
};
use serde_json::Value;
use stdx::Sha256;
use tests::{Backend, Ledger, Product, World, bucket_server::BucketServer, wait_for, world::in_time};

use crate::{
    desk::administrator,
    erasure::{LI, WANG, assert_all_are_there, found, person},
};

const BOUND: Duration = Duration::from_secs(60);
const REASON: &str = "本人来信要求";

fn of_li() -> ErasePersonRequest {
    let subject = Some(Subject::Address(LI.address.to_uppercase()));
    ErasePersonRequest { subject, reason: REASON.into(), ..ErasePersonRequest::default() }
}

/// What is the same whenever it is asked: not when, nor who looked before.
fn lasting(mut report: Value) -> Value {
    report["reported_at"].take();
    report["held"]["looks"].take();
    report
}

async fn what_is_asked_for_by_rpc_is_what_the_command_gives(backend: Backend) {
    let world = World::new(backend);
    let settings = world.settings(&[world.mailbox()]);
    let product = Product::start(&settings);
    let mut session = world.session();
    session.append("INBOX", in_time(), &LI.mail());
    session.append("INBOX", in_time(), &WANG.mail());
    Ledger::settled(&product, 2, BOUND).await;
    let (of_them, of_others) = (LI.needles(&WANG, backend), WANG.needles(&LI, backend));

    let folder = world.home().join("report");
    let (code, told) = person(&settings, &["report", LI.address, "--output", folder.to_str().expect("UTF-8")]);
    assert_eq!(code, Some(0), "{told}");
    let written: Value =
        serde_json::from_slice(&fs::read(folder.join("report.json")).expect("it is there")).expect("it is JSON");
    let mut client = PrivacyServiceClient::new(product.channel());
    let asked = ReportPersonRequest { person: Some(Person::Address(LI.address.into())) };
    let mut stream = client.report_person(asked).await.expect("a report").into_inner();
    let mut streamed = Vec::new();
    while let Some(piece) = stream.message().await.expect("the whole of it") {
        streamed.extend(piece.data);
    }
    let streamed: Value = serde_json::from_slice(&streamed).expect("it is JSON");
    assert_eq!(streamed["mails"].as_array().map(Vec::len), Some(1));
    assert_eq!(lasting(streamed), lasting(written));

    let told = client.erase_person(ErasePersonRequest { validate_only: true, ..of_li() }).await.expect("it is told");
    let would = told.into_inner().erasure.and_then(|erasure| erasure.counts).expect("counts");
    assert_all_are_there(&settings, &of_them, "it was only told");
    let request_id = "0190b6a8-0000-7000-8000-000000000001".to_owned();
    let asked = ErasePersonRequest { request_id, ..of_li() };
    let done = client.erase_person(asked.clone()).await.expect("it is erased").into_inner();
    let erasure = done.erasure.expect("the proof");
    assert_eq!(Sha256::of(format!("{} {}", done.salt, LI.address).as_bytes()).hex(), erasure.subject_sha256);
    let counts = erasure.counts.expect("counts");
    assert_eq!((counts.messages, counts.submissions), (would.messages, would.submissions));
    assert!(erasure.end_time.is_some(), "{erasure:?}");
    assert_eq!(found(&settings, &of_them), [], "while the program runs");
    let again = client.erase_person(asked).await.expect("the same call").into_inner();
    assert_eq!((again.erasure.as_ref(), again.salt.as_str()), (Some(&erasure), ""));
    let (code, listed) = person(&settings, &["erasures"]);
    let id = erasure.name.trim_start_matches("erasures/");
    assert!(code == Some(0) && listed.lines().count() == 1 && listed.contains(id), "{listed}");

    product.terminate().await;
    settings.verify_with_server();
    assert_eq!(found(&settings, &of_them), [], "after the program ended");
    assert_all_are_there(&settings, &of_others, "after");
}

on_each_backend! {
    what_is_asked_for_by_rpc_is_what_the_command_gives => super::what_is_asked_for_by_rpc_is_what_the_command_gives;
}

#[tokio::test]
async fn an_administrator_reports_and_erases_at_the_desk_and_is_shown_first_what_would_go() {
    let world = World::new(Backend::Sqlite);
    let settings = world.settings(&[world.mailbox()]);
    let product = Product::start(&settings);
    let mut session = world.session();
    let place = session.append("INBOX", in_time(), &LI.mail());
    let other_place = session.append("INBOX", in_time(), &WANG.mail());
    let ledger = Ledger::settled(&product, 2, BOUND).await;
    let other_mail = ledger.message("INBOX", other_place).name.replace("messages/", "/ledger/");
    let submission = ledger.submission_of(ledger.message("INBOX", place)).expect("it was recorded").name.clone();
    let of_them = LI.needles(&WANG, Backend::Sqlite);
    let mut admin = administrator(&settings, &product).await;

    // By the contact's page, and by the address: the same.
    let contact = admin.get("/contacts?q=ouyang.mizhi").await.link("/contacts/");
    let privacy = format!("{contact}/privacy");
    assert_eq!(admin.get(&contact).await.link(&privacy), privacy, "an administrator is led there");
    let held = admin.get(&privacy).await;
    assert!(held.status == 200 && held.html.contains("下载报告"), "{}", held.html);
    let form = admin.get("/administration/privacy").await.form("name=\"address\"");
    let by_address = admin.send(&form.clone().with("address", LI.address)).await;
    assert!(by_address.html.contains("下载报告"), "{}", by_address.html);
    let nobody = admin.send(&form.with("address", "nobody@a.cn")).await;
    assert!(nobody.status == 404 && nobody.html.contains("系统中没有"), "{}", nobody.html);

    let report = admin.send(&held.form("/administration/privacy/report")).await;
    let (from, until) = (report.html.find('{').expect("JSON"), report.html.rfind('}').expect("JSON"));
    for word in [LI.phone, LI.text, LI.subject] {
        assert!(report.html[from..=until].contains(word), "{word}");
    }

    let asking = held.form("/administration/privacy/confirm");
    let without = admin.send(&asking.clone().with("reason", " ")).await;
    assert!(without.status == 400 && without.html.contains("请填写原因"), "{}", without.html);
    let told = admin.send(&asking.clone().with("reason", REASON)).await;
    assert!(told.html.contains("尚未删除任何内容") && told.html.contains(REASON), "{}", told.html);
    assert_all_are_there(&settings, &of_them, "it was only told");
    let deed = told.form("/administration/privacy/erase");
    let forged = admin.send(&deed.clone().with("csrf", "x")).await;
    assert_eq!(forged.status, 403, "{}", forged.html);
    assert_all_are_there(&settings, &of_them, "nobody of ours sent that form");

    let done = admin.send(&deed).await;
    assert!(done.status == 200 && done.html.contains("已删除。") && done.html.contains("盐值"), "{}", done.html);
    assert_eq!(found(&settings, &of_them), []);
    // The same form once more shows the same proof, and not what is shown once.
    let again = admin.send(&deed).await;
    assert!(again.html.contains("只在那时显示过"), "{}", again.html);
    let kept = admin.get(&done.link("/administration/privacy/0")).await;
    assert!(kept.html.contains(REASON) && !kept.html.contains("盐值"), "{}", kept.html);
    let listed = admin.get("/administration/privacy").await;
    assert!(listed.html.contains("本人要求") && listed.html.contains("已完成"), "{}", listed.html);
    let accesses = admin.get("/administration/access").await;
    for words in ["查阅个人信息", "删除个人信息", "删除证明"] {
        assert!(accesses.html.contains(words), "{words}: {}", accesses.html);
    }
    let shown = product.submissions().get_submission(GetSubmissionRequest { name: submission }).await;
    assert!(shown.expect("its number stays").into_inner().erase_time.is_some());
    let gone = admin.get(&privacy).await;
    assert_eq!(gone.status, 404, "{}", gone.html);

    // One mail, whoever sent it, from its page in the ledger.
    let text = [WANG.text.as_bytes().to_vec()];
    assert_all_are_there(&settings, &text, "of somebody else");
    let link = admin.get(&other_mail).await.link(&format!("{other_mail}/privacy"));
    let held = admin.get(&link).await;
    assert!(!held.html.contains("下载报告"), "a mail is no person: {}", held.html);
    let told = admin.send(&held.form("/administration/privacy/confirm").with("reason", REASON)).await;
    assert!(told.html.contains("尚未删除任何内容") && told.html.contains("这封邮件"), "{}", told.html);
    let done = admin.send(&told.form("/administration/privacy/erase")).await;
    assert!(done.html.contains("已删除。") && done.html.contains("指定的邮件"), "{}", done.html);
    assert_eq!(found(&settings, &text), []);
    let shown = admin.get(&other_mail).await;
    assert!(shown.status == 200 && !shown.html.contains("/privacy"), "nothing is left to erase: {}", shown.html);
    let unknown = admin.get("/ledger/00000000-0000-7000-8000-000000000000/privacy").await;
    assert_eq!(unknown.status, 404, "{}", unknown.html);
    product.terminate().await;
    settings.verify_with_server();
}

#[tokio::test]
async fn blobs_in_a_bucket_wait_while_a_worker_runs_and_go_when_none_does() {
    let world = World::new(Backend::Sqlite);
    let server = BucketServer::start();
    let settings = world.settings(&[world.mailbox()]).with_more(&server.settings());
    let product = Product::start(&settings);
    let mut session = world.session();
    session.append("INBOX", in_time(), &LI.mail());
    session.append("INBOX", in_time(), &WANG.mail());
    Ledger::settled(&product, 2, BOUND).await;
    let (of_them, of_others) = (LI.needles(&WANG, Backend::Sqlite), WANG.needles(&LI, Backend::Sqlite));
    let (raw, other) = (Sha256::of(&LI.mail()).hex(), Sha256::of(&WANG.mail()).hex());

    let mut client = PrivacyServiceClient::new(product.channel());
    let done = client.erase_person(of_li()).await.expect("the rows go").into_inner();
    assert_eq!(done.wait(), ErasureWait::WorkerRuns);
    let erasure = done.erasure.expect("the proof");
    assert!(erasure.end_time.is_none() && erasure.blobs.iter().all(|blob| blob.fate() == BlobFate::Waiting));
    assert!(server.object(&raw).exists(), "a worker may count on it");
    let (code, told) = person(&settings, &["resume"]);
    assert!(code == Some(1) && told.contains("stop the workers"), "{told}");
    assert!(server.object(&raw).exists(), "a worker runs");
    product.terminate().await;

    // Until the lease of the worker that ended is over, nobody can know that it did.
    wait_for("the blobs go", BOUND, || async { (person(&settings, &["resume"]).0 == Some(0)).then_some(()) }).await;
    assert!(!server.object(&raw).exists() && server.object(&other).exists());
    assert_eq!(left_below(server.folder(), &of_them), [""; 0], "in the bucket");
    assert_eq!(found(&settings, &of_them), [], "here, copies of the bucket's blobs included");
    assert_all_are_there(&settings, &of_others[..1], "after");
    settings.verify_with_server();

    let product = Product::start(&settings);
    let mut client = PrivacyServiceClient::new(product.channel());
    let read = client.get_erasure(GetErasureRequest { name: erasure.name }).await.expect("the proof").into_inner();
    assert!(read.end_time.is_some() && read.blobs.iter().all(|blob| blob.fate() == BlobFate::Removed), "{read:?}");
    let listed = client.list_erasures(ListErasuresRequest::default()).await.expect("a list").into_inner().erasures;
    assert_eq!(listed.len(), 1);
    product.terminate().await;
}

/// Those of the needles that some file below a folder holds.
fn left_below(folder: &Path, needles: &[Vec<u8>]) -> Vec<String> {
    let mut left = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("our own folder").flatten() {
            if entry.path().is_dir() {
                folders.push(entry.path());
                continue;
            }
            let bytes = fs::read(entry.path()).expect("a file of ours");
            let here = needles.iter().filter(|needle| memchr::memmem::find(&bytes, needle).is_some());
            left.extend(here.map(|needle| String::from_utf8_lossy(needle).into_owned()));
        }
    }
    left
}
