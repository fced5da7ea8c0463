//! A socket to a conversation or a desk.

use std::time::Duration;

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use crate::ClientError;

/// What is under a [`Socket`].
pub type Stream = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// What a socket reads at a time, allocated when it is opened. Ten thousand of the default 128 kB would be more than a gigabyte.
const READ_BUFFER_BYTES: usize = 4 * 1024;

/// An open socket.
#[derive(Debug)]
pub struct Socket {
    stream: Stream,
}

impl Socket {
    /// Opens `base` + `path`.
    ///
    /// # Errors
    /// When the handshake is refused: [`ClientError::Status`] with the answer, when there was one.
    pub async fn open(base: &str, path: &str) -> Result<Self, ClientError> {
        let url = format!("{}{path}", base.replacen("http", "ws", 1));
        // Frames over the server's limit must leave this side, or the limit is never tested.
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER_BYTES)
            .max_message_size(None)
            .max_frame_size(None);
        match tokio_tungstenite::connect_async_with_config(&url, Some(config), true).await {
            Ok((stream, _)) => Ok(Self { stream }),
            Err(Error::Http(response)) => Err(ClientError::Status {
                method: "GET".to_owned(),
                path: path.to_owned(),
                status: response.status().as_u16(),
                body: response
                    .body()
                    .as_ref()
                    .map(|body| String::from_utf8_lossy(body).into_owned())
                    .unwrap_or_default(),
            }),
            Err(error) => Err(Box::new(error).into()),
        }
    }

    /// Sends a JSON frame.
    ///
    /// # Errors
    /// When the socket is gone.
    pub async fn send(&mut self, frame: &Value) -> Result<(), ClientError> {
        self.send_text(frame.to_string()).await
    }

    /// Sends a text frame, JSON or not.
    ///
    /// # Errors
    /// When the socket is gone.
    pub async fn send_text(&mut self, text: impl Into<String>) -> Result<(), ClientError> {
        self.send_raw(Message::text(text.into())).await
    }

    /// Sends a binary frame.
    ///
    /// # Errors
    /// When the socket is gone.
    pub async fn send_binary(&mut self, bytes: Vec<u8>) -> Result<(), ClientError> {
        self.send_raw(Message::binary(bytes)).await
    }

    /// Sends a message, without waiting for its ack.
    ///
    /// # Errors
    /// When the socket is gone.
    pub async fn write(&mut self, client_id: &str, text: &str) -> Result<(), ClientError> {
        self.send(&json!({"type": "message.send", "client_id": client_id, "data": {"text": text}}))
            .await
    }

    /// The next text frame, as it came.
    ///
    /// # Errors
    /// When none comes in time or the socket ends.
    pub async fn next_text(&mut self, within: Duration) -> Result<String, ClientError> {
        loop {
            let next = tokio::time::timeout(within, self.stream.next())
                .await
                .map_err(|_| ClientError::Timeout(within))?;
            match next {
                Some(Ok(Message::Text(text))) => return Ok(text.to_string()),
                Some(Ok(Message::Close(frame))) => {
                    let (code, reason) = frame.map_or((1005, String::new()), |frame| {
                        (frame.code.into(), frame.reason.to_string())
                    });
                    return Err(ClientError::Closed { code, reason });
                }
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(Box::new(error).into()),
                None => {
                    return Err(ClientError::Closed {
                        code: 1006,
                        reason: String::new(),
                    });
                }
            }
        }
    }

    /// The next JSON frame.
    ///
    /// # Errors
    /// When none comes in time, it is no JSON, or the socket ends.
    pub async fn next(&mut self, within: Duration) -> Result<Value, ClientError> {
        let text = self.next_text(within).await?;
        serde_json::from_str(&text).map_err(|error| ClientError::Json(error, text))
    }

    /// The next frame that `wanted` says yes to; others are dropped.
    ///
    /// # Errors
    /// When none comes in time, or the socket ends.
    pub async fn wait_for(
        &mut self,
        within: Duration,
        mut wanted: impl FnMut(&Value) -> bool,
    ) -> Result<Value, ClientError> {
        let search = async {
            loop {
                let frame = self.next(within).await?;
                if wanted(&frame) {
                    return Ok(frame);
                }
            }
        };
        tokio::time::timeout(within, search)
            .await
            .map_err(|_| ClientError::Timeout(within))?
    }

    /// The next frame of a type; others are dropped.
    ///
    /// # Errors
    /// When none comes in time, or the socket ends.
    pub async fn wait_for_type(
        &mut self,
        within: Duration,
        kind: &str,
    ) -> Result<Value, ClientError> {
        self.wait_for(within, |frame| frame["type"] == kind).await
    }

    /// Closes it and waits for the other side to agree.
    pub async fn close(mut self) {
        // It may be gone already, which is as good.
        let _ = self.stream.close(None).await;
    }

    /// What is underneath, to read and write at once.
    #[must_use]
    pub fn into_stream(self) -> Stream {
        self.stream
    }

    async fn send_raw(&mut self, message: Message) -> Result<(), ClientError> {
        self.stream
            .send(message)
            .await
            .map_err(|error| Box::new(error).into())
    }
}
