//! What the server sends by itself: mail.

pub(crate) mod mailer;
