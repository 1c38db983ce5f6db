//! Users, groups and other resources are handed over from one connection to another, or to none, when their connection is deleted. Access,
//! seats and memberships stay.

use provisioning::{Entry, EntryKind, Subject};
use serde::Serialize;
use store::{Connection, ReadUnit, WriteUnit};

use crate::database::{Attempt, Database};
use crate::error::Error;
use crate::requester::Operator;
use crate::rights::Right;
use crate::work::Work;
use crate::work::hand_over::{self, HandOver};
use crate::work::{invite, join_groups, let_leave};

/// What is handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// Users.
    Users,
    /// Groups.
    Groups,
    /// Both, and resources of types that files define.
    All,
}

impl std::fmt::Display for What {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Users => "the users",
            Self::Groups => "the groups",
            Self::All => "the users, groups and other resources",
        })
    }
}

/// What a connection owns at the start of a hand-over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Owned {
    /// The name of the connection.
    pub connection: String,
    /// The users that it owns.
    pub users: u64,
    /// The groups that it owns.
    pub groups: u64,
    /// The resources of types that files define.
    pub resources: u64,
    /// The invitations of its users that it keeps back, which are withdrawn when it is deleted.
    pub invitations: u64,
    /// The people who keep access by its brake, and about whom no administrator has decided.
    pub held: u64,
}

impl Owned {
    async fn of(unit: &ReadUnit, connection: &Connection) -> Result<Self, Error> {
        let (users, groups) = unit.owned_by(connection.id).await?;
        let invitations = match invite::kept_back(connection.policy.invitations) {
            Some(released) => unit.waiting_invitations(connection.id, released).await?,
            None => 0,
        };
        let held = unit.count_held(connection.id).await?;
        let resources = unit.custom_resources_of(connection.id).await?;
        Ok(Self { connection: connection.name.clone(), users, groups, resources, invitations, held })
    }
}

/// Starts to hand the users, the groups or both of a connection over to another one of the same tenant. Users and groups
/// keep id, memberships, bindings, seats and enrolment; from then on the delays of the other connection apply to them. A
/// group stays with its connection when the other one wants names unique and has a group of this name.
///
/// # Errors
/// [`Error`] for connections that do not exist, are the same, or belong to two tenants, for one that is shared, and while
/// other work would undo this one.
pub async fn hand_over(
    db: &Database,
    operator: &Operator,
    from: &str,
    to: &str,
    what: What,
) -> Result<(Owned, Work), Error> {
    let (scope, from) = db.connection(operator, from).await?;
    let (other, to) = db.connection(operator, to).await?;
    if scope != other {
        let said = format!("\"{}\" and \"{}\" belong to two tenants", from.name, to.name);
        return Err(Error::Refused(said));
    }
    if from.id == to.id {
        return Err(Error::Refused("a connection cannot take over from itself: name another one".to_owned()));
    }
    becomes_owner(&to)?;
    let work = HandOver::new(&from, Some(&to), what);
    let why = format!("An administrator handed {what} over from “{}” to “{}”.", from.name, to.name);
    let entry = Entry::new(Subject::Connection(from.id), EntryKind::ConnectionHandedOver, why);
    start(db, operator, scope, from, work, entry).await
}

/// Whether a connection owns what it is given.
fn becomes_owner(to: &Connection) -> Result<(), Error> {
    if !to.shared {
        return Ok(());
    }
    let why = "it is shared, and what it writes keeps its owner";
    Err(Error::Refused(format!("the connection {} becomes the owner of nothing: {why}", to.name)))
}

/// Hands one user over to another connection. Access, seat and devices stay.
///
/// # Errors
/// [`Error`] if there is no such user or connection, they belong to two tenants, the connection is shared, or it owns the user
/// already.
pub async fn hand_over_user(db: &Database, operator: &Operator, user: &str, to: &str) -> Result<(), Error> {
    let (scope, user) = db.user(operator, user).await?;
    let (other, to) = db.connection(operator, to).await?;
    let name = user.user_name().to_owned();
    if scope != other {
        return Err(Error::Refused(format!("\"{name}\" and \"{}\" belong to two tenants", to.name)));
    }
    becomes_owner(&to)?;
    let requester = operator.of(scope, Right::Change)?;
    let now = requester.now;
    let give = async |mut unit: WriteUnit| -> Attempt<()> {
        unit.lock_connections(&[to.id]).await?;
        if !unit.hand_over_user(user.id, to.id).await? {
            return Err(Error::already(&name, format!("belongs to the connection {} already", to.name)));
        }
        // Groups of the new owner may have named the user before, and what waits may leave by its way of inviting.
        for awaited in unit.awaited_among(&[user.id], to.id).await? {
            unit.enqueue(join_groups::job(awaited, now), now).await?;
        }
        unit.enqueue(let_leave::job(now), now).await?;
        let why = format!("An administrator handed {name} over to “{}”.", to.name);
        let entry = Entry::new(Subject::User(user.id), EntryKind::OwnerChanged, why);
        unit.record([(&entry, &requester.actor)], now).await?;
        Ok((unit, ()))
    };
    db.write(&requester.scope, give).await.map(drop)
}

/// Starts to delete a connection: its tokens end at once, its users and groups have no owner from then on, and keep
/// their access. Invitations that it keeps back are withdrawn.
///
/// # Errors
/// [`Error`] if there is no such connection, and while another one is handed over to it.
pub async fn delete(db: &Database, operator: &Operator, connection: &str) -> Result<(Owned, Work), Error> {
    let (scope, from) = db.connection(operator, connection).await?;
    let work = HandOver::new(&from, None, What::All);
    let why = format!("An administrator deleted the connection “{}”.", from.name);
    let entry = Entry::new(Subject::Connection(from.id), EntryKind::ConnectionDeleted, why);
    start(db, operator, scope, from, work, entry).await
}

/// What a connection owns.
///
/// # Errors
/// [`Error`] if there is no such connection.
pub async fn owned(db: &Database, operator: &Operator, connection: &str) -> Result<Owned, Error> {
    let (scope, connection) = db.connection(operator, connection).await?;
    Owned::of(&db.read(&scope).await?, &connection).await
}

async fn start(
    db: &Database,
    operator: &Operator,
    scope: store::TenantScope,
    from: Connection,
    work: HandOver,
    entry: Entry,
) -> Result<(Owned, Work), Error> {
    let requester = operator.of(scope, Right::Change)?;
    let start = async |mut unit: WriteUnit| -> Attempt<(Owned, Work)> {
        work.check(&mut unit).await?;
        let owned = Owned::of(&unit, &from).await?;
        if entry.kind == EntryKind::ConnectionDeleted {
            unit.delete_tokens(from.id).await?;
        }
        unit.record([(&entry, &requester.actor)], requester.now).await?;
        let work = Work::start(&requester, &mut unit, work.job(requester.now), hand_over::KIND).await?;
        Ok((unit, (owned, work)))
    };
    Ok(db.write(&requester.scope, start).await?.value)
}
