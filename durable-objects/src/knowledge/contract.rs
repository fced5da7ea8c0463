//! What every index of rows does, run against each of them. [`Subject::settle`] is where one that takes rows in later takes them in:
//! a test calls it after what may be found late, and never after what must hold at once.

use edgedesk_domain::analysis::ModelRef;
use edgedesk_domain::ids::AccountId;
use edgedesk_search::index::RowId;
use edgedesk_search::row::Row;
use futures::executor::block_on;
use proptest::prelude::*;
use ulid::Ulid;

use super::PLACES;
use super::chosen::ChosenRows;
use super::vectorize::fake::{Fake, Hand};
use super::vectors::{Asked, VectorIndex};
use crate::testing::TestSql;

/// Dimensions of the tests' rows.
const WIDTH: usize = 3;

/// An index over storage that outlives it.
trait Subject {
    type Index: VectorIndex;

    fn fresh() -> Self;
    /// The index, just awake.
    fn wake(&self) -> Self::Index;
    /// Everything that was stored is taken in.
    fn settle(&self);
}

/// As a deployment has them, with a binding and without.
type Rows = ChosenRows<Fake, TestSql, Hand>;

fn account() -> AccountId {
    AccountId::new(Ulid(7))
}

struct Exact(TestSql);

impl Subject for Exact {
    type Index = Rows;

    fn fresh() -> Self {
        Self(TestSql::new())
    }

    fn wake(&self) -> Self::Index {
        let index = Rows::of(account(), None, self.0.clone(), Hand::default());
        block_on(index.open()).unwrap();
        index
    }

    fn settle(&self) {}
}

struct Elsewhere {
    sql: TestSql,
    fake: Fake,
    clock: Hand,
}

impl Subject for Elsewhere {
    type Index = Rows;

    fn fresh() -> Self {
        let clock = Hand::default();
        Self {
            sql: TestSql::new(),
            fake: Fake::new(WIDTH, clock.clone()),
            clock,
        }
    }

    fn wake(&self) -> Self::Index {
        let (fake, sql) = (self.fake.clone(), self.sql.clone());
        let index = Rows::of(account(), Some(fake), sql, self.clock.clone());
        block_on(index.open()).unwrap();
        index
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

fn row(vector: &[f32]) -> Row {
    Row::of(vector).unwrap()
}

fn put(index: &impl VectorIndex, version: &str, number: u64, rows: &[(u64, [f32; WIDTH])]) {
    let rows: Vec<(RowId, Row)> = rows
        .iter()
        .map(|(place, vector)| (number * PLACES + place, row(vector)))
        .collect();
    block_on(index.put(&model(version), number, &rows)).unwrap();
}

fn remove(index: &impl VectorIndex, numbers: &[u64]) {
    block_on(index.remove(numbers)).unwrap();
}

fn find(index: &impl VectorIndex, version: &str, vector: &[f32]) -> Vec<RowId> {
    find_of(index, version, vector, 10, &|_| true)
}

fn find_of(
    index: &impl VectorIndex,
    version: &str,
    vector: &[f32],
    n: usize,
    is_wanted: &dyn Fn(RowId) -> bool,
) -> Vec<RowId> {
    let model = model(version);
    let asked = Asked { model: &model };
    let hits = block_on(index.search(&asked, &row(vector), n, is_wanted)).unwrap();
    let nearer = |pair: &[_]| matches!(pair, [a, b] if near(a) >= near(b));
    assert!(hits.windows(2).all(nearer), "{hits:?}");
    hits.into_iter().map(|hit| hit.id).collect()
}

fn near(hit: &edgedesk_search::index::Hit) -> f32 {
    hit.similarity
}

fn similarities(
    index: &impl VectorIndex,
    version: &str,
    vector: &[f32],
    ids: &[RowId],
) -> Vec<Option<f32>> {
    let model = model(version);
    block_on(index.similarities(&Asked { model: &model }, &row(vector), ids)).unwrap()
}

fn drop_older(index: &impl VectorIndex, n_articles: u32) {
    block_on(index.drop_older_models(n_articles)).unwrap();
}

const EAST: [f32; WIDTH] = [1.0, 0.0, 0.0];
const NORTH: [f32; WIDTH] = [0.0, 1.0, 0.0];
const NORTH_EAST: [f32; WIDTH] = [1.0, 0.9, 0.0];
const UP: [f32; WIDTH] = [0.0, 0.0, 1.0];

fn nothing_is_found_in_an_empty_index<T: Subject>() {
    let index = T::fresh().wake();
    assert!(find(&index, "1", &EAST).is_empty());
    assert_eq!(similarities(&index, "1", &EAST, &[1, 2]), [None, None]);
    assert!(similarities(&index, "1", &EAST, &[]).is_empty());
    let models = block_on(index.models()).unwrap();
    assert_eq!((models.newest(), models.oldest()), (None, None));
    assert_eq!(models.width_of(&model("1")), None);
    remove(&index, &[1]);
    drop_older(&index, 0);
    assert_eq!(block_on(index.n_arriving()).unwrap(), 0);
}

fn the_nearest_rows_are_found_first<T: Subject>() {
    let subject = T::fresh();
    let index = subject.wake();
    put(&index, "1", 1, &[(0, NORTH), (1, EAST)]);
    put(&index, "1", 2, &[(4, NORTH_EAST), (5, EAST)]);
    subject.settle();
    // Equally near ones by their number.
    assert_eq!(find(&index, "1", &EAST), [1_001, 2_005, 2_004, 1_000]);
    assert_eq!(find(&index, "1", &NORTH)[..2], [1_000, 2_004]);
    assert_eq!(find_of(&index, "1", &EAST, 1, &|_| true), [1_001]);
    assert_eq!(find_of(&index, "1", &EAST, 1, &|id| id > 2_000), [2_005]);
    assert!(find_of(&index, "1", &EAST, 0, &|_| true).is_empty());
    assert!(find_of(&index, "1", &EAST, 9, &|_| false).is_empty());
}

fn an_index_that_wakes_up_finds_what_it_found_before<T: Subject>() {
    let subject = T::fresh();
    put(&subject.wake(), "1", 1, &[(0, NORTH), (1, EAST)]);
    subject.settle();
    let index = subject.wake();
    assert_eq!(find(&index, "1", &EAST), [1_001, 1_000]);
    remove(&index, &[1]);
    assert!(find(&subject.wake(), "1", &EAST).is_empty());
}

fn rows_take_the_place_of_those_before<T: Subject>() {
    let subject = T::fresh();
    let index = subject.wake();
    put(&index, "1", 1, &[(0, EAST), (1, EAST), (2, EAST)]);
    put(&index, "1", 10, &[(0, NORTH)]);
    subject.settle();
    put(&index, "1", 1, &[(1, UP), (3, EAST)]);
    // Places that are left out are gone at once.
    assert!(!find(&index, "1", &EAST).contains(&1_000));
    assert_eq!(similarities(&index, "1", &EAST, &[1_002]), [None]);
    subject.settle();
    assert_eq!(find(&index, "1", &EAST), [1_003, 1_001, 10_000]);
    assert_eq!(find(&index, "1", &UP)[0], 1_001);
    let models = block_on(index.models()).unwrap();
    assert_eq!(models.n_rows_of(&model("1")), 3);
}

fn what_is_removed_is_gone_at_once<T: Subject>() {
    let subject = T::fresh();
    let index = subject.wake();
    for number in [1, 2, 3, 10] {
        put(&index, "1", number, &[(0, EAST), (999, NORTH)]);
    }
    subject.settle();
    remove(&index, &[1, 3]);
    let left = [2_000, 10_000, 2_999, 10_999];
    assert_eq!(find(&index, "1", &EAST), left);
    assert_eq!(similarities(&index, "1", &EAST, &[1_000]), [None]);
    subject.settle();
    assert_eq!(find(&index, "1", &EAST), left);
    // What comes back is there again.
    put(&index, "1", 1, &[(0, EAST)]);
    subject.settle();
    assert_eq!(find(&index, "1", &EAST)[0], 1_000);
}

fn similarities_stand_in_the_order_of_what_was_asked<T: Subject>() {
    let subject = T::fresh();
    let index = subject.wake();
    put(
        &index,
        "1",
        1,
        &[(0, EAST), (1, NORTH), (2, [-1.0, 0.0, 0.0])],
    );
    subject.settle();
    let ids = [1_002, 7, 1_001, 1_000, 1_000, 1_003];
    let expected = [Some(-1.0), None, Some(0.0), Some(1.0), Some(1.0), None];
    for (found, expected) in similarities(&index, "1", &EAST, &ids).iter().zip(expected) {
        match (found, expected) {
            (Some(found), Some(expected)) => assert!((found - expected).abs() < 0.01),
            (found, expected) => assert_eq!(*found, expected),
        }
    }
    // More than an index may give at once.
    let rows: Vec<(u64, [f32; WIDTH])> = (0..150).map(|place| (place, EAST)).collect();
    put(&index, "1", 2, &rows);
    subject.settle();
    let ids: Vec<RowId> = (2_000..2_200).collect();
    let found = similarities(&index, "1", &EAST, &ids);
    assert_eq!(found.iter().filter(|near| near.is_some()).count(), 150);
    assert!(found[150..].iter().all(Option::is_none));
}

fn an_article_without_rows_is_in_nobodys_way<T: Subject>() {
    let subject = T::fresh();
    let index = subject.wake();
    put(&index, "1", 1, &[]);
    put(&index, "1", 2, &[(0, EAST)]);
    put(&index, "1", 3, &[]);
    subject.settle();
    assert_eq!(find(&index, "1", &EAST), [2_000]);
    assert_eq!(find(&subject.wake(), "1", &EAST), [2_000]);
}

fn rows_of_different_models_are_never_compared<T: Subject>() {
    let subject = T::fresh();
    let index = subject.wake();
    put(&index, "1", 1, &[(0, EAST)]);
    put(&index, "2", 1, &[(0, NORTH), (1, EAST)]);
    put(&index, "2", 2, &[(0, UP)]);
    subject.settle();
    assert_eq!(find(&index, "1", &EAST), [1_000]);
    assert_eq!(find(&index, "2", &NORTH), [1_000, 1_001, 2_000]);
    assert!(find(&index, "3", &EAST).is_empty());
    assert_eq!(similarities(&index, "1", &EAST, &[1_001]), [None]);
    let models = block_on(index.models()).unwrap();
    assert_eq!(models.oldest(), Some(&model("1")));
    assert_eq!(models.newest(), Some(&model("2")));
    assert_eq!(models.n_rows_of(&model("2")), 3);
    assert_eq!(models.width_of(&model("2")), Some(WIDTH));
    assert!(models.has_other_than(&model("1")));
    remove(&index, &[1]);
    assert!(find(&index, "1", &EAST).is_empty());
    assert_eq!(find(&index, "2", &NORTH), [2_000]);
    let models = block_on(index.models()).unwrap();
    assert!(!models.has_other_than(&model("2")));
}

fn older_models_go_when_all_articles_have_newer_rows<T: Subject>() {
    let subject = T::fresh();
    let index = subject.wake();
    for number in [1, 2] {
        put(&index, "1", number, &[(0, EAST)]);
    }
    subject.settle();
    drop_older(&index, 2);
    put(&index, "2", 1, &[(0, NORTH)]);
    subject.settle();
    drop_older(&index, 2);
    assert_eq!(find(&index, "1", &EAST), [1_000, 2_000]);
    // An article that a model could make nothing of has its rows, too: none.
    put(&index, "2", 2, &[]);
    subject.settle();
    drop_older(&index, 2);
    assert!(find(&index, "1", &EAST).is_empty());
    assert_eq!(find(&index, "2", &NORTH), [1_000]);
    let models = block_on(index.models()).unwrap();
    assert_eq!(models.oldest(), Some(&model("2")));
    // A model that comes back is the newest.
    put(&index, "1", 1, &[(0, EAST)]);
    let models = block_on(index.models()).unwrap();
    assert_eq!(models.newest(), Some(&model("1")));
    subject.settle();
    assert_eq!(find(&index, "1", &EAST), [1_000]);
}

fn a_question_of_another_width_is_near_nothing<T: Subject>() {
    let subject = T::fresh();
    let index = subject.wake();
    put(&index, "1", 1, &[(0, EAST)]);
    subject.settle();
    assert!(find(&index, "1", &[1.0, 0.0, 0.0, 0.0]).is_empty());
    assert_eq!(similarities(&index, "1", &[1.0, 0.0], &[1_000]), [None]);
}

macro_rules! contract {
    ($($name:ident),* $(,)?) => {
        mod exact_rows {
            $(#[test] fn $name() { super::$name::<super::Exact>(); })*
        }
        mod vectorize {
            $(#[test] fn $name() { super::$name::<super::Elsewhere>(); })*
        }
    };
}

contract!(
    nothing_is_found_in_an_empty_index,
    the_nearest_rows_are_found_first,
    an_index_that_wakes_up_finds_what_it_found_before,
    rows_take_the_place_of_those_before,
    what_is_removed_is_gone_at_once,
    similarities_stand_in_the_order_of_what_was_asked,
    an_article_without_rows_is_in_nobodys_way,
    rows_of_different_models_are_never_compared,
    older_models_go_when_all_articles_have_newer_rows,
    a_question_of_another_width_is_near_nothing,
);

#[derive(Debug, Clone)]
enum Step {
    Put(bool, u64, Vec<[f32; WIDTH]>),
    Remove(u64),
    DropOlder(u32),
}

fn step() -> impl Strategy<Value = Step> {
    let value = || prop_oneof![Just(-1.0_f32), Just(0.3), Just(1.0)];
    let vector = [value(), value(), value()];
    prop_oneof![
        4 => (any::<bool>(), 1_u64..5, prop::collection::vec(vector, 0..4))
            .prop_map(|(newer, number, rows)| Step::Put(newer, number, rows)),
        2 => (1_u64..5).prop_map(Step::Remove),
        1 => (0_u32..4).prop_map(Step::DropOlder),
    ]
}

fn take(index: &impl VectorIndex, step: &Step) {
    match step {
        Step::Put(newer, number, rows) => {
            let rows: Vec<_> = (0..).zip(rows.iter().copied()).collect();
            put(index, if *newer { "2" } else { "1" }, *number, &rows);
        }
        Step::Remove(number) => remove(index, &[*number]),
        Step::DropOlder(n_articles) => drop_older(index, *n_articles),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever is done to them, once all is taken in, both find the same.
    #[test]
    fn both_find_the_same(steps in prop::collection::vec(step(), 1..16)) {
        let (exact, elsewhere) = (Exact::fresh(), Elsewhere::fresh());
        let (one, other) = (exact.wake(), elsewhere.wake());
        for step in &steps {
            take(&one, step);
            take(&other, step);
            elsewhere.settle();
        }
        for version in ["1", "2"] {
            // Equally near rows of quantised and of other numbers may change places.
            let sorted = |mut found: Vec<RowId>| { found.sort_unstable(); found };
            let ids = sorted(find(&one, version, &EAST));
            prop_assert_eq!(&ids, &sorted(find(&other, version, &EAST)));
            let near = similarities(&one, version, &NORTH, &ids);
            for (one, other) in near.iter().zip(similarities(&other, version, &NORTH, &ids)) {
                prop_assert!((one.unwrap() - other.unwrap()).abs() < 0.001);
            }
        }
        let (one, other) = (block_on(one.models()).unwrap(), block_on(other.models()).unwrap());
        prop_assert_eq!((one.newest(), one.oldest()), (other.newest(), other.oldest()));
    }
}
