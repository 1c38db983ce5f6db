//! The requester of an operation, with rights and rules.

use std::net::IpAddr;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use ipnet::IpNet;
use scim::compat::{Dialect, Profile, Rules};
use store::{Actor, ActorKind, Connection, IdempotencyKey, ResourceKey, Role, TenantScope, WriteUnit};
use uuid::Uuid;

use crate::connections::networks;
use crate::error::Error;
use crate::find::checked_name;
use crate::rights::Right;

/// A connection with its rules.
#[derive(Clone, Debug)]
pub struct Provider {
    /// The connection.
    pub connection: Connection,
    /// What its product says differently.
    pub dialect: Dialect,
    /// The rules that follow from that.
    pub rules: Rules,
    /// The networks that its requests come from; from everywhere without any.
    networks: Vec<IpNet>,
}

impl Provider {
    /// The rules of a connection, which were checked when it was made.
    ///
    /// # Errors
    /// A sentence that names a profile or a quirk that this program does not know.
    pub fn new(connection: Connection) -> Result<Self, String> {
        let profile: Profile = connection.profile.parse()?;
        let dialect = Dialect::new(profile, &connection.with, &connection.without)?;
        let networks = connection.networks.iter().map(|text| {
            networks::parsed(text)
                .ok_or_else(|| format!("the connection has the network \"{text}\", which is none"))
        });
        let networks = networks.collect::<Result<_, _>>()?;
        Ok(Self { rules: dialect.rules(), dialect, networks, connection })
    }

    /// Whether a request from this address may be of the connection.
    #[must_use]
    pub fn admits(&self, address: Option<IpAddr>) -> bool {
        let among = |address: IpAddr| self.networks.iter().any(|network| network.contains(&address));
        self.networks.is_empty() || address.is_some_and(among)
    }
}

/// Who asks: for which tenant, through which connection, under which name, and when.
#[derive(Clone, Debug)]
pub struct Requester {
    /// The tenant, and what of it the requester sees.
    pub scope: TenantScope,
    /// The connection that pushes; none for an operator and for a job.
    pub provider: Option<Arc<Provider>>,
    /// As whom the journal knows the requester.
    pub actor: Actor,
    /// The instant of the request.
    pub now: DateTime<Utc>,
    /// The transaction by which events name what the request changes; each unit of work has its own without it.
    pub transaction: Option<String>,
    /// The request that was accepted before, and the operation of it, where the client does not wait for the end.
    pub deferred: Option<(Uuid, usize)>,
    /// The key by which the client may send a request again that creates a resource.
    pub key: Option<IdempotencyKey>,
}

impl Requester {
    /// A request that comes through no connection.
    #[must_use]
    pub(crate) fn direct(scope: TenantScope, actor: Actor, now: DateTime<Utc>) -> Self {
        Self { scope, provider: None, actor, now, transaction: None, deferred: None, key: None }
    }

    /// A request through a connection; `reference` is its id.
    #[must_use]
    pub fn push(scope: TenantScope, provider: Arc<Provider>, reference: String, now: DateTime<Utc>) -> Self {
        let name = provider.connection.name.clone();
        let connection = Some(provider.connection.id);
        let transaction = Some(reference.replace('-', ""));
        let actor = Actor { kind: ActorKind::Connection, name, reference, connection };
        Self { scope, provider: Some(provider), actor, now, transaction, deferred: None, key: None }
    }

    /// The same, for one operation of a request of several (RFC 9967 §2.5.1.2).
    #[must_use]
    pub fn operation(&self, index: usize) -> Self {
        let transaction = self.transaction.as_ref().map(|transaction| format!("{transaction}:{index}"));
        let deferred = self.deferred.map(|(id, _)| (id, index));
        Self { transaction, deferred, ..self.clone() }
    }

    /// Says which resource the request is about, and whether it replaces the resource.
    pub(crate) fn ascribe(&self, unit: &mut WriteUnit, resource: ResourceKey, replaces: bool) {
        unit.ascribe(resource, self.transaction.clone(), replaces);
        if let Some(deferred) = self.deferred {
            unit.await_end(resource, deferred);
        }
    }

    /// The rules of the connection; the standard's for every other requester.
    pub(crate) fn rules(&self) -> Rules {
        self.provider.as_ref().map(|provider| provider.rules).unwrap_or_default()
    }

    /// The connection and its rules, for operations that only a push asks for.
    ///
    /// # Errors
    /// [`Error::Refused`] for every other requester.
    pub(crate) fn provider(&self) -> Result<&Provider, Error> {
        self.provider
            .as_deref()
            .ok_or_else(|| Error::Refused("only a connection may push resources".to_owned()))
    }
}

/// Where an operator gives commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// At the terminal of the machine.
    Terminal,
    /// In the console, as this administrator.
    Console(Uuid, Role),
}

/// An operator, at the terminal or in the console: a name, the command, and when it was given.
#[derive(Clone, Debug)]
pub struct Operator {
    /// The name under which the journal knows the operator.
    pub name: String,
    /// Where the command is given.
    pub by: By,
    /// The command, such as `pool create`.
    pub command: &'static str,
    /// The tenant, by id or name, in which other names are looked up; in all tenants without it.
    pub tenant: Option<String>,
    /// The instant.
    pub now: DateTime<Utc>,
    /// How many people a step of the operator's work looks at, so that a preview decides in the same steps.
    pub batch: u64,
}

impl Operator {
    /// A name that an operator goes by.
    ///
    /// # Errors
    /// [`Error::Refused`] for a name that people could not read again.
    pub fn checked_name(name: &str) -> Result<&str, Error> {
        checked_name(name)
    }

    /// The same operator, who means things of this tenant, where one is given.
    #[must_use]
    pub fn within(self, tenant: Option<String>) -> Self {
        Self { tenant, ..self }
    }

    /// The operator as a requester for a tenant, who uses a right.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without it.
    pub(crate) fn of(&self, scope: TenantScope, right: Right) -> Result<Requester, Error> {
        let actor = self.actor(right)?;
        Ok(Requester::direct(scope, actor, self.now))
    }

    /// As whom the journal knows the operator, who uses a right.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without it.
    pub(crate) fn actor(&self, right: Right) -> Result<Actor, Error> {
        self.may(right)?;
        let (kind, reference) = match self.by {
            By::Terminal => (ActorKind::Operator, self.command.to_owned()),
            By::Console(id, _) => (ActorKind::Administrator, id.to_string()),
        };
        Ok(Actor { kind, name: self.name.clone(), reference, connection: None })
    }
}
