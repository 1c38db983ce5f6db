//! `rollcall permission`: what people may do in the application.

use anyhow::Result;
use clap::{Args, Subcommand};
use operations::permissions::{self, For};
use serde_json::json;

use crate::global::{Global, Within, told};
use crate::output;

/// Permissions: named values that the application gets with each entitlement. The tenant sets them for all; a group may have
/// another value, and one person by hand.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Lists the permissions of a tenant, with what is set otherwise.
    #[command(after_help = "Example: rollcall permission list --tenant \"Northlight Instruments\"")]
    List {
        /// The tenant, by name or id
        #[arg(long)]
        tenant: String,
    },
    /// Sets a permission for all, for a group or for one person.
    #[command(
        after_help = "Example: rollcall permission set --tenant \"Northlight Instruments\" vault.export false --summary \"Export vaults\"\n         rollcall permission set --tenant \"Northlight Instruments\" vault.export true --group Legal"
    )]
    Set {
        /// The tenant, by name or id
        #[arg(long)]
        tenant: String,
        /// The name by which the application knows it, such as vault.export
        permission: String,
        /// true, false, a number, or text
        value: String,
        #[command(flatten)]
        holder: Holder,
        /// What it is, in a few words
        #[arg(long, conflicts_with_all = ["group", "user"])]
        summary: Option<String>,
        /// Puts the group before all others: a person in several groups gets the value of the first
        #[arg(long, requires = "group")]
        first: bool,
    },
    /// Takes away a permission, or what is set otherwise for a group or a person.
    #[command(
        after_help = "Example: rollcall permission delete --tenant \"Northlight Instruments\" vault.export --group Legal"
    )]
    Delete {
        /// The tenant, by name or id
        #[arg(long)]
        tenant: String,
        /// Its name
        permission: String,
        #[command(flatten)]
        holder: Holder,
    },
    /// Shows what one person gets, and why.
    #[command(after_help = "Example: rollcall permission show leonie@northlight.example")]
    Show {
        /// The person, by userName or id
        user: String,
        #[command(flatten)]
        within: Within,
    },
}

/// For whom; for all without it.
#[derive(Args)]
#[group(multiple = false)]
pub(crate) struct Holder {
    /// For the members of this group, by name or id
    #[arg(long)]
    group: Option<String>,
    /// For this person, by userName or id
    #[arg(long)]
    user: Option<String>,
}

impl Holder {
    fn holder(self) -> Option<For> {
        self.group.map(For::Group).or(self.user.map(For::User))
    }
}

pub(crate) async fn run(command: Command, global: &Global) -> Result<()> {
    let admin = global.admin().await?;
    let db = admin.db();
    match command {
        Command::List { tenant } => {
            let all = permissions::list(db, &tenant).await.map_err(told)?;
            let columns = [
                ("Permission", "/name"),
                ("Value", "/value"),
                ("Summary", "/summary"),
                ("Otherwise", "/exceptions"),
            ];
            output::items(global, &all, &columns)
        }
        Command::Set { tenant, permission, value: text, holder, summary, first } => {
            let (value, operator) = (permissions::value(&text), admin.operator("permission set"));
            let said = if let Some(holder) = holder.holder() {
                let what = (permission.as_str(), &holder, &value);
                permissions::set_for(db, &operator, &tenant, what, first).await.map_err(told)?;
                format!("permission {permission} set to {value} there")
            } else {
                let what = (permission.as_str(), &value, summary.as_deref());
                permissions::set(db, &operator, &tenant, what).await.map_err(told)?;
                format!("permission {permission} set to {value} for all others")
            };
            output::created(global, &json!({ "name": permission, "value": value }), &said)
        }
        Command::Delete { tenant, permission, holder } => {
            let operator = admin.operator("permission delete");
            let said = if let Some(holder) = holder.holder() {
                let what = (permission.as_str(), &holder);
                permissions::unset_for(db, &operator, &tenant, what).await.map_err(told)?;
                format!("permission {permission} is not set otherwise there any more")
            } else {
                permissions::delete(db, &operator, &tenant, &permission).await.map_err(told)?;
                format!("permission {permission} deleted")
            };
            output::created(global, &json!({ "name": permission }), &said)
        }
        Command::Show { user, within } => {
            let operator = admin.operator("permission show").within(within.tenant);
            let shown = permissions::show(db, &operator, &user).await.map_err(told)?;
            let columns = [("Permission", "/name"), ("Gets", "/value"), ("Set by", "/called")];
            output::items(global, &shown, &columns)
        }
    }
}
