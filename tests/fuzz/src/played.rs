//! Others, played: servers whose every byte is the input's, and a clock that stands still.

use std::cell::RefCell;
use std::collections::VecDeque;

use edgedesk_domain::time::{Clock, Timestamp};
use edgedesk_generate::transport::{ByteStream, HttpAnswer, HttpRequest, HttpStream, Runtime};
use edgedesk_oidc::client::{Answer, Http, Signatures};
use edgedesk_oidc::jwks::{Algorithm, PublicKey};

/// The moment of every target: 2026-01-02T03:04:05.678Z.
pub const NOW: Timestamp = Timestamp::from_millis(1_767_323_045_678);

/// What [`Marked`] takes for a good signature.
pub const GOOD_SIGNATURE: &[u8] = b"good";

/// A server that answers everything with one body.
#[derive(Debug)]
pub struct Server<'a>(pub &'a [u8]);

impl Http for Server<'_> {
    async fn get(&self, _url: &str, _authorization: Option<String>) -> Result<Answer, String> {
        Ok(Answer {
            status: 200,
            body: self.0.to_vec(),
        })
    }

    async fn post_form(
        &self,
        url: &str,
        _form: String,
        authorization: Option<String>,
    ) -> Result<Answer, String> {
        self.get(url, authorization).await
    }
}

/// Signatures that an input can forge: what is checked is what comes behind them.
#[derive(Debug)]
pub struct Marked;

impl Signatures for Marked {
    async fn is_good(
        &self,
        _algorithm: Algorithm,
        _key: &PublicKey,
        _text: &[u8],
        signature: &[u8],
    ) -> bool {
        signature == GOOD_SIGNATURE
    }
}

/// A clock that stands still, and nothing that waits for it.
#[derive(Debug)]
pub struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        NOW
    }
}

impl Runtime for Still {
    async fn sleep(&self, _millis: u64) {
        // Never over: no answer here takes any time.
        std::future::pending::<()>().await;
    }

    fn chance(&self) -> f64 {
        0.5
    }
}

/// A server that answers one request with a body in pieces.
#[derive(Debug)]
pub struct Stream {
    /// The status.
    pub status: u16,
    /// The header of the same name.
    pub content_type: &'static str,
    /// The body.
    pub pieces: RefCell<VecDeque<Vec<u8>>>,
}

impl Stream {
    /// With `body` cut into pieces of so many bytes.
    #[must_use]
    pub fn new(status: u16, content_type: &'static str, body: &[u8], piece_bytes: usize) -> Self {
        let pieces = body.chunks(piece_bytes.max(1)).map(<[u8]>::to_vec);
        Self {
            status,
            content_type,
            pieces: RefCell::new(pieces.collect()),
        }
    }
}

impl HttpStream for Stream {
    type Body = Body;

    async fn post(&self, _request: HttpRequest) -> Result<HttpAnswer<Body>, String> {
        Ok(HttpAnswer {
            status: self.status,
            headers: vec![("Content-Type".to_owned(), self.content_type.to_owned())],
            body: Body(self.pieces.take()),
        })
    }
}

/// What is left of a body.
#[derive(Debug)]
pub struct Body(VecDeque<Vec<u8>>);

impl ByteStream for Body {
    async fn next_piece(&mut self) -> Result<Option<Vec<u8>>, String> {
        Ok(self.0.pop_front())
    }
}
