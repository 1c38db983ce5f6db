//! The console over HTTP, on both databases.

mod connections;
mod groups;
mod routes;
mod sign_in;
mod users;
