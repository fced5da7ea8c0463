use edgedesk_domain::limits::RateLimits;
use ulid::Ulid;

use super::*;

/// By our clock; the object's is a minute ahead.
const NOW: Timestamp = Timestamp::from_millis(1_635_786_000_000);
const AHEAD: i64 = 60_000;

/// The state after `used` calls of a standard account, half an hour into its hour.
fn counted(used: u64, burst: u64, refused_by: Option<usize>) -> Counted {
    let limits = RateLimits::of("standard", &serde_json::json!({}), 1);
    let at = NOW.plus_millis(AHEAD);
    let states = windows(limits, false)
        .into_iter()
        .zip([(used, 1_800_000), (burst, 400)])
        .map(|(window, (used, millis))| WindowState {
            remaining: window.quota - used,
            window,
            resets_at: at.plus_millis(millis),
        });
    Counted {
        response: Arc::new(CountResponse {
            account_id: AccountId::new(Ulid::from(1)),
            refused_by,
            windows: states.collect(),
            at,
        }),
        asked_at: NOW,
    }
}

fn headers(counted: &Counted, now: Timestamp) -> HeaderMap {
    let mut headers = HeaderMap::new();
    counted.write_headers(&mut headers, now);
    headers
}

#[test]
fn an_answer_says_what_is_left_in_both_families_of_headers() {
    let headers = headers(&counted(13, 1, None), NOW);
    for (name, value) in [
        (
            "ratelimit-policy",
            "\"hour\";q=1000;w=3600, \"burst\";q=20;w=1",
        ),
        ("ratelimit", "\"hour\";r=987;t=1800, \"burst\";r=19;t=1"),
        ("x-ratelimit-limit", "1000"),
        ("x-ratelimit-remaining", "987"),
        ("x-ratelimit-reset", "1635787860"),
    ] {
        assert_eq!(headers[name], value, "{name}");
    }
}

#[test]
fn a_refused_call_is_told_when_to_come_back_by_the_clock_of_the_window() {
    let refused = counted(1_000, 3, Some(0));
    let error = refused.refusal(NOW).expect("refused");
    assert_eq!(
        (error.status.as_u16(), error.code.as_str()),
        (429, "rate_limited")
    );
    assert_eq!(error.retry_after_secs, Some(1_800));
    // A refusal that is remembered grows no older than it is.
    let later = NOW.plus_millis(4_500);
    let error = refused.refusal(later).expect("refused");
    assert_eq!(error.retry_after_secs, Some(1_796));
    assert!(counted(999, 3, None).refusal(NOW).is_none());
}

#[test]
fn old_headers_tell_the_window_that_refused() {
    let headers = headers(&counted(500, 20, Some(1)), NOW);
    assert_eq!(headers["x-ratelimit-limit"], "20");
    assert_eq!(headers["x-ratelimit-remaining"], "0");
}

#[test]
fn a_refusal_is_remembered_for_as_long_as_it_holds_and_five_seconds_at_most() {
    for (refused_by, millis, holds) in [
        (Some(0), 4_999, true),
        (Some(0), 5_000, false),
        (Some(1), 399, true),
        (Some(1), 400, false),
        (None, 0, false),
    ] {
        let at = NOW.plus_millis(millis);
        let counted = counted(1_000, 20, refused_by);
        assert_eq!(counted.holds_at(at), holds, "{refused_by:?} {millis}");
    }
}

#[test]
fn visitors_are_counted_by_the_minute() {
    let limits = RateLimits::of("enterprise", &serde_json::json!({}), 1);
    let [minute] = &windows(limits, true)[..] else {
        panic!("one window");
    };
    assert_eq!((minute.quota, minute.secs), (100, 60));
}

#[test]
fn a_counter_that_does_not_answer_lets_calls_go_on() {
    for broken in [
        AppError::unavailable(2, "no object"),
        AppError::internal("no answer in time"),
    ] {
        assert!(heard(Err(broken), NOW).is_none());
    }
    // An account that is gone is refused elsewhere.
    assert!(heard(Ok(None), NOW).is_none());
    let response = (*counted(1_000, 0, Some(0)).response).clone();
    let refused = heard(Ok(Some(response)), NOW).expect("it has answered");
    assert!(refused.refusal(NOW).is_some());
}

#[test]
fn whoever_has_no_account_is_counted_on_every_route_that_opens_a_session() {
    let mut counted = Vec::new();
    for (_, route) in crate::routes::ROUTES {
        if is_sign_in(route) {
            counted.push(*route);
        }
    }
    for route in [
        "login",
        "refresh",
        "logout",
        "csrf",
        "invitation",
        "providers/finish",
    ] {
        assert!(
            counted.contains(&format!("/api/v1/auth/{route}").as_str()),
            "{route}"
        );
    }
    // These have a credential of an account, or are nobody's sign-in.
    for route in [
        "/api/v1/auth/switch",
        "/api/v1/me",
        "/health",
        "/widget/v1/sessions",
    ] {
        assert!(!is_sign_in(route), "{route}");
    }
    let account_id = AccountId::new(Ulid::from(1));
    let network = || "3f09".to_owned();
    let keys = [
        Call::Api(account_id).key(),
        Call::Visit(account_id, network()).key(),
        Call::SignIn(network()).key(),
    ];
    // A refusal of one kind is none of another.
    assert_eq!(std::collections::BTreeSet::from(keys).len(), 3);
}
