//! The work on requests, with everybody outside failing on command.

use std::collections::BTreeMap;
use std::rc::Rc;

use edgedesk_domain::ids::UserId;
use futures::executor::block_on;
use ulid::Ulid;

use super::*;
use crate::testing::{Failure, TestHost, TestSql};

const DAY: i64 = 24 * 3600 * 1000;
const WINDOW_SECS: u64 = 30 * 24 * 3600;

/// What a conversation was asked, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    Schedule,
    Cancel,
    Rewrite(PrivacyKind),
}

/// Conversations, the read model, the audit log.
#[derive(Debug, Clone, Default)]
struct TestOutside(Rc<Others>);

#[derive(Debug, Default)]
struct Others {
    conversations: RefCell<Vec<ConversationId>>,
    /// One of so many calls fails; none for 0.
    fails_every: Cell<u32>,
    calls: Cell<u32>,
    asked: RefCell<BTreeMap<ConversationId, Vec<Asked>>>,
    portions: Cell<u64>,
    names: RefCell<Vec<Vec<String>>>,
    swept: RefCell<Vec<(usize, Vec<String>)>>,
    records: RefCell<Vec<&'static str>>,
}

impl TestOutside {
    fn call(&self) -> Result<(), OutsideError> {
        let calls = self.0.calls.get() + 1;
        self.0.calls.set(calls);
        // Scattered: at a fixed beat one call of a step might fail each time.
        let mixed = calls.wrapping_mul(0x9E37_79B1);
        let dice = (mixed ^ (mixed >> 15)).wrapping_mul(0x2C1B_3C6D) >> 12;
        if self.0.fails_every.get() > 0 && dice.is_multiple_of(self.0.fails_every.get()) {
            return Err(OutsideError::Unavailable("on command".into()));
        }
        Ok(())
    }

    fn ask(&self, id: ConversationId, asked: Asked) {
        let mut all = self.0.asked.borrow_mut();
        let of = all.entry(id).or_default();
        // A repeat changes nothing there.
        if of.last() != Some(&asked) {
            of.push(asked);
        }
    }
}

impl PrivacyOutside for TestOutside {
    async fn conversations(
        &self,
        _: AccountId,
        _: CustomerId,
    ) -> Result<Vec<ConversationId>, OutsideError> {
        crate::testing::pause().await;
        self.call()?;
        Ok(self.0.conversations.borrow().clone())
    }

    async fn schedule(
        &self,
        _: AccountId,
        id: ConversationId,
        _: ScheduleErasure,
    ) -> Result<(), OutsideError> {
        crate::testing::pause().await;
        self.ask(id, Asked::Schedule);
        self.call()
    }

    async fn cancel(
        &self,
        _: AccountId,
        id: ConversationId,
        _: CancelErasure,
    ) -> Result<(), OutsideError> {
        crate::testing::pause().await;
        self.ask(id, Asked::Cancel);
        self.call()
    }

    async fn names(&self, _: AccountId, id: ConversationId) -> Result<Vec<String>, OutsideError> {
        self.call()?;
        Ok(vec![format!("name of {id}")])
    }

    async fn rewrite(
        &self,
        _: AccountId,
        id: ConversationId,
        request: Rewrite,
    ) -> Result<Rewritten, OutsideError> {
        crate::testing::pause().await;
        self.call()?;
        self.0.names.borrow_mut().push(request.names);
        if request.after_seq + 1 < self.0.portions.get() {
            return Ok(Rewritten {
                next_after: Some(request.after_seq + 1),
            });
        }
        self.ask(id, Asked::Rewrite(request.kind));
        Ok(Rewritten { next_after: None })
    }

    async fn sweep(
        &self,
        _: AccountId,
        _: &PrivacyRequest,
        ids: &[ConversationId],
        names: &[String],
    ) -> Result<(), OutsideError> {
        self.call()?;
        self.0.swept.borrow_mut().push((ids.len(), names.to_vec()));
        Ok(())
    }

    async fn record(
        &self,
        _: AccountId,
        _: &PrivacyRequest,
        action: &'static str,
    ) -> Result<(), OutsideError> {
        self.call()?;
        let mut records = self.0.records.borrow_mut();
        if records.last() != Some(&action) {
            records.push(action);
        }
        Ok(())
    }
}

struct World {
    sql: TestSql,
    host: TestHost,
    outside: TestOutside,
    object: Privacy<TestSql, TestHost>,
}

impl World {
    fn new(n_conversations: u64) -> Self {
        let (sql, host) = (TestSql::new(), TestHost::default());
        host.now.set(1_000_000);
        let outside = TestOutside::default();
        outside.0.portions.set(1);
        outside
            .0
            .conversations
            .borrow_mut()
            .extend((1..=n_conversations).map(conversation));
        Self {
            object: Privacy::new(sql.clone(), host.clone()),
            sql,
            host,
            outside,
        }
    }

    fn reborn(&mut self) {
        self.object = Privacy::new(self.sql.clone(), self.host.clone());
    }

    fn create(&self, kind: PrivacyKind) -> PrivacyRequest {
        self.try_create(kind, 1).unwrap()
    }

    fn try_create(&self, kind: PrivacyKind, n: u64) -> Result<PrivacyRequest, ObjectError> {
        let request = CreateRequest {
            kind,
            customer_id: CustomerId::new(Ulid::from(u128::from(n))),
            requested_by: UserId::new(Ulid::from(9)),
            window_secs: WINDOW_SECS,
        };
        block_on(self.object.create(account(), request)).map(|answer| answer.request)
    }

    fn cancel(&self, id: PrivacyRequestId) -> Result<PrivacyRequest, ObjectError> {
        block_on(self.object.cancel(account(), CancelRequest { id })).map(|answer| answer.request)
    }

    fn work(&self) {
        block_on(self.object.work(&self.outside));
    }

    /// Lets alarms go off until none is set before `until`.
    fn alarms_until(&self, until: i64) {
        for _ in 0..10_000 {
            match self.host.alarm.get() {
                Some(at) if at.millis() <= until => {
                    self.host.alarm.set(None);
                    self.host.now.set(self.host.now.get().max(at.millis()));
                    block_on(self.object.alarm(&self.outside)).unwrap();
                }
                _ => {
                    self.host.now.set(until);
                    return;
                }
            }
        }
        panic!("the alarms never end");
    }

    fn pass_days(&self, days: i64) {
        self.alarms_until(self.host.now.get() + days * DAY);
    }

    fn find(&self, id: PrivacyRequestId) -> PrivacyRequest {
        self.object.find(account(), id).unwrap().request
    }

    fn asked(&self) -> Vec<Vec<Asked>> {
        self.outside.0.asked.borrow().values().cloned().collect()
    }
}

fn account() -> AccountId {
    AccountId::new(Ulid::from(7))
}

fn conversation(n: u64) -> ConversationId {
    ConversationId::new(Ulid::from(u128::from(n)))
}

#[test]
fn an_erasure_hides_at_once_and_erases_on_day_30() {
    let world = World::new(250);
    let request = world.create(PrivacyKind::Erasure);
    world.work();
    world.alarms_until(world.host.now.get() + 10_000);
    let waiting = world.find(request.id);
    assert_eq!(waiting.status, PrivacyStatus::Waiting);
    assert_eq!((waiting.n_done, waiting.n_total), (250, 250));
    world.pass_days(29);
    assert!(
        world
            .asked()
            .iter()
            .all(|asked| *asked == [Asked::Schedule])
    );
    world.pass_days(1);
    world.pass_days(1);
    let done = world.find(request.id);
    assert_eq!(done.status, PrivacyStatus::Done);
    assert!(done.finished_at.is_some());
    let both = [Asked::Schedule, Asked::Rewrite(PrivacyKind::Erasure)];
    assert!(world.asked().iter().all(|asked| *asked == both));
    assert_eq!(
        *world.outside.0.records.borrow(),
        ["customer.erasure_scheduled", "customer.erased"]
    );
    // Late copies on the queues are swept once more; then there is nothing to wake for.
    world.pass_days(10);
    let swept = world.outside.0.swept.borrow();
    assert_eq!(swept.len(), 2);
    assert_eq!((swept[0].0, swept[0].1.len()), (250, 250));
    assert!(!world.object.has_work());
    assert_eq!(world.host.alarm.get(), None);
}

#[test]
fn an_erasure_is_taken_back_on_day_29_and_not_on_day_30() {
    let world = World::new(3);
    let request = world.create(PrivacyKind::Erasure);
    world.work();
    world.pass_days(29);
    let cancelling = world.cancel(request.id).unwrap();
    assert_eq!(cancelling.status, PrivacyStatus::Cancelling);
    world.work();
    assert_eq!(world.find(request.id).status, PrivacyStatus::Cancelled);
    assert_eq!(
        world.cancel(request.id).unwrap().status,
        PrivacyStatus::Cancelled
    );
    world.pass_days(40);
    assert!(
        world
            .asked()
            .iter()
            .all(|asked| *asked == [Asked::Schedule, Asked::Cancel])
    );
    assert_eq!(
        *world.outside.0.records.borrow(),
        ["customer.erasure_scheduled", "customer.erasure_cancelled"]
    );

    let late = world.create(PrivacyKind::Erasure);
    world.work();
    // The clock says that it is due, though no alarm went off yet.
    world.host.pass(30 * DAY);
    let error = world.cancel(late.id).unwrap_err();
    assert_eq!(
        (error.status(), error.code()),
        (409, "privacy_request_over".to_owned())
    );
}

#[test]
fn one_that_is_taken_back_while_it_hides_shows_all_of_it_again() {
    let world = World::new(5);
    let request = world.create(PrivacyKind::Erasure);
    let cancelling = async {
        for _ in 0..4 {
            crate::testing::pause().await;
        }
        let cancel = CancelRequest { id: request.id };
        world.object.cancel(account(), cancel).await.unwrap();
    };
    block_on(async { futures::join!(world.object.work(&world.outside), cancelling) });
    world.alarms_until(world.host.now.get() + 60_000);
    assert_eq!(world.find(request.id).status, PrivacyStatus::Cancelled);
    let asked = world.asked();
    assert!(!asked.is_empty());
    assert!(
        asked
            .iter()
            .all(|asked| asked.last() == Some(&Asked::Cancel)),
        "{asked:?}"
    );
}

#[test]
fn an_anonymisation_is_done_at_once_in_portions_with_the_names_of_all_conversations() {
    let world = World::new(4);
    world.outside.0.portions.set(3);
    let request = world.create(PrivacyKind::Anonymisation);
    world.work();
    let done = world.find(request.id);
    assert_eq!(
        (done.status, done.n_done, done.n_total),
        (PrivacyStatus::Done, 4, 4)
    );
    let names = world.outside.0.names.borrow();
    assert_eq!(names.len(), 12);
    assert!(names.iter().all(|names| names.len() == 4));
    let error = world.cancel(request.id).unwrap_err();
    assert_eq!(error.code(), "privacy_request_over");
}

#[test]
fn whatever_fails_outside_a_request_is_done_in_the_end() {
    for fails_every in 2..9 {
        let world = World::new(30);
        world.outside.0.fails_every.set(fails_every);
        let request = world.create(PrivacyKind::Erasure);
        world.work();
        world.pass_days(60);
        assert_eq!(
            world.find(request.id).status,
            PrivacyStatus::Done,
            "{fails_every}"
        );
        let both = [Asked::Schedule, Asked::Rewrite(PrivacyKind::Erasure)];
        assert!(world.asked().iter().all(|asked| *asked == both));
        assert_eq!(world.asked().len(), 30);
    }
}

#[test]
fn a_storage_that_fails_at_any_call_loses_no_request() {
    let calls = {
        let world = World::new(3);
        world.sql.fail(None);
        world.create(PrivacyKind::Anonymisation);
        world.work();
        world.sql.calls()
    };
    for (call, after) in (1..=calls).flat_map(|call| [(call, false), (call, true)]) {
        let mut world = World::new(3);
        world.sql.fail(Some(if after {
            Failure::After(call)
        } else {
            Failure::Before(call)
        }));
        let created = world.try_create(PrivacyKind::Anonymisation, 1);
        if created.is_err() {
            // Who got no answer asks again, and is told if it was taken.
            world.reborn();
            let again = world.try_create(PrivacyKind::Anonymisation, 1);
            let code = again.map_or_else(|error| error.code(), |_| String::new());
            assert!(
                code.is_empty() || code == "privacy_request_active",
                "call {call}: {code}"
            );
            if code == "privacy_request_active" && world.host.alarm.get().is_none() {
                world.work();
            }
        }
        world.work();
        world.sql.fail(None);
        world.reborn();
        world.alarms_until(world.host.now.get() + DAY);
        let page = world.object.list(account(), None, None).unwrap();
        assert_eq!(page.requests.len(), 1, "call {call}");
        assert_eq!(
            page.requests[0].status,
            PrivacyStatus::Done,
            "call {call} {after}"
        );
        assert_eq!(world.asked().len(), 3);
    }
}

#[test]
fn a_conversation_that_the_read_model_hears_of_late_is_not_forgotten() {
    let world = World::new(2);
    let request = world.create(PrivacyKind::Erasure);
    world.work();
    world
        .outside
        .0
        .conversations
        .borrow_mut()
        .push(conversation(3));
    world.pass_days(31);
    assert_eq!(world.find(request.id).status, PrivacyStatus::Done);
    assert_eq!(world.asked()[2], [Asked::Rewrite(PrivacyKind::Erasure)]);
}

#[test]
fn a_customer_has_one_request_at_a_time_and_lists_go_from_the_newest_on() {
    let world = World::new(1);
    world.create(PrivacyKind::Erasure);
    let error = world.try_create(PrivacyKind::Anonymisation, 1).unwrap_err();
    assert_eq!(
        (error.status(), error.code()),
        (409, "privacy_request_active".to_owned())
    );
    for n in 2..=5 {
        world.try_create(PrivacyKind::Anonymisation, n).unwrap();
    }
    let first = world.object.list(account(), None, Some(3)).unwrap();
    let second = world
        .object
        .list(account(), first.next_before, Some(3))
        .unwrap();
    assert_eq!((first.requests.len(), second.requests.len()), (3, 2));
    assert_eq!(second.next_before, None);
    assert_eq!(second.requests[1].kind, PrivacyKind::Erasure);
    world.work();
    world.try_create(PrivacyKind::Anonymisation, 2).unwrap();
}

#[test]
fn another_accounts_name_finds_nothing_and_a_question_leaves_no_trace() {
    let world = World::new(1);
    let id = PrivacyRequestId::new(Ulid::from(1));
    assert_eq!(world.object.find(account(), id).unwrap_err().status(), 404);
    assert!(
        world
            .object
            .list(account(), None, None)
            .unwrap()
            .requests
            .is_empty()
    );
    assert_eq!(world.cancel(id).unwrap_err().status(), 404);
    assert!(world.sql.rows("SELECT name FROM sqlite_master").is_empty());
    let request = world.create(PrivacyKind::Erasure);
    let other = AccountId::new(Ulid::from(8));
    assert_eq!(
        world.object.find(other, request.id).unwrap_err().status(),
        404
    );
    assert_eq!(
        world.object.list(other, None, None).unwrap_err().status(),
        404
    );
    let cancel = CancelRequest { id: request.id };
    assert_eq!(
        block_on(world.object.cancel(other, cancel))
            .unwrap_err()
            .status(),
        404
    );
}
