//! Texts written by a model: whoever writes them is a [`TextGenerator`].
//!
//! In scope: clients of OpenAI-shaped servers ([`openai`]), of Anthropic ([`anthropic`]) and of Workers AI ([`workers_ai`]); the
//! [`chain`] that tries them in order, with time limits, a [`breaker`], a budget of requests ([`bucket`]) and one of money
//! ([`ledger`]), and a last generator that is always there; the [`masked`] texts that leave; the [`prompt`] that keeps what
//! customers wrote apart from what a model is told; the [`guard`] that looks at what came back; and the [`settings`] of a deployment.
//!
//! Out of scope: HTTP, time and chance, which are asked for through [`transport`]; where budgets are kept; the embedded composer,
//! which is a generator of the caller's; and what a draft is for. `docs/decisions/0041-text-generators.md` says why.
#![forbid(unsafe_code)]

pub mod anthropic;
pub mod breaker;
pub mod bucket;
mod calling;
pub mod chain;
mod fault;
pub mod guard;
pub mod ledger;
pub mod masked;
pub mod openai;
pub mod prompt;
pub mod reply;
mod request;
pub mod settings;
pub mod sse;
pub mod transport;
pub mod workers_ai;

pub use fault::{Fault, GenerateError};
pub use request::{
    ApiKey, FinishReason, GenerateRequest, Generated, Message, Role, TextGenerator, Usage,
};
