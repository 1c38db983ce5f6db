//! A mail on its way: what is to be sent, and what became of it.

use chrono::{DateTime, TimeDelta, Utc};
use provisioning::{Enrolment, Entry, EntryKind, Status, Step, Subject, UserId};
use store::{Actor, Job, Mail, MailState, WriteUnit};
use uuid::Uuid;

use super::writing::send_job;
use super::{Sealed, is_invitation};
use crate::address;
use crate::database::{Attempt, Database};
use crate::error::Error;
use crate::events;
use crate::work::{let_leave, remind};

/// Mail that is older when it could be sent is held for an operator.
const FRESH: TimeDelta = TimeDelta::days(7);
/// How long sending is tried.
const PATIENCE: TimeDelta = TimeDelta::days(3);
/// The first pause between two attempts, which doubles.
const FIRST_PAUSE: TimeDelta = TimeDelta::seconds(60);
/// The longest pause between two attempts.
const LONGEST_PAUSE: TimeDelta = TimeDelta::hours(4);

/// A mail to send.
#[derive(Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// The id, which stays the same between attempts.
    pub id: Uuid,
    /// When it was written.
    pub date: DateTime<Utc>,
    /// The address.
    pub address: String,
    /// What the person is called.
    pub name: Option<String>,
    /// The language, such as `en`.
    pub language: String,
    /// The subject.
    pub subject: String,
    /// The text.
    pub text: String,
    /// The same as HTML.
    pub html: String,
}

impl std::fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Outgoing").field("id", &self.id).finish_non_exhaustive()
    }
}

/// What became of an attempt to send a mail; the sentences are what the mail server said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The mail server took it.
    Sent,
    /// The mail server refused it for good.
    Refused {
        /// What it said.
        said: String,
        /// Whether it refused the address, and not what the mail says.
        address: bool,
    },
    /// It may be taken later.
    Later(String),
    /// It is not tried any more, for a reason of ours.
    GivenUp(String),
}

/// The mail that a job is to send now; none where there is nothing to send any more. A mail that is of no use any more, or too
/// old to be sent without a question, is marked as such.
///
/// # Errors
/// What the database says.
pub async fn next(db: &Database, job: &Job, now: DateTime<Utc>) -> Result<Option<Outgoing>, Error> {
    let Some(id) = mail_of(job) else { return Ok(None) };
    let keys = db.keys(now).await?;
    let take = async |mut unit: WriteUnit| -> Attempt<Option<Mail>> {
        let Some(mut mail) = unit.lock_mail(id).await?.filter(|mail| mail.state == MailState::Queued) else {
            return Ok((unit, None));
        };
        let Some(state) = unfit(&unit, &mail, now).await? else { return Ok((unit, Some(mail))) };
        mail.state = state;
        if let Some(user) =
            mail.user.filter(|_| mail.kind == letters::Kind::Reminder.as_str() && !mail.by_hand)
            && let Some(known) = unit.user(user).await?.filter(|_| state == MailState::Withdrawn)
        {
            // The schedule goes on.
            remind::set(&mut unit, user, known.enrolment.steps.invitation_sent, now).await?;
        }
        unit.save_mail(&forgetting(mail)).await?;
        Ok((unit, None))
    };
    let Some(mail) = db.write(&job.scope, take).await?.value else { return Ok(None) };
    let sealed = mail.content.as_deref().and_then(|sealed| Sealed::open(keys, &job.scope, id, sealed));
    let Some(Sealed { language, name, subject, text, html }) = sealed else {
        let said = "what the mail says cannot be opened with the present master key".to_owned();
        record(db, job, &Fate::Refused { said, address: false }, now).await?;
        return Ok(None);
    };
    let (date, address) = (mail.since(), mail.recipient);
    Ok(Some(Outgoing { id, date, address, name, language, subject, text, html }))
}

/// What a mail becomes that is not to be sent now: nothing waits for it any more, or it is too old.
async fn unfit(unit: &WriteUnit, mail: &Mail, now: DateTime<Utc>) -> Result<Option<MailState>, Error> {
    if mail.expires_at.is_some_and(|at| at <= now) {
        return Ok(Some(MailState::Withdrawn));
    }
    if let Some(user) = mail.user.filter(|_| mail.kind != letters::Kind::Alert.as_str()) {
        let known = unit.user(user).await?;
        if !is_true_of(known.as_ref().map(|user| &user.enrolment), &mail.kind) {
            return Ok(Some(MailState::Withdrawn));
        }
        // Somebody else may read what comes to an address that the person has no more.
        let address = known.as_ref().map(|user| address::of(&user.resource.document).map(address::folded));
        if address.is_some_and(|at| at != Some(address::folded(&mail.recipient))) {
            return Ok(Some(MailState::Withdrawn));
        }
    }
    Ok((mail.attempts == 0 && mail.since() + FRESH <= now).then_some(MailState::Held))
}

/// Whether what a mail of this kind says is still true of its person, who may be gone: nobody is told of access that has ended
/// meanwhile, of an end that is none any more, or of steps that were taken.
fn is_true_of(enrolment: Option<&Enrolment>, kind: &str) -> bool {
    let has_access = enrolment.is_some_and(Enrolment::has_access);
    match kind.parse() {
        Ok(letters::Kind::Alert) => true,
        Ok(letters::Kind::Deactivated) => !has_access,
        Ok(letters::Kind::Invitation | letters::Kind::Return | letters::Kind::Reminder) => {
            enrolment.is_some_and(|enrolment| enrolment.status == Status::Pending)
        }
        Ok(letters::Kind::Code | letters::Kind::Test) | Err(_) => has_access,
    }
}

/// Records what became of an attempt to send the mail of a job, which is done then: another attempt has a job of its own.
///
/// # Errors
/// What the database says.
pub async fn record(db: &Database, job: &Job, fate: &Fate, now: DateTime<Utc>) -> Result<(), Error> {
    let Some(id) = mail_of(job) else { return Ok(()) };
    let actor = Actor::of_job(job);
    let record = async |mut unit: WriteUnit| -> Attempt<()> {
        // The person comes before the mail in the order of locks.
        let user = unit.mail(id).await?.and_then(|mail| mail.user);
        let enrolment = match user {
            Some(user) => unit.lock_enrolment(user).await?.map(|enrolment| (user, enrolment)),
            None => None,
        };
        // Mail that was called back while the mail server had it is answered all the same.
        let answered = |mail: &Mail| match mail.state {
            MailState::Queued => true,
            MailState::Waiting => !matches!(fate, Fate::Later(_) | Fate::GivenUp(_)),
            _ => false,
        };
        let Some(mut mail) = unit.lock_mail(id).await?.filter(answered) else { return Ok((unit, ())) };
        mail.attempts += u32::from(!matches!(fate, Fate::GivenUp(_)));
        match fate {
            Fate::Sent => {
                (mail.state, mail.sent_at, mail.said) = (MailState::Sent, Some(now), None);
                mail.answered_at = Some(now);
                if let Some((user, enrolment)) = enrolment.as_ref().filter(|_| is_invitation(&mail.kind))
                    && let Ok(next) = enrolment.complete(Step::InvitationSent, now)
                    && next != *enrolment
                    && next.status == Status::Pending
                {
                    unit.save_enrolment(*user, &next, now).await?;
                    unit.forget_reminders(*user).await?;
                    remind::set(&mut unit, *user, Some(now), now).await?;
                    let why = "The invitation was sent.".to_owned();
                    let entry = Entry::new(Subject::User(*user), EntryKind::StepTaken, why);
                    unit.record([(&entry, &actor)], now).await?;
                    let step = (*user, Step::InvitationSent);
                    events::step_taken(&mut unit, step, (enrolment, &next), &actor, now).await?;
                }
            }
            Fate::Refused { said, address } => {
                (mail.state, mail.said) = (MailState::Refused, Some(said.clone()));
                mail.address_refused = *address;
                mail.answered_at = Some(now);
                // It looks whether too much is refused.
                unit.enqueue(let_leave::job(now), now).await?;
                if let Some(user) = mail.user.filter(|_| mail.kind != letters::Kind::Alert.as_str()) {
                    let why = format!("The mail server refused the {}: {said}", mail.kind);
                    let entry = Entry::new(Subject::User(user), EntryKind::MailRefused, why);
                    unit.record([(&entry, &actor)], now).await?;
                }
            }
            Fate::Later(said) => {
                mail.said = Some(said.clone());
                let pause = FIRST_PAUSE * 2_i32.pow(mail.attempts.saturating_sub(1).min(10));
                let pause = pause.min(LONGEST_PAUSE);
                let ends = mail.expires_at.unwrap_or(DateTime::<Utc>::MAX_UTC).min(mail.since() + PATIENCE);
                if now + pause < ends {
                    let urgent = mail.kind == letters::Kind::Code.as_str();
                    unit.enqueue(send_job(id, urgent, now + pause), now).await?;
                } else {
                    mail.state = MailState::GivenUp;
                }
            }
            Fate::GivenUp(why) => (mail.state, mail.said) = (MailState::GivenUp, Some(why.clone())),
        }
        if let Some((user, enrolment)) = enrolment
            && mail.kind == letters::Kind::Reminder.as_str()
            && mail.state != MailState::Queued
        {
            reminder_ended(&mut unit, user, &enrolment, &mail, (&actor, now)).await?;
        }
        unit.save_mail(&forgetting(mail)).await?;
        Ok((unit, ()))
    };
    db.write(&job.scope, record).await.map(drop)
}

/// A reminder was sent, or cannot be: one that was sent counts, and the schedule goes on behind its own.
async fn reminder_ended(
    unit: &mut WriteUnit,
    user: UserId,
    enrolment: &Enrolment,
    mail: &Mail,
    (actor, now): (&Actor, DateTime<Utc>),
) -> Result<(), Error> {
    if mail.state == MailState::Sent {
        unit.count_reminder(user, now).await?;
        let why = "A reminder was sent.".to_owned();
        let entry = Entry::new(Subject::User(user), EntryKind::Reminded, why);
        unit.record([(&entry, actor)], now).await?;
    }
    if mail.by_hand {
        return Ok(());
    }
    remind::set(unit, user, enrolment.steps.invitation_sent, now).await
}

/// A code is of no use to a reader of the outbox once it was sent or cannot be.
fn forgetting(mail: Mail) -> Mail {
    let over = !matches!(mail.state, MailState::Queued | MailState::Held);
    if over && mail.kind == letters::Kind::Code.as_str() { Mail { content: None, ..mail } } else { mail }
}

fn mail_of(job: &Job) -> Option<Uuid> {
    job.payload.get("mail")?.as_str()?.parse().ok()
}
