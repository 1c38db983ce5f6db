//! `rollcall user add|edit|remove|assign|unassign|deactivate|activate|release`: people by hand.

use anyhow::Result;
use clap::{Args, Subcommand};
use operations::hand::{self, Word};
use operations::users::by_hand::{self, Changed, Licence, Person};

use crate::agreement::{Agreement, Preview};
use crate::global::{Global, Within, told};
use crate::output;

/// What operators do to people by hand.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Adds a person by hand, who belongs to no connection.
    #[command(
        after_help = "Example: rollcall user add --tenant \"Northlight Instruments\" --name \"Ada Byron\" --email ada@northlight.example"
    )]
    Add {
        /// The tenant, by name or id
        #[arg(long)]
        tenant: String,
        /// What the person is called
        #[arg(long)]
        name: String,
        /// The person's e-mail address
        #[arg(long)]
        email: String,
        /// The userName; the e-mail address without it
        #[arg(long)]
        user_name: Option<String>,
        #[command(flatten)]
        licence: LicenceFlags,
    },
    /// Gives a person another name; people of a connection are edited in their directory.
    #[command(after_help = "Example: rollcall user edit ada@northlight.example --name \"Ada Lovelace\"")]
    Edit {
        #[command(flatten)]
        who: Who,
        /// The new name
        #[arg(long)]
        name: String,
    },
    /// Removes a person without a licence; people of a connection are removed in their directory.
    #[command(
        after_help = "Example: rollcall user unassign ada@northlight.example && rollcall user remove ada@northlight.example"
    )]
    Remove {
        #[command(flatten)]
        who: Who,
        #[command(flatten)]
        agreement: Agreement,
    },
    /// Gives a person a licence by hand, and withholds it no more.
    #[command(after_help = "Example: rollcall user assign ada@northlight.example --pool \"Vault Standard\"")]
    Assign {
        #[command(flatten)]
        who: Who,
        /// The pool, by id or name; without it the tenant's pool for people by hand, or its only one
        #[arg(long)]
        pool: Option<String>,
        #[command(flatten)]
        preview: Preview,
    },
    /// Takes a licence away at once; where a group or a rule gives it, it is withheld until it is assigned again.
    #[command(after_help = "Example: rollcall user unassign ada@northlight.example --expect-people 1")]
    Unassign {
        #[command(flatten)]
        who: Who,
        /// The pool, by id or name; without it the only one of which the person has a licence
        #[arg(long)]
        pool: Option<String>,
        #[command(flatten)]
        agreement: Agreement,
    },
    /// Keeps a person out, whatever their directory pushes; the seat is kept for the grace.
    #[command(after_help = "Example: rollcall user deactivate ada@northlight.example --expect-people 1")]
    Deactivate {
        #[command(flatten)]
        who: Who,
        #[command(flatten)]
        agreement: Agreement,
    },
    /// Lets a person in again who was deactivated by hand; the directory's word counts again.
    #[command(after_help = "Example: rollcall user activate ada@northlight.example")]
    Activate {
        #[command(flatten)]
        who: Who,
        #[command(flatten)]
        preview: Preview,
    },
    /// Releases a held person, whose address is in none of the tenant's domains.
    #[command(after_help = "Example: rollcall user release ada@elsewhere.example")]
    Release {
        #[command(flatten)]
        who: Who,
        #[command(flatten)]
        preview: Preview,
    },
}

/// The person, and where to look.
#[derive(Args)]
pub(crate) struct Who {
    /// The person, by id, or by userName where only one tenant has one of that name
    user: String,
    #[command(flatten)]
    within: Within,
}

/// Which licence people get who are added.
#[derive(Args)]
pub(crate) struct LicenceFlags {
    /// The pool of which the person gets a licence, by id or name; the tenant's pool for people by hand without it
    #[arg(long, value_name = "POOL")]
    licence: Option<String>,
    /// Gives no licence
    #[arg(long, conflicts_with = "licence")]
    no_licence: bool,
}

impl LicenceFlags {
    /// The same as the operations know it.
    pub(crate) fn wanted(self) -> Licence {
        match (self.licence, self.no_licence) {
            (_, true) => Licence::None,
            (Some(pool), false) => Licence::Of(pool),
            (None, false) => Licence::OfTenant,
        }
    }
}

pub(crate) async fn run(command: Command, global: &Global) -> Result<()> {
    match command {
        Command::Add { tenant, name, email, user_name, licence } => {
            let admin = global.admin().await?;
            let person = Person { name, email, user_name };
            let operator = admin.operator("user add");
            let added = by_hand::add(admin.db(), &operator, &tenant, &person, &licence.wanted()).await;
            changed(global, &added.map_err(told)?, "added")
        }
        Command::Edit { who, name } => {
            let admin = global.admin().await?;
            let operator = admin.operator("user edit").within(who.within.tenant);
            let renamed = by_hand::rename(admin.db(), &operator, &who.user, &name).await.map_err(told)?;
            changed(global, &renamed, "edited")
        }
        Command::Remove { who: Who { user, within }, agreement } => {
            let admin = global.admin().await?;
            let operator = admin.operator("user remove").within(within.tenant);
            let consequences = Box::pin(by_hand::preview_remove(admin.db(), &operator, &user));
            let what = format!("removing {user}");
            let Some(agreed) = agreement.agreed(global, &what, consequences).await? else { return Ok(()) };
            let removed = by_hand::remove(admin.db(), &operator, &user, agreed).await.map_err(told)?;
            changed(global, &removed, "removed")
        }
        Command::Assign { who, pool, preview } => {
            say(global, ("user assign", "assigned"), who, &Word::Assign(pool), &preview.into()).await
        }
        Command::Unassign { who, pool, agreement } => {
            say(global, ("user unassign", "unassigned"), who, &Word::Unassign(pool), &agreement).await
        }
        Command::Deactivate { who, agreement } => {
            say(global, ("user deactivate", "deactivated by hand"), who, &Word::Deactivate, &agreement).await
        }
        Command::Activate { who, preview } => {
            say(global, ("user activate", "activated"), who, &Word::Activate, &preview.into()).await
        }
        Command::Release { who, preview } => {
            say(global, ("user release", "released"), who, &Word::Release, &preview.into()).await
        }
    }
}

async fn say(
    global: &Global,
    (command, done): (&'static str, &str),
    Who { user, within }: Who,
    word: &Word,
    agreement: &Agreement,
) -> Result<()> {
    let admin = global.admin().await?;
    let operator = admin.operator(command).within(within.tenant);
    let consequences = Box::pin(hand::preview(admin.db(), &operator, &user, word));
    let what = format!("{} {user}", command.trim_start_matches("user "));
    let Some(agreed) = agreement.agreed(global, &what, consequences).await? else { return Ok(()) };
    let said = Box::pin(hand::say(admin.db(), &operator, &user, word, agreed)).await.map_err(told)?;
    changed(global, &said, done)
}

fn changed(global: &Global, person: &Changed, done: &str) -> Result<()> {
    let effects =
        if person.effects.is_empty() { "nothing else changed".to_owned() } else { person.effects.join("; ") };
    output::created(global, person, &format!("{} {done}: {effects}", person.user_name))
}
