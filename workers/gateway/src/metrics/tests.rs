use std::collections::BTreeMap;

use http::HeaderValue;
use http::header::AUTHORIZATION;

use super::*;
use crate::audit::security::SecurityEvent;

/// What an answer adds, by name and labels; of the histogram the sum alone.
fn counted(answer: &Answer) -> BTreeMap<String, f64> {
    let mut registry = Registry::default();
    answer.count(&mut registry);
    let samples = registry.added().into_iter();
    samples
        .filter(|sample| sample.part.is_empty() || sample.part == "sum")
        .map(|sample| {
            (
                format!("{} {}", sample.name, sample.labels.join(" ")),
                sample.value,
            )
        })
        .collect()
}

fn answer<'a>(route: Option<&'a str>, status: u16, error: Option<&'a AppError>) -> Answer<'a> {
    Answer {
        method: "POST",
        route,
        status: StatusCode::from_u16(status).unwrap(),
        error,
        is_lock: false,
        millis: 250,
    }
}

fn names(answer: &Answer) -> Vec<String> {
    let all = counted(answer).into_keys();
    all.filter(|name| !name.starts_with("http_")).collect()
}

#[test]
fn an_answer_is_counted_by_its_route_and_never_by_its_path() {
    let route = "/api/v1/conversations/{id}";
    let found = counted(&answer(Some(route), 200, None));
    assert_eq!(
        found.into_iter().collect::<Vec<_>>(),
        [
            (
                format!("http_request_duration_seconds POST {route} 200"),
                0.25
            ),
            (format!("http_requests_total POST {route} 200"), 1.0),
        ]
    );
    for (status, expected) in [
        (200, ASSET_ROUTE),
        (304, ASSET_ROUTE),
        (404, NO_ROUTE),
        (405, NO_ROUTE),
    ] {
        let found = counted(&answer(None, status, None));
        assert!(found.contains_key(&format!("http_requests_total POST {expected} {status}")));
    }
}

#[test]
fn webhooks_are_counted_by_what_became_of_them() {
    assert_eq!(
        names(&answer(Some(HOOK_ROUTE), 200, None)),
        ["webhooks_accepted_total "]
    );
    for (code, reason) in [
        ("invalid_signature", "invalid_signature"),
        ("unknown_inbox", "unknown_inbox"),
        ("something_new", "other"),
    ] {
        let error = AppError::unauthorized(code, "no");
        let found = names(&answer(Some(HOOK_ROUTE), 401, Some(&error)));
        assert_eq!(found, [format!("webhooks_refused_total {reason}")]);
    }
}

#[test]
fn logins_that_are_refused_and_limits_that_are_hit_are_counted() {
    let login = Some(LOGIN_ROUTES[0]);
    let wrong = AppError::unauthorized("invalid_credentials", "no");
    assert_eq!(
        names(&answer(login, 401, Some(&wrong))),
        ["logins_refused_total invalid_credentials"]
    );
    // A body that says nothing was no attempt.
    assert!(
        names(&answer(
            login,
            400,
            Some(&AppError::bad_request("invalid_body", ""))
        ))
        .is_empty()
    );
    let limited = AppError::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", "");
    assert_eq!(
        names(&answer(Some("/api/v1/me"), 429, Some(&limited))),
        ["rate_limits_hit_total "]
    );
    let locking = Answer {
        is_lock: true,
        ..answer(login, 401, Some(&wrong))
    };
    assert!(names(&locking).contains(&"security_events_total login.locked low".to_owned()));
}

#[test]
fn a_row_that_was_withheld_is_an_incident_and_a_foreign_address_is_none() {
    for (event, expected) in [
        (SecurityEvent::ForeignRow, "foreign_row.withheld high"),
        (SecurityEvent::AddressNotAllowed, "address.refused low"),
    ] {
        let error = AppError {
            security: Some(Box::new(event)),
            ..AppError::internal("")
        };
        let found = names(&answer(Some("/api/v1/me"), 500, Some(&error)));
        assert_eq!(found, [format!("security_events_total {expected}")]);
    }
}

#[test]
fn who_may_read_is_said_by_the_deployment() {
    let header = |text: &'static str| {
        let mut headers = HeaderMap::new();
        if !text.is_empty() {
            headers.insert(AUTHORIZATION, HeaderValue::from_static(text));
        }
        headers
    };
    for (environment, token, shown, status) in [
        ("development", None, "", None),
        ("production", None, "", Some(404)),
        ("production", None, "Bearer ", Some(404)),
        ("staging", None, "Bearer anything", Some(404)),
        ("production", Some("s3cret"), "Bearer s3cret", None),
        ("production", Some("s3cret"), "bearer s3cret", None),
        ("production", Some("s3cret"), "Bearer s3cre", Some(401)),
        ("production", Some("s3cret"), "", Some(401)),
        ("development", Some("s3cret"), "", Some(401)),
        ("production", Some(""), "", Some(404)),
        ("development", Some(""), "", Some(404)),
    ] {
        let config = Config::new(environment, None);
        let config = match token {
            Some(token) => config.with_metrics_token(token),
            None => config,
        };
        let outcome = check_reader(&config, &header(shown));
        let found = outcome.err().map(|error| error.status.as_u16());
        assert_eq!(found, status, "{environment} {token:?} {shown:?}");
    }
}

/// The table of routes is where these come from; a route that is renamed is renamed here too.
#[test]
fn routes_with_numbers_of_their_own_are_there() {
    for route in LOGIN_ROUTES.into_iter().chain([HOOK_ROUTE]) {
        assert!(
            crate::routes::ROUTES.iter().any(|(_, path)| *path == route),
            "{route}"
        );
    }
}
