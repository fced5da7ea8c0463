//! What is written is what is known: an archive is opened and compared with what was said.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{Cursor, Read as _};

use edgedesk_domain::account::{Access, Channel, Principal, Role};
use edgedesk_domain::attachment::Attachment;
use edgedesk_domain::consent::{ConsentPurpose, ConsentSource, ConsentState};
use edgedesk_domain::event::{ConversationCreated, Event, EventData};
use edgedesk_domain::files::FileKey;
use edgedesk_domain::ids::{
    AccountId, AttachmentId, ConversationId, CustomerId, EventId, ExportId, InboxId, MessageId,
    UserId,
};
use edgedesk_domain::message::{Actor, Direction, Message};
use edgedesk_domain::time::Timestamp;
use edgedesk_store::files::FileStore as _;
use edgedesk_store::projector::{LogReader, ReadError};
use edgedesk_store::testing::{MemoryFiles, Sqlite};
use edgedesk_store::{AccountStore, DataKeys, Shards};
use edgedesk_wire::customers::{ConsentRequest, ExportState, ExportView};
use edgedesk_wire::object::EventsResponse;
use edgedesk_wire::queue::ExportRequested;
use futures::executor::block_on;
use serde_json::Value;
use ulid::Ulid;
use zip::ZipArchive;

use super::checklist::{Fate, PLACES};
use super::*;

const ACCOUNT: AccountId = AccountId::new(Ulid(1));
const OTHER_ACCOUNT: AccountId = AccountId::new(Ulid(2));
const CUSTOMER: CustomerId = CustomerId::new(Ulid(3));
const EXPORT: ExportId = ExportId::new(Ulid(4));

fn now() -> Timestamp {
    Timestamp::from_millis(1_767_323_045_000)
}

/// Logs in memory, that fail on command.
#[derive(Default)]
struct Logs {
    events: RefCell<BTreeMap<(AccountId, ConversationId), Vec<Event>>>,
    n_failures: Cell<u32>,
}

impl Logs {
    fn append(&self, account_id: AccountId, conversation: u128, data: EventData) {
        let id = ConversationId::new(Ulid(conversation));
        let mut events = self.events.borrow_mut();
        let log = events.entry((account_id, id)).or_default();
        let seq = log.len() as u64 + 1;
        log.push(Event {
            id: EventId::new(Ulid(conversation << 32 | u128::from(seq))),
            seq,
            conversation_id: id,
            account_id,
            at: now(),
            causation_id: None,
            revision: 0,
            data,
        });
    }

    fn say(&self, account_id: AccountId, conversation: u128, direction: Direction, text: &str) {
        self.say_with(account_id, conversation, direction, text, Vec::new());
    }

    fn say_with(
        &self,
        account_id: AccountId,
        conversation: u128,
        direction: Direction,
        text: &str,
        attachments: Vec<Attachment>,
    ) {
        let author = match direction {
            Direction::Incoming => Actor::Customer {
                id: CUSTOMER,
                name: None,
            },
            _ => Actor::Agent {
                id: UserId::new(Ulid(9)),
                name: "Grace".to_owned(),
            },
        };
        let message = Message {
            message_id: MessageId::new(Ulid(conversation << 16 | text.len() as u128)),
            direction,
            author,
            text: text.to_owned(),
            attachments,
            citations: Vec::new(),
            client_id: None,
            external_id: None,
            sent_at: None,
        };
        self.append(account_id, conversation, EventData::MessageCreated(message));
    }
}

impl LogReader for Logs {
    async fn read_events(
        &self,
        account_id: AccountId,
        conversation_id: ConversationId,
        after_seq: u64,
        limit: u32,
    ) -> Result<EventsResponse, ReadError> {
        if self.n_failures.get() > 0 {
            self.n_failures.set(self.n_failures.get() - 1);
            return Err(ReadError("down on command".into()));
        }
        let events = self.events.borrow();
        let log = events.get(&(account_id, conversation_id));
        let log = log.map(Vec::as_slice).unwrap_or_default();
        let run = log.iter().filter(|event| event.seq > after_seq);
        Ok(EventsResponse {
            // Fewer than asked for, so that there is a second page.
            events: run.take(limit.min(2) as usize).cloned().collect(),
            head_seq: log.len() as u64,
        })
    }
}

struct World {
    shards: Shards<Sqlite>,
    logs: Logs,
    files: MemoryFiles,
}

impl World {
    /// A customer with conversations of two inboxes, another customer, and another account that has the same ids.
    fn new() -> Self {
        let (directory, shard) = (Sqlite::directory(), Sqlite::shard());
        for account in [ACCOUNT, OTHER_ACCOUNT] {
            let sql =
                format!("INSERT INTO accounts VALUES ('{account}', 'A', 'free', 0, '{{}}', 1)");
            directory.run_script(&sql).unwrap();
        }
        let logs = Logs::default();
        let other = CustomerId::new(Ulid(33));
        for (account, customer, conversation, name) in [
            (ACCOUNT, CUSTOMER, 10, "Wilhelmina"),
            (ACCOUNT, CUSTOMER, 11, "Wilhelmina"),
            (ACCOUNT, other, 12, "Bartholomew"),
            (OTHER_ACCOUNT, CUSTOMER, 10, "Theodora"),
        ] {
            let id = ConversationId::new(Ulid(conversation));
            shard
                .run_script(&format!(
                    "INSERT INTO customers VALUES ('{account}', '{customer}', '{name}', '1', '{name}@example.com', '1', 5)
                       ON CONFLICT DO NOTHING;
                     INSERT INTO conversations VALUES
                       ('{account}', '{id}', 3, 'inb', NULL, '{customer}', 'open', NULL, 0, NULL, 1, 1, '{{}}', NULL);"
                ))
                .unwrap();
            let created = ConversationCreated {
                inbox_id: InboxId::new(Ulid(conversation)),
                channel: Channel::Widget,
                external_id: None,
                customer_id: customer,
                customer_name: Some(name.to_owned()),
                customer_email: None,
                subject: Some(format!("Subject of {name} {conversation}")),
                team_id: None,
            };
            logs.append(
                account,
                conversation,
                EventData::ConversationCreated(created),
            );
            for (direction, text) in [
                (
                    Direction::Incoming,
                    format!("{name} asks <b>{conversation}</b>"),
                ),
                (
                    Direction::Outgoing,
                    format!("Answer {conversation} for {name}"),
                ),
                (
                    Direction::Note,
                    format!("Secret note of {name} in {conversation}"),
                ),
            ] {
                logs.say(account, conversation, direction, &text);
            }
        }
        let world = Self {
            shards: Shards::new(directory, vec![shard], DataKeys::absent()),
            logs,
            files: MemoryFiles::default(),
        };
        world.send_file(ACCOUNT, 10, Direction::Incoming, "broken lamp.png", 1);
        world.send_file(ACCOUNT, 10, Direction::Note, "for us only.png", 2);
        world.send_file(ACCOUNT, 12, Direction::Incoming, "theirs.png", 3);
        world
    }

    /// A message with a file that contains its own name.
    fn send_file(
        &self,
        account_id: AccountId,
        conversation: u128,
        direction: Direction,
        name: &str,
        number: u128,
    ) {
        let id = AttachmentId::new(Ulid(number));
        let attachment = Attachment::new(id, name, "image/png", name.len() as u64).unwrap();
        let key = FileKey::attachment(account_id, ConversationId::new(Ulid(conversation)), id);
        block_on(self.files.put(&key, "image/png", name.into())).unwrap();
        let files = vec![attachment];
        self.logs
            .say_with(account_id, conversation, direction, "(no text)", files);
    }

    fn store(&self) -> AccountStore<'_, Sqlite> {
        self.shards.for_account(ACCOUNT, 0).unwrap()
    }

    fn request(&self, include_notes: bool) -> ExportView {
        let by = Principal {
            account_id: ACCOUNT,
            user_id: UserId::new(Ulid(8)),
            role: Role::Admin,
            name: "Ada".to_owned(),
            access: Access::default(),
        };
        let store = self.store();
        let asked = store.request_export(CUSTOMER, EXPORT, include_notes, &by, now());
        block_on(asked).unwrap().unwrap()
    }

    fn run(&self, n_attempts: u32, max_bytes: usize) -> Verdict {
        let exporter = Exporter {
            shards: &self.shards,
            logs: &self.logs,
            files: &self.files,
            now: now(),
            max_bytes,
        };
        let message = ExportRequested {
            account_id: ACCOUNT,
            customer_id: CUSTOMER,
            export_id: EXPORT,
        };
        let body = serde_json::to_string(&message).unwrap();
        block_on(exporter.run(Some(&body), n_attempts))
    }

    fn export(&self) -> ExportView {
        let store = self.store();
        let found = store.find_export(CUSTOMER, EXPORT, now());
        block_on(found).unwrap().unwrap()
    }

    /// The files of the archive, by name.
    fn archive(&self) -> BTreeMap<String, String> {
        let key = FileKey::export(ACCOUNT, CUSTOMER, EXPORT);
        let bytes = block_on(self.files.get(&key)).unwrap().expect("an archive");
        assert_eq!(self.export().size_bytes, Some(bytes.len() as u64));
        let mut zip = ZipArchive::new(Cursor::new(bytes)).unwrap();
        (0..zip.len())
            .map(|index| {
                let mut file = zip.by_index(index).unwrap();
                let mut text = String::new();
                file.read_to_string(&mut text).unwrap();
                (file.name().unwrap().into_owned(), text)
            })
            .collect()
    }
}

#[test]
fn an_archive_has_all_that_is_known_of_a_customer_and_nothing_of_anybody_else() {
    let world = World::new();
    let consent = ConsentRequest {
        purpose: ConsentPurpose::Marketing,
        state: ConsentState::Given,
        source: ConsentSource::Phone,
        wording: Some("Notice 3".to_owned()),
        note: None,
    };
    let by = Principal {
        account_id: ACCOUNT,
        user_id: UserId::new(Ulid(8)),
        role: Role::Admin,
        name: "Recorder".to_owned(),
        access: Access::default(),
    };
    block_on(world.store().add_consent(CUSTOMER, &consent, &by, now())).unwrap();
    world.request(false);
    assert_eq!(world.run(1, MAX_ARCHIVE_BYTES), Verdict::Done);
    assert_eq!(world.export().state, ExportState::Ready);
    let files = world.archive();
    let all: String = files.values().cloned().collect();
    for part in [
        "Wilhelmina@example.com",
        "Notice 3",
        "Wilhelmina asks <b>10</b>",
        "Wilhelmina asks &lt;b&gt;10&lt;/b&gt;",
        "Answer 11 for Wilhelmina",
        "Subject of Wilhelmina 11",
        "Grace",
        "3 internal notes",
        "../files/att_00000000000000000000000001/broken lamp.png",
    ] {
        assert!(all.contains(part), "{part}");
    }
    assert_eq!(
        files["files/att_00000000000000000000000001/broken lamp.png"],
        "broken lamp.png"
    );
    for part in [
        "Bartholomew",
        "Theodora",
        "Secret note",
        "Recorder",
        "theirs",
        "for us only",
    ] {
        assert!(!all.contains(part), "{part}");
    }
    // Every place says where it is, and there it is.
    for place in PLACES {
        if let Fate::In(name) = place.fate {
            let is_there = files.keys().any(|file| file.starts_with(name));
            assert!(is_there, "{}: {name}", place.name);
        }
        assert!(files["index.html"].contains(&place.what.replace('\'', "&#39;")));
    }
    for (name, text) in &files {
        if std::path::Path::new(name)
            .extension()
            .is_some_and(|end| end == "json")
        {
            serde_json::from_str::<Value>(text).unwrap_or_else(|error| panic!("{name}: {error}"));
        }
    }
}

#[test]
fn notes_are_in_an_archive_that_was_asked_for_with_them() {
    let world = World::new();
    assert!(world.request(true).include_notes);
    assert_eq!(world.run(1, MAX_ARCHIVE_BYTES), Verdict::Done);
    let all: String = world.archive().into_values().collect();
    assert!(all.contains("Secret note of Wilhelmina in 10"));
    // Who wrote them is not said: the customer has never seen them.
    assert!(!all.contains("internal notes and"));
}

#[test]
fn what_fails_is_tried_again_and_after_five_times_said_to_have_failed() {
    let world = World::new();
    world.request(false);
    world.logs.n_failures.set(1);
    assert!(matches!(
        world.run(1, MAX_ARCHIVE_BYTES),
        Verdict::Retry { delay_secs: 2, .. }
    ));
    assert_eq!(world.export().state, ExportState::Running);
    world.files.fail_at.set(Some(1));
    assert!(matches!(
        world.run(2, MAX_ARCHIVE_BYTES),
        Verdict::Retry { delay_secs: 4, .. }
    ));
    world.logs.n_failures.set(1);
    assert_eq!(world.run(MAX_ATTEMPTS, MAX_ARCHIVE_BYTES), Verdict::Done);
    let export = world.export();
    assert_eq!(
        (export.state, export.reason.as_deref()),
        (ExportState::Failed, Some("unavailable"))
    );
    // It has ended: the message that comes once more changes nothing.
    assert_eq!(world.run(6, MAX_ARCHIVE_BYTES), Verdict::Done);
    assert_eq!(world.export(), export);
}

#[test]
fn what_does_not_fit_is_said_to_be_too_large() {
    let world = World::new();
    world.request(false);
    assert_eq!(world.run(1, 500), Verdict::Done);
    let export = world.export();
    assert_eq!(
        (export.state, export.reason.as_deref()),
        (ExportState::Failed, Some("too_large"))
    );
}

#[test]
fn a_file_that_does_not_fit_beside_the_texts_is_named_and_counted() {
    let world = World::new();
    let (id, size) = (AttachmentId::new(Ulid(7)), 13 * 1024 * 1024);
    let film = Attachment::new(id, "film.mp4", "video/mp4", size).unwrap();
    world
        .logs
        .say_with(ACCOUNT, 11, Direction::Incoming, "Look", vec![film]);
    world.request(false);
    assert_eq!(world.run(1, MAX_ARCHIVE_BYTES), Verdict::Done);
    assert_eq!(world.export().state, ExportState::Ready);
    let files = world.archive();
    assert!(files["index.html"].contains("1 files are too large"));
    let page = &files[&format!("conversations/{}.html", ConversationId::new(Ulid(11)))];
    assert!(page.contains("film.mp4 (not in here)"));
}

#[test]
fn a_file_that_cannot_be_read_now_is_asked_for_again() {
    let world = World::new();
    world.request(false);
    world.files.fail_at.set(Some(1));
    assert!(matches!(
        world.run(1, MAX_ARCHIVE_BYTES),
        Verdict::Retry { .. }
    ));
    assert_eq!(world.run(2, MAX_ARCHIVE_BYTES), Verdict::Done);
    assert_eq!(world.export().state, ExportState::Ready);
}

#[test]
fn of_a_customer_who_is_erased_meanwhile_no_archive_is_left() {
    let world = World::new();
    world.request(false);
    // Between the writing of the archive and that of its row.
    let key = FileKey::export(ACCOUNT, CUSTOMER, EXPORT);
    block_on(world.store().forget_exports(CUSTOMER)).unwrap();
    assert_eq!(world.run(1, MAX_ARCHIVE_BYTES), Verdict::Done);
    assert_eq!(block_on(world.files.get(&key)), Ok(None));
    let again = World::new();
    again.request(false);
    let hidden = "UPDATE conversations SET status = 'hidden'";
    again.shards.shard(0).unwrap().run_script(hidden).unwrap();
    assert_eq!(again.run(1, MAX_ARCHIVE_BYTES), Verdict::Done);
    assert_eq!(again.export().reason.as_deref(), Some("no_customer"));
}

#[test]
fn a_message_that_asks_for_nothing_is_dropped() {
    let world = World::new();
    let exporter = Exporter {
        shards: &world.shards,
        logs: &world.logs,
        files: &world.files,
        now: now(),
        max_bytes: MAX_ARCHIVE_BYTES,
    };
    for body in [None, Some(""), Some("{}"), Some("null")] {
        let verdict = block_on(exporter.run(body, 1));
        assert!(matches!(verdict, Verdict::Dropped(_)), "{body:?}");
    }
    // Not asked for, or not here any more.
    assert_eq!(world.run(1, MAX_ARCHIVE_BYTES), Verdict::Done);
}

/// A new table has to be told to the archive: what of it is in there, or why it is not.
#[test]
fn every_table_of_a_shard_is_in_the_checklist() {
    let tables = Sqlite::shard().tables();
    let known: BTreeSet<&str> = PLACES.iter().map(|place| place.name).collect();
    for table in tables {
        assert!(known.contains(table.as_str()), "{table}");
    }
}
