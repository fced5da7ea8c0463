use edgedesk_domain::ids::AccountId;
use edgedesk_wire::jobs::{ChecksumResponse, RebuildResponse};
use edgedesk_wire::queue::{ENVELOPE_VERSION, Envelope, Payload};
use futures::executor::block_on;

use super::*;
use crate::fixtures::{
    Dice, Log, Objects, at, envelope, project_logs, read_model, shards, some_logs, store,
};
use crate::seed::{AURORA, BOREALIS};
use crate::testing::{Failure, Sqlite};

/// Always the longest delay.
struct Longest;

impl Chance for Longest {
    fn fraction(&self) -> f64 {
        0.999_999
    }
}

struct World {
    shards: Shards<Sqlite>,
    objects: Objects,
    known_shards: KnownShards,
}

impl World {
    fn new(logs: impl IntoIterator<Item = Log>) -> Self {
        Self {
            shards: shards(),
            objects: Objects::new(logs),
            known_shards: KnownShards::default(),
        }
    }

    fn projector(&self) -> Projector<'_, Sqlite, Objects, Longest> {
        Projector {
            shards: &self.shards,
            logs: &self.objects,
            chance: &Longest,
            known_shards: &self.known_shards,
            now: at(0),
        }
    }

    fn project(&self, deliveries: &[Delivery]) -> Vec<Verdict> {
        block_on(self.projector().project(deliveries))
    }

    fn bury(&self, deliveries: &[Delivery]) -> Vec<Verdict> {
        block_on(self.projector().bury(deliveries))
    }

    /// Delivers as the queue does, until every message is acknowledged. Gives the number of rounds.
    fn deliver(&self, envelopes: &[Envelope], batch_size: usize) -> u32 {
        let mut waiting: Vec<_> = envelopes.iter().map(delivery).collect();
        for round in 1..=100 {
            let mut again = Vec::new();
            for batch in waiting.chunks(batch_size) {
                for (delivery, verdict) in batch.iter().zip(self.project(batch)) {
                    match verdict {
                        Verdict::Projected { .. } => {}
                        Verdict::Parked(reason) => panic!("{} was parked: {reason:?}", delivery.id),
                        Verdict::Retry { .. } => again.push(Delivery {
                            n_attempts: delivery.n_attempts + 1,
                            ..delivery.clone()
                        }),
                    }
                }
            }
            if again.is_empty() {
                return round;
            }
            waiting = again;
        }
        panic!("some messages are never acknowledged");
    }

    fn rebuild(&self, account_id: AccountId, limit: u32) -> u64 {
        let (mut after, mut rebuilt) = (None, 0);
        loop {
            let page = self
                .rebuild_page(account_id, after, limit)
                .expect("it works");
            rebuilt += page.rebuilt;
            if page.next_after.is_none() {
                return rebuilt;
            }
            after = page.next_after;
        }
    }

    fn rebuild_page(
        &self,
        account_id: AccountId,
        after: Option<u64>,
        limit: u32,
    ) -> Result<RebuildResponse, RebuildError> {
        let projector = self.projector();
        block_on(projector.rebuild(&self.objects, account_id, after, limit))
    }

    fn checksum(&self, ids: &crate::seed::DemoIds) -> ChecksumResponse {
        block_on(store(&self.shards, ids).checksum()).expect("it works")
    }

    fn parked(&self, ids: &crate::seed::DemoIds) -> Vec<Parked> {
        block_on(store(&self.shards, ids).list_parked(None, 100))
            .expect("it works")
            .items
    }
}

fn delivery(envelope: &Envelope) -> Delivery {
    raw(crate::json(envelope))
}

fn raw(body: impl Into<String>) -> Delivery {
    Delivery {
        id: "queue-id".into(),
        body: Some(body.into()),
        n_attempts: 1,
    }
}

/// Logs of both accounts, what they look like when projected in order, and their queue messages in order.
fn both_accounts(dice: &mut Dice) -> (Vec<Log>, Vec<String>, Vec<Envelope>) {
    let aurora = some_logs(&AURORA, dice);
    let borealis = some_logs(&BOREALIS, dice);
    let expected = shards();
    project_logs(&expected, AURORA.shard, &aurora);
    project_logs(&expected, BOREALIS.shard, &borealis);
    let logs: Vec<_> = aurora.into_iter().chain(borealis).collect();
    let envelopes = logs.iter().flat_map(|log| log.envelopes(dice)).collect();
    let rows = read_model(&expected);
    assert!(rows.len() > 60, "{} rows", rows.len());
    (logs, rows, envelopes)
}

#[test]
fn messages_delivered_three_times_and_shuffled_end_in_the_same_rows() {
    for seed in 0..20 {
        let mut dice = Dice(seed);
        let (logs, expected, envelopes) = both_accounts(&mut dice);
        let mut thrice = [&envelopes[..], &envelopes, &envelopes].concat();
        dice.shuffle(&mut thrice);
        let world = World::new(logs);
        let batch_size = 1 + dice.roll(40);
        assert_eq!(world.deliver(&thrice, batch_size), 1);
        assert_eq!(read_model(&world.shards), expected, "seed {seed}");
    }
}

#[test]
fn a_batch_is_one_call_per_shard() {
    let mut dice = Dice(1);
    let (logs, _, envelopes) = both_accounts(&mut dice);
    let world = World::new(logs);
    world.deliver(&envelopes, envelopes.len());
    for shard in 0..2 {
        assert_eq!(world.shards.shard(shard).unwrap().n_calls(), 1);
    }
    world.deliver(&envelopes[..1], 1);
    // The seed, and two accounts, looked up once each: where they are, which keys they have, and a first one made.
    assert_eq!(world.shards.directory_for_tests().n_calls(), 7);
}

#[test]
fn a_database_that_fails_at_any_call_and_recovers_ends_with_the_right_rows() {
    let mut dice = Dice(2);
    let (logs, expected, envelopes) = both_accounts(&mut dice);
    for failure in [Failure::Down, Failure::AnswerLost] {
        for nth in 1..=12 {
            for n_failing in [1, 3] {
                let world = World::new(logs.clone());
                for shard in 0..2 {
                    let database = world.shards.shard(shard).unwrap();
                    database.fail_when(move |call| {
                        (nth..nth + n_failing).contains(&call).then_some(failure)
                    });
                }
                world.deliver(&envelopes, 9);
                assert_eq!(read_model(&world.shards), expected, "{failure:?} at {nth}");
            }
        }
    }
}

#[test]
fn a_directory_that_is_down_parks_nothing() {
    let log = Log::new(&AURORA, 1, 1);
    let world = World::new([]);
    world
        .shards
        .directory_for_tests()
        .fail_when(|call| (call <= 2).then_some(Failure::Down));
    assert_eq!(world.deliver(&log.envelopes(&mut Dice(0)), 10), 3);
}

#[test]
fn while_a_shard_is_down_a_batch_is_retried_with_few_calls() {
    let mut dice = Dice(3);
    let logs = some_logs(&AURORA, &mut dice);
    let deliveries: Vec<_> = logs
        .iter()
        .flat_map(|log| log.envelopes(&mut dice))
        .map(|envelope| delivery(&envelope))
        .collect();
    let world = World::new([]);
    let shard = world.shards.shard(AURORA.shard).unwrap();
    shard.fail_when(|_| Some(Failure::Down));
    for verdict in world.project(&deliveries) {
        assert!(
            matches!(verdict, Verdict::Retry { delay_secs: 2, .. }),
            "{verdict:?}"
        );
    }
    assert_eq!(shard.n_calls(), u64::from(1 + MAX_FAILURES_IN_A_ROW));
}

#[test]
fn events_by_reference_are_read_from_the_log() {
    let mut log = Log::new(&AURORA, 1, 1);
    for turn in 0..6 {
        log.analyzed_message(&format!("message {turn}"), 0.5);
    }
    let head = log.state().seq;
    let expected = shards();
    project_logs(&expected, AURORA.shard, &[log.clone()]);

    let world = World::new([log.clone()]);
    *world.objects.n_failures.borrow_mut() = 2;
    assert_eq!(
        world.deliver(&[log.by_reference(1, 5), log.by_reference(6, head)], 10),
        2
    );
    assert_eq!(read_model(&world.shards), read_model(&expected));

    // A log that lost its end is trouble, not an empty run.
    let beyond = {
        let mut longer = log.clone();
        longer.message("not in the object");
        longer.by_reference(head, head + 1)
    };
    let verdicts = world.project(&[delivery(&beyond)]);
    assert!(
        matches!(verdicts[..], [Verdict::Retry { .. }]),
        "{verdicts:?}"
    );
}

#[test]
fn poison_is_parked_with_its_reason_and_the_others_land() {
    let mut dice = Dice(4);
    let (logs, expected, envelopes) = both_accounts(&mut dice);
    let good = Log::new(&AURORA, 100, 1);
    let foreign = Log::new(&BOREALIS, 100, 1);

    let mut mixed_account = envelope(good.appended(1, 1, 1));
    mixed_account.account_id = BOREALIS.account_id;
    let mut mixed_events = good.appended(1, 1, 1);
    mixed_events.events.extend(foreign.events.clone());
    let mut no_such_account = envelope(good.appended(1, 1, 1));
    let stranger: AccountId = "acc_00000000000000000000000001".parse().unwrap();
    no_such_account.account_id = stranger;
    let Payload::EventsAppended(appended) = &mut no_such_account.payload;
    appended.state.account_id = stranger;
    appended.events[0].account_id = stranger;
    let unknown_kind =
        crate::json(&envelope(good.appended(1, 1, 1))).replace("events.appended", "events.sung");

    let poison = [
        (raw("no json, but \u{1F642}"), ParkedReason::Unreadable),
        (raw("{}"), ParkedReason::Unreadable),
        (raw("[1,2"), ParkedReason::Unreadable),
        (
            Delivery {
                body: None,
                ..raw("")
            },
            ParkedReason::Unreadable,
        ),
        (raw(unknown_kind), ParkedReason::Unreadable),
        (delivery(&mixed_account), ParkedReason::Inconsistent),
        (
            delivery(&envelope(mixed_events)),
            ParkedReason::Inconsistent,
        ),
        (delivery(&no_such_account), ParkedReason::UnknownAccount),
    ];
    let world = World::new(logs);
    let mut batch: Vec<_> = envelopes.iter().map(delivery).collect();
    let n_good = batch.len();
    for (number, (poison, _)) in poison.iter().enumerate() {
        batch.push(Delivery {
            id: format!("queue-{number}"),
            ..poison.clone()
        });
    }
    let verdicts = world.project(&batch);
    assert!(
        verdicts[..n_good]
            .iter()
            .all(|verdict| matches!(verdict, Verdict::Projected { .. }))
    );
    for ((delivery, reason), verdict) in poison.iter().zip(&verdicts[n_good..]) {
        assert_eq!(*verdict, Verdict::Parked(*reason), "{:?}", delivery.body);
    }
    assert_eq!(read_model(&world.shards), expected);

    // Of a known account: in its shard. Of none: in the directory.
    let reasons = |ids| {
        world
            .parked(ids)
            .iter()
            .map(|parked| parked.reason)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        reasons(&AURORA),
        [ParkedReason::Inconsistent, ParkedReason::Unreadable][..1],
        "same id, parked once"
    );
    assert_eq!(reasons(&BOREALIS), [ParkedReason::Inconsistent]);
    assert_eq!(
        world
            .shards
            .directory_for_tests()
            .dump("unclaimed_messages")
            .len(),
        5
    );
}

#[test]
fn a_parked_message_keeps_its_body_and_says_where_it_broke_but_not_what_it_said() {
    let world = World::new([]);
    let body = format!(
        r#"{{"version":1,"id":"e-1","account_id":"{}","kind":"events.appended","body":"my card is 4111"}}"#,
        AURORA.account_id
    );
    let verdicts = world.project(&[Delivery {
        n_attempts: 3,
        ..raw(&body)
    }]);
    assert_eq!(verdicts, [Verdict::Parked(ParkedReason::Unreadable)]);
    let [parked] = &world.parked(&AURORA)[..] else {
        panic!("one message is parked")
    };
    assert_eq!((parked.id.as_str(), parked.n_attempts), ("e-1", 3));
    assert_eq!(parked.body, body);
    assert!(
        parked
            .detail
            .starts_with("unexpected shape at line 1 column "),
        "{}",
        parked.detail
    );
}

#[test]
fn rows_that_the_database_refuses_are_parked_and_the_others_of_the_batch_land() {
    let mut first = Log::new(&AURORA, 1, 1);
    first.ticket(1);
    let mut second = Log::new(&AURORA, 2, 2);
    second.ticket(1);
    let mut third = Log::new(&AURORA, 3, 3);
    third.ticket(3);
    let world = World::new([]);
    let whole = |log: &Log| delivery(&envelope(log.appended(1, 2, 2)));
    let verdicts = world.project(&[whole(&first), whole(&second), whole(&third)]);
    let projected = |log: &Log| Verdict::Projected {
        logged_at: log.appended(1, 1, 1).events[0].at,
    };
    assert_eq!(
        verdicts,
        [
            projected(&first),
            Verdict::Parked(ParkedReason::Refused),
            projected(&third)
        ],
        "a verdict says when the oldest event was logged"
    );
    let found = |log: &Log| {
        block_on(store(&world.shards, &AURORA).find_conversation(log.conversation_id())).unwrap()
    };
    assert_eq!(found(&third).as_ref(), Some(third.state()));
    assert_eq!(
        found(&second),
        None,
        "a message is written whole or not at all"
    );
}

#[test]
fn an_envelope_of_a_newer_version_waits_for_a_newer_deployment() {
    let mut newer = envelope(Log::new(&AURORA, 1, 1).appended(1, 1, 1));
    newer.version = ENVELOPE_VERSION + 1;
    let world = World::new([]);
    let verdicts = world.project(&[delivery(&newer)]);
    assert!(
        matches!(verdicts[..], [Verdict::Retry { .. }]),
        "{verdicts:?}"
    );
    // When none came in time, a person must look.
    assert_eq!(
        world.bury(&[delivery(&newer)]),
        [Verdict::Parked(ParkedReason::RetriesExhausted)]
    );
}

#[test]
fn a_dead_letter_gets_one_more_try_before_it_is_parked() {
    let mut log = Log::new(&AURORA, 1, 1);
    log.analyzed_message("hello", 0.1);
    let head = log.state().seq;
    let world = World::new([log.clone()]);

    // The trouble is over.
    assert!(matches!(
        world.bury(&[delivery(&envelope(log.appended(1, 1, 1)))])[..],
        [Verdict::Projected { .. }]
    ));
    // The object does not answer, D1 does.
    *world.objects.n_failures.borrow_mut() = 1;
    let dead = Delivery {
        n_attempts: 11,
        ..delivery(&log.by_reference(2, head))
    };
    assert_eq!(
        world.bury(std::slice::from_ref(&dead)),
        [Verdict::Parked(ParkedReason::RetriesExhausted)]
    );
    assert_eq!(world.parked(&AURORA)[0].n_attempts, 11);
    // Neither does D1: nothing can be parked, nothing is lost.
    let shard = world.shards.shard(AURORA.shard).unwrap();
    shard.fail_when(|_| Some(Failure::Down));
    let verdicts = world.bury(std::slice::from_ref(&dead));
    assert!(
        matches!(
            verdicts[..],
            [Verdict::Retry {
                delay_secs: MAX_DEAD_DELAY_SECS,
                ..
            }]
        ),
        "{verdicts:?}"
    );
    shard.recover();
    assert!(matches!(
        world.bury(&[dead])[..],
        [Verdict::Projected { .. }]
    ));
}

#[test]
fn a_parked_message_is_retried_by_its_own_account_only_and_leaves_the_list_when_handled() {
    let mut log = Log::new(&AURORA, 1, 1);
    log.analyzed_message("hello", 0.1);
    let envelope = log.by_reference(1, 3);
    let world = World::new([log.clone()]);
    *world.objects.n_failures.borrow_mut() = 1;
    world.bury(&[delivery(&envelope)]);
    assert_eq!(world.parked(&AURORA).len(), 1);

    let retry =
        |account_id| block_on(world.projector().retry_parked(account_id, &envelope.id)).unwrap();
    assert_eq!(retry(BOREALIS.account_id), None);
    *world.objects.n_failures.borrow_mut() = 1;
    assert_eq!(
        retry(AURORA.account_id),
        Some(Err("an object could not be read: down on command".into()))
    );
    assert_eq!(world.parked(&AURORA)[0].n_attempts, 2);
    assert_eq!(retry(AURORA.account_id), Some(Ok(())));
    assert_eq!(world.parked(&AURORA), []);
    assert_eq!(retry(AURORA.account_id), None);
    let found = block_on(store(&world.shards, &AURORA).find_conversation(log.conversation_id()));
    assert_eq!(found.unwrap().as_ref(), Some(log.state()));
}

#[test]
fn a_rebuild_equals_the_live_rows_byte_for_byte() {
    for limit in [1, 3, 100] {
        let mut dice = Dice(u64::from(limit));
        let (logs, expected, mut envelopes) = both_accounts(&mut dice);
        let world = World::new(logs);
        dice.shuffle(&mut envelopes);
        world.deliver(&envelopes, 7);
        let checksums = [world.checksum(&AURORA), world.checksum(&BOREALIS)];
        assert_ne!(checksums[0].checksum, checksums[1].checksum);

        // Whatever happened to the rows, it is undone.
        let shard = world.shards.shard(AURORA.shard).unwrap();
        shard
            .run_script(
                "DELETE FROM messages WHERE seq = 3; UPDATE conversations SET state = '{}', seq = 99;
                 UPDATE customers SET name = 'somebody else', name_rank = 'zzz'; DELETE FROM tickets WHERE number = 2;
                 UPDATE analyses SET score = 0.5;",
            )
            .unwrap();
        assert_ne!(world.checksum(&AURORA), checksums[0]);
        assert_eq!(world.rebuild(AURORA.account_id, limit), 8);
        assert_eq!(read_model(&world.shards), expected, "limit {limit}");
        assert_eq!(world.checksum(&AURORA), checksums[0]);
        assert_eq!(
            world.checksum(&BOREALIS),
            checksums[1],
            "the other account is not touched"
        );
    }
}

#[test]
fn a_rebuild_with_messages_arriving_meanwhile_ends_in_the_same_rows() {
    let mut dice = Dice(5);
    let (logs, expected, mut envelopes) = both_accounts(&mut dice);
    dice.shuffle(&mut envelopes);
    let world = World::new(logs);
    let (before, after) = envelopes.split_at(envelopes.len() / 2);
    world.deliver(before, 5);
    let mut cursor = None;
    let mut rest = after.chunks(3);
    loop {
        let page = world.rebuild_page(AURORA.account_id, cursor, 1).unwrap();
        if let Some(arriving) = rest.next() {
            world.deliver(arriving, 5);
        }
        if page.next_after.is_none() {
            break;
        }
        cursor = page.next_after;
    }
    rest.for_each(|arriving| assert_eq!(world.deliver(arriving, 5), 1));
    assert_eq!(read_model(&world.shards), expected);
}

#[test]
fn a_rebuild_keeps_conversations_that_the_desk_has_not_heard_of() {
    let mut log = Log::new(&AURORA, 1, 1);
    log.analyzed_message("hello", 0.1);
    let mut world = World::new([log.clone()]);
    world.objects.unregistered.push(log.conversation_id());
    world.deliver(&log.envelopes(&mut Dice(0)), 10);
    let before = world.checksum(&AURORA);
    assert_eq!(world.rebuild(AURORA.account_id, 10), 1);
    assert_eq!(world.checksum(&AURORA), before);
    assert_eq!(before.n_rows["messages"], 1);
}

#[test]
fn a_rebuild_that_fails_half_way_can_be_run_again() {
    let mut dice = Dice(6);
    let (logs, expected, envelopes) = both_accounts(&mut dice);
    let world = World::new(logs);
    world.deliver(&envelopes, 100);
    let shard = world.shards.shard(AURORA.shard).unwrap();
    for nth in 1..=6 {
        shard.fail_when(move |call| (call == nth).then_some(Failure::Down));
        let page = world.rebuild_page(AURORA.account_id, None, 100);
        // Five calls: which conversations have no ticket, what is in clear of two tables, the deletion, the rows.
        assert_eq!(page.is_err(), nth <= 5, "call {nth}");
        shard.recover();
        world.rebuild(AURORA.account_id, 100);
        assert_eq!(read_model(&world.shards), expected);
    }
    let unknown = "acc_00000000000000000000000001".parse().unwrap();
    let result = world.rebuild_page(unknown, None, 1);
    assert_eq!(result, Err(RebuildError::UnknownAccount(unknown)));
}

#[test]
fn delays_grow_are_jittered_and_end_at_the_cap() {
    for (n_attempts, ceiling) in [
        (0, 2),
        (1, 2),
        (2, 4),
        (3, 8),
        (5, 32),
        (6, 60),
        (7, 60),
        (u32::MAX, 60),
    ] {
        assert_eq!(
            delay_secs(n_attempts, MAX_DELAY_SECS, 0.0),
            1,
            "attempt {n_attempts}"
        );
        assert_eq!(
            delay_secs(n_attempts, MAX_DELAY_SECS, 0.999),
            ceiling,
            "attempt {n_attempts}"
        );
        assert_eq!(
            delay_secs(n_attempts, MAX_DELAY_SECS, 0.5),
            ceiling.div_ceil(2),
            "attempt {n_attempts}"
        );
    }
}

#[test]
fn messages_are_written_in_runs_of_bounded_size() {
    let sealer = crate::fixtures::sealer(&shards(), AURORA.account_id);
    let fate = |n_bytes| {
        Fate::Ready(Box::new(Ready {
            shard: 0,
            n_bytes,
            appended: Log::new(&AURORA, 1, 1).appended(1, 1, 1),
            sealer: sealer.clone(),
        }))
    };
    let fates = [
        fate(MAX_BATCH_BYTES),
        fate(1),
        fate(MAX_BATCH_BYTES - 1),
        fate(1),
        fate(MAX_BATCH_BYTES * 2),
    ];
    let expected: [&[usize]; 4] = [&[0], &[1, 2], &[3], &[4]];
    assert_eq!(runs(&[0, 1, 2, 3, 4], &fates), expected);
    assert_eq!(runs(&[], &fates), Vec::<&[usize]>::new());
}
