//! `rollcall journal`: what happened, and why.

use std::time::Duration;

use anyhow::Result;
use clap::{Args, Subcommand};
use operations::journal::{Line, Reader, Wanted};

use crate::global::{Format, Global, told};
use crate::output;

/// How often the journal is looked at for new entries.
const PAUSE: Duration = Duration::from_secs(1);

/// The append-only record of what happened, and why.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Shows the newest entries, the last one at the bottom.
    #[command(
        after_help = "Example: rollcall journal tail --tenant \"Northlight Instruments\" -n 50\n         rollcall journal tail --user noor.halvorsen@northlight.example --since 7d\n         rollcall journal tail --installation"
    )]
    Tail(Tail),
}

/// Which entries, and how many.
#[derive(Args)]
pub(crate) struct Tail {
    /// The tenant, by name or id
    #[arg(long, required_unless_present_any = ["user", "installation"])]
    tenant: Option<String>,
    /// Only what concerns this person, by id, userName or e-mail address; deleted people too
    #[arg(long)]
    user: Option<String>,
    /// What was done to tenants themselves, deleted ones too
    #[arg(long, conflicts_with_all = ["tenant", "user"])]
    installation: bool,
    /// Only this kind of entry, such as suspended or pool-changed; may be repeated
    #[arg(long)]
    kind: Vec<String>,
    /// Only what happened since then: 2027-01-31, 2027-01-31T12:00:00Z, or how long ago (90m, 24h, 7d)
    #[arg(long, value_name = "WHEN")]
    since: Option<String>,
    /// How many entries
    #[arg(short = 'n', long = "most", default_value_t = 20, value_name = "N")]
    most: u32,
    /// Goes on with the entries that come, until it is interrupted
    #[arg(short, long)]
    follow: bool,
}

pub(crate) async fn run(command: Command, global: &Global) -> Result<()> {
    let Command::Tail(Tail { tenant, user, installation: _, kind, since, most, follow }) = command;
    let admin = global.admin().await?;
    let wanted = Wanted { tenant, user, kinds: kind, since, most: most.into() };
    let operator = admin.operator("journal tail");
    let mut reader = Reader::open(admin.db(), &operator, &wanted).await.map_err(told)?;
    if !follow {
        let lines = reader.read(admin.db()).await.map_err(told)?;
        let columns = [("At", "/at"), ("What", "/kind"), ("By", "/actorName"), ("Why", "/why")];
        return output::items(global, &lines, &columns);
    }
    loop {
        for line in reader.read(admin.db()).await.map_err(told)? {
            print(global, &line)?;
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Prints one entry as soon as it comes, in no table, whose widths would depend on the entries to come.
fn print(global: &Global, line: &Line) -> Result<()> {
    if global.format() != Format::Text {
        return output::json(line);
    }
    let at = line.at.format("%Y-%m-%d %H:%M:%S");
    output::line(format!("{at}  {}  {}: {}", line.kind, line.actor_name, line.why))
}
