//! What the application is told about a person: whether to let the person in, why, and what is still to do.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use provisioning::permission::Granted;
use provisioning::{SeatState, Status, Step, Steps, UserId};
use scim::Registry;
use scim::filter::{self, FilterDialect, ResolvedFilter};
use scim::protocol::list::Page;
use store::{Computed, ReadUnit, Stretch, User, Wanted};

use crate::database::Database;
use crate::enrolment::Refused;
use crate::error::Error;
use crate::permissions;
use crate::requester::Requester;

/// How the application names a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// By id.
    Id(UserId),
    /// By `userName`.
    UserName(String),
    /// By one of the e-mail addresses.
    Email(String),
    /// By `externalId`.
    ExternalId(String),
}

/// What the application is told about a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// The person's id.
    pub id: UserId,
    /// The `userName`.
    pub user_name: String,
    /// The `externalId`.
    pub external_id: Option<String>,
    /// The display name.
    pub display_name: Option<String>,
    /// Whether the application lets the person in.
    pub access: bool,
    /// The status of the enrolment.
    pub status: Status,
    /// Since when.
    pub since: Option<DateTime<Utc>>,
    /// Why, in words that read on from “because”.
    pub reason: Option<String>,
    /// When each step was taken.
    pub steps: Steps,
    /// The steps that are still to do, in order.
    pub missing_steps: Vec<Step>,
    /// Whether the data is to be restored from a backup.
    pub restore_owed: bool,
    /// The end of a suspension's grace.
    pub seat_kept_until: Option<DateTime<Utc>>,
    /// When the application last saw the person.
    pub last_used_at: Option<DateTime<Utc>>,
    /// The pools in which the person has a seat, by name.
    pub seats: Vec<String>,
    /// The pools for which the person waits, by name.
    pub waiting: Vec<String>,
    /// What the person may do in the application; none where it was not asked for.
    pub permissions: Option<BTreeMap<String, Granted>>,
}

/// A page of people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct People {
    /// How many there are in all.
    pub total: u64,
    /// Those of the page.
    pub items: Vec<Access>,
}

impl From<(User, Computed)> for Access {
    fn from((user, computed): (User, Computed)) -> Self {
        let text = |name: &str| {
            user.resource.document.get(name).and_then(serde_json::Value::as_str).map(str::to_owned)
        };
        let pools = |state: SeatState| {
            let those = computed.licences.iter().filter(|licence| licence.state == state);
            those.map(|licence| licence.name.clone()).collect()
        };
        let enrolment = &user.enrolment;
        Self {
            id: user.id,
            user_name: user.user_name().to_owned(),
            external_id: text("externalId"),
            display_name: text("displayName"),
            access: enrolment.has_access(),
            status: enrolment.status,
            since: enrolment.since,
            reason: enrolment.cause.clone(),
            steps: enrolment.steps,
            missing_steps: enrolment.missing_steps(),
            restore_owed: enrolment.restore_owed,
            seat_kept_until: enrolment.seat_kept_until,
            last_used_at: enrolment.last_used,
            seats: pools(SeatState::Assigned),
            waiting: pools(SeatState::Waiting),
            permissions: None,
        }
    }
}

/// What the application is told about one person.
///
/// # Errors
/// [`Refused::NoPerson`]; [`Error::Refused`] for a name that stands for several people; what the database says.
pub async fn of(db: &Database, requester: &Requester, who: &Who) -> Result<Access, Error> {
    let unit = db.read(&requester.scope).await?;
    let found = match who {
        Who::Id(id) => unit.whole_user(*id, WANTED).await?,
        Who::UserName(name) => only(&unit, "userName", name).await?,
        Who::Email(address) => only(&unit, "emails.value", address).await?,
        Who::ExternalId(id) => only(&unit, "externalId", id).await?,
    };
    let mut access: Access = found.ok_or(Refused::NoPerson)?.into();
    access.permissions = Some(permissions::granted(&unit, access.id).await?);
    Ok(access)
}

/// One page of the people that a SCIM filter finds, all without one.
///
/// # Errors
/// [`Error::Scim`] for a filter that cannot be used, or what the database says.
pub async fn list(
    db: &Database,
    requester: &Requester,
    filter: Option<&str>,
    page: Page,
) -> Result<People, Error> {
    let filter = filter.map(resolved).transpose()?;
    let unit = db.read(&requester.scope).await?;
    let mut listing = unit.list_users(filter.as_ref(), None, &Stretch::of(page), WANTED).await?;
    let mut items = Vec::new();
    while let Some(portion) = listing.next().await? {
        items.extend(portion.into_iter().map(Access::from));
    }
    Ok(People { total: listing.total(), items })
}

const WANTED: Wanted = Wanted { groups: false, licences: true, manager: false };

/// The only user whose attribute has this value.
async fn only(unit: &ReadUnit, attribute: &str, value: &str) -> Result<Option<(User, Computed)>, Error> {
    let filter = resolved(&format!("{attribute} eq {}", serde_json::Value::from(value)))?;
    let page = Page { start_index: 1, count: 10 };
    let found = unit.list_users(Some(&filter), None, &Stretch::of(page), WANTED).await?;
    let (_, mut found) = found.all().await?;
    // A person who is there comes before those who were deleted and whose access the brake keeps.
    if found.iter().any(|(user, _)| !user.deleted) {
        found.retain(|(user, _)| !user.deleted);
    }
    if found.len() > 1 {
        let said = format!("several people have this {attribute}: name one by id");
        return Err(Error::Refused(said));
    }
    Ok(found.pop())
}

fn resolved(text: &str) -> Result<ResolvedFilter, Error> {
    let parsed = filter::parse(Registry::standard().user(), text, FilterDialect::default());
    Ok(parsed.map(|(filter, _)| filter)?)
}
