//! Limits of calls, against Workers of one's own: their account is given limits that a test can reach.

use edgedesk_client::{Answer, Edgedesk};
use edgedesk_integration::{Live, OwnStack, unique};
use reqwest::Method;
use serde_json::json;

const DIRECT: &[&str] = &["--direct"];

/// Gives the stack's account limits of its own. Before its first call: the gateway remembers an account for half a minute.
fn limit(own: &OwnStack, limits: &str) {
    let account_id = own.live.stack.account_id;
    let sql = format!(
        "UPDATE accounts SET settings = '{{\"rate_limits\":{limits}}}' WHERE id = '{account_id}'"
    );
    own.execute("DIRECTORY", &sql);
}

#[tokio::test]
async fn the_call_over_the_limit_is_refused_with_the_headers_of_both_families() {
    let mut own = OwnStack::start(DIRECT).await;
    limit(&own, r#"{"per_hour":40,"per_second":1000}"#);
    let agent = own.live.agent().await;
    // Logging in is none of the calls: it has a lock-out of its own.
    for call in 1..=40 {
        let answer = agent.get("/api/v1/me").await.expect("an answer");
        let answer = answer.expect(200).expect("within the limit");
        let policy = answer.header("ratelimit-policy");
        assert_eq!(policy, Some("\"hour\";q=40;w=3600, \"burst\";q=1000;w=1"));
        assert_eq!(answer.header("x-ratelimit-limit"), Some("40"));
        let left = (40 - call).to_string();
        assert_eq!(answer.header("x-ratelimit-remaining"), Some(left.as_str()));
        let state = answer.header("ratelimit").expect("it is told");
        assert!(
            state.starts_with(&format!("\"hour\";r={left};t=")),
            "{state}"
        );
    }
    refused(&agent.get("/api/v1/me").await.expect("an answer"));

    // What changes something is refused before it does.
    let admin = own.live.admin().await;
    let body = json!({"name": "Over the limit", "scopes": ["conversations:read"]});
    let over = admin.post("/api/v1/api-keys", &body).await;
    refused(&over.expect("an answer"));

    // A webhook is taken, and another account does not notice.
    let ticket = own.live.ticket();
    let hook = ticket.created(&unique("evt-"), "A question", "Over the limit");
    let taken = own.live.deliver(&hook).await;
    taken.expect(200).expect("a webhook is not counted");
    let other = own.live.other_admin().await;
    let free = other.get("/api/v1/api-keys").await.expect("an answer");
    let free = free.expect(200).expect("another account");
    // Development stacks have a thousand times the limits of the plan.
    assert_eq!(free.header("x-ratelimit-limit"), Some("1000000"));

    // The hour goes on over a crash.
    own.kill_runtime();
    own.restart(DIRECT).await;
    let agent = own.live.agent().await;
    refused(&agent.get("/api/v1/me").await.expect("an answer"));
}

#[tokio::test]
async fn visitors_are_counted_by_their_network() {
    let own = OwnStack::start(DIRECT).await;
    limit(&own, r#"{"visits_per_minute":3}"#);
    let (here, there) = ("203.0.113.7", "203.0.113.8");
    for _ in 0..3 {
        let answer = visit(&own.live, here).await;
        let answer = answer.expect(200).expect("within the limit");
        let policy = answer.header("ratelimit-policy");
        assert_eq!(policy, Some("\"minute\";q=3;w=60"));
    }
    let over = visit(&own.live, here).await;
    refused(&over);
    // The page may read when to come back.
    assert_eq!(
        over.header("access-control-allow-origin"),
        Some("https://shop.example.com")
    );
    let exposed = over
        .header("access-control-expose-headers")
        .unwrap_or_default();
    assert!(exposed.contains("retry-after"), "{exposed}");
    visit(&own.live, there)
        .await
        .expect(200)
        .expect("another network");
    // Who works there is not kept waiting by visitors.
    let agent = own.live.agent().await;
    let me = agent.get("/api/v1/me").await.expect("an answer");
    me.expect(200).expect("a call of the API");
}

fn refused(answer: &Answer) {
    assert_eq!(answer.status, 429, "{}", answer.text());
    let problem = answer.problem().expect("a problem");
    assert_eq!(problem.code, "rate_limited");
    let after = answer.header("retry-after").expect("it is told");
    assert!((1..=3_600).contains(&after.parse::<u32>().expect("seconds")));
    assert_eq!(answer.header("x-ratelimit-remaining"), Some("0"));
    assert!(answer.header("x-ratelimit-reset").is_some());
    assert!(answer.header("ratelimit").is_some());
}

/// A visitor from somewhere opens a session.
async fn visit(live: &Live, address: &str) -> Answer {
    let public: &Edgedesk = &live.public;
    let body = json!({ "inbox_key": live.stack.widget.inbox_key });
    let request = public
        .request(Method::POST, "/widget/v1/sessions")
        .header("cf-connecting-ip", address)
        .header("origin", "https://shop.example.com")
        .json(&body);
    public.send(request).await.expect("an answer")
}

#[tokio::test]
async fn calls_without_an_account_are_counted_by_their_network() {
    let own = OwnStack::start(&["--direct", "--var=SIGN_INS_PER_MINUTE=4"]).await;
    let (here, there) = ("203.0.113.7", "203.0.113.8");
    let call = async |path: &str, method: Method, address: &str| {
        let request = own
            .live
            .public
            .request(method, path)
            .header("cf-connecting-ip", address)
            .json(&json!({"refresh_token": "unknown", "email": "nobody@example.com", "password": "wrong"}));
        own.live.public.send(request).await.expect("an answer")
    };
    for (path, method, status) in [
        ("/api/v1/auth/providers", Method::GET, 200),
        ("/api/v1/auth/csrf", Method::GET, 200),
        ("/api/v1/auth/refresh", Method::POST, 401),
        ("/api/v1/auth/login", Method::POST, 401),
    ] {
        let answer = call(path, method, here).await;
        assert_eq!(answer.status, status, "{path}");
        let policy = answer.header("ratelimit-policy");
        assert_eq!(policy, Some("\"minute\";q=4;w=60"), "{path}");
    }
    for path in ["login", "refresh", "logout", "second-factor"] {
        let path = format!("/api/v1/auth/{path}");
        refused(&call(&path, Method::POST, here).await);
    }
    // Another network does not notice, and neither does who has an account.
    let answer = call("/api/v1/auth/login", Method::POST, there).await;
    assert_eq!(answer.status, 401);
    let agent = own.live.agent().await;
    let request = agent
        .request(Method::GET, "/api/v1/me")
        .header("cf-connecting-ip", here);
    let me = agent.send(request).await.expect("an answer");
    me.expect(200).expect("a call with an account");
}
