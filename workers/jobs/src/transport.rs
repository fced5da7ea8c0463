//! `fetch` for the clients of text generators: answers in pieces, the runtime's time, and chance.

use std::time::Duration;

use edgedesk_domain::time::{Clock, Timestamp};
use edgedesk_generate::transport::{ByteStream, HttpAnswer, HttpRequest, HttpStream, Runtime};
use futures::StreamExt as _;
use wasm_bindgen::JsValue;
use worker::{AbortController, Fetch, Headers, Method, Request, RequestInit, RequestRedirect};

use edgedesk_platform::chance::random_bytes;
use edgedesk_platform::time::{SystemClock, sleep};

/// Time and chance of the Workers runtime.
#[derive(Debug, Clone, Copy, Default)]
pub struct WorkerRuntime;

impl Clock for WorkerRuntime {
    fn now(&self) -> Timestamp {
        SystemClock.now()
    }
}

impl Runtime for WorkerRuntime {
    async fn sleep(&self, millis: u64) {
        sleep(Duration::from_millis(millis)).await;
    }

    fn chance(&self) -> f64 {
        f64::from(u32::from_be_bytes(random_bytes())) / (f64::from(u32::MAX) + 1.0)
    }
}

/// The `fetch` of the Worker. A redirect is an answer like any other and is followed by nobody: the key goes where it was meant to
/// go, or nowhere.
#[derive(Debug, Clone, Copy, Default)]
pub struct WorkerFetch;

impl HttpStream for WorkerFetch {
    type Body = FetchBody;

    async fn post(&self, request: HttpRequest) -> Result<HttpAnswer<Self::Body>, String> {
        let request = to_fetch(&request).map_err(|error| error.to_string())?;
        let controller = AbortController::default();
        let signal = controller.signal();
        // From here on: a request whose answer takes too long is dropped while it is waited for.
        let ends = EndsOnDrop(Some(controller));
        let mut response = Fetch::Request(request)
            .send_with_signal(&signal)
            .await
            .map_err(|error| error.to_string())?;
        Ok(HttpAnswer {
            status: response.status_code(),
            headers: response.headers().entries().collect(),
            body: FetchBody {
                pieces: response.stream().ok(),
                _ends: ends,
            },
        })
    }
}

/// The body of an answer.
#[derive(Debug)]
pub struct FetchBody {
    /// `None` where the answer has no body.
    pieces: Option<worker::ByteStream>,
    _ends: EndsOnDrop,
}

impl ByteStream for FetchBody {
    async fn next_piece(&mut self) -> Result<Option<Vec<u8>>, String> {
        match &mut self.pieces {
            Some(pieces) => pieces
                .next()
                .await
                .transpose()
                .map_err(|error| error.to_string()),
            None => Ok(None),
        }
    }
}

/// Ends a request that nobody waits for any more, so that its connection does not stay open: the platform has six at a time.
#[derive(Debug)]
struct EndsOnDrop(Option<AbortController>);

impl Drop for EndsOnDrop {
    fn drop(&mut self) {
        if let Some(controller) = self.0.take() {
            controller.abort();
        }
    }
}

fn to_fetch(request: &HttpRequest) -> worker::Result<Request> {
    let headers = Headers::new();
    for (name, value) in &request.headers {
        headers.set(name, value)?;
    }
    let mut init = RequestInit::new();
    init.with_method(Method::Post)
        .with_headers(headers)
        .with_redirect(RequestRedirect::Manual)
        .with_body(Some(JsValue::from_str(&request.body)));
    Request::new_with_init(&request.url, &init)
}
