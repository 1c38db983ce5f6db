//! The commands about reminders, pacing and templates, as an operator gives them.

use std::fs;

use crate::support::{Site, vault};
use serde_json::json;

#[test]
fn a_tenant_says_how_its_mail_is_sent() {
    let site = Site::sqlite();
    site.id(&["tenant", "create", "Alpha"]);
    let flags = [
        ["--remind-after", "3,7,14"],
        ["--quiet-hours", "20:00-07:00"],
        ["--quiet-weekends", "true"],
        ["--mails-per-hour", "100"],
        ["--mails-per-domain", "20"],
        ["--stop-at-refused", "10/30"],
        ["--deactivation-notice", "true"],
    ];
    for flag in flags {
        site.json(&["tenant", "update", "Alpha", flag[0], flag[1]]);
    }
    let shown = site.json(&["tenant", "show", "Alpha"]);
    assert_eq!(
        shown["settings"]["sending"],
        json!({
            "remindAfter": [3, 7, 14],
            "quiet": { "from": "20:00:00", "until": "07:00:00", "weekends": true },
            "perHour": 100,
            "perDomain": 20,
            "refusals": { "percent": 10, "of": 30 },
            "deactivationNotice": true
        })
    );
    let refused = site.run(&["tenant", "update", "Alpha", "--remind-after", "7,3"]);
    assert!(refused.refused(1).contains("such as 3,7,14"));
}

#[tokio::test]
async fn reminders_and_invitations_are_asked_for() {
    let (site, _server) = vault().await;
    let preview = site.json(&["reminder", "send", "--tenant", "Alpha", "--preview"]);
    assert_eq!((&preview["people"], &preview["sent"]), (&json!(2), &json!(0)));
    assert_eq!(preview["leftOut"][0]["reason"], "not-invited");
    let refused = site.run(&["reminder", "send", "ada"]);
    assert!(refused.refused(1).contains("ada is not reminded because no invitation was sent yet"));
    assert!(site.run(&["reminder", "send"]).refused(1).contains("--tenant"));
    let listed = site.json(&["reminder", "list", "--tenant", "Alpha", "--reminders", "0"]);
    assert_eq!(listed["total"], 2, "{listed}");
    let users = site.json(&["user", "list", "--tenant", "Alpha", "--reminders", "1+"]);
    assert_eq!(users["total"], 0, "{users}");
    site.json(&["connection", "update", "Alpha", "--invitations", "release"]);
    let shown = site.json(&["connection", "show", "Alpha"]);
    assert_eq!(shown["invitations"], "release");
    let released = site.json(&["invitation", "release", "--tenant", "Alpha", "--connection", "Alpha"]);
    assert_eq!(released["invitations"], 0, "neither has an address");
    let again = site.json(&[
        "invitation",
        "send",
        "--tenant",
        "Alpha",
        "--filter",
        "userName eq \"ada\"",
        "--preview",
    ]);
    assert_eq!((&again["people"], &again["sent"]), (&json!(1), &json!(0)));
    assert_eq!(again["leftOut"][0]["reason"], "no-address");
    let refused = site.run(&["invitation", "send", "ada"]);
    assert!(refused.refused(1).contains("ada is not invited again because they have no e-mail address"));
    assert!(site.run(&["invitation", "send"]).refused(1).contains("--tenant"));
    assert!(
        site.run(&["connection", "update", "Alpha", "--invitations", "x"]).refused(2).contains("at-once")
    );
    assert_eq!(site.json(&["mail", "resume", "--tenant", "Alpha"])["resumed"], false);
    site.json(&["mail", "test", "--tenant", "Alpha", "--to", "ingrid@alpha.example", "--kind", "alert"]);
    let outbox = site.json(&["mail", "list", "--tenant", "Alpha"]);
    assert!(outbox.to_string().contains("ingrid@alpha.example"), "{outbox}");
}

#[test]
fn a_template_is_checked_saved_previewed_and_given_up() {
    let site = Site::sqlite();
    site.id(&["tenant", "create", "Alpha"]);
    let file = site.folder.path().join("reminder.txt");
    let file = file.to_str().expect("UTF-8");
    let which = ["--tenant", "Alpha", "--kind", "reminder", "--language", "en"];
    let set = [&["mail-template", "set"][..], &which, &["--text", file]].concat();
    fs::write(file, "Hello\n{{ nobody }}\n").expect("written");
    let wrong = site.run(&set);
    assert!(wrong.refused(1).contains("text, line 2"), "{wrong:?}");
    let unsaved = [&["mail-template", "preview"][..], &which, &["--text", file]].concat();
    assert!(site.run(&unsaved).refused(1).contains("text, line 2"));
    fs::write(file, "Ahoy, go on: {{ link }}\n").expect("written");
    let unsaved = site.run(&unsaved);
    assert!(unsaved.output.contains("Ahoy, go on: https://"), "{unsaved:?}");
    let saved = site.run(&[&["mail-template", "preview"][..], &which].concat());
    assert!(!saved.output.contains("Ahoy"), "a preview saves nothing: {saved:?}");
    let nothing = site.run(&[&["mail-template", "set"][..], &which].concat());
    assert!(nothing.refused(2).contains("--text"), "{nothing:?}");
    assert_eq!(site.json(&set)["own"], json!(["text"]));
    let preview = site.run(&[&["mail-template", "preview"][..], &which].concat());
    assert!(preview.output.contains("Ahoy, go on: https://"), "{preview:?}");
    let shown = site.run(&[&["mail-template", "show"][..], &which, &["--part", "text"]].concat());
    assert_eq!(shown.output, "Ahoy, go on: {{ link }}\n");
    assert_eq!(site.json(&[&["mail-template", "delete"][..], &which].concat())["deleted"], true);
    let variables = site.run(&["mail-template", "variables", "--kind", "reminder"]);
    assert!(variables.output.contains("next_step"), "{variables:?}");
    let list = site.run(&["mail-template", "list", "--tenant", "Alpha", "--csv"]);
    assert_eq!(list.output.lines().count(), 15, "seven kinds in two languages, and a head");
}
