//! Takes the parts of a fixture file one by one, so that what nothing knows is an error.
use serde_json::{Map, Value};

/// Takes known keys out of an object, so that what is left over is unknown.
pub(crate) struct Reader {
    id: String,
    object: Map<String, Value>,
}

impl Reader {
    /// Begins to read; a value that is not an object is an error.
    pub(crate) fn new(id: &str, value: Value) -> Result<Reader, String> {
        match value {
            Value::Object(object) => Ok(Reader { id: id.to_owned(), object }),
            other => Err(format!("{id}: an object was expected, not {other}")),
        }
    }

    /// The value of a key; null when it is absent.
    pub(crate) fn take(&mut self, key: &str) -> Value {
        self.object.remove(key).unwrap_or_default()
    }

    /// A text that must be there.
    pub(crate) fn text(&mut self, key: &str) -> Result<String, String> {
        let value = self.take(key);
        value.as_str().map(str::to_owned).ok_or(format!("{}: {key} is {value}", self.id))
    }

    /// A list of texts; empty when it is absent.
    pub(crate) fn strings(&mut self, key: &str) -> Result<Vec<String>, String> {
        match self.take(key) {
            Value::Null => Ok(Vec::new()),
            Value::Array(items) if items.iter().all(Value::is_string) => {
                Ok(items.iter().filter_map(Value::as_str).map(str::to_owned).collect())
            }
            other => Err(format!("{}: {key} is {other}", self.id)),
        }
    }

    /// An object of texts; empty when it is absent.
    pub(crate) fn pairs(&mut self, key: &str) -> Result<Vec<(String, String)>, String> {
        let mut pairs = Vec::new();
        for (name, value) in self.take(key).as_object().into_iter().flatten() {
            let value = value.as_str().ok_or(format!("{}: {key} has {value}", self.id))?;
            pairs.push((name.clone(), value.to_owned()));
        }
        Ok(pairs)
    }

    /// Every status that is right, the recommended one first; a number alone is a list of one.
    pub(crate) fn statuses(&mut self) -> Result<Vec<u16>, String> {
        let value = match self.take("status") {
            Value::Null => return Ok(Vec::new()),
            value @ Value::Array(_) => value,
            value => Value::Array(vec![value]),
        };
        let statuses: Option<Vec<_>> = value.as_array().into_iter().flatten().map(as_status).collect();
        statuses.filter(|all| !all.is_empty()).ok_or(format!("{}: status {value}", self.id))
    }

    /// A whole number; none when it is absent.
    pub(crate) fn number(&mut self, key: &str) -> Result<Option<usize>, String> {
        match self.take(key) {
            Value::Null => Ok(None),
            value => {
                let number = value.as_u64().and_then(|number| usize::try_from(number).ok());
                number.map(Some).ok_or(format!("{}: {key} is {value}", self.id))
            }
        }
    }

    /// An object, to be read in its turn; none when it is absent.
    pub(crate) fn object(&mut self, key: &str) -> Result<Option<Reader>, String> {
        match self.take(key) {
            Value::Null => Ok(None),
            value => Reader::new(&self.id, value).map(Some),
        }
    }

    /// The objects of a list, each to be read in its turn; none when it is absent.
    pub(crate) fn readers(&mut self, key: &str) -> Result<Vec<Reader>, String> {
        let entries = match self.take(key) {
            Value::Null => Vec::new(),
            Value::Array(entries) => entries,
            other => return Err(format!("{}: {key} is {other}", self.id)),
        };
        entries.into_iter().map(|entry| Reader::new(&self.id, entry)).collect()
    }

    /// Ends the reading; a key that is left over is an error.
    pub(crate) fn done(self) -> Result<(), String> {
        match self.object.keys().next() {
            Some(key) => Err(format!("{}: unknown key {key:?}", self.id)),
            None => Ok(()),
        }
    }
}

/// A status of HTTP.
pub(crate) fn as_status(value: &Value) -> Option<u16> {
    value.as_u64().and_then(|status| u16::try_from(status).ok()).filter(|status| (100..600).contains(status))
}
