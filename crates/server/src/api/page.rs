//! The OpenAPI document as a page for people: nothing on it comes from elsewhere, and it needs no script.

use askama::Template;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::Value;

use crate::pages::answer::{SECRET_LINK, page, seal};

/// The page, written out once.
#[derive(Clone, Debug, Template)]
#[template(path = "api/document.html")]
pub(super) struct Page {
    title: String,
    about: String,
    groups: Vec<Group>,
    types: Vec<Type>,
}

/// The operations about one noun.
#[derive(Clone, Debug)]
struct Group {
    name: String,
    operations: Vec<Operation>,
}

/// One operation.
#[derive(Clone, Debug)]
struct Operation {
    id: String,
    method: String,
    path: String,
    summary: String,
    parameters: Vec<Field>,
    body: Option<String>,
    answers: Vec<Outcome>,
}

/// A parameter, or a member of a type.
#[derive(Clone, Debug)]
struct Field {
    name: String,
    kind: String,
    required: bool,
    about: String,
}

/// An answer.
#[derive(Clone, Debug)]
struct Outcome {
    status: String,
    about: String,
    body: Option<String>,
}

/// A type of bodies.
#[derive(Clone, Debug)]
struct Type {
    name: String,
    about: String,
    fields: Vec<Field>,
}

impl Page {
    /// The page of a document.
    pub(super) fn of(document: &Value) -> Self {
        let mut groups: Vec<Group> = Vec::new();
        for (path, methods) in document["paths"].as_object().into_iter().flatten() {
            for (method, operation) in methods.as_object().into_iter().flatten() {
                let name = text(&operation["tags"][0]);
                let operation = Operation::of(path, method, operation);
                match groups.iter_mut().find(|group| group.name == name) {
                    Some(group) => group.operations.push(operation),
                    None => groups.push(Group { name, operations: vec![operation] }),
                }
            }
        }
        let schemas = document["components"]["schemas"].as_object().into_iter().flatten();
        let types = schemas.map(|(name, schema)| Type {
            name: name.clone(),
            about: text(&schema["description"]),
            fields: fields(schema),
        });
        Self {
            title: text(&document["info"]["title"]),
            about: text(&document["info"]["description"]),
            groups,
            types: types.collect(),
        }
    }
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        let mut response = page(StatusCode::OK, &self);
        seal(response.headers_mut(), &SECRET_LINK);
        response
    }
}

impl Operation {
    fn of(path: &str, method: &str, operation: &Value) -> Self {
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let parameters = parameters.map(|parameter| Field {
            name: text(&parameter["name"]),
            kind: kind(&parameter["schema"]),
            required: parameter["required"].as_bool().unwrap_or(false),
            about: text(&parameter["description"]),
        });
        let answers = operation["responses"].as_object().into_iter().flatten();
        let answers = answers.map(|(status, answer)| Outcome {
            status: status.clone(),
            about: text(&answer["description"]),
            body: body(&answer["content"]),
        });
        Self {
            id: text(&operation["operationId"]),
            method: method.to_uppercase(),
            path: path.to_owned(),
            summary: text(&operation["summary"]),
            parameters: parameters.collect(),
            body: body(&operation["requestBody"]["content"]),
            answers: answers.collect(),
        }
    }
}

/// The type of a body, whatever its media type.
fn body(content: &Value) -> Option<String> {
    let (_, media) = content.as_object()?.iter().next()?;
    Some(kind(&media["schema"]))
}

fn fields(schema: &Value) -> Vec<Field> {
    let required: Vec<&str> =
        schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let properties = schema["properties"].as_object().into_iter().flatten();
    let field = |(name, property): (&String, &Value)| Field {
        name: name.clone(),
        kind: kind(property),
        required: required.contains(&name.as_str()),
        about: text(&property["description"]),
    };
    properties.map(field).collect()
}

/// The type of a value in a word or two.
fn kind(schema: &Value) -> String {
    if let Some(reference) = schema["$ref"].as_str() {
        return reference.rsplit('/').next().unwrap_or_default().to_owned();
    }
    let of = match &schema["type"] {
        Value::Array(several) => several.iter().filter_map(Value::as_str).find(|word| *word != "null"),
        one => one.as_str(),
    };
    match (of, schema["format"].as_str()) {
        (Some("array"), _) => format!("list of {}", kind(&schema["items"])),
        (Some("string"), Some(format)) => format.to_owned(),
        (Some("object"), _) if schema["additionalProperties"].is_object() => "object of values".to_owned(),
        (Some(word), _) => word.to_owned(),
        (None, _) => schema["oneOf"]
            .as_array()
            .and_then(|several| several.iter().map(kind).find(|word| word != "null"))
            .unwrap_or_else(|| "any".to_owned()),
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
