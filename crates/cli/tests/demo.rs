//! The demo runs to its end and reports what it must.

use std::collections::BTreeMap;

use crate::support::{Ran, Site, bare};
use serde_json::json;

/// The company of the demo.
const TENANT: &str = "Northlight Instruments";

#[test]
fn the_demo_plays_both_directories_and_reports_what_became_of_everybody() {
    let mut site = Site::sqlite();
    let data = site.folder.path().join("demo").display().to_string();
    let mut command = bare(&["demo", "--exit", "--data-dir", &data]);
    // No setting of the environment may reach it: invented people in a real database would be a bad surprise.
    command.env("ROLLCALL_DATABASE_URL", &site.database_url).env("ROLLCALL_LIMITS__BODY_BYTES", "1");
    let ran = Ran::from(command.current_dir(site.folder.path()).output().expect("the demo starts"));
    assert_eq!(ran.code, 0, "{}\n{}", ran.output, ran.error);
    assert!(!site.folder.path().join("test.db").exists(), "the demo used a database that is not its own");

    let report = Report(&ran.output);
    report.says("initial cycle: 138 people, 14 groups");
    report.says("initial cycle: 58 people, 6 groups");
    report.says("183 invitations are in the mailboxes");
    report.says("61 people installed it, typed the code from their mail and set a PIN");
    report.says("Latchkey   its own page is served at http://127.0.0.1:");
    report.says("the grace of 2 people is over");

    report.says("23 more keep it until an administrator decides");
    report.says("1 deleted person came back as the same one");

    // 142 and 59 people came, 2 and 1 were deleted, and one of them came back.
    let people: BTreeMap<String, u64> =
        report.rows("People by status").into_iter().map(|row| (row[0].clone(), number(&row[1]))).collect();
    assert_eq!(people.values().sum::<u64>(), 142 + 59 - 2);
    let expected =
        [("no-licence", 14), ("pending", 123), ("active", 59), ("suspended", 0), ("deactivated", 3)];
    assert_eq!(people, expected.map(|(status, people)| (status.to_owned(), people)).into());

    let seats = report.rows("Seats by pool");
    assert_eq!(seats, [["Vault Standard", "190", "171", "0"], ["Vault Premium", "24", "24", "4"]]);

    let waiting = report.rows("Who waits, and why");
    let places: Vec<(&str, &str)> = waiting.iter().map(|row| (row[0].as_str(), row[2].as_str())).collect();
    let expected = [
        ("Zoë Santoro", "1"),
        ("Lukas Castellano", "2"),
        ("Ulrike Lombardi", "3"),
        ("Saoirse Delacroix", "4"),
    ];
    assert_eq!(places, expected);
    assert!(waiting.iter().all(|row| row[4].contains("all 24 seats")), "{waiting:?}");

    let quirks = report.rows("Quirks seen");
    for quirk in [
        "operation-case",
        "boolean-strings",
        "remove-with-value",
        "replace-members-adds",
        "complex-from-string",
    ] {
        assert!(
            quirks.iter().any(|row| row[1] == "Entra ID" && row[2] == quirk),
            "{quirk} is not in {quirks:?}"
        );
    }
    assert!(quirks.iter().any(|row| row[1] == "JumpCloud"), "the other product has some, too");

    // One line names the person who is in both directories, and the command that settles the conflict.
    let both = report.line("Conflicts: ");
    for words in
        ["owned by Entra ID, wanted by JumpCloud", "connection update JumpCloud --takes-over 'Entra ID'"]
    {
        assert!(both.contains(words), "{words:?} is not in {both:?}");
    }

    report.in_this_order(&[
        "The story of Leonie O'Connell",
        "was created by “Entra ID”",
        "has a seat in “Vault Standard”",
        "waits for a seat in “Vault Premium”",
        "The invitation was sent",
        "The device “leonie-phone” was registered",
        "Every step of the enrolment was taken",
        "because a seat became free",
        "has no access because the account was switched off",
        "is back within the grace, with nothing lost",
        "why does Leonie have a seat?",
        "through the group “NL Vault Premium”",
        "rollcall user show leonie.oconnell@northlight.example",
    ]);

    // The report's last line works: the data is where it was asked to be.
    let last = ran.output.lines().last().unwrap_or_default();
    site.database_url = last.split('\'').nth(1).expect("the database is named").to_owned();
    assert!(site.database_url.contains(&data), "{last}");
    let listed = site.json(&["connection", "conflicts", "--tenant", TENANT]);
    let listed = listed["items"].as_array().expect("a list");
    assert_eq!((listed.len(), &listed[0]["attempts"]), (1, &json!(1)), "{listed:?}");
    let name = listed[0]["userName"].as_str().expect("a name");
    assert!(both.trim_start().starts_with(&format!("{name}: ")), "{name} is not in {both:?}");
    let shown = site.json(&["user", "show", name]);
    assert_eq!(
        (&shown["id"], &shown["active"]),
        (&listed[0]["user"], &json!(true)),
        "the person stays as they are"
    );
    let connections = site.json(&["connection", "list", "--tenant", TENANT]);
    for connection in connections["items"].as_array().expect("a list") {
        assert_eq!((&connection["shared"], &connection["takesOver"]), (&json!(false), &json!([])));
    }
    // The advice of the report can be followed.
    site.json(&["connection", "update", "JumpCloud", "--takes-over", "Entra ID"]);
    let hero = site.json(&["user", "show", "leonie.oconnell@northlight.example"]);
    assert_eq!((&hero["active"], &hero["enrolment"]["status"]), (&json!(true), &json!("active")));
    // The test user of the activation left nothing behind, not even somebody to invite.
    let gone = site.run(&["user", "show", "scim-activation-0718@saltmarsh.example"]);
    assert!(gone.refused(1).contains("there is no user"));
    // The one whose password expired without grace came back to the end of the queue.
    let lead = site.json(&["user", "show", "saoirse.delacroix@saltmarsh.example"]);
    assert_eq!(lead["seats"][0]["state"], "waiting");

    let mut again = bare(&["demo", "--exit", "--data-dir", &data]);
    let again = Ran::from(again.output().expect("it starts"));
    assert!(again.refused(1).contains("--data-dir"), "a folder holds one demo");
}

/// What the demo printed.
struct Report<'o>(&'o str);

impl Report<'_> {
    fn says(&self, text: &str) {
        assert!(self.0.contains(text), "the report does not say {text:?}:\n{}", self.0);
    }

    fn in_this_order(&self, texts: &[&str]) {
        let mut rest = self.0;
        for text in texts {
            let (_, after) =
                rest.split_once(text).unwrap_or_else(|| panic!("{text:?} is not in its place:\n{}", self.0));
            rest = after;
        }
    }

    /// The only line under a heading.
    fn line(&self, heading: &str) -> &str {
        let mut lines = self.0.lines().skip_while(|line| !line.starts_with(heading)).skip(1);
        let line = lines.next().unwrap_or_else(|| panic!("nothing under {heading:?}:\n{}", self.0));
        assert_eq!(lines.next(), Some(""), "one line alone under {heading:?}");
        line
    }

    /// The cells of the table under a heading.
    fn rows(&self, heading: &str) -> Vec<Vec<String>> {
        let table = self.0.lines().skip_while(|line| !line.starts_with(heading)).skip(3);
        let rows = table.take_while(|line| !line.is_empty());
        let cells = |line: &str| {
            line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).map(str::to_owned).collect()
        };
        let rows: Vec<Vec<String>> = rows.map(cells).collect();
        assert!(!rows.is_empty(), "nothing under {heading:?}:\n{}", self.0);
        rows
    }
}

fn number(text: &str) -> u64 {
    text.parse().unwrap_or_else(|_| panic!("{text} is no number"))
}
