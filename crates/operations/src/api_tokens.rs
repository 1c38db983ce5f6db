//! The tokens of the application's own API, each with scopes.

use chrono::{DateTime, TimeDelta, Utc};
use provisioning::{Entry, EntryKind, Subject};
use serde::{Deserialize, Serialize};
use store::{Actor, ActorKind, TenantScope, TokenId, WriteUnit, new_id};
use uuid::Uuid;

use crate::database::{Attempt, Database};
use crate::error::Error;
use crate::find::checked_name;
use crate::requester::{Operator, Requester};
use crate::rights::Right;
use crate::secret::{Plain, hash};

/// What a token allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Scope {
    /// To look at people, their entitlements, devices and pools.
    #[serde(rename = "people:read")]
    PeopleRead,
    /// To read what is told about people.
    #[serde(rename = "events:read")]
    EventsRead,
    /// To report steps, have codes sent and check them.
    #[serde(rename = "enrolment:write")]
    EnrolmentWrite,
    /// To register, revoke and report devices.
    #[serde(rename = "devices:write")]
    DevicesWrite,
    /// To put and release holds.
    #[serde(rename = "holds:write")]
    HoldsWrite,
    /// To set up streams of changes, and to read them.
    #[serde(rename = "streams:write")]
    StreamsWrite,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 6] = [
        Self::PeopleRead,
        Self::EventsRead,
        Self::EnrolmentWrite,
        Self::DevicesWrite,
        Self::HoldsWrite,
        Self::StreamsWrite,
    ];

    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PeopleRead => "people:read",
            Self::EventsRead => "events:read",
            Self::EnrolmentWrite => "enrolment:write",
            Self::DevicesWrite => "devices:write",
            Self::HoldsWrite => "holds:write",
            Self::StreamsWrite => "streams:write",
        }
    }
}

/// What is known about a token; never the token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ApiToken {
    /// Its id.
    pub id: Uuid,
    /// What people call it.
    pub name: String,
    /// Its first letters.
    pub hint: String,
    /// What it allows.
    pub scopes: Vec<String>,
    /// `valid`, `expired` or `revoked`.
    pub state: &'static str,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// From when on it is refused.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was last used, to about a minute.
    pub last_used_at: Option<DateTime<Utc>>,
}

/// A token that was just created.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Created {
    /// What is known about it from now on.
    #[serde(flatten)]
    pub known: ApiToken,
    /// The token itself, which cannot be looked up later.
    pub token: String,
}

impl std::fmt::Debug for Created {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Created").field("known", &self.known).finish_non_exhaustive()
    }
}

/// The application, known by a token.
#[derive(Clone, Debug)]
pub struct Application {
    scope: TenantScope,
    /// The id of the token.
    pub token: Uuid,
    name: String,
    scopes: Vec<Scope>,
}

impl Application {
    /// Whether the token allows something.
    #[must_use]
    pub fn may(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope)
    }

    /// The application as a requester; `reference` is the id of the request.
    #[must_use]
    pub fn requester(&self, reference: String, now: DateTime<Utc>) -> Requester {
        let actor =
            Actor { kind: ActorKind::Application, name: self.name.clone(), reference, connection: None };
        Requester::direct(self.scope.clone(), actor, now)
    }
}

/// The application behind a token; none when the token is unknown, expired or revoked.
///
/// # Errors
/// What the database says.
pub async fn authenticate(
    db: &Database,
    hash: &[u8; 32],
    now: DateTime<Utc>,
) -> Result<Option<Application>, Error> {
    let found = db.store().api_token(hash, now).await?;
    Ok(found.map(|(scope, token)| Application {
        scope,
        token: token.id,
        name: token.name,
        // A scope of a later version of this program allows nothing here.
        scopes: Scope::ALL
            .into_iter()
            .filter(|scope| token.scopes.iter().any(|word| word == scope.as_str()))
            .collect(),
    }))
}

/// Creates a token for the application of a tenant; it is valid at once. Without scopes it has all.
///
/// # Errors
/// [`Error`] if there is no such tenant, or a word is no scope.
pub async fn create(
    db: &Database,
    operator: &Operator,
    tenant: &str,
    (name, scopes): (&str, &[String]),
    expires_in_days: Option<u32>,
) -> Result<Created, Error> {
    let (scope, _) = db.tenant(tenant).await?;
    let now = operator.now;
    let name = checked_name(name)?;
    let mut allowed = scopes.iter().map(|word| known_scope(word)).collect::<Result<Vec<_>, _>>()?;
    if allowed.is_empty() {
        allowed = Scope::ALL.to_vec();
    }
    allowed.sort_unstable();
    allowed.dedup();
    let plain = Plain::new();
    let hash = hash(&plain.0).ok_or_else(|| Error::Refused("a token could not be made".to_owned()))?;
    let token = store::ApiToken {
        id: new_id(now),
        name: name.to_owned(),
        hint: plain.hint(),
        scopes: allowed.into_iter().map(|scope| scope.as_str().to_owned()).collect(),
        created_at: now,
        expires_at: expires_in_days.map(|days| now + TimeDelta::days(days.into())),
        revoked_at: None,
        last_used_at: None,
    };
    let create = async |mut unit: WriteUnit| -> Attempt<()> {
        unit.insert_api_token(&token, hash).await?;
        let why = format!("An administrator created the token {} of the application, “{name}”.", token.hint);
        let entry = Entry::new(Subject::Token(TokenId::new(token.id)), EntryKind::TokenCreated, why);
        unit.record([(&entry, &operator.actor(Right::Change)?)], now).await?;
        Ok((unit, ()))
    };
    db.write(&scope, create).await?;
    Ok(Created { known: known(token, now), token: plain.0 })
}

/// The tokens of the application of a tenant, oldest first, the revoked ones too.
///
/// # Errors
/// [`Error`] if there is no such tenant.
pub async fn list(db: &Database, operator: &Operator, tenant: &str) -> Result<Vec<ApiToken>, Error> {
    let (scope, _) = db.tenant(tenant).await?;
    let tokens = db.read(&scope).await?.api_tokens().await?;
    Ok(tokens.into_iter().map(|token| known(token, operator.now)).collect())
}

/// Revokes a token, by its id, its name or its first letters; it is refused at once, and stays in the list.
///
/// # Errors
/// [`Error`] if the tenant has no such token that is valid, or several.
pub async fn revoke(
    db: &Database,
    operator: &Operator,
    tenant: &str,
    token: &str,
) -> Result<ApiToken, Error> {
    let (scope, _) = db.tenant(tenant).await?;
    let now = operator.now;
    let revoke = async |mut unit: WriteUnit| -> Attempt<store::ApiToken> {
        let mut tokens = unit.api_tokens().await?;
        tokens.retain(|known| {
            [&known.id.to_string(), &known.hint, &known.name].iter().any(|word| *word == token)
        });
        if tokens.len() > 1 {
            let said = format!(
                "\"{token}\" is one of several tokens: name it by id, `rollcall api-token list` shows it"
            );
            return Err(Error::Refused(said));
        }
        let advice = "`rollcall api-token list` shows those of the tenant";
        let found = tokens.pop().ok_or_else(|| Error::unknown("token", token, advice))?;
        if !unit.revoke_api_token(found.id, now).await? {
            return Err(Error::already(format!("the token {token}"), "was revoked before"));
        }
        let why = format!("An administrator revoked the token {} of the application.", found.hint);
        let entry = Entry::new(Subject::Token(TokenId::new(found.id)), EntryKind::TokenRevoked, why);
        unit.record([(&entry, &operator.actor(Right::Change)?)], now).await?;
        Ok((unit, found))
    };
    let found = db.write(&scope, revoke).await?.value;
    Ok(known(store::ApiToken { revoked_at: Some(now), ..found }, now))
}

fn known_scope(word: &str) -> Result<Scope, Error> {
    let all = Scope::ALL.map(Scope::as_str).join(", ");
    let known = Scope::ALL.into_iter().find(|scope| scope.as_str() == word);
    known.ok_or_else(|| Error::Refused(format!("\"{word}\" is no scope: use one of {all}")))
}

fn known(token: store::ApiToken, now: DateTime<Utc>) -> ApiToken {
    let state = match (token.revoked_at, token.expires_at) {
        (Some(_), _) => "revoked",
        (None, Some(at)) if at <= now => "expired",
        _ => "valid",
    };
    ApiToken {
        id: token.id,
        name: token.name,
        hint: token.hint,
        scopes: token.scopes,
        state,
        created_at: token.created_at,
        expires_at: token.expires_at,
        last_used_at: token.last_used_at,
    }
}
