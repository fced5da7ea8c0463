//! Texts written by a model: whoever writes them is a [`TextGenerator`].
//!
//! In scope: clients of OpenAI-shaped servers ([`openai`]), of Anthropic ([`anthropic`]) and of Workers AI ([`workers_ai`]).
//!
//! Out of scope: HTTP, time and chance, which are asked for through [`transport`].
#![forbid(unsafe_code)]

pub mod anthropic;
mod calling;
mod fault;
pub mod openai;
mod request;
pub mod sse;
pub mod transport;
pub mod workers_ai;

pub use fault::{Fault, GenerateError};
pub use request::{
    ApiKey, FinishReason, GenerateRequest, Generated, Message, Role, TextGenerator, Usage,
};
