//! Users: what is stored of one, how many are created at once, and how one changes.

mod change;
mod computed;
mod deleted;
mod insert;
mod newcomer;
mod user;
pub(crate) mod values;

pub(crate) use computed::read_groups;
pub use computed::{Computed, Wanted};
pub use insert::Arrived;
pub use newcomer::{NewUser, Newcomer};
pub use user::User;
pub(crate) use user::{WholeRow, text};
