//! Ten thousand calls with ids that are another account's, nobody's, or no ids, over every route that takes one.
//!
//! Only 404 may come back, or what the caller would hear whatever the id is: that it may not do this at all. Afterwards
//! the other account is, byte for byte, what it was.

use std::collections::BTreeMap;

use edgedesk_client::{Answer, Edgedesk};
use edgedesk_domain::ids::ConversationId;
use edgedesk_integration::{Dice, Live, OwnStack, Route, api_routes, eventually, unique};
use futures::stream::{self, StreamExt};
use reqwest::Method;
use serde_json::{Value, json};

/// Calls in all.
const N_CALLS: usize = 10_000;
/// Calls at once.
const AT_ONCE: usize = 16;
/// The same calls every time.
const SEED: u64 = 4;

/// What no parser should take for an id, percent-encoded where a path needs it.
const HOSTILE: [&str; 16] = [
    "999999999999",
    "0",
    "-1",
    "null",
    "cnv_",
    "acc_00000000000000000000000002",
    "%00",
    "%ff%fe",
    "cnv_%00",
    "%27%20OR%20%271%27=%271",
    "%22%3E%3Cscript%3E",
    "a%2Fb",
    "*",
    "%F0%9F%99%82",
    "cnv_0000000000000000000000000a",
    "cnv_80000000000000000000000000",
];

/// Codes of 403 that are said before anything is looked up.
const MAY_NOT: [&str; 3] = ["missing_permission", "missing_scope", "people_only"];

/// Everything of the other account that has a name, by the parameter that could take it.
#[derive(Debug, Default)]
struct Things(BTreeMap<&'static str, Vec<String>>);

impl Things {
    fn add(&mut self, prefix: &'static str, id: &impl ToString) {
        self.0.entry(prefix).or_default().push(id.to_string());
    }

    fn of(&self, prefix: &str) -> &[String] {
        let found = self.0.get(prefix).map(Vec::as_slice);
        found.unwrap_or_else(|| panic!("the other account has nothing with an id of {prefix}_"))
    }
}

/// The kind of id that a parameter of a path takes. A new parameter has to be said here.
fn prefix_of(route: &Route, parameter: &str) -> &'static str {
    match parameter {
        "id" if route.path.contains("/inboxes/") => "inb",
        "id" if route.path.contains("/parked/") => "req",
        "id" => "cnv",
        "message_id" => "msg",
        "customer_id" => "cus",
        "export_id" => "exp",
        "attachment_id" => "att",
        "request_id" => "prq",
        "intent_id" => "int",
        "key_id" => "key",
        "session_id" => "ses",
        "user_id" => "usr",
        "team_id" => "tea",
        "role_id" => "rol",
        "invitation_id" => "inv",
        "key" => "tkt",
        "article_id" => "art",
        "category_id" => "cat",
        "macro_id" => "mac",
        "gap_id" => "gap",
        "suggestion_id" => "sug",
        "field" => "field",
        "version" => "version",
        other => panic!(
            "{}: which ids does {{{other}}} take? The fuzz has to be told",
            route.name()
        ),
    }
}

/// A body that is right but for the ids in the path. A new route with one has to be said here.
fn body_of(route: &Route) -> Option<Value> {
    let path = route.path.as_str();
    let last = path.rsplit('/').next().unwrap_or_default();
    let body = match (&route.method, last) {
        _ if !route.has_body => return None,
        // A file is what its type says, and JSON is one that is taken.
        (&Method::POST, "messages" | "attachments") => json!({ "text": "forged" }),
        (&Method::POST, "status") => json!({ "status": "closed" }),
        (&Method::POST, "assignee") => json!({ "assignee_id": null }),
        (&Method::POST, "read") => json!({ "read_seq": 1 }),
        (&Method::PUT, "{id}") => {
            json!({ "name": "Forged", "allowed_origins": [], "is_closed": true })
        }
        (&Method::PUT, "secret") => json!({ "secret": "forged-secret" }),
        (_, "team") => json!({ "team_id": null }),
        (&Method::PUT, "assistant") => json!({ "is_enabled": true }),
        (&Method::POST, "recrawl") => json!({ "overwrite": true }),
        (&Method::PUT, "{team_id}") => json!({ "name": "Forged", "member_ids": [] }),
        (&Method::PUT, "{role_id}") => {
            json!({ "name": "Forged", "permissions": ["conversations:read"] })
        }
        (&Method::POST, "consents") => {
            json!({ "purpose": "marketing", "state": "given", "source": "phone" })
        }
        (&Method::POST, "exports") => json!({ "include_notes": true }),
        (&Method::PUT, "role") => json!({ "role": "agent" }),
        (&Method::POST, "feedback") => json!({ "field": "sentiment", "value": "neutral" }),
        (&Method::PUT, "{article_id}") => {
            json!({ "version": 1, "title": "Forged", "body": "", "language": "en" })
        }
        (&Method::PUT, "state") => json!({ "state": "published" }),
        (&Method::PUT, "{category_id}") => json!({ "name": "Forged" }),
        (&Method::PUT, "{macro_id}") => {
            json!({ "kind": "macro", "title": "Forged", "text": "Forged" })
        }
        (&Method::POST, "fill") => json!({ "conversation_id": "cnv_7ZZZZZZZZZZZZZZZZZZZZZ0000" }),
        (&Method::PUT, "{intent_id}") => {
            let examples: Vec<_> = (0..10).map(|n| format!("Forged example {n}")).collect();
            json!({ "name": "Forged", "examples": examples })
        }
        _ => panic!("{}: which body? The fuzz has to be told", route.name()),
    };
    Some(body)
}

/// What it looks at before and after, beside the things that the test makes.
const LOOKS: [&str; 14] = [
    "/api/v1/ai/intents",
    "/api/v1/ai/intents/versions",
    "/api/v1/ai/intents/promotions",
    "/api/v1/api-keys",
    "/api/v1/me/sessions",
    "/api/v1/agents",
    "/api/v1/articles",
    "/api/v1/article-categories",
    "/api/v1/macros",
    "/api/v1/teams",
    "/api/v1/inboxes",
    "/api/v1/members",
    "/api/v1/roles",
    "/api/v1/invitations",
];

struct Other {
    admin: Edgedesk,
    account: String,
    /// Words that only it has said.
    secret: String,
    things: Things,
    /// What it looks at before and after.
    looks: Vec<String>,
}

async fn get(user: &Edgedesk, path: &str) -> Value {
    let answer = user.get(path).await.expect("an answer");
    answer
        .expect(200)
        .unwrap_or_else(|error| panic!("{path}: {error}"))
        .json()
        .expect("JSON")
}

fn texts(list: &Value, pointer: &str, field: &str) -> Vec<String> {
    let rows = list.pointer(pointer).and_then(Value::as_array);
    rows.into_iter()
        .flatten()
        .filter_map(|row| Some(row[field].as_str()?.to_owned()))
        .collect()
}

/// A privacy request of the other account that is done, so that nothing of it changes by itself any more. Gives its id.
async fn anonymised(live: &Live, admin: &Edgedesk) -> String {
    let (_, state) = live.flipped().conversation(&unique("Forget me")).await;
    let path = format!("/api/v1/customers/{}/anonymisation", state.customer_id);
    let made = eventually("the other account's customer is known", async || {
        let answer = admin.post(&path, &json!({})).await.expect("an answer");
        (answer.status == 201).then(|| answer.json::<Value>().expect("JSON"))
    })
    .await;
    let id = made["privacy_request"]["id"].as_str().expect("an id");
    eventually("the other account's privacy request is done", async || {
        let found = get(admin, &format!("/api/v1/privacy-requests/{id}")).await;
        (found["privacy_request"]["status"] == "done").then_some(())
    })
    .await;
    id.to_owned()
}

/// Whether a parameter takes words, not ids: then what stands in it is nobody's.
fn takes_words(prefix: &str) -> bool {
    matches!(prefix, "field" | "version")
}

/// A file in a note of the other account. Gives its id.
async fn attached(admin: &Edgedesk, path: &str) -> String {
    let request = admin
        .request(Method::POST, &format!("{path}/attachments?name=secret.txt"))
        .header("content-type", "text/plain")
        .body("Zanzibar");
    let uploaded = admin.send(request).await.expect("an answer");
    let uploaded: Value = uploaded.expect(201).expect("taken").json().expect("JSON");
    let id = uploaded["attachment"]["id"].as_str().expect("an id");
    let note = json!({ "text": "", "direction": "note", "attachments": [id] });
    let sent = admin.post(&format!("{path}/messages"), &note).await;
    sent.expect("an answer").expect(201).expect("sent");
    id.to_owned()
}

/// An archive of a customer of the other account that is ready. Gives its id.
async fn archived(admin: &Edgedesk, path: &str) -> String {
    let path = format!("{path}/exports");
    let asked = eventually("the other account's customer is listed", async || {
        let answer = admin.post(&path, &json!({})).await.expect("an answer");
        (answer.status == 202).then(|| answer.json::<Value>().expect("JSON"))
    })
    .await;
    eventually("the other account's archive is ready", async || {
        let list = get(admin, &path).await;
        (list["exports"][0]["state"] == "ready").then_some(())
    })
    .await;
    asked["export"]["id"].as_str().expect("an id").to_owned()
}

/// What the other account makes by a request: its path and body, where the id stands in the answer, and the kind of that id.
fn to_make(secret: &str) -> [(&'static str, Value, &'static str, &'static str); 7] {
    let examples: Vec<_> = (0..10).map(|n| format!("{secret} example {n}")).collect();
    let intent = json!({ "name": secret, "examples": examples });
    let key = json!({ "name": secret, "scopes": ["conversations:read"] });
    let role = json!({ "name": secret, "permissions": ["audit:read"] });
    let address = format!("{}@example.com", unique("zanzibar-").to_lowercase());
    let invitation = json!({ "email": address, "role": "agent" });
    let article = json!({ "title": secret, "body": secret });
    let category = json!({ "name": secret });
    let answer_of_theirs = json!({ "kind": "macro", "title": secret, "text": secret });
    [
        ("/api/v1/invitations", invitation, "/invitation/id", "inv"),
        ("/api/v1/ai/intents", intent, "/intent/id", "int"),
        ("/api/v1/api-keys", key, "/api_key/id", "key"),
        ("/api/v1/roles", role, "/id", "rol"),
        ("/api/v1/articles", article, "/article/id", "art"),
        ("/api/v1/article-categories", category, "/id", "cat"),
        ("/api/v1/macros", answer_of_theirs, "/macro/id", "mac"),
    ]
}

impl Other {
    /// Fills the other account with one of everything that a route can name.
    async fn fill(live: &Live) -> Self {
        let flipped = live.flipped();
        let admin = live.other_admin().await;
        let secret = unique("Zanzibar");
        let mut things = Things::default();
        let mut looks = Vec::new();
        let request = anonymised(live, &admin).await;
        things.add("prq", &request);
        things.add("sug", &"sug_01KDVDNA000000000004000009");
        things.add("gap", &"gap_01KDVDNA000000000004000009");
        looks.push(format!("/api/v1/privacy-requests/{request}"));
        for n in 0..2 {
            let text = format!("{secret} {n} has not come and I am angry.");
            let (_, state) = flipped.conversation(&text).await;
            let id = state.conversation_id;
            things.add("cnv", &id);
            things.add("cus", &state.customer_id);
            let path = format!("/api/v1/conversations/{id}");
            let messages = admin.messages(id).await.expect("messages");
            let message = messages.first().expect("a message").message.message_id;
            things.add("msg", &message);
            eventually("the other account's message is analysed", async || {
                let path = format!("{path}/messages/{message}/decision");
                (admin.get(&path).await.expect("an answer").status == 200).then_some(())
            })
            .await;
            things.add("att", &attached(&admin, &path).await);
            // The last that follows a message by itself: from here on nothing changes it.
            eventually("the other account's conversation is at rest", async || {
                let state = admin.conversation(id).await.expect("a conversation");
                (state.ticket_number.is_some() && state.unanalyzed.is_empty()).then_some(())
            })
            .await;
            for part in [
                String::new(),
                "/messages".to_owned(),
                "/analysis".to_owned(),
                format!("/messages/{message}/decision"),
            ] {
                looks.push(format!("{path}{part}"));
            }
        }
        let customer = things.of("cus")[0].clone();
        let path = format!("/api/v1/customers/{customer}");
        things.add("exp", &archived(&admin, &path).await);
        looks.extend(["", "/consents", "/exports"].map(|part| format!("{path}{part}")));
        let tickets = eventually("the other account's tickets are listed", async || {
            let list = get(&admin, "/api/v1/tickets?limit=5").await;
            let ids = texts(&list, "/tickets", "id");
            (ids.len() >= 2).then_some(ids)
        })
        .await;
        for id in tickets {
            things.add("tkt", &id);
        }
        for (path, list, prefix) in [
            ("/api/v1/agents", "/agents", "usr"),
            ("/api/v1/teams", "/teams", "tea"),
            ("/api/v1/me/sessions", "/sessions", "ses"),
            ("/api/v1/audit", "/entries", "req"),
        ] {
            for id in texts(&get(&admin, path).await, list, "id") {
                things.add(prefix, &id);
            }
        }
        things.add("inb", &live.other.zendesk.inbox_id);
        for field in ["sentiment", "intent", "own_intent"] {
            things.add("field", &field);
        }
        things.add("version", &1);
        for (path, body, pointer, prefix) in to_make(&secret) {
            let answer = admin.post(path, &body).await.expect("an answer");
            let made_one: Value = answer.expect(201).expect("made").json().expect("JSON");
            let id = made_one.pointer(pointer).and_then(Value::as_str);
            let id = id.unwrap_or_else(|| panic!("{path}: no {pointer} in {made_one}"));
            things.add(prefix, &id);
            if matches!(prefix, "int" | "art" | "mac") {
                looks.push(format!("{path}/{id}"));
            }
        }
        looks.extend(LOOKS.map(str::to_owned));
        Self {
            admin,
            account: live.other.account_id.to_string(),
            secret,
            things,
            looks,
        }
    }

    async fn seen(&self) -> Vec<(String, String)> {
        let mut seen = Vec::new();
        for path in &self.looks {
            let answer = self.admin.get(path).await.expect("an answer");
            assert_eq!(answer.status, 200, "{path}");
            seen.push((path.clone(), answer.text()));
        }
        seen
    }

    /// The last entry of its audit log.
    async fn log_head(&self) -> u64 {
        let list = get(&self.admin, "/api/v1/audit?limit=1").await;
        list["entries"][0]["seq"].as_u64().expect("an entry")
    }
}

/// One call of the fuzz.
struct Call {
    caller: usize,
    method: Method,
    path: String,
    body: Option<Value>,
    /// Whether the ids in it are ids: then only 404 will do.
    is_well_formed: bool,
}

/// Rolls an id: of the other account, of nobody, or none.
fn roll(dice: &mut Dice, other: &Other, own: &Things, prefix: &str) -> (String, bool) {
    match dice.roll(10) {
        0..5 => (dice.pick(other.things.of(prefix)).clone(), true),
        5..8 if takes_words(prefix) => (dice.pick(other.things.of(prefix)).clone(), true),
        5 if own.0.contains_key(prefix) => (dice.pick(own.of(prefix)).clone(), true),
        5..8 => (nobodys(dice, prefix), true),
        _ => ((*dice.pick(&HOSTILE)).to_owned(), false),
    }
}

/// A well-formed id that nothing has. Few enough that the stack need not keep thousands of empty objects in mind.
fn nobodys(dice: &mut Dice, prefix: &str) -> String {
    format!("{prefix}_7ZZZZZZZZZZZZZZZZZZZZZ{:04}", dice.roll(100))
}

/// The calls of one route for one caller.
fn call(dice: &mut Dice, caller: usize, route: &Route, other: &Other, own: &Things) -> Call {
    loop {
        let (mut path, mut is_foreign, mut is_well_formed) = (route.path.clone(), false, true);
        for name in &route.in_path {
            let prefix = prefix_of(route, name);
            let (value, well_formed) = roll(dice, other, own, prefix);
            let is_own = own.0.get(prefix).is_some_and(|ids| ids.contains(&value));
            is_foreign |= !is_own && !takes_words(prefix) || !well_formed;
            is_well_formed &= well_formed;
            path = path.replace(&format!("{{{name}}}"), &value);
        }
        // With the account's own ids alone it would do what it is for.
        if !is_foreign {
            continue;
        }
        // The other account in every place where somebody might look for one.
        // A file needs a name there.
        path = format!(
            "{path}?account_id={0}&tenant_id={0}&name=forged.json",
            other.account
        );
        let body = body_of(route).map(|mut body| {
            body["account_id"] = json!(other.account);
            body
        });
        return Call {
            caller,
            method: route.method.clone(),
            path,
            body,
            is_well_formed,
        };
    }
}

async fn send(caller: &Edgedesk, call: &Call) -> Answer {
    let request = caller
        .request(call.method.clone(), &call.path)
        .header("x-account-id", "acc_00000000000000000000000002");
    let request = match &call.body {
        Some(body) => request.json(body),
        None => request,
    };
    let answer = caller.send(request).await;
    answer.unwrap_or_else(|error| panic!("{} {}: {error}", call.method, call.path))
}

/// Insists that an answer tells nothing.
fn check(other: &Other, is_visitor: bool, call: &Call, answer: &Answer) {
    let what = format!("caller {} {} {}", call.caller, call.method, call.path);
    let text = answer.text();
    let problem = answer.problem();
    let code = problem.as_ref().map_or("", |problem| problem.code.as_str());
    let is_expected = match answer.status {
        401 => is_visitor && code == "invalid_token",
        403 => MAY_NOT.contains(&code),
        404 => !is_visitor,
        // A malformed id may be said to be one.
        400 => !is_visitor && !call.is_well_formed,
        _ => false,
    };
    assert!(is_expected, "{what}: {} {text}", answer.status);
    assert!(!text.contains(&other.secret), "{what}: {text}");
    assert!(!text.contains(&other.account), "{what}: {text}");
}

/// Own things of the attacker, so that a foreign id can stand beside a good one.
async fn things_of(live: &Live, admin: &Edgedesk) -> (Things, ConversationId) {
    let (_, state) = live.conversation("Where is my parcel?").await;
    let id = state.conversation_id;
    let mut own = Things::default();
    own.add("cnv", &id);
    let messages = admin.messages(id).await.expect("messages");
    own.add("msg", &messages[0].message.message_id);
    (own, id)
}

/// A key with every scope that a key can have: which these are, the matrix says, and the gateway whether it may.
async fn key_of_everything(admin: &Edgedesk) -> String {
    let scopes: Vec<&str> = edgedesk_domain::access::Permission::ALL
        .iter()
        .filter(|permission| {
            edgedesk_domain::access::Role::Admin.may(**permission)
                && **permission != edgedesk_domain::access::Permission::ManageApiKeys
        })
        .map(|permission| permission.as_str())
        .collect();
    let body = json!({ "name": unique("Fuzz"), "scopes": scopes });
    let answer = admin.post("/api/v1/api-keys", &body).await;
    let made: Value = answer
        .expect("an answer")
        .expect(201)
        .expect("a key")
        .json()
        .expect("JSON");
    made["key"].as_str().expect("a text").to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_foreign_ids_over_every_route_find_nothing_and_change_nothing() {
    // A stack of its own: nobody else changes what is compared, and nobody's audit log fills up.
    let own = OwnStack::start(&["--direct"]).await;
    let live = &own.live;
    let routes = api_routes(&live.public).await;
    let with_ids: Vec<&Route> = routes
        .iter()
        .filter(|route| route.wants_token && !route.in_path.is_empty())
        .collect();
    assert!(with_ids.len() > 15, "{}", with_ids.len());

    let (admin, agent) = (live.admin().await, live.agent().await);
    let key = key_of_everything(&admin).await;
    let visitor = live
        .public
        .widget_session(&live.stack.widget.inbox_key)
        .await
        .expect("a session");
    let callers = [
        admin.clone(),
        agent,
        live.public.with_token(&key),
        live.public.with_token(&visitor.token),
    ];
    // Who calls how often, of ten.
    let turns = [0, 0, 0, 0, 0, 1, 1, 2, 2, 3];

    let other = Other::fill(live).await;
    let (own_things, own_conversation) = things_of(live, &admin).await;
    let before = other.seen().await;
    let own_before = admin.messages(own_conversation).await.expect("messages");
    let head = other.log_head().await;

    let mut dice = Dice(SEED);
    let calls: Vec<Call> = (0..N_CALLS)
        .map(|n| {
            let route = with_ids[n % with_ids.len()];
            let caller = *dice.pick(&turns);
            call(&mut dice, caller, route, &other, &own_things)
        })
        .collect();
    let mut n_by_status = BTreeMap::<u16, usize>::new();
    let mut answers = stream::iter(&calls)
        .map(async |call| (call, send(&callers[call.caller], call).await))
        .buffer_unordered(AT_ONCE);
    while let Some((call, answer)) = answers.next().await {
        check(&other, call.caller == 3, call, &answer);
        *n_by_status.entry(answer.status).or_default() += 1;
    }
    drop(answers);
    assert_eq!(n_by_status.values().sum::<usize>(), N_CALLS);
    let n_not_found = n_by_status.get(&404).copied().unwrap_or_default();
    assert!(n_not_found > N_CALLS / 2, "{n_by_status:?}");

    assert_eq!(other.seen().await, before, "the other account is as it was");
    a_foreign_row_is_withheld(&own, &admin, own_conversation, &other).await;
    let own_after = admin.messages(own_conversation).await.expect("messages");
    assert_eq!(own_after.len(), own_before.len(), "nothing was sent here");
    // Whatever its log holds by now, its own people did.
    let list = get(&other.admin, "/api/v1/audit?limit=1000").await;
    for entry in list["entries"].as_array().expect("entries") {
        if entry["seq"].as_u64().expect("a seq") > head {
            let actor = entry["actor"]["id"].as_str().unwrap_or_default();
            assert!(
                other.things.of("usr").iter().any(|id| id == actor),
                "{entry}"
            );
        }
    }
}

/// A row of one's own whose contents are another account's, as a projector that mixes accounts up would write it: nothing
/// of it leaves, and the administrators hear of it.
async fn a_foreign_row_is_withheld(
    own: &OwnStack,
    admin: &Edgedesk,
    conversation: ConversationId,
    other: &Other,
) {
    let path = "/api/v1/conversations";
    let list = get(admin, path).await;
    let rows_of = list["conversations"].as_array().expect("a list");
    let is_it = |row: &&Value| row["conversation_id"] == conversation.to_string();
    let state = rows_of.iter().find(is_it).expect("its row").to_string();
    let account = own.live.stack.account_id;
    // In clear, as rows of before are: what is sealed for another place does not even open.
    let mixed_up = state
        .replace(&account.to_string(), &other.account)
        .replace('\'', "''");
    own.execute(
        "SHARD_1",
        &format!("UPDATE conversations SET state = '{mixed_up}' WHERE id = '{conversation}'"),
    );
    let answer = admin.get(path).await.expect("an answer");
    assert_eq!(answer.status, 500, "{}", answer.text());
    let problem = answer.problem().expect("a problem");
    assert_eq!(problem.code, "internal");
    let text = answer.text();
    for part in [&other.account, &conversation.to_string(), "parcel"] {
        assert!(!text.contains(part), "{part} in {text}");
    }
    // Its object holds it as it was.
    let fresh = admin.conversation(conversation).await.expect("its own");
    assert_eq!(fresh.account_id, account);
    let entry = eventually("the row is in the audit log", async || {
        let list = get(admin, "/api/v1/audit?action=foreign_row.withheld").await;
        list["entries"].get(0).cloned()
    })
    .await;
    assert_eq!(entry["request_id"], problem.request_id);
    assert_eq!(entry["resource"], json!({ "kind": "route", "id": path }));
    assert_eq!(entry["outcome"], "failed");
    assert!(!entry.to_string().contains(&other.account), "{entry}");
    let theirs = get(&other.admin, "/api/v1/audit?action=foreign_row.withheld").await;
    assert_eq!(rows(&theirs), 0, "{theirs}");
}

/// The lists in an answer, by their names.
fn rows(answer: &Value) -> usize {
    let fields = answer.as_object().expect("an object").values();
    fields.filter_map(Value::as_array).map(Vec::len).sum()
}

#[tokio::test]
async fn lists_and_bodies_that_name_another_accounts_things_find_nothing() {
    let live = Live::get();
    let admin = live.admin().await;
    let routes = api_routes(&live.public).await;
    let (_, own) = live.conversation("Where is my parcel?").await;
    let foreign_agent = texts(
        &get(&live.other_admin().await, "/api/v1/agents").await,
        "/agents",
        "id",
    )
    .remove(0);
    let other_session = live
        .public
        .widget_session(&live.other.widget.inbox_key)
        .await
        .expect("a session");
    let (_, theirs) = live.flipped().conversation("Where is mine?").await;
    let category = json!({ "name": unique("Theirs ") });
    let category = live
        .other_admin()
        .await
        .post("/api/v1/article-categories", &category)
        .await
        .expect("an answer");
    let category: Value = category.expect(201).expect("made").json().expect("JSON");
    let category = category["id"].as_str().expect("an id").to_owned();
    let foreign = |prefix: &str| match prefix {
        "usr" => foreign_agent.clone(),
        "inb" => live.other.zendesk.inbox_id.to_string(),
        "cnv" => other_session.conversation_id.to_string(),
        "cus" => theirs.customer_id.to_string(),
        "cat" => category.clone(),
        other => panic!("a query takes ids of {other}_: the test has to be told"),
    };
    let mut n_filters = 0;
    for route in routes.iter().filter(|route| route.in_path.is_empty()) {
        for (name, prefix) in &route.in_query {
            let Some(prefix) = prefix else { continue };
            assert_eq!(route.method, Method::GET, "{}", route.name());
            n_filters += 1;
            let path = format!("{}?{name}={}", route.path, foreign(prefix));
            assert_eq!(rows(&get(&admin, &path).await), 0, "{path}");
        }
    }
    assert!(n_filters >= 2, "{n_filters}");

    let ticket = json!({ "conversation_id": other_session.conversation_id });
    let assign = json!({ "assignee_id": foreign_agent });
    let assignee = format!("/api/v1/conversations/{}/assignee", own.conversation_id);
    for (path, body, status) in [
        ("/api/v1/socket-tickets", ticket, 404),
        (assignee.as_str(), assign, 400),
    ] {
        let answer = admin.post(path, &body).await.expect("an answer");
        assert_eq!(answer.status, status, "{path}: {}", answer.text());
    }
}

#[tokio::test]
async fn the_account_is_the_credentials_whatever_a_query_a_header_or_a_body_says() {
    let live = Live::get();
    let admin = live.admin().await;
    let other = live.other.account_id.to_string();
    let routes = api_routes(&live.public).await;
    let lists = routes.iter().filter(|route| {
        route.method == Method::GET && route.wants_token && route.in_path.is_empty()
    });
    let mut n_lists = 0;
    for route in lists {
        n_lists += 1;
        let path = format!("{}?account_id={other}&tenant_id={other}", route.path);
        let request = admin
            .request(Method::GET, &path)
            .header("x-account-id", &other)
            .header("x-edgedesk-object", format!("{other}:desk"));
        let answer = admin.send(request).await.expect("an answer");
        // A proof wants to be asked for something, and there may be nothing to give.
        assert!(
            matches!(answer.status, 200 | 400 | 404),
            "{path}: {}",
            answer.status
        );
        assert!(!answer.text().contains(&other), "{path}");
    }
    assert!(n_lists > 12, "{n_lists}");

    let body = json!({
        "name": unique("Ours"), "scopes": ["conversations:read"],
        "account_id": other, "tenant_id": other, "created_by": other,
    });
    let answer = admin.post("/api/v1/api-keys", &body).await;
    let made: Value = answer
        .expect("an answer")
        .expect(201)
        .expect("made")
        .json()
        .expect("JSON");
    let id = made["api_key"]["id"].as_str().expect("an id");
    let theirs = get(&live.other_admin().await, "/api/v1/api-keys").await;
    assert!(!theirs.to_string().contains(id), "{theirs}");
    let ours = get(&admin, "/api/v1/api-keys").await;
    assert!(
        ours.to_string().contains(id),
        "it is made in the own account"
    );
    let revoke = admin.request(Method::DELETE, &format!("/api/v1/api-keys/{id}"));
    assert_eq!(admin.send(revoke).await.expect("an answer").status, 204);
}
