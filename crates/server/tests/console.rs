//! The console over HTTP, on both databases.

mod brake;
mod bulk;
mod connections;
mod groups;
mod imports;
mod journal;
mod live;
mod organisations;
mod pools;
mod routes;
mod search;
mod settings;
mod sign_in;
mod sso;
mod states;
mod users;
