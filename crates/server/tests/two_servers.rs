//! Two servers over one PostgreSQL: what one did, the other knows, and neither does what the other has done.

use std::time::Duration;

use crate::support::{Client, TestApp, config};
use chrono::TimeDelta;
use futures::future::{join, join_all};
use serde_json::json;
use server::Server;

/// How long each server believes what it read of the tokens.
const CACHE: &str = "60";

/// Two servers with one clock, and one client's way to each of them.
struct Pair {
    app: TestApp,
    other: Server,
    here: Client,
    there: Client,
}

impl Pair {
    /// Two servers, or none on SQLite, whose file has one server.
    #[expect(clippy::print_stdout, reason = "it says what was not tried")]
    async fn open() -> Option<Self> {
        // One address stands before both.
        let address = ("ROLLCALL_BASE_URL", "https://scim.alpha.example");
        let settings = [address, ("ROLLCALL_AUTH__TOKEN_CACHE_SECONDS", CACHE)];
        let app = TestApp::open_with(&settings).await;
        if app.url.starts_with("sqlite") {
            println!("not tried on SQLite: only PostgreSQL is shared by servers");
            return None;
        }
        let other = Server::build_with(config(&app.url, &settings), app.clock.clone()).await;
        let other = other.expect("a second server builds");
        let here = app.connection_with(&app.tenant, "generic", Some(7)).await;
        app.without_brake(&here).await;
        let there = here.through(&other);
        Some(Self { app, other, here, there })
    }

    /// The client at each of the servers in turn.
    fn by_turns(&self) -> impl Iterator<Item = &Client> {
        [&self.here, &self.there].into_iter().cycle()
    }

    /// So many people and, for each, a group that is bound to the pool: the pool alone is where they meet.
    async fn people(&self, count: usize) -> Vec<(String, String)> {
        let numbered = (0..count).zip(self.by_turns());
        let people = numbered.map(async |(number, client)| {
            let team = client.group(&format!("Team {number}"), &[]).await;
            self.app.bind(&team, "Vault").await;
            (client.user(&format!("user-{number}")).await, team)
        });
        join_all(people).await
    }
}

#[tokio::test]
async fn what_one_server_wrote_the_other_reads_changes_and_deletes() {
    let Some(pair) = Pair::open().await else { return };
    let (here, there) = (&pair.here, &pair.there);
    let created = here.post("/Users", &crate::support::user("ada")).await.expect(201);
    let path = format!("/Users/{}", created.id());
    let read = there.get(&path).await.expect(200);
    assert_eq!((&read.body, read.header("etag")), (&created.body, created.header("etag")));
    there.post("/Users", &crate::support::user("ada")).await.expect_error(409, Some("uniqueness"));

    let title = json!([{ "op": "replace", "path": "title", "value": "Purser" }]);
    there.patch(&path, title).await.expect(200);
    let changed = here.get(&path).await.expect(200);
    assert_eq!(changed.body["title"], "Purser");
    assert_ne!(changed.header("etag"), created.header("etag"));
    let old = [("if-match", created.header("etag"))];
    here.send("DELETE", &format!("/scim/v2{path}"), &old, None).await.expect_error(412, None);

    here.send("DELETE", &format!("/scim/v2{path}"), &[], None).await.expect(204);
    there.get(&path).await.expect_error(404, None);
    assert_eq!(there.get("/Users").await.expect(200).body["totalResults"], 0);
}

#[tokio::test]
async fn seats_that_both_servers_give_are_never_more_than_there_are_in_parallel() {
    let Some(pair) = Pair::open().await else { return };
    pair.app.pool("Vault", 7, "queue").await;
    let people = pair.people(20).await;
    let joins = people.iter().zip(pair.by_turns());
    let answers = join_all(joins.map(|((person, team), client)| client.add(team, person))).await;
    assert!(answers.iter().all(|answer| answer.status == 200), "{answers:?}");
    let pool = pair.app.pool_now("Vault").await;
    assert_eq!((pool.used, pool.waiting), (7, 13));

    // Those with a seat give it back through one server while the waiters of the other are served.
    let leaves = people[..10].iter().zip(pair.by_turns());
    let gone = join_all(leaves.map(async |((person, _), client)| {
        client.send("DELETE", &format!("/scim/v2/Users/{person}"), &[], None).await.status
    }));
    assert_eq!(gone.await, [204; 10]);
    join(pair.app.server.run_due_jobs(), pair.other.run_due_jobs()).await;
    let pool = pair.app.pool_now("Vault").await;
    assert_eq!((pool.used, pool.waiting), (7, 3));
}

#[tokio::test]
async fn a_job_is_done_by_one_of_the_servers() {
    let Some(pair) = Pair::open().await else { return };
    pair.app.pool("Vault", 100, "queue").await;
    let people = pair.people(12).await;
    for (person, team) in &people {
        pair.here.add(team, person).await.expect(200);
        pair.there.set_active(person, false).await.expect(200);
        assert_eq!(pair.here.status(person).await, "suspended");
    }
    join(pair.app.server.run_due_jobs(), pair.other.run_due_jobs()).await;
    for statement in [
        "CREATE TABLE claims (job uuid NOT NULL)",
        "CREATE FUNCTION note_claim() RETURNS trigger LANGUAGE plpgsql AS \
         'BEGIN INSERT INTO claims VALUES (NEW.id); RETURN NEW; END'",
        "CREATE TRIGGER note_claim AFTER UPDATE ON jobs FOR EACH ROW \
         WHEN (OLD.attempt < NEW.attempt) EXECUTE FUNCTION note_claim()",
    ] {
        crate::support::execute(&pair.app, statement).await;
    }
    let timers = "SELECT COUNT(*) FROM jobs WHERE kind = 'end-grace'";
    assert_eq!(crate::support::count(&pair.app, timers).await, 12);

    pair.app.clock.advance(TimeDelta::days(8));
    join(pair.app.server.run_due_jobs(), pair.other.run_due_jobs()).await;
    for (person, _) in &people {
        assert_eq!(pair.there.status(person).await, "deactivated");
        let story = pair.app.story(person).await;
        assert_eq!(story.iter().filter(|kind| *kind == "deactivated").count(), 1, "{story:?}");
    }
    assert_eq!(crate::support::count(&pair.app, timers).await, 0);
    let claims = crate::support::count(&pair.app, "SELECT COUNT(*) FROM claims").await;
    let jobs = crate::support::count(&pair.app, "SELECT COUNT(DISTINCT job) FROM claims").await;
    assert!(jobs >= 12, "the timers were claimed");
    assert_eq!(claims, jobs, "a job was claimed by both");
}

#[tokio::test]
async fn a_token_that_is_revoked_through_one_server_is_soon_refused_by_the_other() {
    let Some(pair) = Pair::open().await else { return };
    pair.here.get("/Users").await.expect(200);
    pair.there.get("/Users").await.expect(200);
    let (db, operator) = (pair.app.admin.db(), pair.app.admin.operator("test"));
    let new = operations::tokens::create(db, &operator, &pair.here.id, &operations::tokens::New::default())
        .await
        .expect("a new token");
    operations::tokens::revoke(db, &operator, &pair.here.id, &pair.here.token_id)
        .await
        .expect("it was valid");

    // What was read of the tokens grows old without anybody waiting for it.
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(CACHE.parse().expect("a number"))).await;
    tokio::time::resume();
    pair.there.get("/Users").await.expect_error(401, None);
    pair.here.get("/Users").await.expect_error(401, None);
    pair.there.with_token(new.token).get("/Users").await.expect(200);
}

#[tokio::test]
async fn both_servers_together_take_access_from_no_more_than_the_brake_lets_in_parallel() {
    let Some(pair) = Pair::open().await else { return };
    pair.app.pool("Vault", 100, "queue").await;
    let people = pair.people(30).await;
    for (person, team) in &people {
        pair.here.add(team, person).await.expect(200);
    }
    let operator = pair.app.admin.operator("test");
    let change = operations::connections::Change {
        brake_people: Some(7),
        brake_percent: Some(100),
        ..Default::default()
    };
    let db = pair.app.admin.db();
    operations::connections::update(
        db,
        &operator,
        &pair.here.id,
        &change,
        operations::consequences::Agreed::Nothing,
    )
    .await
    .expect("changed");
    let offs = people.iter().zip(pair.by_turns());
    let answers = join_all(offs.map(|((person, _), client)| client.set_active(person, false))).await;
    assert!(answers.iter().all(|answer| answer.status == 200), "{answers:?}");
    let count = |status| format!("SELECT COUNT(*) FROM users WHERE enrolment_status = '{status}'");
    assert_eq!(crate::support::count(&pair.app, &count("suspended")).await, 7);
    let held =
        operations::brake::list(db, &operator, Some(&pair.here.id), None, 100).await.expect("readable");
    assert_eq!(held.len(), 23);
}
