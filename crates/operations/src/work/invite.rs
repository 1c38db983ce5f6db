//! A person is owed an invitation: it waits for its turn, once.

use chrono::{DateTime, TimeDelta, Utc};
use letters::Kind;
use provisioning::{Enrolment, Entry, EntryKind, Subject, UserId};
use serde::Deserialize;
use serde_json::json;
use store::{MailQuery, MailState, NewJob, WriteUnit, job_kind};

use super::{Progress, Step, WorkError};
use crate::database::Attempt;
use crate::error::Error;
use crate::keys::Keys;
use crate::mail::{self, Writer, is_invitation};

/// An invitation that waited for longer than this is held for an operator: the person does not expect it any more.
const FRESH: TimeDelta = TimeDelta::days(7);

#[derive(Deserialize)]
struct Invite {
    /// The person; none once the invitation is written.
    user: Option<UserId>,
}

/// The job that invites a person, at an instant.
pub(crate) fn job(user: UserId, run_at: DateTime<Utc>) -> NewJob {
    let kind = job_kind::INVITATION.to_owned();
    let dedup = Some(format!("{kind}:{user}"));
    NewJob { kind, payload: json!({ "user": user }), run_at, dedup }
}

/// Has the invitation of a person wait who is still owed one.
pub(super) async fn step(step: &mut Step<'_>) -> Result<Option<Progress>, WorkError> {
    let Invite { user: Some(user) } = step.read()? else { return Ok(None) };
    let done = json!({ "user": null });
    let keys = step.db.keys(step.pace.now).await?;
    let late = step.due().is_some_and(|due| due + FRESH <= step.pace.now);
    let attempt = async |mut unit: WriteUnit| -> Attempt<()> {
        let enrolment = unit.lock_enrolment(user).await?;
        let owed = enrolment.filter(Enrolment::invitation_pending);
        if let Some(enrolment) = owed
            && !is_written(&unit, user).await?
        {
            invite(step, &mut unit, keys, user, (&enrolment, late)).await?;
        }
        step.save(&mut unit, &done).await?;
        Ok((unit, ()))
    };
    step.db.write(step.scope, attempt).await?;
    step.saved(done);
    Ok(Some(Progress::default()))
}

/// Has the invitation wait, or tells the journal why there is none.
async fn invite(
    step: &Step<'_>,
    unit: &mut WriteUnit,
    keys: &Keys,
    user: UserId,
    (enrolment, late): (&Enrolment, bool),
) -> Result<(), Error> {
    let now = step.pace.now;
    let Some(known) = unit.user(user).await? else { return Ok(()) };
    let writer = Writer::new(unit, keys, step.db.pages(), now).await?;
    let Some(to) = writer.recipient(user, &known.resource.document) else {
        let why = "No invitation can be sent: the person has no e-mail address.".to_owned();
        let entry = Entry::new(Subject::User(user), EntryKind::MailRefused, why);
        return Ok(unit.record([(&entry, &step.actor)], now).await?);
    };
    let kind = if enrolment.restore_owed { Kind::Return } else { Kind::Invitation };
    mail::wait(unit, &to, kind, (late, false), now).await
}

/// Whether an invitation of the person waits already.
async fn is_written(unit: &WriteUnit, user: UserId) -> Result<bool, Error> {
    for state in [MailState::Waiting, MailState::Queued, MailState::Held] {
        let query = MailQuery { user: Some(user), state: Some(state), most: 10, ..MailQuery::default() };
        if unit.mails(&query).await?.iter().any(|mail| is_invitation(&mail.kind)) {
            return Ok(true);
        }
    }
    Ok(false)
}
