//! Requests beside the one that a fixture is about: those before it, at once with each other, or meanwhile.
use serde_json::Value;

use crate::placeholder::numbered;
use crate::reader::Reader;

/// A request that must succeed, or have the status that is said.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    /// The profile of another connection of the tenant, through which it goes; none for the connection itself.
    pub(crate) through: Option<String>,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Value,
    /// How often it is made at once; `{{i}}` counts.
    pub(crate) times: usize,
    /// The only status that is right; none when every success is.
    pub(crate) status: Option<u16>,
}

/// Traffic that goes on at once, again and again; `{{round}}` counts.
#[derive(Clone, Debug)]
pub(crate) struct Rounds {
    pub(crate) count: usize,
    pub(crate) together: Vec<Message>,
}

impl Message {
    /// Reads a list of requests; empty when it is absent.
    pub(crate) fn all(file: &mut Reader, key: &str) -> Result<Vec<Message>, String> {
        file.readers(key)?.into_iter().map(Message::read).collect()
    }

    fn read(mut reader: Reader) -> Result<Message, String> {
        let message = Message {
            through: reader.take("through").as_str().map(str::to_owned),
            method: reader.text("method")?,
            path: reader.text("path")?,
            headers: reader.pairs("headers")?,
            body: reader.take("body"),
            times: reader.number("times")?.unwrap_or(1),
            status: reader.statuses()?.first().copied(),
        };
        reader.done()?;
        Ok(message)
    }

    /// This request as the one of that number.
    pub(crate) fn numbered(&self, name: &str, number: usize) -> Message {
        let path = numbered(&self.path.clone().into(), name, number);
        let path = path.as_str().unwrap_or_default().to_owned();
        Message { path, body: numbered(&self.body, name, number), ..self.clone() }
    }
}

impl Rounds {
    /// Reads what goes on at once; none when the fixture has nothing of the kind.
    pub(crate) fn read(file: &mut Reader) -> Result<Option<Rounds>, String> {
        let Some(mut reader) = file.object("rounds")? else { return Ok(None) };
        let count = reader.number("count")?.unwrap_or(1);
        let together = Message::all(&mut reader, "together")?;
        reader.done()?;
        if together.is_empty() {
            return Err("rounds has no requests in `together`".to_owned());
        }
        Ok(Some(Rounds { count, together }))
    }

    /// The requests of one round, each as often as it is to be made.
    pub(crate) fn round(&self, number: usize) -> Vec<Message> {
        let here = self.together.iter().map(|message| message.numbered("round", number));
        here.flat_map(|message| (1..=message.times).map(move |i| message.numbered("i", i))).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_round_counts_its_requests() {
        let file = json!({ "rounds": { "count": 3, "together": [
            { "method": "POST", "path": "/Users", "body": { "userName": "{{round}}-{{i}}" }, "times": 2, "status": 201 },
            { "method": "GET", "path": "/Users/{{i}}", "through": "generic" },
        ] } });
        let mut file = Reader::new("own/001", file).expect("an object");
        let rounds = Rounds::read(&mut file).expect("well-formed").expect("is there");
        let made = rounds.round(2);
        let shown: Vec<_> =
            made.iter().map(|one| (one.path.as_str(), one.body.clone(), one.status)).collect();
        let first = ("/Users", json!({ "userName": "002-001" }), Some(201));
        let second = ("/Users", json!({ "userName": "002-002" }), Some(201));
        assert_eq!(shown, [first, second, ("/Users/001", Value::Null, None)]);
        assert_eq!((rounds.count, made[2].through.as_deref()), (3, Some("generic")));
    }
}
