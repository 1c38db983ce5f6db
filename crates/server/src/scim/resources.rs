//! The endpoints of resource types (RFC 7644 §3.3 to §3.6): users, groups, and what files define. What a request says is read in
//! one way for all of them; each type has its operations.

use std::sync::Arc;

use operations::{Error, Outcome, Shown, custom_resources, groups, idempotency, users};
use provisioning::{GroupId, UserId};
use scim::compat::RequestKind;
use scim::project::Projection;
use scim::protocol::conditions::Conditions;
use scim::protocol::search::Query;
use scim::{Object, ResourceType, resource};
use uuid::Uuid;

use super::read::{id, patch_request, projection, replacement, search};
use super::request::{Answer, Context};
use crate::http::error::Failure;

/// The resources of a type.
#[derive(Clone, Copy)]
pub(super) struct Resources<'c> {
    pub(super) context: Context<'c>,
    pub(super) of: &'c Arc<ResourceType>,
}

/// Which operations a type has.
enum Kind {
    User,
    Group,
    Custom,
}

/// One resource, with the conditions of the request.
#[derive(Clone, Copy)]
pub(super) struct One<'r> {
    pub(super) id: &'r str,
    pub(super) conditions: &'r Conditions,
}

impl Resources<'_> {
    fn kind(&self) -> Kind {
        let registry = self.context.registry;
        match () {
            () if Arc::ptr_eq(self.of, registry.user()) => Kind::User,
            () if Arc::ptr_eq(self.of, registry.group()) => Kind::Group,
            () => Kind::Custom,
        }
    }

    /// `GET /Users`, and `POST /Users/.search`.
    pub(super) async fn list(self, query: &Query) -> Result<Answer, Failure> {
        let search = &search(self.context, self.of, query)?;
        let (db, requester) = (self.context.app.db(), self.context.requester);
        let list = match self.kind() {
            Kind::User => users::list(db, requester, search).await?,
            Kind::Group => groups::list(db, requester, search).await?,
            Kind::Custom => custom_resources::list(db, requester, self.of, search).await?,
        };
        Ok(Answer::list(list))
    }

    /// `GET /Users/{id}`.
    pub(super) async fn read(self, one: One<'_>, query: &Query) -> Result<Answer, Failure> {
        let (wanted, id) = (&projection(self.of, query)?, id(self.of, one.id)?);
        Ok(Answer::read(self.shown(id, one.conditions, wanted).await?))
    }

    /// `POST /Users`.
    pub(super) async fn create(self, query: &Query, mut body: Object) -> Result<Answer, Failure> {
        let wanted = projection(self.of, query)?;
        let Context { app, requester, .. } = self.context;
        self.context.translate(self.context.dialect()?, RequestKind::Create, self.of, &mut body)?;
        let wanted = &wanted.after_writing(resource::named(self.of, &body));
        let (db, document) = (app.db(), resource::create(self.of, &body)?);
        if let Some(key) = &requester.key
            && let Some(first) = idempotency::created(db, requester, key).await?
        {
            return self.created_before(first, wanted).await;
        }
        let outcome = match self.kind() {
            Kind::User => users::create(db, requester, document, wanted).await,
            Kind::Group => groups::create(db, requester, document, wanted).await,
            Kind::Custom => custom_resources::create(db, requester, self.of, document, wanted).await,
        };
        match outcome {
            Ok(outcome) => Ok(Answer::created(self.told(outcome).shown)),
            Err(error) => {
                let Some(key) = &requester.key else { return Err(error.into()) };
                // The same request may have been faster.
                match idempotency::created_meanwhile(db, requester, key).await? {
                    Some(first) => self.created_before(first, wanted).await,
                    None => Err(error.into()),
                }
            }
        }
    }

    /// What the same request, by its `Idempotency-Key`, has created before, as it is now.
    async fn created_before(self, id: Uuid, wanted: &Projection) -> Result<Answer, Failure> {
        let shown = self.shown(id, &Conditions::default(), wanted).await.map_err(|error| {
            let gone = matches!(&error, Failure::Told(error) if error.status == 404);
            let said = "What the request with this Idempotency-Key created is not there for this connection any more.";
            if gone { Failure::status(409, said) } else { error }
        })?;
        Ok(Answer::created(Some(shown)))
    }

    async fn shown(self, id: Uuid, conditions: &Conditions, wanted: &Projection) -> Result<Shown, Failure> {
        let (db, requester) = (self.context.app.db(), self.context.requester);
        Ok(match self.kind() {
            Kind::User => users::read(db, requester, UserId::new(id), conditions, wanted).await?,
            Kind::Group => groups::read(db, requester, GroupId::new(id), conditions, wanted).await?,
            Kind::Custom => custom_resources::read(db, requester, self.of, id, conditions, wanted).await?,
        })
    }

    /// `PUT /Users/{id}`.
    pub(super) async fn replace(self, one: One<'_>, query: &Query, body: Object) -> Result<Answer, Failure> {
        let (db, requester, conditions) = (self.context.app.db(), self.context.requester, one.conditions);
        let id = id(self.of, one.id)?;
        let read = replacement(self.context, self.context.dialect()?, self.of, query, body);
        let (wanted, new) = match &read {
            Ok((wanted, new)) => (wanted, new),
            Err(error) => return Err(self.refused(id, conditions, error.clone()).await.into()),
        };
        let outcome = match self.kind() {
            Kind::User => users::replace(db, requester, UserId::new(id), conditions, new, wanted).await?,
            Kind::Group => groups::replace(db, requester, GroupId::new(id), conditions, new, wanted).await?,
            Kind::Custom => {
                custom_resources::replace(db, requester, (self.of, id), conditions, new, wanted).await?
            }
        };
        Ok(Answer::changed(self.told(outcome).shown))
    }

    /// `PATCH /Users/{id}`.
    pub(super) async fn patch(self, one: One<'_>, query: &Query, body: Object) -> Result<Answer, Failure> {
        let (db, requester, conditions) = (self.context.app.db(), self.context.requester, one.conditions);
        let id = id(self.of, one.id)?;
        let read = patch_request(self.context, self.context.dialect()?, self.of, query, body);
        let (wanted, patch) = match &read {
            Ok((wanted, patch)) => (wanted, patch),
            Err(error) => return Err(self.refused(id, conditions, error.clone()).await.into()),
        };
        let outcome = match self.kind() {
            Kind::User => users::patch(db, requester, UserId::new(id), conditions, patch, wanted).await?,
            Kind::Group => groups::patch(db, requester, GroupId::new(id), conditions, patch, wanted).await?,
            Kind::Custom => {
                custom_resources::patch(db, requester, (self.of, id), conditions, patch, wanted).await?
            }
        };
        Ok(Answer::changed(self.told(outcome).shown))
    }

    /// `DELETE /Users/{id}`.
    pub(super) async fn delete(self, one: One<'_>) -> Result<Answer, Failure> {
        let (app, requester, conditions) = (self.context.app, self.context.requester, one.conditions);
        let (db, id, most) = (app.db(), id(self.of, one.id)?, app.config().jobs.batch.into());
        let outcome = match self.kind() {
            Kind::User => users::delete(db, requester, UserId::new(id), conditions).await?,
            Kind::Group => groups::delete(db, requester, GroupId::new(id), conditions, most).await?,
            Kind::Custom => custom_resources::delete(db, requester, self.of, id, conditions).await?,
        };
        self.told(outcome);
        Ok(Answer::done(None))
    }

    /// Why a request is refused: whether the resource exists and may be changed is told before what is wrong with the request.
    async fn refused(self, id: Uuid, conditions: &Conditions, error: scim::Error) -> Error {
        let (db, requester) = (self.context.app.db(), self.context.requester);
        match self.kind() {
            Kind::User => users::refuse(db, requester, UserId::new(id), conditions, error).await,
            Kind::Group => groups::refuse(db, requester, GroupId::new(id), conditions, error).await,
            Kind::Custom => custom_resources::refuse(db, requester, (self.of, id), conditions, error).await,
        }
    }

    fn told(self, mut outcome: Outcome) -> Outcome {
        self.context.told(&mut outcome);
        outcome
    }
}
