//! Archives of what is known of a customer, for the customer: a right of access and of portability (GDPR articles 15 and 20,
//! CCPA § 1798.110).
//!
//! In scope: what is in an archive ([`checklist`]), how it is written, and what becomes of a message of the queue that asks
//! for one ([`Exporter`]). Out of scope: queues, buckets, HTTP; those are `workers/`.
#![forbid(unsafe_code)]

mod archive;
pub mod checklist;
mod conversation;
mod exporter;
mod page;

#[cfg(test)]
mod tests;

pub use archive::MAX_ARCHIVE_BYTES;
pub use exporter::{Exporter, MAX_ATTEMPTS, Verdict};
