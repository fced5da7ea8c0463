//! The data keys of accounts, and the columns that are sealed under them.
//!
//! An account gets its first key with the first value that is sealed for it. Keys are kept in the directory, wrapped under the
//! deployment's root, and remembered unwrapped by each isolate. They never change and none is taken away, so what was read
//! once goes on serving when the directory does not answer; asking again is about keys that were added meanwhile.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::rc::Rc;

use edgedesk_crypto::field::{self, DATA_KEY_BYTES, DATA_KEYS, DataKey, FieldCipher, is_sealed};
use edgedesk_crypto::sealed::{Keyring, NONCE_BYTES, Place, SealError};
use edgedesk_domain::account::Secret;
use edgedesk_domain::ids::AccountId;
use edgedesk_domain::time::Timestamp;

use crate::database::{Database, Row, Statement, StoreError, Value};
use crate::scoped::Scoped;

mod rewrap;
#[cfg(test)]
mod tests;

pub use self::rewrap::Rewrapped;

/// How long a key seals before the next use makes a new one: 90 days. With random nonces a key may seal 2^32 values (NIST SP
/// 800-38D, section 8.3), which in that time would be 552 a second of one account.
const ROTATE_MILLIS: i64 = 90 * 24 * 60 * 60 * 1000;
/// How long keys are used without asking for newer ones: five minutes.
const FRESH_MILLIS: i64 = 300_000;
/// Most accounts whose keys are remembered. One key takes about 1 kB: a quarter of a megabyte of the isolate's 128 as a rule.
const MAX_KNOWN: usize = 256;

const LIST: &str = "
    SELECT account_id, number, wrapped, created_at, retired_at FROM data_keys WHERE account_id = ?1 ORDER BY number";
// Of two that make one at the same time, the first one's stays, and both read it.
const INSERT: &str = "
    INSERT INTO data_keys (account_id, number, wrapped, created_at)
    SELECT id, ?2, ?3, ?4 FROM accounts WHERE id = ?1
    ON CONFLICT (account_id, number) DO NOTHING";

/// The constant SQL of data keys, for the test that no query scans a table.
#[cfg(test)]
pub(crate) const STATEMENTS: [&str; 3] =
    [LIST, rewrap::LIST_DATA_KEYS, rewrap::LIST_SECOND_FACTORS];

/// What unwrapped keys an isolate knows, and since when. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct KnownKeys(Rc<RefCell<HashMap<AccountId, Known>>>);

/// When an account's keys were read, and what they are.
type Known = (Timestamp, Rc<FieldCipher>);

/// The data keys of all accounts of a deployment.
#[derive(Debug, Clone)]
pub struct DataKeys {
    rings: Option<Rings>,
    fill_random: fn(&mut [u8]),
    now: fn() -> Timestamp,
    known: KnownKeys,
}

/// What is sealed under the root itself.
#[derive(Debug, Clone)]
struct Rings {
    data_keys: Keyring,
    second_factors: Keyring,
}

/// A column whose values are sealed, and the columns that name a row of its table beside the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SealedColumn {
    /// The table.
    pub table: &'static str,
    /// The column.
    pub column: &'static str,
    /// The rest of the table's key.
    pub key: &'static [&'static str],
}

/// All that is known of a conversation: its subject, its last words, the customer's name and address.
pub(crate) const CONVERSATION_STATE: SealedColumn = SealedColumn {
    table: "conversations",
    column: "state",
    key: &["id"],
};
/// A message.
pub(crate) const MESSAGE_DATA: SealedColumn = SealedColumn {
    table: "messages",
    column: "data",
    key: &["conversation_id", "seq"],
};
/// What was read in a message, which quotes it.
pub(crate) const ANALYSIS_DATA: SealedColumn = SealedColumn {
    table: "analyses",
    column: "data",
    key: &["conversation_id", "message_seq", "seq"],
};
/// Events that could not be projected.
pub(crate) const PARKED_BODY: SealedColumn = SealedColumn {
    table: "parked_messages",
    column: "body",
    key: &["id"],
};
/// A sentence to learn from, often a customer's.
pub(crate) const EXAMPLE_TEXT: SealedColumn = SealedColumn {
    table: "own_intent_examples",
    column: "text",
    key: &["intent_id", "place"],
};
/// What signs the webhooks of an inbox.
pub(crate) const INBOX_SECRET: SealedColumn = SealedColumn {
    table: "inboxes",
    column: "secret",
    key: &["id"],
};

/// The API token with which an account's Zendesk is asked. An account has one.
pub(crate) const ZENDESK_TOKEN: SealedColumn = SealedColumn {
    table: "zendesk_links",
    column: "api_token",
    key: &[],
};

impl SealedColumn {
    /// The name of a row in its table. The parts are ids, words and numbers, and of those with several none has a colon.
    pub(crate) fn row_key(&self, row: &Row) -> Result<String, StoreError> {
        let mut key = String::new();
        for (index, column) in self.key.iter().enumerate() {
            if index > 0 {
                key.push(':');
            }
            match row.value(column)? {
                Value::Text(text) => key.push_str(text),
                // D1 has one kind of number.
                _ => key.push_str(&row.int(column)?.to_string()),
            }
        }
        Ok(key)
    }

    /// The columns that name a row in its table.
    pub(crate) fn key_of(&self, row: &Row) -> Result<Vec<Value>, StoreError> {
        self.key
            .iter()
            .map(|column| row.value(column).cloned())
            .collect()
    }

    const fn place<'a>(&self, row: &'a str) -> Place<'a> {
        Place {
            table: self.table,
            row,
            column: self.column,
        }
    }

    fn failed(&self, error: SealError) -> StoreError {
        StoreError::Unopened {
            table: self.table,
            column: self.column,
            error,
        }
    }
}

/// Seals and opens the values of one account.
#[derive(Clone)]
pub(crate) struct Sealer {
    cipher: Rc<FieldCipher>,
    fill_random: fn(&mut [u8]),
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.cipher.fmt(f)
    }
}

impl Sealer {
    /// Seals a value for the row that `key` names.
    pub(crate) fn seal(
        &self,
        column: &SealedColumn,
        key: &str,
        value: &str,
    ) -> Result<String, StoreError> {
        let mut nonce = [0; NONCE_BYTES];
        (self.fill_random)(&mut nonce);
        self.cipher
            .seal(&column.place(key), value, nonce)
            .map_err(|error| column.failed(error))
    }
}

/// The values of one account, opened. Holds what it takes to ask for newer keys.
#[derive(Debug)]
pub(crate) struct Vault<'a, D> {
    keys: &'a DataKeys,
    directory: &'a D,
    account_id: AccountId,
}

// By hand: a derive would ask that the database can be copied, and it is only borrowed.
impl<D> Clone for Vault<'_, D> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<D> Copy for Vault<'_, D> {}

impl<'a, D: Database> Vault<'a, D> {
    /// The values of `account_id`, whose keys are in `directory`.
    pub(crate) const fn new(keys: &'a DataKeys, directory: &'a D, account_id: AccountId) -> Self {
        Self {
            keys,
            directory,
            account_id,
        }
    }

    /// What seals now.
    pub(crate) async fn sealer(&self) -> Result<Sealer, StoreError> {
        Ok(Sealer {
            cipher: self.keys.cipher(self.directory, self.account_id).await?,
            fill_random: self.keys.fill_random,
        })
    }

    /// The value of a sealed column of a row that has the columns of its key, too. One of before columns were sealed is given
    /// as it is.
    pub(crate) async fn open(
        &self,
        column: &SealedColumn,
        row: &Row,
    ) -> Result<String, StoreError> {
        self.open_text(column, &column.row_key(row)?, row.text(column.column)?)
            .await
    }

    /// The same of a text, for the row that `key` names.
    pub(crate) async fn open_text(
        &self,
        column: &SealedColumn,
        key: &str,
        text: &str,
    ) -> Result<String, StoreError> {
        // Rows of before need no key, and so no directory.
        if !is_sealed(text) {
            return Ok(text.to_owned());
        }
        let place = column.place(key);
        let cipher = self.keys.cipher(self.directory, self.account_id).await?;
        match cipher.open(&place, text) {
            // Another isolate may have made a new key since.
            Err(SealError::UnknownKey) => {
                let cipher = self.keys.load(self.directory, self.account_id).await?;
                cipher.open(&place, text)
            }
            opened => opened,
        }
        .map_err(|error| column.failed(error))
    }

    /// The JSON value of a sealed column.
    pub(crate) async fn open_json<T: serde::de::DeserializeOwned>(
        &self,
        column: &SealedColumn,
        row: &Row,
    ) -> Result<T, StoreError> {
        json_of(column, &self.open(column, row).await?)
    }
}

/// A JSON text of a sealed column, read.
pub(crate) fn json_of<T: serde::de::DeserializeOwned>(
    column: &SealedColumn,
    text: &str,
) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|_| StoreError::Unreadable {
        column: column.column.to_owned(),
        expected: "JSON of the expected shape",
    })
}

impl DataKeys {
    /// Under a deployment's root, and the one before it while that is given. `known` lives as long as the isolate.
    ///
    /// # Errors
    ///
    /// [`SealError::RootTooShort`]
    pub fn new(
        root: &Secret,
        old_root: Option<&Secret>,
        fill_random: fn(&mut [u8]),
        now: fn() -> Timestamp,
        known: KnownKeys,
    ) -> Result<Self, SealError> {
        let ring = |purpose| edgedesk_crypto::root::keyring(root, old_root, purpose);
        Ok(Self {
            rings: Some(Rings {
                data_keys: ring(DATA_KEYS)?,
                second_factors: ring(rewrap::SECOND_FACTORS)?,
            }),
            fill_random,
            now,
            known,
        })
    }

    /// For who moves rows and never looks into them: nothing is sealed or opened with it.
    #[must_use]
    pub fn absent() -> Self {
        Self {
            rings: None,
            fill_random: |_| {},
            now: || Timestamp::from_millis(0),
            known: KnownKeys::default(),
        }
    }

    fn rings(&self) -> Result<&Rings, StoreError> {
        self.rings
            .as_ref()
            .ok_or(StoreError::NoDataKey("there is no root here"))
    }

    /// The keys of an account, with a first or a new one made where that is due.
    async fn cipher<D: Database>(
        &self,
        directory: &D,
        account_id: AccountId,
    ) -> Result<Rc<FieldCipher>, StoreError> {
        let known = self.known.0.borrow().get(&account_id).cloned();
        let Some((read_at, cipher)) = known else {
            return self.load(directory, account_id).await;
        };
        if (0..FRESH_MILLIS).contains(&(self.now)().millis_since(read_at)) {
            return Ok(cipher);
        }
        match self.load(directory, account_id).await {
            Err(error) if error.is_transient() => Ok(cipher),
            loaded => loaded,
        }
    }

    async fn load<D: Database>(
        &self,
        directory: &D,
        account_id: AccountId,
    ) -> Result<Rc<FieldCipher>, StoreError> {
        let database = Scoped::new(account_id, directory);
        let account = Value::text(account_id);
        let mut rows = database.query(LIST, std::slice::from_ref(&account)).await?;
        if self.is_due(rows.last())? {
            let number = rows.last().map_or(Ok(1), |row| {
                row.uint32("number").map(|number| number.saturating_add(1))
            })?;
            let (insert, _) = self.new_key(account_id, number)?;
            let list = Statement::new(LIST, vec![account]);
            match database.batch(vec![insert, list]).await {
                Ok(mut answers) => rows = answers.pop().unwrap_or_default(),
                // The one that is due to be replaced still does.
                Err(error) if rows.is_empty() => return Err(error),
                Err(_) => {}
            }
        }
        let ring = &self.rings()?.data_keys;
        let mut keys = Vec::with_capacity(rows.len());
        for row in &rows {
            let (number, wrapped) = (row.uint32("number")?, row.text("wrapped")?);
            let key = field::unwrap(ring, account_id, number, wrapped);
            keys.push(key.map_err(StoreError::Wrapped)?);
        }
        let cipher = FieldCipher::new(account_id, keys)
            .ok_or(StoreError::NoDataKey("the account is not there"))?;
        let cipher = Rc::new(cipher);
        self.remember(account_id, &cipher);
        Ok(cipher)
    }

    /// Whether a new key is to be made, given the newest.
    fn is_due(&self, newest: Option<&Row>) -> Result<bool, StoreError> {
        let Some(newest) = newest else {
            return Ok(true);
        };
        let age = (self.now)().millis_since(newest.time("created_at")?);
        Ok(age >= ROTATE_MILLIS || newest.optional_int("retired_at")?.is_some())
    }

    /// A new key for an account, with the statement that stores it unless the number is taken.
    fn new_key(
        &self,
        account_id: AccountId,
        number: u32,
    ) -> Result<(Statement, DataKey), StoreError> {
        let (mut key, mut nonce) = ([0; DATA_KEY_BYTES], [0; NONCE_BYTES]);
        (self.fill_random)(&mut key);
        (self.fill_random)(&mut nonce);
        let wrapped = field::wrap(&self.rings()?.data_keys, account_id, number, &key, nonce)
            .map_err(StoreError::Wrapped)?;
        let parameters = vec![
            Value::text(account_id),
            Value::Int(number.into()),
            Value::Text(wrapped),
            Value::time((self.now)()),
        ];
        Ok((
            Statement::new(INSERT, parameters),
            DataKey::new(number, &key),
        ))
    }

    /// The first key of an account that is being made: the statement that stores it, and what seals under it.
    pub(crate) fn first_key(
        &self,
        account_id: AccountId,
    ) -> Result<(Statement, Sealer), StoreError> {
        let (insert, key) = self.new_key(account_id, 1)?;
        let cipher = FieldCipher::new(account_id, vec![key])
            .ok_or(StoreError::NoDataKey("a key was just made"))?;
        let sealer = Sealer {
            cipher: Rc::new(cipher),
            fill_random: self.fill_random,
        };
        Ok((insert, sealer))
    }

    fn remember(&self, account_id: AccountId, cipher: &Rc<FieldCipher>) {
        let now = (self.now)();
        let mut known = self.known.0.borrow_mut();
        if known.len() >= MAX_KNOWN && !known.contains_key(&account_id) {
            known.retain(|_, (read_at, _)| now.millis_since(*read_at) < FRESH_MILLIS);
            if known.len() >= MAX_KNOWN {
                known.clear();
            }
        }
        known.insert(account_id, (now, Rc::clone(cipher)));
    }
}
