//! Identifiers that the compiler keeps apart: a user is never taken for a pool.

/// Defines newtypes over a UUID, each with its documentation.
#[macro_export]
macro_rules! ids {
    ($($(#[$doc:meta])+ $name:ident)+) => {$(
        $(#[$doc])+
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, ::serde::Serialize, ::serde::Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(::uuid::Uuid);

        impl $name {
            /// Wraps a UUID that came from the id source or from a row.
            #[must_use]
            pub const fn new(uuid: ::uuid::Uuid) -> Self {
                Self(uuid)
            }

            /// The UUID inside.
            #[must_use]
            pub const fn uuid(self) -> ::uuid::Uuid {
                self.0
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                ::std::fmt::Display::fmt(&self.0, f)
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = ::uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    )+};
}

ids! {
    /// A user of a tenant; its text is the SCIM `id`.
    UserId
    /// A group of a tenant; its text is the SCIM `id`.
    GroupId
    /// A licence pool of a tenant.
    PoolId
    /// A tenant.
    TenantId
    /// A connection of a tenant.
    ConnectionId
    /// A bearer token of a connection.
    TokenId
}
