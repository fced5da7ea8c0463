//! What the targets in `fuzz_targets/` share: inputs of several parts, models, and parsers of crates that would bring a platform along.
//!
//! `README.md` has the table of targets, and how to run them.
#![forbid(unsafe_code)]

pub mod inert;
pub mod played;

use std::borrow::Cow;
use std::path::{Path, PathBuf};

/// The tokeniser and what is before it. `edgedesk-encoder` itself brings `tract`, which takes minutes to compile with instruments.
#[path = "../../../shared/encoder/src/normalise.rs"]
pub mod normalise;
#[path = "../../../shared/encoder/src/tokenizer.rs"]
pub mod tokenizer;
#[path = "../../../shared/encoder/src/unicode_tables.rs"]
mod unicode_tables;

/// Cursors of lists, which `edgedesk-store` keeps to itself.
#[path = "../../../shared/store/src/shards/cursor.rs"]
pub mod cursor;

/// The header `Idempotency-Key`, which belongs to the gateway.
#[path = "../../../workers/gateway/src/manners/idempotency/key.rs"]
pub mod idempotency_key;

/// As in `edgedesk-encoder`, where it has more variants.
#[derive(Debug)]
pub enum ModelError {
    /// A file has not the shape it should have.
    Malformed {
        /// Which of the files.
        file: &'static str,
        /// What is wrong with it.
        reason: &'static str,
    },
}

/// As in `edgedesk-store`, where it has more variants.
pub mod database {
    /// Largest whole number of a double.
    pub const MAX_SAFE_INT: i64 = (1 << 53) - 1;

    /// Why a list is not given.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub enum StoreError {
        /// The cursor is none of ours.
        InvalidCursor,
    }
}

/// As in the gateway, where it becomes an answer.
pub mod error {
    /// Why a request is refused.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct AppError(pub &'static str);

    impl AppError {
        /// With this code.
        #[must_use]
        pub const fn bad_request(code: &'static str, _detail: &'static str) -> Self {
            Self(code)
        }
    }
}

/// The parts of an input: 0xFF stands between them, since no text has it. The last one takes what is left; those that are missing are
/// empty.
#[must_use]
pub fn parts<const N: usize>(bytes: &[u8]) -> [&[u8]; N] {
    let mut found = bytes.splitn(N, |byte| *byte == 0xFF);
    std::array::from_fn(|_| found.next().unwrap_or_default())
}

/// Bytes as a text, whatever they are: every change of an input is one of the text.
#[must_use]
pub fn text(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

/// `text` with bytes of it changed: three bytes of `edits` are a place and what is added there (XOR).
#[must_use]
pub fn edited(text: &str, edits: &[u8]) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for edit in edits.chunks_exact(3) {
        let place = usize::from(edit[0]) << 8 | usize::from(edit[1]);
        let n_bytes = bytes.len().max(1);
        if let Some(byte) = bytes.get_mut(place % n_bytes) {
            *byte ^= edit[2];
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The file that `models/manifest.json` names for `what`.
///
/// # Panics
///
/// When there is none: a checkout without its models.
#[must_use]
pub fn model_file(what: &str) -> PathBuf {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models");
    let manifest = std::fs::read(models.join("manifest.json")).expect("models/manifest.json");
    let manifest: serde_json::Value = serde_json::from_slice(&manifest).expect("JSON");
    let name = manifest["files"][what]["name"].as_str().expect("a name");
    models.join("files").join(name)
}

/// Whether nothing in a text is a control character, and it has 1 to `max_chars` characters.
#[must_use]
pub fn is_short_line(text: &str, max_chars: usize) -> bool {
    !text.is_empty() && text.chars().count() <= max_chars && !text.contains(char::is_control)
}
