//! Putting messages on queues.

use serde::Serialize;
use wasm_bindgen::JsValue;
use worker::{Env, QueueContentType, RawMessageBuilder};

/// Puts a value on the queue of a producer binding, as a JSON text; delivered after `delay_secs` at the earliest.
pub async fn send_json(
    env: &Env,
    binding: &str,
    value: &impl Serialize,
    delay_secs: Option<u32>,
) -> worker::Result<()> {
    let text = serde_json::to_string(value)?;
    let mut message = RawMessageBuilder::new(JsValue::from_str(&text));
    if let Some(delay_secs) = delay_secs {
        message = message.delay_seconds(delay_secs);
    }
    let message = message.build_with_content_type(QueueContentType::Text);
    env.queue(binding)?.send_raw(message).await
}
