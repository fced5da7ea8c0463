//! Finding what answers a question: by meaning, by words, and by both.
//!
//! In scope: rows of an embedding and the exact search over them ([`index`]), the words of a question as a full-text index takes
//! them ([`terms`]), and how the two results become one ([`fuse`]); whether two texts ask the same ([`duplicates`]), also when only hashes
//! are left of them ([`fingerprint`]), and which questions have no answer ([`clusters`]). Out of scope: the encoder that makes embeddings, and where rows and texts are stored.
#![forbid(unsafe_code)]

pub mod clusters;
pub mod duplicates;
pub mod fingerprint;
pub mod fuse;
pub mod index;
pub mod row;
pub mod terms;
