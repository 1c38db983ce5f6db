//! One connection looked at, and changed.

use chrono::{DateTime, TimeDelta, Utc};
use provisioning::{Entry, EntryKind, Subject};
use serde::Serialize;
use serde_json::{Value, json};
use store::WriteUnit;

use super::{Connection, check_sight, dialect, ids, invitations, networks};
use crate::consequences::{Agreed, Consequences};
use crate::database::{Attempt, Database};
use crate::error::Error;
use crate::find::checked_name;
use crate::requester::Operator;
use crate::rights::Right;
use crate::settle::Change as Settling;
use crate::test_users::{self, Moved};
use crate::work::let_leave;

/// What of a connection is to be another; what is none stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// Its name.
    pub name: Option<String>,
    /// Its profile. The quirks that were switched on and off stay so, unless others are named.
    pub profile: Option<String>,
    /// All quirks to tolerate besides those of the profile.
    pub with: Option<Vec<String>>,
    /// All quirks of the profile not to tolerate.
    pub without: Option<Vec<String>>,
    /// Days for which a person keeps the seat who is suspended from now on.
    pub grace_days: Option<u32>,
    /// Seconds by which an invitation waits that is owed from now on.
    pub invitation_delay_seconds: Option<u32>,
    /// How invitations leave: `at-once`, `waves`, `release` or `never`.
    pub invitations: Option<String>,
    /// How many people its pushes may take access from within the window; 0 for no brake.
    pub brake_people: Option<u32>,
    /// How many percent of its people.
    pub brake_percent: Option<u32>,
    /// The hours of the window.
    pub brake_hours: Option<u32>,
    /// Whether it sees and writes the whole tenant. No user or group changes its owner by this.
    pub shared: Option<bool>,
    /// All connections of the tenant, by id or name, whose users and groups it takes over when it writes them.
    pub takes_over: Option<Vec<String>>,
    /// All user names or e-mail addresses by which the product pushes its test users.
    pub test_users: Option<Vec<String>>,
    /// All networks and addresses that its requests come from; none for everywhere.
    pub networks: Option<Vec<String>>,
}

/// A connection with what hangs on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Details {
    /// The connection.
    #[serde(flatten)]
    pub connection: Connection,
    /// The name of its tenant.
    pub tenant: String,
    /// Its tokens that are not revoked.
    pub tokens: u64,
    /// People that it owns, without test users.
    pub people: u64,
    /// Groups that it owns.
    pub groups: u64,
    /// When its last request came that the request log still holds.
    pub last_request_at: Option<DateTime<Utc>>,
}

/// Shows a connection, by id or name.
///
/// # Errors
/// [`Error`] if there is no such connection, or several.
pub async fn show(db: &Database, operator: &Operator, connection: &str) -> Result<Details, Error> {
    let (scope, connection) = db.connection(operator, connection).await?;
    let (_, tenant) = db.tenant(&scope.tenant_id().to_string()).await?;
    let unit = db.read(&scope).await?;
    let (people, groups) = unit.owned_by(connection.id).await?;
    let names = unit.test_users().await?.remove(&connection.id).unwrap_or_default();
    let tokens = unit.tokens(connection.id).await?;
    let last = unit.requests(connection.id, 1).await?.pop();
    Ok(Details {
        tenant: tenant.name,
        tokens: tokens.iter().filter(|token| token.revoked_at.is_none()).count() as u64,
        people,
        groups,
        last_request_at: last.map(|request| request.at),
        connection: (connection, names).into(),
    })
}

/// Changes a connection. A running server follows within the seconds of `auth.token_cache_seconds`; people who are
/// suspended already keep the day until which their seat is kept.
///
/// # Errors
/// [`Error`] if there is no such connection, a name that exists, or a profile, a quirk or a connection to take over
/// from that does not; for a connection that would be shared and take over, or take over from itself; where the operator has
/// not agreed to the losses of people who become test users.
pub async fn update(
    db: &Database,
    operator: &Operator,
    connection: &str,
    change: &Change,
    agreed: Agreed,
) -> Result<Connection, Error> {
    agreed.check(&preview_update(db, operator, connection, change).await?)?;
    let (scope, before) = db.connection(operator, connection).await?;
    let known = db.read(&scope).await?.test_users().await?.remove(&before.id).unwrap_or_default();
    let names = change.test_users.as_deref().map_or_else(|| Ok(known.clone()), test_users::checked)?;
    let mut after = before.clone();
    if let Some(name) = &change.name {
        checked_name(name)?.clone_into(&mut after.name);
    }
    if let Some(profile) = &change.profile {
        after.profile = profile.to_lowercase();
    }
    after.with = change.with.clone().unwrap_or(after.with);
    after.without = change.without.clone().unwrap_or(after.without);
    dialect(&after.profile, &after.with, &after.without).map_err(Error::Refused)?;
    if let Some(days) = change.grace_days {
        after.policy.grace = TimeDelta::days(days.into());
    }
    if let Some(seconds) = change.invitation_delay_seconds {
        after.policy.invitation_delay = TimeDelta::seconds(seconds.into());
    }
    if let Some(word) = &change.invitations {
        after.policy.invitations = invitations(word)?;
    }
    let brake = &mut after.policy.brake;
    brake.people = change.brake_people.unwrap_or(brake.people);
    brake.percent = change.brake_percent.unwrap_or(brake.percent);
    brake.window = change.brake_hours.map_or(brake.window, |hours| TimeDelta::hours(hours.into()));
    after.policy.check().map_err(|said| Error::Refused(said.to_owned()))?;
    after.shared = change.shared.unwrap_or(after.shared);
    if let Some(names) = &change.takes_over {
        after.takes_over = ids(&db.read(&scope).await?.connections().await?, names)?;
    }
    if let Some(networks) = &change.networks {
        after.networks = networks::checked(networks)?;
    }
    check_sight(after.shared, &after.takes_over)?;
    if after.takes_over.contains(&after.id) {
        return Err(Error::Refused(format!("the connection {} cannot take over from itself", before.name)));
    }
    if after == before && names == known {
        return Err(Error::already(format!("the connection {}", before.name), "is like that already"));
    }
    let (old, new) = (settings(&before, &known), settings(&after, &names));
    let requester = operator.of(scope, Right::Change)?;
    let save = async |mut unit: WriteUnit| -> Attempt<()> {
        unit.lock_connections(&[before.id]).await?;
        if unit.connection(before.id).await?.as_ref() != Some(&before) {
            let why = format!("the connection {} was changed at the same time: try again", before.name);
            return Err(Error::Refused(why));
        }
        unit.save_connection(&after).await?;
        let mut moved = None;
        // A change of something else leaves them alone: another administrator may change them at this moment.
        if change.test_users.is_some() {
            moved = Some(Moved::of(&unit, after.id, &names).await?);
            unit.set_test_users(after.id, &names).await?;
        }
        if after.policy.invitations != before.policy.invitations {
            // What waits may leave now.
            unit.enqueue(let_leave::job(operator.now), operator.now).await?;
        }
        if after.shared && !before.shared {
            unit.share_parked(after.id).await?;
        }
        let why = format!("An administrator changed the connection “{}”.", before.name);
        let mut entry = Entry::new(Subject::Connection(after.id), EntryKind::ConnectionChanged, why);
        (entry.before, entry.after) = (Some(old.clone()), Some(new.clone()));
        unit.record([(&entry, &requester.actor)], operator.now).await?;
        let moved = moved.iter().flat_map(|it| [(&it.becoming, true), (&it.ceasing, false)]);
        for (people, is) in moved {
            let change =
                Settling { cause: &test_users::cause(is), actor: &requester.actor, now: operator.now };
            change.settle(&mut unit, people).await?;
        }
        Ok((unit, ()))
    };
    db.write(&requester.scope, save).await?;
    Ok((after, names).into())
}

/// What would follow from a change of a connection: only other test users mean something for people.
///
/// # Errors
/// [`Error`] if there is no such connection, or a text is no name.
pub async fn preview_update(
    db: &Database,
    operator: &Operator,
    connection: &str,
    change: &Change,
) -> Result<Consequences, Error> {
    let (scope, connection) = db.connection(operator, connection).await?;
    let Some(names) = &change.test_users else { return Ok(Consequences::default()) };
    let names = test_users::checked(names)?;
    let unit = db.read(&scope).await?;
    Moved::of(&unit, connection.id, &names).await?.preview(&unit, operator).await
}

/// What of a connection can change, for the journal.
fn settings(connection: &store::Connection, test_users: &[String]) -> Value {
    json!({
        "name": connection.name,
        "profile": connection.profile,
        "with": connection.with,
        "without": connection.without,
        "graceSeconds": connection.policy.grace.num_seconds(),
        "invitationDelaySeconds": connection.policy.invitation_delay.num_seconds(),
        "invitations": connection.policy.invitations,
        "brake": Connection::from((connection.clone(), Vec::new())).brake,
        "shared": connection.shared,
        "takesOver": connection.takes_over,
        "testUsers": test_users,
        "networks": connection.networks,
    })
}
