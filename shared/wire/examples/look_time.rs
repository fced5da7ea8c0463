//! What the last look at an answer costs, beside writing the answer: a page of fifty conversations.
//!
//! `cargo run --release -p edgedesk-wire --example look_time`
#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a command on a developer's machine"
)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use edgedesk_domain::conversation::ConversationState;
use edgedesk_domain::event::Event;
use edgedesk_wire::api::ConversationList;
use edgedesk_wire::of_account::names_other_account;

const ROUNDS: u32 = 2_000;

fn main() {
    let event: Event = serde_json::from_value(serde_json::json!({
        "id": "evt_00000000000000000000000001", "seq": 1, "conversation_id": "cnv_00000000000000000000000003",
        "account_id": "acc_00000000000000000000000001", "at": "2025-01-08T10:12:07.672Z",
        "type": "conversation.created",
        "data": {
            "inbox_id": "inb_00000000000000000000000001", "channel": "zendesk", "external_id": "71234",
            "customer_id": "cus_00000000000000000000000001", "customer_name": "Ada Lovelace",
            "customer_email": "ada@example.com", "subject": "Where is my parcel? It was due last week",
        },
    }))
    .expect("an event");
    let state = ConversationState::first(&event).expect("a first event");
    let list = ConversationList {
        conversations: vec![state; 50],
        next_cursor: None,
    };
    let json = serde_json::to_string(&list).expect("JSON");
    let writing = median(|| {
        black_box(serde_json::to_vec(black_box(&list)).expect("JSON"));
    });
    let looking = median(|| {
        let text = std::str::from_utf8(black_box(json.as_bytes())).expect("UTF-8");
        black_box(names_other_account(text, event.account_id));
    });
    println!(
        "{} bytes: written in {writing:?}, looked at in {looking:?}: {:.0} %",
        json.len(),
        100.0 * looking.as_secs_f64() / writing.as_secs_f64()
    );
}

/// The median of many rounds, so that a busy machine does not count.
fn median(mut work: impl FnMut()) -> Duration {
    let mut times: Vec<Duration> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            work();
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    times[times.len() / 2]
}
