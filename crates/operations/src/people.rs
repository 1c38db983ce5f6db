//! One person: what is known, what became of them, and why.

mod erase;
mod export;

use chrono::{DateTime, Utc};
use provisioning::{Enrolment, GrantSource, SeatState, Step, Subject, UserId, explain};
use serde::Serialize;
use store::{Computed, GroupOf, Licence, ReadUnit, Wanted};

use crate::database::Database;
use crate::devices::Device;
use crate::error::Error;
use crate::holds::Hold;
use crate::journal::{self, Line};
use crate::requester::Operator;

/// Lines of the journal that are shown with a person.
const LINES: u64 = 100;

pub use erase::{erase, erase_old};
pub use export::{Export, export};

/// A person.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// The id.
    pub id: UserId,
    /// The `userName`.
    pub user_name: String,
    /// Whether the account is switched on.
    pub active: bool,
    /// What administrators have said by hand.
    pub by_hand: ByHand,
    /// The name of the connection that created the person.
    pub connection: Option<String>,
    /// The attributes as the identity provider pushed them.
    pub profile: scim::Object,
    /// Their journey into the application.
    pub enrolment: Enrolment,
    /// The steps that are still to do.
    pub missing_steps: Vec<Step>,
    /// Whether no push may take the person's access.
    pub protected: bool,
    /// Whether it is a test user of the connection, and no person.
    pub test_user: bool,
    /// What must be handed over before the person leaves.
    pub holds: Vec<Hold>,
    /// The devices on which the person signed in.
    pub devices: Vec<Device>,
    /// How many reminders were sent since the last invitation.
    pub reminders: u64,
    /// When the last one was sent.
    pub reminded_at: Option<DateTime<Utc>>,
    /// Seats, and places in queues.
    pub seats: Vec<Seat>,
    /// Why they are entitled to a pool, in plain words.
    pub grants: Vec<String>,
    /// The names of the pools to which something else than an administrator's hand entitles them.
    #[serde(skip)]
    pub entitled: Vec<String>,
    /// The groups that they are in.
    pub groups: Vec<Group>,
    /// Why they have a seat, or none, as sentences.
    pub explanation: Vec<String>,
    /// What happened to them, the newest at the end.
    pub journal: Vec<Line>,
}

/// What administrators have said about a person by hand.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ByHand {
    /// Whether the person is deactivated, whatever is pushed.
    pub deactivated: bool,
    /// The domain for which the person is held until they are released.
    pub held: Option<String>,
    /// The domain for which the person is flagged.
    pub flagged: Option<String>,
    /// The names of the pools whose seat is withheld.
    pub withheld: Vec<String>,
}

/// A seat, or a place in a queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Seat {
    /// The pool's id.
    pub id: String,
    /// The pool's name.
    pub pool: String,
    /// Held or waited for.
    pub state: SeatState,
    /// Since when.
    pub since: DateTime<Utc>,
    /// Whether it was assigned beyond the bought seats.
    pub overage: bool,
}

/// A group of a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Group {
    /// Its id.
    pub id: String,
    /// Its display name.
    pub name: String,
    /// Whether the person is in the group itself, or in a group inside it.
    pub direct: bool,
}

/// Shows a person, by id or `userName`.
///
/// # Errors
/// [`Error`] if there is no such person, or several.
pub async fn show(db: &Database, operator: &Operator, user: &str) -> Result<User, Error> {
    let (scope, user) = db.user(operator, user).await?;
    shown(&db.read(&scope).await?, user, operator.now, LINES).await
}

/// What is known about a person, with at most so many lines of the journal.
async fn shown(unit: &ReadUnit, user: store::User, now: DateTime<Utc>, lines: u64) -> Result<User, Error> {
    let situation = unit.facts(&[user.id], &[], now).await?;
    let person = situation.people.first();
    let named = |pool| situation.pool_name(pool).unwrap_or_else(|| format!("pool {pool}"));
    let grants = person.map(|person| {
        person.grants.iter().map(|grant| format!("{} {}", named(grant.pool), grant.source)).collect()
    });
    let by_others = person.map(|person| {
        let others = person.grants.iter().filter(|grant| grant.source != GrantSource::ByHand);
        others.map(|grant| named(grant.pool)).collect()
    });
    let withheld = person.map(|person| person.hand.withheld.iter().map(|pool| named(*pool)).collect());
    let marks = unit.marks(&[user.id]).await?.remove(&user.id).unwrap_or_default();
    let by_hand = ByHand {
        deactivated: marks.deactivated_since.is_some(),
        held: marks.held,
        flagged: marks.flagged,
        withheld: withheld.unwrap_or_default(),
    };
    let explanation = person.map(|person| explain(person, &situation.pools, now)).unwrap_or_default();
    let Computed { groups, licences, .. } =
        unit.computed(&[user.id], Wanted::ALL).await?.remove(&user.id).unwrap_or_default();
    let reminders = unit.reminders(&[user.id]).await?.remove(&user.id).unwrap_or_default();
    let journal = journal::lines(unit, Some(Subject::User(user.id)), lines).await?;
    let connection = match user.connection {
        Some(id) => unit.connection(id).await?.map(|connection| connection.name),
        None => None,
    };
    Ok(User {
        id: user.id,
        user_name: user.user_name().to_owned(),
        active: user.is_active(),
        by_hand,
        connection,
        protected: person.is_some_and(|person| person.protected),
        test_user: marks.test_user,
        holds: unit.holds(&[user.id]).await?.into_iter().map(Hold::from).collect(),
        devices: unit.devices(user.id).await?.into_iter().map(Device::from).collect(),
        missing_steps: user.enrolment.missing_steps(),
        reminders: reminders.sent,
        reminded_at: reminders.last,
        enrolment: user.enrolment,
        profile: user.resource.document,
        seats: licences.into_iter().map(Seat::from).collect(),
        grants: grants.unwrap_or_default(),
        entitled: by_others.unwrap_or_default(),
        groups: groups.into_iter().map(Group::from).collect(),
        explanation,
        journal,
    })
}

impl From<Licence> for Seat {
    fn from(licence: Licence) -> Self {
        Self {
            id: licence.pool.to_string(),
            pool: licence.name,
            state: licence.state,
            since: licence.since,
            overage: licence.overage,
        }
    }
}

impl From<GroupOf> for Group {
    fn from(group: GroupOf) -> Self {
        Self { id: group.id.to_string(), name: group.display.unwrap_or_default(), direct: group.direct }
    }
}
