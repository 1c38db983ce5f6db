//! Administrators of a tenant, and people whom no push may deactivate.

use chrono::{DateTime, Utc};
use provisioning::UserId;
use scim::text::fold;
use sea_orm::EntityTrait as _;
use uuid::Uuid;

use crate::db::sql::Sql;
use crate::entity::administrators;
use crate::error::Error;
use crate::ids::{IdRow, stored};
use crate::unit::{ReadUnit, WriteUnit};

/// What an administrator may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Everything, and who else may.
    Owner,
    /// Everything but who else may.
    Administrator,
    /// To look, and to remind people.
    HelpDesk,
    /// To look, and to export.
    Auditor,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 4] = [Self::Owner, Self::Administrator, Self::HelpDesk, Self::Auditor];

    /// The word in columns and in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Administrator => "administrator",
            Self::HelpDesk => "help-desk",
            Self::Auditor => "auditor",
        }
    }
}

/// An administrator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Administrator {
    /// The id.
    pub id: Uuid,
    /// What people call the administrator.
    pub name: String,
    /// The e-mail address, unique in the tenant without regard to case.
    pub email: String,
    /// What the administrator may do.
    pub role: Role,
    /// The person whom the administrator is, where that is known.
    pub user: Option<UserId>,
    /// Whether alerts are mailed to the administrator.
    pub alerts: bool,
    /// Since when.
    pub created_at: DateTime<Utc>,
}

/// The roles that can change who may what.
const CHANGES: &str = "('owner', 'administrator')";

/// Whether the person of an administrator `o` is in a state to administrate: known and let in, or not one of the people.
const ABLE: &str = "(o.user_id IS NULL OR EXISTS (SELECT 1 FROM users x WHERE x.tenant_id = o.tenant_id \
     AND x.id = o.user_id AND x.deleted_at IS NULL AND x.active IS NOT FALSE AND x.deactivated_by_hand_at IS NULL \
     AND x.held_domain IS NULL AND x.enrolment_status NOT IN ('suspended', 'deactivated')))";

/// Whether user `u` is protected: a break-glass account, or the person of the last administrator.
pub(crate) fn protected() -> String {
    format!(
        "(EXISTS (SELECT 1 FROM protected_users w WHERE w.tenant_id = u.tenant_id AND w.user_id = u.id) \
         OR EXISTS (SELECT 1 FROM administrators w WHERE w.tenant_id = u.tenant_id AND w.user_id = u.id \
         AND w.role IN {CHANGES}) AND NOT EXISTS (SELECT 1 FROM administrators o WHERE o.tenant_id = u.tenant_id \
         AND o.role IN {CHANGES} AND o.user_id IS DISTINCT FROM u.id AND {ABLE}))"
    )
}

impl TryFrom<administrators::Model> for Administrator {
    type Error = Error;

    fn try_from(row: administrators::Model) -> Result<Self, Error> {
        let role = Role::ALL.into_iter().find(|role| role.as_str() == row.role);
        let inconsistent =
            || Error::Inconsistent { table: "administrators", column: "role", id: row.id.to_string() };
        Ok(Self {
            role: role.ok_or_else(inconsistent)?,
            id: row.id,
            name: row.name,
            email: row.email,
            user: row.user_id.map(UserId::new),
            alerts: row.alerts,
            created_at: row.created_at,
        })
    }
}

impl ReadUnit {
    /// The administrators, oldest first.
    ///
    /// # Errors
    /// [`Error::Inconsistent`], [`Error::Busy`] or [`Error::Other`].
    pub async fn administrators(&self) -> Result<Vec<Administrator>, Error> {
        let mut sql = Sql::new("SELECT a.* FROM administrators a WHERE a.tenant_id = ");
        sql.bind(self.tenant()).push(" ORDER BY a.id");
        self.transaction
            .all::<administrators::Model>(sql)
            .await?
            .into_iter()
            .map(Administrator::try_from)
            .collect()
    }

    /// Every person who may be protected: those whom an operator protects, and the people of administrators.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn perhaps_protected(&self) -> Result<Vec<Uuid>, Error> {
        let mut sql = Sql::new("SELECT w.user_id AS id FROM protected_users w WHERE w.tenant_id = ");
        sql.bind(self.tenant());
        sql.push(
            " UNION SELECT a.user_id FROM administrators a WHERE a.user_id IS NOT NULL AND a.tenant_id = ",
        );
        sql.bind(self.tenant());
        Ok(self.transaction.all::<IdRow>(sql).await?.into_iter().map(|row| row.id).collect())
    }
}

impl WriteUnit {
    /// Saves an administrator, new or known.
    ///
    /// # Errors
    /// [`Error::Conflict`] if another one has the e-mail address.
    pub async fn save_administrator(&mut self, administrator: &Administrator) -> Result<(), Error> {
        let row = administrators::Model {
            tenant_id: self.tenant(),
            id: administrator.id,
            name: administrator.name.clone(),
            email: administrator.email.clone(),
            email_folded: fold(&administrator.email).into_owned(),
            role: administrator.role.as_str().to_owned(),
            user_id: administrator.user.map(UserId::uuid),
            alerts: administrator.alerts,
            created_at: stored(administrator.created_at),
        };
        let otherwise = " ON CONFLICT (tenant_id, id) DO UPDATE SET name = excluded.name, email = excluded.email, \
                         email_folded = excluded.email_folded, role = excluded.role, user_id = excluded.user_id, \
                         alerts = excluded.alerts";
        self.transaction.insert_all_or::<administrators::Entity>(vec![row], otherwise).await
    }

    /// Deletes an administrator; `false` if there is none of this id.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn delete_administrator(&mut self, id: Uuid) -> Result<bool, Error> {
        let row = administrators::Entity::delete_by_id((self.tenant(), id));
        Ok(row.exec(&self.transaction).await?.rows_affected == 1)
    }

    /// Protects a user against every push, or no more; `false` if that changes nothing.
    ///
    /// # Errors
    /// [`Error::Other`] if the user does not exist.
    pub async fn protect(
        &mut self,
        user: UserId,
        protected: bool,
        now: DateTime<Utc>,
    ) -> Result<bool, Error> {
        let mut sql = Sql::default();
        if protected {
            sql.push("INSERT INTO protected_users (tenant_id, user_id, since) VALUES ");
            sql.tuple([self.tenant().into(), user.uuid().into(), stored(now).into()]);
            sql.push(" ON CONFLICT (tenant_id, user_id) DO NOTHING");
        } else {
            sql.push("DELETE FROM protected_users WHERE tenant_id = ").bind(self.tenant());
            sql.push(" AND user_id = ").bind(user.uuid());
        }
        Ok(self.transaction.run(sql).await? == 1)
    }

    /// The first of these people who is the person of an administrator, where no administrator is left who is in a state to
    /// administrate; these people count as none where they are `gone`. The administrators are locked, so that two units do not take one each.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn administration_lost(
        &mut self,
        people: &[UserId],
        gone: bool,
    ) -> Result<Option<UserId>, Error> {
        let ids: Vec<Uuid> = people.iter().map(|user| user.uuid()).collect();
        for chunk in ids.chunks(crate::db::sql::CHUNK) {
            let mut sql = Sql::new("SELECT a.user_id AS id FROM administrators a WHERE a.tenant_id = ");
            sql.bind(self.tenant()).push(&format!(" AND a.role IN {CHANGES} AND a.user_id IN "));
            sql.list(chunk.iter().copied()).push(" ORDER BY a.id LIMIT 1");
            let Some(found) = self.transaction.one::<IdRow>(sql).await? else { continue };
            let mut sql = Sql::new("SELECT 1 FROM administrators o WHERE o.tenant_id = ");
            sql.bind(self.tenant()).push(" ORDER BY o.id");
            self.transaction.lock(sql).await?;
            let mut sql = Sql::new("SELECT o.id FROM administrators o WHERE o.tenant_id = ");
            sql.bind(self.tenant()).push(&format!(" AND o.role IN {CHANGES} AND {ABLE}"));
            if gone {
                sql.push(" AND (o.user_id IS NULL OR o.user_id NOT IN ").list(ids.iter().copied()).push(")");
            }
            sql.push(" LIMIT 1");
            let left = self.transaction.one::<IdRow>(sql).await?;
            return Ok(left.is_none().then(|| UserId::new(found.id)));
        }
        Ok(None)
    }

    /// The protected users among these who have access and no grant is left for them.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn protected_without_grant(&self, users: &[Uuid]) -> Result<Vec<UserId>, Error> {
        let mut found = Vec::new();
        for chunk in users.chunks(crate::db::sql::CHUNK) {
            let mut sql = Sql::new("SELECT u.id FROM ");
            sql.users_among(self, chunk.iter().copied());
            sql.push(&format!(" WHERE {} AND {}", protected(), crate::enrolments::lapsed("")));
            let rows = self.transaction.all::<IdRow>(sql).await?;
            found.extend(rows.into_iter().map(|row| UserId::new(row.id)));
        }
        Ok(found)
    }
}
