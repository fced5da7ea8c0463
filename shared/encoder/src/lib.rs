//! Tokeniser, embedding table, `tract` plans and heads: a text in, a vector and probabilities out.
//!
//! In scope: everything between bytes of model files and a [`Reading`]. Out of scope: where the bytes come from, clocks,
//! and what a reading means for a conversation (`edgedesk-analysis`). The files are made by `models/train/`; the
//! native build and the Worker run this same code, so scores are measured natively and pinned by golden files.
#![deny(unsafe_code)]

mod attention;
pub mod embedding;
pub mod encoder;
mod float;
pub mod heads;
mod linear;
pub mod manifest;
pub mod model;
pub mod normalise;
mod operators;
pub mod tokenizer;
mod unicode_tables;

pub use encoder::Embedder;
pub use manifest::Manifest;
pub use model::{Model, ModelFiles, Reading};

/// A model that cannot be loaded or run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    /// A file's bytes are not those the manifest names.
    #[error("model file {name}: its hash is not the manifest's")]
    WrongHash {
        /// The file's name.
        name: String,
    },
    /// A file has not the shape it should have.
    #[error("model file {file}: {reason}")]
    Malformed {
        /// Which of the files.
        file: &'static str,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The graph could not be planned or run.
    #[error("model graph: {0}")]
    Graph(String),
}
