//! New tenants, connections and tokens through the server's own command line.
use std::process::Command;

use serde_json::Value;

use crate::{Target, environment, skip, unique};

/// A connection made for one test, with the ids that the command line needs to go on with it.
#[derive(Clone, Debug)]
pub struct Connection {
    /// Where to send requests, and as whom.
    pub target: Target,
    /// Id of the new tenant.
    pub tenant: String,
    /// Id of the connection in it.
    pub connection: String,
}

impl Connection {
    /// A new tenant with one connection of this profile; skips the test where no binary is given.
    pub fn fresh(profile: &str, with: &[&str], without: &[&str]) -> Connection {
        let base = environment::base();
        let name = unique("conformance");
        let tenant = id_of(&rollcall(&["tenant", "create", &name, "--json"]));
        let mut arguments = vec!["connection", "create", "--tenant", &tenant, "--name", &name];
        arguments.extend(["--profile", profile]);
        for quirk in with {
            arguments.extend(["--with", quirk]);
        }
        for quirk in without {
            arguments.extend(["--without", quirk]);
        }
        arguments.push("--json");
        let connection = id_of(&rollcall(&arguments));
        let made = rollcall(&["token", "create", "--connection", &connection, "--json"]);
        let token = made["token"].as_str().unwrap_or_else(|| panic!("token create answers no token: {made}"));
        let target = Target { base, token: token.to_owned() };
        Connection { target, tenant, connection }
    }

    /// Makes a licence pool in this tenant; answers its id.
    pub fn pool(&self, seats: u32, policy: &str) -> String {
        let (name, seats) = (unique("pool"), seats.to_string());
        let arguments = ["pool", "create", "--tenant", &self.tenant, "--name", &name];
        id_of(&rollcall(&[&arguments[..], &["--seats", &seats, "--policy", policy, "--json"]].concat()))
    }

    /// Binds a group to a pool: whoever is in the group is enrolled.
    pub fn bind(&self, group: &str, pool: &str) {
        id_of(&rollcall(&["binding", "create", "--group", group, "--pool", pool, "--json"]));
    }
}

/// Runs the binary with these arguments on the server's database and parses the one JSON object it prints.
pub fn rollcall(arguments: &[&str]) -> Value {
    let Some((binary, database)) = environment::binary() else {
        skip("ROLLCALL_BIN and ROLLCALL_DATABASE_URL are not set, so no tenant can be made")
    };
    let output = Command::new(&binary)
        .args(arguments)
        .env("ROLLCALL_DATABASE_URL", database)
        // These are the suite's own; the binary knows every `ROLLCALL_` name and refuses others.
        .env_remove("ROLLCALL_BIN")
        .env_remove("ROLLCALL_LIMITED_URL")
        .output()
        .unwrap_or_else(|error| panic!("{} cannot be run: {error}", binary.display()));
    let printed = String::from_utf8_lossy(&output.stdout);
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "rollcall {arguments:?} failed: {printed}{complaint}");
    serde_json::from_str(&printed)
        .unwrap_or_else(|error| panic!("rollcall {arguments:?} printed no JSON object ({error}): {printed}"))
}

/// A target of this profile: newly made, or the one given by hand where nothing can be made.
pub(crate) fn target(profile: &str, with: &[&str], without: &[&str]) -> Target {
    let by_hand = environment::token_of(profile).filter(|_| with.is_empty() && without.is_empty());
    match (environment::binary(), by_hand) {
        (None, Some(token)) => Target { base: environment::base(), token },
        _ => Connection::fresh(profile, with, without).target,
    }
}

fn id_of(object: &Value) -> String {
    let id = object["id"].as_str();
    id.unwrap_or_else(|| panic!("the command line answers no id: {object}")).to_owned()
}
