//! Clients and the chain against servers of the tests' own, which speak each provider's format over HTTP. Time is a clock that the
//! tests drive; nothing waits.

#![allow(
    clippy::unwrap_used,
    reason = "a test has failed when a helper of it panics"
)]

mod chain;
mod errors;
mod faults;
mod formats;
mod injection;
mod providers;
mod server;
mod time;
