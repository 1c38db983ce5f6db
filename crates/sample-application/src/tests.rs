//! The application against a Rollcall that is played: everything that the API may say, by the address of a person.

mod in_browser;
mod pages;
mod stub;
