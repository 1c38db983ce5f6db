//! The console with the people of the demo, pictured for the README and for `docs/console`.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Stdio};

use axum::Router;
use serde_json::Value;

use crate::browser::{Browser, WIDE, with_browser};
use crate::support::bare;

/// The demo while it serves; it ends with the value.
struct Demo {
    process: Child,
    said: BufReader<ChildStdout>,
    _folder: tempfile::TempDir,
}

impl Drop for Demo {
    fn drop(&mut self) {
        // It serves until it is ended.
        _ = self.process.kill();
        _ = self.process.wait();
    }
}

impl Demo {
    fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let data = folder.path().join("demo").display().to_string();
        let mut command = bare(&["demo", "--data-dir", &data]);
        command.current_dir(folder.path()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = command.spawn().expect("the demo starts");
        let said = BufReader::new(process.stdout.take().expect("its output is ours"));
        Self { process, said, _folder: folder }
    }

    /// The link by which an administrator signs in.
    fn link(&mut self) -> String {
        let mut line = String::new();
        while self.said.read_line(&mut line).expect("text") > 0 {
            if line.trim().starts_with("http") && line.contains("/console/enter/") {
                return line.trim().to_owned();
            }
            line.clear();
        }
        panic!("the demo ended without naming the link to its console");
    }
}

/// The address behind the first link of a page whose address goes on from a beginning.
async fn behind(browser: &Browser, beginning: &str) -> String {
    let script = format!("return document.querySelector('main a[href*=\"{beginning}\"]')?.href");
    match browser.value(&script).await {
        Value::String(address) => address,
        _ => panic!("no link to {beginning}"),
    }
}

#[tokio::test]
async fn the_console_of_the_demo_is_pictured_in_the_browser() {
    with_browser(Router::new(), async |browser| {
        let mut demo = Demo::start();
        let link = demo.link();
        browser.look(WIDE, "light").await;
        browser.visit(&link).await;
        browser.enter().await;
        let here = browser.value("return location.href").await;
        let root = here.as_str().expect("an address").trim_end_matches('/').to_owned();
        for (path, name) in [
            ("", "overview"),
            ("/users", "users"),
            ("/users?licence=waiting", "users-waiting"),
            ("/users/add", "users-add"),
            ("/users/import", "users-import"),
            ("/groups", "groups"),
            ("/groups/enrol", "groups-enrol"),
            ("/licences", "licences"),
            ("/permissions", "permissions"),
            ("/connections", "connections"),
            ("/connections/add", "connection-add"),
            ("/inspector", "inspector"),
            ("/conflicts", "conflicts"),
            ("/brake", "brake"),
            ("/journal", "journal"),
            ("/mail", "mail"),
            ("/mail/templates", "mail-templates"),
            ("/administrators", "administrators"),
            ("/administrators/sso", "single-sign-on"),
            ("/preferences", "preferences"),
            ("/settings", "settings"),
            ("/settings/mail", "settings-mail"),
            ("/settings/limits", "settings-limits"),
            ("/settings/webhooks", "settings-webhooks"),
            ("/search?q=vault", "search"),
        ] {
            browser.visit(&format!("{root}{path}")).await;
            browser.picture(&format!("demo/{name}"), false).await;
        }
        for (list, beginning, name) in [
            ("/users?status=active", "users/0", "user-active"),
            ("/users?status=pending", "users/0", "user-pending"),
            ("/groups", "/groups/0", "group"),
            ("/connections", "/connections/0", "connection"),
            ("/inspector", "/inspector/0", "request"),
            ("/licences", "/licences/0", "pool"),
        ] {
            browser.visit(&format!("{root}{list}")).await;
            let address = behind(browser, beginning).await;
            browser.visit(&address).await;
            browser.picture(&format!("demo/{name}"), false).await;
        }
        browser.visit(&format!("{root}/users")).await;
        let faults = browser.faults().await;
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    })
    .await;
}
