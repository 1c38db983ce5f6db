//! The pages over HTTP, with what a person types and what others try.

use std::sync::Mutex;

use reqwest::redirect::Policy;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::stub::{CODE, Stub};
use crate::{Settings, serve};

/// A browser without a window on the application.
pub(super) struct Visitor {
    http: reqwest::Client,
    pub(super) base: String,
    cookie: Mutex<String>,
    _served: JoinSet<()>,
}

impl Visitor {
    async fn on(settings: Settings) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let base = format!("http://{}", listener.local_addr().expect("an address"));
        let mut served = JoinSet::new();
        served.spawn(async move { serve(listener, settings).await.expect("it serves until it is dropped") });
        let http = reqwest::Client::builder().redirect(Policy::none()).build().expect("a client");
        Self { http, base, cookie: Mutex::default(), _served: served }
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> (u16, String) {
        let cookie = self.cookie.lock().expect("no test panics with it").clone();
        let answer = request.header("cookie", cookie).send().await.expect("an answer");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("cache-control", "no-store"),
            ("referrer-policy", "no-referrer"),
        ] {
            assert_eq!(answer.headers()[name], value);
        }
        let policy = answer.headers()["content-security-policy"].to_str().expect("text");
        assert!(policy.starts_with("default-src 'none'; style-src 'self';"), "{policy}");
        if let Some(set) = answer.headers().get("set-cookie") {
            let set = set.to_str().expect("text");
            assert!(set.contains("HttpOnly") && set.contains("SameSite=Strict"), "{set}");
            set.split(';')
                .next()
                .expect("a pair")
                .clone_into(&mut self.cookie.lock().expect("no test panics with it"));
        }
        (answer.status().as_u16(), answer.text().await.expect("text"))
    }

    async fn open(&self, path: &str) -> (u16, String) {
        self.send(self.http.get(format!("{}{path}", self.base))).await
    }

    fn form(&self, path: &str, form: &str) -> reqwest::RequestBuilder {
        let request = self.http.post(format!("{}{path}", self.base)).body(form.to_owned());
        request.header("content-type", "application/x-www-form-urlencoded")
    }

    /// Sends a form and follows where it leads.
    async fn post(&self, path: &str, form: &str) -> (u16, String) {
        let (status, text) = self.send(self.form(path, form)).await;
        if status == 303 { self.open("/").await } else { (status, text) }
    }

    async fn install(&self, who: &str) -> (u16, String) {
        let form = format!("address={who}%40a.example&device=My+laptop&platform=Linux");
        self.post("/install", &form).await
    }
}

fn says((status, text): (u16, String), expected: u16, words: &[&str]) {
    assert_eq!(status, expected, "{text}");
    for word in words {
        assert!(text.contains(word), "{word:?} is not in {text}");
    }
}

#[tokio::test]
async fn a_person_comes_from_the_first_page_to_the_last_and_rollcall_never_hears_the_pin() {
    let stub = Stub::start().await;
    let visitor = Visitor::on(stub.settings.clone()).await;
    says(
        visitor.open("/?address=ada@a.example").await,
        200,
        &["Install Latchkey", "value=\"ada@a.example\""],
    );
    says(
        visitor.install("ada").await,
        200,
        &["Enter the code", "•••@a.example", "1 December 2026, 12:00 UTC"],
    );
    says(visitor.post("/check", "code=12345").await, 422, &["A code has six digits.", "value=\"12345\""]);
    says(visitor.post("/check", "code=000000").await, 422, &["it can be tried 4 times more"]);
    says(visitor.post("/pin", "pin=735190&again=735190").await, 200, &["Enter the code"]);
    says(
        visitor.post("/check", &format!("code={}+{}", &CODE[..3], &CODE[3..])).await,
        200,
        &["Create your PIN"],
    );
    for (form, words) in [
        ("pin=73519&again=73519", "A PIN has 6 to 12 digits."),
        ("pin=123456&again=123456", "easy to guess"),
        ("pin=735190&again=735191", "are not the same"),
    ] {
        let answer = visitor.post("/pin", form).await;
        assert!(!answer.1.contains("7351"), "a PIN is never sent back");
        says(answer, 422, &[words]);
    }
    let done =
        ["Latchkey is ready", "active", "Vault Standard", "vault-sharing", "true", "My laptop", "(this one)"];
    says(visitor.post("/pin", "pin=735190&again=735190").await, 200, &done);
    says(visitor.open("/").await, 200, &["Last used</dt><dd>1 December 2026, 12:00 UTC"]);
    let told = stub.told();
    assert!(told.iter().any(|told| told.contains("{\"step\":\"pin-set\"}")), "{told:?}");
    assert!(told.iter().any(|told| told.contains("POST /api/v1/seen")), "{told:?}");
    assert!(!told.iter().any(|told| told.contains("7351") || told.contains("again")), "{told:?}");
    says(visitor.post("/leave", "").await, 200, &["Install Latchkey"]);
    assert!(!visitor.open("/").await.1.contains("a.example"));
}

#[tokio::test]
async fn an_owed_restore_is_asked_for_before_the_person_is_in() {
    let stub = Stub::start().await;
    let visitor = Visitor::on(stub.settings.clone()).await;
    visitor.install("back").await;
    says(visitor.post("/check", &format!("code={CODE}")).await, 200, &["Create your PIN", "Step 3 of 5"]);
    says(visitor.post("/pin", "pin=735190&again=735190").await, 200, &["Restore your passwords"]);
    says(visitor.post("/restored", "").await, 200, &["Latchkey is ready", "active"]);
    assert!(stub.told().iter().any(|told| told.contains("{\"step\":\"restored\"}")));
}

#[tokio::test]
async fn a_person_who_is_not_let_in_is_told_so_and_no_device_is_registered() {
    let stub = Stub::start().await;
    let visitor = Visitor::on(stub.settings.clone()).await;
    for (who, words) in [
        ("none", "You have no licence yet"),
        ("waiting", "You wait for <strong>Vault &#60;b&#62;</strong>"),
        ("suspended", "Your access is paused"),
        ("deactivated", "Your access is switched off"),
    ] {
        let answer = visitor.install(who).await;
        assert!(!answer.1.contains("internal reason"), "what administrators wrote is not for everybody");
        says(answer, 403, &[words]);
    }
    says(visitor.install("nobody").await, 422, &["Nobody is known under this address", "nobody@a.example"]);
    assert!(!stub.told().iter().any(|told| told.starts_with("PUT") || told.starts_with("POST")));
    // Access that ends between two forms is told, too.
    visitor.install("lost").await;
    says(visitor.post("/check", &format!("code={CODE}")).await, 403, &["Your access is switched off"]);
}

#[tokio::test]
async fn codes_that_count_no_more_and_codes_that_come_too_soon_are_told_as_rollcall_tells_them() {
    let stub = Stub::start().await;
    let visitor = Visitor::on(stub.settings.clone()).await;
    visitor.install("late").await;
    let ended = ["No code counts any more", "Send a new code"];
    let answer = visitor.post("/check", &format!("code={CODE}")).await;
    assert!(!answer.1.contains("name=\"code\""), "there is nothing to type");
    says(answer, 422, &ended);
    says(visitor.post("/code", "").await, 200, &["name=\"code\""]);
    says(visitor.install("soon").await, 200, &["another one can be sent in 25 seconds", "name=\"code\""]);
    says(visitor.post("/code", "").await, 429, &["another one can be sent in 25 seconds"]);
    visitor.install("ada").await;
    for left in (1..5).rev() {
        says(
            visitor.post("/check", "code=000000").await,
            422,
            &[&format!("tried {left} times more"), "name=\"code\""],
        );
    }
    let spent = visitor.post("/check", "code=000000").await;
    assert!(!spent.1.contains("name=\"code\""));
    says(spent, 422, &["tried 0 times more"]);
}

#[tokio::test]
async fn a_rollcall_that_fails_or_refuses_is_told_as_a_sentence() {
    let stub = Stub::start().await;
    let visitor = Visitor::on(stub.settings.clone()).await;
    says(visitor.install("strange").await, 502, &["Rollcall was not understood"]);
    says(visitor.install("busy").await, 503, &["The server is busy."]);
    let refused = visitor.install("refused").await;
    assert!(!refused.1.contains("scope"), "that is for whoever runs it");
    says(refused, 502, &["Its token is not accepted"]);
    visitor.install("ada").await;
    visitor.post("/check", &format!("code={CODE}")).await;
    drop(stub);
    says(visitor.open("/").await, 502, &["Rollcall does not answer"]);
    says(visitor.post("/pin", "pin=735190&again=735190").await, 502, &["Rollcall does not answer"]);
    says(visitor.install("ada").await, 502, &["Rollcall does not answer"]);
}

#[tokio::test]
async fn hostile_input_is_shown_as_text_or_refused() {
    let stub = Stub::start().await;
    let visitor = Visitor::on(stub.settings.clone()).await;
    let script = "%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E";
    let form = format!("address=nobody%40a.example{script}&device={script}&platform={script}");
    let answer = visitor.post("/install", &form).await;
    assert!(!answer.1.contains("<script"), "{}", answer.1);
    let form = format!("address=ada%40a.example&device={script}&platform={script}");
    visitor.post("/install", &form).await;
    let shown = visitor.post("/check", &format!("code={script}")).await;
    assert!(shown.0 == 422 && !shown.1.contains("<script"), "{}", shown.1);
    visitor.post("/check", &format!("code={CODE}")).await;
    let shown = visitor.post("/pin", "pin=735190&again=735190").await;
    assert!(!shown.1.contains("<script"), "{}", shown.1);
    says(shown, 200, &["&#60;script&#62;alert(1)"]);
    let shown = visitor.open(&format!("/mailbox?address={script}")).await;
    assert!(!shown.1.contains("<script"), "{}", shown.1);

    let large = format!("code={}", "1".repeat(1_000_000));
    says(visitor.post("/check", &large).await, 413, &["Too much was sent"]);
    let form = format!("address=ada%40a.example&device={}&platform=x", "d".repeat(300));
    says(visitor.post("/install", &form).await, 422, &["The name is too long."]);
    for form in ["", "code", "code=1&code=2", "x=%FF"] {
        says(visitor.post("/install", form).await, 400, &["The form was not understood"]);
    }
    says(visitor.open("/other").await, 404, &["This page does not exist"]);
    says(visitor.open("/pin").await, 303, &[]);
    let put = visitor.http.put(format!("{}/pin", visitor.base));
    says(visitor.send(put).await, 405, &["This page cannot be used like that"]);
}

#[tokio::test]
async fn forms_of_other_sites_are_refused_and_do_nothing() {
    let stub = Stub::start().await;
    let visitor = Visitor::on(stub.settings.clone()).await;
    let form = "address=ada%40a.example&device=x&platform=y";
    for (name, value) in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "https://evil.example"),
        ("origin", "http://127.0.0.1:1"),
    ] {
        let answer = visitor.send(visitor.form("/install", form).header(name, value)).await;
        says(answer, 403, &["did not come from this page"]);
    }
    let elsewhere = visitor.form("/install", form).header("host", "evil.example");
    says(visitor.send(elsewhere).await, 421, &["Wrong address"]);
    assert_eq!(stub.told(), Vec::<String>::new());
    let ours = visitor.form("/install", form).header("origin", visitor.base.clone());
    assert_eq!(visitor.send(ours).await.0, 303);
}

#[tokio::test]
async fn a_device_that_was_signed_out_is_installed_anew() {
    let stub = Stub::start().await;
    let visitor = Visitor::on(stub.settings.clone()).await;
    visitor.install("ada").await;
    visitor.post("/check", &format!("code={CODE}")).await;
    says(visitor.post("/pin", "pin=735190&again=735190").await, 200, &["Latchkey is ready"]);
    stub.revoke("ada");
    says(visitor.open("/").await, 200, &["This device was signed out", "value=\"ada@a.example\""]);
    says(visitor.install("ada").await, 200, &["Enter the code"]);
    says(visitor.install("ada").await, 200, &["Enter the code"]);
    let registered = stub.told().into_iter().filter(|told| told.starts_with("PUT"));
    let paths: Vec<String> =
        registered.map(|told| told.split(' ').nth(1).unwrap_or_default().to_owned()).collect();
    assert!(
        paths[0] != paths[1] && paths[1] == paths[2],
        "another device, and the same one again: {paths:?}"
    );
    stub.revoke("ada");
    says(visitor.install("ada").await, 422, &["This device was revoked."]);
    says(visitor.install("ada").await, 200, &["Enter the code"]);
}

#[tokio::test]
async fn the_mailbox_of_the_demo_is_there_only_in_the_demo() {
    let stub = Stub::start().await;
    let visitor = Visitor::on(stub.settings.clone()).await;
    says(visitor.open("/").await, 200, &["Read the mail in the demo’s mailbox"]);
    let words = [
        "not a page of Latchkey",
        "418 203 is your code",
        "<a href=\"http://127.0.0.1:1/enrol/x?y\">",
        "&#60;script&#62;",
    ];
    says(visitor.open("/mailbox?address=ada@a.example").await, 200, &words);
    says(
        visitor.open("/mailbox?address=ben@a.example").await,
        200,
        &["No mail has come to this address yet"],
    );
    says(visitor.open("/mailbox").await, 200, &["Read the mail"]);
    let alone = Visitor::on(Settings { mailbox: None, ..stub.settings.clone() }).await;
    says(alone.open("/mailbox?address=ada@a.example").await, 404, &["This page does not exist"]);
    assert!(!alone.open("/").await.1.contains("mailbox"));
}
