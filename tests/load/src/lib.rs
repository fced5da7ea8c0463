//! A load generator for a stack on this machine: how fast it is, what it takes, and that nothing of it is lost.
//!
//! `cargo xtask load` runs it, and a small run is one of the integration tests. In scope: when messages are due, sending them,
//! reading back what became of each, and telling it. Out of scope: starting a stack, which is `xtask`'s.
//!
//! Every rate, time and count has a bound, and no address but this machine's own is ever spoken to: the signed messages and the
//! thousands of sockets here are an attack on anybody else.
#![forbid(unsafe_code)]

pub mod chats;
pub mod connection;
pub mod fill;
pub mod lag;
pub mod latency;
pub mod ledger;
pub mod machine;
pub mod read_back;
pub mod report;
pub mod scenarios;
pub mod schedule;
pub mod target;
pub mod webhooks;

pub use latency::Latency;
pub use report::Report;
pub use target::Target;

/// Hears how far a run is: one line, which the next one replaces.
pub type Note<'a> = &'a mut dyn FnMut(&str);

/// Messages a second that may be asked for. A million events an hour are 278.
pub const MAX_RATE: u32 = 5_000;
/// Seconds that a run may send for.
pub const MAX_SECS: u64 = 3_600;
/// Connections or sockets that send.
pub const MAX_SENDERS: u32 = 2_000;
/// Messages of a run: their numbers are kept until they are read back, 8 bytes each.
pub const MAX_MESSAGES: u64 = 2_000_000;
