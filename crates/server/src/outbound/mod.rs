//! What the server sends by itself: mail.
#![cfg_attr(
    not(test),
    expect(dead_code, reason = "the outbox that hands mail to the mailer is built beside it")
)]

pub(crate) mod mailer;
