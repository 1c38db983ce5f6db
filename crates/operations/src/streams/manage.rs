//! Streams as the programs set them up that receive them.

use chrono::{DateTime, Utc};
use provisioning::{Entry, EntryKind, Subject};
use scim::Registry;
use scim::protocol::event::{Form, Happening, known_uri};
use store::{StreamDelivery, StreamStatus, TenantScope, WriteUnit, new_id};
use uuid::Uuid;

use super::carry::catch_up;
use super::view::usual;
use super::{Stream, existing, job};
use crate::database::{Attempt, Database};
use crate::error::Error;
use crate::keys::Purpose;
use crate::outside::{self, checked};
use crate::requester::Requester;
use crate::signing::{Algorithm, Signer, about};

/// The most streams of a tenant.
const MOST: usize = 20;
/// The most letters of a description, a reason and a header.
pub(super) const LONGEST: usize = 500;
/// The most events that a receiver may ask for.
const MOST_EVENTS: usize = 50;

/// What a receiver wants of a stream; what it does not say stays as it is, or is the default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// What people call it.
    pub description: Option<String>,
    /// The URIs of events.
    pub events: Option<Vec<String>>,
    /// The resource types; all without any.
    pub types: Option<Vec<String>>,
    /// Whether it carries every subject that was not taken out, or those alone that were added.
    pub every_subject: Option<bool>,
    /// How its tokens are signed.
    pub algorithm: Option<String>,
    /// How they reach the receiver.
    pub delivery: Option<WantedDelivery>,
}

/// How a receiver wants to get tokens.
#[derive(Clone, PartialEq, Eq)]
pub enum WantedDelivery {
    /// It asks for them.
    Poll,
    /// At an address.
    Push {
        /// The address.
        url: String,
        /// What it wants in the header `Authorization`.
        authorization: Option<String>,
    },
}

impl std::fmt::Debug for WantedDelivery {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Poll => f.write_str("Poll"),
            Self::Push { url, .. } => f.debug_struct("Push").field("url", url).finish_non_exhaustive(),
        }
    }
}

impl Wanted {
    /// Refuses what cannot be used.
    fn check(&self, registry: &Registry, allow_private: bool) -> Result<(), Error> {
        let refused = |said: String| Err(Error::Refused(said));
        if let Some(description) = &self.description {
            plain("a description", description)?;
        }
        if let Some(events) = &self.events
            && (events.len() > MOST_EVENTS || events.iter().any(|uri| uri.len() > LONGEST))
        {
            return refused(format!("events_requested holds at most {MOST_EVENTS} URIs"));
        }
        let types: Vec<&str> = registry.writable_types().map(|it| it.name.as_str()).collect();
        if let Some(unknown) = self.types.iter().flatten().find(|name| !types.contains(&name.as_str())) {
            return refused(format!("\"{unknown}\" is no resource type: use {}", types.join(" or ")));
        }
        if let Some(word) = &self.algorithm
            && Algorithm::of_word(word).is_none()
        {
            let all = Algorithm::ALL.map(Algorithm::as_str).join(" or ");
            return refused(format!("\"{word}\" signs nothing here: use {all}"));
        }
        if let Some(WantedDelivery::Push { url, authorization }) = &self.delivery {
            checked(outside::Purpose::Stream, url, allow_private)?;
            if let Some(authorization) = authorization {
                plain("authorization_header", authorization)?;
            }
        }
        Ok(())
    }

    /// The stream as the receiver wants it.
    fn applied(
        &self,
        db_keys: &crate::keys::Keys,
        scope: &TenantScope,
        mut stream: store::Stream,
    ) -> store::Stream {
        if let Some(description) = &self.description {
            stream.description.clone_from(description);
        }
        if let Some(events) = &self.events {
            stream.events.clone_from(events);
            let full = |it: Happening| it.has_forms().then(|| it.uri(Form::Full));
            let full: Vec<&str> = Happening::ALL.into_iter().filter_map(full).collect();
            stream.wants_full = events.iter().filter_map(|uri| known_uri(uri)).any(|uri| full.contains(&uri));
        }
        if let Some(types) = &self.types {
            stream.types.clone_from(types);
        }
        stream.every_subject = self.every_subject.unwrap_or(stream.every_subject);
        if let Some(algorithm) = &self.algorithm {
            stream.algorithm.clone_from(algorithm);
        }
        match &self.delivery {
            Some(WantedDelivery::Poll) => stream.delivery = StreamDelivery::Poll,
            Some(WantedDelivery::Push { url, authorization }) => {
                let seal =
                    |text: &String| db_keys.seal(Purpose::Stream, &about(scope, stream.id), text.as_bytes());
                let authorization = authorization.as_ref().map(seal);
                stream.delivery = StreamDelivery::Push { url: url.clone(), authorization };
            }
            None => {}
        }
        stream
    }
}

/// Refuses a text that is too long or holds what is no letter.
pub(super) fn plain(what: &str, text: &str) -> Result<(), Error> {
    if text.chars().count() > LONGEST || text.chars().any(char::is_control) {
        let said = format!("{what} has at most {LONGEST} letters, without control characters");
        return Err(Error::Refused(said));
    }
    Ok(())
}

/// A stream about which nothing was said.
fn empty(id: Uuid, now: DateTime<Utc>) -> store::Stream {
    store::Stream {
        id,
        description: String::new(),
        events: usual(),
        wants_full: false,
        types: Vec::new(),
        every_subject: true,
        algorithm: Algorithm::default().as_str().to_owned(),
        delivery: StreamDelivery::Poll,
        status: StreamStatus::Enabled,
        reason: None,
        after: store::Place::default(),
        created_at: now,
        failing_since: None,
        verified_at: None,
    }
}

/// Creates a stream, which carries what changes from now on.
///
/// # Errors
/// [`Error::Refused`] for what cannot be used, and for too many streams.
pub async fn create(
    db: &Database,
    requester: &Requester,
    wanted: &Wanted,
    allow_private: bool,
) -> Result<Stream, Error> {
    let (scope, now) = (&requester.scope, requester.now);
    wanted.check(&db.registry(scope), allow_private)?;
    let stream = wanted.applied(db.keys(now).await?, scope, empty(new_id(now), now));
    // The receiver finds the key that signs when it reads the keys for the first time.
    Signer::of(db, scope, algorithm(&stream), now).await?;
    let create = async |mut unit: WriteUnit| -> Attempt<()> {
        if unit.streams().await?.len() >= MOST {
            return Err(Error::Refused(format!("a tenant has at most {MOST} streams: delete one first")));
        }
        let after = unit.end_of_changes().await?;
        unit.insert_stream(&store::Stream { after, ..stream.clone() }).await?;
        note(&mut unit, requester, EntryKind::StreamCreated, &stream, "created").await?;
        Ok((unit, ()))
    };
    db.write(scope, create).await?;
    db.store().await_open(scope).await?;
    Ok(Stream::of(db, scope, &stream))
}

/// The streams of the tenant, oldest first.
///
/// # Errors
/// What the database says.
pub async fn list(db: &Database, requester: &Requester) -> Result<Vec<Stream>, Error> {
    let streams = db.read(&requester.scope).await?.streams().await?;
    Ok(streams.iter().map(|stream| Stream::of(db, &requester.scope, stream)).collect())
}

/// A stream, with its status and why it has that.
///
/// # Errors
/// 404, or what the database says.
pub async fn read(
    db: &Database,
    requester: &Requester,
    id: Uuid,
) -> Result<(Stream, StreamStatus, Option<String>), Error> {
    let stream = existing(db.read(&requester.scope).await?.stream(id).await?, id)?;
    Ok((Stream::of(db, &requester.scope, &stream), stream.status, stream.reason))
}

/// What becomes of what a receiver does not say of a stream that it writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsaid {
    /// It stays.
    Stays,
    /// It is as in a new stream.
    New,
}

/// Writes what the receiver says of a stream that is there.
///
/// # Errors
/// 404, and as [`create`].
pub async fn change(
    db: &Database,
    requester: &Requester,
    id: Uuid,
    (wanted, unsaid): (&Wanted, Unsaid),
    allow_private: bool,
) -> Result<Stream, Error> {
    let (scope, now) = (&requester.scope, requester.now);
    wanted.check(&db.registry(scope), allow_private)?;
    let keys = db.keys(now).await?;
    let change = async |mut unit: WriteUnit| -> Attempt<store::Stream> {
        let mut known = existing(unit.lock_stream(id).await?, id)?;
        catch_up(&mut unit, &mut known, now).await?;
        let mut before = known.clone();
        if unsaid == Unsaid::New {
            let store::Stream { status, reason, after, created_at, failing_since, verified_at, .. } = known;
            let kept =
                store::Stream { status, reason, after, failing_since, verified_at, ..empty(id, created_at) };
            before = kept;
        }
        let mut stream = wanted.applied(keys, scope, before);
        // Another address may work at once.
        stream.failing_since = None;
        unit.save_stream(&stream).await?;
        restart(&mut unit, &stream, now).await?;
        note(&mut unit, requester, EntryKind::StreamChanged, &stream, "changed").await?;
        Ok((unit, stream))
    };
    let stream = db.write(scope, change).await?.value;
    Signer::of(db, scope, algorithm(&stream), now).await?;
    Ok(Stream::of(db, scope, &stream))
}

/// Has a stream that sends to an address go on at once.
pub(super) async fn restart(
    unit: &mut WriteUnit,
    stream: &store::Stream,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    if stream.pushes() && stream.status == StreamStatus::Enabled {
        unit.enqueue(job(stream.id, now), now).await?;
    }
    Ok(())
}

/// Deletes a stream with what it holds.
///
/// # Errors
/// 404, or what the database says.
pub async fn delete(db: &Database, requester: &Requester, id: Uuid) -> Result<(), Error> {
    let delete = async |mut unit: WriteUnit| -> Attempt<()> {
        let stream = existing(unit.lock_stream(id).await?, id)?;
        unit.delete_stream(id).await?;
        note(&mut unit, requester, EntryKind::StreamDeleted, &stream, "deleted").await?;
        Ok((unit, ()))
    };
    db.write(&requester.scope, delete).await.map(drop)
}

/// Has a stream carry tokens, keep them, or have none.
///
/// # Errors
/// 404, [`Error::Refused`] for a reason that cannot be used, or what the database says.
pub async fn set_status(
    db: &Database,
    requester: &Requester,
    id: Uuid,
    (status, reason): (StreamStatus, Option<&str>),
) -> Result<(), Error> {
    if let Some(reason) = reason {
        plain("a reason", reason)?;
    }
    let set = async |mut unit: WriteUnit| -> Attempt<()> {
        let mut stream = existing(unit.lock_stream(id).await?, id)?;
        turned(&mut unit, &mut stream, (status, reason), requester.now).await?;
        note(&mut unit, requester, EntryKind::StreamChanged, &stream, status.as_str()).await?;
        Ok((unit, ()))
    };
    db.write(&requester.scope, set).await?;
    db.store().await_open(&requester.scope).await?;
    Ok(())
}

/// Gives a stream a status. One that was disabled begins anew: what changed meanwhile was not kept for it.
pub(super) async fn turned(
    unit: &mut WriteUnit,
    stream: &mut store::Stream,
    (status, reason): (StreamStatus, Option<&str>),
    now: DateTime<Utc>,
) -> Result<(), Error> {
    if status == StreamStatus::Disabled {
        unit.delete_all_sets(stream.id).await?;
    } else if stream.status == StreamStatus::Disabled {
        stream.after = unit.end_of_changes().await?;
    }
    (stream.status, stream.reason, stream.failing_since) = (status, reason.map(str::to_owned), None);
    unit.save_stream(stream).await?;
    restart(unit, stream, now).await
}

/// Tells the journal what was done with a stream.
pub(super) async fn note(
    unit: &mut WriteUnit,
    requester: &Requester,
    kind: EntryKind,
    stream: &store::Stream,
    what: &str,
) -> Result<(), Error> {
    let named =
        if stream.description.is_empty() { stream.id.to_string() } else { stream.description.clone() };
    let by = match requester.actor.kind {
        store::ActorKind::Application => format!("the application “{}”", requester.actor.name),
        _ => "an administrator".to_owned(),
    };
    let why = format!("The stream “{named}” was {what} by {by}.");
    let entry = Entry::new(Subject::Tenant(unit.scope().tenant_id()), kind, why);
    Ok(unit.record([(&entry, &requester.actor)], requester.now).await?)
}

/// How the tokens of a stream are signed.
pub(super) fn algorithm(stream: &store::Stream) -> Algorithm {
    Algorithm::of_word(&stream.algorithm).unwrap_or_default()
}
