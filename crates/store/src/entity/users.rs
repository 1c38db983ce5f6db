//! One user: the document, its form for comparisons, and what is looked up.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "users")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub document: Json,
    pub search: Json,
    pub user_name_folded: String,
    pub external_id: Option<String>,
    pub display_name: Option<String>,
    pub display_name_folded: Option<String>,
    pub active: Option<bool>,
    pub enrolment_status: String,
    pub enrolment_since: Option<DateTimeUtc>,
    pub enrolment_steps: Json,
    pub enrolment_resumes: Option<String>,
    pub enrolment_cause: Option<String>,
    pub enrolment_cause_folded: Option<String>,
    pub restore_owed: bool,
    pub seat_kept_until: Option<DateTimeUtc>,
    pub last_used_at: Option<DateTimeUtc>,
    pub connection_id: Option<Uuid>,
    pub created_at: DateTimeUtc,
    pub modified_at: DateTimeUtc,
    pub version: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
