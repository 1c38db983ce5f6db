//! The fixtures in the orders in which a client really sends them, each story on one fresh connection.
use std::collections::BTreeMap;

use conformance_tests::{require_server, skip};
use serde_json::Value;

use crate::library::{Library, folder};
use crate::runner::{Outcome, attempt, connect, judge, replay};
use crate::tables;
use crate::world::World;

/// An order of fixtures; names in `same` stand for one and the same person or group.
#[derive(Debug)]
struct Story {
    name: String,
    client: String,
    same: BTreeMap<String, String>,
    steps: Vec<Step>,
}

/// One fixture of a story, with words said differently in it.
#[derive(Debug)]
struct Step {
    number: String,
    say: Vec<(String, String)>,
}

/// Replays every story of a client.
pub(crate) fn replay_all(client: &str) {
    require_server();
    let mut outcomes = BTreeMap::new();
    for story in stories().iter().filter(|story| story.client == client) {
        outcomes.insert(story.name.clone(), attempt(|| story.replay()));
    }
    assert!(!outcomes.is_empty(), "there are no stories of {client}");
    judge(client, &outcomes);
}

impl Story {
    fn replay(&self) {
        let library = Library::of(&self.client);
        let mut world = World::new(connect(&self.client), &self.client, self.same.clone());
        for step in &self.steps {
            let Some(fixture) = library.fixture(&step.number, &step.say) else { continue };
            let outcome = attempt(|| replay(&mut world, &fixture));
            match outcome {
                Outcome::Passed => {}
                Outcome::Failed(message) => panic!("step {}: {message}", step.number),
                Outcome::Skipped(reason) => skip(&reason),
            }
        }
    }
}

fn stories() -> Vec<Story> {
    let text = std::fs::read_to_string(folder().join("stories.json")).expect("stories.json can be read");
    let file: Value = serde_json::from_str(&text).expect("stories.json is JSON");
    file.as_array().expect("stories.json is an array").iter().map(story).collect()
}

fn story(entry: &Value) -> Story {
    let text = |key: &str| entry[key].as_str().unwrap_or_else(|| panic!("{key} of {entry}")).to_owned();
    let steps = entry["steps"].as_array().unwrap_or_else(|| panic!("steps of {entry}"));
    let steps = steps.iter().map(|step| match step {
        Value::String(number) => Step { number: number.clone(), say: Vec::new() },
        step => Step {
            number: step["step"].as_str().unwrap_or_else(|| panic!("step of {step}")).to_owned(),
            say: pairs(&step["say"]),
        },
    });
    Story {
        name: text("name"),
        client: text("client"),
        same: pairs(&entry["same"]).into_iter().collect(),
        steps: steps.collect(),
    }
}

fn pairs(object: &Value) -> Vec<(String, String)> {
    let members = object.as_object().into_iter().flatten();
    members.map(|(key, value)| (key.clone(), value.as_str().expect("a text").to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn only_what_was_left_out_on_purpose_is_missing() {
        let mut missing = BTreeSet::new();
        for story in stories() {
            let library = Library::of(&story.client);
            let lacking =
                story.steps.iter().filter(|step| library.fixture(&step.number, &step.say).is_none());
            missing.extend(lacking.map(|step| format!("{}/{}", story.client, step.number)));
        }
        let listed: BTreeSet<_> = tables::MISSING.iter().map(|id| (*id).to_owned()).collect();
        assert_eq!(missing, listed);
    }

    #[test]
    fn every_story_has_a_connection_and_steps() {
        let stories = stories();
        assert_eq!(stories.len(), 14);
        for story in &stories {
            assert!(tables::CONNECTIONS.iter().any(|(client, ..)| *client == story.client), "{story:?}");
            assert!(story.steps.len() >= 3, "{story:?}");
        }
    }
}
