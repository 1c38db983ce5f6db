//! What connections of one tenant see of each other, as an operator sets it.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Client, Site, text};

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";

async fn person(client: &Client, name: &str) -> String {
    let body = json!({"schemas": [USER], "userName": name});
    text(&client.expect(Method::POST, "/Users", Some(body), 201).await, "/id")
}

#[tokio::test]
async fn a_connection_is_shared_or_takes_over_from_others_of_its_tenant() {
    let mut site = Site::sqlite();
    site.settings.push(("ROLLCALL_AUTH__TOKEN_CACHE_SECONDS", "0"));
    let (_, alpha, token) = site.connected("Alpha", "generic");
    site.connected("Beta", "generic");
    let server = site.serve();
    let owner = server.client(&token);
    let ada = format!("/Users/{}", person(&owner, "ada").await);
    for name in ["old", "older"] {
        site.json(&["connection", "create", "--tenant", "Alpha", "--name", name, "--profile", "generic"]);
    }
    let update = |more: &[&str]| {
        site.run(&[&["connection", "update", "old", "--tenant", "Alpha", "--json"], more].concat())
    };
    let takes_over = |more: &[&str]| {
        let ran = update(more);
        assert_eq!(ran.code, 0, "{more:?}: {ran:?}");
        site.json(&["connection", "show", "old", "--tenant", "Alpha"])["takesOver"].clone()
    };
    let older = text(&site.json(&["connection", "show", "older"]), "/id");
    let both = ["--takes-over", "Alpha", "--takes-over", "OLDER", "--takes-over", &older];
    assert_eq!(takes_over(&both), json!([alpha, older]), "each counts once");
    assert!(update(&both).refused(1).contains("like that already"));
    assert!(update(&["--shared", "true"]).refused(1).contains("takes over from no connection"));
    assert_eq!(takes_over(&["--takes-over", &older]), json!([older]), "the new list takes the place");

    assert!(update(&["--takes-over", "OLD"]).refused(1).contains("from itself"));
    assert!(update(&["--takes-over", "Beta"]).refused(1).contains("of the same tenant"), "of another tenant");
    assert!(update(&["--takes-over", "none"]).refused(1).contains("there is no connection"));
    assert!(
        update(&["--takes-over-none", "--takes-over", "older"]).refused(2).contains("cannot be used with")
    );
    assert!(update(&["--shared", "perhaps"]).refused(2).contains("true, false"));
    assert_eq!(takes_over(&["--takes-over-none", "--shared", "true"]), json!([]));
    assert!(update(&["--takes-over", "older"]).refused(1).contains("takes over from no connection"));

    // Users keep their owner, and the connection sees them or not.
    let token = text(&site.json(&["token", "create", "--connection", "old", "--tenant", "Alpha"]), "/token");
    let client = server.client(&token);
    client.expect(Method::GET, &ada, None, 200).await;
    let people = |of: &str| site.json(&["connection", "show", of, "--tenant", "Alpha"])["people"].clone();
    assert_eq!((people(&alpha), people("old")), (json!(1), json!(0)));
    let other = person(&client, "cleo").await;
    assert_eq!(takes_over(&["--shared", "false"]), json!([]));
    client.expect(Method::GET, &ada, None, 404).await;
    client.expect(Method::GET, &format!("/Users/{other}"), None, 200).await;
    assert_eq!((people(&alpha), people("old")), (json!(1), json!(1)));

    let journal = site.json(&["journal", "tail", "--tenant", "Alpha", "--kind", "connection-changed"]);
    let told: Vec<[&Value; 4]> = journal["items"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|it| {
            let (before, after) = (&it["before"], &it["after"]);
            [&before["shared"], &before["takesOver"], &after["shared"], &after["takesOver"]]
        })
        .collect();
    let (none, all, one) = (json!([]), json!([alpha, older]), json!([older]));
    let (yes, no) = (json!(true), json!(false));
    let expected = [
        [&no, &none, &no, &all],
        [&no, &all, &no, &one],
        [&no, &one, &yes, &none],
        [&yes, &none, &no, &none],
    ];
    assert_eq!(told, expected);
}

#[test]
fn the_help_about_profiles_names_them_all() {
    let site = Site::sqlite();
    let profiles = ["generic tolerates", "interop means", "strict means the standard"];
    let profiles: Vec<&str> = operations::connections::profiles().chain(profiles).collect();
    for command in ["create", "update"] {
        let help = site.run(&["connection", command, "--help"]);
        let words = help.output.split_whitespace().collect::<Vec<_>>().join(" ");
        for profile in &profiles {
            assert!(words.contains(profile), "{profile} is not in the help of {command}: {words}");
        }
    }
}

#[tokio::test]
async fn a_connection_knows_its_test_users_and_a_loss_by_naming_one_is_told_before() {
    let site = Site::sqlite();
    let (_, _, token) = site.connected("Alpha", "jumpcloud");
    let server = site.serve();
    let client = server.client(&token);
    site.id(&["pool", "create", "--tenant", "Alpha", "--name", "Vault", "--seats", "5", "--for-everyone"]);
    person(&client, "probe@alpha.example").await;
    person(&client, "ada@alpha.example").await;
    let listed = || site.json(&["user", "list", "--tenant", "Alpha"])["items"][0].clone();
    assert_eq!((&listed()["testUser"], &listed()["status"]), (&json!(false), &json!("pending")));
    let name = ["connection", "update", "Alpha", "--test-user", "PROBE@alpha.example"];
    let preview = site.run(&[&name[..], &["--preview"]].concat());
    assert!(preview.output.contains("1 person would lose access"), "{preview:?}");
    assert!(site.run(&name).refused(1).contains("--expect-people 1"));
    assert_eq!(listed()["seats"], json!(["Vault"]), "nothing has happened");
    let changed = site.json(&[&name[..], &["--expect-people", "1"]].concat());
    assert_eq!(changed["testUsers"], json!(["PROBE@alpha.example"]));
    assert_eq!((&listed()["testUser"], &listed()["seats"]), (&json!(true), &json!([])));
    assert!(site.run(&["user", "list", "--tenant", "Alpha"]).output.contains("Test user"));
    assert!(site.run(&["user", "show", "probe@alpha.example"]).output.contains("test user"));
    let shown = site.json(&["connection", "show", "Alpha"]);
    assert_eq!((&shown["people"], &shown["testUsers"]), (&json!(1), &json!(["PROBE@alpha.example"])));
    assert_eq!(site.json(&["tenant", "show", "Alpha"])["people"], json!(1));
    let journal = site.json(&["journal", "tail", "--tenant", "Alpha", "--kind", "connection-changed"]);
    assert_eq!(journal["items"][0]["after"]["testUsers"], json!(["PROBE@alpha.example"]));
    let none = site.json(&["connection", "update", "Alpha", "--test-user-none"]);
    assert_eq!((&none["testUsers"], &listed()["seats"]), (&json!([]), &json!(["Vault"])));
    let create = ["connection", "create", "--tenant", "Alpha", "--name", "jc", "--profile", "jumpcloud"];
    let made = site
        .json(&[&create[..], &["--test-user", "x@alpha.example", "--test-user", "X@alpha.example"]].concat());
    assert_eq!(made["testUsers"], json!(["x@alpha.example"]), "each once");
}
