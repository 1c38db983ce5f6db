//! The scope that opens units of work: one tenant, and what of it is seen.

use std::sync::Arc;

use sea_orm::DbBackend;
use uuid::Uuid;

use crate::db::backend::uuid_literal;
use crate::db::sql::Sql;
use crate::ids::{ConnectionId, TenantId};

/// Permission to work on one tenant's data; handed out by look-ups of a token, a job or an operator alone.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TenantScope {
    tenant: TenantId,
    sight: Sight,
    /// Whether its units count to the tenant's share of the connections.
    shares: bool,
    /// Whether users are seen who were deleted and whose access the brake keeps.
    held: bool,
}

/// Which users and groups of a tenant are seen.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Sight {
    /// All.
    Whole,
    /// Those of these connections, and those without an owner.
    Of(Arc<[Uuid]>),
}

impl TenantScope {
    /// A tenant with everything in it.
    pub(crate) fn of(tenant: Uuid) -> Self {
        Self { tenant: TenantId::new(tenant), sight: Sight::Whole, shares: false, held: false }
    }

    /// What belongs to the installation and to no tenant: the journal of its tenants.
    #[must_use]
    pub fn installation() -> Self {
        Self::of(Uuid::nil())
    }

    /// What a connection sees: its own, what has no owner, and what belongs to connections that it takes over from.
    pub(crate) fn seen_by(tenant: Uuid, connection: ConnectionId, takes_over: &[ConnectionId]) -> Self {
        let owners = std::iter::once(&connection).chain(takes_over).map(|id| id.uuid());
        Self { tenant: TenantId::new(tenant), sight: Sight::Of(owners.collect()), shares: false, held: false }
    }

    /// The same for requests: however many come, they leave connections to other tenants and to jobs.
    #[must_use]
    pub fn sharing(self) -> Self {
        Self { shares: true, ..self }
    }

    /// The same with the users who were deleted and whose access the brake keeps.
    #[must_use]
    pub(crate) fn with_held(self) -> Self {
        Self { held: true, ..self }
    }

    /// Whether it has the users who were deleted and whose access the brake keeps.
    pub(crate) fn has_held(&self) -> bool {
        self.held
    }

    /// The tenant to whose share of the connections a unit counts.
    pub(crate) fn share(&self) -> Option<Uuid> {
        self.shares.then(|| self.tenant.uuid())
    }

    /// The tenant.
    #[must_use]
    pub fn tenant_id(&self) -> TenantId {
        self.tenant
    }

    /// The same tenant with everything in it, for consequences, which do not end where a connection's sight does.
    #[must_use]
    pub(crate) fn sees_all(&self) -> bool {
        self.sight == Sight::Whole
    }
}

impl Sql {
    /// Appends a condition on the owner of a row: the rows that the scope sees.
    pub(crate) fn seen(&mut self, scope: &TenantScope, row: &str) -> &mut Self {
        let Sight::Of(owners) = &scope.sight else { return self };
        self.push(&format!(" AND ({row}.connection_id IS NULL OR {row}.connection_id IN "));
        self.list(owners.iter().copied()).push(")")
    }

    /// As [`Sql::seen`] for a row of users, but for those who were deleted.
    pub(crate) fn seen_user(&mut self, scope: &TenantScope, row: &str) -> &mut Self {
        let gone = if scope.held { "ended_at" } else { "deleted_at" };
        self.seen(scope, row).push(&format!(" AND {row}.{gone} IS NULL"))
    }

    /// As [`Sql::seen`], for the place of a condition inside a value, which has no parameters.
    pub(crate) fn seen_text(scope: &TenantScope, backend: DbBackend, row: &str) -> String {
        let Sight::Of(owners) = &scope.sight else { return String::new() };
        let owners: Vec<String> = owners.iter().map(|owner| uuid_literal(backend, *owner)).collect();
        format!(" AND ({row}.connection_id IS NULL OR {row}.connection_id IN ({}))", owners.join(", "))
    }

    /// As [`Sql::seen`] for parked members: a scope that sees all has those that any connection may claim.
    pub(crate) fn claimed(&mut self, scope: &TenantScope, row: &str) -> &mut Self {
        if scope.sees_all() {
            return self.push(&format!(" AND {row}.connection_id IS NULL"));
        }
        self.seen(scope, row)
    }
}
