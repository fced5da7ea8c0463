//! What crosses a boundary: HTTP bodies, socket frames, queue messages, requests between Workers and objects, and the
//! payloads of providers. A derive of `Serialize` here is a promise to someone; domain structs are reused only where the
//! promise is the same.
#![forbid(unsafe_code)]

pub mod accounts;
pub mod ai;
pub mod api;
pub mod api_keys;
pub mod articles;
pub mod assistant;
pub mod audit;
pub mod cloud_event;
pub mod customers;
pub mod desk;
pub mod drafts;
pub mod fields;
pub mod frames;
pub mod gaps;
pub mod generators;
pub mod idempotency;
pub mod inboxes;
pub mod inference;
pub mod jobs;
pub mod knowledge;
pub mod limits;
pub mod macros;
pub mod members;
pub mod object;
pub mod of_account;
pub mod privacy;
pub mod problem;
pub mod providers;
pub mod queue;
pub mod roles;
pub mod second_factor;
pub mod security;
pub mod sessions;
pub mod similar;
pub mod suggestions;
pub mod teams;
pub mod zendesk;
pub mod zendesk_agents;
