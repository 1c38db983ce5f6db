//! Invitations that wait for an administrator, and those that are sent again.

use provisioning::{Entry, EntryKind, Invitations, Subject};
use serde_json::json;
use store::WriteUnit;

use crate::asked::{self, Concerned, Wish};
use crate::database::{Attempt, Database};
use crate::directory::Part;
use crate::error::Error;
use crate::requester::Operator;
use crate::rights::Right;
use crate::work::let_leave;

/// Lets invitations go that wait for an administrator, the oldest first: those of one connection, by id or name, or of all that
/// invite so; at most so many. Answers how many. They leave by the quiet hours and caps of the tenant.
///
/// # Errors
/// [`Error`] if there is no such tenant or connection, or the connection invites otherwise.
pub async fn release(
    db: &Database,
    operator: &Operator,
    tenant: &str,
    connection: Option<&str>,
    most: u64,
) -> Result<u64, Error> {
    let (scope, tenant) = db.tenant(tenant).await?;
    let named = match connection {
        Some(name) => {
            Some(db.connection(&operator.clone().within(Some(tenant.id.to_string())), name).await?.1)
        }
        None => None,
    };
    if let Some(other) = named.as_ref().filter(|one| one.policy.invitations != Invitations::Release) {
        let (name, how) = (&other.name, other.policy.invitations);
        let advice = format!("`rollcall connection update {name} --invitations release` changes that");
        return Err(Error::Refused(format!(
            "the invitations of the connection {name} wait for no administrator, they leave {how}: {advice}"
        )));
    }
    let release = async |mut unit: WriteUnit| -> Attempt<u64> {
        unit.lock_mail_queue().await?;
        let connections = match &named {
            Some(one) => vec![one.id],
            None => let_leave::releasing(&unit).await?,
        };
        let released = unit.let_go(&connections, most).await?;
        if released > 0 {
            let of =
                named.as_ref().map(|one| format!(" of the connection “{}”", one.name)).unwrap_or_default();
            let why = format!("An administrator let {released} invitations{of} go.");
            let subject =
                named.as_ref().map_or(Subject::Tenant(tenant.id), |one| Subject::Connection(one.id));
            let mut entry = Entry::new(subject, EntryKind::InvitationsReleased, why);
            entry.after = Some(json!({ "invitations": released }));
            unit.record([(&entry, &operator.actor(Right::Change)?)], operator.now).await?;
            unit.enqueue(let_leave::job(operator.now), operator.now).await?;
        }
        Ok((unit, released))
    };
    Ok(db.write(&scope, release).await?.value)
}

/// Invites a person again who has not finished, by id or `userName`. Links that were sent before count as long as they did.
///
/// # Errors
/// [`Error`] if there is no such person, or why the person cannot be invited.
pub async fn send_one(db: &Database, operator: &Operator, user: &str) -> Result<(), Error> {
    asked::send_one(db, operator, user, Wish::Invitation).await
}

/// Invites the people of a tenant again who match a SCIM filter and have not finished; with `preview`, only says who they
/// would be.
///
/// # Errors
/// [`Error`] if there is no such tenant, or the filter cannot be used.
pub async fn send(
    db: &Database,
    operator: &Operator,
    tenant: &str,
    filter: Option<&str>,
    preview: bool,
) -> Result<Concerned, Error> {
    let part = Part { filter: filter.map(str::to_owned), ..Part::default() };
    asked::send(db, operator, tenant, (part, Wish::Invitation), preview).await
}
