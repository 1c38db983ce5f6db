//! A SCIM request without HTTP: what the handlers share with everything else that speaks the protocol.

use operations::{Requester, Text};
use scim::compat::RequestKind;
use scim::protocol::conditions::Conditions;
use scim::protocol::search::Query;
use scim::text::decoded_segment;
use scim::{Object, Registry, ResourceType, resource};

use crate::app::App;
use crate::http::error::Failure;
use crate::request_log::Notes;

use super::every;
use super::read::{id, patch_request, projection, replacement};
use super::resources::{One, Resources};

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    /// Read, or search.
    Get,
    /// Create, or search where the path ends in `.search`.
    Post,
    /// Replace.
    Put,
    /// Change.
    Patch,
    /// Delete.
    Delete,
}

impl Method {
    /// The word of HTTP.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }

    /// What a word stands for, of those that change something.
    pub(crate) fn of_word(word: &str) -> Option<Self> {
        [Self::Post, Self::Put, Self::Patch, Self::Delete].into_iter().find(|method| method.word() == word)
    }
}

/// A request about resources.
#[derive(Debug)]
pub(crate) struct Request {
    /// The method.
    pub(crate) method: Method,
    /// The path below the service in percent-encoding, such as `/Users/2819c223`.
    pub(crate) path: String,
    /// The parameters (RFC 7644 §3.4.2, §3.9).
    pub(crate) query: Query,
    /// The conditions on the version (RFC 7644 §3.14).
    pub(crate) conditions: Conditions,
    /// The body; empty where the method takes none.
    pub(crate) body: Object,
}

/// The answer to a request.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    /// The status of HTTP.
    pub(crate) status: u16,
    /// The entity tag of the resource.
    pub(crate) tag: Option<String>,
    /// The address of the resource.
    pub(crate) location: Option<String>,
    /// The body as JSON.
    pub(crate) body: Option<Text>,
}

/// The requester, and what the request log is told.
#[derive(Clone, Copy)]
pub(crate) struct Context<'c> {
    pub(crate) app: &'c App,
    pub(crate) requester: &'c Requester,
    /// The schemas and resource types of the tenant.
    pub(crate) registry: &'c Registry,
    pub(crate) notes: &'c Notes,
}

/// Runs a request.
///
/// # Errors
/// What the client is told instead: 404 for a path that is none of a resource type, 405 for a method that the path
/// does not take.
pub(crate) async fn run(context: Context<'_>, request: Request) -> Result<Answer, Failure> {
    let Request { method, path, query, conditions, body } = request;
    let segments = path.split('/').filter(|segment| !segment.is_empty()).map(decoded_segment);
    let segments: Vec<String> = segments.collect::<Option<_>>().ok_or_else(Failure::no_endpoint)?;
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let (conditions, wrong) = (&conditions, || Failure::status(405, "This path does not take this method."));
    let of = segments.first().and_then(|endpoint| context.registry.at_endpoint(endpoint));
    let Some(of) = of else {
        return match (segments.as_slice(), method) {
            ([], Method::Get) => every::list(context, &query).await,
            ([".search"], Method::Post) => {
                every::list(context, &searched(context, context.registry.user(), body)?).await
            }
            ([] | [".search"], _) => Err(wrong()),
            _ => Err(Failure::no_endpoint()),
        };
    };
    let resources = Resources { context, of };
    let searches = method == Method::Get || segments.last() == Some(&".search");
    if of.catalogue && !searches {
        return Err(wrong());
    }
    match (&segments[1..], method) {
        ([], Method::Get) => resources.list(&query).await,
        ([], Method::Post) => resources.create(&query, body).await,
        ([".search"], Method::Post) => resources.list(&searched(context, of, body)?).await,
        ([id], Method::Get) => resources.read(One { id, conditions }, &query).await,
        ([id], Method::Put) => resources.replace(One { id, conditions }, &query, body).await,
        ([id], Method::Patch) => resources.patch(One { id, conditions }, &query, body).await,
        ([id], Method::Delete) => resources.delete(One { id, conditions }).await,
        ([] | [_], _) => Err(wrong()),
        _ => Err(Failure::no_endpoint()),
    }
}

/// Whether the end of a request to this path can be noted with what it changes, so that it is done once.
pub(crate) fn may_wait(registry: &Registry, path: &str) -> bool {
    let endpoint = path.split('/').find(|segment| !segment.is_empty()).unwrap_or_default();
    registry.at_endpoint(endpoint).is_some_and(|it| !it.catalogue)
}

/// Refuses a request that is wrong whatever there is in the database.
///
/// # Errors
/// What the client is told.
pub(crate) fn check(context: Context<'_>, request: &Request) -> Result<(), Failure> {
    let Request { method, path, query, body, .. } = request;
    let segments = path.split('/').filter(|segment| !segment.is_empty()).map(decoded_segment);
    let segments: Vec<String> = segments.collect::<Option<_>>().ok_or_else(Failure::no_endpoint)?;
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let of = |endpoint: &str| context.registry.at_endpoint(endpoint).ok_or_else(Failure::no_endpoint);
    let (resource_type, id) = match segments.as_slice() {
        [endpoint] => (of(endpoint)?, None),
        [endpoint, one] => (of(endpoint)?, Some(id(of(endpoint)?, one)?)),
        _ => return Err(Failure::no_endpoint()),
    };
    let (dialect, mut body) = (context.dialect()?, body.clone());
    match (method, id) {
        (Method::Post, None) => {
            projection(resource_type, query)?;
            context.translate(dialect, RequestKind::Create, resource_type, &mut body)?;
            resource::create(resource_type, &body)?;
        }
        (Method::Put, Some(_)) => drop(replacement(context, dialect, resource_type, query, body)?),
        (Method::Patch, Some(_)) => drop(patch_request(context, dialect, resource_type, query, body)?),
        (Method::Delete, Some(_)) => {}
        _ => return Err(Failure::status(405, "This path does not take this method.")),
    }
    Ok(())
}

/// The query of a search message (RFC 7644 §3.4.3).
fn searched(context: Context<'_>, resource_type: &ResourceType, mut body: Object) -> Result<Query, Failure> {
    context.translate(context.dialect()?, RequestKind::Search, resource_type, &mut body)?;
    Ok(Query::from_search(&body)?)
}
