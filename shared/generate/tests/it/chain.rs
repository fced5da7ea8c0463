//! Providers in order, with generators that do as they are told, and once over HTTP.

mod fakes;

use edgedesk_domain::time::Clock as _;
use edgedesk_generate::chain::{ChainSettings, Memory, Outcome, Skip};
use edgedesk_generate::guard::Flaw;
use edgedesk_generate::ledger::{Price, Spend, estimate_request, estimate_tokens};
use edgedesk_generate::{Fault, GenerateError, Usage};
use edgedesk_masking::Names;
use proptest::prelude::*;
use serde_json::json;
use tokio::task::LocalSet;

use self::fakes::{Books, Does, Fake, Line, run, run_with};
use crate::providers::{Kind, request};
use crate::server::{Script, Server, Step};
use crate::time::TestTime;

fn failed(fault: Fault) -> Outcome {
    Outcome::Failed(fault)
}

fn skipped(skip: Skip) -> Outcome {
    Outcome::Skipped(skip)
}

#[tokio::test]
async fn who_is_first_answers_and_nobody_else_is_asked() {
    let time = TestTime::default();
    let first = Fake::new("first", &time, [Does::Says(&["30", " days."])]);
    let second = Fake::new("second", &time, []);
    let told = run(&time, &[&first, &second]).await;
    assert_eq!(told.text(), "30 days.");
    assert_eq!(told.heard, ["30", " days."]);
    assert_eq!(told.outcomes(), [("first", Outcome::Answered)]);
    assert_eq!(second.n_asked(), 0);
}

#[tokio::test]
async fn a_provider_that_is_killed_in_the_middle_is_followed_by_the_next() {
    let time = TestTime::default();
    let work = async {
        let mut events = Kind::OpenAi.begin();
        events.push(Kind::OpenAi.piece("It is 30 "));
        let broken = Script::events(events).then(Step::Heard(1)).then(Step::Cut);
        let broken = Server::start(&time, [broken]).await;
        let good = Script::events(Kind::Anthropic.events(&["You have", " 30 days."]));
        let good = Server::start(&time, [good]).await;
        let first = Kind::OpenAi.client(&broken.url, &time);
        let second = Kind::Anthropic.client(&good.url, &time);
        let lines = [Line::of(&*first), Line::of(&*second)];
        let heard = broken.heard.clone();
        let books = Books::default();
        let told = run_with(&time, &lines, &books, &Memory::default(), |n| heard.set(n)).await;
        assert_eq!(told.text(), "You have 30 days.");
        assert_eq!(
            told.heard,
            ["It is 30 ", "<restart>", "You have", " 30 days."]
        );
        let outcomes = [
            ("openai", failed(Fault::Cut)),
            ("anthropic", Outcome::Answered),
        ];
        assert_eq!(told.outcomes(), outcomes);
        // What was cut is paid for by what was heard of it.
        let [cut, whole] = <[Spend; 2]>::try_from(books.spent()).unwrap();
        let estimated = estimate_request(&request(true)).input_tokens;
        assert_eq!(cut.input_tokens, estimated);
        assert_eq!(cut.output_tokens, estimate_tokens("It is 30 "));
        assert_eq!((whole.input_tokens, whole.output_tokens), (12, 3));
    };
    LocalSet::new().run_until(work).await;
}

#[tokio::test]
async fn when_nobody_can_the_fallback_does() {
    let time = TestTime::default();
    let faults = [Fault::Unauthorized, Fault::Garbled, Fault::Empty];
    let fakes = faults.map(|fault| Fake::new("broken", &time, [Does::Fails(fault)]));
    let told = run(&time, &fakes.each_ref()).await;
    assert_eq!(told.text(), "From an article.");
    let expected = [
        ("broken", failed(Fault::Unauthorized)),
        ("broken", failed(Fault::Garbled)),
        ("broken", failed(Fault::Empty)),
        ("embedded", Outcome::Answered),
    ];
    assert_eq!(told.outcomes(), expected);
    assert_eq!(run(&time, &[]).await.text(), "From an article.");
}

#[tokio::test]
async fn what_is_transient_is_tried_once_more() {
    let error = |fault, retry_after_millis| GenerateError {
        retry_after_millis,
        ..GenerateError::from(fault)
    };
    for (error, waits) in [
        (error(Fault::Unavailable, None), Some(250)),
        (error(Fault::RateLimited, Some(1_500)), Some(1_500)),
        (error(Fault::RateLimited, Some(2_001)), None),
        (error(Fault::BadRequest, None), None),
        (error(Fault::QuotaExhausted, Some(10)), None),
        (error(Fault::Stalled, None), None),
    ] {
        let time = TestTime::default();
        let does = [Does::FailsWith(error.clone()), Does::Says(&["Yes."])];
        let first = Fake::new("first", &time, does);
        let told = run(&time, &[&first]).await;
        let text = if waits.is_some() {
            "Yes."
        } else {
            "From an article."
        };
        assert_eq!(told.text(), text, "{error}");
        assert_eq!(time.now().millis(), waits.unwrap_or(0));
    }
    // Twice at most.
    let time = TestTime::default();
    let first = Fake::new(
        "first",
        &time,
        [
            Does::Fails(Fault::Unavailable),
            Does::Fails(Fault::Unavailable),
        ],
    );
    assert_eq!(run(&time, &[&first]).await.text(), "From an article.");
    assert_eq!(first.n_asked(), 2);
    // And not when something was heard: the next one is faster.
    let first = Fake::new("first", &time, [Does::Breaks(&["Half"], Fault::Cut)]);
    let told = run(&time, &[&first]).await;
    assert_eq!(told.heard, ["Half", "<restart>", "From an article."]);
    assert_eq!(first.n_asked(), 1);
}

#[tokio::test]
async fn nobody_is_waited_for_longer_than_agreed() {
    let time = TestTime::default();
    let names = ["a", "b", "c"];
    let fakes = names.map(|name| Fake::new(name, &time, [Does::Hangs(20_000)]));
    let told = run(&time, &fakes.each_ref()).await;
    // Each has 20 seconds, and all have 45.
    let expected = [
        ("a", failed(Fault::OutOfTime)),
        ("b", failed(Fault::OutOfTime)),
        ("c", failed(Fault::OutOfTime)),
        ("embedded", Outcome::Answered),
    ];
    assert_eq!(told.outcomes(), expected);
    assert_eq!(fakes[2].n_asked(), 1);
    let time = TestTime::default();
    let slow = Fake::new("slow", &time, [Does::Hangs(45_000)]);
    let late = Fake::new("late", &time, []);
    let told = run(&time, &[&slow, &late]).await;
    assert_eq!(told.outcomes()[1], ("late", skipped(Skip::NoTime)));
    assert_eq!(told.text(), "From an article.");
}

#[tokio::test]
async fn who_fails_again_and_again_is_left_alone_and_then_tried_by_one() {
    let time = TestTime::default();
    let memory = Memory::default();
    let mut does = vec![Does::Fails(Fault::Garbled); 4];
    does.extend([Does::Says(&["Back."]), Does::Says(&["Again."])]);
    let first = Fake::new("first", &time, does);
    let mut seen = Vec::new();
    let books = Books::default();
    for pass in [0, 0, 0, 0, 29_999, 1, 0, 30_000, 0] {
        time.pass(pass);
        let told = run_with(&time, &[Line::of(&first)], &books, &memory, |_| {}).await;
        seen.push(told.outcomes()[0].1);
    }
    let (bad, open) = (failed(Fault::Garbled), skipped(Skip::BreakerOpen));
    let good = Outcome::Answered;
    assert_eq!(seen, [bad, bad, bad, open, open, bad, open, good, good]);
    // Nothing is held back for who is not asked.
    assert_eq!(books.n_held.get(), first.n_asked());
}

#[tokio::test]
async fn who_asks_for_a_long_rest_has_it_and_a_bad_request_is_nobodys_fault() {
    let time = TestTime::default();
    let memory = Memory::default();
    let rest = GenerateError {
        retry_after_millis: Some(60_000),
        ..Fault::RateLimited.into()
    };
    let first = Fake::new(
        "first",
        &time,
        [Does::FailsWith(rest), Does::Says(&["Back."])],
    );
    let bad = Fake::new("bad", &time, vec![Does::Fails(Fault::BadRequest); 5]);
    for (pass, first_does) in [
        (0, failed(Fault::RateLimited)),
        (0, skipped(Skip::BreakerOpen)),
        (59_999, skipped(Skip::BreakerOpen)),
        (1, Outcome::Answered),
    ] {
        time.pass(pass);
        let lines = [Line::of(&first), Line::of(&bad)];
        let told = run_with(&time, &lines, &Books::default(), &memory, |_| {}).await;
        assert_eq!(told.outcomes()[0].1, first_does);
        if first_does != Outcome::Answered {
            assert_eq!(told.outcomes()[1].1, failed(Fault::BadRequest));
        }
    }
}

#[tokio::test]
async fn a_provider_has_so_many_requests_a_minute() {
    let time = TestTime::default();
    let memory = Memory::default();
    let first = Fake::new("first", &time, vec![Does::Says(&["Yes."]); 51]);
    let mut n_answered = 0;
    for _ in 0..60 {
        let mut line = Line::of(&first);
        line.requests_per_minute = 50;
        let told = run_with(&time, &[line], &Books::default(), &memory, |_| {}).await;
        match told.outcomes()[0].1 {
            Outcome::Answered => n_answered += 1,
            other => assert_eq!(other, skipped(Skip::RateBudget)),
        }
        assert!(!told.text().is_empty());
    }
    assert_eq!(n_answered, 50);
    time.pass(1_200);
    assert_eq!(
        run_with(
            &time,
            &[Line::of(&first)],
            &Books::default(),
            &memory,
            |_| {}
        )
        .await
        .text(),
        "Yes."
    );
}

#[tokio::test]
async fn over_budget_is_the_fallback() {
    let time = TestTime::default();
    for (books, skip) in [
        (
            Books {
                left: 100,
                ..Books::default()
            },
            Skip::OverBudget,
        ),
        (
            Books {
                is_down: true,
                ..Books::default()
            },
            Skip::NoLedger,
        ),
    ] {
        let first = Fake::new("first", &time, []);
        let told = run_with(
            &time,
            &[Line::of(&first)],
            &books,
            &Memory::default(),
            |_| {},
        )
        .await;
        assert_eq!(
            told.outcomes(),
            [("first", skipped(skip)), ("embedded", Outcome::Answered)]
        );
        assert_eq!(told.text(), "From an article.");
        assert_eq!(first.n_asked(), 0);
        assert!(books.spent().is_empty());
    }
}

#[tokio::test]
async fn what_a_call_took_is_recorded() {
    let usage = Usage {
        input_tokens: 1_000,
        output_tokens: 7,
    };
    let half = GenerateError {
        usage: Some(usage),
        ..Fault::Stalled.into()
    };
    let estimate = estimate_request(&request(true));
    let cost = |usage| Price::spend(&fakes::PRICE, usage);
    let written = |text| Usage {
        output_tokens: estimate_tokens(text),
        ..estimate
    };
    for (does, spent, is_estimate) in [
        (Does::SaysFor(&["Yes."], usage), cost(usage), false),
        (
            Does::Says(&["Yes, of course."]),
            cost(written("Yes, of course.")),
            true,
        ),
        (Does::FailsWith(half), cost(usage), true),
        (
            Does::Breaks(&["Half of it"], Fault::Unavailable),
            cost(written("Half of it")),
            true,
        ),
        (Does::Hangs(20_000), cost(written("")), true),
        (Does::Fails(Fault::Unauthorized), Spend::default(), false),
    ] {
        let time = TestTime::default();
        let first = Fake::new("first", &time, [does]);
        let books = Books::default();
        let told = run_with(
            &time,
            &[Line::of(&first)],
            &books,
            &Memory::default(),
            |_| {},
        )
        .await;
        let [entry] = books.entries.take().try_into().unwrap();
        assert_eq!((entry.spent, entry.is_estimate), (spent, is_estimate));
        assert_eq!(entry.held, cost(estimate));
        let attempt = &told.run.attempts[0];
        assert_eq!((attempt.spent, attempt.is_estimate), (spent, is_estimate));
    }
}

#[tokio::test]
async fn what_leaves_is_masked_and_what_comes_back_is_not() {
    let time = TestTime::default();
    let mut request = request(true);
    let text = "I am Ada Byron, ada@example.com, +49 151 12345678, 4242 4242 4242 4242. [EMAIL_1]?";
    request.messages[2].text = text.to_owned();
    let names = Names::new(["Ada Byron"]);
    let pieces = &[
        "Dear [NA",
        "ME_1], we wrote to [EMAIL",
        "_1] and [EMAIL_9]",
        "[TEXT_1",
        "].",
    ][..];
    let outside = Fake::new("outside", &time, [Does::Breaks(pieces, Fault::Cut)]);
    let inside = Fake::new("inside", &time, [Does::Says(&["[NAME_1] stays"])]);
    let mut lines = [Line::of(&outside), Line::of(&inside)];
    lines[1].is_outside = false;
    let told = fakes::run_request(&time, &lines, &request, &names).await;
    assert_eq!(
        told.heard,
        [
            "Dear ",
            "Ada Byron, we wrote to ",
            "ada@example.com and ",
            "[EMAIL_1].",
            "<restart>",
            "[NAME_1] stays",
        ]
    );
    let sent = outside.asked(0);
    assert_eq!(
        sent.messages[2].text,
        "I am [NAME_1], [EMAIL_1], [PHONE_1], [CARD_1]. [TEXT_1]?"
    );
    assert!(
        sent.instructions.starts_with("Be brief.\n\n")
            && sent.instructions.contains("square brackets")
    );
    assert_eq!(inside.asked(0), request);
    // The answer as a whole, and the fallback with what was never masked.
    let outside = Fake::new("outside", &time, [Does::Says(&["Dear [NAME_1][EMAIL_7]."])]);
    let told = fakes::run_request(&time, &[Line::of(&outside)], &request, &names).await;
    assert_eq!(told.text(), "Dear Ada Byron.");
    assert_eq!(told.run.attempts[0].n_invented, 1);
    let told = fakes::run_request(&time, &[], &request, &names).await;
    assert_eq!(told.fallback_asked, Some(request));
}

#[tokio::test]
async fn names_come_back_into_json_as_json() {
    let time = TestTime::default();
    let mut request = request(true);
    request.response_schema = Some(json!({ "type": "object" }));
    request.messages[2].text = "I am Bo \"Rock\" Li".to_owned();
    let names = Names::new(["Bo \"Rock\" Li"]);
    let first = Fake::new(
        "first",
        &time,
        [Does::Says(&["{\"text\":\"Hi [NAME", "_1]\"}"])],
    );
    let told = fakes::run_request(&time, &[Line::of(&first)], &request, &names).await;
    let json: serde_json::Value = serde_json::from_str(told.text()).unwrap();
    assert_eq!(json["text"], "Hi Bo \"Rock\" Li");
    assert_eq!(told.heard.concat(), told.text());
}

#[tokio::test]
async fn an_answer_that_may_not_be_used_is_withdrawn_and_paid_for() {
    let time = TestTime::default();
    let memory = Memory::default();
    let first = Fake::new("first", &time, vec![Does::Says(&["BAD"]); 5]);
    for _ in 0..5 {
        let second = Fake::new("second", &time, [Does::Says(&["Good."])]);
        let lines = [Line::of(&first), Line::of(&second)];
        let books = Books::default();
        let told = run_with(&time, &lines, &books, &memory, |_| {}).await;
        assert_eq!(told.heard, ["BAD", "<restart>", "Good."]);
        let outcomes = [
            ("first", Outcome::Rejected(Flaw::Leak)),
            ("second", Outcome::Answered),
        ];
        assert_eq!(told.outcomes(), outcomes);
        assert!(books.spent()[0].micro_dollars > 0);
    }
}

#[tokio::test]
async fn when_even_the_fallback_fails_it_is_said_so() {
    let time = TestTime::default();
    let broken = Fake::new("embedded", &time, [Does::Fails(Fault::Empty)]);
    let told = fakes::run_fallback(&time, &broken).await;
    assert_eq!(told.run.result.as_ref().unwrap_err().fault, Fault::Empty);
    assert_eq!(told.outcomes(), [("embedded", failed(Fault::Empty))]);
}

fn anything() -> impl Strategy<Value = Does> {
    let faults = &[
        Fault::Unreachable,
        Fault::RateLimited,
        Fault::Cut,
        Fault::Declined,
        Fault::Empty,
        Fault::Stalled,
    ][..];
    prop_oneof![
        prop::sample::select(faults).prop_map(Does::Fails),
        prop::sample::select(faults).prop_map(|fault| Does::Breaks(&["Half ", "[EMAIL_1"], fault)),
        Just(Does::Says(&["BAD"])),
        Just(Does::Says(&["All ", "[of] it ["])),
        Just(Does::Hangs(20_000)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever providers do, there is an answer; it is what was heard last, and each hold is settled once.
    #[test]
    fn there_is_always_an_answer(all in prop::collection::vec(prop::collection::vec(anything(), 8), 0..4), left in 0_u64..20_000) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let time = TestTime::default();
            let memory = Memory::default();
            let names = ["a", "b", "c", "d"];
            let fakes: Vec<_> = all.into_iter().zip(names).map(|(does, name)| Fake::new(name, &time, does)).collect();
            for _ in 0..4 {
                let lines: Vec<_> = fakes.iter().map(|fake| Line::of(fake)).collect();
                let books = Books { left, ..Books::default() };
                let begun_at = time.now();
                let told = run_with(&time, &lines, &books, &memory, |_| {}).await;
                let last = told.heard.rsplit(|piece| piece == "<restart>").next().unwrap();
                assert_eq!(last.concat(), told.text());
                assert!(["All [of] it [", "From an article."].contains(&told.text()));
                assert_eq!(told.outcomes().last().unwrap().1, Outcome::Answered);
                assert_eq!(books.n_held.get(), books.entries.borrow().len());
                let total_millis = ChainSettings::default().total_millis;
                assert!(time.now().millis_since(begun_at) <= i64::try_from(total_millis).unwrap() + 20_000);
            }
        });
    }
}
