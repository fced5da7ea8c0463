//! The logic of the Durable Objects, generic over storage, clock, ids and the outside.
//!
//! In scope: what an object remembers, in which order, and what it promises: the [`conversation`] with its event log,
//! sockets, outbox and analyses, the [`desk`] of an account, its [`audit`] log, the [`knowledge`] it searches, the [`limiter`] of its calls,
//! the [`ledger`] of what its text generators cost, and the keys of changes that happen once ([`idempotency`]); and the [`metrics`] of
//! the whole deployment. Out of scope: the runtime. An object reaches it through [`sql::ObjectSql`] and [`host::Host`]; the shells in the gateway implement
//! both and do nothing else.
#![forbid(unsafe_code)]

pub mod audit;
pub mod conversation;
pub mod desk;
pub mod error;
pub mod host;
pub mod idempotency;
pub mod knowledge;
pub mod ledger;
pub mod limiter;
pub mod metrics;
pub mod own_intents;
pub mod privacy;
pub mod sockets;
pub mod sql;
mod tickets;
mod watch;

#[cfg(test)]
mod testing;
