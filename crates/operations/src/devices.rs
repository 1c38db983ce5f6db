//! Devices on which people signed in to the application.

use chrono::{DateTime, Utc};
use provisioning::{Entry, EntryKind, Step, Subject, UserId};
use serde::Serialize;
use store::WriteUnit;

use crate::database::{Attempt, Database};
use crate::enrolment::{self, Refused};
use crate::error::Error;
use crate::events;
use crate::requester::Requester;

/// The most devices of a person, the revoked ones too.
const MOST: usize = 100;
/// The most letters of each text.
const LONGEST: usize = 200;

/// What the application says about a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct New {
    /// The application's own name for the device, unique for the person.
    pub reference: String,
    /// What people call it.
    pub name: String,
    /// Its operating system.
    pub platform: String,
    /// The version of the application on it.
    pub app_version: String,
}

/// A device of a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Device {
    /// The application's own name for it.
    pub reference: String,
    /// What people call it.
    pub name: String,
    /// Its operating system.
    pub platform: String,
    /// The version of the application on it.
    pub app_version: String,
    /// When it was registered.
    pub registered_at: DateTime<Utc>,
    /// When the application saw it last.
    pub seen_at: DateTime<Utc>,
    /// When it was last authenticated by the application's hub.
    pub hub_authenticated_at: Option<DateTime<Utc>>,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
}

impl From<store::Device> for Device {
    fn from(device: store::Device) -> Self {
        Self {
            reference: device.reference,
            name: device.name,
            platform: device.platform,
            app_version: device.app_version,
            registered_at: device.registered_at,
            seen_at: device.seen_at,
            hub_authenticated_at: device.hub_at,
            revoked_at: device.revoked_at,
        }
    }
}

/// A sighting of a person, on a device where it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The person.
    pub user: UserId,
    /// The device's reference.
    pub device: Option<String>,
    /// When.
    pub at: DateTime<Utc>,
}

/// Registers a device of a person with access, or tells again what is known of one; the first one signs the person in.
///
/// # Errors
/// [`Refused`] for a person who is not there or has no access; [`Error::Refused`] for a text that cannot be used, a device that
/// was revoked, and too many devices.
pub async fn register(
    db: &Database,
    requester: &Requester,
    user: UserId,
    new: &New,
) -> Result<Device, Error> {
    for (what, text) in [
        ("reference", &new.reference),
        ("name", &new.name),
        ("platform", &new.platform),
        ("appVersion", &new.app_version),
    ] {
        checked(what, text)?;
    }
    let now = requester.now;
    let register = async |mut unit: WriteUnit| -> Attempt<store::Device> {
        let enrolment = unit.lock_enrolment(user).await?.ok_or(Refused::NoPerson)?;
        let known = unit.devices(user).await?;
        let before = known.iter().find(|device| device.reference == new.reference);
        if before.is_some_and(|device| device.revoked_at.is_some()) {
            let said = "this device was revoked: register it under another reference once its user has signed in anew";
            return Err(Error::Refused(said.to_owned()));
        }
        if before.is_none() && known.len() >= MOST {
            return Err(Error::Refused(format!("a person has at most {MOST} devices: revoke some first")));
        }
        enrolment::taken(requester, &mut unit, user, &enrolment, Step::SignedIn).await?;
        let device = store::Device {
            user,
            reference: new.reference.clone(),
            name: new.name.clone(),
            platform: new.platform.clone(),
            app_version: new.app_version.clone(),
            registered_at: before.map_or(now, |device| device.registered_at),
            seen_at: now,
            hub_at: before.and_then(|device| device.hub_at),
            revoked_at: None,
        };
        unit.save_device(&device).await?;
        unit.note_seen(&[(user, now)], &[]).await?;
        if before.is_none() {
            let why = format!("The device “{}” was registered.", new.name);
            let entry = Entry::new(Subject::User(user), EntryKind::DeviceRegistered, why);
            unit.record([(&entry, &requester.actor)], now).await?;
        }
        Ok((unit, device))
    };
    Ok(db.write(&requester.scope, register).await?.value.into())
}

/// The devices of a person, the revoked ones too, by reference.
///
/// # Errors
/// [`Refused::NoPerson`], or what the database says.
pub async fn list(db: &Database, requester: &Requester, user: UserId) -> Result<Vec<Device>, Error> {
    let unit = db.read(&requester.scope).await?;
    unit.user(user).await?.ok_or(Refused::NoPerson)?;
    Ok(unit.devices(user).await?.into_iter().map(Device::from).collect())
}

/// Revokes a device of a person; one that was revoked before stays so.
///
/// # Errors
/// [`Refused::NoPerson`], [`Error::Refused`] for a device that is not there, or what the database says.
pub async fn revoke(
    db: &Database,
    requester: &Requester,
    user: UserId,
    reference: &str,
) -> Result<Device, Error> {
    let now = requester.now;
    let change = |device: &mut store::Device| {
        let revoked = device.revoked_at.is_none();
        device.revoked_at = device.revoked_at.or(Some(now));
        Ok(revoked.then(|| (EntryKind::DeviceRevoked, format!("The device “{}” was revoked.", device.name))))
    };
    edit(db, requester, user, reference, change).await
}

/// Notes that the application's hub has authenticated a device, or that it is to do so anew.
///
/// # Errors
/// As [`revoke`], and [`Refused::Revoked`] for a device that was revoked and that the hub let in all the same.
pub async fn hub(
    db: &Database,
    requester: &Requester,
    user: UserId,
    reference: &str,
    authenticated: bool,
) -> Result<Device, Error> {
    let now = requester.now;
    let change = |device: &mut store::Device| {
        if authenticated && device.revoked_at.is_some() {
            return Err(Refused::Revoked);
        }
        device.hub_at = authenticated.then_some(now);
        let words = if authenticated {
            "was authenticated by the hub"
        } else {
            "has to be authenticated by the hub anew"
        };
        Ok(Some((EntryKind::DeviceChanged, format!("The device “{}” {words}.", device.name))))
    };
    edit(db, requester, user, reference, change).await
}

async fn edit(
    db: &Database,
    requester: &Requester,
    user: UserId,
    reference: &str,
    change: impl Fn(&mut store::Device) -> Result<Option<(EntryKind, String)>, Refused> + Sync,
) -> Result<Device, Error> {
    let edit = async |mut unit: WriteUnit| -> Attempt<store::Device> {
        unit.lock_enrolment(user).await?.ok_or(Refused::NoPerson)?;
        let found = unit.devices(user).await?.into_iter().find(|device| device.reference == reference);
        let mut device = found.ok_or(Refused::NoDevice)?;
        if let Some((kind, why)) = change(&mut device)? {
            unit.save_device(&device).await?;
            let entry = Entry::new(Subject::User(user), kind, why);
            unit.record([(&entry, &requester.actor)], requester.now).await?;
            if kind == EntryKind::DeviceRevoked {
                events::device_revoked(&mut unit, (user, reference), &requester.actor, requester.now).await?;
            }
        }
        Ok((unit, device))
    };
    Ok(db.write(&requester.scope, edit).await?.value.into())
}

/// Notes when the application saw people, many at once. It changes no version and no journal; people and devices that are not
/// there are passed over, a device that no device is called among them. So are instants before 1970, when nobody was seen; one
/// in the future counts as now.
///
/// # Errors
/// What the database says.
pub async fn seen(db: &Database, requester: &Requester, seen: &[Seen]) -> Result<(), Error> {
    let now = requester.now;
    let mut people = std::collections::BTreeMap::new();
    let mut devices = std::collections::BTreeMap::new();
    for Seen { user, device, at } in seen {
        if *at < DateTime::UNIX_EPOCH {
            continue;
        }
        let at = (*at).min(now);
        let latest = people.entry(*user).or_insert(at);
        *latest = at.max(*latest);
        if let Some(device) = device.as_ref().filter(|device| checked("device", device).is_ok()) {
            let latest = devices.entry((*user, device.clone())).or_insert(at);
            *latest = at.max(*latest);
        }
    }
    let people: Vec<_> = people.into_iter().collect();
    let devices: Vec<_> = devices.into_iter().map(|((user, device), at)| (user, device, at)).collect();
    let note = async |mut unit: WriteUnit| -> Attempt<()> {
        unit.note_seen(&people, &devices).await?;
        Ok((unit, ()))
    };
    db.write(&requester.scope, note).await.map(drop)
}

pub(crate) fn checked(what: &str, text: &str) -> Result<(), Error> {
    let length = text.chars().count();
    if text.trim().is_empty() || length > LONGEST || text.chars().any(char::is_control) {
        let said = format!("\"{what}\" needs 1 to {LONGEST} letters, without control characters");
        return Err(Error::Refused(said));
    }
    Ok(())
}
