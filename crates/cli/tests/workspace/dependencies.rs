//! What the workspace depends on: every dependency is used, and comes under a licence, by a name and from a source that
//! `.cargo/deny.toml` allows.

use std::collections::BTreeSet;

use config::{Config, File, FileFormat};
use serde_json::Value;

use super::{all_lines, assert_all, cargo, code_lines, is_rust, is_test, items, metadata, read, root, text};

/// What `.cargo/deny.toml` calls the public registry, as Cargo.lock spells it.
const PUBLIC_REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

#[test]
fn every_dependency_of_the_workspace_is_used_by_a_crate() {
    let manifest = toml("Cargo.toml");
    let declared = manifest["workspace"]["dependencies"].as_object().expect("a table of dependencies");
    let metadata = metadata();
    let used: BTreeSet<String> = items(&metadata["packages"])
        .iter()
        .flat_map(|p| items(&p["dependencies"]))
        .map(|d| text(&d["name"]))
        .collect();
    assert!(declared.len() > 20, "the table was not read: {declared:?}");
    assert_all(
        declared
            .keys()
            .filter(|name| !used.contains(*name))
            .map(|name| format!("no crate uses {name}: take it out of Cargo.toml")),
    );
}

#[test]
fn every_dependency_of_a_crate_is_named_in_its_code() {
    let top = format!("{}/", root().display());
    assert_all(items(&metadata()["packages"]).iter().flat_map(|package| {
        let manifest = text(&package["manifest_path"]);
        let folder =
            manifest.trim_end_matches("Cargo.toml").strip_prefix(&top).expect("below the top").to_owned();
        let files: Vec<String> =
            super::files().into_iter().filter(|file| is_rust(file) && file.starts_with(&folder)).collect();
        let shipped = files.iter().filter(|file| !is_test(file)).flat_map(|file| code_lines(&read(file)));
        let shipped: Vec<String> = shipped.map(|(_, line)| line).collect();
        // The browser of the tests is one file, which several crates take in.
        let browser = "crates/server/src/browser.rs".to_owned();
        let borrows = |file: &String| read(file).contains("../../server/src/browser.rs");
        let borrowed = files.iter().any(borrows).then_some(&browser);
        let all: Vec<String> = files
            .iter()
            .chain(borrowed)
            .flat_map(|file| all_lines(&read(file)))
            .map(|(_, line)| line)
            .collect();
        let unused = items(&package["dependencies"]).into_iter().filter(|dependency| {
            let lines = if dependency["kind"] == "dev" { &all } else { &shipped };
            let name = dependency["rename"].as_str().map_or_else(|| text(&dependency["name"]), str::to_owned);
            !lines.iter().any(|line| is_named(line, &name.replace('-', "_")))
        });
        unused
            .map(|d| format!("{manifest} names {}, its code does not", text(&d["name"])))
            .collect::<Vec<_>>()
    }));
}

#[test]
fn licences_and_names_are_allowed() {
    let rules = toml(".cargo/deny.toml");
    let allowed: Vec<String> = items(&rules["licenses"]["allow"]).iter().map(text).collect();
    let denied: Vec<String> = items(&rules["bans"]["deny"]).iter().map(|rule| text(&rule["crate"])).collect();
    assert!(!allowed.is_empty() && !denied.is_empty(), "the lists were not read");
    // Only the tree knows which optional dependencies are in it; it has those of this platform.
    let tree = cargo(&["tree", "--workspace", "--offline", "--prefix", "none", "--format", "{p}\t{l}"]);
    let ours: BTreeSet<String> = items(&metadata()["packages"]).iter().map(|p| text(&p["name"])).collect();
    let others: BTreeSet<(&str, &str)> = tree
        .lines()
        .filter_map(|line| line.trim_end_matches(" (*)").split_once('\t'))
        .map(|(package, licence)| (package.split(' ').next().unwrap_or_default(), licence))
        .filter(|(name, _)| !ours.contains(*name))
        .collect();
    assert!(others.len() > 100, "the tree was not read: {tree}");
    assert_all(others.iter().filter_map(|(name, licence)| {
        if denied.iter().any(|denied| denied == name) {
            return Some(format!("{name} is denied: `cargo tree --invert {name}` says who wants it"));
        }
        (!is_allowed(licence, &allowed)).then(|| format!("{name} is under `{licence}`, which is not allowed"))
    }));
}

#[test]
fn everything_comes_from_the_public_registry_in_a_named_version() {
    let lock = read("Cargo.lock");
    let sources: Vec<&str> = lock.lines().filter_map(|line| line.strip_prefix("source = ")).collect();
    assert!(sources.len() > 100, "the lock was not read");
    assert_all(
        sources
            .iter()
            .filter(|source| source.trim_matches('"') != PUBLIC_REGISTRY)
            .map(|source| format!("Cargo.lock has something from {source}")),
    );
    assert_all(items(&metadata()["packages"]).iter().flat_map(|package| {
        let loose = |d: &Value| d["req"] == "*" && d["path"].is_null();
        let loose = items(&package["dependencies"]).into_iter().filter(loose);
        loose.map(|d| format!("{} takes any version of {}", package["name"], d["name"])).collect::<Vec<_>>()
    }));
}

#[test]
fn licences_are_read_as_their_authors_wrote_them() {
    let allowed = ["MIT", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "ISC"].map(str::to_owned);
    for licence in [
        "MIT",
        "MIT OR GPL-3.0",
        "GPL-3.0/MIT",
        "Apache-2.0 WITH LLVM-exception OR GPL-3.0",
        "ISC AND (GPL-3.0 OR MIT)",
        "(MIT OR GPL-3.0) AND ISC",
    ] {
        assert!(is_allowed(licence, &allowed), "{licence}");
    }
    for licence in ["", "GPL-3.0", "MIT AND GPL-3.0", "Apache-2.0 WITH Other", "GPL-3.0 OR (MIT AND GPL-3.0)"]
    {
        assert!(!is_allowed(licence, &allowed), "{licence}");
    }
}

#[test]
fn a_crate_is_named_by_a_path_or_an_import() {
    for line in
        ["use tokio::task;", "    tokio::spawn(x)", "use tokio;", "#[tokio::test]", "pub use tokio as t;"]
    {
        assert!(is_named(line, "tokio"), "{line}");
    }
    for line in
        ["tokio", "my_tokio::x", "tokio_util::x", "self.tokio.x", "use tokio_util;", "// tokio: the runtime"]
    {
        assert!(!is_named(line, "tokio"), "{line}");
    }
}

/// Whether the line uses the crate of this identifier.
fn is_named(line: &str, crate_name: &str) -> bool {
    line.match_indices(crate_name).any(|(start, found)| {
        let word = |c: char| c.is_alphanumeric() || c == '_';
        let (before, after) = (&line[..start], &line[start + found.len()..]);
        let imported = before.trim_end().ends_with("use") && !after.starts_with(word);
        !before.ends_with(word) && (after.starts_with("::") || imported)
    })
}

/// Whether an SPDX expression can be met with these licences; `/` is how `OR` was written before.
fn is_allowed(expression: &str, allowed: &[String]) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let mut words = spaced.split_whitespace().peekable();
    any_of(&mut words, allowed)
}

type Words<'w> = std::iter::Peekable<std::str::SplitWhitespace<'w>>;

fn any_of(words: &mut Words<'_>, allowed: &[String]) -> bool {
    let mut met = all_of(words, allowed);
    while words.next_if_eq(&"OR").is_some() {
        met |= all_of(words, allowed);
    }
    met
}

fn all_of(words: &mut Words<'_>, allowed: &[String]) -> bool {
    let mut met = one_of(words, allowed);
    while words.next_if_eq(&"AND").is_some() {
        met &= one_of(words, allowed);
    }
    met
}

fn one_of(words: &mut Words<'_>, allowed: &[String]) -> bool {
    if words.next_if_eq(&"(").is_some() {
        let met = any_of(words, allowed);
        return words.next() == Some(")") && met;
    }
    let mut licence = words.next().unwrap_or_default().to_owned();
    if words.next_if_eq(&"WITH").is_some() {
        licence = format!("{licence} WITH {}", words.next().unwrap_or_default());
    }
    allowed.contains(&licence)
}

fn toml(file: &str) -> Value {
    let source = File::from_str(&read(file), FileFormat::Toml);
    let parsed = Config::builder().add_source(source).build().and_then(Config::try_deserialize);
    parsed.unwrap_or_else(|error| panic!("{file}: {error}"))
}
