//! What the server can do (RFC 7644 §4): readable without a token.

use std::sync::Arc;

use axum::extract::{FromRequestParts, RawQuery, State};
use axum::response::Response;
use http::header::ETAG;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode};
use operations::{deferred, walk};
use scim::protocol::conditions::Conditions;
use scim::{Registry, discovery};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::app::App;
use crate::auth::Tenant;
use crate::http::error::Failure;
use crate::http::headers::{conditions, scim_json};
use crate::http::id::ResourceId;
use crate::http::query;
use crate::oauth::metadata_address;

/// `GET /ServiceProviderConfig`.
pub(crate) async fn service_provider_config(
    State(app): State<Arc<App>>,
    Asking(tenant): Asking,
    headers: HeaderMap,
    query: RawQuery,
) -> Result<Response, Failure> {
    unfiltered(&query)?;
    let limits = app.limits();
    let connection =
        tenant.as_ref().map(|tenant| (tenant.connection().profile.as_str(), &tenant.provider.dialect));
    let capabilities = discovery::Capabilities {
        authorization: &metadata_address(&app),
        max_results: limits.page_size_max,
        default_page_size: limits.page_size,
        cursor_seconds: walk::GOOD_FOR.num_seconds(),
        max_operations: limits.bulk_operations,
        max_payload: limits.body_bytes,
        events: deferred::is_offered(app.db(), app.now()).await,
        catalogue: app.config().roles_and_entitlements,
        connection,
    };
    versioned(discovery::service_provider_config(capabilities, app.base()), &conditions(&headers))
}

/// The client that asks, if it has a credential.
#[derive(Debug)]
pub(crate) struct Asking(Option<Tenant>);

impl FromRequestParts<Arc<App>> for Asking {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Failure> {
        match Tenant::from_request_parts(parts, app).await {
            Ok(tenant) => Ok(Self(Some(tenant))),
            Err(Failure::Unauthorised(_)) => Ok(Self(None)),
            Err(other) => Err(other),
        }
    }
}

/// What a client is shown: the schemas and resource types of its tenant, or without a credential those that all tenants have.
#[derive(Debug)]
pub(crate) struct Shown(Arc<Registry>);

impl FromRequestParts<Arc<App>> for Shown {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Failure> {
        let Asking(tenant) = Asking::from_request_parts(parts, app).await?;
        let registries = app.db().registries();
        Ok(Self(tenant.map_or_else(|| Arc::clone(registries.common()), |it| app.db().registry(&it.scope))))
    }
}

/// `GET /ResourceTypes`.
pub(crate) async fn resource_types(
    State(app): State<Arc<App>>,
    Shown(registry): Shown,
    query: RawQuery,
) -> Result<Response, Failure> {
    unfiltered(&query)?;
    Ok(scim_json(StatusCode::OK, &discovery::resource_types(&registry, app.base())))
}

/// `GET /ResourceTypes/{name}`.
pub(crate) async fn resource_type(
    State(app): State<Arc<App>>,
    Shown(registry): Shown,
    name: ResourceId,
    query: RawQuery,
) -> Result<Response, Failure> {
    unfiltered(&query)?;
    let found = registry.resource_type(name.as_str());
    let found = found.ok_or_else(|| scim::Error::not_found("resource type", name.as_str()))?;
    Ok(scim_json(StatusCode::OK, &discovery::resource_type(found, app.base())))
}

/// `GET /Schemas`.
pub(crate) async fn schemas(
    State(app): State<Arc<App>>,
    Shown(registry): Shown,
    query: RawQuery,
) -> Result<Response, Failure> {
    unfiltered(&query)?;
    Ok(scim_json(StatusCode::OK, &discovery::schemas(&registry, app.base())))
}

/// `GET /Schemas/{uri}`.
pub(crate) async fn schema(
    State(app): State<Arc<App>>,
    Shown(registry): Shown,
    uri: ResourceId,
    query: RawQuery,
) -> Result<Response, Failure> {
    unfiltered(&query)?;
    let found = registry.schema(uri.as_str());
    let found = found.ok_or_else(|| scim::Error::not_found("schema", uri.as_str()))?;
    Ok(scim_json(StatusCode::OK, &discovery::schema(found, app.base())))
}

/// What the configuration says is not supported: `/Me`, because no credential stands for a person (RFC 7644 §3.11).
pub(crate) async fn not_supported(_: Tenant) -> Failure {
    Failure::status(501, "This is not supported; /ServiceProviderConfig says what is.")
}

/// A document whose version is told by its content, or 304 for a client that has it (RFC 7643 §8.5).
fn versioned(mut document: Value, conditions: &Conditions) -> Result<Response, Failure> {
    let digest = Sha256::digest(document.to_string().as_bytes());
    let version = digest[..8].iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    let version = format!("{version:016x}");
    let tag = format!("W/\"{version}\"");
    let mut response = if conditions.knows(&tag)? {
        let mut response = Response::default();
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        response
    } else {
        document["meta"]["version"] = tag.as_str().into();
        scim_json(StatusCode::OK, &document)
    };
    response.headers_mut().extend(HeaderValue::from_str(&tag).ok().map(|tag| (ETAG, tag)));
    Ok(response)
}

/// RFC 7644 §4: a filter on these endpoints is refused, other parameters are ignored.
fn unfiltered(query: &RawQuery) -> Result<(), Failure> {
    let query = query::parse(query.0.as_deref().unwrap_or_default());
    if query.map_or(true, |query| query.filter.is_some()) {
        return Err(Failure::status(403, "This endpoint takes no filter."));
    }
    Ok(())
}
