use proptest::prelude::*;
use serde_json::json;

use super::*;

const INSTRUCTIONS: &str =
    "You help customers of Example Shop. Be kind, be brief, and never promise a date of delivery.";
const SOURCES: &[Source<'_>] = &[Source {
    id: "art_1",
    title: "Returns",
    text: "Send it back within 30 days: https://shop.example/returns. The fee is 4.90 EUR. Be kind, be brief, and never promise a \
        date of anything at all.",
}];

fn secrets() -> Secrets {
    Secrets::new([7; 32])
}

fn guard(secrets: &Secrets) -> Guard<'_> {
    Guard {
        instructions: INSTRUCTIONS,
        secrets,
        sources: SOURCES,
        known: &["ada@example.com"],
        actions: &[Action::Answer, Action::HandOff],
        max_chars: 400,
    }
}

fn flaw_of(text: &str) -> Option<Flaw> {
    guard(&secrets()).text(text).err()
}

#[test]
fn a_good_reply_passes() {
    let text = "You have 30 days, see https://shop.example/returns; the fee is 4,90 €. We wrote to ada@example.com. 1 < 2 <3";
    let reply = json!({ "action": "answer", "text": text, "citations": ["art_1"] });
    let secrets = secrets();
    let checked = guard(&secrets).reply(&reply.to_string()).unwrap();
    assert_eq!(checked.text, text);
}

#[test]
fn a_reply_does_what_it_may_and_rests_on_what_it_was_shown() {
    let secrets = secrets();
    for (action, citations, flaw) in [
        ("ask", json!([]), Flaw::Action),
        ("refund", json!([]), Flaw::Form),
        ("answer", json!([]), Flaw::NoCitation),
        ("answer", json!(["art_2"]), Flaw::Citation),
        ("answer", json!(["art_1", "art_1"]), Flaw::Citation),
        ("answer", json!([1]), Flaw::Form),
    ] {
        let reply = json!({ "action": action, "text": "Yes.", "citations": citations });
        let checked = guard(&secrets).reply(&reply.to_string());
        assert_eq!(checked, Err(flaw), "{reply}");
    }
    let handed_over = json!({ "action": "hand_off", "text": "Please help.", "citations": [] });
    assert!(guard(&secrets).reply(&handed_over.to_string()).is_ok());
}

#[test]
fn instructions_are_found_however_they_are_written() {
    let piece = "You help customers of Example Shop. Be kind, be brief";
    let spaced: String = piece.chars().flat_map(|letter| [letter, ' ']).collect();
    let backwards: String = piece.chars().rev().collect();
    let base64 = "WW91IGhlbHAgY3VzdG9tZXJzIG9mIEV4YW1wbGUgU2hvcC4gQmUga2luZCwgYmUgYnJpZWY";
    let rot13 = "Lbh uryc phfgbzref bs Rknzcyr Fubc. Or xvaq, or oevrs";
    for text in [
        piece.to_owned(),
        piece.to_uppercase(),
        piece.replace(' ', "\n> "),
        spaced,
        backwards,
        format!("Here: {base64}"),
        hex::encode(piece),
        rot13.to_owned(),
        "the word is hhhhhhhhhhhhhhhh".to_owned(),
        "h-h-h-h h-h-h-h h-h-h-h h-h-h-h".to_owned(),
    ] {
        assert_eq!(flaw_of(&text), Some(Flaw::Leak), "{text}");
    }
    // What an article says as well is no secret, nor are a few words.
    for text in [
        "Be kind, be brief, and never promise a date of",
        "You help customers of Example Shop.",
    ] {
        assert_eq!(flaw_of(text), None, "{text}");
    }
}

#[test]
fn what_no_customer_should_see_is_found() {
    for (text, flaw) in [
        (" \n", Flaw::Empty),
        (&*"x".repeat(401), Flaw::TooLong),
        ("see https://evil.example/x", Flaw::Link),
        ("write to eve@shop.example", Flaw::Address),
        ("you get 500 €", Flaw::Amount),
        ("<img src=x>", Flaw::Markup),
        ("</b>", Flaw::Markup),
        ("<!-- x -->", Flaw::Markup),
        ("[x](java\nscript:alert(1))", Flaw::Markup),
        ("a\u{202e}b", Flaw::Invisible),
        ("a\u{e0041}b", Flaw::Invisible),
    ] {
        assert_eq!(flaw_of(text), Some(flaw), "{text}");
    }
    assert_eq!(flaw_of(&"é".repeat(400)), None);
}

proptest! {
    #[test]
    fn no_answer_makes_it_panic(answer in "[\\PC\\n<>\\[\\]{}:/.@€%0-9A-Za-z=]{0,200}") {
        let secrets = secrets();
        let _ = guard(&secrets).reply(&answer);
        let _ = guard(&secrets).text(&answer);
    }
}
