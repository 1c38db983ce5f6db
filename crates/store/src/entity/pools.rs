//! The seats of one product plan.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "pools")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub name: String,
    pub name_folded: String,
    pub seats: i64,
    pub used: i64,
    pub policy: String,
    pub expires_at: Option<DateTimeUtc>,
    pub last_day: Option<Date>,
    pub rule: Option<String>,
    pub is_default: bool,
    pub created_at: DateTimeUtc,
    pub end_told: Option<i64>,
    pub is_full: bool,
    pub full_told_at: Option<DateTimeUtc>,
    pub entry_type: String,
    pub entry_value: Option<String>,
    pub entry_folded: Option<String>,
    pub modified_at: DateTimeUtc,
    pub version: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
