//! What can be run: each takes a stack, says how far it is, and gives a report.

pub mod conversations;
pub mod hooks;
pub mod idle;
pub mod reads;
pub mod soak;
