//! No text and no file makes it panic.

mod support;

use edgedesk_language::{HashedMood, Identifier, MalformedModel, UNDETERMINED};
use proptest::prelude::*;

#[test]
fn bad_texts_have_an_answer_or_none() {
    let million = "a".repeat(1_000_000);
    let invalid = String::from_utf8_lossy(&[0xFF, 0xFE, b'h', b'i', 0xC3]).into_owned();
    for text in [
        "",
        "\0",
        "\u{202E}",
        "\u{200B}",
        "🙂🙂",
        "4711",
        &million,
        &invalid,
        "\u{10FFFF}",
        "e\u{301}",
    ] {
        for (_, confidence) in support::guesses(text) {
            assert!((0.0..=1.0).contains(&confidence), "{text:?}: {confidence}");
        }
        if let Some(mood) = support::MOOD.read(text) {
            let all = mood.negative + mood.neutral + mood.positive;
            assert!((all - 1.0).abs() < 1e-5, "{text:?}: {all}");
        }
    }
    assert_eq!(support::MODEL.identify("4711 🙂"), None);
    assert_eq!(support::MOOD.read("4711"), None);
}

#[test]
fn other_scripts_and_languages_are_not_taken_for_one_of_ours() {
    for text in [
        "Где мой заказ?",
        "أين طلبي؟",
        "我的包裹在哪里？",
        "मेरा ऑर्डर कहाँ है?",
        "Πού είναι η παραγγελία μου;",
        "Merhaba, siparişim hâlâ gelmedi ve kimse cevap vermiyor.",
        "Jó napot, még mindig nem érkezett meg a csomagom.",
    ] {
        let guess = support::MODEL.identify(text).expect("there are words");
        assert_eq!(guess.code, UNDETERMINED, "{text}");
    }
}

#[test]
fn a_damaged_file_is_refused() {
    is_refused_when_damaged("language", |bytes| Identifier::parse(bytes).map(drop));
    is_refused_when_damaged("multilingual", |bytes| HashedMood::parse(bytes).map(drop));
}

fn is_refused_when_damaged(role: &str, parse: impl Fn(&[u8]) -> Result<(), MalformedModel>) {
    let whole = support::shipped_bytes(role);
    assert!(parse(&whole).is_ok());
    let cuts = (0..256).chain((256..whole.len()).step_by(4_999));
    for cut in cuts {
        assert!(parse(&whole[..cut]).is_err(), "{role}: {cut} bytes");
    }
    let mut longer = whole.clone();
    longer.push(0);
    assert!(parse(&longer).is_err(), "{role}: one byte more");
    for at in [0, 8, 12, 16] {
        let mut changed = whole.clone();
        changed[at..at + 4].fill(0xFF);
        assert!(parse(&changed).is_err(), "{role}: bytes from {at}");
    }
}

proptest! {
    #[test]
    fn any_text_is_read(text in any::<String>()) {
        for (_, confidence) in support::guesses(&text) {
            prop_assert!((0.0..=1.0).contains(&confidence));
        }
        if let Some(mood) = support::MOOD.read(&text) {
            prop_assert!((mood.negative + mood.neutral + mood.positive - 1.0).abs() < 1e-5);
        }
    }

    #[test]
    fn any_bytes_are_parsed_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..256)) {
        let mut bytes = bytes;
        prop_assert!(Identifier::parse(&bytes).is_err());
        bytes.splice(0..0, *b"EDLANG01");
        prop_assert!(Identifier::parse(&bytes).is_err());
    }
}
