//! What operations look at: the declared metrics, what an isolate gathers and hands over, the Prometheus text, and the rules of alerts.
//!
//! Isolates share no memory. Each gathers what it counts in a [`registry::Registry`] and hands it over in pieces, by a
//! [`reporter::Reporter`], to the one `Metrics` object, which adds up and keeps. Out of scope: the object's storage, which is in
//! `edgedesk-objects`, and who carries a piece there, which is [`reporter::Sink`].
//!
//! Nothing in here is an account's: labels are words of closed sets, never an id, a path or a name.
#![forbid(unsafe_code)]

pub mod alerts;
pub mod catalogue;
pub mod exposition;
pub mod registry;
pub mod reporter;
pub mod wire;

#[cfg(test)]
mod operations;
