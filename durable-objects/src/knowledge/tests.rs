//! The object over a real SQLite that fails on command.

use std::cell::Cell;
use std::collections::BTreeSet;

use edgedesk_domain::analysis::ModelRef;
use edgedesk_domain::time::{Clock, Timestamp};
use edgedesk_wire::knowledge::{IndexedPart, Question};
use futures::executor::block_on;
use proptest::prelude::*;
use ulid::Ulid;

use super::vectors::ExactRows;
use super::*;
use crate::testing::{Failure, TestSql};

#[derive(Debug, Clone, Default)]
struct Hand(Rc<Cell<i64>>);

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.get())
    }
}

type Object = Knowledge<TestSql, Hand, ExactRows<TestSql>>;

fn account() -> AccountId {
    AccountId::new(Ulid(7))
}

fn object(sql: &TestSql, clock: &Hand) -> Object {
    Knowledge::new(
        account(),
        sql.clone(),
        clock.clone(),
        ExactRows::new(sql.clone()),
    )
}

fn fresh() -> Object {
    object(&TestSql::new(), &Hand::default())
}

fn id(number: u128) -> ArticleId {
    ArticleId::new(Ulid(number))
}

fn model(version: &str) -> ModelRef {
    ModelRef {
        id: "encoder".into(),
        version: version.into(),
    }
}

fn row(vector: &[f32]) -> String {
    STANDARD.encode(VectorRow::of(vector).unwrap().to_bytes())
}

fn content(title: &str, parts: &[(&str, [f32; 3])]) -> IndexedArticle {
    let mut start = 0;
    let parts = parts
        .iter()
        .map(|(text, vector)| {
            let begun = start;
            start += text.len() + 2;
            IndexedPart {
                headings: Vec::new(),
                text: (*text).to_owned(),
                start: begun,
                end: begun + text.len(),
                row: Some(row(vector)),
            }
        })
        .collect();
    IndexedArticle {
        version: 1,
        title: title.into(),
        language: "en".into(),
        category_id: None,
        model: model("1"),
        title_row: None,
        parts,
    }
}

fn put(object: &Object, number: u128, revision: u64, content: Option<IndexedArticle>) -> bool {
    let request = IndexArticle {
        article_id: id(number),
        revision,
        content,
    };
    block_on(object.index(&request)).unwrap().changed
}

fn ask(query: &str, vector: Option<[f32; 3]>) -> FindPlaces {
    FindPlaces {
        query: query.into(),
        question: vector.map(|vector| Question {
            model: model("1"),
            row: row(&vector),
        }),
        language: None,
        category_id: None,
        limit: 5,
        n_places: 1,
    }
}

fn find(object: &Object, request: &FindPlaces) -> Vec<String> {
    let found = block_on(object.search(request)).unwrap();
    assert_eq!(found.account_id, account());
    found.places.into_iter().map(|place| place.text).collect()
}

const RETURNS: [(&str, [f32; 3]); 2] = [
    ("Send it back within 30 days.", [1.0, 0.1, 0.0]),
    ("The parcel costs nothing.", [0.5, 0.5, 0.0]),
];

#[test]
fn a_question_finds_the_place_by_its_words_and_by_its_meaning() {
    let object = fresh();
    put(&object, 1, 1, Some(content("Returns", &RETURNS)));
    let prices = content("Prices", &[("A lamp costs 9 euros.", [0.0, 0.0, 1.0])]);
    put(&object, 2, 1, Some(prices));
    assert_eq!(
        find(&object, &ask("money back", Some([1.0, 0.0, 0.0])))[0],
        "Send it back within 30 days."
    );
    // Words alone, another form of one.
    let found = block_on(object.search(&ask("parcels", None))).unwrap();
    assert!(found.words_only);
    assert_eq!(found.places[0].text, "The parcel costs nothing.");
    assert_eq!((found.places[0].start, found.places[0].end), (30, 55));
    assert!(find(&object, &ask("?", None)).is_empty());
    let empty = fresh();
    let found = block_on(empty.search(&ask("x", Some([1.0, 0.0, 0.0])))).unwrap();
    assert!(!found.words_only, "nothing was left out");
    // Places of one article, the nearest first.
    let both = FindPlaces {
        n_places: 3,
        limit: 1,
        ..ask("", Some([1.0, 0.0, 0.0]))
    };
    assert_eq!(find(&object, &both), [RETURNS[0].0, RETURNS[1].0]);
}

#[test]
fn a_search_stays_in_its_language_and_category() {
    let object = fresh();
    let category = CategoryId::new(Ulid(5));
    let german = IndexedArticle {
        language: "de".into(),
        category_id: Some(category),
        ..content("Rückgabe", &[("Dreißig Tage.", [1.0, 0.0, 0.0])])
    };
    put(&object, 1, 1, Some(german));
    put(&object, 2, 1, Some(content("Returns", &RETURNS)));
    let request = ask("returns", Some([1.0, 0.0, 0.0]));
    assert_eq!(find(&object, &request).len(), 2);
    let in_german = FindPlaces {
        language: Some("de".into()),
        ..request.clone()
    };
    assert_eq!(find(&object, &in_german), ["Dreißig Tage."]);
    let in_category = FindPlaces {
        category_id: Some(category),
        ..request.clone()
    };
    assert_eq!(find(&object, &in_category), ["Dreißig Tage."]);
    let nowhere = FindPlaces {
        language: Some("fr".into()),
        ..request
    };
    assert!(find(&object, &nowhere).is_empty());
}

#[test]
fn an_older_revision_changes_nothing_and_brings_nothing_back() {
    let object = fresh();
    let question = ask("back", Some([1.0, 0.0, 0.0]));
    assert!(put(&object, 1, 5, Some(content("Returns", &RETURNS))));
    assert!(!put(
        &object,
        1,
        4,
        Some(content("Old", &[("Old back.", [1.0, 0.0, 0.0])]))
    ));
    assert!(!put(&object, 1, 5, None));
    assert_eq!(find(&object, &question), [RETURNS[0].0]);
    let new = content("Returns", &[("New: 60 days back.", [0.9, 0.0, 0.0])]);
    assert!(put(&object, 1, 6, Some(new)));
    assert_eq!(find(&object, &question), ["New: 60 days back."]);
    assert!(put(&object, 1, 7, None));
    assert!(find(&object, &question).is_empty());
    assert!(!put(&object, 1, 6, Some(content("Returns", &RETURNS))));
    assert!(find(&object, &question).is_empty());
    let status = block_on(object.status()).unwrap();
    assert_eq!((status.n_articles, status.n_parts), (0, 0));
    assert_eq!(status.memory_bytes, 0);
}

#[test]
fn the_old_model_answers_until_all_articles_have_rows_of_the_newer_one() {
    let (sql, clock) = (TestSql::new(), Hand::default());
    let object = object(&sql, &clock);
    for number in 1..=2 {
        let text = format!("Text {number}.");
        let text = content("Title", &[(text.as_str(), [1.0, 0.0, 0.0])]);
        put(&object, number, 1, Some(text));
    }
    let newer = |number: u128| IndexedArticle {
        model: model("2"),
        ..content(
            "Title",
            &[(format!("Text {number}.").as_str(), [0.0, 1.0, 0.0])],
        )
    };
    let old_question = ask("", Some([1.0, 0.0, 0.0]));
    let new_question = FindPlaces {
        question: Some(Question {
            model: model("2"),
            row: row(&[0.0, 1.0, 0.0]),
        }),
        ..ask("", None)
    };
    // Nobody has rows of the newer model yet: words alone, and somebody is told.
    let found = block_on(object.search(&new_question)).unwrap();
    assert!(found.words_only && found.is_model_old);
    let again = block_on(object.search(&new_question)).unwrap();
    assert!(!again.is_model_old, "one is told, and not every one");
    clock.0.set(ASK_AGAIN_MILLIS);
    assert!(block_on(object.search(&new_question)).unwrap().is_model_old);

    put(&object, 1, 2, Some(newer(1)));
    let status = block_on(object.status()).unwrap();
    assert_eq!(status.model, Some(model("1")));
    assert_eq!(status.newer_model, Some(model("2")));
    assert_eq!((status.n_parts, status.n_parts_of_newer), (2, 1));
    assert_eq!(find(&object, &old_question).len(), 2);
    assert_eq!(find(&object, &new_question), ["Text 1."]);

    put(&object, 2, 2, Some(newer(2)));
    let status = block_on(object.status()).unwrap();
    assert_eq!(status.model, Some(model("2")));
    assert_eq!(status.newer_model, None);
    assert_eq!(find(&object, &new_question).len(), 2);
    assert!(find(&object, &old_question).is_empty());
    assert_eq!(sql.rows("SELECT count(*) FROM vectors"), [["2"]]);
}

#[test]
fn an_object_that_wakes_up_finds_what_it_found_before() {
    let (sql, clock) = (TestSql::new(), Hand::default());
    let first = object(&sql, &clock);
    put(&first, 1, 1, Some(content("Returns", &RETURNS)));
    let question = ask("back", Some([1.0, 0.0, 0.0]));
    let expected = block_on(first.search(&question)).unwrap();
    let second = object(&sql, &clock);
    assert_eq!(block_on(second.search(&question)), Ok(expected));
}

#[test]
fn what_is_no_row_is_refused_and_harms_nothing() {
    let object = fresh();
    put(&object, 1, 1, Some(content("Returns", &RETURNS)));
    for bad in ["", "?", "AAAA", "AAAAAAA="] {
        let mut broken = content("Broken", &RETURNS);
        broken.parts[1].row = Some(bad.into());
        let request = IndexArticle {
            article_id: id(1),
            revision: 2,
            content: Some(broken),
        };
        let refused = block_on(object.index(&request)).unwrap_err();
        assert_eq!(refused.code(), "invalid_request", "{bad}");
        let mut request = ask("back", Some([1.0, 0.0, 0.0]));
        request.question.as_mut().unwrap().row = bad.into();
        assert!(block_on(object.search(&request)).is_err());
    }
    // A question of another width is of another model.
    let mut request = ask("back", None);
    request.question = Some(Question {
        model: model("1"),
        row: row(&[1.0, 0.0, 0.0, 0.0]),
    });
    assert_eq!(find(&object, &request), [RETURNS[0].0]);
}

#[test]
fn an_article_has_at_most_so_many_parts_and_a_query_any_length() {
    let object = fresh();
    let texts: Vec<String> = (0..1_500).map(|n| format!("word{n} and more.")).collect();
    let parts: Vec<(&str, [f32; 3])> = texts
        .iter()
        .map(|text| (text.as_str(), [1.0, 0.0, 0.0]))
        .collect();
    put(&object, 1, 1, Some(content("Long", &parts)));
    let status = block_on(object.status()).unwrap();
    assert_eq!(status.n_parts as usize, MAX_PARTS);
    assert_eq!(find(&object, &ask("word998", None)), ["word998 and more."]);
    find(&object, &ask(&"lamp \"* NOT ".repeat(10_000), None));
}

/// Whatever fails and when: after it was asked again, the article is found as it was asked for last, and nothing else of it.
#[test]
fn a_failure_at_any_point_leaves_nothing_behind() {
    let question = ask("back", Some([1.0, 0.0, 0.0]));
    let new = || content("Returns", &[("New: 60 days back.", [1.0, 0.0, 0.0])]);
    for after in [false, true] {
        for call in 1..40 {
            let (sql, clock) = (TestSql::new(), Hand::default());
            put(
                &object(&sql, &clock),
                1,
                1,
                Some(content("Returns", &RETURNS)),
            );
            let woken = object(&sql, &clock);
            let failure = if after {
                Failure::After(call)
            } else {
                Failure::Before(call)
            };
            sql.fail(Some(failure));
            let request = IndexArticle {
                article_id: id(1),
                revision: 2,
                content: Some(new()),
            };
            let outcome = block_on(woken.index(&request));
            sql.fail(None);
            // The same object and one that wakes see the old text or the new one.
            for seen_by in [&woken, &object(&sql, &clock)] {
                let found = find(seen_by, &question);
                assert_eq!(found.len(), 1, "{failure:?}: {found:?}");
                let is_old = found == [RETURNS[0].0];
                assert!(is_old || found == ["New: 60 days back."], "{found:?}");
                assert!(outcome.is_err() || !is_old, "{failure:?}");
            }
            block_on(woken.index(&request)).unwrap();
            assert_eq!(find(&woken, &question), ["New: 60 days back."]);
            let numbers = sql.rows(
                "SELECT (SELECT count(*) FROM parts), (SELECT count(*) FROM words_docsize), (SELECT count(*) FROM vectors)",
            );
            assert_eq!(numbers, [["1", "1", "1"]], "{failure:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Deliveries in any order and any number end where the largest revision of each article is.
    #[test]
    fn what_is_found_is_what_the_largest_revisions_say(
        steps in prop::collection::vec((1_u128..4, 1_u64..6, any::<bool>()), 1..24),
    ) {
        let object = fresh();
        let mut expected = std::collections::BTreeMap::<u128, (u64, bool)>::new();
        for (number, revision, is_there) in steps {
            // What a revision says is one thing only.
            let is_there = is_there && revision % 2 == 0;
            let text = format!("article{number} revision{revision}");
            let new = content("T", &[(text.as_str(), [1.0, 0.0, 0.0])]);
            put(&object, number, revision, is_there.then_some(new));
            let known = expected.entry(number).or_default();
            if revision > known.0 {
                *known = (revision, is_there);
            }
        }
        let found: BTreeSet<String> = find(&object, &ask("", Some([1.0, 0.0, 0.0]))).into_iter().collect();
        let expected: BTreeSet<String> = expected
            .into_iter()
            .filter(|(_, (_, is_there))| *is_there)
            .map(|(number, (revision, _))| format!("article{number} revision{revision}"))
            .collect();
        prop_assert_eq!(found, expected);
    }
}
