//! The audit log of an account: who did what to which resource, so that nobody can change it unnoticed.
//!
//! In scope: the [`entry`] with its canonical bytes, the hash chain over all entries and its verification ([`chain`]), and a
//! Merkle tree over each UTC day's entries with proofs ([`merkle`], RFC 9162, section 2.1; the same tree as RFC 6962's).
//! Out of scope: where entries are kept (`edgedesk-objects`) and what is recorded (the gateway).
//! `docs/decisions/0015-audit-log.md` says what is promised.
#![forbid(unsafe_code)]

pub mod chain;
pub mod day;
pub mod ecs;
pub mod entry;
pub mod hash;
pub mod ip;
pub mod merkle;
