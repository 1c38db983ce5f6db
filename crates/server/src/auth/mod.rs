//! Who sends a request: the tenant comes from the token.

mod bearer;
mod tokens;

pub(crate) use bearer::{Tenant, bearer};
pub(crate) use tokens::Tokens;
