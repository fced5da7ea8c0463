//! The Durable Object classes: thin shells around `edgedesk-objects`. Each turns an event of the runtime into a call.
//!
//! An event for an object is one turn of a single thread. The logic writes to SQLite and sets its alarm without anything
//! in between that could let another event in, so the runtime commits both together; and the runtime holds back answers
//! and frames until that commit is on disk (the output gate). So an answer is a promise kept.

mod audit_object;
mod conversation_object;
mod desk_object;
mod gate;
mod host;
mod http;
mod idempotency_object;
mod knowledge_object;
mod ledger_object;
mod limiter_object;
mod metrics_object;
mod outside;
mod privacy_object;
mod privacy_outside;
mod timer;

pub use audit_object::AuditObject;
pub use conversation_object::ConversationObject;
pub use desk_object::DeskObject;
pub use idempotency_object::IdempotencyObject;
pub use knowledge_object::KnowledgeObject;
pub use ledger_object::LedgerObject;
pub use limiter_object::LimiterObject;
pub use metrics_object::MetricsObject;
pub(crate) use outside::Bindings;
pub use privacy_object::PrivacyObject;
pub(crate) use privacy_outside::conversations_of;
pub(crate) use timer::Timer;
