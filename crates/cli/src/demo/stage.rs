//! What an operator prepares before a product pushes, and binds once groups are there.

use anyhow::{Context, Result};
use operations::consequences::Agreed;
use operations::{administrators, api_tokens, bindings, connections, permissions, pools, tenants, tokens};
use sample_application::{NAME, SCOPES};
use server::admin::Admin;

use super::cast::Pool;
use super::directory::Directory;
use super::names::COMPANY;
use super::progress::Progress;
use crate::global::told;

/// The name of the first connection, as the journal shows it.
const FIRST: &str = "Entra ID";
/// The name of the second one.
const SECOND: &str = "JumpCloud";
/// A permission that the application gets with each entitlement.
const SHARING: &str = "vault-sharing";

/// The administrator who looks at the console.
pub(super) const OWNER: &str = "ingrid.solheim@northlight.example";

/// The tenant with its connections.
pub(super) struct Stage {
    pub(super) tenant: String,
    pub(super) entra: Connection,
    pub(super) jumpcloud: Connection,
    /// The token of the application.
    pub(super) application: String,
}

/// A connection and a token of it.
pub(super) struct Connection {
    pub(super) id: String,
    pub(super) token: String,
}

/// Creates the tenant, its pools, and a connection for each directory: one with a grace of a week, one with none.
///
/// `page` is where people get the application.
pub(super) async fn build(admin: &Admin, page: &str) -> Result<Stage> {
    let company = tenants::New { name: COMPANY.to_owned(), ..tenants::New::default() };
    let created = tenants::create(admin.db(), &admin.operator("demo"), &company).await.map_err(told);
    let tenant =
        created.context("the folder holds a demo already, choose another --data-dir")?.id.to_string();
    for pool in Pool::ALL {
        let new = pools::New {
            tenant: tenant.clone(),
            name: pool.name().to_owned(),
            seats: pool.seats(),
            policy: "queue".to_owned(),
            ..pools::New::default()
        };
        pools::create(admin.db(), &admin.operator("demo"), &new).await.map_err(told)?;
    }
    let entra = connect(admin, &tenant, FIRST, "entra", 7).await?;
    let jumpcloud = connect(admin, &tenant, SECOND, "jumpcloud", 0).await?;
    let settings = tenants::SettingsChange {
        application: Some(NAME.to_owned()),
        support: Some("it-desk@northlight.example".to_owned()),
        downloads: vec![format!("any={page}")],
        ..tenants::SettingsChange::default()
    };
    let change = tenants::Change { settings, ..tenants::Change::default() };
    let (db, operator) = (admin.db(), admin.operator("demo"));
    tenants::update(db, &operator, &tenant, &change, Agreed::Nothing).await.map_err(told)?;
    let owner = administrators::New {
        name: "Ingrid Solheim".to_owned(),
        email: OWNER.to_owned(),
        role: "owner".to_owned(),
        ..administrators::New::default()
    };
    administrators::add(db, &operator, Some(tenant.as_str()), &owner).await.map_err(told)?;
    let sharing = (SHARING, &permissions::value("true"), Some("Whether people may share a vault"));
    permissions::set(db, &operator, &tenant, sharing).await.map_err(told)?;
    let scopes = SCOPES.map(str::to_owned);
    let token = api_tokens::create(db, &operator, &tenant, (NAME, &scopes), None).await;
    Ok(Stage { tenant, entra, jumpcloud, application: token.map_err(told)?.token })
}

async fn connect(
    admin: &Admin,
    tenant: &str,
    name: &str,
    profile: &str,
    grace_days: u32,
) -> Result<Connection> {
    let new = connections::New {
        tenant: tenant.to_owned(),
        name: name.to_owned(),
        profile: profile.to_owned(),
        grace_days: Some(grace_days),
        ..connections::New::default()
    };
    let (db, operator) = (admin.db(), admin.operator("demo"));
    let id = connections::create(db, &operator, &new).await.map_err(told)?.id.to_string();
    let token = tokens::create(db, &operator, &id, &tokens::New::default()).await.map_err(told)?.token;
    Ok(Connection { id, token })
}

/// Binds the groups that are to be bound and settles their members; says how many people that were.
pub(super) async fn bind(
    admin: &Admin,
    progress: &Progress,
    directories: [&Directory; 2],
) -> Result<(usize, u64)> {
    let groups =
        directories.iter().flat_map(|directory| directory.groups.iter().map(move |group| (directory, group)));
    let bound: Vec<_> =
        groups.filter_map(|(directory, group)| Some((directory, group, group.pool?))).collect();
    let bar = progress.bar("Operator", bound.iter().map(|(_, group, _)| group.members.len()).sum());
    let mut people = 0;
    for (directory, group, pool) in &bound {
        let before = people;
        let id = directory.group(&group.name)?;
        let operator = admin.operator("demo");
        let made =
            bindings::create(admin.db(), &operator, bindings::New::of(&[id], pool.name()), Agreed::Nothing)
                .await;
        for (_, work) in made.map_err(told)? {
            people += admin.finish(work, |settled| bar.at(before + settled.people)).await?.people;
        }
    }
    bar.finish();
    Ok((bound.len(), people))
}
