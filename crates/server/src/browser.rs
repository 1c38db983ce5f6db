//! Pages in a real browser, for tests: headless Chromium, steered through chromedriver.
//!
//! `ROLLCALL_TEST_CHROMEDRIVER` names the driver; `cargo xtask test` finds or installs it. Without that variable these
//! tests say that they were not tried.

use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;

use axum::Router;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures::FutureExt as _;
use http::Method;
use serde_json::{Value, json};
use thirtyfour::cdp::domains::emulation::{MediaFeature, SetEmulatedMedia};
use thirtyfour::common::command::{Command as Wire, ExtensionCommand};
use thirtyfour::prelude::{
    CapabilitiesHelper as _, ChromiumLikeCapabilities as _, DesiredCapabilities, ElementWaitable as _, Key,
    WebDriver, WebDriverResult,
};
use thirtyfour::{By, ChromeCapabilities, WebElement};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::task::JoinSet;

/// Widths at which pages are looked at, in CSS pixels.
pub(crate) const WIDE: u32 = 1_440;
/// The least width that pages are made for.
pub(crate) const NARROW: u32 = 380;

const AXE: &str = include_str!("../tests/axe/axe.min.js");

/// A browser with one tab, on pages that are served for it.
pub(crate) struct Browser {
    driver: WebDriver,
    address: SocketAddr,
    _served: JoinSet<()>,
}

/// Runs a test in a browser on the routes, and ends the browser also when the test panics.
pub(crate) async fn with_browser(routes: Router, test: impl AsyncFnOnce(&Browser)) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
    with_browser_at(listener, routes, test).await;
}

/// The same on a socket of the test, for pages that know their own address.
pub(crate) async fn with_browser_at(listener: TcpListener, routes: Router, test: impl AsyncFnOnce(&Browser)) {
    #[expect(clippy::disallowed_methods, reason = "the runner of the tests names the driver")]
    let Ok(program) = std::env::var("ROLLCALL_TEST_CHROMEDRIVER") else {
        println!("not tried: ROLLCALL_TEST_CHROMEDRIVER names no chromedriver (cargo xtask test finds one)");
        return;
    };
    let (_process, port) = started(&program).await;
    let driver = WebDriver::new(format!("http://127.0.0.1:{port}"), headless()).await;
    let driver = driver.expect("Chromium starts");
    let (served, address) = serve(listener, routes);
    let browser = Browser { driver: driver.clone(), address, _served: served };
    let outcome = AssertUnwindSafe(test(&browser)).catch_unwind().await;
    driver.quit().await.expect("Chromium ends");
    if let Err(panic) = outcome {
        resume_unwind(panic);
    }
}

/// Starts the driver on a free port; it ends with the value.
async fn started(program: &str) -> (Child, u16) {
    let mut command = Command::new(program);
    command.arg("--port=0").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut process = command.kill_on_drop(true).spawn().unwrap_or_else(|error| panic!("{program}: {error}"));
    let mut lines = BufReader::new(process.stdout.take().expect("its output is ours")).lines();
    while let Some(line) = lines.next_line().await.expect("its output is text") {
        let port = line.split_once("successfully on port ").map(|(_, port)| port.trim_end_matches('.'));
        if let Some(port) = port {
            return (process, port.parse().expect("a port"));
        }
    }
    panic!("{program} ended without naming its port");
}

fn headless() -> ChromeCapabilities {
    let mut wanted = DesiredCapabilities::chrome();
    for argument in [
        "--headless=new",
        // The pages are ours, and a container has neither the rights nor the memory for these.
        "--no-sandbox",
        "--disable-dev-shm-usage",
        "--hide-scrollbars",
        "--force-prefers-reduced-motion",
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    ] {
        wanted.add_arg(argument).expect("an argument");
    }
    wanted.set("goog:loggingPrefs", json!({"browser": "ALL"})).expect("a preference");
    wanted
}

fn serve(listener: TcpListener, routes: Router) -> (JoinSet<()>, SocketAddr) {
    let address = listener.local_addr().expect("an address");
    let mut served = JoinSet::new();
    served.spawn(async move { axum::serve(listener, routes).await.expect("it serves until it is dropped") });
    (served, address)
}

impl Browser {
    /// Opens a path and waits until everything of it is loaded.
    pub(crate) async fn open(&self, path: &str) {
        self.visit(&format!("http://{}{path}", self.address)).await;
    }

    /// Opens an address and waits until everything of it is loaded.
    pub(crate) async fn visit(&self, address: &str) {
        self.driver.goto(address).await.expect(address);
        self.shown().await;
    }

    /// Looks with a width and a theme, `light` or `dark`.
    pub(crate) async fn look(&self, width: u32, theme: &str) {
        let cdp = self.driver.cdp();
        let height = if width > 800 { 900 } else { 844 };
        cdp.emulation().set_device_metrics_override(width, height, 1.0, false).await.expect("a size");
        let feature = MediaFeature { name: "prefers-color-scheme".to_owned(), value: theme.to_owned() };
        let media = SetEmulatedMedia { media: None, features: Some(vec![feature]) };
        cdp.send(media).await.expect("a theme");
    }

    /// The faults of the present page in a theme, at each of these widths; every look is pictured.
    pub(crate) async fn inspect(&self, name: &str, widths: &[u32], theme: &str) -> Vec<String> {
        let mut faults = Vec::new();
        for width in widths {
            self.look(*width, theme).await;
            let found = self.faults().await;
            faults.extend(found.into_iter().map(|fault| format!("{name} at {width}, {theme}: {fault}")));
            self.picture(&format!("{name}-{width}-{theme}"), true).await;
        }
        faults
    }

    /// The path that is shown, with its query.
    pub(crate) async fn path(&self) -> String {
        let url = self.driver.current_url().await.expect("an address");
        url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()))
    }

    /// Presses keys, as a person who has no mouse.
    pub(crate) async fn press(&self, keys: impl AsRef<str>) {
        let chain = self.driver.action_chain().send_keys(keys.as_ref());
        chain.perform().await.expect("keys are pressed");
    }

    /// Presses the tabulator.
    pub(crate) async fn tab(&self) {
        self.press(String::from(Key::Tab.value())).await;
    }

    /// Presses Enter and waits for the page that follows.
    pub(crate) async fn enter(&self) {
        // The driver's own keys wait for the page that is left, and that page may be gone by then.
        let enter = json!({"type": "keyDown", "key": "Enter", "text": "\r", "windowsVirtualKeyCode": 13});
        let pressed = async { self.driver.cdp().send_raw("Input.dispatchKeyEvent", enter).await.map(drop) };
        self.leave(pressed).await;
    }

    /// Sends the form that goes to a path ending so, with a value for each of its text fields.
    pub(crate) async fn send(&self, end: &str, value: &str) {
        let script = "
            const form = [...document.forms].find((form) => form.getAttribute('action').endsWith(arguments[0]));
            form.querySelectorAll('input').forEach((input) => { input.value = arguments[1]; });
            form.requestSubmit();";
        let sent = async { self.driver.execute(script, vec![json!(end), json!(value)]).await.map(drop) };
        self.leave(sent).await;
    }

    /// The first visible element with a role and a name that begins so, as a person who hears the page finds it (WAI-ARIA 1.2 §5).
    pub(crate) async fn find(&self, role: &str, name: &str) -> WebElement {
        let waited = tokio::time::timeout(PATIENCE, async {
            loop {
                if let Some(found) = self.found(role, name).await {
                    return found;
                }
                tokio::task::yield_now().await;
            }
        });
        waited.await.unwrap_or_else(|_| panic!("no {role} “{name}” within {PATIENCE:?}"))
    }

    async fn found(&self, role: &str, name: &str) -> Option<WebElement> {
        for element in self.driver.find_all(By::Css(OPERABLE)).await.expect("elements") {
            // The page may have changed since, and then the next look finds what is there.
            let computed = async |what| self.computed(&element, what).await;
            let (Some(is), Some(called)) = (computed("computedrole").await, computed("computedlabel").await)
            else {
                return None;
            };
            if is == role && called.starts_with(name) && element.is_displayed().await.unwrap_or(false) {
                return Some(element);
            }
        }
        None
    }

    async fn computed(&self, element: &WebElement, what: &'static str) -> Option<String> {
        let asked = Computed(element.element_id().to_string(), what);
        let answer = self.driver.handle().cmd(Wire::ExtensionCommand(Box::new(asked))).await.ok()?;
        answer.value().ok()
    }

    /// Clicks what has a role and a name that begins so.
    pub(crate) async fn click(&self, role: &str, name: &str) {
        self.find(role, name).await.click().await.unwrap_or_else(|error| panic!("{role} “{name}”: {error}"));
    }

    /// Clicks what leads to another page, and waits for that page.
    pub(crate) async fn follow(&self, role: &str, name: &str) {
        let element = self.find(role, name).await;
        self.leave(async { element.click().await }).await;
    }

    /// Types into the field with this name, in the place of what is there.
    pub(crate) async fn write(&self, role: &str, name: &str, text: &str) {
        let field = self.find(role, name).await;
        field.clear().await.expect("a field");
        field.send_keys(text).await.expect("it is typed");
    }

    /// Chooses in the field with this name, by the words of the option.
    pub(crate) async fn choose(&self, name: &str, option: &str) {
        self.find("combobox", name).await.send_keys(option).await.expect("an option");
    }

    /// Waits until the page shows some words.
    pub(crate) async fn shows(&self, words: &str) {
        self.until(&format!("return document.body.innerText.includes({words:?})")).await;
    }

    /// Runs a script that leads to another page, and waits for that page.
    pub(crate) async fn go(&self, script: &str) {
        // The page may be gone before the script has returned.
        let script = format!("setTimeout(() => {{ {script} }})");
        let gone = async { self.driver.execute(script, Vec::new()).await.map(drop) };
        self.leave(gone).await;
    }

    /// Does what leads to another page, and waits for that page.
    async fn leave(&self, act: impl Future<Output = WebDriverResult<()>>) {
        let page = self.driver.find(By::Tag("html")).await.expect("a page");
        act.await.expect("it is done");
        page.wait_until().wait(PATIENCE, PAUSE).stale().await.expect("another page follows");
        self.shown().await;
    }

    /// Waits until the page is drawn: before that no field has the focus that the page gives it.
    async fn shown(&self) {
        let drawn = "const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(done));";
        self.driver.execute_async(drawn, Vec::new()).await.expect("a drawn page");
        assert_eq!(self.value("return document.readyState").await, "complete");
    }

    /// What a script in the page returns.
    pub(crate) async fn value(&self, script: &str) -> Value {
        let returned = self.driver.execute(script, Vec::new()).await;
        returned.unwrap_or_else(|error| panic!("{script}: {error}")).json().clone()
    }

    /// Waits until a script in the page returns true.
    pub(crate) async fn until(&self, script: &str) {
        let waited = tokio::time::timeout(PATIENCE, async {
            while self.value(script).await != true {
                tokio::task::yield_now().await;
            }
        });
        waited.await.unwrap_or_else(|_| panic!("not within {PATIENCE:?}: {script}"));
    }

    /// What a page must never have, at the present width and theme: barriers that axe finds, a page that scrolls
    /// sideways, icons that are not drawn, something from another host, an error in the console.
    pub(crate) async fn faults(&self) -> Vec<String> {
        let mut faults = self.barriers().await;
        let found = self.value(FAULTS).await;
        faults.extend(found.as_array().expect("a list").iter().map(ToString::to_string));
        let log = self.driver.browser_log().await.expect("the console");
        // That the page itself has a status of an error is said there, too.
        let said = log.into_iter().map(|entry| entry.message);
        faults.extend(said.filter(|message| !message.contains("responded with a status of")));
        faults
    }

    /// Forgets what pages of others have said in the console.
    pub(crate) async fn forget(&self) {
        self.driver.browser_log().await.expect("the console");
    }

    /// What axe finds against WCAG 2.2, levels A and AA, and against its own good practice.
    async fn barriers(&self) -> Vec<String> {
        self.driver.execute(AXE, Vec::new()).await.expect("axe is loaded");
        let found = self.driver.execute_async(RUN_AXE, Vec::new()).await.expect("axe runs");
        let found = found.json().as_array().expect("a list").clone();
        found.iter().map(ToString::to_string).collect()
    }

    /// Keeps a picture in `target/screenshots`: of the whole page, or a small one of what a window shows of it.
    pub(crate) async fn picture(&self, name: &str, whole: bool) {
        if whole {
            self.keep(&format!("{name}.png"), json!({"captureBeyondViewport": true})).await;
        } else {
            self.keep(&format!("{name}.webp"), json!({"format": "webp", "quality": 75})).await;
        }
    }

    async fn keep(&self, name: &str, how: Value) {
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/screenshots");
        let file: PathBuf = page.join(name);
        std::fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
        let taken = self.driver.cdp().send_raw("Page.captureScreenshot", how).await.expect("a picture");
        let bytes = STANDARD.decode(taken["data"].as_str().expect("its data")).expect("base64");
        std::fs::write(&file, bytes).expect("a file");
    }
}

/// What can be operated.
const OPERABLE: &str = "a[href], button, input:not([type=hidden]), select, textarea, summary, [role]";

/// The command of the driver that computes a role or a name.
#[derive(Debug)]
struct Computed(String, &'static str);

impl ExtensionCommand for Computed {
    fn parameters_json(&self) -> Option<Value> {
        None
    }

    fn method(&self) -> Method {
        Method::GET
    }

    fn endpoint(&self) -> Arc<str> {
        format!("/element/{}/{}", self.0, self.1).into()
    }
}

const PATIENCE: std::time::Duration = std::time::Duration::from_secs(10);
const PAUSE: std::time::Duration = std::time::Duration::from_millis(20);

const RUN_AXE: &str = "
const done = arguments[arguments.length - 1];
const wanted = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
axe.run({ runOnly: wanted }).then(
  (result) => done(result.violations.map((v) => `axe: ${v.id}: ${v.nodes.map((n) => n.html).join(' ')}`)),
  (error) => done([`axe failed: ${error}`]));";

const FAULTS: &str = "
const faults = [];
const root = document.documentElement;
if (root.scrollWidth > root.clientWidth) faults.push(`the page scrolls sideways: ${root.scrollWidth} > ${root.clientWidth}`);
for (const icon of document.querySelectorAll('svg')) {
  if (icon.checkVisibility() && !(icon.getBBox().width > 0)) faults.push(`an icon is not drawn: ${icon.innerHTML}`);
}
for (const loaded of performance.getEntriesByType('resource')) {
  const url = new URL(loaded.name);
  if (url.protocol !== 'data:' && url.host !== location.host) faults.push(`from another host: ${loaded.name}`);
}
return faults;";
