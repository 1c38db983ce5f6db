//! Reminders by hand: for one person or for many, with a preview of how many they are and why others are left out.

use chrono::{DateTime, TimeDelta, Utc};
use letters::Kind;
use provisioning::reminder::{LeftOut, Reminded, may_remind};
use provisioning::{Entry, EntryKind, Status, Step, Subject, UserId};
use scim::schema::ENROLMENT;
use serde::Serialize;
use store::{ReadUnit, ReminderCount, TenantScope, User, Wanted, WriteUnit};

use crate::address;
use crate::database::{Attempt, Database};
use crate::directory::{self, Listed, Part};
use crate::error::Error;
use crate::mail::{self, Writer};
use crate::requester::Operator;

/// People of whom one unit looks at.
const BATCH: usize = 100;
/// Names of people who are left out for one reason.
const NAMES: usize = 5;

/// Whom a command reminds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Whom {
    /// Those of this SCIM filter.
    pub filter: Option<String>,
    /// Those who got so many reminders: `0`, `1`, `2`, or `3+` for three or more.
    pub reminders: Option<String>,
    /// None who was reminded less than so many hours ago.
    pub pause_hours: u32,
}

/// What a command for many comes to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Concerned {
    /// People who were looked at.
    pub people: u64,
    /// Those who are reminded.
    pub reminded: u64,
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

/// A person who has not finished.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Unfinished {
    /// The id.
    pub id: UserId,
    /// The `userName`.
    pub user_name: String,
    /// When the invitation was sent.
    pub invited_at: Option<DateTime<Utc>>,
    /// The next step.
    pub next_step: Option<Step>,
    /// How many reminders were sent since.
    pub reminders: u64,
    /// When the last one was sent.
    pub reminded_at: Option<DateTime<Utc>>,
}

/// Why people are not reminded, in words that read on from “because”.
const fn why(reason: LeftOut) -> &'static str {
    match reason {
        LeftOut::NoAccess => "they have no access",
        LeftOut::Active => "they have finished",
        LeftOut::NotInvited => "no invitation was sent yet",
        LeftOut::NoAddress => "they have no e-mail address",
        LeftOut::AddressRefused => "the mail server refused their address for good",
        LeftOut::OnItsWay => "a reminder is on its way",
        LeftOut::RemindedJustNow => "they were reminded a short while ago",
    }
}

impl Concerned {
    fn add(&mut self, name: &str, judged: Result<(), LeftOut>) {
        self.people += 1;
        let Err(reason) = judged else {
            self.reminded += 1;
            return;
        };
        if !self.left_out.iter().any(|known| known.reason == reason.as_str()) {
            let (reason, why) = (reason.as_str(), why(reason));
            self.left_out.push(Omitted { reason, why, people: 0, first: Vec::new() });
        }
        if let Some(omitted) = self.left_out.iter_mut().find(|known| known.reason == reason.as_str()) {
            omitted.people += 1;
            if omitted.first.len() < NAMES {
                omitted.first.push(name.to_owned());
            }
        }
    }
}

/// How many reminders a list is about, such as `2` or `3+`.
pub(crate) fn count(text: &str) -> Result<ReminderCount, Error> {
    let parsed = match text.strip_suffix('+') {
        Some(least) => least.parse().map(ReminderCount::AtLeast),
        None => text.parse().map(ReminderCount::Exactly),
    };
    parsed.map_err(|_| {
        Error::Refused(format!(
            "\"{text}\" is no number of reminders: write 0, 1, 2, or 3+ for three or more"
        ))
    })
}

/// What counts for reminders of these people at their addresses, in their order.
pub(crate) async fn reminded(
    unit: &ReadUnit,
    people: &[(UserId, Option<&str>)],
) -> Result<Vec<Reminded>, Error> {
    let ids: Vec<UserId> = people.iter().map(|(user, _)| *user).collect();
    let (reminders, refused) = (unit.reminders(&ids).await?, unit.refused_addresses(&ids).await?);
    let of = |(user, at): &(UserId, Option<&str>)| {
        let known = reminders.get(user).copied().unwrap_or_default();
        let at = at.map(address::folded);
        let refused = refused.get(user).is_some_and(|all| {
            all.iter().any(|one| at.as_deref().is_some_and(|at| address::folded(one) == at))
        });
        Reminded { address: at.is_some(), refused, on_its_way: known.on_its_way, last: known.last }
    };
    Ok(people.iter().map(of).collect())
}

/// Whether each of these people may be reminded.
async fn judge(
    unit: &ReadUnit,
    users: &[User],
    pause: TimeDelta,
    now: DateTime<Utc>,
) -> Result<Vec<Result<(), LeftOut>>, Error> {
    let people: Vec<_> = users.iter().map(|user| (user.id, address::of(&user.resource.document))).collect();
    let reminded = reminded(unit, &people).await?;
    let judged = users.iter().zip(reminded);
    Ok(judged.map(|(user, reminded)| may_remind(&user.enrolment, &reminded, pause, now)).collect())
}

/// Reminds one person, by id or `userName`.
///
/// # Errors
/// [`Error`] if there is no such person, or why the person cannot be reminded.
pub async fn send_one(db: &Database, operator: &Operator, user: &str, pause_hours: u32) -> Result<(), Error> {
    let (scope, user) = db.user(operator, user).await?;
    let pause = TimeDelta::hours(pause_hours.into());
    let concerned = send_to(db, operator, &scope, (&[user.id], pause)).await?;
    match concerned.left_out.first() {
        Some(omitted) => {
            let (name, why) = (user.user_name(), omitted.why);
            Err(Error::Refused(format!("{name} is not reminded because {why}")))
        }
        None => Ok(()),
    }
}

/// Reminds the people of a tenant who are meant and need it; with `preview`, only says who they would be.
///
/// # Errors
/// [`Error`] if there is no such tenant, or the filter cannot be used.
pub async fn send(
    db: &Database,
    operator: &Operator,
    tenant: &str,
    whom: &Whom,
    preview: bool,
) -> Result<Concerned, Error> {
    let (scope, _) = db.tenant(tenant).await?;
    let pause = TimeDelta::hours(whom.pause_hours.into());
    let unit = db.read(&scope).await?;
    let part = Part {
        filter: whom.filter.clone(),
        reminders: whom.reminders.clone(),
        start: 1,
        count: u32::MAX.into(),
    };
    let mut listing = directory::listing(&unit, &part, Wanted::default()).await?;
    let (mut ids, mut concerned) = (Vec::new(), Concerned::default());
    while let Some(portion) = listing.next().await? {
        let users: Vec<User> = portion.into_iter().map(|(user, _)| user).collect();
        if preview {
            let judged = judge(&unit, &users, pause, operator.now).await?;
            users.iter().zip(judged).for_each(|(user, judged)| concerned.add(user.user_name(), judged));
        } else {
            ids.extend(users.iter().map(|user| user.id));
        }
    }
    drop(listing);
    drop(unit);
    for batch in ids.chunks(BATCH) {
        let some = send_to(db, operator, &scope, (batch, pause)).await?;
        concerned.people += some.people;
        concerned.reminded += some.reminded;
        for omitted in some.left_out {
            match concerned.left_out.iter_mut().find(|known| known.reason == omitted.reason) {
                Some(known) => {
                    known.people += omitted.people;
                    known.first.extend(omitted.first);
                    known.first.truncate(NAMES);
                }
                None => concerned.left_out.push(omitted),
            }
        }
    }
    Ok(concerned)
}

/// Reminds these people, who are in the order of ids, in one unit.
async fn send_to(
    db: &Database,
    operator: &Operator,
    scope: &TenantScope,
    (people, pause): (&[UserId], TimeDelta),
) -> Result<Concerned, Error> {
    let now = operator.now;
    let keys = db.keys(now).await?;
    let send = async |mut unit: WriteUnit| -> Attempt<Concerned> {
        let mut concerned = Concerned::default();
        for user in people {
            unit.lock_enrolment(*user).await?;
        }
        let users = unit.users_among(people).await?;
        let judged = judge(&unit, &users, pause, now).await?;
        let writer = Writer::new(&unit, keys, db.pages(), now).await?;
        let mut entries = Vec::new();
        for (user, judged) in users.iter().zip(judged) {
            concerned.add(user.user_name(), judged);
            let to = writer.recipient(user.id, &user.resource.document);
            if let Some(to) = to.filter(|_| judged.is_ok()) {
                mail::wait(&mut unit, &to, Kind::Reminder, (false, true), now).await?;
                let why = "An administrator asked for a reminder.".to_owned();
                entries.push(Entry::new(Subject::User(user.id), EntryKind::ReminderAsked, why));
            }
        }
        let actor = operator.actor();
        unit.record(entries.iter().map(|entry| (entry, &actor)), now).await?;
        Ok((unit, concerned))
    };
    Ok(db.write(scope, send).await?.value)
}

/// The people of a tenant who have access and have not finished, with the reminders that they got.
///
/// # Errors
/// [`Error`] if there is no such tenant, or the filter cannot be used.
pub async fn list(db: &Database, tenant: &str, part: &Part) -> Result<Listed<Unfinished>, Error> {
    let (scope, _) = db.tenant(tenant).await?;
    // The filter of the caller is looked at by itself first, so that its errors are about what was written.
    directory::parsed_users(part)?;
    let pending = format!("{ENROLMENT}:status eq \"{}\"", Status::Pending);
    let filter = match &part.filter {
        Some(filter) => format!("({filter}) and {pending}"),
        None => pending,
    };
    let part = Part { filter: Some(filter), ..part.clone() };
    let unit = db.read(&scope).await?;
    let mut listing = directory::listing(&unit, &part, Wanted::default()).await?;
    let mut items = Vec::new();
    while let Some(portion) = listing.next().await? {
        let ids: Vec<UserId> = portion.iter().map(|(user, _)| user.id).collect();
        let reminders = unit.reminders(&ids).await?;
        items.extend(portion.into_iter().map(|(user, _)| {
            let known = reminders.get(&user.id).copied().unwrap_or_default();
            Unfinished {
                id: user.id,
                user_name: user.user_name().to_owned(),
                invited_at: user.enrolment.steps.invitation_sent,
                next_step: user.enrolment.missing_steps().first().copied(),
                reminders: known.sent,
                reminded_at: known.last,
            }
        }));
    }
    Ok(Listed { total: listing.total(), items })
}
