//! One recorded or documented request with what its answer must be.
use serde_json::{Map, Value};

use crate::need::Need;

/// A fixture file.
#[derive(Clone, Debug)]
pub(crate) struct Fixture {
    /// `<client>/<number>`.
    pub(crate) id: String,
    /// What the client does here, in words.
    pub(crate) step: String,
    /// How well the request is known: captured, documented, reported, inferred, or ours.
    pub(crate) evidence: String,
    /// For fixtures of our own: the profile of the connection.
    pub(crate) profile: Option<String>,
    /// Quirks switched on beside the profile's.
    pub(crate) with: Vec<String>,
    /// Quirks of the profile switched off.
    pub(crate) without: Vec<String>,
    /// State that must exist before.
    pub(crate) needs: Vec<Need>,
    /// HTTP method.
    pub(crate) method: String,
    /// Path after the base URL, with placeholders.
    pub(crate) path: String,
    /// Headers as the client sends them, the bearer token left out.
    pub(crate) headers: Vec<(String, String)>,
    /// JSON body, or a string that is sent as it is.
    pub(crate) body: Option<Value>,
    /// The recommended status.
    pub(crate) status: u16,
    /// Other statuses that the client accepts.
    pub(crate) tolerated: Vec<u16>,
    /// What must be true of the answer's body.
    pub(crate) expected: Expected,
    /// Reads that follow.
    pub(crate) after: Vec<After>,
    /// Names that the answer defines: placeholder and pointer.
    pub(crate) saves: Vec<(String, String)>,
}

/// Values by pointer, and facts in words.
#[derive(Clone, Debug, Default)]
pub(crate) struct Expected {
    pub(crate) fields: Vec<(String, Value)>,
    pub(crate) facts: Vec<String>,
}

/// A GET after the request, and what it must show.
#[derive(Clone, Debug)]
pub(crate) struct After {
    pub(crate) path: String,
    pub(crate) status: u16,
    pub(crate) expected: Expected,
}

impl Fixture {
    /// Reads a fixture; an unknown key, an unknown need or a missing part is an error.
    pub(crate) fn parse(id: &str, text: &str) -> Result<Fixture, String> {
        let file: Value = serde_json::from_str(text).map_err(|error| format!("{id}: {error}"))?;
        let mut file = Reader::new(id, file)?;
        let mut request = Reader::new(id, file.take("request"))?;
        let mut expect = Reader::new(id, file.take("expect"))?;
        let mut needs = Vec::new();
        for need in file.strings("needs")? {
            needs.push(Need::parse(&need).ok_or(format!("{id}: unknown need {need:?}"))?);
        }
        let mut after = Vec::new();
        for entry in file.take("after").as_array().cloned().unwrap_or_default() {
            let mut entry = Reader::new(id, entry)?;
            let status = entry.status()?.unwrap_or(200);
            after.push(After { path: entry.text("get")?, status, expected: entry.expected()? });
            entry.done()?;
        }
        let tolerated = expect.take("tolerated");
        let tolerated = tolerated.as_array().map(Vec::as_slice).unwrap_or_default();
        let body = request.take("body");
        let fixture = Fixture {
            id: id.to_owned(),
            step: file.text("step")?,
            evidence: file.text("evidence")?,
            profile: file.take("profile").as_str().map(str::to_owned),
            with: file.strings("with")?,
            without: file.strings("without")?,
            needs,
            method: request.text("method")?,
            path: request.text("path")?,
            headers: request.pairs("headers")?,
            body: (!body.is_null()).then_some(body),
            status: expect.status()?.ok_or(format!("{id}: no status"))?,
            tolerated: tolerated.iter().filter_map(as_status).collect(),
            expected: expect.expected()?,
            after,
            saves: file.pairs("saves")?,
        };
        file.text("source")?;
        request.done()?;
        expect.done()?;
        file.done()?;
        Ok(fixture)
    }

    /// The client whose traffic this is.
    pub(crate) fn client(&self) -> &str {
        self.id.split('/').next().unwrap_or_default()
    }

    /// Every fact that the fixture states, in whatever place.
    pub(crate) fn facts(&self) -> impl Iterator<Item = &str> {
        let after = self.after.iter().flat_map(|after| &after.expected.facts);
        self.expected.facts.iter().chain(after).map(String::as_str)
    }
}

/// Takes known keys out of an object, so that what is left over is unknown.
struct Reader {
    id: String,
    object: Map<String, Value>,
}

impl Reader {
    fn new(id: &str, value: Value) -> Result<Reader, String> {
        match value {
            Value::Object(object) => Ok(Reader { id: id.to_owned(), object }),
            other => Err(format!("{id}: an object was expected, not {other}")),
        }
    }

    fn take(&mut self, key: &str) -> Value {
        self.object.remove(key).unwrap_or_default()
    }

    fn text(&mut self, key: &str) -> Result<String, String> {
        let value = self.take(key);
        value.as_str().map(str::to_owned).ok_or(format!("{}: {key} is {value}", self.id))
    }

    fn strings(&mut self, key: &str) -> Result<Vec<String>, String> {
        match self.take(key) {
            Value::Null => Ok(Vec::new()),
            Value::Array(items) if items.iter().all(Value::is_string) => {
                Ok(items.iter().filter_map(Value::as_str).map(str::to_owned).collect())
            }
            other => Err(format!("{}: {key} is {other}", self.id)),
        }
    }

    fn pairs(&mut self, key: &str) -> Result<Vec<(String, String)>, String> {
        let mut pairs = Vec::new();
        for (name, value) in self.take(key).as_object().into_iter().flatten() {
            let value = value.as_str().ok_or(format!("{}: {key} has {value}", self.id))?;
            pairs.push((name.clone(), value.to_owned()));
        }
        Ok(pairs)
    }

    fn status(&mut self) -> Result<Option<u16>, String> {
        match self.take("status") {
            Value::Null => Ok(None),
            value => as_status(&value).map(Some).ok_or(format!("{}: status {value}", self.id)),
        }
    }

    fn expected(&mut self) -> Result<Expected, String> {
        let fields = self.take("fields").as_object().cloned().unwrap_or_default();
        Ok(Expected { fields: fields.into_iter().collect(), facts: self.strings("facts")? })
    }

    fn done(self) -> Result<(), String> {
        match self.object.keys().next() {
            Some(key) => Err(format!("{}: unknown key {key:?}", self.id)),
            None => Ok(()),
        }
    }
}

fn as_status(value: &Value) -> Option<u16> {
    value.as_u64().and_then(|status| u16::try_from(status).ok()).filter(|status| (100..600).contains(status))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"{ "step": "s", "evidence": "ours", "source": "x", "needs": ["user1 exists"],
        "request": { "method": "GET", "path": "/Users/{{user1.id}}" },
        "expect": { "status": 200, "tolerated": [204], "fields": { "/a": 1 }, "facts": ["f"] },
        "after": [{ "get": "/Users", "facts": ["g"] }], "saves": { "user1.id": "/id" } }"#;

    #[test]
    fn a_fixture_is_read_whole() {
        let fixture = Fixture::parse("own/001", GOOD).expect("well-formed");
        assert_eq!(
            (fixture.client(), fixture.status, fixture.tolerated.as_slice()),
            ("own", 200, &[204][..])
        );
        assert_eq!(fixture.needs, [Need::Exists("user1".to_owned())]);
        assert_eq!(fixture.facts().collect::<Vec<_>>(), ["f", "g"]);
        assert_eq!(fixture.after[0].status, 200);
    }

    #[test]
    fn unknown_keys_and_needs_are_refused() {
        for (from, to) in [
            ("\"step\"", "\"stpe\""),
            ("user1 exists", "user1 is happy"),
            ("\"tolerated\"", "\"also\""),
            ("\"get\"", "\"head\""),
            ("\"status\": 200", "\"status\": 7"),
        ] {
            assert!(Fixture::parse("own/001", &GOOD.replace(from, to)).is_err(), "{to}");
        }
    }
}
