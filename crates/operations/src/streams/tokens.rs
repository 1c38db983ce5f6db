//! What a token of a stream says, and its signature.

use std::collections::HashMap;

use scim::Object;
use scim::protocol::event::{Claims, Form, Happening, payload, subject};
use serde_json::{Value, json};
use store::{Change, ReadUnit, StreamSet, TenantScope};
use uuid::Uuid;

use super::issuer;
use super::view::{audience, delivered};
use crate::database::Database;
use crate::error::Error;
use crate::signing::Signer;

/// The happenings of a change that are among these events.
pub(super) fn wanted<'c>(
    change: &'c Change,
    events: &'c [&'static str],
) -> impl Iterator<Item = (Happening, Form)> + 'c {
    let happenings = change.happenings.iter().filter_map(|word| Happening::of_word(word));
    happenings.filter_map(move |happening| {
        let form = |form| events.contains(&happening.uri(form)).then_some((happening, form));
        let full = form(Form::Full).filter(|_| happening.has_forms() && change.data.is_some());
        full.or_else(|| form(Form::Notice))
    })
}

/// The tokens as claims, in their order. One whose change is not kept any more is left out.
pub(super) async fn claims(
    db: &Database,
    scope: &TenantScope,
    unit: &ReadUnit,
    stream: &store::Stream,
    sets: &[StreamSet],
) -> Result<Vec<(Uuid, Value)>, Error> {
    let ids: Vec<Uuid> = sets.iter().filter_map(|set| set.change).collect();
    let changes = unit.changes_among(&ids).await?;
    let changes: HashMap<Uuid, Change> =
        changes.into_iter().map(|change| (change.place.id, change)).collect();
    let (iss, events) = (issuer(db, scope), delivered(&stream.events));
    let claims = |set: &StreamSet| {
        let (transaction, subject, events) = match set.change {
            Some(change) => of_change(changes.get(&change)?, &events),
            None => own(set.own.as_ref()?),
        };
        let claims = Claims {
            issuer: iss.clone(),
            audience: audience(&iss, stream.id),
            issued_at: set.created_at.timestamp(),
            id: set.id.simple().to_string(),
            transaction,
            subject,
            events,
        };
        Some((set.id, claims.to_json()))
    };
    Ok(sets.iter().filter_map(claims).collect())
}

fn of_change(change: &Change, events: &[&'static str]) -> (Option<String>, Value, Object) {
    let id = change.uri.rsplit('/').next().filter(|_| !change.resource.is_nil());
    let subject = subject(&change.uri, id, change.external_id.as_deref(), change.user_name.as_deref());
    let events = wanted(change, events).map(|(happening, form)| {
        let data = change.data.as_ref().filter(|_| form == Form::Full || happening == Happening::Completed);
        let (uri, payload) = payload(happening, (data, &change.attributes), change.version.as_deref());
        (uri.to_owned(), payload)
    });
    (Some(change.txn.clone()), subject, events.collect())
}

/// What concerns one stream alone, as [`about_stream`] wrote it.
fn own(own: &Value) -> (Option<String>, Value, Object) {
    let events = own["events"].as_object().cloned().unwrap_or_default();
    (own["txn"].as_str().map(str::to_owned), own["sub_id"].clone(), events)
}

/// What a token says that concerns one stream alone.
pub(super) fn about_stream(subject: &Value, (uri, payload): (&str, Value), txn: Option<String>) -> Value {
    let mut own = json!({ "sub_id": subject, "events": {} });
    own["events"][uri] = payload;
    if let Some(txn) = txn {
        own["txn"] = txn.into();
    }
    own
}

/// Signs claims.
pub(super) fn signed(signer: &Signer, claims: Vec<(Uuid, Value)>) -> Result<Vec<(Uuid, String)>, Error> {
    claims.into_iter().map(|(id, claims)| Ok((id, signer.sign(&claims)?))).collect()
}
