//! The enrolment of a user: columns of the user's row.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use provisioning::{Enrolment, GRANT_ENDED, Status, UserId};
use scim::text::fold;
use sea_orm::{DbBackend, FromQueryResult};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::connections::decode;
use crate::db::backend::{for_update, json_text, literal};
use crate::db::sql::{CHUNK, Sql};
use crate::error::Error;
use crate::ids::stored;
use crate::unit::WriteUnit;

/// The columns of an [`EnrolmentRow`], of users `u`.
pub(crate) const COLUMNS: &str = "u.enrolment_status, u.enrolment_since, u.enrolment_steps, \
     u.enrolment_resumes, u.enrolment_cause, u.restore_owed, u.seat_kept_until, u.last_used_at";

/// Whether the enrolment of user `u` is another one than that of a user who has just arrived, as
/// [`Enrolment::has_begun`] says.
pub(crate) const HAS_BEGUN: &str =
    "(u.enrolment_status <> 'no-licence' OR u.enrolment_since IS NOT NULL OR u.last_used_at IS NOT NULL)";

/// Whether user `u` has access by the enrolment, and no grant is left: a job has yet to settle the person. `end` ends each
/// look for a grant.
pub(crate) fn lapsed(end: &str) -> String {
    format!(
        "(u.enrolment_status IN ('pending', 'active') \
         AND NOT EXISTS (SELECT 1 FROM grants y WHERE y.tenant_id = u.tenant_id AND y.user_id = u.id{end}) \
         AND NOT EXISTS (SELECT 1 FROM group_members y JOIN bindings z ON z.tenant_id = y.tenant_id \
         AND z.group_id = y.group_id WHERE y.tenant_id = u.tenant_id AND y.member_id = u.id{end}) \
         AND NOT EXISTS (SELECT 1 FROM held_losses y WHERE y.tenant_id = u.tenant_id AND y.user_id = u.id{end}))"
    )
}

/// The status of user `u` as it is shown, see [`Enrolment::without_grant`].
pub(crate) fn shown_status() -> String {
    unless_lapsed("u.enrolment_status", Status::Suspended.as_str())
}

/// The word for what a pending user `u` does next: the step behind the furthest one that was taken.
pub(crate) fn next_step(backend: DbBackend) -> String {
    let taken = |step: &str| format!("{} IS NOT NULL", json_text(backend, "u.enrolment_steps", &[step]));
    let furthest = [
        ("pinSet", "restore"),
        ("emailVerified", "pin"),
        ("signedIn", "verify"),
        ("invitationOpened", "device"),
    ];
    let when = |(step, next): (&str, &str)| format!("WHEN {} THEN '{next}' ", taken(step));
    format!("CASE {}ELSE 'open' END", furthest.map(when).concat())
}

/// The cause of the status of user `u` as it is shown, folded.
pub(crate) fn shown_cause() -> String {
    unless_lapsed("u.enrolment_cause_folded", &fold(GRANT_ENDED))
}

fn unless_lapsed(column: &str, instead: &str) -> String {
    // A filter looks at many users, and PostgreSQL may gather all grants for that.
    format!("CASE WHEN {} THEN {} ELSE {column} END", lapsed(""), literal(instead))
}

/// The enrolment as it is shown, see [`Enrolment::without_grant`].
#[derive(FromQueryResult)]
pub(crate) struct ShownRow {
    #[sea_orm(nested)]
    enrolment: EnrolmentRow,
    lapsed: bool,
}

impl ShownRow {
    /// The columns of users `u`.
    pub(crate) fn columns() -> String {
        // An answer holds few users, and PostgreSQL is kept from gathering all grants for it.
        format!("{COLUMNS}, {} AS lapsed", lapsed(" LIMIT 1 OFFSET 0"))
    }

    /// The enrolment of this user.
    pub(crate) fn read(self, user: Uuid) -> Result<Enrolment, Error> {
        let enrolment = self.enrolment.read(user)?;
        Ok(if self.lapsed { enrolment.without_grant() } else { enrolment })
    }
}

#[derive(FromQueryResult)]
pub(crate) struct EnrolmentRow {
    enrolment_status: String,
    enrolment_since: Option<DateTime<Utc>>,
    enrolment_steps: Value,
    enrolment_resumes: Option<String>,
    enrolment_cause: Option<String>,
    restore_owed: bool,
    seat_kept_until: Option<DateTime<Utc>>,
    last_used_at: Option<DateTime<Utc>>,
}

impl EnrolmentRow {
    /// The enrolment of this user.
    pub(crate) fn read(self, user: Uuid) -> Result<Enrolment, Error> {
        let inconsistent = |column| Error::Inconsistent { table: "users", column, id: user.to_string() };
        let resumes = self.enrolment_resumes.map(|word| word.parse());
        Ok(Enrolment {
            status: self.enrolment_status.parse().map_err(|_| inconsistent("enrolment_status"))?,
            since: self.enrolment_since,
            steps: decode(self.enrolment_steps, "users", "enrolment_steps", &user.to_string())?,
            restore_owed: self.restore_owed,
            seat_kept_until: self.seat_kept_until,
            resumes: resumes.transpose().map_err(|_| inconsistent("enrolment_resumes"))?,
            cause: self.enrolment_cause,
            last_used: self.last_used_at,
        })
    }
}

impl WriteUnit {
    /// The enrolment of a user as it is shown, with the user locked; none for a user whom the unit does not see.
    ///
    /// # Errors
    /// [`Error::Inconsistent`], [`Error::Busy`] or [`Error::Other`].
    pub async fn lock_enrolment(&mut self, user: UserId) -> Result<Option<Enrolment>, Error> {
        let mut sql = Sql::new(&format!("SELECT {} FROM users u WHERE u.tenant_id = ", ShownRow::columns()));
        sql.bind(self.tenant()).push(" AND u.id = ").bind(user.uuid());
        sql.seen_user(&self.scope, "u").push(for_update(self.backend()));
        let row = self.transaction.one::<ShownRow>(sql).await?;
        row.map(|row| row.read(user.uuid())).transpose()
    }

    /// Gives a person another enrolment, for a step that was taken.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn save_enrolment(
        &mut self,
        user: UserId,
        enrolment: &Enrolment,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        self.save_enrolments(&BTreeMap::from([(user, enrolment.clone())])).await?;
        self.bump(BTreeSet::from([user.uuid()]), now).await
    }

    pub(crate) async fn save_enrolments(
        &self,
        enrolments: &BTreeMap<UserId, Enrolment>,
    ) -> Result<(), Error> {
        let enrolments: Vec<_> = enrolments.iter().collect();
        for chunk in enrolments.chunks(CHUNK) {
            let mut sql = Sql::new(
                "UPDATE users SET enrolment_status = v.column2, enrolment_since = v.column3, \
                 enrolment_steps = v.column4, enrolment_resumes = v.column5, enrolment_cause = v.column6, \
                 enrolment_cause_folded = v.column7, restore_owed = v.column8, seat_kept_until = v.column9, \
                 last_used_at = v.column10 FROM (VALUES ",
            );
            sql.rows(chunk.iter().map(|(user, enrolment)| {
                [
                    user.uuid().into(),
                    enrolment.status.as_str().into(),
                    enrolment.since.map(stored).into(),
                    json!(enrolment.steps).into(),
                    enrolment.resumes.map(Status::as_str).into(),
                    enrolment.cause.as_deref().into(),
                    enrolment.cause.as_deref().map(|cause| fold(cause).into_owned()).into(),
                    enrolment.restore_owed.into(),
                    enrolment.seat_kept_until.map(stored).into(),
                    enrolment.last_used.map(stored).into(),
                ]
            }));
            sql.push(") AS v WHERE users.tenant_id = ").bind(self.tenant()).push(" AND users.id = v.column1");
            self.transaction.run(sql).await?;
        }
        Ok(())
    }
}
