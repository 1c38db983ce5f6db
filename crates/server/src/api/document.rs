//! The OpenAPI document.

use axum::body::Bytes;
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};

/// What is not about one route.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Rollcall for applications",
        description = "What an application asks and reports: who may use it, how far an enrolment is, which devices there are. \
                       Times are RFC 3339 in UTC. Errors are problem details (RFC 9457).",
        license(name = "Apache-2.0 OR MIT", identifier = "Apache-2.0 OR MIT")
    ),
    modifiers(&Bearer)
)]
pub(super) struct Document;

/// The token of the application.
struct Bearer;

impl Modify for Bearer {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("A token that `rollcall api-token create` printed."))
            .build();
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("bearer", SecurityScheme::Http(scheme));
    }
}

/// The document as it is served.
#[derive(Clone, Debug)]
pub(super) struct Served(Bytes);

/// Writes the document out, once.
pub(super) fn served(document: &utoipa::openapi::OpenApi) -> Served {
    Served(serde_json::to_vec(document).unwrap_or_default().into())
}

impl IntoResponse for Served {
    fn into_response(self) -> Response {
        ([(CONTENT_TYPE, "application/json")], self.0).into_response()
    }
}
