//! Streams of changes.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "streams")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub description: String,
    pub events: Json,
    pub wants_full: bool,
    pub types: Json,
    pub every_subject: bool,
    pub algorithm: String,
    pub url: Option<String>,
    pub secret: Option<Vec<u8>>,
    pub status: String,
    pub reason: Option<String>,
    pub after_position: i64,
    pub after_id: Uuid,
    pub created_at: DateTimeUtc,
    pub failing_since: Option<DateTimeUtc>,
    pub verified_at: Option<DateTimeUtc>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
