//! `/Groups` (RFC 7644 §3.3 to §3.6).

use operations::groups;
use scim::compat::RequestKind;
use scim::protocol::conditions::Conditions;
use scim::protocol::search::Query;
use scim::{Object, resource};

use super::read::{group_id, group_type, patch_request, projection, replacement, search};
use super::request::{Answer, Context};
use crate::http::error::Failure;

/// `GET /Groups`, and `POST /Groups/.search`.
pub(super) async fn list(context: Context<'_>, query: &Query) -> Result<Answer, Failure> {
    let search = search(context, group_type(), query)?;
    Ok(Answer::list(groups::list(context.app.db(), context.requester, &search).await?))
}

/// `GET /Groups/{id}`.
pub(super) async fn read(
    context: Context<'_>,
    id: &str,
    conditions: &Conditions,
    query: &Query,
) -> Result<Answer, Failure> {
    let (projection, id) = (projection(group_type(), query)?, group_id(id)?);
    Ok(Answer::read(groups::read(context.app.db(), context.requester, id, conditions, &projection).await?))
}

/// `POST /Groups`.
pub(super) async fn create(context: Context<'_>, query: &Query, mut body: Object) -> Result<Answer, Failure> {
    let projection = projection(group_type(), query)?;
    context.notes.used(context.dialect()?.request(RequestKind::Create, group_type(), &mut body));
    let document = resource::create(group_type(), &body)?;
    let mut outcome = groups::create(context.app.db(), context.requester, document, &projection).await?;
    context.told(&mut outcome);
    Ok(Answer::created(outcome.shown))
}

/// `PUT /Groups/{id}`.
pub(super) async fn replace(
    context: Context<'_>,
    id: &str,
    conditions: &Conditions,
    query: &Query,
    body: Object,
) -> Result<Answer, Failure> {
    let (db, requester, id) = (context.app.db(), context.requester, group_id(id)?);
    let read = replacement(context, context.dialect()?, group_type(), query, body);
    let (projection, replacement) = match read {
        Ok(read) => read,
        Err(error) => return Err(groups::refuse(db, requester, id, conditions, error).await.into()),
    };
    let mut outcome = groups::replace(db, requester, id, conditions, &replacement, &projection).await?;
    context.told(&mut outcome);
    Ok(Answer::changed(outcome.shown))
}

/// `PATCH /Groups/{id}`.
pub(super) async fn patch(
    context: Context<'_>,
    id: &str,
    conditions: &Conditions,
    query: &Query,
    body: Object,
) -> Result<Answer, Failure> {
    let (db, requester, id) = (context.app.db(), context.requester, group_id(id)?);
    let read = patch_request(context, context.dialect()?, group_type(), query, body);
    let (projection, request) = match read {
        Ok(read) => read,
        Err(error) => return Err(groups::refuse(db, requester, id, conditions, error).await.into()),
    };
    let mut outcome = groups::patch(db, requester, id, conditions, &request, &projection).await?;
    context.told(&mut outcome);
    Ok(Answer::changed(outcome.shown))
}

/// `DELETE /Groups/{id}`.
pub(super) async fn delete(
    context: Context<'_>,
    id: &str,
    conditions: &Conditions,
) -> Result<Answer, Failure> {
    let (db, most) = (context.app.db(), context.app.config().jobs.batch.into());
    let mut outcome = groups::delete(db, context.requester, group_id(id)?, conditions, most).await?;
    context.told(&mut outcome);
    Ok(Answer::done(None))
}
