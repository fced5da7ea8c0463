//! Questions over a real SQLite that fails on command.

use std::cell::Cell;
use std::rc::Rc;

use edgedesk_domain::analysis::ModelRef;
use edgedesk_wire::knowledge::Question;
use proptest::prelude::*;
use ulid::Ulid;

use super::*;
use crate::testing::{Failure, TestSql};

#[derive(Debug, Clone, Default)]
struct Hand(Rc<Cell<i64>>);

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.get())
    }
}

type Object = Questions<TestSql, Hand>;

const PARCEL: &str = "Where is my parcel? It should be here since Monday.";
const REFUND: &str = "How do I get my money back for the lamp?";

fn account() -> AccountId {
    AccountId::new(Ulid(7))
}

fn object(sql: &TestSql, clock: &Hand) -> Object {
    Questions::new(account(), sql.clone(), clock.clone())
}

fn fresh() -> (TestSql, Object) {
    let sql = TestSql::new();
    (sql.clone(), object(&sql, &Hand::default()))
}

fn id(number: u128) -> ConversationId {
    ConversationId::new(Ulid(number))
}

fn question(number: u128, seq: u64, text: &str, vector: Option<(&str, [f32; 2])>) -> NoteQuestion {
    NoteQuestion {
        conversation_id: id(number),
        seq,
        fingerprint: STANDARD.encode(Fingerprint::of(text).to_bytes()),
        question: vector.map(|(version, vector)| Question {
            model: ModelRef {
                id: "encoder".into(),
                version: version.into(),
            },
            row: STANDARD.encode(VectorRow::of(&vector).unwrap().to_bytes()),
        }),
    }
}

fn note(object: &Object, request: &NoteQuestion) -> bool {
    object.note(request).unwrap().changed
}

fn forget(object: &Object, number: u128, through_seq: Option<u64>) -> bool {
    let over = vec![OverQuestion {
        conversation_id: id(number),
        through_seq,
    }];
    object.forget(&ForgetQuestions { over }).unwrap().changed
}

/// Numbers of those that ask the same.
fn similar(object: &Object, number: u128) -> Vec<u128> {
    let found = object.similar(id(number)).unwrap();
    assert_eq!(found.account_id, account());
    let all = 1..20;
    let found = found.similar.iter();
    found
        .filter_map(|similar| {
            all.clone()
                .find(|number| id(*number) == similar.conversation_id)
        })
        .collect()
}

#[test]
fn those_that_mean_or_say_the_same_are_found_with_the_reason() {
    let (_, object) = fresh();
    assert!(similar(&object, 1).is_empty());
    note(&object, &question(1, 2, PARCEL, Some(("1", [1.0, 0.0]))));
    assert!(similar(&object, 1).is_empty());
    note(
        &object,
        &question(
            2,
            2,
            "My delivery has not come yet",
            Some(("1", [0.9, 0.4])),
        ),
    );
    note(&object, &question(3, 2, PARCEL, Some(("1", [0.99, 0.1]))));
    note(&object, &question(4, 2, REFUND, Some(("1", [0.0, 1.0]))));
    // Read by another model, and by none: their words are compared.
    note(&object, &question(5, 2, PARCEL, Some(("2", [0.0, 1.0]))));
    note(&object, &question(6, 2, PARCEL, None));
    note(&object, &question(7, 2, REFUND, None));
    let found = object.similar(id(1)).unwrap().similar;
    let found: Vec<_> = found
        .iter()
        .map(|found| {
            (
                found.conversation_id,
                (found.score * 100.0).round(),
                found.reasons.as_slice(),
            )
        })
        .collect();
    let (meaning, words) = (Similarity::Meaning, Similarity::Words);
    assert_eq!(
        found,
        [
            (id(5), 100.0, &[words][..]),
            (id(6), 100.0, &[words]),
            (id(3), 100.0, &[meaning, words]),
            (id(2), 83.0, &[meaning]),
        ]
    );
    assert_eq!(similar(&object, 7), [4]);
    assert!(similar(&object, 99).is_empty());
}

#[test]
fn of_several_questions_the_first_one_counts_whatever_the_order() {
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
        let (sql, object) = fresh();
        let all = [
            question(1, 2, PARCEL, None),
            question(1, 5, REFUND, None),
            question(1, 9, "Thank you, that helped a lot.", None),
        ];
        for at in order {
            note(&object, &all[at]);
        }
        note(&object, &question(2, 1, PARCEL, None));
        assert_eq!(similar(&object, 2), [1], "{order:?}");
        assert_eq!(
            sql.rows("SELECT seq FROM questions ORDER BY seq"),
            [["1"], ["2"]]
        );
    }
}

#[test]
fn a_repeat_changes_nothing_but_a_missing_embedding() {
    let (_, object) = fresh();
    let without = question(1, 2, PARCEL, None);
    let with = question(1, 2, PARCEL, Some(("1", [1.0, 0.0])));
    assert!(note(&object, &without));
    assert!(!note(&object, &without));
    assert!(note(&object, &with));
    assert!(!note(&object, &with));
    assert!(!note(&object, &without), "an embedding is not given up");
}

#[test]
fn what_is_over_is_forgotten_and_no_late_message_brings_it_back() {
    let clock = Hand::default();
    let sql = TestSql::new();
    let object = object(&sql, &clock);
    note(&object, &question(1, 2, PARCEL, None));
    note(&object, &question(2, 2, PARCEL, None));
    // Older than what it asks now: it was opened again since.
    assert!(!forget(&object, 1, Some(1)));
    assert_eq!(similar(&object, 2), [1]);
    assert!(forget(&object, 1, Some(6)));
    assert!(similar(&object, 2).is_empty());
    assert!(!note(&object, &question(1, 2, PARCEL, None)));
    assert!(!note(&object, &question(1, 6, PARCEL, None)));
    // An older end does not take back a later one.
    assert!(!forget(&object, 1, Some(3)));
    assert!(!note(&object, &question(1, 5, PARCEL, None)));
    assert!(note(&object, &question(1, 7, PARCEL, None)));
    assert_eq!(similar(&object, 2), [1]);
    // One that never asked anything may have a message on its way.
    assert!(!forget(&object, 3, Some(4)));
    assert!(!note(&object, &question(3, 2, PARCEL, None)));
    // After a day nothing is on its way any more.
    clock.0.set(FORGOTTEN_MILLIS + 1);
    forget(&object, 4, Some(1));
    assert_eq!(sql.rows("SELECT count(*) FROM forgotten"), [["1"]]);
}

#[test]
fn a_sweep_takes_what_is_there_and_leaves_nothing_of_it_in_the_tables() {
    let (sql, object) = fresh();
    note(&object, &question(1, 2, PARCEL, None));
    assert!(forget(&object, 1, None));
    assert!(!forget(&object, 1, None));
    for table in ["questions", "forgotten"] {
        assert!(
            sql.rows(&format!("SELECT * FROM {table}")).is_empty(),
            "{table}"
        );
    }
    assert!(
        note(&object, &question(1, 3, PARCEL, None)),
        "what comes later stays"
    );
}

#[test]
fn no_text_is_stored() {
    let (sql, object) = fresh();
    let text = "My name is Wilhelmina Vandersloot";
    note(&object, &question(1, 2, text, None));
    let rows = sql.rows(
        "SELECT count(*) FROM questions WHERE instr(lower(conversation_id || model), 'van')
           OR instr(lower(CAST(fingerprint AS TEXT)), 'van') OR row IS NOT NULL",
    );
    assert_eq!(rows, [["0"]]);
    assert_eq!(sql.rows("SELECT count(*) FROM questions"), [["1"]]);
}

#[test]
fn the_oldest_go_when_there_are_too_many() {
    let clock = Hand::default();
    let sql = TestSql::new();
    let object = object(&sql, &clock);
    for number in 1..=MAX_QUESTIONS as u128 + 2 {
        clock.0.set(i64::try_from(number).unwrap());
        note(&object, &question(number, 2, PARCEL, None));
    }
    assert_eq!(
        sql.rows("SELECT count(*), min(at) FROM questions"),
        [[MAX_QUESTIONS.to_string(), "3".into()]]
    );
    assert!(object.similar(id(2)).unwrap().similar.is_empty());
    assert_eq!(object.similar(id(3)).unwrap().similar.len(), MAX_FOUND);
}

#[test]
fn an_object_that_woke_knows_what_was_noted() {
    let (sql, object_before) = fresh();
    note(
        &object_before,
        &question(1, 2, PARCEL, Some(("1", [1.0, 0.0]))),
    );
    note(
        &object_before,
        &question(2, 2, PARCEL, Some(("1", [1.0, 0.0]))),
    );
    let woken = object(&sql, &Hand::default());
    assert_eq!(woken.similar(id(1)), object_before.similar(id(1)));
    assert_eq!(similar(&woken, 1), [2]);
}

#[test]
fn what_is_no_fingerprint_and_no_row_is_refused() {
    let (sql, object) = fresh();
    let good = question(1, 2, PARCEL, Some(("1", [1.0, 0.0])));
    let mut bad_row = good.clone();
    bad_row.question.as_mut().unwrap().row = "AAAA".into();
    for bad in [
        NoteQuestion {
            fingerprint: "?".into(),
            ..good.clone()
        },
        NoteQuestion {
            fingerprint: STANDARD.encode([1, 2, 3]),
            ..good.clone()
        },
        bad_row,
    ] {
        assert_eq!(object.note(&bad).unwrap_err().status(), 422);
    }
    note(&object, &good);
    assert_eq!(sql.rows("SELECT count(*) FROM questions"), [["1"]]);
}

proptest! {
    /// Whatever fails, and however it reports it: asked again, the object says what one says that never failed.
    #[test]
    fn a_storage_that_fails_costs_nothing_but_another_try(
        steps in prop::collection::vec((0_u8..3, 1_u128..4, 1_u64..8), 1..12),
        failure in (0_u8..2, 1_u64..30),
    ) {
        let (sql, object) = fresh();
        let (_, sound) = fresh();
        let (kind, call) = failure;
        sql.fail(Some(if kind == 0 { Failure::Before(call) } else { Failure::After(call) }));
        for (step, number, seq) in steps {
            let texts = [PARCEL, REFUND];
            let question = question(number, seq, texts[usize::try_from(seq).unwrap() % 2], None);
            let over = OverQuestion { conversation_id: id(number), through_seq: (step == 1).then_some(seq) };
            let over = ForgetQuestions { over: vec![over] };
            let act = |object: &Object| match step {
                0 => object.note(&question),
                _ => object.forget(&over),
            };
            if act(&object).is_err() {
                act(&object).unwrap();
            }
            act(&sound).unwrap();
            for number in 1..4 {
                let found = object.similar(id(number)).or_else(|_| object.similar(id(number)));
                prop_assert_eq!(found.unwrap(), sound.similar(id(number)).unwrap());
            }
        }
    }
}
