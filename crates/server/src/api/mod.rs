//! The application's API, `/api/v1`: entitlements, events, enrolment, devices, with an OpenAPI document made from the handlers.

mod application;
mod body;
mod devices;
mod document;
mod enrolment;
#[expect(unused_qualifications, reason = "the macros of the document write whole paths")]
mod events;
#[expect(unused_qualifications, reason = "the macros of the document write whole paths")]
mod people;
mod problem;

use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use utoipa::OpenApi as _;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;

pub(crate) use problem::as_problem;

/// The path below which the API is.
pub(crate) const PATH: &str = "/api/v1";

/// The routes, and the document that describes them.
pub(crate) fn routes() -> Router<Arc<App>> {
    let (router, document) = described().split_for_parts();
    let document = document::served(&document);
    router.route("/api/v1/openapi.json", get(async move || document.clone()))
}

fn described() -> OpenApiRouter<Arc<App>> {
    let v1 = OpenApiRouter::new()
        .routes(routes!(people::list))
        .routes(routes!(people::show))
        .routes(routes!(people::entitlement))
        .routes(routes!(events::list))
        .routes(routes!(enrolment::take))
        .routes(routes!(enrolment::send_code))
        .routes(routes!(enrolment::check_code))
        .routes(routes!(devices::list))
        .routes(routes!(devices::register, devices::revoke))
        .routes(routes!(devices::hub))
        .routes(routes!(devices::seen));
    OpenApiRouter::with_openapi(document::Document::openapi()).nest(PATH, v1)
}
