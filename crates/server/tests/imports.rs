//! People from a file: a verdict for each row, tried and done; work that was cut off anywhere ends as if it had not been.

use std::collections::BTreeMap;
use std::io::Cursor;

use crate::support::{TestApp, count};
use chrono::TimeDelta;
use operations::connections;
use operations::domains::{self, Policy};
use operations::imports::{self, Options, Row, Summary, Verdict};
use operations::users::by_hand::Licence;
use operations::work::{Pace, Work};

fn options(licence: Licence) -> Options {
    Options { name: "staff.csv".to_owned(), mapping: None, licence }
}

fn vault() -> Licence {
    Licence::Of("Vault".to_owned())
}

async fn start(app: &TestApp, file: &str, licence: Licence) -> (imports::ImportId, Work) {
    let operator = app.admin.operator("import");
    let file = Cursor::new(file.as_bytes().to_vec());
    imports::start(app.admin.db(), &operator, &app.tenant, file, &options(licence)).await.expect("it begins")
}

async fn import(app: &TestApp, file: &str, licence: Licence) -> (Summary, Vec<Row>) {
    let (id, work) = start(app, file, licence).await;
    app.admin.finish(work, |_| {}).await.expect("it ends");
    shown(app, id).await
}

async fn shown(app: &TestApp, id: imports::ImportId) -> (Summary, Vec<Row>) {
    let summary = imports::show(app.admin.db(), &app.tenant, id).await.expect("there");
    let rows = imports::rows(app.admin.db(), &app.tenant, id, 0, 100_000).await.expect("readable");
    (summary, rows)
}

async fn dry_run(app: &TestApp, file: &str, licence: Licence) -> (Summary, Vec<Row>) {
    let (operator, mut rows) = (app.admin.operator("import"), Vec::new());
    let file = Cursor::new(file.as_bytes().to_vec());
    let seen = |row: &Row| rows.push(row.clone());
    let summary =
        imports::dry_run(app.admin.db(), &operator, &app.tenant, file, &options(licence), seen).await;
    (summary.expect("tried"), rows)
}

fn verdicts(rows: &[Row]) -> Vec<(u64, Verdict)> {
    rows.iter().map(|row| (row.number, row.verdict)).collect()
}

/// A file of so many people.
fn crowd(people: u32) -> String {
    let rows = (0..people).map(|number| format!("Person {number},p{number:05}@alpha.example\n"));
    format!("Name,Email\n{}", rows.collect::<String>())
}

#[tokio::test]
async fn each_row_has_a_verdict_and_a_dry_run_says_the_same_before() {
    let app = TestApp::open().await;
    let client = app.connection("generic").await;
    client.user("known@alpha.example").await;
    app.pool("Vault", 2, "queue").await;
    let operator = app.admin.operator("domain");
    for change in [domains::Change::Add("alpha.example".to_owned()), domains::Change::Policy(Policy::Refuse)]
    {
        // The policy is that one already.
        drop(domains::change(app.admin.db(), &operator, &app.tenant, &change).await);
    }
    let file = "Vorname;Nachname;E-Mail\nAda;Byron;ada@alpha.example\nBen;;ben@alpha.example\nCleo;C;cleo@alpha.example\n\
                K;K;KNOWN@alpha.example\nA;B;Ada@alpha.example\nDan;D;dan\n;;eve@alpha.example\nFay;F;fay@beta.example\n";
    let (tried, rows) = dry_run(&app, file, vault()).await;
    let refused = [
        (5, Verdict::Known),
        (6, Verdict::Duplicate),
        (7, Verdict::BadEmail),
        (8, Verdict::NameMissing),
        (9, Verdict::DomainRefused),
    ];
    let before = [(2, Verdict::New), (3, Verdict::New), (4, Verdict::Waiting)];
    assert_eq!(verdicts(&rows), [&before[..], &refused].concat());
    let seats = tried.seats.expect("there is a pool");
    assert_eq!((seats.needed, seats.free, seats.missing, tried.refused()), (3, 2, 1, 5));
    let reason = |rows: &[Row], at: usize| rows[at].reason.clone().expect("a reason");
    assert!(reason(&rows, 3).contains("already a user, of the connection “generic"), "{}", reason(&rows, 3));
    assert!(reason(&rows, 4).contains("line 2") && reason(&rows, 7).contains("beta.example"));
    assert_eq!(count(&app, "SELECT COUNT(*) FROM users").await, 1, "nothing was changed");
    assert_eq!(count(&app, "SELECT COUNT(*) FROM import_rows").await, 0);

    let (done, rows) = import(&app, file, vault()).await;
    let after = [(2, Verdict::Created), (3, Verdict::Created), (4, Verdict::Waiting)];
    let created = |rows: &[Row]| rows.iter().filter(|row| !row.verdict.is_refusal()).count();
    assert_eq!((created(&rows), verdicts(&rows)[3..].to_vec()), (3, refused.to_vec()));
    assert_eq!(rows.iter().filter(|row| row.verdict == Verdict::Waiting).count(), after.len() - 2);
    assert_eq!((done.state.as_str(), done.rows, done.refused()), ("done", 8, 5));
    let ada = app.person("ada@alpha.example").await;
    assert_eq!((ada.profile["displayName"].as_str(), ada.connection), (Some("Ada Byron"), None));
    assert_eq!(rows[0].user.map(|id| id.to_string()), Some(ada.id.to_string()));
    let (again, _) = import(&app, file, vault()).await;
    assert_eq!(again.verdicts.get(&Verdict::Known), Some(&4), "nobody comes in twice: {:?}", again.verdicts);
    let told = imports::list(app.admin.db(), &app.tenant, 10).await.expect("readable");
    assert_eq!(told.len(), 2);
}

#[tokio::test]
async fn a_dry_run_knows_the_pools_of_rules_and_what_cannot_be_stored() {
    let app = TestApp::open().await;
    let pool = |name: &str, policy: &str, rule: Option<&str>| operations::pools::New {
        name: name.to_owned(),
        seats: 2,
        policy: policy.to_owned(),
        for_everyone: rule.is_none(),
        rule: rule.map(str::to_owned),
        ..Default::default()
    };
    app.pool_of(pool("All", "reject", Some("userName co \"@alpha\""))).await;
    app.pool_of(pool("Some", "queue", Some("userName sw \"p\""))).await;
    let (long, last) = ("x".repeat(5_000), "Wilma,w@beta.example\nPaul,paul@beta.example\n");
    let file = format!("{}Long,{long}@alpha.example\n{last}", crowd(3));
    let file = format!("{file}{long},q@beta.example\n");
    let (_, tried) = dry_run(&app, &file, Licence::None).await;
    let (_, done) = import(&app, &file, Licence::None).await;
    let created = |verdict| if verdict == Verdict::New { Verdict::Created } else { verdict };
    let tried: Vec<_> = verdicts(&tried).into_iter().map(|(row, verdict)| (row, created(verdict))).collect();
    assert_eq!(tried, verdicts(&done));
    let counts = |verdict| tried.iter().filter(|(_, one)| *one == verdict).count();
    assert_eq!((counts(Verdict::NoSeat), counts(Verdict::Waiting)), (1, 1), "{tried:?}");
    assert_eq!(counts(Verdict::Refused) + counts(Verdict::BadEmail), 2, "{tried:?}");

    app.pool_of(pool("Everyone", "reject", None)).await;
    let (_, tried) = dry_run(&app, "Name,Email\nUwe,u@beta.example\n", Licence::None).await;
    assert_eq!(verdicts(&tried), [(2, Verdict::NoSeat)], "a full pool for everyone refuses");
}

#[tokio::test]
async fn a_dry_run_knows_the_groups_that_wait_for_newcomers() {
    let app = TestApp::open().await;
    let shared = connections::New { profile: "generic".to_owned(), shared: true, ..Default::default() };
    let client = app.connection_of(shared).await;
    app.pool("Vault", 1, "queue").await;
    client.group("Staff", &["ada@alpha.example", "ben@alpha.example"]).await;
    app.bind("Staff", "Vault").await;
    let file = "name,email\nAda,ada@alpha.example\nBen,ben@alpha.example\nCleo,cleo@alpha.example\n";
    let (_, rows) = dry_run(&app, file, Licence::None).await;
    let tried = [(2, Verdict::New), (3, Verdict::Waiting), (4, Verdict::New)];
    assert_eq!(verdicts(&rows), tried, "{rows:?}");
    let (_, rows) = import(&app, file, Licence::None).await;
    assert_eq!(rows.iter().filter(|row| row.verdict == Verdict::Waiting).count(), 1, "{rows:?}");
    let pool = app.pool_now("Vault").await;
    assert_eq!((pool.used, pool.waiting), (1, 1));
}

#[tokio::test]
async fn an_expired_pool_is_refused_before_anybody_comes_in() {
    let app = TestApp::open().await;
    let pool = operations::pools::New {
        name: "Vault".to_owned(),
        seats: 5,
        policy: "queue".to_owned(),
        expires: Some("2026-03-01".to_owned()),
        ..Default::default()
    };
    app.pool_of(pool).await;
    app.later(TimeDelta::days(2)).await;
    let (db, operator) = (app.admin.db(), app.admin.operator("import"));
    let file = || Cursor::new(crowd(2).into_bytes());
    let tried = imports::dry_run(db, &operator, &app.tenant, file(), &options(vault()), |_| {}).await;
    let begun = imports::start(db, &operator, &app.tenant, file(), &options(vault())).await.map(drop);
    for refused in [tried.map(drop), begun] {
        let told = refused.expect_err("it has expired").to_string();
        assert!(told.contains("“Vault” has expired"), "{told}");
    }
    assert_eq!(count(&app, "SELECT COUNT(*) FROM imports").await, 0);
}

#[tokio::test]
async fn a_pool_that_refuses_refuses_rows_and_no_more() {
    let app = TestApp::open().await;
    app.pool("Vault", 3, "reject").await;
    let (summary, rows) = import(&app, &crowd(10), vault()).await;
    let expected = BTreeMap::from([(Verdict::Created, 3), (Verdict::NoSeat, 7)]);
    assert_eq!(summary.verdicts, expected);
    let refused = rows.iter().find(|row| row.verdict == Verdict::NoSeat).expect("one");
    assert!(refused.reason.as_deref().is_some_and(|why| why.contains("Vault")), "{refused:?}");
    assert_eq!(app.pool_now("Vault").await.used, 3);
    assert_eq!(count(&app, "SELECT COUNT(*) FROM users").await, 3);
}

#[tokio::test]
async fn work_that_is_cut_off_after_any_step_ends_the_same() {
    for steps in [0, 1, 3] {
        let app = TestApp::open().await;
        app.pool("Vault", 40, "queue").await;
        let (id, mut work) = start(&app, &crowd(95), vault()).await;
        let pace = Pace { now: app.clock.now(), batch: 20, lease: TimeDelta::seconds(30) };
        for _ in 0..steps {
            work.step(app.admin.db(), pace).await.expect("a step").expect("more is left");
        }
        drop(work);
        // The job that stands in for the command comes due.
        app.later(TimeDelta::minutes(2)).await;
        let (summary, _) = shown(&app, id).await;
        assert_eq!(summary.state, "done", "after {steps} steps");
        let expected = BTreeMap::from([(Verdict::Created, 40), (Verdict::Waiting, 55)]);
        assert_eq!(summary.verdicts, expected);
        assert_eq!(count(&app, "SELECT COUNT(*) FROM users").await, 95);
        let created = "SELECT COUNT(*) FROM journal WHERE kind = 'user-created'";
        assert_eq!(count(&app, created).await, 95);
        let pool = app.pool_now("Vault").await;
        assert_eq!((pool.used, pool.waiting), (40, 55));
        // Who began it is who did it, whoever took the steps.
        let others = "SELECT COUNT(*) FROM journal WHERE kind = 'user-created' AND actor_name <> 'operator'";
        assert_eq!(count(&app, others).await, 0);
    }
}

#[tokio::test]
async fn a_command_and_a_server_that_work_on_one_import_at_once_do_nothing_twice() {
    let app = TestApp::open().await;
    app.pool("Vault", 500, "queue").await;
    let (id, mut work) = start(&app, &crowd(200), vault()).await;
    let operator = app.admin.operator("import resume");
    let mut again = imports::resume(app.admin.db(), &operator, &app.tenant, id).await.expect("it goes on");
    let pace = Pace { now: app.clock.now(), batch: 7, lease: TimeDelta::seconds(30) };
    let run =
        async |work: &mut Work| while work.step(app.admin.db(), pace).await.expect("a step").is_some() {};
    tokio::join!(run(&mut work), run(&mut again));
    let (summary, _) = shown(&app, id).await;
    assert_eq!(summary.verdicts, BTreeMap::from([(Verdict::Created, 200)]));
    let over = imports::resume(app.admin.db(), &operator, &app.tenant, id).await.expect_err("it is done");
    assert!(over.to_string().contains("nothing is to be done"), "{over}");
}

#[tokio::test]
async fn two_workers_refuse_only_those_whom_they_tried() {
    let app = TestApp::open().await;
    let pool = operations::pools::New {
        name: "Vault".to_owned(),
        seats: 1,
        policy: "reject".to_owned(),
        rule: Some("userName sw \"x\"".to_owned()),
        ..Default::default()
    };
    app.pool_of(pool).await;
    let row = |number: u32| {
        let letter = if number.is_multiple_of(2) { 'x' } else { 'y' };
        format!("Person {number},{letter}{number:03}@alpha.example\n")
    };
    let file = format!("Name,Email\n{}", (0..80).map(row).collect::<String>());
    let (id, mut work) = start(&app, &file, Licence::None).await;
    let operator = app.admin.operator("import resume");
    let mut again = imports::resume(app.admin.db(), &operator, &app.tenant, id).await.expect("it goes on");
    let pace = Pace { now: app.clock.now(), batch: 10, lease: TimeDelta::seconds(30) };
    let run = async |work: &mut Work| {
        let mut refused = 0;
        while let Some(progress) = work.step(app.admin.db(), pace).await.expect("a step") {
            refused += progress.refused;
        }
        refused
    };
    let (one, other) = tokio::join!(run(&mut work), run(&mut again));
    let (_, rows) = shown(&app, id).await;
    let wrong = |row: &&Row| (row.verdict == Verdict::NoSeat) != row.user_name.starts_with('x');
    let wrong: Vec<_> = rows.iter().skip(1).filter(wrong).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
    assert_eq!((rows[0].verdict, one + other), (Verdict::Created, 39), "each refusal is counted once");
}

#[tokio::test]
async fn the_job_that_stands_in_waits_as_long_as_the_command_works() {
    let app = TestApp::open().await;
    let (id, mut work) = start(&app, &crowd(95), Licence::None).await;
    for done in [20, 40, 60] {
        app.later(TimeDelta::seconds(50)).await;
        let pace = Pace { now: app.clock.now(), batch: 20, lease: TimeDelta::seconds(30) };
        work.step(app.admin.db(), pace).await.expect("a step").expect("more is left");
        assert_eq!(shown(&app, id).await.0.verdicts.get(&Verdict::Created), Some(&done));
    }
    drop(work);
    app.later(TimeDelta::seconds(61)).await;
    assert_eq!(shown(&app, id).await.0.state, "done", "the command works no more");
}

#[tokio::test]
async fn a_file_that_breaks_off_creates_no_person_and_leaves_nothing() {
    let app = TestApp::open().await;
    let operator = app.admin.operator("import");
    let file = format!("{}\0,x@alpha.example\n", crowd(1_200));
    let file = Cursor::new(file.into_bytes());
    let broken = imports::start(app.admin.db(), &operator, &app.tenant, file, &options(Licence::None)).await;
    assert!(broken.expect_err("no text").to_string().contains("line 1202 is no text"));
    for table in ["users", "imports", "import_rows"] {
        assert_eq!(count(&app, &format!("SELECT COUNT(*) FROM {table}")).await, 0, "{table}");
    }
}
