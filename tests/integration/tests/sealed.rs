//! What a thief of the databases would find, on a stack of one's own: not what people wrote.

use std::path::Path;

use edgedesk_integration::{OwnStack, eventually, unique};
use serde_json::{Value, json};
use tokio::process::Command;

const DIRECT: &[&str] = &["--direct"];

#[tokio::test]
async fn what_people_wrote_is_in_no_byte_of_a_database_and_a_new_key_reads_what_the_old_one_sealed()
{
    let mut own = OwnStack::start(DIRECT).await;
    let account_id = own.live.stack.account_id.to_string();
    let words =
        ["asked", "answered", "taught", "later"].map(|word| unique(&format!("{word} kingfisher ")));
    let [asked, answered, taught, later] = &words;
    let (_, state) = own.live.conversation(asked).await;
    let path = format!("/api/v1/conversations/{}/messages", state.conversation_id);
    let agent = own.live.agent().await;
    let reply = agent.post(&path, &json!({ "text": answered })).await;
    reply.expect("an answer").expect_success().expect("a reply");
    let admin = own.live.admin().await;
    let intent = json!({ "name": "Birds", "examples": [taught, "one", "two", "three", "four"] });
    let made = admin.post("/api/v1/ai/intents", &intent).await;
    let made = made
        .expect("an answer")
        .expect_success()
        .expect("an intent");
    let intent_id = made.json::<Value>().expect("JSON")["intent"]["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    eventually("both messages are projected, and analysed", async || {
        let rows = checksum(&own).await;
        let n = |table: &str| rows["n_rows"][table].as_u64().unwrap_or_default();
        (n("messages") == 2 && n("analyses") == 1).then_some(())
    })
    .await;
    let before = checksum(&own).await;

    // The key of the account is made new; what is written then is under the new one, once a Worker has asked for it.
    let said = keys(&["rotate", &account_id], &own).await;
    assert!(said.contains("key 1 is retired"), "{said}");
    own.restart(DIRECT).await;
    let (_, second) = own.live.conversation(later).await;
    let admin = own.live.admin().await;
    eventually("the third message is projected", async || {
        let rows = checksum(&own).await;
        (rows["n_rows"]["messages"] == 3 && rows["n_rows"]["analyses"] == 2).then_some(())
    })
    .await;
    assert_ne!(checksum(&own).await["checksum"], before["checksum"]);

    // All of it is read as before.
    let list = admin.get("/api/v1/conversations").await.expect("an answer");
    for id in [state.conversation_id, second.conversation_id] {
        assert!(list.text().contains(&id.to_string()), "{id} is listed");
    }
    let found = admin.get(&format!("/api/v1/ai/intents/{intent_id}")).await;
    assert!(found.expect("an answer").text().contains(taught));
    // And made again from the logs, under the new key alone, it is the same.
    let now = checksum(&own).await;
    let rebuilt = admin.post("/api/v1/admin/rebuild", &json!({})).await;
    rebuilt.expect("an answer").expect(200).expect("rebuilt");
    assert_eq!(checksum(&own).await, now);

    let counted = keys(&["status"], &own).await;
    assert!(counted.contains("data_keys"), "{counted}");

    own.kill_runtime();
    let databases = bytes_below(&own.state().join("v3/d1"));
    // What is not secret is found, so that what is not found is not there.
    for plain in [
        &account_id,
        "Aurora Outfitters",
        &state.conversation_id.to_string(),
        "sealed:",
    ] {
        assert!(contains(&databases, plain), "{plain} is in a database");
    }
    for word in &words {
        assert!(!contains(&databases, word), "{word} is in a database");
    }
}

async fn checksum(own: &OwnStack) -> Value {
    let admin = own.live.admin().await;
    let answer = admin.get("/api/v1/admin/checksum").await;
    let answer = answer.expect("an answer").expect(200).expect("a checksum");
    answer.json().expect("JSON")
}

/// Runs `cargo xtask keys` on the stack's databases, and gives what was said.
async fn keys(arguments: &[&str], own: &OwnStack) -> String {
    let xtask = std::env::var_os("EDGEDESK_XTASK");
    let mut command = Command::new(xtask.as_deref().unwrap_or("cargo".as_ref()));
    if xtask.is_none() {
        command.args(["run", "--quiet", "--package", "xtask", "--"]);
    }
    command
        .arg("keys")
        .args(arguments)
        .arg("--state")
        .arg(own.state());
    let output = command.kill_on_drop(true).output().await.expect("xtask");
    let words = [output.stdout, output.stderr].concat();
    let words = String::from_utf8_lossy(&words).into_owned();
    assert!(output.status.success(), "{words}");
    words
}

/// All files of a folder, one after another.
fn bytes_below(folder: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder of databases") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            bytes.extend(bytes_below(&path));
        } else {
            bytes.extend(std::fs::read(&path).expect("a file"));
        }
    }
    bytes
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|window| window == text.as_bytes())
}
