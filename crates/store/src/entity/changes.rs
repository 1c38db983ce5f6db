//! Changes of users and groups. The database itself fills in where a row stands in the order of commits.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "changes")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub txn: String,
    pub uri: String,
    pub resource_id: Uuid,
    pub external_id: Option<String>,
    pub user_name: Option<String>,
    pub happenings: Json,
    pub data: Option<Json>,
    pub attributes: Json,
    pub version: Option<String>,
    pub created_at: DateTimeUtc,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
