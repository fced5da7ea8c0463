use edgedesk_domain::ids::UserId;
use proptest::prelude::*;
use ulid::Ulid;

use super::*;
use crate::entry::{Actor, Outcome, Record, Resource};

fn account(n: u128) -> AccountId {
    AccountId::new(Ulid::from(n))
}

/// A log of `n` entries, an hour apart, from 20:30 of a day on.
fn log(n: u64) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    let start = Timestamp::parse("2025-01-08T20:30:00Z").unwrap();
    for seq in 1..=n {
        let record = Record {
            id: format!("req_{seq}"),
            actor: Actor::User {
                id: UserId::new(Ulid::from(2)),
            },
            action: "message.sent".to_owned(),
            resource: Resource {
                kind: "conversation".to_owned(),
                id: (seq % 3 > 0).then(|| format!("cnv_{seq}")),
            },
            outcome: Outcome::Succeeded,
            request_id: Some(format!("req_{seq}")),
            ip: (seq % 2 > 0).then(|| "203.0.113.0".to_owned()),
        };
        let previous = entries.last().map_or(Hash::ZERO, |entry| entry.hash);
        let at = start.plus_millis(i64::try_from(seq - 1).unwrap() * 3_600_000);
        entries.push(Entry::seal(account(1), seq, at, record, previous));
    }
    entries
}

fn flaw_of(entries: &[Entry]) -> Option<(u64, Flaw)> {
    verify(entries)
        .err()
        .map(|broken| (broken.seq, broken.flaw))
}

#[test]
fn a_log_that_nobody_touched_is_whole() {
    let entries = log(30);
    let summary = verify(&entries).unwrap();
    assert_eq!(summary.n_entries, 30);
    assert_eq!(summary.head, Some((30, entries[29].hash)));
    let days: Vec<(String, u64)> = summary
        .days
        .iter()
        .map(|day| (day.day.to_string(), day.n_entries))
        .collect();
    assert_eq!(
        days,
        [
            ("2025-01-08".to_owned(), 4),
            ("2025-01-09".to_owned(), 24),
            ("2025-01-10".to_owned(), 2)
        ]
    );
    let empty = verify(&[]).unwrap();
    assert_eq!((empty.n_entries, empty.head, empty.days), (0, None, vec![]));
}

#[test]
fn a_part_of_a_log_is_whole_with_the_days_that_it_holds_whole() {
    let entries = log(30);
    let whole = verify(&entries).unwrap();
    assert_eq!(flaw_of(&entries[2..]), Some((1, Flaw::Seq)));
    let mut verifier = Verifier::from_anywhere();
    for entry in &entries[2..] {
        verifier.push(entry).unwrap();
    }
    let part = verifier.finish();
    assert_eq!(part.n_entries, 28);
    assert_eq!(part.days, whole.days[1..]);
}

#[test]
fn what_was_done_to_a_log_is_found_where_it_was_done() {
    let whole = log(8);
    let mut changed = whole.clone();
    changed[3].outcome = Outcome::Failed;
    assert_eq!(flaw_of(&changed), Some((4, Flaw::Hash)));
    // With a new hash it does not fit the next one.
    changed[3].hash = changed[3].computed_hash();
    assert_eq!(flaw_of(&changed), Some((5, Flaw::PreviousHash)));

    let mut missing = whole.clone();
    missing.remove(3);
    assert_eq!(flaw_of(&missing), Some((4, Flaw::Seq)));
    let mut swapped = whole.clone();
    swapped.swap(3, 4);
    assert_eq!(flaw_of(&swapped), Some((4, Flaw::Seq)));
    let mut repeated = whole.clone();
    repeated.insert(3, whole[2].clone());
    assert_eq!(flaw_of(&repeated), Some((4, Flaw::Seq)));

    let foreign = |account_id, at: Timestamp| {
        let mut entries = whole[..3].to_vec();
        let mut entry = whole[3].clone();
        entry.account_id = account_id;
        entry.at = at;
        entry.hash = entry.computed_hash();
        entries.push(entry);
        entries
    };
    let at = whole[3].at;
    assert_eq!(flaw_of(&foreign(account(2), at)), Some((4, Flaw::Account)));
    let earlier = foreign(account(1), whole[2].at.plus_millis(-1));
    assert_eq!(flaw_of(&earlier), Some((4, Flaw::Time)));
    let mut later = whole.clone();
    later[3].version = 2;
    assert_eq!(flaw_of(&later), Some((4, Flaw::Version)));

    // The first entry of all has nothing before it.
    let mut first = whole[..1].to_vec();
    first[0].previous_hash = whole[1].hash;
    first[0].hash = first[0].computed_hash();
    assert_eq!(flaw_of(&first), Some((1, Flaw::PreviousHash)));
}

#[test]
fn every_flipped_bit_of_an_export_is_found_in_its_line() {
    let lines: Vec<String> = log(3)
        .iter()
        .map(|entry| serde_json::to_string(entry).unwrap())
        .collect();
    for (line, text) in lines.iter().enumerate() {
        for byte in 0..text.len() {
            for bit in 0..8 {
                let mut bytes = text.clone().into_bytes();
                bytes[byte] ^= 1 << bit;
                // What is no text any more is read as a text with a mark in its place.
                let flipped = String::from_utf8_lossy(&bytes);
                let mut verifier = Verifier::new();
                let found = lines.iter().enumerate().find_map(|(n, text)| {
                    let text = if n == line { &flipped } else { text.as_str() };
                    verifier.push_line(text).err()
                });
                let place = line as u64 + 1;
                assert_eq!(
                    found.map(|broken| (broken.place, broken.seq)),
                    Some((place, place)),
                    "byte {byte}, bit {bit}"
                );
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    /// One flipped bit of the canonical bytes gives another hash: no two entries share theirs.
    #[test]
    fn a_flipped_bit_of_an_entry_changes_its_hash(place in any::<prop::sample::Index>(), bit in 0..8_u32) {
        let entry = log(1).remove(0);
        let mut bytes = entry.canonical_bytes();
        let byte = place.index(bytes.len());
        bytes[byte] ^= 1 << bit;
        prop_assert_ne!(Hash::of(&[&bytes]), entry.hash);
    }
}

#[test]
fn a_line_in_another_spelling_is_not_the_line_that_was_written() {
    let entry = &log(1)[0];
    let line = serde_json::to_string(entry).unwrap();
    for changed in [
        line.replace("\"version\":1", "\"version\": 1"),
        line.replace("20:30:00.000Z", "20:30:00.000z"),
        line.replace("20:30:00.000Z", "20:30:00Z"),
        line.replace("message", "m\\u0065ssage"),
        format!("{line} "),
    ] {
        assert_ne!(changed, line);
        let broken = Verifier::new().push_line(&changed).unwrap_err();
        assert_eq!((broken.place, broken.seq), (1, 1), "{changed}");
    }
    assert_eq!(Verifier::new().push_line(&line), Ok(()));
}
