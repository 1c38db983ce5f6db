//! Work that is queued: when it is done, and by whom. What is done stands in `operations::work`.
//!
//! Two kinds that effects queue have no worker yet: `invitation` and `tell-application` wait for the mailer and the
//! webhooks, and their rows stay ready until then.

mod context;
mod lane;
mod worker;

pub(crate) use context::JobContext;
pub(crate) use lane::{Lane, PLANS};
pub(crate) use worker::{Bell, forget_old_requests, start};
