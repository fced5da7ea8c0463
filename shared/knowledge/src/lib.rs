//! Articles of a knowledge base.
//!
//! In scope: what a Markdown text says ([`blocks`]), and the parts that it is searched and cited by ([`parts`]). Out of scope: where
//! articles are stored, and how they are searched; that is `edgedesk-search`.
#![forbid(unsafe_code)]

pub mod blocks;
pub mod parts;
