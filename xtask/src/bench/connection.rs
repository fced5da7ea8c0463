//! One HTTP/1.1 connection that is kept open: nothing but hyper between the clock and the wire.

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::{Mutex, MutexGuard};

/// An open connection to a server on this machine.
pub struct Connection {
    sender: SendRequest<Full<Bytes>>,
    host: String,
}

impl Connection {
    /// Connects to `http://127.0.0.1:PORT`; any other host is refused, so that no load ever leaves this machine.
    pub async fn open(url: &str) -> Result<Self> {
        let host = url.strip_prefix("http://").unwrap_or(url);
        if !host.starts_with("127.0.0.1:") {
            bail!("load is for this machine alone, not for {url}");
        }
        let stream = TcpStream::connect(host)
            .await
            .with_context(|| format!("cannot connect to {host}"))?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        tokio::spawn(async move {
            // An error ends the connection, which the next request says.
            let _ = connection.await;
        });
        Ok(Self {
            sender,
            host: host.to_owned(),
        })
    }

    /// Sends a request and reads the whole answer.
    pub async fn send(
        &mut self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Bytes,
    ) -> Result<(u16, Bytes)> {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", &self.host);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.sender.ready().await?;
        let response = self
            .sender
            .send_request(request.body(Full::new(body))?)
            .await?;
        let status = response.status().as_u16();
        Ok((status, response.into_body().collect().await?.to_bytes()))
    }
}

/// A fixed number of connections; who needs one takes the next.
pub struct Pool {
    connections: Vec<Mutex<Connection>>,
}

impl Pool {
    /// Opens `size` connections.
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
