//! `rollcall connection conflicts|hand-over|delete`: whose the users and groups of a tenant are.

use anyhow::Result;
use clap::{Subcommand, ValueEnum};
use operations::owners::{self, Owned, What};
use operations::work::Progress;
use operations::{conflicts, work::Work};
use serde::Serialize;
use server::admin::Admin;

use crate::global::{Global, Within, told};
use crate::output;
use crate::people::People;

/// Whose the users and groups of a tenant are.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Lists users whom a connection could not create because another owner has one of the same name.
    #[command(after_help = "Example: rollcall connection conflicts --tenant \"Northlight Instruments\"\n\
        \n\
        A conflict is over when the user belongs to the connection: `rollcall connection hand-over` moves users, and a\n\
        connection that was created with --takes-over moves each user when it changes the user.")]
    Conflicts {
        /// The tenant, by name or id
        #[arg(long)]
        tenant: String,
        /// Lists e-mail addresses that users of different owners have; nothing is refused because of these
        #[arg(long)]
        emails: bool,
        /// The most that are listed
        #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(1..=100_000))]
        limit: u64,
    },
    /// Gives the users and groups of one connection to another one; access, seats and memberships stay.
    #[command(
        after_help = "Example: rollcall connection hand-over \"old directory\" \"new directory\" all\n\
        \n\
        From then on the delays of the other connection apply to these users."
    )]
    HandOver {
        /// The connection that owns them now, by name or id
        from: String,
        /// The connection of the same tenant that is to own them, by name or id
        to: String,
        /// What is handed over
        #[arg(value_enum, default_value_t = Kind::All)]
        what: Kind,
        #[command(flatten)]
        within: Within,
    },
    /// Deletes a connection: its tokens end at once, its users and groups belong to no connection, and keep their access.
    #[command(after_help = "Example: rollcall connection delete \"old directory\" --yes")]
    Delete {
        /// The connection, by name or id
        connection: String,
        /// Deletes it; without this, the command says what would happen
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        within: Within,
    },
}

/// What is handed over.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Kind {
    /// Users alone
    User,
    /// Groups alone
    Group,
    /// Users, groups, and resources of types that files define
    All,
}

/// What a connection owned, and what became of it.
#[derive(Serialize)]
struct Moved {
    #[serde(flatten)]
    owned: Owned,
    moved: Progress,
}

pub(crate) async fn run(command: Command, admin: &Admin, global: &Global) -> Result<()> {
    match command {
        Command::Conflicts { tenant, emails: false, limit } => {
            let found = conflicts::list(admin.db(), &tenant, (0, limit)).await.map_err(told)?;
            let columns = [
                ("User name", "/userName"),
                ("Wanted by", "/connection"),
                ("Owned by", "/owner"),
                ("Tries", "/attempts"),
                ("Last", "/lastAt"),
                ("User", "/user"),
            ];
            output::items(global, &found, &columns)
        }
        Command::Conflicts { tenant, emails: true, limit } => {
            let found = conflicts::shared_emails(admin.db(), &tenant, "", limit).await.map_err(told)?;
            let columns =
                [("E-mail", "/email"), ("Users", "/users"), ("First", "/between/0"), ("Last", "/between/1")];
            output::items(global, &found, &columns)
        }
        Command::HandOver { from, to, what, within } => {
            let what = match what {
                Kind::User => What::Users,
                Kind::Group => What::Groups,
                Kind::All => What::All,
            };
            let operator = admin.operator("connection hand-over").within(within.tenant);
            let started = owners::hand_over(admin.db(), &operator, &from, &to, what).await.map_err(told)?;
            let moved = finish(admin, global, started).await?;
            let kept = match moved.moved.refused {
                0 => String::new(),
                kept => format!(
                    "; {} stayed, because \"{to}\" has a group of the same name",
                    output::counted(kept, "group", "groups")
                ),
            };
            let given = moved.moved.people - moved.moved.refused;
            let given = output::counted(given, "user or group", "users and groups");
            told_of(global, &moved, &format!("{given} handed over to {to}{kept}"))
        }
        Command::Delete { connection, yes, within } => {
            let operator = admin.operator("connection delete").within(within.tenant);
            let owned = owners::owned(admin.db(), &operator, &connection).await.map_err(told)?;
            let users = output::counted(owned.users, "user", "users");
            let groups = output::counted(owned.groups, "group", "groups");
            let owned_all = match owned.resources {
                0 => format!("{users} and {groups}"),
                more => {
                    let more = output::counted(more, "other resource", "other resources");
                    format!("{users}, {groups} and {more}")
                }
            };
            let withdrawn = match owned.invitations {
                0 => String::new(),
                many => {
                    let many = output::counted(many, "invitation that waits is", "invitations that wait are");
                    format!("; {many} withdrawn, and `rollcall invitation send` invites again")
                }
            };
            let held = match owned.held {
                0 => String::new(),
                many => {
                    let many = output::counted(many, "person keeps", "people keep");
                    format!(
                        "; {many} access by the brake, and `rollcall brake approve --user` decides about each"
                    )
                }
            };
            if !yes {
                anyhow::bail!(
                    "nothing was deleted. Without the connection \"{}\", its tokens end at once, and {owned_all} \
                     belong to no connection; people keep their access and seats{withdrawn}{held}. Say --yes to delete it",
                    owned.connection
                );
            }
            let started = owners::delete(admin.db(), &operator, &connection).await.map_err(told)?;
            let moved = finish(admin, global, started).await?;
            let said = format!(
                "connection {} deleted; {owned_all} belong to no connection{withdrawn}",
                moved.owned.connection
            );
            told_of(global, &moved, &said)
        }
    }
}

async fn finish(admin: &Admin, global: &Global, (owned, work): (Owned, Work)) -> Result<Moved> {
    let progress = People::begin(global);
    let moved = admin.finish(work, |moved| progress.at(moved.people)).await?;
    progress.end();
    Ok(Moved { owned, moved })
}

fn told_of(global: &Global, moved: &Moved, said: &str) -> Result<()> {
    if global.json { output::json(moved) } else { output::line(said) }
}
