//! `rollcall pool`: seats that were bought.

use anyhow::Result;
use clap::Subcommand;
use clap::builder::PossibleValuesParser;
use operations::pools;

use crate::global::{Global, told};
use crate::output;
use crate::people::People;

/// Licence pools: the seats of a product plan.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Creates a pool.
    #[command(
        after_help = "Example: rollcall pool create --tenant \"Northlight Instruments\" --name \"Vault Standard\" --seats 190 --policy queue\n\
        \n\
        People get a seat through a group (`rollcall binding create`), by hand (`rollcall grant give`), by an attribute\n\
        (--for 'title eq \"Counsel\"') or because everybody does (--for-everyone)."
    )]
    Create {
        /// The tenant, by name or id
        #[arg(long)]
        tenant: String,
        /// Its name, unlike that of any other pool of the tenant
        #[arg(long)]
        name: String,
        /// Seats bought
        #[arg(long)]
        seats: u32,
        /// When no seat is left: queue (people wait), reject (the push is refused), overage (assigned and flagged)
        #[arg(long, default_value = "queue", hide_possible_values = true)]
        #[arg(value_parser = PossibleValuesParser::new(pools::policies()))]
        policy: String,
        /// The day or instant after which its seats count no more: 2027-01-31 or 2027-01-31T12:00:00Z
        #[arg(long, value_name = "DATE")]
        expires: Option<String>,
        /// Everybody of the tenant gets a seat
        #[arg(long)]
        for_everyone: bool,
        /// Whoever matches this SCIM filter gets a seat
        #[arg(long = "for", value_name = "FILTER")]
        rule: Option<String>,
    },
    /// Changes the number of seats; whoever waits gets those that are new.
    #[command(after_help = "Example: rollcall pool resize \"Vault Standard\" --seats 250")]
    Resize {
        /// The pool, by id, or by name where only one tenant has one of that name
        pool: String,
        /// Seats bought from now on
        #[arg(long)]
        seats: u32,
    },
    /// Lists the pools of a tenant.
    #[command(after_help = "Example: rollcall pool list --tenant \"Northlight Instruments\"")]
    List {
        /// The tenant, by name or id
        #[arg(long)]
        tenant: String,
    },
}

pub(crate) async fn run(command: Command, global: &Global) -> Result<()> {
    let admin = global.admin().await?;
    match command {
        Command::Create { tenant, name, seats, policy, expires, for_everyone, rule } => {
            let new = pools::New { tenant, name, seats, policy, expires, for_everyone, rule };
            let progress = People::begin(global);
            let operator = admin.operator("pool create");
            let (mut pool, work) = pools::create(admin.db(), &operator, &new).await.map_err(told)?;
            if let Some(work) = work {
                admin.finish(work, |settled| progress.at(settled.people)).await?;
                pool = pools::show(admin.db(), &pool.id.to_string()).await.map_err(told)?;
            }
            progress.end();
            output::created(global, &pool, &sentence("created", &pool))
        }
        Command::Resize { pool, seats } => {
            let pool = pools::resize(admin.db(), &admin.operator("pool resize"), &pool, seats)
                .await
                .map_err(told)?;
            output::created(global, &pool, &sentence("resized", &pool))
        }
        Command::List { tenant } => {
            let pools = pools::list(admin.db(), &tenant).await.map_err(told)?;
            let columns = [
                ("Pool", "/name"),
                ("Seats", "/seats"),
                ("Used", "/used"),
                ("Waiting", "/waiting"),
                ("Policy", "/policy"),
                ("Expires", "/expiresAt"),
                ("For everyone", "/forEveryone"),
                ("For", "/rule"),
                ("Id", "/id"),
            ];
            output::items(global, &pools, &columns)
        }
    }
}

fn sentence(done: &str, pool: &pools::Pool) -> String {
    let (name, used, waiting) = (&pool.name, pool.used, pool.waiting);
    let seats = output::counted(pool.seats.into(), "seat", "seats");
    format!("pool {name} {done}: {seats}, {used} used, {waiting} waiting")
}
