//! The desk from outside: a mail comes in, a person signs in, takes it through its review, and the author gets the letters.

use std::time::Duration;

use tests::{
    Backend, Ledger, Product, Settings, Visitor, World,
    smtp::Sink,
    wait_for,
    world::{USER, in_time, plain_mail},
};

const BOUND: Duration = Duration::from_secs(60);
/// The first administrator's.
const PASSWORD: &str = "秋水共长天一色 1985";

/// The first administrator, by an invitation made anew on the command line.
pub async fn administrator(settings: &Settings, product: &Product) -> Visitor {
    let invitation = settings.invitation().await;
    let mut admin = Visitor::at(&product.desk());
    let form = admin.get("/invitation").await.form("invitation").with("invitation", &invitation);
    let welcome = admin.send(&form.with("password", PASSWORD).with("again", PASSWORD)).await;
    assert_eq!((welcome.status, welcome.location.as_str()), (303, "/"), "{}", welcome.html);
    admin
}

async fn a_mail_is_taken_from_the_mailbox_to_its_place_in_the_magazine(backend: Backend) {
    let (world, sink) = (World::new(backend), Sink::start());
    let settings = world.settings(&[world.mailbox().with("smtp", &sink.settings())]);
    let product = Product::start(&settings);
    product.one_short_round().await;
    world.session().append("INBOX", in_time(), &plain_mail(USER, 3, 20));
    Ledger::settled(&product, 1, BOUND).await;

    let stranger = Visitor::at(&product.desk()).get("/submissions").await;
    assert_eq!((stranger.status, stranger.location.as_str()), (303, "/sign-in?next=/submissions"));
    let mut admin = administrator(&settings, &product).await;
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

    // What was published is counted, and the number leads to it.
    let statistics = admin.get("/statistics").await;
    let list = admin.get(&statistics.link("/submissions?published=")).await;
    assert_eq!(list.link("/submissions/0").split('?').next(), Some(submission.as_str()), "{}", list.html);
    let file = admin.get(&statistics.link("/statistics/published.csv")).await;
    assert!(file.html.contains("\"杂志\",\"1\",\"100.0\""), "{}", file.html);

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

/// Where the frame of a page leads, as path of the content origin.
fn framed(html: &str, content: &str) -> Option<String> {
    let (_, frame) = html.split_once("<iframe class=\"mail\" src=\"")?;
    let (address, rest) = frame.split_once('"')?;
    assert!(rest.split_once('>').is_some_and(|(rest, _)| rest.contains("sandbox=\"allow-popups\"")), "{rest}");
    address.strip_prefix(&format!("http://{content}")).map(str::to_owned)
}

async fn a_mail_is_seen_as_it_was_sent_and_its_text_first(backend: Backend) {
    let world = World::new(backend);
    let settings = world.settings(&[world.mailbox()]);
    let product = Product::start(&settings);
    let picture = specimen::png(8, 8, [200, 0, 0]);
    let mail = specimen::Mail::new("李娜", "li.na@example.com", USER)
        .subject("【主题征稿】原样")
        .text("稿件见附件。")
        .html(
            "<p style=\"color:red\">稿件<b>见附件</b></p><script>alert(1)</script><img src=\"cid:one@x\" onerror=alert(1)>\
             <img src=\"http://hostile.invalid/1.gif\"><a href=\"https://www.163.com@hostile.invalid/\">163邮箱</a>",
        )
        .attach_inline("图.png", "image/png", "one@x", picture)
        .attach("稿件.docx", "application/octet-stream", specimen::docx(&["预算绩效管理"], 0));
    world.session().append("INBOX", in_time(), &mail.to_bytes());
    Ledger::settled(&product, 1, BOUND).await;

    let mut admin = administrator(&settings, &product).await;
    let content = product.content();
    let mut reader = Visitor::at(&content);
    let submission = admin.get("/submissions").await.link("/submissions/0");
    let submission = submission.split('?').next().expect("a path").to_owned();
    let message = admin.get(&format!("{submission}?tab=mail")).await;
    assert!(message.html.contains("稿件见附件。") && framed(&message.html, &content).is_none(), "{}", message.html);
    let in_ledger = message.link("/ledger/0");
    for page in [format!("{submission}?tab=mail&view=sent"), format!("{in_ledger}?view=sent")] {
        let shown = admin.get(&page).await;
        let frame = framed(&shown.html, &content).unwrap_or_else(|| panic!("{page}: no frame in {}", shown.html));
        assert!(shown.html.contains("有 1 张图片"), "{}", shown.html);
        let mail = reader.get(&frame).await;
        assert_eq!(mail.status, 200);
        for kept in
            ["<p style=\"color:red\">稿件<b>见附件</b></p>", "〔远程图片未加载〕", "href=\"https://hostile.invalid/\""]
        {
            assert!(mail.html.contains(kept), "{kept} is not in {}", mail.html);
        }
        for gone in ["<script", "onerror", "http://hostile", "163.com@"] {
            assert!(!mail.html.contains(gone), "{gone} is in {}", mail.html);
        }
        let (_, part) = mail.html.split_once("src=\"").expect("the picture is there");
        let part = part.split('"').next().expect("an address");
        assert_eq!(reader.get(&format!("{frame}{part}")).await.status, 200);
        assert_eq!(reader.get(&format!("{frame}part/9")).await.status, 404);
        assert_eq!(reader.get(&frame.replace("/mail/", "/mail/A")).await.status, 403);
    }

    // The page is kept like an attachment: hashed, named, and gone with the session for whoever holds the address.
    assert!(settings.run(&["verify"]).status.success());
    let frame = framed(&admin.get(&format!("{in_ledger}?view=sent")).await.html, &content).expect("a frame");
    let form = admin.get("/account").await.form("/sign-out");
    assert_eq!(admin.send(&form).await.status, 303);
    assert_eq!(reader.get(&frame).await.status, 403);
    product.terminate().await;
}

/// Though all of them come by one proxy and one desk.
async fn who_guesses_keeps_nobody_waiting_who_comes_from_elsewhere(backend: Backend) {
    let world = World::new(backend);
    let settings = world.settings(&[world.mailbox()]);
    let product = Product::start_with(&settings, &[("CAIBIAN__DESK__PUBLIC_URL", "https://desk.example.cn")]);
    let mut admin = administrator(&settings, &product).await;
    let from = |told: &str| Visitor::at(&product.desk()).forwarded_for(told);
    let sign_in = async |visitor: &mut Visitor, user_name: &str, password: &str| {
        let form = visitor.get("/sign-in").await.form("/sign-in").with("user_name", user_name);
        visitor.send(&form.with("password", password)).await.status
    };
    let mut guessing = from("203.0.113.7");
    for name in ["zhang", "wang", "li", "zhao", "chen"] {
        assert_eq!(sign_in(&mut guessing, name, "guessed").await, 401, "{name}");
    }
    assert_eq!(sign_in(&mut guessing, "admin", PASSWORD).await, 429);
    // What somebody writes stands before what the proxy writes.
    assert_eq!(sign_in(&mut from("198.51.100.1, 203.0.113.7"), "admin", PASSWORD).await, 429);
    let mut other = from("203.0.113.7, 2001:db8::7");
    assert_eq!(sign_in(&mut other, "admin", PASSWORD).await, 303);

    // Signing in again in the same browser ends the session before.
    let mut before = other.clone();
    assert_eq!(before.get("/submissions").await.status, 200);
    assert_eq!(sign_in(&mut other, "admin", PASSWORD).await, 303);
    assert_eq!((before.get("/submissions").await.status, other.get("/submissions").await.status), (303, 200));
    // Who looks at it later sees whence.
    let noted = admin.get("/administration/access").await.html;
    assert!(noted.contains("2001:db8::7") && !noted.contains("198.51.100.1"), "{noted}");
    product.terminate().await;
}

on_each_backend! {
    who_guesses_keeps_nobody_waiting_who_comes_from_elsewhere =>
        super::who_guesses_keeps_nobody_waiting_who_comes_from_elsewhere;
    a_mail_is_taken_from_the_mailbox_to_its_place_in_the_magazine =>
        super::a_mail_is_taken_from_the_mailbox_to_its_place_in_the_magazine;
    a_mail_is_seen_as_it_was_sent_and_its_text_first => super::a_mail_is_seen_as_it_was_sent_and_its_text_first;
}
