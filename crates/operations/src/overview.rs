//! How a tenant stands at one glance: people by status and next step, pools over time, connections, and what needs attention.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use provisioning::Status;
use store::RosterQuery;

use crate::connections::{self, Health};
use crate::database::Database;
use crate::error::Error;
use crate::pools::{self, History};
use crate::requester::Operator;

/// Days of the pools' history.
const DAYS: u32 = 90;
/// Where counting ends of what is long pending or in conflict.
const COUNTED: u64 = 1_000;

/// People by status; of those who are pending, by what they do next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct People {
    /// How many are in each status.
    pub by_status: Vec<(Status, u64)>,
    /// Of those who are pending, how many take which step next: `open`, `device`, `verify`, `pin`, `restore`.
    pub by_step: BTreeMap<String, u64>,
    /// How many have been pending for more than seven days; at most a thousand are counted.
    pub long_pending: u64,
}

/// What an overview shows besides people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overview {
    /// The pools with their last days.
    pub pools: Vec<History>,
    /// The connections.
    pub connections: Vec<Health>,
    /// Users whom two connections push; at most a thousand are counted.
    pub conflicts: u64,
    /// Since when mail has stopped, because too much was refused.
    pub mail_stopped_at: Option<DateTime<Utc>>,
}

/// The numbers of the navigation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Beside {
    /// How many people the tenant has.
    pub people: u64,
    /// For how many of them the brake holds something; 100 at most.
    pub held: u64,
    /// How many names two connections want; 100 at most.
    pub conflicts: u64,
}

/// The numbers of the navigation; the cost does not grow with the tenant.
///
/// # Errors
/// [`Error`] if there is no such tenant.
pub async fn beside(db: &Database, tenant: &str) -> Result<Beside, Error> {
    let (scope, _) = db.tenant(tenant).await?;
    let unit = db.read(&scope).await?;
    let (held, conflicts) = unit.open_matters().await?;
    Ok(Beside { people: unit.count_people().await?, held, conflicts })
}

/// People by status and next step. It looks at every person of the tenant.
///
/// # Errors
/// [`Error`] if there is no such tenant.
pub async fn people(db: &Database, tenant: &str, now: DateTime<Utc>) -> Result<People, Error> {
    let (scope, _) = db.tenant(tenant).await?;
    let unit = db.read(&scope).await?;
    let long = RosterQuery {
        statuses: vec![Status::Pending],
        status_before: Some(now - TimeDelta::days(7)),
        ..RosterQuery::default()
    };
    Ok(People {
        by_status: unit.people_by_status().await?,
        by_step: unit.pending_by_step().await?,
        long_pending: unit.count_roster(&long, COUNTED).await?,
    })
}

/// What an overview shows besides people.
///
/// # Errors
/// [`Error`] if there is no such tenant.
pub async fn of(db: &Database, operator: &Operator, tenant: &str) -> Result<Overview, Error> {
    let (scope, _) = db.tenant(tenant).await?;
    let connections = connections::health(db, tenant, operator.now).await?;
    let pools = pools::histories(db, operator, tenant, DAYS).await?;
    let unit = db.read(&scope).await?;
    let stop = unit.mail_stop().await?;
    Ok(Overview {
        pools,
        connections,
        conflicts: unit.conflicts(None, (0, COUNTED)).await?.len() as u64,
        mail_stopped_at: stop.stopped_at,
    })
}
