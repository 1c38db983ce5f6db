//! A file of people is imported by the command line, which does the work by itself.

use std::fs;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::figure::{Figure, grouped};
use super::load::count;
use super::people;
use super::place::Place;
use super::resources::memory;
use crate::commands::Commands;

/// Time between two looks at the memory of a command.
const LOOK: Duration = Duration::from_millis(5);

/// `rollcall import` of a file with a name and an address in each row into a pool with a seat for each: as a dry run, and in
/// earnest; how long each takes, and the most memory of the command.
///
/// # Errors
/// The first command that fails.
pub(crate) fn measure(place: &Place<'_>) -> Result<Vec<Figure>> {
    let rows = place.sizes.imported;
    let commands = place.database("imports")?;
    let all = rows.to_string();
    commands.run(&["tenant", "create", "Imports"])?;
    commands.run(&["pool", "create", "--tenant", "Imports", "--name", "Vault", "--seats", &all])?;
    let file = place.folder().join("staff.csv");
    fs::write(&file, people::file(rows))?;
    let file = file.display().to_string();
    let import = ["import", &file, "--tenant", "Imports", "--licence", "Vault"];

    place.say(&format!("a dry run of {} rows", grouped(rows)));
    let tried = run(&commands, &[&import[..], &["--dry-run"]].concat())?;
    place.say(&format!("an import of {} rows", grouped(rows)));
    let imported = run(&commands, &import)?;
    let pools = commands.json(&["pool", "list", "--tenant", "Imports"])?;
    ensure!(pools["items"][0]["used"] == rows, "not every person of the file has a seat: {pools}");
    let seconds = imported.took.as_secs_f64();
    Ok(vec![
        Figure::new(format!("dry run of a file of {} rows, s", grouped(rows)), 1, tried.took.as_secs_f64())
            .bounded_by("each row read, and looked for among the people"),
        Figure::new("… peak memory of the dry run, MiB", 1, tried.peak_mib),
        Figure::new(format!("import of a file of {} rows, s", grouped(rows)), 1, seconds).bounded_by(
            "a document, a grant, a seat, journal entries, an event and an invitation for each row",
        ),
        Figure::new("… rows/s", 0, count(rows) / seconds),
        Figure::new("… peak memory of the import, MiB", 1, imported.peak_mib),
    ])
}

/// What a command took.
struct Ran {
    took: Duration,
    peak_mib: f64,
}

fn run(commands: &Commands, arguments: &[&str]) -> Result<Ran> {
    let start = Instant::now();
    let mut child = commands.command(arguments).stdout(Stdio::null()).spawn()?;
    let mut peak_mib: f64 = 0.0;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        // The process may end between the two looks.
        if let Ok(memory) = memory(child.id()) {
            peak_mib = peak_mib.max(memory.peak);
        }
        thread::sleep(LOOK);
    };
    ensure!(status.success(), "rollcall {} failed", arguments.join(" "));
    Ok(Ran { took: start.elapsed(), peak_mib })
}
