//! Alerts: what administrators are told by mail at once.

use chrono::{DateTime, TimeDelta, Utc};
use letters::{Alert, Message};
use provisioning::{Entry, EntryKind, Refusal, Subject, UserId};
use store::{MailQuery, TenantScope, WriteUnit};

use crate::database::{Attempt, Database};
use crate::error::{Error, chain};
use crate::mail::{self, Writer};
use crate::requester::Requester;
use crate::work::alert_full;

/// How long after an alert about a person the next one is mailed. A directory repeats what was refused.
const PAUSE: TimeDelta = TimeDelta::hours(24);

/// What a push comes to. When it is refused because it would have taken access from a protected person, or because a pool is full,
/// the journal and the administrators are told.
pub(crate) async fn watched<T>(
    db: &Database,
    requester: &Requester,
    push: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    let come = push.await;
    if let Err(Error::Rule(Refusal::Protected { user, name })) = &come
        && let Err(error) = refused(db, requester, *user, name).await
    {
        tracing::error!(error = chain(&error), "the administrators could not be told of a refused push");
    }
    if let Err(refusal) = &come {
        note_refusal(db, &requester.scope, refusal, requester.now).await;
    }
    come
}

/// Has administrators told of a pool that refused a person, if the refusal is one of a full pool.
pub(crate) async fn note_refusal(db: &Database, scope: &TenantScope, refusal: &Error, now: DateTime<Utc>) {
    let Error::Rule(Refusal::PoolFull { pool, .. }) = refusal else { return };
    let note = async |mut unit: WriteUnit| -> Attempt<()> {
        alert_full::note(&mut unit, &[*pool], now).await?;
        Ok((unit, ()))
    };
    if let Err(error) = db.write(scope, note).await {
        tracing::error!(error = chain(&error), "the administrators could not be told of a full pool");
    }
}

async fn refused(db: &Database, requester: &Requester, user: UserId, name: &str) -> Result<(), Error> {
    let (now, keys) = (requester.now, db.keys(requester.now).await?);
    let told = async |mut unit: WriteUnit| -> Attempt<()> {
        let why = format!(
            "“{}” wanted to take access from {name}, who is protected: it was refused.",
            requester.actor.name
        );
        let entry = Entry::new(Subject::User(user), EntryKind::ProtectedRefused, why.clone());
        unit.record([(&entry, &requester.actor)], now).await?;
        let kind = Some(letters::Kind::Alert.as_str());
        let query = MailQuery { user: Some(user), kind, most: 1, ..MailQuery::default() };
        let lately = unit.mails(&query).await?.first().is_some_and(|mail| mail.created_at + PAUSE > now);
        if lately {
            return Ok((unit, ()));
        }
        let writer = Writer::new(&unit, keys, db.pages(), now).await?;
        let what = Alert {
            subject: format!("A push would have locked out {name}"),
            title: "A push was refused".to_owned(),
            summary: "It would have taken access from a protected person.".to_owned(),
            paragraphs: vec![
                why,
                format!(
                    "{name} keeps access. Change the directory so that it does not deactivate this person, or name another \
                     administrator first."
                ),
            ],
            reference: Some(requester.actor.reference.clone()),
            ..Alert::default()
        };
        alert(&mut unit, &writer, Some(user), &what).await?;
        Ok((unit, ()))
    };
    db.write(&requester.scope, told).await.map(drop)
}

/// Writes an alert to every administrator of the tenant who is to get alerts. It may be `about` a person. Alerts wait for no turn.
///
/// # Errors
/// What the database says.
pub(crate) async fn alert(
    unit: &mut WriteUnit,
    writer: &Writer<'_>,
    about: Option<UserId>,
    what: &Alert,
) -> Result<(), Error> {
    for administrator in unit.administrators().await?.into_iter().filter(|known| known.alerts) {
        let to = writer.administrator(about, &administrator);
        mail::write(unit, writer, &to, Message::Alert(what.clone()), None).await?;
    }
    Ok(())
}
