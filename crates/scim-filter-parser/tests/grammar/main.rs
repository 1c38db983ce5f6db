//! The grammar from outside: the table of cases, the trees, the errors, the limits, the leniences and the laws.

mod errors;
mod law;
mod lenient;
mod limits;
mod properties;
mod table;
mod tree;
