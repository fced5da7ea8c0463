//! A database that hands out rows of another account, as a statement without its `WHERE` would.

use edgedesk_domain::account::{Access, Principal, Role};
use edgedesk_domain::feedback::AnalysisField;
use edgedesk_domain::ids::{IntentId, SessionId};
use futures::executor::block_on;
use ulid::Ulid;

use super::*;
use crate::directory::{Directory, NewApiKey, SessionKey, SessionUse};
use crate::fixtures::{Dice, at, project_logs, shards, some_logs, store};
use crate::parked::{Parked, ParkedReason};
use crate::seed::{AURORA, BOREALIS};
use crate::shards::{AccountStore, ConversationFilter, Shards};
use crate::testing::Sqlite;

/// The last row of every answer is Borealis's.
struct Leaky<'a>(&'a Sqlite);

impl Leaky<'_> {
    fn leak(mut rows: Vec<Row>) -> Vec<Row> {
        if let Some(last) = rows.pop() {
            rows.push(last.with_text(ACCOUNT_COLUMN, &BOREALIS.account_id.to_string()));
        }
        rows
    }
}

impl Database for Leaky<'_> {
    async fn query(&self, sql: &'static str, parameters: &[Value]) -> Result<Vec<Row>, StoreError> {
        self.0.query(sql, parameters).await.map(Self::leak)
    }

    async fn batch(&self, statements: Vec<Statement>) -> Result<Vec<Vec<Row>>, StoreError> {
        let answers = self.0.batch(statements).await?;
        Ok(answers.into_iter().map(Self::leak).collect())
    }
}

/// Insists that the answer is the error, and that it says nothing of the row.
#[track_caller]
fn withheld<T: std::fmt::Debug>(what: &str, answer: Result<T, StoreError>) {
    let error = answer.expect_err(what);
    assert_eq!(error, StoreError::ForeignRow, "{what}");
    assert_eq!(error.to_string(), "a row of another account came back");
    assert!(!error.is_transient(), "asking again would not help");
}

fn admin() -> Principal {
    Principal {
        account_id: AURORA.account_id,
        user_id: AURORA.user_id(0),
        role: Role::Admin,
        name: "Ada".to_owned(),
        access: Access::default(),
    }
}

#[test]
fn a_foreign_row_of_a_shard_fails_the_answer_and_gives_no_data() {
    let shards = shards();
    let logs = some_logs(&AURORA, &mut Dice(1));
    project_logs(&shards, AURORA.shard, &logs);
    let own = store(&shards, &AURORA);
    let intent = IntentId::new(Ulid::from(1));
    let examples = ["Do you sell by the pallet?".to_owned()];
    block_on(own.add_intent(intent, "Wholesale", &examples, at(0))).expect("stored");
    block_on(own.park(&Parked {
        id: "one".to_owned(),
        queue: "events".to_owned(),
        reason: ParkedReason::Refused,
        detail: String::new(),
        body: "{}".to_owned(),
        n_attempts: 1,
        parked_at: at(0),
    }))
    .expect("parked");
    let state = logs[0].states.last().expect("a state");
    let conversation_id = state.conversation_id;

    let leaky = Leaky(shards.shard(AURORA.shard).expect("it is there"));
    let leaky = Shards::new(
        Leaky(shards.directory_for_tests()),
        vec![leaky],
        shards.keys().clone(),
    );
    let leaky: AccountStore<'_, _> = leaky.for_account(AURORA.account_id, 0).expect("a shard");
    let all = ConversationFilter::default();
    withheld(
        "conversations",
        block_on(leaky.list_conversations(&all, None, 50)),
    );
    withheld(
        "a conversation",
        block_on(leaky.find_conversation(conversation_id)),
    );
    withheld(
        "messages",
        block_on(leaky.list_messages(conversation_id, 0, 50)),
    );
    withheld("tickets", block_on(leaky.list_tickets(&[], None, None, 50)));
    withheld("intents", block_on(leaky.list_intents()));
    withheld("an intent", block_on(leaky.find_intent(intent)));
    withheld("a deleted intent", {
        block_on(leaky.delete_intent(intent, &admin(), at(1)))
    });
    withheld("parked messages", block_on(leaky.list_parked(None, 50)));
    withheld(
        "decisions, counted",
        block_on(leaky.accuracy(&[AnalysisField::Sentiment], at(0), at(1 << 40))),
    );
    withheld("a checksum", block_on(leaky.checksum()));
}

#[test]
fn a_foreign_row_of_the_directory_fails_the_answer_and_gives_no_data() {
    let shards = shards();
    let real = Directory::new(shards.directory_for_tests());
    let key = SessionKey {
        account_id: AURORA.account_id,
        user_id: AURORA.user_id(1),
        id: SessionId::new(Ulid::from(1)),
    };
    let first = SessionUse {
        token_hash: "hash".to_owned(),
        at: at(0),
        expires_at: at(1_000),
        user_agent: None,
        network: None,
    };
    block_on(real.start_session(&key, &first)).expect("begun");
    let api_key = NewApiKey {
        id: "key_00000000000000000000000001".parse().expect("an id"),
        account_id: AURORA.account_id,
        name: "Key".to_owned(),
        prefix: "sk_live_0".to_owned(),
        key_hash: "hash".to_owned(),
        scopes: Vec::new(),
        created_by: AURORA.user_id(0),
        created_at: at(0),
        expires_at: None,
    };
    block_on(real.insert_api_key(&api_key)).expect("made");

    let leaky = Directory::new(Leaky(shards.directory_for_tests()));
    let (account_id, user_id, now) = (AURORA.account_id, AURORA.user_id(1), at(1));
    withheld(
        "sessions",
        block_on(leaky.list_sessions(account_id, user_id, now)),
    );
    withheld("a session's role", block_on(leaky.find_standing(&key, now)));
    withheld("keys", block_on(leaky.list_api_keys(account_id)));
    withheld(
        "a revoked key",
        block_on(leaky.revoke_api_key(account_id, api_key.id, now)),
    );
    withheld("agents", block_on(leaky.list_agents(account_id)));
    withheld("a member", block_on(leaky.find_member(account_id, user_id)));
}

#[test]
fn a_row_that_does_not_say_whose_it_is_fails_the_answer() {
    let shards = shards();
    let scoped = Scoped::new(AURORA.account_id, shards.directory_for_tests());
    let rows = block_on(scoped.query("SELECT id FROM users", &[]));
    assert!(
        matches!(&rows, Err(StoreError::Unreadable { column, .. }) if column == ACCOUNT_COLUMN),
        "{rows:?}"
    );
}

#[test]
fn every_statement_that_gives_rows_of_an_account_says_whose_they_are() {
    let (shard, directory) = (Sqlite::shard(), Sqlite::directory());
    let of_shard = crate::shards::reads().map(|sql| (&shard, sql));
    // An account's own row is found by its id.
    let of_directory = crate::directory::READS
        .into_iter()
        .filter(|sql| !sql.contains("FROM accounts WHERE id = ?1"))
        .chain(crate::directory::SESSION_STATEMENTS)
        .chain(crate::directory::API_KEY_STATEMENTS)
        .map(|sql| (&directory, sql));
    let mut n_checked = 0;
    for (database, sql) in of_shard.chain(of_directory) {
        let columns = database.columns(sql);
        if !columns.is_empty() {
            n_checked += 1;
            let has_account = columns.iter().any(|column| column == ACCOUNT_COLUMN);
            assert!(
                has_account,
                "no {ACCOUNT_COLUMN} among {columns:?} of {sql}"
            );
        }
    }
    assert!(n_checked > 40, "{n_checked}");
}
