//! Requests that depend on what the caller has already (RFC 9110, section 13).
//!
//! The tag of an answer is a hash of its body, so it changes with anything that the caller would see. Where the answer goes out
//! compressed its tag is weak, as the bytes are others; the opaque part stays the same, and since it names the whole body, we take it in
//! `If-Match` in either form: proxies on the way weaken tags as well, and a caller could not get rid of the `W/`.

use axum::extract::{FromRequestParts, MatchedPath};
use edgedesk_crypto::digest::sha256_tag;
use http::header::IF_MATCH;
use http::request::Parts;
use http::{Method, StatusCode};
use serde::Serialize;

use crate::error::AppError;

/// The routes that take `If-Match`: those whose write can be bound to what was compared, in one statement.
const IF_MATCH_ROUTES: [(Method, &str); 3] = [
    (Method::PUT, "/api/v1/articles/{article_id}"),
    (Method::DELETE, "/api/v1/articles/{article_id}"),
    (Method::PUT, "/api/v1/articles/{article_id}/state"),
];

/// The name of an answer's body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ETag(String);

impl ETag {
    /// Of these bytes.
    #[must_use]
    pub fn of(body: &[u8]) -> Self {
        Self(sha256_tag(body))
    }

    /// As the header says it.
    #[must_use]
    pub fn header(&self, is_weak: bool) -> String {
        let weak = if is_weak { "W/" } else { "" };
        format!("{weak}\"{}\"", self.0)
    }
}

/// Refuses `If-Match` where nobody would look at it: whoever sends it means not to overwrite, and must not be let to believe so.
pub fn check_supported(parts: &Parts) -> Result<(), AppError> {
    if parts.method.is_safe() || !parts.headers.contains_key(IF_MATCH) {
        return Ok(());
    }
    let route = parts
        .extensions
        .get::<MatchedPath>()
        .map(MatchedPath::as_str);
    let takes_it = IF_MATCH_ROUTES
        .iter()
        .any(|(method, path)| parts.method == *method && route == Some(*path));
    if takes_it {
        Ok(())
    } else {
        Err(AppError::bad_request(
            "if_match_unsupported",
            "this cannot be made to depend on If-Match, so nothing was done",
        ))
    }
}

/// Whether a list of tags, or `*`, has this one, weak or not. What is no list has nothing.
#[must_use]
pub fn matches_weakly(list: &str, etag: &ETag) -> bool {
    list.trim() == "*" || tags(list).any(|tag| tag == etag.0)
}

/// The tags that a change may be made of, where the caller names any.
pub struct IfMatch(Option<String>);

impl<S: Sync> FromRequestParts<S> for IfMatch {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, AppError> {
        Ok(Self(super::all_of(&parts.headers, IF_MATCH.as_str())))
    }
}

impl IfMatch {
    /// Whether the caller names any.
    #[must_use]
    pub const fn is_there(&self) -> bool {
        self.0.is_some()
    }

    /// Refuses a change of what is not what the caller has seen. `current` is what `GET` answers.
    pub fn check(&self, current: &impl Serialize) -> Result<(), AppError> {
        let Some(list) = &self.0 else {
            return Ok(());
        };
        let body =
            serde_json::to_vec(current).map_err(|error| AppError::internal(error.to_string()))?;
        if matches_weakly(list, &ETag::of(&body)) {
            Ok(())
        } else {
            Err(precondition_failed())
        }
    }
}

/// 412.
#[must_use]
pub fn precondition_failed() -> AppError {
    AppError::new(
        StatusCode::PRECONDITION_FAILED,
        "precondition_failed",
        "it is not what If-Match names any more, so nothing was done: look at it again",
    )
}

/// The opaque parts of the tags in a list. A tag may have a comma in it.
fn tags(list: &str) -> impl Iterator<Item = &str> {
    let mut rest = list;
    std::iter::from_fn(move || {
        let start = rest.trim_start_matches([',', ' ', '\t']);
        let quoted = start
            .strip_prefix("W/")
            .unwrap_or(start)
            .strip_prefix('"')?;
        let (tag, after) = quoted.split_once('"')?;
        rest = after;
        Some(tag)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_found_in_a_list_in_either_form() {
        let etag = ETag("abc".to_owned());
        for list in [
            "\"abc\"",
            "W/\"abc\"",
            "\"x\", W/\"abc\"",
            "\"a,b\",\"abc\"",
            "*",
            " * ",
            ",\"abc\",",
        ] {
            assert!(matches_weakly(list, &etag), "{list}");
        }
        for list in [
            "",
            "abc",
            "\"ab\"",
            "\"abc",
            "w/\"abc\"",
            "\"x\" abc",
            "\"ABC\"",
            "\"x,abc\"",
        ] {
            assert!(!matches_weakly(list, &etag), "{list}");
        }
    }

    #[test]
    fn a_change_is_made_of_what_the_caller_has_seen_or_not_at_all() {
        let current = serde_json::json!({"article": {"title": "a"}});
        let etag = ETag::of(current.to_string().as_bytes());
        for list in [
            None,
            Some("*".to_owned()),
            Some(etag.header(false)),
            Some(etag.header(true)),
        ] {
            assert_eq!(IfMatch(list).check(&current), Ok(()));
        }
        let refused = IfMatch(Some("\"x\"".to_owned()))
            .check(&current)
            .unwrap_err();
        assert_eq!(
            (refused.status.as_u16(), refused.code.as_str()),
            (412, "precondition_failed")
        );
    }

    #[test]
    fn if_match_is_refused_where_nobody_looks_at_it() {
        let refused = |method: Method| {
            let request = axum::extract::Request::builder()
                .method(method)
                .uri("/api/v1/macros");
            let request = request
                .header(IF_MATCH, "*")
                .body(axum::body::Body::empty())
                .unwrap();
            check_supported(&request.into_parts().0).map_err(|error| error.code)
        };
        assert_eq!(refused(Method::GET), Ok(()));
        assert_eq!(refused(Method::PUT), Err("if_match_unsupported".to_owned()));
    }

    #[test]
    fn the_same_body_has_the_same_tag_and_another_one_another() {
        let [one, same, other] = [&b"abc"[..], b"abc", b"abd"].map(ETag::of);
        assert_eq!(one, same);
        assert_ne!(one, other);
        assert_eq!(one.header(false), "\"ungWv48Bz-pBQUDeXa4iIw\"");
        assert_eq!(one.header(true), "W/\"ungWv48Bz-pBQUDeXa4iIw\"");
    }
}
