//! Which language a message is written in, and how it sounds when that is not English.
//!
//! Two tables of int8 weights by hashed n-gram, made by `models/train/{language,multilingual}.py`; no platform, no clock,
//! no network. In scope: the bytes of those files in, a [`Guess`] or [`MoodScores`] out. Out of scope: where the bytes
//! come from, and what a guess means for a conversation. Why they are built this way:
//! `docs/decisions/0012-language-identification.md`.
#![forbid(unsafe_code)]

mod features;
mod identifier;
mod mood;
mod table;
mod words;

pub use identifier::{Alternative, Guess, Identifier, UNDETERMINED};
pub use mood::{HashedMood, MoodScores};

/// A model file that is not one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct MalformedModel {
    /// What is wrong with it.
    pub reason: &'static str,
}
