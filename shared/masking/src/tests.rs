use proptest::prelude::*;

use super::*;

/// Texts with what is to be left of them. Numbers are the published examples of their kind: test cards of payment providers,
/// the IBANs of the registry's examples, phone numbers reserved for fiction.
const CORPUS: &[(&str, &str)] = &[
    ("mail to ada@example.com bounced", "mail to [email] bounced"),
    ("<Ada.Lovelace+shop@mail.example.co.uk>.", "<[email]>."),
    (
        "from ada@example.com, bob@example.org.",
        "from [email], [email].",
    ),
    (
        "search?email=ada%40example.com&x=1",
        "search?email=[email]&x=1",
    ),
    ("zoë@münchen.example", "[email]"),
    ("card 4242 4242 4242 4242 declined", "card [card] declined"),
    ("4242424242424242", "[card]"),
    ("5555-5555-5555-4444", "[card]"),
    ("378282246310005", "[card]"),
    ("(4000056655665556)", "[card])"),
    ("6011111111111117,", "[card],"),
    (
        "IBAN DE89 3704 0044 0532 0130 00 please",
        "IBAN [iban] please",
    ),
    ("GB29NWBK60161331926819", "[iban]"),
    ("no9386011117947", "[iban]"),
    ("FR14 2004 1010 0505 0001 3M02 606.", "[iban]."),
    ("call +44 20 7946 0958 now", "call [phone] now"),
    ("(555) 010-9999 ext", "[phone] ext"),
    ("+1 (555) 010-9999", "[phone]"),
    ("0171 555 0123", "[phone]"),
    ("tel:+4915112345678", "tel:[phone]"),
    ("customer 8447388090494", "customer [phone]"),
    ("030/901820-15", "[phone]"),
    (
        "to bob@example.org...or 555 0100 99",
        "to [email]...or [phone]",
    ),
    ("bob@example.org+1 (555) 010-9999", "[email][phone]"),
    ("card 4242424242424242 2nd try", "card [card] 2nd try"),
    (
        "4242424242424242/90-15zoë@münchen.example",
        "[phone]-[email]",
    ),
    ("+49 151 12345678 (2x)", "[phone] (2x)"),
];

/// What a log is full of, and needs.
const KEPT: &[&str] = &[
    "",
    "conversation cnv_01JH2F8Q4Z0000000000000000: analysis failed",
    "req_01JH2F8Q4Z1234567890123456",
    "evt_00000000000000000000000009 at 2025-01-08T10:12:07.672Z",
    "since 2025-01-08 12 entries",
    "2025-01-08 10.12.07",
    "POST /api/v1/conversations/{id}/messages 201",
    "192.168.100.200",
    "10.0.0.1:8787",
    "a9f3c1d200d63f3e55327b286ca54f09ec623ea1f78c55342695b0d7f4f2febd",
    "took 12 ms for 100 of 2500 rows",
    "expected `,` or `}` at line 1 column 18",
    "order 48213, 49.90 EUR, 20095 Hamburg",
    "D1_ERROR: UNIQUE constraint failed: messages.seq: SQLITE_CONSTRAINT",
    "@media (max-width: 759px)",
    "user@localhost",
    "DE89 is not valid",
    "version 0.8.7",
];

#[test]
fn personal_data_is_masked_wherever_it_stands() {
    for (text, expected) in CORPUS {
        assert_eq!(mask(text), *expected, "{text}");
        let within = format!("before: {text}\nafter");
        assert_eq!(mask(&within), format!("before: {expected}\nafter"));
    }
}

#[test]
fn what_a_log_needs_stays() {
    for text in KEPT {
        assert_eq!(mask(text), *text);
        assert!(matches!(mask(text), Cow::Borrowed(_)), "{text}");
    }
}

#[test]
fn an_invalid_check_digit_is_no_card_and_no_account() {
    // Sixteen digits are masked all the same, as what may call somebody.
    assert_eq!(mask("4242 4242 4242 4241"), "[phone]");
    assert_eq!(mask("XY29NWBK60161331926819"), "XY29NWBK60161331926819");
}

#[test]
fn json_stays_json_with_its_numbers_and_keys() {
    let line = r#"{"level":"error","at_ms":1736331127672,"card":4242424242424242,"message":"\"ada@example.com\" said\n4242424242424242 \u0041ada@example.com\\","ok":true}"#;
    let masked = mask_json(line);
    assert_eq!(
        masked,
        r#"{"level":"error","at_ms":1736331127672,"card":4242424242424242,"message":"\"[email]\" said\n[card] \u0041[email]\\","ok":true}"#
    );
    serde_json::from_str::<serde_json::Value>(&masked).unwrap();
    let clean = r#"{"message":"cnv_01JH2F8Q4Z0000000000000000 \\ done"}"#;
    assert!(matches!(mask_json(clean), Cow::Borrowed(_)));
}

fn texts() -> impl Strategy<Value = String> {
    let corpus = prop::sample::select(CORPUS).prop_map(|(text, _)| text.to_owned());
    let part = prop_oneof![corpus, "\\PC{0,12}", "[0-9a-z @.+%_-]{0,24}"];
    prop::collection::vec(part, 0..6).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    /// No text makes it panic, and what is masked has nothing left to mask.
    #[test]
    fn a_masked_text_has_nothing_left_to_mask(text in texts()) {
        let once = mask(&text).into_owned();
        prop_assert_eq!(mask(&once), once.as_str(), "{}", text);
    }

    /// A span is where a mask goes, and there is one for each.
    #[test]
    fn spans_are_what_is_masked(text in texts()) {
        let mut rest = text.as_str();
        let mut kept = String::new();
        for span in spans(&text).iter().rev() {
            prop_assert!(!text[span.range.clone()].is_empty());
            kept.insert_str(0, &rest[span.range.end..]);
            kept.insert_str(0, span.kind.mask());
            rest = &rest[..span.range.start];
        }
        kept.insert_str(0, rest);
        prop_assert_eq!(mask(&text), kept.as_str());
    }

    /// Whatever a line says, it stays JSON, and masking its texts is masking the line.
    #[test]
    fn any_line_stays_json(text in texts(), number in any::<i64>()) {
        let line = serde_json::json!({ "message": text, "n": number }).to_string();
        let masked: serde_json::Value = serde_json::from_str(&mask_json(&line)).unwrap();
        prop_assert_eq!(&masked["n"], number);
        prop_assert!(masked["message"].is_string());
    }

    /// What is no JSON is no reason to panic.
    #[test]
    fn no_bytes_make_it_panic(text in "[\"\\\\u0-9a@.é🙂]{0,40}") {
        let _ = mask_json(&text);
    }
}
