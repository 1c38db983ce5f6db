//! Every route of the program.

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::Method;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{any, get, post};

use crate::api;
use crate::app::App;
use crate::assets;
use crate::console;
use crate::doctor;
use crate::enrol;
use crate::health;
use crate::http::error::{Failure, Fault};
use crate::http::{accept, limits, link, paths, trace};
use crate::oauth;
use crate::panics::survived;
use crate::request_log::record;
use crate::scim::bulk::bulk;
use crate::scim::deferred::result;
use crate::scim::discovery;
use crate::scim::http::resources;
use crate::ssf;

/// The whole program as one service.
pub(crate) fn router(app: &Arc<App>) -> Router {
    let scim = Router::new()
        .route("/Users", get(resources).post(resources))
        .route("/Users/.search", post(resources))
        .route("/Users/{id}", get(resources).put(resources).patch(resources).delete(resources))
        .route("/Groups", get(resources).post(resources))
        .route("/Groups/.search", post(resources))
        .route("/Groups/{id}", get(resources).put(resources).patch(resources).delete(resources))
        // What files define: which endpoints there are is known by the tenant.
        .route("/{endpoint}", get(resources).post(resources))
        .route("/{endpoint}/.search", post(resources))
        .route("/{endpoint}/{id}", get(resources).put(resources).patch(resources).delete(resources))
        .route("/ServiceProviderConfig", get(discovery::service_provider_config))
        .route("/ResourceTypes", get(discovery::resource_types))
        .route("/ResourceTypes/{name}", get(discovery::resource_type))
        .route("/Schemas", get(discovery::schemas))
        .route("/Schemas/{uri}", get(discovery::schema))
        .route("/", get(resources))
        .route("/.search", post(resources))
        .route("/Bulk", post(bulk))
        .route("/Async/{transaction}", get(result))
        .route("/Me", any(discovery::not_supported))
        .route("/Me/{*rest}", any(discovery::not_supported))
        .route_layer(from_fn_with_state(Arc::clone(app), protocol));
    let routes = Router::new()
        .nest(paths::SCIM, scim)
        .merge(api::routes())
        .merge(oauth::routes())
        .merge(ssf::routes())
        .merge(enrol::routes(enrol::JOURNEYS))
        .merge(console::routes(app))
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .route("/metrics", get(health::metrics))
        .route(assets::ROUTE, get(assets::asset));
    dress(routes, app)
}

/// Puts routes into what makes every answer on every path complete.
///
/// A layer costs each request a copy of all layers inside it, so there are two, and each is several functions deep.
pub(crate) fn dress(routes: Router<Arc<App>>, app: &Arc<App>) -> Router {
    let inner = routes
        .fallback(async || Failure::no_endpoint())
        .method_not_allowed_fallback(async |method: Method| {
            Failure::status(405, format!("{method} is not a method of this endpoint."))
        })
        .layer(DefaultBodyLimit::max(app.limits().body_bytes))
        .layer(from_fn_with_state(Arc::clone(app), inside))
        .with_state(Arc::clone(app));
    // Paths are put in order before they are routed, so the router is a service inside another one.
    Router::new().fallback_service(inner).layer(from_fn_with_state(Arc::clone(app), outside))
}

/// Around the router.
async fn outside(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let answer = |request| paths::normalise(request, |request| next.run(request));
    let answer = |request| trace::trace(&app, request, answer);
    let pages = |request| console::around(request, answer);
    link::through(request, |request| enrol::around(request, pages)).await
}

/// Around the routes of the protocol: clients that take no JSON are turned away, and those without a token are told where to get one.
async fn protocol(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    oauth::challenged(&app, accept::only_json(request, next).await)
}

/// Inside the router, where the route is known.
async fn inside(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let answer = |request| unless_panicked(limits::deadline(&app, next.run(request)));
    let recorded = |request| record(&app, request, answer);
    trace::measure(request, |request| doctor::watch(&app, request, recorded)).await
}

/// The answer, or ours for a handler that panicked.
async fn unless_panicked(answer: impl Future<Output = Response>) -> Response {
    survived(answer).await.unwrap_or_else(|_| Failure::Fault(Fault::Panic).into_response())
}

#[cfg(test)]
pub(crate) mod tests;
