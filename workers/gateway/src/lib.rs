//! The public Worker: hooks, the API, sockets and the pages; it hosts the Durable Object classes.
//!
//! A request goes through [`entry`] (the platform's types), [`routes`] (the one table), an extractor of [`extract`] (the
//! checks), a handler, and [`finish`] (problems and headers). Handlers decide nothing that an object or a shared crate
//! can decide.

mod account_store;
mod accounts;
mod admin;
mod ai;
mod api_keys;
mod articles;
mod assets;
mod assistant;
mod assistant_switch;
mod attachments;
mod audit;
mod auth;
mod browser;
mod config;
mod context;
mod conversations;
mod cookie;
mod customers;
mod decisions;
mod desk;
mod entrance;
mod entry;
mod error;
mod extract;
mod fields;
mod files;
mod finish;
mod generators;
mod guard;
mod health;
mod hooks;
mod http_glue;
mod inbox_cache;
mod inboxes;
mod intents;
mod invitations;
mod knowledge;
mod limits;
mod lockout;
mod macros;
mod manners;
mod members;
mod metrics;
mod networks;
mod object_client;
mod objects;
#[cfg(feature = "openapi")]
pub mod openapi;
mod origin;
mod own_intents;
mod privacy;
mod providers;
mod replay;
mod roles;
mod routes;
mod second_factor;
mod service_client;
mod session_check;
mod sessions;
mod similar;
mod sockets;
mod suggestions;
mod teams;
mod tickets;
mod transcript;
mod widget;
mod zendesk;
mod zero_trust;

pub use objects::{
    AuditObject, ConversationObject, DeskObject, IdempotencyObject, KnowledgeObject, LedgerObject,
    LimiterObject, MetricsObject, PrivacyObject,
};
use worker::{Context, Env, event, web_sys};

/// The entry point of the platform.
#[event(fetch)]
pub async fn fetch(
    request: web_sys::Request,
    env: Env,
    context: Context,
) -> worker::Result<web_sys::Response> {
    entry::handle(request, env, context).await
}
