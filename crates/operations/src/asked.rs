//! Mail to people that an administrator asks for, a reminder or the invitation again: for one person or for many, with a
//! preview of how many they are and why others are left out.

use chrono::{DateTime, TimeDelta, Utc};
use letters::Kind;
use provisioning::reminder::{LeftOut, may_invite, may_remind};
use provisioning::{Entry, EntryKind, Subject, UserId};
use serde::Serialize;
use store::{ReadUnit, Reminders, TenantScope, User, Wanted, WriteUnit};

use crate::address;
use crate::database::{Attempt, Database};
use crate::directory::{self, Part};
use crate::error::Error;
use crate::mail::{self, Writer};
use crate::reminders::reminded;
use crate::requester::Operator;
use crate::rights::Right;
use crate::work::invite;

/// People of whom one unit looks at.
const BATCH: usize = 100;
/// Names of people who are left out for one reason.
const NAMES: usize = 5;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    /// A reminder, unless there was one within this time.
    Reminder { pause: TimeDelta },
    /// The invitation again.
    Invitation,
}

/// What a command for many comes to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Concerned {
    /// People who were looked at.
    pub people: u64,
    /// Those to whom it is sent, or would be.
    pub sent: u64,
    /// Those who are left out, by reason.
    pub left_out: Vec<Omitted>,
}

/// People who are left out for one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Omitted {
    /// The reason, as a word.
    pub reason: &'static str,
    /// The reason, in plain words.
    pub why: &'static str,
    /// How many they are.
    pub people: u64,
    /// The first of them.
    pub first: Vec<String>,
}

impl Wish {
    /// Why people are left out, in words that read on from “because”.
    const fn why(self, reason: LeftOut) -> &'static str {
        match (reason, self) {
            (LeftOut::NoAccess, _) => "they have no access",
            (LeftOut::Active, _) => "they have finished",
            (LeftOut::NotInvited, _) => "no invitation was sent yet",
            (LeftOut::ByApplication, _) => "the application invites them",
            (LeftOut::NoAddress, _) => "they have no e-mail address",
            (LeftOut::AddressRefused, _) => "the mail server refused their address for good",
            (LeftOut::OnItsWay, Self::Reminder { .. }) => "a reminder is on its way",
            (LeftOut::OnItsWay, Self::Invitation) => "an invitation is on its way",
            (LeftOut::RemindedJustNow, _) => "they were reminded a short while ago",
        }
    }

    /// What happens to people, in words that read on from “is”.
    const fn verb(self) -> &'static str {
        match self {
            Self::Reminder { .. } => "reminded",
            Self::Invitation => "invited again",
        }
    }

    /// What the journal says of a person for whom it is asked.
    fn entry(self, user: UserId) -> Entry {
        let (kind, why) = match self {
            Self::Reminder { .. } => (EntryKind::ReminderAsked, "An administrator asked for a reminder."),
            Self::Invitation => (EntryKind::InvitationOwed, "An administrator asked for an invitation."),
        };
        Entry::new(Subject::User(user), kind, why.to_owned())
    }

    /// The kind of the mail to a person.
    fn kind(self, user: &User) -> Kind {
        match self {
            Self::Reminder { .. } => Kind::Reminder,
            Self::Invitation => invite::kind(&user.enrolment),
        }
    }
}

impl Concerned {
    fn add(&mut self, name: &str, wish: Wish, judged: Result<(), LeftOut>) {
        self.people += 1;
        let Err(reason) = judged else {
            self.sent += 1;
            return;
        };
        if !self.left_out.iter().any(|known| known.reason == reason.as_str()) {
            let (reason, why) = (reason.as_str(), wish.why(reason));
            self.left_out.push(Omitted { reason, why, people: 0, first: Vec::new() });
        }
        if let Some(omitted) = self.left_out.iter_mut().find(|known| known.reason == reason.as_str()) {
            omitted.people += 1;
            if omitted.first.len() < NAMES {
                omitted.first.push(name.to_owned());
            }
        }
    }

    fn merge(&mut self, other: Self) {
        self.people += other.people;
        self.sent += other.sent;
        for omitted in other.left_out {
            match self.left_out.iter_mut().find(|known| known.reason == omitted.reason) {
                Some(known) => {
                    known.people += omitted.people;
                    known.first.extend(omitted.first);
                    known.first.truncate(NAMES);
                }
                None => self.left_out.push(omitted),
            }
        }
    }
}

/// Whether it may be sent to each of these people.
async fn judge(
    unit: &ReadUnit,
    users: &[User],
    wish: Wish,
    now: DateTime<Utc>,
) -> Result<Vec<Result<(), LeftOut>>, Error> {
    let people: Vec<_> = users.iter().map(|user| (user.id, address::of(&user.resource.document))).collect();
    let on_its_way = match wish {
        Wish::Reminder { .. } => |known: &Reminders| known.on_its_way,
        Wish::Invitation => |known: &Reminders| known.invitation_on_its_way,
    };
    let reminded = reminded(unit, &people, on_its_way).await?;
    let judged = users.iter().zip(reminded).map(|(user, reminded)| match wish {
        Wish::Reminder { pause } => may_remind(&user.enrolment, &reminded, pause, now),
        Wish::Invitation => may_invite(&user.enrolment, &reminded),
    });
    Ok(judged.collect())
}

/// Sends it to one person, by id or `userName`.
///
/// # Errors
/// [`Error`] if there is no such person, or why it cannot be sent.
pub(crate) async fn send_one(
    db: &Database,
    operator: &Operator,
    user: &str,
    wish: Wish,
) -> Result<(), Error> {
    let (scope, user) = db.user(operator, user).await?;
    let concerned = send_to(db, operator, &scope, (&[user.id], wish)).await?;
    match concerned.left_out.first() {
        Some(omitted) => {
            let (name, verb, why) = (user.user_name(), wish.verb(), omitted.why);
            Err(Error::Refused(format!("{name} is not {verb} because {why}")))
        }
        None => Ok(()),
    }
}

/// Sends it to the people of a tenant who are meant and need it, however many; with `preview`, only says who they would be.
///
/// # Errors
/// [`Error`] if there is no such tenant, or the filter cannot be used.
pub(crate) async fn send(
    db: &Database,
    operator: &Operator,
    tenant: &str,
    (part, wish): (Part, Wish),
    preview: bool,
) -> Result<Concerned, Error> {
    let (scope, _) = db.tenant(tenant).await?;
    let unit = db.read(&scope).await?;
    let part = Part { start: 1, count: u32::MAX.into(), ..part };
    let mut listing = directory::listing(&unit, &part, Wanted::default()).await?;
    let (mut ids, mut concerned) = (Vec::new(), Concerned::default());
    while let Some(portion) = listing.next().await? {
        let users: Vec<User> = portion.into_iter().map(|(user, _)| user).collect();
        if preview {
            let judged = judge(&unit, &users, wish, operator.now).await?;
            users.iter().zip(judged).for_each(|(user, judged)| concerned.add(user.user_name(), wish, judged));
        } else {
            ids.extend(users.iter().map(|user| user.id));
        }
    }
    drop(listing);
    drop(unit);
    for batch in ids.chunks(BATCH) {
        concerned.merge(send_to(db, operator, &scope, (batch, wish)).await?);
    }
    Ok(concerned)
}

/// Sends it to these people, who are in the order of ids, in one unit.
async fn send_to(
    db: &Database,
    operator: &Operator,
    scope: &TenantScope,
    (people, wish): (&[UserId], Wish),
) -> Result<Concerned, Error> {
    let now = operator.now;
    let keys = db.keys(now).await?;
    let send = async |mut unit: WriteUnit| -> Attempt<Concerned> {
        let mut concerned = Concerned::default();
        for user in people {
            unit.lock_enrolment(*user).await?;
        }
        let users = unit.users_among(people).await?;
        let judged = judge(&unit, &users, wish, now).await?;
        let writer = Writer::new(&unit, keys, db.pages(), now).await?;
        let mut entries = Vec::new();
        for (user, judged) in users.iter().zip(judged) {
            concerned.add(user.user_name(), wish, judged);
            let to = writer.recipient(user.id, &user.resource.document);
            if let Some(to) = to.filter(|_| judged.is_ok()) {
                mail::wait(&mut unit, &to, wish.kind(user), (false, true), now).await?;
                entries.push(wish.entry(user.id));
            }
        }
        let actor = operator.actor(Right::Remind)?;
        unit.record(entries.iter().map(|entry| (entry, &actor)), now).await?;
        Ok((unit, concerned))
    };
    Ok(db.write(scope, send).await?.value)
}
