//! One HTTP/1.1 connection that is kept open: nothing but hyper between the clock and the wire.

use std::time::Duration;

use anyhow::{Context, Result};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::timeout;

use crate::target::check_address;

/// How long an answer may take before nobody waits for it any more.
const ANSWER_WITHIN: Duration = Duration::from_mins(1);

/// An open connection to a server on this machine.
pub struct Connection {
    sender: SendRequest<Full<Bytes>>,
    host: String,
}

impl Connection {
    /// Connects to `http://127.0.0.1:PORT`; any other address is refused, so that no load ever leaves this machine.
    ///
    /// # Errors
    /// For any other address, and when nobody listens.
    pub async fn open(url: &str) -> Result<Self> {
        check_address(url)?;
        let host = url.trim_start_matches("http://").to_owned();
        let sender = connect(&host).await?;
        Ok(Self { sender, host })
    }

    /// Sends a request and reads the whole answer. A connection that was closed while it was idle is opened again first.
    ///
    /// # Errors
    /// When no answer comes; the request may have been taken or not.
    pub async fn send(
        &mut self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Bytes,
    ) -> Result<(u16, Bytes)> {
        if self.sender.ready().await.is_err() {
            self.sender = connect(&self.host).await?;
            self.sender.ready().await?;
        }
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", &self.host);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(body))?;
        let exchange = async {
            let response = self.sender.send_request(request).await?;
            let status = response.status().as_u16();
            Ok((status, response.into_body().collect().await?.to_bytes()))
        };
        timeout(ANSWER_WITHIN, exchange)
            .await
            .with_context(|| format!("no answer within {ANSWER_WITHIN:?}"))?
    }
}

async fn connect(host: &str) -> Result<SendRequest<Full<Bytes>>> {
    let stream = TcpStream::connect(host)
        .await
        .with_context(|| format!("cannot connect to {host}"))?;
    stream.set_nodelay(true)?;
    let (sender, connection) = handshake(TokioIo::new(stream)).await?;
    tokio::spawn(async move {
        // An error ends the connection, which the next request sees.
        let _ = connection.await;
    });
    Ok(sender)
}

/// A fixed number of connections; who needs one takes the next.
pub struct Pool {
    connections: Vec<Mutex<Connection>>,
}

impl Pool {
    /// Opens `size` connections.
    ///
    /// # Errors
    /// When one cannot be opened.
    pub async fn open(url: &str, size: usize) -> Result<Self> {
        let mut connections = Vec::with_capacity(size);
        for _ in 0..size {
            connections.push(Mutex::new(Connection::open(url).await?));
        }
        Ok(Self { connections })
    }

    /// A connection that nobody uses, or the `turn`th when all are busy.
    pub async fn take(&self, turn: usize) -> MutexGuard<'_, Connection> {
        let n = self.connections.len();
        for offset in 0..n {
            if let Ok(free) = self.connections[(turn + offset) % n].try_lock() {
                return free;
            }
        }
        self.connections[turn % n].lock().await
    }
}
