//! Work that is queued: when it is done, and by whom. What is done stands in `operations::work`, and mail in
//! `operations::mail`.
//!
//! One kind that effects queue has no worker yet: `tell-application` waits for the webhooks, and its rows stay ready until then.

mod context;
mod deliver;
mod lane;
mod worker;

pub(crate) use context::JobContext;
pub(crate) use lane::{Lane, PLANS};
pub(crate) use worker::{Bell, forget_old_requests, start};
