//! The hourly cron trigger of the jobs Worker, set off in the real runtime.

use std::path::PathBuf;

use edgedesk_client::ports::free_port;
use edgedesk_integration::{OwnStack, eventually, scrape};
use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};

/// As `workers/jobs/wrangler.toml` has it.
const HOURLY: &str = "17 * * * *";
/// A failed login that is forgotten since 1970, and one that is not for a long time.
const FAILURES: &str = "INSERT INTO login_failures (key, n_failures, forget_at) VALUES
    ('over', 3, 2), ('standing', 3, 9999999999999)";

/// The keys of failed logins, in whichever database they are.
fn failures(own: &OwnStack) -> Vec<String> {
    let mut folders = vec![own.state().to_path_buf()];
    let mut keys = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path: PathBuf = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "sqlite") {
                // Most have no such table; one that is busy is looked at again.
                keys.extend(keys_in(&path).unwrap_or_default());
            }
        }
    }
    keys.sort();
    keys
}

fn keys_in(path: &PathBuf) -> rusqlite::Result<Vec<String>> {
    let database = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let mut rows =
        database.prepare("SELECT key FROM login_failures WHERE key IN ('over', 'standing')")?;
    let keys = rows.query_map([], |row| row.get(0))?;
    keys.collect()
}

#[tokio::test]
async fn what_is_over_is_deleted_by_the_hour_and_the_rest_is_not() {
    let port = free_port().expect("a port");
    let own = OwnStack::start(&["--direct", "--raw-port", &port.to_string()]).await;
    own.execute("DIRECTORY", FAILURES);
    eventually("both are stored", async || {
        (failures(&own) == ["over", "standing"]).then_some(())
    })
    .await;
    // Twice: a run finds nothing left to do, and does no harm.
    for _ in 0..2 {
        go_off(port).await;
    }
    eventually("what is over is gone", async || {
        (failures(&own) == ["standing"]).then_some(())
    })
    .await;
    // What the handler says of itself: every part of it ran.
    let log = eventually("both runs are in the log", async || {
        let log = std::fs::read_to_string(own.state().join("wrangler.log")).expect("a log");
        (log.matches("cron: what is over was deleted").count() == 2).then_some(log)
    })
    .await;
    for failed in [
        "cron: what is over could not",
        "cron: old archives could not",
        "cron: nothing was sealed",
        "cron: not all",
    ] {
        assert!(!log.contains(failed), "{failed}");
    }
    check_accuracy(&own, port).await;
}

async fn go_off(port: u16) {
    let answer = reqwest::Client::new()
        .post(format!("http://127.0.0.1:{port}/cron"))
        .body(HOURLY)
        .send()
        .await
        .expect("an answer");
    assert_eq!(answer.status(), 200);
}

/// A category that an agent confirms is in the metrics after the next run, as the page about accuracy has it.
async fn check_accuracy(own: &OwnStack, port: u16) {
    let text = "I was charged twice for my order. Please refund one of the two.";
    let (_, state) = own.live.conversation(text).await;
    let agent = own.live.admin().await;
    let categories = async || {
        let path = "/api/v1/ai/accuracy?field=category";
        let answer = agent.get(path).await.expect("an answer");
        let accuracy: Value = answer.json().expect("JSON");
        accuracy["fields"][0]["labels"].clone()
    };
    let label = eventually("the message has a category", async || {
        categories().await[0]["label"].as_str().map(str::to_owned)
    })
    .await;
    let id = state.conversation_id;
    let message_id = agent.messages(id).await.expect("messages")[0]
        .message
        .message_id;
    let path = format!("/api/v1/conversations/{id}/messages/{message_id}/feedback");
    let word = json!({"field": "category", "value": label});
    let given = agent.post(&path, &word).await.expect("an answer");
    assert_eq!(given.status, 201);
    eventually("it is counted", async || {
        (categories().await[0]["n_confirmed"] == 1).then_some(())
    })
    .await;
    go_off(port).await;
    let series = format!("ai_classification_accuracy{{category=\"{label}\"}}");
    let scraped = scrape(&own.live.public).await;
    assert_eq!(scraped.get(&series), Some(&1.0), "{series}");
}
