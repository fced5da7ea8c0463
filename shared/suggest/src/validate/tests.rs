use proptest::prelude::*;

use super::*;

fn sources(trusted: &[&str], customer: &[&str]) -> Sources {
    let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    Sources {
        trusted: owned(trusted),
        customer: owned(customer),
    }
}

fn check(draft: &str, expected: &[(FindingKind, &str)]) {
    let sources = sources(
        &[
            "Refunds take 5 to 10 business days. Returns cost EUR 4.90. A full refund is given within 30 days. \
             See https://help.example/returns or write to help@shop.example. Orders over 50 euros get 10% off.",
        ],
        &[
            "I paid 49.90 EUR on 21.11.2026 for order 20012345, see http://evil.example, call +49 30 1234567. We guarantee it?",
        ],
    );
    let found = validate(draft, Some("en"), &sources);
    let found: Vec<(FindingKind, &str)> = found
        .iter()
        .map(|finding| (finding.kind, finding.text.as_str()))
        .collect();
    assert_eq!(found, expected, "{draft}");
}

#[test]
fn what_a_source_says_may_be_said() {
    for draft in [
        "",
        "Thank you, we are looking into it.",
        "Refunds take 5 to 10 business days.",
        "It takes 5-10 working days from then on.",
        "Your order 20012345 of 21.11.2026 cost 49.90 EUR.",
        "Your order cost €49.90.",
        "Returning it costs EUR 4.90, and there is 10% off.",
        "We could reach you at +49 30 1234567.",
        "A full refund is possible, see https://help.example/returns.",
        "Write to help@shop.example.",
    ] {
        check(draft, &[]);
    }
}

#[test]
fn what_no_source_says_is_found() {
    use FindingKind::{
        Amount, Date, Duration, Email, Link, Number, OrderNumber, Percentage, Phone, Promise,
        Secret,
    };
    for (draft, expected) in [
        (
            "Your order 20012346 is on its way.",
            vec![(OrderNumber, "20012346")],
        ),
        ("You get 59.90 EUR back.", vec![(Amount, "59.90 eur")]),
        ("It arrives tomorrow.", vec![(Date, "tomorrow")]),
        ("It was 22.11.2026 then.", vec![(Date, "22.11.2026")]),
        ("It takes 3 days.", vec![(Duration, "3 day")]),
        ("It takes two weeks.", vec![(Duration, "two week")]),
        ("You get 20% off.", vec![(Percentage, "20%")]),
        ("Choose option 7 there.", vec![(Number, "7")]),
        (
            "See https://other.example now.",
            vec![(Link, "https://other.example")],
        ),
        (
            "Write to me@other.example.",
            vec![(Email, "me@other.example")],
        ),
        ("Call +49 30 7654321.", vec![(Phone, "+49 30 7654321")]),
        ("We will refund you.", vec![(Promise, "we will refund")]),
        ("Please send us your password.", vec![(Secret, "password")]),
        ("Never send us your password.", vec![]),
        ("Das dauert 24 Stunden.", vec![(Duration, "24 stunde")]),
        ("Das ist kostenlos.", vec![(Promise, "kostenlos")]),
    ] {
        check(draft, &expected);
    }
}

#[test]
fn a_customer_can_have_nothing_promised_and_no_link_sent() {
    check(
        "See http://evil.example, we guarantee it.",
        &[
            (FindingKind::Link, "http://evil.example"),
            (FindingKind::Promise, "we guarantee"),
        ],
    );
}

const SENTENCE: &str = "[A-ZÄ][a-zß]{1,8}( [a-z]{1,8}| [0-9]{1,6}| EUR [0-9]{1,3}| [0-9]{1,2} days| today| #[0-9]{5}| guaranteed| a@b\\.co){1,9}[.!]";

proptest! {
    // Each case is a few texts full of numbers: without optimisation, a hundred take long enough.
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn sentences_of_sources_may_always_be_said(
        texts in prop::collection::vec(prop::collection::vec(SENTENCE, 1..6), 1..4),
        order in prop::collection::vec((any::<prop::sample::Index>(), any::<bool>()), 1..8),
    ) {
        let trusted: Vec<String> = texts.iter().map(|sentences| sentences.join(" ")).collect();
        let all: Vec<&str> = trusted.iter().flat_map(|text| sentences(text)).collect();
        let mut draft = String::new();
        for (index, breaks) in order {
            let sentence: &&str = index.get(&all);
            draft.push_str(sentence);
            draft.push_str(if breaks { "\n\n" } else { " " });
        }
        let sources = Sources { trusted: trusted.clone(), customer: Vec::new() };
        prop_assert_eq!(validate(&draft, Some("en"), &sources), []);
    }

    #[test]
    fn a_number_that_is_put_in_is_always_found(
        text in prop::collection::vec(SENTENCE, 1..6),
        at in any::<prop::sample::Index>(),
        number in 1_000_000_u64..9_999_999_999,
    ) {
        let text = text.join(" ");
        let places: Vec<usize> = text.match_indices(' ').map(|(place, _)| place).chain([text.len()]).collect();
        let place = *at.get(&places);
        let draft = format!("{} {number}{}", &text[..place], &text[place..]);
        let sources = Sources { trusted: vec![text], customer: Vec::new() };
        let findings = validate(&draft, Some("en"), &sources);
        let number = number.to_string();
        let digits = |finding: &Finding| finding.text.chars().filter(char::is_ascii_digit).collect::<String>();
        prop_assert!(findings.iter().any(|finding| digits(finding).contains(&number)), "{:?} of {}", findings, draft);
    }

    #[test]
    fn any_text_is_judged(draft in "\\PC{0,200}", source in "\\PC{0,200}") {
        let _ = validate(&draft, None, &sources(&[&source], &[]));
    }
}
