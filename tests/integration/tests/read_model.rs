//! The D1 read model: ticket numbers, catching up, rebuilding, and what cannot be projected. All on the second account,
//! so that the numbers are this file's own.

use std::collections::BTreeSet;

use edgedesk_client::ports::free_port;
use edgedesk_client::zendesk::{Delivery, Ticket};
use edgedesk_client::{Edgedesk, api};
use edgedesk_integration::{Live, OwnStack, eventually, unique};
use futures::future::join_all;
use serde_json::{Value, json};

async fn checksum(admin: &Edgedesk) -> Value {
    let answer = admin
        .get("/api/v1/admin/checksum")
        .await
        .expect("an answer");
    answer
        .expect(200)
        .expect("a checksum")
        .json()
        .expect("a checksum")
}

async fn ticket_numbers(admin: &Edgedesk) -> Vec<u64> {
    let (mut numbers, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/api/v1/tickets?limit=200{cursor}");
        let page: Value = admin
            .get(&path)
            .await
            .expect("an answer")
            .expect(200)
            .expect("tickets")
            .json()
            .expect("tickets");
        numbers.extend(
            page["tickets"]
                .as_array()
                .expect("tickets")
                .iter()
                .filter_map(|ticket| ticket["number"].as_u64()),
        );
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return numbers,
        }
    }
}

#[tokio::test]
async fn a_hundred_first_messages_at_once_get_numbers_without_a_gap_and_a_rebuild_changes_nothing()
{
    let live = Live::get();
    let admin = live.other_admin().await;
    let before: BTreeSet<u64> = ticket_numbers(&admin).await.into_iter().collect();
    let tickets: Vec<Ticket> = (0..100)
        .map(|_| Ticket::new(unique("8"), api::now().to_string()))
        .collect();
    let deliveries = tickets.iter().map(|ticket| {
        let body = ticket.created(
            &unique("evt-"),
            "At once",
            "Where is my order? I am annoyed.",
        );
        let delivery = Delivery::of(unique("inv-"), &body);
        let live = &live;
        async move {
            live.public
                .deliver(&live.other.zendesk, &delivery)
                .await
                .expect("an answer")
                .expect(200)
                .expect("taken")
        }
    });
    join_all(deliveries).await;

    let numbers = eventually("all hundred tickets are in D1", async || {
        let numbers = ticket_numbers(&admin).await;
        (numbers.len() >= before.len() + 100).then_some(numbers)
    })
    .await;
    let unique_numbers: BTreeSet<u64> = numbers.iter().copied().collect();
    assert_eq!(
        unique_numbers.len(),
        numbers.len(),
        "a number was given twice"
    );
    assert_eq!(
        unique_numbers,
        (1..=numbers.len() as u64).collect(),
        "there is a gap"
    );

    // Everything that is logged has been projected once every message has its analysis and nothing changes any more.
    let settled = eventually("the read model is at rest", async || {
        let first = checksum(&admin).await;
        let analysed = first["n_rows"]["analyses"].as_u64()? >= 100;
        tokio::time::sleep(edgedesk_integration::SILENCE * 3).await;
        (analysed && checksum(&admin).await == first).then_some(first)
    })
    .await;

    let (mut cursor, mut rebuilt) = (String::new(), 0);
    loop {
        let path = format!("/api/v1/admin/rebuild{cursor}");
        let page: Value = admin
            .post(&path, &json!({}))
            .await
            .expect("an answer")
            .expect(200)
            .expect("a page")
            .json()
            .expect("a page");
        rebuilt += page["rebuilt"].as_u64().expect("a number");
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("?cursor={next}"),
            None => break,
        }
    }
    assert!(rebuilt >= 100, "{rebuilt}");
    assert_eq!(checksum(&admin).await, settled);
}

#[tokio::test]
async fn what_cannot_be_projected_is_parked_and_holds_up_nothing() {
    let port = free_port().expect("a port");
    let own = OwnStack::start(&["--direct", "--raw-port", &port.to_string()]).await;
    let account = own.live.stack.account_id;
    let poison = [
        "no JSON at all".to_owned(),
        json!({"version": 1, "id": "q-unknown-kind", "account_id": account, "kind": "events.stolen", "body": {}}).to_string(),
        json!({"version": 1, "id": "q-no-body", "account_id": account, "kind": "events.appended", "body": {}}).to_string(),
    ];
    let queue = Edgedesk::anonymous(&format!("http://127.0.0.1:{port}"));
    for body in &poison {
        let request = queue.request(reqwest::Method::POST, "/").body(body.clone());
        queue
            .send(request)
            .await
            .expect("an answer")
            .expect(200)
            .expect("queued");
    }
    // A good message behind them gets through.
    own.live.conversation("Behind the poison").await;

    let admin = own.live.admin().await;
    let parked = eventually("those that name the account are parked", async || {
        let list: Value = admin
            .get("/api/v1/admin/parked")
            .await
            .expect("an answer")
            .expect(200)
            .expect("a list")
            .json()
            .expect("a list");
        let parked = list["parked"].as_array().expect("a list").clone();
        (parked.len() >= 2).then_some(parked)
    })
    .await;
    for id in ["q-unknown-kind", "q-no-body"] {
        assert!(
            parked.iter().any(|message| message["body"]
                .as_str()
                .is_some_and(|body| body.contains(id))),
            "{id}: {parked:?}"
        );
    }
    // Nobody else sees them, and trying again says why not.
    let stranger: Value = own
        .live
        .other_admin()
        .await
        .get("/api/v1/admin/parked")
        .await
        .expect("an answer")
        .json()
        .expect("a list");
    assert_eq!(stranger["parked"], json!([]));
    let id = parked[0]["id"].as_str().expect("an id");
    let again = admin
        .post(&format!("/api/v1/admin/parked/{id}/retry"), &json!({}))
        .await
        .expect("an answer");
    let again: Value = again
        .expect(200)
        .expect("tried")
        .json()
        .expect("an outcome");
    assert_eq!(again["handled"], false);
    assert!(
        again["detail"]
            .as_str()
            .is_some_and(|detail| !detail.is_empty()),
        "{again}"
    );
}
