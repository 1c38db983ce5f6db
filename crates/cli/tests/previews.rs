//! `--preview` prints what would follow from a command, and changes nothing.

use crate::support::{Ran, Site, text};
use reqwest::Method;
use serde_json::{Value, json};

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";

/// What a preview printed, in lines of at most 80 columns.
fn printed(ran: &Ran) -> &str {
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.output.lines().all(|line| line.chars().count() <= 80), "{ran:?}");
    assert!(ran.output.contains("nothing was changed"), "{ran:?}");
    &ran.output
}

/// All that a command could change.
fn state(site: &Site) -> [Value; 5] {
    let list = |noun| site.json(&[noun, "list", "--tenant", "Alpha"]);
    let journal = site.json(&["journal", "tail", "--tenant", "Alpha", "-n", "100"]);
    [list("pool"), list("binding"), list("grant"), list("user"), journal]
}

#[tokio::test]
async fn a_preview_of_every_command_that_settles_people_changes_nothing() {
    let site = Site::sqlite();
    let (_, _, token) = site.connected("Alpha", "generic");
    let server = site.serve();
    let client = server.client(&token);
    let mut members = Vec::new();
    for name in ["ada", "ben", "cleo", "dan"] {
        let body = json!({"schemas": [USER], "userName": name});
        let id = text(&client.expect(Method::POST, "/Users", Some(body), 201).await, "/id");
        members.push(json!({"value": id}));
    }
    let body = json!({"schemas": [GROUP], "displayName": "Crew", "members": members[..3]});
    client.expect(Method::POST, "/Groups", Some(body), 201).await;
    site.id(&["pool", "create", "--tenant", "Alpha", "--name", "Vault", "--seats", "2"]);

    let bind = ["binding", "create", "--group", "Crew", "--pool", "Vault"];
    let before = state(&site);
    let told = site.run(&[&bind[..], &["--preview"]].concat());
    let told = printed(&told);
    assert!(told.starts_with("preview of    binding the group Crew\n"), "{told}");
    assert!(told.contains("would follow  2 people would get a seat, 1 would wait\n"), "{told}");
    assert!(told.contains("ada, ben") && told.contains("cleo") && told.contains("Free now"), "{told}");
    let told = site.json(&[&bind[..], &["--preview"]].concat());
    assert_eq!(told["gains"], json!({"people": 3, "access": 2, "seats": 2, "places": 1}));
    assert_eq!(told["people"][1]["first"][0]["userName"], "cleo");
    assert_eq!(told["pools"][0]["waiting"], json!({"before": 0, "after": 1}));
    let rows = site.run(&[&bind[..], &["--preview", "--csv"]].concat());
    assert_eq!(rows.output.lines().nth(1), Some("get a seat,2,\"ada, ben\""), "{rows:?}");
    assert_eq!(state(&site), before, "nothing of it happened");

    site.json(&bind);
    site.json(&["grant", "create", "--user", "dan", "--pool", "Vault"]);
    let before = state(&site);
    for (command, told) in [
        (&["binding", "delete", "--group", "Crew", "--pool", "Vault"][..], "3 people would lose something"),
        (&["grant", "create", "--user", "ada", "--pool", "Vault"], "no person gets or loses anything"),
        (&["grant", "delete", "--user", "dan", "--pool", "Vault"], "1 place in a queue would be given up"),
        (
            &["pool", "create", "--tenant", "Alpha", "--name", "Desk", "--seats", "3", "--for-everyone"],
            "3 people would get a seat, 1 would wait",
        ),
        (&["pool", "update", "Vault", "--seats", "9"], "2 people would get a seat"),
        (&["pool", "update", "Vault", "--expires", "2020-01-31"], "4 people would lose something"),
        (&["pool", "delete", "Vault"], "4 people would lose something: 2 people would lose access"),
        (&["tenant", "update", "Alpha", "--time-zone", "Europe/Berlin"], "no person gets or loses anything"),
        (&["tenant", "delete", "Alpha"], "4 people would lose something"),
    ] {
        let preview = [command, &["--preview"]].concat();
        let ran = site.run(&preview);
        assert!(printed(&ran).split_whitespace().collect::<Vec<_>>().join(" ").contains(told), "{ran:?}");
        site.json(&preview);
        assert_eq!(state(&site), before, "{command:?} changed something");
    }
    // A preview is no agreement, and what cannot be done cannot be previewed.
    let delete = ["pool", "delete", "Vault", "--preview"];
    assert_eq!(site.run(&[&delete[..], &["--yes"]].concat()).code, 2);
    assert_eq!(site.run(&[&delete[..], &["--expect-people", "4"]].concat()).code, 2);
    for (command, said) in [
        (&["pool", "update", "Vault", "--seats", "2"][..], "like that already"),
        (&["grant", "create", "--user", "dan", "--pool", "Vault"], "nothing is to be done"),
        (&["grant", "delete", "--user", "ada", "--pool", "Vault"], "nothing is to be done"),
        (&bind, "exists already"),
        (&["pool", "create", "--tenant", "Alpha", "--name", "vault", "--seats", "1"], "exists already"),
        (&["pool", "create", "--tenant", "Alpha", "--name", "Desk", "--seats", "1", "--for", "x"], "rule"),
    ] {
        let ran = site.run(&[command, &["--preview"]].concat());
        assert!(ran.refused(1).contains(said), "{command:?}: {}", ran.error);
    }
    // Where losses are named, gains are too.
    let desk = [
        "pool",
        "create",
        "--tenant",
        "Alpha",
        "--name",
        "Desk",
        "--seats",
        "1",
        "--for",
        "userName eq \"ada\"",
    ];
    site.json(&desk);
    let refused = site.run(&["pool", "update", "Desk", "--for", "userName sw \"b\" or userName sw \"c\""]);
    let said = "0 people would lose access, 1 seat would go back; 1 person would get a seat, 1 would wait: agree with";
    assert!(refused.refused(1).contains(said), "{}", refused.error);
}

#[tokio::test]
async fn several_groups_are_bound_and_unbound_together_as_their_preview_told() {
    let site = Site::sqlite();
    let (_, _, token) = site.connected("Alpha", "generic");
    let server = site.serve();
    let client = server.client(&token);
    let mut people = Vec::new();
    for name in ["ada", "ben", "cleo"] {
        let body = json!({"schemas": [USER], "userName": name});
        people.push(
            json!({"value": text(&client.expect(Method::POST, "/Users", Some(body), 201).await, "/id")}),
        );
    }
    for (name, members) in [("Crew", &people[..2]), ("Deck", &people[1..])] {
        let body = json!({"schemas": [GROUP], "displayName": name, "members": members});
        client.expect(Method::POST, "/Groups", Some(body), 201).await;
    }
    site.id(&["pool", "create", "--tenant", "Alpha", "--name", "Vault", "--seats", "9"]);
    let both = ["--group", "Crew", "--group", "Deck", "--pool", "Vault"];
    let bind = |more: &[&str]| site.run(&[&["binding", "create"], &both[..], more].concat());
    let unbind = |more: &[&str]| site.run(&[&["binding", "delete"], &both[..], more].concat());
    let tag = || text(&site.json(&[&["binding", "create"], &both[..], &["--preview"]].concat()), "/tag");

    let told = bind(&["--preview"]);
    assert!(printed(&told).contains("binding the groups Crew, Deck"), "{told:?}");
    assert!(told.output.contains("3 people would get a seat"), "{told:?}");
    let before = tag();
    assert_eq!(before, tag(), "the same situation has the same tag");
    site.json(&["grant", "create", "--user", "ada", "--pool", "Vault"]);
    let refused = bind(&["--expect-tag", &before]);
    assert!(refused.refused(1).contains("otherwise than in the preview"), "{refused:?}");
    assert_eq!(bind(&["--expect-tag", &tag()]).code, 0);
    assert_eq!(
        site.json(&["binding", "list", "--tenant", "Alpha"])["items"].as_array().map(Vec::len),
        Some(2)
    );

    // What goes wrong for one of them goes wrong for all.
    let id = text(&people[0], "/value");
    site.json(&[
        "administrator",
        "add",
        "--tenant",
        "Alpha",
        "--name",
        "Ada Quist",
        "--email",
        "ada@alpha.example",
        "--role",
        "auditor",
        "--user",
        &id,
    ]);
    let told = site.json(&[&["binding", "delete"], &both[..], &["--preview"]].concat());
    assert_eq!(
        (&told["losses"]["people"], &told["administrators"]),
        (&json!(2), &json!([])),
        "ada has a licence by hand"
    );
    assert!(unbind(&[]).refused(1).contains("--expect-people 2"));
    assert!(unbind(&["--expect-people", "2"]).refused(1).contains("--expect-groups 2"));
    assert!(unbind(&["--expect-people", "2", "--expect-groups", "3"]).refused(1).contains("2 are named"));
    assert_eq!(unbind(&["--expect-people", "2", "--expect-groups", "2"]).code, 0);
    assert_eq!(site.json(&["binding", "list", "--tenant", "Alpha"])["items"], json!([]));
    site.json(&["binding", "create", "--group", "Deck", "--pool", "Vault"]);
    assert!(bind(&[]).refused(1).contains("exists already"));
    assert_eq!(
        site.json(&["binding", "list", "--tenant", "Alpha"])["items"].as_array().map(Vec::len),
        Some(1)
    );
}
