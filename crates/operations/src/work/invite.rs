//! A person is owed an invitation: it waits for its turn, once, and again when the person has another address.

use chrono::{DateTime, TimeDelta, Utc};
use letters::Kind;
use provisioning::{Enrolment, Entry, EntryKind, Invitations, Status, Subject, UserId};
use scim::Object;
use serde::Deserialize;
use serde_json::json;
use store::{Mail, MailQuery, MailState, NewJob, WriteUnit, job_kind};

use super::{Progress, Step, WorkError};
use crate::address;
use crate::database::Attempt;
use crate::error::Error;
use crate::keys::Keys;
use crate::mail::{self, Writer, is_invitation};
use crate::requester::Requester;

/// An invitation that waited for longer than this is held for an operator: the person does not expect it any more.
const FRESH: TimeDelta = TimeDelta::days(7);
/// Of how much mail to a person invitations are looked for.
const LATEST: u64 = 200;

#[derive(Deserialize)]
struct Invite {
    /// The person; none once the invitation is written.
    user: Option<UserId>,
}

/// The job that invites a person, at an instant.
pub(crate) fn job(user: UserId, run_at: DateTime<Utc>) -> NewJob {
    let kind = job_kind::INVITATION.to_owned();
    let dedup = Some(key(user));
    NewJob { kind, payload: json!({ "user": user }), run_at, dedup }
}

/// The key of the job.
fn key(user: UserId) -> String {
    format!("{}:{user}", job_kind::INVITATION)
}

/// How invitations wait that leave with the word of an administrator or not at all: whether those wait, too, that an
/// administrator let go. None where they leave by themselves.
pub(crate) const fn kept_back(how: Invitations) -> Option<bool> {
    match how {
        Invitations::AtOnce | Invitations::Waves => None,
        Invitations::Release => Some(false),
        Invitations::Never => Some(true),
    }
}

/// The connection of people is being deleted: invitations that it kept back are withdrawn, because nothing else would.
pub(crate) async fn withdraw(unit: &mut WriteUnit, how: Invitations, people: &[UserId]) -> Result<(), Error> {
    let Some(released) = kept_back(how) else { return Ok(()) };
    let keys: Vec<String> = people.iter().map(|user| key(*user)).collect();
    unit.withdraw_jobs(&keys).await?;
    Ok(unit.withdraw_invitations(people, released).await?)
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
    mail::wait(unit, &to, kind(enrolment), (late, false), now).await
}

/// The kind of a person's invitation.
pub(crate) const fn kind(enrolment: &Enrolment) -> Kind {
    if enrolment.restore_owed { Kind::Return } else { Kind::Invitation }
}

/// A person has another address: an invitation on its way to the one before is withdrawn, and one that was sent elsewhere is
/// owed again. Says whether the enrolment is another now.
pub(crate) async fn follow_address(
    unit: &mut WriteUnit,
    requester: &Requester,
    user: UserId,
    (before, after): (&Object, &Object),
) -> Result<bool, Error> {
    let Some(to) = address::of(after).map(address::folded) else { return Ok(false) };
    let is_here = |other: &str| address::folded(other) == to;
    if address::of(before).is_some_and(is_here) {
        return Ok(false);
    }
    let enrolment = unit.lock_enrolment(user).await?;
    let invited = |known: &Enrolment| known.status == Status::Pending && !known.steps.invited_by_application;
    let Some(enrolment) = enrolment.filter(invited) else { return Ok(false) };
    for mail in invitations(unit, user, MailState::Queued).await? {
        if !is_here(&mail.recipient) {
            unit.save_mail(&Mail { state: MailState::Withdrawn, ..mail }).await?;
        }
    }
    let now = requester.now;
    let sent = invitations(unit, user, MailState::Sent).await?;
    let sent_here = sent.first().is_some_and(|mail| is_here(&mail.recipient));
    let owed_again = enrolment.steps.invitation_sent.is_some() && !sent_here;
    if owed_again {
        unit.save_enrolment(user, &enrolment.uninvited(), now).await?;
        let why = "The invitation is owed again because it was sent to another address.".to_owned();
        let entry = Entry::new(Subject::User(user), EntryKind::InvitationOwed, why);
        unit.record([(&entry, &requester.actor)], now).await?;
    }
    if owed_again || enrolment.invitation_pending() {
        let known = unit.facts(&[user], &[], now).await?.people.pop();
        let delay = known.map_or(TimeDelta::zero(), |person| person.policy.invitation_delay);
        unit.enqueue(job(user, now + delay), now).await?;
    }
    Ok(owed_again)
}

/// Whether an invitation of the person waits already.
async fn is_written(unit: &WriteUnit, user: UserId) -> Result<bool, Error> {
    for state in [MailState::Waiting, MailState::Queued, MailState::Held] {
        if !invitations(unit, user, state).await?.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The invitations of a person of a state among the latest mail, the latest first.
async fn invitations(unit: &WriteUnit, user: UserId, state: MailState) -> Result<Vec<Mail>, Error> {
    let query = MailQuery { user: Some(user), state: Some(state), most: LATEST, ..MailQuery::default() };
    let mails = unit.mails(&query).await?.into_iter();
    Ok(mails.filter(|mail| is_invitation(&mail.kind)).collect())
}
