//! Who sends a request: the tenant comes from the token.

mod bearer;
mod signed;
mod tokens;

pub(crate) use bearer::{Tenant, admitted, bearer};
pub(crate) use signed::believed;
pub(crate) use tokens::Tokens;
