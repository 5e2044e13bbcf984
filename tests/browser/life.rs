//! A manuscript's whole life as its editor and its author see it.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use chrono::{Duration as Days, Utc};
use fantoccini::Locator;
use specimen::{docx, mail::Mail};
use tests::{
    Backend, Browser, Ledger, Product, World,
    product::ADDRESS,
    smtp::{Sink, Taken},
    wait_for,
    world::in_time,
};

const BOUND: Duration = Duration::from_secs(60);
const DOCX: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
const AUTHOR: &str = "lisi@example.org";

fn manuscript(lines: usize) -> Vec<u8> {
    let paragraphs: Vec<String> = (1..=lines)
        .map(|line| format!("第{line}段：推进政府购买服务改革，提升财政治理效能，把党的二十大精神落到实处。"))
        .collect();
    docx(&paragraphs.iter().map(String::as_str).collect::<Vec<_>>(), 0)
}

async fn letters(sink: &Sink, count: usize) -> Vec<Taken> {
    wait_for("the letters arrive", BOUND, || async { Some(sink.taken()).filter(|taken| taken.len() >= count) }).await
}

/// Takes a step on the submission's page: opens its box, fills it in, sends it.
async fn step(browser: &Browser, page: &str, action: &str, fields: &[(&str, &str)]) {
    browser.open(page).await;
    let details = format!("details.step:has(input[name=action][value={action}])");
    if browser.find(&details).await.attr("open").await.expect("a box").is_none() {
        browser.click(&browser.find(&format!("{details} > summary")).await).await;
    }
    for (name, value) in fields {
        let field = browser.find(&format!("{details} [name={name}]")).await;
        match field.tag_name().await.expect("an element").as_str() {
            "select" => field.select_by_value(value).await.expect("an option"),
            _ => browser.fill(&format!("{details} [name={name}]"), value).await,
        }
    }
    browser.follow(browser.find(&format!("{details} button:not(.quiet)")).await).await;
    assert!(browser.all(".notice.bad, .bad[role=alert]").await.is_empty(), "{action}: {}", browser.text().await);
}

/// The file that a click brings.
async fn downloaded(folder: &Path, ending: &str) -> PathBuf {
    wait_for("the file arrives", BOUND, || async {
        let files = fs::read_dir(folder).expect("a folder").filter_map(Result::ok).map(|file| file.path());
        files.into_iter().find(|path| path.extension().is_some_and(|found| found == ending))
    })
    .await
}

/// mail → findings → request for a revision → correction → adopted → in the register, with each letter that the author got.
#[tokio::test]
async fn a_manuscript_goes_from_the_mailbox_through_a_revision_to_the_register() {
    let (world, sink) = (World::new(Backend::Sqlite), Sink::start());
    let settings = world.settings(&[world.mailbox().with("smtp", &sink.settings())]);
    let product = Product::start(&settings);
    product.one_short_round().await;
    let first = Mail::new("李四", AUTHOR, ADDRESS)
        .subject("主题征稿：县域养老服务购买的实践")
        .message_id("first@example.org")
        .date("Wed, 01 Mar 2023 08:59:00 +0800")
        .text("编辑老师好：\n\n附上稿件，请审阅。\n\n李四\n")
        .html("<p>编辑老师好：</p><p>附上<b>稿件</b>，请审阅。</p><p>李四</p>")
        .attach("县域养老服务购买的实践.docx", DOCX, manuscript(60));
    world.session().append("INBOX", in_time(), &first.to_bytes());
    Ledger::settled(&product, 1, BOUND).await;

    // The author is told at once what is missing.
    let told = letters(&sink, 1).await.remove(0);
    assert_eq!(told.to, AUTHOR);
    assert!(told.text().contains("单位") && told.text().contains("收稿号为 1"), "{}", told.text());

    let browser = Browser::at(&product.desk(), &[]).await;
    super::sign_in(&browser, &settings).await;
    browser.keep_picture("life-1-today").await;
    browser.follow(browser.link("来稿").await).await;
    browser.follow(browser.link("县域养老服务购买的实践").await).await;
    let page = browser.at_path().await;
    let page = page.split('?').next().expect("a path").to_owned();
    assert!(browser.text().await.contains("单位"), "{}", browser.text().await);
    browser.keep_picture("life-2-received").await;

    step(&browser, &page, "ASSIGN", &[("editor", "admin")]).await;
    step(&browser, &page, "BEGIN", &[]).await;
    let reason = "请补充作者单位与联系电话，第二部分增加数据来源。";
    step(&browser, &page, "ASK_REVISION", &[("reason", reason)]).await;
    browser.keep_picture("life-3-revision-asked").await;
    let asked = letters(&sink, 2).await.remove(1);
    assert!(asked.text().contains(reason), "{}", asked.text());

    // The author answers the letter with a corrected manuscript, long after the call has ended.
    let second = Mail::new("李四", AUTHOR, ADDRESS)
        .subject("Re: 主题征稿：县域养老服务购买的实践")
        .message_id("second@example.org")
        .in_reply_to(asked.header("Message-ID").trim_matches(['<', '>']))
        .date(&Utc::now().to_rfc2822())
        .text("编辑老师好：\n\n已按意见修改。\n\n姓名：李四\n单位：浙江省财政厅\n联系电话：0571-87057000\n")
        .attach("县域养老服务购买的实践（修改稿）.docx", DOCX, manuscript(64));
    world.session().append("INBOX", (Utc::now() - Days::minutes(1)).fixed_offset(), &second.to_bytes());
    Ledger::settled(&product, 2, BOUND).await;
    let thanked = letters(&sink, 3).await.remove(2);
    assert!(thanked.to == AUTHOR && !thanked.text().contains("逾期"), "{}", thanked.text());

    browser.open(&page).await;
    browser.follow(browser.link("看最新一版").await).await;
    let newest = browser.text().await;
    assert!(newest.contains("第64段") && newest.contains("合格") && !newest.contains("不符合"), "{newest}");
    let shown = browser.open(&format!("{page}?tab=versions")).await;
    assert!(shown.contains("第 2 版") && !shown.contains("逾期"), "{shown}");
    browser.follow(browser.link("与本版对照").await).await;
    browser.keep_picture("life-4-versions").await;
    step(&browser, &page, "ADOPT", &[("reason", "论述扎实，数据可靠。")]).await;
    browser.keep_picture("life-5-adopted").await;
    let adopted = letters(&sink, 4).await.remove(3);
    assert!(adopted.text().contains("论述扎实，数据可靠。"), "{}", adopted.text());
    let history = browser.open(&format!("{page}?tab=history")).await;
    for words in ["退修", "修改稿", "采用", "管理员", reason] {
        assert!(history.contains(words), "{words} is not in {history}");
    }

    browser.open("/exports").await;
    let register = "form[action='/exports/register']";
    browser.click(&browser.find(&format!("{register} [value=csv]")).await).await;
    browser.click(&browser.find(&format!("{register} button")).await).await;
    let csv = fs::read_to_string(downloaded(browser.downloads(), "csv").await).expect("UTF-8");
    assert!(csv.contains("县域养老服务购买的实践") && csv.contains("采用"), "{csv}");
    let files = "form[action='/exports/files']";
    browser.click(&browser.find(&format!("{files} button")).await).await;
    let zip = fs::read(downloaded(browser.downloads(), "zip").await).expect("a file");
    assert!(zip.starts_with(b"PK\x03\x04"), "{} bytes", zip.len());

    // Out again: the page that was open leads back to the sign-in.
    browser.open("/account").await;
    let out = browser.client().find(Locator::Css("form[action='/sign-out'] button")).await.expect("a way out");
    browser.follow(out).await;
    browser.open(&page).await;
    assert!(browser.at_path().await.starts_with("/sign-in"));
    assert_eq!(browser.asked_elsewhere(), Vec::<String>::new());
    product.terminate().await;
    assert_eq!(sink.taken().len(), 4, "a letter for each step that tells the author something, and no more");
}
