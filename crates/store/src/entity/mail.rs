//! Mail that was written, whether it has left or not.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "mail")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub user_id: Option<Uuid>,
    pub kind: String,
    pub recipient: String,
    pub content: Option<Vec<u8>>,
    pub state: String,
    pub attempts: i64,
    pub said: Option<String>,
    pub created_at: DateTimeUtc,
    pub expires_at: Option<DateTimeUtc>,
    pub sent_at: Option<DateTimeUtc>,
    pub domain: String,
    pub by_hand: bool,
    pub released_at: Option<DateTimeUtc>,
    pub answered_at: Option<DateTimeUtc>,
    pub address_refused: bool,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
