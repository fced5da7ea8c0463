//! From a model's reading of one message to an analysis: trend, escalation risk, reasons.
//!
//! In scope: what a reading means for a conversation, as pure functions. Out of scope: running the model
//! (`edgedesk-encoder`), and when an alert is raised (`ConversationState::should_alert` in `edgedesk-domain`, which
//! alerts once and not once a message).
#![forbid(unsafe_code)]

pub mod assemble;
pub mod phrases;
pub mod risk;
pub mod trend;
pub mod validate;

pub use assemble::{AssembleError, HeadScores, assemble};
pub use validate::{InvalidAnalysis, validate};
