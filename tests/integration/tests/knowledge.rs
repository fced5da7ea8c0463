//! The knowledge base against the running Workers: who writes and who sees articles, votes, categories, imports.

use edgedesk_client::{Answer, Edgedesk};

use edgedesk_integration::{FakeSite, Live, code, eventually, json_of, send, unique};
use reqwest::Method;
use serde_json::{Value, json};

const ARTICLES: &str = "/api/v1/articles";
const CATEGORIES: &str = "/api/v1/article-categories";
const IMPORTS: &str = "/api/v1/article-imports";

async fn put(caller: &Edgedesk, path: &str, body: Value) -> Answer {
    send(caller, Method::PUT, path, Some(body)).await
}

async fn delete(caller: &Edgedesk, path: &str) -> Answer {
    send(caller, Method::DELETE, path, None).await
}

async fn post(caller: &Edgedesk, path: &str, body: Value) -> Answer {
    send(caller, Method::POST, path, Some(body)).await
}

async fn get(caller: &Edgedesk, path: &str) -> Answer {
    send(caller, Method::GET, path, None).await
}

fn text(value: &Value, pointer: &str) -> String {
    let found = value.pointer(pointer).and_then(Value::as_str);
    found
        .unwrap_or_else(|| panic!("no {pointer} in {value}"))
        .to_owned()
}

/// A new article. Gives its id.
async fn article(caller: &Edgedesk, body: Value) -> String {
    let made = json_of(post(caller, ARTICLES, body).await, 201);
    text(&made, "/article/id")
}

async fn visitor(live: &Live) -> Edgedesk {
    let key = &live.stack.widget.inbox_key;
    let session = live.public.widget_session(key).await.expect("a session");
    live.public.with_token(&session.token)
}

/// The titles of a list, among those that begin with `prefix`.
async fn titles(caller: &Edgedesk, query: &str, prefix: &str) -> Vec<String> {
    let list = json_of(get(caller, &format!("{ARTICLES}?{query}")).await, 200);
    let rows = list["articles"].as_array().expect("a list").iter();
    rows.map(|row| text(row, "/title"))
        .filter(|title| title.starts_with(prefix))
        .collect()
}

#[tokio::test]
async fn customers_see_the_published_version_and_nothing_else() {
    let live = Live::get();
    let (admin, visitor) = (live.admin().await, visitor(&live).await);
    let title = unique("Returns ");
    let draft =
        json!({ "title": format!("  {title} "), "body": "# One\n\nCard 4242 4242 4242 4242." });
    let id = article(&admin, draft).await;
    let path = format!("{ARTICLES}/{id}");
    let shown = format!("/widget/v1/articles/{id}");
    let is_hidden = async || {
        assert_eq!(
            code(&get(&visitor, &shown).await),
            (404, "not_found".into())
        );
    };
    is_hidden().await;

    let state = format!("{path}/state");
    let published = json_of(
        put(&admin, &state, json!({ "state": "published" })).await,
        200,
    );
    assert_eq!(published["article"]["published_version"], 1);
    let seen = json_of(get(&visitor, &shown).await, 200);
    let expected =
        json!({ "title": title, "body": "# One\n\nCard [card 4242].", "language": "en" });
    assert_eq!(seen["article"], expected);

    // The next version is nobody's until it is published.
    let change = json!({ "version": 1, "title": title, "body": "# Two", "language": "fi" });
    let changed = json_of(put(&admin, &path, change.clone()).await, 200);
    assert_eq!(changed["article"]["version"], 2);
    assert_eq!(changed["article"]["body"], "# Two");
    assert_eq!(
        json_of(get(&visitor, &shown).await, 200)["article"],
        expected
    );
    let late = put(&admin, &path, change).await;
    assert_eq!(code(&late), (409, "version_conflict".into()));
    json_of(
        put(&admin, &state, json!({ "state": "published" })).await,
        200,
    );
    let seen = json_of(get(&visitor, &shown).await, 200);
    assert_eq!(seen["article"]["body"], "# Two");

    let versions = json_of(get(&admin, &format!("{path}/versions")).await, 200);
    let numbers: Vec<_> = versions["versions"]
        .as_array()
        .expect("versions")
        .iter()
        .map(|version| version["version"].as_u64())
        .collect();
    assert_eq!(numbers, [Some(2), Some(1)]);
    let first = json_of(get(&admin, &format!("{path}/versions/1")).await, 200);
    assert_eq!(first["version"]["body"], expected["body"]);
    let none = get(&admin, &format!("{path}/versions/3")).await;
    assert_eq!(none.status, 404);

    json_of(
        put(&admin, &state, json!({ "state": "archived" })).await,
        200,
    );
    is_hidden().await;
    json_of(
        put(&admin, &state, json!({ "state": "published" })).await,
        200,
    );
    assert_eq!(delete(&admin, &path).await.status, 204);
    is_hidden().await;
    assert_eq!(delete(&admin, &path).await.status, 404);
    assert_eq!(
        put(&admin, &state, json!({ "state": "draft" }))
            .await
            .status,
        404
    );
    let trash = titles(&admin, "deleted=true&limit=200", &title).await;
    assert_eq!(trash, std::slice::from_ref(&title));
    assert!(titles(&admin, "limit=200", &title).await.is_empty());
    let restored = json_of(
        post(&admin, &format!("{path}/restore"), json!({})).await,
        200,
    );
    assert_eq!(restored["article"]["state"], "published");
    json_of(get(&visitor, &shown).await, 200);
    let again = post(&admin, &format!("{path}/restore"), json!({})).await;
    assert_eq!(again.status, 404);
    assert_eq!(delete(&admin, &path).await.status, 204);
}

#[tokio::test]
async fn agents_write_drafts_and_managers_publish_whatever_the_credential() {
    let live = Live::get();
    let (admin, agent) = (live.admin().await, live.agent().await);
    let title = unique("Draft ");
    let id = article(&agent, json!({ "title": title })).await;
    let path = format!("{ARTICLES}/{id}");
    let change = json!({ "version": 1, "title": title, "body": "So.", "language": "en" });
    json_of(put(&agent, &path, change).await, 200);
    let public = json!({ "title": title, "state": "published" });
    let forbidden = |answer: &Answer| assert_eq!(code(answer), (403, "missing_permission".into()));
    forbidden(&post(&agent, ARTICLES, public.clone()).await);
    forbidden(
        &put(
            &agent,
            &format!("{path}/state"),
            json!({ "state": "published" }),
        )
        .await,
    );
    forbidden(&delete(&agent, &path).await);
    forbidden(&post(&agent, CATEGORIES, json!({ "name": title })).await);

    // A key publishes by its scopes, and not because an admin made it.
    let key = json!({ "name": unique("Writer "), "scopes": ["knowledge:read", "knowledge:write"] });
    let made = json_of(post(&admin, "/api/v1/api-keys", key).await, 201);
    let writer = live.public.with_token(&text(&made, "/key"));
    let refused = post(&writer, ARTICLES, public).await;
    assert_eq!(code(&refused), (403, "missing_scope".into()));
    let by_key = article(&writer, json!({ "title": title })).await;
    for id in [id, by_key] {
        let path = format!("{ARTICLES}/{id}");
        assert_eq!(delete(&admin, &path).await.status, 204);
    }
    let entry = eventually("the deletion is in the audit log", async || {
        let list = get(&admin, "/api/v1/audit?action=article.deleted&limit=200").await;
        let list = json_of(list, 200);
        let mut entries = list["entries"].as_array().expect("entries").iter();
        let is_it =
            |entry: &&Value| path.ends_with(entry["resource"]["id"].as_str().unwrap_or("-"));
        entries.find(is_it).cloned()
    })
    .await;
    assert_eq!(entry["resource"]["kind"], "article");
}

#[tokio::test]
async fn a_visitor_has_one_vote_on_what_is_published() {
    let live = Live::get();
    let admin = live.admin().await;
    let (first, second) = (visitor(&live).await, visitor(&live).await);
    let body = json!({ "title": unique("Votes "), "state": "published" });
    let id = article(&admin, body).await;
    let path = format!("{ARTICLES}/{id}");
    let vote = format!("/widget/v1/articles/{id}/vote");
    let counts = async || {
        let found = json_of(get(&admin, &path).await, 200);
        let count = |field: &str| found["article"][field].as_u64().expect("a count");
        (count("n_helpful"), count("n_unhelpful"))
    };
    let says = async |visitor: &Edgedesk, is_helpful: bool| {
        let answer = put(visitor, &vote, json!({ "is_helpful": is_helpful })).await;
        assert_eq!(answer.status, 204, "{}", answer.text());
    };
    says(&first, true).await;
    says(&first, true).await;
    says(&second, false).await;
    assert_eq!(counts().await, (1, 1));
    says(&second, true).await;
    assert_eq!(counts().await, (2, 0));
    for _ in 0..2 {
        assert_eq!(delete(&first, &vote).await.status, 204);
    }
    assert_eq!(counts().await, (1, 0));

    let nobody = put(&live.public, &vote, json!({ "is_helpful": true })).await;
    assert_eq!(code(&nobody), (401, "missing_token".into()));
    // A visitor of another account does not find it, and neither does anybody once it is taken back.
    let foreign = visitor(&live.flipped()).await;
    let refused = put(&foreign, &vote, json!({ "is_helpful": true })).await;
    assert_eq!(code(&refused), (404, "not_found".into()));
    json_of(
        put(
            &admin,
            &format!("{path}/state"),
            json!({ "state": "draft" }),
        )
        .await,
        200,
    );
    let refused = put(&first, &vote, json!({ "is_helpful": true })).await;
    assert_eq!(code(&refused), (404, "not_found".into()));
    assert_eq!(counts().await, (1, 0));
    assert_eq!(delete(&admin, &path).await.status, 204);
}

#[tokio::test]
async fn articles_stand_under_categories_that_may_go() {
    let live = Live::get();
    let admin = live.admin().await;
    let name = unique("Billing ");
    let made = json_of(post(&admin, CATEGORIES, json!({ "name": name })).await, 201);
    let category = text(&made, "/id");
    let taken = post(&admin, CATEGORIES, json!({ "name": name.to_uppercase() })).await;
    assert_eq!(code(&taken), (409, "name_taken".into()));
    let title = unique("Invoices ");
    let body =
        json!({ "title": title, "category_id": category, "language": "fi", "state": "published" });
    let id = article(&admin, body).await;
    let path = format!("{ARTICLES}/{id}");
    for (query, is_there) in [
        (format!("category_id={category}"), true),
        (
            format!("category_id={category}&language=fi&state=published"),
            true,
        ),
        (format!("category_id={category}&language=en"), false),
        (format!("category_id={category}&state=draft"), false),
        ("q=INVOICES&limit=200".to_owned(), true),
    ] {
        let found = titles(&admin, &query, &title).await;
        assert_eq!(!found.is_empty(), is_there, "{query}");
    }
    let of_category = format!("{CATEGORIES}/{category}");
    let renamed = json_of(
        put(&admin, &of_category, json!({ "name": format!("{name}b") })).await,
        200,
    );
    assert_eq!(
        renamed,
        json!({ "id": category, "name": format!("{name}b"), "n_articles": 1 })
    );
    assert_eq!(delete(&admin, &of_category).await.status, 204);
    let found = json_of(get(&admin, &path).await, 200);
    assert_eq!(found["article"]["category_id"], Value::Null);

    // What another account has is nothing that an article could stand under.
    let other = live.other_admin().await;
    let theirs = json_of(post(&other, CATEGORIES, json!({ "name": name })).await, 201);
    let theirs = text(&theirs, "/id");
    for category in [category, theirs.clone()] {
        let body = json!({ "title": title, "category_id": category });
        let refused = post(&admin, ARTICLES, body).await;
        assert_eq!(code(&refused), (422, "unknown_category".into()));
    }
    let body = json!({ "title": title, "translation_of": "art_7ZZZZZZZZZZZZZZZZZZZZZZZZZ" });
    let refused = post(&admin, ARTICLES, body).await;
    assert_eq!(code(&refused), (422, "unknown_original".into()));
    assert_eq!(
        delete(&other, &format!("{CATEGORIES}/{theirs}"))
            .await
            .status,
        204
    );
    assert_eq!(delete(&admin, &path).await.status, 204);
}

fn outcomes(report: &Value) -> Vec<String> {
    let rows = report["rows"].as_array().expect("rows").iter();
    rows.map(|row| text(row, "/outcome")).collect()
}

#[tokio::test]
async fn an_import_stores_what_is_new_or_changed_and_all_of_it_or_nothing() {
    let live = Live::get();
    let (admin, visitor) = (live.admin().await, visitor(&live).await);
    let folder = unique("guides-");
    let file = |name: &str, text: &str| json!({ "path": format!("{folder}/{name}"), "text": text });
    let import = async |files: Vec<Value>, dry_run: bool| {
        let body = json!({ "files": files, "state": "published", "dry_run": dry_run });
        json_of(post(&admin, IMPORTS, body).await, 200)
    };
    let stored = async || titles(&admin, "limit=200", &folder).await.len();
    let one = file("a.md", &format!("# {folder} A\n\nFirst."));
    let two = file("b.md", &format!("# {folder} B\n\nSecond."));

    let tried = import(vec![one.clone(), two.clone()], true).await;
    assert_eq!(
        (&tried["is_stored"], &tried["n_new"]),
        (&json!(false), &json!(2))
    );
    let broken = import(vec![one.clone(), file("c.png", "…")], false).await;
    assert_eq!(outcomes(&broken), ["new", "broken"]);
    assert_eq!(broken["is_stored"], false);
    assert!(!text(&broken, "/rows/1/problem").is_empty());
    assert_eq!(stored().await, 0, "a broken row keeps the others out");

    let first = import(vec![one.clone(), two.clone()], false).await;
    assert_eq!(
        (&first["is_stored"], &first["n_new"]),
        (&json!(true), &json!(2))
    );
    assert!(text(&first, "/id").starts_with("imp_"));
    assert_eq!(stored().await, 2);
    let changed = file("b.md", &format!("# {folder} B\n\nAnother."));
    let second = import(vec![one.clone(), changed], false).await;
    assert_eq!(outcomes(&second), ["unchanged", "changed"]);
    let list = json_of(get(&admin, &format!("{ARTICLES}?q={folder}")).await, 200);
    let rows = list["articles"].as_array().expect("a list");
    let of = |name: &str| {
        let path = format!("{folder}/{name}");
        let mut rows = rows.iter();
        rows.find(|row| row["source"] == path).expect("an article")
    };
    assert_eq!(
        (
            of("a.md")["version"].as_u64(),
            of("b.md")["version"].as_u64()
        ),
        (Some(1), Some(2))
    );
    let shown = format!("/widget/v1/articles/{}", text(of("b.md"), "/id"));
    let seen = json_of(get(&visitor, &shown).await, 200);
    assert!(text(&seen, "/article/body").contains("Another."), "{seen}");

    // What was deleted here stays so.
    for name in ["a.md", "b.md"] {
        let path = format!("{ARTICLES}/{}", text(of(name), "/id"));
        assert_eq!(delete(&admin, &path).await.status, 204);
    }
    let third = import(vec![one], false).await;
    assert_eq!(outcomes(&third), ["broken"]);
    assert_eq!(stored().await, 0);
}

#[tokio::test]
async fn pages_are_imported_by_their_addresses_and_again_when_they_say_something_else() {
    let live = Live::get();
    let admin = live.admin().await;
    let run = unique("page-");
    let site = FakeSite::start().await;
    let page = |words: &str| {
        format!(
            "<html><head><title>x</title></head><body><nav>Menu</nav><main><h1>Returns {run}</h1><p>{words}</p>\
             <script>alert(1)</script></main></body></html>"
        )
    };
    site.serve(
        "/help",
        200,
        "text/html; charset=utf-8",
        &page("Send it back."),
    );
    site.serve("/old", 301, "text/html", "/help");
    site.serve("/elsewhere", 302, "text/html", "http://10.0.0.1/secret");
    site.serve("/round", 302, "text/html", "/round");
    site.serve("/picture", 200, "image/png", "x");
    site.serve("/latin", 200, "text/html; charset=iso-8859-1", &page("x"));
    site.serve(
        "/large",
        200,
        "text/plain",
        &"x".repeat(4 * 1024 * 1024 + 1),
    );
    let import = async |paths: &[&str], dry_run: bool| {
        let urls: Vec<String> = paths.iter().map(|path| site.url(path)).collect();
        let body = json!({ "urls": urls, "dry_run": dry_run });
        json_of(post(&admin, IMPORTS, body).await, 200)
    };
    let broken = [
        "/elsewhere",
        "/round",
        "/picture",
        "/latin",
        "/large",
        "/missing",
    ];
    let looked_at = import(&broken, false).await;
    assert_eq!(looked_at["is_stored"], false, "{looked_at}");
    for (row, path) in looked_at["rows"]
        .as_array()
        .expect("rows")
        .iter()
        .zip(broken)
    {
        assert_eq!(row["source"], site.url(path).as_str());
        assert_eq!(row["outcome"], "broken", "{row}");
        assert!(row["problem"].is_string(), "{row}");
    }
    assert!(!site.was_asked("/secret"));

    let first = import(&["/help", "/old"], false).await;
    assert_eq!(
        (&first["n_new"], &first["is_stored"]),
        (&json!(2), &json!(true)),
        "{first}"
    );
    let again = import(&["/help"], false).await;
    assert_eq!(again["n_unchanged"], 1, "{again}");
    site.serve(
        "/help",
        200,
        "text/html; charset=utf-8",
        &page("Send it back soon."),
    );
    let changed = import(&["/help"], false).await;
    assert_eq!(changed["n_changed"], 1, "{changed}");
    let list = json_of(
        get(&admin, &format!("{ARTICLES}?q=returns%20{run}")).await,
        200,
    );
    let found = list["articles"].as_array().expect("a list").iter();
    let sources: Vec<_> = found
        .filter_map(|article| article["source"].as_str())
        .collect();
    assert_eq!(sources.len(), 2, "{sources:?}");
    let id = list["articles"]
        .as_array()
        .expect("a list")
        .iter()
        .find(|article| article["source"] == site.url("/help").as_str())
        .map(|article| text(article, "/id"))
        .expect("it is there");
    let article = json_of(get(&admin, &format!("{ARTICLES}/{id}")).await, 200);
    let body = text(&article, "/article/body");
    assert!(
        body.contains("Send it back soon.") && !body.contains("alert") && !body.contains("Menu"),
        "{body}"
    );
}

#[tokio::test]
async fn a_page_that_changed_is_indexed_again_and_one_that_did_not_is_not() {
    let live = Live::get();
    let (admin, other) = (live.admin().await, live.other_admin().await);
    let word = unique("quagga");
    let site = FakeSite::start().await;
    let page =
        |words: &str| format!("<html><main><h1>Stripes of {word}</h1><p>{words}</p></main></html>");
    let serve = |words: &str| site.serve("/stripes", 200, "text/html; charset=utf-8", &page(words));
    serve("They are brown.");
    let body = json!({ "urls": [site.url("/stripes")], "state": "published", "dry_run": false });
    let imported = json_of(post(&admin, IMPORTS, body).await, 200);
    assert_eq!(imported["is_stored"], true, "{imported}");
    let list = json_of(get(&admin, &format!("{ARTICLES}?q={word}")).await, 200);
    let path = format!("{ARTICLES}/{}", text(&list, "/articles/0/id"));
    let again = format!("{path}/recrawl");
    let recrawl = async |overwrite: bool| {
        let answer = post(&admin, &again, json!({ "overwrite": overwrite })).await;
        json_of(answer, 200)["article"].clone()
    };
    let indexed = async || {
        eventually("search knows the article", async || {
            let article = json_of(get(&admin, &path).await, 200)["article"].clone();
            (article["is_indexed"] == true).then_some(article)
        })
        .await
    };
    let found = async |words: &str| {
        let search = json!({ "query": format!("{word} {words}") });
        let hits = json_of(
            post(&admin, &format!("{ARTICLES}/search"), search).await,
            200,
        );
        hits["hits"][0]["text"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    let first = indexed().await;
    assert_eq!(first["source_page"]["outcome"], "changed");

    let same = recrawl(false).await;
    assert_eq!(same["source_page"]["outcome"], "unchanged");
    assert_eq!(
        (&same["version"], &same["updated_at"], &same["is_indexed"]),
        (&first["version"], &first["updated_at"], &json!(true))
    );
    assert_ne!(
        same["source_page"]["crawled_at"],
        first["source_page"]["crawled_at"]
    );

    serve("They are violet now.");
    let changed = recrawl(false).await;
    assert_eq!(changed["source_page"]["outcome"], "changed", "{changed}");
    assert_eq!(
        (&changed["version"], &changed["published_version"]),
        (&json!(2), &json!(2))
    );
    indexed().await;
    assert!(found("stripes").await.contains("violet"));

    // What a person wrote stays until they say otherwise.
    let edit = json!({ "version": 2, "title": "Mine", "body": "Mine.", "language": "en" });
    json_of(put(&admin, &path, edit).await, 200);
    serve("They are green.");
    let kept = recrawl(false).await;
    assert_eq!(kept["source_page"]["outcome"], "source_changed");
    assert_eq!(kept["body"], "Mine.");
    let taken = recrawl(true).await;
    assert!(text(&taken, "/body").contains("green"), "{taken}");

    site.serve("/stripes", 500, "text/html", "no");
    let failed = recrawl(false).await;
    assert_eq!(failed["source_page"]["n_failures"], 1);
    assert_eq!(failed["source_page"]["problem"], "it answered 500");
    assert_eq!(failed["version"], taken["version"]);

    // Of another account it is not there; one that somebody wrote has no page.
    assert_eq!(post(&other, &again, json!({})).await.status, 404);
    let own = article(&admin, json!({ "title": "Own", "body": "" })).await;
    let none = post(&admin, &format!("{ARTICLES}/{own}/recrawl"), json!({})).await;
    assert_eq!(code(&none), (422, "no_source".into()));
}
