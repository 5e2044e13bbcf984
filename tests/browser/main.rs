//! The desk as people see it: a real Chromium, on the real binary, with a real mailbox and a mail server for the letters.

use tests::{Browser, Settings};

mod hostile;
mod life;
mod pages;

/// What every person here signs in with.
const PASSWORD: &str = "秋水共长天一色 1985";

/// Accepts the first administrator's invitation, made anew on the command line, in the browser.
async fn sign_in(browser: &Browser, settings: &Settings) {
    let invitation = settings.invitation().await;
    browser.open("/invitation").await;
    browser.fill("[name=invitation]", &invitation).await;
    browser.fill("[name=password]", PASSWORD).await;
    browser.fill("[name=again]", PASSWORD).await;
    browser.follow(browser.find("main button").await).await;
    assert!(browser.text().await.contains("今日工作"));
}
