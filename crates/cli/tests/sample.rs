//! The sample application of the demo, as a person uses it: from the invitation to a device, and back after a deactivation.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};

use reqwest::redirect::Policy;
use serde_json::{Value, json};

use crate::support::{Site, bare};

const TENANT: &str = "Northlight Instruments";

/// A demo that serves on.
struct Demo {
    _running: Running,
    /// Its database.
    site: Site,
    /// Where the page of the application is.
    page: String,
    /// The person whom the demo says to try.
    invited: String,
}

impl Demo {
    fn start() -> Self {
        let mut site = Site::sqlite();
        let data = site.folder.path().join("demo").display().to_string();
        let mut command = bare(&["demo", "--data-dir", &data]);
        // A clock that is moved by hand makes warnings of its own.
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        let mut running = Running(command.spawn().expect("it starts"));
        let mut lines = BufReader::new(running.0.stdout.take().expect("its output is piped")).lines();
        let mut next = |sign: &str| loop {
            let line = lines.next().expect("the demo goes on").expect("its output is text");
            if line.contains(sign) {
                return line;
            }
        };
        let line = next("Latchkey, the sample application, is at ");
        let (_, rest) = line.split_once(" is at ").expect("an address");
        let (page, rest) = rest.split_once(": install it there as ").expect("what to do");
        let (invited, _) = rest.split_once(", whose mail is in the demo's mailbox").expect("a person");
        let last = next("--database-url");
        last.split('\'').nth(1).expect("the database is named").clone_into(&mut site.database_url);
        Self { _running: running, site, page: page.to_owned(), invited: invited.to_owned() }
    }

    /// People with this status whose userName ends so.
    fn people(&self, status: &str, end: &str) -> Vec<String> {
        let listed = self.site.json(&["user", "list", "--tenant", TENANT, "--count", "500"]);
        let people = listed["items"].as_array().expect("a list").iter();
        let wanted = people.filter(|person| person["status"] == status);
        let names = wanted.map(|person| person["userName"].as_str().expect("a name").to_owned());
        names.filter(|name| name.ends_with(end)).collect()
    }

    fn shown(&self, person: &str) -> Value {
        self.site.json(&["user", "show", person])
    }
}

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // Ended already when the demo itself failed.
        _ = self.0.kill();
        _ = self.0.wait();
    }
}

/// A browser without a window.
struct Browser {
    http: reqwest::Client,
    page: String,
    cookie: String,
}

impl Browser {
    fn on(demo: &Demo) -> Self {
        let http = reqwest::Client::builder().redirect(Policy::none()).build().expect("a client");
        Self { http, page: demo.page.clone(), cookie: String::new() }
    }

    async fn open(&self, path: &str) -> String {
        let request = self.http.get(format!("{}{path}", self.page)).header("cookie", &self.cookie);
        let answer = request.send().await.expect("an answer");
        assert_eq!(answer.status().as_u16(), 200, "{path}");
        answer.text().await.expect("text")
    }

    /// Sends a form; the page that follows, and the status of the first answer.
    async fn send(&mut self, path: &str, form: &str) -> (u16, String) {
        let request = self.http.post(format!("{}{path}", self.page)).header("cookie", &self.cookie);
        let request =
            request.header("content-type", "application/x-www-form-urlencoded").body(form.to_owned());
        let answer = request.send().await.expect("an answer");
        if let Some(set) = answer.headers().get("set-cookie") {
            let set = set.to_str().expect("text");
            set.split(';').next().expect("a pair").clone_into(&mut self.cookie);
        }
        match answer.status().as_u16() {
            303 => (303, self.open("/").await),
            status => (status, answer.text().await.expect("text")),
        }
    }

    async fn install(&mut self, address: &str) -> (u16, String) {
        let address = address.replace('@', "%40");
        self.send("/install", &format!("address={address}&device=Kitchen+phone&platform=Android+16")).await
    }

    /// The code of the newest mail in the demo's mailbox, once it is another one than before.
    async fn code(&self, address: &str, before: Option<&str>) -> String {
        for _ in 0..20_000 {
            if let Some(code) = self.newest_code(address).await.filter(|code| Some(code.as_str()) != before) {
                return code;
            }
        }
        panic!("no mail with a code comes to {address}");
    }

    async fn newest_code(&self, address: &str) -> Option<String> {
        let mailbox = self.open(&format!("/mailbox?address={address}")).await;
        assert!(mailbox.contains("The mailbox of the demo, not a page of Latchkey."));
        let (before, _) = mailbox.split_once(" is your Latchkey code</h2>")?;
        let (_, code) = before.rsplit_once('>')?;
        Some(code.replace(' ', ""))
    }
}

fn says((status, text): &(u16, String), expected: u16, words: &str) {
    assert!(
        *status == expected && text.contains(words),
        "{status}, and not {expected} with {words:?}: {text}"
    );
}

#[tokio::test]
async fn the_sample_application_takes_people_from_the_invitation_to_a_device_and_back_after_a_deactivation() {
    let demo = Demo::start();
    let tokens = demo.site.json(&["api-token", "list", "--tenant", TENANT]);
    let scopes = json!(["people:read", "enrolment:write", "devices:write"]);
    assert_eq!(tokens["items"][0]["scopes"], scopes, "no more than it needs: {tokens}");
    an_invited_person_is_active_with_a_device(&demo).await;
    a_person_without_access_is_told_so(&demo).await;
    a_person_who_comes_back_restores(&demo).await;
}

async fn an_invited_person_is_active_with_a_device(demo: &Demo) {
    let (person, mut browser) = (demo.invited.as_str(), Browser::on(demo));
    assert!(
        browser.open(&format!("/mailbox?address={person}")).await.contains("/enrol/"),
        "the invitation is there"
    );
    assert_eq!(demo.shown(person)["enrolment"]["status"], "pending");
    says(&browser.install(person).await, 303, "Enter the code");
    let code = browser.code(person, None).await;
    let wrong = if code == "000000" { "000001" } else { "000000" };
    says(&browser.send("/check", &format!("code={wrong}")).await, 422, "it can be tried 4 times more");
    says(&browser.send("/code", "").await, 429, "another one can be sent in");
    says(&browser.send("/check", &format!("code={code}")).await, 303, "Create your PIN");
    says(&browser.send("/pin", "pin=735190&again=735191").await, 422, "are not the same");
    let done = browser.send("/pin", "pin=735190&again=735190").await;
    for words in ["Latchkey is ready", "active", "Kitchen phone", "Vault Standard", "vault-sharing"] {
        says(&done, 303, words);
    }
    assert!(!done.1.contains("<dt>Last used</dt><dd>never</dd>"));
    let shown = demo.shown(person);
    assert_eq!(shown["enrolment"]["status"], "active");
    let exported = demo.site.run(&["user", "export", person]).output;
    assert!(exported.contains("Kitchen phone") && exported.contains("pin-set"), "{exported}");
    assert!(!exported.contains("735190"), "the PIN never reaches Rollcall");
}

async fn a_person_without_access_is_told_so(demo: &Demo) {
    let mut browser = Browser::on(demo);
    for (status, words) in [("no-licence", "licence"), ("deactivated", "Your access is switched off")] {
        let person = demo.people(status, ".example").swap_remove(0);
        says(&browser.install(&person).await, 403, words);
    }
    says(&browser.install("nobody@northlight.example").await, 422, "Nobody is known under this address");
}

/// The company that was bought has no grace, so a deactivation takes the seat at once.
async fn a_person_who_comes_back_restores(demo: &Demo) {
    let (person, mut browser) =
        (demo.people("active", "@saltmarsh.example").swap_remove(0), Browser::on(demo));
    let person = person.as_str();
    let before = browser.newest_code(person).await;
    demo.site.json(&["user", "deactivate", person, "--yes"]);
    says(&browser.install(person).await, 403, "Your access is switched off");
    demo.site.json(&["user", "activate", person]);
    says(&browser.install(person).await, 303, "Enter the code");
    let code = browser.code(person, before.as_deref()).await;
    says(&browser.send("/check", &format!("code={code}")).await, 303, "Step 3 of 5");
    says(&browser.send("/pin", "pin=735190&again=735190").await, 303, "Restore your passwords");
    says(&browser.send("/restored", "").await, 303, "Latchkey is ready");
    assert_eq!(demo.shown(person)["enrolment"]["status"], json!("active"));
}
