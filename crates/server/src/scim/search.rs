//! Queries: GET on an endpoint, or POST to `.search` with the same in a body (RFC 7644 §3.4.2, §3.4.3).

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use scim::ResourceType;
use scim::filter::{self, ResolvedFilter};
use scim::project::Projection;
use scim::protocol::list::{Page, head, list};
use scim::protocol::search::Query;

use super::respond;
use crate::app::App;
use crate::auth::Tenant;
use crate::http::error::Failure;
use crate::http::headers::scim_json;
use crate::http::json::ScimJson;
use crate::requests::Notes;

/// `POST /Users/.search`.
pub(crate) async fn users(
    State(app): State<Arc<App>>,
    tenant: Tenant,
    notes: Notes,
    ScimJson(body): ScimJson,
) -> Result<Response, Failure> {
    list_users(&app, &tenant, &notes, &Query::from_search(&body)?).await
}

/// `POST /Groups/.search`.
pub(crate) async fn groups(
    State(app): State<Arc<App>>,
    tenant: Tenant,
    notes: Notes,
    ScimJson(body): ScimJson,
) -> Result<Response, Failure> {
    list_groups(&app, &tenant, &notes, &Query::from_search(&body)?).await
}

/// One page of the users that a query finds.
pub(super) async fn list_users(
    app: &App,
    tenant: &Tenant,
    notes: &Notes,
    query: &Query,
) -> Result<Response, Failure> {
    let wish = Wish::read(app, tenant, notes, respond::user_type(), query)?;
    let unit = app.store().read(&tenant.scope).await?;
    let (total, users) = unit.users(wish.filter.as_ref(), wish.page).await?;
    let resources = respond::users(app, &unit, users, &wish.projection).await?;
    Ok(scim_json(StatusCode::OK, &list(total, wish.page, resources)))
}

/// One page of the groups that a query finds.
pub(super) async fn list_groups(
    app: &App,
    tenant: &Tenant,
    notes: &Notes,
    query: &Query,
) -> Result<Response, Failure> {
    let wish = Wish::read(app, tenant, notes, respond::group_type(), query)?;
    let unit = app.store().read(&tenant.scope).await?;
    let (total, groups) = unit.groups(wish.filter.as_ref(), wish.page).await?;
    let head = head(total, wish.page, groups.len());
    Ok(respond::groups(app, &unit, head, groups, &wish.projection).await?)
}

/// A query, understood.
struct Wish {
    filter: Option<ResolvedFilter>,
    page: Page,
    projection: Projection,
}

impl Wish {
    fn read(
        app: &App,
        tenant: &Tenant,
        notes: &Notes,
        resource_type: &'static ResourceType,
        query: &Query,
    ) -> Result<Self, Failure> {
        let (start, count) = (query.start_index.as_deref(), query.count.as_deref());
        let page = Page::parse(start, count, app.limits().page_size, app.limits().page_size_max)?;
        let projection = projection(resource_type, query)?;
        let filter = match &query.filter {
            None => None,
            Some(text) => {
                let (filter, used) = filter::parse(resource_type, text, tenant.dialect.filter())?;
                notes.used(tenant.dialect.filter_used(used));
                Some(filter)
            }
        };
        Ok(Self { filter, page, projection })
    }
}

/// Which attributes the answer is to hold.
pub(super) fn projection(resource_type: &ResourceType, query: &Query) -> Result<Projection, scim::Error> {
    Projection::parse(resource_type, query.attributes.as_deref(), query.excluded_attributes.as_deref())
}
