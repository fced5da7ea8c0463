//! A typed client of a running Edgedesk: hooks signed as Zendesk signs them, the REST API, and sockets.
//!
//! It speaks to a local stack only, without TLS. Nothing here shares code with what it tests, apart from the wire types.
#![forbid(unsafe_code)]

pub mod api;
pub mod ports;
pub mod routes;
pub mod socket;
pub mod stack;
pub mod totp;
pub mod zendesk;

pub use api::{Answer, Edgedesk};
pub use socket::Socket;
pub use stack::Stack;

/// Why a call gave no usable answer.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// No connection, or it broke.
    #[error("http: {0}")]
    Http(#[from] reqwest::Error),
    /// The socket could not be opened, or it broke.
    #[error("socket: {0}")]
    Socket(#[from] Box<tokio_tungstenite::tungstenite::Error>),
    /// The server closed the socket.
    #[error("the socket was closed with {code}: {reason}")]
    Closed {
        /// The close code; 1006 when there was no close frame.
        code: u16,
        /// The server's reason.
        reason: String,
    },
    /// What was waited for did not come.
    #[error("nothing came within {0:?}")]
    Timeout(std::time::Duration),
    /// The body or frame is not what it should be.
    #[error("not the expected JSON: {0}; it begins {1:?}")]
    Json(serde_json::Error, String),
    /// An answer of another status than asked for.
    #[error("{method} {path} answered {status}: {body}")]
    Status {
        /// The method of the request.
        method: String,
        /// Its path.
        path: String,
        /// The status of the answer.
        status: u16,
        /// The answer's body.
        body: String,
    },
    /// The API's own document lists something that is no route.
    #[error("no route: {0}")]
    NoRoute(String),
    /// A file could not be read.
    #[error("{0}: {1}")]
    File(String, std::io::Error),
}
