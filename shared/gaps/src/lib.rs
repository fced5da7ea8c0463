//! Questions that customers ask again and again and that no article answers: found once a day, and a draft made of each group.
//!
//! In scope: which questions are looked at and what counts as answered ([`finder`]), which group is the same as one that is known
//! ([`same`]), and what of people's texts may be shown ([`texts`]). Out of scope: the grouping itself (`edgedesk-search`), the wording of a
//! draft (`edgedesk-knowledge`), the model, the index and the queue.
#![forbid(unsafe_code)]

pub mod finder;
pub mod same;
#[cfg(test)]
mod tests;
pub mod texts;
