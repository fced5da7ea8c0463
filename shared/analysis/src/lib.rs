//! From a model's reading of one message to an analysis: mood, intent, urgency, entities, trend, escalation risk, reasons.
//!
//! In scope: what a reading means for a conversation, as pure functions of the text, the reading and the history. Out of scope:
//! running the model (`edgedesk-encoder`), telling the language (`edgedesk-language`), and when an alert is raised
//! (`ConversationState::should_alert` in `edgedesk-domain`, which alerts once and not once a message).
//!
//! Every place in a text is given in Unicode scalar values from its start. All work is linear in the length of the text.
#![forbid(unsafe_code)]

pub mod assemble;
pub mod emotions;
pub mod entities;
pub mod familiarity;
pub mod person;
pub mod phrases;
pub mod risk;
pub mod threads;
pub mod trend;
pub mod urgency;
pub mod validate;
pub mod words;

pub use assemble::{AssembleError, HeadScores, Observed, assemble};
pub use validate::{InvalidAnalysis, validate};
