//! A person is erased: no byte that the person sent or that was written of the person is left, everything of others is there,
//! and nothing comes back.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use proto::intake::v1::{
    AssignSubmissionRequest, BeginReviewRequest, DecideSubmissionRequest, DownloadRawRequest, GetReviewRequest,
    GetSubmissionRequest, ListCampaignsRequest, ListRepliesRequest, RecommendSubmissionRequest, ReplyState,
    ReviewDecision, ReviewState, UpdateCampaignRequest, outbox_service_client::OutboxServiceClient,
};
use specimen::{docx, mail::Mail};
use stdx::crash;
use tests::{
    Backend, Ledger, Product, Settings, World,
    product::ADDRESS,
    smtp::Sink,
    wait_for,
    world::{USER, in_time, plain_mail},
};
use tonic::Code;

const BOUND: Duration = Duration::from_secs(60);

/// Somebody with words that occur nowhere else.
pub struct Author {
    pub name: &'static str,
    pub address: &'static str,
    pub phone: &'static str,
    pub subject: &'static str,
    pub body: &'static str,
    pub text: &'static str,
    pub file: &'static str,
}

pub const LI: Author = Author {
    name: "欧阳秘之",
    address: "ouyang.mizhi@planted-li.example",
    phone: "13987650123",
    subject: "荒原引水绩效",
    body: "戈壁滩上的渠道",
    text: "三县七乡的灌溉台账逐户核对",
    file: "荒原台账终稿",
};

pub const WANG: Author = Author {
    name: "司徒显明",
    address: "situ.xianming@planted-wang.example",
    phone: "13712349876",
    subject: "城市供水购买",
    body: "老旧小区的泵房",
    text: "五区九街的泵房委托逐项比价",
    file: "泵房比价终稿",
};

impl Author {
    fn document(&self) -> Vec<u8> {
        docx(&[self.subject, self.text, "学习宣传贯彻党的二十大精神，推进政府购买服务改革。"], 0)
    }

    pub fn mail(&self) -> Vec<u8> {
        let text = format!("姓名：{}\n单位：某厅\n电话：{}\n{}\n", self.name, self.phone, self.body);
        Mail::new(self.name, self.address, ADDRESS)
            .subject(&format!("【主题征稿】{}", self.subject))
            .date("Wed, 01 Mar 2023 08:59:00 +0800")
            .message_id(&format!("1.{}", self.address))
            .text(&text)
            .attach(&format!("{}.docx", self.file), "application/octet-stream", self.document())
            .to_bytes()
    }

    /// What stands in blobs: lines of the raw mail that the other's has not, and a piece of the document.
    pub fn bytes(&self, other: &Self) -> Vec<Vec<u8>> {
        let theirs = other.mail();
        let mail = self.mail();
        let lines = mail.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
        let mut needles: Vec<Vec<u8>> =
            lines.filter(|line| line.len() > 30 && !holds(&theirs, line)).map(<[u8]>::to_vec).collect();
        assert!(needles.len() > 5, "the mail has lines of its own");
        let (document, their_document) = (self.document(), other.document());
        let piece = document.windows(40).find(|piece| !holds(&their_document, piece) && !holds(&theirs, piece));
        needles.push(piece.expect("the document has bytes of its own").to_vec());
        needles
    }

    /// What stands in the database.
    fn words(&self) -> Vec<Vec<u8>> {
        let words = [self.name, self.address, self.phone, self.subject, self.body, self.text, self.file];
        words.iter().map(|word| word.as_bytes().to_vec()).collect()
    }

    pub fn needles(&self, other: &Self, backend: Backend) -> Vec<Vec<u8>> {
        match backend {
            Backend::Sqlite => [self.bytes(other), self.words()].concat(),
            // The server's files are its own; what is left there is said in docs/privacy.md.
            Backend::Postgres => self.bytes(other),
        }
    }
}

fn holds(bytes: &[u8], needle: &[u8]) -> bool {
    memchr::memmem::find(bytes, needle).is_some()
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("our own folder").flatten() {
        let path = entry.path();
        if path.is_dir() { walk(&path, files) } else { files.push(path) }
    }
}

/// Those of the needles that some file of the data folder holds.
pub fn found(settings: &Settings, needles: &[Vec<u8>]) -> Vec<(String, PathBuf)> {
    let mut files = Vec::new();
    walk(&settings.data, &mut files);
    let mut found = Vec::new();
    for file in files {
        // A file of a process may go meanwhile.
        let Ok(bytes) = fs::read(&file) else { continue };
        let here = needles.iter().filter(|needle| holds(&bytes, needle));
        found.extend(here.map(|needle| (String::from_utf8_lossy(needle).into_owned(), file.clone())));
    }
    found
}

pub fn assert_all_are_there(settings: &Settings, needles: &[Vec<u8>], when: &str) {
    let found = found(settings, needles);
    for needle in needles {
        let needle = String::from_utf8_lossy(needle);
        assert!(found.iter().any(|(there, _)| *there == needle), "{when}: {needle} is nowhere");
    }
}

/// Exit code and output.
pub fn person(settings: &Settings, arguments: &[&str]) -> (Option<i32>, String) {
    let output = settings.run(&[&["person"], arguments].concat());
    let told = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8_lossy(&told).into_owned())
}

/// Declines a manuscript, with a note that nobody else has.
async fn decline(product: &Product, submission: &str) {
    let mut client = product.campaigns();
    let listed = client.list_campaigns(ListCampaignsRequest::default()).await.expect("a list").into_inner();
    let mut campaign = listed.campaigns.into_iter().next().expect("a campaign is there from the start");
    campaign.review.as_mut().expect("it says how it reviews").decider_differs = false;
    let request = UpdateCampaignRequest { campaign: Some(campaign), ..Default::default() };
    client.update_campaign(request).await.expect("it is taken");

    let mut client = product.reviews();
    let read = client.get_review(GetReviewRequest { submission: submission.into() }).await.expect("it is reviewed");
    let (submission, etag) = (submission.to_owned(), read.into_inner().etag);
    let editor = "local".into();
    let request = AssignSubmissionRequest { submission: submission.clone(), etag, editor, ..Default::default() };
    let etag = client.assign_submission(request).await.expect("it is assigned").into_inner().etag;
    let request = BeginReviewRequest { submission: submission.clone(), etag, ..Default::default() };
    let etag = client.begin_review(request).await.expect("it begins").into_inner().etag;
    let decision = ReviewDecision::Decline.into();
    let note = format!("{}来过电话", LI.name);
    let request =
        RecommendSubmissionRequest { submission: submission.clone(), etag, decision, note, ..Default::default() };
    let etag = client.recommend_submission(request).await.expect("it is recommended").into_inner().etag;
    let reason = "与本期选题不合。".into();
    let request = DecideSubmissionRequest { submission, etag, decision, reason, ..Default::default() };
    client.decide_submission(request).await.expect("it is declined");
}

async fn nothing_of_a_person_is_left_and_nothing_comes_back(backend: Backend) {
    let (world, sink) = (World::new(backend), Sink::start());
    let settings = world.settings(&[world.mailbox().with("smtp", &sink.settings())]);
    let product = Product::start(&settings);
    let mut session = world.session();
    let place = session.append("INBOX", in_time(), &LI.mail());
    let other = session.append("INBOX", in_time(), &WANG.mail());
    drop(session);
    let ledger = Ledger::settled(&product, 2, BOUND).await;
    let name = |place| ledger.submission_of(ledger.message("INBOX", place)).expect("it was recorded").name.clone();
    let (li, wang) = (name(place), name(other));
    wait_for("both authors were answered", BOUND, || async {
        let mut client = OutboxServiceClient::new(product.channel());
        let replies = client.list_replies(ListRepliesRequest::default()).await.expect("a list").into_inner().replies;
        (replies.iter().filter(|reply| reply.state() == ReplyState::Sent).count() == 2).then_some(())
    })
    .await;
    decline(&product, &li).await;
    let (of_li, of_wang) = (LI.needles(&WANG, backend), WANG.needles(&LI, backend));
    assert_all_are_there(&settings, &of_li, "before");
    assert_all_are_there(&settings, &of_wang, "before");

    let report = world.home().join("report");
    let (code, told) = person(&settings, &["report", LI.address, "--output", report.to_str().expect("UTF-8")]);
    assert_eq!(code, Some(0), "{told}");
    let written = fs::read_to_string(report.join("report.json")).expect("it is there");
    let read: serde_json::Value = serde_json::from_str(&written).expect("it is JSON");
    let mail = &read["mails"][0];
    assert_eq!(read["mails"].as_array().map(Vec::len), Some(1));
    for word in [LI.phone, LI.text, LI.subject, "来过电话", "与本期选题不合"] {
        assert!(written.contains(word), "{word} in {written}");
    }
    assert!(!written.contains(WANG.name), "{written}");
    let raw = format!("{}.eml", mail["raw_sha256"].as_str().expect("a hash"));
    assert_eq!(fs::read(report.join(raw)).expect("the raw mail"), LI.mail());

    let (code, told) = person(&settings, &["erase", LI.address, "--reason", "本人来信要求"]);
    assert_eq!((code, told.contains("Nothing was done")), (Some(0), true), "{told}");
    assert_all_are_there(&settings, &of_li, "after what was only told");
    let (code, told) = person(&settings, &["erase", LI.address, "--reason", "本人来信要求", "--yes", "--json"]);
    assert_eq!(code, Some(0), "{told}");
    let proof: serde_json::Value = serde_json::from_str(&told).expect("it is JSON");
    let erasure = &proof["erasure"];
    assert!(erasure["ended_at"].is_string() && proof["salt"].is_string(), "{told}");
    assert_eq!((erasure["counts"]["messages"].as_u64(), erasure["counts"]["called_off"].as_u64()), (Some(1), Some(1)));
    assert_eq!(erasure["mails"][0]["uid"].as_u64(), Some(place.uid));
    assert_eq!(found(&settings, &of_li), [], "while the program runs");

    // What is shown of it, and what is not given out.
    let shown = product.submissions().get_submission(GetSubmissionRequest { name: li.clone() }).await;
    let shown = shown.expect("its number stays").into_inner();
    assert!(shown.erase_time.is_some() && shown.subject.is_empty() && shown.number == 1, "{shown:?}");
    let review =
        product.reviews().get_review(GetReviewRequest { submission: li.clone() }).await.expect("its states stay");
    assert_eq!(review.into_inner().state(), ReviewState::Declined);
    let raw = product.submissions().download_raw(DownloadRawRequest { name: li, ..Default::default() }).await;
    assert_eq!(raw.err().map(|status| status.code()), Some(Code::FailedPrecondition));
    let whole = product.submissions().get_submission(GetSubmissionRequest { name: wang }).await.expect("it is there");
    assert!(whole.into_inner().text.contains(WANG.body));
    product.terminate().await;
    settings.verify_with_server();
    assert_eq!(found(&settings, &of_li), [], "after the program ended");
    assert_all_are_there(&settings, &of_wang, "after");

    // The server counts anew: both mails come again as new ones.
    world.dovecot.forget_uids(USER, "INBOX");
    let product = Product::start(&settings);
    Ledger::settled(&product, 4, BOUND).await;
    product.one_short_round().await;
    product.terminate().await;
    settings.verify_with_server();
    assert_eq!(found(&settings, &of_li), [], "after a new UIDVALIDITY");
    assert_all_are_there(&settings, &of_wang, "after a new UIDVALIDITY");
    assert_eq!(sink.taken().len(), 2, "nobody is answered twice");
}

on_each_backend! {
    nothing_of_a_person_is_left_and_nothing_comes_back => super::nothing_of_a_person_is_left_and_nothing_comes_back;
}

#[tokio::test]
async fn an_erasure_that_dies_on_its_way_is_told_and_made_good() {
    let world = World::new(Backend::Sqlite);
    let settings = world.settings(&[world.mailbox()]);
    let product = Product::start(&settings);
    let points = ["E1", "E2", "E3"];
    for number in 0..points.len() {
        world.session().append("INBOX", in_time(), &plain_mail(USER, number, 20));
    }
    Ledger::settled(&product, points.len(), BOUND).await;
    product.terminate().await;
    for (number, point) in points.into_iter().enumerate() {
        let address = format!("author{number}@{USER}.example");
        let needles = [address.clone().into_bytes(), format!("第{number}篇第7行").into_bytes()];
        assert_all_are_there(&settings, &needles, point);
        let died = settings
            .command(&["person", "erase", &address, "--reason", "本人来信要求", "--yes"])
            .env(crash::VARIABLE, point)
            .output()
            .expect("the binary starts");
        assert_eq!(died.status.code(), None, "{point}: {died:?}");
        let told = settings.run(&["verify"]);
        let told = String::from_utf8_lossy(&told.stdout);
        assert!(told.contains("it was begun and has not ended"), "{point}: {told}");
        let (code, told) = person(&settings, &["resume"]);
        assert_eq!(code, Some(0), "{point}: {told}");
        assert_eq!(found(&settings, &needles), [], "{point}");
        settings.verify_with_server();
    }
    let (_, told) = person(&settings, &["erasures"]);
    assert_eq!(told.lines().filter(|line| line.ends_with("ended")).count(), points.len(), "{told}");
}

#[tokio::test]
async fn what_a_backup_brings_back_is_erased_again_and_stays_away() {
    let world = World::new(Backend::Sqlite);
    let settings = world.settings(&[world.mailbox()]);
    let product = Product::start(&settings);
    let mut session = world.session();
    session.append("INBOX", in_time(), &plain_mail(USER, 1, 20));
    Ledger::settled(&product, 1, BOUND).await;
    let copy = world.home().join("copy");
    assert!(settings.run(&["backup", "--to", &copy.display().to_string()]).status.success());
    // This one the backup does not know.
    session.append("INBOX", in_time(), &plain_mail(USER, 2, 20));
    session.append("INBOX", in_time(), &plain_mail(USER, 3, 20));
    Ledger::settled(&product, 3, BOUND).await;
    product.terminate().await;
    for number in [1, 2] {
        let address = format!("author{number}@{USER}.example");
        let (code, told) = person(&settings, &["erase", &address, "--reason", "本人来信要求", "--yes"]);
        assert_eq!(code, Some(0), "{told}");
    }
    let (_, list) = person(&settings, &["erasures", "--json"]);
    let file = world.home().join("erasures");
    fs::write(&file, &list).expect("our own folder");
    assert_eq!(list.lines().count(), 2);
    assert!(!list.contains("author"), "{list}");

    let home = world.home().join("elsewhere");
    fs::create_dir(&home).expect("our own folder");
    let url = format!("sqlite:{}", home.join("data/caibian.db").display());
    let restored = Settings::write(&home, &url, &[world.mailbox()]);
    assert!(restored.run(&["restore", "--from", &copy.display().to_string()]).status.success());
    let needles = [1, 2].map(|number| format!("第{number}篇第7行").into_bytes());
    assert_all_are_there(&restored, &needles[..1], "the backup brought it back");
    let (code, told) = person(&restored, &["replay", file.to_str().expect("UTF-8"), "--yes"]);
    assert_eq!(code, Some(0), "{told}");
    let product = Product::start(&restored);
    let ledger = Ledger::settled(&product, 3, BOUND).await;
    assert_eq!(ledger.submissions.len(), 2, "the one that was there when it was copied, and the one of nobody erased");
    product.terminate().await;
    restored.verify_with_server();
    assert_eq!(found(&restored, &needles), []);
}
