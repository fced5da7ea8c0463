//! Looks for gaps over real SQLite, with a model and an index that fail on command.

use std::cell::{Cell, RefCell};
use std::sync::Mutex;

use edgedesk_domain::analysis::ModelRef;
use edgedesk_domain::article::ArticleState;
use edgedesk_domain::ids::{AccountId, ArticleId, CategoryId, IdSource};
use edgedesk_domain::time::{Clock, Timestamp};
use edgedesk_retrieval::indexer::Verdict;
use edgedesk_retrieval::{Embedder, KnowledgeIndex, RetrievalError};
use edgedesk_search::row::Row;
use edgedesk_store::testing::{Failure, Sqlite};
use edgedesk_store::{AccountStore, DataKeys, Shards};
use edgedesk_wire::articles::ArticleHit;
use edgedesk_wire::gaps::{GapReport, GapRun};
use edgedesk_wire::inference::EmbedResponse;
use edgedesk_wire::knowledge::{FindPlaces, FoundPlaces, IndexArticle, Indexed};
use futures::executor::block_on;
use serde_json::json;
use ulid::Ulid;

use super::finder::{EVERY_MILLIS, Finder, WINDOW_MILLIS};
use super::same::encode;

const NOW: i64 = 100 * EVERY_MILLIS;

/// What a question is about says its text: a word for each direction.
const TOPICS: [&str; 3] = ["parcel", "password", "invoice"];

#[derive(Default)]
struct Model {
    is_down: Cell<bool>,
    /// Counts up with each batch.
    changes: Cell<bool>,
    version: Cell<u32>,
}

impl Embedder for Model {
    async fn embed(&self, texts: Vec<String>) -> Result<EmbedResponse, RetrievalError> {
        if self.is_down.get() {
            return Err(RetrievalError::Unavailable("the model is down".into()));
        }
        if self.changes.get() {
            self.version.set(self.version.get() + 1);
        }
        let rows = texts.iter().enumerate().map(|(n, text)| {
            let mut vector = [0.0_f32; 16];
            let topic = TOPICS.iter().position(|topic| text.contains(topic))?;
            vector[topic] = 1.0;
            // Each a little off in a way of its own.
            vector[4 + n % 12] = 0.3;
            Some(encode(&Row::of(&vector).unwrap()))
        });
        let rows = rows.collect();
        Ok(EmbedResponse {
            model: ModelRef {
                id: "embedding".into(),
                version: self.version.get().to_string(),
            },
            rows,
        })
    }
}

#[derive(Default)]
struct Index {
    is_down: Cell<bool>,
    words_only: Cell<bool>,
    /// A word of questions that an article is near to.
    answers: Cell<Option<&'static str>>,
    n_asked: Cell<u32>,
}

impl KnowledgeIndex for Index {
    async fn index(&self, _: AccountId, _: &IndexArticle) -> Result<Indexed, RetrievalError> {
        unreachable!("a look for gaps indexes nothing")
    }

    async fn find(
        &self,
        account_id: AccountId,
        request: &FindPlaces,
    ) -> Result<FoundPlaces, RetrievalError> {
        if self.is_down.get() {
            return Err(RetrievalError::Unavailable("the index is down".into()));
        }
        self.n_asked.set(self.n_asked.get() + 1);
        let is_near = self
            .answers
            .get()
            .is_some_and(|word| request.query.contains(word));
        let place = |similarity| ArticleHit {
            article_id: ArticleId::new(Ulid(1)),
            title: String::new(),
            language: "en".into(),
            category_id: None,
            version: 1,
            headings: Vec::new(),
            text: String::new(),
            start: 0,
            end: 0,
            score: 1.0,
            similarity,
        };
        Ok(FoundPlaces {
            account_id,
            // The best by words is not the nearest.
            places: vec![place(0.1), place(if is_near { 0.7 } else { 0.2 })],
            words_only: self.words_only.get(),
            is_model_old: false,
        })
    }
}

/// Ids in their order, and a clock that is set.
struct Host {
    next: RefCell<u128>,
    now: Cell<i64>,
}

impl IdSource for Host {
    fn next_ulid(&self) -> Ulid {
        *self.next.borrow_mut() += 1;
        Ulid(*self.next.borrow())
    }
}

impl Clock for Host {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.now.get())
    }
}

struct World {
    shards: Shards<Sqlite>,
    model: Model,
    index: Index,
    host: Host,
    n_conversations: Mutex<u128>,
}

fn account(number: u128) -> AccountId {
    AccountId::new(Ulid(number))
}

impl World {
    fn new() -> Self {
        let directory = Sqlite::directory();
        for id in [account(1), account(2)] {
            directory
                .run_script(&format!(
                    "INSERT INTO accounts VALUES ('{id}', 'A', 'standard', 0, '{{}}', 1)"
                ))
                .unwrap();
        }
        Self {
            shards: Shards::new(directory, vec![Sqlite::shard()], DataKeys::absent()),
            model: Model::default(),
            index: Index::default(),
            host: Host {
                next: RefCell::new(1_000),
                now: Cell::new(NOW),
            },
            n_conversations: Mutex::new(0),
        }
    }

    fn store(&self, number: u128) -> AccountStore<'_, Sqlite> {
        self.shards.for_account(account(number), 0).unwrap()
    }

    fn shard(&self) -> &Sqlite {
        self.shards.shard(0).unwrap()
    }

    fn run(&self) -> Verdict {
        let finder = Finder {
            shards: &self.shards,
            embedder: &self.model,
            index: &self.index,
            host: &self.host,
        };
        block_on(finder.run(account(1)))
    }

    /// A conversation that began `age` ago with a question, and ended with an answer if there is one. Its id.
    fn ask(&self, of: u128, question: &str, answer: Option<&str>, age: i64) -> String {
        let number = {
            let mut n = self.n_conversations.lock().unwrap();
            *n += 1;
            *n
        };
        let account = account(of);
        let id = format!("cnv_{}", Ulid(number));
        let at = NOW - age;
        let status = if answer.is_some() {
            "resolved"
        } else {
            "active"
        };
        let mut sql = format!(
            "INSERT INTO customers VALUES ('{account}', 'cus_{number}', 'Ada Byron', '1', 'ada{number}@acme.example', '1', 1);
             INSERT INTO conversations VALUES ('{account}', '{id}', 9, 'inb', NULL, 'cus_{number}', '{status}', NULL, 0, NULL, {at}, {at}, '{{}}', NULL);
             INSERT INTO analyses VALUES ('{account}', '{id}', 2, 3, 'm', 'neutral', 0, 0, 'm', '1', 1, '{{}}', NULL, 'billing', NULL, 'de', NULL, 0);"
        );
        let customer = json!({"kind": "customer", "id": format!("cus_{}", Ulid(number))});
        let agent = json!({"kind": "agent", "id": format!("usr_{}", Ulid(1)), "name": "Tom"});
        let mut messages = vec![
            (2, "incoming", customer.clone(), question),
            // What follows is no question of its own.
            (4, "incoming", customer, "password password"),
            (
                5,
                "note",
                agent.clone(),
                "Secret note about the parcel of this customer.",
            ),
            (
                6,
                "outgoing",
                json!({"kind": "system"}),
                "Your message has arrived at our desk.",
            ),
        ];
        messages.extend(answer.map(|answer| (7, "outgoing", agent, answer)));
        for (seq, direction, author, text) in messages {
            let data = json!({
                "message_id": format!("msg_{}", Ulid(number * 100 + seq)),
                "direction": direction, "author": author, "text": text,
            });
            let data = data.to_string().replace('\'', "''");
            let row = format!(
                "INSERT INTO messages VALUES ('{account}', '{id}', {seq}, 'm{number}_{seq}', '{direction}', {at}, '{data}', 0);"
            );
            sql.push_str(&row);
        }
        self.shard().run_script(&sql).unwrap();
        id
    }

    /// `n` conversations about a topic.
    fn ask_about(&self, topic: &str, n: u32) {
        for number in 0..n {
            let question = format!("Where is my {topic} now, number {number}?");
            let answer = match topic {
                "parcel" => "Open the order page and choose \"Track it\" there. Bye!",
                _ => "We have sent a letter with a link to you.",
            };
            self.ask(1, &question, Some(answer), 1_000);
        }
    }

    fn publish_an_article(&self) {
        self.shard()
            .run_script(&format!(
                "INSERT INTO articles VALUES ('{}', 'art_{}', 1, 'A', 'en', NULL, NULL, 'published', 1, 1, 1, 1, NULL, NULL, 1, 1, NULL)",
                account(1),
                Ulid(1)
            ))
            .unwrap();
    }

    fn drafts(&self) -> Vec<String> {
        let rows = self.shard().dump("articles");
        rows.into_iter()
            .filter(|row| row.contains("'draft'") || row.contains("\"draft\""))
            .collect()
    }

    fn gap_run(&self) -> GapRun {
        block_on(self.store(1).find_gap_run(self.host.now())).unwrap()
    }

    fn report(&self) -> GapReport {
        self.gap_run().report.unwrap()
    }

    fn listed(&self, dismissed: bool) -> Vec<edgedesk_store::shards::ListedGap> {
        let run = self.gap_run();
        let since = run.ended_at.unwrap_or(Timestamp::from_millis(0));
        block_on(self.store(1).list_gaps(since, dismissed, 50)).unwrap()
    }
}

#[test]
fn five_questions_make_one_draft_and_four_none() {
    let world = World::new();
    world.ask_about("parcel", 5);
    world.ask_about("password", 4);
    assert_eq!(world.run(), Verdict::Done);
    let expected = GapReport {
        n_questions: 9,
        n_unanswered: 9,
        n_gaps: 1,
        n_new: 1,
    };
    assert_eq!(world.report(), expected);
    let gaps = world.listed(false);
    assert_eq!(gaps.len(), 1);
    assert_eq!(gaps[0].questions.len(), 5);
    let draft = gaps[0].article.as_ref().unwrap();
    assert_eq!(draft.state, ArticleState::Draft);
    let article = block_on(world.store(1).find_article(draft.id))
        .unwrap()
        .unwrap();
    assert_eq!(article.summary.published_version, None);
    assert_eq!(article.summary.language, "de");
    assert!(
        article.body.starts_with("Open the order page"),
        "{}",
        article.body
    );
    assert_eq!(article.body.matches("- Where is my parcel").count(), 5);
    // Notes, what the system wrote and what is asked later are no part of it.
    for word in ["Secret", "arrived", "password"] {
        assert!(!article.body.contains(word), "{}", article.body);
    }
    let from = article.drafted_from.unwrap();
    assert_eq!((from.gap_id, from.conversation_ids.len()), (gaps[0].id, 5));
    // Three of its questions, that in the middle first.
    let examples = block_on(world.store(1).list_gap_examples(&gaps)).unwrap();
    let places: Vec<_> = gaps[0].questions.iter().take(3).copied().collect();
    assert_eq!(examples.len(), 3);
    assert!(places.iter().all(|place| examples.contains_key(place)));
    let medoid = &examples[&places[0]];
    assert_eq!(super::texts::question(medoid), draft.title);
}

#[test]
fn the_next_night_makes_no_second_draft_also_of_other_questions() {
    let world = World::new();
    world.ask_about("parcel", 6);
    assert_eq!(world.run(), Verdict::Done);
    assert_eq!(world.run(), Verdict::Done);
    assert_eq!((world.report().n_gaps, world.report().n_new), (1, 0));
    assert_eq!(world.drafts().len(), 1);
    // A month later all of them are too old, and others ask the same.
    world.host.now.set(NOW + WINDOW_MILLIS + 2_000);
    for number in 0..5 {
        world.ask(1, &format!("my parcel {number}"), None, -WINDOW_MILLIS);
    }
    assert_eq!(world.run(), Verdict::Done);
    assert_eq!(world.report().n_questions, 5);
    assert_eq!(world.drafts().len(), 1);
    let gaps = world.listed(false);
    assert_eq!(gaps.len(), 1);
    assert_eq!(gaps[0].questions.len(), 5);
    assert_eq!(gaps[0].found_at.millis(), NOW);
    // Nor when the draft is deleted: a person did not want it.
    let draft = gaps[0].article.as_ref().unwrap().id;
    block_on(world.store(1).delete_article(draft, world.host.now())).unwrap();
    assert_eq!(world.run(), Verdict::Done);
    assert_eq!(world.listed(false)[0].article, None);
    assert_eq!(world.drafts().len(), 1);
}

#[test]
fn what_an_article_answers_is_no_gap_and_one_that_is_answered_by_now_is_not_listed() {
    let world = World::new();
    world.ask_about("parcel", 5);
    world.ask_about("invoice", 5);
    assert_eq!(world.run(), Verdict::Done);
    // Without a published article nothing is searched.
    assert_eq!(world.index.n_asked.get(), 0);
    assert_eq!(world.listed(false).len(), 2);
    world.publish_an_article();
    world.index.answers.set(Some("parcel"));
    world.host.now.set(NOW + 1);
    assert_eq!(world.run(), Verdict::Done);
    assert_eq!(world.report().n_unanswered, 5);
    let gaps = world.listed(false);
    assert_eq!(gaps.len(), 1);
    assert!(gaps[0].article.as_ref().unwrap().title.contains("invoice"));
}

#[test]
fn a_dismissed_group_does_not_come_back_until_it_is_brought_back() {
    let world = World::new();
    world.ask_about("parcel", 5);
    assert_eq!(world.run(), Verdict::Done);
    let id = world.listed(false)[0].id;
    assert!(block_on(world.store(1).dismiss_gap(id, Some(world.host.now()))).unwrap());
    // Another account dismisses nothing of it.
    assert!(!block_on(world.store(2).dismiss_gap(id, None)).unwrap());
    world.ask_about("parcel", 5);
    assert_eq!(world.run(), Verdict::Done);
    assert!(world.listed(false).is_empty());
    assert_eq!(world.listed(true)[0].questions.len(), 10);
    assert_eq!(world.drafts().len(), 1);
    assert!(block_on(world.store(1).dismiss_gap(id, None)).unwrap());
    assert_eq!(world.listed(false)[0].id, id);
}

#[test]
fn only_questions_of_the_last_thirty_days_of_this_account_that_somebody_is_shown_count() {
    let world = World::new();
    for number in 0..4 {
        world.ask(1, &format!("my parcel {number}"), None, 1_000);
    }
    world.ask(1, "my parcel is old", None, WINDOW_MILLIS + 1);
    world.ask(2, "my parcel is another's", None, 1_000);
    world.ask(1, "🙂 (no text)", None, 1_000);
    let hidden = world.ask(1, "my parcel is erased", None, 1_000);
    world
        .shard()
        .run_script(&format!(
            "UPDATE conversations SET status = 'hidden' WHERE id = '{hidden}'"
        ))
        .unwrap();
    assert_eq!(world.run(), Verdict::Done);
    assert_eq!((world.report().n_questions, world.report().n_gaps), (4, 0));
    assert_eq!(
        block_on(world.store(2).find_gap_run(world.host.now())).unwrap(),
        GapRun::default()
    );
}

#[test]
fn a_draft_and_a_row_hold_nothing_that_tells_who_asked() {
    let world = World::new();
    for number in 0..5 {
        let question =
            format!("Ada Byron here (ada@x.example, +49 30 1234567{number}): where is my parcel?");
        let answer = "Hi Ada, this is Tom: call +49 30 7654321 about your parcel please. Look at the order page for the parcel.";
        world.ask(1, &question, Some(answer), 1_000);
    }
    assert_eq!(world.run(), Verdict::Done);
    let draft = world.listed(false)[0].article.as_ref().unwrap().id;
    let article = block_on(world.store(1).find_article(draft))
        .unwrap()
        .unwrap();
    let text = format!("{}\n{}", article.summary.title, article.body);
    assert!(text.contains("where is my parcel"), "{text}");
    assert!(text.contains("Look at the order page"), "{text}");
    for personal in ["Ada", "Byron", "example", "1234567", "Tom", "7654321"] {
        assert!(!text.contains(personal), "{personal} in {text}");
    }
    for row in world.shard().dump("article_gaps") {
        assert!(!row.contains("parcel"), "{row}");
    }
}

#[test]
fn a_draft_stands_under_the_category_that_most_of_its_questions_have() {
    let world = World::new();
    let category = CategoryId::new(Ulid(7));
    block_on(
        world
            .store(1)
            .add_category(category, "Billing", world.host.now()),
    )
    .unwrap();
    world.ask_about("parcel", 5);
    assert_eq!(world.run(), Verdict::Done);
    let draft = world.listed(false)[0].article.as_ref().unwrap().id;
    let article = block_on(world.store(1).find_article(draft))
        .unwrap()
        .unwrap();
    assert_eq!(article.summary.category_id, Some(category));
}

#[test]
fn nothing_is_made_while_a_part_does_not_answer_and_people_hear_why() {
    type Break = fn(&World, bool);
    let world = World::new();
    world.ask_about("parcel", 40);
    world.publish_an_article();
    block_on(world.store(1).ask_for_gaps(world.host.now())).unwrap();
    let breaks: [(Break, &str); 4] = [
        (|world, on| world.model.is_down.set(on), "did not answer"),
        (|world, on| world.index.is_down.set(on), "did not answer"),
        (|world, on| world.index.words_only.set(on), "only words"),
        (|world, on| world.model.changes.set(on), "exchanged"),
    ];
    for (set, why) in breaks {
        set(&world, true);
        assert!(matches!(world.run(), Verdict::Retry(_)), "{why}");
        let run = world.gap_run();
        assert!(
            run.problem
                .as_deref()
                .is_some_and(|problem| problem.contains(why)),
            "{run:?}"
        );
        assert!(run.is_running && run.ended_at.is_none());
        set(&world, false);
    }
    assert!(world.drafts().is_empty());
    assert_eq!(world.run(), Verdict::Done);
    assert_eq!(world.gap_run().problem, None);
    assert_eq!(world.drafts().len(), 1);
}

/// Whatever call of the database fails, before or after it wrote: the next attempt ends with one draft.
#[test]
fn a_database_that_fails_anywhere_leaves_one_draft_in_the_end() {
    for failure in [Failure::Down, Failure::AnswerLost] {
        let mut n_failed = 0;
        for failing in 1.. {
            let world = World::new();
            world.ask_about("parcel", 5);
            world.publish_an_article();
            world
                .shard()
                .fail_when(move |call| (call == failing).then_some(failure));
            let verdict = world.run();
            world.shard().recover();
            if verdict == Verdict::Done {
                break;
            }
            n_failed += 1;
            assert_eq!(world.run(), Verdict::Done);
            assert_eq!(world.drafts().len(), 1, "{failure:?} at {failing}");
            assert_eq!(world.listed(false).len(), 1);
        }
        assert!(n_failed >= 5, "{n_failed}");
    }
}

#[test]
fn an_account_that_is_not_there_is_dropped() {
    let world = World::new();
    let finder = Finder {
        shards: &world.shards,
        embedder: &world.model,
        index: &world.index,
        host: &world.host,
    };
    assert!(matches!(
        block_on(finder.run(account(9))),
        Verdict::Dropped(_)
    ));
}

#[test]
fn each_account_with_questions_is_due_once_a_day() {
    let world = World::new();
    let due = || {
        let now = world.host.now();
        let since = now.plus_millis(-WINDOW_MILLIS);
        let before = now.plus_millis(-EVERY_MILLIS);
        block_on(world.shards.accounts_to_look_for_gaps(0, since, before)).unwrap()
    };
    assert!(due().is_empty());
    world.ask(1, "my parcel", None, 1_000);
    world.ask(2, "my parcel", None, 1_000);
    assert_eq!(due(), [account(1), account(2)]);
    block_on(world.store(1).ask_for_gaps(world.host.now())).unwrap();
    assert_eq!(due(), [account(2)]);
    world.host.now.set(NOW + EVERY_MILLIS + 1);
    assert_eq!(due(), [account(1), account(2)]);
    // Nobody has asked anything for a month.
    world.host.now.set(NOW + WINDOW_MILLIS + EVERY_MILLIS);
    assert!(due().is_empty());
}
