//! A server that is killed while it sends many invitations: everybody gets one, and what was in flight comes again under the
//! same Message-ID.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Moments, invitations, minutes_pass, name, people, serving, write_file};
use crate::support::{Server, Site, smtp};

/// How often the server is killed.
const KILLS: usize = 3;
/// Mails that a server sends at the same time.
const AT_ONCE: usize = 4;
/// How long a mail may take to come.
const PATIENCE: Duration = Duration::from_mins(1);

#[test]
fn invitations_killed_by_sigkill_all_arrive_on_sqlite() {
    lives_through_kills(&Site::sqlite());
}

#[test]
fn invitations_killed_by_sigkill_all_arrive_on_postgresql() {
    crate::support::postgres::with_site(lives_through_kills);
}

fn lives_through_kills(site: &Site) {
    let people = people(600);
    let mut moments = Moments::new();
    site.id(&["tenant", "create", "North"]);
    let seats = people.to_string();
    site.id(&["pool", "create", "--tenant", "North", "--name", "Vault", "--seats", &seats]);
    write_file(site, people);
    site.json(&["import", "staff.csv", "--tenant", "North", "--licence", "Vault"]);
    minutes_pass(site);

    let (port, letters) = smtp::start().expect("a free port");
    let settings = [
        ("ROLLCALL_MAIL__SMTP_HOST", "127.0.0.1".to_owned()),
        ("ROLLCALL_MAIL__SMTP_PORT", port.to_string()),
        ("ROLLCALL_MAIL__SMTP_SECURITY", "none".to_owned()),
        ("ROLLCALL_MAIL__FROM", "rollcall@north.example".to_owned()),
        ("ROLLCALL_MAIL__SEND_AT_ONCE", AT_ONCE.to_string()),
    ];
    let mut got: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for _ in 0..KILLS {
        let mut server = Server::start(serving(site, &settings));
        for _ in 0..moments.within(1..people / KILLS) {
            let letter = letters.recv_timeout(PATIENCE).expect("a mail");
            got.entry(letter.to).or_default().push(letter.message_id);
        }
        server.kill();
        minutes_pass(site);
    }
    let mut server = Server::start(serving(site, &settings));
    while got.len() < people {
        let letter = letters.recv_timeout(PATIENCE).expect("a mail");
        got.entry(letter.to).or_default().push(letter.message_id);
    }
    while invitations(site, &["--state", "sent"]).len() < people {}
    server.stop();
    for letter in letters.try_iter() {
        got.entry(letter.to).or_default().push(letter.message_id);
    }

    assert_eq!(invitations(site, &[]).len(), people, "one row each");
    assert!((0..people).all(|number| got.contains_key(&name(number))), "everybody got the invitation");
    let again = got.values().map(|ids| ids.len() - 1).sum::<usize>();
    assert!(again <= KILLS * AT_ONCE, "more than what was in flight came again: {again}");
    for (to, ids) in got {
        assert!(ids.iter().all(|id| *id == ids[0]), "{to} has copies that no mailbox knows as such: {ids:?}");
    }
}
