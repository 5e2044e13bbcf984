//! Every page of the desk, as its links lead there: axe-core finds nothing, nothing is wider than a phone, no script fails.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    time::Duration,
};

use specimen::demo_mails;
use tests::{Backend, Browser, Ledger, Product, World, product::ADDRESS, smtp::Sink, world::in_time};

const BOUND: Duration = Duration::from_secs(120);
/// Pages of one kind that are opened.
const OF_A_KIND: usize = 1;

/// What two pages of one kind have in common: the path without names of things, and the tab.
fn kind(path: &str) -> String {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let is_name = |step: &str| step.chars().any(|c| c.is_ascii_digit() || c.is_ascii_uppercase());
    let steps = path.split('/').map(|step| if is_name(step) { "one" } else { step });
    let tab = query.split('&').find(|pair| pair.starts_with("tab=")).unwrap_or_default();
    format!("{} {tab}", steps.collect::<Vec<_>>().join("/"))
}

/// The paths that a page's links lead to, within the desk.
async fn links(browser: &Browser) -> Vec<String> {
    let script = "return [...document.querySelectorAll('a[href]')].filter(it => it.origin === location.origin && !it.hasAttribute('download'))\
                  .map(it => it.pathname + it.search)";
    let found = browser.run(script).await;
    found.as_array().expect("a list").iter().map(|it| it.as_str().expect("a path").to_owned()).collect()
}

/// Chooses language, theme and density as a person does.
async fn taste(browser: &Browser, language: &str, theme: &str, density: &str) {
    browser.open("/").await;
    for (name, value) in [("language", language), ("theme", theme), ("density", density)] {
        let field = browser.find(&format!("form.taste select[name={name}]")).await;
        field.select_by_value(value).await.expect("an option");
    }
    browser.follow(browser.find("form.taste button").await).await;
}

#[tokio::test]
async fn no_page_of_the_desk_shuts_anybody_out() {
    let (world, sink) = (World::new(Backend::Sqlite), Sink::start());
    let settings = world.settings(&[world.mailbox().with("smtp", &sink.settings())]);
    let seeded = settings.run(&["import", "seed"]);
    assert!(seeded.status.success(), "{}", String::from_utf8_lossy(&seeded.stderr));
    let product = Product::start(&settings);
    let mails = demo_mails("主题征稿", ADDRESS);
    let mut session = world.session();
    for (_, mail, _) in &mails {
        session.append("INBOX", in_time(), mail);
    }
    Ledger::settled(&product, mails.len(), BOUND).await;

    let browser = Browser::at(&product.desk(), &[&product.content()]).await;
    let mut wrong: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for path in ["/sign-in", "/invitation"] {
        browser.open(path).await;
        look(&browser, path, "light", &mut wrong).await;
    }
    super::sign_in(&browser, &settings).await;
    let mut opened: HashMap<String, usize> = HashMap::new();
    let mut pages = Vec::new();
    let mut next = VecDeque::from(["/".to_owned(), "/no-such-page".to_owned(), "/keys".to_owned()]);
    while let Some(path) = next.pop_front() {
        let times = opened.entry(kind(&path)).or_default();
        *times += 1;
        // What is a file and no page is not opened by a click on a link either.
        if *times > OF_A_KIND
            || path.contains("/files/")
            || path.ends_with("/raw")
            || path.contains(".csv")
            || path.starts_with("/assets/")
        {
            continue;
        }
        browser.open(&path).await;
        let is_page = browser.run("return document.contentType").await == "text/html";
        if !is_page {
            continue;
        }
        look(&browser, &path, "light", &mut wrong).await;
        next.extend(links(&browser).await);
        pages.push(path);
    }
    // The other tastes change colours, words and widths, so that each page is looked at twice.
    taste(&browser, "en", "dark", "compact").await;
    for path in &pages {
        browser.open(path).await;
        look(&browser, path, "dark", &mut wrong).await;
    }
    // What follows a form is reached by no link.
    erased(&browser, "dark", &mut wrong).await;
    taste(&browser, "zh", "light", "wide").await;
    erased(&browser, "light", &mut wrong).await;
    assert!(pages.len() >= 45, "only {} pages were found: {pages:#?}", pages.len());
    assert!(wrong.is_empty(), "{} of {} pages: {wrong:#?}", wrong.len(), pages.len());
    assert_eq!(browser.asked_elsewhere(), Vec::<String>::new());
    product.terminate().await;
}

/// Somebody is erased by clicks: what would go, the proof, and the proof as it is kept.
async fn erased(browser: &Browser, taste: &str, wrong: &mut BTreeMap<String, Vec<String>>) {
    browser.open("/contacts").await;
    browser.follow(browser.find("tbody a[href^='/contacts/']").await).await;
    browser.follow(browser.find("a[href$='/privacy']").await).await;
    browser.fill("[name=reason]", "本人来信要求").await;
    browser.follow(browser.find("form[action$='/confirm'] button").await).await;
    look(browser, "/administration/privacy/confirm", taste, wrong).await;
    browser.follow(browser.find("form[action$='/erase'] button").await).await;
    look(browser, "/administration/privacy/erase", taste, wrong).await;
    browser.follow(browser.find("dd a[href^='/administration/privacy/']").await).await;
    look(browser, "/administration/privacy/0", taste, wrong).await;
    browser.open("/administration/privacy").await;
    look(browser, "/administration/privacy", taste, wrong).await;
}

async fn look(browser: &Browser, path: &str, taste: &str, wrong: &mut BTreeMap<String, Vec<String>>) {
    let mut found = browser.violations().await;
    let name: String = kind(path).chars().map(|c| if c.is_alphanumeric() { c } else { '-' }).collect();
    let name = name.trim_matches('-').to_owned();
    let name = if name.is_empty() { "today".to_owned() } else { name };
    browser.keep_picture(&format!("{taste}-1280-{name}")).await;
    browser.width(390).await;
    let wider = browser.wider_than_the_window().await;
    if wider > 0 {
        found.push(format!("{wider} px wider than a phone of 390 px"));
    }
    if taste == "light" {
        found.extend(browser.violations().await.into_iter().map(|it| format!("at 390 px: {it}")));
    }
    browser.keep_picture(&format!("{taste}-390-{name}")).await;
    browser.width(1280).await;
    // A page that is not there says so with its status, which Chromium calls an error.
    found.extend(browser.console_errors().await.into_iter().filter(|it| !it.contains("status of 404")));
    if !found.is_empty() {
        wrong.insert(format!("{taste} {path}"), found);
    }
}
