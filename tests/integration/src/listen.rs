//! A server of a test's own: what is asked for over HTTP on this machine, answered by a function.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// What a request is answered with.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content_type: String,
    pub(crate) location: Option<String>,
    pub(crate) body: String,
}

/// Listens on a free port, and answers each request with the status and the JSON that `answer` makes of its head and its body. Gives
/// where it is. It ends with its runtime.
pub(crate) async fn listen<F>(answer: F) -> String
where
    F: Fn(&str, &str) -> (u16, String) + Clone + Send + 'static,
{
    listen_to(move |head, body| {
        let (status, body) = answer(head, body);
        Answer {
            status,
            content_type: "application/json".to_owned(),
            location: None,
            body,
        }
    })
    .await
}

/// The same with answers of any kind.
pub(crate) async fn listen_to<F>(answer: F) -> String
where
    F: Fn(&str, &str) -> Answer + Clone + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, answer.clone()));
        }
    });
    url
}

async fn serve(mut stream: TcpStream, answer: impl Fn(&str, &str) -> Answer) {
    // A connection that breaks is the other side's business.
    let Some((head, body)) = read_request(&mut stream).await else {
        return;
    };
    let answer = answer(&head, &body);
    let location = answer
        .location
        .map_or_else(String::new, |location| format!("location: {location}\r\n"));
    let head = format!(
        "HTTP/1.1 {} X\r\ncontent-type: {}\r\n{location}content-length: {}\r\nconnection: close\r\n\r\n",
        answer.status,
        answer.content_type,
        answer.body.len()
    );
    let _ = stream.write_all((head + &answer.body).as_bytes()).await;
}

/// The head and the body of a request.
async fn read_request(stream: &mut TcpStream) -> Option<(String, String)> {
    let mut bytes = Vec::new();
    loop {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            let is_length = name.eq_ignore_ascii_case("content-length");
            is_length.then(|| value.trim().parse::<usize>().ok())?
        });
        if body.len() >= length.unwrap_or(0) {
            return Some((head.to_owned(), body.to_owned()));
        }
    }
}
