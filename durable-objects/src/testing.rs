//! Backends that fail on command: a real SQLite, a runtime that is a few cells, and an outside that can be switched off.
//! All are handles to shared parts, so that an object can be dropped and born again over the same storage.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use edgedesk_domain::account::Channel;
use edgedesk_domain::analysis::{
    Analysis, ModelRef, Polarity, Reason, Sentiment, SentimentLabel, Trend,
};
use edgedesk_domain::assistant::AssistantSettings;
use edgedesk_domain::conversation::ConversationState;
use edgedesk_domain::event::EventData;
use edgedesk_domain::ids::{
    AccountId, ConversationId, IdSource, InboxId, IntentId, SessionId, TicketId, UserId,
};
use edgedesk_domain::time::{Clock, Timestamp};
use edgedesk_metrics::registry::Registry;
use edgedesk_wire::desk::{NotifyRequest, NotifyResponse};
use edgedesk_wire::drafts::DraftJob;
use edgedesk_wire::inference::{
    AnalyzeAnswer, AnalyzeRequest, AnalyzeResponse, HeadNeeded, IntentsInUse,
};
use edgedesk_wire::queue::Envelope;
use rusqlite::types::{ToSqlOutput, Value, ValueRef};
use ulid::Ulid;

use crate::host::{
    Analyzer, AssistantSwitch, DeskClient, Drafts, EventSink, Files, Host, HostError, Outgoing,
    OutsideError, OwnIntents, Report, SecurityEvent, Sessions,
};
use crate::metrics::count_event;
use crate::sockets::{Closing, SocketId};
use crate::sql::{MAX_PARAMS, ObjectSql, Row, SqlError, SqlValue};

/// How the storage misbehaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The call with this number, counted from 1, fails and writes nothing.
    Before(u64),
    /// The call with this number writes and reports a failure.
    After(u64),
    /// That call and every later one fails: the process is gone.
    DeadFrom(u64),
}

/// A SQLite in memory.
#[derive(Debug, Clone)]
pub(crate) struct TestSql(Rc<Inner>);

#[derive(Debug)]
struct Inner {
    connection: rusqlite::Connection,
    calls: Cell<u64>,
    failure: Cell<Option<Failure>>,
}

impl TestSql {
    pub(crate) fn new() -> Self {
        Self(Rc::new(Inner {
            connection: rusqlite::Connection::open_in_memory().unwrap(),
            calls: Cell::new(0),
            failure: Cell::new(None),
        }))
    }

    /// Fails from now on as said; calls count from here.
    pub(crate) fn fail(&self, failure: Option<Failure>) {
        self.0.calls.set(0);
        self.0.failure.set(failure);
    }

    /// Calls since [`Self::fail`].
    pub(crate) fn calls(&self) -> u64 {
        self.0.calls.get()
    }

    /// One row of a statement that never fails on command, as texts.
    pub(crate) fn rows(&self, sql: &str) -> Vec<Vec<String>> {
        self.run(sql, &[])
            .unwrap()
            .iter()
            .map(|row| {
                (0..)
                    .map_while(|column| {
                        row.optional_text(column)
                            .map(|text| text.unwrap_or("NULL").to_owned())
                            .or_else(|_| row.integer(column).map(|number| number.to_string()))
                            .ok()
                    })
                    .collect()
            })
            .collect()
    }

    fn run(&self, sql: &str, params: &[SqlValue]) -> Result<Vec<Row>, SqlError> {
        let mut statement = self
            .0
            .connection
            .prepare_cached(sql)
            .map_err(|e| error(&e))?;
        let n_columns = statement.column_count();
        let bound = rusqlite::params_from_iter(params.iter().map(Bound));
        let mut rows = statement.query(bound).map_err(|e| error(&e))?;
        let mut answer = Vec::new();
        while let Some(row) = rows.next().map_err(|e| error(&e))? {
            let columns = (0..n_columns)
                .map(|column| match row.get_ref(column).unwrap() {
                    ValueRef::Null => SqlValue::Null,
                    ValueRef::Integer(number) => SqlValue::Integer(number),
                    ValueRef::Real(number) => SqlValue::Real(number),
                    ValueRef::Text(text) => {
                        SqlValue::Text(String::from_utf8(text.to_vec()).unwrap())
                    }
                    ValueRef::Blob(bytes) => SqlValue::Blob(bytes.to_vec()),
                })
                .collect();
            answer.push(Row::new(columns));
        }
        Ok(answer)
    }
}

impl ObjectSql for TestSql {
    fn exec(&self, sql: &str, params: &[SqlValue]) -> Result<Vec<Row>, SqlError> {
        assert!(params.len() <= MAX_PARAMS, "{} parameters", params.len());
        let call = self.0.calls.get() + 1;
        self.0.calls.set(call);
        let failed = || Err(SqlError::Failed(format!("call {call} fails on command")));
        match self.0.failure.get() {
            Some(Failure::Before(n)) if n == call => failed(),
            Some(Failure::DeadFrom(n)) if call >= n => failed(),
            Some(Failure::After(n)) if n == call => {
                self.run(sql, params)?;
                failed()
            }
            _ => self.run(sql, params),
        }
    }
}

/// Numbers are bound as the runtime binds them: every one a double.
struct Bound<'a>(&'a SqlValue);

impl rusqlite::ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self.0 {
            SqlValue::Null => ToSqlOutput::Owned(Value::Null),
            SqlValue::Integer(number) => ToSqlOutput::Owned(Value::Real(*number as f64)),
            SqlValue::Real(number) => ToSqlOutput::Owned(Value::Real(*number)),
            SqlValue::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            SqlValue::Blob(bytes) => ToSqlOutput::Borrowed(ValueRef::Blob(bytes)),
        })
    }
}

fn error(error: &rusqlite::Error) -> SqlError {
    match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::ConstraintViolation) => SqlError::Constraint(error.to_string()),
        _ => SqlError::Failed(error.to_string()),
    }
}

/// A runtime. What it keeps outlives the object, as the real one's alarm does.
#[derive(Debug, Clone, Default)]
pub(crate) struct TestHost(Rc<Runtime>);

#[derive(Debug, Default)]
pub(crate) struct Runtime {
    pub(crate) now: Cell<i64>,
    pub(crate) next_id: Cell<u64>,
    pub(crate) chance: Cell<f64>,
    pub(crate) alarm: Cell<Option<Timestamp>>,
    pub(crate) alarms_set: Cell<u64>,
    pub(crate) alarm_fails: Cell<bool>,
    pub(crate) delivered: RefCell<Vec<Outgoing>>,
    pub(crate) reports: RefCell<Vec<Report>>,
    pub(crate) security_events: RefCell<Vec<(AccountId, SecurityEvent)>>,
    pub(crate) registry: RefCell<Registry>,
    pub(crate) closed: RefCell<Vec<(SocketId, Closing)>>,
}

impl std::ops::Deref for TestHost {
    type Target = Runtime;

    fn deref(&self) -> &Runtime {
        &self.0
    }
}

impl TestHost {
    /// Everything delivered since the last time, as parsed frames with their targets.
    pub(crate) fn frames(&self) -> Vec<(crate::host::Target, serde_json::Value)> {
        self.delivered
            .take()
            .into_iter()
            .map(|outgoing| {
                (
                    outgoing.target,
                    serde_json::from_str(&outgoing.text).unwrap(),
                )
            })
            .collect()
    }

    pub(crate) fn pass(&self, millis: i64) {
        self.now.set(self.now.get() + millis);
    }
}

impl Clock for TestHost {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.now.get())
    }
}

impl IdSource for TestHost {
    fn next_ulid(&self) -> Ulid {
        self.next_id.set(self.next_id.get() + 1);
        Ulid::from(u128::from(self.next_id.get()))
    }
}

impl Host for TestHost {
    fn chance(&self) -> f64 {
        self.chance.get()
    }

    fn deliver(&self, outgoing: &Outgoing) {
        self.delivered.borrow_mut().push(outgoing.clone());
    }

    fn close(&self, socket: SocketId, closing: Closing) {
        self.closed.borrow_mut().push((socket, closing));
    }

    async fn arm_alarm(&self, at: Timestamp) -> Result<(), HostError> {
        if self.alarm_fails.get() {
            return Err(HostError("no alarm on command".to_owned()));
        }
        self.alarm.set(Some(at));
        self.alarms_set.set(self.alarms_set.get() + 1);
        pause().await;
        Ok(())
    }

    async fn sleep(&self, millis: u64) {
        pause().await;
        self.pass(i64::try_from(millis).unwrap());
    }

    fn report(&self, report: &Report) {
        self.reports.borrow_mut().push(report.clone());
    }

    fn security_event(&self, account_id: AccountId, event: &SecurityEvent) {
        let mut events = self.security_events.borrow_mut();
        events.push((account_id, *event));
    }

    fn logged(&self, channel: Channel, event: &EventData) {
        count_event(&mut self.registry.borrow_mut(), channel, event);
    }
}

/// Lets the others run.
pub(crate) async fn pause() {
    let mut paused = false;
    std::future::poll_fn(|context| {
        if std::mem::replace(&mut paused, true) {
            std::task::Poll::Ready(())
        } else {
            context.waker().wake_by_ref();
            std::task::Poll::Pending
        }
    })
    .await;
}

/// How somebody outside misbehaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mood {
    /// Does what is asked.
    Well,
    /// Does nothing and says so.
    Unavailable,
    /// Does what is asked and reports a failure.
    DoneButUnavailable,
    /// Refuses.
    Refusing,
}

impl Mood {
    fn result(self) -> Result<(), OutsideError> {
        match self {
            Self::Well => Ok(()),
            Self::Unavailable | Self::DoneButUnavailable => {
                Err(OutsideError::Unavailable("on command".to_owned()))
            }
            Self::Refusing => Err(OutsideError::Refused("on command".to_owned())),
        }
    }

    fn does_it(self) -> bool {
        matches!(self, Self::Well | Self::DoneButUnavailable)
    }
}

/// Queue, desk and analyser.
#[derive(Debug, Clone)]
pub(crate) struct TestOutside(Rc<Others>);

#[derive(Debug)]
pub(crate) struct Others {
    pub(crate) queue: Cell<Mood>,
    pub(crate) desk: Cell<Mood>,
    pub(crate) analyzer: Cell<Mood>,
    pub(crate) risk: Cell<f64>,
    /// How looking up the version in use goes, how reading its head does, and which it is.
    pub(crate) own_intents: Cell<Mood>,
    pub(crate) heads: Cell<Mood>,
    /// How asking whether the assistant answers goes, and whether it does.
    pub(crate) switch: Cell<Mood>,
    pub(crate) assistant_on: Cell<bool>,
    pub(crate) own_version: Cell<Option<u32>>,
    /// Intents of it that are gone.
    pub(crate) retired: RefCell<Vec<IntentId>>,
    /// The head that the analyser remembers, and how often one was read for it.
    pub(crate) known_head: Cell<Option<u32>>,
    pub(crate) heads_read: Cell<u32>,
    pub(crate) envelopes: RefCell<Vec<Envelope>>,
    pub(crate) sends: Cell<u64>,
    pub(crate) states: RefCell<Vec<ConversationState>>,
    pub(crate) tickets: RefCell<BTreeMap<ConversationId, u64>>,
    pub(crate) analyzed: RefCell<Vec<AnalyzeRequest>>,
    /// Calls to the analyser at the same time: now, and most ever.
    pub(crate) analyzing: Cell<(u32, u32)>,
    pub(crate) sessions: TestSessions,
    /// How deleting files goes, and which were.
    pub(crate) files: Cell<Mood>,
    pub(crate) deleted: RefCell<Vec<String>>,
    /// How asking for drafts goes, and which were asked for.
    pub(crate) drafts: Cell<Mood>,
    pub(crate) jobs: RefCell<Vec<DraftJob>>,
}

impl std::ops::Deref for TestOutside {
    type Target = Others;

    fn deref(&self) -> &Others {
        &self.0
    }
}

impl TestOutside {
    pub(crate) fn new() -> Self {
        Self(Rc::new(Others {
            queue: Cell::new(Mood::Well),
            desk: Cell::new(Mood::Well),
            analyzer: Cell::new(Mood::Well),
            risk: Cell::new(0.1),
            own_intents: Cell::new(Mood::Well),
            switch: Cell::new(Mood::Well),
            assistant_on: Cell::new(false),
            heads: Cell::new(Mood::Well),
            own_version: Cell::default(),
            retired: RefCell::default(),
            known_head: Cell::default(),
            heads_read: Cell::default(),
            envelopes: RefCell::default(),
            sends: Cell::default(),
            states: RefCell::default(),
            tickets: RefCell::default(),
            analyzed: RefCell::default(),
            analyzing: Cell::default(),
            sessions: TestSessions::default(),
            files: Cell::new(Mood::Well),
            deleted: RefCell::default(),
            drafts: Cell::new(Mood::Well),
            jobs: RefCell::default(),
        }))
    }
}

impl EventSink for TestOutside {
    async fn send(&self, batch: Vec<Envelope>) -> Result<(), OutsideError> {
        pause().await;
        self.sends.set(self.sends.get() + 1);
        if self.queue.get().does_it() {
            self.envelopes.borrow_mut().extend(batch);
        }
        self.queue.get().result()
    }
}

impl DeskClient for TestOutside {
    async fn notify(&self, request: NotifyRequest) -> Result<NotifyResponse, OutsideError> {
        pause().await;
        let mut number = 0;
        if self.desk.get().does_it() {
            let mut tickets = self.tickets.borrow_mut();
            let next = tickets.len() as u64 + 1;
            number = *tickets.entry(request.state.conversation_id).or_insert(next);
            self.states.borrow_mut().push(request.state);
        }
        self.desk.get().result().map(|()| NotifyResponse {
            ticket_id: TicketId::new(Ulid::from(u128::from(number))),
            ticket_number: number,
        })
    }
}

impl Files for TestOutside {
    async fn delete(&self, names: &[String]) -> Result<(), OutsideError> {
        pause().await;
        if self.files.get().does_it() {
            self.deleted.borrow_mut().extend_from_slice(names);
        }
        self.files.get().result()
    }
}

impl Drafts for TestOutside {
    async fn ask(&self, job: &DraftJob) -> Result<(), OutsideError> {
        pause().await;
        if self.drafts.get().does_it() {
            self.jobs.borrow_mut().push(job.clone());
        }
        self.drafts.get().result()
    }
}

impl AssistantSwitch for TestOutside {
    async fn assistant(
        &self,
        _account_id: AccountId,
        _inbox_id: InboxId,
    ) -> Result<AssistantSettings, OutsideError> {
        pause().await;
        self.switch.get().result()?;
        Ok(AssistantSettings {
            is_enabled: self.assistant_on.get(),
            min_confidence: 0.5,
        })
    }
}

impl OwnIntents for TestOutside {
    async fn in_use(&self, _account_id: AccountId) -> Result<Option<IntentsInUse>, OutsideError> {
        // Without a pause: mostly it is known to the isolate.
        self.own_intents.get().result()?;
        Ok(self.own_version.get().map(|version| IntentsInUse {
            version,
            retired: self.retired.borrow().clone(),
        }))
    }

    async fn head(
        &self,
        _account_id: AccountId,
        version: u32,
    ) -> Result<Option<String>, OutsideError> {
        pause().await;
        self.heads_read.set(self.heads_read.get() + 1);
        self.heads.get().result()?;
        Ok((self.own_version.get() == Some(version)).then(|| format!("head {version}")))
    }
}

impl Sessions for TestOutside {
    async fn standings(
        &self,
        account_id: AccountId,
        sessions: &BTreeSet<(UserId, SessionId)>,
    ) -> Result<BTreeMap<SessionId, String>, OutsideError> {
        self.sessions.standings(account_id, sessions).await
    }
}

/// A directory in which every session goes on, as [`STANDING`], but for those named here.
#[derive(Debug, Clone)]
pub(crate) struct TestSessions(Rc<Directory>);

#[derive(Debug)]
pub(crate) struct Directory {
    pub(crate) mood: Cell<Mood>,
    /// Those that are over, and those that may do something else.
    pub(crate) others: RefCell<BTreeMap<SessionId, Option<String>>>,
    /// How many sessions each question was about.
    pub(crate) asked: RefCell<Vec<usize>>,
}

/// What sockets of tests are opened with.
pub(crate) const STANDING: &str = "as before";

impl Default for TestSessions {
    fn default() -> Self {
        Self(Rc::new(Directory {
            mood: Cell::new(Mood::Well),
            others: RefCell::default(),
            asked: RefCell::default(),
        }))
    }
}

impl std::ops::Deref for TestSessions {
    type Target = Directory;

    fn deref(&self) -> &Directory {
        &self.0
    }
}

impl Sessions for TestSessions {
    async fn standings(
        &self,
        _account_id: AccountId,
        sessions: &BTreeSet<(UserId, SessionId)>,
    ) -> Result<BTreeMap<SessionId, String>, OutsideError> {
        self.asked.borrow_mut().push(sessions.len());
        // As it is when the question arrives.
        let others = self.others.borrow().clone();
        pause().await;
        self.mood.get().result()?;
        let standing = |id: &SessionId| {
            others
                .get(id)
                .cloned()
                .unwrap_or_else(|| Some(STANDING.to_owned()))
        };
        Ok(sessions
            .iter()
            .filter_map(|(_, id)| Some((*id, standing(id)?)))
            .collect())
    }
}

impl Analyzer for TestOutside {
    async fn analyze(&self, request: AnalyzeRequest) -> Result<AnalyzeAnswer, OutsideError> {
        let (now, most) = self.analyzing.get();
        self.analyzing.set((now + 1, most.max(now + 1)));
        pause().await;
        pause().await;
        let (now, most) = self.analyzing.get();
        self.analyzing.set((now - 1, most));
        let mood = self.analyzer.get();
        let own = request.own_intents.clone();
        if let Some(own) = &own {
            if own.head.is_some() {
                self.known_head.set(Some(own.version));
            } else if self.known_head.get() != Some(own.version) {
                return mood.result().map(|()| {
                    AnalyzeAnswer::HeadNeeded(HeadNeeded {
                        head_needed: own.version,
                    })
                });
            }
        }
        self.analyzed.borrow_mut().push(request);
        mood.result().map(|()| {
            AnalyzeAnswer::Analyzed(AnalyzeResponse {
                analysis: analysis(self.risk.get()),
                own_intents_version: own.map(|own| own.version),
            })
        })
    }
}

/// An analysis that says `risk`.
pub(crate) fn analysis(risk: f64) -> Analysis {
    Analysis {
        sentiment: Sentiment {
            polarity: Polarity::Negative,
            label: SentimentLabel::Negative,
            confidence: 0.9,
            score: -0.5,
            trend: Trend::Stable,
        },
        emotions: Vec::new(),
        intent: None,
        categories: Vec::new(),
        priority: None,
        urgency: None,
        language: None,
        entities: Vec::new(),
        escalation_risk: risk,
        confidence: 0.9,
        handling: None,
        reasons: vec![Reason {
            code: "negative_message".into(),
            text: "The message is negative.".into(),
            weight: risk,
            spans: Vec::new(),
        }],
        model: ModelRef {
            id: "encoder".into(),
            version: "1".into(),
        },
        elapsed_ms: 1.5,
    }
}
