//! Why a person has a seat, or has none (O-12).

use chrono::{DateTime, Utc};

use crate::{
    effect::instant,
    enrolment::Status,
    grant::GrantSource,
    id::PoolId,
    person::Person,
    pool::{Pool, PoolPolicy},
    seat::{Seat, SeatState},
};

/// The reasons for what a person has in every pool that concerns them, as sentences: the account, then each pool with
/// its grants and its seat, then the enrolment.
#[must_use]
pub fn explain(person: &Person, pools: &[Pool], now: DateTime<Utc>) -> Vec<String> {
    let mut lines = Vec::new();
    if person.test_user {
        lines.push(format!(
            "{} is a test user of its connection: it gets no seat and no mail, and is not counted.",
            person.name
        ));
    }
    if !person.active && !person.kept.active {
        lines.push(format!("{}'s account is switched off, so no grant counts.", person.name));
    }
    if !person.kept.is_empty() {
        lines.push(format!(
            "The brake keeps for {} what a push took, until an administrator decides with `rollcall brake`.",
            person.name
        ));
    }
    if person.hand.deactivated {
        lines.push(format!(
            "{} is deactivated by an administrator's hand, so no grant counts until an administrator activates them.",
            person.name
        ));
    }
    if let Some(domain) = &person.hand.held {
        lines.push(format!(
            "{} is held because the domain {domain} is none of the organisation's, so no grant counts until an \
             administrator releases them.",
            person.name
        ));
    }
    let mut concerned: Vec<PoolId> = person
        .grants
        .iter()
        .map(|grant| grant.pool)
        .chain(person.seats.iter().map(|seat| seat.pool))
        .chain(person.hand.withheld.iter().copied())
        .chain(person.kept.pools.iter().copied())
        .collect();
    concerned.sort_unstable();
    concerned.dedup();
    if person.grants.is_empty() && person.kept.pools.is_empty() {
        lines.push(format!("No grant stands for {}: no bound group, no rule, nothing by hand.", person.name));
    }
    for id in concerned {
        let pool = pools.iter().find(|pool| pool.id == id);
        let name = pool.map_or_else(|| format!("pool {id}"), |pool| format!("“{}”", pool.name));
        for grant in person.grants.iter().filter(|grant| grant.pool == id) {
            let comma = if matches!(grant.source, GrantSource::Lingering { .. }) { "," } else { "" };
            let (who, source, doubt) = (&person.name, &grant.source, doubt(pool, now));
            lines.push(format!("{who} is entitled to {name}{comma} {source}{doubt}."));
        }
        lines.push(match person.seat_in(id) {
            Some(seat) => held(person, seat, &name),
            None => missing(person, pool, &name, now),
        });
    }
    lines.push(journey(person, now));
    lines
}

/// Why a grant does not count, if it does not.
fn doubt(pool: Option<&Pool>, now: DateTime<Utc>) -> String {
    match pool {
        None => ", but the pool is gone".to_owned(),
        Some(pool) => match pool.expires_at.filter(|_| pool.is_expired(now)) {
            Some(at) => format!(", but the pool expired {}", instant(at)),
            None => String::new(),
        },
    }
}

fn held(person: &Person, seat: &Seat, name: &str) -> String {
    let since = instant(seat.since);
    match seat.state {
        SeatState::Waiting => {
            let priority = match person.priority_in(seat.pool) {
                0 => String::new(),
                priority => format!(", with priority {priority}"),
            };
            format!("{} waits for a seat in {name} since {since}{priority}.", person.name)
        }
        SeatState::Assigned if seat.overage => {
            format!("{} has a seat in {name} since {since}, beyond those bought.", person.name)
        }
        SeatState::Assigned => format!("{} has a seat in {name} since {since}.", person.name),
    }
}

fn missing(person: &Person, pool: Option<&Pool>, name: &str, now: DateTime<Utc>) -> String {
    let because = match pool {
        None => "the pool is gone",
        Some(pool) if pool.is_expired(now) => "the pool has expired",
        Some(pool) if person.hand.withheld.contains(&pool.id) => {
            "an administrator withholds it, until an administrator assigns it again"
        }
        Some(_) if person.test_user => "it is a test user",
        Some(_) if !person.active => "the account is switched off",
        Some(_) if person.hand.deactivated => "an administrator deactivated the person",
        Some(_) if person.hand.held.is_some() => "the person is held for a foreign domain",
        Some(pool) if !pool.has_room() && pool.policy == PoolPolicy::Reject => {
            "all its seats are taken and it takes no waiters"
        }
        Some(_) => "nothing has settled it since the grant was given or the pool changed",
    };
    format!("{} has no seat in {name}: {because}.", person.name)
}

fn journey(person: &Person, now: DateTime<Utc>) -> String {
    let enrolment = &person.enrolment;
    let status = match enrolment.status {
        Status::NoLicence if person.waiting().next().is_some() => "No licence yet".to_owned(),
        Status::NoLicence => "No licence".to_owned(),
        Status::Pending => {
            let missing: Vec<_> = enrolment.missing_steps().iter().map(ToString::to_string).collect();
            format!("Access granted, enrolment pending; still to do: {}", missing.join(", "))
        }
        Status::Active => "Access granted, enrolment complete".to_owned(),
        Status::Suspended if enrolment.grace_over(now) => "No access; the grace is over".to_owned(),
        Status::Suspended => {
            let kept = if person.is_seated() { "seat and enrolment are" } else { "the enrolment is" };
            let until =
                enrolment.seat_kept_until.map_or_else(String::new, |at| format!(" until {}", instant(at)));
            format!("No access; {kept} kept{until}")
        }
        Status::Deactivated => "Deactivated: no access".to_owned(),
    };
    let since = enrolment.since.map_or_else(String::new, |at| format!(", since {}", instant(at)));
    let because = enrolment.cause.as_ref().map_or_else(String::new, |cause| format!(", because {cause}"));
    let restore = if enrolment.restore_owed { " Coming in needs a restore from backup." } else { "" };
    format!("{status}{since}{because}.{restore}")
}
