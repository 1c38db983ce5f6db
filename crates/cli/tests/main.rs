//! All tests of the command line that see it from outside, as one program: each program would hold all dependencies again.

mod administrators;
mod brake;
#[cfg(test)]
#[path = "../../server/src/browser.rs"]
#[expect(dead_code, reason = "the console's tests need more of it")]
mod browser;
mod cli;
mod connections;
mod crash;
mod demo;
mod groups;
mod imports;
mod journal;
mod key;
mod nouns;
mod permissions;
mod pictures;
mod previews;
mod sample;
mod sending;
mod sigkill;
mod support;
mod terminal;
mod time_zones;
mod waiting_list;
mod webhook;
mod workspace;
