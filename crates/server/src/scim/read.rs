//! What a request says, in terms of the protocol.

use std::sync::Arc;

use operations::walk::{Paging, Walk};
use operations::{Order, Outcome, Replacement, Search};
use scim::compat::{Dialect, RequestKind};
use scim::filter;
use scim::patch::PatchRequest;
use scim::project::Projection;
use scim::protocol::list::Page;
use scim::protocol::search::{Query, Return};
use scim::protocol::sort::Sort;
use scim::{Object, ResourceType, ScimType, resource};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::request::Context;
use crate::http::error::Failure;

/// The id of a resource, if the text can be one of ours: ids compare exactly (RFC 7643 §3.1).
///
/// # Errors
/// 404: there is no resource with another kind of id.
pub(super) fn id(of: &ResourceType, text: &str) -> Result<Uuid, Failure> {
    let uuid = Uuid::try_parse(text).ok().filter(|uuid| uuid.to_string() == text);
    uuid.ok_or_else(|| scim::Error::not_found(&of.name, text).into())
}

/// Which attributes the answer is to hold.
///
/// # Errors
/// What is wrong with the parameters.
pub(super) fn projection(resource_type: &ResourceType, query: &Query) -> Result<Projection, scim::Error> {
    let (only, without) = (query.attributes.as_deref(), query.excluded_attributes.as_deref());
    let projection = Projection::parse(resource_type, only, without)?;
    Ok(match (query.prefer, projection) {
        (Some(Return::Minimal), _) => Projection::Nothing,
        // What a client asks for in words is no default, which the rules of a connection may replace by nothing.
        (Some(Return::Representation), Projection::Default) => Projection::Without(Vec::new()),
        (_, projection) => projection,
    })
}

/// What a PUT says: which attributes the answer is to hold, and the document.
///
/// # Errors
/// What is wrong with the parameters or the body.
pub(super) fn replacement(
    context: Context<'_>,
    dialect: &Dialect,
    resource_type: &Arc<ResourceType>,
    query: &Query,
    mut body: Object,
) -> Result<(Projection, Replacement), scim::Error> {
    context.translate(dialect, RequestKind::Replace, resource_type, &mut body)?;
    let projection = projection(resource_type, query)?.after_writing(resource::named(resource_type, &body));
    Ok((projection, Replacement::parse(resource_type, body)?))
}

/// What a PATCH says: which attributes the answer is to hold, and the operations.
///
/// # Errors
/// What is wrong with the parameters or the body.
pub(super) fn patch_request(
    context: Context<'_>,
    dialect: &Dialect,
    resource_type: &Arc<ResourceType>,
    query: &Query,
    mut body: Object,
) -> Result<(Projection, PatchRequest), scim::Error> {
    context.translate(dialect, RequestKind::Patch, resource_type, &mut body)?;
    let projection = projection(resource_type, query)?;
    let most = context.app.limits().patch_operations;
    let request = PatchRequest::parse(resource_type, &body, dialect.filter(), most)?;
    context.notes.used(dialect.filter_used(request.used));
    Ok((projection.after_writing(request.named()), request))
}

/// A search for resources of a type.
///
/// # Errors
/// What is wrong with the parameters.
pub(super) fn search(
    context: Context<'_>,
    resource_type: &Arc<ResourceType>,
    query: &Query,
) -> Result<Search, Failure> {
    Ok(searches(context, &[&**resource_type], query)?.swap_remove(0))
}

/// A search for resources of several types, as one for each.
///
/// # Errors
/// What is wrong with the parameters.
pub(super) fn searches(
    context: Context<'_>,
    types: &[&ResourceType],
    query: &Query,
) -> Result<Vec<Search>, Failure> {
    let limits = context.app.limits();
    let (start, count) = (query.start_index.as_deref(), query.count.as_deref());
    let paging = match &query.cursor {
        Some(cursor) => by_cursor(context, query, cursor)?,
        None => Paging::Index(Page::parse(start, count, limits.page_size, limits.page_size_max)?),
    };
    let sorts = Sort::parse_over(types, query.sort_by.as_deref(), query.sort_order.as_deref())?;
    let mut sorts = sorts.unwrap_or_default().into_iter();
    let descending = sorts.clone().flatten().any(|sort| sort.descending);
    let walk = Walk { over: over(types, query), descending, paging };
    let mut filters = match &query.filter {
        None => Vec::new(),
        Some(text) => {
            let dialect = context.dialect()?;
            let (filters, used) = filter::parse_over(types, text, dialect.filter())?;
            context.notes.used(dialect.filter_used(used));
            filters
        }
    }
    .into_iter();
    let each = types.iter().map(|resource_type| {
        let order = sorts.next().flatten().map(|sort| Order { sort, most: limits.sorted_resources });
        let projection = projection(resource_type, query)?;
        Ok(Search { filter: filters.next(), order, walk: walk.clone(), projection })
    });
    each.collect()
}

/// The page that a cursor asks for (RFC 9865 §2). More resources than are allowed are fewer, as in a page by index.
fn by_cursor(context: Context<'_>, query: &Query, cursor: &str) -> Result<Paging, scim::Error> {
    let limits = context.app.limits();
    if query.start_index.is_some() {
        return Err(scim::Error::invalid_value("cursor and startIndex exclude each other."));
    }
    let count = query.count.as_deref().map(|count| {
        let page = Page::parse(None, Some(count), limits.page_size, limits.page_size_max);
        page.map(|page| page.count).map_err(|error| scim::Error::new(ScimType::InvalidCount, error.detail))
    });
    Ok(Paging::Cursor { cursor: cursor.to_owned(), count: count.transpose()?, usual: limits.page_size })
}

/// A digest of what a list has, and in which order.
fn over(types: &[&ResourceType], query: &Query) -> Vec<u8> {
    let names: Vec<&str> = types.iter().map(|resource_type| resource_type.name.as_str()).collect();
    let over = json!([names, query.filter, query.sort_by, query.sort_order]).to_string();
    Sha256::digest(over.as_bytes()).to_vec()
}

impl<'c> Context<'c> {
    /// The dialect of the connection.
    ///
    /// # Errors
    /// 403 for a requester that is no connection.
    pub(super) fn dialect(self) -> Result<&'c Dialect, Failure> {
        let provider = self.requester.provider.as_deref();
        let provider = provider.ok_or_else(|| Failure::status(403, "Only a connection may push."))?;
        Ok(&provider.dialect)
    }

    /// Rewrites the body of a request into the standard's form, and notes the quirks that it uses.
    ///
    /// # Errors
    /// What the standard allows and the connection does not.
    pub(super) fn translate(
        self,
        dialect: &Dialect,
        kind: RequestKind,
        resource_type: &ResourceType,
        body: &mut Object,
    ) -> Result<(), scim::Error> {
        let (used, outcome) = match dialect.request(kind, resource_type, body) {
            Ok(used) => (used, Ok(())),
            Err(refusal) => (refusal.used, Err(refusal.error)),
        };
        self.notes.used(used);
        outcome
    }

    /// Tells the request log and the workers what an operation came to.
    pub(super) fn told(self, outcome: &mut Outcome) {
        self.notes.used(std::mem::take(&mut outcome.used));
        self.notes.effects(std::mem::take(&mut outcome.effects));
        if outcome.queued {
            self.app.work().notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use scim::Registry;

    use super::*;

    #[test]
    fn only_the_exact_text_of_an_id_names_a_resource() {
        let known = "0190d9a0-0000-7000-8000-00000000000a";
        let user = Registry::standard().user();
        assert!(id(user, known).is_ok());
        for other in [
            "7",
            "",
            &known.to_uppercase(),
            &known.replace('-', ""),
            &format!("{{{known}}}"),
            &format!("urn:uuid:{known}"),
        ] {
            assert!(id(user, other).is_err(), "{other}");
        }
    }
}
