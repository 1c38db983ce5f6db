//! The identity providers that push into a tenant.

mod change;
mod health;
pub mod networks;

use chrono::{DateTime, TimeDelta, Utc};
use provisioning::{Entry, EntryKind, Invitations, Policy, Subject};
use scim::compat::{Dialect, Profile};
use scim::text::fold;
use serde::Serialize;
use store::{ConnectionId, NewConnection, WriteUnit};

use crate::database::{Attempt, Database};
use crate::error::Error;
use crate::find::checked_name;
use crate::requester::Operator;
use crate::rights::Right;
use crate::test_users;

pub use change::{Change, Details, preview_update, show, update};
pub use health::{Health, Tolerated, health, health_of, tolerated, tolerating};
pub use provisioning::heartbeat::{Heartbeat, State};
pub use store::{MOST_COUNTED, RequestCount};

/// A connection to create.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct New {
    /// The tenant, by id or name.
    pub tenant: String,
    /// Its name.
    pub name: String,
    /// The profile: what is tolerated.
    pub profile: String,
    /// Quirks to tolerate besides those of the profile.
    pub with: Vec<String>,
    /// Quirks of the profile not to tolerate.
    pub without: Vec<String>,
    /// Days for which a suspended person keeps the seat, if not those of the settings.
    pub grace_days: Option<u32>,
    /// Seconds by which an invitation waits, if not those of the settings.
    pub invitation_delay_seconds: Option<u32>,
    /// How invitations leave: `at-once`, `waves`, `release` or `never`; at once without it.
    pub invitations: Option<String>,
    /// Whether it sees and writes the whole tenant, and owns nothing of others.
    pub shared: bool,
    /// Connections of the tenant, by id or name, whose users and groups it takes over when it writes them.
    pub takes_over: Vec<String>,
    /// User names or e-mail addresses by which the product pushes its test users.
    pub test_users: Vec<String>,
    /// The networks and addresses that its requests come from; from everywhere without any.
    pub networks: Vec<String>,
}

/// A connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Connection {
    /// Its id.
    pub id: ConnectionId,
    /// Its name.
    pub name: String,
    /// Its profile.
    pub profile: String,
    /// Quirks tolerated besides those of the profile.
    pub with: Vec<String>,
    /// Quirks of the profile that are not tolerated.
    pub without: Vec<String>,
    /// Every quirk that is tolerated.
    pub quirks: Vec<&'static str>,
    /// Seconds for which a suspended person keeps the seat.
    pub grace_seconds: i64,
    /// Seconds by which an invitation waits.
    pub invitation_delay_seconds: i64,
    /// How invitations leave.
    pub invitations: Invitations,
    /// How many people its pushes may take access from; none without a brake.
    pub brake: Option<Brake>,
    /// Whether it sees and writes the whole tenant, and owns nothing of others.
    pub shared: bool,
    /// The connections whose users and groups it takes over when it writes them.
    pub takes_over: Vec<ConnectionId>,
    /// User names or e-mail addresses by which the product pushes its test users.
    pub test_users: Vec<String>,
    /// The networks and addresses that its requests come from; from everywhere without any.
    pub networks: Vec<String>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
}

/// The brake of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Brake {
    /// The most people.
    pub people: u32,
    /// The most percent of its people, but never fewer than five people.
    pub percent: u32,
    /// Within so many hours.
    pub hours: i64,
}

impl From<(store::Connection, Vec<String>)> for Connection {
    fn from((connection, test_users): (store::Connection, Vec<String>)) -> Self {
        let dialect = dialect(&connection.profile, &connection.with, &connection.without);
        Self {
            id: connection.id,
            quirks: dialect
                .map(|dialect| dialect.quirks().map(|quirk| quirk.name).collect())
                .unwrap_or_default(),
            name: connection.name,
            profile: connection.profile,
            with: connection.with,
            without: connection.without,
            grace_seconds: connection.policy.grace.num_seconds(),
            invitation_delay_seconds: connection.policy.invitation_delay.num_seconds(),
            invitations: connection.policy.invitations,
            brake: Some(connection.policy.brake).filter(|brake| brake.people > 0).map(|brake| Brake {
                people: brake.people,
                percent: brake.percent,
                hours: brake.window.num_hours(),
            }),
            shared: connection.shared,
            takes_over: connection.takes_over,
            test_users,
            networks: connection.networks,
            created_at: connection.created_at,
        }
    }
}

/// The names of the profiles that there are.
pub fn profiles() -> impl Iterator<Item = &'static str> {
    Profile::ALL.into_iter().map(Profile::as_str)
}

/// Creates a connection.
///
/// # Errors
/// [`Error`] for a tenant, a profile, a quirk or a connection to take over from that does not exist, a name that does,
/// or a connection that would be shared and take over.
pub async fn create(db: &Database, operator: &Operator, new: &New) -> Result<Connection, Error> {
    let (scope, _) = db.tenant(&new.tenant).await?;
    dialect(&new.profile, &new.with, &new.without).map_err(Error::Refused)?;
    let defaults = *db.policy();
    let policy = Policy {
        grace: new.grace_days.map_or(defaults.grace, |days| TimeDelta::days(days.into())),
        invitation_delay: new
            .invitation_delay_seconds
            .map_or(defaults.invitation_delay, |seconds| TimeDelta::seconds(seconds.into())),
        invitations: new.invitations.as_deref().map(invitations).transpose()?.unwrap_or_default(),
        brake: defaults.brake,
    };
    policy.check().map_err(|said| Error::Refused(said.to_owned()))?;
    let takes_over = ids(&db.read(&scope).await?.connections().await?, &new.takes_over)?;
    check_sight(new.shared, &takes_over)?;
    let row = NewConnection {
        shared: new.shared,
        takes_over,
        name: checked_name(&new.name)?.to_owned(),
        profile: new.profile.to_lowercase(),
        with: new.with.clone(),
        without: new.without.clone(),
        policy,
        networks: networks::checked(&new.networks)?,
    };
    let names = test_users::checked(&new.test_users)?;
    let create = async |mut unit: WriteUnit| -> Attempt<store::Connection> {
        let connection = unit.insert_connection(&row, operator.now).await?;
        if !names.is_empty() {
            unit.set_test_users(connection.id, &names).await?;
        }
        let why = format!("An administrator created the connection “{}”.", connection.name);
        let entry = Entry::new(Subject::Connection(connection.id), EntryKind::ConnectionCreated, why);
        unit.record([(&entry, &operator.actor(Right::Change)?)], operator.now).await?;
        Ok((unit, connection))
    };
    Ok((db.write(&scope, create).await?.value, names.clone()).into())
}

/// The connections of a tenant, oldest first.
///
/// # Errors
/// [`Error`] if there is no such tenant.
pub async fn list(db: &Database, tenant: &str) -> Result<Vec<Connection>, Error> {
    let (scope, _) = db.tenant(tenant).await?;
    let unit = db.read(&scope).await?;
    let mut names = unit.test_users().await?;
    let connections = unit.connections().await?.into_iter();
    let named = connections.map(|connection| {
        let names = names.remove(&connection.id).unwrap_or_default();
        Connection::from((connection, names))
    });
    Ok(named.collect())
}

/// The ids of connections of one tenant, each named by id or name; one that is named twice counts once.
fn ids(there: &[store::Connection], names: &[String]) -> Result<Vec<ConnectionId>, Error> {
    let mut ids = Vec::new();
    for name in names {
        let is_it = |it: &&store::Connection| it.id.to_string() == *name || fold(&it.name) == fold(name);
        let advice = "it must be one of the same tenant, `rollcall connection list` shows them";
        let found = there.iter().find(is_it).ok_or_else(|| Error::unknown("connection", name, advice))?;
        if !ids.contains(&found.id) {
            ids.push(found.id);
        }
    }
    Ok(ids)
}

/// Refuses a connection that is shared and takes over: it sees the whole tenant and becomes the owner of nothing.
fn check_sight(shared: bool, takes_over: &[ConnectionId]) -> Result<(), Error> {
    if !shared || takes_over.is_empty() {
        return Ok(());
    }
    let why = "a connection that is shared takes over from no connection: it sees the whole tenant, and what it writes \
               keeps its owner";
    Err(Error::Refused(why.to_owned()))
}

fn invitations(word: &str) -> Result<Invitations, Error> {
    word.parse().map_err(|error| Error::Refused(format!("{error}")))
}

fn dialect(profile: &str, with: &[String], without: &[String]) -> Result<Dialect, String> {
    let profile: Profile = profile.parse()?;
    Dialect::new(profile, with, without)
}
