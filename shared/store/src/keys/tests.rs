use std::cell::Cell;

use edgedesk_domain::conversation::ConversationState;
use edgedesk_domain::ids::IntentId;
use futures::executor::block_on;
use ulid::Ulid;

use super::*;
use crate::fixtures::{
    Dice, Log, at, keys_with, project_logs, root, sealer, shards, some_logs, store,
};
use crate::parked::{Parked, ParkedReason};
use crate::seed::{AURORA, BOREALIS};
use crate::shards::{ConversationFilter, Shards};
use crate::testing::{Failure, Sqlite};

thread_local! {
    static NOW: Cell<i64> = const { Cell::new(0) };
    static DICE: Cell<u64> = const { Cell::new(1) };
}

/// Different bits each time.
fn random(bytes: &mut [u8]) {
    let mut dice = Dice(DICE.get());
    for byte in bytes {
        *byte = u8::try_from(dice.roll(256)).expect("below 256");
    }
    DICE.set(dice.0);
}

fn clock() -> Timestamp {
    at(0).plus_millis(NOW.get())
}

/// What another isolate of the same deployment has: its own memory.
fn isolate() -> DataKeys {
    keys_with(random, clock, KnownKeys::default())
}

fn aurora<'a>(keys: &'a DataKeys, directory: &'a Sqlite) -> Vault<'a, Sqlite> {
    Vault::new(keys, directory, AURORA.account_id)
}

fn seal(keys: &DataKeys, directory: &Sqlite, value: &str) -> String {
    let sealer = block_on(aurora(keys, directory).sealer()).expect("a sealer");
    sealer
        .seal(&PARKED_BODY, "row", value)
        .expect("it is sealed")
}

fn open(keys: &DataKeys, directory: &Sqlite, text: &str) -> Result<String, StoreError> {
    block_on(aurora(keys, directory).open_text(&PARKED_BODY, "row", text))
}

fn n_keys(directory: &Sqlite) -> usize {
    directory.dump("data_keys").len()
}

#[test]
fn an_account_gets_one_key_with_its_first_value_and_every_isolate_reads_it() {
    let shards = shards();
    let directory = shards.directory_for_tests();
    assert_eq!(n_keys(directory), 0);
    let (one, other) = (isolate(), isolate());
    let sealed = seal(&one, directory, "hello");
    assert_eq!(open(&other, directory, &sealed).as_deref(), Ok("hello"));
    assert_eq!(n_keys(directory), 1);
    // Nothing of the key is there in clear, and the same value is never sealed alike.
    assert_ne!(seal(&one, directory, "hello"), sealed);
}

#[test]
fn of_two_isolates_that_make_the_first_key_at_once_one_key_stays() {
    let shards = shards();
    let directory = shards.directory_for_tests();
    let (one, other) = (isolate(), isolate());
    let (insert, _) = other.new_key(AURORA.account_id, 1).expect("a key");
    let sealed = seal(&one, directory, "hello");
    // The second one comes too late, and reads the first one's.
    block_on(directory.batch(vec![insert])).expect("it runs");
    assert_eq!(n_keys(directory), 1);
    assert_eq!(open(&other, directory, &sealed).as_deref(), Ok("hello"));
}

#[test]
fn a_retired_key_seals_no_more_and_opens_what_it_sealed() {
    let shards = shards();
    let directory = shards.directory_for_tests();
    let (one, other) = (isolate(), isolate());
    let old = seal(&one, directory, "old");
    let retired = block_on(shards.directory().retire_data_key(AURORA.account_id, at(1)));
    assert_eq!(retired, Ok(Some(1)));
    let new = seal(&other, directory, "new");
    assert_eq!(n_keys(directory), 2);
    // The first isolate has not heard of the new key, and asks for it when it meets it.
    assert_eq!(open(&one, directory, &new).as_deref(), Ok("new"));
    assert_eq!(open(&other, directory, &old).as_deref(), Ok("old"));
    // An account without a key has none to retire.
    let none = block_on(
        shards
            .directory()
            .retire_data_key(BOREALIS.account_id, at(1)),
    );
    assert_eq!(none, Ok(None));
}

#[test]
fn a_key_is_replaced_by_its_age() {
    let shards = shards();
    let directory = shards.directory_for_tests();
    let one = isolate();
    NOW.set(0);
    let old = seal(&one, directory, "old");
    NOW.set(ROTATE_MILLIS - 1);
    seal(&one, directory, "still");
    assert_eq!(n_keys(directory), 1);
    NOW.set(ROTATE_MILLIS + FRESH_MILLIS);
    let new = seal(&one, directory, "new");
    assert_eq!(n_keys(directory), 2);
    for (text, value) in [(&old, "old"), (&new, "new")] {
        assert_eq!(open(&isolate(), directory, text).as_deref(), Ok(value));
    }
}

#[test]
fn known_keys_go_on_serving_when_the_directory_is_down() {
    let shards = shards();
    let directory = shards.directory_for_tests();
    let one = isolate();
    NOW.set(0);
    let sealed = seal(&one, directory, "hello");
    directory.fail_when(|_| Some(Failure::Down));
    // Long after they were read, too: they never become wrong.
    for millis in [1, FRESH_MILLIS + 1, ROTATE_MILLIS * 2] {
        NOW.set(millis);
        assert_eq!(open(&one, directory, &sealed).as_deref(), Ok("hello"));
    }
    let unknown = open(&isolate(), directory, &sealed);
    assert!(unknown.is_err_and(|error| error.is_transient()));
    // A value of before columns were sealed takes no key at all.
    assert_eq!(open(&isolate(), directory, "plain").as_deref(), Ok("plain"));
}

#[test]
fn a_value_of_another_account_or_row_does_not_open() {
    let shards = shards();
    let directory = shards.directory_for_tests();
    let keys = isolate();
    let sealed = seal(&keys, directory, "hello");
    let theirs = Vault::new(&keys, directory, BOREALIS.account_id);
    block_on(theirs.sealer()).expect("they have a key of the same number");
    for refused in [
        block_on(theirs.open_text(&PARKED_BODY, "row", &sealed)),
        block_on(aurora(&keys, directory).open_text(&PARKED_BODY, "other row", &sealed)),
        block_on(aurora(&keys, directory).open_text(&EXAMPLE_TEXT, "row", &sealed)),
    ] {
        let error = refused.expect_err("it does not open");
        assert!(matches!(
            error,
            StoreError::Unopened {
                error: SealError::Forged,
                ..
            }
        ));
        assert!(!error.is_transient() && !error.to_string().contains("hello"));
    }
}

#[test]
fn a_wrong_root_is_trouble_that_may_pass_and_an_unknown_account_has_no_key() {
    let shards = shards();
    let directory = shards.directory_for_tests();
    let sealed = seal(&isolate(), directory, "hello");
    let known = KnownKeys::default();
    let wrong = DataKeys::new(&root("b"), None, random, clock, known).expect("long enough");
    let refused = open(&wrong, directory, &sealed).expect_err("another root");
    assert_eq!(refused, StoreError::Wrapped(SealError::UnknownKey));
    assert!(refused.is_transient());
    let absent = open(&DataKeys::absent(), directory, &sealed);
    assert!(matches!(absent, Err(StoreError::NoDataKey(_))));
    let nobody = AccountId::new(Ulid(99));
    let keys = isolate();
    let none = block_on(Vault::new(&keys, directory, nobody).sealer());
    assert!(matches!(none, Err(StoreError::NoDataKey(_))));
    assert_eq!(n_keys(directory), 1);
}

#[test]
fn a_flood_of_accounts_does_not_grow_the_memory_without_end() {
    let keys = isolate();
    NOW.set(0);
    let key = DataKey::new(1, &[1; DATA_KEY_BYTES]);
    for number in 0..3 * MAX_KNOWN {
        let account_id = AccountId::new(Ulid(number as u128));
        let cipher = FieldCipher::new(account_id, vec![key.clone()]).expect("a key");
        keys.remember(account_id, &Rc::new(cipher));
    }
    assert!(keys.known.0.borrow().len() <= MAX_KNOWN);
}

#[test]
fn after_a_rewrap_the_old_root_can_go() {
    let shards = shards();
    let directory = shards.directory_for_tests();
    let old = isolate();
    let sealed = seal(&old, directory, "hello");
    let place = Place {
        table: "second_factors",
        row: "usr_1",
        column: "secret",
    };
    let ring = edgedesk_crypto::root::keyring(&root("a"), None, "second_factors").expect("a ring");
    let secret = ring.seal(&place, b"secret", [1; 12]).expect("sealed");
    let insert = format!(
        "INSERT INTO second_factors (user_id, secret, begun_at) VALUES ('usr_1', '{secret}', 1);
         INSERT INTO second_factors (user_id, secret, begun_at) VALUES ('usr_2', 'rubbish', 1);"
    );
    directory.run_script(&insert).expect("valid SQL");

    let both = |old: Option<&str>| {
        let old = old.map(root);
        let known = KnownKeys::default();
        DataKeys::new(&root("b"), old.as_ref(), random, clock, known).expect("long enough")
    };
    let rewrap = |keys: &DataKeys| block_on(shards.directory().rewrap(keys)).expect("it runs");
    let done = rewrap(&both(Some("a")));
    assert_eq!((done.n_rewrapped, done.n_unopened), (2, 1));
    // Again there is nothing to do, but for what nobody can read.
    let again = rewrap(&both(Some("a")));
    assert_eq!((again.n_rewrapped, again.n_unopened), (0, 1));

    let new = both(None);
    assert_eq!(open(&new, directory, &sealed).as_deref(), Ok("hello"));
    let old_again = open(&isolate(), directory, &sealed);
    assert_eq!(old_again, Err(StoreError::Wrapped(SealError::UnknownKey)));
    let secrets = directory.dump("second_factors").join("\n");
    let stored = secrets.split('"').find(|part| part.len() == secret.len());
    let ring = edgedesk_crypto::root::keyring(&root("b"), None, "second_factors").expect("a ring");
    let opened = ring.open(&place, stored.expect("it is there"));
    assert_eq!(opened.as_deref(), Ok(&b"secret"[..]));

    let marks = new.marks().expect("marks");
    let counts = block_on(shards.directory().count_roots()).expect("counted");
    for under in &counts {
        let is_current = marks.contains(&(under.table, under.root.clone()));
        assert_eq!(is_current, under.root != "rubbish", "{under:?}");
    }
    assert_eq!(counts.iter().map(|under| under.n).sum::<u64>(), 3);
}

#[test]
fn more_values_than_a_round_takes_are_all_sealed_anew() {
    let shards = shards();
    let directory = shards.directory_for_tests();
    let old = isolate();
    let n_accounts = 250;
    for number in 0..n_accounts {
        let account_id = AccountId::new(Ulid(1_000 + number));
        let insert = format!(
            "INSERT INTO accounts (id, name, plan, shard, created_at) VALUES ('{account_id}', 'A', 'free', 0, 1)"
        );
        directory.run_script(&insert).expect("valid SQL");
        block_on(Vault::new(&old, directory, account_id).sealer()).expect("a key");
    }
    let new = DataKeys::new(
        &root("b"),
        Some(&root("a")),
        random,
        clock,
        KnownKeys::default(),
    );
    let done = block_on(shards.directory().rewrap(&new.expect("long enough"))).expect("it runs");
    assert_eq!(u128::from(done.n_rewrapped), n_accounts);
    assert!(!done.is_more);
}

/// Two logs projected by two isolates: sealed with different nonces, and the same to whoever reads.
#[test]
fn the_checksum_is_of_what_was_sealed() {
    let logs = some_logs(&AURORA, &mut Dice(1));
    let project = || {
        let shards = shards().with_keys(isolate());
        project_logs(&shards, AURORA.shard, &logs);
        shards
    };
    let (one, other) = (project(), project());
    let dump = |shards: &Shards<Sqlite>| {
        shards
            .shard(AURORA.shard)
            .expect("a shard")
            .dump("messages")
    };
    assert_ne!(dump(&one), dump(&other));
    let checksum = |shards| block_on(store(shards, &AURORA).checksum()).expect("it runs");
    assert_eq!(checksum(&one), checksum(&other));
    // And not of anything else.
    let mut logs = logs.clone();
    logs[0].message("one more");
    let more = shards().with_keys(isolate());
    project_logs(&more, AURORA.shard, &logs);
    assert_ne!(checksum(&more), checksum(&one));
}

#[test]
fn nothing_that_people_wrote_is_in_a_table_in_clear() {
    let shards = shards().with_keys(isolate());
    let mut log = Log::new(&AURORA, 1, 1);
    log.analyzed_message("my parcel is lost", 0.9);
    project_logs(&shards, AURORA.shard, &[log.clone()]);
    let own = store(&shards, &AURORA);
    let examples = ["is my parcel lost".to_owned()];
    block_on(own.add_intent(IntentId::new(Ulid(1)), "Parcels", &examples, at(0))).expect("stored");
    block_on(own.park(&parked("my parcel is parked"))).expect("parked");
    let database = shards.shard(AURORA.shard).expect("a shard");
    for table in [
        "conversations",
        "messages",
        "analyses",
        "own_intent_examples",
        "parked_messages",
    ] {
        let rows = database.dump(table);
        assert!(!rows.is_empty(), "{table}");
        for row in rows {
            assert!(
                !row.contains("parcel") && row.contains(field::PREFIX),
                "{row}"
            );
        }
    }
    let state = block_on(own.find_conversation(log.conversation_id())).expect("it runs");
    assert_eq!(state.as_ref(), Some(log.state()));
    let messages = block_on(own.list_messages(log.conversation_id(), 0, 10)).expect("it runs");
    assert_eq!(messages[0].message.text, "my parcel is lost");
    assert!(messages[0].analysis.is_some());
    let found = block_on(own.find_parked("one"))
        .expect("it runs")
        .expect("it is there");
    assert_eq!(found.body, "my parcel is parked");
}

#[test]
fn a_value_that_was_moved_to_another_row_is_an_error_and_no_data() {
    let shards = shards().with_keys(isolate());
    let logs = some_logs(&AURORA, &mut Dice(1));
    project_logs(&shards, AURORA.shard, &logs);
    let database = shards.shard(AURORA.shard).expect("a shard");
    let (one, other) = (logs[0].conversation_id(), logs[1].conversation_id());
    let swap = format!(
        "UPDATE conversations SET state = (SELECT state FROM conversations WHERE id = '{other}') WHERE id = '{one}'"
    );
    database.run_script(&swap).expect("valid SQL");
    let own = store(&shards, &AURORA);
    for refused in [
        block_on(own.find_conversation(one)).map(|_| ()),
        block_on(own.list_conversations(&ConversationFilter::default(), None, 50)).map(|_| ()),
        block_on(own.list_tickets(&[], None, None, 50)).map(|_| ()),
        block_on(own.checksum()).map(|_| ()),
    ] {
        assert!(
            matches!(refused, Err(StoreError::Unopened { .. })),
            "{refused:?}"
        );
    }
    assert!(block_on(own.find_conversation(other)).is_ok());
}

#[test]
fn rows_of_before_are_read_and_a_rebuilt_account_has_none_in_clear() {
    let shards = shards().with_keys(isolate());
    let mut log = Log::new(&AURORA, 1, 1);
    log.message("my parcel");
    let state: &ConversationState = log.state();
    let (account, id) = (AURORA.account_id, log.conversation_id());
    let intent = IntentId::new(Ulid(1));
    let database = shards.shard(AURORA.shard).expect("a shard");
    project_logs(&shards, AURORA.shard, &[log.clone()]);
    let plain = format!(
        "UPDATE conversations SET state = '{}';
         INSERT INTO own_intents VALUES ('{account}', '{intent}', 'Parcels', 'parcels', 1, 1);
         INSERT INTO own_intent_examples VALUES ('{account}', '{intent}', 0, 'my parcel'), ('{account}', '{intent}', 1, 'mine');
         INSERT INTO parked_messages VALUES ('{account}', 'one', 'events', 'unreadable', '', 'parcel', 1, 1);",
        crate::json(state)
    );
    database.run_script(&plain).expect("valid SQL");
    let own = store(&shards, &AURORA);
    assert_eq!(
        block_on(own.find_conversation(id))
            .expect("it runs")
            .as_ref(),
        Some(state)
    );
    let examples = || {
        block_on(own.find_intent(intent))
            .expect("it runs")
            .expect("there")
            .examples
    };
    assert_eq!(examples(), ["my parcel", "mine"]);
    let before = block_on(own.checksum()).expect("it runs");

    block_on(own.seal_what_is_plain()).expect("it runs");
    for table in ["own_intent_examples", "parked_messages"] {
        let rows = database.dump(table);
        assert!(
            rows.iter().all(|row| row.contains(field::PREFIX)),
            "{rows:?}"
        );
        // Again there is nothing to do.
        block_on(own.seal_what_is_plain()).expect("it runs");
        assert_eq!(database.dump(table), rows);
    }
    assert_eq!(examples(), ["my parcel", "mine"]);
    let parked = block_on(own.find_parked("one"))
        .expect("it runs")
        .expect("it is there");
    assert_eq!(parked.body, "parcel");
    assert_eq!(block_on(own.checksum()), Ok(before));
}

#[test]
fn the_secret_of_an_inbox_is_sealed_with_its_first_use() {
    let shards = shards();
    let directory = shards.directory_for_tests();
    let clear = || {
        directory
            .dump("inboxes")
            .join("\n")
            .contains("\"zendesk-secret\"")
    };
    assert!(clear());
    let find = |keys: &DataKeys| {
        let found = block_on(shards.directory().find_inbox(keys, AURORA.zendesk_inbox_id));
        found.map(|inbox| inbox.expect("it is seeded").secret.expose().to_owned())
    };
    // It serves although the directory takes no change.
    directory.fail_when(|call| (call > 1).then_some(Failure::Down));
    assert_eq!(find(&isolate()).as_deref(), Ok("zendesk-secret"));
    directory.recover();
    assert!(clear());
    assert_eq!(find(&isolate()).as_deref(), Ok("zendesk-secret"));
    assert!(!clear());
    assert_eq!(find(&isolate()).as_deref(), Ok("zendesk-secret"));
    // Copied to another inbox it is worth nothing.
    let copy = format!(
        "UPDATE inboxes SET secret = (SELECT secret FROM inboxes WHERE id = '{}') WHERE id = '{}'",
        AURORA.zendesk_inbox_id, BOREALIS.zendesk_inbox_id
    );
    directory.run_script(&copy).expect("valid SQL");
    let theirs = shards.directory();
    let theirs = block_on(theirs.find_inbox(shards.keys(), BOREALIS.zendesk_inbox_id));
    assert!(matches!(theirs, Err(StoreError::Unopened { .. })));
}

#[test]
fn a_sealer_of_the_fixtures_seals_alike_and_that_of_an_isolate_does_not() {
    let shards = shards();
    let sealer = sealer(&shards, AURORA.account_id);
    let twice = [1, 2].map(|_| sealer.seal(&PARKED_BODY, "row", "hello").expect("sealed"));
    assert_eq!(twice[0], twice[1]);
}

fn parked(body: &str) -> Parked {
    Parked {
        id: "one".to_owned(),
        queue: "events".to_owned(),
        reason: ParkedReason::Refused,
        detail: String::new(),
        body: body.to_owned(),
        n_attempts: 1,
        parked_at: at(0),
    }
}
