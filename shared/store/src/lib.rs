//! D1 repositories behind a trait; every query is scoped to an account.
//!
//! [`Directory`] finds the account; [`Shards`] hands out an [`AccountStore`] that can ask for nothing else than that
//! account's rows. the projection turns events into statements, [`projector`] decides what becomes of queue messages and
//! rebuilds; [`files`] is the place of what is no row. In scope: SQL and those decisions. Out of scope: queues, bindings, HTTP; those are
//! `workers/`.
#![forbid(unsafe_code)]

pub mod database;
pub mod directory;
pub mod files;
pub mod keys;
pub mod mover;
mod parked;
mod projection;
pub mod projector;
mod scoped;
pub mod seed;
pub mod shards;
#[cfg(feature = "testing")]
pub mod testing;

#[cfg(test)]
mod fixtures;

pub use database::{Database, Row, Statement, StoreError, Value};
pub use directory::Directory;
pub use keys::{DataKeys, KnownKeys};
pub use parked::{Parked, ParkedReason};
pub use shards::{AccountStore, Shards};

/// A value that serde writes as one word, such as a role.
pub(crate) fn word(value: impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        // Only field-less enums with no custom serializer are given to this.
        _ => String::new(),
    }
}

/// A value of ours as JSON.
pub(crate) fn json(value: &impl serde::Serialize) -> String {
    // Our types have string keys and no custom serializers that fail, which are all the ways this can fail.
    serde_json::to_string(value).unwrap_or_default()
}
