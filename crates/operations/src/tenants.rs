//! Customer organisations.

mod change;
mod sending;
mod settings;

use chrono::{DateTime, Utc};
use provisioning::{Enrolment, Entry, EntryKind, Status, Subject, Zone};
use serde::Serialize;
use serde_json::json;
use store::{TenantId, TenantScope, WriteUnit};

use crate::consequences::{Agreed, Consequences, Losses, counted};
use crate::database::{Attempt, Database};
use crate::error::Error;
use crate::find::checked_name;
use crate::requester::Operator;
use crate::rights::Right;
use crate::work::Work;
use crate::work::delete_tenant::{self, TenantWork};

pub use change::{Change, preview_update, update};
pub use sending::{Sending, SendingChange};
pub use settings::{Platform, Settings, SettingsChange};

/// A tenant to create.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct New {
    /// Its name.
    pub name: String,
    /// The name of its time zone in the IANA list; UTC without it.
    pub time_zone: Option<String>,
}

/// A tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Tenant {
    /// Its id.
    pub id: TenantId,
    /// Its name.
    pub name: String,
    /// Where the last days of its pools end.
    pub time_zone: Zone,
    /// What its people see.
    pub settings: Settings,
    /// When it was created.
    pub created_at: DateTime<Utc>,
}

/// A tenant with how much is in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Contents {
    /// The tenant.
    #[serde(flatten)]
    pub tenant: Tenant,
    /// Connections.
    pub connections: u64,
    /// Tokens that are not revoked.
    pub tokens: u64,
    /// People.
    pub people: u64,
    /// People who may use the application now.
    pub with_access: u64,
    /// Groups.
    pub groups: u64,
    /// Licence pools.
    pub pools: u64,
    /// Seats that people hold.
    pub seats: u64,
    /// Places in queues.
    pub waiting: u64,
}

impl TryFrom<store::Tenant> for Tenant {
    type Error = Error;

    fn try_from(tenant: store::Tenant) -> Result<Self, Error> {
        let settings = Settings::of(&tenant)?;
        let store::Tenant { id, name, time_zone, created_at, .. } = tenant;
        Ok(Self { id, name, time_zone, settings, created_at })
    }
}

impl Contents {
    /// What a deletion takes from people, who all lose what is known about them.
    #[must_use]
    pub fn consequences(&self) -> Consequences {
        let (people, access) = (self.people, self.with_access);
        Consequences::of_losses(Losses { people, access, seats: self.seats, places: self.waiting })
    }

    /// What is in it, in words.
    #[must_use]
    pub fn sentence(&self) -> String {
        let parts = [
            counted(self.people, "person", "people"),
            counted(self.groups, "group", "groups"),
            counted(self.pools, "licence pool", "licence pools"),
            counted(self.seats, "seat", "seats"),
            counted(self.connections, "connection", "connections"),
            counted(self.tokens, "valid token", "valid tokens"),
        ];
        format!("{}, its journal and its request log", parts.join(", "))
    }
}

/// Creates a tenant.
///
/// # Errors
/// [`Error`] for an empty name or one that exists, and for an unknown time zone.
pub async fn create(db: &Database, operator: &Operator, new: &New) -> Result<Tenant, Error> {
    let name = checked_name(&new.name)?;
    let zone = new.time_zone.as_deref().map(zone).transpose()?.unwrap_or_default();
    let create = async |mut unit: WriteUnit| -> Attempt<store::Tenant> {
        let tenant = unit.insert_tenant(name, zone, operator.now).await?;
        let why = format!("An administrator created the tenant “{name}”.");
        let entry = Entry::new(Subject::Tenant(tenant.id), EntryKind::TenantCreated, why);
        unit.record([(&entry, &operator.actor(Right::Change)?)], operator.now).await?;
        Ok((unit, tenant))
    };
    db.write(&TenantScope::installation(), create).await?.value.try_into()
}

/// Notes in the journal of a tenant, by id or name, that an administrator of the installation enters it.
///
/// # Errors
/// [`Error`] if there is no such tenant.
pub async fn enter(db: &Database, operator: &Operator, tenant: &str) -> Result<(), Error> {
    let (scope, known) = db.tenant(tenant).await?;
    let requester = operator.of(scope, Right::Look)?;
    let enter = async |mut unit: WriteUnit| -> Attempt<()> {
        let why = format!("{}, an administrator of the installation, entered the tenant.", operator.name);
        let entry = Entry::new(Subject::Tenant(known.id), EntryKind::SignedIn, why);
        unit.record([(&entry, &requester.actor)], requester.now).await?;
        Ok((unit, ()))
    };
    db.write(&requester.scope, enter).await.map(drop)
}

/// The time zone of this name.
fn zone(name: &str) -> Result<Zone, Error> {
    name.parse().map_err(|error| Error::Refused(format!("{error}")))
}

/// Every tenant, oldest first.
///
/// # Errors
/// What the database says.
pub async fn list(db: &Database) -> Result<Vec<Tenant>, Error> {
    db.store().tenants().await?.into_iter().map(Tenant::try_from).collect()
}

/// The tenant of this id or name; none if there is no such tenant.
///
/// # Errors
/// What the database says.
pub async fn find(db: &Database, tenant: &str) -> Result<Option<Tenant>, Error> {
    db.store().tenant(tenant).await?.map(|(_, tenant)| tenant.try_into()).transpose()
}

/// A tenant, by id or name, with how much is in it.
///
/// # Errors
/// [`Error`] if there is no such tenant.
pub async fn show(db: &Database, tenant: &str) -> Result<Contents, Error> {
    let (scope, tenant) = db.tenant(tenant).await?;
    let unit = db.read(&scope).await?;
    let contents = unit.contents().await?;
    let statuses = unit.people_by_status().await?;
    let with_access =
        statuses.iter().filter(|(status, _)| gives_access(*status)).map(|(_, people)| people).sum();
    Ok(Contents {
        tenant: tenant.try_into()?,
        connections: contents.connections,
        tokens: contents.tokens,
        people: contents.people,
        with_access,
        groups: contents.groups,
        pools: contents.pools,
        seats: contents.seats,
        waiting: contents.waiting,
    })
}

fn gives_access(status: Status) -> bool {
    Enrolment { status, ..Enrolment::default() }.has_access()
}

/// Deletes a tenant with everything in it. Its tokens are revoked at once; the caller deletes the rest by the work. The
/// journal of the installation keeps how much it was.
///
/// # Errors
/// [`Error`] if there is no such tenant, or the operator has not agreed to the losses.
pub async fn delete(
    db: &Database,
    operator: &Operator,
    tenant: &str,
    agreed: Agreed,
) -> Result<(Contents, Work), Error> {
    let contents = show(db, tenant).await?;
    agreed.check(&contents.consequences())?;
    let (scope, _) = db.tenant(&contents.tenant.id.to_string()).await?;
    let requester = operator.of(scope, Right::Change)?;
    let start = async |mut unit: WriteUnit| -> Attempt<Work> {
        let name = &contents.tenant.name;
        let why = format!("An administrator deleted the tenant “{name}” with {}.", contents.sentence());
        let mut entry = Entry::new(Subject::Tenant(contents.tenant.id), EntryKind::TenantDeleted, why);
        entry.before = Some(json!(contents));
        unit.record_for_installation([(&entry, &requester.actor)], operator.now).await?;
        unit.revoke_all_tokens(operator.now).await?;
        // A request that was let in before the revocation may still write: the work is done once more, later.
        unit.enqueue(TenantWork::once_more(requester.scope.tenant_id(), operator.now), operator.now).await?;
        let job = TenantWork::job(requester.scope.tenant_id(), operator.now);
        let work = Work::start(&requester, &mut unit, job, delete_tenant::KIND).await?;
        Ok((unit, work))
    };
    let work = db.write(&requester.scope, start).await?.value;
    Ok((contents, work))
}
