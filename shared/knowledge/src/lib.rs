//! Articles of a knowledge base.
//!
//! In scope: what a Markdown text says ([`blocks`]), and the parts that it is searched and cited by ([`parts`]); articles out of files
//! ([`import`]) and pages ([`page`]), and which pages may be fetched ([`safe_url`]); drafts out of what was asked and answered ([`gap`]).
//! Out of scope: where articles are stored, who fetches pages, and how articles are searched; that is `edgedesk-search`.
#![forbid(unsafe_code)]

pub mod blocks;
pub mod gap;
pub mod import;
pub mod page;
pub mod parts;
pub mod safe_url;
