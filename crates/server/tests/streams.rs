//! Streams: what changes reaches those who set up a stream, once each, in order, and nobody else.

mod content;
mod custom_resources;
mod manage;
mod poll;
mod push;
