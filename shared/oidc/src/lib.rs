//! Signing in with an identity provider: the code flow of OpenID Connect Core 1.0 with PKCE (RFC 7636), discovery
//! (OpenID Connect Discovery 1.0), key sets (RFC 7517) and the checks of ID tokens. With a company's Zendesk, whose app brings
//! a signed token of its own form. And coming through an application of Cloudflare Access, which signs who that is.
//!
//! In scope: everything that decides whom they name. Out of scope: HTTP and signatures, which are asked for through
//! [`client::Http`] and [`client::Signatures`]; users, sessions and cookies. Clock and randomness are arguments.
#![forbid(unsafe_code)]

pub mod access;
pub mod attempt;
pub mod client;
pub mod id_token;
pub mod jwks;
pub mod jws;
pub mod key_sets;
pub mod provider;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod zendesk;
