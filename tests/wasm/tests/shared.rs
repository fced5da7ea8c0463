//! Ids, times, signatures and parsers on a target whose `usize` has 32 bits.
#![cfg(target_arch = "wasm32")]

use edgedesk_crypto::{derived_id, password, zendesk as signature};
use edgedesk_domain::account::Secret;
use edgedesk_domain::ids::{AccountId, ConversationId, InboxId};
use edgedesk_domain::message::{MAX_TEXT_BYTES, clean_text};
use edgedesk_domain::time::Timestamp;
use wasm_bindgen_test::wasm_bindgen_test;

const SECRET: &str = "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ==";
const SIGNED_AT: &str = "2025-01-08T10:12:07Z";
const BODY: &str = r#"{"account_id":22129848,"detail":{"id":"5158"},"event":{},"id":"cbe4028c-7239-495d-b020-f22348516046","subject":"zen:ticket:5158","time":"2025-01-08T10:12:07.672717030Z","type":"zen:event-type:ticket.created","zendesk_event_version":"2022-11-06"}"#;
const SIGNATURE: &str = "HHNDaDBEHiWuiX24Ao569dX+IokS68jegogmRnRpUTs=";

#[wasm_bindgen_test]
fn a_signature_is_that_of_the_published_vector() {
    let secret = Secret::new(SECRET);
    let now = Timestamp::parse(SIGNED_AT).expect("a time");
    assert_eq!(
        signature::sign(&secret, SIGNED_AT, BODY.as_bytes()),
        SIGNATURE
    );
    let verify = |body: &str, now| {
        signature::verify(
            &secret,
            Some(SIGNATURE),
            Some(SIGNED_AT),
            body.as_bytes(),
            now,
            300,
        )
    };
    assert_eq!(verify(BODY, now), Ok(()));
    assert_eq!(verify("{}", now), Err(signature::SignatureError::Mismatch));
    assert_eq!(
        verify(BODY, now.plus_millis(300_001)),
        Err(signature::SignatureError::Stale)
    );
}

#[wasm_bindgen_test]
fn a_password_is_the_one_that_was_hashed() {
    let hash = password::hash_password("correct horse", [7; 16]).expect("a hash");
    assert!(password::verify_password("correct horse", Some(&hash)));
    assert!(!password::verify_password("correct hose", Some(&hash)));
    assert!(!password::verify_password("correct horse", None));
}

#[wasm_bindgen_test]
fn times_keep_their_milliseconds_to_the_year_9999() {
    for text in [
        "1970-01-01T00:00:00.000Z",
        "2025-01-08T10:12:07.672Z",
        "9999-12-31T23:59:59.999Z",
    ] {
        assert_eq!(Timestamp::parse(text).expect("a time").to_string(), text);
    }
}

#[wasm_bindgen_test]
fn the_id_of_a_provider_thread_is_the_same_under_wasm() {
    // The value that `edgedesk-crypto` pins natively: an object's name must not depend on who computes it.
    let account: AccountId = "acc_00000000000000000000000001".parse().expect("an id");
    let inbox: InboxId = "inb_00000000000000000000000002".parse().expect("an id");
    let id: ConversationId = derived_id::conversation_id_for(account, inbox, "5158");
    assert_eq!(id.to_string(), "cnv_6ZS5N9ZQTGEPC6GG3QVS0J7145");
    assert_eq!(id.to_string().parse(), Ok(id));
}

#[wasm_bindgen_test]
fn a_zendesk_payload_is_read() {
    let delivery = edgedesk_wire::zendesk::parse(BODY.as_bytes(), None);
    assert!(delivery.is_ok(), "{delivery:?}");
    assert!(edgedesk_wire::zendesk::parse(b"{\"a\": ", None).is_err());
}

#[wasm_bindgen_test]
fn a_text_of_the_largest_size_is_taken() {
    assert!(clean_text(&"x".repeat(MAX_TEXT_BYTES)).is_ok());
    assert!(clean_text(&"x".repeat(MAX_TEXT_BYTES + 1)).is_err());
}
