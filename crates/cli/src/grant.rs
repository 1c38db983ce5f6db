//! `rollcall grant`: licences given and taken by hand.

use anyhow::Result;
use clap::{Args, Subcommand};
use operations::grants;

use crate::agreement::{Agreement, Preview};
use crate::global::{Global, Part, Within, told};
use crate::output;

/// Licences given and taken by hand, beside what groups and rules give.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Gives a person a licence.
    #[command(
        visible_alias = "give",
        after_help = "Example: rollcall grant create --user noor.halvorsen@northlight.example --pool \"Vault Standard\""
    )]
    Create {
        #[command(flatten)]
        of: Of,
        #[command(flatten)]
        preview: Preview,
    },
    /// Lists the grants of a tenant that do not come from groups: by hand, by a rule, by default.
    #[command(
        after_help = "Example: rollcall grant list --tenant \"Northlight Instruments\" --pool \"Vault Standard\""
    )]
    List {
        /// The tenant, by name or id
        #[arg(long)]
        tenant: String,
        /// Only those of this person, by id or userName
        #[arg(long)]
        user: Option<String>,
        /// Only those for this pool, by id or name
        #[arg(long)]
        pool: Option<String>,
        #[command(flatten)]
        part: Part,
    },
    /// Shows the grants of a person for a pool that do not come from groups.
    #[command(
        after_help = "Example: rollcall grant show --user noor.halvorsen@northlight.example --pool \"Vault Standard\""
    )]
    Show {
        #[command(flatten)]
        of: Of,
    },
    /// Takes a licence back that was given by hand; there is no grace.
    #[command(
        visible_alias = "lift",
        after_help = "Example: rollcall grant delete --user noor.halvorsen@northlight.example --pool \"Vault Standard\" --expect-people 1"
    )]
    Delete {
        #[command(flatten)]
        of: Of,
        #[command(flatten)]
        agreement: Agreement,
    },
}

/// Who and which pool.
#[derive(Args)]
pub(crate) struct Of {
    /// The person, by id or userName
    #[arg(long)]
    user: String,
    /// The pool, by id or name
    #[arg(long)]
    pool: String,
    #[command(flatten)]
    within: Within,
}

pub(crate) async fn run(command: Command, global: &Global) -> Result<()> {
    let admin = global.admin().await?;
    let db = admin.db();
    let columns = [
        ("Person", "/userName"),
        ("Pool", "/poolName"),
        ("Kind", "/kind"),
        ("Rule", "/rule"),
        ("Since", "/createdAt"),
    ];
    match command {
        Command::Create { of: Of { user, pool, within }, preview } => {
            let operator = admin.operator("grant create").within(within.tenant);
            let consequences = Box::pin(grants::preview_create(db, &operator, &user, &pool));
            if preview.shown(global, &format!("giving a licence to {user}"), consequences).await? {
                return Ok(());
            }
            let grant = grants::create(db, &operator, &user, &pool).await.map_err(told)?;
            changed(global, &grant, "has a licence of")
        }
        Command::List { tenant, user, pool, part } => {
            let which = grants::Which { user, pool, before: part.start - 1, most: part.count };
            let grants = grants::list(db, &tenant, &which).await.map_err(told)?;
            output::items(global, &grants, &columns)
        }
        Command::Show { of: Of { user, pool, within } } => {
            let operator = admin.operator("grant show").within(within.tenant);
            let grants = grants::show(db, &operator, &user, &pool).await.map_err(told)?;
            output::items(global, &grants, &columns)
        }
        Command::Delete { of: Of { user, pool, within }, agreement } => {
            let operator = admin.operator("grant delete").within(within.tenant);
            let consequences = Box::pin(grants::preview_delete(db, &operator, &user, &pool));
            let what = format!("taking the licence back from {user}");
            let Some(agreed) = agreement.agreed(global, &what, consequences).await? else { return Ok(()) };
            let grant = grants::delete(db, &operator, &user, &pool, agreed).await.map_err(told)?;
            changed(global, &grant, "has no licence by hand of")
        }
    }
}

fn changed(global: &Global, grant: &grants::Grant, words: &str) -> Result<()> {
    let effects =
        if grant.effects.is_empty() { "nothing else changed".to_owned() } else { grant.effects.join("; ") };
    output::created(global, grant, &format!("{} {words} {}: {effects}", grant.user_name, grant.pool_name))
}
