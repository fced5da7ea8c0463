//! The models in the inference Worker under workerd, asked in batches.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use edgedesk_client::Edgedesk;
use edgedesk_domain::analysis::{Analysis, PastMood};
use edgedesk_wire::inference::{
    ANALYZE_BATCH_PATH, AnalyzeBatchRequest, AnalyzeBatchResponse, BatchItem, BatchOutcome,
    MAX_BATCH_TEXT_BYTES,
};

use crate::build::{self, BuildArguments};
use crate::migrate;
use crate::native::Native;
use crate::reader::Reading;
use crate::runtime::{Direct, Options, Runtime, free_port};
use crate::workspace::root;

/// What is asked for beside the analyses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Extra {
    Nothing,
    Features,
    Embeddings,
}

/// A running stack whose inference Worker is asked directly. Dropping it ends it.
pub struct Worker {
    runtime: Runtime,
    client: Edgedesk,
    state: PathBuf,
    local: Native,
}

impl Worker {
    /// Builds what is not current and starts it.
    pub async fn start() -> Result<Self> {
        build::run(BuildArguments::everything(false)).await?;
        // One folder a run: two at once would delete each other's.
        let state = root().join(format!("target/eval-state/{}", std::process::id()));
        std::fs::create_dir_all(&state)?;
        migrate::apply(&state).await?;
        let (port, inference_port) = (free_port()?, free_port()?);
        let runtime = Runtime::start(&Options {
            port,
            state: state.clone(),
            without_inference: false,
            direct: Some(Direct {
                inference_port: Some(inference_port),
                ..Direct::default()
            }),
        })
        .await?;
        let local = Native::load()?;
        Ok(Self {
            runtime,
            client: Edgedesk::anonymous(&format!("http://127.0.0.1:{inference_port}")),
            state,
            local,
        })
    }

    /// The models as loaded in this process, for what needs no Worker.
    pub const fn local(&self) -> &Native {
        &self.local
    }

    /// As [`Native::read`], for as many texts as a batch may have.
    pub async fn read(&mut self, texts: &[String]) -> Result<Vec<Reading>> {
        let outcomes = self.batch(texts, &[], Extra::Features).await?;
        outcomes
            .into_iter()
            .map(|outcome| self.reading(outcome))
            .collect()
    }

    /// As [`Native::embed`], for as many texts as a batch may have.
    pub async fn embed(&mut self, texts: &[String]) -> Result<Vec<Vec<f32>>> {
        let outcomes = self.batch(texts, &[], Extra::Embeddings).await?;
        let embedding = |outcome| match outcome {
            BatchOutcome::Analyzed { embedding, .. } => {
                embedding.context("the Worker gave no embedding")
            }
            BatchOutcome::Failed { error } => bail!("the Worker failed: {error}"),
        };
        outcomes.into_iter().map(embedding).collect()
    }

    /// The language of each text; none where it cannot be told.
    pub async fn identify(&mut self, texts: &[String]) -> Result<Vec<Option<String>>> {
        let outcomes = self.batch(texts, &[], Extra::Nothing).await?;
        let code = |outcome| match outcome {
            BatchOutcome::Analyzed { analysis, .. } => {
                Ok(analysis.language.map(|language| language.code))
            }
            BatchOutcome::Failed { error } => bail!("the Worker failed: {error}"),
        };
        outcomes.into_iter().map(code).collect()
    }

    /// The whole analysis of a message after others.
    pub async fn analyze(&mut self, text: &str, history: &[PastMood]) -> Result<Analysis> {
        let mut outcomes = self
            .batch(&[text.to_owned()], history, Extra::Nothing)
            .await?;
        match outcomes.pop() {
            Some(BatchOutcome::Analyzed { analysis, .. }) => Ok(*analysis),
            Some(BatchOutcome::Failed { error }) if error == "too_large" => {
                bail!("the text is over the {MAX_BATCH_TEXT_BYTES} bytes of a batch")
            }
            Some(BatchOutcome::Failed { error }) => bail!("the Worker failed: {error}"),
            None => bail!("the Worker gave no answer"),
        }
    }

    async fn batch(
        &mut self,
        texts: &[String],
        history: &[PastMood],
        extra: Extra,
    ) -> Result<Vec<BatchOutcome>> {
        let item = |text: &String| BatchItem {
            text: text.clone(),
            history: history.to_vec(),
        };
        let request = AnalyzeBatchRequest {
            items: texts.iter().map(item).collect(),
            features: extra == Extra::Features,
            embeddings: extra == Extra::Embeddings,
        };
        let request = serde_json::to_value(&request)?;
        let client = &self.client;
        let answer = self
            .runtime
            .during(async { Ok(client.post(ANALYZE_BATCH_PATH, &request).await?) })
            .await?;
        let answer: AnalyzeBatchResponse = answer.expect(200)?.json()?;
        if answer.items.len() != texts.len() {
            bail!(
                "the Worker answered {} of {} texts",
                answer.items.len(),
                texts.len()
            );
        }
        Ok(answer.items)
    }

    fn reading(&self, outcome: BatchOutcome) -> Result<Reading> {
        match outcome {
            BatchOutcome::Analyzed {
                analysis, features, ..
            } => {
                let features = features.context("the Worker gave no features")?;
                Ok(self.local.reading(&analysis, features))
            }
            BatchOutcome::Failed { error } => bail!("the Worker failed: {error}"),
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // Left-overs are in `target`, where nobody minds them.
        let _ = std::fs::remove_dir_all(&self.state);
    }
}
