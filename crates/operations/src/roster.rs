//! The roster: the people of a tenant, as administrators look through them and switch licences.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use provisioning::{SeatState, Status, UserId};
use serde_json::Value;
use store::{
    Connection, ConnectionId, LicenceWanted, ReadUnit, RosterFrom, RosterQuery, RosterRow, SaidWanted,
    UseWanted, User, Wanted,
};
use uuid::Uuid;

use crate::database::Database;
use crate::directory::owner;
use crate::error::Error;

/// Where counting ends: beyond it, "more than" is told.
const COUNTED: u64 = 1_000;

/// Which people are wanted, in the words of the address of the page; an unknown word, or an empty one, does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// How a user name or a display name begins.
    pub search: String,
    /// `assigned`, `waiting` or `none`.
    pub licence: String,
    /// `none`, `pending`, `active` or `deactivated`.
    pub status: String,
    /// `7d`: in that status for longer than seven days.
    pub since: String,
    /// `open`, `device`, `verify`, `pin` or `restore`: pending, and this is next.
    pub step: String,
    /// `30`, `not30`, `never`, `off` or `hand`: people of whom an administrator has said something by hand that beats every push.
    pub used: String,
    /// `scim` or `hand`.
    pub origin: String,
    /// The id of a connection.
    pub connection: String,
    /// `yes` or `never`.
    pub hub: String,
    /// `domain`: held for a foreign domain.
    pub held: String,
}

/// Which page of the roster is wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Behind this place.
    pub after: Option<String>,
    /// Before this place.
    pub before: Option<String>,
    /// The most people.
    pub rows: u64,
}

/// A page of the roster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roster {
    /// The people.
    pub people: Vec<Person>,
    /// How many match the filter, counted up to [`Roster::more`].
    pub found: u64,
    /// Whether there are more than were counted.
    pub more: bool,
    /// How many people the tenant has.
    pub all: u64,
    /// The place of the first person, where others are before them.
    pub before: Option<String>,
    /// The place of the last person, where others are behind them.
    pub after: Option<String>,
    /// The connections by which people can be filtered: id and name.
    pub connections: Vec<(String, String)>,
}

/// A person of the roster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The id.
    pub id: UserId,
    /// The `userName`.
    pub user_name: String,
    /// The `displayName`, or else what the name consists of.
    pub name: Option<String>,
    /// The primary e-mail address, or else the first.
    pub email: Option<String>,
    /// The name of the connection that owns the person.
    pub connection: Option<String>,
    /// Where the enrolment is, as it is shown.
    pub status: Status,
    /// Until when the seat of a suspended person is kept.
    pub kept_until: Option<DateTime<Utc>>,
    /// Whether the person is switched on, by the directory and by hand.
    pub active: bool,
    /// The domain for which the person is held.
    pub held: Option<String>,
    /// The names of the pools of which the person has a seat.
    pub seats: Vec<String>,
    /// The names of the pools for which the person waits, and the best place, if it is among the first thousand.
    pub waits: Option<(Vec<String>, Option<u64>)>,
    /// When the person last used the application.
    pub last_used_at: Option<DateTime<Utc>>,
    /// Whether the hub has authenticated a device.
    pub hub: bool,
}

/// The people of a tenant who match a filter, a page of them.
///
/// # Errors
/// [`Error`] if there is no such tenant.
pub async fn page(
    db: &Database,
    tenant: &str,
    (filter, page): (&Filter, &Page),
    now: DateTime<Utc>,
) -> Result<Roster, Error> {
    let (scope, _) = db.tenant(tenant).await?;
    let unit = db.read(&scope).await?;
    let mut query = RosterQuery { sought: unit.sought(&filter.search).await?, ..query(filter, now) };
    query.few = query.statuses.len() > 1 && unit.are_few(&query.statuses).await?;
    query.few_wait = query.licence == Some(LicenceWanted::Waiting) && unit.few_wait().await?;
    let from = match (&page.after, &page.before) {
        (Some(place), _) => RosterFrom::After(place.clone()),
        (None, Some(place)) => RosterFrom::Before(place.clone()),
        (None, None) => RosterFrom::Start,
    };
    let most = page.rows.max(1);
    let mut rows = unit.roster(&query, &from, most + 1).await?;
    // The people behind a place, or before it, may be gone: the beginning is a page, too.
    let from = if rows.is_empty() { RosterFrom::Start } else { from };
    if rows.is_empty() && (page.after.is_some() || page.before.is_some()) {
        rows = unit.roster(&query, &from, most + 1).await?;
    }
    let beyond = rows.len() as u64 > most;
    let backwards = matches!(from, RosterFrom::Before(_));
    if beyond && backwards {
        rows.remove(0);
    } else if beyond {
        rows.pop();
    }
    let first = rows.first().map(|row| row.place.clone());
    let last = rows.last().map(|row| row.place.clone());
    let connections = unit.connections().await?;
    let people = described(&unit, rows, &connections).await?;
    let all = unit.count_people().await?;
    let found =
        if query == RosterQuery::default() { all } else { unit.count_roster(&query, COUNTED + 1).await? };
    let more = query != RosterQuery::default() && found > COUNTED;
    Ok(Roster {
        people,
        found: if more { COUNTED } else { found },
        more,
        all,
        before: first.filter(|_| if backwards { beyond } else { matches!(from, RosterFrom::After(_)) }),
        after: last.filter(|_| beyond || backwards),
        connections: connections
            .iter()
            .map(|connection| (connection.id.to_string(), connection.name.clone()))
            .collect(),
    })
}

/// The person of this id as the roster shows them; none if there is no such person.
///
/// # Errors
/// [`Error`] if there is no such tenant.
pub async fn one(db: &Database, tenant: &str, id: &str) -> Result<Option<Person>, Error> {
    let (scope, _) = db.tenant(tenant).await?;
    let Ok(id) = id.parse::<Uuid>() else { return Ok(None) };
    let unit = db.read(&scope).await?;
    let query = RosterQuery { id: Some(UserId::new(id)), ..RosterQuery::default() };
    let rows = unit.roster(&query, &RosterFrom::Start, 1).await?;
    let connections = unit.connections().await?;
    Ok(described(&unit, rows, &connections).await?.pop())
}

/// What is known of the people of these rows.
async fn described(
    unit: &ReadUnit,
    rows: Vec<RosterRow>,
    connections: &[Connection],
) -> Result<Vec<Person>, Error> {
    let ids: Vec<UserId> = rows.iter().map(|row| row.id).collect();
    let wanted = Wanted { licences: true, ..Wanted::default() };
    let mut computed = unit.computed(&ids, wanted).await?;
    let (mut marks, places) = (unit.marks(&ids).await?, unit.places_in_queues(&ids, COUNTED).await?);
    let mut users: HashMap<UserId, User> =
        unit.users_among(&ids).await?.into_iter().map(|user| (user.id, user)).collect();
    let mut people = Vec::new();
    for row in rows {
        let Some(user) = users.remove(&row.id) else { continue };
        let licences = computed.remove(&row.id).unwrap_or_default().licences;
        let marks = marks.remove(&row.id).unwrap_or_default();
        let pools = |state: SeatState| -> Vec<String> {
            let those = licences.iter().filter(|licence| licence.state == state);
            those.map(|licence| licence.name.clone()).collect()
        };
        let waits = pools(SeatState::Waiting);
        people.push(Person {
            id: user.id,
            user_name: user.user_name().to_owned(),
            name: name(&user.resource.document),
            email: email(&user.resource.document),
            connection: owner(connections, user.connection),
            status: user.enrolment.status,
            kept_until: user.enrolment.seat_kept_until,
            active: user.is_active() && marks.deactivated_since.is_none(),
            held: marks.held,
            seats: pools(SeatState::Assigned),
            waits: (!waits.is_empty()).then(|| (waits, places.get(&row.id).copied())),
            last_used_at: row.last_used_at,
            hub: row.hub,
        });
    }
    Ok(people)
}

fn query(filter: &Filter, now: DateTime<Utc>) -> RosterQuery {
    let days = |days: i64| now - TimeDelta::days(days);
    let mut query = RosterQuery {
        held: filter.held == "domain",
        connection: filter.connection.parse::<Uuid>().ok().map(ConnectionId::new),
        status_before: (filter.since == "7d").then(|| days(7)),
        step: Some(filter.step.clone()).filter(|step| !step.is_empty()),
        ..RosterQuery::default()
    };
    query.statuses = match filter.status.as_str() {
        "none" => vec![Status::NoLicence],
        "pending" => vec![Status::Pending],
        "active" => vec![Status::Active],
        "deactivated" => vec![Status::Suspended, Status::Deactivated],
        _ => Vec::new(),
    };
    query.licence = match filter.licence.as_str() {
        "assigned" => Some(LicenceWanted::Assigned),
        "waiting" => Some(LicenceWanted::Waiting),
        "none" => Some(LicenceWanted::None),
        _ => None,
    };
    query.used = match filter.used.as_str() {
        "30" => Some(UseWanted::Since(days(30))),
        "not30" => Some(UseWanted::NotSince(days(30))),
        "never" => Some(UseWanted::Never),
        _ => None,
    };
    query.said = match filter.used.as_str() {
        "off" => Some(SaidWanted::Off),
        "hand" => Some(SaidWanted::ByHand),
        _ => None,
    };
    query.owned = match filter.origin.as_str() {
        "scim" => Some(true),
        "hand" => Some(false),
        _ => None,
    };
    query.hub = match filter.hub.as_str() {
        "yes" => Some(true),
        "never" => Some(false),
        _ => None,
    };
    query
}

/// What a person is called, where the document says it.
#[must_use]
pub fn name(document: &scim::Object) -> Option<String> {
    let text = |value: Option<&Value>| {
        let text = value.and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty());
        text.map(str::to_owned)
    };
    let part = |key: &str| text(document.get("name").and_then(|name| name.get(key)));
    text(document.get("displayName")).or_else(|| part("formatted")).or_else(|| {
        let parts: Vec<String> = [part("givenName"), part("familyName")].into_iter().flatten().collect();
        (!parts.is_empty()).then(|| parts.join(" "))
    })
}

/// The primary e-mail address of a person, or else the first one.
#[must_use]
pub fn email(document: &scim::Object) -> Option<String> {
    let emails = document.get("emails").and_then(Value::as_array)?;
    let primary = emails.iter().find(|email| email.get("primary").and_then(Value::as_bool) == Some(true));
    let value = primary.or_else(|| emails.first())?.get("value")?;
    value.as_str().map(str::to_owned)
}
