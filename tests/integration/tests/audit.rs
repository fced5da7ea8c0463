//! The audit log on the real runtime: what is recorded, who may read it, and that it is whole.

use edgedesk_audit::chain::{Summary, Verifier};
use edgedesk_audit::entry::{Actor, Entry, Outcome};
use edgedesk_audit::merkle::{leaf_hash, verify_consistency, verify_inclusion};
use edgedesk_client::{Edgedesk, stack::Login};
use edgedesk_integration::{Live, OwnStack, eventually, unique};
use edgedesk_wire::audit::{ConsistencyProof, EntryList, InclusionProof, RootList};
use serde_json::{Value, json};

async fn entries(admin: &Edgedesk, query: &str) -> Vec<Entry> {
    let answer = admin.get(&format!("/api/v1/audit?{query}")).await;
    let list: EntryList = answer
        .expect("an answer")
        .expect(200)
        .expect("200")
        .json()
        .expect("JSON");
    list.entries
}

/// The entry of an action on a resource, once it is there: recording waits for nobody.
async fn entry_of(admin: &Edgedesk, action: &str, resource: &str) -> Entry {
    let query = format!("action={action}&resource={resource}");
    eventually(&format!("{action} is in the audit log"), async || {
        entries(admin, &query).await.pop()
    })
    .await
}

async fn roots(admin: &Edgedesk) -> RootList {
    let answer = admin.get("/api/v1/audit/roots").await.expect("an answer");
    answer.expect(200).expect("200").json().expect("JSON")
}

/// Reads and checks the whole log up to its present end.
async fn verified(admin: &Edgedesk) -> Summary {
    let last = roots(admin)
        .await
        .roots
        .first()
        .map_or(0, |root| root.last_seq);
    let (mut verifier, mut cursor) = (Verifier::new(), 0);
    while cursor < last {
        let page = entries(admin, &format!("order=oldest&limit=1000&cursor={cursor}")).await;
        for entry in page.iter().filter(|entry| entry.seq <= last) {
            verifier.push(entry).expect("the chain is whole");
        }
        cursor = page.last().expect("the log goes on").seq;
    }
    verifier.finish()
}

#[tokio::test]
async fn changes_and_access_are_in_the_log_with_who_and_what_and_no_words() {
    let live = Live::get();
    let words = unique("Purple elephants ");
    let (_, state) = live.conversation(&words).await;
    let (agent, admin) = (live.agent().await, live.admin().await);
    let id = state.conversation_id;
    let me: Value = agent
        .get("/api/v1/me")
        .await
        .expect("an answer")
        .json()
        .expect("JSON");
    let agent_id = me["user"]["id"].as_str().unwrap().to_owned();

    let path = format!("/api/v1/conversations/{id}/messages");
    agent
        .get(&path)
        .await
        .expect("an answer")
        .expect(200)
        .expect("200");
    let reply = agent
        .post(&path, &json!({ "text": words }))
        .await
        .expect("an answer");
    let request_id = reply.header("x-request-id").unwrap().to_owned();
    reply.expect(201).expect("201");

    for action in ["messages.read", "message.sent"] {
        let entry = entry_of(&admin, action, &id.to_string()).await;
        let (kind, actor_id) = entry.actor.parts();
        assert_eq!(
            (kind, actor_id.as_deref()),
            ("user", Some(agent_id.as_str()))
        );
        assert_eq!(entry.outcome, Outcome::Succeeded);
        assert_eq!(entry.account_id, live.stack.account_id);
        if action == "message.sent" {
            assert_eq!(entry.request_id.as_deref(), Some(request_id.as_str()));
        }
        if let Some(ip) = &entry.ip {
            assert!(ip.ends_with(".0") || ip.ends_with("::"), "{ip}");
        }
        let json = serde_json::to_string(&entry).unwrap();
        assert!(!json.contains(&words), "{json}");
    }
    let by_agent = entries(&admin, &format!("actor={agent_id}&resource={id}")).await;
    assert!(by_agent.len() >= 2, "{by_agent:?}");
}

#[tokio::test]
async fn a_failed_login_is_in_the_log_of_whom_it_was_for_only() {
    let live = Live::get();
    let admin = live.admin().await;
    let me: Value = live
        .agent()
        .await
        .get("/api/v1/me")
        .await
        .unwrap()
        .json()
        .unwrap();
    let agent_id = me["user"]["id"].as_str().unwrap().to_owned();
    for email in [
        live.stack.agent.email.clone(),
        format!("{}@example.com", unique("nobody")),
    ] {
        let wrong = Login {
            email,
            password: "not the password".to_owned(),
        };
        assert!(live.public.login(&wrong).await.is_err());
    }
    let failed = entry_of(&admin, "login.failed", &agent_id).await;
    assert_eq!(
        (failed.actor, failed.outcome),
        (Actor::Anonymous, Outcome::Refused)
    );
    entry_of(&admin, "login.succeeded", &agent_id).await;
    // Of somebody we do not know there is no log to write into.
    for entry in entries(&admin, "action=login.failed&limit=1000").await {
        assert!(entry.resource.id.is_some(), "{entry:?}");
    }
}

#[tokio::test]
async fn the_log_is_whole_and_every_proof_holds() {
    let live = Live::get();
    let (agent, admin) = (live.agent().await, live.admin().await);
    let me: Value = agent
        .get("/api/v1/me")
        .await
        .expect("an answer")
        .json()
        .expect("JSON");
    entry_of(
        &admin,
        "login.succeeded",
        me["user"]["id"].as_str().unwrap(),
    )
    .await;
    let before = roots(&admin).await.roots.remove(0);
    live.conversation("Is anybody there?").await;
    let summary = verified(&admin).await;
    assert!(summary.n_entries >= before.last_seq);

    let proof = async |seq: u64| -> InclusionProof {
        let path = format!("/api/v1/audit/proofs/inclusion?seq={seq}");
        admin
            .get(&path)
            .await
            .unwrap()
            .expect(200)
            .unwrap()
            .json()
            .unwrap()
    };
    for seq in [before.first_seq, before.last_seq] {
        let proof = proof(seq).await;
        assert_eq!(proof.day, before.day);
        assert!(verify_inclusion(
            &leaf_hash(proof.entry.hash.as_bytes()),
            proof.leaf_index,
            proof.tree_size,
            &proof.path,
            &proof.root
        ));
    }
    let path = format!(
        "/api/v1/audit/proofs/consistency?day={}&from={}",
        before.day, before.n_entries
    );
    let proof: ConsistencyProof = admin
        .get(&path)
        .await
        .unwrap()
        .expect(200)
        .unwrap()
        .json()
        .unwrap();
    // The root that was given out before is the beginning of the one of now.
    assert_eq!(proof.from_root, before.root);
    assert!(verify_consistency(
        proof.from,
        proof.to,
        &before.root,
        &proof.to_root,
        &proof.path
    ));
}

#[tokio::test]
async fn nobody_but_admins_and_owners_reads_the_log_and_only_their_own() {
    let live = Live::get();
    let (_, state) = live.conversation("Where is it?").await;
    let (agent, admin, stranger) = (
        live.agent().await,
        live.admin().await,
        live.other_admin().await,
    );
    let id = state.conversation_id;
    let path = format!("/api/v1/conversations/{id}/messages");
    agent
        .get(&path)
        .await
        .expect("an answer")
        .expect(200)
        .expect("200");
    entry_of(&admin, "messages.read", &id.to_string()).await;
    for path in [
        "",
        "/roots",
        "/proofs/inclusion?seq=1",
        "/proofs/consistency?day=2025-01-08&from=1",
    ] {
        let answer = agent
            .get(&format!("/api/v1/audit{path}"))
            .await
            .expect("an answer");
        assert_eq!(answer.status, 403, "{path}");
    }
    let seen = entries(&stranger, "limit=1000").await;
    assert!(
        seen.iter()
            .all(|entry| entry.account_id == live.other.account_id)
    );
    assert!(
        entries(&stranger, &format!("resource={id}"))
            .await
            .is_empty()
    );
    for (path, status) in [
        ("/proofs/inclusion?seq=999999999", 404),
        ("/proofs/consistency?day=1970-01-02&from=1", 404),
        ("/proofs/inclusion", 400),
        ("?cursor=x", 400),
    ] {
        let answer = admin
            .get(&format!("/api/v1/audit{path}"))
            .await
            .expect("an answer");
        assert_eq!(answer.status, status, "{path}");
    }
}

#[tokio::test]
async fn what_the_log_has_taken_survives_a_kill_in_a_whole_chain() {
    const DIRECT: &[&str] = &["--direct"];
    let mut own = OwnStack::start(DIRECT).await;
    let (_, state) = own.live.conversation("Hello").await;
    let path = format!("/api/v1/conversations/{}/messages", state.conversation_id);
    let mut known = 0;
    for _ in 0..4 {
        let admin = own.live.admin().await;
        for _ in 0..10 {
            admin
                .get(&path)
                .await
                .expect("an answer")
                .expect(200)
                .expect("200");
        }
        known = eventually("the log has grown", async || {
            let last = roots(&admin)
                .await
                .roots
                .first()
                .map(|root| root.last_seq)?;
            (last >= known + 10).then_some(last)
        })
        .await;
        own.kill_runtime();
        own.restart(DIRECT).await;
        let admin = own.live.admin().await;
        let summary = verified(&admin).await;
        assert!(
            summary.n_entries >= known,
            "{} < {known}",
            summary.n_entries
        );
    }
}

#[tokio::test]
async fn the_feed_goes_on_where_it_was_left() {
    let live = Live::get();
    let (_, state) = live.conversation(&unique("Fed")).await;
    let (agent, admin) = (live.agent().await, live.admin().await);
    let id = state.conversation_id.to_string();
    let path = format!("/api/v1/conversations/{id}/messages");
    agent.get(&path).await.expect("an answer");
    let read = entry_of(&admin, "messages.read", &id).await;

    let feed = async |after_seq: u64, limit: u32| {
        let path = format!("/api/v1/audit/feed?after_seq={after_seq}&limit={limit}");
        let answer = admin.get(&path).await.expect("an answer");
        let answer = answer.expect(200).expect("200");
        assert_eq!(answer.header("content-type"), Some("application/x-ndjson"));
        let lines = answer.text();
        let lines = lines
            .lines()
            .map(|line| serde_json::from_str(line).expect("JSON"));
        lines.collect::<Vec<Value>>()
    };
    let found = feed(read.seq - 1, 1).await;
    assert_eq!(found.len(), 1);
    let event = &found[0]["event"];
    assert_eq!(event["sequence"], read.seq);
    assert_eq!(event["action"], "messages.read");
    assert_eq!(event["category"], json!(["database"]));
    assert_eq!(found[0]["edgedesk"]["resource_id"], id);
    let next = feed(read.seq, 1_000).await;
    assert!(
        next.iter()
            .all(|line| line["event"]["sequence"].as_u64() > Some(read.seq))
    );
    assert!(
        feed(u64::from(u32::MAX), 10).await.is_empty(),
        "nothing yet"
    );
    let refused = agent.get("/api/v1/audit/feed").await.expect("an answer");
    assert_eq!(refused.status, 403);
}
