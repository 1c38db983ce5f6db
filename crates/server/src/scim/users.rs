//! `/Users` (RFC 7644 §3.3 to §3.6).

use operations::users;
use scim::compat::RequestKind;
use scim::protocol::conditions::Conditions;
use scim::protocol::search::Query;
use scim::{Object, resource};

use super::read::{patch_request, projection, replacement, search, user_id, user_type};
use super::request::{Answer, Context};
use crate::http::error::Failure;

/// `GET /Users`, and `POST /Users/.search`.
pub(super) async fn list(context: Context<'_>, query: &Query) -> Result<Answer, Failure> {
    let search = search(context, user_type(), query)?;
    Ok(Answer::list(users::list(context.app.db(), context.requester, &search).await?))
}

/// `GET /Users/{id}`.
pub(super) async fn read(
    context: Context<'_>,
    id: &str,
    conditions: &Conditions,
    query: &Query,
) -> Result<Answer, Failure> {
    let (projection, id) = (projection(user_type(), query)?, user_id(id)?);
    Ok(Answer::read(users::read(context.app.db(), context.requester, id, conditions, &projection).await?))
}

/// `POST /Users`.
pub(super) async fn create(context: Context<'_>, query: &Query, mut body: Object) -> Result<Answer, Failure> {
    let projection = projection(user_type(), query)?;
    context.notes.used(context.dialect()?.request(RequestKind::Create, user_type(), &mut body));
    let document = resource::create(user_type(), &body)?;
    let mut outcome = users::create(context.app.db(), context.requester, document, &projection).await?;
    context.told(&mut outcome);
    Ok(Answer::created(outcome.shown))
}

/// `PUT /Users/{id}`.
pub(super) async fn replace(
    context: Context<'_>,
    id: &str,
    conditions: &Conditions,
    query: &Query,
    body: Object,
) -> Result<Answer, Failure> {
    let (db, requester, id) = (context.app.db(), context.requester, user_id(id)?);
    let read = replacement(context, context.dialect()?, user_type(), query, body);
    let (projection, replacement) = match read {
        Ok(read) => read,
        Err(error) => return Err(users::refuse(db, requester, id, conditions, error).await.into()),
    };
    let mut outcome = users::replace(db, requester, id, conditions, &replacement, &projection).await?;
    context.told(&mut outcome);
    Ok(Answer::changed(outcome.shown))
}

/// `PATCH /Users/{id}`.
pub(super) async fn patch(
    context: Context<'_>,
    id: &str,
    conditions: &Conditions,
    query: &Query,
    body: Object,
) -> Result<Answer, Failure> {
    let (db, requester, id) = (context.app.db(), context.requester, user_id(id)?);
    let read = patch_request(context, context.dialect()?, user_type(), query, body);
    let (projection, request) = match read {
        Ok(read) => read,
        Err(error) => return Err(users::refuse(db, requester, id, conditions, error).await.into()),
    };
    let mut outcome = users::patch(db, requester, id, conditions, &request, &projection).await?;
    context.told(&mut outcome);
    Ok(Answer::changed(outcome.shown))
}

/// `DELETE /Users/{id}`.
pub(super) async fn delete(
    context: Context<'_>,
    id: &str,
    conditions: &Conditions,
) -> Result<Answer, Failure> {
    let mut outcome = users::delete(context.app.db(), context.requester, user_id(id)?, conditions).await?;
    context.told(&mut outcome);
    Ok(Answer::done(None))
}
