//! The console in a browser: the whole program behind it, at each width, in both themes, and with the keyboard alone.

mod credential;
mod journey;
mod leaving;
mod lists;
mod single_sign_on;
mod stories;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use chrono::TimeDelta;
use http::Method;
use operations::keys::MasterKey;
use operations::users::by_hand::{self, Licence, Person};
use operations::{
    By, Database, Operator, Options, administrators, api_tokens, connections, imports, people, pools,
    sign_in, tenants, tokens,
};
use provisioning::SeatState;
use secrecy::SecretString;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::app::App;
use crate::browser::{Browser, NARROW, WIDE, with_browser};
use crate::clock::Clock;
use crate::config::Config;
use crate::jobs;
use crate::outbound::Outbound;
use crate::request_log::RequestLog;
use crate::router::router;

/// People, some of whose names try to break a page.
const PEOPLE: [(&str, &str); 6] = [
    ("Amara Okafor", "amara@kestrel.example"),
    ("Nguyễn Thị Lan", "lan@kestrel.example"),
    ("<script>alert(1)</script>", "script@kestrel.example"),
    ("עדה כהן", "ada@kestrel.example"),
    ("Wirihana Tāmihana-Featherstonehaugh of Somewhere with a Rather Long Name", "wirihana@kestrel.example"),
    ("Yusuf Demirel", "yusuf@kestrel.example"),
];

/// A console with a tenant, its people, and a link by which its owner signs in.
struct Stage {
    app: Arc<App>,
    tenant: String,
    people: Vec<String>,
    pool: String,
    connection: String,
    import: String,
    groups: Vec<String>,
    /// The token of the connection.
    token: String,
}

impl Stage {
    async fn build() -> Self {
        Self::at("http://127.0.0.1", &[]).await
    }

    /// The same under an address, with settings.
    async fn at(site: &str, settings: &[(String, String)]) -> Self {
        let url = "sqlite::memory:".to_owned();
        let options = Options { url: url.clone(), max_connections: 4, migrate: true, statement_limit: None };
        let mut config = Config::from_sources(None, settings, &[]).expect("the defaults");
        let master = Some(MasterKey::new());
        let base = format!("{site}/scim/v2");
        let db = Database::open(&options, (&base, site), config.policy(), master).await.expect("a database");
        config.database_url = SecretString::from(url);
        let (requests, _) = RequestLog::new(1);
        let outbound = Outbound::of(&config).expect("settings that can be used");
        let app = Arc::new(App::new(config, Arc::new(db), Clock::system(), requests, outbound));
        let (db, operator) = (app.db(), operator(&app));
        let new = tenants::New { name: "Kestrel Maritime".to_owned(), ..Default::default() };
        let tenant = tenants::create(db, &operator, &new).await.expect("a tenant").id.to_string();
        let pool = pools::New {
            tenant: tenant.clone(),
            name: "Latchkey Business".to_owned(),
            seats: 3,
            policy: "queue".to_owned(),
            ..Default::default()
        };
        let pool = pools::create(db, &operator, &pool).await.expect("a pool").0.id.to_string();
        let mut people = Vec::new();
        for (number, (name, email)) in PEOPLE.iter().enumerate() {
            let person = Person { name: (*name).to_owned(), email: (*email).to_owned(), user_name: None };
            let licence =
                if number == 5 { Licence::None } else { Licence::Of("Latchkey Business".to_owned()) };
            let added = by_hand::add(db, &operator, &tenant, &person, &licence).await.expect("a person");
            people.push(added.id.to_string());
        }
        let owner = administrators::New {
            name: "Ingrid Solheim".to_owned(),
            email: "ingrid@kestrel.example".to_owned(),
            role: "owner".to_owned(),
            ..Default::default()
        };
        administrators::add(db, &operator, Some(tenant.as_str()), &owner).await.expect("an administrator");
        let new = connections::New {
            tenant: tenant.clone(),
            name: "Kestrel directory".to_owned(),
            profile: "generic".to_owned(),
            ..Default::default()
        };
        let connection = connections::create(db, &operator, &new).await.expect("a connection").id.to_string();
        let token =
            tokens::create(db, &operator, &connection, &tokens::New::default()).await.expect("a token").token;
        let file = "name,email\nItumeleng Mokoena,i.mokoena@kestrel.example\n<b>Bad</b>,nowhere\n,x@kestrel.example\n";
        let options = imports::Options {
            name: "crew \"november\".csv".to_owned(),
            licence: Licence::Of("Latchkey Business".to_owned()),
            ..Default::default()
        };
        let file = std::io::Cursor::new(file);
        let import = imports::read(db, &operator, &tenant, file, &options).await.expect("read").to_string();
        let mut stage = Self { app, tenant, people, pool, connection, import, groups: Vec::new(), token };
        for name in ["Fleet Operations", "<b>Shore & \"staff\"</b>"] {
            let body = json!({ "displayName": name, "members": [{ "value": stage.people[5] }] });
            let pushed = stage.push(Method::POST, "/scim/v2/Groups", &body).await;
            assert_eq!(pushed.status(), 201, "{name}");
            let place = pushed.headers()["location"].to_str().expect("an address");
            stage.groups.push(place.rsplit('/').next().expect("an id").to_owned());
        }
        stage
    }

    /// The directory pushes.
    async fn push(&self, method: Method, path: &str, body: &Value) -> Response {
        let pushed = self.send(&self.token, method, path, body).await;
        self.work().await;
        pushed
    }

    /// A program sends a request with its token.
    async fn send(&self, token: &str, method: Method, path: &str, body: &Value) -> Response {
        let request = http::Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", "application/json");
        let request = request.body(Body::from(body.to_string())).expect("a request");
        self.router().oneshot(request).await.expect("the router always answers")
    }

    /// The application says something.
    async fn report(&self, method: Method, path: &str, body: &Value) {
        let (operator, scopes) = (operator(&self.app), ["devices:write", "holds:write"].map(str::to_owned));
        let token =
            api_tokens::create(self.app.db(), &operator, &self.tenant, ("reporter", &scopes), None).await;
        let token = token.expect("a token").token;
        let answer = self.send(&token, method, &format!("/api/v1{path}"), body).await;
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
    }

    /// Signs in and buys so many seats that nobody waits.
    async fn enlarge(&self, browser: &Browser) {
        self.enter(browser, &format!("/licences/{}/edit", self.pool)).await;
        browser.write("textbox", "Seats bought", "9").await;
        browser.follow("button", "Save").await;
        browser.shows("2 people get seats.").await;
        browser.follow("button", "Save").await;
    }

    /// Does what is the work of jobs, such as what follows for the members of a group.
    async fn work(&self) {
        jobs::run_due(&self.app, &Clock::system()).await;
    }

    /// Does what is due within some hours, such as mail that waits for its turn.
    async fn work_ahead(&self, hours: i64) {
        let clock = Clock::standing_at(self.app.now() + TimeDelta::hours(hours));
        jobs::run_due(&self.app, &clock).await;
    }

    fn router(&self) -> Router {
        router(&self.app)
    }

    async fn link(&self) -> String {
        let (operator, tenant) = (operator(&self.app), Some(self.tenant.as_str()));
        let made = sign_in::sign_in_link(self.app.db(), &operator, tenant, "ingrid@kestrel.example").await;
        made.expect("a link").path
    }

    async fn invitation(&self) -> String {
        let (operator, tenant) = (operator(&self.app), Some(self.tenant.as_str()));
        let made = sign_in::invite(self.app.db(), &operator, tenant, "ingrid@kestrel.example").await;
        made.expect("a link").path
    }

    /// What is known of a person; none after the removal.
    async fn person(&self, name: &str) -> Option<people::User> {
        let operator = operator(&self.app).within(Some(self.tenant.clone()));
        people::show(self.app.db(), &operator, name).await.ok()
    }

    async fn status(&self, name: &str) -> String {
        let person = self.person(name).await.expect("the person");
        person.enrolment.status.to_string()
    }

    async fn seats(&self, name: &str) -> usize {
        let seats = self.person(name).await.expect("the person").seats;
        seats.iter().filter(|seat| seat.state == SeatState::Assigned).count()
    }

    /// What the journal says of a person, the last first.
    async fn told(&self, name: &str) -> String {
        let person = self.person(name).await.expect("the person");
        person.journal.last().map_or_else(String::new, |line| line.why.clone())
    }

    async fn enter(&self, browser: &Browser, path: &str) {
        browser.look(WIDE, "light").await;
        browser.open(&self.link().await).await;
        browser.enter().await;
        browser.open(&format!("/console/{}{path}", self.tenant)).await;
    }

    /// Every page behind the sign-in: the end of the address, and the name of its pictures.
    fn pages(&self) -> Vec<(String, &'static str)> {
        let [seated, .., unlicensed] = &self.people[..] else { panic!("there are people") };
        let user = |rest: &str| format!("/users/{seated}{rest}");
        let connection = |rest: &str| format!("/connections/{}{rest}", self.connection);
        vec![
            ("/users".to_owned(), "users"),
            ("/users/add".to_owned(), "users-add"),
            ("/users?q=nobody".to_owned(), "users-none"),
            ("/users?licence=waiting".to_owned(), "users-waiting"),
            (user(""), "user-pending"),
            (format!("/users/{unlicensed}"), "user-no-licence"),
            (user("/devices"), "user-devices"),
            (user("/grants"), "user-grants"),
            (user("/scim"), "user-scim"),
            (user("/journal"), "user-journal"),
            (user("/unassign"), "dialog-unassign"),
            (user("/deactivate"), "dialog-deactivate"),
            (user("/remove"), "dialog-remove-not-yet"),
            (format!("/users/{unlicensed}/remove"), "dialog-remove"),
            (user("/name"), "dialog-name"),
            ("/groups".to_owned(), "groups"),
            ("/groups?q=none".to_owned(), "groups-none"),
            ("/groups/enrol".to_owned(), "groups-enrol"),
            (format!("/groups/{}", self.groups[1]), "group"),
            ("/search?q=w".to_owned(), "search"),
            ("/search?q=nothing".to_owned(), "search-none"),
            ("/licences".to_owned(), "licences"),
            ("/licences/add".to_owned(), "pool-add"),
            (format!("/licences/{}/edit", self.pool), "pool-edit"),
            (format!("/licences/{}/delete", self.pool), "dialog-pool-delete"),
            (format!("/licences/{}", self.pool), "licence-waiting"),
            (format!("/licences/{}/seats", self.pool), "licence-seats"),
            (format!("/licences/{}/history", self.pool), "licence-history"),
            (String::new(), "overview"),
            ("/users/import".to_owned(), "users-import"),
            (format!("/users/import/{}", self.import), "users-import-check"),
            ("/brake".to_owned(), "brake"),
            ("/conflicts".to_owned(), "conflicts"),
            ("/connections".to_owned(), "connections"),
            ("/connections/add?profile=generic".to_owned(), "connection-add"),
            (connection(""), "connection-setup"),
            (connection("/tokens"), "connection-tokens"),
            (connection("/credential"), "connection-credential"),
            (connection("/settings"), "connection-settings"),
            (connection("/quirks"), "connection-quirks"),
            (connection("/test"), "connection-test"),
            (connection("/delete"), "dialog-connection-delete"),
            (connection("/hand-over"), "dialog-connection-hand-over"),
            ("/inspector?quiet=yes".to_owned(), "inspector"),
            ("/inspector?outcome=held".to_owned(), "inspector-none"),
            ("/journal".to_owned(), "journal"),
            ("/journal?q=nobody".to_owned(), "journal-none"),
            ("/permissions".to_owned(), "permissions"),
            (format!("/permissions?user={seated}"), "permissions-person"),
            ("/mail".to_owned(), "mail"),
            ("/mail/templates".to_owned(), "mail-templates"),
            ("/mail/templates/invitation/en".to_owned(), "mail-template"),
            ("/administrators".to_owned(), "administrators"),
            ("/administrators/sso".to_owned(), "sso"),
            ("/administrators/sso/add".to_owned(), "sso-add"),
            ("/preferences".to_owned(), "preferences"),
            ("/settings".to_owned(), "settings"),
            ("/settings/mail".to_owned(), "settings-mail"),
            ("/settings/domains".to_owned(), "settings-domains"),
            ("/settings/limits".to_owned(), "settings-limits"),
            ("/settings/tokens".to_owned(), "settings-tokens"),
            ("/settings/webhooks".to_owned(), "settings-webhooks"),
            ("/nowhere".to_owned(), "not-found"),
        ]
    }
}

fn operator(app: &App) -> Operator {
    Operator {
        name: "test".to_owned(),
        by: By::Terminal,
        command: "test",
        tenant: None,
        now: app.now(),
        batch: 200,
    }
}

/// What is wrong with the present page.
async fn look(browser: &Browser, name: &str, theme: &str) -> Vec<String> {
    browser.inspect(&format!("console/{name}"), &[WIDE, NARROW], theme).await
}

async fn every_page(theme: &str) {
    let stage = Stage::build().await;
    let (invitation, link) = (stage.invitation().await, stage.link().await);
    with_browser(stage.router(), async |browser| {
        let mut faults = Vec::new();
        for (path, name) in [
            ("/console/sign-in", "sign-in"),
            ("/console/help", "help"),
            ("/console/sign-in/code", "sign-in-code"),
            (&invitation, "join"),
            ("/console/join/x", "link-gone"),
            (&link, "enter"),
        ] {
            browser.open(path).await;
            faults.extend(look(browser, name, theme).await);
        }
        browser.enter().await;
        for (path, name) in stage.pages() {
            browser.open(&format!("/console/{}{path}", stage.tenant)).await;
            faults.extend(look(browser, name, theme).await);
        }
        // The menu of a row comes when it is opened, and what is ticked is counted.
        browser.open(&format!("/console/{}/users", stage.tenant)).await;
        browser.value("document.querySelector('[popovertarget=row-menu]').click()").await;
        browser.until("return document.querySelector('#row-menu a[href$=remove]') !== null").await;
        faults.extend(look(browser, "users-menu", theme).await);
        browser.value("document.getElementById('row-menu').hidePopover()").await;
        browser.value("document.querySelector('[data-all]').click()").await;
        browser.until("return document.querySelector('[data-count]').textContent === '6'").await;
        faults.extend(look(browser, "users-ticked", theme).await);
        browser.value("document.querySelector('.bulkbar button[formaction$=deactivate]').click()").await;
        browser
            .until("return document.getElementById('d-title')?.textContent.startsWith('Deactivate')")
            .await;
        faults.extend(look(browser, "users-deactivate-many", theme).await);
        // What follows is shown beside the form before it is sent, and on the page that asks.
        browser.open(&format!("/console/{}/groups/enrol", stage.tenant)).await;
        browser.value("document.querySelector('input[name=group]').click()").await;
        let told = "return document.querySelector('#effect .effects') !== null";
        browser.until(told).await;
        faults.extend(look(browser, "groups-effect", theme).await);
        browser.value("document.querySelector('.card-foot button').focus()").await;
        browser.enter().await;
        faults.extend(look(browser, "groups-confirm", theme).await);
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    })
    .await;
}

#[tokio::test]
async fn every_page_of_the_console_is_open_to_everyone_in_light_in_the_browser() {
    every_page("light").await;
}

#[tokio::test]
async fn every_page_of_the_console_is_open_to_everyone_in_dark_in_the_browser() {
    every_page("dark").await;
}
