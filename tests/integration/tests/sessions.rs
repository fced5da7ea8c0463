//! Sessions against the running Workers: seen, ended, and their tokens refused within the bound.

use std::time::Duration;

use edgedesk_client::{Answer, Edgedesk};
use edgedesk_integration::{Live, eventually};
use reqwest::Method;
use serde_json::{Value, json};

/// How long an access token may outlive its session (five seconds, which native tests hold it to), and time for a busy machine.
const BOUND: Duration = Duration::from_secs(30);

async fn current(agent: &Edgedesk) -> String {
    let list: Value = agent
        .get("/api/v1/me/sessions")
        .await
        .expect("an answer")
        .expect(200)
        .expect("sessions")
        .json()
        .expect("sessions");
    let sessions = list["sessions"].as_array().expect("sessions");
    let mut current = sessions.iter().filter(|session| session["current"] == true);
    let id = current.next().expect("one is current")["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    assert!(current.next().is_none(), "{list}");
    id
}

async fn end(agent: &Edgedesk, id: &str) -> u16 {
    let request = agent.request(Method::DELETE, &format!("/api/v1/me/sessions/{id}"));
    agent.send(request).await.expect("an answer").status
}

#[tokio::test]
async fn an_ended_session_is_refused_within_the_bound_and_the_others_go_on() {
    let live = Live::get();
    let mine = live.agent().await;
    let tokens = live.public.tokens(&live.stack.agent).await.expect("tokens");
    let theirs = live.public.with_token(&tokens.access_token);
    let (my_id, their_id) = (current(&mine).await, current(&theirs).await);
    assert_ne!(my_id, their_id);

    assert_eq!(end(&mine, &their_id).await, 204);
    let body = json!({ "refresh_token": tokens.refresh_token });
    let refreshed = live.public.post("/api/v1/auth/refresh", &body).await;
    assert_eq!(refreshed.expect("an answer").status, 401);
    let answer = refused(&theirs).await;
    assert_eq!(answer.problem().expect("a problem").code, "invalid_token");
    assert_eq!(end(&mine, &their_id).await, 204, "once more");
    assert_eq!(current(&mine).await, my_id);
}

/// The answer that an access token gets once it has ended with its session.
async fn refused(caller: &Edgedesk) -> Answer {
    let answer = tokio::time::timeout(BOUND, async {
        loop {
            let answer = caller.get("/api/v1/me").await.expect("an answer");
            if answer.status == 401 {
                break answer;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    });
    answer.await.expect("refused within the bound")
}

#[tokio::test]
async fn logging_out_ends_the_access_token_too() {
    let live = Live::get();
    let tokens = live.public.tokens(&live.stack.agent).await.expect("tokens");
    let agent = live.public.with_token(&tokens.access_token);
    assert_eq!(
        agent.get("/api/v1/me").await.expect("an answer").status,
        200
    );
    let body = json!({ "refresh_token": tokens.refresh_token });
    let out = live.public.post("/api/v1/auth/logout", &body).await;
    assert_eq!(out.expect("an answer").status, 204);
    refused(&agent).await;
}

#[tokio::test]
async fn nobody_ends_the_session_of_somebody_else() {
    let live = Live::get();
    let (agent, admin) = (live.agent().await, live.admin().await);
    let id = current(&agent).await;
    // Not even who runs the account: it is not theirs.
    assert_eq!(end(&admin, &id).await, 404);
    assert_eq!(end(&admin, "ses_00000000000000000000000000").await, 404);
    assert_eq!(end(&admin, "cnv_00000000000000000000000000").await, 404);
    assert_eq!(current(&agent).await, id);
}

#[tokio::test]
async fn a_refresh_token_that_comes_twice_is_in_the_audit_log_with_the_session_that_it_ended() {
    let live = Live::get();
    let tokens = live.public.tokens(&live.stack.agent).await.expect("tokens");
    let agent = live.public.with_token(&tokens.access_token);
    let session = current(&agent).await;
    let body = json!({ "refresh_token": tokens.refresh_token });
    for expected in [200, 401] {
        let answer = live.public.post("/api/v1/auth/refresh", &body).await;
        assert_eq!(answer.expect("an answer").status, expected);
    }
    let admin = live.admin().await;
    let path = format!("/api/v1/audit?action=refresh_token.reused&resource={session}");
    let entry = eventually("the reuse is in the audit log", async || {
        let answer = admin.get(&path).await.expect("an answer");
        let list: Value = answer.expect(200).expect("entries").json().expect("JSON");
        list["entries"].get(0).cloned()
    })
    .await;
    assert_eq!(entry["actor"], json!({ "kind": "anonymous" }));
    assert_eq!(entry["outcome"], "refused");
    assert_eq!(entry["resource"]["kind"], "session");
}
