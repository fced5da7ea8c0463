use super::*;
use crate::words::words;

fn find(text: &str) -> Vec<Entity> {
    find_entities(text, &words(text), None)
}

fn check(text: &str, expected: &[(EntityKind, &str)]) {
    let found = find(text);
    let found: Vec<_> = found
        .iter()
        .map(|entity| (entity.kind, entity.text.as_str()))
        .collect();
    assert_eq!(found, expected, "{text:?}");
}

#[test]
fn every_kind_is_found() {
    use EntityKind::{Amount, Date, Email, OrderNumber, Phone, Product, Url};
    check("", &[]);
    check("Where is my parcel?", &[]);
    check("order 48213 please", &[(OrderNumber, "48213")]);
    check("invoice #00108?", &[(OrderNumber, "#00108")]);
    check("I paid 49.90 € too much", &[(Amount, "49.90 €")]);
    check("It was $1,499.", &[(Amount, "$1,499")]);
    check(
        "on 21.11.2026 or 2026-11-22",
        &[(Date, "21.11.2026"), (Date, "2026-11-22")],
    );
    check("I wrote yesterday", &[(Date, "yesterday")]);
    check("since two weeks ago", &[(Date, "two weeks ago")]);
    check("until March 3rd, 2026", &[(Date, "March 3rd, 2026")]);
    check(
        "mail a.b+c@ex-ample.co.uk.",
        &[(Email, "a.b+c@ex-ample.co.uk")],
    );
    check("call +358 40 123 4567!", &[(Phone, "+358 40 123 4567")]);
    check(
        "see https://a.example/x?y=1.",
        &[(Url, "https://a.example/x?y=1")],
    );
    check("I bought the Aurora X200 here", &[(Product, "Aurora X200")]);
}

#[test]
fn values_are_for_machines() {
    for (text, expected) in [
        ("49,90 €", Some("EUR 49.90")),
        ("$1,499", Some("USD 1499")),
        ("1.499,5 euros", Some("EUR 1499.50")),
        ("500 kr", None),
        ("21.11.2026", Some("2026-11-21")),
        ("11/21/2026", Some("2026-11-21")),
        ("5/6/2026", None),
        ("call +358 40 123 4567", Some("+358401234567")),
        ("Anna@Example.COM", Some("anna@example.com")),
    ] {
        let found = find(text);
        assert_eq!(found.len(), 1, "{text:?}: {found:?}");
        assert_eq!(found[0].value.as_deref(), expected, "{text:?}");
    }
}

#[test]
fn places_are_in_characters() {
    let found = find("Ääkköset 🙂: tilaus 12345");
    assert_eq!((found[0].start, found[0].end), (19, 24));
}

#[test]
fn a_date_that_cannot_be_is_none() {
    check("99.99.2026 or 2026-13-45", &[]);
}

#[test]
fn a_long_message_is_searched_at_both_ends() {
    let middle = "Nothing here, order 55555 aside. ".repeat(400);
    let text = format!("My order 48213 is late 🙂. {middle}Write to a@b.example.");
    let found = find(&text);
    let texts: Vec<&str> = found.iter().map(|entity| entity.text.as_str()).collect();
    assert_eq!(texts.first(), Some(&"48213"));
    assert_eq!(texts.last(), Some(&"a@b.example"));
    for entity in &found {
        let covered: String = text.chars().take(entity.end).skip(entity.start).collect();
        assert_eq!(covered, entity.text);
    }
}
