//! PostgreSQL for a run: its programs are found or installed, a throw-away cluster is started.

mod binaries;
mod cluster;

use std::path::Path;

pub(crate) use binaries::Binaries;
pub(crate) use cluster::{Cluster, Durability};

use crate::step::Steps;

/// Two steps: finds or installs PostgreSQL, and starts a cluster for tests; `None` when either failed.
pub(crate) fn start_for_tests(steps: &mut Steps, pg_bin: Option<&Path>) -> Option<Cluster> {
    let binaries = steps.work("find PostgreSQL", "initdb, postgres", || {
        let binaries = Binaries::find_or_install(pg_bin)?;
        println!("   {}", binaries.folder().display());
        Ok(binaries)
    })?;
    steps.work("start PostgreSQL", "a throw-away cluster on 127.0.0.1", || {
        // Not in a folder of ours: the server may run as another user, who must be able to enter.
        Cluster::start(binaries, Durability::Off, &std::env::temp_dir())
    })
}
