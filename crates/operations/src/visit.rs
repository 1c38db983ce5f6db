//! A person comes by the link of a mail: who it is, how far the person is, and why a link shows nothing any more.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use provisioning::code;
use provisioning::{Enrolment, EntryKind, Step, Subject, UserId};
use store::{Actor, ActorKind, JournalQuery, ReadUnit, TenantScope, User};

use crate::address;
use crate::database::Database;
use crate::enrolment::sent;
use crate::error::Error;
use crate::link::Link;
use crate::requester::Requester;
use crate::tenants::Settings;

/// A person who has come by a link.
#[derive(Clone, Debug)]
pub struct Visitor {
    scope: TenantScope,
    /// The person.
    pub user: UserId,
    /// The name with which the person signs in.
    name: String,
}

impl Visitor {
    /// The person as a requester; `reference` is the id of the request.
    #[must_use]
    pub fn requester(&self, reference: String, now: DateTime<Utc>) -> Requester {
        let actor = Actor { kind: ActorKind::Person, name: self.name.clone(), reference, connection: None };
        Requester::direct(self.scope.clone(), actor, now)
    }
}

/// The code that was sent last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastCode {
    /// For how long it is still valid; nothing or less when it is not.
    pub valid: TimeDelta,
    /// How often it may still be tried.
    pub tries_left: u32,
    /// After which time another one can be sent; nothing when it can.
    pub again: TimeDelta,
}

/// What a link shows.
#[derive(Clone, Debug)]
pub struct Visit {
    /// Who has come.
    pub visitor: Visitor,
    /// The organisation.
    pub organisation: String,
    /// The settings of the organisation.
    pub settings: Settings,
    /// What the person is called.
    pub called: Option<String>,
    /// The name with which the person signs in.
    pub sign_in: String,
    /// The address, most of it hidden.
    pub address: String,
    /// The enrolment.
    pub enrolment: Enrolment,
    /// The code that was sent last.
    pub code: Option<LastCode>,
    /// The name of the device on which the person was seen last.
    pub device: Option<String>,
    /// The last day of the link, where the tenant is.
    pub valid_until: NaiveDate,
    /// The day on which access had ended, for a person who has come back and has or had something to restore.
    pub ended_on: Option<NaiveDate>,
}

/// A link that shows nothing any more.
#[derive(Clone, Debug)]
pub struct Over {
    /// The organisation.
    pub organisation: String,
    /// Its settings.
    pub settings: Settings,
    /// Why.
    pub why: Why,
}

/// Why a link shows nothing any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// It was valid until the end of this day.
    Expired(NaiveDate),
    /// The person has another address.
    AddressChanged,
    /// The person has no access any more, or is gone.
    AccessEnded,
}

/// Who has come by a link, and how far the person is; nothing for a text that is no link of this installation. Changes
/// nothing.
///
/// # Errors
/// What the database says.
pub async fn of(db: &Database, text: &str, now: DateTime<Utc>) -> Result<Option<Result<Visit, Over>>, Error> {
    let Some(link) = Link::read(db.keys(now).await?, text) else { return Ok(None) };
    let Some((scope, tenant)) = db.store().tenant(&link.tenant.to_string()).await? else { return Ok(None) };
    let settings = Settings::of(&tenant)?;
    let valid_until = tenant.time_zone.day(link.expires_at);
    let unit = db.read(&scope).await?;
    let organisation = tenant.name;
    let (user, address) = match known(&unit, &link).await? {
        Ok(_) if link.expires_at <= now => {
            return Ok(Some(Err(Over { organisation, settings, why: Why::Expired(valid_until) })));
        }
        Ok(known) => known,
        Err(why) => return Ok(Some(Err(Over { organisation, settings, why }))),
    };
    let codes: Vec<_> = unit.codes(user.id).await?.iter().map(sent).collect();
    let again = code::may_send(&codes, now).err().map_or(TimeDelta::zero(), code::SendRefused::wait);
    let last = codes.first().map(|last| LastCode {
        valid: last.at + code::LIFE - now,
        tries_left: last.tries_left,
        again,
    });
    let devices = unit.devices(user.id).await?;
    let device =
        devices.into_iter().filter(|device| device.revoked_at.is_none()).max_by_key(|device| device.seen_at);
    let sign_in = user.user_name().to_owned();
    let steps = &user.enrolment.steps;
    let returned = user.enrolment.restore_owed || steps.at(Step::Restored).is_some();
    let ended_on =
        if returned { ended_at(&unit, user.id).await?.map(|at| tenant.time_zone.day(at)) } else { None };
    Ok(Some(Ok(Visit {
        visitor: Visitor { scope, user: user.id, name: sign_in.clone() },
        organisation,
        settings,
        called: address::called(&user.resource.document).map(str::to_owned),
        sign_in,
        address: address::masked(&address),
        enrolment: user.enrolment,
        code: last,
        device: device.map(|device| device.name),
        valid_until,
        ended_on,
    })))
}

/// When the access of a person ended last.
async fn ended_at(unit: &ReadUnit, user: UserId) -> Result<Option<DateTime<Utc>>, Error> {
    let kinds = vec![EntryKind::Deactivated, EntryKind::Unassigned];
    let query =
        JournalQuery { subject: Some(Subject::User(user)), kinds, most: 1, ..JournalQuery::default() };
    Ok(unit.journal(query).await?.last().map(|record| record.at))
}

/// The person of a link, with the address to which it was sent.
async fn known(unit: &ReadUnit, link: &Link) -> Result<Result<(User, String), Why>, Error> {
    let user = unit.user(link.user).await?.filter(|user| user.enrolment.has_access());
    let Some(user) = user else { return Ok(Err(Why::AccessEnded)) };
    let address =
        address::of(&user.resource.document).filter(|address| link.is_for(address)).map(str::to_owned);
    Ok(address.map(|address| (user, address)).ok_or(Why::AddressChanged))
}
