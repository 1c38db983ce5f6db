//! How we talk to a database: connections and their pool, transactions, the one writer of `SQLite`, locks, statements,
//! and the one file in which the two databases differ.

pub(crate) mod backend;
pub(crate) mod connection;
pub(crate) mod locks;
pub(crate) mod pool;
pub(crate) mod rows;
pub(crate) mod shares;
pub(crate) mod silence;
pub(crate) mod sql;
pub(crate) mod transaction;
pub(crate) mod writer;
