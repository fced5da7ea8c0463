//! The words and rules of the support desk.
//!
//! In scope: ids, time, messages, conversations and their event log, tickets, analyses, roles. Out of scope: HTTP,
//! storage, sockets and any platform; those are `edgedesk-wire`, `edgedesk-store` and the Workers.
#![forbid(unsafe_code)]

pub mod access;
pub mod account;
pub mod analysis;
pub mod article;
pub mod assistant;
pub mod attachment;
pub mod consent;
pub mod conversation;
pub mod event;
pub mod feedback;
pub mod files;
pub mod host;
pub mod ids;
pub mod inbound;
pub mod invitation;
pub mod limits;
pub mod macros;
pub mod membership;
pub mod message;
pub mod networks;
pub mod suggestion;
pub mod time;
pub mod zero_trust;
