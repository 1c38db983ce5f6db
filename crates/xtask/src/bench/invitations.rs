//! Many invitations leave at once, to a mail server that takes everything.

use std::fs;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::figure::{Figure, grouped};
use super::load::count;
use super::people;
use super::place::Place;
use super::smtp;

/// How long a mail may take to come.
const PATIENCE: Duration = Duration::from_mins(1);

/// A server starts whose tenant has a file of people imported and none of them invited, with a mail server on this machine:
/// seconds from then until the last invitation has come, and mails per second from the first to the last.
///
/// # Errors
/// The first command that fails, or a mail that does not come.
pub(crate) fn measure(place: &Place<'_>) -> Result<Vec<Figure>> {
    let invited = place.sizes.invited;
    let mut commands = place.database("invitations")?;
    let (port, letters) = smtp::start()?;
    commands.settings.extend([
        ("ROLLCALL_PROVISIONING__INVITATION_DELAY_SECONDS", "0".to_owned()),
        ("ROLLCALL_MAIL__SMTP_HOST", "127.0.0.1".to_owned()),
        ("ROLLCALL_MAIL__SMTP_PORT", port.to_string()),
        ("ROLLCALL_MAIL__SMTP_SECURITY", "none".to_owned()),
        ("ROLLCALL_MAIL__FROM", "rollcall@contoso.example".to_owned()),
    ]);
    let seats = invited.to_string();
    commands.run(&["tenant", "create", "Invited"])?;
    commands.run(&["pool", "create", "--tenant", "Invited", "--name", "Vault", "--seats", &seats])?;
    let file = place.folder().join("staff.csv");
    fs::write(&file, people::file(invited))?;
    let file = file.display().to_string();
    commands.run(&["import", &file, "--tenant", "Invited", "--licence", "Vault"])?;

    place.say(&format!("{} invitations", grouped(invited)));
    let start = Instant::now();
    let _site = place.serve(commands)?;
    let mut first = None;
    for number in 0..invited {
        let letter = letters.recv_timeout(PATIENCE);
        letter.with_context(|| format!("only {number} invitations came"))?;
        first.get_or_insert_with(Instant::now);
    }
    let from_first = first.map_or(Duration::ZERO, |first| first.elapsed());
    Ok(vec![
        Figure::new(
            format!("{} invitations to a mail server, s", grouped(invited)),
            1,
            start.elapsed().as_secs_f64(),
        )
        .bounded_by("the start of the server, and the rate below"),
        Figure::new("… mails/s, 4 at once", 0, count(invited) / from_first.as_secs_f64()).bounded_by(
            "the wait in which both ends hold back the end of a mail: its text and its end are sent apart",
        ),
    ])
}
