//! Pages over real SQLite, with a web and a database that fail on command.

use std::cell::{Cell, RefCell};

use edgedesk_domain::account::{Access, Principal, Role};
use edgedesk_domain::analysis::ModelRef;
use edgedesk_domain::article::ArticleState;
use edgedesk_domain::ids::UserId;
use edgedesk_domain::time::Timestamp;
use edgedesk_store::DataKeys;
use edgedesk_store::shards::RECRAWL_MILLIS;
use edgedesk_store::testing::{Failure, Sqlite};
use edgedesk_wire::articles::{ArticleChange, ArticleView, SourcePage};
use edgedesk_wire::inference::EmbedResponse;
use edgedesk_wire::knowledge::{FindPlaces, FoundPlaces, IndexArticle, Indexed};
use futures::executor::block_on;
use ulid::Ulid;

use super::*;
use crate::RetrievalError;

const URL: &str = "https://help.acme.example/returns";
const START: i64 = 1_000;

struct World {
    shards: Shards<Sqlite>,
    /// What the page says, or why it cannot be read; nothing while it answers 304.
    page: RefCell<Option<Result<&'static str, &'static str>>>,
    now: Cell<i64>,
    /// Addresses that were asked for, with the tag that was sent along.
    asked: RefCell<Vec<(String, Option<String>)>>,
    /// Versions that were indexed.
    indexed: RefCell<Vec<u32>>,
}

impl Pages for World {
    async fn read(&self, url: &str, marks: &PageMarks) -> Result<PageAnswer, String> {
        let asked = (url.to_owned(), marks.etag.clone());
        self.asked.borrow_mut().push(asked);
        match *self.page.borrow() {
            None => Ok(PageAnswer::Unchanged),
            Some(Err(problem)) => Err(problem.to_owned()),
            Some(Ok(body)) => Ok(PageAnswer::Read {
                article: page_of(body),
                marks: PageMarks {
                    etag: Some(format!("\"{body}\"")),
                    ..PageMarks::default()
                },
            }),
        }
    }
}

impl Clock for World {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.now.get())
    }
}

impl Embedder for World {
    async fn embed(&self, texts: Vec<String>) -> Result<EmbedResponse, RetrievalError> {
        Ok(EmbedResponse {
            model: ModelRef {
                id: "embedding".into(),
                version: "1".into(),
            },
            rows: texts.iter().map(|_| None).collect(),
        })
    }
}

impl KnowledgeIndex for World {
    async fn index(&self, _: AccountId, request: &IndexArticle) -> Result<Indexed, RetrievalError> {
        let versions = request.content.iter().map(|content| content.version);
        self.indexed.borrow_mut().extend(versions);
        Ok(Indexed { changed: true })
    }

    async fn find(&self, _: AccountId, _: &FindPlaces) -> Result<FoundPlaces, RetrievalError> {
        unreachable!("reading pages searches nothing")
    }
}

fn account() -> AccountId {
    AccountId::new(Ulid(1))
}

fn id() -> ArticleId {
    ArticleId::new(Ulid(7))
}

fn page_of(body: &str) -> ReadArticle {
    ReadArticle {
        title: "Returns".into(),
        body: body.into(),
        language: None,
        category: None,
        state: None,
        fingerprint: format!("hash of {body}"),
    }
}

impl World {
    /// An account with one published article, imported from a page that says `One.`.
    fn new() -> Self {
        let directory = Sqlite::directory();
        let account = account();
        directory
            .run_script(&format!(
                "INSERT INTO accounts VALUES ('{account}', 'A', 'standard', 0, '{{}}', 1)"
            ))
            .unwrap();
        let world = Self {
            shards: Shards::new(directory, vec![Sqlite::shard()], DataKeys::absent()),
            page: RefCell::new(Some(Ok("One."))),
            now: Cell::new(START),
            asked: RefCell::default(),
            indexed: RefCell::default(),
        };
        let imported = ImportedArticle {
            id: id(),
            previous_version: None,
            source: URL.into(),
            fingerprint: "hash of One.".into(),
            title: "Returns".into(),
            body: "One.".into(),
            language: "fi".into(),
            category_id: None,
            state: ArticleState::Published,
        };
        let now = world.now();
        block_on(world.store().import_articles(&[imported], None, now)).unwrap();
        world.now.set(START + RECRAWL_MILLIS);
        world
    }

    fn store(&self) -> AccountStore<'_, Sqlite> {
        self.shards.for_account(account(), 0).unwrap()
    }

    fn crawler(&self) -> Crawler<'_, Sqlite, Self, Self, Self, Self> {
        Crawler {
            shards: &self.shards,
            pages: self,
            clock: self,
            indexer: Indexer {
                shards: &self.shards,
                embedder: self,
                index: self,
            },
        }
    }

    /// The next day's run.
    fn next_day(&self) {
        assert_eq!(block_on(self.crawler().run(account())), Verdict::Done);
        self.now.set(self.now.get() + RECRAWL_MILLIS);
    }

    fn says(&self, body: &'static str) {
        self.page.replace(Some(Ok(body)));
    }

    fn article(&self) -> ArticleView {
        block_on(self.store().find_article(id())).unwrap().unwrap()
    }

    fn page(&self) -> SourcePage {
        self.article().source_page.unwrap()
    }

    /// As a person saves it.
    fn edit(&self, body: &str) {
        let change = ArticleChange {
            version: self.article().summary.version,
            title: "Returns".into(),
            body: body.into(),
            language: "fi".into(),
            category_id: None,
        };
        let by = Principal {
            account_id: account(),
            user_id: UserId::new(Ulid(1)),
            role: Role::Manager,
            name: "Ada".into(),
            access: Access::default(),
        };
        block_on(self.store().change_article(id(), &change, &by, self.now())).unwrap();
    }
}

#[test]
fn a_page_that_says_what_it_said_moves_nothing_but_the_time() {
    let world = World::new();
    assert_eq!(world.page().outcome, SourceOutcome::Changed);
    let before = world.article();
    for answer in [Some(Ok("One.")), None] {
        world.page.replace(answer);
        let at = world.now();
        world.next_day();
        let page = world.page();
        assert_eq!(
            (page.outcome, page.crawled_at),
            (SourceOutcome::Unchanged, at)
        );
        assert_eq!(world.article().summary, before.summary);
    }
    assert!(world.indexed.borrow().is_empty());
    // What tells its answers apart goes along from the second time on.
    let tags: Vec<_> = world
        .asked
        .borrow()
        .iter()
        .map(|(_, tag)| tag.clone())
        .collect();
    assert_eq!(tags, [None, Some("\"One.\"".to_owned())]);
}

#[test]
fn a_page_that_changed_is_published_and_indexed() {
    let world = World::new();
    world.says("Two, with 4242 4242 4242 4242.");
    world.next_day();
    let article = world.article();
    assert_eq!(article.body, "Two, with [card 4242].");
    assert_eq!(
        (article.summary.version, article.summary.published_version),
        (2, Some(2))
    );
    // The page does not say its language: it stays.
    assert_eq!(article.summary.language, "fi");
    assert_eq!(*world.indexed.borrow(), [2]);
    assert_eq!(world.page().outcome, SourceOutcome::Changed);
    world.next_day();
    assert_eq!(world.page().outcome, SourceOutcome::Unchanged);
    assert_eq!(world.article().summary.version, 2);
    assert_eq!(*world.indexed.borrow(), [2]);
}

#[test]
fn a_draft_stays_a_draft() {
    let world = World::new();
    block_on(
        world
            .store()
            .set_article_state(id(), ArticleState::Draft, world.now()),
    )
    .unwrap();
    world.says("Two.");
    world.next_day();
    let article = world.article();
    assert_eq!(
        (article.summary.version, article.summary.published_version),
        (2, None)
    );
    assert!(world.indexed.borrow().is_empty());
}

#[test]
fn what_a_person_wrote_stays_and_the_change_is_told_until_it_is_saved_again() {
    let world = World::new();
    world.edit("Mine.");
    world.next_day();
    assert_eq!(world.page().outcome, SourceOutcome::Unchanged);
    world.says("Two.");
    for _ in 0..2 {
        world.next_day();
        assert_eq!(world.article().body, "Mine.");
        assert_eq!(world.page().outcome, SourceOutcome::SourceChanged);
    }
    world.edit("Mine, with what is new.");
    world.next_day();
    assert_eq!(world.page().outcome, SourceOutcome::Unchanged);
    world.says("Three.");
    world.next_day();
    assert_eq!(world.page().outcome, SourceOutcome::SourceChanged);
    // Unless a person wants the page's text.
    let overwritten = block_on(world.crawler().read_now(account(), id(), true)).unwrap();
    assert_eq!(overwritten, Some(SourceOutcome::Changed));
    assert_eq!(world.article().body, "Three.");
    // It was read a moment ago.
    world.now.set(world.now.get() + RECRAWL_MILLIS);
    world.says("Four.");
    world.next_day();
    assert_eq!(world.article().body, "Four.");
}

#[test]
fn failures_are_counted_and_told_and_a_page_that_is_back_is_read() {
    let world = World::new();
    world.page.replace(Some(Err("it answered 500")));
    for n in 1..=3 {
        world.next_day();
        let page = world.page();
        assert_eq!((page.outcome, page.n_failures), (SourceOutcome::Failed, n));
        assert_eq!(page.problem.as_deref(), Some("it answered 500"));
    }
    assert_eq!(world.article().body, "One.");
    let long: &'static str = Box::leak("x".repeat(MAX_ARTICLE_BYTES + 1).into_boxed_str());
    world.says(long);
    world.next_day();
    assert_eq!(world.page().n_failures, 4);
    world.says("Two.");
    world.next_day();
    let page = world.page();
    assert_eq!(
        (page.outcome, page.n_failures, page.problem),
        (SourceOutcome::Changed, 0, None)
    );
}

#[test]
fn only_what_is_due_and_there_is_read() {
    let world = World::new();
    let due = || block_on(world.shards.accounts_with_due_sources(0, world.now())).unwrap();
    assert_eq!(due(), [account()]);
    world.next_day();
    world.now.set(world.now.get() - 1);
    assert!(due().is_empty());
    assert_eq!(block_on(world.crawler().run(account())), Verdict::Done);
    assert_eq!(world.asked.borrow().len(), 1);
    world.now.set(world.now.get() + 1);
    block_on(world.store().delete_article(id(), world.now())).unwrap();
    assert!(due().is_empty());
    assert_eq!(
        block_on(world.crawler().read_now(account(), id(), false)).unwrap(),
        None
    );
    let nobody = AccountId::new(Ulid(9));
    assert_eq!(
        block_on(world.crawler().read_now(nobody, id(), false)).unwrap(),
        None
    );
    assert!(matches!(
        block_on(world.crawler().run(nobody)),
        Verdict::Dropped(_)
    ));
    assert_eq!(world.asked.borrow().len(), 1);
}

/// Whatever call of the database fails, before or after it wrote: the next run ends with the page's text, in one version.
#[test]
fn a_database_that_fails_anywhere_makes_no_second_version() {
    for failure in [Failure::Down, Failure::AnswerLost] {
        let mut n_failed = 0;
        for failing in 1.. {
            let world = World::new();
            world.says("Two.");
            let shard = world.shards.shard(0).unwrap();
            shard.fail_when(move |call| (call == failing).then_some(failure));
            let verdict = block_on(world.crawler().run(account()));
            let n_calls = shard.n_calls();
            shard.recover();
            if n_calls < failing {
                break;
            }
            n_failed += u32::from(verdict != Verdict::Done);
            assert_eq!(block_on(world.crawler().run(account())), Verdict::Done);
            let article = world.article();
            let found = (article.summary.version, article.body.as_str());
            assert_eq!(found, (2, "Two."), "{failure:?} at {failing}");
        }
        assert!(n_failed >= 3, "{n_failed}");
    }
}
