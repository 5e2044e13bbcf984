//! The desk from outside: a mail comes in, a person signs in, takes it through its review, and the author gets the letters.

use std::time::Duration;

use proto::intake::v1::{ListCampaignsRequest, UpdateCampaignRequest};
use tests::{
    Backend, Ledger, Product, Visitor, World,
    smtp::Sink,
    wait_for,
    world::{USER, in_time, plain_mail},
};

const BOUND: Duration = Duration::from_secs(60);

/// One round that one person may decide, with nothing to wait for afterwards.
async fn one_short_round(product: &Product) {
    let mut client = product.campaigns();
    let listed = client.list_campaigns(ListCampaignsRequest::default()).await.expect("a list").into_inner();
    let mut campaign = listed.campaigns.into_iter().next().expect("a campaign is there from the start");
    let review = campaign.review.as_mut().expect("it says how it reviews");
    review.rounds.drain(..2);
    review.rounds[0].recommendations_min = 0;
    (review.decider_differs, review.retract_minutes) = (false, 0);
    let request = UpdateCampaignRequest { campaign: Some(campaign), ..Default::default() };
    client.update_campaign(request).await.expect("it is taken");
}

async fn a_mail_is_taken_from_the_mailbox_to_its_place_in_the_magazine(backend: Backend) {
    let (world, sink) = (World::new(backend), Sink::start());
    let settings = world.settings(&[world.mailbox().with("smtp", &sink.settings())]);
    let product = Product::start(&settings);
    one_short_round(&product).await;
    world.session().append("INBOX", in_time(), &plain_mail(USER, 3, 20));
    Ledger::settled(&product, 1, BOUND).await;

    // The first administrator, by an invitation made anew on the command line.
    let invited = settings.run(&["users", "invite", "admin"]);
    let told = String::from_utf8(invited.stdout).expect("UTF-8");
    let invitation = told.lines().last().expect("it is told");
    let mut admin = Visitor::at(&product.desk());
    let stranger = admin.get("/submissions").await;
    assert_eq!((stranger.status, stranger.location.as_str()), (303, "/sign-in?next=/submissions"));
    let password = "秋水共长天一色 1985";
    let form = admin.get("/invitation").await.form("invitation").with("invitation", invitation);
    let welcome = admin.send(&form.with("password", password).with("again", password)).await;
    assert_eq!((welcome.status, welcome.location.as_str()), (303, "/"), "{}", welcome.html);

    let today = admin.get("/").await;
    assert!(today.status == 200 && today.html.contains("今日工作"), "{}", today.html);
    let list = admin.get("/submissions").await;
    let submission = list.link("/submissions/0");
    let submission = submission.split('?').next().expect("a path").to_owned();
    for (action, fields) in [
        ("ASSIGN", &[("editor", "admin")][..]),
        ("BEGIN", &[]),
        ("ADOPT", &[("reason", "论述扎实。")]),
        ("SCHEDULE", &[("channel", "杂志"), ("slot", "2023年第5期")]),
        ("PUBLISH", &[("channel", "杂志")]),
    ] {
        let page = admin.get(&submission).await;
        let form = page.form(&format!("name=\"action\" value=\"{action}\""));
        let form = fields.iter().fold(form, |form, (name, value)| form.with(name, value));
        let taken = admin.send(&form).await;
        assert_eq!(taken.status, 303, "{action}: {}", taken.html);
        // The same form once more: what was read is no longer what is there.
        if action == "BEGIN" {
            let stale = admin.send(&form.clone().with("request_id", "")).await;
            assert_eq!(stale.status, 409, "{}", stale.html);
        }
    }
    let history = admin.get(&format!("{submission}?tab=history")).await;
    for words in ["论述扎实。", "2023年第5期", "管理员"] {
        assert!(history.html.contains(words), "{words} is not in {}", history.html);
    }

    // The acknowledgement, then the decision.
    let letters =
        wait_for("both letters arrive", BOUND, || async { Some(sink.taken()).filter(|letters| letters.len() >= 2) })
            .await;
    assert!(letters[1].text().contains("论述扎实。"), "{}", letters[1].text());
    let outbox = wait_for("the outbox knows", BOUND, || {
        let mut admin = admin.clone();
        async move { Some(admin.get("/outbox").await).filter(|page| page.html.contains("采用通知")) }
    })
    .await;
    assert_eq!(outbox.status, 200);

    let form = admin.get("/account").await.form("/sign-out");
    let replayed = admin.clone();
    assert_eq!(admin.send(&form).await.status, 303);
    // The cookie that was left behind opens nothing any more.
    let mut replayed = replayed;
    assert_eq!(replayed.get("/submissions").await.status, 303);
    product.terminate().await;
}

on_each_backend! {
    a_mail_is_taken_from_the_mailbox_to_its_place_in_the_magazine =>
        super::a_mail_is_taken_from_the_mailbox_to_its_place_in_the_magazine;
}
