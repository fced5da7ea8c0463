//! The clock of the runtime, and waiting.

use std::time::Duration;

use edgedesk_domain::time::{Clock, Timestamp};
use js_sys::{Function, Promise};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

/// `Date.now()`. In a Worker it stands still between I/O operations, by design of the platform.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        // `Date.now()` is a whole number of milliseconds, under 2^53.
        #[expect(
            clippy::cast_possible_truncation,
            reason = "whole milliseconds below 2^53"
        )]
        Timestamp::from_millis(js_sys::Date::now() as i64)
    }
}

#[wasm_bindgen]
extern "C" {
    /// What it gives is a number or, with Node.js timers, an object. `worker::Delay` expects the number and panics on
    /// the object, which ends every request of the isolate; this does not look.
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(callback: &Function, millis: f64) -> JsValue;
}

/// Returns after `duration`. Dropped earlier, the timer still runs and then does nothing.
pub async fn sleep(duration: Duration) {
    let promise = Promise::new(&mut |resolve, _| {
        set_timeout(resolve.unchecked_ref(), duration.as_secs_f64() * 1000.0);
    });
    // `resolve` is the only way that this promise ends.
    let _ = JsFuture::from(promise).await;
}
