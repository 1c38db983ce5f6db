//! The journal a page at a time, the newest first: by whom or what, by the area of the change, and by time.

use chrono::{DateTime, Utc};
use provisioning::{EntryKind, Subject};
use store::{ActorKind, ConnectionId, JournalFilter, Look, TenantScope};
use uuid::Uuid;

use super::{Line, people};
use crate::database::Database;
use crate::error::Error;

/// Among how many of the latest entries a person is looked for who was deleted.
const LATEST: u64 = 20_000;

/// What a change is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Area {
    /// People as such.
    Users,
    /// Seats, grants and pools.
    Seats,
    /// Groups, their members and bindings.
    Groups,
    /// Steps, mail and devices.
    Enrolment,
    /// Connections, their tokens and the brake.
    Connections,
    /// The tenant, permissions, templates, webhooks and administrators.
    Settings,
    /// Sign-ins of administrators.
    SignIns,
}

impl Area {
    /// Every area.
    pub const ALL: [Self; 7] = [
        Self::Users,
        Self::Seats,
        Self::Groups,
        Self::Enrolment,
        Self::Connections,
        Self::Settings,
        Self::SignIns,
    ];

    /// The word in addresses.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Users => "users",
            Self::Seats => "seats",
            Self::Groups => "groups",
            Self::Enrolment => "enrolment",
            Self::Connections => "connections",
            Self::Settings => "settings",
            Self::SignIns => "sign-ins",
        }
    }

    pub(super) const fn of(kind: EntryKind) -> Self {
        use EntryKind as K;
        match kind {
            K::UserCreated
            | K::UserChanged
            | K::Removed
            | K::Returned
            | K::Erased
            | K::UserExported
            | K::Suspended
            | K::Deactivated
            | K::Reinstated
            | K::SwitchedByHand
            | K::DomainChecked
            | K::Imported
            | K::OwnerChanged
            | K::ProtectedRefused
            | K::ProtectionChanged => Self::Users,
            K::SeatTaken
            | K::SeatOverage
            | K::SeatQueued
            | K::SeatFreed
            | K::QueueLeft
            | K::Granted
            | K::GrantLifted
            | K::Withheld
            | K::Unassigned
            | K::Prioritised
            | K::PoolCreated
            | K::PoolChanged
            | K::PoolExpired
            | K::PoolDeleted => Self::Seats,
            K::GroupCreated
            | K::GroupChanged
            | K::GroupDeleted
            | K::MemberAdded
            | K::MemberRemoved
            | K::Bound
            | K::Unbound => Self::Groups,
            K::Enrolled
            | K::StepTaken
            | K::Activated
            | K::CodeSent
            | K::MailRefused
            | K::InvitationsReleased
            | K::InvitationOwed
            | K::ReminderAsked
            | K::Reminded
            | K::MailStopped
            | K::MailResumed
            | K::DeviceRegistered
            | K::DeviceChanged
            | K::DeviceRevoked
            | K::HoldPut
            | K::HoldReleased => Self::Enrolment,
            K::ConnectionCreated
            | K::ConnectionChanged
            | K::ConnectionHandedOver
            | K::ConnectionDeleted
            | K::TokenCreated
            | K::TokenChanged
            | K::TokenRevoked
            | K::ResourceCreated
            | K::ResourceChanged
            | K::ResourceDeleted
            | K::LossHeld
            | K::HoldEnded
            | K::BrakeDecided => Self::Connections,
            K::TenantCreated
            | K::TenantChanged
            | K::TenantDeleted
            | K::DomainsChanged
            | K::PermissionChanged
            | K::TemplateChanged
            | K::TemplateFailed
            | K::WebhookCreated
            | K::WebhookChanged
            | K::WebhookDisabled
            | K::WebhookDeleted
            | K::StreamCreated
            | K::StreamChanged
            | K::StreamDeleted
            | K::IssuerAdded
            | K::IssuerChanged
            | K::IssuerRemoved
            | K::SingleSignOnChanged
            | K::AdministratorAdded
            | K::AdministratorChanged
            | K::AdministratorRemoved
            | K::AdministratorInvited => Self::Settings,
            K::SignedIn | K::SignInFailed | K::CredentialChanged | K::SessionEnded => Self::SignIns,
        }
    }

    fn kinds(self) -> Vec<EntryKind> {
        EntryKind::ALL.iter().copied().filter(|kind| Self::of(*kind) == self).collect()
    }
}

/// Which entries are looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Search {
    /// A person, a group, a pool or a connection, by id or name; everything without it.
    pub about: String,
    /// The area of the change; all without it.
    pub area: Option<Area>,
    /// What caused it: a word of [`causes`], or a connection, by id or name.
    pub cause: String,
    /// From this instant on.
    pub since: Option<DateTime<Utc>>,
    /// Before this instant.
    pub until: Option<DateTime<Utc>>,
    /// Only what is older than this entry.
    pub before: Option<Uuid>,
    /// The most entries.
    pub most: u64,
}

/// An entry with what it concerns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The line.
    pub line: Line,
    /// The name of the person, group, pool or connection, if it is there still.
    pub concerns: Option<String>,
}

/// A page of entries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entries {
    /// The entries, the newest first.
    pub entries: Vec<Entry>,
    /// Before which entry to look on, if there can be more.
    pub further: Option<Uuid>,
    /// What the name stands for that is looked for.
    pub about: Option<Subject>,
    /// Whether several things have that name.
    pub several: bool,
    /// Whether there is nothing by the name that is looked for.
    pub unknown: bool,
}

/// The words for what can cause a change.
pub fn causes() -> impl Iterator<Item = &'static str> {
    ActorKind::ALL.into_iter().map(ActorKind::as_str)
}

/// A page of a tenant's journal.
///
/// # Errors
/// [`Error`] if there is no such tenant.
pub async fn search(db: &Database, tenant: &str, search: &Search) -> Result<Entries, Error> {
    let (scope, _) = db.tenant(tenant).await?;
    let about = search.about.trim();
    let mut subject = None;
    if !about.is_empty() {
        match named(db, &scope, about).await? {
            Named::One(one) => subject = Some(one),
            Named::Several => return Ok(Entries { several: true, ..Entries::default() }),
            Named::Nothing => return Ok(Entries { unknown: true, ..Entries::default() }),
        }
    }
    let filter = filter(db, &scope, search, subject).await?;
    let unit = db.read(&scope).await?;
    let look = Look { before: search.before, since: search.since, until: search.until, most: search.most };
    let found = unit.look_at_journal(&filter, &look).await?;
    let lines: Vec<Line> = found.rows.into_iter().map(Line::from).collect();
    let mut ids: Vec<Uuid> = lines.iter().map(|line| line.subject.uuid()).collect();
    ids.sort_unstable();
    ids.dedup();
    let names = unit.names(&ids).await?;
    let entry = |line: Line| Entry { concerns: names.get(&line.subject.uuid()).cloned(), line };
    let entries = lines.into_iter().map(entry).collect();
    Ok(Entries { entries, further: found.further, about: subject, ..Entries::default() })
}

/// What is asked of the database, about one thing or everything.
async fn filter(
    db: &Database,
    scope: &TenantScope,
    search: &Search,
    about: Option<Subject>,
) -> Result<JournalFilter, Error> {
    let actor = ActorKind::ALL.into_iter().find(|kind| kind.as_str() == search.cause);
    let named = actor.is_none() && !search.cause.is_empty();
    let connection = match search.cause.parse::<Uuid>() {
        Ok(id) if named => db.read(scope).await?.connection(ConnectionId::new(id)).await?,
        _ => None,
    };
    // The name of a connection that is not there is the name of no actor.
    let name = || connection.map_or_else(|| search.cause.clone(), |connection| connection.name);
    Ok(JournalFilter {
        subject: about,
        kinds: search.area.map(Area::kinds).unwrap_or_default(),
        actor: if named { Some(ActorKind::Connection) } else { actor },
        actor_name: named.then(name),
    })
}

/// What a name stands for.
enum Named {
    /// One thing, which may be deleted.
    One(Subject),
    /// Several things.
    Several,
    /// Nothing.
    Nothing,
}

impl Named {
    /// What is found by a search, if anything is.
    fn of<T>(
        found: Result<Option<T>, store::Error>,
        one: impl FnOnce(T) -> Subject,
    ) -> Result<Option<Self>, Error> {
        match found {
            Err(store::Error::Ambiguous(_)) => Ok(Some(Self::Several)),
            found => Ok(found?.map(|found| Self::One(one(found)))),
        }
    }
}

/// The person, pool, connection or group of this id or name; a person who was deleted, too.
async fn named(db: &Database, scope: &TenantScope, about: &str) -> Result<Named, Error> {
    let (store, within) = (db.store(), Some(scope));
    let user = Named::of(store.find_user(about, within).await, |(_, user)| Subject::User(user.id))?;
    if let Some(named) = user {
        return Ok(named);
    }
    let pool = Named::of(store.find_pool(about, within).await, |(_, pool)| Subject::Pool(pool.pool.id))?;
    if let Some(named) = pool {
        return Ok(named);
    }
    let connection = store.connection(about, within).await;
    if let Some(named) = Named::of(connection, |(_, it)| Subject::Connection(it.id))? {
        return Ok(named);
    }
    let group = Named::of(store.find_group(about, within).await, |(_, group)| Subject::Group(group.id))?;
    if let Some(named) = group {
        return Ok(named);
    }
    let people = people::in_tenant(&db.read(scope).await?, about, Some(LATEST)).await?;
    Ok(match people[..] {
        [] => Named::Nothing,
        [person] => Named::One(Subject::User(person)),
        _ => Named::Several,
    })
}
