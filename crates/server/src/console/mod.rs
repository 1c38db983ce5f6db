//! The console: the pages on which administrators see and steer everything.
//!
//! Every page works as links and forms; a script only saves reloading it. A page asks operations and shows what they say:
//! it has no rule of its own.

mod administrators;
mod api_tokens;
mod around;
mod brake;
mod bulk;
mod chip;
mod confirm;
mod conflicts;
mod connection;
mod connection_settings;
mod connection_test;
mod connections;
mod cookie;
mod credential;
mod desk;
mod dialogs;
mod fields;
mod frame;
mod group;
mod groups;
mod groups_enrol;
mod guide;
mod help;
mod inspector;
mod issuers;
mod journal;
mod letter;
mod licences;
mod limits;
mod link;
mod live;
mod mail;
mod mail_templates;
mod organisations;
mod overview;
mod period;
mod permissions;
mod pool_edit;
mod preferences;
mod routes;
mod said;
mod search;
mod secret;
mod settings;
mod sign_in;
mod sso;
mod tongue;
mod user;
mod users;
mod users_add;
mod users_export;
mod users_import;
mod webhooks;

pub(crate) use around::around;
pub(crate) use overview::Counted;
pub(crate) use routes::routes;

#[cfg(test)]
mod in_browser;
