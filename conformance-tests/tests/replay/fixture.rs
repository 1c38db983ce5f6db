//! One recorded or documented request with what its answer must be.
use serde_json::Value;

use crate::message::{Message, Rounds};
use crate::need::Need;
use crate::reader::{Reader, as_status};

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
    /// The only database on which it means something; none when it is to be right on all.
    pub(crate) database: Option<String>,
    /// State that must exist before.
    pub(crate) needs: Vec<Need>,
    /// Requests to be made first, each of which must succeed.
    pub(crate) before: Vec<Message>,
    /// Traffic that goes on at once, before the request.
    pub(crate) rounds: Option<Rounds>,
    /// Requests of another tenant that are made and answered while the request is under way.
    pub(crate) meanwhile: Vec<Message>,
    /// HTTP method.
    pub(crate) method: String,
    /// Path after the base URL, with placeholders.
    pub(crate) path: String,
    /// Headers as the client sends them, the bearer token left out.
    pub(crate) headers: Vec<(String, String)>,
    /// JSON body, or a string that is sent as it is.
    pub(crate) body: Option<Value>,
    /// Every status that is right, the recommended one first.
    pub(crate) statuses: Vec<u16>,
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
        for mut entry in file.readers("after")? {
            let status = entry.statuses()?.first().copied().unwrap_or(200);
            after.push(After { path: entry.text("get")?, status, expected: expected(&mut entry)? });
            entry.done()?;
        }
        let tolerated = expect.take("tolerated");
        let tolerated = tolerated.as_array().map(Vec::as_slice).unwrap_or_default();
        let body = request.take("body");
        let statuses = expect.statuses()?;
        if statuses.is_empty() {
            return Err(format!("{id}: no status"));
        }
        let fixture = Fixture {
            id: id.to_owned(),
            step: file.text("step")?,
            evidence: file.text("evidence")?,
            profile: file.take("profile").as_str().map(str::to_owned),
            with: file.strings("with")?,
            without: file.strings("without")?,
            database: file.take("database").as_str().map(str::to_owned),
            needs,
            before: Message::all(&mut file, "before")?,
            rounds: Rounds::read(&mut file)?,
            meanwhile: Message::all(&mut file, "meanwhile")?,
            method: request.text("method")?,
            path: request.text("path")?,
            headers: request.pairs("headers")?,
            body: (!body.is_null()).then_some(body),
            statuses,
            tolerated: tolerated.iter().filter_map(as_status).collect(),
            expected: expected(&mut expect)?,
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

fn expected(reader: &mut Reader) -> Result<Expected, String> {
    let fields = reader.take("fields").as_object().cloned().unwrap_or_default();
    Ok(Expected { fields: fields.into_iter().collect(), facts: reader.strings("facts")? })
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
            (fixture.client(), fixture.statuses.as_slice(), fixture.tolerated.as_slice()),
            ("own", &[200][..], &[204][..])
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
            ("\"status\": 200", "\"status\": []"),
            ("\"needs\"", "\"before\": [{ \"path\": \"/Users\" }], \"needs\""),
            ("\"needs\"", "\"rounds\": { \"count\": 2 }, \"needs\""),
        ] {
            assert!(Fixture::parse("own/001", &GOOD.replace(from, to)).is_err(), "{to}");
        }
    }
}
