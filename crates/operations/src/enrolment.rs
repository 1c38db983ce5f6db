//! A person's enrolment: steps that are reported, codes that are sent and checked, links that are followed.

use chrono::{DateTime, Utc};
use letters::Message;
use provisioning::code::{self, CheckRefused, SendRefused, SentCode};
use provisioning::{Enrolment, Entry, EntryKind, Status, Step, StepRefused, Subject, UserId};
use store::{Code, ReadUnit, WriteUnit, new_id};
use thiserror::Error as ThisError;

use crate::address;
use crate::database::{Attempt, Database};
use crate::error::Error;
use crate::events;
use crate::keys::Purpose;
use crate::mail::{self, Writer};
use crate::requester::Requester;

/// Why a person gets no further.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ThisError)]
pub enum Refused {
    /// There is no such person.
    #[error("there is no such person")]
    NoPerson,
    /// The person has no such device.
    #[error("the person has no such device")]
    NoDevice,
    /// The device was revoked.
    #[error("the device was revoked: register it under another reference once its user has signed in anew")]
    Revoked,
    /// The person has no access.
    #[error("the person has no access to the application: the enrolment is {0}")]
    NoAccess(Status),
    /// A step cannot be taken.
    #[error(transparent)]
    Step(StepRefused),
    /// There is no address to which a code could be sent.
    #[error("no code can be sent: the person has no e-mail address; the identity provider has to push one")]
    NoAddress,
    /// No code is sent now.
    #[error(transparent)]
    Send(SendRefused),
    /// What was typed has not six digits; it does not count as a try.
    #[error("a code has six digits")]
    NoCode,
    /// The code does not count.
    #[error(transparent)]
    Check(CheckRefused),
}

/// A code that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentTo {
    /// The address, most of it hidden.
    pub address: String,
    /// From when on the code is refused.
    pub expires_at: DateTime<Utc>,
}

/// Takes a step of the enrolment of a person; one that was taken before changes nothing.
///
/// # Errors
/// [`Refused`], or what the database says.
pub async fn take(
    db: &Database,
    requester: &Requester,
    user: UserId,
    step: Step,
) -> Result<Enrolment, Error> {
    let take = async |mut unit: WriteUnit| -> Attempt<Enrolment> {
        let enrolment = unit.lock_enrolment(user).await?.ok_or(Refused::NoPerson)?;
        let next = taken(requester, &mut unit, user, &enrolment, step).await?;
        Ok((unit, next))
    };
    Ok(db.write(&requester.scope, take).await?.value)
}

/// Takes a step in a unit that has locked the enrolment.
pub(crate) async fn taken(
    requester: &Requester,
    unit: &mut WriteUnit,
    user: UserId,
    enrolment: &Enrolment,
    step: Step,
) -> Result<Enrolment, Error> {
    let now = requester.now;
    let next = enrolment.complete(step, now).map_err(|refused| match refused {
        StepRefused::NoAccess { status, .. } => Refused::NoAccess(status),
        other @ StepRefused::NothingToRestore => Refused::Step(other),
    })?;
    if next == *enrolment {
        return Ok(next);
    }
    unit.save_enrolment(user, &next, now).await?;
    let why = format!("The step “{step}” was taken.");
    let mut entries = vec![Entry::new(Subject::User(user), EntryKind::StepTaken, why)];
    if next.status != enrolment.status {
        let why = "Every step of the enrolment was taken: the person is active.".to_owned();
        entries.push(Entry::new(Subject::User(user), EntryKind::Activated, why));
    }
    unit.record(entries.iter().map(|entry| (entry, &requester.actor)), now).await?;
    events::step_taken(unit, (user, step), (enrolment, &next), &requester.actor, now).await?;
    Ok(next)
}

/// Sends a code to the address of a person; `device` is the name of the device that asks, for the mail.
///
/// # Errors
/// [`Refused`], or what the database says.
pub async fn send_code(
    db: &Database,
    requester: &Requester,
    user: UserId,
    device: Option<&str>,
) -> Result<SentTo, Error> {
    let (now, keys) = (requester.now, db.keys(requester.now).await?);
    let plain = new_code();
    let send = async |mut unit: WriteUnit| -> Attempt<SentTo> {
        let enrolment = unit.lock_enrolment(user).await?.ok_or(Refused::NoPerson)?;
        if !enrolment.has_access() {
            return Err(Refused::NoAccess(enrolment.status).into());
        }
        let known = unit.user(user).await?.ok_or(Refused::NoPerson)?;
        let writer = Writer::new(&unit, keys, db.pages(), now).await?;
        let to = writer.recipient(user, &known.resource.document).ok_or(Refused::NoAddress)?;
        let sent: Vec<SentCode> = unit.codes(user).await?.iter().map(sent).collect();
        code::may_send(&sent, now).map_err(Refused::Send)?;
        unit.end_codes(user).await?;
        let about = about(&unit, user, &to.address);
        let kept = Code {
            id: new_id(now),
            hash: keys.hash(Purpose::Code, &about, plain.as_bytes()),
            created_at: now,
            tries_left: code::TRIES,
        };
        unit.insert_code(user, &kept, now - code::DAY).await?;
        let expires_at = now + code::LIFE;
        let minutes = u32::try_from(code::LIFE.num_minutes()).unwrap_or(0);
        let device = device.map(str::to_owned);
        let message = Message::Code(letters::Code { code: plain.clone(), minutes, device });
        mail::write(&mut unit, &writer, &to, message, Some(expires_at)).await?;
        let why = "A verification code was written.".to_owned();
        let entry = Entry::new(Subject::User(user), EntryKind::CodeSent, why);
        unit.record([(&entry, &requester.actor)], now).await?;
        Ok((unit, SentTo { address: address::masked(&to.address), expires_at }))
    };
    Ok(db.write(&requester.scope, send).await?.value)
}

/// Checks the code that a person typed; the right one verifies the address. A wrong one counts.
///
/// # Errors
/// [`Refused`], or what the database says.
pub async fn check_code(
    db: &Database,
    requester: &Requester,
    user: UserId,
    typed: &str,
) -> Result<Enrolment, Error> {
    let digits = code::digits(typed).ok_or(Refused::NoCode)?;
    let keys = db.keys(requester.now).await?;
    let check = async |mut unit: WriteUnit| -> Attempt<Result<Enrolment, Refused>> {
        let enrolment = unit.lock_enrolment(user).await?.ok_or(Refused::NoPerson)?;
        if !enrolment.has_access() {
            return Err(Refused::NoAccess(enrolment.status).into());
        }
        let known = unit.user(user).await?.ok_or(Refused::NoPerson)?;
        // A code that went to another address is none.
        let about = about(&unit, user, address::of(&known.resource.document).unwrap_or_default());
        let last = unit.codes(user).await?.into_iter().next();
        let matches = last
            .as_ref()
            .is_some_and(|code| keys.is_hash_of(Purpose::Code, &about, digits.as_bytes(), &code.hash));
        let (left, outcome) = code::attempt(last.as_ref().map(sent), matches, requester.now);
        if let Some(code) = last.filter(|code| code.tries_left != left) {
            unit.save_tries(user, code.id, left).await?;
        }
        // A wrong try is remembered, so the unit is kept whatever comes of it.
        let outcome = match outcome {
            Ok(()) => Ok(taken(requester, &mut unit, user, &enrolment, Step::EmailVerified).await?),
            Err(refused) => Err(Refused::Check(refused)),
        };
        Ok((unit, outcome))
    };
    Ok(db.write(&requester.scope, check).await?.value?)
}

/// What a code is about: it counts for one person at one address.
fn about(unit: &ReadUnit, user: UserId, address: &str) -> Vec<u8> {
    let (tenant, user) = (unit.scope().tenant_id().uuid(), user.uuid());
    [tenant.as_bytes(), &user.as_bytes()[..], address::folded(address).as_bytes()].concat()
}

pub(crate) fn sent(code: &Code) -> SentCode {
    SentCode { at: code.created_at, tries_left: code.tries_left }
}

/// Six random digits.
fn new_code() -> String {
    format!("{:06}", rand::random_range(0..1_000_000_u32))
}
