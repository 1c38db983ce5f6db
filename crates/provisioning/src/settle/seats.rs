//! Seats in a settlement: taken, queued for, released.

use serde_json::{Value, json};

use crate::{
    effect::{Effect, instant},
    id::PoolId,
    journal::EntryKind,
    person::Person,
    pool::PoolPolicy,
    seat::{Seat, SeatState},
    settle::{Refusal, book::Book},
};

impl Book<'_> {
    /// A seat if the pool admits one more, else what its policy says.
    pub(super) fn claim(&mut self, person: &mut Person, pool: PoolId, reason: &str) -> Result<(), Refusal> {
        if self.admits(pool) {
            self.take(person, pool, reason);
            return Ok(());
        }
        let Some(row) = self.pools.get(&pool) else { return Ok(()) };
        match row.policy {
            PoolPolicy::Reject if self.cause.can_be_refused() => {
                return Err(Refusal::PoolFull { pool, name: row.name.clone(), seats: row.seats });
            }
            PoolPolicy::Reject => {}
            PoolPolicy::Queue | PoolPolicy::Overage => self.queue(person, pool, reason),
        }
        Ok(())
    }

    /// Assigns a seat, out of the waiting place if there is one.
    pub(super) fn take(&mut self, person: &mut Person, pool: PoolId, reason: &str) {
        let Some(row) = self.pools.get_mut(&pool) else { return };
        let overage = !row.has_room();
        let (name, bought) = (row.name.clone(), row.seats);
        row.used = row.used.saturating_add(1);

        let waited = person.seat_in(pool).cloned();
        let seat = Seat { pool, state: SeatState::Assigned, since: self.now, overage };
        person.seats.retain(|seat| seat.pool != pool);
        person.seats.push(seat.clone());

        let patience = waited
            .as_ref()
            .map_or_else(String::new, |place| format!(", after waiting since {}", instant(place.since)));
        let priority = match person.priority_in(pool) {
            priority if priority > 0 && waited.is_some() => format!(" with priority {priority}"),
            _ => String::new(),
        };
        let excess = if overage {
            format!("; all {bought} bought seats were taken, so it is one too many")
        } else {
            String::new()
        };
        let why =
            format!("{} has a seat in “{name}” because {reason}{patience}{priority}{excess}.", person.name);
        let kind = if overage { EntryKind::SeatOverage } else { EntryKind::SeatTaken };
        self.effect(Effect::SeatTaken { user: person.id, pool, overage, waited: waited.is_some() });
        let before = waited.map(|place| self.seen(person, &place));
        let after = self.seen(person, &seat);
        self.entry(person.id, kind, why, before, Some(after));
    }

    /// Gives every seat and waiting place back that passes the test; says whether an assigned one was among them.
    pub(super) fn release(
        &mut self,
        person: &mut Person,
        goes: impl Fn(&Seat) -> bool,
        reason: &str,
    ) -> bool {
        let (gone, kept): (Vec<Seat>, Vec<Seat>) = person.seats.drain(..).partition(|seat| goes(seat));
        person.seats = kept;
        let mut freed = false;
        for seat in gone {
            let pool = seat.pool;
            let name = self.pool_name(pool);
            let (effect, kind, what) = match seat.state {
                SeatState::Assigned => {
                    freed = true;
                    if let Some(row) = self.pools.get_mut(&pool) {
                        row.used = row.used.saturating_sub(1);
                    }
                    (
                        Effect::SeatFreed { user: person.id, pool },
                        EntryKind::SeatFreed,
                        "gave back the seat in",
                    )
                }
                SeatState::Waiting => (
                    Effect::QueueLeft { user: person.id, pool },
                    EntryKind::QueueLeft,
                    "no longer waits for a seat in",
                ),
            };
            let why = format!("{} {what} “{name}” because {reason}.", person.name);
            let before = self.seen(person, &seat);
            self.effect(effect);
            self.entry(person.id, kind, why, Some(before), None);
        }
        freed
    }

    fn queue(&mut self, person: &mut Person, pool: PoolId, reason: &str) {
        let place = Seat { pool, state: SeatState::Waiting, since: self.now, overage: false };
        person.seats.push(place.clone());
        let name = self.pool_name(pool);
        let why =
            format!("{} waits for a seat in “{name}”, where none is free, because {reason}.", person.name);
        let after = self.seen(person, &place);
        self.effect(Effect::SeatQueued { user: person.id, pool });
        self.entry(person.id, EntryKind::SeatQueued, why, None, Some(after));
    }

    /// A seat as the journal shows it, with the grants that stand for it.
    fn seen(&self, person: &Person, seat: &Seat) -> Value {
        let grants: Vec<String> = person
            .grants
            .iter()
            .filter(|grant| grant.pool == seat.pool)
            .map(|grant| grant.source.to_string())
            .collect();
        json!({
            "pool": self.pool_name(seat.pool),
            "seat": seat.state.as_str(),
            "since": instant(seat.since),
            "overage": seat.overage,
            "grants": grants,
        })
    }
}
