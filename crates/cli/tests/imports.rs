//! `rollcall import` as a user has it.

use std::fs;

use crate::support::Site;
use serde_json::json;

#[test]
fn a_file_of_a_spreadsheet_is_tried_imported_and_answered() {
    let site = Site::sqlite();
    site.id(&["tenant", "create", "North"]);
    site.id(&["pool", "create", "--tenant", "North", "--name", "Vault", "--seats", "1"]);
    let file = b"Name;E-Mail\nJ\xf6rg;joerg@north.example\n=cmd|calc;ben@north.example\nEve;nope\n";
    fs::write(site.folder.path().join("staff.csv"), file).expect("written");
    let import = |more: &[&str]| {
        let import = ["import", "staff.csv", "--tenant", "North", "--licence", "Vault"];
        site.json(&[&import, more].concat())
    };
    let tried = import(&["--dry-run", "--result", "dry.csv"]);
    assert_eq!(tried["verdicts"], json!({ "new": 1, "waiting": 1, "bad-email": 1 }));
    assert_eq!(tried["seats"], json!({ "needed": 2, "free": 1, "missing": 1 }));
    assert_eq!(tried["encoding"], "windows-1252");
    assert_eq!(tried["columns"], "Name=name,E-Mail=email");
    let told = site.run(&["import", "staff.csv", "--tenant", "North", "--dry-run"]);
    assert!(told.output.contains("columns: Name=name,E-Mail=email"), "{told:?}");
    assert_eq!(site.json(&["user", "list", "--tenant", "North"])["total"], 0);

    let done = import(&["--result", "result.csv"]);
    assert_eq!((&done["state"], &done["rows"]), (&json!("done"), &json!(3)));
    let result = fs::read_to_string(site.folder.path().join("result.csv")).expect("a result");
    let lines: Vec<&str> = result.lines().collect();
    assert_eq!(lines[0], "Line,Name,Email,userName,Result,Reason");
    assert_eq!(lines[1], "2,Jörg,joerg@north.example,joerg@north.example,created,");
    assert!(lines[2].starts_with("3,'=cmd|calc,"), "no formula: {}", lines[2]);
    assert_eq!(lines[3], "4,Eve,nope,nope,bad-email,\"\"\"nope\"\" is no e-mail address\"");
    fs::write(site.folder.path().join("more.csv"), "Name,Email\nFay,fay@north.example\n").expect("written");
    let again = site.run(&["import", "more.csv", "--tenant", "North", "--result", "result.csv"]);
    assert!(again.error.contains("exists already"), "no file is written over: {}", again.error);
    assert_eq!(site.json(&["user", "list", "--tenant", "North"])["total"], 2, "nobody came in");
    let refused =
        site.run(&["import", "more.csv", "--tenant", "North", "--licence", "none", "--result", "new.csv"]);
    assert!(refused.refused(1).contains("none"));
    assert!(!site.folder.path().join("new.csv").exists(), "it has nothing to say");
    let listed = site.json(&["import", "list", "--tenant", "North"]);
    assert_eq!(listed["items"][0]["operator"], done["operator"]);
    assert!(
        site.run(&["import", "show", "--tenant", "North", "x"]).refused(1).contains("no id of an import")
    );
    assert!(
        site.run(&["import", "none.csv", "--tenant", "North"])
            .refused(1)
            .contains("none.csv cannot be opened")
    );
}
