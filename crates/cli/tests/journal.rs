//! `rollcall journal tail --follow`: acts appear as they are done, each with the operator's name.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use crate::support::Site;

/// A process that is ended with the test, whatever the test comes to.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        // It follows until it is ended.
        _ = self.0.kill();
        _ = self.0.wait();
    }
}

#[test]
fn the_journal_names_the_operator_and_follows_what_comes() {
    let site = Site::sqlite();
    let (tenant, _, _) = site.connected("Alpha", "generic");
    let mut command = site.command(&["journal", "tail", "--tenant", &tenant, "--follow", "-n", "1"]);
    let started = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it starts");
    let mut follower = Ended(started);
    let mut lines = BufReader::new(follower.0.stdout.take().expect("it is piped")).lines();
    let mut next = || lines.next().expect("a line").expect("text");
    assert!(next().contains("token-created"), "the entries that are there come first");
    site.id(&[
        "--as",
        "Grace Hopper",
        "pool",
        "create",
        "--tenant",
        "Alpha",
        "--name",
        "Vault",
        "--seats",
        "1",
    ]);
    let line = next();
    assert!(line.contains("pool-created  Grace Hopper: ") && line.contains("“Vault”"), "{line}");
    let mut named = site.command(&["pool", "update", "Vault", "--seats", "2"]);
    assert!(named.env("USER", "ada-at-the-terminal").output().expect("it starts").status.success());
    let line = next();
    assert!(line.contains("pool-changed  ada-at-the-terminal: "), "the system's name stands in: {line}");
}
