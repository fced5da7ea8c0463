//! The load generator, for two seconds: what keeps it alive between the runs that measure.

use edgedesk_integration::Live;
use edgedesk_load::scenarios::{conversations, hooks};
use edgedesk_load::{Report, Target};

fn target() -> Target {
    let texts = [
        "Where is my order?",
        "Thank you!",
        "This is the third time I ask.",
    ];
    let texts = texts.map(str::to_owned).into();
    Target::new(Live::get().stack, texts).expect("a stack on this machine")
}

fn acknowledged(report: &Report) -> Vec<u64> {
    let found = report.losses.iter();
    found.map(|found| found.losses.n_acknowledged).collect()
}

#[tokio::test]
async fn webhooks_at_a_rate_are_each_in_their_conversation_once() {
    let plan = hooks::HooksPlan {
        kind: hooks::Loop::Open,
        rate: 20,
        seconds: 2,
        connections: 4,
        conversations: 5,
        drain_seconds: 60,
    };
    let report = hooks::run(&target(), &plan, &mut |_| {})
        .await
        .expect("a run");
    report.verdict().expect("nothing is lost");
    // The opening messages count as well.
    assert_eq!(acknowledged(&report), [45]);
    let timed: Vec<u64> = report
        .latencies
        .iter()
        .map(|timing| timing.summary.n)
        .collect();
    assert_eq!(timed, [40, 40]);
}

#[tokio::test]
async fn an_agent_sees_what_customers_write_once_and_in_order() {
    let plan = conversations::ConversationsPlan {
        customers: 4,
        rate: 20,
        seconds: 2,
        drain_seconds: 60,
    };
    let report = conversations::run(&target(), &plan, &mut |_| {})
        .await
        .expect("a run");
    report.verdict().expect("nothing is lost");
    assert_eq!(acknowledged(&report), [40, 40]);
}
