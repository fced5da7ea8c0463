//! What was received for the account, kept for a look.

use super::*;

fn note(id: &str, body: &str) -> DeliveryNote {
    DeliveryNote {
        delivery_id: id.to_owned(),
        inbox_id: "inb_1".to_owned(),
        at: Timestamp::from_millis(5),
        outcome: "invalid".to_owned(),
        event_type: None,
        detail: Some("line 1 column 5".to_owned()),
        body: body.to_owned(),
    }
}

#[test]
fn deliveries_are_kept_once_newest_first_and_cut_between_characters() {
    let world = World::new();
    let keep = |note| world.desk.note_delivery(account(), note).unwrap();
    keep(note("a", "first"));
    keep(note("a", "again"));
    keep(note("b", &"é".repeat(10_000)));
    keep(note("c", &format!("x{}", "🙂".repeat(10_000))));
    let kept = world.desk.deliveries(account()).unwrap().deliveries;
    let ids: Vec<&str> = kept.iter().map(|note| note.delivery_id.as_str()).collect();
    assert_eq!(ids, ["c", "b", "a"]);
    assert_eq!(kept[2].body, "first");
    assert_eq!(kept[1].body, "é".repeat(8_000));
    assert_eq!(kept[0].body.len(), 15_997);
}

#[test]
fn a_delivery_is_kept_without_its_card_numbers() {
    let world = World::new();
    let body = r#"{"card":"4242 4242 4242 4242","id":5158}"#;
    world
        .desk
        .note_delivery(account(), note("a", body))
        .unwrap();
    let kept = world.desk.deliveries(account()).unwrap().deliveries;
    assert_eq!(kept[0].body, r#"{"card":"[card 4242]","id":5158}"#);
    let stored = world.sql.rows("SELECT note FROM deliveries").concat();
    assert!(!stored.concat().contains("4242 4242"), "{stored:?}");
}

#[test]
fn the_newest_thousand_deliveries_are_kept_and_a_hundred_shown() {
    let world = World::new();
    for n in 0..1_205 {
        world
            .desk
            .note_delivery(account(), note(&n.to_string(), "body"))
            .unwrap();
    }
    assert_eq!(
        world.sql.rows("SELECT COUNT(*) FROM deliveries")[0][0],
        "1000"
    );
    let shown = world.desk.deliveries(account()).unwrap().deliveries;
    assert_eq!(shown.len(), 100);
    assert_eq!(shown[0].delivery_id, "1204");
}
