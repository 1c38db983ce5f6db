//! Single sign-on: whom an issuer lets in, and whom it does not.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use operations::{administrators, sign_in};
use serde_json::{Value, json};

use crate::support::issuer::{CLIENT, Issuer, Key, Leaving, SECRET};
use crate::support::tab::{Tab, text};
use crate::support::{Answer, TestApp, count};

const PRIVATE: (&str, &str) = ("ROLLCALL_ISSUERS__ALLOW_PRIVATE", "true");

/// An organisation with an owner, and an issuer that gives roles by groups.
struct Site {
    app: TestApp,
    issuer: Issuer,
    owner: Tab,
    /// The id of the issuer.
    id: String,
}

impl Site {
    async fn open() -> Self {
        let app = TestApp::open_with(&[PRIVATE]).await;
        let (issuer, owner) = (Issuer::start().await, Tab::of(&app, "owner").await);
        let added = save(&app, &owner, "add", &[("issuer", &issuer.url)]).await.expect(303);
        let id = added.header("location").split(['/', '?']).rev().nth(1).expect("an id").to_owned();
        Self { app, issuer, owner, id }
    }

    fn path(&self, rest: &str) -> String {
        format!("/console/{}{rest}", self.app.tenant)
    }

    async fn leave(&self, tab: &Tab) -> Leaving {
        self.issuer.leave(tab, &format!("/console/sso/{}?next={}", self.id, self.path("/users"))).await
    }

    fn claims(&self, subject: &str, leaving: &Leaving) -> Value {
        self.issuer.claims(subject, leaving, self.app.clock.now())
    }

    /// Signs in as a subject with these groups.
    async fn enter(&self, tab: &Tab, subject: &str, groups: &[&str]) -> Answer {
        let leaving = self.leave(tab).await;
        let mut claims = self.claims(subject, &leaving);
        claims["groups"] = json!(groups);
        self.issuer.back(tab, &leaving, self.issuer.key.sign(&claims)).await
    }

    /// Accepts an invitation of an administrator through the issuer.
    async fn join(&self, tab: &Tab, email: &str, subject: &str) -> Answer {
        let (db, operator) = (self.app.admin.db(), self.app.admin.operator("test"));
        let link = sign_in::invite(db, &operator, Some(&self.app.tenant), email).await.expect("a link").path;
        let page = tab.get(&link).await.expect(200);
        let secret = link.rsplit('/').next().expect("a secret");
        let way = format!("/console/sso/{}?join={secret}", self.id);
        assert!(text(&page).contains(&way), "the invitation can be accepted there");
        let leaving = self.issuer.leave(tab, &way).await;
        let token = self.issuer.key.sign(&self.claims(subject, &leaving));
        self.issuer.back(tab, &leaving, token).await
    }

    async fn journal(&self, part: &str) -> i64 {
        count(&self.app, &format!("SELECT COUNT(*) FROM journal WHERE why LIKE '%{part}%'")).await
    }
}

/// Saves the issuer, with some values changed.
async fn save(app: &TestApp, tab: &Tab, id: &str, changed: &[(&'static str, &str)]) -> Answer {
    let usual = [
        ("name", "Directory"),
        ("client_id", CLIENT),
        ("client_secret", SECRET),
        ("claim", "groups"),
        ("value", "rollcall-owners"),
        ("role", "owner"),
        ("value", "desk"),
        ("role", "help-desk"),
    ];
    let kept = usual.into_iter().filter(|(name, _)| changed.iter().all(|(other, _)| other != name));
    let fields: Vec<(&str, &str)> = kept.chain(changed.iter().copied()).collect();
    tab.post(&format!("/console/{}/administrators/sso/{id}", app.tenant), &fields).await
}

#[tokio::test]
async fn a_group_makes_an_administrator_and_the_next_sign_in_follows_the_group() {
    let site = Site::open().await;
    let tab = Tab::open(&site.app);
    let refused = site.enter(&tab, "ingrid", &["staff"]).await.expect(422);
    assert!(text(&refused).contains("no administrator here"), "{}", text(&refused));
    assert_eq!(site.journal("A sign-in through Directory failed").await, 1);

    let entered = site.enter(&tab, "ingrid", &["staff", "desk"]).await.expect(303);
    assert_eq!(entered.header("location"), site.path("/users"));
    let page = tab.get(&site.path("/users")).await.expect(200);
    assert!(text(&page).contains("Ingrid Solheim") && text(&page).contains("Help desk"));
    assert_eq!(tab.get(&site.path("/users/add")).await.status, 403, "a help desk changes nothing");
    assert_eq!(
        site.journal("Directory made Ingrid Solheim an administrator, with the role help-desk").await,
        1
    );

    let elsewhere = Tab::open(&site.app);
    site.enter(&elsewhere, "ingrid", &["rollcall-owners", "desk"]).await.expect(303);
    assert_eq!(elsewhere.get(&site.path("/users/add")).await.status, 200, "the first value counts");
    assert_eq!(tab.get(&site.path("/users")).await.status, 303, "sessions of the former role have ended");

    site.enter(&tab, "ingrid", &[]).await.expect(422);
    assert_eq!(
        count(&site.app, "SELECT COUNT(*) FROM administrators").await,
        2,
        "the owner and one by group"
    );
}

#[tokio::test]
async fn an_address_proves_nothing_and_an_owner_is_left() {
    let site = Site::open().await;
    let tab = Tab::open(&site.app);
    let refused = site.enter(&tab, "owner", &["rollcall-owners"]).await.expect(422);
    assert!(text(&refused).contains("an address proves nothing"), "{}", text(&refused));
    // The owner connects the account, and is that owner from then on.
    let leaving =
        site.issuer.leave(&site.owner, &site.path(&format!("/preferences/connect/{}", site.id))).await;
    let token = site.issuer.key.sign(&site.claims("owner", &leaving));
    let connected = site.issuer.back(&site.owner, &leaving, token).await.expect(303);
    assert_eq!(connected.header("location"), site.path("/preferences?done=connected"));
    site.enter(&tab, "owner", &["desk"]).await.expect(303);
    let page = tab.get(&site.path("/administrators")).await.expect(200);
    assert!(
        text(&page).contains("Invite an administrator"),
        "the last owner stays one, whatever a group gives"
    );
    site.enter(&tab, "owner", &[]).await.expect(303);
    assert_eq!(
        tab.get(&site.path("/administrators")).await.status,
        200,
        "who was invited here needs no group"
    );
    // Another account cannot be connected to a subject that is somebody's.
    let other = Tab::of(&site.app, "auditor").await;
    let leaving = site.issuer.leave(&other, &site.path(&format!("/preferences/connect/{}", site.id))).await;
    let token = site.issuer.key.sign(&site.claims("owner", &leaving));
    let taken = site.issuer.back(&other, &leaving, token).await.expect(400);
    assert!(text(&taken).contains("connected to another administrator"));
    let stays = tab.post(&site.path("/preferences/disconnect"), &[("issuer", &site.id)]).await.expect(422);
    assert!(
        text(&stays).contains("could not sign in any more"),
        "the owner has no password: {}",
        text(&stays)
    );
    let glass = Tab::open(&site.app);
    super::sign_in::joined(&site.app, &glass).await;
    let leaving = site.issuer.leave(&glass, &site.path(&format!("/preferences/connect/{}", site.id))).await;
    let token = site.issuer.key.sign(&site.claims("ada-1", &leaving));
    site.issuer.back(&glass, &leaving, token).await.expect(303);
    let through = Tab::open(&site.app);
    site.enter(&through, "ada-1", &[]).await.expect(303);
    glass.post(&site.path("/preferences/disconnect"), &[("issuer", &site.id)]).await.expect(303);
    assert_eq!(through.get(&site.path("/users")).await.status, 303, "the sessions of that account end");
    site.enter(&Tab::open(&site.app), "ada-1", &[]).await.expect(422);
}

#[tokio::test]
async fn a_role_goes_with_the_group_that_gave_it() {
    let site = Site::open().await;
    // Whom a group alone made an administrator stays none without it, whatever is connected.
    let tab = Tab::open(&site.app);
    site.enter(&tab, "ingrid", &["desk"]).await.expect(303);
    let leaving = site.issuer.leave(&tab, &site.path(&format!("/preferences/connect/{}", site.id))).await;
    let token = site.issuer.key.sign(&site.claims("ingrid", &leaving));
    site.issuer.back(&tab, &leaving, token).await.expect(303);
    let refused = site.enter(&Tab::open(&site.app), "ingrid", &[]).await.expect(422);
    assert!(text(&refused).contains("gives Ingrid Solheim a role any more"), "{}", text(&refused));
    assert_eq!(tab.get(&site.path("/users")).await.status, 303, "and the open sessions end");

    // Who was invited falls back to the role of the invitation, also with the password.
    let (db, operator) = (site.app.admin.db(), site.app.admin.operator("test"));
    let glass = Tab::open(&site.app);
    let (secret, _) = super::sign_in::joined(&site.app, &glass).await;
    let leaving = site.issuer.leave(&glass, &site.path(&format!("/preferences/connect/{}", site.id))).await;
    let token = site.issuer.key.sign(&site.claims("ada-1", &leaving));
    site.issuer.back(&glass, &leaving, token).await.expect(303);
    let change = administrators::Change { role: Some("help-desk".to_owned()), ..Default::default() };
    let changed = ("ada@alpha.example", &change);
    administrators::update(db, &operator, Some(&site.app.tenant), changed).await.expect("changed");
    let role = async || {
        let all = administrators::list(db, Some(&site.app.tenant)).await.expect("a list");
        all.iter().find(|known| known.email == "ada@alpha.example").expect("ada").role
    };
    site.enter(&Tab::open(&site.app), "ada-1", &["rollcall-owners"]).await.expect(303);
    assert_eq!(role().await, "owner");
    site.enter(&Tab::open(&site.app), "ada-1", &["staff"]).await.expect(303);
    assert_eq!(role().await, "help-desk");
    site.enter(&Tab::open(&site.app), "ada-1", &["rollcall-owners"]).await.expect(303);
    site.app.clock.advance(TimeDelta::seconds(30));
    let way = [("email", "ada@alpha.example"), ("password", super::sign_in::PASSWORD)];
    let tab = Tab::open(&site.app);
    tab.post("/console/sign-in", &way).await.expect(303);
    let code = super::sign_in::code(&site.app, &secret);
    tab.post("/console/sign-in/code", &[("code", &code)]).await.expect(303);
    assert_eq!(role().await, "help-desk", "a password proves no group");
}

#[tokio::test]
async fn what_the_token_leaves_out_is_read_from_the_issuer() {
    let site = Site::open().await;
    let userinfo = format!("{}/userinfo", site.issuer.url);
    site.issuer.with(|script| script.metadata = json!({ "userinfo_endpoint": userinfo }));
    let enter = async |all: Value| {
        let tab = Tab::open(&site.app);
        let leaving = site.leave(&tab).await;
        let mut claims = site.claims("ingrid", &leaving);
        claims.as_object_mut().expect("an object").retain(|name, _| name != "email" && name != "name");
        site.issuer.with(|script| script.userinfo = all);
        site.issuer.back(&tab, &leaving, site.issuer.key.sign(&claims)).await
    };
    let other =
        enter(json!({"sub": "mallory", "email": "m@alpha.example", "groups": ["desk"]})).await.expect(422);
    assert!(text(&other).contains("of another account"), "{}", text(&other));
    enter(json!({"sub": "ingrid", "email": "i@alpha.example", "groups": ["desk"], "iss": "x"}))
        .await
        .expect(303);
    assert_eq!(
        count(&site.app, "SELECT COUNT(*) FROM administrators WHERE email = 'i@alpha.example'").await,
        1
    );
}

#[tokio::test]
async fn a_page_of_another_site_connects_no_account_and_an_id_is_not_chosen() {
    let site = Site::open().await;
    let path = site.path(&format!("/preferences/connect/{}", site.id));
    let foreign = site.owner.send("GET", &path, &[("sec-fetch-site", "cross-site")], None).await;
    assert_eq!(foreign.status, 403);
    let chosen = "019ca8a0-3e80-7391-abd8-513445d081e0";
    let added = save(&site.app, &site.owner, "add", &[("issuer", &site.issuer.url), ("id", chosen)])
        .await
        .expect(303);
    assert!(!added.header("location").contains(chosen));
}

#[tokio::test]
async fn an_invitation_is_accepted_through_the_issuer_once() {
    let site = Site::open().await;
    site.app.owner("ada", None).await;
    let tab = Tab::open(&site.app);
    site.join(&tab, "ada@alpha.example", "a-1").await.expect(303);
    assert_eq!(tab.get(&site.path("/administrators")).await.status, 200);
    assert_eq!(count(&site.app, "SELECT COUNT(*) FROM sign_in_links").await, 0);
    // The subject is somebody's: the invitation of another one stays.
    site.app.owner("ben", None).await;
    let taken = site.join(&Tab::open(&site.app), "ben@alpha.example", "a-1").await.expect(422);
    assert!(text(&taken).contains("connected to another administrator"), "{}", text(&taken));
    assert_eq!(count(&site.app, "SELECT COUNT(*) FROM sign_in_links").await, 1);
}

#[tokio::test]
async fn a_token_that_is_not_for_this_sign_in_lets_nobody_in() {
    let site = Site::open().await;
    let url = site.issuer.url.clone();
    let foreign = Key::new("one");
    for (change, why) in [
        (json!({"nonce": "another"}), "(nonce)"),
        (json!({"nonce": null}), "(nonce)"),
        (json!({"aud": "another"}), "another client"),
        (json!({"aud": [CLIENT, "another"]}), "(azp)"),
        (json!({"azp": "another"}), "(azp)"),
        (json!({"aud": []}), "another client"),
        (json!({"iss": format!("{url}/")}), "of the issuer"),
        (json!({"exp": {"now": -61}}), "has expired"),
        (json!({"exp": null}), "when it expires"),
        (json!({"exp": "tomorrow"}), "when it expires"),
        (json!({"iat": {"now": 61}}), "of the future"),
        (json!({"iat": 3.6e16}), "of the future"),
        (json!({"iat": "yesterday"}), "when it was issued"),
        (json!({"nbf": {"now": 61}}), "of the future"),
        (json!({"sub": ""}), "no subject"),
        (json!({"sub": 5}), "no subject"),
        (json!({"sub": "x".repeat(256)}), "no subject"),
        (json!({"groups": null, "_claim_names": {"groups": "src1"}}), "application roles"),
        (json!({"email": null}), "no e-mail address"),
        (json!({"email": "none"}), "no e-mail address"),
    ] {
        let tab = Tab::open(&site.app);
        let leaving = site.leave(&tab).await;
        let mut claims = site.claims("mallory", &leaving);
        claims["groups"] = json!(["rollcall-owners"]);
        for (name, value) in change.as_object().expect("an object") {
            let now = site.app.clock.now().timestamp();
            let seconds = value.get("now").and_then(Value::as_i64);
            claims[name] = seconds.map_or_else(|| value.clone(), |seconds| json!(now + seconds));
        }
        claims.as_object_mut().expect("an object").retain(|_, value| !value.is_null());
        let refused = site.issuer.back(&tab, &leaving, site.issuer.key.sign(&claims)).await.expect(422);
        assert!(text(&refused).contains(why), "{change}: {}", text(&refused));
        assert_eq!(tab.get(&site.path("/users")).await.status, 303, "{change}");
        // Too many failures of one address would be slowed down.
        site.app.clock.advance(TimeDelta::hours(1));
    }
    let unsigned = |claims: &Value, header: Value, signature: &str| {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        format!("{}.{}.{signature}", part(&header), part(claims))
    };
    for forge in
        ["none", "another key", "the public key as a secret", "garbage", "an algorithm of the header"]
    {
        let tab = Tab::open(&site.app);
        let leaving = site.leave(&tab).await;
        let mut claims = site.claims("mallory", &leaving);
        claims["groups"] = json!(["rollcall-owners"]);
        let token = match forge {
            "none" => unsigned(&claims, json!({"alg": "none"}), ""),
            "another key" => foreign.sign(&claims),
            "the public key as a secret" => {
                let head = unsigned(&claims, json!({"alg": "HS256", "kid": "one"}), "");
                let key = hmac::Key::new(hmac::HMAC_SHA256, site.issuer.key.modulus().as_bytes());
                let tag = hmac::sign(&key, head.trim_end_matches('.').as_bytes());
                format!("{head}{}", URL_SAFE_NO_PAD.encode(tag))
            }
            "garbage" => "x.y.z".to_owned(),
            _ => unsigned(&claims, json!({"alg": "ES256", "kid": "one"}), "AAAA"),
        };
        site.issuer.back(&tab, &leaving, token).await.expect(422);
        assert_eq!(tab.get(&site.path("/users")).await.status, 303, "{forge}");
    }
    assert_eq!(count(&site.app, "SELECT COUNT(*) FROM administrators").await, 1);
}

#[tokio::test]
async fn a_state_counts_once_in_its_own_browser_and_for_ten_minutes() {
    let site = Site::open().await;
    let begun = |answer: &Answer| text(answer).contains("Begin again");
    let tab = Tab::open(&site.app);
    let leaving = site.leave(&tab).await;
    let before = tab.copy();
    let mut claims = site.claims("ingrid", &leaving);
    claims["groups"] = json!(["desk"]);
    let token = site.issuer.key.sign(&claims);
    let stranger = site.issuer.back(&Tab::open(&site.app), &leaving, token.clone()).await.expect(422);
    assert!(begun(&stranger), "a browser that was not at the issuer");
    let other = Leaving { state: "x".to_owned(), ..site.leave(&Tab::open(&site.app)).await };
    assert!(begun(&site.issuer.back(&tab.copy(), &other, token.clone()).await), "another state");
    site.leave(&tab.copy()).await;
    let leaving = site.leave(&before).await;
    let mut claims = site.claims("ingrid", &leaving);
    claims["groups"] = json!(["desk"]);
    let (token, again) = (site.issuer.key.sign(&claims), before.copy());
    site.issuer.back(&before, &leaving, token.clone()).await.expect(303);
    assert!(begun(&site.issuer.back(&again, &leaving, token).await), "an answer is used once");
    let late = Tab::open(&site.app);
    let leaving = site.leave(&late).await;
    site.app.clock.advance(TimeDelta::minutes(10));
    let token = site.issuer.key.sign(&site.claims("ingrid", &leaving));
    assert!(begun(&site.issuer.back(&late, &leaving, token).await), "ten minutes");
    // The identity provider says no.
    let tab = Tab::open(&site.app);
    let leaving = site.leave(&tab).await;
    let denied = format!(
        "{}?error=access_denied&error_description=No%0Away&state={}",
        leaving.callback, leaving.state
    );
    let denied = tab.get(&denied).await.expect(422);
    assert!(text(&denied).contains("access_denied No"), "{}", text(&denied));
    // The cookie of one issuer does not open the way back of another one.
    let added = save(&site.app, &site.owner, "add", &[("issuer", &site.issuer.url), ("name", "Other")]).await;
    let other = added.header("location").split(['/', '?']).rev().nth(1).expect("an id").to_owned();
    let leaving = site.leave(&tab).await;
    let elsewhere = Leaving { callback: format!("/console/sso/{other}/callback"), ..leaving };
    assert!(begun(&site.issuer.back(&tab, &elsewhere, "x".to_owned()).await));
}

#[tokio::test]
async fn keys_change_and_metadata_that_lies_is_refused() {
    let site = Site::open().await;
    site.enter(&Tab::open(&site.app), "ingrid", &["desk"]).await.expect(303);
    site.enter(&Tab::open(&site.app), "ingrid", &["desk"]).await.expect(303);
    let asked = site.issuer.with(|script| std::mem::take(&mut script.asked));
    assert_eq!(
        asked,
        ["metadata", "token by header", "keys", "token by header"],
        "what is known is not asked"
    );
    let second = Key::new("two");
    site.issuer.with(|script| script.keys = vec![second.clone()]);
    let enter = async || {
        let tab = Tab::open(&site.app);
        let leaving = site.leave(&tab).await;
        let mut claims = site.claims("ingrid", &leaving);
        claims["groups"] = json!(["desk"]);
        site.issuer.back(&tab, &leaving, second.sign(&claims)).await.status
    };
    assert_eq!(enter().await, 422, "keys are read anew once a minute at most");
    site.app.clock.advance(TimeDelta::minutes(1));
    assert_eq!(enter().await, 303);
    site.app.clock.advance(TimeDelta::hours(1));
    let enter_now = async || Tab::open(&site.app).get(&format!("/console/sso/{}", site.id)).await.status;
    for (metadata, why) in [
        (json!({"issuer": "https://evil.example"}), "of the issuer https://evil.example"),
        (json!({"token_endpoint": "file:///etc/passwd"}), "begin with https"),
        (json!({"authorization_endpoint": "javascript:alert(1)"}), "begin with https"),
        (json!({"jwks_uri": 5}), "cannot be read"),
    ] {
        site.issuer.with(|script| script.metadata = metadata.clone());
        // What failed is not asked for again at once.
        site.app.clock.advance(TimeDelta::seconds(10));
        let refused = Tab::open(&site.app).get(&format!("/console/sso/{}", site.id)).await.expect(502);
        assert!(text(&refused).contains(why), "{metadata}: {}", text(&refused));
    }
    site.issuer.with(|script| (script.metadata, script.status) = (json!({}), 500));
    site.app.clock.advance(TimeDelta::seconds(10));
    Tab::open(&site.app).get(&format!("/console/sso/{}", site.id)).await.expect(502);
    let said = json!({"token_endpoint_auth_methods_supported": ["client_secret_post"]});
    site.issuer.with(|script| (script.metadata, script.status) = (said, 200));
    assert_eq!(
        enter_now().await,
        502,
        "a failure is believed for a while, because anybody can begin a sign-in"
    );
    site.app.clock.advance(TimeDelta::seconds(10));
    assert_eq!(enter().await, 303);
    assert_eq!(
        site.issuer.with(|script| script.asked.iter().filter(|asked| *asked == "token by body").count()),
        1
    );
}

#[tokio::test]
async fn an_issuer_in_a_private_network_needs_a_setting() {
    let app = TestApp::open().await;
    let owner = Tab::of(&app, "owner").await;
    for (issuer, why) in [
        ("https://127.0.0.1:9", "no address of the public internet"),
        ("http://login.example.com", "begin with https"),
        ("https://login.example.com/?a=b", "no query"),
        ("login", "write it as"),
    ] {
        let refused = save(&app, &owner, "add", &[("issuer", issuer)]).await.expect(422);
        assert!(text(&refused).contains(why), "{issuer}: {}", text(&refused));
        assert!(!text(&refused).contains(SECRET), "a secret is not shown again");
    }
}

#[tokio::test]
async fn enforced_single_sign_on_leaves_one_account_with_a_password() {
    let site = Site::open().await;
    let (db, operator) = (site.app.admin.db(), site.app.admin.operator("test"));
    let glass = Tab::open(&site.app);
    let (secret, _) = super::sign_in::joined(&site.app, &glass).await;
    let ada = administrators::list(db, Some(&site.app.tenant)).await.expect("a list");
    let ada = ada.iter().find(|known| known.email == "ada@alpha.example").expect("ada").id.to_string();
    let enforce = async |tab: &Tab, account: &str| {
        let fields = [("enforced", "yes"), ("break_glass", account)];
        tab.post(&site.path("/administrators/sso/enforce"), &fields).await
    };
    let refused = enforce(&site.owner, &ada).await.expect(422);
    assert!(text(&refused).contains("Sign in through the issuer first"), "{}", text(&refused));
    let tab = Tab::open(&site.app);
    site.enter(&tab, "ingrid", &["rollcall-owners"]).await.expect(303);
    let refused = enforce(&tab, "owner@alpha.example").await.expect(422);
    assert!(text(&refused).contains("has to be an owner with a password"), "no password yet");
    enforce(&tab, &ada).await.expect(303);
    assert_eq!(tab.get(&site.path("/users")).await.status, 200, "a session through the issuer stays");
    assert_eq!(glass.get(&site.path("/users")).await.status, 200, "so does the one of the account");
    assert_eq!(site.owner.get(&site.path("/users")).await.status, 303, "those of passwords and links end");

    // The sign-in page offers the issuer first, and the password behind a link.
    let door = Tab::open(&site.app).get(&format!("/console/sign-in/{}", site.app.tenant)).await.expect(200);
    assert!(text(&door).contains("Continue with Directory") && !text(&door).contains("name=\"password\""));
    let unknown =
        Tab::open(&site.app).get("/console/sign-in/019ca8a0-3e80-7391-abd8-513445d081e0").await.expect(200);
    assert!(!text(&unknown).contains("Directory"));

    // Nobody else sets a password, or gets a link around it from the console.
    site.app.owner("ben", None).await;
    let link =
        sign_in::invite(db, &operator, Some(&site.app.tenant), "ben@alpha.example").await.expect("a link");
    let words = [
        ("password", "a lantern swims over seven stairs"),
        ("password2", "a lantern swims over seven stairs"),
    ];
    let refused = Tab::open(&site.app).post(&link.path, &words).await.expect(422);
    assert!(text(&refused).contains("asswords are off"), "{}", text(&refused));
    let removed = tab.post(&site.path(&format!("/administrators/{ada}/remove")), &[]).await.expect(422);
    assert!(text(&removed).contains("break-glass account"), "{}", text(&removed));
    let removed =
        tab.post(&site.path(&format!("/administrators/sso/{}/remove", site.id)), &[]).await.expect(422);
    assert!(text(&removed).contains("the only issuer"), "{}", text(&removed));
    let around = tab.post(&site.path(&format!("/administrators/{ada}/enter")), &[]).await.expect(400);
    assert!(text(&around).contains("would lead around it"), "{}", text(&around));

    // The account still gets in, and every owner is told.
    site.app.clock.advance(TimeDelta::seconds(30));
    let way = [("email", "ada@alpha.example"), ("password", super::sign_in::PASSWORD)];
    let glass = Tab::open(&site.app);
    glass.post("/console/sign-in", &way).await.expect(303);
    let code = super::sign_in::code(&site.app, &secret);
    glass.post("/console/sign-in/code", &[("code", &code)]).await.expect(303);
    assert_eq!(glass.get(&site.path("/users")).await.status, 200);
    assert_eq!(
        count(&site.app, "SELECT COUNT(*) FROM mail WHERE kind = 'alert'").await,
        4,
        "every owner is told"
    );
    glass.post(&site.path("/administrators/sso/enforce"), &[("enforced", "no")]).await.expect(303);
    let removed =
        tab.post(&site.path(&format!("/administrators/sso/{}/remove", site.id)), &[]).await.expect(303);
    assert_eq!(removed.header("location"), site.path("/administrators/sso?done=deleted"));
    assert_eq!(tab.get(&site.path("/users")).await.status, 303, "its sessions have ended");
}

#[tokio::test]
async fn a_test_says_what_is_wrong_and_changes_nothing() {
    let site = Site::open().await;
    let test = site.path(&format!("/administrators/sso/{}/test", site.id));
    let leaving = site.issuer.leave(&site.owner, &test).await;
    let mut claims = site.claims("ingrid", &leaving);
    claims["groups"] = json!(["desk"]);
    let works = site.issuer.back(&site.owner, &leaving, site.issuer.key.sign(&claims)).await.expect(200);
    assert!(text(&works).contains("It works. You would be signed in as Ingrid Solheim"), "{}", text(&works));
    let leaving = site.issuer.leave(&site.owner, &test).await;
    let mut claims = site.claims("ingrid", &leaving);
    claims["aud"] = json!("1d93ab06");
    let wrong = site.issuer.back(&site.owner, &leaving, site.issuer.key.sign(&claims)).await.expect(200);
    assert!(text(&wrong).contains("1d93ab06 instead of") && text(&wrong).contains("Not reached"));
    assert_eq!(count(&site.app, "SELECT COUNT(*) FROM administrators").await, 1);
    // The secret is wrong.
    save(&site.app, &site.owner, &site.id, &[("issuer", &site.issuer.url), ("client_secret", "wrong")])
        .await
        .expect(303);
    let leaving = site.issuer.leave(&site.owner, &test).await;
    let wrong = site.issuer.back(&site.owner, &leaving, "x".to_owned()).await.expect(200);
    assert!(text(&wrong).contains("client ID or its secret is wrong"), "{}", text(&wrong));
    // A changed issuer wants its own secret.
    let moved = save(
        &site.app,
        &site.owner,
        &site.id,
        &[("issuer", "https://login.example.com"), ("client_secret", "")],
    );
    assert!(text(&moved.await.expect(422)).contains("type its client secret"));
}
