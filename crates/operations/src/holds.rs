//! Holds (S-34): what must be handed over before a person leaves, as the application says.

use chrono::{DateTime, Utc};
use provisioning::{Entry, EntryKind, Subject, UserId};
use serde::Serialize;
use store::WriteUnit;

use crate::database::{Attempt, Database};
use crate::devices::checked;
use crate::enrolment::Refused;
use crate::error::Error;
use crate::requester::Requester;

/// The most holds of a person.
const MOST: usize = 100;

/// A hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Hold {
    /// The application's own name for it.
    pub reference: String,
    /// What must be handed over, in words that read on from the person's name: “manages 3 shared vaults”.
    pub words: String,
    /// When the application put it.
    pub put_at: DateTime<Utc>,
}

impl From<store::Hold> for Hold {
    fn from(hold: store::Hold) -> Self {
        Self { reference: hold.reference, words: hold.words, put_at: hold.put_at }
    }
}

/// Puts a hold, or tells again what it is.
///
/// # Errors
/// [`Refused::NoPerson`]; [`Error::Refused`] for a text that cannot be used, and for too many holds.
pub async fn put(
    db: &Database,
    requester: &Requester,
    user: UserId,
    (reference, words): (&str, &str),
) -> Result<Hold, Error> {
    checked("reference", reference)?;
    checked("words", words)?;
    let now = requester.now;
    let put = async |mut unit: WriteUnit| -> Attempt<store::Hold> {
        unit.lock_enrolment(user).await?.ok_or(Refused::NoPerson)?;
        let known = unit.holds(&[user]).await?;
        let before = known.iter().find(|hold| hold.reference == reference);
        if before.is_none() && known.len() >= MOST {
            return Err(Error::Refused(format!("a person has at most {MOST} holds: release some first")));
        }
        let (reference, words) = (reference.to_owned(), words.to_owned());
        let hold = store::Hold { user, reference, words, put_at: before.map_or(now, |hold| hold.put_at) };
        if before != Some(&hold) {
            unit.save_hold(&hold).await?;
            let why = format!("Before the person leaves: {}.", hold.words);
            let entry = Entry::new(Subject::User(user), EntryKind::HoldPut, why);
            unit.record([(&entry, &requester.actor)], now).await?;
        }
        Ok((unit, hold))
    };
    Ok(db.write(&requester.scope, put).await?.value.into())
}

/// The holds of a person, by reference.
///
/// # Errors
/// [`Refused::NoPerson`], or what the database says.
pub async fn list(db: &Database, requester: &Requester, user: UserId) -> Result<Vec<Hold>, Error> {
    let unit = db.read(&requester.scope).await?;
    unit.user(user).await?.ok_or(Refused::NoPerson)?;
    Ok(unit.holds(&[user]).await?.into_iter().map(Hold::from).collect())
}

/// Releases a hold; one that is not there is released.
///
/// # Errors
/// [`Refused::NoPerson`], or what the database says.
pub async fn release(
    db: &Database,
    requester: &Requester,
    user: UserId,
    reference: &str,
) -> Result<(), Error> {
    let release = async |mut unit: WriteUnit| -> Attempt<()> {
        unit.lock_enrolment(user).await?.ok_or(Refused::NoPerson)?;
        let known = unit.holds(&[user]).await?.into_iter().find(|hold| hold.reference == reference);
        if let Some(hold) = known {
            unit.release_hold(user, reference).await?;
            let why = format!("Handed over: {}.", hold.words);
            let entry = Entry::new(Subject::User(user), EntryKind::HoldReleased, why);
            unit.record([(&entry, &requester.actor)], requester.now).await?;
        }
        Ok((unit, ()))
    };
    db.write(&requester.scope, release).await.map(drop)
}
