//! Files of messages, against the running Workers: who may send and see them, what is not taken, and where they are gone again.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use edgedesk_client::{Answer, Edgedesk, Socket};
use edgedesk_integration::{Live, OwnStack, eventually};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

const PATIENCE: Duration = Duration::from_secs(30);
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR and so on";
/// The file that every scanner takes for a virus, by agreement (eicar.org).
const EICAR: &str = "X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*";

/// A visitor with an open socket.
struct Visitor {
    user: Edgedesk,
    token: String,
    conversation: String,
    socket: Socket,
}

impl Visitor {
    async fn of(live: &Live) -> Self {
        let key = &live.stack.widget.inbox_key;
        let session = live.public.widget_session(key).await;
        let session = session.expect("a session");
        let socket = live.public.widget_socket(&session.token).await;
        Self {
            user: live.public.with_token(&session.token),
            token: session.token,
            conversation: session.conversation_id.to_string(),
            socket: socket.expect("a socket"),
        }
    }

    async fn upload(&self, name: &str, content_type: &str, bytes: &[u8]) -> Answer {
        upload(
            &self.user,
            "/widget/v1/attachments",
            name,
            content_type,
            bytes,
        )
        .await
    }

    /// Sends files and gives the answer, `ack` or `error`.
    async fn send(&mut self, client_id: &str, files: &[&str]) -> Value {
        let frame = json!({
            "type": "message.send",
            "client_id": client_id,
            "data": { "text": "", "attachments": files },
        });
        self.socket.send(&frame).await.expect("a socket");
        let answers =
            |frame: &Value| frame["client_id"] == client_id && frame["type"] != "message.created";
        self.socket
            .wait_for(PATIENCE, answers)
            .await
            .expect("an answer")
    }

    async fn link(&self, id: &str) -> Answer {
        let path = format!("/widget/v1/attachments/{id}/link");
        self.user.post(&path, &json!({})).await.expect("an answer")
    }
}

async fn upload(
    user: &Edgedesk,
    path: &str,
    name: &str,
    content_type: &str,
    bytes: &[u8],
) -> Answer {
    let name = utf8_percent_encode(name, NON_ALPHANUMERIC);
    let request = user
        .request(Method::POST, &format!("{path}?name={name}"))
        .header("content-type", content_type)
        .body(bytes.to_vec());
    user.send(request).await.expect("an answer")
}

fn id_of(answer: Answer) -> String {
    let uploaded: Value = answer.expect(201).expect("taken").json().expect("JSON");
    uploaded["attachment"]["id"]
        .as_str()
        .expect("an id")
        .to_owned()
}

fn url_of(answer: Answer) -> String {
    let link: Value = answer.expect(201).expect("a link").json().expect("JSON");
    link["url"].as_str().expect("a URL").to_owned()
}

fn code(answer: &Answer) -> (u16, String) {
    (answer.status, answer.problem().expect("a problem").code)
}

async fn fetch(url: &str) -> reqwest::Response {
    reqwest::get(url).await.expect("an answer")
}

#[tokio::test]
async fn a_customers_file_reaches_the_agent_and_the_agents_reaches_the_customer() {
    let live = Live::get();
    let mut visitor = Visitor::of(&live).await;
    let id = id_of(visitor.upload("Broken lämp.png", "image/png", PNG).await);
    let agent = live.agent().await;
    let path = format!("/api/v1/conversations/{}", visitor.conversation);
    let link = format!("{path}/attachments/{id}/link");
    // It is nobody's yet.
    assert_eq!(visitor.link(&id).await.status, 404);
    let ack = visitor.send("one", &[&id]).await;
    assert_eq!(ack["type"], "ack", "{ack}");
    assert_eq!(visitor.send("one", &[&id]).await["seq"], ack["seq"]);

    let messages = agent
        .get(&format!("{path}/messages"))
        .await
        .expect("an answer");
    let messages: Value = messages
        .expect(200)
        .expect("messages")
        .json()
        .expect("JSON");
    let file = &messages["messages"][0]["attachments"][0];
    assert_eq!(
        (&file["id"], &file["name"]),
        (&json!(id), &json!("Broken lämp.png"))
    );
    let url = url_of(agent.post(&link, &json!({})).await.expect("an answer"));
    let answer = fetch(&url).await;
    assert_eq!(answer.status(), 200);
    let header = |name: &str| answer.headers()[name].to_str().expect("text").to_owned();
    assert_eq!(header("content-type"), "image/png");
    assert_eq!(
        header("content-disposition"),
        "inline; filename*=UTF-8''Broken%20l%C3%A4mp%2Epng"
    );
    assert_eq!(header("x-content-type-options"), "nosniff");
    assert!(header("content-security-policy").contains("default-src 'none'"));
    assert_eq!(answer.bytes().await.expect("bytes"), PNG);

    // And back.
    let text = "name;price\nlamp;12\n".as_bytes();
    let theirs = id_of(
        upload(
            &agent,
            &format!("{path}/attachments"),
            "../prices.csv",
            "text/csv",
            text,
        )
        .await,
    );
    let reply = json!({ "text": "Our prices", "attachments": [theirs] });
    let sent = agent
        .post(&format!("{path}/messages"), &reply)
        .await
        .expect("an answer");
    sent.expect(201).expect("sent");
    let frame = visitor
        .socket
        .wait_for(PATIENCE, |frame| frame["data"]["direction"] == "outgoing");
    let frame = frame.await.expect("the reply");
    assert_eq!(frame["data"]["attachments"][0]["name"], "prices.csv");
    let answer = fetch(&url_of(visitor.link(&theirs).await)).await;
    assert!(
        answer.headers()["content-disposition"]
            .to_str()
            .expect("text")
            .starts_with("attachment;")
    );
    assert_eq!(answer.bytes().await.expect("bytes"), text);
}

#[tokio::test]
async fn a_link_opens_nothing_when_it_was_changed_and_for_others_there_is_none() {
    let live = Live::get();
    let mut visitor = Visitor::of(&live).await;
    let id = id_of(visitor.upload("a.png", "image/png", PNG).await);
    assert_eq!(visitor.send("one", &[&id]).await["type"], "ack");
    let url = url_of(visitor.link(&id).await);
    // The end of the link is signed with its file.
    let later = url.replace("expires=", "expires=9");
    assert_eq!(fetch(&later).await.status(), 403);
    assert_eq!(
        fetch(url.split('?').next().expect("a path")).await.status(),
        403
    );
    // Another visitor, another account, and nobody.
    let stranger = Visitor::of(&live).await;
    assert_eq!(stranger.link(&id).await.status, 404);
    let other = live.other_admin().await;
    let path = format!(
        "/api/v1/conversations/{}/attachments/{id}/link",
        visitor.conversation
    );
    let answer = other.post(&path, &json!({})).await.expect("an answer");
    assert_eq!(answer.status, 404);
    let answer = live
        .public
        .post(&path, &json!({}))
        .await
        .expect("an answer");
    assert_eq!(answer.status, 401);
    let anonymous = upload(
        &live.public,
        "/widget/v1/attachments",
        "a.png",
        "image/png",
        PNG,
    )
    .await;
    assert_eq!(code(&anonymous), (401, "missing_token".to_owned()));
    // A token of people is none of visitors, and the other way round.
    let agent = live.agent().await;
    let answer = upload(&agent, "/widget/v1/attachments", "a.png", "image/png", PNG).await;
    assert_eq!(answer.status, 401);
    let own = format!("/api/v1/conversations/{}/attachments", visitor.conversation);
    let answer = upload(
        &live.public.with_token(&visitor.token),
        &own,
        "a.png",
        "image/png",
        PNG,
    )
    .await;
    assert_eq!(answer.status, 401);
    // A file of one conversation is none of another.
    let mut stranger = stranger;
    let refused = stranger.send("theft", &[&id]).await;
    assert_eq!(refused["data"]["code"], "unknown_attachment", "{refused}");
}

#[tokio::test]
async fn what_is_not_taken_is_said_and_kept_nowhere() {
    let live = Live::get();
    let visitor = Visitor::of(&live).await;
    for (name, content_type, bytes, expected) in [
        (
            "page.html",
            "text/html",
            &b"<script>"[..],
            (415, "type_not_taken"),
        ),
        (
            "picture.svg",
            "image/svg+xml",
            b"<svg/>",
            (415, "type_not_taken"),
        ),
        (
            "picture.png",
            "image/png",
            b"<script>alert(1)</script>",
            (422, "invalid_attachment"),
        ),
        (
            "notes.txt",
            "text/plain",
            b"<!doctype html><script>",
            (422, "invalid_attachment"),
        ),
        (
            "tool.pdf",
            "application/pdf",
            b"MZ\x90\0",
            (422, "invalid_attachment"),
        ),
        ("", "image/png", PNG, (422, "invalid_attachment")),
        ("empty.png", "image/png", b"", (422, "invalid_attachment")),
    ] {
        let answer = visitor.upload(name, content_type, bytes).await;
        let expected = (expected.0, expected.1.to_owned());
        assert_eq!(code(&answer), expected, "{name}");
    }
    let large = vec![b'a'; 20 * 1024 * 1024 + 1];
    let answer = visitor.upload("large.txt", "text/plain", &large).await;
    assert_eq!(code(&answer), (413, "too_large".to_owned()));
    // A large one that is taken arrives whole.
    let mut visitor = visitor;
    let id = id_of(visitor.upload("large.txt", "text/plain", &large[1..]).await);
    assert_eq!(visitor.send("large", &[&id]).await["type"], "ack");
    let answer = fetch(&url_of(visitor.link(&id).await)).await;
    assert_eq!(answer.bytes().await.expect("bytes").len(), large.len() - 1);
}

/// A scanner that finds [`EICAR`], answers nonsense to a file that says so, and counts.
async fn scanner() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/scan", listener.local_addr().expect("an address"));
    let counted = Arc::new(AtomicUsize::new(0));
    let shared = Arc::clone(&counted);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(scan(stream, Arc::clone(&shared)));
        }
    });
    (url, counted)
}

async fn scan(mut stream: TcpStream, n_scans: Arc<AtomicUsize>) {
    let (mut request, mut buffer) = (Vec::new(), [0; 4096]);
    // All test files are short, and end with this.
    while !request.windows(4).any(|part| part == b"EOF.") {
        match stream.read(&mut buffer).await {
            Ok(n_read) if n_read > 0 => request.extend_from_slice(&buffer[..n_read]),
            _ => return,
        }
    }
    n_scans.fetch_add(1, Ordering::SeqCst);
    let text = String::from_utf8_lossy(&request);
    let body = if text.contains("EICAR") {
        r#"{"infected":true,"threat":"Eicar-Test-Signature"}"#
    } else if text.contains("nonsense") {
        "?"
    } else {
        r#"{"infected":false}"#
    };
    let answer = format!(
        "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    let _ = stream.write_all(answer.as_bytes()).await;
}

#[tokio::test]
async fn a_scanner_reads_every_file_and_with_the_customer_the_files_go() {
    let (url, n_scans) = scanner().await;
    let own = OwnStack::start(&["--direct", "--var", &format!("SCANNER_URL={url}")]).await;
    let mut visitor = Visitor::of(&own.live).await;
    let infected = visitor
        .upload("a.txt", "text/plain", format!("{EICAR} EOF.").as_bytes())
        .await;
    assert_eq!(code(&infected), (422, "infected_attachment".to_owned()));
    let broken = visitor
        .upload("a.txt", "text/plain", b"nonsense EOF.")
        .await;
    assert_eq!(code(&broken), (503, "unavailable".to_owned()));
    let id = id_of(
        visitor
            .upload("Wilhelmina.txt", "text/plain", b"Yours, Wilhelmina EOF.")
            .await,
    );
    assert_eq!(n_scans.load(Ordering::SeqCst), 3);
    assert_eq!(visitor.send("one", &[&id]).await["type"], "ack");
    let url = url_of(visitor.link(&id).await);
    assert_eq!(fetch(&url).await.status(), 200);

    let admin = own.live.admin().await;
    eventually("the harmful file is in the audit log", async || {
        let list = admin
            .get("/api/v1/audit?action=infected_file.refused")
            .await;
        let list: Value = list.expect("an answer").json().expect("JSON");
        (list["entries"].as_array()?.len() == 1).then_some(())
    })
    .await;

    // An anonymous customer has none.
    let path = format!("/api/v1/conversations/{}", visitor.conversation);
    let found = admin.get(&path).await.expect("an answer");
    let found: Value = found
        .expect(200)
        .expect("a conversation")
        .json()
        .expect("JSON");
    let customer = found["conversation"]["customer_id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let path = format!("/api/v1/customers/{customer}/anonymisation");
    eventually("the customer is known", async || {
        let answer = admin.post(&path, &json!({})).await.expect("an answer");
        (answer.status == 201).then_some(())
    })
    .await;
    eventually("the file is gone", async || {
        (fetch(&url).await.status() == 404).then_some(())
    })
    .await;
    assert_eq!(visitor.link(&id).await.status, 404);
}
