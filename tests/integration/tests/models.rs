//! A model file that is missing or damaged: messages are taken, `/health/ready` names the file, and all is well again once it
//! is back, without a restart. The stack is one of its own, with a folder of model files that the test may break.

use std::path::{Path, PathBuf};

use edgedesk_client::Edgedesk;
use edgedesk_client::zendesk::Ticket;
use edgedesk_integration::{OwnStack, eventually, unique};
use serde_json::Value;

/// The model's files, where a test may break them. Deleted when dropped.
struct Models {
    folder: PathBuf,
    names: Value,
}

impl Models {
    fn copied() -> Self {
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
        let from = root.join("models/files");
        let folder = root.join("target/test-state").join(unique("models-"));
        std::fs::create_dir_all(&folder).expect("a folder");
        for entry in std::fs::read_dir(&from).expect("the model's files") {
            let entry = entry.expect("a file");
            std::fs::copy(entry.path(), folder.join(entry.file_name())).expect("copied");
        }
        let manifest = std::fs::read(root.join("models/manifest.json")).expect("a manifest");
        let manifest: Value = serde_json::from_slice(&manifest).expect("JSON");
        Self {
            folder,
            names: manifest["files"].clone(),
        }
    }

    fn name(&self, role: &str) -> String {
        let name = self.names[role]["name"].as_str();
        name.expect("a file of that role").to_owned()
    }

    fn path(&self, role: &str) -> PathBuf {
        self.folder.join(self.name(role))
    }
}

impl Drop for Models {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Overwrites a byte in the middle: the length stays, the hash does not.
fn damage(path: &Path) -> Vec<u8> {
    let whole = std::fs::read(path).expect("the file");
    let mut damaged = whole.clone();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 0x55;
    std::fs::write(path, damaged).expect("written");
    whole
}

/// The check of the inference Worker in the gateway's answer.
async fn inference_check(public: &Edgedesk) -> (String, Value) {
    let answer = public.get("/health/ready").await.expect("an answer");
    assert_eq!(answer.status, 200, "messages are still taken");
    let body: Value = answer.json().expect("JSON");
    let checks = body["checks"].as_array().expect("checks");
    let check = checks.iter().find(|check| check["name"] == "inference");
    let status = body["status"].as_str().expect("a status").to_owned();
    (status, check.expect("a check of inference").clone())
}

async fn until_ready_says(public: &Edgedesk, status: &str, file: Option<&str>) {
    let what = format!("ready says {status} of {file:?}");
    eventually(&what, async || {
        let (whole, check) = inference_check(public).await;
        let detail = check["detail"].as_str().unwrap_or_default();
        let names_it = file.map_or(detail.is_empty(), |file| detail.contains(file));
        (whole == status && names_it).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_damaged_model_file_is_named_and_messages_wait_until_it_is_whole() {
    let models = Models::copied();
    let path = models.path("heads");
    let whole = damage(&path);
    let folder = models.folder.display().to_string();
    let own = OwnStack::start(&["--direct", "--models", &folder]).await;
    until_ready_says(&own.live.public, "degraded", Some(&models.name("heads"))).await;

    let ticket = own.live.ticket();
    let body = ticket.created(
        &unique("evt-"),
        "Broken",
        "This is terrible, I am very angry!",
    );
    own.live.deliver(&body).await.expect(200).expect("taken");

    std::fs::write(&path, whole).expect("written");
    until_ready_says(&own.live.public, "ok", None).await;
    until_analysed(&own, &ticket).await;
}

/// Ten conversations at once before any model is loaded: one request loads it, the others wait for that one.
#[tokio::test]
async fn an_analysis_does_without_a_part_that_is_damaged_and_a_cold_start_serves_all() {
    let models = Models::copied();
    damage(&models.path("multilingual"));
    let folder = models.folder.display().to_string();
    let own = OwnStack::start(&["--direct", "--models", &folder]).await;
    let tickets: Vec<Ticket> = (0..10).map(|_| own.live.ticket()).collect();
    let deliveries = tickets.iter().map(async |ticket| {
        let body = ticket.created(&unique("evt-"), "Frage", "Wo ist mein Paket?");
        own.live.deliver(&body).await.expect(200).expect("taken");
    });
    futures::future::join_all(deliveries).await;
    for ticket in &tickets {
        until_analysed(&own, ticket).await;
    }
    let name = models.name("multilingual");
    until_ready_says(&own.live.public, "degraded", Some(&name)).await;
}

async fn until_analysed(own: &OwnStack, ticket: &Ticket) {
    let agent = own.live.agent().await;
    let inbox_id = own.live.stack.zendesk.inbox_id;
    eventually("the message is analysed", async || {
        let found = agent.by_external_id(inbox_id, &ticket.id).await;
        let id = found.expect("a list")?.conversation_id;
        let state = agent.conversation(id).await.expect("a conversation");
        (state.unanalyzed.is_empty() && state.sentiment.is_some()).then_some(())
    })
    .await;
}

/// The runtime lists the assets once, when it starts, as a deployment does: a file that was not there then is there only after
/// another start. Finding a file again without one is shown with a damaged file, above.
#[tokio::test]
async fn a_missing_model_file_is_named() {
    let models = Models::copied();
    std::fs::remove_file(models.path("encoder")).expect("removed");
    let folder = models.folder.display().to_string();
    let own = OwnStack::start(&["--direct", "--models", &folder]).await;
    until_ready_says(&own.live.public, "degraded", Some(&models.name("encoder"))).await;
}
