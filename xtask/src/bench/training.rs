//! How long an account waits for intents of its own: ten of ten sentences, from the request to the trained head.

use anyhow::{Context, Result, bail};
use edgedesk_client::Edgedesk;
use edgedesk_wire::inference::TRAIN_INTENTS_PATH;
use serde_json::{Value, json};

use super::Bench;
use super::report::Row;
use crate::progress::Step;
use crate::texts;

/// Intents, and what stands around a question to make sentences of it. A question with its greeting has some 20 tokens.
const INTENTS: usize = 10;
const AROUND: [(&str, &str); 10] = [
    ("", ""),
    ("Hello, ", ""),
    ("Hi there! ", " Thanks."),
    ("", " It is urgent."),
    ("Good morning, ", " Kind regards"),
    ("I wrote to you last week. ", ""),
    ("", " I have been waiting for an answer since Monday."),
    ("One more thing: ", ""),
    ("Please help. ", ""),
    ("", " Please let me know."),
];

/// Most milliseconds that a training may take.
const BUDGET_MS: f64 = 1_000.0;

/// Trainings after the first; the median counts.
const ROUNDS: usize = 5;

/// Times of the first training, which also reads the background that all own intents are told from, and of later ones.
pub async fn rows(bench: &Bench) -> Result<Vec<Row>> {
    let inference = Edgedesk::anonymous(&bench.inference_url);
    let request = request()?;
    let step = Step::begin("training own intents");
    let first = train_ms(&inference, &request).await?;
    let mut later = Vec::new();
    for _ in 0..ROUNDS {
        later.push(train_ms(&inference, &request).await?);
    }
    later.sort_by(f64::total_cmp);
    step.end("trained");
    let row = |when: &str, millis| {
        let name = format!("own intents trained, ten of ten sentences, {when}");
        Row::at_most(name, millis, "ms", BUDGET_MS)
    };
    Ok(vec![
        row("first of an isolate", first),
        row("later", later[ROUNDS / 2]),
    ])
}

/// A request with [`INTENTS`] intents of as many sentences as there is to stand around them.
fn request() -> Result<Value> {
    let questions = texts()?;
    let questions = questions
        .get(..INTENTS)
        .context("the corpus has too few questions")?;
    let mut intents = Vec::new();
    let mut rows = Vec::new();
    for (place, question) in questions.iter().enumerate() {
        intents.push(json!({
            "intent_id": format!("int_0000000000000000000000000{place}"),
            "name": format!("Intent {place}"),
        }));
        rows.extend(AROUND.iter().map(|(before, after)| {
            json!({ "intent": place, "text": format!("{before}{question}{after}") })
        }));
    }
    Ok(json!({
        "account_id": "acc_00000000000000000000000001",
        "intents": intents,
        "rows": rows,
    }))
}

/// Milliseconds from the request to its answer.
async fn train_ms(inference: &Edgedesk, request: &Value) -> Result<f64> {
    let began = std::time::Instant::now();
    let answer = inference.post(TRAIN_INTENTS_PATH, request).await?;
    if answer.status != 200 {
        bail!("training answered {}: {}", answer.status, answer.text());
    }
    Ok(began.elapsed().as_secs_f64() * 1e3)
}
