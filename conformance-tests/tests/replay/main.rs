//! Replays the traffic of identity providers: every fixture on its own, and the fixtures in the orders of a life.
mod at_once;
mod checks;
mod credentials;
mod facts;
mod fixture;
mod large;
mod library;
mod lists;
mod members;
mod message;
mod need;
mod pattern;
mod placeholder;
mod reader;
mod runner;
mod scene;
mod snapshot;
mod story;
mod tables;
mod world;

use conformance_tests::case;

macro_rules! each_alone {
    ($($test:ident: $client:literal),* $(,)?) => {$(
        #[test]
        fn $test() {
            case(concat!("replay of ", $client), || runner::replay_each_alone($client));
        }
    )*};
}

each_alone! {
    entra_fixtures_alone: "entra",
    jumpcloud_fixtures_alone: "jumpcloud",
    okta_fixtures_alone: "okta",
    onelogin_fixtures_alone: "onelogin",
    google_fixtures_alone: "google",
    ping_fixtures_alone: "ping",
    sailpoint_fixtures_alone: "sailpoint",
    authentik_fixtures_alone: "authentik",
    keycloak_fixtures_alone: "keycloak",
    own_fixtures_alone: "own",
    faults_fixtures_alone: "faults",
}

/// Those that keep a server busy have one of their own, and it to themselves.
#[test]
fn heavy_fixtures_one_by_one() {
    case("replay of heavy", || runner::replay_one_by_one("heavy"));
}

#[test]
fn entra_stories() {
    case("stories of entra", || story::replay_all("entra"));
}

#[test]
fn jumpcloud_stories() {
    case("stories of jumpcloud", || story::replay_all("jumpcloud"));
}

#[test]
fn okta_stories() {
    case("stories of okta", || story::replay_all("okta"));
}
