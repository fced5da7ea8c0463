//! What only an index elsewhere does: it takes rows in later, goes on naming what was deleted, is shared by accounts, and is away at times.

use edgedesk_domain::ids::{AccountId, ArticleId};
use edgedesk_search::row::Row as VectorRow;
use edgedesk_wire::knowledge::{
    FindPlaces, FoundPlaces, IndexArticle, IndexStatus, Indexed, IndexedArticle, IndexedPart,
    Question,
};
use futures::executor::block_on;
use futures::future::join;
use ulid::Ulid;

use super::binding::MAX_NAME_BYTES;
use super::fake::{Away, Fake, Hand};
use super::*;
use crate::knowledge::{Knowledge, MAX_PARTS};
use crate::sql::MAX_SAFE_INTEGER;
use crate::testing::{Failure, TestSql};

type Object = Knowledge<TestSql, Hand, Vectorize<Fake, TestSql, Hand>>;

/// An account's object over its storage, and an index that it shares with others.
struct Account {
    id: AccountId,
    sql: TestSql,
    fake: Fake,
    clock: Hand,
}

impl Account {
    fn new(id: u128, fake: &Fake, clock: &Hand) -> Self {
        Self {
            id: AccountId::new(Ulid(id)),
            sql: TestSql::new(),
            fake: fake.clone(),
            clock: clock.clone(),
        }
    }

    fn alone() -> Self {
        let clock = Hand::default();
        Self::new(7, &Fake::new(3, clock.clone()), &clock)
    }

    fn index(&self) -> Vectorize<Fake, TestSql, Hand> {
        let (fake, sql) = (self.fake.clone(), self.sql.clone());
        Vectorize::new(self.id, fake, sql, self.clock.clone())
    }

    fn wake(&self) -> Object {
        let (sql, clock) = (self.sql.clone(), self.clock.clone());
        Knowledge::new(self.id, sql, clock, self.index())
    }

    fn settle(&self) {
        self.fake.process(self.fake.n_waiting());
    }
}

fn model(version: &str) -> ModelRef {
    ModelRef {
        id: "encoder".into(),
        version: version.into(),
    }
}

fn row(vector: &[f32]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(VectorRow::of(vector).unwrap().to_bytes())
}

fn article(number: u128, revision: u64, version: &str, texts: &[&str]) -> IndexArticle {
    let parts = texts.iter().map(|text| IndexedPart {
        headings: Vec::new(),
        text: (*text).to_owned(),
        start: 0,
        end: text.len(),
        row: Some(row(&[1.0, 0.0, 0.0])),
    });
    let content = IndexedArticle {
        version: 1,
        title: "Title".into(),
        language: "en".into(),
        category_id: None,
        model: model(version),
        title_row: None,
        parts: parts.collect(),
    };
    IndexArticle {
        article_id: ArticleId::new(Ulid(number)),
        revision,
        content: Some(content),
    }
}

fn forget(number: u128, revision: u64) -> IndexArticle {
    IndexArticle {
        article_id: ArticleId::new(Ulid(number)),
        revision,
        content: None,
    }
}

fn take(object: &Object, article: &IndexArticle) {
    assert_eq!(
        block_on(object.index(article)),
        Ok(Indexed { changed: true })
    );
}

/// A question without words, so that only the meaning finds anything.
fn ask(version: &str, query: &str) -> FindPlaces {
    FindPlaces {
        query: query.into(),
        question: Some(Question {
            model: model(version),
            row: row(&[1.0, 0.0, 0.0]),
        }),
        language: None,
        category_id: None,
        limit: 9,
        n_places: 1,
    }
}

fn answer(object: &Object, request: &FindPlaces) -> FoundPlaces {
    block_on(object.search(request)).unwrap()
}

fn find(object: &Object) -> Vec<String> {
    let found = answer(object, &ask("1", ""));
    found.places.into_iter().map(|place| place.text).collect()
}

fn status(object: &Object) -> IndexStatus {
    block_on(object.status()).unwrap()
}

#[test]
fn an_article_is_found_by_its_meaning_once_its_rows_are_processed() {
    let account = Account::alone();
    let object = account.wake();
    take(&object, &article(1, 1, "1", &["Thirty days."]));
    assert!(find(&object).is_empty());
    assert_eq!(status(&object).n_arriving, 1);
    // By its words at once.
    let by_words = answer(&object, &ask("1", "thirty"));
    assert_eq!(by_words.places[0].text, "Thirty days.");
    assert!(!by_words.words_only);
    account.settle();
    assert_eq!(find(&object), ["Thirty days."]);
    let status = status(&object);
    assert_eq!((status.n_arriving, status.memory_bytes), (0, 0));
}

#[test]
fn mutations_are_processed_in_their_order() {
    let account = Account::alone();
    let object = account.wake();
    for number in 1..=3 {
        take(&object, &article(number, 1, "1", &["A text."]));
    }
    assert_eq!(status(&object).n_arriving, 3);
    account.fake.process(2);
    assert_eq!(status(&object).n_arriving, 1);
    assert_eq!(find(&object).len(), 2);
    account.fake.process(1);
    assert_eq!(status(&account.wake()).n_arriving, 0);
    assert_eq!(find(&object).len(), 3);
}

#[test]
fn the_mutation_of_another_account_tells_by_its_time() {
    let account = Account::alone();
    let object = account.wake();
    account.fake.others_write();
    take(&object, &article(1, 1, "1", &["A text."]));
    account.clock.pass(1);
    account.fake.others_write();
    // One from before says nothing.
    account.fake.process(1);
    assert_eq!(status(&object).n_arriving, 1);
    // Ours and one from after it: only the other one is named.
    account.fake.process(2);
    assert_eq!(status(&object).n_arriving, 0);
    assert_eq!(find(&object).len(), 1);
}

#[test]
fn what_was_deleted_is_not_found_although_the_index_still_names_it() {
    let account = Account::alone();
    let object = account.wake();
    take(&object, &article(1, 1, "1", &["Thirty days."]));
    take(&object, &article(2, 1, "1", &["No returns."]));
    account.settle();
    take(&object, &article(1, 2, "1", &["Sixty days."]));
    take(&object, &forget(2, 2));
    assert_eq!(account.fake.visible().len(), 2, "nothing was processed yet");
    assert!(find(&object).is_empty() && find(&account.wake()).is_empty());
    // The new text is on its way before the old one is deleted.
    account.fake.process(1);
    assert_eq!(account.fake.visible().len(), 3);
    assert_eq!(find(&object), ["Sixty days."]);
    account.settle();
    assert_eq!(account.fake.visible().len(), 1);
    assert_eq!(find(&object), ["Sixty days."]);
}

#[test]
fn the_older_model_stays_until_the_newer_rows_are_found() {
    let account = Account::alone();
    let object = account.wake();
    for number in 1..=2 {
        take(&object, &article(number, 1, "1", &["A text."]));
    }
    account.settle();
    for number in 1..=2 {
        take(&object, &article(number, 2, "2", &["A text."]));
    }
    assert_eq!(status(&object).newer_model, Some(model("2")));
    assert_eq!(find(&object).len(), 2, "the newer rows are not found yet");
    account.fake.process(1);
    assert_eq!(status(&object).newer_model, Some(model("2")), "one of two");
    account.settle();
    // A search that would ask for newer rows finds that they are there.
    let woken = account.wake();
    let found = answer(&woken, &ask("2", ""));
    assert!(!found.is_model_old && found.places.len() == 2);
    let status = status(&woken);
    assert_eq!((status.model, status.newer_model), (Some(model("2")), None));
    assert!(find(&woken).is_empty(), "the older rows are not searched");
    account.settle();
    let visible = account.fake.visible();
    assert!(visible.iter().all(|id| id.contains(":2:")), "{visible:?}");
    assert_eq!(visible.len(), 2);
}

#[test]
fn accounts_share_an_index_and_find_nothing_of_each_other() {
    let account = Account::alone();
    let neighbour = Account::new(8, &account.fake, &account.clock);
    take(&account.wake(), &article(1, 1, "1", &["Ours."]));
    take(&neighbour.wake(), &article(1, 1, "1", &["Theirs."]));
    account.settle();
    assert_eq!(account.fake.visible().len(), 2);
    assert_eq!(find(&account.wake()), ["Ours."]);
    take(&neighbour.wake(), &forget(1, 2));
    account.settle();
    assert_eq!(find(&account.wake()), ["Ours."]);
    assert!(find(&neighbour.wake()).is_empty());
}

#[test]
fn no_call_and_no_name_is_over_a_limit() {
    let account = Account::alone();
    let index = account.index();
    let longest = index.vector_id(9_999, MAX_SAFE_INTEGER.unsigned_abs());
    assert!(longest.len() <= MAX_NAME_BYTES, "{longest}");
    assert_eq!(index.row_id(9_999, &longest), Some((1 << 53) - 1));
    assert_eq!(index.row_id(999, &longest), None);
    // The largest article: the fake refuses what is over a limit.
    let object = account.wake();
    let text = vec!["A text."; MAX_PARTS];
    take(&object, &article(1, 1, "1", &text));
    account.settle();
    assert_eq!(account.fake.visible().len(), MAX_PARTS);
    assert_eq!(find(&object).len(), 1);
    take(&object, &article(1, 2, "1", &["Short."]));
    account.settle();
    assert_eq!(account.fake.visible().len(), 1);
}

#[test]
fn words_are_searched_while_the_index_is_away() {
    let account = Account::alone();
    let object = account.wake();
    take(&object, &article(1, 1, "1", &["Thirty days."]));
    account.settle();
    account.fake.fail(Some(Away::Always));
    let found = answer(&account.wake(), &ask("1", "thirty"));
    assert!(found.words_only);
    assert_eq!(found.places[0].text, "Thirty days.");
    assert_eq!(status(&object).n_arriving, 1, "nobody can say");
    // What is deleted is forgotten all the same; what is new is refused and may be asked again.
    take(&object, &forget(1, 2));
    let new = article(2, 1, "1", &["Sixty days."]);
    assert!(matches!(
        block_on(object.index(&new)),
        Err(ObjectError::Host(_))
    ));
    account.fake.fail(None);
    take(&object, &new);
    account.settle();
    assert_eq!(find(&object), ["Sixty days."]);
    assert_eq!(account.fake.visible().len(), 1);
}

#[test]
fn articles_are_taken_in_one_after_the_other() {
    let account = Account::alone();
    let object = account.wake();
    take(&object, &article(1, 1, "1", &["Old."]));
    account.settle();
    let (one, two) = (
        article(1, 2, "1", &["Newer."]),
        article(1, 3, "1", &["Newest."]),
    );
    let other = article(2, 1, "1", &["Another."]);
    // They take turns at each call to the index; a search in between harms none of them.
    let (outcomes, _) = block_on(join(
        join(
            join(object.index(&one), object.index(&two)),
            object.index(&other),
        ),
        object.search(&ask("1", "old")),
    ));
    let changed = Ok(Indexed { changed: true });
    assert_eq!(outcomes, ((changed.clone(), changed.clone()), changed));
    account.settle();
    let mut found = find(&object);
    found.sort_unstable();
    assert_eq!(found, ["Another.", "Newest."]);
    assert_eq!(account.fake.visible().len(), 2);
}

/// Whatever fails and when, here or there: after it was asked again, there is what was asked for, and nothing else of it.
#[test]
fn a_failure_at_any_point_leaves_nothing_behind() {
    let new = article(1, 2, "1", &["Sixty days.", "Free."]);
    let check = |here: Option<Failure>, there: Option<Away>| {
        let account = Account::alone();
        take(&account.wake(), &article(1, 1, "1", &["Thirty days."]));
        account.settle();
        let object = account.wake();
        account.sql.fail(here);
        account.fake.fail(there);
        let outcome = block_on(object.index(&new));
        let calls = (account.sql.calls(), account.fake.calls());
        account.sql.fail(None);
        account.fake.fail(None);
        for seen_by in [&object, &account.wake()] {
            let old_or_new = answer(seen_by, &ask("1", "days"));
            let text = &old_or_new.places[0].text;
            let is_old = text == "Thirty days.";
            assert!(
                is_old || text == "Sixty days.",
                "{here:?} {there:?}: {text}"
            );
            assert!(outcome.is_err() || !is_old, "{here:?} {there:?}");
        }
        block_on(object.index(&new)).unwrap();
        // Once more by whoever wakes up: a deletion that failed is made up for.
        find(&account.wake());
        account.settle();
        assert_eq!(find(&object), ["Sixty days."], "{here:?} {there:?}");
        let visible = account.fake.visible().len();
        assert_eq!(visible, 2, "{here:?} {there:?}");
        let noted = account.sql.rows(
            "SELECT (SELECT count(*) FROM vectorize_vectors), (SELECT count(*) FROM vectorize_numbers), (SELECT count(*) FROM parts)",
        );
        assert_eq!(noted, [["2", "1", "2"]], "{here:?} {there:?}");
        calls
    };
    let (n_found_here, n_elsewhere) = check(None, None);
    assert!(
        n_found_here > 10 && n_elsewhere == 2,
        "{n_found_here} {n_elsewhere}"
    );
    for call in 1..=n_found_here {
        check(Some(Failure::Before(call)), None);
        check(Some(Failure::After(call)), None);
    }
    for call in 1..=n_elsewhere {
        check(None, Some(Away::Before(call)));
        check(None, Some(Away::After(call)));
    }
}

#[test]
fn rows_that_the_index_is_too_narrow_for_are_refused() {
    let clock = Hand::default();
    let account = Account::new(7, &Fake::new(384, clock.clone()), &clock);
    let refused = block_on(account.wake().index(&article(1, 1, "1", &["A text."])));
    assert!(matches!(refused, Err(ObjectError::Host(_))), "{refused:?}");
    // Found by nothing: it was not taken in.
    assert_eq!(status(&account.wake()).n_articles, 0);
}
