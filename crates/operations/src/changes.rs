//! What a unit of work has changed of resources, written down in it for the streams that follow the tenant.

mod custom_resources;
mod groups;
mod users;

use std::collections::BTreeMap;

use scim::protocol::event::{self, Changed, Happening};
use scim::{Object, ResourceType};
use serde_json::Value;
use store::{NewChange, ResourceKey, ResourceKind, Touch, Touched, WriteUnit, new_id};

use crate::error::Error;

/// The most bytes of data that an event holds; what has more is told by the names of its attributes alone (RFC 9967 §5).
const LARGEST: usize = 64 * 1024;

/// The most members of a group that an event holds.
const MEMBERS: usize = 500;

/// Writes down what the unit has changed, if a stream follows the tenant.
///
/// # Errors
/// What the database says; nothing of the unit may be committed then.
pub(crate) async fn note(unit: &mut WriteUnit, base: &str) -> Result<(), Error> {
    unit.note_ends().await?;
    let (touched, now) = unit.take_touched();
    if touched.is_empty() {
        return Ok(());
    }
    let Some(followed) = unit.followed().await? else { return Ok(()) };
    let own = new_id(now).simple().to_string();
    let writer = Writer { base, full: followed.full, own: &own };
    let (people, others): (BTreeMap<_, _>, BTreeMap<_, _>) =
        touched.into_iter().partition(|(key, _)| key.kind == ResourceKind::User);
    let (groups, custom): (BTreeMap<_, _>, BTreeMap<_, _>) =
        others.into_iter().partition(|(key, _)| key.kind == ResourceKind::Group);
    let mut changes = writer.users(unit, &people).await?;
    changes.extend(writer.groups(unit, &groups).await?);
    changes.extend(writer.custom_resources(unit.registry(), custom));
    Ok(unit.insert_changes(changes, now).await?)
}

/// Makes rows of what was touched.
struct Writer<'w> {
    base: &'w str,
    /// Whether data is wanted.
    full: bool,
    /// The transaction of what no request has named.
    own: &'w str,
}

/// What a resource is known by.
struct Names {
    uri: String,
    external_id: Option<String>,
    user_name: Option<String>,
}

/// What is told about a change.
#[derive(Default)]
struct Told {
    happenings: Vec<Happening>,
    attributes: Vec<String>,
    data: Option<Value>,
    version: Option<String>,
}

impl Writer<'_> {
    fn change(&self, key: ResourceKey, touched: &Touched, names: Names, told: Told) -> NewChange {
        let small = |data: &Value| data.to_string().len() <= LARGEST;
        NewChange {
            txn: touched.transaction.clone().unwrap_or_else(|| self.own.to_owned()),
            uri: names.uri,
            resource: key.id,
            external_id: names.external_id,
            user_name: names.user_name,
            happenings: told.happenings.into_iter().map(Happening::as_str).collect(),
            data: told.data.filter(small),
            attributes: told.attributes,
            version: told.version,
        }
    }
}

/// What happened to a resource, but for what becomes of `active`.
fn happening(touched: &Touched) -> Happening {
    match touched.touch {
        Touch::Created => Happening::Created,
        Touch::Deleted => Happening::Deleted,
        Touch::Changed if touched.replaced => Happening::Replaced,
        Touch::Changed => Happening::Patched,
    }
}

/// The attributes in which a document differs from the document before the change.
fn written(of: &ResourceType, touched: &Touched, document: &Object) -> Vec<Changed> {
    match (touched.touch, &touched.before) {
        (Touch::Created, _) => event::changed(of, &Object::new(), document),
        (_, Some(before)) => event::changed(of, before, document),
        (_, None) => Vec::new(),
    }
}

/// The data of a full event; none if answers show nothing of a PATCH.
fn data(touched: &Touched, attributes: &[Changed], rendered: Object) -> Option<Value> {
    if happening(touched) != Happening::Patched {
        return Some(Value::Object(rendered));
    }
    let operations = event::operations(attributes, &rendered);
    (!operations.is_empty()).then(|| event::patch_message(operations))
}

/// The paths of attributes; of a new resource, with the id that it was given.
fn paths(touched: &Touched, changed: &[Changed]) -> Vec<String> {
    let id = (touched.touch == Touch::Created).then(|| "id".to_owned());
    id.into_iter().chain(changed.iter().map(|changed| changed.path.clone())).collect()
}

/// A text of a document.
fn text(document: &Object, name: &str) -> Option<String> {
    document.get(name).and_then(Value::as_str).map(str::to_owned)
}
