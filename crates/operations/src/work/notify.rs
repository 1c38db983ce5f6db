//! A person whose access has ended for good is told, where the tenant wants that.

use chrono::{DateTime, Utc};
use letters::{Deactivated, Message};
use provisioning::{Enrolment, UserId};
use serde::Deserialize;
use serde_json::json;
use store::{NewJob, WriteUnit};

use super::{Progress, Step, WorkError};
use crate::database::Attempt;
use crate::mail::{self, Writer};

pub(crate) const KIND: &str = "deactivation-notice";

#[derive(Deserialize)]
struct Notice {
    /// The person; none once the notice is written.
    user: Option<UserId>,
}

/// The job that tells a person.
pub(crate) fn job(user: UserId, now: DateTime<Utc>) -> NewJob {
    let dedup = Some(format!("{KIND}:{user}"));
    NewJob { kind: KIND.to_owned(), payload: json!({ "user": user }), run_at: now, dedup }
}

/// Whether the person had heard of the application.
fn had_heard(enrolment: &Enrolment) -> bool {
    let steps = &enrolment.steps;
    steps.invitation_sent.is_some() || steps.invited_by_application
}

/// Writes the notice, unless the person has access again.
pub(super) async fn step(step: &mut Step<'_>) -> Result<Option<Progress>, WorkError> {
    let Notice { user: Some(user) } = step.read()? else { return Ok(None) };
    let (now, done) = (step.pace.now, json!({ "user": null }));
    let keys = step.db.keys(now).await?;
    let attempt = async |mut unit: WriteUnit| -> Attempt<()> {
        let enrolment = unit.lock_enrolment(user).await?;
        let test_user = unit.marks(&[user]).await?.get(&user).is_some_and(|marks| marks.test_user);
        let ended = |it: &Enrolment| !it.has_access() && it.resumes.is_none() && had_heard(it);
        let over = enrolment.filter(|it| ended(it) && !test_user);
        if let (Some(enrolment), Some(known)) = (over, unit.user(user).await?) {
            let writer = Writer::new(&unit, keys, step.db.pages(), now).await?;
            if let Some(to) = writer.recipient(user, &known.resource.document) {
                let ended_on = writer.day(enrolment.since.unwrap_or(now));
                let message = Message::Deactivated(Deactivated { ended_on });
                mail::write(&mut unit, &writer, &to, message, None).await?;
            }
        }
        step.save(&mut unit, &done).await?;
        Ok((unit, ()))
    };
    step.db.write(step.scope, attempt).await?;
    step.saved(done);
    Ok(Some(Progress::default()))
}
