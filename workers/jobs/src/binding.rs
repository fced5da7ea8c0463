//! The queue consumer's side of the runtime. `worker` 0.8 binds a message without `attempts`, which delays and the parked
//! table need; so the `queue` handler is exported here and not by `#[event(queue)]`.

use edgedesk_platform::log::{Level, log};
use edgedesk_wire::queue::EXPORTS_QUEUE;
use edgedesk_wire::{drafts, knowledge};
use serde::Serialize;
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};
use worker::Env;

use crate::{drafts_queue, events_queue, exports_queue, knowledge_queue, metrics};

#[wasm_bindgen]
extern "C" {
    /// `MessageBatch` of the runtime.
    pub type QueueBatch;

    #[wasm_bindgen(method, catch, getter)]
    fn queue(this: &QueueBatch) -> Result<String, JsValue>;

    #[wasm_bindgen(method, catch, getter)]
    fn messages(this: &QueueBatch) -> Result<Vec<QueueMessage>, JsValue>;

    /// `Message` of the runtime.
    pub type QueueMessage;

    #[wasm_bindgen(method, catch, getter)]
    fn id(this: &QueueMessage) -> Result<String, JsValue>;

    #[wasm_bindgen(method, catch, getter)]
    fn attempts(this: &QueueMessage) -> Result<f64, JsValue>;

    #[wasm_bindgen(method, catch, getter)]
    fn body(this: &QueueMessage) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, catch)]
    fn ack(this: &QueueMessage) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch)]
    fn retry(this: &QueueMessage, options: &js_sys::Object) -> Result<(), JsValue>;
}

/// The runtime's `queue` handler. Every message is acknowledged or retried by itself; an error here is one of the
/// runtime's, and the queue delivers the batch again.
#[wasm_bindgen(js_name = queue, wasm_bindgen_futures = ::worker::wasm_bindgen_futures)]
pub async fn queue_handler(
    batch: QueueBatch,
    env: Env,
    _context: JsValue,
) -> Result<JsValue, JsValue> {
    let queue = batch.queue()?;
    let messages = batch.messages()?;
    let result = match queue.as_str() {
        EXPORTS_QUEUE => exports_queue::consume(&messages, &env).await,
        drafts::QUEUE => drafts_queue::consume(&messages, &env).await,
        knowledge::QUEUE => knowledge_queue::consume(&messages, &env).await,
        _ => events_queue::consume(&queue, &messages, &env).await,
    };
    // What became of each message is said already: the queue hears of it when this returns, a few milliseconds later.
    metrics::flush(&env).await;
    if let Err(error) = result {
        #[derive(Serialize)]
        struct Line<'a> {
            message: &'a str,
            queue: &'a str,
            error: String,
        }
        let line = Line {
            message: "a queue batch could not be handled",
            queue: &queue,
            error: error.to_string(),
        };
        log(Level::Error, &line);
        return Err(JsValue::from_str("the batch could not be handled"));
    }
    Ok(JsValue::UNDEFINED)
}

impl QueueMessage {
    /// The queue's id of the message.
    pub fn message_id(&self) -> String {
        self.id().unwrap_or_default()
    }

    /// Which attempt this is, from 1.
    pub fn n_attempts(&self) -> u32 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "casts from floats saturate; the queue counts to 100"
        )]
        self.attempts()
            .map_or(1, |attempts| (attempts as u32).max(1))
    }

    /// The body: the text that we send, or the JSON text of anything else, so that it can at least be shown.
    pub fn text(&self) -> Option<String> {
        let body = self.body().ok()?;
        body.as_string()
            .or_else(|| js_sys::JSON::stringify(&body).ok()?.as_string())
    }

    /// Handled: never deliver it again.
    pub fn acknowledge(&self) -> worker::Result<()> {
        self.ack().map_err(Into::into)
    }

    /// Deliver it again, after `delay_secs`.
    pub fn retry_after(&self, delay_secs: u32) -> worker::Result<()> {
        let options = js_sys::Object::new();
        js_sys::Reflect::set(&options, &"delaySeconds".into(), &delay_secs.into())?;
        self.retry(&options).map_err(Into::into)
    }
}
