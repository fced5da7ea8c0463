//! An account's own intents: a few sentences each, learned on the features that the encoder gives anyway.
//!
//! In scope: what belongs to none of them, training with cross-validation, whether a new version may replace the one in use, reading and applying a
//! stored head, and remembering the heads used lately. Out of scope: the encoder, databases, HTTP. The rule by which
//! versions are compared is `docs/decisions/0011-own-intents.md`.
#![forbid(unsafe_code)]

mod background;
mod head;
mod lately;
mod train;

pub use background::BACKGROUND;
pub use head::{MIN_CONFIDENCE, Scored, StoredHead};
pub use lately::{Lately, MAX_BYTES};
pub use train::{Corpus, FOLDS, TrainError, Trained, train};
