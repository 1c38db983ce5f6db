//! The root of the service: a search over all types of resources (RFC 7644 §3.4.2.1, §3.4.3).

use std::sync::Arc;

use operations::every;
use scim::ResourceType;
use scim::protocol::search::Query;

use super::read::searches;
use super::request::{Answer, Context};
use crate::http::error::Failure;

/// `GET /`, and `POST /.search`.
pub(super) async fn list(context: Context<'_>, query: &Query) -> Result<Answer, Failure> {
    let Context { app, requester, registry, .. } = context;
    let types: Vec<&ResourceType> = registry.resource_types().iter().map(Arc::as_ref).collect();
    let searches = searches(context, &types, query)?;
    Ok(Answer::list(every::list(app.db(), requester, registry, &searches).await?))
}
