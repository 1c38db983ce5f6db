//! The root of the service: a search over all types of resources (RFC 7644 §3.4.2.1, §3.4.3).

use operations::every;
use scim::protocol::search::Query;

use super::read::{group_type, searches, user_type};
use super::request::{Answer, Context};
use crate::http::error::Failure;

/// `GET /`, and `POST /.search`.
pub(super) async fn list(context: Context<'_>, query: &Query) -> Result<Answer, Failure> {
    let searches = searches(context, &[user_type(), group_type()], query)?;
    let [users, groups] = &searches[..] else { return Err(Failure::no_endpoint()) };
    Ok(Answer::list(every::list(context.app.db(), context.requester, (users, groups)).await?))
}
