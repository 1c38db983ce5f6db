//! New tenants, connections and tokens through the server's own command line.
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::{Target, environment, skip, unique};

/// A connection made for one test, with the ids that the command line needs to go on with it.
#[derive(Clone, Debug)]
pub struct Connection {
    /// Where to send requests, and as whom.
    pub target: Target,
    /// Id of the tenant.
    pub tenant: String,
    /// Id of the connection in it.
    pub connection: String,
    /// Name of the connection, unlike that of any other.
    pub name: String,
    administration: Administration,
}

impl Connection {
    /// A new tenant with one connection of this profile; skips the test where no binary is given.
    pub fn fresh(profile: &str, with: &[&str], without: &[&str]) -> Connection {
        let quirks = with.iter().map(|quirk| ["--with", quirk]);
        let quirks: Vec<_> = quirks.chain(without.iter().map(|quirk| ["--without", quirk])).collect();
        Connection::in_new_tenant(Administration::of_the_suite(), profile, quirks.as_flattened())
    }

    /// A new tenant on the server that stands apart, for what would be in the way of the other tests.
    pub fn apart(profile: &str) -> Connection {
        Connection::in_new_tenant(Administration::apart(), profile, &[])
    }

    /// Another connection of the same tenant, with further options of `connection create`.
    pub fn beside(&self, profile: &str, options: &[&str]) -> Connection {
        Connection::in_tenant(self.administration.clone(), &self.tenant, profile, options)
    }

    /// Makes a licence pool in this tenant; answers its id.
    pub fn pool(&self, seats: u32, policy: &str) -> String {
        let (name, seats) = (unique("pool"), seats.to_string());
        let arguments = ["pool", "create", "--tenant", &self.tenant, "--name", &name];
        id_of(&self.rollcall(&[&arguments[..], &["--seats", &seats, "--policy", policy, "--json"]].concat()))
    }

    /// Binds a group to a pool: whoever is in the group is enrolled.
    pub fn bind(&self, group: &str, pool: &str) {
        id_of(&self.rollcall(&["binding", "create", "--group", group, "--pool", pool, "--json"]));
    }

    /// A token that may manage the event streams of this tenant.
    pub fn event_token(&self) -> String {
        let (name, scope) = (unique("receiver"), "streams:write");
        let arguments = ["api-token", "create", "--tenant", &self.tenant, "--name", &name];
        token_of(&self.rollcall(&[&arguments[..], &["--scope", scope, "--json"]].concat()))
    }

    /// Runs the binary on the server's database and parses the one JSON object it prints.
    pub fn rollcall(&self, arguments: &[&str]) -> Value {
        self.administration.rollcall(arguments)
    }

    fn in_new_tenant(administration: Administration, profile: &str, options: &[&str]) -> Connection {
        let tenant = id_of(&administration.rollcall(&["tenant", "create", &unique("conformance"), "--json"]));
        Connection::in_tenant(administration, &tenant, profile, options)
    }

    fn in_tenant(
        administration: Administration,
        tenant: &str,
        profile: &str,
        options: &[&str],
    ) -> Connection {
        let name = unique(profile);
        let fixed = ["connection", "create", "--tenant", tenant, "--name", &name, "--profile", profile];
        let arguments = [&fixed[..], options, &["--json"]].concat();
        let connection = id_of(&administration.rollcall(&arguments));
        let made = administration.rollcall(&["token", "create", "--connection", &connection, "--json"]);
        let target = Target::new(&administration.base, &token_of(&made));
        Connection { target, tenant: tenant.to_owned(), connection, name, administration }
    }
}

/// The command line on the database of one server.
#[derive(Clone, Debug)]
struct Administration {
    base: String,
    binary: PathBuf,
    database: String,
}

impl Administration {
    fn of_the_suite() -> Administration {
        let Some((binary, database)) = environment::binary() else {
            skip("ROLLCALL_BIN and ROLLCALL_DATABASE_URL are not set, so no tenant can be made")
        };
        Administration { base: environment::base(), binary, database }
    }

    fn apart() -> Administration {
        let (Some((binary, _)), Some((base, database))) = (environment::binary(), environment::apart())
        else {
            skip("ROLLCALL_APART_URL and ROLLCALL_APART_DATABASE_URL are not set, so no server stands apart")
        };
        Administration { base, binary, database }
    }

    fn rollcall(&self, arguments: &[&str]) -> Value {
        let mut command = Command::new(&self.binary);
        command.args(arguments);
        // The binary knows every `ROLLCALL_` name and refuses others, such as the suite's own.
        for name in environment::OURS {
            command.env_remove(name);
        }
        let output = command.env("ROLLCALL_DATABASE_URL", &self.database).output();
        let output =
            output.unwrap_or_else(|error| panic!("{} cannot be run: {error}", self.binary.display()));
        let printed = String::from_utf8_lossy(&output.stdout);
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "rollcall {arguments:?} failed: {printed}{complaint}");
        serde_json::from_str(&printed).unwrap_or_else(|error| {
            panic!("rollcall {arguments:?} printed no JSON object ({error}): {printed}")
        })
    }
}

/// A target of this profile: newly made, or the one given by hand where nothing can be made.
pub(crate) fn target(profile: &str, with: &[&str], without: &[&str]) -> Target {
    let by_hand = environment::token_of(profile).filter(|_| with.is_empty() && without.is_empty());
    match (environment::binary(), by_hand) {
        (None, Some(token)) => Target::new(&environment::base(), &token),
        _ => Connection::fresh(profile, with, without).target,
    }
}

fn id_of(object: &Value) -> String {
    let id = object["id"].as_str();
    id.unwrap_or_else(|| panic!("the command line answers no id: {object}")).to_owned()
}

fn token_of(object: &Value) -> String {
    let token = object["token"].as_str();
    token.unwrap_or_else(|| panic!("the command line answers no token: {object}")).to_owned()
}
