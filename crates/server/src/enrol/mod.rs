//! The pages of an enrolment: what a person sees who follows the link of an invitation.
//!
//! Opening a page changes nothing and sends nothing, because scanners of mail follow links; forms do. The link's token is
//! the only credential, so it stands in no log and is told to no other site, and pages need no cookie and no script.

mod around;
mod behind;
pub(crate) mod journey;
mod platform;
mod routes;
mod views;
pub(crate) mod words;

pub(crate) use around::around;
pub(crate) use behind::JOURNEYS;
pub(crate) use routes::routes;

#[cfg(test)]
mod in_browser;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;
