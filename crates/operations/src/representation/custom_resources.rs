//! Resources of types that files define, with the groups that hold them.

use scim::Object;
use scim::project::Projection;
use scim::protocol::version::{Digest, entity_tag};
use serde_json::Value;
use store::CustomResource;

use super::users::group_of;
use super::{Shown, View};

/// A resource, as an answer shows it.
pub(crate) fn custom(custom: CustomResource, view: View<'_>) -> Shown {
    let location = custom.resource.location(view.of, view.base);
    if *view.projection == Projection::Nothing {
        return Shown { tag: tag_of(&custom, groups(&custom).as_ref()), location, body: None };
    }
    let (rendered, tag) = render_custom(custom, view);
    Shown { tag, location, body: Some(Value::Object(rendered).to_string().into()) }
}

/// The representation of a resource, and its entity tag: the version, with a digest of the groups.
pub(crate) fn render_custom(custom: CustomResource, view: View<'_>) -> (Object, String) {
    let groups = groups(&custom);
    let tag = tag_of(&custom, groups.as_ref());
    let mut resource = custom.resource;
    if let Some(groups) = groups {
        resource.document.insert("groups".to_owned(), groups);
    }
    let mut rendered = resource.render(view.of, view.base);
    rendered["meta"]["version"] = tag.as_str().into();
    (view.projection.project(view.of, rendered), tag)
}

fn groups(custom: &CustomResource) -> Option<Value> {
    (!custom.groups.is_empty()).then(|| custom.groups.iter().map(group_of).collect())
}

fn tag_of(custom: &CustomResource, groups: Option<&Value>) -> String {
    entity_tag(custom.resource.meta.version, groups.map(|groups| Digest::of([groups])))
}
