//! Every use case, once: SCIM requests, the command line and jobs all call the functions of this crate, and nothing
//! else changes data.
//!
//! A caller brings a [`Requester`] (tenant, connection with its rules, actor, instant) and typed input; it gets an
//! [`Outcome`], which the caller translates into its own words. Units of work are opened in one place, [`Database`],
//! which makes an attempt again that lost against another one. Long work is started here and goes on in steps
//! ([`work`]); when a step is taken is the caller's business.
//!
//! There is no HTTP here, no flags, and no clock: the instant comes with the request.

pub mod access;
mod address;
pub mod administrators;
mod alerts;
pub mod api_tokens;
pub mod asked;
pub mod bindings;
pub mod brake;
mod changes;
pub mod conflicts;
pub mod connections;
pub mod consequences;
pub mod csv;
pub mod custom_resources;
mod database;
pub mod deferred;
pub mod devices;
pub mod directory;
pub mod domains;
pub mod enrolment;
mod entitlement;
mod error;
pub mod events;
pub mod every;
mod find;
pub mod grants;
pub mod groups;
pub mod hand;
pub mod holds;
pub mod idempotency;
pub mod imports;
pub mod invitations;
pub mod journal;
pub mod keys;
mod link;
pub mod mail;
mod members;
pub mod oauth;
mod outcome;
pub mod outside;
pub mod overview;
pub mod owners;
mod ownership;
mod parked;
pub mod people;
pub mod permissions;
pub mod pools;
mod preview;
pub mod reminders;
pub mod report;
mod representation;
pub mod request_log;
mod requester;
mod resources;
mod rights;
pub mod roster;
pub mod secret;
mod settle;
pub mod sign_in;
mod signing;
pub mod single_sign_on;
pub mod streams;
pub mod tenants;
mod test_users;
pub mod tokens;
pub mod unique_values;
pub mod users;
pub mod visit;
pub mod walk;
pub mod webhooks;
pub mod work;

pub use database::{Database, Shared, migrate};
pub use error::{Error, chain, sentence};
pub use outcome::{Effects, Outcome};
pub use representation::{Search, Shown, Text};
pub use requester::{By, Operator, Provider, Requester};
pub use resources::Replacement;
pub use rights::Right;
pub use store::{
    Actor, ActorKind, Authenticated, Claim, Connection, ConnectionFigures, ConnectionId, Constraint,
    Error as DatabaseError, Figures, IdempotencyKey, Job, JobFigures, Kept, NameInTenant, Options, Order,
    Outcome as JobOutcome, PoolFigures, Registries, RequestBatch, RequestRecord, TenantId, TenantScope,
    TokenId, new_id,
};
