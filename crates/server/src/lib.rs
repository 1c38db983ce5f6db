//! The server: SCIM over HTTP, authentication, background work, measurements, and what an operator does.
//!
//! [`Server`] opens the database, listens and serves; [`admin::Admin`] is what the command line calls, on the same
//! database and also while a server runs on it. There is no SQL here and no rule: handlers, workers and commands call
//! `operations`, and say what came of it.

pub mod admin;
mod api;
mod app;
mod assets;
mod auth;
#[cfg(test)]
mod browser;
mod clock;
pub mod config;
mod console;
mod doctor;
mod enrol;
mod figures;
mod files;
mod health;
mod heavy;
mod http;
mod jobs;
mod jwt;
pub mod logging;
pub mod master_key;
mod metrics;
mod oauth;
mod outbound;
mod pages;
mod panics;
mod process;
mod request_log;
mod router;
mod scim;
mod serve;
mod ssf;

pub use ::scim::text::shown;
pub use clock::Clock;
pub use config::{Config, ConfigError, Example, ListedType};
pub use operations::secret::PREFIX as TOKEN_PREFIX;
pub use serve::{ServeError, Server, ended};
