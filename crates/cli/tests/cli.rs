//! The command line as people and scripts use it: what it prints, how it refuses, and that it works beside a server.

use std::fs;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Ran, Server, Site, bare, text};

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

fn names(list: &Value, pointer: &str) -> Vec<String> {
    list["items"].as_array().expect("a list").iter().map(|item| text(item, pointer)).collect()
}

#[test]
fn help_and_version_are_results_and_a_wrong_command_line_is_one_line_and_code_2() {
    let ran = |arguments: &[&str]| Ran::from(bare(arguments).output().expect("it starts"));
    for arguments in [&["--help"][..], &["help", "tenant"], &["pool", "create", "--help"], &["--version"]] {
        let ran = ran(arguments);
        assert_eq!((ran.code, ran.error.as_str()), (0, ""), "{arguments:?}");
        assert!(ran.output.contains("rollcall"), "{arguments:?}: {}", ran.output);
    }
    for (arguments, named) in [
        (&["tenants"][..], "tenants"),
        (&["tenant", "create"], "<NAME>"),
        (&["pool", "create", "--tenant", "t", "--name", "n"], "--seats"),
        (&["pool", "create", "--tenant", "t", "--name", "n", "--seats", "many"], "many"),
        (&["journal", "tail"], "--tenant"),
        (&["serve", "--colour", "red"], "--colour"),
        (&["demo", "--exit", "--database-url", "sqlite://x.db"], "brings its own database"),
        (&["--config", "x.toml", "demo", "--exit"], "--config"),
        (&["token", "create", "--connection", "c", "--expires-in-days", "0"], "--expires-in-days"),
        (&["token", "create", "--connection", "c", "--expires-in-days", "4294967295"], "36500"),
    ] {
        let ran = ran(arguments);
        assert!(ran.refused(2).contains(named), "{arguments:?}: {}", ran.error);
    }
    let nothing = ran(&[]);
    assert_eq!(nothing.code, 2, "no command is no command");
    assert!(nothing.error.contains("serve") && nothing.output.is_empty(), "but it shows which there are");
}

#[test]
fn tenants_are_created_once_and_listed() {
    let site = Site::sqlite();
    site.json(&["migrate"]);
    assert_eq!(site.json(&["tenant", "list"]), json!({"items": []}));
    let id = site.id(&["tenant", "create", "Alpha"]);
    let tenants = site.json(&["tenant", "list"]);
    assert_eq!(
        (names(&tenants, "/id"), names(&tenants, "/name")),
        (vec![id.clone()], vec!["Alpha".to_owned()])
    );
    assert!(site.run(&["tenant", "create", "ALPHA"]).refused(1).contains("exists already"));
    assert!(site.run(&["tenant", "create", "  "]).code == 1, "a name has letters");
    let shown = site.run(&["tenant", "list"]);
    assert!(
        shown.output.starts_with("Tenant") && shown.output.contains(&id),
        "people get a table: {}",
        shown.output
    );
}

#[test]
fn connections_take_a_profile_and_single_quirks() {
    let site = Site::sqlite();
    site.json(&["migrate"]);
    let create = |name: &str, more: &[&str]| {
        let arguments = ["connection", "create", "--tenant", "Alpha", "--name", name, "--profile"];
        site.run(&[&arguments[..], more, &["--json"]].concat())
    };
    assert!(create("x", &["generic"]).refused(1).contains("rollcall tenant list"), "it says how to find out");
    site.id(&["tenant", "create", "Alpha"]);
    let made = create(
        "staff",
        &["entra", "--with", "manager-id", "--without", "boolean-strings", "--grace-days", "3"],
    );
    let made: Value = serde_json::from_str(&made.output).expect("JSON");
    assert_eq!((&made["profile"], &made["graceSeconds"]), (&json!("entra"), &json!(3 * 24 * 60 * 60)));
    let quirks = made["quirks"].as_array().expect("a list");
    assert!(
        quirks.contains(&json!("manager-id")) && !quirks.contains(&json!("boolean-strings")),
        "{quirks:?}"
    );

    assert!(create("staff", &["generic"]).refused(1).contains("exists already"));
    let refused = create("crew", &["ldap"]);
    assert!(
        refused.refused(2).contains("ldap") && refused.error.contains("jumpcloud"),
        "it names those there are"
    );
    assert_eq!(create("board", &["Entra"]).code, 0, "in any case");
    assert!(create("crew", &["generic", "--with", "telepathy"]).refused(1).contains("telepathy"));
    assert_eq!(names(&site.json(&["connection", "list", "--tenant", "Alpha"]), "/name"), ["staff", "board"]);
}

#[tokio::test]
async fn a_new_token_is_valid_at_once_and_a_revoked_one_is_not() {
    let mut site = Site::sqlite();
    site.settings.push(("ROLLCALL_AUTH__TOKEN_CACHE_SECONDS", "0"));
    let server = site.serve();
    let (_, connection, token) = site.connected("Alpha", "generic");
    assert!(token.starts_with("rollcall_"), "it names the product that it opens");
    server.client(&token).expect(Method::GET, "/Users", None, 200).await;

    let second = site.json(&["token", "create", "--connection", &connection, "--expires-in-days", "30"]);
    assert!(second["expiresAt"].is_string());
    let listed = site.json(&["token", "list", "--connection", &connection]);
    assert_eq!(names(&listed, "/state"), ["valid", "valid"]);
    assert!(!listed.to_string().contains(&token), "a list never shows a token");

    let revoked = text(&listed["items"][0], "/id");
    site.json(&["token", "delete", "--connection", &connection, &revoked]);
    server.client(&token).expect(Method::GET, "/Users", None, 401).await;
    server.client(&text(&second, "/token")).expect(Method::GET, "/Users", None, 200).await;
    let again = site.run(&["token", "delete", "--connection", &connection, &revoked]);
    assert!(again.refused(1).contains("revoked before"));
    let unknown = site.run(&["token", "delete", "--connection", &connection, &connection]);
    assert!(unknown.refused(1).contains("rollcall token list"));
}

#[tokio::test]
async fn a_bound_group_gives_seats_and_an_unbound_one_takes_them_with_grace() {
    let site = Site::sqlite();
    let (tenant, _, token) = site.connected("Alpha", "generic");
    let server = site.serve();
    let client = server.client(&token);
    let mut members = Vec::new();
    for name in ["ada", "ben", "cleo"] {
        let body = json!({"schemas": [USER], "userName": format!("{name}@alpha.example")});
        let user = client.expect(Method::POST, "/Users", Some(body), 201).await;
        members.push(json!({"value": user["id"]}));
    }
    let body = json!({"schemas": [GROUP], "displayName": "Crew", "members": members});
    let group = text(&client.expect(Method::POST, "/Groups", Some(body), 201).await, "/id");
    site.id(&["pool", "create", "--tenant", &tenant, "--name", "Vault", "--seats", "2"]);

    let binding = site.json(&["binding", "create", "--group", "crew", "--pool", "vault"]);
    assert_eq!(text(&binding, "/group"), group, "names are found in any case");
    assert_eq!(binding["settled"], json!({"people": 3, "refused": 0}));
    let pool = || site.json(&["pool", "list", "--tenant", &tenant])["items"][0].clone();
    assert_eq!((&pool()["used"], &pool()["waiting"]), (&json!(2), &json!(1)));
    let again = site.run(&["binding", "create", "--group", &group, "--pool", "Vault"]);
    assert!(again.refused(1).contains("nothing is to be done"), "{}", again.error);

    let resized = site.json(&["pool", "update", "Vault", "--seats", "3"]);
    assert_eq!(
        (&resized["used"], &resized["waiting"]),
        (&json!(3), &json!(0)),
        "whoever waits gets a new seat"
    );
    assert_eq!(names(&site.json(&["binding", "list", "--tenant", &tenant]), "/groupName"), ["Crew"]);

    let shown = site.json(&["user", "show", "ada@alpha.example"]);
    assert_eq!(
        (&shown["enrolment"]["status"], &shown["groups"][0]["name"]),
        (&json!("pending"), &json!("Crew"))
    );
    let read = site.run(&["user", "show", "ada@alpha.example"]);
    assert!(read.output.contains("through the group “Crew”"), "it says why: {}", read.output);

    let unbind = ["binding", "delete", "--group", "Crew", "--pool", "Vault"];
    let unagreed = site.run(&unbind);
    assert!(unagreed.refused(1).contains("3 people would lose something: 3 people would lose access"));
    let wrong = site.run(&[&unbind[..], &["--expect-people", "2"]].concat());
    assert!(wrong.refused(1).contains("--expect-people 3"), "{}", wrong.error);
    site.json(&[&unbind[..], &["--expect-people", "3"]].concat());
    let status = || text(&site.json(&["user", "show", "ada@alpha.example"]), "/enrolment/status");
    assert_eq!(status(), "suspended");
    let granted = site.json(&["grant", "create", "--user", "ada@alpha.example", "--pool", "Vault"]);
    assert!(!granted["effects"].as_array().expect("a list").is_empty());
    assert_eq!(status(), "pending", "by hand is a grant like any other");
    let lift = ["grant", "delete", "--user", "ada@alpha.example", "--pool", "Vault"];
    assert!(site.run(&lift).refused(1).contains("1 person would lose access"));
    site.json(&[&lift[..], &["--yes"]].concat());
    assert_eq!(status(), "no-licence", "taken back by hand there is no grace");
    assert!(
        site.run(&["binding", "delete", "--group", "Crew", "--pool", "Vault"])
            .refused(1)
            .contains("not bound")
    );
}

#[tokio::test]
async fn the_journal_and_the_request_log_say_what_a_push_came_to() {
    let site = Site::sqlite();
    let (tenant, connection, token) = site.connected("Alpha", "entra");
    let mut server = site.serve();
    let client = server.client(&token);
    let body = json!({"schemas": [USER], "userName": "ada@alpha.example", "active": true});
    let id = text(&client.expect(Method::POST, "/Users", Some(body), 201).await, "/id");
    let operation = json!([{"op": "Replace", "path": "active", "value": "False"}]);
    let body = json!({"schemas": [PATCH], "Operations": operation});
    client.expect(Method::PATCH, &format!("/Users/{id}"), Some(body), 200).await;
    // It finishes what it accepted, the request log included.
    server.stop();

    let requests = site.json(&["requests", "tail", "--connection", &connection]);
    let requests = requests["items"].as_array().expect("a list");
    assert_eq!(
        requests.iter().map(|request| text(request, "/method")).collect::<Vec<_>>(),
        ["POST", "PATCH"]
    );
    let quirks = requests[1]["quirks"].as_array().expect("a list");
    assert!(
        quirks.contains(&json!("boolean-strings")) && quirks.contains(&json!("operation-case")),
        "{quirks:?}"
    );
    assert!(!requests[0].to_string().contains("ada@alpha"), "bodies are masked: {}", requests[0]);

    let journal = site.json(&["journal", "tail", "--tenant", &tenant]);
    assert_eq!(
        names(&journal, "/kind"),
        ["connection-created", "token-created", "user-created", "user-changed"]
    );
    let about = site.json(&["journal", "tail", "--user", "ada@alpha.example", "-n", "1"]);
    assert_eq!(names(&about, "/kind"), ["user-changed"], "the newest");
    assert_eq!(text(&about["items"][0], "/cause"), text(&requests[1], "/id"), "a line names its request");
}

#[test]
fn pools_refuse_what_they_cannot_be() {
    let site = Site::sqlite();
    site.id(&["tenant", "create", "Alpha"]);
    let create = |more: &[&str]| {
        site.run(
            &[&["pool", "create", "--tenant", "Alpha", "--name", "Vault", "--seats", "1"], more].concat(),
        )
    };
    let refused = create(&["--policy", "lottery"]);
    assert!(refused.refused(2).contains("lottery") && refused.error.contains("overage"), "{}", refused.error);
    assert!(create(&["--expires", "tomorrow"]).refused(1).contains("2027-01-31"));
    assert!(create(&["--for", "title qe \"x\""]).refused(1).contains("rule"));
    let made = create(&["--for", "title eq \"Counsel\"", "--expires", "2999-12-31"]);
    assert_eq!(made.code, 0, "{}", made.error);
    assert!(made.output.contains("created: 1 seat, 0 used"), "{}", made.output);
    assert!(create(&[]).refused(1).contains("exists already"));
    assert!(site.run(&["pool", "update", "Safe", "--seats", "1"]).refused(1).contains("rollcall pool list"));
}

#[test]
fn only_commands_that_begin_something_make_a_database() {
    let mut site = Site::sqlite();
    let folder = site.folder.path().join("data");
    let file = folder.join("new.db").display().to_string();
    site.database_url = format!("sqlite://{file}?mode=rwc");
    for arguments in [
        &["tenant", "list"][..],
        &["pool", "create", "--tenant", "Alpha", "--name", "Vault", "--seats", "1"],
        &["user", "show", "ada@alpha.example"],
    ] {
        let refused = site.run(arguments);
        let said = refused.refused(1);
        assert!(said.contains(&file) && said.contains("rollcall migrate"), "{said}");
        assert!(!folder.exists(), "{arguments:?} left a folder behind");
    }
    site.id(&["tenant", "create", "Alpha"]);
    assert_eq!(names(&site.json(&["tenant", "list"]), "/name"), ["Alpha"]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(&folder).expect("the folder was made").permissions().mode();
        assert_eq!(mode & 0o777, 0o700, "personal data is nobody else's");
    }
}

#[test]
fn a_file_that_is_no_database_is_named_once() {
    let mut site = Site::sqlite();
    let file = site.folder.path().join("letter.txt").display().to_string();
    fs::write(&file, "Dear Sir or Madam, this is a letter and no database at all.\n".repeat(9))
        .expect("a file");
    site.database_url = format!("sqlite://{file}");
    let refused = site.run(&["tenant", "list"]);
    let said = refused.refused(1);
    assert_eq!(said.matches(&file).count(), 1, "{said}");
    assert_eq!(said.matches("the database failed").count(), 1, "{said}");
    assert_eq!(said.matches("not a database").count(), 1, "{said}");
}

#[test]
fn a_database_is_migrated_once_and_serve_can_be_told_not_to() {
    let mut site = Site::sqlite();
    site.settings.push(("ROLLCALL_MIGRATE", "false"));
    let refused = site.run(&["serve", "--listen", "127.0.0.1:0"]);
    assert!(refused.refused(1).contains("migrat"), "{}", refused.error);
    assert!(!names_of(&site.json(&["migrate"])).is_empty(), "a new database needs them");
    assert!(names_of(&site.json(&["migrate"])).is_empty(), "a migrated one does not");
    drop(site.serve());
}

fn names_of(list: &Value) -> Vec<String> {
    names(list, "")
}

#[test]
fn settings_show_where_they_are_from_and_refuse_what_is_unknown() {
    let mut site = Site::sqlite();
    let file = site.folder.path().join("rollcall.toml");
    fs::write(&file, "[limits]\nburst = 7\npage_size = 9\n").expect("a file");
    let file = file.display().to_string();
    site.settings.push(("ROLLCALL_LIMITS__PAGE_SIZE", "11"));
    let settings =
        site.json(&["config", "check", "--config", &file, "--database-url", "postgres://me:secret@db/x"]);
    let setting = |id: &str| {
        let found = settings["items"].as_array().expect("a list").iter().find(|item| item["id"] == id);
        let found = found.unwrap_or_else(|| panic!("no setting {id}"));
        (text(found, "/value"), text(found, "/origin"))
    };
    assert_eq!(setting("limits.burst").0, "7");
    assert!(setting("limits.burst").1.contains("rollcall.toml"));
    assert_eq!(setting("limits.page_size").0, "11", "the environment is above the file");
    assert!(setting("limits.page_size").1.contains("ROLLCALL_LIMITS__PAGE_SIZE"));
    assert!(!settings.to_string().contains("secret"), "a password is never shown");

    fs::write(site.folder.path().join("rollcall.toml"), "listn = \"x\"\n").expect("a file");
    assert!(site.run(&["config", "check", "--config", &file]).refused(1).contains("listn"));
    assert_eq!(site.run(&["config", "check", "--config", "nowhere.toml"]).code, 1);
    site.settings.push(("ROLLCALL_LIMITS__BRUST", "1"));
    assert!(site.run(&["tenant", "list"]).refused(1).contains("BRUST"), "every command refuses");
}

#[test]
fn the_first_start_says_how_to_go_on_and_a_later_one_does_not() {
    let site = Site::sqlite();
    let mut server = site.serve();
    let mut said = String::new();
    while !said.contains("rollcall binding create") {
        said += &server.line();
    }
    for command in ["rollcall tenant create", "rollcall connection create", "rollcall token create"] {
        assert!(said.contains(command), "{said}");
    }
    assert!(said.contains(&format!("http://{}/scim/v2", server.address)), "{said}");
    assert!(said.contains(&format!("http://{}/console/join/rollcall_", server.address)), "{said}");
    server.stop();
    assert_eq!(server.line(), "", "and nothing more");

    site.id(&["tenant", "create", "Alpha"]);
    let mut server = site.serve();
    server.stop();
    assert_eq!(server.line(), "", "a database in use needs no explanation");
}

#[test]
fn the_health_check_follows_the_server() {
    let site = Site::sqlite();
    let mut server = site.serve();
    let check = |server: &Server| site.run(&["healthcheck", "--listen", &server.address]);
    assert_eq!(check(&server).code, 0);
    server.kill();
    assert!(check(&server).refused(1).contains("rollcall serve"));
}

#[test]
fn a_taken_address_and_a_hopeless_database_are_said_in_one_line() {
    let mut site = Site::sqlite();
    let server = site.serve();
    let refused = site.run(&["serve", "--listen", &server.address]);
    assert!(last_line(&refused.error).contains("--listen"), "{}", refused.error);
    assert_eq!(refused.code, 1);
    site.database_url = "mysql://x".to_owned();
    assert!(site.run(&["tenant", "list"]).refused(1).contains("postgres://"));
}

fn last_line(text: &str) -> &str {
    text.lines().last().unwrap_or_default()
}

#[test]
fn every_shell_gets_a_script_that_completes_the_nouns() {
    let site = Site::sqlite();
    let help = bare(&["help"]).output().expect("the binary starts").stdout;
    let help = String::from_utf8(help).expect("UTF-8");
    let commands = help.split("Commands:").nth(1).and_then(|text| text.split("Options").next());
    let nouns: Vec<&str> = commands
        .expect("the help lists the commands")
        .lines()
        .filter_map(|line| line.strip_prefix("  ")?.split(' ').next().filter(|word| !word.is_empty()))
        .collect();
    assert!(nouns.contains(&"tenant") && nouns.contains(&"completions"), "{nouns:?}");
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let ran = site.run(&["completions", shell]);
        assert_eq!((ran.code, ran.error.as_str(), ran.database.as_str()), (0, "", ""), "{shell}");
        assert!(ran.output.contains("rollcall") && ran.output.contains("expect-people"), "{shell}");
        for noun in &nouns {
            assert!(ran.output.contains(noun), "{shell} does not know {noun}");
        }
    }
    assert!(!site.folder.path().join("test.db").exists(), "no database is needed");
    assert!(site.run(&["completions", "ed"]).refused(2).contains("fish"));
}

#[test]
fn schemas_of_ones_own_are_checked_listed_and_begun_from_an_example() {
    let site = Site::sqlite();
    let folder = site.folder.path().join("schemas");
    let settings = site.folder.path().join("settings.toml").display().to_string();
    fs::write(&settings, "schemas_dir = \"schemas\"").expect("written");
    fs::create_dir(&folder).expect("made");
    let example = site.run(&["schema", "example", "devices"]);
    fs::write(folder.join("devices.json"), &example.output).expect("written");
    let types = site.json(&["schema", "list", "--config", &settings]);
    assert_eq!(names(&types, "/endpoint"), ["/Users", "/Groups", "/Devices", "/EndpointApps"]);
    site.json(&["config", "check", "--config", &settings]);
    assert!(site.run(&["schema", "list", "--tenant", "Alpha"]).refused(1).contains("tenant list"));
    let broken = example.output.replacen("\"displayName\"", "\"1st\"", 1);
    fs::write(folder.join("devices.json"), broken).expect("written");
    let refused = site.run(&["config", "check", "--config", &settings]).refused(1).to_owned();
    for word in ["devices.json", "attribute 1st", "core:2.0:Device", "a name starts"] {
        assert!(refused.contains(word), "{refused}");
    }
}
