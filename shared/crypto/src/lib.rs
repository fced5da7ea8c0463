//! Signatures, signed links, tokens, password hashes, one-time codes, sealed values and fields, and derived ids.
//!
//! In scope: putting well-kept crates together so that callers cannot hold them wrong. Out of scope: primitives of our
//! own, key storage, HTTP. Clock and randomness are arguments.
#![forbid(unsafe_code)]

pub mod api_key;
pub mod derived_id;
pub mod digest;
pub mod field;
pub mod password;
pub mod recovery_code;
pub mod refresh_token;
pub mod root;
pub mod sealed;
pub mod signed_link;
pub mod token;
pub mod totp;
pub mod zendesk;
