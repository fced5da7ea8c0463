//! An account moves to another shard while its customers write and its agents read, against a stack of one's own.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use edgedesk_client::zendesk::Delivery;
use edgedesk_integration::{Live, OwnStack, SILENCE, eventually, unique};
use serde_json::{Value, json};
use tokio::process::Command;

const DIRECT: &[&str] = &["--direct"];
/// The demo account begins on shard 1.
const TO: &str = "0";
/// Longer than the Workers remember a shard: 30 s.
const SETTLE_SECS: &str = "40";

#[tokio::test]
async fn nothing_is_lost_and_everything_can_be_read_while_an_account_moves() {
    let own = OwnStack::start(DIRECT).await;
    let account_id = own.live.stack.account_id;
    let admin = own.live.admin().await;
    let intent = json!({
        "name": "Moving house",
        "examples": ["I am moving house", "my new address", "we moved last week", "change the address", "a new flat"],
    });
    let made = admin.post("/api/v1/ai/intents", &intent).await;
    made.expect("an answer")
        .expect_success()
        .expect("an intent");
    let (first, _) = own.live.conversation("Before the move.").await;

    // Customers go on writing, and agents reading, until the move has ended.
    let has_ended = Arc::new(AtomicBool::new(false));
    let writing = tokio::spawn(write(own.live.clone(), Arc::clone(&has_ended)));
    let reading = tokio::spawn(read(own.live.clone(), Arc::clone(&has_ended), first.id));
    let words = move_to(&own, &account_id.to_string()).await;
    assert_eq!(words.matches("rows, compared").count(), 2, "{words}");
    has_ended.store(true, Ordering::Relaxed);
    let sent = writing.await.expect("no panic");
    let n_reads = reading.await.expect("no panic");
    assert!(sent.len() > 1 && n_reads > 1, "{} {n_reads}", sent.len());

    // Each ticket that was acknowledged is in the list, which is read from the new shard now.
    for ticket in &sent {
        let inbox_id = own.live.stack.zendesk.inbox_id;
        eventually("every conversation is listed", async || {
            admin
                .by_external_id(inbox_id, ticket)
                .await
                .expect("a list")
        })
        .await;
    }
    let n_sent = sent.len() + 1;
    let moved = eventually("the last event is projected", async || {
        let now = checksum(&own.live).await;
        let rows = |table: &str| now["n_rows"][table].as_u64().unwrap_or_default();
        let is_whole = ["conversations", "messages", "analyses", "tickets"]
            .iter()
            .all(|table| rows(table) == n_sent as u64);
        tokio::time::sleep(SILENCE).await;
        (is_whole && checksum(&own.live).await == now).then_some(now)
    })
    .await;
    let intents = admin.get("/api/v1/ai/intents").await.expect("an answer");
    assert!(intents.text().contains("Moving house"));
    // What is there is what the logs say, byte for byte.
    let rebuilt = async {
        let mut cursor = String::new();
        loop {
            let page = admin
                .post(&format!("/api/v1/admin/rebuild{cursor}"), &json!({}))
                .await;
            let page: Value = page
                .expect("an answer")
                .expect(200)
                .expect("a page")
                .json()
                .expect("JSON");
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("?cursor={next}"),
                None => break,
            }
        }
        checksum(&own.live).await
    };
    assert_eq!(rebuilt.await, moved);

    // Again there is nothing to do, and changes are taken.
    let words = move_to(&own, &account_id.to_string()).await;
    assert!(!words.contains("compared"), "{words}");
    let made = eventually("changes are not held any more", async || {
        let intent =
            json!({"name": "Afterwards", "examples": ["one", "two", "three", "four", "five"]});
        let answer = admin
            .post("/api/v1/ai/intents", &intent)
            .await
            .expect("an answer");
        (answer.status != 503).then_some(answer)
    })
    .await;
    made.expect_success().expect("an intent");
}

/// Opens a ticket at a time until told to end; gives those that were acknowledged.
async fn write(live: Live, has_ended: Arc<AtomicBool>) -> Vec<String> {
    let mut sent = Vec::new();
    let mut pace = tokio::time::interval(std::time::Duration::from_millis(1_500));
    while !has_ended.load(Ordering::Relaxed) {
        pace.tick().await;
        let ticket = live.ticket();
        let body = ticket.created(&unique("evt-"), "While moving", "Where is my parcel?");
        let delivery = Delivery::of(unique("inv-"), &body);
        let answer = live.public.deliver(&live.stack.zendesk, &delivery).await;
        answer.expect("an answer").expect(200).expect("taken");
        sent.push(ticket.id);
    }
    sent
}

/// Reads what was there before the move, again and again: it is never missing.
async fn read(live: Live, has_ended: Arc<AtomicBool>, ticket: String) -> usize {
    let agent = live.agent().await;
    let mut n_reads = 0;
    let mut pace = tokio::time::interval(std::time::Duration::from_millis(200));
    while !has_ended.load(Ordering::Relaxed) {
        pace.tick().await;
        let found = agent
            .by_external_id(live.stack.zendesk.inbox_id, &ticket)
            .await
            .expect("a list");
        assert!(found.is_some(), "read {n_reads}");
        n_reads += 1;
    }
    n_reads
}

async fn checksum(live: &Live) -> Value {
    let admin = live.admin().await;
    let answer = admin
        .get("/api/v1/admin/checksum")
        .await
        .expect("an answer");
    answer
        .expect(200)
        .expect("a checksum")
        .json()
        .expect("JSON")
}

/// Moves the account, and gives what was said.
async fn move_to(own: &OwnStack, account_id: &str) -> String {
    let xtask = std::env::var_os("EDGEDESK_XTASK");
    let mut command = Command::new(xtask.as_deref().unwrap_or("cargo".as_ref()));
    if xtask.is_none() {
        command.args(["run", "--quiet", "--package", "xtask", "--"]);
    }
    let output = command
        .args([
            "shard",
            "move",
            account_id,
            TO,
            "--settle-secs",
            SETTLE_SECS,
            "--state",
        ])
        .arg(own.state())
        .kill_on_drop(true)
        .output()
        .await
        .expect("xtask");
    let words = [output.stdout, output.stderr].concat();
    let words = String::from_utf8_lossy(&words).into_owned();
    assert!(output.status.success(), "{words}");
    words
}
