//! What a form says when it is refused.

use operations::Error;

use crate::http::error::Failure;

/// The sentence of a refusal; a right that is missing and a fault of the server are no matter of the form.
pub(super) fn said(error: Error) -> Result<String, Failure> {
    match error {
        Error::Database(_) => match Failure::from(error) {
            // Another one has the name, for example.
            Failure::Told(told) => Ok(told.to_string()),
            failure => Err(failure),
        },
        Error::Forbidden(_) => Err(error.into()),
        error => Ok(operations::sentence(&error)),
    }
}
