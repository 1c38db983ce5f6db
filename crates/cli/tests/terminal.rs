//! What a command that would take something from people asks an operator who sits at a terminal.

use std::fs::File;
use std::io::{Read, Write};

use crate::support::{Server, Site, text, vault};
use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use serde_json::{Value, json};

const QUESTION: &str = "Go on? [y/N] ";

/// What Ctrl-D sends.
const END: &str = "\u{4}";

/// A tenant "Alpha" of Ada and Ben, who each have a seat in the pool "Vault".
struct Company {
    site: Site,
    _server: Server,
}

/// How a command at a terminal ended, and all that stood on the screen.
#[derive(Debug)]
struct Sitting {
    code: i32,
    screen: String,
}

impl Company {
    async fn open() -> Self {
        let (site, server) = vault().await;
        Self { site, _server: server }
    }

    /// Runs a command whose operator types this and then Ctrl-D, which would end a second question, too.
    fn sit(&self, arguments: &[&str], typed: &str) -> Sitting {
        let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC);
        let terminal = terminal.expect("a terminal");
        grantpt(&terminal).expect("a terminal of our own");
        unlockpt(&terminal).expect("a terminal that can be opened");
        let path = ptsname(&terminal, Vec::new()).expect("a terminal with a name");
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let end = File::from(rustix::fs::open(path, flags, Mode::empty()).expect("its other end"));
        let mut terminal = File::from(terminal);
        write!(terminal, "{typed}{END}").expect("the operator types");
        let mut command = self.site.command(arguments);
        let mut child = command
            .stdin(end.try_clone().expect("one more"))
            .stdout(end.try_clone().expect("one more"))
            .stderr(end)
            .spawn()
            .expect("the binary starts");
        // The command has the only other end now: the screen goes dark when it ends.
        drop(command);
        let (mut screen, mut part) = (Vec::new(), [0; 1024]);
        while let Ok(read @ 1..) = terminal.read(&mut part) {
            screen.extend_from_slice(&part[..read]);
        }
        let code = child.wait().expect("it ended").code().expect("it ended by itself");
        Sitting { code, screen: String::from_utf8(screen).expect("UTF-8") }
    }

    /// The people with a seat, and how much the journal holds.
    fn state(&self) -> (Vec<String>, usize) {
        let shown = self.site.json(&["pool", "show", "Vault"]);
        let holders = shown["holders"].as_array().expect("a list");
        let journal = self.site.json(&["journal", "tail", "--tenant", "Alpha", "-n", "100"]);
        let entries = journal["items"].as_array().map(Vec::len).expect("a list");
        (holders.iter().map(|holder| text(holder, "/userName")).collect(), entries)
    }

    fn statuses(&self) -> Vec<Value> {
        let status = |name| self.site.json(&["user", "show", name])["enrolment"]["status"].clone();
        ["ada", "ben"].map(status).to_vec()
    }
}

#[tokio::test]
async fn an_answer_that_is_not_yes_changes_nothing() {
    let company = Company::open().await;
    let before = company.state();
    assert_eq!(before.0, ["ada", "ben"]);
    for answer in ["n\n", "no\n", "\n", "yess\n", "maybe y\n", ""] {
        let sitting = company.sit(&["pool", "delete", "Vault"], answer);
        assert_eq!(sitting.code, 1, "{answer:?}: {sitting:?}");
        let told = "rollcall: deleting the pool Vault: 2 people would lose something: 2 people would lose access, \
                    2 seats would go back\r\n";
        assert!(sitting.screen.contains(&format!("{told}{QUESTION}")), "{answer:?}: {sitting:?}");
        assert!(sitting.screen.ends_with("rollcall: nothing was changed\r\n"), "{answer:?}: {sitting:?}");
        assert_eq!(sitting.screen.matches(QUESTION).count(), 1, "{answer:?}: {sitting:?}");
        assert_eq!(company.state(), before, "{answer:?}");
    }
    assert_eq!(company.statuses(), ["pending", "pending"]);
    let ended = company.sit(&["pool", "delete", "Vault"], "");
    let line = format!("{QUESTION}\r\nrollcall: nothing was changed\r\n");
    assert!(ended.screen.ends_with(&line), "after Ctrl-D the answer stands on a line of its own: {ended:?}");
}

#[tokio::test]
async fn yes_does_what_was_asked() {
    let company = Company::open().await;
    let expired = company.sit(&["pool", "update", "Vault", "--expires", "2020-01-31"], "y\n");
    assert_eq!(expired.code, 0, "{expired:?}");
    assert!(expired.screen.contains("changing the pool Vault: 2 people would lose"), "{expired:?}");
    assert!(
        expired.screen.contains(QUESTION) && expired.screen.contains("pool Vault changed"),
        "{expired:?}"
    );
    assert_eq!(company.statuses(), ["suspended", "suspended"]);
    let deleted = company.sit(&["tenant", "delete", "Alpha"], "YES\n");
    assert_eq!(deleted.code, 0, "{deleted:?}");
    assert!(deleted.screen.contains("deleting the tenant Alpha with 2 people"), "{deleted:?}");
    assert!(deleted.screen.contains(QUESTION), "{deleted:?}");
    assert_eq!(company.site.json(&["tenant", "list"])["items"], json!([]));
}

#[tokio::test]
async fn no_question_comes_where_it_was_answered_before_or_people_lose_nothing() {
    let company = Company::open().await;
    let before = company.state();
    let other = company.sit(&["pool", "delete", "Vault", "--expect-people", "3"], "y\n");
    assert_eq!(other.code, 1, "{other:?}");
    assert!(
        other.screen.contains("--expect-people 3 was said and 2 people would lose something"),
        "{other:?}"
    );
    assert!(!other.screen.contains(QUESTION), "{other:?}");
    assert_eq!(company.state(), before, "the number counts, whatever is typed");

    let larger = company.sit(&["pool", "update", "Vault", "--seats", "9"], "n\n");
    assert_eq!((larger.code, larger.screen.contains(QUESTION)), (0, false), "{larger:?}");
    assert_eq!(company.site.json(&["pool", "show", "Vault"])["seats"], 9);
    let agreed = company.sit(&["pool", "update", "Vault", "--for-everyone", "no", "--yes"], "n\n");
    assert_eq!((agreed.code, agreed.screen.contains(QUESTION)), (0, false), "{agreed:?}");
    assert_eq!(company.statuses(), ["suspended", "suspended"]);
}
