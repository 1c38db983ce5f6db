//! One seat count for every door: push, rename, return, by hand, file and binding come for the last seat at once (O-27).

use std::io::Cursor;

use crate::support::{Client, TestApp, USER, count};
use operations::consequences::Agreed;
use operations::hand::{self, Word};
use operations::imports::{self, Options};
use operations::users::by_hand::{self, Licence, Person};
use operations::{bindings, grants, pools};
use serde_json::{Value, json};

/// Rounds in one database; each has a pool of its own, and a unit looks at all pools of a tenant.
const ROUNDS: u32 = 30;

/// In how many databases all come at once: in one, or in as many as `ROLLCALL_TEST_DOORS` says.
fn databases() -> u32 {
    #[expect(clippy::disallowed_methods, reason = "how tests are told how often to repeat")]
    let text = std::env::var("ROLLCALL_TEST_DOORS");
    text.map_or(1, |text| text.parse().expect("ROLLCALL_TEST_DOORS is a number"))
}

/// People who come in a round.
const PEOPLE: u32 = 9;

/// A round with its names.
struct Round<'a> {
    app: &'a TestApp,
    client: &'a Client,
    pool: String,
    /// Who is there before: one who is renamed, one who returns, one in the group, one who is assigned a licence.
    renamed: String,
    returning: String,
    group: String,
    assigned: String,
}

impl<'a> Round<'a> {
    /// A pool with a seat for each person whose title is its name, and everybody who is there before anybody may have one.
    async fn prepared(app: &'a TestApp, client: &'a Client, number: u32, seats: u32, policy: &str) -> Self {
        let pool = format!("Pool {number}");
        let known = async |who: &str| client.user(&format!("{who}-{number}")).await;
        let (renamed, returning) = (known("renamed").await, known("returning").await);
        let (member, assigned) = (known("member").await, known("assigned").await);
        let group = client.group(&format!("Group {number}"), &[&member]).await;
        app.pool_of(pools::New {
            name: pool.clone(),
            seats,
            policy: policy.to_owned(),
            rule: Some(format!("title eq \"{pool}\"")),
            ..Default::default()
        })
        .await;
        client.set_active(&returning, false).await.expect(200);
        grants::create(app.admin.db(), &app.admin.operator("grant create"), &returning, &pool)
            .await
            .expect("a grant for later");
        Self { app, client, pool, renamed, returning, group, assigned }
    }

    async fn push(&self) {
        let body =
            json!({ "schemas": [USER], "userName": format!("pushed {}", self.pool), "title": self.pool });
        self.settled(&self.client.post("/Users", &body).await.body, "push");
    }

    async fn rename(&self) {
        let title: Value = json!([{ "op": "replace", "path": "title", "value": self.pool }]);
        self.settled(&self.client.patch(&format!("/Users/{}", self.renamed), title).await.body, "rename");
    }

    async fn comes_back(&self) {
        self.settled(&self.client.set_active(&self.returning, true).await.body, "return");
    }

    /// A door opens, or says that no seat is left.
    fn settled(&self, body: &Value, door: &str) {
        let refused = body["detail"].as_str().is_some_and(|detail| detail.contains(&self.pool));
        assert!(body["id"].is_string() || refused, "{door}: {body}");
    }

    async fn by_hand(&self) {
        let (db, operator) = (self.app.admin.db(), self.app.admin.operator("user add"));
        let number = self.pool.trim_start_matches("Pool ");
        let person = Person {
            name: "By Hand".to_owned(),
            email: format!("hand-{number}@alpha.example"),
            user_name: Some(format!("hand {}", self.pool)),
        };
        let licence = Licence::Of(self.pool.clone());
        self.refused_or(by_hand::add(db, &operator, &self.app.tenant, &person, &licence).await.err());
    }

    async fn assign(&self) {
        let (db, operator) = (self.app.admin.db(), self.app.admin.operator("user assign"));
        let word = Word::Assign(Some(self.pool.clone()));
        self.refused_or(hand::say(db, &operator, &self.assigned, &word, Agreed::Anything).await.err());
    }

    fn refused_or(&self, refusal: Option<operations::Error>) {
        let refusal = refusal.map(|refusal| refusal.to_string()).unwrap_or_default();
        assert!(refusal.is_empty() || refusal.contains(&self.pool), "{refusal}");
    }

    async fn file(&self) {
        let number = self.pool.trim_start_matches("Pool ");
        let rows = (0..3).map(|row| format!("Person,file-{row}-{number}@alpha.example\n"));
        let file = Cursor::new(rows.collect::<String>().into_bytes());
        let licence = Licence::Of(self.pool.clone());
        let options = Options { name: "staff.csv".to_owned(), mapping: None, licence };
        let operator = self.app.admin.operator("import");
        let started = imports::start(self.app.admin.db(), &operator, &self.app.tenant, file, &options).await;
        let (_, work) = started.expect("it begins");
        self.app.admin.finish(work, |_| {}).await.expect("it ends");
    }

    async fn bind(&self) {
        let operator = self.app.admin.operator("binding create");
        let (db, group) = (self.app.admin.db(), [self.group.as_str()]);
        let bound =
            bindings::create(db, &operator, bindings::New::of(&group, &self.pool), Agreed::Nothing).await;
        let (_, work) = bound.expect("a binding").pop().expect("one group");
        self.app.admin.finish(work, |_| {}).await.expect("the members are settled");
    }

    async fn all_at_once(&self) {
        tokio::join!(
            self.push(),
            self.rename(),
            self.comes_back(),
            self.by_hand(),
            self.assign(),
            self.file(),
            self.bind(),
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn all_doors_at_the_last_seat_are_never_over_and_the_others_wait() {
    for _ in 0..databases() {
        last_seats().await;
    }
}

/// All doors at the last seat of one pool after the other.
async fn last_seats() {
    let app = TestApp::open().await;
    let client = app.connection("generic").await;
    for number in 0..ROUNDS {
        let round = Round::prepared(&app, &client, number, 1, "queue").await;
        Box::pin(round.all_at_once()).await;
        app.server.run_due_jobs().await;
        let pool = app.pool_now(&round.pool).await;
        assert_eq!((pool.used, pool.waiting), (1, PEOPLE - 1), "round {number}");
    }
    let held = "SELECT COUNT(*) FROM seats WHERE state = 'assigned'";
    assert_eq!(count(&app, held).await, i64::from(ROUNDS));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_pool_that_refuses_gives_exactly_its_seats_to_whoever_comes_first() {
    let app = TestApp::open().await;
    let client = app.connection("generic").await;
    for number in 0..ROUNDS {
        let round = Round::prepared(&app, &client, number, 2, "reject").await;
        Box::pin(round.all_at_once()).await;
        let pool = app.pool_now(&round.pool).await;
        assert_eq!((pool.used, pool.waiting), (2, 0), "round {number}");
    }
    let held = "SELECT COUNT(*) FROM seats WHERE state = 'assigned'";
    assert_eq!(count(&app, held).await, i64::from(2 * ROUNDS));
}
