//! `rollcall administrator`: who looks after a tenant.

use anyhow::{Context as _, Result};
use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};
use operations::{administrators, sign_in};
use serde_json::json;
use server::admin::Admin;

use crate::global::{Format, Global, told};
use crate::output;

/// Administrators of a tenant: whom alerts reach, and whose person no push may lock out.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Adds an administrator.
    #[command(
        after_help = "Example: rollcall administrator add --tenant \"Northlight Instruments\" --name \"Ingrid Solheim\" --email ingrid@northlight.example --role owner --alerts"
    )]
    Add {
        /// The tenant, by name or id; without it of the whole installation
        #[arg(long)]
        tenant: Option<String>,
        /// What people call the administrator
        #[arg(long)]
        name: String,
        /// The e-mail address
        #[arg(long)]
        email: String,
        /// owner (everything), administrator (everything but who else may), help-desk (to look and remind), auditor (to look and
        /// export)
        #[arg(long, default_value = "administrator", hide_possible_values = true)]
        #[arg(value_parser = PossibleValuesParser::new(administrators::roles()))]
        role: String,
        /// The person whom the administrator is, by userName or id
        #[arg(long)]
        user: Option<String>,
        /// Alerts are mailed to the administrator
        #[arg(long)]
        alerts: bool,
    },
    /// Lists the administrators of a tenant.
    #[command(after_help = "Example: rollcall administrator list --tenant \"Northlight Instruments\"")]
    List {
        /// The tenant, by name or id; without it of the whole installation
        #[arg(long)]
        tenant: Option<String>,
    },
    /// Changes an administrator.
    #[command(
        after_help = "Example: rollcall administrator update --tenant \"Northlight Instruments\" ingrid@northlight.example --role auditor"
    )]
    Update {
        /// The tenant, by name or id; without it of the whole installation
        #[arg(long)]
        tenant: Option<String>,
        /// The administrator, by e-mail address or id
        administrator: String,
        #[command(flatten)]
        changes: Changes,
    },
    /// Makes a link by which an administrator sets a password and a second factor, for the first time or anew.
    #[command(
        after_help = "Example: rollcall administrator invite --tenant \"Northlight Instruments\" ingrid@northlight.example\n\n\
        The link counts for three days and once; hand it over by a way that only the administrator reads. A password and a second factor \
        that were set before are replaced, and every session ends."
    )]
    Invite {
        /// The tenant, by name or id; without it an administrator of the whole installation
        #[arg(long, requires = "administrator")]
        tenant: Option<String>,
        /// The administrator, by e-mail address or id; without it, and without a tenant, the first owner of the installation, as
        /// long as no administrator has a password
        administrator: Option<String>,
    },
    /// Makes a link by which an administrator signs in once without a password, such as after the loss of a telephone.
    #[command(
        after_help = "Example: rollcall administrator sign-in-link --tenant \"Northlight Instruments\" ingrid@northlight.example\n\n\
        The link counts for an hour and once. The journal says that it was made, and that it was used."
    )]
    SignInLink {
        /// The tenant, by name or id; without it an administrator of the whole installation
        #[arg(long)]
        tenant: Option<String>,
        /// The administrator, by e-mail address or id
        administrator: String,
    },
    /// Removes an administrator; the person keeps every licence.
    #[command(
        after_help = "Example: rollcall administrator remove --tenant \"Northlight Instruments\" ingrid@northlight.example"
    )]
    Remove {
        /// The tenant, by name or id; without it of the whole installation
        #[arg(long)]
        tenant: Option<String>,
        /// The administrator, by e-mail address or id
        administrator: String,
    },
}

/// What of an administrator is to be another.
#[derive(Args)]
#[group(required = true, multiple = true)]
pub(crate) struct Changes {
    /// What people call the administrator
    #[arg(long)]
    name: Option<String>,
    /// The new role: owner, administrator, help-desk or auditor
    #[arg(long, hide_possible_values = true)]
    #[arg(value_parser = PossibleValuesParser::new(administrators::roles()))]
    role: Option<String>,
    /// The person whom the administrator is, by userName or id; empty: none
    #[arg(long)]
    user: Option<String>,
    /// Whether alerts are mailed to the administrator
    #[arg(long, value_name = "true|false")]
    alerts: Option<bool>,
}

pub(crate) async fn run(command: Command, global: &Global) -> Result<()> {
    let admin = global.admin().await?;
    let db = admin.db();
    match command {
        Command::Add { tenant, name, email, role, user, alerts } => {
            let new = administrators::New { name, email, role, user, alerts };
            let operator = admin.operator("administrator add");
            let added = administrators::add(db, &operator, tenant.as_deref(), &new).await.map_err(told)?;
            output::created(global, &added, &format!("{} is {} now", added.name, added.role))
        }
        Command::List { tenant } => {
            let all = administrators::list(db, tenant.as_deref()).await.map_err(told)?;
            let columns = [
                ("Name", "/name"),
                ("E-mail", "/email"),
                ("Role", "/role"),
                ("Person", "/user"),
                ("Alerts", "/alerts"),
                ("Since", "/createdAt"),
                ("Id", "/id"),
            ];
            output::items(global, &all, &columns)
        }
        Command::Update { tenant, administrator, changes } => {
            let Changes { name, role, user, alerts } = changes;
            let change = administrators::Change { name, role, user, alerts };
            let operator = admin.operator("administrator update");
            let changed = administrators::update(db, &operator, tenant.as_deref(), (&administrator, &change))
                .await
                .map_err(told)?;
            output::created(global, &changed, &format!("{} is {} now", changed.name, changed.role))
        }
        Command::Invite { tenant, administrator } => {
            let operator = admin.operator("administrator invite");
            let made = match administrator {
                Some(administrator) => {
                    sign_in::invite(db, &operator, tenant.as_deref(), &administrator).await.map_err(told)?
                }
                None => sign_in::first(db, &operator).await.map_err(told)?.context(
                    "an administrator has a password already: name the one to invite, `rollcall administrator list` shows all",
                )?,
            };
            link(global, &admin, &made)
        }
        Command::SignInLink { tenant, administrator } => {
            let operator = admin.operator("administrator sign-in-link");
            let made = sign_in::sign_in_link(db, &operator, tenant.as_deref(), &administrator).await;
            link(global, &admin, &made.map_err(told)?)
        }
        Command::Remove { tenant, administrator } => {
            let operator = admin.operator("administrator remove");
            let removed = administrators::remove(db, &operator, tenant.as_deref(), &administrator)
                .await
                .map_err(told)?;
            output::created(global, &removed, &format!("{} is no administrator any more", removed.name))
        }
    }
}

/// Shows a link, which is not stored and cannot be shown again.
fn link(global: &Global, admin: &Admin, made: &sign_in::Invitation) -> Result<()> {
    let url = format!("{}{}", admin.site(), made.path);
    let shown = json!({ "name": made.name, "url": url, "expiresAt": made.expires_at });
    if global.format() == Format::Text {
        let until = made.expires_at.format("%F %R UTC");
        return output::lines([url, format!("lets {} in once, until {until}", made.name)]);
    }
    output::details(global, &shown, &[("Name", "/name"), ("URL", "/url"), ("Until", "/expiresAt")])
}
