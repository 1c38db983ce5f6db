//! The database: the only place with SQL.
//!
//! A [`Store`] opens on `SQLite` or `PostgreSQL`, chosen by URL. All tenant data goes through units of work, a
//! [`ReadUnit`] or a [`WriteUnit`], which are opened for a [`TenantScope`] that only look-ups of a token, a job or an
//! operator hand out; dropping a unit rolls it back. Rows never leave this crate: callers see [`User`], [`Group`],
//! [`Job`] and the values of `scim` and `provisioning`.
//!
//! Nothing here decides *when* something happens: [`WriteUnit::lock_facts`] gathers facts, `provisioning` decides,
//! [`WriteUnit::carry_out`] performs.

mod administrators;
mod api_tokens;
mod bindings;
mod brake;
mod carry_out;
mod changes;
mod codes;
mod conflicts;
mod connections;
mod credentials;
mod cross_tenant;
mod custom_resources;
mod data_keys;
mod db;
mod deferred;
mod deliveries;
mod devices;
mod enrolments;
mod entity;
mod error;
mod events;
mod facts;
mod figures;
mod filter_sql;
mod forget;
mod grants;
mod groups;
mod hand;
mod holds;
mod idempotency_keys;
mod ids;
mod imports;
mod issuers;
mod jobs;
mod journal;
mod lingering;
mod look;
mod mail;
mod mail_templates;
mod members;
mod migration;
mod names;
mod overview;
mod owners;
mod pace;
mod parked;
mod permissions;
mod place;
#[cfg(test)]
mod plans;
mod pool_alerts;
mod pool_changes;
mod pools;
mod registries;
mod reminders;
mod request_log;
mod roster;
mod scope;
mod seats;
mod sessions;
mod sets;
mod sign_in_failures;
mod sign_in_links;
mod signing_keys;
mod store;
mod streams;
mod tenants;
mod test_users;
mod tokens;
mod touched;
mod unique_values;
mod unit;
mod users;
mod walk_places;
mod webhooks;

pub use administrators::{Administrator, Role};
pub use api_tokens::ApiToken;
pub use bindings::Binding;
pub use brake::HeldLoss;
pub use changes::{Change, Followed, NewChange};
pub use codes::Code;
pub use conflicts::{Conflict, SharedEmail};
pub use connections::{Connection, NewConnection};
pub use credentials::Credential;
pub use custom_resources::CustomResource;
pub use data_keys::SealedKey;
pub use deferred::{Deferred, DeferredOperation};
pub use deliveries::{Delivery, DeliveryQuery, DeliveryState};
pub use devices::Device;
pub use error::{Constraint, Error};
pub use events::{Event, NewEvent};
pub use figures::{ConnectionFigures, Figures, JobFigures, NameInTenant, PoolFigures};
pub use filter_sql::{
    Every, ListPlace, Listing, Order, Part, Reached, Run, SortKey, Stretch, Walked, finds_one,
};
pub use forget::Kept;
pub use grants::{GrantKind, GrantRecord};
pub use groups::{Group, GroupOf, NewGroup};
pub use hand::Marks;
pub use holds::Hold;
pub use idempotency_keys::{FirstRequest, IdempotencyKey};
pub use ids::{ConnectionId, TenantId, TokenId, new_id};
pub use imports::{Import, ImportRow, Known};
pub use issuers::{Issuer, IssuerSubject};
pub use jobs::{Claim, Job, NewJob, Outcome, job_kind};
pub use journal::{Actor, ActorKind, JournalFilter, JournalQuery, JournalRecord};
pub use lingering::Lingerers;
pub use look::{Found, Look};
pub use mail::{Mail, MailQuery, MailState};
pub use mail_templates::MailTemplate;
pub use members::{Member, MemberKind, MemberName};
pub use overview::Waiting;
pub use pace::{LeftMail, MailStop, NotNow, WaitingMail};
pub use permissions::{ExceptionRecord, PermissionRecord};
pub use place::Place;
pub use pools::{NewPool, PoolRule, PoolState};
pub use registries::Registries;
pub use reminders::{ReminderCount, Reminders};
pub use request_log::{
    MOST_COUNTED, QuirkUse, RequestBatch, RequestCount, RequestFilter, RequestOutcome, RequestRecord,
};
pub use roster::{LicenceWanted, RosterFrom, RosterQuery, RosterRow, SaidWanted, Sought, UseWanted};
pub use scope::TenantScope;
pub use seats::{Licence, SeatRecord};
pub use sessions::{Session, Stage};
pub use sets::{SetState, StreamSet};
pub use sign_in_failures::Failures;
pub use sign_in_links::LinkKind;
pub use signing_keys::SigningKey;
pub use store::{Options, Store};
pub use streams::{Stream, StreamDelivery, StreamStatus};
pub use tenants::{Contents, Tenant};
pub use tokens::{Authenticated, NewToken, Token, TokenKind, key_of_credential};
pub use touched::{ResourceKey, ResourceKind, Touch, Touched};
pub use unique_values::Doubles;
pub use unit::{ReadUnit, WriteUnit};
pub use users::{Arrived, Computed, NewUser, Newcomer, User, Wanted};
pub use walk_places::{WalkPlace, WalkedList};
pub use webhooks::Webhook;
