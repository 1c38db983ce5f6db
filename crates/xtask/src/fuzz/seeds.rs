//! Inputs to begin with, from the project's own tables and recorded requests. Those that no table has are in `fuzz/seeds`.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

use super::Target;
use crate::cargo::workspace;

/// Writes the inputs of each target that has some into a folder of its own below `seeds`.
///
/// # Errors
/// When a table cannot be read or a file cannot be written.
pub(super) fn write(folder: &Path) -> Result<()> {
    let table = read(&workspace().join("crates/scim-filter-parser/tests/filters.json"))?;
    let texts = |kind: &str| {
        let of_kind = table.as_array().into_iter().flatten().filter(|row| row["kind"] == kind);
        of_kind.filter_map(|row| row["text"].as_str().map(str::to_owned)).collect::<Vec<_>>()
    };
    let mut bodies = Vec::new();
    for product in fs::read_dir(workspace().join("conformance-tests/fixtures"))? {
        let product = product?.path();
        for file in if product.is_dir() { fs::read_dir(product)?.collect() } else { Vec::new() } {
            patches(&read(&file?.path())?, &mut bodies);
        }
    }
    for (target, seeds) in
        [(Target::Filter, texts("filter")), (Target::Path, texts("path")), (Target::Patch, bodies)]
    {
        let folder = folder.join("seeds").join(target.name());
        fs::create_dir_all(&folder)?;
        for (number, seed) in seeds.iter().enumerate() {
            fs::write(folder.join(format!("{number:04}")), seed)?;
        }
    }
    Ok(())
}

fn read(file: &Path) -> Result<Value> {
    let text = fs::read_to_string(file).with_context(|| file.display().to_string())?;
    serde_json::from_str(&text).with_context(|| file.display().to_string())
}

/// The body of each PATCH in a recorded exchange.
fn patches(recorded: &Value, bodies: &mut Vec<String>) {
    if recorded["method"] == "PATCH" && recorded["body"].is_object() {
        bodies.push(recorded["body"].to_string());
    }
    match recorded {
        Value::Object(members) => members.values().for_each(|value| patches(value, bodies)),
        Value::Array(items) => items.iter().for_each(|value| patches(value, bodies)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_and_recorded_requests_give_inputs() {
        let folder = tempfile::tempdir().expect("a folder");
        write(folder.path()).expect("written");
        for target in [Target::Filter, Target::Path, Target::Patch] {
            let seeds = fs::read_dir(folder.path().join("seeds").join(target.name())).expect("a folder");
            assert!(seeds.count() > 20, "{target:?} begins with next to nothing");
        }
    }
}
