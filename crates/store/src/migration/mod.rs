//! The schema's history: small, dated, forward steps.

mod m20261122_000001_initial;
mod m20261126_000002_sizes;
mod m20261126_000003_arrivals;
mod m20261129_000004_owners;
mod m20261129_000005_conflicts;
mod m20261129_000006_counts;
mod m20261129_000007_time_zones;
mod m20261129_000008_shares;
mod m20261129_000009_enrolment;
mod m20261129_000010_journey;
mod m20261129_000011_feed;
mod m20261129_000012_reminders;
mod m20261129_000013_by_hand;
mod m20261129_000014_administrators;
mod m20261129_000015_brake;
mod m20261129_000016_refused_addresses;
mod m20261129_000017_seats;
mod m20261129_000018_priorities;
mod m20261129_000019_test_users;
mod m20261129_000020_dynamic_groups;
mod m20261129_000021_sign_in;
mod m20261129_000022_living_users;
mod m20261129_000023_journal_in_order;
mod m20261130_000024_words;
mod m20261130_000025_statuses;
mod m20261130_000026_single_sign_on;
mod m20261130_000027_walk_places;
mod m20261130_000028_oauth;
mod m20261130_000029_streams;
mod m20261130_000030_signing_keys;
mod m20261130_000031_deferred;
mod m20261130_000032_custom_resources;
mod m20261130_000033_catalogue;
mod m20261130_000034_idempotency_keys;
mod m20261130_000035_unique_attributes;

use sea_orm::{
    ConnectionTrait, DbBackend, DbErr, EntityTrait as _, SqliteTransactionMode, TransactionOptions,
    TransactionTrait as _,
};
use sea_orm_migration::{MigrationTrait, MigratorTrait, seaql_migrations};

use crate::db::backend;
use crate::error::Error;

/// The advisory lock that keeps two processes from migrating one database at once.
const LOCK: i64 = 0x726f_6c6c_6361_6c6c;

struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261122_000001_initial::Migration),
            Box::new(m20261126_000002_sizes::Migration),
            Box::new(m20261126_000003_arrivals::Migration),
            Box::new(m20261129_000004_owners::Migration),
            Box::new(m20261129_000005_conflicts::Migration),
            Box::new(m20261129_000006_counts::Migration),
            Box::new(m20261129_000007_time_zones::Migration),
            Box::new(m20261129_000008_shares::Migration),
            Box::new(m20261129_000009_enrolment::Migration),
            Box::new(m20261129_000010_journey::Migration),
            Box::new(m20261129_000011_feed::Migration),
            Box::new(m20261129_000012_reminders::Migration),
            Box::new(m20261129_000013_by_hand::Migration),
            Box::new(m20261129_000014_administrators::Migration),
            Box::new(m20261129_000015_brake::Migration),
            Box::new(m20261129_000016_refused_addresses::Migration),
            Box::new(m20261129_000017_seats::Migration),
            Box::new(m20261129_000018_priorities::Migration),
            Box::new(m20261129_000019_test_users::Migration),
            Box::new(m20261129_000020_dynamic_groups::Migration),
            Box::new(m20261129_000021_sign_in::Migration),
            Box::new(m20261129_000022_living_users::Migration),
            Box::new(m20261129_000023_journal_in_order::Migration),
            Box::new(m20261130_000024_words::Migration),
            Box::new(m20261130_000025_statuses::Migration),
            Box::new(m20261130_000026_single_sign_on::Migration),
            Box::new(m20261130_000027_walk_places::Migration),
            Box::new(m20261130_000028_oauth::Migration),
            Box::new(m20261130_000029_streams::Migration),
            Box::new(m20261130_000030_signing_keys::Migration),
            Box::new(m20261130_000031_deferred::Migration),
            Box::new(m20261130_000032_custom_resources::Migration),
            Box::new(m20261130_000033_catalogue::Migration),
            Box::new(m20261130_000034_idempotency_keys::Migration),
            Box::new(m20261130_000035_unique_attributes::Migration),
        ]
    }
}

/// Brings the schema up to date in one transaction and says which steps that took.
///
/// On `SQLite` the transaction itself is the lock, it begins as a writer.
#[expect(clippy::disallowed_methods, reason = "migrations are no unit of a tenant")]
pub(crate) async fn up(url: &str) -> Result<Vec<String>, Error> {
    let connection = backend::connect_for_migrations(url).await?;
    let options = TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..TransactionOptions::default()
    };
    let transaction = connection.begin_with_options(options).await?;
    if transaction.get_database_backend() == DbBackend::Postgres {
        transaction.execute_unprepared(&format!("SELECT pg_advisory_xact_lock({LOCK})")).await?;
    }
    let names = pending(&transaction).await?;
    if !names.is_empty() {
        Migrator::up(&transaction, None).await?;
    }
    transaction.commit().await?;
    connection.close().await?;
    Ok(names)
}

/// The steps that have not run; changes nothing.
///
/// # Errors
/// [`Error::NewerDatabase`] if steps have run that this program does not know.
pub(crate) async fn pending(connection: &impl ConnectionTrait) -> Result<Vec<String>, Error> {
    let pending = match Migrator::get_pending_migrations_read_only(connection).await {
        // What it says of steps that it does not know is meant for programmers.
        Err(error @ DbErr::Custom(_)) => {
            let known: Vec<String> =
                Migrator::migrations().iter().map(|step| step.name().to_owned()).collect();
            let applied = seaql_migrations::Entity::find().all(connection).await?;
            let mut unknown: Vec<String> = applied.into_iter().map(|row| row.version).collect();
            unknown.retain(|name| !known.contains(name));
            return Err(if unknown.is_empty() { error.into() } else { Error::NewerDatabase(unknown) });
        }
        pending => pending?,
    };
    Ok(pending.iter().map(|migration| migration.name().to_owned()).collect())
}
