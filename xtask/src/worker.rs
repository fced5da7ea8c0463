//! The models in the inference Worker under workerd, asked in batches.
//!
//! A text that is too long for a batch is asked about alone, on the path of the product, which takes longer ones. That path
//! gives an analysis and no numbers to compute on: features and embedding of such a text come from the same models in this
//! process.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use edgedesk_client::ports::free_port;
use edgedesk_client::{Answer, Edgedesk};
use edgedesk_domain::analysis::{Analysis, PastMood};
use edgedesk_domain::ids::{AccountId, ConversationId, MessageId};
use edgedesk_domain::message::MAX_TEXT_BYTES;
use edgedesk_wire::inference::{
    ANALYZE_BATCH_PATH, ANALYZE_PATH, AnalyzeAnswer, AnalyzeBatchRequest, AnalyzeBatchResponse,
    AnalyzeRequest, BatchItem, BatchOutcome, MAX_BATCH_TEXT_BYTES,
};
use serde_json::Value;
use ulid::Ulid;

use crate::build::{self, BuildArguments};
use crate::migrate;
use crate::native::Native;
use crate::reader::{Outcome, Reading, apart};
use crate::runtime::{Direct, Options, Runtime};
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
    local: Arc<Native>,
}

impl Worker {
    /// Builds what is not current and starts it.
    pub async fn start() -> Result<Self> {
        build::run(BuildArguments::whatever_is_current()).await?;
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
        let local = Arc::new(apart(Native::load).await??);
        Ok(Self {
            runtime,
            client: Edgedesk::anonymous(&format!("http://127.0.0.1:{inference_port}")),
            state,
            local,
        })
    }

    /// The models as loaded in this process, for what needs no Worker.
    pub fn local(&self) -> &Native {
        &self.local
    }

    /// As [`Native::read`], for as many texts as a batch may have.
    ///
    /// # Errors
    /// When the Worker is gone; a text that it cannot read is an outcome.
    pub async fn read(&mut self, texts: &[String]) -> Result<Vec<Outcome<Reading>>> {
        let mut readings = Vec::with_capacity(texts.len());
        for (text, answer) in texts
            .iter()
            .zip(self.answers(texts, Extra::Features).await?)
        {
            let reading = match answer {
                Err(error) => Err(error),
                Ok(Answered {
                    analysis,
                    extra: Some(features),
                }) => Ok(self.local.reading(&analysis, features)),
                Ok(Answered { analysis, .. }) => {
                    let here = self.here(text, Native::read).await?;
                    here.map(|here| self.local.reading(&analysis, here.features))
                }
            };
            readings.push(reading);
        }
        Ok(readings)
    }

    /// As [`Native::embed`], for as many texts as a batch may have.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub async fn embed(&mut self, texts: &[String]) -> Result<Vec<Outcome<Vec<f32>>>> {
        let mut embeddings = Vec::with_capacity(texts.len());
        for (text, answer) in texts
            .iter()
            .zip(self.answers(texts, Extra::Embeddings).await?)
        {
            let embedding = match answer.map(|answered| answered.extra) {
                Err(error) => Err(error),
                Ok(Some(embedding)) => Ok(embedding),
                Ok(None) => self.here(text, Native::embed).await?,
            };
            embeddings.push(embedding);
        }
        Ok(embeddings)
    }

    /// The language of each text; none where it cannot be told.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub async fn identify(&mut self, texts: &[String]) -> Result<Vec<Outcome<Option<String>>>> {
        let answers = self.answers(texts, Extra::Nothing).await?;
        let code = |answered: Answered| answered.analysis.language.map(|language| language.code);
        Ok(answers.into_iter().map(|answer| answer.map(code)).collect())
    }

    /// The whole analysis of a message after others.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub async fn analyze(&mut self, text: &str, history: &[PastMood]) -> Result<Outcome<Analysis>> {
        if text.len() > MAX_TEXT_BYTES {
            return Ok(Err(format!(
                "the text has {} bytes; the Worker takes at most {MAX_TEXT_BYTES}",
                text.len()
            )));
        }
        // Ids are for the Worker's log, where these are nobody's.
        let request = AnalyzeRequest {
            account_id: AccountId::new(Ulid::nil()),
            conversation_id: ConversationId::new(Ulid::nil()),
            message_id: MessageId::new(Ulid::nil()),
            message_seq: 0,
            text: text.to_owned(),
            history: history.to_vec(),
            own_intents: None,
        };
        let answer = self
            .post(ANALYZE_PATH, &serde_json::to_value(&request)?)
            .await?;
        analysis_in(&answer)
    }

    /// What the Worker says of each text, in their order: short ones in one request, each of the others in one of its own.
    async fn answers(&mut self, texts: &[String], extra: Extra) -> Result<Vec<Outcome<Answered>>> {
        let (long, short): (Vec<usize>, Vec<usize>) =
            (0..texts.len()).partition(|place| texts[*place].len() > MAX_BATCH_TEXT_BYTES);
        let items = short.iter().map(|place| BatchItem {
            text: texts[*place].clone(),
            history: Vec::new(),
        });
        let batch = self.batch(items.collect(), extra).await?;
        let mut answers: Vec<(usize, Outcome<Answered>)> = short.into_iter().zip(batch).collect();
        for place in long {
            let analysis = self.analyze(&texts[place], &[]).await?;
            let answered = analysis.map(|analysis| Answered {
                analysis: Box::new(analysis),
                extra: None,
            });
            answers.push((place, answered));
        }
        answers.sort_by_key(|(place, _)| *place);
        Ok(answers.into_iter().map(|(_, answer)| answer).collect())
    }

    async fn batch(
        &mut self,
        items: Vec<BatchItem>,
        extra: Extra,
    ) -> Result<Vec<Outcome<Answered>>> {
        if items.is_empty() {
            return Ok(Vec::new());
        }
        let (n_items, answer) = (items.len(), self.ask(items.clone(), extra).await?);
        if answer.status == 200 {
            return answers_in(&answer, n_items, extra);
        }
        // Whichever of them it was, the others are read.
        let mut outcomes = Vec::with_capacity(n_items);
        for item in items {
            let answer = self.ask(vec![item], extra).await?;
            outcomes.extend(match answer.status {
                200 => answers_in(&answer, 1, extra)?,
                _ => vec![Err(refusal(&answer))],
            });
        }
        if outcomes.iter().all(Result::is_err) {
            bail!("the Worker reads nothing: {}", refusal(&answer));
        }
        Ok(outcomes)
    }

    async fn ask(&mut self, items: Vec<BatchItem>, extra: Extra) -> Result<Answer> {
        let request = AnalyzeBatchRequest {
            items,
            features: extra == Extra::Features,
            embeddings: extra == Extra::Embeddings,
        };
        self.post(ANALYZE_BATCH_PATH, &serde_json::to_value(&request)?)
            .await
    }

    async fn post(&mut self, path: &str, request: &Value) -> Result<Answer> {
        let client = &self.client;
        self.runtime
            .during(async { Ok(client.post(path, request).await?) })
            .await
    }

    /// What the models in this process say of a text.
    async fn here<T: Send + 'static>(
        &self,
        text: &str,
        work: fn(&Native, &str) -> Result<T>,
    ) -> Result<Outcome<T>> {
        let (local, text) = (Arc::clone(&self.local), text.to_owned());
        apart(move || work(&local, &text).map_err(|error| format!("{error:#}"))).await
    }
}

/// What the Worker says of a text.
#[derive(Debug, PartialEq)]
struct Answered {
    analysis: Box<Analysis>,
    /// What was asked for beside it; none where the Worker has no way to give it.
    extra: Option<Vec<f32>>,
}

/// # Errors
/// When an answer is missing, or something in one: another Worker than this checkout's has answered.
fn answers_in(answer: &Answer, n_items: usize, extra: Extra) -> Result<Vec<Outcome<Answered>>> {
    let answer: AnalyzeBatchResponse = answer.json()?;
    if answer.items.len() != n_items {
        bail!(
            "the Worker answered {} of {n_items} texts",
            answer.items.len()
        );
    }
    answer
        .items
        .into_iter()
        .map(|outcome| answered(outcome, extra))
        .collect()
}

/// # Errors
/// When something is missing that was asked for: another Worker than this checkout's has answered.
fn answered(outcome: BatchOutcome, wanted: Extra) -> Result<Outcome<Answered>> {
    match outcome {
        BatchOutcome::Analyzed {
            analysis,
            features,
            embedding,
        } => {
            let extra = match wanted {
                Extra::Nothing => None,
                Extra::Features => Some(features.context("the Worker gave no features")?),
                Extra::Embeddings => Some(embedding.context("the Worker gave no embedding")?),
            };
            Ok(Ok(Answered { analysis, extra }))
        }
        BatchOutcome::Failed { error } => Ok(Err(format!("the Worker failed: {error}"))),
    }
}

/// The analysis in an answer of [`ANALYZE_PATH`]. A refusal is this text's; it says nothing of the next one.
fn analysis_in(answer: &Answer) -> Result<Outcome<Analysis>> {
    if answer.status != 200 {
        return Ok(Err(refusal(answer)));
    }
    match answer.json::<AnalyzeAnswer>()? {
        AnalyzeAnswer::Analyzed(response) => Ok(Ok(response.analysis)),
        AnalyzeAnswer::HeadNeeded(_) => bail!("the Worker asks for a head that was not named"),
    }
}

/// An answer that is no analysis, in words.
fn refusal(answer: &Answer) -> String {
    let code = answer.problem().map(|problem| problem.code);
    let code = code.unwrap_or_else(|| answer.text());
    format!("the Worker answered {}: {code}", answer.status)
}

impl Drop for Worker {
    fn drop(&mut self) {
        // Left-overs are in `target`, where nobody minds them.
        let _ = std::fs::remove_dir_all(&self.state);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn answer(status: u16, body: &Value) -> Answer {
        Answer {
            method: "POST".into(),
            path: ANALYZE_PATH.into(),
            status,
            headers: hyper::HeaderMap::new(),
            body: body.to_string().into_bytes(),
        }
    }

    fn analysis() -> Value {
        json!({
            "sentiment": {"polarity": "neutral", "label": "neutral", "confidence": 0.9, "score": 0.0, "trend": "stable"},
            "escalation_risk": 0.1, "confidence": 0.9, "reasons": [], "model": {"id": "m", "version": "1"}, "elapsed_ms": 1.0
        })
    }

    #[test]
    fn a_refusal_is_of_its_text_and_no_end_of_the_work() {
        let refused = json!({"items": [
            {"analysis": analysis(), "features": [0.5]},
            {"error": "too_large"},
        ]});
        let found = answers_in(&answer(200, &refused), 2, Extra::Features);
        let found = found.expect("as many answers as texts");
        assert_eq!(
            found[0].as_ref().map(|answered| answered.extra.clone()),
            Ok(Some(vec![0.5]))
        );
        assert_eq!(found[1], Err("the Worker failed: too_large".into()));

        let problem = answer(413, &json!("too large"));
        let outcome = analysis_in(&problem).expect("an outcome");
        assert!(outcome.is_err_and(|error| error.contains("413")));
        let fine = answer(200, &json!({ "analysis": analysis() }));
        assert!(analysis_in(&fine).expect("an outcome").is_ok());
    }

    #[test]
    fn answers_of_another_worker_are_no_outcomes() {
        let one = json!({"items": [{"analysis": analysis()}]});
        assert!(answers_in(&answer(200, &one), 2, Extra::Nothing).is_err());
        assert!(answers_in(&answer(200, &one), 1, Extra::Features).is_err());
        assert!(answers_in(&answer(200, &one), 1, Extra::Nothing).is_ok());
    }
}
