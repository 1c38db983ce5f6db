//! The architecture, held: edges between crates, purity, what a file looks like, and where some names may stand.

mod dependencies;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Every edge between our crates, test dependencies included. An edge that is not listed is a design change.
const MAY_DEPEND_ON: &[(&str, &[&str])] = &[
    ("scim-filter-parser", &[]),
    ("scim", &["scim-filter-parser"]),
    ("provisioning", &["scim"]),
    ("letters", &[]),
    ("store", &["provisioning", "scim"]),
    ("operations", &["letters", "provisioning", "scim", "store"]),
    ("server", &["letters", "operations", "provisioning", "scim"]),
    // Another product: it has Rollcall's API and nothing else of it.
    ("sample-application", &[]),
    ("cli", &["operations", "sample-application", "server"]),
    ("conformance-tests", &[]),
    ("xtask", &[]),
];

/// Crates that decide and never perform: no I/O, no clock, no log, no randomness.
const PURE: &[&str] = &["scim-filter-parser", "scim", "provisioning", "letters"];
const IMPURE_DEPENDENCIES: &[&str] = &[
    "async-trait",
    "axum",
    "config",
    "futures",
    "getrandom",
    "http",
    "hyper",
    "log",
    "metrics",
    "moka",
    "rand",
    "reqwest",
    "sea-orm",
    "sea-orm-migration",
    "sqlx",
    "tempfile",
    "tokio",
    "tower",
    "tracing",
];
/// What a pure crate does not write; code for tests is free to.
const IMPURE_WORDS: &[&str] = &[
    "async fn",
    ".await",
    "std::env",
    "std::fs",
    "std::io",
    "std::net",
    "std::process",
    "std::thread",
    "Instant::now",
    "Utc::now",
    "SystemTime",
    "Uuid::now_v7",
    "Uuid::new_v4",
];

/// Dependencies that one crate keeps to itself, so that the others cannot do its work.
const ONLY_IN: &[(&str, &[&str])] = &[
    ("nom", &["scim-filter-parser"]),
    ("minijinja", &["letters"]),
    ("sea-orm", &["store"]),
    ("sea-orm-migration", &["store"]),
    // xtask measures a bare INSERT to compare with.
    ("sqlx", &["store", "xtask"]),
    ("axum", &["server", "sample-application"]),
    ("lettre", &["server"]),
    ("clap", &["cli", "xtask", "conformance-tests"]),
];

const LONGEST_FILE: usize = 600;

/// Names of products: what is particular to one of them is a quirk, and quirks have one home.
const VENDORS: &[&str] = &["entra", "microsoft", "azure", "jumpcloud", "okta", "onelogin"];
/// Where those names may stand besides tests and prose.
const VENDORS_MAY_STAND_IN: &[&str] = &[
    "crates/scim/src/compat",
    "crates/cli/src/demo",
    // How a connection is set up in each product, and the list of these guides.
    "crates/server/guides",
    "crates/server/src/console/guide.rs",
    // Plays the traffic of one of them against a server.
    "crates/xtask/src/bench",
    "conformance-tests/",
    "config/",
];

/// Where the differences between the databases may stand.
const BACKENDS_MAY_STAND_IN: &[&str] = &["crates/store/src/db/backend.rs", "crates/store/src/migration"];

/// The RFCs that this project builds on; a number that is not here is more likely a slip than a source.
const KNOWN_RFCS: &[u32] = &[
    2045, 2046, 2047, 2119, 3339, 3454, 3463, 3629, 3834, 3966, 3986, 4122, 4180, 4226, 4514, 4648, 4954,
    5234, 5321, 5322, 5646, 5789, 6068, 6238, 6265, 6531, 6532, 6585, 6648, 6749, 6750, 6838, 6890, 6901,
    6902, 7230, 7231, 7232, 7235, 7240, 7372, 7405, 7493, 7515, 7517, 7518, 7519, 7523, 7613, 7617, 7636,
    7642, 7643, 7644, 7662, 7807, 8017, 8037, 8126, 8141, 8174, 8259, 8264, 8265, 8288, 8414, 8417, 8693,
    8705, 8707, 8725, 8935, 8936, 8996, 9068, 9106, 9110, 9111, 9112, 9113, 9207, 9325, 9449, 9457, 9512,
    9562, 9651, 9700, 9728, 9865, 9944, 9967,
];

#[test]
fn crates_depend_only_on_what_stands_left_of_them() {
    let ours: Vec<&str> = MAY_DEPEND_ON.iter().map(|(name, _)| *name).collect();
    let packages = packages();
    assert_all(
        packages
            .keys()
            .filter(|name| !ours.contains(&name.as_str()))
            .map(|name| format!("{name} is new: give it its edges in MAY_DEPEND_ON")),
    );
    assert_all(MAY_DEPEND_ON.iter().flat_map(|(name, allowed)| {
        let dependencies = packages.get(*name).unwrap_or_else(|| panic!("there is no crate {name}"));
        let broken = dependencies
            .iter()
            .filter(|d| ours.contains(&d.name.as_str()) && !allowed.contains(&d.name.as_str()));
        broken.map(|d| format!("{name} may not depend on {}", d.name)).collect::<Vec<_>>()
    }));
}

#[test]
fn pure_crates_have_no_impure_dependency() {
    let packages = packages();
    assert_all(PURE.iter().flat_map(|name| {
        let impure = |d: &&Dependency| !d.for_tests && IMPURE_DEPENDENCIES.contains(&d.name.as_str());
        packages[*name]
            .iter()
            .filter(impure)
            .map(|d| format!("{name} is pure: {}", d.name))
            .collect::<Vec<_>>()
    }));
    let parser = packages["scim-filter-parser"].iter().filter(|d| !d.for_tests && d.name != "nom");
    assert_all(parser.map(|d| format!("scim-filter-parser depends on nom alone: {}", d.name)));
}

#[test]
fn pure_crates_do_no_input_or_output() {
    assert_all(files().iter().filter(|file| is_rust(file) && !is_test(file)).flat_map(|file| {
        let pure = PURE.iter().any(|name| file.starts_with(&format!("crates/{name}/src/")));
        let code = if pure { code_lines(&read(file)) } else { Vec::new() };
        let impure = |line: &str| IMPURE_WORDS.iter().copied().find(|word| line.contains(word));
        code.into_iter()
            .filter_map(|(number, line)| {
                Some(format!("{file}:{number} is in a pure crate: {}", impure(&line)?))
            })
            .collect::<Vec<_>>()
    }));
}

#[test]
fn some_dependencies_have_one_home() {
    let packages = packages();
    assert_all(ONLY_IN.iter().flat_map(|(dependency, homes)| {
        let strangers = packages.iter().filter(|(name, dependencies)| {
            !homes.contains(&name.as_str())
                && dependencies.iter().any(|d| !d.for_tests && d.name == *dependency)
        });
        strangers
            .map(|(name, _)| format!("{name} may not use {dependency}: it belongs to {homes:?}"))
            .collect::<Vec<_>>()
    }));
}

#[test]
fn every_file_says_first_what_it_is_for() {
    assert_all(files().iter().filter(|file| is_rust(file)).filter_map(|file| {
        let text = read(file);
        let purpose = text.lines().next().and_then(|line| line.strip_prefix("//! "));
        let said = purpose.is_some_and(|purpose| !purpose.trim().is_empty());
        (!said).then(|| format!("{file} does not open with `//! ` and its purpose"))
    }));
}

#[test]
fn no_file_is_longer_than_a_reader_can_hold() {
    assert_all(files().iter().filter(|file| !is_data(file)).filter_map(|file| {
        let lines = read(file).lines().count();
        (lines > LONGEST_FILE).then(|| format!("{file} has {lines} lines, over {LONGEST_FILE}: split it"))
    }));
}

#[test]
fn products_are_named_only_where_their_quirks_are() {
    let allowed = |file: &str| is_prose(file) || is_test(file) || starts_with_any(file, VENDORS_MAY_STAND_IN);
    assert_all(files().iter().filter(|file| !allowed(file)).flat_map(|file| {
        let lines = if is_rust(file) { code_lines(&read(file)) } else { all_lines(&read(file)) };
        let named = |line: &str| VENDORS.iter().copied().find(|vendor| names(line, vendor));
        lines
            .into_iter()
            .filter_map(|(number, line)| {
                Some(format!("{file}:{number} names {}: quirks live in scim/src/compat", named(&line)?))
            })
            .collect::<Vec<_>>()
    }));
}

#[test]
fn databases_differ_in_one_file_and_in_migrations() {
    assert_all(
        files()
            .iter()
            .filter(|file| is_rust(file) && !starts_with_any(file, BACKENDS_MAY_STAND_IN))
            .flat_map(|file| {
                // Spelled in two parts: this file is searched as well.
                let words = [concat!("DbBackend", "::"), concat!("DatabaseBackend", "::")];
                let differs = |line: &str| words.iter().any(|word| line.contains(word));
                let lines =
                    code_lines(&read(file)).into_iter().filter(|(_, line)| differs(line)).collect::<Vec<_>>();
                lines
                    .into_iter()
                    .map(|(number, _)| {
                        format!("{file}:{number} tells databases apart: store/src/db/backend.rs does")
                    })
                    .collect::<Vec<_>>()
            }),
    );
}

#[test]
fn paths_named_in_the_architecture_page_exist() {
    let page = "crates/README.md";
    assert!(root().join(page).exists(), "{page}, the architecture page, is missing");
    let text = read(page);
    let named: Vec<&str> = text.split('`').skip(1).step_by(2).filter(|span| is_path(span)).collect();
    assert!(!named.is_empty(), "{page} names no path at all");
    let exists = |path: &str| root().join(path).exists() || root().join("crates").join(path).exists();
    assert_all(
        named
            .iter()
            .filter(|path| !exists(path))
            .map(|path| format!("{page} names `{path}`, which does not exist")),
    );
}

#[test]
fn cited_rfcs_are_known_ones() {
    assert_all(files().iter().filter(|file| is_rust(file) || is_prose(file)).flat_map(|file| {
        let lines = all_lines(&read(file))
            .into_iter()
            .flat_map(|(number, line)| rfcs(&line).into_iter().map(|rfc| (number, rfc)).collect::<Vec<_>>());
        let unknown = lines.filter(|(_, rfc)| !KNOWN_RFCS.contains(rfc));
        unknown
            .map(|(number, rfc)| format!("{file}:{number} cites RFC {rfc}: a slip, or new in KNOWN_RFCS?"))
            .collect::<Vec<_>>()
    }));
}

#[test]
fn every_test_that_features_name_exists() {
    let page = read("docs/features.md");
    let lines = page.lines().filter(|line| line.starts_with("| ") && line.ends_with("` |"));
    let named: Vec<&str> = lines.filter_map(|line| line.rsplit('`').nth(1)).collect();
    assert!(named.len() > 30, "the page names tests: {named:?}");
    let code: String = files().iter().filter(|file| is_rust(file)).map(|file| read(file)).collect();
    assert_all(
        named
            .iter()
            .filter(|name| !code.contains(&format!("fn {name}(")))
            .map(|name| format!("docs/features.md: there is no test {name}")),
    );
}

#[test]
fn every_file_of_tests_is_part_of_its_program() {
    let programs = files().into_iter().filter(|file| file.ends_with("/tests/main.rs"));
    assert_all(programs.flat_map(|program| {
        let named = read(&program);
        let folder = program.strip_suffix("main.rs").expect("its end").to_owned();
        files()
            .into_iter()
            .filter_map(move |file| {
                Some(file.strip_prefix(&folder)?.strip_suffix(".rs")?.to_owned())
                    .filter(|name| !name.contains('/') && name != "main")
            })
            .filter(|name| !named.contains(&format!("\nmod {name};")))
            .map(|name| format!("{program} does not name {name}.rs, so its tests do not run"))
            .collect::<Vec<_>>()
    }));
}

#[test]
fn the_manual_of_settings_is_there() {
    assert!(
        root().join("config/default.toml").is_file(),
        "config/default.toml, the manual of all settings, is missing"
    );
}

mod reading {
    //! The checks' own eyes are checked: a rule that cannot see holds nothing.

    use super::*;

    #[test]
    fn products_are_whole_words_in_any_spelling() {
        for line in [
            "Profile::Entra",
            "entra_switch",
            "is_entra",
            "\"okta\"",
            "OKTA_TOKEN",
            "JumpCloud",
            "OktaPatch",
            "azure2",
        ] {
            assert!(VENDORS.iter().any(|vendor| names(line, vendor)), "{line} names a product");
        }
        for line in ["central", "concentrate", "Entrance", "oktay", "azured", "CENTRAL"] {
            assert!(!VENDORS.iter().any(|vendor| names(line, vendor)), "{line} names none");
        }
    }

    #[test]
    fn comments_and_inline_tests_are_no_code() {
        let text = "//! a\nuse b; // c\n    /// d\n#[cfg(test)]\nmod tests {\n    e\n}\n";
        assert_eq!(code_lines(text), [(2, "use b; // c".to_owned())]);
        let text = "#[cfg(test)]\nmod tests;\nuse c;\n#[cfg(test)]\npub use d;\ne\n";
        let code: Vec<usize> = code_lines(text).into_iter().map(|(number, _)| number).collect();
        assert_eq!(code, [1, 2, 3, 4, 5, 6], "only the module at the end of a file is left out");
    }

    #[test]
    fn paths_are_told_from_media_types_and_routes() {
        for span in ["scim/src/compat", "config/default.toml", "workspace.rs"] {
            assert!(is_path(span), "{span} is a path");
        }
        for span in [
            "application/scim+json",
            "/scim/v2/Users",
            "cargo xtask test",
            "a::b",
            "PATCH /Groups",
            "sqlite://x/y",
            "{a}/b",
            "scim",
        ] {
            assert!(!is_path(span), "{span} is no path");
        }
    }

    #[test]
    fn rfcs_are_read_with_and_without_a_space() {
        assert_eq!(rfcs("RFC 7644 and RFC7643; rfc 12"), [7_644, 7_643]);
    }
}

struct Dependency {
    name: String,
    for_tests: bool,
}

/// Our packages and what they depend on.
fn packages() -> BTreeMap<String, Vec<Dependency>> {
    let dependency = |d: &Value| Dependency { name: text(&d["name"]), for_tests: d["kind"] == "dev" };
    let package = |p: &Value| (text(&p["name"]), items(&p["dependencies"]).iter().map(dependency).collect());
    items(&metadata()["packages"]).iter().map(package).collect()
}

/// What cargo says about our packages.
fn metadata() -> Value {
    let printed = cargo(&["metadata", "--no-deps", "--offline", "--format-version", "1"]);
    serde_json::from_str(&printed).expect("cargo metadata prints JSON")
}

/// What a command of cargo about the workspace prints.
fn cargo(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO"))
        .args(arguments)
        .arg("--manifest-path")
        .arg(root().join("Cargo.toml"))
        .output()
        .expect("cargo starts");
    assert!(output.status.success(), "{arguments:?} failed: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn items(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_default()
}

fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).expect("the crate is in crates/cli").to_path_buf()
}

/// Every text file of the project, relative to its top and with `/`; what tools build or fetch is left out.
fn files() -> Vec<String> {
    const SEARCHED: &[&str] = &["crates", "conformance-tests", "config"];
    const NOT_OURS: &[&str] = &["target", "node_modules", "corpus", "artifacts", "__pycache__"];
    const KINDS: &[&str] = &["rs", "toml", "json", "md", "sh", "py", "sql", "html", "txt"];
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            let path = entry.expect("a folder entry").path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if path.is_dir() && !NOT_OURS.contains(&name) && !name.starts_with('.') {
                walk(&path, found);
            } else if path
                .extension()
                .and_then(|kind| kind.to_str())
                .is_some_and(|kind| KINDS.contains(&kind))
            {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    for folder in SEARCHED.iter().map(|folder| root().join(folder)).filter(|folder| folder.is_dir()) {
        walk(&folder, &mut found);
    }
    found.extend(
        ["README.md", "Cargo.toml"].map(|name| root().join(name)).into_iter().filter(|file| file.exists()),
    );
    let top = root();
    let relative =
        |path: PathBuf| path.strip_prefix(&top).expect("below the top").to_string_lossy().replace('\\', "/");
    let mut files: Vec<String> = found.into_iter().map(relative).collect();
    files.sort_unstable();
    assert!(files.len() > MAY_DEPEND_ON.len(), "the walk found next to nothing");
    files
}

fn read(file: &str) -> String {
    fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

fn is_rust(file: &str) -> bool {
    Path::new(file).extension().is_some_and(|kind| kind == "rs")
}

fn is_prose(file: &str) -> bool {
    Path::new(file).extension().is_some_and(|kind| kind == "md")
}

/// Data may be as long as it is.
fn is_data(file: &str) -> bool {
    let kind = Path::new(file).extension().and_then(|kind| kind.to_str());
    matches!(kind, Some("json" | "txt")) || file.contains("/fixtures/")
}

fn is_test(file: &str) -> bool {
    file.split('/')
        .any(|part| matches!(part, "tests" | "fixtures" | "benches" | "fuzz" | "tests.rs" | "snapshots"))
}

fn starts_with_any(file: &str, beginnings: &[&str]) -> bool {
    beginnings.iter().any(|beginning| file.starts_with(beginning))
}

fn all_lines(text: &str) -> Vec<(usize, String)> {
    text.lines().enumerate().map(|(index, line)| (index + 1, line.to_owned())).collect()
}

/// Numbered lines without those that are only comment, and without the test module at the end of the file.
fn code_lines(text: &str) -> Vec<(usize, String)> {
    let lines = all_lines(text);
    let is_inline_module = |line: &str| line.starts_with("mod ") && line.ends_with('{');
    let end = lines
        .windows(2)
        .position(|pair| pair[0].1.trim() == "#[cfg(test)]" && is_inline_module(&pair[1].1))
        .unwrap_or(lines.len());
    lines.into_iter().take(end).filter(|(_, line)| !line.trim_start().starts_with("//")).collect()
}

/// True when the line has the word by itself, or as a part of an identifier in any of Rust's spellings.
fn names(line: &str, word: &str) -> bool {
    let lower = line.to_ascii_lowercase();
    lower.match_indices(word).any(|(start, found)| {
        let end = start + found.len();
        let before = line[..start].chars().next_back();
        let after = line[end..].chars().next();
        let (first, last) = (line[start..].chars().next(), line[..end].chars().next_back());
        let is = |c: Option<char>, kind: fn(&char) -> bool| c.as_ref().is_some_and(kind);
        let hump = |left: Option<char>, right: Option<char>| {
            is(left, |c| !c.is_ascii_uppercase()) && is(right, char::is_ascii_uppercase)
        };
        let begins = !is(before, char::is_ascii_alphabetic) || hump(before, first);
        let ends = !is(after, char::is_ascii_alphabetic) || hump(last, after);
        begins && ends
    })
}

/// A span of code in the page that is meant as a path: not a command, a route, a URL, a media type or a pattern.
fn is_path(span: &str) -> bool {
    let shaped = span.contains('/') || [".rs", ".toml", ".json"].iter().any(|end| span.ends_with(end));
    let other = span.starts_with('/')
        || span.starts_with("application/")
        || span.contains("::")
        || span.contains("://");
    shaped && !other && span.chars().all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c))
}

/// The four-digit numbers that follow `RFC`.
fn rfcs(line: &str) -> Vec<u32> {
    let after = line.match_indices("RFC").map(|(start, found)| line[start + found.len()..].trim_start());
    after.filter_map(|rest| rest.get(..4)?.parse().ok()).collect()
}

/// Fails with one line for each broken rule.
fn assert_all(broken: impl IntoIterator<Item = String>) {
    let broken: Vec<String> = broken.into_iter().collect();
    assert!(broken.is_empty(), "\n{}\n", broken.join("\n"));
}
