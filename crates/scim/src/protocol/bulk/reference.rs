//! References to what the same bulk request creates (RFC 7644 §3.7.2): `bulkId:` and the name of the operation.

use std::collections::{BTreeSet, HashMap};

use serde_json::{Value, json};

use super::Operation;
use crate::json::Object;
use crate::patch;
use crate::protocol::error::Error;

/// How a reference begins.
const PREFIX: &str = "bulkId:";

/// The ids of what was created, by bulkId; none for what could not be created.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Created(HashMap<String, Option<String>>);

/// What an operation refers to.
pub type References = BTreeSet<String>;

impl Created {
    /// A POST created the resource with this id, or failed.
    pub fn note(&mut self, bulk_id: &str, id: Option<String>) {
        self.0.insert(bulk_id.to_owned(), id);
    }

    /// Whether the POST has had its turn.
    #[must_use]
    pub fn knows(&self, bulk_id: &str) -> bool {
        self.0.contains_key(bulk_id)
    }

    /// Puts ids in the place of references, in the path and in the data.
    ///
    /// # Errors
    /// 409 for a reference to what was not created (RFC 7644 §3.7.1).
    pub fn fill(&self, operation: &mut Operation) -> Result<(), Error> {
        for name in operation.references() {
            self.id(&name)?;
        }
        operation.path = self.in_path(&operation.path);
        for value in operation.data.values_mut() {
            self.in_value(value);
        }
        Ok(())
    }

    /// The same for the data alone.
    ///
    /// # Errors
    /// As [`Created::fill`].
    pub fn fill_data(&self, data: &mut Object) -> Result<(), Error> {
        let mut names = References::new();
        data.values().for_each(|value| found(value, &mut names));
        for name in names {
            self.id(&name)?;
        }
        data.values_mut().for_each(|value| self.in_value(value));
        Ok(())
    }

    fn id(&self, name: &str) -> Result<&str, Error> {
        let shown: String = name.chars().take(100).collect();
        match self.0.get(name) {
            Some(Some(id)) => Ok(id),
            Some(None) => {
                let detail = format!("The operation with the bulkId \"{shown}\" created nothing.");
                Err(Error::status(409, detail))
            }
            None => {
                let detail = format!("No operation of this request has the bulkId \"{shown}\".");
                Err(Error::status(409, detail))
            }
        }
    }

    fn in_path(&self, path: &str) -> String {
        let filled = path.split('/').map(|segment| match segment.strip_prefix(PREFIX) {
            Some(name) => self.id(name).unwrap_or(segment),
            None => segment,
        });
        filled.collect::<Vec<_>>().join("/")
    }

    fn in_value(&self, value: &mut Value) {
        match value {
            Value::String(text) => {
                if let Some(id) = text.strip_prefix(PREFIX).and_then(|name| self.id(name).ok()) {
                    *text = id.to_owned();
                    return;
                }
                for name in quoted(text) {
                    if let Ok(id) = self.id(&name) {
                        *text = text.replace(&format!("\"{PREFIX}{name}\""), &format!("\"{id}\""));
                    }
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.in_value(item)),
            Value::Object(members) => members.values_mut().for_each(|member| self.in_value(member)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

impl Operation {
    /// The operations of the same request that it refers to, in the path, in values, and in filters of PATCH paths.
    #[must_use]
    pub fn references(&self) -> References {
        let mut names = References::new();
        let of_path = self.path.split('/').filter_map(|segment| segment.strip_prefix(PREFIX));
        names.extend(of_path.map(str::to_owned));
        self.data.values().for_each(|value| found(value, &mut names));
        names
    }
}

fn found(value: &Value, names: &mut References) {
    match value {
        Value::String(text) => match text.strip_prefix(PREFIX) {
            Some(name) => {
                names.insert(name.to_owned());
            }
            None => names.extend(quoted(text)),
        },
        Value::Array(items) => items.iter().for_each(|item| found(item, names)),
        Value::Object(members) => members.values().for_each(|member| found(member, names)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// References inside a filter, such as `members[value eq "bulkId:u1"]`.
fn quoted(text: &str) -> Vec<String> {
    let start = format!("\"{PREFIX}");
    let after = text.split(start.as_str()).skip(1);
    after.filter_map(|rest| rest.split_once('"').map(|(name, _)| name.to_owned())).collect()
}

/// Takes values that refer to some operations out of the data of a POST; returned is the PATCH that puts them in later.
///
/// Resources that refer to each other are created so: the first one without the reference (RFC 7644 §3.7.1).
#[must_use]
pub fn completion(data: &mut Object, put_off: &References) -> Object {
    let mut operations = Vec::new();
    take_out(data, put_off, "", &mut operations);
    let patch = json!({ "schemas": [patch::SCHEMA], "Operations": operations });
    patch.as_object().cloned().unwrap_or_default()
}

fn take_out(data: &mut Object, put_off: &References, before: &str, operations: &mut Vec<Value>) {
    let refers = |value: &Value| {
        let mut names = References::new();
        found(value, &mut names);
        !names.is_disjoint(put_off)
    };
    let mut gone = Vec::new();
    for (name, value) in data.iter_mut() {
        let path = format!("{before}{name}");
        let mut add = |value: Value| operations.push(json!({ "op": "add", "path": path, "value": value }));
        match value {
            Value::Array(items) => {
                let (later, now): (Vec<Value>, Vec<Value>) = items.drain(..).partition(refers);
                *items = now;
                if !later.is_empty() {
                    add(later.into());
                }
            }
            // An extension.
            Value::Object(members) if name.contains(':') => {
                take_out(members, put_off, &format!("{name}:"), operations);
            }
            value if refers(value) => {
                add(value.take());
                gone.push(name.clone());
            }
            _ => {}
        }
    }
    for name in gone {
        data.shift_remove(&name);
    }
}
