//! The rows of the tables, one file each; they never leave this crate.
#![expect(
    unreachable_pub,
    unnameable_types,
    reason = "sea-orm's macros write public items, this module is private"
)]

pub(crate) mod administrators;
pub(crate) mod api_tokens;
pub(crate) mod bindings;
pub(crate) mod changes;
pub(crate) mod codes;
pub(crate) mod conflicts;
pub(crate) mod connections;
pub(crate) mod credentials;
pub(crate) mod custom_resources;
pub(crate) mod data_keys;
pub(crate) mod deferred_operations;
pub(crate) mod deferred_requests;
pub(crate) mod devices;
pub(crate) mod events;
pub(crate) mod grants;
pub(crate) mod groups;
pub(crate) mod holds;
pub(crate) mod issuer_subjects;
pub(crate) mod issuers;
pub(crate) mod jobs;
pub(crate) mod journal;
pub(crate) mod mail;
pub(crate) mod mail_templates;
pub(crate) mod parked_members;
pub(crate) mod permission_exceptions;
pub(crate) mod permissions;
pub(crate) mod pool_changes;
pub(crate) mod pools;
pub(crate) mod quirk_uses;
pub(crate) mod requests;
pub(crate) mod seats;
pub(crate) mod sessions;
pub(crate) mod sets;
pub(crate) mod sign_in_links;
pub(crate) mod signing_keys;
pub(crate) mod streams;
pub(crate) mod tenants;
pub(crate) mod test_users;
pub(crate) mod tokens;
pub(crate) mod unique_values;
pub(crate) mod user_values;
pub(crate) mod users;
pub(crate) mod webhook_deliveries;
pub(crate) mod webhooks;
