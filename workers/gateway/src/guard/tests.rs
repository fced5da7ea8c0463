use edgedesk_store::StoreError;
use futures::executor::block_on;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde_json::{Value, json};
use ulid::Ulid;

use super::*;
use crate::finish::finish;

fn account(number: u128) -> AccountId {
    AccountId::new(Ulid::from(number))
}

/// What the caller of account 1 is given for an answer of a handler.
fn given(response: Response) -> (StatusCode, String) {
    let response = block_on(withhold_foreign_rows(response, Some(account(1))));
    let response = finish(response, Kind::Data, "req_1", false);
    let status = response.status();
    let body = block_on(axum::body::to_bytes(response.into_body(), usize::MAX)).unwrap();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

fn row(of: u128, secret: &str) -> Value {
    json!({ "id": "cnv_1", "account_id": account(of), "subject": secret })
}

#[test]
fn an_answer_with_a_foreign_row_becomes_500_without_a_byte_of_it() {
    for answer in [
        json!({ "conversation": row(2, "secret") }),
        json!({ "conversations": [row(1, "ours"), row(2, "secret")], "next_cursor": null }),
        json!({ "entries": [row(1, "ours")], "deep": [[{ "in": row(2, "secret") }]] }),
    ] {
        let (status, body) = given(axum::Json(answer.clone()).into_response());
        assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR, "{answer}");
        let problem: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(problem["code"], "internal");
        for part in ["secret", "ours", &account(2).to_string(), "account"] {
            assert!(!body.contains(part), "{body}");
        }
    }
    let (status, body) = given((StatusCode::CREATED, b"\xff".to_vec()).into_response());
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR, "{body}");
}

#[test]
fn an_own_answer_stays_as_it_is() {
    let quoted = row(2, "quoted").to_string();
    let answer = json!({ "conversation": row(1, &quoted), "text": quoted });
    let response = (StatusCode::CREATED, axum::Json(answer.clone())).into_response();
    let (status, body) = given(response);
    assert_eq!(status, StatusCode::CREATED);
    assert_eq!(serde_json::from_str::<Value>(&body).unwrap(), answer);
    let (status, body) = given(StatusCode::NO_CONTENT.into_response());
    assert_eq!((status, body.as_str()), (StatusCode::NO_CONTENT, ""));
}

#[test]
fn headers_and_errors_pass_and_nothing_is_looked_at_without_an_account() {
    let response = axum::Json(row(1, "ours")).into_response();
    let passed = block_on(withhold_foreign_rows(response, Some(account(1))));
    assert_eq!(passed.headers()[CONTENT_TYPE], "application/json");
    let (status, body) = given(AppError::not_found().into_response());
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(body.contains("not_found"), "{body}");
    let response = axum::Json(row(2, "public")).into_response();
    let passed = block_on(withhold_foreign_rows(response, None));
    assert_eq!(passed.status(), StatusCode::OK);
}

#[test]
fn a_foreign_row_of_the_store_is_the_same_500() {
    let (status, body) = given(AppError::from(StoreError::ForeignRow).into_response());
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
    let problem: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(problem["code"], "internal");
    assert!(!body.contains("account"), "{body}");
}
