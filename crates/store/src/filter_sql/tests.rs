//! Look-ups that clients make all the time are answered by an index, however large the tenant is.

use chrono::DateTime;
use scim::filter::FilterDialect;
use scim::schema::Registry;
use sea_orm::{ConnectionTrait, Statement};

use super::page::{finds_one, only};
use super::walk::Source;
use super::{Chosen, Stretch, Table};
use crate::db::sql::Sql;
use crate::{Options, Store, TenantScope};

#[tokio::test]
async fn the_usual_filters_use_an_index() {
    let cases = [
        (Table::Users, "", "living_users"),
        (Table::Users, r#"userName eq "ada""#, "unique_user_name"),
        (Table::Users, r#"userName sw "ada""#, "unique_user_name"),
        (Table::Users, r#"userName eq "ada" and active eq true"#, "unique_user_name"),
        (Table::Users, r#"externalId eq "1""#, "users_by_external_id"),
        (Table::Users, r#"id eq "00000000-0000-0000-0000-000000000001""#, "sqlite_autoindex_users_1"),
        (Table::Users, r#"emails eq "a""#, "user_values_by_value"),
        (Table::Users, r#"emails[type eq "work" and value eq "a"]"#, "user_values_by_value"),
        (Table::Users, r#"userName eq "a" or emails.value eq "a""#, "user_values_by_value"),
        (Table::Groups, r#"displayName eq "staff""#, "groups_by_display_name"),
        (Table::Groups, r#"externalId eq "1""#, "groups_by_external_id"),
        (Table::Groups, r#"members eq "00000000-0000-0000-0000-000000000001""#, "group_members_by_member"),
    ];
    let options = Options {
        url: "sqlite::memory:".to_owned(),
        max_connections: 1,
        migrate: true,
        statement_limit: None,
    };
    let store = Store::open(&options).await.expect("opens");
    let mut unit = store.write(&TenantScope::installation()).await.expect("a unit opens");
    let tenant =
        unit.insert_tenant("Alpha", provisioning::Zone::UTC, DateTime::UNIX_EPOCH).await.expect("created");
    unit.commit().await.expect("committed");
    let unit = store.read(&TenantScope::of(tenant.id.uuid())).await.expect("a unit opens");
    for (table, text, index) in cases {
        let resource_type =
            if table == Table::Users { Registry::standard().user() } else { Registry::standard().group() };
        let parsed = |text| scim::filter::parse(resource_type, text, FilterDialect::default()).expect(text).0;
        let filter = (!text.is_empty()).then(|| parsed(text));
        let columns = if table == Table::Users { "SELECT u.id" } else { "SELECT g.id" };
        let chosen = Chosen { filter: filter.as_ref(), ..Chosen::default() };
        let sql = if finds_one(chosen.filter) {
            only(&unit, table, Sql::new(columns), chosen)
        } else {
            Source::of(&unit, table, chosen).select(&Stretch { count: 10, ..Stretch::default() })
        };
        let Statement { sql, values, .. } = sql.statement(unit.backend());
        let explained =
            Statement { sql: format!("EXPLAIN QUERY PLAN {sql}"), values, db_backend: unit.backend() };
        let rows = unit.transaction.query_all_raw(explained).await.expect(text);
        let plan: Vec<String> = rows.iter().map(|row| row.try_get("", "detail").expect("text")).collect();
        let plan = plan.join("\n");
        assert!(plan.contains(index) && !plan.contains("SCAN"), "{text}:\n{plan}");
    }
}
