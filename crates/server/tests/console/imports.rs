//! Many users by a file: read, checked, imported, and what is left out as a file.

use crate::support::TestApp;
use crate::support::tab::{Tab, text};

/// Sends the form with a file.
async fn upload(tab: &Tab, root: &str, file: &[u8], fields: &[(&str, &str)]) -> crate::support::Answer {
    let mut body = String::new();
    for (name, value) in fields {
        let field = format!("--xyz\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        body += &field;
    }
    body += "--xyz\r\nContent-Disposition: form-data; name=\"file\"; filename=\"crew.csv\"\r\n\r\n";
    body += std::str::from_utf8(file).expect("text");
    body += "\r\n--xyz--\r\n";
    let headers = [("sec-fetch-site", "same-origin"), ("content-type", "multipart/form-data; boundary=xyz")];
    tab.send("POST", root, &headers, Some(body)).await
}

#[tokio::test]
async fn a_file_is_checked_then_imported_and_says_what_it_left_out() {
    let app = TestApp::open().await;
    app.pool("Vault", 2, "queue").await;
    app.connection("generic").await.user("known").await;
    let tab = Tab::of(&app, "administrator").await;
    let root = format!("/console/{}/users/import", app.tenant);
    let file = "name,email\nAda,ada@alpha.example\nBob,bob@alpha.example\nEve,eve@alpha.example\n\
                Ada,ADA@alpha.example\n=1+1,nowhere\n,empty@alpha.example\nKnown,known\n";
    let read =
        upload(&tab, &root, file.as_bytes(), &[("assign", "yes"), ("pool", "Vault")]).await.expect(303);
    let import = read.header("location").to_owned();
    let page = tab.get(&import).await.expect(200);
    for said in
        ["A dry run.", "3 / 2", "1 person</strong> finds no free seat", "Import 3 users", "Twice in the file"]
    {
        assert!(text(&page).contains(said), "{said}: {}", text(&page));
    }
    assert_eq!(app.pool_now("Vault").await.used, 0, "nothing is changed by a check");
    let of_waiting = tab.get(&format!("{import}?show=waiting")).await.expect(200);
    assert!(text(&of_waiting).contains("eve@alpha.example") && !text(&of_waiting).contains("ada@"));
    let left_out = tab.get(&format!("{import}/left-out.csv")).await.expect(200);
    assert!(text(&left_out).contains("'=1+1,nowhere") && text(&left_out).lines().count() == 5);

    tab.post(&format!("{import}/begin"), &[]).await.expect(303);
    let page = tab.get(&import).await.expect(200);
    assert!(text(&page).contains("hx-trigger=\"every 1s\"") && text(&page).contains("<progress"));
    app.server.run_due_jobs().await;
    let page = tab.get(&import).await.expect(200);
    for said in ["Result", "was imported.", "Waiting for a seat", "Download the 4 rows that are left out"] {
        assert!(text(&page).contains(said), "{said}: {}", text(&page));
    }
    let pool = app.pool_now("Vault").await;
    assert_eq!((pool.used, pool.waiting), (2, 1));
    let journal = tab.get(&format!("/console/{}/journal?cause=administrator", app.tenant)).await.expect(200);
    for said in ["crew.csv", "2 created", "1 waiting", "2 bad email"] {
        assert!(text(&journal).contains(said), "{said}: {}", text(&journal));
    }
    let again = tab.post(&format!("{import}/begin"), &[]).await.expect(400);
    assert!(text(&again).contains("has begun before"), "{}", text(&again));
    let again = tab.post(&format!("{import}/discard"), &[]).await.expect(400);
    assert!(text(&again).contains("its people stay"), "{}", text(&again));
    assert!(text(&tab.get(&root).await.expect(200)).contains("crew.csv"));
}

#[tokio::test]
async fn a_file_that_cannot_be_read_is_refused_and_one_that_does_not_begin_is_forgotten() {
    let app = TestApp::open().await;
    app.pool("Vault", 2, "queue").await;
    let tab = Tab::of(&app, "owner").await;
    let root = format!("/console/{}/users/import", app.tenant);
    for (file, fields, said) in [
        ("", &[][..], "No file was chosen."),
        ("a;b\n1;2\n", &[], "No column has e-mail addresses."),
        ("name,email\nAda,ada@alpha.example\n", &[("assign", "yes"), ("pool", "Nothing")], "Nothing"),
        ("x,y\nAda,ada@alpha.example\n", &[("email", "z")], "z"),
        ("name,email\n", &[], "no rows"),
    ] {
        let refused = upload(&tab, &root, file.as_bytes(), fields).await.expect(422);
        assert!(text(&refused).contains(said), "{file:?}: {}", text(&refused));
        // What was chosen stays so.
        let assigns = text(&refused).contains("name=\"assign\" value=\"yes\" checked");
        assert_eq!(assigns, fields.contains(&("assign", "yes")), "{file:?}");
    }
    let mapped = [("email", "2"), ("name", "1")];
    let read = upload(&tab, &root, b"Ada;ada@alpha.example\n", &mapped).await.expect(303);
    let page = tab.get(read.header("location")).await.expect(200);
    assert!(text(&page).contains("Import 1 user"), "{}", text(&page));
    tab.post(&format!("{}/discard", read.header("location")), &[]).await.expect(303);
    tab.get(read.header("location")).await.expect(404);

    let read = upload(&tab, &root, b"Ada;ada@alpha.example\n", &mapped).await.expect(303);
    let import = read.header("location").to_owned();
    app.later(chrono::TimeDelta::hours(25)).await;
    app.server.forget_what_is_old().await;
    let tab = Tab::of(&app, "administrator").await;
    tab.get(&import).await.expect(404);
    let large = "x".repeat(26 * 1_024 * 1_024);
    assert_eq!(upload(&tab, &root, large.as_bytes(), &[]).await.status, 413);
    let plain = [("sec-fetch-site", "same-origin"), ("content-type", "text/plain")];
    assert_eq!(tab.send("POST", &root, &plain, Some("x".to_owned())).await.status, 400);
}
