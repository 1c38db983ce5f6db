//! Licence pools as roles and entitlements that clients read, like resources of types that files define.

use sea_orm::{ConnectionTrait as _, DbBackend, Statement};
use sea_orm_migration::prelude::*;
use uuid::Uuid;

use super::m20261122_000001_initial::run;
use crate::pools::CatalogueEntry;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    #[expect(elided_lifetimes_in_paths, reason = "the trait spells the signature so")]
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, SCHEMA).await?;
        list(manager).await?;
        run(manager, &view(manager.get_database_backend())).await
    }
}

const SCHEMA: &str = "
ALTER TABLE pools ADD COLUMN entry_type {text} NOT NULL DEFAULT 'Entitlement';
ALTER TABLE pools ADD COLUMN entry_value {text};
ALTER TABLE pools ADD COLUMN entry_folded {text};
ALTER TABLE pools ADD COLUMN modified_at {time} NOT NULL DEFAULT '1970-01-01T00:00:00+00:00';
ALTER TABLE pools ADD COLUMN version {int} NOT NULL DEFAULT 1;
UPDATE pools SET modified_at = created_at;
";

/// Reads the rules that are there.
async fn list(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let (connection, backend) = (manager.get_connection(), manager.get_database_backend());
    let rows = "SELECT tenant_id, id, rule FROM pools WHERE rule IS NOT NULL";
    for row in connection.query_all_raw(Statement::from_string(backend, rows)).await? {
        let rule: String = row.try_get("", "rule")?;
        let entry = CatalogueEntry::of(Some(&rule));
        let key = [row.try_get::<Uuid>("", "tenant_id")?.into(), row.try_get::<Uuid>("", "id")?.into()];
        let values = [entry.kind.into(), entry.value.into(), entry.folded.into()].into_iter().chain(key);
        let update = "UPDATE pools SET entry_type = $1, entry_value = $2, entry_folded = $3 \
                      WHERE tenant_id = $4 AND id = $5";
        connection.execute_raw(Statement::from_sql_and_values(backend, update, values)).await?;
    }
    Ok(())
}

/// The catalogue. A pool ends by the clock of the database, which is a change of its entry.
fn view(backend: DbBackend) -> String {
    let (object, now) = match backend {
        DbBackend::Sqlite => ("json_object", "strftime('%Y-%m-%dT%H:%M:%f', 'now')"),
        _ => ("jsonb_build_object", "now()"),
    };
    let truth = |condition: &str| match backend {
        DbBackend::Sqlite => format!("json(CASE WHEN {condition} THEN 'true' ELSE 'false' END)"),
        _ => format!("({condition})"),
    };
    let ended = format!("(p.expires_at IS NOT NULL AND p.expires_at <= {now})");
    let supported = truth(&format!("(p.entry_value IS NOT NULL OR p.is_default) AND NOT {ended}"));
    let limited = truth("p.policy <> 'overage'");
    let document = |value: &str, display: &str| {
        format!(
            "{object}('value', {value}, 'display', {display}, 'type', 'licence', 'supported', {supported}, \
             'limitedAssignmentsPermitted', {limited}, 'totalAssignmentsPermitted', p.seats, \
             'totalAssignmentsUsed', p.used)"
        )
    };
    let shown = document("COALESCE(p.entry_value, p.name)", "p.name");
    let search = document("COALESCE(p.entry_folded, p.name_folded)", "p.name_folded");
    format!(
        "CREATE VIEW catalogue AS SELECT p.tenant_id, p.id, p.entry_type AS resource_type, {shown} AS document, \
         {search} AS search, CAST(NULL AS TEXT) AS external_id, CAST(NULL AS UUID) AS connection_id, p.created_at, \
         CASE WHEN {ended} AND p.expires_at > p.modified_at THEN p.expires_at ELSE p.modified_at END AS modified_at, \
         p.version * 2 + CASE WHEN {ended} THEN 1 ELSE 0 END AS version FROM pools p"
    )
}
