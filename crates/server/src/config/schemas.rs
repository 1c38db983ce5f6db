//! The setting `schemas_dir`: schemas and resource types of the operator's own, in files.

use std::collections::HashMap;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use operations::{Registries, TenantId};
use scim::Registry;
use scim::schema::Definition;
use serde::Serialize;
use uuid::Uuid;

/// A file that the program has, to begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Example {
    /// Devices and the applications that work with them (RFC 9944).
    Devices,
    /// Every type of attribute with every characteristic, for conformance tests.
    TestResource,
}

impl Example {
    /// The file.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Devices => include_str!("../../../../config/schemas/devices.json"),
            Self::TestResource => include_str!("../../../../config/schemas/test-resource.json"),
        }
    }
}

/// A type of resources, as operators see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ListedType {
    /// The name.
    pub name: String,
    /// The endpoint below the address of the protocol.
    pub endpoint: String,
    /// The URI of its schema.
    pub schema: String,
    /// The URIs of its extensions, with commas between them.
    pub extensions: String,
}

/// The types of a registry.
pub(super) fn types(registry: &Registry) -> Vec<ListedType> {
    let listed = registry.resource_types().iter().map(|it| {
        let extensions: Vec<&str> =
            it.extensions.iter().map(|extension| extension.schema.id.as_str()).collect();
        ListedType {
            name: it.name.clone(),
            endpoint: it.endpoint.clone(),
            schema: it.schema.id.clone(),
            extensions: extensions.join(", "),
        }
    });
    listed.collect()
}

/// The most bytes of a file.
const MOST_BYTES: u64 = 1_048_576;

/// Reads the files of a folder, which hold for every tenant, and those of each folder inside it, which hold for the tenant whose
/// id is its name. Without a folder there is what the standard has, and the catalogue where it is wanted.
///
/// # Errors
/// A sentence with the file, the attribute and the rule.
pub(crate) fn read(folder: &Path, catalogue: bool) -> Result<Registries, String> {
    let (files, folders) = if folder.as_os_str().is_empty() { Default::default() } else { listed(folder)? };
    let shared = definitions(&files)?;
    let standard = Registry::standard();
    let base = if catalogue { standard.with_catalogue() } else { Registry::clone(standard) };
    let with = |definitions: &[Definition]| {
        base.with(definitions).map(Arc::new).map_err(|error| format!("{error}."))
    };
    let common = with(&shared)?;
    let mut own = HashMap::new();
    for folder in folders {
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let tenant = Uuid::try_parse(&name).map_err(|_| {
            format!(
                "{}: a folder with schemas has the id of a tenant as its name, which `rollcall tenant list` shows.",
                folder.display()
            )
        })?;
        let definitions = [shared.clone(), definitions(&listed(&folder)?.0)?].concat();
        own.insert(TenantId::new(tenant), with(&definitions)?);
    }
    Ok(Registries::new(common, own))
}

/// The JSON files of a folder and the folders in it, by name. Hidden ones count for nothing.
fn listed(folder: &Path) -> Result<(Vec<PathBuf>, Vec<PathBuf>), String> {
    let unreadable = |error| format!("schemas_dir {} cannot be read: {error}.", folder.display());
    let entries = fs::read_dir(folder).map_err(unreadable)?;
    let paths = entries.map(|entry| entry.map(|entry| entry.path()).map_err(unreadable));
    let mut paths = paths.collect::<Result<Vec<PathBuf>, String>>()?;
    paths.retain(|path| !path.file_name().unwrap_or_default().to_string_lossy().starts_with('.'));
    paths.sort();
    let (folders, mut files): (Vec<PathBuf>, Vec<PathBuf>) =
        paths.into_iter().partition(|path| path.is_dir());
    files.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    Ok((files, folders))
}

fn definitions(files: &[PathBuf]) -> Result<Vec<Definition>, String> {
    let mut all = Vec::new();
    for file in files {
        let name = file.display().to_string();
        let unreadable = |error| format!("{name} cannot be read: {error}.");
        if !fs::metadata(file).map_err(unreadable)?.is_file() {
            return Err(format!("{name} is no file."));
        }
        let mut text = String::new();
        let opened = fs::File::open(file).map_err(unreadable)?;
        opened.take(MOST_BYTES + 1).read_to_string(&mut text).map_err(unreadable)?;
        if text.len() as u64 > MOST_BYTES {
            return Err(format!("{name} is too long: at most {MOST_BYTES} bytes are read."));
        }
        all.extend(Definition::read(&name, &text).map_err(|error| format!("{error}."))?);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BADGE: &str = r#"[{ "id": "urn:example:badge", "name": "Badge", "attributes": [{ "name": "number" }] },
        { "name": "User", "schemaExtensions": [{ "schema": "urn:example:badge" }] }]"#;

    #[test]
    fn files_hold_for_all_and_folders_for_a_tenant() {
        let folder = tempfile::tempdir().expect("a folder");
        let (path, tenant) = (folder.path(), Uuid::from_u128(7));
        fs::write(path.join("badge.json"), BADGE).expect("written");
        fs::write(path.join("notes.txt"), "no schema").expect("written");
        fs::create_dir(path.join(tenant.to_string())).expect("made");
        let thing = r#"[{ "id": "urn:example:thing", "name": "Thing", "attributes": [] },
            { "name": "Thing", "endpoint": "/Things", "schema": "urn:example:thing" }]"#;
        fs::write(path.join(tenant.to_string()).join("thing.json"), thing).expect("written");
        let registries = read(path, false).expect("the files are right");
        let (own, other) = (registries.of(TenantId::new(tenant)), registries.of(TenantId::new(Uuid::nil())));
        assert!(other.user().extension("urn:example:badge").is_some());
        assert!(own.user().extension("urn:example:badge").is_some());
        assert!(own.at_endpoint("Things").is_some() && other.at_endpoint("Things").is_none());
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path();
        assert!(read(&path.join("none"), false).expect_err("no folder").contains("cannot be read"));
        fs::write(path.join("a.json"), BADGE.replace("number", "1")).expect("written");
        let error = read(path, false).expect_err("a wrong name");
        assert!(error.contains("a.json: attribute 1 of schema urn:example:badge: a name starts"), "{error}");
        fs::write(path.join("a.json"), BADGE).expect("written");
        fs::create_dir(path.join("Alpha")).expect("made");
        let error = read(path, false).expect_err("no id");
        assert!(error.contains("Alpha") && error.contains("rollcall tenant list"), "{error}");
    }
}
