//! A tenant has another schedule of reminders: the people who were invited before get their timers by it, in batches.

use chrono::{DateTime, Utc};
use provisioning::{Status, UserId};
use scim::Registry;
use scim::filter::{self, FilterDialect, ResolvedFilter};
use scim::protocol::list::Page;
use scim::schema::ENROLMENT;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{NewJob, WriteUnit};

use super::{Progress, Step, WorkError, remind};
use crate::database::Attempt;
use crate::error::Error;
use crate::tenants::Settings;

/// The kind of the job.
pub(crate) const KIND: &str = "set-reminders";

#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct SetWork {
    /// The last person who was looked at.
    after: Option<UserId>,
}

/// The job that does the work; a later change of the schedule takes its place.
pub(crate) fn job(run_at: DateTime<Utc>) -> NewJob {
    let payload = json!(SetWork::default());
    NewJob { kind: KIND.to_owned(), payload, run_at, dedup: Some(KIND.to_owned()) }
}

/// Sets the timers of the next people.
pub(super) async fn step(step: &mut Step<'_>) -> Result<Option<Progress>, WorkError> {
    let work: SetWork = step.read()?;
    let now = step.pace.now;
    let filter = invited_behind(work.after)?;
    let attempt = async |mut unit: WriteUnit| -> Attempt<(u64, SetWork)> {
        let days = Settings::of(&unit.own_tenant().await?)?.sending.remind_after;
        let page = Page { start_index: 1, count: step.pace.batch };
        let (_, users) = unit.users(Some(&filter), page).await?;
        let timers = users
            .iter()
            .filter_map(|user| remind::timer(&days, user.id, user.enrolment.steps.invitation_sent, now));
        unit.enqueue_all(timers.collect(), now).await?;
        let next = SetWork { after: users.last().map(|user| user.id).or(work.after) };
        step.save(&mut unit, &json!(next)).await?;
        Ok((unit, (users.len() as u64, next)))
    };
    let (people, next) = step.db.write(step.scope, attempt).await?.value;
    step.saved(json!(next));
    Ok((people > 0).then_some(Progress { people, refused: 0 }))
}

/// The people behind this one who may have been invited and have not finished; those who are suspended may come back.
fn invited_behind(after: Option<UserId>) -> Result<ResolvedFilter, Error> {
    let (pending, suspended) = (Status::Pending, Status::Suspended);
    let mut text = format!("({ENROLMENT}:status eq \"{pending}\" or {ENROLMENT}:status eq \"{suspended}\")");
    if let Some(after) = after {
        text = format!("id gt \"{after}\" and {text}");
    }
    let parsed = filter::parse(Registry::standard().user(), &text, FilterDialect::default());
    parsed.map(|(filter, _)| filter).map_err(|error| Error::Refused(error.to_string()))
}
