//! All tests of the store that see it from outside, as one program: each program would hold all dependencies again.

mod arrivals;
mod changes;
mod concurrency;
mod connections;
mod deferred;
mod events;
mod figures;
mod filter_oracle;
mod jobs;
mod lingering;
mod lists;
mod locks;
mod migrations;
mod operators;
mod owners;
mod queue;
mod records;
mod rules;
mod seats;
mod sort_oracle;
mod statements;
mod support;
mod tenancy;
mod test_users;
mod units;
mod upgrade;
