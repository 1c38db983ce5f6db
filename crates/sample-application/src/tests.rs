//! The application against a Rollcall that is played: everything that the API may say, by the address of a person.

mod in_browser;
mod pages;
mod stub;

// The file that steers the browser is shared with the server's tests, and uses these.
use futures as _;
use thirtyfour as _;
