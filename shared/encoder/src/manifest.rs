//! `models/manifest.json`: which files make up the model, and how to know them.

use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::ModelError;

/// What this crate makes of the files, for [`Manifest::features_digest`]: raised by hand when the same files come to give
/// other features, as with another way of pooling.
const FEATURES_RECIPE: u32 = 1;
/// Likewise for [`Manifest::embedding_digest`].
const EMBEDDING_RECIPE: u32 = 1;

/// The manifest as far as the runtime needs it; scores and history are for people.
#[derive(Debug, Clone, Deserialize)]
pub struct Manifest {
    /// The model's name, as every analysis carries it.
    pub id: String,
    /// The version of all its files together, as people count; [`Manifest::exact_version`] tells more.
    pub version: String,
    /// Its files.
    pub files: ManifestFiles,
}

/// The files of a model: five that it cannot do without, and parts that an analysis may lack.
#[derive(Debug, Clone, Deserialize)]
pub struct ManifestFiles {
    /// The lower transformer layers, which the heads read, ONNX.
    pub encoder: ManifestFile,
    /// The six-bit embedding table.
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

    /// The version with a digest of all files behind it, as in `0.3.0+1f2e3d4c`: what an analysis carries, so that no file can
    /// change without a trace in the decisions that it took part in.
    #[must_use]
    pub fn exact_version(&self) -> String {
        let files = &self.files;
        let needed = [
            &files.encoder,
            &files.embeddings,
            &files.vocabulary,
            &files.emoji,
            &files.heads,
        ];
        let parts = [
            &files.embedder,
            &files.language,
            &files.multilingual,
            &files.english,
        ];
        let mut all = Sha256::new();
        for file in needed
            .into_iter()
            .map(Some)
            .chain(parts.map(Option::as_ref))
        {
            // A file that is not there has a line too: two files never look like one.
            all.update(file.map_or("", |file| &file.sha256));
            all.update("\n");
        }
        let digest = hex::encode(all.finalize());
        format!("{}+{}", self.version, &digest[..8])
    }

    /// A digest of what determines a text's features, 16 hex digits: encoder, embedding table, vocabulary and emoji by their
    /// content. Heads that were trained on features of one digest read those of another as noise. Neither names nor versions
    /// count, nor do files that only read the features.
    #[must_use]
    pub fn features_digest(&self) -> String {
        self.digest_of("features", FEATURES_RECIPE, None)
    }

    /// A digest of what determines a text's embedding, 16 hex digits: all that its features come from, and the upper layers.
    /// Embeddings of different digests are not to be compared.
    #[must_use]
    pub fn embedding_digest(&self) -> String {
        let embedder = self.files.embedder.as_ref();
        self.digest_of("embedding", EMBEDDING_RECIPE, embedder)
    }

    fn digest_of(&self, what: &str, recipe: u32, also: Option<&ManifestFile>) -> String {
        let files = &self.files;
        let mut all = Sha256::new();
        all.update(format!("{what} {recipe}\n"));
        for file in [
            &files.encoder,
            &files.embeddings,
            &files.vocabulary,
            &files.emoji,
        ]
        .into_iter()
        .chain(also)
        {
            all.update(&file.sha256);
            all.update("\n");
        }
        hex::encode(all.finalize()).chars().take(16).collect()
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
    fn every_file_has_a_say_in_the_exact_version() {
        let json = include_str!("../../../models/manifest.json");
        let shipped = Manifest::parse(json).expect("a manifest");
        let version = shipped.exact_version();
        let (number, digest) = version.split_once('+').expect("a number and a digest");
        assert_eq!((number, digest.len()), (shipped.version.as_str(), 8));
        let files: serde_json::Value = serde_json::from_str(json).expect("JSON");
        for (role, file) in files["files"].as_object().expect("files") {
            let hash = file["sha256"].as_str().expect("a hash");
            let changed =
                Manifest::parse(&json.replace(hash, &"0".repeat(64))).expect("a manifest");
            assert_ne!(changed.exact_version(), version, "{role}");
        }
    }

    #[test]
    fn the_features_are_those_of_four_files_and_of_no_other() {
        let json = include_str!("../../../models/manifest.json");
        let shipped = Manifest::parse(json).expect("a manifest");
        let digest = shipped.features_digest();
        assert_eq!(digest.len(), 16);
        let files: serde_json::Value = serde_json::from_str(json).expect("JSON");
        let mut n_determining = 0;
        for (role, file) in files["files"].as_object().expect("files") {
            let determines =
                ["encoder", "embeddings", "vocabulary", "emoji"].contains(&role.as_str());
            n_determining += usize::from(determines);
            let hash = file["sha256"].as_str().expect("a hash");
            let changed =
                Manifest::parse(&json.replace(hash, &"0".repeat(64))).expect("a manifest");
            assert_eq!(changed.features_digest() != digest, determines, "{role}");
        }
        assert_eq!(n_determining, 4);
        let renamed = Manifest {
            id: "another".into(),
            version: "9".into(),
            ..shipped
        };
        assert_eq!(renamed.features_digest(), digest);
    }

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
