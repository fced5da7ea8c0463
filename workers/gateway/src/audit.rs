//! The audit log: what admins read of it, and what is written into it after a request ([`recording`]),
//! security events among it ([`security`]).

pub mod feed;
pub mod recording;
pub mod security;

use edgedesk_audit::day::Day;
use edgedesk_audit::entry::is_plain;
use edgedesk_domain::time::Timestamp;
use edgedesk_wire::audit::{
    CONSISTENCY_PATH, ConsistencyProof, EntryFilter, EntryList, EntryOrder, INCLUSION_PATH,
    InclusionProof, LIST_PATH, ROOTS_PATH, RootList,
};
use serde::Deserialize;

use crate::context::App;
use crate::error::AppError;
use crate::extract::{Audits, Authed, Query};
use crate::object_client::Object;

/// `?actor=&action=&resource=&from=&to=&order=&cursor=&limit=`
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
pub struct EntriesQuery {
    /// Only what this user or API key did: an id, or `system` or `anonymous`.
    actor: Option<String>,
    /// Only this action, such as `message.sent`.
    action: Option<String>,
    /// Only what was done to the resource with this id.
    resource: Option<String>,
    /// From then on, RFC 3339.
    from: Option<Timestamp>,
    /// Before then, RFC 3339.
    to: Option<Timestamp>,
    /// `newest` first (when absent) or `oldest` first.
    order: Option<EntryOrder>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Entries of a page, 1 to 1,000; 50 when absent.
    limit: Option<u32>,
}

/// `?cursor=&limit=`
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
pub struct RootsQuery {
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Days of a page, 1 to 400; 30 when absent.
    limit: Option<u32>,
}

/// `?seq=`
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
pub struct InclusionQuery {
    /// The entry's number.
    seq: u64,
}

/// `?day=&from=&to=`
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
pub struct ConsistencyQuery {
    /// The UTC day, such as `2025-01-08`.
    day: Day,
    /// Entries of the smaller tree, at least 1.
    from: u64,
    /// Entries of the larger tree; all of the day when absent.
    to: Option<u64>,
}

/// `GET /api/v1/audit`
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/api/v1/audit", tag = "audit", security(("access_token" = [])),
    params(EntriesQuery),
    responses(
        (status = 200, body = EntryList), (status = 400, body = crate::openapi::Problem, description = "A filter or the cursor cannot be read"),
        (status = 401, body = crate::openapi::Problem), (status = 403, body = crate::openapi::Problem, description = "Neither admin nor owner"),
    ),
))]
#[worker::send]
pub async fn list_entries(
    app: App,
    Authed { principal, .. }: Authed<Audits>,
    Query(query): Query<EntriesQuery>,
) -> Result<axum::Json<EntryList>, AppError> {
    let filter = filter_of(query)?;
    Object::audit(&app, principal.account_id)
        .post_idempotent(LIST_PATH, &filter)
        .await
        .map(axum::Json)
}

/// `GET /api/v1/audit/roots`
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/api/v1/audit/roots", tag = "audit", security(("access_token" = [])),
    params(RootsQuery),
    responses(
        (status = 200, body = RootList, description = "Newest day first"), (status = 400, body = crate::openapi::Problem),
        (status = 401, body = crate::openapi::Problem), (status = 403, body = crate::openapi::Problem),
    ),
))]
#[worker::send]
pub async fn list_roots(
    app: App,
    Authed { principal, .. }: Authed<Audits>,
    Query(query): Query<RootsQuery>,
) -> Result<axum::Json<RootList>, AppError> {
    let before = query
        .cursor
        .map(|cursor| cursor.parse::<Day>().map_err(|_| invalid_cursor()))
        .transpose()?;
    let path = with_numbers(
        ROOTS_PATH,
        &[
            ("before", before.map(Day::number)),
            ("limit", query.limit.map(i64::from)),
        ],
    );
    Object::audit(&app, principal.account_id)
        .get(&path)
        .await
        .map(axum::Json)
}

/// `GET /api/v1/audit/proofs/inclusion`
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/api/v1/audit/proofs/inclusion", tag = "audit", security(("access_token" = [])),
    params(InclusionQuery),
    responses(
        (status = 200, body = InclusionProof), (status = 400, body = crate::openapi::Problem),
        (status = 401, body = crate::openapi::Problem), (status = 403, body = crate::openapi::Problem),
        (status = 404, body = crate::openapi::Problem, description = "There is no such entry"),
    ),
))]
#[worker::send]
pub async fn prove_inclusion(
    app: App,
    Authed { principal, .. }: Authed<Audits>,
    Query(query): Query<InclusionQuery>,
) -> Result<axum::Json<InclusionProof>, AppError> {
    Object::audit(&app, principal.account_id)
        .get(&format!("{INCLUSION_PATH}?seq={}", query.seq))
        .await
        .map(axum::Json)
}

/// `GET /api/v1/audit/proofs/consistency`
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/api/v1/audit/proofs/consistency", tag = "audit", security(("access_token" = [])),
    params(ConsistencyQuery),
    responses(
        (status = 200, body = ConsistencyProof), (status = 400, body = crate::openapi::Problem),
        (status = 401, body = crate::openapi::Problem), (status = 403, body = crate::openapi::Problem),
        (status = 404, body = crate::openapi::Problem, description = "That day has no entries"),
        (status = 422, body = crate::openapi::Problem, description = "The day's tree never had these sizes"),
    ),
))]
#[worker::send]
pub async fn prove_consistency(
    app: App,
    Authed { principal, .. }: Authed<Audits>,
    Query(query): Query<ConsistencyQuery>,
) -> Result<axum::Json<ConsistencyProof>, AppError> {
    let path = with_numbers(
        CONSISTENCY_PATH,
        &[
            ("day", Some(query.day.number())),
            ("from", Some(size(query.from))),
            ("to", query.to.map(size)),
        ],
    );
    Object::audit(&app, principal.account_id)
        .get(&path)
        .await
        .map(axum::Json)
}

fn filter_of(query: EntriesQuery) -> Result<EntryFilter, AppError> {
    for (name, value) in [
        ("actor", &query.actor),
        ("action", &query.action),
        ("resource", &query.resource),
    ] {
        if value.as_deref().is_some_and(|value| !is_plain(value)) {
            return Err(AppError::bad_request(
                "invalid_query",
                format!("`{name}` is no word or id of the log"),
            ));
        }
    }
    let after_seq = query
        .cursor
        .map(|cursor| cursor.parse().map_err(|_| invalid_cursor()))
        .transpose()?;
    Ok(EntryFilter {
        actor: query.actor,
        action: query.action,
        resource: query.resource,
        from: query.from,
        to: query.to,
        order: query.order.unwrap_or_default(),
        after_seq,
        limit: query.limit.map(u64::from),
    })
}

/// A path of an object with those of the numbers that are there.
fn with_numbers(path: &str, numbers: &[(&str, Option<i64>)]) -> String {
    let numbers: Vec<String> = numbers
        .iter()
        .filter_map(|(name, number)| number.map(|number| format!("{name}={number}")))
        .collect();
    format!("{path}?{}", numbers.join("&"))
}

/// A size of a tree. One that no log can have stays one.
fn size(size: u64) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}

fn invalid_cursor() -> AppError {
    AppError::bad_request(
        "invalid_cursor",
        "the cursor is not one that this list gave out",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(query: &str) -> Result<EntryFilter, String> {
        let uri = format!("/api/v1/audit?{query}").parse().unwrap();
        let axum::extract::Query(query) =
            axum::extract::Query::<EntriesQuery>::try_from_uri(&uri).map_err(|e| e.to_string())?;
        filter_of(query).map_err(|error| error.code)
    }

    #[test]
    fn a_query_becomes_a_filter() {
        assert_eq!(filter(""), Ok(EntryFilter::default()));
        let at = |text| Timestamp::parse(text).ok();
        assert_eq!(
            filter(
                "actor=system&action=message.sent&resource=cnv_1&from=2025-01-08T00:00:00Z&to=2025-01-09T00:00:00Z&order=oldest&cursor=17&limit=9"
            ),
            Ok(EntryFilter {
                actor: Some("system".to_owned()),
                action: Some("message.sent".to_owned()),
                resource: Some("cnv_1".to_owned()),
                from: at("2025-01-08T00:00:00Z"),
                to: at("2025-01-09T00:00:00Z"),
                order: EntryOrder::Oldest,
                after_seq: Some(17),
                limit: Some(9),
            })
        );
    }

    #[test]
    fn an_object_is_asked_for_what_was_asked() {
        assert_eq!(with_numbers("/roots", &[("before", None)]), "/roots?");
        let numbers = [
            ("day", Some(7)),
            ("from", Some(size(u64::MAX))),
            ("to", None),
        ];
        assert_eq!(
            with_numbers("/x", &numbers),
            "/x?day=7&from=9223372036854775807"
        );
    }

    #[test]
    fn what_no_log_can_hold_is_not_asked_for() {
        for query in [
            "actor=",
            "action=two%20words",
            "resource=%00",
            "actor=%C3%A9",
        ] {
            assert_eq!(filter(query), Err("invalid_query".to_owned()), "{query}");
        }
        for query in ["cursor=", "cursor=-1", "cursor=1.5", "cursor=next"] {
            assert_eq!(filter(query), Err("invalid_cursor".to_owned()), "{query}");
        }
        for query in ["from=yesterday", "order=best", "limit=-1"] {
            assert!(filter(query).is_err(), "{query}");
        }
    }
}
