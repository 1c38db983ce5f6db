//! The server: SCIM over HTTP, authentication, background work, measurements, and what an operator does.
//!
//! [`Server`] opens the database, listens and serves; [`admin::Admin`] is what the command line calls, on the same
//! database and also while a server runs on it. There is no SQL here and no rule about licences: handlers and jobs
//! write down facts through `store`, ask `provisioning` what follows, and have `store` carry it out.

pub mod admin;
mod app;
mod auth;
mod awaited;
mod clock;
pub mod config;
mod entitle;
mod heavy;
mod http;
mod jobs;
pub mod logging;
mod metrics;
mod requests;
mod router;
mod scim;
mod serve;
mod settle;
mod status;

pub use auth::TOKEN_PREFIX;
pub use clock::Clock;
pub use config::{Config, ConfigError};
pub use serve::{ServeError, Server, ended};
