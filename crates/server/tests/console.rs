//! The console over HTTP, on both databases.

mod groups;
mod sign_in;
mod users;
