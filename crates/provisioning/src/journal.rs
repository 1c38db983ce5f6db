//! Journal entries: what is recorded about a change, with a reason that a person can read.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    id::{ConnectionId, GroupId, PoolId, TenantId, TokenId, UserId},
    words::words,
};

/// One line of the journal; the store adds who did it, by which request, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// What it is about.
    pub subject: Subject,
    /// What happened.
    pub kind: EntryKind,
    /// Why, as a sentence with names in it; it never names another person.
    pub why: String,
    /// What stood before, where something did.
    pub before: Option<Value>,
    /// What stands now, where something does.
    pub after: Option<Value>,
}

impl Entry {
    /// An entry without states.
    #[must_use]
    pub const fn new(subject: Subject, kind: EntryKind, why: String) -> Self {
        Self { subject, kind, why, before: None, after: None }
    }
}

/// What a journal entry is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "type", content = "id", rename_all = "kebab-case")]
pub enum Subject {
    /// A person.
    User(UserId),
    /// A group.
    Group(GroupId),
    /// A licence pool.
    Pool(PoolId),
    /// A tenant, in the journal of the installation.
    Tenant(TenantId),
    /// A connection.
    Connection(ConnectionId),
    /// A token of a connection.
    Token(TokenId),
    /// A resource of another type than user and group.
    Resource(Uuid),
}

impl Subject {
    /// Its id.
    #[must_use]
    pub const fn uuid(&self) -> Uuid {
        match self {
            Self::User(id) => id.uuid(),
            Self::Group(id) => id.uuid(),
            Self::Pool(id) => id.uuid(),
            Self::Tenant(id) => id.uuid(),
            Self::Connection(id) => id.uuid(),
            Self::Token(id) => id.uuid(),
            Self::Resource(id) => *id,
        }
    }
}

/// What happened.
///
/// The rules write those up to [`EntryKind::HoldEnded`]; the others are changes of facts, recorded by the operation that made them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EntryKind {
    /// A seat was assigned.
    SeatTaken,
    /// A seat was assigned beyond those bought.
    SeatOverage,
    /// A person began to wait for a seat.
    SeatQueued,
    /// A seat went back.
    SeatFreed,
    /// A waiting place was given up.
    QueueLeft,
    /// An enrolment began.
    Enrolled,
    /// Access was cut, seat and enrolment are kept for the grace.
    Suspended,
    /// Access was cut and the seat given up.
    Deactivated,
    /// A suspended person came back within the grace.
    Reinstated,
    /// An administrator unassigned the licence.
    Unassigned,
    /// The person was removed.
    Removed,
    /// The brake holds what a push would have taken.
    LossHeld,
    /// The brake holds it no more.
    HoldEnded,
    /// An administrator decided about what the brake holds.
    BrakeDecided,
    /// A deleted person came back as the same one.
    Returned,
    /// What was kept of a deleted person was erased.
    Erased,
    /// A step of the enrolment was taken.
    StepTaken,
    /// Every step of the enrolment was taken.
    Activated,
    /// A verification code was sent.
    CodeSent,
    /// A mail cannot be sent to the person.
    MailRefused,
    /// An administrator let invitations go.
    InvitationsReleased,
    /// An invitation is owed again that was sent before.
    InvitationOwed,
    /// An administrator asked for a reminder.
    ReminderAsked,
    /// A person was reminded.
    Reminded,
    /// Mail to the tenant's people stopped, because too much was refused.
    MailStopped,
    /// Mail to the tenant's people goes on.
    MailResumed,
    /// A template of the tenant's mail changed.
    TemplateChanged,
    /// A template of the tenant's mail could not be used for a person, who got ours.
    TemplateFailed,
    /// A device was registered.
    DeviceRegistered,
    /// What is known of a device changed.
    DeviceChanged,
    /// A device was revoked.
    DeviceRevoked,
    /// The application put a hold.
    HoldPut,
    /// A hold was released.
    HoldReleased,
    /// A push was refused, because it would have taken access from a protected person.
    ProtectedRefused,
    /// A person was protected against every push, or is no more.
    ProtectionChanged,
    /// A permission was set or deleted.
    PermissionChanged,
    /// An administrator was added.
    AdministratorAdded,
    /// An administrator was changed.
    AdministratorChanged,
    /// An administrator was removed.
    AdministratorRemoved,
    /// An administrator was invited to the console.
    AdministratorInvited,
    /// An administrator signed in.
    SignedIn,
    /// Somebody failed to sign in as an administrator.
    SignInFailed,
    /// An administrator set a password or a second factor.
    CredentialChanged,
    /// A session of an administrator was ended.
    SessionEnded,
    /// A user was created.
    UserCreated,
    /// A user's attributes changed.
    UserChanged,
    /// A group was created.
    GroupCreated,
    /// A group's attributes changed.
    GroupChanged,
    /// A group was deleted.
    GroupDeleted,
    /// A resource of another type was created.
    ResourceCreated,
    /// The attributes of a resource of another type changed.
    ResourceChanged,
    /// A resource of another type was deleted.
    ResourceDeleted,
    /// A user was added to a group.
    MemberAdded,
    /// A user was taken out of a group.
    MemberRemoved,
    /// A group was bound to a pool.
    Bound,
    /// A group was unbound from a pool.
    Unbound,
    /// A binding has another priority in the queue of its pool.
    Prioritised,
    /// A grant was given by hand.
    Granted,
    /// A grant was lifted by hand.
    GrantLifted,
    /// A seat is withheld by hand, or no more.
    Withheld,
    /// A person was deactivated or activated by hand.
    SwitchedByHand,
    /// A person is held for a foreign domain, flagged for it, or released.
    DomainChecked,
    /// The domains of a tenant changed.
    DomainsChanged,
    /// People were imported from a file.
    Imported,
    /// A pool was created.
    PoolCreated,
    /// A pool's size, policy or expiry changed.
    PoolChanged,
    /// A pool expired.
    PoolExpired,
    /// A pool was deleted.
    PoolDeleted,
    /// A user or group belongs to another connection.
    OwnerChanged,
    /// Everything about a person was exported.
    UserExported,
    /// A tenant was created.
    TenantCreated,
    /// A tenant got another name.
    TenantChanged,
    /// A tenant was deleted with everything in it.
    TenantDeleted,
    /// A connection was created.
    ConnectionCreated,
    /// A connection's name, profile, quirks or delays changed.
    ConnectionChanged,
    /// Users or groups of a connection were handed over to another one.
    ConnectionHandedOver,
    /// A connection was deleted; its users and groups have no owner.
    ConnectionDeleted,
    /// A token was created.
    TokenCreated,
    /// A token's expiry changed.
    TokenChanged,
    /// A token was revoked.
    TokenRevoked,
    /// A webhook was created.
    WebhookCreated,
    /// A webhook's address, filter, secret or state changed.
    WebhookChanged,
    /// A webhook was disabled, by an operator or because its receiver is gone.
    WebhookDisabled,
    /// A webhook was deleted with its deliveries.
    WebhookDeleted,
    /// A stream of changes was created.
    StreamCreated,
    /// What a stream carries, where to, its state or its keys changed.
    StreamChanged,
    /// A stream was deleted with what it held.
    StreamDeleted,
    /// An issuer for single sign-on was added.
    IssuerAdded,
    /// An issuer's address, client or roles changed.
    IssuerChanged,
    /// An issuer was removed.
    IssuerRemoved,
    /// Single sign-on was enforced, or is no more.
    SingleSignOnChanged,
}

words!(EntryKind, "journal entry kind", {
    SeatTaken => "seat-taken",
    SeatOverage => "seat-overage",
    SeatQueued => "seat-queued",
    SeatFreed => "seat-freed",
    QueueLeft => "queue-left",
    Enrolled => "enrolled",
    Suspended => "suspended",
    Deactivated => "deactivated",
    Reinstated => "reinstated",
    Unassigned => "unassigned",
    Removed => "removed",
    LossHeld => "loss-held",
    HoldEnded => "hold-ended",
    BrakeDecided => "brake-decided",
    Returned => "returned",
    Erased => "erased",
    StepTaken => "step-taken",
    Activated => "activated",
    CodeSent => "code-sent",
    MailRefused => "mail-refused",
    InvitationsReleased => "invitations-released",
    InvitationOwed => "invitation-owed",
    ReminderAsked => "reminder-asked",
    Reminded => "reminded",
    MailStopped => "mail-stopped",
    MailResumed => "mail-resumed",
    TemplateChanged => "template-changed",
    TemplateFailed => "template-failed",
    DeviceRegistered => "device-registered",
    DeviceChanged => "device-changed",
    DeviceRevoked => "device-revoked",
    HoldPut => "hold-put",
    HoldReleased => "hold-released",
    ProtectedRefused => "protected-refused",
    ProtectionChanged => "protection-changed",
    PermissionChanged => "permission-changed",
    AdministratorAdded => "administrator-added",
    AdministratorChanged => "administrator-changed",
    AdministratorRemoved => "administrator-removed",
    AdministratorInvited => "administrator-invited",
    SignedIn => "signed-in",
    SignInFailed => "sign-in-failed",
    CredentialChanged => "credential-changed",
    SessionEnded => "session-ended",
    UserCreated => "user-created",
    UserChanged => "user-changed",
    GroupCreated => "group-created",
    GroupChanged => "group-changed",
    GroupDeleted => "group-deleted",
    ResourceCreated => "resource-created",
    ResourceChanged => "resource-changed",
    ResourceDeleted => "resource-deleted",
    MemberAdded => "member-added",
    MemberRemoved => "member-removed",
    Bound => "bound",
    Unbound => "unbound",
    Prioritised => "prioritised",
    Granted => "granted",
    GrantLifted => "grant-lifted",
    Withheld => "withheld",
    SwitchedByHand => "switched-by-hand",
    DomainChecked => "domain-checked",
    DomainsChanged => "domains-changed",
    Imported => "imported",
    PoolCreated => "pool-created",
    PoolChanged => "pool-changed",
    PoolExpired => "pool-expired",
    PoolDeleted => "pool-deleted",
    OwnerChanged => "owner-changed",
    UserExported => "user-exported",
    TenantCreated => "tenant-created",
    TenantChanged => "tenant-changed",
    TenantDeleted => "tenant-deleted",
    ConnectionCreated => "connection-created",
    ConnectionChanged => "connection-changed",
    ConnectionHandedOver => "connection-handed-over",
    ConnectionDeleted => "connection-deleted",
    TokenCreated => "token-created",
    TokenChanged => "token-changed",
    TokenRevoked => "token-revoked",
    WebhookCreated => "webhook-created",
    WebhookChanged => "webhook-changed",
    WebhookDisabled => "webhook-disabled",
    WebhookDeleted => "webhook-deleted",
    StreamCreated => "stream-created",
    StreamChanged => "stream-changed",
    StreamDeleted => "stream-deleted",
    IssuerAdded => "issuer-added",
    IssuerChanged => "issuer-changed",
    IssuerRemoved => "issuer-removed",
    SingleSignOnChanged => "single-sign-on-changed",
});
