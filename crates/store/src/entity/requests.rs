//! One request of a connection, for the inspector.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "requests")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub connection_id: Uuid,
    pub at: DateTimeUtc,
    pub method: String,
    pub path: String,
    pub status: i64,
    pub duration_us: i64,
    pub quirks: Json,
    pub effects: Json,
    pub ignored: Json,
    pub body: Option<Json>,
    pub error: Option<String>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
