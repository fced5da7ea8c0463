//! What every route of the API does alike: changes that happen once, answers that nobody needs again, parts of answers, compression,
//! and lists that are paged while others write.

use std::collections::BTreeSet;
use std::io::Read as _;

use edgedesk_client::{Answer, Edgedesk};
use edgedesk_integration::{Live, code, eventually, json_of, send, unique};
use flate2::read::GzDecoder;
use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

const MACROS: &str = "/api/v1/macros";
const ARTICLES: &str = "/api/v1/articles";
const SEARCH: &str = "/api/v1/articles/search";
const KEYS: &str = "/api/v1/api-keys";

/// A request with headers, and a body where there is one.
async fn ask(
    caller: &Edgedesk,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: Option<&Value>,
) -> Answer {
    let mut request = caller.request(method, path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    if let Some(body) = body {
        request = request.json(body);
    }
    caller.send(request).await.expect("an answer")
}

async fn post_under(caller: &Edgedesk, key: &str, path: &str, body: &Value) -> Answer {
    ask(
        caller,
        Method::POST,
        path,
        &[("idempotency-key", key)],
        Some(body),
    )
    .await
}

async fn get_with(caller: &Edgedesk, path: &str, headers: &[(&str, &str)]) -> Answer {
    ask(caller, Method::GET, path, headers, None).await
}

fn header(answer: &Answer, name: &str) -> Option<String> {
    let value = answer.headers.get(name)?;
    Some(value.to_str().expect("a text").to_owned())
}

fn is_repeat(answer: &Answer) -> bool {
    header(answer, "idempotency-replayed").as_deref() == Some("true")
}

fn a_macro(title: &str) -> Value {
    json!({ "kind": "macro", "title": title, "text": "It takes five days." })
}

async fn n_macros(caller: &Edgedesk, title: &str) -> usize {
    let list = json_of(send(caller, Method::GET, MACROS, None).await, 200);
    let macros = list["macros"].as_array().expect("a list");
    macros.iter().filter(|row| row["title"] == title).count()
}

/// A new article. Gives its path.
async fn an_article(admin: &Edgedesk, title: &str, body: &str) -> String {
    let new = json!({ "title": title, "body": body });
    let made = json_of(send(admin, Method::POST, ARTICLES, Some(new)).await, 201);
    format!(
        "{ARTICLES}/{}",
        made["article"]["id"].as_str().expect("an id")
    )
}

#[tokio::test]
async fn a_change_that_is_asked_for_twice_happens_once() {
    let live = Live::get();
    let (admin, agent, other) = (
        live.admin().await,
        live.agent().await,
        live.other_admin().await,
    );
    let (key, title) = (unique("key-"), unique("Once "));
    let first = post_under(&admin, &key, MACROS, &a_macro(&title)).await;
    assert_eq!(
        (first.status, is_repeat(&first)),
        (201, false),
        "{}",
        first.text()
    );
    for written in [key.clone(), format!("\"{key}\"")] {
        let again = post_under(&admin, &written, MACROS, &a_macro(&title)).await;
        assert_eq!(
            (again.status, is_repeat(&again)),
            (201, true),
            "{}",
            again.text()
        );
        assert_eq!(again.body, first.body);
        assert_eq!(
            header(&again, "content-type"),
            header(&first, "content-type")
        );
        assert_ne!(
            header(&again, "x-request-id"),
            header(&first, "x-request-id")
        );
    }
    assert_eq!(n_macros(&admin, &title).await, 1);

    // Another body, address, method or caller is another request; another account has keys of its own.
    let reused = (409, "idempotency_key_reused".to_owned());
    let body = a_macro(&unique("Else "));
    assert_eq!(code(&post_under(&admin, &key, MACROS, &body).await), reused);
    let elsewhere = format!("{MACROS}?x=1");
    assert_eq!(
        code(&post_under(&admin, &key, &elsewhere, &a_macro(&title)).await),
        reused
    );
    let made = json_of(first, 201);
    let path = format!("{MACROS}/{}", made["macro"]["id"].as_str().expect("an id"));
    let under = [("idempotency-key", key.as_str())];
    assert_eq!(
        code(&ask(&admin, Method::DELETE, &path, &under, None).await),
        reused
    );
    let (key_of_search, question) = (unique("key-"), json!({ "query": "five days" }));
    assert_eq!(
        post_under(&admin, &key_of_search, SEARCH, &question)
            .await
            .status,
        200
    );
    assert_eq!(
        code(&post_under(&agent, &key_of_search, SEARCH, &question).await),
        reused
    );
    let of_other = post_under(&other, &key, MACROS, &a_macro(&title)).await;
    assert_eq!((of_other.status, is_repeat(&of_other)), (201, false));

    // A change without a body and without an answer.
    let key_of_end = unique("key-");
    let under = [("idempotency-key", key_of_end.as_str())];
    for is_again in [false, true] {
        let deleted = ask(&admin, Method::DELETE, &path, &under, None).await;
        assert_eq!((deleted.status, is_repeat(&deleted)), (204, is_again));
    }
    assert_eq!(send(&admin, Method::DELETE, &path, None).await.status, 404);
}

#[tokio::test]
async fn of_many_at_once_one_makes_the_change() {
    let live = Live::get();
    let admin = live.admin().await;
    let (key, title) = (unique("key-"), unique("Many "));
    let body = a_macro(&title);
    let answers = join_all((0..20).map(|_| post_under(&admin, &key, MACROS, &body))).await;
    let mut n_first = 0;
    for answer in &answers {
        if answer.status == 201 {
            n_first += usize::from(!is_repeat(answer));
        } else {
            assert_eq!(code(answer), (409, "idempotency_in_progress".to_owned()));
            assert!(header(answer, "retry-after").is_some());
        }
    }
    assert_eq!(n_first, 1);
    let again = post_under(&admin, &key, MACROS, &body).await;
    assert_eq!((again.status, is_repeat(&again)), (201, true));
    assert_eq!(n_macros(&admin, &title).await, 1);
}

#[tokio::test]
async fn a_caller_who_leaves_finds_the_answer_later() {
    let live = Live::get();
    let admin = live.admin().await;
    let (key, title) = (unique("key-"), unique("Left "));
    let body = a_macro(&title);
    let request = admin
        .request(Method::POST, MACROS)
        .build()
        .expect("a request");
    let authority = request.url().authority().to_owned();
    let token = request.headers()["authorization"]
        .to_str()
        .expect("a token")
        .to_owned();
    let text = body.to_string();
    let mut socket = TcpStream::connect(&authority).await.expect("a connection");
    let head = format!(
        "POST {MACROS} HTTP/1.1\r\nhost: {authority}\r\nauthorization: {token}\r\nidempotency-key: {key}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{text}",
        text.len()
    );
    socket.write_all(head.as_bytes()).await.expect("sent");
    drop(socket);
    // Whether it was heard before it was gone or not: there is one in the end.
    eventually("the change was made once", async || {
        let again = post_under(&admin, &key, MACROS, &body).await;
        (again.status == 201).then_some(())
    })
    .await;
    assert_eq!(n_macros(&admin, &title).await, 1);
}

#[tokio::test]
async fn a_refusal_is_repeated_and_what_is_no_key_is_refused() {
    let live = Live::get();
    let admin = live.admin().await;
    let (key, body) = (
        unique("key-"),
        json!({ "kind": "template", "title": unique("Bad "), "text": "{{customer.age}}" }),
    );
    let first = post_under(&admin, &key, MACROS, &body).await;
    let again = post_under(&admin, &key, MACROS, &body).await;
    assert_eq!(code(&first), (422, "unknown_variable".to_owned()));
    assert_eq!((code(&again), is_repeat(&again)), (code(&first), true));
    assert_eq!(again.body, first.body);

    for wrong in ["", "a b", "\"", &"k".repeat(256)] {
        let refused = post_under(&admin, wrong, MACROS, &a_macro(&unique("No "))).await;
        assert_eq!(
            code(&refused),
            (400, "invalid_idempotency_key".to_owned()),
            "{wrong}"
        );
    }
    let upload = "/api/v1/conversations/cnv_00000000000000000000000001/attachments?name=a.txt";
    let refused = post_under(&admin, &unique("key-"), upload, &json!({})).await;
    assert_eq!(code(&refused), (400, "idempotency_unsupported".to_owned()));
    // Who may not do it is told so, whatever was kept; and a key on a question is nothing.
    let agent = live.agent().await;
    let refused = post_under(&agent, &key, MACROS, &body).await;
    assert_eq!(code(&refused), (403, "missing_permission".to_owned()));
    let read = get_with(&admin, MACROS, &[("idempotency-key", "not a key")]).await;
    assert_eq!(read.status, 200);
}

#[tokio::test]
async fn an_answer_with_a_secret_is_given_once_and_its_change_made_once() {
    let live = Live::get();
    let admin = live.admin().await;
    let (key, name) = (unique("key-"), unique("Import "));
    let body = json!({ "name": name, "scopes": ["conversations:read"] });
    let first = json_of(post_under(&admin, &key, KEYS, &body).await, 201);
    assert!(first["key"].is_string());
    let again = post_under(&admin, &key, KEYS, &body).await;
    assert_eq!(code(&again), (409, "idempotency_answer_gone".to_owned()));
    let list = json_of(send(&admin, Method::GET, KEYS, None).await, 200);
    let keys = list["api_keys"].as_array().expect("a list");
    assert_eq!(keys.iter().filter(|row| row["name"] == name).count(), 1);
    let path = format!("{KEYS}/{}", first["api_key"]["id"].as_str().expect("an id"));
    assert_eq!(send(&admin, Method::DELETE, &path, None).await.status, 204);
}

#[tokio::test]
async fn who_has_an_answer_is_given_it_again_only_when_it_has_changed() {
    let live = Live::get();
    let admin = live.admin().await;
    let path = an_article(&admin, &unique("Tagged "), "One.").await;
    let first = get_with(&admin, &path, &[]).await;
    let etag = header(&first, "etag").expect("a tag");
    assert!(etag.starts_with('"'), "{etag}");
    assert_eq!(header(&first, "cache-control").as_deref(), Some("no-store"));
    for known in [etag.clone(), format!("\"x\", W/{etag}"), "*".to_owned()] {
        let unchanged = get_with(&admin, &path, &[("if-none-match", &known)]).await;
        assert_eq!(
            (unchanged.status, unchanged.body.len()),
            (304, 0),
            "{known}"
        );
        assert_eq!(header(&unchanged, "etag").as_ref(), Some(&etag));
        assert_eq!(header(&unchanged, "content-type"), None);
    }
    let change = json!({ "title": "Tagged", "body": "Two.", "language": "en", "version": 1 });
    json_of(send(&admin, Method::PUT, &path, Some(change)).await, 200);
    let changed = get_with(&admin, &path, &[("if-none-match", &etag)]).await;
    assert_eq!(changed.status, 200);
    assert_ne!(header(&changed, "etag"), Some(etag));
    let missing = get_with(
        &admin,
        &format!("{ARTICLES}/art_00000000000000000000000001"),
        &[("if-none-match", "*")],
    )
    .await;
    assert_eq!((missing.status, header(&missing, "etag")), (404, None));
}

#[tokio::test]
async fn a_change_of_what_the_caller_has_not_seen_is_refused() {
    let live = Live::get();
    let admin = live.admin().await;
    let path = an_article(&admin, &unique("Matched "), "One.").await;
    let etag = |answer: &Answer| header(answer, "etag").expect("a tag");
    let seen = etag(&get_with(&admin, &path, &[]).await);
    let change = |version: u32, body: &str| json!({ "title": "Matched", "body": body, "language": "en", "version": version });
    let put = async |if_match: &str, body: &Value| {
        ask(
            &admin,
            Method::PUT,
            &path,
            &[("if-match", if_match)],
            Some(body),
        )
        .await
    };
    assert_eq!(put(&seen, &change(1, "Two.")).await.status, 200);
    let failed = (412, "precondition_failed".to_owned());
    // The version is right, and the caller has not seen it.
    assert_eq!(code(&put(&seen, &change(2, "Three.")).await), failed);
    let now = get_with(&admin, &path, &[]).await;
    let article = now.json::<Value>().expect("JSON")["article"].clone();
    assert_eq!(
        (&article["version"], &article["body"]),
        (&json!(2), &json!("Two."))
    );
    let weak = format!("\"x\", W/{}", etag(&now));
    assert_eq!(put(&weak, &change(2, "Three.")).await.status, 200);
    // Of many who have seen the same, one changes it.
    let seen = etag(&get_with(&admin, &path, &[]).await);
    let state = format!("{path}/state");
    let headers = [("if-match", seen.as_str())];
    let publish = json!({ "state": "published" });
    let answers =
        join_all((0..4).map(|_| ask(&admin, Method::PUT, &state, &headers, Some(&publish)))).await;
    let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412, 412, 412]);
    assert_eq!(
        code(&ask(&admin, Method::DELETE, &path, &headers, None).await),
        failed
    );
    assert_eq!(
        ask(&admin, Method::DELETE, &path, &[("if-match", "*")], None)
            .await
            .status,
        204
    );
    // Where nobody looks at it, it is not let pass.
    let refused = ask(
        &admin,
        Method::POST,
        MACROS,
        &[("if-match", "*")],
        Some(&a_macro("x")),
    )
    .await;
    assert_eq!(code(&refused), (400, "if_match_unsupported".to_owned()));
}

#[tokio::test]
async fn an_answer_has_the_fields_that_were_asked_for() {
    let live = Live::get();
    let admin = live.admin().await;
    let path = an_article(&admin, &unique("Chosen "), "One.").await;
    let one = json_of(
        get_with(&admin, &format!("{path}?fields=version,title"), &[]).await,
        200,
    );
    let names: Vec<&String> = one["article"]
        .as_object()
        .expect("an object")
        .keys()
        .collect();
    assert_eq!(names, ["title", "version"]);
    let list = json_of(
        get_with(
            &admin,
            &format!("{ARTICLES}?limit=1&fields=id,deleted_at"),
            &[],
        )
        .await,
        200,
    );
    assert!(
        list.as_object()
            .expect("an object")
            .contains_key("next_cursor")
    );
    assert_eq!(
        list["articles"][0].as_object().expect("an object").len(),
        1,
        "{list}"
    );

    let refused = get_with(
        &admin,
        &format!("{ARTICLES}?q=nothingiscalledthis&fields=id,ttile"),
        &[],
    )
    .await;
    assert_eq!(code(&refused), (400, "unknown_field".to_owned()));
    assert_eq!(
        refused.json::<Value>().expect("JSON")["errors"][0]["detail"],
        "ttile"
    );
    let refused = get_with(&admin, &format!("{path}?fields=Title"), &[]).await;
    assert_eq!(code(&refused), (400, "invalid_query".to_owned()));
    // It is no way around what one may not see.
    let agent = live.agent().await;
    let refused = get_with(&agent, "/api/v1/audit?fields=id", &[]).await;
    assert_eq!(refused.status, 403);
}

#[tokio::test]
async fn a_large_answer_is_compressed_for_those_who_take_it() {
    let live = Live::get();
    let admin = live.admin().await;
    let path = an_article(&admin, &unique("Long "), &"The same again. ".repeat(500)).await;
    let plain = get_with(&admin, &path, &[("accept-encoding", "identity")]).await;
    assert_eq!(header(&plain, "content-encoding"), None);
    assert_eq!(header(&plain, "vary").as_deref(), Some("accept-encoding"));
    let etag = header(&plain, "etag").expect("a tag");
    for takes in ["gzip", "br;q=0, gzip;q=0.5"] {
        let small = get_with(&admin, &path, &[("accept-encoding", takes)]).await;
        assert_eq!(
            header(&small, "content-encoding").as_deref(),
            Some("gzip"),
            "{takes}"
        );
        assert_eq!(header(&small, "etag"), Some(format!("W/{etag}")));
        assert!(
            small.body.len() * 4 < plain.body.len(),
            "{}",
            small.body.len()
        );
        let mut whole = Vec::new();
        let mut decoder = GzDecoder::new(small.body.as_slice());
        decoder.read_to_end(&mut whole).expect("gzip");
        assert_eq!(whole, plain.body);
    }
    let refuses = get_with(&admin, &path, &[("accept-encoding", "gzip;q=0")]).await;
    assert_eq!(
        (header(&refuses, "content-encoding"), refuses.body),
        (None, plain.body)
    );
    // That a short one is left as it is cannot be seen here: as the edge does, `wrangler dev` compresses by itself what was not.
    let known = [
        ("accept-encoding", "gzip"),
        ("if-none-match", etag.as_str()),
    ];
    assert_eq!(get_with(&admin, &path, &known).await.status, 304);
}

#[tokio::test]
async fn a_list_that_is_paged_while_others_write_has_no_row_twice_and_each_that_stayed_as_it_was() {
    let live = Live::get();
    let admin = live.admin().await;
    let word = unique("paged");
    let mut paths = Vec::new();
    for n in 0..9 {
        paths.push(an_article(&admin, &format!("{word} {n}"), "One.").await);
    }
    let id_of = |path: &str| path.rsplit('/').next().expect("an id").to_owned();
    let (mut seen, mut cursor, mut n_page) = (Vec::new(), None::<String>, 0);
    loop {
        let after = cursor
            .map(|cursor| format!("&cursor={cursor}"))
            .unwrap_or_default();
        let page = format!("{ARTICLES}?q={word}&limit=2&fields=id{after}");
        let page = json_of(get_with(&admin, &page, &[]).await, 200);
        for row in page["articles"].as_array().expect("a list") {
            seen.push(row["id"].as_str().expect("an id").to_owned());
        }
        cursor = page["next_cursor"].as_str().map(str::to_owned);
        if cursor.is_none() {
            break;
        }
        // One is new, one that was seen moves to the front, and one is gone: before, and behind where the reader is.
        an_article(&admin, &format!("{word} new {n_page}"), "One.").await;
        if n_page == 0 {
            let change = json!({ "title": format!("{word} 8"), "body": "Two.", "language": "en", "version": 1 });
            json_of(
                send(&admin, Method::PUT, &paths[8], Some(change)).await,
                200,
            );
            for gone in [7, 0] {
                assert_eq!(
                    send(&admin, Method::DELETE, &paths[gone], None)
                        .await
                        .status,
                    204
                );
            }
        }
        n_page += 1;
    }
    let once: BTreeSet<&String> = seen.iter().collect();
    assert_eq!(once.len(), seen.len(), "{seen:?}");
    for path in &paths[1..] {
        assert!(seen.contains(&id_of(path)), "{path} of {seen:?}");
    }
    assert!(!seen.contains(&id_of(&paths[0])));
}
