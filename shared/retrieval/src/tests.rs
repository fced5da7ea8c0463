//! The indexer over real SQLite, with a model and an index that fail on command.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use edgedesk_domain::account::{Access, Principal, Role};
use edgedesk_domain::analysis::ModelRef;
use edgedesk_domain::article::ArticleState;
use edgedesk_domain::ids::{AccountId, ArticleId, UserId};
use edgedesk_domain::time::Timestamp;
use edgedesk_store::testing::Sqlite;
use edgedesk_store::{AccountStore, DataKeys, Shards};
use edgedesk_wire::articles::{ArticleChange, NewArticle};
use edgedesk_wire::inference::EmbedResponse;
use edgedesk_wire::knowledge::{FindPlaces, FoundPlaces, IndexArticle, Indexed, KnowledgeMessage};
use futures::executor::block_on;
use ulid::Ulid;

use super::indexer::{Indexer, Verdict};
use super::search::{Search, search};
use super::{Embedder, KnowledgeIndex, RetrievalError};

const SHARD: u32 = 0;

#[derive(Default)]
struct Model {
    is_down: Cell<bool>,
    version: Cell<u32>,
    /// Counts up in the middle of an article.
    changes: Cell<bool>,
    texts: RefCell<Vec<String>>,
}

impl Embedder for Model {
    async fn embed(&self, texts: Vec<String>) -> Result<EmbedResponse, RetrievalError> {
        if self.is_down.get() {
            return Err(RetrievalError::Unavailable("the model is down".into()));
        }
        let version = self.version.get();
        if self.changes.get() {
            self.version.set(version + 1);
        }
        let rows = texts.iter().map(|text| Some(format!("row of {text}")));
        let rows = rows.collect();
        self.texts.borrow_mut().extend(texts);
        Ok(EmbedResponse {
            model: ModelRef {
                id: "embedding".into(),
                version: version.to_string(),
            },
            rows,
        })
    }
}

#[derive(Default)]
struct Index {
    /// Articles that it does not take.
    refused: RefCell<Vec<ArticleId>>,
    taken: RefCell<BTreeMap<ArticleId, IndexArticle>>,
    asked: RefCell<Option<FindPlaces>>,
}

impl KnowledgeIndex for Index {
    async fn index(&self, _: AccountId, request: &IndexArticle) -> Result<Indexed, RetrievalError> {
        if self.refused.borrow().contains(&request.article_id) {
            return Err(RetrievalError::Unavailable("the index is down".into()));
        }
        let mut taken = self.taken.borrow_mut();
        taken.insert(request.article_id, request.clone());
        Ok(Indexed { changed: true })
    }

    async fn find(
        &self,
        account_id: AccountId,
        request: &FindPlaces,
    ) -> Result<FoundPlaces, RetrievalError> {
        self.asked.replace(Some(request.clone()));
        Ok(FoundPlaces {
            account_id,
            places: Vec::new(),
            words_only: request.question.is_none(),
            is_model_old: false,
        })
    }
}

fn account() -> AccountId {
    AccountId::new(Ulid(1))
}

fn article(number: u128) -> ArticleId {
    ArticleId::new(Ulid(number))
}

fn world() -> Shards<Sqlite> {
    let directory = Sqlite::directory();
    let account = account();
    directory
        .run_script(&format!(
            "INSERT INTO accounts VALUES ('{account}', 'A', 'standard', {SHARD}, '{{}}', 1)"
        ))
        .unwrap();
    Shards::new(directory, vec![Sqlite::shard()], DataKeys::absent())
}

fn store(shards: &Shards<Sqlite>) -> AccountStore<'_, Sqlite> {
    shards.for_account(account(), SHARD).unwrap()
}

fn ada() -> Principal {
    Principal {
        account_id: account(),
        user_id: UserId::new(Ulid(1)),
        role: Role::Manager,
        name: "Ada".into(),
        access: Access::default(),
    }
}

fn add(shards: &Shards<Sqlite>, number: u128, title: &str, body: &str) {
    let new = NewArticle {
        title: title.into(),
        body: body.into(),
        language: None,
        category_id: None,
        translation_of: None,
        state: Some(ArticleState::Published),
    };
    let now = Timestamp::from_millis(1);
    block_on(store(shards).add_article(article(number), &new, "en", &ada(), now)).unwrap();
}

fn changed(numbers: &[u128]) -> KnowledgeMessage {
    KnowledgeMessage::ArticlesChanged {
        account_id: account(),
        article_ids: numbers.iter().map(|number| article(*number)).collect(),
    }
}

fn run(
    shards: &Shards<Sqlite>,
    model: &Model,
    index: &Index,
    message: &KnowledgeMessage,
) -> Verdict {
    let indexer = Indexer {
        shards,
        embedder: model,
        index,
    };
    match message {
        KnowledgeMessage::ArticlesChanged {
            account_id,
            article_ids,
        } => block_on(indexer.run(*account_id, Some(article_ids))),
        KnowledgeMessage::LookForPending { account_id } => block_on(indexer.run(*account_id, None)),
        other => panic!("{other:?} is nothing to index"),
    }
}

fn is_indexed(shards: &Shards<Sqlite>, number: u128) -> bool {
    let found = block_on(store(shards).find_article(article(number))).unwrap();
    found.is_some_and(|found| found.summary.is_indexed)
}

const RETURNS: &str = "# How\n\nSend it back.\n\n## Costs\n\nNone.";

#[test]
fn an_article_is_indexed_in_parts_below_their_headings() {
    let (shards, model, index) = (world(), Model::default(), Index::default());
    add(&shards, 1, "Returns", RETURNS);
    assert_eq!(run(&shards, &model, &index, &changed(&[1])), Verdict::Done);
    assert!(is_indexed(&shards, 1));
    assert_eq!(
        *model.texts.borrow(),
        [
            "Returns",
            "Returns\nHow\nSend it back.",
            "Returns\nHow\nCosts\nNone."
        ]
    );
    let taken = index.taken.borrow();
    let content = taken[&article(1)].content.as_ref().unwrap();
    assert_eq!(content.title_row.as_deref(), Some("row of Returns"));
    let part = &content.parts[1];
    assert_eq!(part.headings, ["How", "Costs"]);
    assert_eq!(RETURNS[part.start..part.end].trim(), "None.");
    assert!(part.row.as_ref().unwrap().ends_with("None."));
}

#[test]
fn what_is_taken_back_or_deleted_is_forgotten() {
    let (shards, model, index) = (world(), Model::default(), Index::default());
    add(&shards, 1, "Returns", RETURNS);
    run(&shards, &model, &index, &changed(&[1]));
    let now = Timestamp::from_millis(2);
    block_on(store(&shards).delete_article(article(1), now)).unwrap();
    assert!(!is_indexed(&shards, 1));
    assert_eq!(run(&shards, &model, &index, &changed(&[1])), Verdict::Done);
    assert!(is_indexed(&shards, 1));
    assert_eq!(index.taken.borrow()[&article(1)].content, None);
    // One that was never there is nothing to do.
    assert_eq!(run(&shards, &model, &index, &changed(&[9])), Verdict::Done);
}

#[test]
fn one_that_fails_is_tried_again_and_keeps_no_other_back() {
    let (shards, model, index) = (world(), Model::default(), Index::default());
    for number in 1..=3 {
        add(&shards, number, "Title", "Text.");
    }
    index.refused.borrow_mut().push(article(2));
    let verdict = run(&shards, &model, &index, &changed(&[1, 2, 3]));
    assert!(matches!(&verdict, Verdict::Retry(cause) if cause.contains("the index is down")));
    assert!(is_indexed(&shards, 1) && !is_indexed(&shards, 2) && is_indexed(&shards, 3));
    index.refused.take();
    let message = KnowledgeMessage::LookForPending {
        account_id: account(),
    };
    model.is_down.set(true);
    assert!(matches!(
        run(&shards, &model, &index, &message),
        Verdict::Retry(_)
    ));
    model.is_down.set(false);
    assert_eq!(run(&shards, &model, &index, &message), Verdict::Done);
    assert!(is_indexed(&shards, 2));
}

#[test]
fn a_text_that_changed_meanwhile_stays_pending() {
    let (shards, model, index) = (world(), Model::default(), Index::default());
    add(&shards, 1, "Returns", RETURNS);
    let change = ArticleChange {
        version: 1,
        title: "Sending back".into(),
        body: "Anew.".into(),
        language: "en".into(),
        category_id: None,
    };
    let now = Timestamp::from_millis(2);
    block_on(store(&shards).change_article(article(1), &change, &ada(), now)).unwrap();
    run(&shards, &model, &index, &changed(&[1]));
    let title = |index: &Index| {
        let taken = index.taken.borrow();
        taken[&article(1)]
            .content
            .as_ref()
            .map(|content| content.title.clone())
    };
    assert_eq!(
        title(&index).as_deref(),
        Some("Returns"),
        "not published yet"
    );
    let store = store(&shards);
    block_on(store.set_article_state(article(1), ArticleState::Published, now)).unwrap();
    assert!(!is_indexed(&shards, 1));
    run(&shards, &model, &index, &changed(&[1]));
    assert_eq!(title(&index).as_deref(), Some("Sending back"));
    assert!(is_indexed(&shards, 1));
}

#[test]
fn rows_of_two_models_are_never_one_article() {
    let (shards, model, index) = (world(), Model::default(), Index::default());
    // More than one request for embeddings.
    let body: Vec<String> = (0..40).map(|n| format!("# H{n}\n\nText {n}.")).collect();
    add(&shards, 1, "Long", &body.join("\n\n"));
    model.changes.set(true);
    assert!(matches!(
        run(&shards, &model, &index, &changed(&[1])),
        Verdict::Retry(_)
    ));
    assert!(index.taken.borrow().is_empty());
    model.changes.set(false);
    assert_eq!(run(&shards, &model, &index, &changed(&[1])), Verdict::Done);
}

#[test]
fn an_account_that_is_not_there_is_dropped() {
    let (shards, model, index) = (world(), Model::default(), Index::default());
    let message = KnowledgeMessage::LookForPending {
        account_id: AccountId::new(Ulid(9)),
    };
    assert!(matches!(
        run(&shards, &model, &index, &message),
        Verdict::Dropped(_)
    ));
}

#[test]
fn a_search_goes_on_by_words_when_the_model_is_down() {
    let (model, index) = (Model::default(), Index::default());
    let ask = |query: &str| {
        let what = Search {
            query: query.into(),
            limit: 3,
            ..Search::default()
        };
        block_on(search(&model, &index, account(), what)).unwrap()
    };
    assert!(!ask("Where is it?").words_only);
    let asked = index.asked.take().unwrap();
    assert_eq!(asked.question.unwrap().row, "row of Where is it?");
    assert!(ask("  \n").words_only);
    model.is_down.set(true);
    assert!(ask("Where is it?").words_only);
    // The longest query is read from its beginning.
    model.is_down.set(false);
    ask(&"ü".repeat(10_000));
    assert!(
        model
            .texts
            .borrow()
            .iter()
            .all(|text| text.len() <= 16 * 1024)
    );
}
