//! `GET /metrics` of a running stack: counted by hand, and never less than before.

use edgedesk_integration::{Live, eventually, scrape, unique, went_back};
use reqwest::Method;

/// A route that no other test asks in this way.
const RARE_ROUTE: &str = "/api/v1/audit/proofs/consistency";

#[tokio::test]
async fn requests_are_counted_as_by_hand_and_counters_only_grow() {
    let live = Live::get();
    let series = |name: &str| {
        format!("{name}{{method=\"HEAD\",route=\"{RARE_ROUTE}\",status_code=\"401\"}}")
    };
    let before = scrape(&live.public).await;
    for _ in 0..7 {
        let request = live.public.request(Method::HEAD, RARE_ROUTE);
        let answer = live.public.send(request).await.expect("an answer");
        assert_eq!(answer.status, 401);
    }
    let after = scrape(&live.public).await;
    for name in ["http_requests_total", "http_request_duration_seconds_count"] {
        let [before, after] = [&before, &after].map(|scraped| {
            let found = scraped.get(&series(name));
            found.copied().unwrap_or_default()
        });
        assert!(
            (after - before - 7.0).abs() < f64::EPSILON,
            "{name}: {before}, {after}"
        );
    }
    assert_eq!(went_back(&before, &after), Vec::<String>::new());
}

#[tokio::test]
async fn what_happens_in_conversations_is_counted_and_nobody_is_named() {
    let live = Live::get();
    let before = scrape(&live.public).await;
    let (ticket, state) = live.conversation("Where is my order? I wait for it.").await;
    let forged = live
        .public
        .request(
            Method::POST,
            &format!("/hooks/zendesk/{}", live.stack.zendesk.inbox_id),
        )
        .json(&ticket.created(&unique("evt-"), "Forged", "Not signed."));
    let answer = live.public.send(forged).await.expect("an answer");
    assert_eq!(answer.status, 401);
    let agent = live.agent().await;
    let socket = agent.desk_socket().await.expect("a socket");

    let grown = [
        "conversations_opened_total{channel=\"zendesk\"}",
        "messages_received_total{channel=\"zendesk\",author=\"customer\"}",
        "webhooks_accepted_total",
        "webhooks_refused_total{reason=\"invalid_signature\"}",
        "ai_classification_duration_seconds_count",
        "events_projected_total",
    ];
    let after = eventually("all of it is counted", async || {
        let scraped = scrape(&live.public).await;
        let has_grown = |series: &&str| {
            scraped.get(*series).copied().unwrap_or_default()
                > before.get(*series).copied().unwrap_or_default()
        };
        let has_socket = scraped["websocket_connections_active"] >= 1.0;
        (has_socket && grown.iter().all(has_grown)).then_some(scraped)
    })
    .await;
    drop(socket);
    assert_eq!(went_back(&before, &after), Vec::<String>::new());
    // Labels are templates and words: no id of anybody, whatever was asked for.
    let ids = ["acc_", "usr_", "cnv_", "inb_", "cus_", "msg_"];
    let own = state.conversation_id.to_string();
    for series in after.keys() {
        assert!(
            !series.contains(&own) && !ids.iter().any(|id| series.contains(id)),
            "{series}"
        );
    }
}
