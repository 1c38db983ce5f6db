//! Every route of the program.

use std::any::Any;
use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::Method;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{any, get, post};
use tower_http::catch_panic::CatchPanicLayer;

use crate::app::App;
use crate::http::error::{Failure, Fault};
use crate::http::{accept, limits, paths, trace};
use crate::requests::record;
use crate::scim::{discovery, groups, search, users};
use crate::status;

/// The whole program as one service.
pub(crate) fn router(app: &Arc<App>) -> Router {
    let scim = Router::new()
        .route("/Users", get(users::list).post(users::create))
        .route("/Users/.search", post(search::users))
        .route("/Users/{id}", get(users::read).put(users::replace).patch(users::patch).delete(users::delete))
        .route("/Groups", get(groups::list).post(groups::create))
        .route("/Groups/.search", post(search::groups))
        .route(
            "/Groups/{id}",
            get(groups::read).put(groups::replace).patch(groups::patch).delete(groups::delete),
        )
        .route("/ServiceProviderConfig", get(discovery::service_provider_config))
        .route("/ResourceTypes", get(discovery::resource_types))
        .route("/ResourceTypes/{name}", get(discovery::resource_type))
        .route("/Schemas", get(discovery::schemas))
        .route("/Schemas/{uri}", get(discovery::schema))
        .route("/.search", post(discovery::not_supported))
        .route("/Bulk", any(discovery::not_supported))
        .route("/Me", any(discovery::not_supported))
        .route("/Me/{*rest}", any(discovery::not_supported))
        .route_layer(from_fn(accept::only_json));
    let routes = Router::new()
        .nest(paths::SCIM, scim)
        .route("/healthz", get(status::healthz))
        .route("/readyz", get(status::readyz))
        .route("/metrics", get(status::metrics));
    dress(routes, app)
}

/// Puts the layers around routes, so that every answer on every path is complete.
fn dress(routes: Router<Arc<App>>, app: &Arc<App>) -> Router {
    let inner = routes
        .fallback(async || Failure::no_endpoint())
        .method_not_allowed_fallback(async |method: Method| {
            Failure::status(405, format!("{method} is not a method of this endpoint."))
        })
        .layer(DefaultBodyLimit::max(app.limits().body_bytes))
        // From here on the last one added is the outermost.
        .layer(from_fn_with_state(Arc::clone(app), limits::deadline))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state(Arc::clone(app), record))
        .layer(from_fn(trace::measure))
        .with_state(Arc::clone(app));
    // Paths are put in order before they are routed, so the router is a service inside another one.
    Router::new()
        .fallback_service(inner)
        .layer(from_fn(paths::normalise))
        .layer(from_fn_with_state(Arc::clone(app), trace::trace))
}

#[cfg(test)]
mod tests;

fn panicked(_: Box<dyn Any + Send>) -> Response {
    Failure::Fault(Fault::Panic).into_response()
}
