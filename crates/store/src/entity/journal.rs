//! What was recorded; rows are never changed.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "journal")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub at: DateTimeUtc,
    pub subject_kind: String,
    pub subject_id: Uuid,
    pub kind: String,
    pub why: String,
    pub before_value: Option<Json>,
    pub after_value: Option<Json>,
    pub actor_kind: String,
    pub actor_name: String,
    pub cause: String,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
