//! The models in this process: what the inference Worker does with a text, without the Worker.

use std::time::Instant;

use anyhow::{Context, Result};
use edgedesk_domain::analysis::{Analysis, PastMood, Polarity, Sentiment};
use edgedesk_encoder::heads::Heads;
use edgedesk_encoder::manifest::ManifestFile;
use edgedesk_encoder::{Embedder, Manifest, Model, ModelFiles};
use edgedesk_language::{HashedMood, Identifier};
use edgedesk_reader::Reader;

use crate::reader::Reading;
use crate::workspace::root;

/// The encoder with its heads, and the models of languages.
pub struct Native {
    model: Model,
    /// The same heads once more, for features that come from elsewhere.
    heads: Heads,
    embedder: Option<Embedder>,
    identifier: Option<Identifier>,
    multilingual: Option<HashedMood>,
    english: Option<HashedMood>,
}

impl Native {
    /// Loads `models/files` by `models/manifest.json`.
    pub fn load() -> Result<Self> {
        let manifest = Manifest::shipped()?;
        let names = &manifest.files;
        let files = ModelFiles {
            encoder: file(&names.encoder)?,
            embeddings: file(&names.embeddings)?,
            vocabulary: file(&names.vocabulary)?,
            emoji: file(&names.emoji)?,
            heads: file(&names.heads)?,
        };
        let heads = files.heads.clone();
        let model = Model::load(&manifest, files)?;
        let embedder = names.embedder.as_ref().map(file).transpose()?;
        let identifier = names.language.as_ref().map(file).transpose()?;
        let mood = |named: Option<&ManifestFile>| -> Result<Option<HashedMood>> {
            let bytes = named.map(file).transpose()?;
            Ok(bytes.map(|bytes| HashedMood::parse(&bytes)).transpose()?)
        };
        Ok(Self {
            heads: Heads::parse(&heads, model.n_features())?,
            embedder: embedder
                .map(|bytes| Embedder::parse(&bytes, model.width()))
                .transpose()?,
            identifier: identifier
                .map(|bytes| Identifier::parse(&bytes))
                .transpose()?,
            multilingual: mood(names.multilingual.as_ref())?,
            english: mood(names.english.as_ref())?,
            model,
        })
    }

    /// The model's name and version.
    pub fn model(&self) -> String {
        format!("{} {}", self.model.id(), self.model.version())
    }

    /// What the models say.
    pub fn read(&self, text: &str) -> Result<Reading> {
        let read = self.reader().read(text, &[], || 0.0)?;
        Ok(self.reading(&read.analysis, read.reading.features))
    }

    /// Features under the heads, but for the mood, which is that of the analysis: in other languages than English another
    /// model has decided it.
    pub fn reading(&self, analysis: &Analysis, features: Vec<f32>) -> Reading {
        let mut heads = self.heads.apply(&features);
        heads.insert("sentiment".into(), mood(&analysis.sentiment));
        Reading { features, heads }
    }

    /// The embedding of a text, of length 1.
    pub fn embed(&self, text: &str) -> Result<Vec<f32>> {
        let missing = "models/manifest.json names no embedder";
        let embedder = self.embedder.as_ref().context(missing)?;
        Ok(embedder.embed(&self.model.run(text)?)?)
    }

    /// The languages that can be told.
    pub fn languages(&self) -> Result<Vec<String>> {
        Ok(self.identifier()?.languages().map(str::to_owned).collect())
    }

    /// The language of a text; none where it cannot be told.
    pub fn identify(&self, text: &str) -> Result<Option<String>> {
        let guess = self.identifier()?.identify(text);
        Ok(guess.map(|guess| guess.code.to_owned()))
    }

    /// The whole analysis of a message after others.
    pub fn analyze(&self, text: &str, history: &[PastMood]) -> Result<Analysis> {
        let started = Instant::now();
        let now_ms = || started.elapsed().as_secs_f64() * 1_000.0;
        Ok(self.reader().read(text, history, now_ms)?.analysis)
    }

    fn reader(&self) -> Reader<'_> {
        Reader {
            model: &self.model,
            language: self.identifier.as_ref(),
            multilingual: self.multilingual.as_ref(),
            english: self.english.as_ref(),
        }
    }

    fn identifier(&self) -> Result<&Identifier> {
        let missing = "models/manifest.json names no language file";
        self.identifier.as_ref().context(missing)
    }
}

/// A file of the model, checked against the manifest.
fn file(named: &ManifestFile) -> Result<Vec<u8>> {
    let path = root().join("models/files").join(&named.name);
    let bytes = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    named.check(&bytes)?;
    Ok(bytes)
}

/// The three probabilities behind a sentiment: `score` is positive less negative, `confidence` is the largest.
fn mood(sentiment: &Sentiment) -> Vec<(String, f32)> {
    let (score, confidence) = (sentiment.score, sentiment.confidence);
    let (negative, positive) = match sentiment.polarity {
        Polarity::Negative => (confidence, confidence + score),
        Polarity::Positive => (confidence - score, confidence),
        Polarity::Neutral => {
            let others = 1.0 - confidence;
            (f64::midpoint(others, -score), f64::midpoint(others, score))
        }
    };
    #[expect(
        clippy::cast_possible_truncation,
        reason = "probabilities are within f32"
    )]
    let scored = |label: &str, score: f64| (label.to_owned(), score as f32);
    vec![
        scored("negative", negative),
        scored("neutral", 1.0 - negative - positive),
        scored("positive", positive),
    ]
}

#[cfg(test)]
mod tests {
    use edgedesk_domain::analysis::{SentimentLabel, Trend};

    use super::*;

    #[test]
    fn the_mood_of_an_analysis_is_that_of_the_head() {
        for (negative, neutral, positive) in [(0.7, 0.2, 0.1), (0.3, 0.5, 0.2), (0.1, 0.3, 0.6)] {
            let polarity = if negative > 0.5 {
                Polarity::Negative
            } else if positive > 0.5 {
                Polarity::Positive
            } else {
                Polarity::Neutral
            };
            let found = mood(&Sentiment {
                polarity,
                label: SentimentLabel::Neutral,
                confidence: f64::max(negative, f64::max(neutral, positive)),
                score: positive - negative,
                trend: Trend::Stable,
            });
            for ((_, found), expected) in found.iter().zip([negative, neutral, positive]) {
                assert!(
                    (f64::from(*found) - expected).abs() < 1e-6,
                    "{polarity:?}: {found}"
                );
            }
        }
    }
}
