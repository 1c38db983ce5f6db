//! Work that is queued: the kinds of jobs, and how one of them is run.
//!
//! Two kinds that effects queue have no worker yet: `invitation` and `tell-application` wait for the mailer and the
//! webhooks, and their rows stay ready until then.

mod desk;
mod end_grace;
pub(crate) mod expire_pool;
pub(crate) mod group_deleted;
pub(crate) mod join_groups;
mod serve_queue;
pub(crate) mod settle_group;
pub(crate) mod settle_pool;
mod worker;

use store::{Job, job_kind};

pub(crate) use desk::{Desk, Progress, Stopped};
pub(crate) use worker::{forget_old_requests, turn, work};

/// The kinds that this program runs.
pub(crate) const KINDS: &[&str] = &[
    job_kind::END_GRACE,
    job_kind::SERVE_QUEUE,
    settle_group::KIND,
    settle_pool::KIND,
    expire_pool::KIND,
    group_deleted::KIND,
    join_groups::KIND,
];

/// Runs one job to its end, or until the desk closes.
///
/// # Errors
/// [`Stopped`].
pub(crate) async fn run(desk: &Desk<'_>, job: &Job) -> Result<(), Stopped> {
    match job.kind.as_str() {
        job_kind::END_GRACE => end_grace::run(desk, job).await,
        job_kind::SERVE_QUEUE => serve_queue::run(desk, job).await,
        settle_group::KIND => settle_group::resume(desk, job).await,
        settle_pool::KIND => settle_pool::resume(desk, job).await,
        expire_pool::KIND => expire_pool::resume(desk, job).await,
        group_deleted::KIND => group_deleted::resume(desk, job).await,
        join_groups::KIND => join_groups::resume(desk, job).await,
        other => Err(Stopped::Broken(format!("there is no job of the kind \"{other}\""))),
    }
}
