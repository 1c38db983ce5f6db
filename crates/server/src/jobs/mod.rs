//! Work that is queued: when it is done, and by whom. What is done stands in `operations::work`.
//!
//! Two kinds that effects queue have no worker yet: `invitation` and `tell-application` wait for the mailer and the
//! webhooks, and their rows stay ready until then.

mod worker;

pub(crate) use worker::{Worker, forget_old_requests, work};
