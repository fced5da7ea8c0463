//! The model as a whole: text in, vector and probabilities out.

use std::collections::BTreeMap;

use crate::embedding::EmbeddingTable;
use crate::encoder::Encoder;
use crate::heads::Heads;
use crate::manifest::Manifest;
use crate::normalise::Normaliser;
use crate::tokenizer::{TokenId, Tokenizer};
use crate::{ModelError, manifest::ManifestFile};

/// Tokens of one run of the encoder, opening and closing token included.
pub const MAX_WINDOW_TOKENS: usize = 128;

/// Windows of a long text that are read: half from its beginning, half from its end, where people say what they want.
/// Bounds the time of a 100 kB message to eight times that of 128 tokens.
pub const MAX_WINDOWS: usize = 8;

/// Bytes of a long text that are tokenised at either end: more than four windows of 126 tokens hold in common languages.
const MAX_END_BYTES: usize = 8 * 1024;

/// The bytes of a model's files, as the manifest names them.
#[derive(Debug, Clone)]
pub struct ModelFiles {
    /// See [`crate::manifest::ManifestFiles::encoder`].
    pub encoder: Vec<u8>,
    /// See [`crate::manifest::ManifestFiles::embeddings`].
    pub embeddings: Vec<u8>,
    /// See [`crate::manifest::ManifestFiles::vocabulary`].
    pub vocabulary: Vec<u8>,
    /// See [`crate::manifest::ManifestFiles::emoji`].
    pub emoji: Vec<u8>,
    /// See [`crate::manifest::ManifestFiles::heads`].
    pub heads: Vec<u8>,
}

/// A loaded model. Holds the embedding table as it came and 5 MB of weights.
#[derive(Debug, Clone)]
pub struct Model {
    id: String,
    version: String,
    normaliser: Normaliser,
    tokenizer: Tokenizer,
    embeddings: EmbeddingTable,
    encoder: Encoder,
    heads: Heads,
}

/// What the model says of one text.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// What every head reads: the mean over the tokens, then the vectors that attention pooled.
    pub features: Vec<f32>,
    /// What an [`Embedder`](crate::Embedder) goes on from: of each window, a row per token.
    pub windows: Vec<Vec<f32>>,
    /// Tokens that were read, opening and closing tokens of every window included.
    pub n_tokens: usize,
    /// Each head's labels with their probabilities, by the head's name.
    pub heads: BTreeMap<String, Vec<(String, f32)>>,
}

impl Model {
    /// Checks every file against the manifest and builds the model. Tens of milliseconds.
    pub fn load(manifest: &Manifest, files: ModelFiles) -> Result<Self, ModelError> {
        let names = &manifest.files;
        names.embeddings.check(&files.embeddings)?;
        let embeddings = EmbeddingTable::parse(files.embeddings)?;
        let tokenizer = Tokenizer::parse(checked_text(
            &names.vocabulary,
            "vocabulary",
            &files.vocabulary,
        )?)?;
        if tokenizer.n_tokens() != embeddings.n_rows() {
            return Err(ModelError::Malformed {
                file: "vocabulary",
                reason: "not one token per embedding row",
            });
        }
        let normaliser = Normaliser::parse(checked_text(&names.emoji, "emoji", &files.emoji)?)?;
        names.encoder.check(&files.encoder)?;
        let encoder = Encoder::parse(&files.encoder, embeddings.width())?;
        names.heads.check(&files.heads)?;
        let heads = Heads::parse(&files.heads, encoder.n_features())?;
        let (id, version) = (manifest.id.clone(), manifest.exact_version());
        Ok(Self {
            id,
            version,
            normaliser,
            tokenizer,
            embeddings,
            encoder,
            heads,
        })
    }

    /// The name in the manifest.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// [`Manifest::exact_version`].
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Reads a text of any length, also an empty one.
    pub fn run(&self, text: &str) -> Result<Reading, ModelError> {
        self.run_windows(&self.windows(text))
    }

    /// Reads texts one after another: as many outcomes as texts, in their order, and one failure spoils no other. Each is read
    /// when it is asked for: the rows of a thousand readings (1.5 kB a token) are more than should be kept.
    pub fn run_batch<'a>(
        &'a self,
        texts: impl IntoIterator<Item = &'a str> + 'a,
    ) -> impl Iterator<Item = Result<Reading, ModelError>> + 'a {
        texts.into_iter().map(|text| self.run(text))
    }

    /// Runs `n_tokens` (3 to [`MAX_WINDOW_TOKENS`]) made-up tokens through everything after the tokeniser: for
    /// measuring time by length.
    pub fn run_tokens(&self, n_tokens: usize) -> Result<Reading, ModelError> {
        let n_pieces = n_tokens.clamp(3, self.window_tokens()) - 2;
        let first = self.embeddings.n_rows() / 2;
        let pieces: Vec<TokenId> = (first..)
            .take(n_pieces)
            .filter_map(|id| id.try_into().ok())
            .collect();
        self.run_windows(&[self.enclosed(&pieces)])
    }

    /// Values in [`Reading::features`].
    #[must_use]
    pub const fn n_features(&self) -> usize {
        self.encoder.n_features()
    }

    /// Values of a row of [`Reading::windows`].
    #[must_use]
    pub const fn width(&self) -> usize {
        self.embeddings.width()
    }

    fn run_windows(&self, windows: &[Vec<TokenId>]) -> Result<Reading, ModelError> {
        let mut features = vec![0.0; self.encoder.n_features()];
        let n_tokens: usize = windows.iter().map(Vec::len).sum();
        let mut rows = Vec::with_capacity(windows.len());
        for window in windows {
            let share = window.len() as f32 / n_tokens as f32;
            let encoded = self.encoder.run(self.embeddings.embed(window))?;
            for (sum, value) in features.iter_mut().zip(encoded.features) {
                *sum += share * value;
            }
            rows.push(encoded.rows);
        }
        let heads = self.heads.apply(&features);
        Ok(Reading {
            features,
            windows: rows,
            n_tokens,
            heads,
        })
    }

    fn window_tokens(&self) -> usize {
        MAX_WINDOW_TOKENS.min(self.embeddings.n_positions())
    }

    /// The text as sequences of tokens, at least one and at most [`MAX_WINDOWS`], of about the same length.
    fn windows(&self, text: &str) -> Vec<Vec<TokenId>> {
        let mut pieces = Vec::new();
        for part in ends(text) {
            pieces.extend(self.tokenizer.pieces(&self.normaliser.apply(part)));
        }
        let n_inner = self.window_tokens() - 2;
        if pieces.len() > n_inner * MAX_WINDOWS {
            let half = n_inner * MAX_WINDOWS / 2;
            pieces.drain(half..pieces.len() - half);
        }
        let n_windows = pieces.len().div_ceil(n_inner).max(1);
        let n_each = pieces.len().div_ceil(n_windows).max(1);
        if pieces.is_empty() {
            return vec![self.enclosed(&[])];
        }
        pieces
            .chunks(n_each)
            .map(|window| self.enclosed(window))
            .collect()
    }

    fn enclosed(&self, pieces: &[TokenId]) -> Vec<TokenId> {
        let mut tokens = Vec::with_capacity(pieces.len() + 2);
        tokens.push(self.tokenizer.opening());
        tokens.extend_from_slice(pieces);
        tokens.push(self.tokenizer.closing());
        tokens
    }
}

/// The whole text, or the beginning and the end of a long one.
fn ends(text: &str) -> Vec<&str> {
    if text.len() <= 2 * MAX_END_BYTES {
        return vec![text];
    }
    let first = text.floor_char_boundary(MAX_END_BYTES);
    let last = text.ceil_char_boundary(text.len() - MAX_END_BYTES);
    vec![&text[..first], &text[last..]]
}

fn checked_text<'a>(
    file: &ManifestFile,
    role: &'static str,
    bytes: &'a [u8],
) -> Result<&'a str, ModelError> {
    file.check(bytes)?;
    std::str::from_utf8(bytes).map_err(|_| ModelError::Malformed {
        file: role,
        reason: "not UTF-8",
    })
}
