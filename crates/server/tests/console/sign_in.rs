//! Links, passwords, second factors, sessions: which people get in, for how long, and which do not.

use chrono::TimeDelta;
use operations::{administrators, sign_in};
use totp_rs::{Builder, Secret};

use crate::support::tab::{Tab, text};
use crate::support::{Answer, TestApp, count, execute};

pub(super) const PASSWORD: &str = "a lantern swims over seven stairs";

/// The secret of the second factor that a page shows.
fn secret(page: &Answer) -> Secret {
    let shown = text(page).split("id=\"totp-secret\">").nth(1).expect("a secret");
    let letters: String = shown.split('<').next().expect("its end").split_whitespace().collect();
    Secret::try_from_base32(letters).expect("base 32")
}

/// The code of the second factor at the instant of the server.
pub(super) fn code(app: &TestApp, secret: &Secret) -> String {
    let totp = Builder::new().with_secret(secret.as_bytes().to_vec()).build().expect("a second factor");
    let seconds = app.clock.now().timestamp();
    totp.generate(seconds.try_into().expect("after 1970")).to_string()
}

/// An administrator who has a password and a second factor, and the recovery codes.
pub(super) async fn joined(app: &TestApp, tab: &Tab) -> (Secret, Vec<String>) {
    app.owner("ada", None).await;
    invited(app, &app.tenant, tab).await
}

/// The same of an administrator who is there already, in a tenant.
async fn invited(app: &TestApp, tenant: &str, tab: &Tab) -> (Secret, Vec<String>) {
    let (db, operator) = (app.admin.db(), app.admin.operator("test"));
    let link = sign_in::invite(db, &operator, Some(tenant), "ada@alpha.example").await.expect("a link");
    let answer = tab.post(&link.path, &[("password", PASSWORD), ("password2", PASSWORD)]).await;
    assert_eq!((answer.status, answer.header("location")), (303, "/console/second-factor"), "{answer:?}");
    let page = tab.get("/console/second-factor").await.expect(200);
    let secret = secret(&page);
    let codes = text(&page).split("<ul class=\"codes").nth(1).and_then(|rest| rest.split("</ul>").next());
    let codes = codes.expect("recovery codes").split("<li>").skip(1);
    let codes: Vec<String> = codes.filter_map(|code| Some(code.split_once("</li>")?.0.to_owned())).collect();
    let done = tab.post("/console/second-factor", &[("code", &code(app, &secret)), ("kept", "yes")]).await;
    assert_eq!((done.status, done.header("location")), (303, "/console"), "{done:?}");
    (secret, codes)
}

async fn password(tab: &Tab, password: &str) -> Answer {
    tab.post("/console/sign-in", &[("email", "ADA@alpha.example"), ("password", password)]).await
}

fn users(app: &TestApp) -> String {
    format!("/console/{}/users", app.tenant)
}

#[tokio::test]
async fn the_first_owner_follows_a_link_sets_a_password_and_signs_in_with_it() {
    let app = TestApp::open().await;
    let (db, operator) = (app.admin.db(), app.admin.operator("test"));
    let link = sign_in::first(db, &operator).await.expect("no fault").expect("nobody can sign in yet").path;
    let tab = Tab::open(&app);
    for _ in 0..2 {
        let page = tab.get(&link).await.expect(200);
        assert!(text(&page).contains("owner of this installation"), "opening changes nothing");
    }
    let owner = [("name", "Ingrid"), ("email", "ingrid@alpha.example")];
    let with = |pairs: &[(&'static str, &'static str)]| [&owner[..], pairs].concat();
    for (fields, why) in [
        (with(&[("password", "short"), ("password2", "short")]), "at least 14"),
        (with(&[("password", "passwordpassword"), ("password2", "passwordpassword")]), "guessed soon"),
        (with(&[("password", PASSWORD), ("password2", "another one")]), "differ"),
        (
            vec![("name", "x"), ("email", "x"), ("password", PASSWORD), ("password2", PASSWORD)],
            "no e-mail address",
        ),
    ] {
        let refused = tab.post(&link, &fields).await.expect(422);
        assert!(text(&refused).contains(why), "{why}: {}", text(&refused));
    }
    tab.post(&link, &with(&[("password", PASSWORD), ("password2", PASSWORD)])).await.expect(303);
    assert_eq!(tab.get(&users(&app)).await.status, 303, "the second factor is missing");
    let page = tab.get("/console/second-factor").await.expect(200);
    let secret = secret(&page);
    let wrong = tab.post("/console/second-factor", &[("code", "000000"), ("kept", "yes")]).await.expect(422);
    assert!(text(&wrong).contains("not valid now"));
    let right = code(&app, &secret);
    tab.post("/console/second-factor", &[("code", &right)]).await.expect(422);
    tab.post("/console/second-factor", &[("code", &right), ("kept", "yes")]).await.expect(303);
    let page = tab.get(&users(&app)).await.expect(200);
    assert!(text(&page).contains("Ingrid"), "an owner of the installation enters every tenant");
    assert!(sign_in::first(db, &operator).await.expect("no fault").is_none(), "somebody can sign in");
    assert_eq!(tab.get(&link).await.status, 410, "a link counts once");
}

#[tokio::test]
async fn an_address_of_two_organisations_signs_in_to_the_one_whose_page_is_open() {
    let app = TestApp::open().await;
    let (other, tab) = (app.other_tenant().await, Tab::open(&app));
    joined(&app, &tab).await;
    let new = administrators::New {
        name: "Ada".to_owned(),
        email: "ada@alpha.example".to_owned(),
        role: "owner".to_owned(),
        ..Default::default()
    };
    let (db, operator) = (app.admin.db(), app.admin.operator("test"));
    administrators::add(db, &operator, Some(&other), &new).await.expect("added");
    let (secret, _) = invited(&app, &other, &tab).await;
    app.clock.advance(TimeDelta::seconds(30));
    let (tab, page) = (Tab::open(&app), format!("/console/{other}"));
    let way = [("email", "ada@alpha.example"), ("password", PASSWORD), ("next", page.as_str())];
    tab.post("/console/sign-in", &way).await.expect(303);
    let typed = [("code", &*code(&app, &secret)), ("next", page.as_str())];
    assert_eq!(tab.post("/console/sign-in/code", &typed).await.header("location"), page);
    assert_eq!(tab.get(&page).await.status, 200);
    assert_eq!(tab.get(&users(&app)).await.status, 404, "the password alone does not say which organisation");
}

#[tokio::test]
async fn a_code_counts_once_and_a_session_ends_with_the_sign_out() {
    let app = TestApp::open().await;
    let tab = Tab::open(&app);
    let (secret, _) = joined(&app, &tab).await;
    tab.get(&users(&app)).await.expect(200);
    let stolen = tab.copy();
    tab.post("/console/sign-out", &[]).await.expect(303);
    assert_eq!(stolen.get(&users(&app)).await.status, 303, "the session is gone, not only its cookie");

    assert_eq!(password(&tab, PASSWORD).await.header("location"), "/console/sign-in/code?next=%2Fconsole");
    assert_eq!(tab.get(&users(&app)).await.status, 303, "a password alone is not enough");
    let used = tab.post("/console/sign-in/code", &[("code", &code(&app, &secret))]).await.expect(422);
    assert!(text(&used).contains("not valid now"), "the code of this half minute was used for the set-up");
    app.clock.advance(TimeDelta::seconds(30));
    let before = tab.copy();
    let onward = [("code", &*code(&app, &secret)), ("next", "//evil.example/")];
    assert_eq!(tab.post("/console/sign-in/code", &onward).await.header("location"), "/console");
    tab.get(&users(&app)).await.expect(200);
    assert_eq!(before.get(&users(&app)).await.status, 303, "the secret before the sign-in opens nothing");
}

#[tokio::test]
async fn a_recovery_code_counts_once() {
    let app = TestApp::open().await;
    let tab = Tab::open(&app);
    let (_, codes) = joined(&app, &tab).await;
    assert_eq!(codes.len(), 10);
    for expected in [303, 422] {
        password(&tab, PASSWORD).await.expect(303);
        let typed = codes[3].to_uppercase().replace('-', " ");
        assert_eq!(tab.post("/console/sign-in/code", &[("recovery", &typed)]).await.status, expected);
    }
    let told = "SELECT COUNT(*) FROM journal WHERE why LIKE '%a recovery code; 9 are left%'";
    assert_eq!(count(&app, told).await, 1);
}

#[tokio::test]
async fn guessing_is_slowed_down_and_the_owner_still_gets_in() {
    let app = TestApp::open().await;
    let tab = Tab::open(&app);
    let (secret, _) = joined(&app, &tab).await;
    let stranger = Tab::open(&app);
    for _ in 0..5 {
        let wrong = password(&stranger, "a lantern swims over nine stairs").await.expect(422);
        assert!(text(&wrong).contains("Nothing says which"));
    }
    let unknown = [("email", "nobody@alpha.example"), ("password", PASSWORD)];
    let unknown = stranger.post("/console/sign-in", &unknown).await.expect(422);
    assert!(text(&unknown).contains("Nothing says which"), "an unknown address is no other answer");
    let slowed = password(&stranger, PASSWORD).await.expect(429);
    assert_eq!(slowed.header("retry-after"), "1", "also the right password waits");
    app.clock.advance(TimeDelta::seconds(1));
    password(&stranger, PASSWORD).await.expect(303);
    // The second factor is slowed down by itself.
    for _ in 0..5 {
        stranger.post("/console/sign-in/code", &[("code", "123456")]).await.expect(422);
    }
    stranger.post("/console/sign-in/code", &[("code", &code(&app, &secret))]).await.expect(429);
    app.clock.advance(TimeDelta::seconds(60));
    stranger.post("/console/sign-in/code", &[("code", &code(&app, &secret))]).await.expect(303);
}

#[tokio::test]
async fn one_success_takes_back_one_attempt_and_no_guesses() {
    let app = TestApp::open().await;
    let own = Tab::open(&app);
    joined(&app, &own).await;
    let stranger = Tab::open(&app);
    let guess = async |email: &str, word: &str| {
        stranger.post("/console/sign-in", &[("email", email), ("password", word)]).await.status
    };
    // Guesses at many accounts from one address, with a success of one's own in between.
    for number in 0..29 {
        assert_eq!(guess(&format!("p{number}@alpha.example"), "x").await, 422, "{number}");
        if number % 7 == 0 {
            assert_eq!(guess("ada@alpha.example", PASSWORD).await, 303);
        }
    }
    assert_eq!(guess("p29@alpha.example", "x").await, 422);
    assert_eq!(guess("p30@alpha.example", "x").await, 429, "thirty have failed");
    // A clock that was ahead delays no sign-in for as long as it was ahead.
    app.clock.advance(TimeDelta::days(300));
    for _ in 0..6 {
        guess("eve@alpha.example", "x").await;
    }
    app.clock.advance(-TimeDelta::days(300));
    app.clock.advance(TimeDelta::minutes(15));
    assert_eq!(guess("eve@alpha.example", "x").await, 422);
}

#[tokio::test]
async fn a_browser_that_is_known_waits_for_no_guesses_from_elsewhere() {
    let app = TestApp::open().await;
    let own = Tab::open(&app);
    joined(&app, &own).await;
    // A hundred guesses from many addresses at one account.
    let wrong = "UPDATE sign_in_failures SET failures = 120";
    let stranger = Tab::open(&app);
    password(&stranger, "x").await.expect(422);
    execute(&app, &format!("{wrong} WHERE source LIKE 'account:%'")).await;
    password(&stranger, PASSWORD).await.expect(429);
    own.post("/console/sign-out", &[]).await.expect(303);
    password(&own, PASSWORD).await.expect(303);
    // From the same address as the guesses it waits as well.
    execute(&app, &format!("{wrong} WHERE source LIKE 'address:%'")).await;
    password(&own, PASSWORD).await.expect(429);
}

#[tokio::test]
async fn of_two_browsers_with_a_password_one_sets_the_second_factor_up() {
    let app = TestApp::open().await;
    let tab = Tab::open(&app);
    app.owner("ada", None).await;
    let (db, operator) = (app.admin.db(), app.admin.operator("test"));
    let link = sign_in::invite(db, &operator, Some(&app.tenant), "ada@alpha.example").await.expect("a link");
    tab.post(&link.path, &[("password", PASSWORD), ("password2", PASSWORD)]).await.expect(303);
    let other = Tab::open(&app);
    assert_eq!(password(&other, PASSWORD).await.header("location"), "/console/second-factor");
    let secret = secret(&tab.get("/console/second-factor").await);
    let form = [("code", &*code(&app, &secret)), ("kept", "yes")];
    let (one, two) =
        tokio::join!(tab.post("/console/second-factor", &form), other.post("/console/second-factor", &form),);
    let signed_in = [&one, &two].iter().filter(|answer| answer.header("location") == "/console").count();
    assert_eq!(signed_in, 1, "{one:?} {two:?}");
    for tab in [&tab, &other] {
        assert_eq!(tab.get("/console/second-factor").await.status, 303, "key and codes are shown no more");
    }
    assert_eq!(count(&app, "SELECT COUNT(*) FROM sessions").await, 1);
}

#[tokio::test]
async fn a_role_that_changes_while_a_password_is_set_stays_changed() {
    let app = TestApp::open().await;
    app.owner("bob", None).await;
    let tab = Tab::open(&app);
    app.owner("ada", None).await;
    let (db, operator) = (app.admin.db(), app.admin.operator("test"));
    let link = sign_in::invite(db, &operator, Some(&app.tenant), "ada@alpha.example").await.expect("a link");
    let change = administrators::Change { role: Some("auditor".to_owned()), ..Default::default() };
    let demoted = administrators::update(db, &operator, Some(&app.tenant), ("ada@alpha.example", &change));
    let fields = [("password", PASSWORD), ("password2", PASSWORD)];
    let joined = tab.post(&link.path, &fields);
    let (demoted, joined) = tokio::join!(demoted, joined);
    assert_eq!((demoted.expect("changed").role, joined.status), ("auditor", 303));
    let all = administrators::list(db, Some(&app.tenant)).await.expect("administrators");
    assert!(all.iter().any(|known| known.name == "ada" && known.role == "auditor"), "{all:?}");
}

#[tokio::test]
async fn the_installation_has_administrators_of_its_own() {
    let app = TestApp::open().await;
    let tab = Tab::open(&app);
    joined(&app, &tab).await;
    let (db, operator) = (app.admin.db(), app.admin.operator("test"));
    assert!(
        sign_in::first(db, &operator).await.expect("no fault").is_some(),
        "a tenant's password is none of the owner's"
    );
    let new = administrators::New {
        name: "Root".to_owned(),
        email: "root@alpha.example".to_owned(),
        role: "owner".to_owned(),
        ..Default::default()
    };
    administrators::add(db, &operator, None, &new).await.expect("added");
    let all = administrators::list(db, None).await.expect("administrators");
    assert_eq!(
        all.iter().map(|known| known.email.as_str()).collect::<Vec<_>>(),
        [sign_in::UNNAMED, "root@alpha.example"]
    );
    administrators::remove(db, &operator, None, sign_in::UNNAMED).await.expect("removed");
    let link = sign_in::sign_in_link(db, &operator, None, "root@alpha.example").await.expect("a link");
    let tab = Tab::open(&app);
    tab.post(&link.path, &[]).await.expect(303);
    tab.get(&users(&app)).await.expect(200);
}

#[tokio::test]
async fn a_session_ends_by_itself_and_with_its_administrator() {
    let app = TestApp::open().await;
    let tab = Tab::of(&app, "auditor").await;
    app.clock.advance(TimeDelta::minutes(470));
    tab.get(&users(&app)).await.expect(200);
    app.clock.advance(TimeDelta::minutes(470));
    tab.get(&users(&app)).await.expect(200);
    app.clock.advance(TimeDelta::minutes(481));
    let ended = tab.get(&format!("{}?status=active", users(&app))).await.expect(303);
    let next = format!("next=%2Fconsole%2F{}%2Fusers%3Fstatus%3Dactive", app.tenant);
    assert!(ended.header("location").ends_with(&next), "{}", ended.header("location"));
    let script = tab.send("GET", &users(&app), &[("hx-request", "true")], None).await.expect(401);
    assert!(script.header("hx-redirect").starts_with("/console/sign-in"));

    let tab = Tab::of(&app, "owner").await;
    for _ in 0..12 {
        app.clock.advance(TimeDelta::hours(6) - TimeDelta::seconds(1));
        tab.get(&users(&app)).await.expect(200);
    }
    app.clock.advance(TimeDelta::minutes(1));
    assert_eq!(tab.get(&users(&app)).await.status, 303, "after 72 hours it ends, however much it is used");

    app.server.forget_what_is_old().await;
    let kept = "SELECT (SELECT COUNT(*) FROM sessions) + (SELECT COUNT(*) FROM sign_in_links)";
    assert_eq!(count(&app, kept).await, 0, "what has ended is taken out");

    let tab = Tab::of(&app, "help-desk").await;
    let (db, operator) = (app.admin.db(), app.admin.operator("test"));
    administrators::remove(db, &operator, Some(app.tenant.as_str()), "help-desk@alpha.example")
        .await
        .expect("removed");
    assert_eq!(tab.get(&users(&app)).await.status, 303);
}

#[tokio::test]
async fn a_link_expires_and_a_new_invitation_ends_what_was() {
    let app = TestApp::open().await;
    let tab = Tab::open(&app);
    joined(&app, &tab).await;
    let invite = async || {
        let operator = app.admin.operator("test");
        let link = sign_in::invite(app.admin.db(), &operator, Some(&app.tenant), "ada@alpha.example").await;
        link.expect("a link").path
    };
    let (first, second) = (invite().await, invite().await);
    assert_eq!(tab.get(&first).await.status, 410, "the later link counts");
    app.clock.advance(TimeDelta::days(3));
    assert_eq!(tab.get(&second).await.status, 410, "three days have passed");
    let third = invite().await;
    let other = Tab::open(&app);
    let another = "an owl reads twelve wet maps";
    other.post(&third, &[("password", another), ("password2", another)]).await.expect(303);
    assert_eq!(tab.get(&users(&app)).await.status, 303, "every session before has ended");
    password(&tab, PASSWORD).await.expect(422);
    assert_eq!(password(&tab, another).await.header("location"), "/console/second-factor");
}

#[tokio::test]
async fn a_tenant_has_one_address() {
    let app = TestApp::open().await;
    let tab = Tab::of(&app, "owner").await;
    for path in
        ["/console/x/users", "/console/00000000-0000-0000-0000-000000000000/users", "/console/Alpha/users"]
    {
        assert_eq!(tab.get(path).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn nobody_signs_in_over_a_network_without_encryption() {
    let app = TestApp::open_with(&[("ROLLCALL_BASE_URL", "http://rollcall.example")]).await;
    let tab = Tab::open(&app);
    app.owner("ada", None).await;
    let (db, operator) = (app.admin.db(), app.admin.operator("test"));
    let link = sign_in::sign_in_link(db, &operator, Some(&app.tenant), "ada@alpha.example").await;
    let entered = tab.post(&link.expect("a link").path, &[]).await.expect(303);
    assert_eq!((entered.header("location"), entered.header("set-cookie")), ("/console/sign-in", ""));
    let page = tab.get("/console/sign-in").await.expect(200);
    assert!(text(&page).contains("without encryption") && !text(&page).contains("type=\"password\""));
    // Without an address in the settings the server believes to be on this machine alone; the host that is asked tells.
    let app = TestApp::open().await;
    let tab = Tab::open(&app);
    for (host, here) in
        [("127.0.0.1:8080", true), ("localhost", true), ("192.0.2.1:8080", false), ("a.example", false)]
    {
        let page = tab.send("GET", "/console/sign-in", &[("host", host)], None).await.expect(200);
        assert_eq!(text(&page).contains("type=\"password\""), here, "{host}");
    }
    let app = TestApp::open_with(&[("ROLLCALL_BASE_URL", "https://rollcall.example")]).await;
    app.owner("ada", None).await;
    let (db, operator) = (app.admin.db(), app.admin.operator("test"));
    let link = sign_in::sign_in_link(db, &operator, Some(&app.tenant), "ada@alpha.example").await;
    let entered = Tab::open(&app).post(&link.expect("a link").path, &[]).await;
    let cookie = entered.header("set-cookie");
    assert!(cookie.starts_with("__Host-rollcall=") && cookie.ends_with("; Secure"), "{cookie}");
}
