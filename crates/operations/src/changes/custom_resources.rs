//! Changes of resources of types that files define: their documents.

use std::collections::BTreeMap;

use scim::Registry;
use scim::project::Projection;
use scim::protocol::event::Happening;
use store::{NewChange, ResourceKey, Touched};

use super::{Names, Told, Writer, data, happening, paths, text, written};
use crate::representation::{View, render_custom};

impl Writer<'_> {
    /// The changes of resources of types that files define.
    pub(super) fn custom_resources(
        &self,
        registry: &Registry,
        touched: BTreeMap<ResourceKey, Touched>,
    ) -> Vec<NewChange> {
        touched
            .into_iter()
            .filter_map(|(key, touched)| self.custom_resource(registry, key, touched))
            .collect()
    }

    fn custom_resource(
        &self,
        registry: &Registry,
        key: ResourceKey,
        mut touched: Touched,
    ) -> Option<NewChange> {
        let (endpoint, custom) = touched.custom.take()?;
        let uri = format!("{endpoint}/{}", key.id);
        let Some(custom) = custom else {
            let names = Names { uri, external_id: touched.external_id.clone(), user_name: None };
            let told = Told { happenings: vec![Happening::Deleted], ..Told::default() };
            return Some(self.change(key, &touched, names, told));
        };
        let of = registry.at_endpoint(endpoint.trim_start_matches('/'))?;
        let external_id = text(&custom.resource.document, "externalId");
        let attributes = written(of, &touched, &custom.resource.document);
        if attributes.is_empty() {
            return None;
        }
        let view = View { base: self.base, of, projection: &Projection::Everything };
        let (rendered, version) = render_custom(custom, view);
        let rendered = self.full.then_some(rendered);
        let told = Told {
            happenings: vec![happening(&touched)],
            attributes: paths(&touched, &attributes),
            data: rendered.and_then(|rendered| data(&touched, &attributes, rendered)),
            version: Some(version),
        };
        Some(self.change(key, &touched, Names { uri, external_id, user_name: None }, told))
    }
}
