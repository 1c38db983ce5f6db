//! What the server can do (RFC 7644 §4): readable without a token.

use std::sync::Arc;

use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use http::StatusCode;
use scim::{Registry, discovery};

use crate::app::App;
use crate::auth::Tenant;
use crate::http::error::Failure;
use crate::http::headers::scim_json;
use crate::http::query;

/// `GET /ServiceProviderConfig`.
pub(crate) async fn service_provider_config(State(app): State<Arc<App>>, query: RawQuery) -> Result<Response, Failure> {
    unfiltered(&query)?;
    let limits = app.limits();
    let capabilities = discovery::Capabilities {
        max_results: limits.page_size_max,
        default_page_size: limits.page_size,
        max_payload: limits.body_bytes,
    };
    Ok(scim_json(StatusCode::OK, &discovery::service_provider_config(capabilities, app.base())))
}

/// `GET /ResourceTypes`.
pub(crate) async fn resource_types(State(app): State<Arc<App>>, query: RawQuery) -> Result<Response, Failure> {
    unfiltered(&query)?;
    Ok(scim_json(StatusCode::OK, &discovery::resource_types(Registry::standard(), app.base())))
}

/// `GET /ResourceTypes/{name}`.
pub(crate) async fn resource_type(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    query: RawQuery,
) -> Result<Response, Failure> {
    unfiltered(&query)?;
    let found = Registry::standard().resource_types().iter().find(|it| it.name == name);
    let found = found.ok_or_else(|| scim::Error::not_found("resource type", &name))?;
    Ok(scim_json(StatusCode::OK, &discovery::resource_type(found, app.base())))
}

/// `GET /Schemas`.
pub(crate) async fn schemas(State(app): State<Arc<App>>, query: RawQuery) -> Result<Response, Failure> {
    unfiltered(&query)?;
    Ok(scim_json(StatusCode::OK, &discovery::schemas(Registry::standard(), app.base())))
}

/// `GET /Schemas/{uri}`.
pub(crate) async fn schema(
    State(app): State<Arc<App>>,
    Path(uri): Path<String>,
    query: RawQuery,
) -> Result<Response, Failure> {
    unfiltered(&query)?;
    let found = Registry::standard().schema(&uri);
    let found = found.ok_or_else(|| scim::Error::not_found("schema", &uri))?;
    Ok(scim_json(StatusCode::OK, &discovery::schema(found, app.base())))
}

/// What the configuration says is not supported: bulk requests, `/Me`, a search over all resource types.
pub(crate) async fn not_supported(_: Tenant) -> Failure {
    Failure::status(501, "This is not supported; /ServiceProviderConfig says what is.")
}

/// RFC 7644 §4: a filter on these endpoints is refused, other parameters are ignored.
fn unfiltered(query: &RawQuery) -> Result<(), Failure> {
    let query = query::parse(query.0.as_deref().unwrap_or_default());
    if query.map_or(true, |query| query.filter.is_some()) {
        return Err(Failure::status(403, "This endpoint takes no filter."));
    }
    Ok(())
}
