//! The schedule of reminders: a timer for each person, set when the invitation or the reminder before was sent, or when
//! the schedule became another.

use chrono::{DateTime, Utc};
use letters::Kind;
use provisioning::UserId;
use provisioning::reminder::{self, Ring};
use serde::Deserialize;
use serde_json::json;
use store::{NewJob, WriteUnit};

use super::{Progress, Step, WorkError};
use crate::database::Attempt;
use crate::error::Error;
use crate::mail::{self, Writer};
use crate::reminders::reminded;
use crate::tenants::Settings;

pub(crate) const KIND: &str = "remind";

#[derive(Deserialize)]
struct Timer {
    /// The person; none once the timer has rung.
    user: Option<UserId>,
    /// When the timer was set.
    set: DateTime<Utc>,
}

/// Sets the timer of a person, for the next reminder that the tenant's schedule has behind `now`.
pub(crate) async fn set(
    unit: &mut WriteUnit,
    user: UserId,
    invited: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let days = Settings::of(&unit.own_tenant().await?)?.sending.remind_after;
    let Some(timer) = timer(&days, user, invited, now) else { return Ok(()) };
    Ok(unit.enqueue(timer, now).await?)
}

/// The timer of a person, for the next reminder that a schedule has behind `now`.
pub(super) fn timer(
    days: &[u32],
    user: UserId,
    invited: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Option<NewJob> {
    reminder::next(days, invited?, now).map(|at| job(user, now, at))
}

fn job(user: UserId, set: DateTime<Utc>, run_at: DateTime<Utc>) -> NewJob {
    let dedup = Some(format!("{KIND}:{user}"));
    NewJob { kind: KIND.to_owned(), payload: json!({ "user": user, "set": set }), run_at, dedup }
}

/// The timer rings: the person is reminded, or nothing happens, because there is no need to.
pub(super) async fn step(step: &mut Step<'_>) -> Result<Option<Progress>, WorkError> {
    let Timer { user: Some(user), set } = step.read()? else { return Ok(None) };
    let (now, done) = (step.pace.now, json!({ "user": null, "set": set }));
    let keys = step.db.keys(now).await?;
    let attempt = async |mut unit: WriteUnit| -> Attempt<()> {
        let enrolment = unit.lock_enrolment(user).await?;
        let known = unit.user(user).await?;
        if let (Some(enrolment), Some(known)) = (enrolment, known) {
            let writer = Writer::new(&unit, keys, step.db.pages(), now).await?;
            let to = writer.recipient(user, &known.resource.document);
            let address = to.as_ref().map(|to| to.address.as_str());
            let reminded = reminded(&unit, &[(user, address)], |known| known.on_its_way)
                .await?
                .pop()
                .unwrap_or_default();
            let days = &writer.settings.sending.remind_after;
            match (reminder::ring(days, &enrolment, &reminded, set, now), to) {
                (Ring::Remind, Some(to)) => {
                    mail::wait(&mut unit, &to, Kind::Reminder, (false, false), now).await?;
                }
                (Ring::Wait(at), _) => unit.enqueue(job(user, now, at), now).await?,
                (Ring::Remind, None) | (Ring::End, _) => {}
            }
        }
        step.save(&mut unit, &done).await?;
        Ok((unit, ()))
    };
    step.db.write(step.scope, attempt).await?;
    step.saved(done);
    Ok(Some(Progress::default()))
}
