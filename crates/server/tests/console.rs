//! The console over HTTP, on both databases.

mod sign_in;
mod users;
