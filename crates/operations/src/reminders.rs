//! Reminders by hand: for one person or for many, with a preview of how many they are and why others are left out.

use chrono::{DateTime, TimeDelta, Utc};
use provisioning::reminder::Reminded;
use provisioning::{Status, Step, UserId};
use scim::schema::ENROLMENT;
use serde::Serialize;
use store::{ReadUnit, ReminderCount, Reminders, Wanted};

use crate::address;
use crate::asked::{self, Concerned, Wish};
use crate::database::Database;
use crate::directory::{self, Listed, Part};
use crate::error::Error;
use crate::requester::Operator;

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

/// What counts for reminders of these people at their addresses, in their order; `on_its_way` says whether a mail is of the
/// kind that is to be sent.
pub(crate) async fn reminded(
    unit: &ReadUnit,
    people: &[(UserId, Option<&str>)],
    on_its_way: fn(&Reminders) -> bool,
) -> Result<Vec<Reminded>, Error> {
    let ids: Vec<UserId> = people.iter().map(|(user, _)| *user).collect();
    let (reminders, refused) = (unit.reminders(&ids).await?, unit.refused_addresses(&ids).await?);
    let of = |(user, at): &(UserId, Option<&str>)| {
        let known = reminders.get(user).copied().unwrap_or_default();
        let at = at.map(address::folded);
        let refused = refused.get(user).is_some_and(|all| {
            all.iter().any(|one| at.as_deref().is_some_and(|at| address::folded(one) == at))
        });
        Reminded { address: at.is_some(), refused, on_its_way: on_its_way(&known), last: known.last }
    };
    Ok(people.iter().map(of).collect())
}

/// Reminds one person, by id or `userName`.
///
/// # Errors
/// [`Error`] if there is no such person, or why the person cannot be reminded.
pub async fn send_one(db: &Database, operator: &Operator, user: &str, pause_hours: u32) -> Result<(), Error> {
    asked::send_one(db, operator, user, wish(pause_hours)).await
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
    let part = Part { filter: whom.filter.clone(), reminders: whom.reminders.clone(), ..Part::default() };
    asked::send(db, operator, tenant, (part, wish(whom.pause_hours)), preview).await
}

fn wish(pause_hours: u32) -> Wish {
    Wish::Reminder { pause: TimeDelta::hours(pause_hours.into()) }
}

/// The people of a tenant who have access and have not finished, with the reminders that they got.
///
/// # Errors
/// [`Error`] if there is no such tenant, or the filter cannot be used.
pub async fn list(db: &Database, tenant: &str, part: &Part) -> Result<Listed<Unfinished>, Error> {
    let (scope, _) = db.tenant(tenant).await?;
    // The filter of the caller is looked at by itself first, so that its errors are about what was written.
    directory::parsed_users(&db.registry(&scope), part)?;
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
