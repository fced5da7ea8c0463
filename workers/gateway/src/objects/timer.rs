//! Waiting that can be given up.

use std::pin::Pin;
use std::task::{Context, Poll};

use js_sys::{Function, Promise};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen]
extern "C" {
    /// What it gives is a number or, with Node.js timers, an object; it is only ever handed back.
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(callback: &Function, millis: f64) -> JsValue;

    #[wasm_bindgen(js_name = clearTimeout)]
    fn clear_timeout(timer: &JsValue);
}

/// Ready after some time. Dropped earlier, its timer is cleared: an object with timers cannot hibernate, and a limit of
/// many seconds on a call of a few milliseconds would leave thousands of them behind.
pub(crate) struct Timer {
    timer: JsValue,
    elapsed: JsFuture,
}

impl Timer {
    /// Starts to wait.
    pub(crate) fn start(millis: u64) -> Self {
        let mut timer = JsValue::UNDEFINED;
        let elapsed = Promise::new(&mut |resolve, _| {
            timer = set_timeout(resolve.unchecked_ref(), millis as f64);
        });
        Self {
            timer,
            elapsed: JsFuture::from(elapsed),
        }
    }
}

impl Future for Timer {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        // `resolve` is the only way that the promise ends.
        Pin::new(&mut self.elapsed).poll(context).map(|_| ())
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        clear_timeout(&self.timer);
    }
}
