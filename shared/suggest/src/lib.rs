//! What an agent could answer to a customer's message: at most three suggestions, actions beside them, and why.
//!
//! In scope: filling templates ([`template`]), finding the macro that fits ([`macros`]), writing a draft out of articles
//! ([`compose`]), answering a customer in a chat or handing over to a person ([`assistant`]), checking any draft against what it may rest on ([`validate`]), and putting all of it in order ([`rank`],
//! [`answer`]). Out of scope: searching the articles (`edgedesk-search`), asking a language model, and storing anything.
//!
//! All of it is pure: the same input gives the same answer, and ids come from an `IdSource`.
#![forbid(unsafe_code)]

pub mod actions;
pub mod answer;
pub mod assistant;
pub mod case;
pub mod compose;
pub mod extract;
pub mod macros;
pub mod output;
pub mod passage;
pub mod phrases;
pub mod rank;
pub mod template;
#[cfg(test)]
mod testing;
mod text;
pub mod validate;
pub mod written;

pub use answer::{Suggested, suggest};
pub use case::{Case, Variables};
pub use macros::MacroCandidate;
pub use passage::Passage;
