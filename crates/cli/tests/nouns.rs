//! The operator's nouns: created, listed, shown, changed and deleted, by operators who are careful, clumsy or hostile.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Client, Ran, Server, Site, text};

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";

/// What would act on a terminal, turn text around or begin another line.
const HOSTILE: &str = "x\u{1b}[2Jy\u{202e}z\nid  forged\u{9b}31m";

fn names(list: &Value, pointer: &str) -> Vec<String> {
    list["items"].as_array().expect("a list").iter().map(|item| text(item, pointer)).collect()
}

/// Nothing printed can act on a terminal, and no line is wider than one.
fn harmless(ran: &Ran) -> &str {
    assert_eq!(ran.code, 0, "{ran:?}");
    let acts = |c: char| c != '\n' && (c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c));
    assert!(!ran.output.contains(acts) && !ran.error.contains(acts), "{ran:?}");
    for line in ran.output.lines() {
        assert!(line.chars().count() <= 80, "wider than a terminal: {line}");
    }
    &ran.output
}

/// A tenant with a group "Crew" of Ada and Ben, a pool "Vault" of two seats bound to it, and a server.
struct Company {
    site: Site,
    connection: String,
    client: Client,
    group: String,
    people: Vec<String>,
    server: Server,
}

impl Company {
    async fn open() -> Self {
        let mut site = Site::sqlite();
        site.settings.push(("ROLLCALL_AUTH__TOKEN_CACHE_SECONDS", "0"));
        let (_, connection, token) = site.connected("Alpha", "generic");
        let server = site.serve();
        let client = server.client(&token);
        let mut people = Vec::new();
        for name in ["ada", "ben"] {
            people.push(person(&client, name).await);
        }
        let members: Vec<Value> = people.iter().map(|id| json!({"value": id})).collect();
        let body = json!({"schemas": [GROUP], "displayName": "Crew", "members": members});
        let group = text(&client.expect(Method::POST, "/Groups", Some(body), 201).await, "/id");
        site.id(&["pool", "create", "--tenant", "Alpha", "--name", "Vault", "--seats", "2"]);
        site.json(&["binding", "create", "--group", "Crew", "--pool", "Vault"]);
        Self { site, connection, client, group, people, server }
    }

    fn status(&self, user: &str) -> String {
        text(&self.site.json(&["user", "show", user]), "/enrolment/status")
    }
}

async fn person(client: &Client, name: &str) -> String {
    let mail = json!([{"value": format!("{name}@mail.example"), "type": "work"}]);
    let body = json!({"schemas": [USER], "userName": format!("{name}@alpha.example"), "emails": mail});
    text(&client.expect(Method::POST, "/Users", Some(body), 201).await, "/id")
}

#[test]
fn names_that_nobody_could_type_again_are_refused_in_one_line() {
    let site = Site::sqlite();
    let (tenant, connection, _) = site.connected("Alpha", "generic");
    site.id(&["pool", "create", "--tenant", "Alpha", "--name", "Vault", "--seats", "1"]);
    let endless = "x".repeat(10_000);
    for name in ["", "   ", "two\nlines", "esc\u{1b}[31mape", &endless] {
        for command in [
            &["tenant", "create", name][..],
            &["tenant", "update", &tenant, "--name", name],
            &["connection", "create", "--tenant", &tenant, "--profile", "generic", "--name", name],
            &["connection", "update", &connection, "--name", name],
            &["pool", "create", "--tenant", &tenant, "--seats", "1", "--name", name],
            &["pool", "update", "Vault", "--name", name],
            &["--as", name, "tenant", "list"],
        ] {
            let refused = site.run(command);
            assert!(refused.refused(1).contains("1 to 200 letters"), "{command:?}: {}", refused.error);
        }
    }
    for unknown in
        ["", "nobody", "00000000-0000-0000-0000-000000000000", "two\nlines\u{1b}[2J", "%", &endless]
    {
        for command in [
            &["tenant", "show", unknown][..],
            &["tenant", "delete", unknown, "--yes"],
            &["connection", "show", unknown],
            &["connection", "update", unknown, "--grace-days", "1"],
            &["pool", "show", unknown],
            &["pool", "update", unknown, "--seats", "1"],
            &["pool", "delete", unknown, "--yes"],
            &["token", "show", "--connection", &connection, unknown],
            &["token", "update", "--connection", &connection, unknown, "--never-expires"],
            &["token", "delete", "--connection", &connection, unknown],
            &["binding", "show", "--group", unknown, "--pool", "Vault"],
            &["grant", "create", "--user", unknown, "--pool", "Vault"],
            &["grant", "delete", "--user", unknown, "--pool", "Vault", "--yes"],
            &["user", "show", unknown],
            &["user", "export", unknown],
            &["group", "show", unknown],
            &["requests", "show", unknown],
            &["journal", "tail", "--user", unknown],
            &["journal", "tail", "--tenant", unknown],
            &["user", "list", "--tenant", unknown],
        ] {
            let refused = site.run(command);
            assert!(refused.refused(1).contains("there is no "), "{command:?}: {}", refused.error);
            assert!(!refused.error.contains('\u{1b}'), "{command:?} acts on the terminal");
        }
    }
}

#[test]
fn a_tenant_is_shown_renamed_and_deleted_with_everything_in_it() {
    let site = Site::sqlite();
    let (alpha, connection, _) = site.connected("Alpha", "generic");
    site.connected("Beta", "generic");
    site.id(&["pool", "create", "--tenant", "Alpha", "--name", "Vault", "--seats", "1"]);
    let renamed = site.json(&["--as", "Grace", "tenant", "update", "Alpha", "--name", "Gamma"]);
    assert_eq!((text(&renamed, "/id"), text(&renamed, "/name")), (alpha, "Gamma".to_owned()));
    assert!(site.run(&["tenant", "update", "Gamma", "--name", "BETA"]).refused(1).contains("exists already"));
    assert!(site.run(&["tenant", "show", "Alpha"]).refused(1).contains("rollcall tenant list"));
    let shown = site.json(&["tenant", "show", "gamma"]);
    assert_eq!((&shown["pools"], &shown["tokens"], &shown["people"]), (&json!(1), &json!(1), &json!(0)));

    let changed = site.json(&["journal", "tail", "--tenant", "Gamma", "--kind", "tenant-changed"]);
    assert_eq!(changed["items"][0]["after"], json!({ "name": "Gamma" }));

    let deleted = site.run(&["--as", "Grace", "tenant", "delete", "Gamma"]);
    assert!(deleted.output.contains("1 licence pool"), "it names what goes: {deleted:?}");
    assert_eq!(names(&site.json(&["tenant", "list"]), "/name"), ["Beta"]);
    assert!(site.run(&["connection", "show", &connection]).refused(1).contains("there is no connection"));
    assert_eq!(names(&site.json(&["connection", "list", "--tenant", "Beta"]), "/name"), ["Beta"]);

    let journal = site.json(&["journal", "tail", "--installation"]);
    let kinds = ["tenant-created", "tenant-created", "tenant-deleted"];
    assert_eq!(names(&journal, "/kind"), kinds);
    let last = &journal["items"][2];
    assert_eq!(
        (text(last, "/actorName"), text(last, "/cause")),
        ("Grace".to_owned(), "tenant delete".to_owned())
    );
    assert_eq!(last["before"]["pools"], json!(1), "what went is kept: {last}");
    site.id(&["tenant", "create", "Gamma"]);
}

#[tokio::test]
async fn deleting_a_tenant_with_people_needs_their_number_and_ends_their_tokens() {
    let company = Company::open().await;
    let site = &company.site;
    let delete = |more: &[&str]| site.run(&[&["tenant", "delete", "Alpha"], more].concat());
    let refused = delete(&[]);
    assert!(
        refused.refused(1).contains("2 people would lose access, 2 seats would go back"),
        "{}",
        refused.error
    );
    assert!(delete(&["--expect-people", "3"]).refused(1).contains("--expect-people 2"));
    assert_eq!(delete(&["--expect-people", "2", "--yes"]).code, 2, "one of them");
    assert!(delete(&["--expect-people", "many"]).refused(2).contains("many"));
    assert_eq!(
        names(&site.json(&["user", "list", "--tenant", "Alpha"]), "/userName").len(),
        2,
        "nothing is gone"
    );

    assert_eq!(delete(&["--expect-people", "2"]).code, 0);
    assert_eq!(site.json(&["tenant", "list"]), json!({"items": []}));
    company.client.expect(Method::GET, "/Users", None, 401).await;
    assert!(site.run(&["user", "show", &company.people[0]]).refused(1).contains("there is no user"));
    assert!(delete(&["--yes"]).refused(1).contains("there is no tenant"));
}

#[tokio::test]
async fn a_connection_is_shown_and_changed() {
    let company = Company::open().await;
    let site = &company.site;
    let update = |more: &[&str]| site.run(&[&["connection", "update", "Alpha"], more].concat());
    assert!(update(&["--profile", "ldap"]).refused(2).contains("ldap"));
    assert!(update(&["--with", "telepathy"]).refused(1).contains("telepathy"));
    assert!(update(&["--grace-days", "36501"]).refused(2).contains("36500"));
    assert!(update(&[]).refused(1).contains("like that already"));
    let changed =
        ["--name", "Staff", "--profile", "entra", "--without", "boolean-strings", "--grace-days", "0"];
    assert_eq!(update(&changed).code, 0);
    assert!(
        update(&["--name", "Staff"]).refused(1).contains("there is no connection"),
        "it has another name"
    );
    let shown = site.json(&["connection", "show", "staff"]);
    assert_eq!(
        (&shown["profile"], &shown["graceSeconds"], &shown["people"], &shown["groups"]),
        (&json!("entra"), &json!(0), &json!(2), &json!(1))
    );
    assert_eq!(shown["without"], json!(["boolean-strings"]));
    assert!(harmless(&site.run(&["connection", "show", "staff"])).contains("Alpha"), "the tenant is named");
    site.json(&["connection", "update", "Staff", "--reset-quirks", "--with", "manager-id"]);
    let shown = site.json(&["connection", "show", &company.connection]);
    assert_eq!((&shown["without"], &shown["with"]), (&json!([]), &json!(["manager-id"])));

    // Without a grace, who is switched off loses the seat at once.
    let body = json!({"schemas": [USER], "userName": "ada@alpha.example", "active": false});
    company.client.expect(Method::PUT, &format!("/Users/{}", company.people[0]), Some(body), 200).await;
    assert_eq!(company.status("ada@alpha.example"), "deactivated");
    let journal = site.json(&["journal", "tail", "--tenant", "Alpha", "--kind", "connection-changed"]);
    let first = &journal["items"][0];
    assert_eq!((&first["before"]["name"], &first["after"]["name"]), (&json!("Alpha"), &json!("Staff")));
}

#[tokio::test]
async fn a_token_is_found_by_its_first_letters_and_its_end_can_move() {
    let company = Company::open().await;
    let site = &company.site;
    let hint = text(&site.json(&["token", "list", "--connection", "Alpha"])["items"][0], "/hint");
    let of = |command: &str, more: &[&str]| {
        site.run(&[&["token", command, "--connection", "Alpha", &hint], more, &["--json"]].concat())
    };
    let json =
        |ran: Ran| -> Value { serde_json::from_str(&ran.output).unwrap_or_else(|_| panic!("{ran:?}")) };
    assert!(of("update", &[]).refused(2).contains("--expires-in-days"));
    assert!(of("update", &["--expires-in-days", "1", "--never-expires"]).code == 2);
    assert!(json(of("update", &["--expires-in-days", "1"]))["expiresAt"].is_string());
    assert_eq!(json(of("update", &["--never-expires"]))["expiresAt"], Value::Null);
    assert_eq!(json(of("show", &[]))["state"], "valid");
    assert_eq!(json(of("delete", &[]))["state"], "revoked");
    company.client.expect(Method::GET, "/Users", None, 401).await;
    assert!(of("update", &["--never-expires"]).refused(1).contains("rollcall token create"));
    assert!(of("delete", &[]).refused(1).contains("revoked before"));
    let journal = site.json(&["journal", "tail", "--tenant", "Alpha", "-n", "100"]);
    let about: Vec<String> =
        names(&journal, "/kind").into_iter().filter(|kind| kind.starts_with("token")).collect();
    assert_eq!(about, ["token-created", "token-changed", "token-changed", "token-revoked"]);
    assert!(!journal.to_string().contains("hash"), "no secret stands in the journal");
}

#[tokio::test]
async fn people_are_moved_to_another_pool_after_a_look_at_who_stays() {
    let company = Company::open().await;
    let site = &company.site;
    site.id(&["pool", "create", "--tenant", "Alpha", "--name", "Safe", "--seats", "5"]);
    site.json(&["grant", "create", "--user", "ada@alpha.example", "--pool", "Vault"]);
    let planned = site.json(&["pool", "move", "Vault", "Safe", "--preview"]);
    assert_eq!((&planned["moved"], planned["stay"].as_array().map(Vec::len)), (&json!(0), Some(2)));
    site.json(&["binding", "delete", "--group", "Crew", "--pool", "Vault", "--yes"]);
    let refused = site.run(&["pool", "move", "Vault", "Safe"]);
    assert!(refused.refused(1).contains("1 person would lose something"));
    let moved = site.json(&["pool", "move", "Vault", "Safe", "--expect-people", "1"]);
    assert_eq!((&moved["moved"], &moved["stay"][0]["userName"]), (&json!(1), &json!("ben@alpha.example")));
}

#[tokio::test]
async fn a_pool_is_changed_and_losses_are_named_before() {
    let company = Company::open().await;
    let site = &company.site;
    let update = |more: &[&str]| site.run(&[&["pool", "update", "Vault"], more].concat());
    assert!(update(&[]).refused(2).contains("--seats"));
    assert!(update(&["--policy", "lottery"]).refused(2).contains("lottery"));
    assert!(update(&["--for", "title qe \"x\""]).refused(1).contains("rule"));
    assert!(update(&["--expires", "tomorrow"]).refused(1).contains("2027-01-31"));
    assert!(update(&["--seats", "2"]).refused(1).contains("like that already"));
    assert!(update(&["--seats", "-1"]).code == 2);

    // Fewer seats take none away, and an expiry in the past takes all.
    assert_eq!(update(&["--seats", "1", "--policy", "overage", "--name", "Safe"]).code, 0);
    let shown = site.json(&["pool", "show", "Safe"]);
    assert_eq!((&shown["used"], &shown["over"], &shown["policy"]), (&json!(2), &json!(1), &json!("overage")));
    let expire = ["pool", "update", "Safe", "--expires", "2020-01-31"];
    let refused = site.run(&expire);
    assert!(refused.refused(1).contains("2 people would lose something: 2 people would lose access"));
    assert_eq!(company.status("ada@alpha.example"), "pending", "a refusal changes nothing");
    site.json(&[&expire[..], &["--expect-people", "2"]].concat());
    assert_eq!(company.status("ada@alpha.example"), "suspended");
    site.json(&["pool", "update", "Safe", "--never-expires"]);
    assert_eq!(company.status("ada@alpha.example"), "pending", "they come back within the grace");
    let history = site.json(&["pool", "history", "Safe", "--days", "3"]);
    let (listed, full) = (site.json(&["pool", "list", "--tenant", "Alpha"]), json!("full"));
    assert_eq!((&history["forecast"], &listed["items"][0]["forecast"]), (&full, &full));
    assert_eq!(history["days"].as_array().map(Vec::len), Some(1), "it is as old as the pool");
    assert_eq!((&history["days"][0]["seats"], &history["days"][0]["used"]), (&json!(1), &json!(2)));
    assert!(site.run(&["pool", "history", "Safe"]).output.contains("Joined"));
    let over = site.json(&["pool", "overage", "--tenant", "Alpha"]);
    assert_eq!(
        (names(&over, "/userName"), &over["items"][0]["through"]),
        (vec!["ben@alpha.example".to_owned()], &json!(["through the group “Crew”"]))
    );
    let journal = site.json(&["journal", "tail", "--tenant", "Alpha", "--kind", "pool-changed"]);
    assert_eq!(journal["items"][0]["after"], json!({"name": "Safe", "seats": 1, "policy": "overage"}));
}

#[tokio::test]
async fn who_is_entitled_by_a_rule_follows_the_rule() {
    let company = Company::open().await;
    let site = &company.site;
    let create = ["pool", "create", "--tenant", "Alpha", "--name", "Desk", "--seats", "9"];
    site.id(&[&create[..], &["--for", "userName sw \"ada\""]].concat());
    let holders = |count: usize| {
        let shown = site.json(&["pool", "show", "Desk"]);
        let holders = shown["holders"].as_array().expect("a list");
        let named: Vec<String> = holders.iter().map(|it| text(it, "/userName")).collect();
        assert_eq!(named.len(), count, "{shown}");
        named
    };
    assert_eq!(holders(1), ["ada@alpha.example"]);
    let refused = site.run(&["pool", "update", "Desk", "--for", "userName sw \"ben\""]);
    assert!(refused.refused(1).contains("1 person would lose something: 0 people would lose access, 1 seat"));
    site.json(&["pool", "update", "Desk", "--for", "userName sw \"ben\"", "--expect-people", "1"]);
    assert_eq!(holders(1), ["ben@alpha.example"]);
    let grants = site.json(&["grant", "list", "--tenant", "Alpha", "--pool", "desk"]);
    assert_eq!(names(&grants, "/rule"), ["userName sw \"ben\""]);
    // More people lose nothing, and nobody who keeps a reason is without a seat meanwhile.
    site.json(&["pool", "update", "Desk", "--for-everyone", "yes"]);
    holders(2);
    site.json(&["pool", "update", "Desk", "--no-rule"]);
    holders(2);
    site.json(&["pool", "update", "Desk", "--for-everyone", "no", "--yes"]);
    holders(0);
    assert_eq!(site.json(&["grant", "list", "--tenant", "Alpha"]), json!({"items": []}));
}

#[tokio::test]
async fn a_pool_is_deleted_without_grace_and_only_after_agreement() {
    let company = Company::open().await;
    let site = &company.site;
    person(&company.client, "eve").await;
    site.json(&["grant", "create", "--user", "eve@alpha.example", "--pool", "Vault"]);
    let shown = site.json(&["pool", "show", "Vault"]);
    assert_eq!(text(&shown["queue"][0], "/userName"), "eve@alpha.example");
    let shown = site.run(&["pool", "show", "Vault"]);
    assert!(
        harmless(&shown).contains("ben@alpha.example") && shown.output.contains("Crew"),
        "{}",
        shown.output
    );

    let refused = site.run(&["pool", "delete", "Vault"]);
    let numbers = "3 people would lose something: 2 people would lose access, 2 seats would go back, 1 place in a queue";
    assert!(refused.refused(1).contains(numbers), "{}", refused.error);
    assert!(
        site.run(&["pool", "delete", "Vault", "--expect-people", "2"])
            .refused(1)
            .contains("--expect-people 3")
    );
    site.json(&["pool", "delete", "Vault", "--expect-people", "3"]);
    assert_eq!(site.json(&["pool", "list", "--tenant", "Alpha"]), json!({"items": []}));
    assert_eq!(site.json(&["binding", "list", "--tenant", "Alpha"]), json!({"items": []}));
    assert_eq!(company.status("ada@alpha.example"), "no-licence");
    let journal =
        site.json(&["journal", "tail", "--tenant", "Alpha", "--kind", "pool-deleted", "--kind", "unbound"]);
    assert_eq!(names(&journal, "/kind"), ["pool-deleted", "unbound"]);
}

#[tokio::test]
async fn one_name_in_two_tenants_is_told_apart_by_the_tenant() {
    let company = Company::open().await;
    let site = &company.site;
    let (_, other, _) = site.connected("Beta", "generic");
    site.json(&["connection", "update", &other, "--name", "Alpha"]);
    site.id(&["pool", "create", "--tenant", "Beta", "--name", "Vault", "--seats", "7"]);
    for command in [&["pool", "show", "Vault"][..], &["connection", "show", "Alpha"]] {
        let refused = site.run(command);
        assert!(refused.refused(1).contains("--tenant"), "{}", refused.error);
        assert_eq!(site.run(&[command, &["--tenant", "Gamma"]].concat()).code, 1);
    }
    assert_eq!(site.json(&["pool", "show", "Vault", "--tenant", "Beta"])["seats"], json!(7));
    let id = text(&site.json(&["pool", "show", "Vault", "--tenant", "Alpha"]), "/id");
    let wrong = site.run(&["pool", "update", &id, "--seats", "9", "--tenant", "Beta"]);
    assert!(wrong.refused(1).contains("there is no licence pool"), "an id of another tenant is none");
    let wrong = site.run(&["user", "show", "ada@alpha.example", "--tenant", "Beta"]);
    assert!(wrong.refused(1).contains("there is no user"));
    assert_eq!(site.json(&["connection", "show", "Alpha", "--tenant", "Beta"])["id"], json!(other));
    let wrong = site.run(&["binding", "show", "--group", "Crew", "--pool", "Vault", "--tenant", "Beta"]);
    assert!(wrong.refused(1).contains("there is no group"));
    let request = site.run(&["requests", "tail", "--connection", "Alpha", "--tenant", "Beta"]);
    assert_eq!(harmless(&request), "none\n");
}

#[tokio::test]
async fn people_and_groups_are_listed_in_parts_and_formats() {
    let company = Company::open().await;
    let site = &company.site;
    let list = |more: &[&str]| site.run(&[&["user", "list", "--tenant", "Alpha"], more].concat());
    let part = site.json(&["user", "list", "--tenant", "Alpha", "--start", "2", "--count", "1"]);
    assert_eq!(
        (names(&part, "/userName"), &part["total"]),
        (vec!["ben@alpha.example".to_owned()], &json!(2))
    );
    assert_eq!(part["items"][0]["seats"], json!(["Vault"]));
    assert!(list(&["--count", "1"]).error.contains("1 to 1 of 2"), "people are told that there are more");
    assert_eq!(
        names(&site.json(&["user", "list", "--tenant", "Alpha", "--filter", "userName sw \"A\""]), "/id"),
        [company.people[0].clone()]
    );
    assert!(list(&["--filter", "userName qe 1"]).refused(1).contains("the filter"));
    for wrong in [&["--start", "0"][..], &["--count", "0"], &["--count", "99999999"], &["--json", "--csv"]] {
        assert_eq!(list(wrong).code, 2, "{wrong:?}");
    }
    let lines = list(&["--json-lines"]);
    let each = lines.output.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    assert_eq!(each.map(|user| text(&user, "/status")).collect::<Vec<_>>(), ["pending", "pending"]);
    let csv = list(&["--csv"]);
    let first = format!("ada@alpha.example,yes,pending,Vault,,,Alpha,{},,no", company.people[0]);
    assert_eq!(csv.output.lines().nth(1), Some(first.as_str()), "{}", csv.output);
    assert!(csv.output.starts_with("User,On,Status,Seats,"));

    let groups = site.json(&["group", "list", "--tenant", "Alpha"]);
    assert_eq!(
        (&groups["items"][0]["members"], &groups["items"][0]["pools"]),
        (&json!(2), &json!(["Vault"]))
    );
    let shown = site.json(&["group", "show", "crew", "--start", "2"]);
    assert_eq!((&shown["members"], shown["listed"].as_array().map(Vec::len)), (&json!(2), Some(1)));
    assert_eq!(text(&shown, "/id"), company.group);
    assert!(harmless(&site.run(&["group", "show", &company.group])).contains("Vault"));
    let binding = site.json(&["binding", "show", "--group", "Crew", "--pool", "Vault"]);
    assert_eq!(text(&binding, "/group"), company.group);
}

#[tokio::test]
async fn what_identity_providers_push_never_acts_on_a_terminal() {
    let company = Company::open().await;
    let site = &company.site;
    let body = json!({"schemas": [USER], "userName": "mallory", "displayName": HOSTILE, "title": "=cmd()"});
    company.client.expect(Method::POST, "/Users", Some(body), 201).await;
    let body = json!({"schemas": [GROUP], "displayName": HOSTILE});
    let group = text(&company.client.expect(Method::POST, "/Groups", Some(body), 201).await, "/id");
    let endless = "w".repeat(1_000);
    let body = json!({"schemas": [GROUP], "displayName": endless});
    company.client.expect(Method::POST, "/Groups", Some(body), 201).await;
    for command in [
        &["user", "list", "--tenant", "Alpha"][..],
        &["user", "show", "mallory"],
        &["group", "list", "--tenant", "Alpha"],
        &["group", "show", &group],
        &["journal", "tail", "--tenant", "Alpha"],
        &["requests", "tail", "--connection", "Alpha"],
        &["connection", "list", "--tenant", "Alpha"],
        &["pool", "list", "--tenant", "Alpha"],
        &["binding", "list", "--tenant", "Alpha"],
        &["token", "list", "--connection", "Alpha"],
    ] {
        let shown = site.run(command);
        assert!(!harmless(&shown).lines().any(|line| line.trim() == "id  forged"), "{command:?}");
    }
    let groups = site.run(&["group", "list", "--tenant", "Alpha"]);
    assert!(groups.output.contains("\\u001b") && groups.output.contains("\\u202e"), "{}", groups.output);
    let json = site.json(&["group", "show", &group]);
    assert_eq!(text(&json, "/name"), HOSTILE, "machines read what was sent");
    let csv = site.run(&["group", "list", "--tenant", "Alpha", "--csv"]);
    assert_eq!(csv.output.lines().count(), 4, "a newline in a name begins no row: {}", csv.output);
    assert!(!csv.output.contains(['\u{1b}', '\u{9b}', '\u{202e}']));
}

#[tokio::test]
async fn the_journal_is_read_by_kind_time_and_person_and_of_deleted_people() {
    let mut company = Company::open().await;
    let site = &company.site;
    let ada = company.people[0].clone();
    let tail = |more: &[&str]| site.json(&[&["journal", "tail"], more].concat());
    let by_mail = tail(&["--user", "ADA@mail.example"]);
    assert_eq!(by_mail, tail(&["--user", &ada]), "a living person is found by e-mail");
    company.client.expect(Method::DELETE, &format!("/Users/{ada}"), None, 204).await;
    let about = tail(&["--user", &ada]);
    assert!(names(&about, "/kind").contains(&"removed".to_owned()), "{about}");
    assert_eq!(tail(&["--user", "Ada@Alpha.example"]), about, "a deleted person is found by name");
    assert_eq!(tail(&["--user", "Ada@Mail.example"]), about, "and by an e-mail address");
    let refused = site.run(&["journal", "tail", "--user", "ad"]);
    assert!(refused.refused(1).contains("there is no user"), "a part of a name is no name");
    assert_eq!(names(&tail(&["--user", &ada, "--kind", "removed"]), "/kind"), ["removed"]);
    assert!(
        site.run(&["journal", "tail", "--user", &ada, "--kind", "x"]).refused(1).contains("user-created")
    );
    assert_eq!(
        tail(&["--tenant", "Alpha", "--since", "1h", "-n", "1000"]),
        tail(&["--tenant", "Alpha", "-n", "1000"])
    );
    assert_eq!(tail(&["--tenant", "Alpha", "--since", "2999-01-01"]), json!({"items": []}));
    assert!(site.run(&["journal", "tail", "--tenant", "Alpha", "--since", "x"]).refused(1).contains("24h"));
    assert_eq!(site.run(&["journal", "tail", "--installation", "--tenant", "Alpha"]).code, 2);
    assert_eq!(site.run(&["journal", "tail", "--tenant", "Alpha", "-n", "-1"]).code, 2);

    // What was exported of a living person, and what is left of a deleted one.
    let export = site.json(&["user", "export", "ben@mail.example"]);
    assert_eq!(text(&export, "/user/profile/emails/0/value"), "ben@mail.example");
    assert_eq!(text(&export, "/user/seats/0/pool"), "Vault");
    let left = site.json(&["user", "export", "ada@alpha.example"]);
    assert_eq!((&left["user"], &left["id"]), (&Value::Null, &json!(ada)));
    assert_eq!(left["journal"], about["items"]);
    let exported = tail(&["--tenant", "Alpha", "--kind", "user-exported"]);
    assert_eq!(exported["items"].as_array().map(Vec::len), Some(2), "an export is an act: {exported}");
    company.server.stop();
    let left = company.site.json(&["user", "export", &ada]);
    assert_eq!(left["requests"].as_array().map(Vec::len), Some(1), "its deletion named it: {left}");

    let tail = company.site.json(&["requests", "tail", "--connection", "Alpha", "-n", "1"]);
    let id = text(&tail["items"][0], "/id");
    let shown = company.site.json(&["requests", "show", &id]);
    assert_eq!((text(&shown, "/method"), text(&shown, "/tenant")), ("DELETE".to_owned(), "Alpha".to_owned()));
    assert!(harmless(&company.site.run(&["requests", "show", &id])).contains("DELETE"));
}

#[test]
fn the_database_is_said_without_its_password() {
    let mut site = Site::sqlite();
    site.id(&["tenant", "create", "Alpha"]);
    let ran = site.run(&["tenant", "list"]);
    assert!(ran.database.contains("test.db (SQLite)") && ran.database.lines().count() == 1, "{ran:?}");
    assert!(
        site.run(&["tenant", "show", "Beta"]).database.contains("test.db"),
        "also where something is refused"
    );
    site.database_url = "postgres://me:s3cret@127.0.0.1:1/nothing".to_owned();
    let refused = site.run(&["tenant", "list"]);
    let sentence = "nothing at 127.0.0.1:1 (PostgreSQL) cannot be opened: its server does not answer";
    assert!(refused.refused(1).contains(sentence), "{}", refused.error);
    assert!(!refused.error.contains("s3cret") && !refused.database.contains("s3cret"), "{refused:?}");
}

#[tokio::test]
async fn a_connection_is_handed_over_and_deleted_and_its_people_stay() {
    let company = Company::open().await;
    let site = &company.site;
    site.json(&["connection", "create", "--tenant", "Alpha", "--name", "new", "--profile", "generic"]);
    let token = site.json(&["token", "create", "--connection", "new", "--tenant", "Alpha"]);
    let new = company.server.client(&text(&token, "/token"));
    let ada = json!({"schemas": [USER], "userName": "ADA@alpha.example"});
    new.expect(Method::POST, "/Users", Some(ada), 409).await;
    let conflicts = site.json(&["connection", "conflicts", "--tenant", "Alpha"]);
    assert_eq!(names(&conflicts, "/userName"), ["ADA@alpha.example"]);
    assert_eq!(names(&conflicts, "/connection"), ["new"]);

    let id = company.connection.as_str();
    let refused = site.run(&["connection", "hand-over", id, id]);
    assert!(refused.code == 1 && refused.error.contains("cannot take over from itself"), "{refused:?}");
    let moved = site.json(&["connection", "hand-over", id, "new", "user"]);
    assert_eq!((&moved["users"], &moved["moved"]["people"]), (&json!(2), &json!(2)));
    assert_eq!(site.json(&["connection", "conflicts", "--tenant", "Alpha"])["items"], json!([]));

    let refused = site.run(&["connection", "delete", id]);
    assert!(refused.code == 1 && refused.error.contains("0 users and 1 group"), "{refused:?}");
    let deleted = site.run(&["connection", "delete", id, "--yes"]);
    assert!(
        harmless(&deleted).contains("deleted; 0 users and 1 group belong to no connection"),
        "{deleted:?}"
    );
    let gone = site.run(&["connection", "show", id]);
    assert!(gone.code == 1 && gone.error.contains("there is no connection"), "{gone:?}");
    let shown = site.json(&["user", "show", "ada@alpha.example"]);
    assert_eq!(shown["enrolment"]["status"], "pending", "access and seat stay");
    let told = site.json(&["journal", "tail", "--tenant", "Alpha", "--kind", "connection-deleted"]);
    assert_eq!(names(&told, "/kind"), ["connection-deleted"]);
}
