//! Drafts of text generators in the real runtime: what they are sent, what becomes of what they say, and what it costs.

use edgedesk_client::Edgedesk;
use edgedesk_integration::{
    FakeGenerator, GENERATOR_KEY, GENERATOR_MODEL, GeneratorDoes, Live, OwnStack, PATIENCE,
    eventually, json_of, send, unique,
};
use reqwest::Method;
use serde_json::{Value, json};

const SETTINGS: &str = "/api/v1/generators";
const USAGE: &str = "/api/v1/generators/usage";
const COMPOSER: &str = "edgedesk-composer";

async fn stack(providers: &[Value]) -> OwnStack {
    let providers = format!("--jobs-var=GENERATORS={}", json!(providers));
    let key = format!("--jobs-var=TEST_KEY={GENERATOR_KEY}");
    OwnStack::start(&["--direct", &providers, &key]).await
}

async fn switch(admin: &Edgedesk, is_on: bool, budget: u64) -> Value {
    let body = json!({ "is_on": is_on, "monthly_budget_micro_dollars": budget });
    json_of(send(admin, Method::PUT, SETTINGS, Some(body)).await, 200)
}

async fn usage(admin: &Edgedesk) -> Value {
    json_of(send(admin, Method::GET, USAGE, None).await, 200)
}

/// An article that answers, and that the search finds.
async fn article(admin: &Edgedesk, thing: &str) -> String {
    let body = json!({
        "title": format!("Sending a {thing} lamp back"), "state": "published",
        "body": format!(
            "You can send a {thing} lamp back within 45 days of delivery.\n\n\
             Print the label from your account and bring the parcel to any post office."
        ),
    });
    let made = send(admin, Method::POST, "/api/v1/articles", Some(body)).await;
    let id = json_of(made, 201)["article"]["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let query = json!({ "query": format!("send my {thing} lamp back"), "limit": 5 });
    eventually("search finds the article", async || {
        let path = "/api/v1/articles/search";
        let found = send(admin, Method::POST, path, Some(query.clone())).await;
        let found = json_of(found, 200);
        let hits = found["hits"].as_array().expect("hits");
        hits.iter()
            .any(|hit| hit["article_id"] == id.as_str())
            .then_some(())
    })
    .await;
    id
}

/// A customer asks about it. The draft that agents get.
async fn draft(live: &Live, thing: &str) -> Value {
    let agent = live.agent().await;
    let question = format!(
        "How can I send my {thing} lamp back? I am Ada Customer, write to ada.customer@navy.example or call +49 30 901820."
    );
    let ticket = live.ticket();
    // With the customer's name beside it, unlike a ticket.
    let body = ticket.messaging(&unique("evt-"), "end_user", &question);
    live.deliver(&body).await.expect(200).expect("taken");
    let state = eventually("the conversation is in D1", async || {
        let inbox_id = live.stack.zendesk.inbox_id;
        agent
            .by_external_id(inbox_id, &ticket.id)
            .await
            .expect("a list")
    })
    .await;
    let mut room = agent
        .conversation_socket(state.conversation_id)
        .await
        .expect("a socket");
    room.send(&json!({ "type": "resume", "seq": 0 }))
        .await
        .expect("sent");
    let frame = room
        .wait_for_type(PATIENCE, "draft.created")
        .await
        .expect("a draft");
    frame["data"].clone()
}

fn written(draft: &Value) -> &Value {
    let offered = draft["suggestions"].as_array().expect("suggestions");
    let found = offered.iter().find(|offered| offered["type"] == "draft");
    found.unwrap_or_else(|| panic!("no draft in {draft}"))
}

fn codes(draft: &Value) -> Vec<&str> {
    let reasons = draft["reasons"].as_array().expect("reasons").iter();
    reasons
        .filter_map(|reason| reason["code"].as_str())
        .collect()
}

fn answer(thing: &str) -> GeneratorDoes {
    let text = format!(
        "Hello [NAME_1],\n\nyou can send your {thing} lamp back within 45 days of delivery. Please print the label from your account \
         and bring the parcel to any post office.\n\nKind regards"
    );
    GeneratorDoes::Says(json!({ "action": "answer", "text": text, "citations": ["place_1"] }))
}

#[tokio::test]
async fn a_generator_writes_the_draft_once_the_account_wants_it_and_hears_nothing_of_the_customer()
{
    let thing = unique("Zanzi");
    let first = FakeGenerator::start(answer(&thing)).await;
    let second = FakeGenerator::start(GeneratorDoes::BreaksOff).await;
    let own = stack(&[first.provider("first"), second.provider("second")]).await;
    let live = &own.live;
    let admin = live.admin().await;
    let article = article(&admin, &thing).await;

    // Nobody has decided anything: nothing leaves.
    let seen = json_of(send(&admin, Method::GET, SETTINGS, None).await, 200);
    assert_eq!(seen["settings"]["is_on"], false);
    let names: Vec<_> = seen["providers"]
        .as_array()
        .expect("a list")
        .iter()
        .collect();
    assert_eq!(names.len(), 2);
    assert_eq!(
        names[0],
        &json!({ "name": "first", "kind": "openai", "model": "model-1", "is_inside": false, "is_ready": true })
    );
    assert!(!seen.to_string().contains(GENERATOR_KEY));
    assert_eq!(draft(live, &thing).await["model"]["id"], COMPOSER);
    assert!(first.heard().is_empty());

    // A good answer is the draft.
    switch(&admin, true, 10_000_000).await;
    let made = draft(live, &thing).await;
    assert_eq!(
        made["model"],
        json!({ "id": "first/model-1", "version": GENERATOR_MODEL })
    );
    let text = written(&made)["text"].as_str().expect("a text");
    assert!(text.contains("within 45 days of delivery"), "{text}");
    assert!(!text.contains('['), "the mask is off: {text}");
    assert_eq!(
        written(&made)["citations"][0]["article_id"],
        article.as_str()
    );
    assert!(codes(&made).contains(&"written_by"), "{made}");
    let heard = first.heard();
    let [request] = heard.as_slice() else {
        panic!("asked {} times", heard.len());
    };
    assert!(request.head.starts_with("POST /v1/chat/completions "));
    let sent = request.body.to_string();
    for secret in ["Ada", "navy.example", "901820"] {
        assert!(!sent.contains(secret), "{secret} left: {sent}");
    }
    assert!(
        sent.contains("within 45 days") && sent.contains("lamp back?"),
        "{sent}"
    );
    assert_eq!(request.body["response_format"]["type"], "json_schema");

    // What it took: 1,000 tokens for a dollar a million, and 200 for two.
    let books = usage(&admin).await;
    assert_eq!(books["spent_micro_dollars"], 1_400);
    assert_eq!(books["held_micro_dollars"], 0);
    assert_eq!(books["left_micro_dollars"], 10_000_000 - 1_400);
    let row = &books["usage"][0];
    assert_eq!(row["provider"], "first");
    assert_eq!(
        (&row["n_requests"], &row["n_estimates"]),
        (&json!(1), &json!(0))
    );
    // And the other account knows nothing of it.
    let other = live.other_admin().await;
    assert_eq!(usage(&other).await["usage"], json!([]));

    // One that breaks off in the middle is followed by the next.
    first.set(GeneratorDoes::BreaksOff);
    second.set(answer(&thing));
    let made = draft(live, &thing).await;
    assert_eq!(made["model"]["id"], "second/model-1");
    assert!(codes(&made).contains(&"generator_failed"), "{made}");
    // And when there is none that can, by the composer: there is a draft in any case.
    second.set(GeneratorDoes::BreaksOff);
    let made = draft(live, &thing).await;
    assert_eq!(made["model"]["id"], COMPOSER);
    assert!(
        written(&made)["text"]
            .as_str()
            .is_some_and(|text| text.contains("45 days"))
    );
    assert!(codes(&made).contains(&"written_by_composer"), "{made}");
    let books = usage(&admin).await;
    let rows = books["usage"].as_array().expect("rows");
    let estimates: Vec<_> = rows.iter().map(|row| row["n_estimates"].as_u64()).collect();
    assert_eq!(estimates.iter().flatten().sum::<u64>(), 3, "{books}");

    // Over its budget an account has the composer, and nobody is asked.
    let n_asked = first.heard().len() + second.heard().len();
    switch(&admin, true, 1_500).await;
    let made = draft(live, &thing).await;
    assert_eq!(made["model"]["id"], COMPOSER);
    assert!(codes(&made).contains(&"generator_over_budget"), "{made}");
    assert_eq!(first.heard().len() + second.heard().len(), n_asked);

    only_who_may_and_what_can_be(live, &admin).await;
}

async fn only_who_may_and_what_can_be(live: &Live, admin: &Edgedesk) {
    let agent = live.agent().await;
    for (method, path) in [
        (Method::GET, SETTINGS),
        (Method::PUT, SETTINGS),
        (Method::GET, USAGE),
    ] {
        let body = json!({ "is_on": true, "monthly_budget_micro_dollars": 1 });
        let body = (method == Method::PUT).then_some(body);
        assert_eq!(send(&agent, method, path, body).await.status, 403);
    }
    for (body, status) in [
        (
            json!({ "is_on": true, "monthly_budget_micro_dollars": 1_000_000_000_001_u64 }),
            422,
        ),
        (json!({ "is_on": true }), 400),
        (
            json!({ "is_on": true, "monthly_budget_micro_dollars": -1 }),
            400,
        ),
        (
            json!({ "is_on": true, "monthly_budget_micro_dollars": 1, "account_id": "acc_1" }),
            400,
        ),
    ] {
        let answer = send(admin, Method::PUT, SETTINGS, Some(body)).await;
        assert_eq!(answer.status, status);
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed_with_the_key_and_a_bad_configuration_is_none() {
    let thing = unique("Zanzi");
    let elsewhere = FakeGenerator::start(answer(&thing)).await;
    let to = format!("{}/v1/chat/completions", elsewhere.url);
    let first = FakeGenerator::start(GeneratorDoes::Redirects(to)).await;
    let mut own = stack(&[first.provider("first")]).await;
    let admin = own.live.admin().await;
    article(&admin, &thing).await;
    switch(&admin, true, 10_000_000).await;
    let made = draft(&own.live, &thing).await;
    assert_eq!(made["model"]["id"], COMPOSER);
    assert!(codes(&made).contains(&"generator_failed"), "{made}");
    assert_eq!(first.heard().len(), 1);
    assert!(elsewhere.heard().is_empty(), "the key went elsewhere");

    // No JSON: drafts go on, and the account hears why nobody is asked. What was decided is still known.
    own.restart(&["--direct", "--jobs-var=GENERATORS=[{"]).await;
    let admin = own.live.admin().await;
    let seen = json_of(send(&admin, Method::GET, SETTINGS, None).await, 200);
    assert_eq!(
        (&seen["is_misconfigured"], &seen["providers"]),
        (&json!(true), &json!([]))
    );
    assert_eq!(seen["settings"]["is_on"], true);
    assert_eq!(draft(&own.live, &thing).await["model"]["id"], COMPOSER);
}
