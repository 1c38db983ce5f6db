//! Resources as clients see them: what is stored, with what the server computes, in the attributes that they want.

mod custom_resources;
mod groups;
mod list;
mod text;
mod users;

use scim::path::Located;
use scim::project::Projection;
use scim::protocol::version::{Digest, entity_tag};
use scim::{Object, Resource, ResourceType};
use serde_json::Value;
use store::Member;

use crate::walk::Walk;

pub(crate) use custom_resources::{custom, render_custom};
pub(crate) use groups::group;
pub(crate) use list::{Items, list_custom, list_every, list_groups, list_users};
pub(crate) use users::{render, shown, user, wanted};

pub use text::Text;

/// Below which address resources live, and which of their attributes are wanted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View<'v> {
    /// The address of the service, without a slash at its end.
    pub(crate) base: &'v str,
    /// The type of the resources.
    pub(crate) of: &'v ResourceType,
    /// The attributes.
    pub(crate) projection: &'v Projection,
}

impl View<'_> {
    /// The projection of a rendered resource.
    pub(crate) fn projected(self, resource: Resource) -> Object {
        self.projection.project(self.of, resource.render(self.of, self.base))
    }

    /// The tag and the address of a resource, with a digest of what the server adds to what is stored.
    pub(crate) fn head(self, resource: &Resource, digest: Option<Digest>) -> Shown {
        Shown {
            tag: entity_tag(resource.meta.version, digest),
            location: resource.location(self.of, self.base),
            body: None,
        }
    }

    /// The representation of a resource to which the server has added what the digest is of, and its entity tag.
    pub(crate) fn rendered(self, resource: Resource, digest: Option<Digest>) -> (Object, String) {
        let tag = entity_tag(resource.meta.version, digest);
        let rendered = resource.render_with(self.of, self.base, digest);
        (self.projection.project(self.of, rendered), tag)
    }
}

/// A resource as an answer shows it.
#[derive(Debug)]
pub struct Shown {
    /// The entity tag (RFC 7644 §3.14).
    pub tag: String,
    /// The address.
    pub location: String,
    /// The representation as JSON; none where the client has it already, or wants none.
    pub body: Option<Text>,
}

/// Which resources of a type are wanted (RFC 7644 §3.4.2).
#[derive(Clone, Debug)]
pub struct Search {
    /// Those that it matches; all without it.
    pub filter: Option<scim::filter::ResolvedFilter>,
    /// The order; by id without one.
    pub order: Option<store::Order>,
    /// The page.
    pub walk: Walk,
    /// The attributes of each.
    pub projection: Projection,
}

impl Search {
    /// Whether the first page holds the only resource that there can be.
    pub(crate) fn finds_one(&self) -> bool {
        self.walk.is_first_by_index() && store::finds_one(self.filter.as_ref())
    }
}

/// A member as an element of `members`; the address is added when the group is rendered.
pub(crate) fn member(member: &Member) -> Value {
    let mut element = serde_json::json!({ "value": member.id.to_string(), "type": member.kind.to_string() });
    if let Some(display) = &member.display {
        element["display"] = display.as_str().into();
    }
    element
}

/// Whether a projection wants any attribute of an extension.
fn wants_extension(projection: &Projection, uri: &str) -> bool {
    let names_it = |located: &Located| match located {
        Located::Extension(schema) => schema.id == uri,
        Located::Attribute(attribute) => attribute.extension.as_ref().is_some_and(|schema| schema.id == uri),
    };
    match projection {
        Projection::Default | Projection::Written(_) | Projection::Everything => true,
        Projection::Nothing => false,
        Projection::Only(only) => only.iter().any(names_it),
        Projection::Without(without) => {
            !without.iter().any(|located| matches!(located, Located::Extension(schema) if schema.id == uri))
        }
    }
}
