//! Who sends a request: the tenant comes from the token.

mod bearer;

pub(crate) use bearer::{Tenant, Tokens};
