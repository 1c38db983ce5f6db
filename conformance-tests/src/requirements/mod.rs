//! One function for each requirement that can be seen from outside, and the table of all of them.
use crate::run::Run;

mod asynchronous;
mod attributes;
mod bulk;
mod bulk_references;
mod common;
#[cfg(test)]
mod coverage;
mod create;
mod cursor;
mod delete;
mod devices;
mod discovery;
mod enterprise;
mod error;
mod etag;
mod event_changes;
mod event_push;
mod event_streams;
mod event_tokens;
mod filter;
mod filter_text;
mod group;
mod http;
mod interop;
mod ipsie;
mod me;
mod page;
mod patch_add;
mod patch_path;
mod patch_remove;
mod patch_replace;
mod patch_request;
mod put;
mod read;
mod schema_characteristics;
mod schema_rules;
mod schemas;
mod search;
mod security;
mod sort;
mod tenants;
mod typed;
mod user;

/// The test of one requirement, which panics when the server does not meet it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Test {
    /// Name of the function: the id in lower case with underscores.
    pub(crate) name: &'static str,
    pub(crate) run: fn(&Run),
}

impl Test {
    /// Id of its requirement.
    pub(crate) fn id(&self) -> String {
        self.name.to_uppercase().replace('_', "-")
    }
}

/// A table of tests by the names of their functions. A function that is in no table is dead code, which the lints refuse.
macro_rules! tests {
    ($($name:ident),* $(,)?) => { &[$($crate::requirements::Test { name: stringify!($name), run: $name }),*] };
}
use tests;

/// Every test, file by file.
pub(crate) fn all() -> impl Iterator<Item = &'static Test> {
    let files: [&'static [Test]; 41] = [
        schema_rules::TESTS,
        schema_characteristics::TESTS,
        common::TESTS,
        discovery::TESTS,
        schemas::TESTS,
        user::TESTS,
        group::TESTS,
        enterprise::TESTS,
        create::TESTS,
        read::TESTS,
        filter::TESTS,
        filter_text::TESTS,
        sort::TESTS,
        page::TESTS,
        cursor::TESTS,
        attributes::TESTS,
        search::TESTS,
        put::TESTS,
        patch_request::TESTS,
        patch_add::TESTS,
        patch_remove::TESTS,
        patch_replace::TESTS,
        patch_path::TESTS,
        delete::TESTS,
        bulk::TESTS,
        bulk_references::TESTS,
        etag::TESTS,
        me::TESTS,
        error::TESTS,
        http::TESTS,
        security::TESTS,
        tenants::TESTS,
        asynchronous::TESTS,
        event_tokens::TESTS,
        event_changes::TESTS,
        event_push::TESTS,
        event_streams::TESTS,
        interop::TESTS,
        ipsie::TESTS,
        devices::TESTS,
        typed::TESTS,
    ];
    files.into_iter().flatten()
}
