//! Who sends a request: the tenant comes from the token.

mod bearer;
mod token;

pub(crate) use bearer::{Tenant, Tokens};
pub use token::PREFIX as TOKEN_PREFIX;
pub(crate) use token::{Plain, hash};
