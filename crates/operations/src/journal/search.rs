//! The journal a page at a time, the newest first: by whom or what, by the area of the change, and by time.

use chrono::{DateTime, Utc};
use provisioning::{EntryKind, Subject};
use store::{ActorKind, JournalFilter, Look, TenantScope};
use uuid::Uuid;

use super::{Line, people};
use crate::database::Database;
use crate::error::Error;
use crate::requester::Operator;

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

    const fn of(kind: EntryKind) -> Self {
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
    /// What caused it: a word of [`causes`], or the name of a connection.
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
pub async fn search(
    db: &Database,
    operator: &Operator,
    tenant: &str,
    search: &Search,
) -> Result<Entries, Error> {
    let (scope, _) = db.tenant(tenant).await?;
    let Some(filter) = filter(db, operator, &scope, search).await? else {
        return Ok(Entries { unknown: true, ..Entries::default() });
    };
    let unit = db.read(&scope).await?;
    let look = Look { before: search.before, since: search.since, until: search.until, most: search.most };
    let found = unit.look_at_journal(&filter, &look).await?;
    let lines: Vec<Line> = found.rows.into_iter().map(Line::from).collect();
    let mut ids: Vec<Uuid> = lines.iter().map(|line| line.subject.uuid()).collect();
    ids.sort_unstable();
    ids.dedup();
    let names = unit.names(&ids).await?;
    let entry = |line: Line| Entry { concerns: names.get(&line.subject.uuid()).cloned(), line };
    Ok(Entries { entries: lines.into_iter().map(entry).collect(), further: found.further, unknown: false })
}

/// What is asked of the database; nothing if there is nothing by the name.
async fn filter(
    db: &Database,
    operator: &Operator,
    scope: &TenantScope,
    search: &Search,
) -> Result<Option<JournalFilter>, Error> {
    let about = search.about.trim();
    let subject = if about.is_empty() { None } else { Some(subject(db, operator, scope, about).await?) };
    if subject == Some(None) {
        return Ok(None);
    }
    let actor = ActorKind::ALL.into_iter().find(|kind| kind.as_str() == search.cause);
    let named = actor.is_none() && !search.cause.is_empty();
    Ok(Some(JournalFilter {
        subject: subject.flatten(),
        kinds: search.area.map(Area::kinds).unwrap_or_default(),
        actor: if named { Some(ActorKind::Connection) } else { actor },
        actor_name: named.then(|| search.cause.clone()),
    }))
}

/// The person, pool, connection or group of this id or name; a person who was deleted, too.
async fn subject(
    db: &Database,
    operator: &Operator,
    scope: &TenantScope,
    about: &str,
) -> Result<Option<Subject>, Error> {
    let (store, within) = (db.store(), Some(scope));
    if let Some((_, user)) = only(store.find_user(about, within).await)? {
        return Ok(Some(Subject::User(user.id)));
    }
    if let Some((_, pool)) = only(store.find_pool(about, within).await)? {
        return Ok(Some(Subject::Pool(pool.pool.id)));
    }
    if let Some((_, connection)) = only(store.connection(about, within).await)? {
        return Ok(Some(Subject::Connection(connection.id)));
    }
    if let Some((_, group)) = only(store.find_group(about, within).await)? {
        return Ok(Some(Subject::Group(group.id)));
    }
    let operator = operator.clone().within(Some(scope.tenant_id().to_string()));
    match people::find(db, &operator, about).await {
        Ok((_, user)) => Ok(Some(Subject::User(user))),
        Err(Error::Refused(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// What a name stands for, if it stands for one thing.
fn only<T>(found: Result<Option<T>, store::Error>) -> Result<Option<T>, Error> {
    match found {
        Err(store::Error::Ambiguous(_)) => Ok(None),
        found => Ok(found?),
    }
}
