//! What clients need of the runtime: requests whose answers come in pieces, time, and chance.

use edgedesk_domain::time::Clock;

/// Time and chance.
#[expect(async_fn_in_trait, reason = "the runtime has one thread")]
pub trait Runtime: Clock {
    /// Waits.
    async fn sleep(&self, millis: u64);

    /// A random number from 0 to below 1.
    fn chance(&self) -> f64;
}

/// Posts, and gives the answer as it comes. Limits nothing: the clients do, and drop what takes too long or too much. Dropping a
/// request or a body ends it.
#[expect(async_fn_in_trait, reason = "the runtime has one thread")]
pub trait HttpStream {
    /// The rest of an answer.
    type Body: ByteStream;

    /// Sends a request, and returns once the head of the answer is there. Redirects are not followed. The error is a reason for the
    /// log, without the URL's query and without headers.
    async fn post(&self, request: HttpRequest) -> Result<HttpAnswer<Self::Body>, String>;
}

/// Bytes that come in pieces.
#[expect(async_fn_in_trait, reason = "the runtime has one thread")]
pub trait ByteStream {
    /// The next piece, of any size; `None` when it is over. The error is a reason for the log.
    async fn next_piece(&mut self) -> Result<Option<Vec<u8>>, String>;
}

/// A `POST`.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpRequest {
    /// Where to.
    pub url: String,
    /// Names in lower case, and values. One holds a key: not for logs.
    pub headers: Vec<(&'static str, String)>,
    /// JSON.
    pub body: String,
}

/// The head of an answer, and its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpAnswer<B> {
    /// The status.
    pub status: u16,
    /// Names, in whatever case, and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: B,
}

impl<B> HttpAnswer<B> {
    /// The first value of a header.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        let found = headers.find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }
}

/// How long and how much a client waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// From the request to the first byte of the answer's body.
    pub first_byte_millis: u64,
    /// From one piece to the next.
    pub between_millis: u64,
    /// From the request to the end.
    pub whole_millis: u64,
    /// Bytes of an answer's body.
    pub max_body_bytes: usize,
    /// Bytes of one event of a stream.
    pub max_event_bytes: usize,
}

impl Default for Limits {
    /// A person waits for a draft: ten seconds for its beginning, half a minute for all. A thousand tokens are some 4 kB, and some
    /// 300 kB as events of a stream that have one token each.
    fn default() -> Self {
        Self {
            first_byte_millis: 10_000,
            between_millis: 5_000,
            whole_millis: 30_000,
            max_body_bytes: 4 << 20,
            max_event_bytes: 256 << 10,
        }
    }
}
