//! A pool as it is to be.

use chrono::{DateTime, NaiveDate, Utc};
use provisioning::{Expiry, PoolPolicy, Zone};
use scim::Registry;
use serde_json::{Value, json};
use store::{PoolRule, PoolState};

use super::expiry;
use crate::entitlement;
use crate::error::Error;
use crate::find::checked_name;

/// What of a pool is to be another; what is none stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// Its name.
    pub name: Option<String>,
    /// Seats bought.
    pub seats: Option<u32>,
    /// What happens when none is left: `queue`, `reject` or `overage`.
    pub policy: Option<String>,
    /// The last day, in the time zone of the tenant, or the instant from which its seats count no more; inside it,
    /// none for never.
    pub expires: Option<Option<String>>,
    /// Whether every user of the tenant gets a seat.
    pub for_everyone: Option<bool>,
    /// The SCIM filter whose matches get a seat; inside it, none for no filter.
    pub rule: Option<Option<String>>,
}

/// A pool as it is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) name: String,
    pub(super) seats: u32,
    pub(super) policy: PoolPolicy,
    pub(super) expires_at: Option<DateTime<Utc>>,
    pub(super) last_day: Option<NaiveDate>,
    pub(super) rule: PoolRule,
}

impl Target {
    /// What stands.
    pub(super) fn of(state: &PoolState) -> Self {
        Self {
            name: state.pool.name.clone(),
            seats: state.pool.seats,
            policy: state.pool.policy,
            expires_at: state.pool.expires_at,
            last_day: state.last_day,
            rule: PoolRule { pool: state.pool.id, rule: state.rule.clone(), default: state.default },
        }
    }

    /// What is to stand, which is not what stands; days end as they do in the time zone.
    pub(super) fn changed(
        registry: &Registry,
        state: &PoolState,
        change: &Change,
        zone: Zone,
    ) -> Result<Self, Error> {
        let mut target = Self::of(state);
        if let Some(name) = &change.name {
            checked_name(name)?.clone_into(&mut target.name);
        }
        target.seats = change.seats.unwrap_or(target.seats);
        if let Some(policy) = &change.policy {
            target.policy = policy.parse().map_err(|error| Error::Refused(format!("{error}")))?;
        }
        if let Some(expires) = &change.expires {
            let expiry = expires.as_deref().map(expiry).transpose()?;
            target.expires_at = expiry.map(|expiry| expiry.instant(zone));
            target.last_day = expiry.and_then(Expiry::last_day);
        }
        target.rule.default = change.for_everyone.unwrap_or(target.rule.default);
        if let Some(rule) = &change.rule {
            rule.as_deref()
                .map(|rule| entitlement::parse(registry, rule))
                .transpose()
                .map_err(Error::Refused)?;
            target.rule.rule.clone_from(rule);
        }
        if target == Self::of(state) {
            return Err(Error::already(format!("the licence pool {}", target.name), "is like that already"));
        }
        Ok(target)
    }

    /// For the journal.
    fn settings(&self) -> [(&'static str, Value); 7] {
        [
            ("name", json!(self.name)),
            ("seats", json!(self.seats)),
            ("policy", json!(self.policy)),
            ("expiresAt", json!(self.expires_at)),
            ("lastDay", json!(self.last_day)),
            ("forEveryone", json!(self.rule.default)),
            ("rule", json!(self.rule.rule)),
        ]
    }

    /// What is written together.
    pub(super) fn terms(&self) -> (&str, PoolPolicy, &PoolRule) {
        (&self.name, self.policy, &self.rule)
    }

    /// Those settings that another target has otherwise, for the journal.
    pub(super) fn unlike(&self, other: &Self) -> Value {
        let pairs = self.settings().into_iter().zip(other.settings());
        let own = pairs.filter(|((_, one), (_, other))| one != other).map(|((name, value), _)| (name, value));
        own.map(|(name, value)| (name.to_owned(), value)).collect::<serde_json::Map<_, _>>().into()
    }

    /// Whether its seats count no more.
    fn is_expired(&self, now: DateTime<Utc>) -> bool {
        self.expires_at.is_some_and(|at| at <= now)
    }
    /// Whether all users are to be settled when the pool becomes another one: other people are entitled, or it refused
    /// people before, who hold neither a seat nor a place.
    pub(super) fn is_settled_for_all(&self, after: &Self, now: DateTime<Utc>) -> bool {
        let refused = self.policy == PoolPolicy::Reject
            && (after.seats > self.seats || after.policy != PoolPolicy::Reject);
        refused || self.rule != after.rule || self.is_expired(now) != after.is_expired(now)
    }
}
