//! A tenant's own templates of mail: one for each kind and language, of which parts may be missing.

use chrono::{DateTime, Utc};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use crate::db::sql::Sql;
use crate::entity::mail_templates::{Column, Entity, Model};
use crate::error::Error;
use crate::ids::stored;
use crate::unit::{ReadUnit, WriteUnit};

/// A template of a tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailTemplate {
    /// The kind of mail.
    pub kind: String,
    /// The language.
    pub language: String,
    /// The subject, where it is the tenant's own.
    pub subject: Option<String>,
    /// The text, where it is the tenant's own.
    pub text: Option<String>,
    /// The HTML, where it is the tenant's own.
    pub html: Option<String>,
    /// When it was saved last.
    pub changed_at: DateTime<Utc>,
}

impl ReadUnit {
    /// The tenant's own templates.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn mail_templates(&self) -> Result<Vec<MailTemplate>, Error> {
        let rows = Entity::find()
            .filter(Column::TenantId.eq(self.tenant()))
            .order_by_asc(Column::Kind)
            .order_by_asc(Column::Language)
            .all(&self.transaction)
            .await?;
        let template = |row: Model| MailTemplate {
            kind: row.kind,
            language: row.language,
            subject: row.subject,
            text: row.plain,
            html: row.html,
            changed_at: row.changed_at,
        };
        Ok(rows.into_iter().map(template).collect())
    }
}

impl WriteUnit {
    /// Keeps a template in the place of the one of its kind and language.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn save_mail_template(&mut self, template: &MailTemplate) -> Result<(), Error> {
        self.delete_mail_template(&template.kind, &template.language).await?;
        let row = Model {
            tenant_id: self.tenant(),
            kind: template.kind.clone(),
            language: template.language.clone(),
            subject: template.subject.clone(),
            plain: template.text.clone(),
            html: template.html.clone(),
            changed_at: stored(template.changed_at),
        };
        self.transaction.insert(row).await
    }

    /// Takes a template away; says whether there was one.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn delete_mail_template(&mut self, kind: &str, language: &str) -> Result<bool, Error> {
        let mut sql = Sql::new("DELETE FROM mail_templates WHERE tenant_id = ");
        sql.bind(self.tenant()).push(" AND kind = ").bind(kind).push(" AND language = ").bind(language);
        Ok(self.transaction.run(sql).await? > 0)
    }
}
