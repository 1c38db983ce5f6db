//! Resources of types that files define, with the groups that hold them.

use scim::Object;
use scim::project::Projection;
use scim::protocol::version::Digest;
use serde_json::Value;
use store::CustomResource;

use super::users::group_of;
use super::{Shown, View};

/// A resource, as an answer shows it.
pub(crate) fn custom(custom: CustomResource, view: View<'_>) -> Shown {
    if *view.projection == Projection::Nothing {
        return view.head(&custom.resource, groups(&custom).as_ref().map(digest));
    }
    let location = custom.resource.location(view.of, view.base);
    let (rendered, tag) = render_custom(custom, view);
    Shown { tag, location, body: Some(Value::Object(rendered).to_string().into()) }
}

/// The representation of a resource, and its entity tag: the version, with a digest of the groups.
pub(crate) fn render_custom(custom: CustomResource, view: View<'_>) -> (Object, String) {
    let groups = groups(&custom);
    let digest = groups.as_ref().map(digest);
    let mut resource = custom.resource;
    if view.of.shows_groups() {
        // What was stored while clients wrote the attribute is not shown.
        resource.document.shift_remove("groups");
        resource.document.extend(groups.map(|groups| ("groups".to_owned(), groups)));
    }
    view.rendered(resource, digest)
}

fn groups(custom: &CustomResource) -> Option<Value> {
    (!custom.groups.is_empty()).then(|| custom.groups.iter().map(group_of).collect())
}

fn digest(groups: &Value) -> Digest {
    Digest::of([groups])
}
