//! The console: the pages on which administrators see and steer everything.
//!
//! Every page works as links and forms; a script only saves reloading it. A page asks operations and shows what they say:
//! it has no rule of its own.

mod around;
mod brake;
mod chip;
mod confirm;
mod conflicts;
mod connection;
mod connection_test;
mod connections;
mod cookie;
mod desk;
mod dialogs;
mod frame;
mod groups;
mod groups_enrol;
mod guide;
mod inspector;
mod journal;
mod licences;
mod overview;
mod period;
mod routes;
mod said;
mod sign_in;
mod tongue;
mod user;
mod users;
mod users_add;
mod users_import;

pub(crate) use around::around;
pub(crate) use overview::Counted;
pub(crate) use routes::routes;

#[cfg(test)]
mod in_browser;
