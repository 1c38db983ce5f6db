//! The console over HTTP, on both databases.

mod brake;
mod connections;
mod groups;
mod imports;
mod routes;
mod settings;
mod sign_in;
mod users;
