//! What the product writes to people: the words of its mails, in every language.
//!
//! A letter is made of [`Content`] and of templates, ours or a tenant's ([`Override`]). Ours lie in
//! `letters/templates`, one folder for each language, beside the frame that all letters share. [`render`] writes a letter,
//! [`check`] looks at the templates of a tenant before they are saved, [`variables`] says what they may use, and [`sample`]
//! gives content to try them with.
//!
//! The template language is that of minijinja, without everything that a mail does not need: `{{ variable }}`, `{% if %}`,
//! `{% for item in items %}` and the one function `button(link, "label")`. HTML has a list of elements and attributes that
//! are allowed, and the plain ones among them get the look of the design.
//!
//! Every value is taken as hostile: it is made one line, cut, and escaped in HTML. This crate sends nothing, asks for no
//! time and knows no database.

mod check;
mod content;
mod engine;
mod error;
mod guard;
mod html;
mod kind;
mod language;
mod link;
mod names;
mod render;
mod sample;
mod sections;
mod tidy;
mod values;
mod variable;
mod wrap;

pub use check::check;
pub use content::{
    Action, Alert, Code, Content, Deactivated, Fact, Invitation, Message, Progress, Reminder, Return, Sender,
    Step, Test,
};
pub use error::{Part, TemplateError};
pub use kind::{Kind, UnknownKind};
pub use language::{Language, UnknownLanguage};
pub use link::{Contact, Link, NotALink};
pub use render::{Letter, Override, original, render};
pub use sample::sample;
pub use variable::{Variable, variables};
