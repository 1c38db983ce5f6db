//! What a command or a server has begun comes to the same end when it is killed with SIGKILL at a random moment and started
//! again, on SQLite and on PostgreSQL.

mod binding;
mod deliveries;
mod dynamic;
mod imports;
mod invitations;

use std::collections::BTreeMap;
use std::fs;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::ops::Range;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::{Server, Site, postgres};

/// More than all that a test makes, for lists.
const ALL: &str = "100000";

/// How many people a test has: so many, or as many as `ROLLCALL_TEST_KILLED_PEOPLE` says.
fn people(usual: usize) -> usize {
    number_of("ROLLCALL_TEST_KILLED_PEOPLE").unwrap_or(usual)
}

/// The user name and the address of a person by number.
fn name(number: usize) -> String {
    format!("p{number}@north.example")
}

fn number_of<N: std::str::FromStr>(variable: &str) -> Option<N> {
    #[expect(clippy::disallowed_methods, reason = "how tests are told what to repeat, and how large")]
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} is no number")))
}

/// Random moments. They follow from a seed, which is printed; `ROLLCALL_TEST_SEED` repeats them.
struct Moments(u64);

impl Moments {
    #[expect(clippy::print_stdout, reason = "without the seed a failure cannot be repeated")]
    fn new() -> Self {
        let seed =
            number_of("ROLLCALL_TEST_SEED").unwrap_or_else(|| RandomState::new().build_hasher().finish());
        println!("ROLLCALL_TEST_SEED={seed}");
        Self(seed)
    }

    /// A number of these.
    fn within(&mut self, range: Range<usize>) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let random = usize::try_from(self.0 >> 33).expect("31 bits");
        range.start + random % range.len()
    }
}

/// The command of a server with further settings.
fn serving(site: &Site, settings: &[(&str, String)]) -> Command {
    let mut command = site.command(&["serve", "--listen", "127.0.0.1:0"]);
    command.envs(settings.iter().map(|(name, value)| (*name, value)));
    command
}

/// Runs a command and kills it once so much is reached.
fn killed_at(mut command: Command, moment: usize, reached: impl Fn() -> usize) {
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
    while reached() < moment {
        assert!(child.try_wait().expect("known").is_none(), "it ended before it was killed");
    }
    child.kill().expect("it can be killed");
    child.wait().expect("it ended");
}

/// Runs a server and kills it once so much is reached.
fn server_killed_at(command: Command, moment: usize, reached: impl Fn() -> usize) {
    let mut server = Server::start(command);
    while reached() < moment {}
    server.kill();
}

/// Does what some minutes do: the leases of workers that were killed are over, and what waited is due, such as the work of a
/// killed command and invitations.
fn minutes_pass(site: &Site) {
    postgres::execute(site, "UPDATE jobs SET lease_until = created_at WHERE state = 'running'");
    postgres::execute(site, "UPDATE jobs SET run_at = created_at WHERE state = 'ready'");
}

/// Writes a file with so many people, to import.
fn write_file(site: &Site, people: usize) {
    let rows = (0..people).map(|number| format!("Person {number},{}\n", name(number)));
    fs::write(site.folder.path().join("staff.csv"), rows.collect::<String>()).expect("written");
}

/// Seats in use, and people who wait, of the only pool of the tenant North.
fn seats(site: &Site) -> (usize, usize) {
    let pool = &site.json(&["pool", "list", "--tenant", "North"])["items"][0];
    let count = |name: &str| pool[name].as_u64().and_then(|count| usize::try_from(count).ok());
    (count("used").expect("a number"), count("waiting").expect("a number"))
}

/// The invitations of the tenant North in a state, or in all.
fn invitations(site: &Site, state: &[&str]) -> Vec<Value> {
    let list = ["mail", "list", "--tenant", "North", "--kind", "invitation", "--count", ALL];
    items(&site.json(&[&list, state].concat()))
}

/// Asserts that each of these people got one invitation and has one entry of each of these kinds.
fn assert_once(site: &Site, invited: usize, entries: &[(&str, usize)]) {
    let mut mails: BTreeMap<String, usize> = BTreeMap::new();
    for mail in invitations(site, &[]) {
        *mails.entry(mail["recipient"].to_string()).or_default() += 1;
    }
    assert_eq!(mails.len(), invited, "people with an invitation");
    assert!(mails.values().all(|count| *count == 1), "somebody has two invitations: {mails:?}");
    for (kind, people) in entries {
        let tail = ["journal", "tail", "--tenant", "North", "--kind", kind, "-n", ALL];
        let mut subjects: Vec<String> =
            items(&site.json(&tail)).iter().map(|line| line["subject"].to_string()).collect();
        assert_eq!(subjects.len(), *people, "entries {kind}");
        subjects.sort_unstable();
        subjects.dedup();
        assert_eq!(subjects.len(), *people, "somebody has two entries {kind}");
    }
}

fn items(list: &Value) -> Vec<Value> {
    list["items"].as_array().expect("a list").clone()
}
