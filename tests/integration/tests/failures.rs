//! What must survive: `kill -9` at any moment, and an inference Worker that is down. Each test runs a stack of its own.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use edgedesk_client::ports::free_port;
use edgedesk_client::zendesk::{Delivery, Ticket};
use edgedesk_client::{Edgedesk, api};
use edgedesk_domain::ids::ConversationId;
use edgedesk_integration::{
    FakePager, Live, OwnStack, PATIENCE, eventually, scrape, unique, went_back,
};
use serde_json::{Value, json};

/// Kills. Enough to hit every step of taking a message more than once.
const ROUNDS: u64 = 12;
/// Tickets that are written to at once.
const SENDERS: usize = 6;
/// Visitors that write at once.
const VISITORS: usize = 3;

/// Runs the Workers in workerd itself: it starts in a second, and it is what is killed.
const DIRECT: &[&str] = &["--direct"];

/// What one sender knows: which texts it tried to send, and the `seq` of those that were acknowledged.
#[derive(Debug, Default)]
struct Sent {
    tried: Vec<(String, Value)>,
    acknowledged: BTreeMap<String, u64>,
}

type Book = Arc<Mutex<Sent>>;

#[tokio::test]
async fn killing_the_runtime_while_sending_loses_and_doubles_nothing() {
    let mut own = OwnStack::start(DIRECT).await;
    let tickets: Vec<(Ticket, Book)> = (0..SENDERS)
        .map(|_| (own.live.ticket(), Book::default()))
        .collect();
    let mut visitors = Vec::new();
    for _ in 0..VISITORS {
        let session = own
            .live
            .public
            .widget_session(&own.live.stack.widget.inbox_key)
            .await
            .expect("a session");
        visitors.push((session, Book::default()));
    }

    for round in 0..ROUNDS {
        let mut senders = tokio::task::JoinSet::new();
        for (ticket, book) in &tickets {
            senders.spawn(send_hooks(
                own.live.clone(),
                ticket.clone(),
                Arc::clone(book),
                round,
            ));
        }
        for (session, book) in &visitors {
            senders.spawn(send_frames(
                own.live.clone(),
                session.token.clone(),
                Arc::clone(book),
                round,
            ));
        }
        // The moment of the kill differs from round to round: after so many acknowledgements, with others under way.
        let enough =
            acknowledged(&tickets, &visitors) + 10 + usize::try_from(round * 7 % 20).expect("few");
        eventually("some messages are acknowledged", async || {
            (acknowledged(&tickets, &visitors) >= enough).then_some(())
        })
        .await;
        let counted = scrape(&own.live.public).await;
        own.kill_runtime();
        senders.shutdown().await;
        own.restart(DIRECT).await;
        // What was counted and shown stays counted.
        let after = scrape(&own.live.public).await;
        assert_eq!(went_back(&counted, &after), Vec::<String>::new());
    }

    let agent = own.live.agent().await;
    // Whoever got no answer tries again, as Zendesk and the widget do.
    for (ticket, book) in &tickets {
        let tried = book.lock().expect("not poisoned").tried.clone();
        for (text, body) in tried {
            let delivery = Delivery::of(format!("inv-{text}"), &body);
            let answer = own
                .live
                .public
                .deliver(&own.live.stack.zendesk, &delivery)
                .await
                .expect("an answer");
            let receipt: Value = answer
                .expect(200)
                .expect("taken")
                .json()
                .expect("a receipt");
            note(book, &text, &receipt["seq"]);
        }
        let state = eventually("the conversation is in D1", async || {
            agent
                .by_external_id(own.live.stack.zendesk.inbox_id, &ticket.id)
                .await
                .expect("a list")
        })
        .await;
        check_log(&agent, state.conversation_id, book).await;
    }
    for (session, book) in &visitors {
        let mut socket = own
            .live
            .public
            .widget_socket(&session.token)
            .await
            .expect("a socket");
        let tried = book.lock().expect("not poisoned").tried.clone();
        for (text, _) in tried {
            socket.write(&text, &text).await.expect("sent");
            let ack = socket
                .wait_for(PATIENCE, |frame| {
                    frame["type"] == "ack" && frame["client_id"] == text
                })
                .await
                .expect("an ack");
            note(book, &text, &ack["seq"]);
        }
        check_log(&agent, session.conversation_id, book).await;
    }
    let n_acknowledged = acknowledged(&tickets, &visitors);
    assert!(
        n_acknowledged > 200,
        "only {n_acknowledged} messages: this test would not notice a loss"
    );
}

fn acknowledged<T, V>(tickets: &[(T, Book)], visitors: &[(V, Book)]) -> usize {
    let books = tickets.iter().map(|(_, book)| book);
    books
        .chain(visitors.iter().map(|(_, book)| book))
        .map(|book| book.lock().expect("not poisoned").acknowledged.len())
        .sum()
}

/// Writes to a ticket until the runtime is gone.
async fn send_hooks(live: Live, ticket: Ticket, book: Book, round: u64) {
    for n in 0.. {
        let text = unique(&format!("{}-{round}-{n}-", ticket.id));
        let body = ticket.comment(&format!("evt-{text}"), &text, false, true);
        book.lock()
            .expect("not poisoned")
            .tried
            .push((text.clone(), body.clone()));
        let delivery = Delivery::of(format!("inv-{text}"), &body);
        let Ok(answer) = live.public.deliver(&live.stack.zendesk, &delivery).await else {
            return;
        };
        if answer.status == 200 {
            let receipt: Value = answer.json().expect("a receipt");
            note(&book, &text, &receipt["seq"]);
        }
    }
}

/// Writes from a widget until the runtime is gone.
async fn send_frames(live: Live, token: String, book: Book, round: u64) {
    let Ok(mut socket) = live.public.widget_socket(&token).await else {
        return;
    };
    for n in 0.. {
        let text = unique(&format!("w-{round}-{n}-"));
        book.lock()
            .expect("not poisoned")
            .tried
            .push((text.clone(), Value::Null));
        if socket.write(&text, &text).await.is_err() {
            return;
        }
        let is_ours = |frame: &Value| frame["type"] == "ack" && frame["client_id"] == text;
        let Ok(ack) = socket.wait_for(PATIENCE, is_ours).await else {
            return;
        };
        note(&book, &text, &ack["seq"]);
    }
}

/// Remembers an acknowledgement. A text that was acknowledged before must have kept its place.
fn note(book: &Book, text: &str, seq: &Value) {
    let seq = seq.as_u64().expect("a seq");
    let mut sent = book.lock().expect("not poisoned");
    let before = sent.acknowledged.insert(text.to_owned(), seq);
    assert!(
        before.is_none_or(|before| before == seq),
        "{text}: acknowledged as {before:?}, now {seq}"
    );
}

/// Every acknowledged text stands once, where its acknowledgement said; the log has no gap.
async fn check_log(agent: &Edgedesk, id: ConversationId, book: &Book) {
    let mut room = agent.conversation_socket(id).await.expect("a socket");
    room.send(&json!({"type": "resume", "seq": 0}))
        .await
        .expect("sent");
    let mut log: BTreeMap<u64, Value> = BTreeMap::new();
    let head = loop {
        let frame = room.next(PATIENCE).await.expect("a frame");
        if frame["type"] == "resumed" {
            break frame["seq"].as_u64().expect("a seq");
        }
        if let Some(seq) = frame["seq"].as_u64() {
            log.insert(seq, frame);
        }
    };
    let seqs: Vec<u64> = log.keys().copied().filter(|seq| *seq <= head).collect();
    assert_eq!(
        seqs,
        (1..=head).collect::<Vec<u64>>(),
        "the log of {id} has a gap"
    );

    let mut places: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    for (seq, event) in log
        .iter()
        .filter(|(_, event)| event["type"] == "message.created")
    {
        places
            .entry(event["data"]["text"].as_str().expect("a text"))
            .or_default()
            .push(*seq);
    }
    let sent = book.lock().expect("not poisoned");
    for (text, seq) in &sent.acknowledged {
        assert_eq!(
            places.get(text.as_str()),
            Some(&vec![*seq]),
            "{text} of {id}"
        );
    }
    // A sender that waits for each answer sees its messages in the order in which it wrote them.
    let in_order: Vec<u64> = sent
        .tried
        .iter()
        .filter_map(|(text, _)| sent.acknowledged.get(text))
        .copied()
        .collect();
    let first_tries = in_order.windows(2).filter(|pair| pair[0] > pair[1]).count();
    // A message that got no answer was sent again at the very end, behind all others; at most one a round.
    assert!(
        first_tries <= usize::try_from(ROUNDS).expect("few"),
        "{in_order:?}"
    );
}

#[tokio::test]
async fn messages_are_taken_without_inference_and_analysed_when_it_is_back() {
    let (pager, port) = (FakePager::start().await, free_port().expect("a port"));
    pager.set_down(true);
    let mut own = OwnStack::start(&[
        "--direct",
        "--without-inference",
        "--raw-port",
        &port.to_string(),
        "--jobs-var",
        &format!("ALERT_WEBHOOK_URL={}", pager.url()),
    ])
    .await;
    // What there is before anything is wrong.
    look_after_alerts(port).await;
    let agent = own.live.agent().await;
    let mut desk = agent.desk_socket().await.expect("a socket");
    let ticket = own.live.ticket();
    let text = "This is terrible, I am very angry!";
    let body = ticket.created(&unique("evt-"), "Down", text);
    own.live.deliver(&body).await.expect(200).expect("taken");
    // Shown live, as if nothing were wrong.
    let shown = desk
        .wait_for(PATIENCE, |frame| frame["data"]["external_id"] == ticket.id)
        .await
        .expect("the desk hears of it");
    assert_eq!(shown["data"]["last_message"]["text"], text);
    let id: ConversationId = shown["conversation_id"]
        .as_str()
        .expect("an id")
        .parse()
        .expect("an id");
    let mut room = agent.conversation_socket(id).await.expect("a socket");
    room.send(&json!({"type": "resume", "seq": 0}))
        .await
        .expect("sent");
    let failed = room
        .wait_for_type(PATIENCE, "analysis.failed")
        .await
        .expect("the failure is logged");
    assert_eq!(failed["data"]["gave_up"], false);
    let state = agent.conversation(id).await.expect("a conversation");
    assert_eq!(state.unanalyzed.len(), 1);
    assert!(
        state.sentiment.is_none(),
        "a mood without a model: {:?}",
        state.sentiment
    );

    check_one_alert(&own, &pager, port).await;

    own.restart(DIRECT).await;
    let agent = own.live.agent().await;
    let state = eventually("the message is analysed", async || {
        let state = agent.conversation(id).await.expect("a conversation");
        state.unanalyzed.is_empty().then_some(state)
    })
    .await;
    assert_eq!(
        state.sentiment.map(|sentiment| sentiment.score < 0.0),
        Some(true)
    );
    assert_eq!(state.n_messages, 1);
    let messages = agent.messages(id).await.expect("messages");
    assert!(messages[0].analysis.is_some());
    assert!(messages[0].at <= api::now());
}

/// The cron trigger of every minute, set off now. It has ended when this returns.
async fn look_after_alerts(port: u16) {
    let answer = reqwest::Client::new()
        .post(format!("http://127.0.0.1:{port}/cron"))
        .body("* * * * *")
        .send()
        .await
        .expect("an answer");
    assert_eq!(answer.status(), 200);
}

/// A part that is down makes answers fail: that opens one alert, which is shown, logged once, and told once the pager takes it.
async fn check_one_alert(own: &OwnStack, pager: &FakePager, port: u16) {
    let agent = own.live.admin().await;
    for _ in 0..40 {
        let answer = agent.get("/api/v1/ai/models").await.expect("an answer");
        assert_eq!(answer.status, 503);
    }
    let open = async || {
        let answer = own.live.public.get("/health/detailed").await;
        let body: Value = answer.expect("an answer").json().expect("JSON");
        body["alerts"].clone()
    };
    assert_eq!(open().await, json!([]), "nobody has looked yet");
    // The numbers of an isolate are handed over some seconds after they were counted, or when they are asked for.
    scrape(&own.live.public).await;
    for _ in 0..2 {
        look_after_alerts(port).await;
        let alerts = open().await;
        assert_eq!(alerts.as_array().map(Vec::len), Some(1), "{alerts}");
        assert_eq!(alerts[0]["name"], "error_rate");
        assert_eq!(alerts[0]["threshold"], 0.05);
        assert!(alerts[0]["value"].as_f64() > Some(0.05), "{alerts}");
    }
    let is_opening = |notice: &Value| notice["name"] == "error_rate" && notice["state"] == "opened";
    assert!(pager.refused().len() == 2 && pager.refused().iter().all(is_opening));
    pager.set_down(false);
    for _ in 0..2 {
        look_after_alerts(port).await;
    }
    assert_eq!(pager.taken().len(), 1, "told once: {:?}", pager.taken());
    assert!(is_opening(&pager.taken()[0]));
    eventually("it is in the log once", async || {
        let log = std::fs::read_to_string(own.state().join("wrangler.log")).expect("a log");
        (log.matches("alert error_rate opened").count() == 1).then_some(())
    })
    .await;
}
