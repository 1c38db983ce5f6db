//! Reads settings from their sources, and remembers which source each is from.

use std::collections::BTreeMap;
use std::path::Path;

use config::{File, FileFormat, Source as _, Value, ValueKind};

use super::addresses::without_password;
use super::{Config, ConfigError, DEFAULT, Setting};

/// What names of environment variables begin with.
pub(super) const PREFIX: &str = "ROLLCALL_";

/// The origin of what was not set.
pub(super) const DEFAULTS: &str = "the defaults";

/// Variables with our prefix that are no settings: the file of settings, and what the project's tests use.
const NOT_SETTINGS: &[&str] = &["ROLLCALL_CONFIG", "ROLLCALL_BIN", "ROLLCALL_LIMITED_URL"];
const NOT_SETTINGS_PREFIX: &str = "ROLLCALL_TEST_";

type Flat = BTreeMap<String, Value>;

/// The settings and where each is from; later sources win.
pub(super) fn read(
    file: Option<&Path>,
    environment: &[(String, String)],
    flags: &[(&str, String)],
) -> Result<(Config, Vec<Setting>), ConfigError> {
    let defaults = parse(DEFAULT, DEFAULTS)?;
    let mut layers = vec![(DEFAULTS.to_owned(), defaults.clone())];
    if let Some(file) = file {
        let text = std::fs::read_to_string(file).map_err(|error| {
            ConfigError(format!("The configuration file {} cannot be read: {error}.", file.display()))
        })?;
        let origin = format!("the file {}", file.display());
        let values = parse(&text, &origin)?;
        if let Some(key) = values.keys().find(|key| !defaults.contains_key(*key)) {
            return Err(unknown(key, &origin, &defaults));
        }
        layers.push((origin, values));
    }
    for (name, value) in environment {
        if NOT_SETTINGS.contains(&name.as_str()) || name.starts_with(NOT_SETTINGS_PREFIX) {
            continue;
        }
        let Some(key) = name.strip_prefix(PREFIX) else { continue };
        let key = key.to_lowercase().replace("__", ".");
        let origin = format!("the environment variable {name}");
        if !defaults.contains_key(&key) {
            return Err(unknown(&key, &origin, &defaults));
        }
        layers.push((origin, text(key, value)));
    }
    for (key, value) in flags {
        layers.push((format!("the flag --{}", key.replace('_', "-")), text((*key).to_owned(), value)));
    }
    let config = merge(&layers)?;
    Ok((config, origins(&layers)))
}

fn text(key: String, value: &str) -> Flat {
    Flat::from([(key, Value::new(None, ValueKind::String(value.to_owned())))])
}

fn parse(text: &str, origin: &str) -> Result<Flat, ConfigError> {
    let parsed = File::from_str(text, FileFormat::Toml).collect();
    let values =
        parsed.map_err(|error| ConfigError(format!("{} is not valid TOML: {error}", capital(origin))))?;
    let mut flat = Flat::new();
    flatten("", values, &mut flat);
    Ok(flat)
}

fn flatten(prefix: &str, values: impl IntoIterator<Item = (String, Value)>, flat: &mut Flat) {
    for (name, value) in values {
        let key = format!("{prefix}{name}");
        match value.kind {
            ValueKind::Table(table) => flatten(&format!("{key}."), table, flat),
            _ => {
                flat.insert(key, value);
            }
        }
    }
}

fn merge(layers: &[(String, Flat)]) -> Result<Config, ConfigError> {
    let mut builder = config::Config::builder();
    for (key, value) in layers.iter().flat_map(|(_, values)| values) {
        let set = builder.set_override(key, value.clone());
        builder = set.map_err(|error| ConfigError(format!("{key} cannot be set: {error}.")))?;
    }
    let built = builder.build().map_err(|error| ConfigError(error.to_string()))?;
    built.try_deserialize().map_err(|error| {
        let wrong = layers.iter().rev().find_map(|(origin, values)| {
            let key = values.keys().find(|key| error.to_string().contains(&format!("`{key}`")))?;
            Some(format!("{key}, from {origin}, cannot be used: "))
        });
        ConfigError(format!("{}{error}.", wrong.unwrap_or_default()))
    })
}

fn origins(layers: &[(String, Flat)]) -> Vec<Setting> {
    // The order of the manual, so that a list of settings reads like it.
    let mut keys: Vec<&String> = layers[0].1.keys().collect();
    let place = |key: &str| {
        let (table, name) = key.rsplit_once('.').unwrap_or(("", key));
        let start = if table.is_empty() { 0 } else { DEFAULT.find(&format!("\n[{table}]")).unwrap_or(0) };
        start + DEFAULT[start..].find(&format!("\n{name} =")).unwrap_or(0)
    };
    keys.sort_by_key(|key| place(key));
    let setting = |key: &String| {
        let (origin, value) =
            layers.iter().rev().find_map(|(origin, values)| Some((origin, values.get(key)?)))?;
        let value = match &value.kind {
            ValueKind::String(text) => without_password(text),
            other => other.to_string(),
        };
        Some(Setting { id: key.clone(), value, origin: origin.clone() })
    };
    keys.into_iter().filter_map(setting).collect()
}

fn unknown(key: &str, origin: &str, defaults: &Flat) -> ConfigError {
    let name = key.rsplit('.').next().unwrap_or(key);
    let near = defaults.keys().find(|known| known.rsplit('.').next() == Some(name) || alike(known, key));
    let advice = match near {
        Some(near) => format!("did you mean \"{near}\"?"),
        None => "`rollcall config check` lists every setting".to_owned(),
    };
    ConfigError(format!("There is no setting \"{key}\" ({origin}): {advice}"))
}

/// Whether one name becomes the other by adding, leaving out or swapping about two letters.
fn alike(known: &str, key: &str) -> bool {
    let count = |text: &str, letter: char| text.chars().filter(|c| *c == letter).count();
    let letters = ('a'..='z').chain(['_', '.']);
    letters.map(|letter| count(known, letter).abs_diff(count(key, letter))).sum::<usize>() <= 2
}

fn capital(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map(|first| first.to_uppercase().chain(characters).collect()).unwrap_or_default()
}
