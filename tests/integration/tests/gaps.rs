//! Questions without an article, found in the running Workers: grouped, drafted once, dismissed and brought back.

use edgedesk_client::{Answer, Edgedesk};
use edgedesk_integration::{Live, eventually_within};
use reqwest::Method;
use serde_json::Value;
use std::time::Duration;

const GAPS: &str = "/api/v1/articles/gaps";
/// A look reads up to 400 questions with the models of a development build.
const LONG: Duration = Duration::from_mins(2);

/// Six ways to ask for something that no demo article is about.
const QUESTIONS: [&str; 6] = [
    "How do I calibrate the mirror of my zeppelin telescope?",
    "How can I calibrate the mirror of the zeppelin telescope?",
    "Calibrating the mirror of the zeppelin telescope: how does it work?",
    "Please tell me how to calibrate my zeppelin telescope's mirror.",
    "I want to calibrate the mirror of my zeppelin telescope, how?",
    "What do I do to calibrate the zeppelin telescope's mirror? Write to ada@acme.example.",
];

async fn send(caller: &Edgedesk, method: Method, path: &str) -> Answer {
    let request = caller.request(method, path);
    caller.send(request).await.expect("an answer")
}

async fn json(caller: &Edgedesk, path: &str) -> Value {
    let answer = send(caller, Method::GET, path).await;
    let answer = answer.expect(200).unwrap_or_else(|error| panic!("{error}"));
    answer.json().expect("JSON")
}

/// Looks now, and waits until that is over. The list then.
async fn look(admin: &Edgedesk) -> Value {
    let asked = send(admin, Method::POST, &format!("{GAPS}/run")).await;
    asked.expect(202).unwrap_or_else(|error| panic!("{error}"));
    eventually_within(LONG, "the look for gaps is over", async || {
        let list = json(admin, GAPS).await;
        (list["run"]["is_running"] == false).then_some(list)
    })
    .await
}

/// The gaps of a list that one of these conversations is in.
fn gaps_of<'a>(list: &'a Value, conversations: &[String]) -> Vec<&'a Value> {
    let gaps = list["gaps"].as_array().expect("gaps").iter();
    gaps.filter(|gap| {
        let ids = gap["conversation_ids"].as_array().expect("ids").iter();
        ids.filter_map(Value::as_str)
            .any(|id| conversations.iter().any(|own| own == id))
    })
    .collect()
}

#[tokio::test]
async fn five_unanswered_questions_yield_one_draft_and_the_next_look_no_other() {
    let live = Live::get();
    let (admin, agent, other) = (
        live.admin().await,
        live.agent().await,
        live.other_admin().await,
    );
    let mut asked = Vec::new();
    for question in QUESTIONS {
        let (_, state) = live.conversation(question).await;
        asked.push(state.conversation_id.to_string());
    }
    let first = look(&admin).await;
    let found = gaps_of(&first, &asked);
    assert_eq!(found.len(), 1, "{first}");
    let gap = found[0].clone();
    assert!(gap["n_questions"].as_u64() >= Some(6), "{gap}");
    assert_eq!(gap["article"]["state"], "draft");
    assert!(!first.to_string().contains("ada@acme.example"));
    let article = gap["article"]["id"].as_str().expect("an article");
    let path = format!("/api/v1/articles/{article}");
    let draft = json(&admin, &path).await["article"].clone();
    let body = draft["body"].as_str().expect("a body");
    assert!(
        body.contains("calibrate") && !body.contains("acme"),
        "{body}"
    );
    assert_eq!(draft["drafted_from"]["gap_id"], gap["id"]);
    assert_eq!(draft.get("published_version"), None);

    let second = look(&admin).await;
    let again = gaps_of(&second, &asked);
    assert_eq!(again.len(), 1, "{second}");
    assert_eq!(
        (&again[0]["id"], &again[0]["article"]),
        (&gap["id"], &gap["article"])
    );

    // Neither agents nor another account see any of it.
    assert_eq!(send(&agent, Method::GET, GAPS).await.status, 403);
    assert_eq!(
        send(&agent, Method::POST, &format!("{GAPS}/run"))
            .await
            .status,
        403
    );
    assert!(gaps_of(&json(&other, GAPS).await, &asked).is_empty());
    let dismissal = format!("{GAPS}/{}/dismiss", gap["id"].as_str().expect("an id"));
    assert_eq!(send(&other, Method::POST, &dismissal).await.status, 404);

    // Dismissed, it does not come back, until somebody brings it back.
    assert_eq!(send(&admin, Method::POST, &dismissal).await.status, 204);
    assert!(gaps_of(&look(&admin).await, &asked).is_empty());
    let dismissed = json(&admin, &format!("{GAPS}?dismissed=true")).await;
    assert_eq!(gaps_of(&dismissed, &asked).len(), 1);
    assert_eq!(send(&admin, Method::DELETE, &dismissal).await.status, 204);
    assert_eq!(gaps_of(&json(&admin, GAPS).await, &asked).len(), 1);
    // What others are offered has nothing of this one.
    assert_eq!(send(&admin, Method::DELETE, &path).await.status, 204);
    let list = json(&admin, GAPS).await;
    assert_eq!(gaps_of(&list, &asked)[0].get("article"), None);
}
