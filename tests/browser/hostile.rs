//! What attackers put into mail, opened in Chromium wherever the desk shows it: nothing runs, nothing is asked of anybody,
//! the page stays where it is.

use std::{collections::HashSet, time::Duration};

use proto::intake::v1::ListSubmissionsRequest;
use specimen::{
    Mail,
    hostile_html::{HOST, VECTORS},
};
use tests::{Backend, Browser, Ledger, Product, World, product::ADDRESS, wait_for, world::in_time};

const BOUND: Duration = Duration::from_secs(300);
/// Submissions on a page of a list.
const PAGE: usize = 50;

/// One attack in every place of a mail that a page shows: subject, name, text, HTML, the names and the bytes of files.
fn mail(number: usize, html: &str) -> Vec<u8> {
    let line: String = html.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let cut = |characters: usize| line.chars().take(characters).collect::<String>();
    Mail::new(&cut(60), &format!("author{number}@example.net"), ADDRESS)
        .subject(&format!("主题征稿 {number} {}", cut(180)))
        .message_id(&format!("{number}@example.net"))
        .text(&format!("姓名：{}\n单位：{}\n联系电话：0571-87057000\n\n{html}\n", cut(20), cut(30)))
        .html(html)
        .attach(&format!("{}.html", cut(80).replace(['/', '\\'], "_")), "text/html", html.as_bytes())
        .attach("画.svg", "image/svg+xml", format!("<svg xmlns=\"http://www.w3.org/2000/svg\">{html}</svg>").as_bytes())
        .to_bytes()
}

/// What must not be in a page: an attack that took effect.
struct Seen<'a> {
    browser: &'a Browser,
    wrong: Vec<String>,
}

impl Seen<'_> {
    /// Opens a page and looks at what became of it.
    async fn open(&mut self, what: &str, url: &str) {
        let browser = self.browser;
        let asked_before = browser.asked_elsewhere().len();
        if let Err(error) = browser.client().goto(url).await {
            self.wrong.push(format!("{what}: {url}: {error}"));
        }
        let drawn = browser.drawn().await;
        if let Some(words) = browser.dialog().await {
            self.wrong.push(format!("{what}: {url}: a dialog says {words:?}"));
        } else if let Err(error) = drawn {
            self.wrong.push(format!("{what}: {url}: {error}"));
        }
        match browser.client().current_url().await {
            Ok(now) if now.as_str() == url => {}
            Ok(now) => self.wrong.push(format!("{what}: {url} left for {now}")),
            Err(error) => self.wrong.push(format!("{what}: {url}: {error}")),
        }
        for asked in &browser.asked_elsewhere()[asked_before..] {
            self.wrong.push(format!("{what}: {url} asked {asked}"));
        }
        // A policy that has to step in says so here: the filter before it let something pass.
        for error in browser.console_errors().await {
            if !error.contains("favicon.ico") {
                self.wrong.push(format!("{what}: {url}: {error}"));
            }
        }
        if browser.client().windows().await.expect("a browser").len() != 1 {
            self.wrong.push(format!("{what}: {url} opened a window"));
        }
    }
}

#[tokio::test]
async fn what_attackers_put_into_mail_runs_nothing_and_asks_nobody() {
    let world = World::new(Backend::Sqlite);
    let settings = world.settings(&[world.mailbox()]);
    let product = Product::start(&settings);
    let mut session = world.session();
    for (number, (_, html)) in VECTORS.iter().enumerate() {
        session.append("INBOX", in_time(), &mail(number, html));
    }
    Ledger::settled(&product, VECTORS.len(), BOUND).await;
    let mut names = Vec::new();
    let mut request = ListSubmissionsRequest { page_size: 500, ..Default::default() };
    loop {
        let page = product.submissions().list_submissions(request.clone()).await.expect("a list").into_inner();
        names.extend(page.submissions.into_iter().map(|it| (it.name, it.subject)));
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    assert_eq!(names.len(), VECTORS.len(), "each attack is a submission");

    let (desk, content) = (product.desk(), product.content());
    let browser = Browser::at(&desk, &[&content]).await;
    super::sign_in(&browser, &settings).await;
    let mut seen = Seen { browser: &browser, wrong: Vec::new() };
    for (list, pages) in
        [("submissions", names.len().div_ceil(PAGE)), ("ledger", 1), ("contacts", 1), ("organisations", 1), ("", 1)]
    {
        browser.open(&format!("/{list}")).await;
        for page in 0..pages {
            let here = browser.client().current_url().await.expect("a page");
            seen.open("a list", here.as_str()).await;
            let next = browser.all("a[rel=next]").await;
            match next.into_iter().next() {
                Some(next) if page + 1 < pages => browser.follow(next).await,
                _ => break,
            }
        }
    }
    let mut framed = 0;
    let mut classes = HashSet::new();
    for (name, subject) in &names {
        let number: usize = subject.split(' ').nth(1).and_then(|it| it.parse().ok()).expect("a number");
        let (class, _) = VECTORS[number];
        let what = format!("{class} {number}");
        let page = format!("http://{desk}/{name}");
        seen.open(&what, &format!("{page}?tab=files")).await;
        seen.open(&what, &format!("{page}?tab=mail&view=sent")).await;
        // The mail alone, as if somebody had opened the frame in a window of its own.
        let frame = browser.all("iframe").await;
        if let Some(frame) = frame.into_iter().next() {
            framed += 1;
            let src = frame.prop("src").await.expect("an attribute").expect("an address");
            seen.open(&what, &src).await;
        }
        if classes.insert(class) {
            // Files of an attacker's are handed out, and shown by nobody: the page stays.
            browser.open(&format!("{page}?tab=files")).await;
            for link in browser.all("a[href*='/files/']").await {
                browser.click(&link).await;
            }
            wait_for("a file is handed out", BOUND, || async {
                std::fs::read_dir(browser.downloads()).expect("a folder").next()
            })
            .await
            .expect("our own folder");
            assert_eq!(browser.at_path().await, format!("/{name}?tab=files"));
        }
    }
    assert!(framed > VECTORS.len() / 2, "only {framed} mails had anything left to show");
    assert!(seen.wrong.is_empty(), "{} of {}: {:#?}", seen.wrong.len(), VECTORS.len(), seen.wrong);
    product.terminate().await;

    // The same eyes see an attack that is let through.
    let attack = format!("data:text/html,<img src=http://{HOST}/seen.gif onerror=alert(7)>");
    let _ = browser.client().goto(&attack).await;
    let words = wait_for("the attack takes effect", BOUND, || async { browser.dialog().await }).await;
    assert_eq!(words, "7");
    assert!(browser.asked_elsewhere().iter().any(|asked| asked.contains("/seen.gif")));
}
