//! `rollcall tenant`: customer organisations.

use anyhow::Result;
use clap::Subcommand;
use operations::tenants;

use crate::agreement::Agreement;
use crate::global::{Global, told};
use crate::output;
use crate::people::People;

/// Customer organisations; everything else belongs to exactly one.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Creates a tenant.
    #[command(after_help = "Example: rollcall tenant create \"Northlight Instruments\"")]
    Create {
        /// Its name, unlike that of any other tenant.
        name: String,
    },
    /// Lists all tenants.
    #[command(after_help = "Example: rollcall tenant list --json")]
    List,
    /// Shows a tenant with how much is in it.
    #[command(after_help = "Example: rollcall tenant show \"Northlight Instruments\"")]
    Show {
        /// The tenant, by name or id
        tenant: String,
    },
    /// Gives a tenant another name.
    #[command(
        after_help = "Example: rollcall tenant update \"Northlight Instruments\" --name \"Northlight Optics\""
    )]
    Update {
        /// The tenant, by name or id
        tenant: String,
        /// Its new name
        #[arg(long)]
        name: String,
    },
    /// Deletes a tenant with everything in it: people, groups, pools, connections, tokens, journal and request log.
    ///
    /// Its tokens are refused within seconds. What it held stands in the journal of the installation.
    #[command(
        after_help = "Example: rollcall tenant delete \"Northlight Instruments\" --expect-people 190\n\
        \n\
        Every user of the tenant counts as a person who loses something."
    )]
    Delete {
        /// The tenant, by name or id
        tenant: String,
        #[command(flatten)]
        agreement: Agreement,
    },
}

pub(crate) async fn run(command: Command, global: &Global) -> Result<()> {
    if let Command::Create { name } = command {
        // The first command of a new installation.
        let admin = global.admin_of_new().await?;
        let tenant =
            tenants::create(admin.db(), &admin.operator("tenant create"), &name).await.map_err(told)?;
        return output::created(global, &tenant, &format!("tenant {} created", tenant.name));
    }
    let admin = global.admin().await?;
    let db = admin.db();
    match command {
        Command::Create { .. } => Ok(()),
        Command::List => {
            let tenants = tenants::list(db).await.map_err(told)?;
            output::items(global, &tenants, &[("Tenant", "/name"), ("Created", "/createdAt"), ("Id", "/id")])
        }
        Command::Show { tenant } => {
            let contents = tenants::show(db, &tenant).await.map_err(told)?;
            let columns = [
                ("tenant", "/name"),
                ("id", "/id"),
                ("created", "/createdAt"),
                ("people", "/people"),
                ("with access", "/withAccess"),
                ("groups", "/groups"),
                ("pools", "/pools"),
                ("seats held", "/seats"),
                ("waiting", "/waiting"),
                ("connections", "/connections"),
                ("valid tokens", "/tokens"),
            ];
            output::details(global, &contents, &columns)
        }
        Command::Update { tenant, name } => {
            let operator = admin.operator("tenant update");
            let renamed = tenants::rename(db, &operator, &tenant, &name).await.map_err(told)?;
            output::created(global, &renamed, &format!("tenant {tenant} is called {} now", renamed.name))
        }
        Command::Delete { tenant, agreement } => {
            let operator = admin.operator("tenant delete");
            let contents = tenants::show(db, &tenant).await.map_err(told)?;
            let what = format!("deleting the tenant {} with {}", contents.tenant.name, contents.sentence());
            let agreed = agreement.agreed(&what, async { Ok(contents.losses()) }).await?;
            let (contents, work) = tenants::delete(db, &operator, &tenant, agreed).await.map_err(told)?;
            let progress = People::begin(global);
            admin.finish(work, |done| progress.at(done.people)).await?;
            progress.end();
            let said = format!("tenant {} deleted with {}", contents.tenant.name, contents.sentence());
            output::created(global, &contents, &said)
        }
    }
}
