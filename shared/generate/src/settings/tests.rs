use serde_json::{Value, json};

use super::*;

fn openai() -> Value {
    json!({
        "kind": "openai", "base_url": "https://api.openai.com/v1", "model": "model-1", "key_secret": "OPENAI_KEY",
        "price": { "input_micro_dollars": 3_000_000, "output_micro_dollars": 15_000_000 },
    })
}

fn with(field: &str, value: Value) -> Value {
    let mut provider = openai();
    provider[field] = value;
    provider
}

fn error_of(providers: &Value) -> String {
    parse(&providers.to_string()).unwrap_err().to_string()
}

#[test]
fn nothing_is_no_providers_and_what_is_left_out_has_its_usual_value() {
    for text in ["", "  \n", "[]"] {
        assert_eq!(parse(text), Ok(Vec::new()));
    }
    let own = json!({ "name": "ours", "kind": "openai", "base_url": "http://models.internal/v1", "model": "m", "is_inside": true });
    let workers_ai = json!({
        "kind": "workers_ai", "base_url": "https://api.cloudflare.com/client/v4", "model": "@cf/meta/llama-3.1-8b-instruct",
        "key_secret": "CF_TOKEN", "cloudflare_account": "0123abcd", "whole_millis": 9000,
        "price": { "input_micro_dollars": 0, "output_micro_dollars": 0 },
    });
    let providers = parse(&json!([openai(), own, workers_ai]).to_string()).unwrap();
    let names: Vec<_> = providers.iter().map(Provider::name).collect();
    assert_eq!(names, ["openai", "ours", "workers_ai"]);
    assert_eq!(providers[0].requests_per_minute, 50);
    assert_eq!(providers[0].price().output_micro_dollars, 15_000_000);
    assert!(!providers[0].is_inside && providers[1].is_inside);
    assert_eq!(providers[0].limits(), Limits::default());
    assert_eq!(providers[2].limits().whole_millis, 9_000);
}

#[test]
fn what_is_wrong_is_told_without_what_it_says() {
    for (provider, says) in [
        (with("name", json!("embedded")), "embedded composer"),
        (with("name", json!("a b")), "its name"),
        (with("model", json!("")), "its model"),
        (with("base_url", json!("http://api.example/v1")), "base_url"),
        (
            with("base_url", json!("https://key@api.example/v1")),
            "base_url",
        ),
        (
            with("base_url", json!("https://api.example/v1?key=1")),
            "base_url",
        ),
        (with("base_url", json!("https://")), "base_url"),
        (with("base_url", json!("ftp://127.0.0.1")), "base_url"),
        (with("key_secret", Value::Null), "key_secret is missing"),
        (
            with("key_secret", json!("sk-live 1")),
            "no name of a secret",
        ),
        (with("price", Value::Null), "price is missing"),
        (
            with("cloudflare_account", json!("x")),
            "goes with workers_ai",
        ),
        (with("kind", json!("anthropic")), ""),
        (with("whole_millis", json!(0)), "milliseconds"),
        (with("requests_per_minute", json!(0)), "requests_per_minute"),
        (with("key", json!("sk-1")), "unknown"),
        (with("kind", json!("other")), "unknown"),
        (
            with("price", json!({ "input_micro_dollars": 1 })),
            "missing",
        ),
    ] {
        if says.is_empty() {
            assert!(parse(&json!([provider]).to_string()).is_ok());
            continue;
        }
        let error = error_of(&json!([provider]));
        assert!(error.contains(says), "{error}");
        assert!(!error.contains("sk-"), "{error}");
    }
    let error = error_of(&json!([openai(), openai()]));
    assert_eq!(error, "provider 2: its name is another one's, too");
    assert_eq!(error_of(&json!(vec![openai(); 9])), "more than 8 providers");
    assert!(
        parse("[{\"kind\":")
            .unwrap_err()
            .to_string()
            .contains("too early")
    );
    assert!(
        parse("sk-live-1")
            .unwrap_err()
            .to_string()
            .contains("no JSON")
    );
}

#[test]
fn a_server_of_this_machine_needs_no_tls() {
    for url in [
        "http://127.0.0.1:9000",
        "http://localhost/v1",
        "http://[::1]:1/v1",
    ] {
        assert!(is_base_url(url, false), "{url}");
    }
    for url in [
        "http://127.0.0.1.evil.example",
        "http://localhost.evil.example/v1",
        "127.0.0.1",
    ] {
        assert!(!is_base_url(url, false), "{url}");
    }
}
