//! Letters to authors as they arrive: one for a manuscript, the right one, and none where an answer would be a mistake.

use std::time::Duration;

use chrono::DateTime;
use proto::intake::v1::{
    GetReplyRequest, ListCampaignsRequest, ListRepliesRequest, Reply, ReplyState, UpdateCampaignRequest,
    outbox_service_client::OutboxServiceClient,
};
use tests::{
    Backend, Mailbox, Product, World,
    product::ADDRESS,
    smtp::{Route, Sink, Taken},
    wait_for,
    world::{USER, in_time, plain_mail},
};

const BOUND: Duration = Duration::from_secs(60);

fn answering(world: &World, sink: &Sink) -> Mailbox {
    world.mailbox().with("smtp", &sink.settings())
}

async fn taken(sink: &Sink, count: usize) -> Vec<Taken> {
    wait_for("the letters arrive", BOUND, || async { Some(sink.taken()).filter(|taken| taken.len() >= count) }).await
}

async fn replies(product: &Product) -> Vec<Reply> {
    let mut client = OutboxServiceClient::new(product.channel());
    client.list_replies(ListRepliesRequest::default()).await.expect("a list").into_inner().replies
}

/// A mail whose author wrote these fields too.
fn with_fields(number: usize, fields: &str) -> Vec<u8> {
    [fields.as_bytes(), &plain_mail(USER, number, 20)].concat()
}

async fn a_mail_is_acknowledged_once_with_its_number(backend: Backend) {
    let (world, sink) = (World::new(backend), Sink::start());
    let settings = world.settings(&[answering(&world, &sink)]);
    let product = Product::start(&settings);
    world.session().append("INBOX", in_time(), &plain_mail(USER, 3, 20));
    let letter = taken(&sink, 1).await.remove(0);
    let author = format!("author3@{USER}.example");
    assert_eq!((letter.from.as_str(), letter.to.as_str()), (ADDRESS, author.as_str()));
    for (field, value) in [
        ("Auto-Submitted", "auto-replied"),
        ("X-Auto-Response-Suppress", "OOF, AutoReply"),
        ("X-Caibian-Loop", "163.com"),
        ("In-Reply-To", &format!("<3@{USER}.example>")),
        ("References", &format!("<3@{USER}.example>")),
        ("To", &author),
        ("Precedence", ""),
        ("Content-Language", "zh-CN"),
    ] {
        assert_eq!(letter.header(field), value, "{field}");
    }
    assert!(letter.header("From").ends_with(&format!("<{ADDRESS}>")), "{}", letter.header("From"));
    assert!(DateTime::parse_from_rfc2822(&letter.header("Date")).is_ok(), "{}", letter.header("Date"));
    let text = letter.text();
    assert!(text.starts_with("张三：") && text.contains("收稿号为 1，"), "{text}");
    let sent = wait_for("the outbox knows", BOUND, || async {
        let replies = replies(&product).await;
        replies.into_iter().find(|reply| reply.state() == ReplyState::Sent)
    })
    .await;
    assert_eq!(format!("<{}>", sent.message_id), letter.header("Message-ID"));
    assert_eq!((sent.number, sent.tries, sent.to.as_str()), (1, 1, author.as_str()));
    product.terminate().await;

    let product = Product::start(&settings);
    world.session().append("INBOX", in_time(), &plain_mail(USER, 4, 20));
    let all = taken(&sink, 2).await;
    assert_eq!(
        all.iter().map(|letter| letter.to.as_str()).collect::<Vec<_>>(),
        [author.as_str(), &format!("author4@{USER}.example")]
    );
    assert_eq!(sink.transcript().iter().filter(|line| line.as_str() == "DATA").count(), 2);
    product.terminate().await;
}

#[tokio::test]
async fn an_incomplete_mail_is_told_what_is_missing() {
    let (world, sink) = (World::new(Backend::Sqlite), Sink::start());
    let product = world.start(&[answering(&world, &sink)]);
    let mail = String::from_utf8(plain_mail(USER, 1, 20)).expect("UTF-8").replace("电话：0571-87057000\r\n", "");
    world.session().append("INBOX", in_time(), mail.as_bytes());
    let letter = &taken(&sink, 1).await[0];
    let text = letter.text();
    assert!(text.contains("还须补充") && text.contains("请直接回复此信"), "{text}");
    assert!(letter.header("Message-ID").starts_with("<caibian.findings.1."), "{}", letter.header("Message-ID"));
    product.terminate().await;
}

/// Each of these comes before the mail that is answered, so that nothing has to be waited for.
#[tokio::test]
async fn old_mail_lists_machines_forgers_and_ourselves_get_no_letter() {
    let (world, sink) = (World::new(Backend::Sqlite), Sink::start());
    let settings = world
        .settings(&[answering(&world, &sink).with("folders", "[\"INBOX\", \"Junk\"]")])
        .with_more("[reply]\nauthserv_id = \"mx.163.com\"\nanswers_unproven = true\n");
    let mut session = world.session();
    let before = tests::world::at("2022-09-30T12:00:00+08:00");
    session.append("INBOX", before, &plain_mail(USER, 1, 20));
    let ours = format!("author9@{USER}.example");
    for (number, fields) in [
        "List-Id: <weekly.example>\r\n",
        "Precedence: bulk\r\n",
        "Auto-Submitted: auto-replied\r\n",
        "Auto-Submitted: auto-generated\r\n",
        "X-Auto-Response-Suppress: All\r\n",
        "X-Caibian-Loop: other.example\r\n",
        "Return-Path: <>\r\n",
        "Return-Path: <noreply@example.com>\r\n",
        "Authentication-Results: mx.163.com; dmarc=fail header.from=czzhengwen.example\r\n",
        "Authentication-Results: mx.163.com; spf=softfail smtp.mailfrom=evil.example\r\n",
    ]
    .into_iter()
    .enumerate()
    {
        session.append("INBOX", in_time(), &with_fields(10 + number, fields));
    }
    let own = String::from_utf8(plain_mail(USER, 30, 20)).expect("UTF-8");
    let own = own.replace(&format!("author30@{USER}.example"), ADDRESS);
    session.append("INBOX", in_time(), own.as_bytes());
    session.append("INBOX", in_time(), &specimen::mail::bounce(ADDRESS, &ours, "主题征稿", in_time()));
    let product = Product::start(&settings);
    tests::Ledger::settled(&product, 13, BOUND).await;
    session.append("INBOX", in_time(), &plain_mail(USER, 40, 20));
    let letters = taken(&sink, 1).await;
    let to: Vec<_> = letters.iter().map(|letter| letter.to.clone()).collect();
    assert_eq!(to, [format!("author40@{USER}.example")]);
    let sent = replies(&product).await.into_iter().filter(|reply| reply.state() != ReplyState::Suppressed).count();
    assert_eq!(sent, 1);
    product.terminate().await;
    assert_eq!(sink.taken().len(), 1);
}

#[tokio::test]
async fn two_caibians_that_mail_each_other_end_after_one_letter_each() {
    const OTHER: &str = "tougao@other.example";
    let (here, there) = (World::new(Backend::Sqlite), World::new(Backend::Sqlite));
    let route =
        |address: &str, world: &World| Route { address: address.into(), port: world.dovecot.port, user: USER.into() };
    let sink = Sink::routing(vec![route(ADDRESS, &here), route(OTHER, &there)]);
    let one = here.start(&[answering(&here, &sink)]);
    let other = there.start(&[answering(&there, &sink).with("address", &format!("{OTHER:?}"))]);
    let mut client = other.campaigns();
    let listed = client.list_campaigns(ListCampaignsRequest::default()).await.expect("a list").into_inner();
    let mut campaign = listed.campaigns.into_iter().next().expect("a campaign is there from the start");
    campaign.mailbox = OTHER.into();
    let request = UpdateCampaignRequest { campaign: Some(campaign), ..Default::default() };
    client.update_campaign(request).await.expect("it is taken");
    // Each gets a manuscript that claims to come from the other.
    let from = |address: &str, number: usize| {
        let mail = String::from_utf8(plain_mail(USER, number, 20)).expect("UTF-8");
        mail.replace(&format!("author{number}@{USER}.example"), address).into_bytes()
    };
    here.session().append("INBOX", in_time(), &from(OTHER, 1));
    there.session().append("INBOX", in_time(), &from(ADDRESS, 2));
    taken(&sink, 2).await;
    // The letters have come to the other and been sorted there.
    for product in [&one, &other] {
        tests::Ledger::settled(product, 2, BOUND).await;
    }
    here.session().append("INBOX", in_time(), &plain_mail(USER, 3, 20));
    there.session().append("INBOX", in_time(), &plain_mail(USER, 4, 20));
    let letters = taken(&sink, 4).await;
    let mut to: Vec<_> = letters.iter().map(|letter| letter.to.clone()).collect();
    to.sort();
    let mut expected =
        [ADDRESS.to_owned(), OTHER.to_owned(), format!("author3@{USER}.example"), format!("author4@{USER}.example")];
    expected.sort();
    assert_eq!(to, expected);
    one.terminate().await;
    other.terminate().await;
}

#[tokio::test]
async fn a_letter_that_comes_back_is_marked() {
    let (world, sink) = (World::new(Backend::Sqlite), Sink::start());
    let product = world.start(&[answering(&world, &sink)]);
    world.session().append("INBOX", in_time(), &plain_mail(USER, 3, 20));
    let letter = taken(&sink, 1).await.remove(0);
    let id = letter.header("Message-ID");
    let report = specimen::mail::bounce_of(id.trim_matches(['<', '>']), ADDRESS, &letter.to, "来稿收悉", in_time());
    world.session().append("INBOX", in_time(), &report);
    let reply = wait_for("it is marked", BOUND, || async {
        replies(&product).await.into_iter().find(|reply| reply.bounce_time.is_some())
    })
    .await;
    let request = GetReplyRequest { name: reply.name };
    let reply = OutboxServiceClient::new(product.channel()).get_reply(request).await.expect("it is there").into_inner();
    assert!(reply.bounce_detail.contains("5.1.1"), "{}", reply.bounce_detail);
    product.terminate().await;
}

on_each_backend! {
    a_mail_is_acknowledged_once_with_its_number => super::a_mail_is_acknowledged_once_with_its_number;
}
