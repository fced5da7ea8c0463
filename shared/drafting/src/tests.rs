//! Jobs over real SQLite, with everybody else failing on command.

use std::cell::{Cell, RefCell};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use edgedesk_domain::account::{Access, Channel, Principal, Role};
use edgedesk_domain::analysis::ModelRef;
use edgedesk_domain::article::ArticleState;
use edgedesk_domain::assistant::{AssistantStep, HandOffReason};
use edgedesk_domain::conversation::Priority;
use edgedesk_domain::event::DraftCreated;
use edgedesk_domain::ids::{
    AccountId, ArticleId, ConversationId, IdSource, MacroId, MessageId, UserId,
};
use edgedesk_domain::macros::MacroKind;
use edgedesk_domain::suggestion::SuggestionSource;
use edgedesk_domain::time::{Clock, Timestamp};
use edgedesk_retrieval::{Embedder, KnowledgeIndex, RetrievalError};
use edgedesk_search::row::Row;
use edgedesk_store::testing::Sqlite;
use edgedesk_store::{AccountStore, DataKeys, Shards};
use edgedesk_wire::articles::{ArticleHit, NewArticle};
use edgedesk_wire::drafts::{DraftContext, DraftJob, FIRST_NAME, StoreDraft, StoredDraft};
use edgedesk_wire::inference::EmbedResponse;
use edgedesk_wire::knowledge::{FindPlaces, FoundPlaces, IndexArticle, Indexed};
use edgedesk_wire::macros::MacroBody;
use edgedesk_wire::similar::{ForgetQuestions, NoteQuestion};
use futures::executor::block_on;
use ulid::Ulid;

use super::drafter::{Drafter, Verdict};
use super::questions::OpenQuestions;
use super::writer::Embedded;
use super::{Conversations, DraftingError, Rate, Turn};

const RETURNS: &str = "You can send an item back within 30 days of delivery. \
    Print the label from your account and bring the parcel to any post office.";
const QUESTION: &str = "How do I send an item back?";

struct World {
    shards: Shards<Sqlite>,
    context: RefCell<Option<DraftContext>>,
    stored: RefCell<Vec<StoreDraft>>,
    noted: RefCell<Vec<NoteQuestion>>,
    is_conversation_down: Cell<bool>,
    cannot_store: Cell<bool>,
    is_model_down: Cell<bool>,
    is_index_down: Cell<bool>,
    embedded: RefCell<Vec<String>>,
    turn: Cell<Turn>,
    taken: RefCell<Vec<Priority>>,
    next_id: Cell<u128>,
}

fn account() -> AccountId {
    AccountId::new(Ulid(1))
}

fn message() -> MessageId {
    MessageId::new(Ulid(3))
}

fn job(name: &str) -> DraftJob {
    DraftJob {
        account_id: account(),
        conversation_id: ConversationId::new(Ulid(2)),
        message_id: message(),
        priority: Priority::High,
        name: name.into(),
        n_deferrals: 0,
    }
}

fn model() -> ModelRef {
    ModelRef {
        id: "embedding".into(),
        version: "1".into(),
    }
}

impl World {
    fn new() -> Self {
        let directory = Sqlite::directory();
        let id = account();
        directory
            .run_script(&format!(
                "INSERT INTO accounts VALUES ('{id}', 'Aurora', 'standard', 0, '{{}}', 1)"
            ))
            .unwrap();
        let shards = Shards::new(directory, vec![Sqlite::shard()], DataKeys::absent());
        let context = DraftContext {
            account_id: id,
            conversation_id: ConversationId::new(Ulid(2)),
            message_id: message(),
            message_seq: 2,
            text: QUESTION.into(),
            is_wanted: true,
            analysis: None,
            channel: Channel::Widget,
            customer_name: Some("Grace Hopper".into()),
            ticket_number: Some(7),
            assignee_id: None,
            assistant_min_confidence: None,
            earlier: Vec::new(),
        };
        Self {
            shards,
            context: RefCell::new(Some(context)),
            stored: RefCell::default(),
            noted: RefCell::default(),
            is_conversation_down: Cell::default(),
            cannot_store: Cell::default(),
            is_model_down: Cell::default(),
            is_index_down: Cell::default(),
            embedded: RefCell::default(),
            turn: Cell::new(Turn::Now),
            taken: RefCell::default(),
            next_id: Cell::new(100),
        }
    }

    fn account_store(&self) -> AccountStore<'_, Sqlite> {
        self.shards.for_account(account(), 0).unwrap()
    }

    fn with_knowledge(self) -> Self {
        let ada = Principal {
            account_id: account(),
            user_id: UserId::new(Ulid(1)),
            role: Role::Manager,
            name: "Ada".into(),
            access: Access::default(),
        };
        let article = NewArticle {
            title: "Sending an item back".into(),
            body: RETURNS.into(),
            language: None,
            category_id: None,
            translation_of: None,
            state: Some(ArticleState::Published),
        };
        let now = Timestamp::from_millis(1);
        let store = self.account_store();
        block_on(store.add_article(ArticleId::new(Ulid(9)), &article, "en", &ada, now)).unwrap();
        let body = MacroBody {
            kind: MacroKind::Template,
            title: "How to send an item back".into(),
            text: "Hello {{customer.first_name}}, please send the item back with our label.".into(),
            language: None,
            channels: Vec::new(),
            intents: Vec::new(),
            categories: Vec::new(),
        };
        block_on(store.add_macro(MacroId::new(Ulid(8)), &body, now)).unwrap();
        self
    }

    fn run(&self, name: &str, n_attempts: u32) -> Verdict {
        self.run_job(&job(name), n_attempts)
    }

    fn run_job(&self, job: &DraftJob, n_attempts: u32) -> Verdict {
        let drafter = Drafter {
            shards: &self.shards,
            conversations: self,
            embedder: self,
            index: self,
            rate: self,
            host: self,
            writer: &Embedded,
        };
        block_on(drafter.run(job, n_attempts, 0.9))
    }

    fn drafts(&self) -> Vec<DraftCreated> {
        let stored = self.stored.borrow();
        stored.iter().map(|stored| stored.draft.clone()).collect()
    }
}

impl Conversations for World {
    async fn context(
        &self,
        _: AccountId,
        _: ConversationId,
        _: MessageId,
    ) -> Result<Option<DraftContext>, DraftingError> {
        if self.is_conversation_down.get() {
            return Err(DraftingError::Unavailable("it is moved".into()));
        }
        Ok(self.context.borrow().clone())
    }

    async fn store(
        &self,
        _: AccountId,
        _: ConversationId,
        request: &StoreDraft,
    ) -> Result<StoredDraft, DraftingError> {
        // What failed for good is told all the same.
        if self.cannot_store.get() && !request.draft.suggestions.is_empty() {
            return Err(DraftingError::Unavailable("it is full".into()));
        }
        self.stored.borrow_mut().push(request.clone());
        Ok(StoredDraft { is_new: true })
    }
}

impl Embedder for World {
    async fn embed(&self, texts: Vec<String>) -> Result<EmbedResponse, RetrievalError> {
        if self.is_model_down.get() {
            return Err(RetrievalError::Unavailable("no model".into()));
        }
        // Whatever is about sending back points one way.
        let rows = texts.iter().map(|text| {
            let vector = if text.contains("send") {
                [1.0, 0.1]
            } else {
                [0.0, 1.0]
            };
            let row = Row::of(&vector).unwrap();
            Some(STANDARD.encode(row.to_bytes()))
        });
        let rows = rows.collect();
        self.embedded.borrow_mut().extend(texts);
        Ok(EmbedResponse {
            model: model(),
            rows,
        })
    }
}

impl KnowledgeIndex for World {
    async fn index(&self, _: AccountId, _: &IndexArticle) -> Result<Indexed, RetrievalError> {
        unreachable!("a draft indexes nothing")
    }

    async fn find(
        &self,
        account_id: AccountId,
        request: &FindPlaces,
    ) -> Result<FoundPlaces, RetrievalError> {
        if self.is_index_down.get() {
            return Err(RetrievalError::Unavailable("no index".into()));
        }
        let words_only = request.question.is_none();
        Ok(FoundPlaces {
            account_id,
            places: vec![ArticleHit {
                article_id: ArticleId::new(Ulid(9)),
                title: "Sending an item back".into(),
                language: "en".into(),
                category_id: None,
                version: 1,
                headings: Vec::new(),
                text: RETURNS.into(),
                start: 0,
                end: RETURNS.len(),
                score: 0.9,
                similarity: if words_only { 0.0 } else { 0.9 },
            }],
            words_only,
            is_model_old: false,
        })
    }
}

impl OpenQuestions for World {
    async fn note(&self, of: AccountId, request: &NoteQuestion) -> Result<(), RetrievalError> {
        assert_eq!(of, account());
        if self.is_index_down.get() {
            return Err(RetrievalError::Unavailable("no index".into()));
        }
        self.noted.borrow_mut().push(request.clone());
        Ok(())
    }

    async fn forget(&self, _: AccountId, _: &ForgetQuestions) -> Result<(), RetrievalError> {
        unreachable!("a draft forgets nothing")
    }
}

impl Rate for World {
    async fn take(&self, _: AccountId, priority: Priority) -> Result<Turn, DraftingError> {
        self.taken.borrow_mut().push(priority);
        Ok(self.turn.get())
    }
}

impl Clock for World {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(5_000)
    }
}

impl IdSource for World {
    fn next_ulid(&self) -> Ulid {
        self.next_id.set(self.next_id.get() + 1);
        Ulid(self.next_id.get())
    }
}

#[test]
fn a_message_gets_the_macro_and_a_draft_that_cites_the_article() {
    let world = World::new().with_knowledge();
    assert_eq!(world.run(FIRST_NAME, 1), Verdict::Done);
    let drafts = world.drafts();
    let [draft] = drafts.as_slice() else {
        panic!("one draft");
    };
    assert_eq!((draft.message_id, draft.message_seq), (message(), 2));
    let of = |source| {
        draft
            .suggestions
            .iter()
            .find(|offered| offered.source == source)
    };
    let written = of(SuggestionSource::Draft).expect("a draft");
    assert!(
        written.text.contains("within 30 days of delivery"),
        "{}",
        written.text
    );
    let citation = &written.citations[0];
    assert_eq!(citation.article_id, ArticleId::new(Ulid(9)));
    assert!(RETURNS[citation.start..citation.end].contains(citation.quote.trim()));
    let template = of(SuggestionSource::Template).expect("the template");
    assert!(
        template.text.starts_with("Hello Grace,"),
        "{}",
        template.text
    );
    assert_eq!(template.macro_id, Some(MacroId::new(Ulid(8))));
    assert_eq!(*world.taken.borrow(), [Priority::High]);
}

#[test]
fn a_macro_is_embedded_once_and_again_when_it_changes() {
    let world = World::new().with_knowledge();
    let n_macros_read = || {
        let embedded = world.embedded.borrow();
        embedded
            .iter()
            .filter(|text| text.contains("label"))
            .count()
    };
    world.run(FIRST_NAME, 1);
    world.run(FIRST_NAME, 1);
    assert_eq!(n_macros_read(), 1);
    assert!(
        world
            .embedded
            .borrow()
            .iter()
            .all(|text| !text.contains("{{")),
        "variables are no words"
    );
    let store = world.account_store();
    let mut body = MacroBody {
        kind: MacroKind::Macro,
        title: "How to send an item back".into(),
        text: "Use another label.".into(),
        language: None,
        channels: Vec::new(),
        intents: Vec::new(),
        categories: Vec::new(),
    };
    let now = Timestamp::from_millis(2);
    block_on(store.change_macro(MacroId::new(Ulid(8)), &body, now)).unwrap();
    world.run(FIRST_NAME, 1);
    assert_eq!(n_macros_read(), 2);
    // What was made of a text that is another by now is not kept.
    let stale = block_on(store.list_macros_to_match()).unwrap()[0].revision;
    body.text = "Use no label.".into();
    block_on(store.change_macro(MacroId::new(Ulid(8)), &body, now)).unwrap();
    block_on(store.set_macro_vectors(&[(MacroId::new(Ulid(8)), stale, "x")], "m")).unwrap();
    assert_eq!(
        block_on(store.list_macros_to_match()).unwrap()[0].vector,
        None
    );
}

#[test]
fn where_the_assistant_has_it_the_draft_comes_with_its_step() {
    let step = |world: &World| {
        let stored = world.stored.borrow();
        stored.last().unwrap().assistant.clone()
    };
    let asks = |world: &World, min_confidence| {
        if let Some(context) = world.context.borrow_mut().as_mut() {
            context.assistant_min_confidence = Some(min_confidence);
        }
    };
    let world = World::new().with_knowledge();
    world.run(FIRST_NAME, 1);
    assert_eq!(step(&world), None, "a person has it");
    asks(&world, 0.0);
    world.run(FIRST_NAME, 1);
    let Some(AssistantStep::Reply {
        text, citations, ..
    }) = step(&world)
    else {
        panic!("{:?}", step(&world));
    };
    assert!(text.contains("within 30 days"), "{text}");
    assert_eq!(citations[0].article_id, ArticleId::new(Ulid(9)));
    asks(&world, 1.1);
    world.run(FIRST_NAME, 1);
    let reason = HandOffReason::NotSure;
    assert_eq!(step(&world), Some(AssistantStep::HandOff { reason }));
    // The end of the attempts is one for the customer, too.
    let waited = DraftJob {
        n_deferrals: 10,
        ..job(FIRST_NAME)
    };
    world.turn.set(Turn::InSeconds(42));
    assert!(matches!(world.run_job(&waited, 1), Verdict::GaveUp(_)));
    let reason = HandOffReason::Failed;
    assert_eq!(step(&world), Some(AssistantStep::HandOff { reason }));
}

#[test]
fn without_a_model_or_an_index_an_agent_still_gets_something() {
    for (is_model_down, is_index_down) in [(true, false), (false, true), (true, true)] {
        let world = World::new().with_knowledge();
        world.is_model_down.set(is_model_down);
        world.is_index_down.set(is_index_down);
        assert_eq!(world.run(FIRST_NAME, 1), Verdict::Done);
        let drafts = world.drafts();
        assert!(!drafts[0].suggestions.is_empty());
        let cited = drafts[0]
            .suggestions
            .iter()
            .any(|offered| !offered.citations.is_empty());
        assert!(!cited, "nothing that is near enough was found");
    }
}

#[test]
fn what_is_of_no_use_any_more_is_not_written() {
    let world = World::new().with_knowledge();
    if let Some(context) = world.context.borrow_mut().as_mut() {
        context.is_wanted = false;
    }
    assert_eq!(world.run(FIRST_NAME, 1), Verdict::Done);
    assert!(world.drafts().is_empty());
    assert!(world.taken.borrow().is_empty(), "nor counted");
    // An agent who asks gets it all the same.
    assert_eq!(world.run("another", 1), Verdict::Done);
    assert_eq!(world.drafts().len(), 1);
    world.context.take();
    assert_eq!(world.run("a third", 1), Verdict::Done);
    assert_eq!(world.drafts().len(), 1);
}

#[test]
fn over_its_rate_a_job_waits_and_counts_no_attempt() {
    let world = World::new();
    world.turn.set(Turn::InSeconds(42));
    assert_eq!(world.run(FIRST_NAME, 1), Verdict::Later { delay_secs: 42 });
    assert!(world.drafts().is_empty());
    // Not for ever: after ten minutes the conversation hears that there is none.
    let waited = DraftJob {
        n_deferrals: 10,
        ..job(FIRST_NAME)
    };
    assert!(matches!(world.run_job(&waited, 1), Verdict::GaveUp(_)));
    assert_eq!(world.drafts()[0].reasons[0].code, "draft_over_rate");
    // One whose turn has come is written, however long it has waited.
    world.turn.set(Turn::Now);
    assert_eq!(world.run_job(&waited, 1), Verdict::Done);
    assert!(!world.drafts()[1].suggestions.is_empty());
}

#[test]
fn a_draft_is_tried_three_times_and_then_the_conversation_hears_of_it() {
    let world = World::new().with_knowledge();
    world.cannot_store.set(true);
    for (n_attempts, most) in [(1, 2), (2, 4)] {
        match world.run(FIRST_NAME, n_attempts) {
            Verdict::Retry { delay_secs, cause } => {
                assert!((1..=most).contains(&delay_secs), "{delay_secs}");
                assert!(cause.contains("it is full"));
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(matches!(world.run(FIRST_NAME, 3), Verdict::GaveUp(_)));
    let drafts = world.drafts();
    assert!(drafts[0].suggestions.is_empty());
    assert_eq!(drafts[0].reasons[0].code, "draft_failed");
    // Without its conversation nobody waits for it: the queue's own end is the end.
    let world = World::new();
    world.is_conversation_down.set(true);
    assert!(matches!(world.run(FIRST_NAME, 9), Verdict::Retry { .. }));
}

#[test]
fn what_the_customer_asks_is_noted_with_the_meaning_that_the_draft_was_made_with() {
    let world = World::new().with_knowledge();
    world.run(FIRST_NAME, 1);
    let embedded = world.embedded.borrow();
    let n_read = embedded.iter().filter(|text| *text == QUESTION).count();
    assert_eq!(n_read, 1, "the model reads it once for both");
    let noted = world.noted.borrow();
    let [note] = noted.as_slice() else {
        panic!("one question");
    };
    assert_eq!(note.conversation_id, ConversationId::new(Ulid(2)));
    assert_eq!(note.seq, 2);
    assert_eq!(
        note.question.as_ref().map(|question| &question.model),
        Some(&model())
    );
    assert!(!serde_json::to_string(note).unwrap().contains("send"));
}

#[test]
fn a_question_is_noted_without_a_model_and_not_where_it_is_of_no_use() {
    let of = |change: &dyn Fn(&World, &mut DraftContext)| {
        let world = World::new();
        let mut context = world.context.borrow().clone().unwrap();
        change(&world, &mut context);
        world.context.replace(Some(context));
        assert_eq!(world.run("another", 1), Verdict::Done);
        assert_eq!(world.drafts().len(), 1, "there is a draft in any case");
        world.noted.take()
    };
    let noted = of(&|world, _| world.is_model_down.set(true));
    assert_eq!(noted[0].question, None);
    assert!(!noted[0].fingerprint.is_empty());
    // A greeting, a conversation that is over, and nobody to tell.
    assert!(of(&|_, context| context.text = "Good morning!".into()).is_empty());
    assert!(of(&|_, context| context.is_wanted = false).is_empty());
    assert!(of(&|world, _| world.is_index_down.set(true)).is_empty());
}
