//! How each connection is doing: what it owns, when it was heard of, what was refused, and until when its tokens count.

use chrono::{DateTime, TimeDelta, Utc};
use provisioning::heartbeat::{Heartbeat, heartbeat};
use store::{ReadUnit, RequestCount};

use super::{Change, Connection};
use crate::database::Database;
use crate::error::Error;
use crate::requester::Operator;

/// The last requests that say how often a connection is heard of.
const BEATS: u64 = 200;

/// How a connection is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// The connection.
    pub connection: Connection,
    /// People that it owns, without test users.
    pub people: u64,
    /// Groups that it owns.
    pub groups: u64,
    /// People for whom the brake holds what it has pushed.
    pub held: u64,
    /// When its last request came that the request log still holds.
    pub last_request_at: Option<DateTime<Utc>>,
    /// Its requests in the last 24 hours.
    pub day: RequestCount,
    /// What its last requests say.
    pub heartbeat: Heartbeat,
    /// Its tokens that count now.
    pub tokens: u64,
    /// When the last one of its tokens expires; none if one never does, or there is none.
    pub expires_at: Option<DateTime<Utc>>,
}

impl Health {
    /// Whether its last token expires soon, or has expired.
    #[must_use]
    pub fn expires_soon(&self, now: DateTime<Utc>) -> bool {
        self.expires_at.is_some_and(|at| at - now < TimeDelta::days(30))
    }

    async fn of(unit: &ReadUnit, connection: Connection, now: DateTime<Utc>) -> Result<Self, Error> {
        let id = connection.id;
        let (people, groups) = unit.owned_by(id).await?;
        let beats = unit.beats(id, BEATS).await?;
        let tokens = unit.tokens(id).await?;
        let counts = |token: &&store::Token| {
            token.revoked_at.is_none() && token.expires_at.is_none_or(|expires| expires > now)
        };
        let valid: Vec<&store::Token> = tokens.iter().filter(counts).collect();
        let endless = valid.iter().any(|token| token.expires_at.is_none());
        Ok(Self {
            people,
            groups,
            held: unit.count_held(id).await?,
            last_request_at: beats.last().map(|beat| beat.at),
            day: unit.count_requests(id, now - TimeDelta::days(1)).await?,
            heartbeat: heartbeat(&beats, now),
            tokens: valid.len() as u64,
            expires_at: if endless { None } else { valid.iter().filter_map(|token| token.expires_at).max() },
            connection,
        })
    }
}

/// How the connections of a tenant are doing, oldest first.
///
/// # Errors
/// [`Error`] if there is no such tenant.
pub async fn health(db: &Database, tenant: &str, now: DateTime<Utc>) -> Result<Vec<Health>, Error> {
    let (scope, _) = db.tenant(tenant).await?;
    let connections = super::list(db, tenant).await?;
    let unit = db.read(&scope).await?;
    let mut all = Vec::new();
    for connection in connections {
        all.push(Health::of(&unit, connection, now).await?);
    }
    Ok(all)
}

/// How one connection is doing, by id or name.
///
/// # Errors
/// [`Error`] if there is no such connection, or several.
pub async fn health_of(db: &Database, operator: &Operator, connection: &str) -> Result<Health, Error> {
    let (scope, connection) = db.connection(operator, connection).await?;
    let unit = db.read(&scope).await?;
    let names = unit.test_users().await?.remove(&connection.id).unwrap_or_default();
    Health::of(&unit, (connection, names).into(), operator.now).await
}

/// A quirk, whether a connection tolerates it, and how often it has used it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tolerated {
    /// Its name.
    pub name: &'static str,
    /// What is tolerated, in a sentence.
    pub summary: &'static str,
    /// Whether it is tolerated.
    pub on: bool,
    /// How often it was used.
    pub uses: u64,
    /// When last.
    pub last_at: Option<DateTime<Utc>>,
}

/// Every quirk with what a connection, by id or name, makes of it; those that it used come first.
///
/// # Errors
/// [`Error`] if there is no such connection, or several.
pub async fn tolerated(
    db: &Database,
    operator: &Operator,
    connection: &str,
) -> Result<Vec<Tolerated>, Error> {
    let (scope, connection) = db.connection(operator, connection).await?;
    let id = connection.id;
    let known: Connection = (connection, Vec::new()).into();
    let uses = db.read(&scope).await?.quirk_uses().await?;
    let tolerated = |quirk: &'static scim::compat::Quirk| {
        let used = uses.iter().find(|used| used.connection == id && used.name == quirk.name);
        Tolerated {
            name: quirk.name,
            summary: quirk.summary,
            on: known.quirks.contains(&quirk.name),
            uses: used.map_or(0, |used| used.uses),
            last_at: used.map(|used| used.last_at),
        }
    };
    let mut all: Vec<Tolerated> = scim::compat::quirks().map(tolerated).collect();
    all.sort_by_key(|quirk| std::cmp::Reverse(quirk.uses));
    Ok(all)
}

/// The change that makes a connection tolerate these quirks and no others.
///
/// # Errors
/// [`Error`] if there is no such connection, or several.
pub async fn tolerating(
    db: &Database,
    operator: &Operator,
    connection: &str,
    names: &[String],
) -> Result<Change, Error> {
    let (_, connection) = db.connection(operator, connection).await?;
    let own = super::dialect(&connection.profile, &[], &[]).map_err(Error::Refused)?;
    let own: Vec<&str> = own.quirks().map(|quirk| quirk.name).collect();
    let with = names.iter().filter(|name| !own.contains(&name.as_str())).cloned().collect();
    let without = own.iter().filter(|name| !names.iter().any(|it| it == *name));
    let without = without.map(|name| (*name).to_owned()).collect();
    Ok(Change { with: Some(with), without: Some(without), ..Change::default() })
}
