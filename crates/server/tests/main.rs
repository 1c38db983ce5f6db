//! All tests of the server that see it from outside, as one program: each program would hold all dependencies again.

mod api;
mod arrivals;
mod auth;
mod by_hand;
mod deletions;
mod doors;
mod errors;
mod events;
mod imports;
mod journey;
mod members;
mod operators;
mod ownership;
mod pacing;
mod previews;
mod protection;
mod provisioning;
mod reminders;
mod request_log;
mod resources;
mod serving;
mod sockets;
mod support;
mod time_zones;
mod two_servers;
mod webhooks;
