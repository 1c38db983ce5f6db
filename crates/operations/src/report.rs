//! How a tenant stands: people by status, seats by pool, who waits and why, quirks seen.

use chrono::{DateTime, Utc};
use provisioning::{Status, UserId};
use serde::Serialize;
use store::TenantId;

use crate::database::Database;
use crate::error::Error;
use crate::pools::Pool;

/// How a tenant stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The tenant's id.
    pub id: TenantId,
    /// The tenant's name.
    pub tenant: String,
    /// How many people are in each status, in the order of the journey.
    pub people: Vec<People>,
    /// The pools, oldest first.
    pub pools: Vec<Pool>,
    /// Who waits, in the order in which they will be served.
    pub waiting: Vec<Waiting>,
    /// The quirks that connections used, the most used first.
    pub quirks: Vec<QuirkUse>,
}

/// How many people are in a status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct People {
    /// The status, which is its id.
    pub id: Status,
    /// How many.
    pub people: u64,
}

/// A person who waits for a seat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Waiting {
    /// The person.
    pub id: UserId,
    /// Their name.
    pub name: String,
    /// The pool's name.
    pub pool: String,
    /// Their place in the queue, from 1.
    pub place: u64,
    /// With which priority they are served.
    pub priority: u16,
    /// Since when.
    pub since: DateTime<Utc>,
    /// Why, as a sentence.
    pub why: String,
}

/// How often a connection used a quirk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct QuirkUse {
    /// The quirk's name, which is its id.
    pub id: String,
    /// What is tolerated, in a sentence.
    pub summary: &'static str,
    /// The name of the connection.
    pub connection: String,
    /// How often.
    pub uses: u64,
    /// When last.
    pub last_at: DateTime<Utc>,
}

/// How a tenant stands.
///
/// # Errors
/// [`Error`] if there is no such tenant.
pub async fn of(db: &Database, tenant: &str) -> Result<Report, Error> {
    let (scope, tenant) = db.tenant(tenant).await?;
    let unit = db.read(&scope).await?;
    let people =
        unit.people_by_status().await?.into_iter().map(|(id, people)| People { id, people }).collect();
    let pools: Vec<Pool> = unit.pools().await?.into_iter().map(Pool::from).collect();
    let mut waiting: Vec<Waiting> = Vec::new();
    for place in unit.waiting().await? {
        let before = waiting.iter().filter(|other| other.pool == place.pool_name).count() as u64;
        let seats = pools.iter().find(|pool| pool.id == place.pool).map_or(0, |pool| pool.seats);
        waiting.push(Waiting {
            id: place.user,
            name: place.name,
            why: match seats {
                0 => format!("“{}” has no seats", place.pool_name),
                1 => format!("the only seat of “{}” is taken", place.pool_name),
                _ => format!("all {seats} seats of “{}” are taken", place.pool_name),
            },
            pool: place.pool_name,
            place: before + 1,
            priority: place.priority,
            since: place.since,
        });
    }
    let connections = unit.connections().await?;
    let quirk_use = |used: store::QuirkUse| QuirkUse {
        summary: scim::compat::quirks()
            .find(|quirk| quirk.name == used.name)
            .map_or("", |quirk| quirk.summary),
        connection: connections
            .iter()
            .find(|it| it.id == used.connection)
            .map_or_else(String::new, |it| it.name.clone()),
        id: used.name,
        uses: used.uses,
        last_at: used.last_at,
    };
    let mut quirks: Vec<QuirkUse> = unit.quirk_uses().await?.into_iter().map(quirk_use).collect();
    quirks.sort_by(|one, other| other.uses.cmp(&one.uses).then_with(|| one.id.cmp(&other.id)));
    Ok(Report { id: tenant.id, tenant: tenant.name, people, pools, waiting, quirks })
}
