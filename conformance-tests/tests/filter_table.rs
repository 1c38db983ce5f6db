//! Every filter and path of `fixtures/filters.json`, hostile ones included, over the wire with the strict profile.
use conformance_tests::{Answer, Target, case, encode, group, patch_op, unique, user};
use serde_json::{Value, json};

const SEARCH: &str = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";
const TABLE: &str = include_str!("../fixtures/filters.json");
/// Bytes of an encoded filter that still goes into a URL; longer ones are searched for.
const URL_LIMIT: usize = 8_000;

/// The entries of one list of the table: a text, or pieces of text with how often each is repeated.
fn entries(kind: &str, verdict: &str) -> Vec<String> {
    let table: Value = serde_json::from_str(TABLE).expect("the table is JSON");
    let list = table[kind][verdict].as_array().expect("the table has this list").clone();
    list.iter().map(|entry| entry.as_str().map_or_else(|| repeated(entry), str::to_owned)).collect()
}

fn repeated(pieces: &Value) -> String {
    let pieces = pieces.as_array().expect("pieces stand in an array").iter();
    let piece = |piece: &Value| {
        let times = piece[1].as_u64().and_then(|times| usize::try_from(times).ok());
        piece[0].as_str().expect("a text").repeat(times.expect("a number"))
    };
    pieces.map(piece).collect()
}

/// Sends a filter to the endpoint that it is about, in the URL or, when it is long, in a search.
fn filtered(target: &Target, filter: &str) -> Answer {
    let endpoint = if filter.starts_with("members") { "/Groups" } else { "/Users" };
    let encoded = encode(filter);
    if encoded.len() <= URL_LIMIT {
        return target.get(&format!("{endpoint}?filter={encoded}&count=1"));
    }
    let search = json!({ "schemas": [SEARCH], "filter": filter, "count": 1 });
    target.post(&format!("{endpoint}/.search"), &search)
}

/// Sends a path in a `remove` to a resource that has something of everything the paths of the table name.
fn removed(target: &Target, path: &str) -> Answer {
    let (endpoint, body) = if path.trim_start().starts_with("members") {
        ("/Groups", group(&unique("team")))
    } else {
        let mut body = user(&unique("person"));
        body["emails"] = json!([{ "value": "a@people.example", "type": "work", "primary": true }]);
        body["name"] = json!({ "givenName": "x" });
        ("/Users", body)
    };
    let resource = format!("{endpoint}/{}", target.post(endpoint, &body).expect_status(201).id());
    let answer = target.patch(&resource, &patch_op(json!([{ "op": "remove", "path": path }])));
    target.delete(&resource).expect_status(204);
    answer
}

/// Requires that every entry is answered as `wanted` says, and shows all that are not.
fn all(entries: &[String], send: impl Fn(&str) -> Answer, wanted: impl Fn(&str, u16, &str) -> bool) {
    let wrong: Vec<_> = entries
        .iter()
        .filter_map(|entry| {
            let answer = send(entry).check();
            let word = answer
                .text
                .parse::<Value>()
                .ok()
                .and_then(|body| Some(body["scimType"].as_str()?.to_owned()));
            let word = word.unwrap_or_default();
            let shown: String = entry.chars().take(120).collect();
            let status = answer.status;
            (!wanted(entry, status, &word)).then(|| format!("{status} {word}: {shown:?}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{} of {} answered wrongly:\n{}", wrong.len(), entries.len(), wrong.join("\n"));
}

#[test]
fn valid_filters_are_answered() {
    case("valid filters", || {
        let target = Target::from_env();
        all(&entries("filters", "valid"), |text| filtered(&target, text), |_, status, _| status == 200);
    });
}

#[test]
fn invalid_filters_are_refused() {
    case("invalid filters", || {
        let target = Target::from_env();
        let refused = |_: &str, status: u16, word: &str| status == 400 && word == "invalidFilter";
        all(&entries("filters", "invalid"), |text| filtered(&target, text), refused);
    });
}

/// What a server may answer or refuse is one of the two.
#[test]
fn debatable_filters_are_answered_or_refused() {
    case("debatable filters", || {
        let target = Target::from_env();
        let either =
            |_: &str, status: u16, word: &str| status == 200 || (status == 400 && word == "invalidFilter");
        all(&entries("filters", "either"), |text| filtered(&target, text), either);
    });
}

/// A valid path may be refused for what it means, never for how it is written.
#[test]
fn valid_paths_are_understood() {
    case("valid paths", || {
        let target = Target::from_env();
        let understood = |_: &str, status: u16, word: &str| {
            let done = status == 200 || status == 204;
            done || (status == 400 && ["mutability", "noTarget", "invalidValue"].contains(&word))
        };
        all(&entries("paths", "valid"), |text| removed(&target, text), understood);
    });
}

/// An empty path counts as none, which `remove` answers with `noTarget`.
#[test]
fn invalid_paths_are_refused() {
    case("invalid paths", || {
        let target = Target::from_env();
        let refused = |path: &str, status: u16, word: &str| {
            let known =
                ["invalidPath", "invalidFilter"].contains(&word) || (path.is_empty() && word == "noTarget");
            status == 400 && known
        };
        all(&entries("paths", "invalid"), |text| removed(&target, text), refused);
    });
}

#[test]
fn the_table_is_whole_and_its_pieces_add_up() {
    let count = |kind, verdict| entries(kind, verdict).len();
    let filters = [count("filters", "valid"), count("filters", "either"), count("filters", "invalid")];
    let paths = [count("paths", "valid"), count("paths", "invalid")];
    assert_eq!((filters, paths), ([69, 1, 91], [25, 39]));
    assert_eq!(repeated(&json!([["ab", 2], ["c", 1]])), "ababc");
    let longest = entries("filters", "invalid").iter().map(String::len).max();
    assert_eq!(longest, Some(1_000_008), "a million open brackets are among them");
}
