//! Security event tokens that a receiver has yet to take.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "sets")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub stream_id: Uuid,
    pub change_id: Option<Uuid>,
    pub own: Option<Json>,
    pub state: String,
    pub attempts: i64,
    pub answer: Option<String>,
    pub next_at: Option<DateTimeUtc>,
    pub created_at: DateTimeUtc,
    pub tried_at: Option<DateTimeUtc>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
