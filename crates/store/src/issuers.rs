//! Identity providers through which the administrators of a tenant sign in, their subjects, and whether there is no other way.

use chrono::{DateTime, Utc};
use sea_orm::FromQueryResult;
use uuid::Uuid;

use crate::administrators::Role;
use crate::connections::decode;
use crate::db::sql::Sql;
use crate::entity::{issuer_subjects, issuers};
use crate::error::Error;
use crate::ids::{IdRow, stored};
use crate::scope::TenantScope;
use crate::store::Store;
use crate::unit::{ReadUnit, WriteUnit};

/// An issuer of ID tokens.
#[derive(Clone, PartialEq, Eq)]
pub struct Issuer {
    /// Its id.
    pub id: Uuid,
    /// What people call it.
    pub name: String,
    /// The issuer, as its tokens say it.
    pub issuer: String,
    /// What it calls this application.
    pub client_id: String,
    /// The secret that it shares with this application, sealed.
    pub client_secret: Vec<u8>,
    /// What is asked for beside `openid`, `profile` and `email`; words with spaces between them.
    pub scopes: String,
    /// The claim that says what an administrator may do; empty without one.
    pub claim: String,
    /// The values of that claim with the roles that they give; the first that matches counts.
    pub roles: Vec<(String, Role)>,
    /// Whether also those who were invited need a value that matches.
    pub only_matching: bool,
    /// Since when.
    pub created_at: DateTime<Utc>,
}

impl std::fmt::Debug for Issuer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Issuer").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Whom an issuer knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuerSubject {
    /// The issuer.
    pub issuer: Uuid,
    /// What the issuer calls the person, for ever.
    pub subject: String,
    /// The administrator.
    pub administrator: Uuid,
    /// The role without a claim; none where a claim alone made that administrator one.
    pub invited_as: Option<Role>,
    /// Since when.
    pub created_at: DateTime<Utc>,
}

impl TryFrom<issuers::Model> for Issuer {
    type Error = Error;

    fn try_from(row: issuers::Model) -> Result<Self, Error> {
        let id = row.id.to_string();
        let words: Vec<(String, String)> = decode(row.roles, "issuers", "roles", &id)?;
        let inconsistent = || Error::Inconsistent { table: "issuers", column: "roles", id: id.clone() };
        let role = |(value, word): (String, String)| {
            let role = Role::ALL.into_iter().find(|role| role.as_str() == word);
            Ok((value, role.ok_or_else(inconsistent)?))
        };
        Ok(Self {
            roles: words.into_iter().map(role).collect::<Result<_, Error>>()?,
            id: row.id,
            name: row.name,
            issuer: row.issuer,
            client_id: row.client_id,
            client_secret: row.client_secret,
            scopes: row.scopes,
            claim: row.claim,
            only_matching: row.only_matching,
            created_at: row.created_at,
        })
    }
}

impl TryFrom<issuer_subjects::Model> for IssuerSubject {
    type Error = Error;

    fn try_from(row: issuer_subjects::Model) -> Result<Self, Error> {
        let id = row.administrator_id.to_string();
        let inconsistent =
            || Error::Inconsistent { table: "issuer_subjects", column: "invited_as", id: id.clone() };
        let role =
            |word: String| Role::ALL.into_iter().find(|role| role.as_str() == word).ok_or_else(inconsistent);
        Ok(Self {
            issuer: row.issuer_id,
            subject: row.subject,
            administrator: row.administrator_id,
            invited_as: row.invited_as.map(role).transpose()?,
            created_at: row.created_at,
        })
    }
}

impl Store {
    /// The issuer of this id with its tenant: a browser that comes back from it names no other thing.
    ///
    /// # Errors
    /// [`Error::Inconsistent`], [`Error::Busy`] or [`Error::Other`].
    pub async fn issuer(&self, id: Uuid) -> Result<Option<(TenantScope, Issuer)>, Error> {
        let mut sql = Sql::new("SELECT i.* FROM issuers i WHERE i.id = ");
        sql.bind(id);
        let found = issuers::Model::find_by_statement(sql.statement(self.backend()));
        let Some(row) = found.one(&*self.database().await?).await? else { return Ok(None) };
        Ok(Some((TenantScope::of(row.tenant_id), row.try_into()?)))
    }

    /// Notes until an instant that something was used that counts once, such as the answer to a sign-in; `false` if that was done
    /// before.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn use_once(
        &self,
        hash: [u8; 32],
        (now, expires_at): (DateTime<Utc>, DateTime<Utc>),
    ) -> Result<bool, Error> {
        let transaction = self.writing().await?;
        let mut sql = Sql::new("DELETE FROM used_sign_ins WHERE expires_at <= ");
        sql.bind(stored(now));
        transaction.run(sql).await?;
        let mut sql = Sql::new("INSERT INTO used_sign_ins (hash, expires_at) VALUES ");
        sql.rows([[hash.to_vec().into(), stored(expires_at).into()]]);
        sql.push(" ON CONFLICT (hash) DO NOTHING");
        let used = transaction.run(sql).await? == 1;
        transaction.commit().await?;
        Ok(used)
    }
}

impl ReadUnit {
    /// The issuers of the tenant, oldest first.
    ///
    /// # Errors
    /// [`Error::Inconsistent`], [`Error::Busy`] or [`Error::Other`].
    pub async fn issuers(&self) -> Result<Vec<Issuer>, Error> {
        let mut sql = Sql::new("SELECT i.* FROM issuers i WHERE i.tenant_id = ");
        sql.bind(self.tenant()).push(" ORDER BY i.id");
        self.transaction.all::<issuers::Model>(sql).await?.into_iter().map(Issuer::try_from).collect()
    }

    /// The subjects of all issuers of the tenant.
    ///
    /// # Errors
    /// [`Error::Inconsistent`], [`Error::Busy`] or [`Error::Other`].
    pub async fn issuer_subjects(&self) -> Result<Vec<IssuerSubject>, Error> {
        let mut sql = Sql::new("SELECT s.* FROM issuer_subjects s WHERE s.tenant_id = ");
        sql.bind(self.tenant()).push(" ORDER BY s.issuer_id, s.subject");
        let rows = self.transaction.all::<issuer_subjects::Model>(sql).await?;
        rows.into_iter().map(IssuerSubject::try_from).collect()
    }

    /// A subject of an issuer.
    ///
    /// # Errors
    /// [`Error::Inconsistent`], [`Error::Busy`] or [`Error::Other`].
    pub async fn issuer_subject(&self, issuer: Uuid, subject: &str) -> Result<Option<IssuerSubject>, Error> {
        let mut sql = Sql::new("SELECT s.* FROM issuer_subjects s WHERE s.tenant_id = ");
        sql.bind(self.tenant()).push(" AND s.issuer_id = ").bind(issuer);
        sql.push(" AND s.subject = ").bind(subject.to_owned());
        let row = self.transaction.one::<issuer_subjects::Model>(sql).await?;
        row.map(IssuerSubject::try_from).transpose()
    }

    /// The subjects of an administrator, one for each issuer to which the account is connected.
    ///
    /// # Errors
    /// [`Error::Inconsistent`], [`Error::Busy`] or [`Error::Other`].
    pub async fn subjects_of(&self, administrator: Uuid) -> Result<Vec<IssuerSubject>, Error> {
        let mut sql = Sql::new("SELECT s.* FROM issuer_subjects s WHERE s.tenant_id = ");
        sql.bind(self.tenant()).push(" AND s.administrator_id = ").bind(administrator);
        sql.push(" ORDER BY s.issuer_id");
        let rows = self.transaction.all::<issuer_subjects::Model>(sql).await?;
        rows.into_iter().map(IssuerSubject::try_from).collect()
    }

    /// The one administrator of the tenant who may use a password, where single sign-on is enforced; else none.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn break_glass(&self) -> Result<Option<Uuid>, Error> {
        let mut sql = Sql::new("SELECT s.break_glass AS id FROM single_sign_on s WHERE s.tenant_id = ");
        sql.bind(self.tenant());
        Ok(self.transaction.one::<IdRow>(sql).await?.map(|row| row.id))
    }
}

impl WriteUnit {
    /// Saves an issuer, new or known.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn save_issuer(&mut self, issuer: &Issuer) -> Result<(), Error> {
        let words: Vec<(&str, &str)> =
            issuer.roles.iter().map(|(value, role)| (value.as_str(), role.as_str())).collect();
        let row = issuers::Model {
            tenant_id: self.tenant(),
            id: issuer.id,
            name: issuer.name.clone(),
            issuer: issuer.issuer.clone(),
            client_id: issuer.client_id.clone(),
            client_secret: issuer.client_secret.clone(),
            scopes: issuer.scopes.clone(),
            claim: issuer.claim.clone(),
            roles: serde_json::json!(words),
            only_matching: issuer.only_matching,
            created_at: stored(issuer.created_at),
        };
        let mut sql = Sql::new("UPDATE issuers SET name = ");
        sql.bind(row.name.clone()).push(", issuer = ").bind(row.issuer.clone());
        sql.push(", client_id = ").bind(row.client_id.clone());
        sql.push(", client_secret = ").bind(row.client_secret.clone());
        sql.push(", scopes = ").bind(row.scopes.clone()).push(", claim = ").bind(row.claim.clone());
        sql.push(", roles = ").bind(row.roles.clone()).push(", only_matching = ").bind(row.only_matching);
        sql.push(" WHERE tenant_id = ").bind(row.tenant_id).push(" AND id = ").bind(row.id);
        if self.transaction.run(sql).await? == 0 {
            self.transaction.insert(row).await?;
        }
        Ok(())
    }

    /// Deletes an issuer with its subjects, and ends the sessions that it opened; `false` if there is none of this id.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn delete_issuer(&mut self, id: Uuid) -> Result<bool, Error> {
        self.end_sessions_of_issuer(id, None).await?;
        let mut sql = Sql::new("DELETE FROM issuers WHERE tenant_id = ");
        sql.bind(self.tenant()).push(" AND id = ").bind(id);
        Ok(self.transaction.run(sql).await? == 1)
    }

    /// Ends the sessions that an issuer opened, but for those of one administrator.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn end_sessions_of_issuer(&mut self, id: Uuid, but: Option<Uuid>) -> Result<(), Error> {
        let mut sql = Sql::new("DELETE FROM sessions WHERE tenant_id = ");
        sql.bind(self.tenant()).push(" AND issuer_id = ").bind(id);
        if let Some(but) = but {
            sql.push(" AND administrator_id <> ").bind(but);
        }
        self.transaction.run(sql).await.map(drop)
    }

    /// Ends the sessions of one administrator that an issuer opened.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn end_sessions_through(&mut self, issuer: Uuid, administrator: Uuid) -> Result<(), Error> {
        let mut sql = Sql::new("DELETE FROM sessions WHERE tenant_id = ");
        sql.bind(self.tenant()).push(" AND issuer_id = ").bind(issuer);
        sql.push(" AND administrator_id = ").bind(administrator);
        self.transaction.run(sql).await.map(drop)
    }

    /// Says which role an administrator has without a claim, where one is known by issuers and was invited.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn set_invited_as(&mut self, administrator: Uuid, role: Role) -> Result<(), Error> {
        let mut sql = Sql::new("UPDATE issuer_subjects SET invited_as = ");
        sql.bind(role.as_str()).push(" WHERE tenant_id = ").bind(self.tenant());
        sql.push(" AND administrator_id = ").bind(administrator).push(" AND invited_as IS NOT NULL");
        self.transaction.run(sql).await.map(drop)
    }

    /// Forgets the subjects of an issuer: the same word means another person after its address has changed.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn forget_subjects(&mut self, issuer: Uuid) -> Result<(), Error> {
        let mut sql = Sql::new("DELETE FROM issuer_subjects WHERE tenant_id = ");
        sql.bind(self.tenant()).push(" AND issuer_id = ").bind(issuer);
        self.transaction.run(sql).await.map(drop)
    }

    /// Keeps a subject; one that the administrator had at the same issuer is forgotten.
    ///
    /// # Errors
    /// [`Error::Conflict`] if it is another administrator's.
    pub async fn insert_issuer_subject(&mut self, subject: &IssuerSubject) -> Result<(), Error> {
        self.forget_subject(subject.issuer, subject.administrator).await?;
        let row = issuer_subjects::Model {
            tenant_id: self.tenant(),
            issuer_id: subject.issuer,
            subject: subject.subject.clone(),
            administrator_id: subject.administrator,
            invited_as: subject.invited_as.map(|role| role.as_str().to_owned()),
            created_at: stored(subject.created_at),
        };
        self.transaction.insert(row).await
    }

    /// Forgets the subject of an administrator at an issuer; `false` if there is none.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn forget_subject(&mut self, issuer: Uuid, administrator: Uuid) -> Result<bool, Error> {
        let mut sql = Sql::new("DELETE FROM issuer_subjects WHERE tenant_id = ");
        sql.bind(self.tenant()).push(" AND issuer_id = ").bind(issuer);
        sql.push(" AND administrator_id = ").bind(administrator);
        Ok(self.transaction.run(sql).await? == 1)
    }

    /// Enforces single sign-on for everybody but one administrator, whose sessions alone outlive it beside those that an issuer
    /// opened; or enforces it no more.
    ///
    /// # Errors
    /// [`Error::Other`] if there is no such administrator.
    pub async fn enforce_single_sign_on(
        &mut self,
        break_glass: Option<Uuid>,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        // Who signs in at this moment holds the own row: after this the session is seen, or the rule is seen there.
        let mut sql = Sql::new("SELECT 1 FROM administrators a WHERE a.tenant_id = ");
        sql.bind(self.tenant()).push(" ORDER BY a.id");
        self.transaction.lock(sql).await?;
        let mut sql = Sql::new("DELETE FROM single_sign_on WHERE tenant_id = ");
        sql.bind(self.tenant());
        self.transaction.run(sql).await?;
        let Some(break_glass) = break_glass else { return Ok(()) };
        let mut sql = Sql::new("INSERT INTO single_sign_on (tenant_id, break_glass, enforced_at) VALUES ");
        sql.rows([[self.tenant().into(), break_glass.into(), stored(now).into()]]);
        self.transaction.run(sql).await?;
        let mut sql = Sql::new("DELETE FROM sessions WHERE issuer_id IS NULL AND tenant_id = ");
        sql.bind(self.tenant()).push(" AND administrator_id <> ").bind(break_glass);
        self.transaction.run(sql).await?;
        // An invitation can still be accepted through an issuer.
        let mut sql = Sql::new("DELETE FROM sign_in_links WHERE kind = 'enter' AND tenant_id = ");
        sql.bind(self.tenant()).push(" AND administrator_id <> ").bind(break_glass);
        self.transaction.run(sql).await?;
        Ok(())
    }
}
