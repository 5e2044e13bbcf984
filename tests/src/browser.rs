//! A real Chromium, driven over WebDriver: what it asks of anybody but caibian is written down, what it shows is looked at
//! with axe-core and kept as a picture.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, Stdio},
    sync::OnceLock,
    time::{Duration, Instant},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use fantoccini::{
    Client, ClientBuilder, Locator,
    elements::Element,
    wd::{Capabilities, WebDriverCompatibleCommand},
};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{onlooker::Onlooker, process};

/// How long a page may take until it shows what a test waits for.
pub const PAGE_BOUND: Duration = Duration::from_secs(30);

/// What axe-core holds pages to: WCAG 2.2 AA and its own best practices.
const RULES: [&str; 6] = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/// Whom Chromium asks by itself, whatever it shows (Debian's has DuckDuckGo's page as its first).
const OF_CHROMIUM: [&str; 4] = ["google.com", "googleapis.com", "gvt1.com", "duckduckgo.com"];

/// A browser with one window. Ends with the test, whatever ends the test.
#[derive(Debug)]
pub struct Browser {
    client: Client,
    desk: String,
    onlooker: Onlooker,
    downloads: PathBuf,
    driver: Child,
    _home: TempDir,
}

/// A command of Chromium's own protocol, by its driver.
#[derive(Debug)]
struct OwnCommand {
    name: &'static str,
    parameters: Value,
}

impl WebDriverCompatibleCommand for OwnCommand {
    fn endpoint(&self, base: &url::Url, session: Option<&str>) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/goog/cdp/execute", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(json!({"cmd": self.name, "params": self.parameters}).to_string()))
    }
}

/// What the browser wrote to its console since the last time, by its driver.
#[derive(Debug)]
struct ReadConsole;

impl WebDriverCompatibleCommand for ReadConsole {
    fn endpoint(&self, base: &url::Url, session: Option<&str>) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/se/log", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(json!({"type": "browser"}).to_string()))
    }
}

impl Browser {
    /// Starts Chromium for the desk that listens there (`127.0.0.1:PORT`). Everything but the desk and `also` is asked of
    /// an onlooker, who refuses it and writes it down.
    ///
    /// # Panics
    /// When Chromium or its driver does not start.
    pub async fn at(desk: &str, also: &[&str]) -> Self {
        let home = tempfile::Builder::new().prefix("cb-chromium").tempdir().expect("a folder for the profile");
        let downloads = home.path().join("downloads");
        fs::create_dir(&downloads).expect("our own folder");
        let onlooker = Onlooker::start();
        let (driver, port) = start_driver();
        let ours: Vec<_> = ["<-loopback>", desk].iter().chain(also).copied().collect();
        let options = json!({
            "binary": "/usr/bin/chromium",
            "args": [
                "--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--no-first-run",
                "--disable-background-networking", "--disable-component-update", "--disable-sync",
                "--disable-domain-reliability", "--disable-client-side-phishing-detection", "--disable-extensions",
                "--lang=zh-CN", "--force-color-profile=srgb", "--force-prefers-reduced-motion", "--hide-scrollbars", "--window-size=1280,900",
                format!("--user-data-dir={}", home.path().join("profile").display()),
                format!("--proxy-server=http://{}", onlooker.address()),
                format!("--proxy-bypass-list={}", ours.join(";")),
            ],
            "prefs": {"intl.accept_languages": "zh-CN,zh", "credentials_enable_service": false},
        });
        let mut wanted = Capabilities::new();
        wanted.insert("browserName".into(), json!("chrome"));
        wanted.insert("goog:chromeOptions".into(), options);
        wanted.insert("goog:loggingPrefs".into(), json!({"browser": "ALL"}));
        // An alert that a page opens is to stay until it is found.
        wanted.insert("unhandledPromptBehavior".into(), json!("ignore"));
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(wanted)
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .expect("Chromium starts (Debian: chromium, chromium-driver)");
        let browser = Self { client, desk: desk.to_owned(), onlooker, downloads, driver, _home: home };
        let folder = browser.downloads.display().to_string();
        browser.own("Browser.setDownloadBehavior", json!({"behavior": "allow", "downloadPath": folder})).await;
        browser.width(1280).await;
        browser
    }

    async fn own(&self, name: &'static str, parameters: Value) -> Value {
        self.client.issue_cmd(OwnCommand { name, parameters }).await.unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// The WebDriver client, for what is not here.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Lays pages out for this many pixels.
    ///
    /// # Panics
    /// When the browser is gone.
    pub async fn width(&self, pixels: u32) {
        let metrics = json!({"width": pixels, "height": 900, "deviceScaleFactor": 1, "mobile": false});
        self.own("Emulation.setDeviceMetricsOverride", metrics).await;
    }

    /// Opens a page of the desk and returns its text as it is shown.
    ///
    /// # Panics
    /// When it cannot be opened.
    pub async fn open(&self, path: &str) -> String {
        let url = if path.starts_with("http://") { path.to_owned() } else { format!("http://{}{path}", self.desk) };
        self.client.goto(&url).await.unwrap_or_else(|error| panic!("{path}: {error}"));
        self.text().await
    }

    /// The text that the page shows.
    ///
    /// # Panics
    /// When there is no page.
    pub async fn text(&self) -> String {
        self.find("body").await.text().await.expect("a text")
    }

    /// Path and query of where it is.
    ///
    /// # Panics
    /// When there is no page.
    pub async fn at_path(&self) -> String {
        let url = self.client.current_url().await.expect("a page");
        url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()))
    }

    /// The element that a CSS selector names, as soon as it is there.
    ///
    /// # Panics
    /// When it does not come.
    pub async fn find(&self, css: &str) -> Element {
        let wait = self.client.wait().at_most(PAGE_BOUND);
        match wait.for_element(Locator::Css(css)).await {
            Ok(element) => element,
            Err(error) => panic!("{css}: {error}\n{}", self.client.source().await.unwrap_or_default()),
        }
    }

    /// The elements that a CSS selector names now.
    ///
    /// # Panics
    /// When the browser is gone.
    pub async fn all(&self, css: &str) -> Vec<Element> {
        self.client.find_all(Locator::Css(css)).await.expect("a browser")
    }

    /// The first link with these words.
    ///
    /// # Panics
    /// When there is none.
    pub async fn link(&self, words: &str) -> Element {
        let wait = self.client.wait().at_most(PAGE_BOUND);
        let path = format!("//a[contains(normalize-space(.), {words:?})]");
        match wait.for_element(Locator::XPath(&path)).await {
            Ok(element) => element,
            Err(error) => panic!("no link {words}: {error}\n{}", self.client.source().await.unwrap_or_default()),
        }
    }

    /// Clicks, with the element in the middle of the window.
    ///
    /// # Panics
    /// When it cannot be clicked.
    pub async fn click(&self, element: &Element) {
        let reference = serde_json::to_value(element).expect("a reference");
        let script = "arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})";
        self.client.execute(script, vec![reference]).await.expect("an element of the page");
        element.click().await.unwrap_or_else(|error| panic!("it cannot be clicked: {error}"));
    }

    /// Clicks what leads to another page and waits until that is there.
    ///
    /// # Panics
    /// When it cannot be clicked or nothing follows.
    pub async fn follow(&self, element: Element) {
        self.run("window.leaving = true").await;
        self.click(&element).await;
        let begun = Instant::now();
        loop {
            // While one page gives way to the next there is nothing to ask.
            let there = self.client.execute("return !window.leaving && document.readyState", Vec::new()).await;
            if there.is_ok_and(|state| state == "complete") {
                return;
            }
            assert!(begun.elapsed() < PAGE_BOUND, "nothing followed a click");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Types into the field of that CSS selector, instead of what stood there.
    ///
    /// # Panics
    /// When it cannot be typed into.
    pub async fn fill(&self, css: &str, text: &str) {
        let field = self.find(css).await;
        field.clear().await.expect("a field");
        field.send_keys(text).await.expect("a field");
    }

    /// Runs a script as the page's own console would and returns what it returns.
    ///
    /// # Panics
    /// When it fails.
    pub async fn run(&self, script: &str) -> Value {
        self.client.execute(script, Vec::new()).await.unwrap_or_else(|error| panic!("{script}: {error}"))
    }

    /// Waits until the page was drawn twice: what waits for a picture, an animation or the focus has had its turn. Also for a
    /// page that may run no script.
    ///
    /// # Errors
    /// When it cannot be drawn, because a dialog is open for instance.
    pub async fn drawn(&self) -> Result<(), fantoccini::error::CmdError> {
        let clip = json!({"x": 0, "y": 0, "width": 8, "height": 8, "scale": 1});
        for _ in 0..2 {
            let parameters = json!({"format": "png", "clip": clip});
            self.client.issue_cmd(OwnCommand { name: "Page.captureScreenshot", parameters }).await?;
        }
        Ok(())
    }

    /// The words of a dialog that a page opened, if one did; the dialog is closed.
    pub async fn dialog(&self) -> Option<String> {
        let words = self.client.get_alert_text().await.ok()?;
        let _ = self.client.dismiss_alert().await;
        Some(words)
    }

    /// What was written to the console as an error since the last time.
    ///
    /// # Panics
    /// When the browser is gone.
    pub async fn console_errors(&self) -> Vec<String> {
        let log = self.client.issue_cmd(ReadConsole).await.expect("a console");
        let lines = log.as_array().cloned().unwrap_or_default();
        lines.iter().filter(|line| line["level"] == "SEVERE").map(|line| line["message"].to_string()).collect()
    }

    /// What pages asked of anybody but the desk: first lines of requests.
    #[must_use]
    pub fn asked_elsewhere(&self) -> Vec<String> {
        let is_own = |line: &str| {
            let of = line.split_whitespace().nth(1).unwrap_or_default();
            let of = of.strip_prefix("http://").unwrap_or(of);
            let host = of.split(['/', ':']).next().unwrap_or_default();
            OF_CHROMIUM
                .iter()
                .any(|own| host.strip_suffix(own).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')))
        };
        self.onlooker.seen().into_iter().filter(|line| !is_own(line)).collect()
    }

    /// Where downloads arrive.
    #[must_use]
    pub fn downloads(&self) -> &std::path::Path {
        &self.downloads
    }

    /// Keeps a picture of the whole page under `target/screens`.
    ///
    /// # Panics
    /// When it cannot be written.
    pub async fn keep_picture(&self, name: &str) {
        let shot = self.own("Page.captureScreenshot", json!({"format": "png", "captureBeyondViewport": true})).await;
        let bytes = STANDARD.decode(shot["data"].as_str().expect("a picture")).expect("base64");
        let folder =
            crate::product::binary().parent().and_then(std::path::Path::parent).expect("target").join("screens");
        fs::create_dir_all(&folder).expect("a folder for pictures");
        fs::write(folder.join(format!("{name}.png")), bytes).expect("a picture is kept");
    }

    /// What axe-core finds wrong with the page: rule, and the first places.
    ///
    /// # Panics
    /// When it cannot be run.
    pub async fn violations(&self) -> Vec<String> {
        let script = format!(
            "{};const done = arguments[arguments.length - 1];\
             axe.run(document, {{runOnly: {rules}, iframes: false}}).then(\
               found => done(found.violations.map(it => it.id + ': ' + it.nodes.slice(0, 3).map(\
                 node => node.target.join(' ') + ' ' + node.html.slice(0, 160)).join(' | '))),\
               error => done(['axe-core: ' + error]));",
            axe(),
            rules = json!(RULES),
        );
        let found = self.client.execute_async(&script, Vec::new()).await.expect("axe-core runs");
        let found = found.as_array().cloned().unwrap_or_default();
        found.iter().map(|it| it.as_str().unwrap_or_default().to_owned()).collect()
    }

    /// Pixels by which the page is wider than its window.
    ///
    /// # Panics
    /// When there is no page.
    pub async fn wider_than_the_window(&self) -> i64 {
        let script = "return document.documentElement.scrollWidth - document.documentElement.clientWidth";
        self.run(script).await.as_i64().expect("a number")
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

/// The driver in a process namespace of its own, so that no Chromium outlives it; and the port that it chose.
fn start_driver() -> (Child, u16) {
    let mut command = process::bound_to_the_test("unshare");
    if !process::is_root() {
        command.args(["--user", "--map-root-user"]);
    }
    command.args(["--pid", "--fork", "--kill-child=KILL", "--mount-proc", "chromedriver", "--port=0"]);
    let mut driver = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("chromedriver starts (Debian: chromium-driver)");
    let mut said = BufReader::new(driver.stdout.take().expect("a pipe"));
    let Some(port) = port_told(&mut said) else {
        let ended = driver.kill().and_then(|()| driver.wait());
        panic!("chromedriver did not start: {ended:?}");
    };
    // Nobody reads what it says later, and it must not wait for a reader.
    std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
    (driver, port)
}

fn port_told(said: &mut impl BufRead) -> Option<u16> {
    const BEFORE: &str = "ChromeDriver was started successfully on port ";
    said.lines().map_while(Result::ok).find_map(|line| line.strip_prefix(BEFORE)?.trim_end_matches('.').parse().ok())
}

/// The source of axe-core, as `.ci/run` has installed it.
fn axe() -> &'static str {
    static SOURCE: OnceLock<String> = OnceLock::new();
    SOURCE.get_or_init(|| {
        let target = crate::product::binary();
        let target = target.parent().and_then(std::path::Path::parent).expect("target");
        let folders = fs::read_dir(target).expect("target").filter_map(Result::ok);
        let folder = folders
            .map(|it| it.path())
            .find(|it| it.file_name().is_some_and(|name| name.to_string_lossy().starts_with("axe-core-")));
        let file = folder.expect("axe-core is installed by `.ci/run browser`").join("node_modules/axe-core/axe.min.js");
        fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
    })
}
