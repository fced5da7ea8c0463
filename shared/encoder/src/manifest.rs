//! `models/manifest.json`: which files make up the model, and how to know them.

use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::ModelError;

/// The manifest as far as the runtime needs it; scores and history are for people.
#[derive(Debug, Clone, Deserialize)]
pub struct Manifest {
    /// The model's name, as every analysis carries it.
    pub id: String,
    /// Its version.
    pub version: String,
    /// Its files.
    pub files: ManifestFiles,
}

/// The files of a model: five that it cannot do without, and parts that an analysis may lack.
#[derive(Debug, Clone, Deserialize)]
pub struct ManifestFiles {
    /// The lower transformer layers, which the heads read, ONNX.
    pub encoder: ManifestFile,
    /// The int8 embedding table.
    pub embeddings: ManifestFile,
    /// One token a line.
    pub vocabulary: ManifestFile,
    /// Words for emoji.
    pub emoji: ManifestFile,
    /// The linear heads.
    pub heads: ManifestFile,
    /// The upper transformer layers, which give the embedding, ONNX.
    #[serde(default)]
    pub embedder: Option<ManifestFile>,
    /// The table of the language identifier (`edgedesk-language`).
    #[serde(default)]
    pub language: Option<ManifestFile>,
    /// The small sentiment model for texts that are not English.
    #[serde(default)]
    pub multilingual: Option<ManifestFile>,
    /// The small sentiment model that reads English beside the encoder.
    #[serde(default)]
    pub english: Option<ManifestFile>,
}

/// One file, named by its content.
#[derive(Debug, Clone, Deserialize)]
pub struct ManifestFile {
    /// The file's name below `models/files/`.
    pub name: String,
    /// Hex SHA-256 of its bytes.
    pub sha256: String,
    /// Its length.
    pub bytes: u64,
}

impl Manifest {
    /// The manifest of the model this crate was built with.
    pub fn shipped() -> Result<Self, ModelError> {
        Self::parse(include_str!("../../../models/manifest.json"))
    }

    /// The name of the file that an error is about; for one about no single file, the encoder's.
    #[must_use]
    pub fn file_of<'a>(&'a self, error: &'a ModelError) -> &'a str {
        let files = &self.files;
        match error {
            ModelError::WrongHash { name } => name,
            ModelError::Malformed { file, .. } => match *file {
                "embeddings" => &files.embeddings.name,
                "vocabulary" => &files.vocabulary.name,
                "emoji" => &files.emoji.name,
                "heads" => &files.heads.name,
                other => other,
            },
            ModelError::Graph(_) => &files.encoder.name,
        }
    }

    /// Reads a manifest.
    pub fn parse(json: &str) -> Result<Self, ModelError> {
        serde_json::from_str(json).map_err(|_| ModelError::Malformed {
            file: "manifest",
            reason: "not a manifest",
        })
    }
}

impl ManifestFile {
    /// Refuses bytes that are not this file's.
    pub fn check(&self, bytes: &[u8]) -> Result<(), ModelError> {
        if hex::encode(Sha256::digest(bytes)) == self.sha256 {
            Ok(())
        } else {
            Err(ModelError::WrongHash {
                name: self.name.clone(),
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_byte_is_noticed() {
        let file = ManifestFile {
            name: "x".into(),
            sha256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad".into(),
            bytes: 3,
        };
        assert_eq!(file.check(b"abc"), Ok(()));
        assert_eq!(
            file.check(b"abd"),
            Err(ModelError::WrongHash { name: "x".into() })
        );
    }
}
