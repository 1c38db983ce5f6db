//! Work that is queued: when it is done, and by whom. What is done stands in `operations::work`, and mail in
//! `operations::mail`.

mod context;
mod deliver;
mod lane;
mod worker;

pub(crate) use context::JobContext;
pub(crate) use lane::{Lane, PLANS};
pub(crate) use worker::{Bell, forget_what_is_old, start};
