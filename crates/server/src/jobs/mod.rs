//! Work that is queued: when it is done, and by whom. What is done stands in `operations::work`, mail in
//! `operations::mail`, deliveries in `operations::webhooks`.

mod context;
mod deliver;
mod lane;
mod notify;
mod push;
mod run;
mod worker;

pub(crate) use context::JobContext;
pub(crate) use lane::PLANS;
pub(crate) use worker::{Bell, forget_what_is_old, run_due, start};
