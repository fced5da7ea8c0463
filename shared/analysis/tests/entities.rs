//! How exactly entities are found: span-exact precision and recall on labelled messages of our own, and, where they are, of others.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::path::Path;

use edgedesk_analysis::entities::find_entities;
use edgedesk_analysis::words::words;
use edgedesk_domain::analysis::EntityKind;

/// What is right, given and wanted.
#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    hits: usize,
    given: usize,
    wanted: usize,
}

impl Counts {
    /// 0 to 1; 1 when nothing was wanted and nothing given.
    fn f1(self) -> f64 {
        if self.given + self.wanted == 0 {
            1.0
        } else {
            2.0 * self.hits as f64 / (self.given + self.wanted) as f64
        }
    }

    fn add(&mut self, given: &[Place], wanted: &[Place]) {
        self.hits += given.iter().filter(|place| wanted.contains(place)).count();
        self.given += given.len();
        self.wanted += wanted.len();
    }
}

/// Where something stands, in characters, end exclusive.
type Place = (EntityKind, usize, usize);

/// A message without its marks, and what they mark.
fn unmarked(line: &str) -> (String, Vec<Place>) {
    let (mut text, mut places) = (String::new(), Vec::new());
    let mut rest = line;
    while let Some((before, marked)) = rest.split_once('[') {
        text.push_str(before);
        let (kind, marked) = marked.split_once('|').unwrap();
        let (covered, behind) = marked.split_once(']').unwrap();
        let kind: EntityKind = serde_json::from_value(kind.into()).unwrap();
        let start = text.chars().count();
        text.push_str(covered);
        places.push((kind, start, text.chars().count()));
        rest = behind;
    }
    text.push_str(rest);
    (text, places)
}

fn given(text: &str) -> Vec<Place> {
    find_entities(text, &words(text), None)
        .into_iter()
        .map(|entity| (entity.kind, entity.start, entity.end))
        .collect()
}

/// A third of the lines, by a hash (FNV-1a).
fn is_held_out(line: &str) -> bool {
    let hash = line.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    (hash >> 32) % 3 == 0
}

#[test]
fn entities_of_our_messages_are_found_where_they_stand() {
    let (mut known, mut held_out) = (Counts::default(), Counts::default());
    let mut by_kind: BTreeMap<EntityKind, Counts> = BTreeMap::new();
    let mut wrong = Vec::new();
    let lines = include_str!("../data/entities.txt").lines();
    for line in lines.filter(|line| !line.starts_with('#')) {
        let (text, wanted) = unmarked(line);
        let found = given(&text);
        if found != wanted {
            wrong.push(format!("{line}\n  {found:?}"));
        }
        let counts = if is_held_out(line) {
            &mut held_out
        } else {
            &mut known
        };
        counts.add(&found, &wanted);
        for (kind, ..) in found.iter().chain(&wanted) {
            by_kind.entry(*kind).or_default();
        }
        for (kind, counts) in &mut by_kind {
            let of_kind = |places: &[Place]| {
                places
                    .iter()
                    .filter(|place| place.0 == *kind)
                    .copied()
                    .collect::<Vec<_>>()
            };
            counts.add(&of_kind(&found), &of_kind(&wanted));
        }
    }
    let report = format!(
        "known {:.3} {known:?}, held out {:.3} {held_out:?}\n{by_kind:#?}\n{}",
        known.f1(),
        held_out.f1(),
        wrong.join("\n")
    );
    assert!(known.f1() >= 0.9 && held_out.f1() >= 0.8, "{report}");
    for (kind, counts) in &by_kind {
        let floor = if *kind == EntityKind::Product {
            0.6
        } else {
            0.8
        };
        assert!(counts.f1() >= floor, "{kind:?}: {report}");
    }
}

/// Recall on the numbers of bitext-customer-service, whose texts are not part of this repository. Its amounts are marked without
/// their currency, so an amount that holds the number counts.
#[test]
#[ignore = "needs the data set beside the repository: cargo test -p edgedesk-analysis --test entities -- --ignored --nocapture"]
fn numbers_of_bitext_are_found() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/data/bitext-customer-service/val.tsv");
    let table = std::fs::read_to_string(path).unwrap();
    let mut by_type: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for line in table.lines().skip(1) {
        let columns: Vec<&str> = line.split('\t').collect();
        let [_, _, text, kind, _, start, end, _] = columns[..] else {
            continue;
        };
        let wanted = match kind {
            "order_id" | "invoice_id" => EntityKind::OrderNumber,
            "refund_amount" => EntityKind::Amount,
            _ => continue,
        };
        let (start, end): (usize, usize) = (start.parse().unwrap(), end.parse().unwrap());
        let is_found = given(text).iter().any(|(kind, from, to)| {
            let exact = (*from, *to) == (start, end);
            *kind == wanted
                && (exact || (wanted == EntityKind::Amount && *from <= start && end <= *to))
        });
        let counts = by_type.entry(kind).or_default();
        counts.0 += usize::from(is_found);
        counts.1 += 1;
    }
    for (kind, (found, n)) in &by_type {
        let recall = *found as f64 / *n as f64;
        assert!(recall >= 0.8, "{kind}: {found} of {n}");
    }
    assert!(by_type.len() == 3, "{by_type:?}");
}
