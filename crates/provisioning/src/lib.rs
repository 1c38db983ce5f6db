//! What a push means: enrolment, licences and deactivation, as pure rules.
//!
//! Every trigger, be it a push, a console click, a deleted group, an expired pool or a timer, is first written down as
//! *facts after the change*: is the person active, which grants stand, which seats do they hold, where is their
//! enrolment. Then one function, [`settle`], says what must follow from the facts, as a [`Decision`]: [`Effect`]s to
//! carry out and journal [`Entry`]s with reasons. A settled situation has nothing to settle, so replaying a push
//! changes nothing; [`apply`] defines what each effect does to the facts.
//!
//! ```
//! use chrono::{TimeDelta, TimeZone, Utc};
//! use provisioning::{
//!     Cause, Enrolment, Grant, GrantSource, Hand, Kept, Person, Policy, Pool, PoolId, PoolPolicy, Situation,
//!     UserId,
//! };
//! use uuid::Uuid;
//!
//! let now = Utc.with_ymd_and_hms(2026, 3, 1, 9, 0, 0).single().expect("an instant");
//! let policy = Policy { grace: TimeDelta::days(7), ..Policy::default() };
//! let vault = PoolId::new(Uuid::from_u128(1));
//! let ada = Person {
//!     id: UserId::new(Uuid::from_u128(2)),
//!     name: "ada@alpha.example".to_owned(),
//!     active: true,
//!     protected: false,
//!     test_user: false,
//!     hand: Hand::default(),
//!     kept: Kept::default(),
//!     grants: vec![Grant { pool: vault, source: GrantSource::ByHand }],
//!     seats: vec![],
//!     enrolment: Enrolment::default(),
//!     policy,
//! };
//! let pool = Pool {
//!     id: vault,
//!     name: "Vault".to_owned(),
//!     seats: 10,
//!     used: 0,
//!     policy: PoolPolicy::Queue,
//!     expires_at: None,
//! };
//! let situation = Situation { people: vec![ada], pools: vec![pool], ..Situation::default() };
//!
//! let decision = provisioning::settle(&situation, &Cause::GrantedByHand, now).expect("there is room");
//! let effects = decision.effects.iter();
//! let plain: Vec<String> = effects.map(|effect| effect.plain(|pool| situation.pool_name(pool))).collect();
//! assert_eq!(plain, [
//!     "seat taken in Vault",
//!     "now pending",
//!     "invitation owed from 2026-03-01 09:00 UTC",
//!     "application told: access granted",
//! ]);
//! assert_eq!(
//!     decision.entries[0].why,
//!     "ada@alpha.example has a seat in “Vault” because an administrator assigned a licence."
//! );
//!
//! let after = provisioning::apply(&situation, &decision, now);
//! assert!(provisioning::settle(&after, &Cause::GrantedByHand, now).expect("there is room").is_empty());
//! ```
//!
//! # The states of an enrolment
//!
//! ```text
//!                 first seat              every step taken
//!   no-licence ───────────────▶ pending ─────────────────────▶ active
//!     ▲    ▲                    │  ▲  ▲                          │
//!     │    └────────────────────│──│──│──────────────────────────┤ unassigned by hand
//!     │   unassigned by hand    │  │  │                          │ (S-39: no grace)
//!     │                         │  │  │ back in time: the        │
//!     │             loss, grace │  │  │ status it was, nothing   │ loss, grace
//!     │                         ▼  │  │ lost                     ▼
//!     └───────────────────── suspended ◀────────────────────────┘
//!      unassigned by hand       │  │  (pending or active resumes)
//!                    grace over │  │
//!                               ▼  │
//!                          deactivated ──▶ a seat again: pending, fresh steps, restore owed if a PIN was set
//!
//!   loss without grace: pending, active ──▶ deactivated        removed: from everywhere, at once
//! ```
//!
//! # The rule book in short
//!
//! - A person is *entitled* to the pools with a standing [`Grant`] that have not expired. Grants are a set of reasons:
//!   who loses one of two keeps everything (S-58), and nothing at all happens.
//! - Active and entitled: each of those pools gives a seat if a bought one is free; else its [`PoolPolicy`] queues,
//!   refuses the change ([`Refusal`]) or assigns overage. Only gains are refused, see [`Cause::can_be_refused`].
//! - The first assigned seat makes a person pending, owes an invitation and grants access. A person who only waits has no access.
//! - The application, the pages and the mail report steps in any order. A verified address, a PIN that is set and no
//!   restore that is owed make a person active ([`Enrolment::complete`]).
//! - Seats and places in pools that no longer count go back at once while another entitlement stands.
//! - Not active any more, or entitled to nothing: a *loss* (S-57, S-60). Access is cut at once. With a grace, seats and
//!   enrolment are kept until [`Enrolment::seat_kept_until`], waiting places are not; without one they go at once.
//! - Back before that instant: nothing was lost. At that instant or later, whatever the cause: deactivated first.
//! - A mover who gives the last seat back and finds the next pool full is a loss, too: suspended with a place in the
//!   queue, since the enrolment (the data) is kept for the grace even though the seat is not. Served in time, they
//!   resume; afterwards they are deactivated and keep their place. The same holds for a suspended person who comes
//!   back to other pools than the kept seats are in.
//! - An administrator's unassignment ([`Cause::GrantLifted`], [`Cause::Withheld`]) and a removal ([`Cause::Removed`])
//!   know no grace.
//! - What an administrator says by hand ([`Hand`]) beats every push: a pool that is withheld counts as not granted, and a person
//!   who is deactivated by hand, or held for a foreign domain, as not active. Taken back, the grants count again.
//! - A test user of a connection is no person: it has no seat, place, enrolment or mail, whatever grants stand.
//! - A push that would take access from more people than the [`Brake`] lets takes it from none of them: they keep ([`Kept`])
//!   what they have, whatever the facts say, until an administrator decides or the person has access without it.
//! - A person who leaves a dynamic group *lingers* ([`GroupGrace`], O-05): seats and places are kept for the grace of the group, as
//!   if the person had not left, and nothing at all happens. Back within it, nothing was lost; afterwards the loss is one like any
//!   other, and the brake of the connection counts it then. Only membership lingers: a person who is switched off, removed, or in a
//!   group that is deleted or unbound, has no such grace.
//! - A freed seat goes to the first in the queue who is active and entitled, before a new person: the higher priority of a
//!   binding first, then the longer wait, then the smaller id ([`Position`]). In one settlement leavers come first, then
//!   the queues, then joiners, in the order of ids. No place is overtaken, and no priority takes a seat from anyone.
//!
//! Not here: who may do it, how many at once (the brake), what the application says must be handed over first.

mod brake;
mod cause;
pub mod code;
mod domain;
mod effect;
mod ending;
mod enrolment;
mod event;
mod explain;
mod forecast;
mod grant;
pub mod heartbeat;
mod history;
mod id;
mod journal;
mod lingering;
mod moving;
pub mod pace;
pub mod permission;
mod person;
mod policy;
mod pool;
mod position;
mod preview;
pub mod reminder;
mod removal;
mod seat;
mod settle;
mod words;
mod zone;

pub use brake::{Brake, BrakePolicy};
pub use cause::Cause;
pub use domain::{Admission, DomainPolicy, Domains, domain_name};
pub use effect::{ApplicationEvent, Effect};
pub use ending::Ending;
pub use enrolment::{Enrolment, GRANT_ENDED, Status, Step, StepRefused, Steps};
pub use event::EventKind;
pub use explain::explain;
pub use forecast::{Forecast, LOOKED_AT};
pub use grant::{Grant, GrantSource};
pub use history::{PoolChange, PoolDay, days};
pub use id::{ConnectionId, GroupId, PoolId, TenantId, TokenId, UserId};
pub use journal::{Entry, EntryKind, Subject};
pub use lingering::{GraceRefused, GroupGrace};
pub use moving::{Moving, Stays};
pub use person::{Hand, Kept, Person};
pub use policy::{Invitations, Policy};
pub use pool::{Expiry, Pool, PoolPolicy};
pub use position::{HIGHEST_PRIORITY, Position};
pub use preview::{Fate, Preview, Unaffected};
pub use removal::{RemovalRefused, may_remove};
pub use seat::{Seat, SeatState};
pub use settle::{Decision, Refusal, Situation, apply, losers, settle};
pub use words::UnknownWord;
pub use zone::{UnknownZone, Zone};
