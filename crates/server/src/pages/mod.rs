//! What all pages share: words by language, sentences with slots, links, who reads, and how a page becomes an answer.

pub(crate) mod answer;
pub(crate) mod form;
pub(crate) mod link;
pub(crate) mod phrase;
pub(crate) mod reader;
pub(crate) mod words;
