//! Schemas as data: the JSON that `/Schemas` serves is the JSON that validates (RFC 7643 §7).

mod attribute;
mod common;
mod definition;
mod pattern;
mod registry;
mod resource_type;
mod rules;

pub use attribute::{Attribute, Kind, Mutability, Returned, Uniqueness};
pub use common::{common_attribute, common_attributes};
pub use definition::{Definition, SchemaError};
pub use pattern::Pattern;
pub use registry::Registry;
pub use resource_type::{Extension, ResourceType, Schema};

/// The core User schema (RFC 7643 §4.1).
pub const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
/// The core Group schema (RFC 7643 §4.2).
pub const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
/// The Enterprise User extension (RFC 7643 §4.3).
pub const ENTERPRISE_USER: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
/// Our own extension, through which a client reads back what became of a person.
pub const ENROLMENT: &str = "urn:rollcall:params:scim:schemas:extension:enrolment:1.0:User";
