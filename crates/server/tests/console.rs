//! The console over HTTP, on both databases.

mod brake;
mod connections;
mod groups;
mod imports;
mod journal;
mod pools;
mod routes;
mod search;
mod settings;
mod sign_in;
mod users;
