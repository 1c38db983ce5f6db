//! The server on a real socket: how it looks from outside, and how it ends.

use std::net::SocketAddr;

use crate::support::{TestApp, config, connection, empty_database, fresh_database};
use chrono::TimeDelta;
use operations::connections;
use serde_json::json;
use server::admin::Admin;
use server::{Clock, Server};
use sqlx::{Connection as _, Executor as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::oneshot;

#[tokio::test]
async fn health_readiness_and_measurements_are_told() {
    let app = TestApp::open().await;
    let client = app.connection("generic").await;
    client.get("/Users").await.expect(200);
    let nobody = app.nobody();
    nobody.send("GET", "/healthz", &[], None).await.expect(200);
    nobody.send("GET", "/readyz", &[], None).await.expect(200);
    let page = nobody.send("GET", "/metrics", &[], None).await.expect(200);
    let text = page.body.as_str().expect("text");
    for line in [
        "rollcall_http_requests_total{method=\"GET\",route=\"/scim/v2/Users\",status=\"200\"}",
        "rollcall_http_request_seconds_bucket{method=\"GET\",route=\"/scim/v2/Users\",le=\"0.5\"}",
        "rollcall_database_info{kind=\"",
    ] {
        assert!(text.contains(line), "{line} is not in {text}");
    }
    crate::support::execute(&app, "ALTER TABLE seaql_migrations RENAME TO elsewhere").await;
    nobody.send("GET", "/healthz", &[], None).await.expect(200);
    let unready = nobody.send("GET", "/readyz", &[], None).await.expect(503);
    assert!(unready.body.as_str().is_some_and(|text| text.starts_with("not ready")));

    let quiet = TestApp::open_with(&[("ROLLCALL_METRICS__ENABLED", "false")]).await;
    quiet.nobody().send("GET", "/metrics", &[], None).await.expect_error(404, None);
}

/// A connection of this name.
fn named(name: &str) -> connections::New {
    let profile = "generic".to_owned();
    connections::New { name: name.to_owned(), profile, ..connections::New::default() }
}

/// The page of `/metrics`, written anew.
async fn measured(app: &TestApp) -> String {
    app.clock.advance(TimeDelta::seconds(10));
    let page = app.nobody().send("GET", "/metrics", &[], None).await.expect(200);
    page.body.as_str().expect("text").to_owned()
}

#[tokio::test]
async fn seats_jobs_pushes_and_the_process_are_measured() {
    let app = TestApp::open().await;
    app.pool("The \"small\" pool", 1, "queue").await;
    let client = app.connection_of(named("Directory")).await;
    app.connection_of(named("Silent")).await;
    let ada = client.user("ada.private").await;
    let group = client.group("Crew", &[&ada, &client.user("ben.private").await]).await;
    app.bind(&group, "The \"small\" pool").await;
    client.set_active(&ada, false).await.expect(200);
    let pushed = app.clock.now().timestamp();
    app.server.flush().await;
    let pool = r#"{tenant="Alpha",pool="The \"small\" pool"}"#;
    let grace = r#"{lane="timers",kind="end-grace"}"#;
    let page = measured(&app).await;
    for line in [
        "rollcall_figures_age_seconds 0".to_owned(),
        format!("rollcall_pool_seats_bought{pool} 1"),
        format!("rollcall_pool_seats_used{pool} 1"),
        format!("rollcall_pool_people_waiting{pool} 1"),
        format!("rollcall_jobs_due{grace} 0"),
        format!("rollcall_jobs_oldest_due_seconds{grace} 0"),
        r#"rollcall_jobs_running{lane="long",kind="settle-group"} 0"#.to_owned(),
        format!(r#"rollcall_last_push_timestamp_seconds{{tenant="Alpha",connection="Directory"}} {pushed}"#),
    ] {
        assert!(page.lines().any(|found| found == line), "{line} is not in {page}");
    }
    assert!(!page.contains("Silent"), "it has pushed nothing: {page}");
    assert!(!page.contains("private") && !page.contains(&ada), "nothing personal: {page}");
    for name in ["process_resident_memory_bytes", "process_open_fds", "process_cpu_seconds_total"] {
        let told = page.lines().any(|line| line.starts_with(&format!("{name} ")));
        assert_eq!(told, cfg!(target_os = "linux"), "{name}: {page}");
    }

    app.clock.advance(TimeDelta::days(7) - TimeDelta::seconds(10));
    let page = measured(&app).await;
    assert!(page.contains(&format!("\nrollcall_jobs_due{grace} 1\n")), "{page}");
    assert!(page.contains(&format!("\nrollcall_jobs_oldest_due_seconds{grace} 10\n")), "{page}");
    app.server.run_due_jobs().await;
    let page = measured(&app).await;
    assert!(page.contains(&format!("\nrollcall_jobs_due{grace} 0\n")), "{page}");
    assert!(page.contains(&format!("\nrollcall_pool_people_waiting{pool} 0\n")), "ben has the seat: {page}");
}

#[tokio::test]
async fn of_many_pools_and_connections_two_hundred_are_named() {
    let app = TestApp::open().await;
    for number in 0..203 {
        app.pool(&format!("Pool {number}"), 5, "queue").await;
        let client = app.connection_of(named(&format!("Directory {number}"))).await;
        client.get("/Users").await.expect(200);
    }
    app.server.flush().await;
    let page = measured(&app).await;
    let lines = |beginning: &str| page.lines().filter(|line| line.starts_with(beginning)).count();
    assert_eq!(lines("rollcall_pool_seats_bought{"), 201);
    assert_eq!(lines("rollcall_last_push_timestamp_seconds{"), 201);
    assert!(page.contains("\nrollcall_pool_seats_bought{pool=\"all others\"} 15\n"), "{page}");
    assert!(page.contains("\nrollcall_last_push_timestamp_seconds{connection=\"all others\"} "), "{page}");
    assert!(page.contains("\"Pool 199\"") && !page.contains("\"Pool 200\""), "the oldest are named: {page}");
}

#[tokio::test]
async fn a_server_whose_database_takes_no_changes_is_not_ready_and_says_why() {
    let app = TestApp::open().await;
    let nobody = app.nobody();
    nobody.send("GET", "/readyz", &[], None).await.expect(200);
    if app.url.starts_with("sqlite") {
        let mut other = sqlx::SqliteConnection::connect(&app.url).await.expect("the database opens");
        other.execute("BEGIN IMMEDIATE").await.expect("the write lock");
        let unready = nobody.send("GET", "/readyz", &[], None).await.expect(503);
        assert!(unready.body.as_str().is_some_and(|text| text.contains("write lock")), "{unready:?}");
        other.execute("ROLLBACK").await.expect("ended");
        nobody.send("GET", "/readyz", &[], None).await.expect(200);
    } else {
        let name = app.url.rsplit_once('/').expect("a URL with a database").1.to_owned();
        crate::support::execute(
            &app,
            &format!("ALTER DATABASE \"{name}\" SET default_transaction_read_only = on"),
        )
        .await;
        let server = Server::build(config(&app.url, &[])).await.expect("the schema is there");
        let unready =
            crate::support::anonymous(server.router()).send("GET", "/readyz", &[], None).await.expect(503);
        assert!(unready.body.as_str().is_some_and(|text| text.contains("takes no changes")), "{unready:?}");
    }
}

#[tokio::test]
async fn what_was_accepted_is_finished_and_written_before_the_end() {
    let (url, _folder) = fresh_database().await;
    let config = config(&url, &[]);
    let server = Server::build(config.clone()).await.expect("the server builds");
    let (connection, token) = connection(&config).await;
    let address = server.address();
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = server.serve(async {
        stopped.await.expect("told to stop");
    });
    let client = async move {
        let body = crate::support::user("ada").to_string();
        let mut stream = TcpStream::connect(address).await.expect("the server listens");
        let head = format!(
            "POST /scim/v2/Users HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nExpect: 100-continue\r\n\
             Content-Length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).await.expect("sent");
        // The handler waits for the body from here on.
        let mut told = [0; 25];
        stream.read_exact(&mut told).await.expect("told to go on");
        assert!(told.starts_with(b"HTTP/1.1 100 Continue"));
        stop.send(()).expect("the server runs");
        refuses_new_connections(address).await;
        stream.write_all(body.as_bytes()).await.expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("an answer, and the end of the connection");
        assert!(answer.starts_with("HTTP/1.1 201 Created"), "{answer}");
    };
    let (served, ()) = tokio::join!(serving, client);
    served.expect("an orderly end");

    let admin = Admin::open(&config).await.expect("the database opens");
    operations::people::show(admin.db(), &admin.operator("test"), "ada")
        .await
        .expect("what was acknowledged is there");
    let requests = operations::request_log::tail(admin.db(), &admin.operator("test"), &connection, 10)
        .await
        .expect("readable");
    assert_eq!(requests.len(), 1);
    assert!(
        operations::tokens::list(admin.db(), &admin.operator("test"), &connection).await.expect("readable")
            [0]
        .last_used_at
        .is_some()
    );
}

#[tokio::test]
async fn what_is_no_http_is_refused_with_a_scim_error() {
    let (url, _folder) = fresh_database().await;
    let server = Server::build(config(&url, &[])).await.expect("the server builds");
    let address = server.address();
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = server.serve(async {
        stopped.await.expect("told to stop");
    });
    let client = async move {
        let long = format!("GET /scim/v2/Users?filter={} HTTP/1.1\r\nHost: x\r\n\r\n", "a".repeat(70_000));
        let fat = format!("GET /scim/v2/Users HTTP/1.1\r\nHost: x\r\nX-Fat: {}\r\n\r\n", "a".repeat(600_000));
        for (request, status) in [
            ("GET /scim/v2/Users?filter=userName eq \"ada\" HTTP/1.1\r\nHost: x\r\n\r\n", 400),
            ("nonsense\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: x\r\nbad header\r\n\r\n", 400),
            (&long, 414),
            (&fat, 431),
        ] {
            let mut stream = TcpStream::connect(address).await.expect("the server listens");
            // The server may have answered and closed before all of it is sent.
            let _ = stream.write_all(request.as_bytes()).await;
            let mut answer = Vec::new();
            let _ = stream.read_to_end(&mut answer).await;
            let answer = String::from_utf8(answer).expect("text");
            let (head, body) = answer.split_once("\r\n\r\n").expect("an answer");
            assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{head}");
            assert!(head.contains("content-type: application/scim+json"), "{head}");
            let body: serde_json::Value = serde_json::from_str(body).expect("JSON");
            assert_eq!(body["status"], status.to_string());
            assert_eq!(body["schemas"], json!(["urn:ietf:params:scim:api:messages:2.0:Error"]));
        }
        stop.send(()).expect("the server runs");
    };
    let (served, ()) = tokio::join!(serving, client);
    served.expect("an orderly end");
}

/// Once the listener is gone, connecting fails; a connection of the moment before is closed unanswered.
async fn refuses_new_connections(address: SocketAddr) {
    while let Ok(mut stream) = TcpStream::connect(address).await {
        let mut nothing = Vec::new();
        let _ = stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
        if stream.read_to_end(&mut nothing).await.is_err() || nothing.is_empty() {
            return;
        }
    }
}

#[tokio::test]
async fn an_address_that_is_taken_and_a_database_that_is_old_refuse_to_start() {
    let app = TestApp::open().await;
    let taken = app.server.address().to_string();
    let error = Server::build(config(&app.url, &[("ROLLCALL_LISTEN", &taken)])).await.err().expect("taken");
    assert!(error.to_string().contains("--listen"), "{error}");

    let (url, _folder) = empty_database().await;
    let old = config(&url, &[("ROLLCALL_MIGRATE", "false")]);
    let error = Server::build(old.clone()).await.err().expect("no schema");
    assert!(error.to_string().contains("migrate"), "{error}");
    assert!(!Admin::migrate(&old).await.expect("an empty database").is_empty());
    assert!(Admin::migrate(&old).await.expect("a new schema").is_empty());
    Server::build_with(old, Clock::system()).await.expect("the schema is there");
}

#[tokio::test]
async fn links_use_the_configured_address() {
    let app = TestApp::open_with(&[("ROLLCALL_BASE_URL", "https://scim.alpha.example/rollcall")]).await;
    let client = app.connection("generic").await;
    let created = client.post("/Users", &crate::support::user("ada")).await.expect(201);
    let location = format!("https://scim.alpha.example/rollcall/scim/v2/Users/{}", created.id());
    assert_eq!(
        (created.header("location"), &created.body["meta"]["location"]),
        (location.as_str(), &json!(location))
    );
}

#[cfg(unix)]
#[tokio::test]
async fn files_and_folders_are_their_owners_alone_in_any_folder() {
    use std::os::unix::fs::PermissionsExt;

    let open = tempfile::tempdir().expect("a folder");
    std::fs::set_permissions(open.path(), PermissionsExt::from_mode(0o755)).expect("a folder for everybody");
    for folder in [open.path().to_owned(), open.path().join("new/one")] {
        let url = format!("sqlite://{}?mode=rwc", folder.join("rollcall.db").display());
        let _server = Server::build(config(&url, &[])).await.expect("the server builds");
        for entry in std::fs::read_dir(&folder).expect("a folder") {
            let (path, kind) =
                entry.and_then(|entry| Ok((entry.path(), entry.metadata()?))).expect("readable");
            let expected = if kind.is_dir() { 0o700 } else { 0o600 };
            assert_eq!(kind.permissions().mode() & 0o777, expected, "{}", path.display());
        }
        assert!(folder.join("rollcall.db-wal").exists(), "the server works on the database");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_hang_up_does_not_end_the_program_and_a_termination_does() {
    let signal = |name: &str| {
        let sent = std::process::Command::new("sh")
            .args(["-c", &format!("kill -s {name} {}", std::process::id())])
            .status();
        assert!(sent.expect("a shell").success());
    };
    let mut ended = std::pin::pin!(server::ended());
    // From the first look on, signals are waited for.
    tokio::select! {
        biased;
        () = &mut ended => panic!("nothing was sent"),
        () = std::future::ready(()) => {}
    }
    // A hang-up that is not waited for ends this process at once.
    signal("HUP");
    signal("TERM");
    ended.await;
}
