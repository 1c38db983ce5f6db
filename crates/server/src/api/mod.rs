//! The application's API, `/api/v1`: entitlements, pools, events, enrolment, devices, with an OpenAPI document made from the handlers.

mod application;
mod body;
mod devices;
mod document;
mod enrolment;
#[expect(unused_qualifications, reason = "the macros of the document write whole paths")]
mod events;
mod holds;
mod page;
#[expect(unused_qualifications, reason = "the macros of the document write whole paths")]
mod people;
#[expect(unused_qualifications, reason = "the macros of the document write whole paths")]
mod pools;
mod problem;
#[expect(unused_qualifications, reason = "the macros of the document write whole paths")]
mod stream;
mod stream_poll;
mod stream_status;

use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use utoipa::OpenApi as _;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;

pub(crate) use problem::as_problem;

use page::Page;

/// The path below which the API is.
pub(crate) const PATH: &str = "/api/v1";

/// The routes, and the document that describes them.
pub(crate) fn routes() -> Router<Arc<App>> {
    let (router, document) = described().split_for_parts();
    let page = Page::of(&serde_json::to_value(&document).unwrap_or_default());
    let document = document::served(&document);
    router
        .route("/api/v1/openapi.json", get(async move || document.clone()))
        .route("/api/v1/docs", get(async move || page.clone()))
}

fn described() -> OpenApiRouter<Arc<App>> {
    let v1 = OpenApiRouter::new()
        .routes(routes!(people::list))
        .routes(routes!(people::show))
        .routes(routes!(people::entitlement))
        .routes(routes!(pools::list))
        .routes(routes!(pools::show))
        .routes(routes!(events::list))
        .routes(routes!(enrolment::take))
        .routes(routes!(enrolment::send_code))
        .routes(routes!(enrolment::check_code))
        .routes(routes!(devices::list))
        .routes(routes!(devices::register, devices::revoke))
        .routes(routes!(devices::hub))
        .routes(routes!(devices::seen))
        .routes(routes!(holds::list))
        .routes(routes!(holds::put, holds::release))
        .routes(routes!(stream::create, stream::read, stream::update, stream::replace, stream::delete))
        .routes(routes!(stream_status::read, stream_status::set))
        .routes(routes!(stream_status::add_subject))
        .routes(routes!(stream_status::remove_subject))
        .routes(routes!(stream_status::verify))
        .routes(routes!(stream_poll::poll));
    OpenApiRouter::with_openapi(document::Document::openapi()).nest(PATH, v1)
}

#[cfg(test)]
mod in_browser;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;

    #[test]
    fn the_document_describes_every_operation_and_names_only_what_it_holds() {
        let (_, document) = described().split_for_parts();
        let document = serde_json::to_value(&document).expect("JSON");
        assert_eq!(document["openapi"], "3.1.0");
        let mut ids = BTreeSet::new();
        for (path, methods) in document["paths"].as_object().expect("paths") {
            for (method, operation) in methods.as_object().expect("methods") {
                let id = operation["operationId"].as_str().expect("an id");
                assert!(ids.insert(id.to_owned()), "{id} stands twice");
                assert!(path.starts_with("/api/v1/"), "{path}");
                assert_eq!(operation["security"][0]["bearer"], serde_json::json!([]), "{method} {path}");
                for answer in operation["responses"].as_object().expect("answers").values() {
                    assert!(answer["description"].as_str().is_some_and(|words| !words.is_empty()), "{id}");
                }
            }
        }
        assert!(ids.len() > 10, "{ids:?}");
        let known = document["components"]["schemas"].as_object().expect("types");
        let mut left = vec![&document];
        while let Some(value) = left.pop() {
            match value {
                Value::Object(members) => {
                    if let Some(name) = members.get("$ref").and_then(Value::as_str) {
                        let name = name.strip_prefix("#/components/schemas/").expect("a type");
                        assert!(known.contains_key(name), "{name}");
                    }
                    left.extend(members.values());
                }
                Value::Array(elements) => left.extend(elements),
                _ => {}
            }
        }
    }
}
