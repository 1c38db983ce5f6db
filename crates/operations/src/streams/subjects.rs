//! What a receiver says of single subjects of a stream, and what it asks to see whether the stream works (SSF 1.0 §8.1.3, §8.1.4).

use chrono::TimeDelta;
use provisioning::{GroupId, UserId};
use scim::protocol::event::{Form, Happening, subject};
use serde_json::{Value, json};
use store::{ReadUnit, StreamStatus, WriteUnit, new_id};
use uuid::Uuid;

use super::carry::catch_up;
use super::manage::{plain, restart};
use super::tokens::about_stream;
use super::view::delivered;
use super::{VERIFICATION_SECONDS, existing};
use crate::database::{Attempt, Database};
use crate::error::Error;
use crate::requester::Requester;

/// What a verification is called.
const VERIFICATION: &str = "https://schemas.openid.net/secevent/ssf/event-type/verification";

/// A subject that a receiver names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sought {
    /// Its path below the service, such as `/Users/2819c223`.
    pub uri: String,
}

/// A resource that is there.
struct Found {
    id: Uuid,
    external_id: Option<String>,
    user_name: Option<String>,
}

impl Sought {
    /// The subject that JSON stands for (RFC 9967 §2.1).
    ///
    /// # Errors
    /// [`Error::Refused`] for a subject of another format.
    pub fn of(json: &Value) -> Result<Self, Error> {
        let uri = json["uri"].as_str().filter(|_| json["format"] == "scim");
        let said = "a subject is written as {\"format\": \"scim\", \"uri\": \"/Users/…\"}";
        uri.map(|uri| Self { uri: uri.to_owned() }).ok_or_else(|| Error::Refused(said.to_owned()))
    }

    async fn found(&self, unit: &ReadUnit) -> Result<Found, Error> {
        let text = |document: &scim::Object, name: &str| {
            document.get(name).and_then(Value::as_str).map(str::to_owned)
        };
        let id = |prefix: &str| {
            let text = self.uri.strip_prefix(prefix)?;
            Uuid::try_parse(text).ok().filter(|id| id.to_string() == text)
        };
        let found = if let Some(id) = id("/Users/") {
            unit.user(UserId::new(id)).await?.map(|user| {
                let document = user.resource.document;
                let user_name = text(&document, "userName");
                Found { id, external_id: text(&document, "externalId"), user_name }
            })
        } else if let Some(id) = id("/Groups/") {
            let found = |group: store::Group| {
                let external_id = text(&group.resource.document, "externalId");
                Found { id, external_id, user_name: None }
            };
            unit.group(GroupId::new(id)).await?.map(found)
        } else {
            None
        };
        found.ok_or_else(|| scim::Error::not_found("subject", &self.uri).into())
    }
}

/// Has a stream carry what concerns a subject, or nothing of it any more.
///
/// # Errors
/// 404 for a stream or a subject that is not there, or what the database says.
pub async fn include_subject(
    db: &Database,
    requester: &Requester,
    id: Uuid,
    sought: &Sought,
    included: bool,
) -> Result<(), Error> {
    let now = requester.now;
    let say = async |mut unit: WriteUnit| -> Attempt<()> {
        let mut stream = existing(unit.lock_stream(id).await?, id)?;
        catch_up(&mut unit, &mut stream, now).await?;
        let found = sought.found(&unit).await?;
        let said = unit.stream_subjects(id, &[found.id]).await?;
        let before = said.first().map_or(stream.every_subject, |(_, included)| *included);
        unit.set_stream_subject(id, found.id, included).await?;
        let happening = if included { Happening::FeedAdded } else { Happening::FeedRemoved };
        let uri = happening.uri(Form::Notice);
        if before != included && delivered(&stream.events).contains(&uri) {
            let names = (found.external_id.as_deref(), found.user_name.as_deref());
            let subject = subject(&sought.uri, Some(&found.id.to_string()), names.0, names.1);
            let txn = Some(new_id(now).simple().to_string());
            tell(&mut unit, &stream, about_stream(&subject, (uri, json!({})), txn), requester).await?;
        }
        restart(&mut unit, &stream, now).await?;
        Ok((unit, ()))
    };
    db.write(&requester.scope, say).await.map(drop)
}

/// Has a stream carry a token that says nothing but what the receiver has asked it to say.
///
/// # Errors
/// 404, [`Error::Already`] if the receiver has just asked for one, [`Error::Refused`] for a state that cannot be used.
pub async fn verify(
    db: &Database,
    requester: &Requester,
    id: Uuid,
    state: Option<&str>,
) -> Result<(), Error> {
    if let Some(state) = state {
        plain("state", state)?;
    }
    let now = requester.now;
    let verify = async |mut unit: WriteUnit| -> Attempt<()> {
        let mut stream = existing(unit.lock_stream(id).await?, id)?;
        let pause = TimeDelta::seconds(VERIFICATION_SECONDS);
        if stream.verified_at.is_some_and(|at| now < at + pause) {
            return Err(Error::already(format!("the stream {id}"), "was verified just now"));
        }
        stream.verified_at = Some(now);
        unit.save_stream(&stream).await?;
        let payload = state.map_or_else(|| json!({}), |state| json!({ "state": state }));
        let subject = json!({ "format": "opaque", "id": id });
        tell(&mut unit, &stream, about_stream(&subject, (VERIFICATION, payload), None), requester).await?;
        restart(&mut unit, &stream, now).await?;
        Ok((unit, ()))
    };
    db.write(&requester.scope, verify).await.map(drop)
}

/// Puts a token into a stream, unless it has none.
async fn tell(
    unit: &mut WriteUnit,
    stream: &store::Stream,
    own: Value,
    requester: &Requester,
) -> Result<(), Error> {
    if stream.status == StreamStatus::Disabled {
        return Ok(());
    }
    Ok(unit.insert_sets(stream.id, vec![(None, Some(own))], requester.now).await?)
}
