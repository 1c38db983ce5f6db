//! The commands about administrators: links that can be copied, for a tenant and for the installation.

use crate::support::{Site, text};

/// The only address in what a command printed.
fn link(output: &str) -> String {
    let lines: Vec<&str> = output.lines().filter(|line| line.starts_with("http")).collect();
    assert_eq!(lines.len(), 1, "{output}");
    lines[0].to_owned()
}

#[test]
fn a_link_stands_on_a_line_of_its_own_in_every_format() {
    let site = Site::sqlite();
    site.id(&["tenant", "create", "Alpha"]);
    let add = ["--name", "Ada Quist", "--email", "ada@alpha.example", "--role", "owner"];
    site.id(&[&["administrator", "add", "--tenant", "Alpha"][..], &add].concat());
    let of_tenant = ["--tenant", "Alpha", "ada@alpha.example"];
    for (command, path) in
        [("invite", "/console/join/rollcall_"), ("sign-in-link", "/console/enter/rollcall_")]
    {
        let arguments = [&["administrator", command][..], &of_tenant].concat();
        let printed = site.run(&arguments);
        let url = link(&printed.output);
        assert!(url.contains(path) && !url.contains('\\'), "{url}");
        assert!(printed.output.contains("lets Ada Quist in once, until "), "{}", printed.output);
        let json = site.json(&arguments);
        assert!(text(&json, "/url").contains(path) && text(&json, "/name") == "Ada Quist", "{json}");
        let csv = site.run(&[&arguments[..], &["--csv"]].concat());
        assert!(csv.output.starts_with("Name,URL,Until\n") && csv.output.contains(path), "{}", csv.output);
    }
}

#[test]
fn the_installation_has_a_first_owner_and_others() {
    let site = Site::sqlite();
    site.id(&["tenant", "create", "Alpha"]);
    let first = link(&site.run(&["administrator", "invite"]).output);
    assert!(first.contains("/console/join/rollcall_"), "{first}");
    let add = ["--name", "Root", "--email", "root@alpha.example", "--role", "owner"];
    site.id(&[&["administrator", "add"][..], &add].concat());
    let listed = site.json(&["administrator", "list"]);
    let emails: Vec<String> =
        listed["items"].as_array().expect("a list").iter().map(|item| text(item, "/email")).collect();
    assert_eq!(emails, ["owner@localhost", "root@alpha.example"]);
    let none = site.json(&["administrator", "list", "--tenant", "Alpha"]);
    assert_eq!(none["items"].as_array().map(Vec::len), Some(0), "none of them is one of a tenant");
    link(&site.run(&["administrator", "sign-in-link", "root@alpha.example"]).output);
    assert!(
        site.run(&["administrator", "remove", "nobody@alpha.example"])
            .refused(1)
            .contains("nobody@alpha.example")
    );
    site.json(&["administrator", "remove", "owner@localhost"]);
}
