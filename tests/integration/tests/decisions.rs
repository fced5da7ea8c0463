//! Decisions, feedback, accuracy and own intents on the real runtime. One test after the other: they share an account.

use edgedesk_client::Edgedesk;
use edgedesk_domain::conversation::ConversationState;
use edgedesk_integration::{Live, PATIENCE, eventually, unique};
use reqwest::Method;
use serde_json::{Value, json};

const WHOLESALE: [&str; 10] = [
    "Do you sell to resellers?",
    "I would like to order two hundred pieces for my shop.",
    "What is your wholesale price list?",
    "Is there a discount for large quantities?",
    "We are a retailer and want to stock your jackets.",
    "Can my store buy pallets from you?",
    "Who handles bulk orders for businesses?",
    "We need a quote for five hundred units.",
    "Do you have a reseller programme?",
    "Minimum order quantity for trade customers?",
];

const REPAIRS: [&str; 10] = [
    "The zip of my jacket is broken, can you mend it?",
    "Do you repair torn tents?",
    "My backpack has a hole, how do I send it in for repair?",
    "How much does it cost to fix a seam?",
    "The sole came off my boot, is that something you mend?",
    "Can I have my sleeping bag repaired?",
    "Where do I send a damaged coat to be fixed?",
    "Is there a repair service for old gear?",
    "The buckle snapped, do you sell spare parts?",
    "Please mend the tear in my trousers.",
];

async fn answer(
    user: &Edgedesk,
    method: Method,
    path: &str,
    body: Option<&Value>,
    status: u16,
) -> Value {
    let request = user.request(method, path);
    let request = match body {
        Some(body) => request.json(body),
        None => request,
    };
    let answer = user.send(request).await.expect("an answer");
    assert_eq!(answer.status, status, "{path}: {}", answer.text());
    if answer.text().is_empty() {
        Value::Null
    } else {
        answer.json().expect("JSON")
    }
}

async fn get(user: &Edgedesk, path: &str) -> Value {
    answer(user, Method::GET, path, None, 200).await
}

async fn post(user: &Edgedesk, path: &str, body: &Value, status: u16) -> Value {
    answer(user, Method::POST, path, Some(body), status).await
}

/// The decision about a conversation's first message, once it is made.
async fn decision_of(agent: &Edgedesk, state: &ConversationState) -> (String, Value) {
    let id = state.conversation_id;
    let messages = agent.messages(id).await.expect("messages");
    let message_id = messages[0].message.message_id;
    let path = format!("/api/v1/conversations/{id}/messages/{message_id}");
    let decision = eventually("the message has a decision", async || {
        let answer = agent
            .get(&format!("{path}/decision"))
            .await
            .expect("an answer");
        (answer.status == 200).then(|| answer.json::<Value>().expect("a decision"))
    })
    .await;
    (path, decision)
}

async fn replay(agent: &Edgedesk, path: &str) -> Value {
    post(agent, &format!("{path}/decision/replay"), &json!({}), 200).await
}

#[tokio::test]
async fn a_decision_is_replayed_with_the_same_result_judged_live_and_counted() {
    let live = Live::get();
    let (_, state) = live
        .conversation("I am very disappointed, my parcel never came.")
        .await;
    let agent = live.agent().await;
    let (path, decision) = decision_of(&agent, &state).await;
    let analysis = &decision["decision"]["analysis"];
    assert!(analysis["model"]["version"].is_string(), "{analysis}");
    assert!(!analysis["reasons"].as_array().expect("reasons").is_empty());
    assert_eq!(decision["feedback"], json!([]));

    let replayed = replay(&agent, &path).await;
    assert_eq!(replayed["same"], true, "{replayed}");
    assert_eq!(replayed["model_changed"], false);

    let counted = async || {
        let accuracy = get(&agent, "/api/v1/ai/accuracy?field=sentiment").await;
        accuracy["fields"][0]["n_reviewed"]
            .as_u64()
            .expect("a count")
    };
    let before = counted().await;
    let mut room = agent
        .conversation_socket(state.conversation_id)
        .await
        .expect("a socket");
    let feedback = format!("{path}/feedback");
    let value = json!({"field": "sentiment", "value": "neutral"});
    let given = post(&agent, &feedback, &value, 201).await;
    assert_eq!(
        given["feedback"]["decided"],
        analysis["sentiment"]["polarity"]
    );
    let again = post(&agent, &feedback, &value, 200).await;
    assert_eq!(again, given);
    let frame = room
        .wait_for_type(PATIENCE, "analysis.corrected")
        .await
        .expect("it is live");
    assert_eq!(frame["data"]["value"], "neutral");
    eventually("it is counted", async || {
        (counted().await == before + 1).then_some(())
    })
    .await;
    let one_field = format!("{feedback}/sentiment");
    answer(&agent, Method::DELETE, &one_field, None, 204).await;
    eventually("it is not counted any more", async || {
        (counted().await == before).then_some(())
    })
    .await;

    let wrong = json!({"field": "sentiment", "value": "sad"});
    let problem = post(&agent, &feedback, &wrong, 422).await;
    assert_eq!(problem["code"], "invalid_value");
    let stranger = live.other_admin().await;
    for (method, part, body) in [
        (Method::GET, "decision", None),
        (Method::POST, "decision/replay", None),
        (Method::POST, "feedback", Some(&value)),
        (Method::DELETE, "feedback/sentiment", None),
    ] {
        let there = format!("{path}/{part}");
        answer(&stranger, method, &there, body, 404).await;
    }
}

#[tokio::test]
async fn own_intents_are_taught_used_corrected_and_rolled_back() {
    let live = Live::get();
    let (admin, agent) = (live.admin().await, live.agent().await);
    forget_own_intents(&admin).await;
    let too_few = post(&admin, TRAIN, &json!({}), 422).await;
    assert_eq!(too_few["code"], "not_enough_intents");
    let create = async |name: &str, examples: &[&str]| {
        let body = json!({"name": name, "examples": examples});
        let created = post(&admin, "/api/v1/ai/intents", &body, 201).await;
        created["intent"]["id"].as_str().expect("an id").to_owned()
    };
    let name = unique("Wholesale ");
    let wholesale = create(&name, &WHOLESALE).await;
    let repairs = create(&unique("Repairs "), &REPAIRS[..9]).await;
    let taken = json!({"name": name.to_uppercase(), "examples": []});
    let problem = post(&admin, "/api/v1/ai/intents", &taken, 409).await;
    assert_eq!(problem["code"], "intent_name_taken");
    let too_few = post(&admin, TRAIN, &json!({}), 422).await;
    assert_eq!(too_few["code"], "not_enough_examples");
    assert_eq!(
        too_few["errors"][0]["pointer"],
        format!("/intents/{repairs}")
    );
    let path = format!("/api/v1/ai/intents/{repairs}");
    let whole = json!({"name": unique("Repairs "), "examples": REPAIRS});
    answer(&admin, Method::PUT, &path, Some(&whole), 200).await;

    let first = post(&admin, TRAIN, &json!({}), 201).await;
    assert_eq!(first["n_rows"], 20, "{first}");
    assert!(
        first["cross_validation"]["accuracy"]
            .as_f64()
            .expect("a share")
            > 0.7,
        "{first}"
    );
    let text = json!({"text": "How much is it if I order three hundred for my shop?"});
    let version = first["version"].as_u64().expect("a version");
    // In use or not: a version can be tried.
    let of_version = format!("/api/v1/ai/intents/test?version={version}");
    let guess = post(&agent, &of_version, &text, 200).await;
    assert_eq!(guess["intents"][0]["intent_id"], wholesale, "{guess}");
    post(&admin, ROLLBACK, &json!({ "version": version }), 200).await;

    // Within five seconds of the switch every isolate uses it.
    let decided = eventually("a message gets the own intent", async || {
        let (_, state) = live
            .conversation("Price for a bulk order of four hundred units?")
            .await;
        let (path, decision) = decision_of(&agent, &state).await;
        let inputs = &decision["decision"]["inputs"];
        (inputs["own_intents_version"] == version).then_some((path, decision))
    })
    .await;
    let (path, decision) = decided;
    let own = &decision["decision"]["analysis"]["intent"]["own"];
    assert_eq!(own["intent_id"], wholesale, "{decision}");
    assert_eq!(own["version"], version);
    let replayed = replay(&agent, &path).await;
    assert_eq!(replayed["same"], true, "{replayed}");
    assert_eq!(replayed["own_intents_version"], version);

    // What an agent says becomes a row of the next training.
    let said = json!({"field": "own_intent", "value": wholesale});
    post(&agent, &format!("{path}/feedback"), &said, 201).await;
    eventually("the correction is counted", async || {
        let intent = get(&agent, &format!("/api/v1/ai/intents/{wholesale}")).await;
        (intent["intent"]["n_corrections"] == 1).then_some(())
    })
    .await;
    let models = get(&agent, "/api/v1/ai/models").await;
    assert_eq!(
        models["own_intents"]["needs_training"]["code"], "rows_changed",
        "{models}"
    );
    assert!(models["models"][0]["files"].is_object());
    let second = post(&admin, TRAIN, &json!({}), 201).await;
    assert_eq!(
        (&second["n_rows"], &second["n_corrections"]),
        (&json!(21), &json!(1))
    );
    assert_eq!(second["previous"]["version"], version);

    let second = second["version"].as_u64().expect("a version");
    post(&admin, ROLLBACK, &json!({ "version": second }), 200).await;
    let back = post(&admin, ROLLBACK, &json!({ "version": version }), 200).await;
    assert_eq!(
        (&back["previous_version"], &back["changed"]),
        (&json!(second), &json!(true))
    );
    let record = get(&agent, "/api/v1/ai/intents/promotions?limit=1").await;
    assert_eq!(record["promotions"][0]["version"], version);
    assert_eq!(record["promotions"][0]["action"], "rolled_back");
    // The decision of before names its version, whatever is in use now.
    assert_eq!(replay(&agent, &path).await["same"], true);
    post(&agent, ROLLBACK, &json!({ "version": version }), 403).await;

    what_fits_neither_has_none(&live, &admin, &agent).await;
    let of_repairs = format!("/api/v1/ai/intents/{repairs}");
    switched_off_and_on(&live, &admin, &agent, version, &of_repairs).await;
    assert_eq!(replay(&agent, &path).await["same"], true);

    let stranger = live.other_admin().await;
    let path = format!("/api/v1/ai/intents/{wholesale}");
    answer(&stranger, Method::GET, &path, None, 404).await;
    post(&stranger, &of_version, &text, 404).await;
    post(&stranger, ROLLBACK, &json!({ "version": version }), 404).await;
}

const TRAIN: &str = "/api/v1/ai/intents/train";
const ROLLBACK: &str = "/api/v1/ai/intents/rollback";

/// One of two is not always right: what fits neither has none, and a word on that is learned from.
async fn what_fits_neither_has_none(live: &Live, admin: &Edgedesk, agent: &Edgedesk) {
    let (_, state) = live
        .conversation("Thank you, that was all I wanted to know.")
        .await;
    let (neither, decision) = decision_of(agent, &state).await;
    let inputs = &decision["decision"]["inputs"];
    assert!(inputs["own_intents_version"].is_u64(), "{decision}");
    let own = &decision["decision"]["analysis"]["intent"]["own"];
    assert!(own.is_null(), "{decision}");
    let said = json!({"field": "own_intent", "value": "none"});
    post(agent, &format!("{neither}/feedback"), &said, 201).await;
    let third = eventually("what is of none is learned from", async || {
        let third = post(admin, TRAIN, &json!({}), 201).await;
        (third["n_rows"] == 22).then_some(third)
    })
    .await;
    assert_eq!(third["n_corrections"], 2);
    assert!(third["features_ms"].is_number() && third["fit_ms"].is_number());
    let none = &third["cross_validation"]["none"];
    assert!(none["n"].as_u64().expect("a count") > 30, "{third}");
}

/// Off by hand, which has to be said; then on again, and off because one intent is left.
async fn switched_off_and_on(
    live: &Live,
    admin: &Edgedesk,
    agent: &Edgedesk,
    version: u64,
    of_repairs: &str,
) {
    let in_use = async || get(agent, "/api/v1/ai/models").await["own_intents"]["version"].clone();
    post(admin, ROLLBACK, &json!({}), 400).await;
    post(agent, ROLLBACK, &json!({ "version": null }), 403).await;
    let off = post(admin, ROLLBACK, &json!({ "version": null }), 200).await;
    assert_eq!(
        (&off["version"], &off["changed"]),
        (&Value::Null, &json!(true))
    );
    assert_eq!(in_use().await, Value::Null);
    let record = get(agent, "/api/v1/ai/intents/promotions?limit=1").await;
    assert_eq!(record["promotions"][0]["version"], Value::Null);
    eventually("messages have no own intents any more", async || {
        let (_, state) = live
            .conversation("Price for a bulk order of four hundred units?")
            .await;
        let (_, decision) = decision_of(agent, &state).await;
        let inputs = &decision["decision"]["inputs"];
        inputs["own_intents_version"].is_null().then_some(())
    })
    .await;
    post(admin, ROLLBACK, &json!({ "version": version }), 200).await;
    answer(admin, Method::DELETE, of_repairs, None, 204).await;
    assert_eq!(in_use().await, Value::Null);
    let record = get(agent, "/api/v1/ai/intents/promotions?limit=1").await;
    assert_eq!(record["promotions"][0]["action"], "deleted");
}

/// Deletes whatever earlier runs left.
async fn forget_own_intents(admin: &Edgedesk) {
    let kept = get(admin, "/api/v1/ai/intents").await;
    for intent in kept["intents"].as_array().expect("intents") {
        let id = intent["id"].as_str().expect("an id");
        let path = format!("/api/v1/ai/intents/{id}");
        answer(admin, Method::DELETE, &path, None, 204).await;
    }
}
