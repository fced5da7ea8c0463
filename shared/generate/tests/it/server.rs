//! A server that answers as it is told, and a way to it.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use edgedesk_generate::transport::{ByteStream, HttpAnswer, HttpRequest, HttpStream};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::time::TestTime;

/// What the server does for one request, in order. When nothing is left, the answer ends as it should.
#[derive(Debug, Clone)]
pub enum Step {
    /// Sends the head. Comes by itself before the first [`Step::Send`].
    Head,
    /// Sends a piece of the body.
    Send(String),
    /// Waits until the client's listener has heard as many pieces.
    Heard(usize),
    /// Lets time pass, and goes on.
    Tick(i64),
    /// Lets time pass until the client has gone.
    Pass(i64),
    /// Closes the connection in the middle.
    Cut,
    /// Sends this again and again until the client has gone.
    Forever(String),
}

/// One answer.
#[derive(Debug, Clone)]
pub struct Script {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub steps: Vec<Step>,
}

impl Script {
    pub fn json(status: u16, body: &Value) -> Self {
        Self::of(status, "application/json", [body.to_string()])
    }

    /// A stream of these pieces.
    pub fn events(pieces: impl IntoIterator<Item = String>) -> Self {
        Self::of(200, "text/event-stream; charset=utf-8", pieces)
    }

    pub fn of(status: u16, content_type: &str, pieces: impl IntoIterator<Item = String>) -> Self {
        Self {
            status,
            headers: vec![("content-type", content_type.to_owned())],
            steps: pieces.into_iter().map(Step::Send).collect(),
        }
    }

    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    pub fn then(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }
}

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Received {
    /// Its first line and its headers, in lower case.
    pub head: String,
    pub body: Value,
}

/// A server on this machine. A clone is the same one. Ends with its runtime.
#[derive(Clone)]
pub struct Server {
    pub url: String,
    scripts: Rc<RefCell<VecDeque<Script>>>,
    received: Rc<RefCell<Vec<Received>>>,
    /// How many pieces have been heard of the answer under way.
    pub heard: Rc<Cell<usize>>,
    time: TestTime,
}

impl Server {
    /// Answers one request after another.
    pub async fn start(time: &TestTime, scripts: impl IntoIterator<Item = Script>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self {
            url: format!("http://{}", listener.local_addr().unwrap()),
            scripts: Rc::new(RefCell::new(scripts.into_iter().collect())),
            received: Rc::default(),
            heard: Rc::default(),
            time: time.clone(),
        };
        let listening = server.clone();
        tokio::task::spawn_local(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::task::spawn_local(listening.clone().serve(stream));
            }
        });
        server
    }

    pub fn received(&self) -> Vec<Received> {
        self.received.borrow().clone()
    }

    async fn serve(self, mut stream: TcpStream) {
        let Some(received) = read_request(&mut stream).await else {
            return;
        };
        self.received.borrow_mut().push(received);
        let script = self.scripts.borrow_mut().pop_front();
        let script = script.expect("no answer is left for this request");
        // A client that has gone is part of many tests.
        let _ = self.play(script, &mut stream).await;
    }

    async fn play(&self, script: Script, stream: &mut TcpStream) -> std::io::Result<()> {
        let headers = script.headers.iter();
        let headers: String = headers
            .flat_map(|(name, value)| [name, ": ", value, "\r\n"])
            .collect();
        let status = script.status;
        let mut head = Some(format!(
            "HTTP/1.1 {status} X\r\ntransfer-encoding: chunked\r\nconnection: close\r\n{headers}\r\n"
        ));
        for step in script.steps {
            if matches!(step, Step::Head | Step::Send(_) | Step::Forever(_))
                && let Some(head) = head.take()
            {
                stream.write_all(head.as_bytes()).await?;
            }
            match step {
                Step::Head => {}
                Step::Send(piece) => stream.write_all(chunk(&piece).as_bytes()).await?,
                Step::Heard(n) => {
                    while self.heard.get() < n {
                        tokio::task::yield_now().await;
                    }
                }
                Step::Tick(millis) => self.time.pass(millis),
                Step::Pass(millis) => {
                    self.time.pass(millis);
                    // Nothing more comes as long as the client is there.
                    stream.read_u8().await?;
                }
                Step::Cut => return Ok(()),
                Step::Forever(piece) => loop {
                    stream.write_all(chunk(&piece).as_bytes()).await?;
                },
            }
        }
        let head = head.take().unwrap_or_default();
        stream
            .write_all(format!("{head}0\r\n\r\n").as_bytes())
            .await
    }
}

fn chunk(piece: &str) -> String {
    format!("{:x}\r\n{piece}\r\n", piece.len())
}

async fn read_request(stream: &mut TcpStream) -> Option<Received> {
    let mut bytes = Vec::new();
    loop {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let head = head.to_lowercase();
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
            return Some(Received {
                head,
                body: serde_json::from_str(body).unwrap(),
            });
        }
    }
}

/// HTTP over real connections.
#[derive(Clone)]
pub struct Way(reqwest::Client);

impl Way {
    pub fn new() -> Self {
        let client = reqwest::Client::builder().no_proxy();
        let client = client.redirect(reqwest::redirect::Policy::none());
        Self(client.build().unwrap())
    }
}

impl HttpStream for Way {
    type Body = Body;

    async fn post(&self, request: HttpRequest) -> Result<HttpAnswer<Body>, String> {
        let mut builder = self.0.post(request.url).body(request.body);
        for (name, value) in request.headers {
            builder = builder.header(name, value);
        }
        let answer = builder
            .send()
            .await
            .map_err(|error| error.without_url().to_string())?;
        let headers = answer.headers().iter();
        Ok(HttpAnswer {
            status: answer.status().as_u16(),
            headers: headers
                .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
                .collect(),
            body: Body(answer),
        })
    }
}

pub struct Body(reqwest::Response);

impl ByteStream for Body {
    async fn next_piece(&mut self) -> Result<Option<Vec<u8>>, String> {
        let piece = self.0.chunk().await;
        let piece = piece.map_err(|error| error.without_url().to_string())?;
        Ok(piece.map(|piece| piece.to_vec()))
    }
}
