//! Single sign-on as an owner sets it up and uses it, with a real issuer that another project wrote.

use std::process::Stdio;

use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::net::TcpListener;
use tokio::process::{Child, ChildStdout, Command};

use super::Stage;
use crate::browser::{Browser, WIDE, with_browser_at};

/// The issuer; it ends with the value, and would end as well if nothing read what it says.
struct Issuer {
    url: String,
    _process: Child,
    _said: Lines<BufReader<ChildStdout>>,
}

/// Starts the issuer for a client that comes back to an address.
async fn started(redirect: &str) -> Option<Issuer> {
    #[expect(clippy::disallowed_methods, reason = "the runner of the tests names the program")]
    let Ok(program) = std::env::var("ROLLCALL_TEST_ISSUER") else {
        println!("not tried: ROLLCALL_TEST_ISSUER names no issuer (cargo xtask test installs one)");
        return None;
    };
    let mut command = Command::new("node");
    command.arg(&program).arg(redirect).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut process = command.kill_on_drop(true).spawn().expect("node starts");
    let mut lines = BufReader::new(process.stdout.take().expect("its output is ours")).lines();
    while let Some(line) = lines.next_line().await.expect("its output is text") {
        if let Some(issuer) = line.strip_prefix("ready ") {
            return Some(Issuer { url: issuer.to_owned(), _process: process, _said: lines });
        }
    }
    panic!("{program} ended without naming its address");
}

/// Signs in at the issuer's own pages, and lets it tell who it is.
async fn at_issuer(browser: &Browser, login: &str, rollcall: &str) {
    browser.until("return document.querySelector('input[name=login]') !== null").await;
    let typed = format!("document.querySelector('input[name=login]').value = '{login}'");
    browser.value(&typed).await;
    browser.value("document.querySelector('input[name=password]').value = 'any'").await;
    browser.go("document.querySelector('form').requestSubmit()").await;
    agree(browser, rollcall).await;
}

/// Agrees at the issuer, which then leads back.
async fn agree(browser: &Browser, rollcall: &str) {
    browser.until("return document.querySelector('input[name=prompt][value=consent]') !== null").await;
    browser.go("document.querySelector('form').requestSubmit()").await;
    browser.until(&format!("return location.origin === '{rollcall}'")).await;
    browser.forget().await;
}

#[tokio::test]
async fn an_owner_sets_up_tries_and_uses_an_issuer_in_the_browser() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
    let rollcall = format!("http://{}", listener.local_addr().expect("an address"));
    let private = ("ROLLCALL_ISSUERS__ALLOW_PRIVATE".to_owned(), "true".to_owned());
    let stage = Stage::at(&rollcall, &[private]).await;
    let (link, root) = (stage.link().await, format!("/console/{}", stage.tenant));
    with_browser_at(listener, stage.router(), async |browser| {
        browser.open(&link).await;
        browser.enter().await;
        browser.open(&format!("{root}/administrators/sso/add")).await;
        let redirect = browser.value("return document.querySelector('main code').textContent").await;
        let redirect = redirect.as_str().expect("the redirect address").to_owned();
        let Some(issuer) = started(&redirect).await else { return };
        for (name, value) in [
            ("name", "Directory"),
            ("issuer", issuer.url.as_str()),
            ("client_id", "rollcall-console"),
            ("client_secret", "a secret of two"),
            ("claim", "groups"),
            ("value", "rollcall-owners"),
        ] {
            browser.value(&format!("document.querySelector('main [name={name}]').value = {value:?}")).await;
        }
        browser.value("document.querySelector('main [name=role]').value = 'owner'").await;
        browser.go("document.querySelector('main form').requestSubmit()").await;
        browser.shows("The settings are saved.").await;

        // The test tells who would be signed in, and the owner is still the one before.
        browser
            .go("[...document.links].find((link) => link.textContent.includes('Test sign-in')).click()")
            .await;
        at_issuer(browser, "ingrid", &rollcall).await;
        browser.shows("It works. You would be signed in as ingrid of the directory, owner.").await;
        let faults = super::look(browser, "sso-tested", "light").await;
        assert!(faults.is_empty(), "{}", faults.join("\n"));

        // Somebody signs in there, and is an owner by group.
        browser.open(&format!("{root}/administrators/sso")).await;
        browser.go("document.querySelector('form[action$=\"/sign-out\"]').requestSubmit()").await;
        browser.open(&format!("/console/sign-in/{}", stage.tenant)).await;
        let faults = super::look(browser, "sign-in-issuers", "light").await;
        assert!(faults.is_empty(), "{}", faults.join("\n"));
        browser
            .go("[...document.links].find((link) => link.textContent.includes('Continue with')).click()")
            .await;
        browser.until(&format!("return location.origin === '{rollcall}'")).await;
        browser.look(WIDE, "light").await;
        browser.shows("ingrid of the directory").await;
        assert_eq!(browser.path().await, root);
        browser.open(&format!("{root}/journal")).await;
        browser.shows("signed in through Directory").await;
    })
    .await;
}
