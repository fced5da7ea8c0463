//! What is sealed under the root, sealed anew under the current one, so that the root before it can be thrown away.

use edgedesk_crypto::field::{self, DATA_KEYS};
use edgedesk_crypto::sealed::{Keyring, NONCE_BYTES, Place, SealError};
use edgedesk_domain::ids::AccountId;

use super::DataKeys;
use crate::database::{Database, Row, Statement, StoreError, Value};

/// Where secrets of second factors stand; also the purpose of the keys that seal them.
pub const SECOND_FACTORS: &str = "second_factors";
/// Rows of a table that one round takes.
const PAGE: u32 = 100;
/// Most rounds of one run. What is left then is for the next one.
const MAX_ROUNDS: usize = 20;

// `?1` is what values begin with that the current root has sealed. Two terms, so that each is read by the index.
pub(crate) const LIST_DATA_KEYS: &str = "
    SELECT account_id, number, wrapped FROM data_keys WHERE substr(wrapped, 1, 12) < ?1
    UNION ALL SELECT account_id, number, wrapped FROM data_keys WHERE substr(wrapped, 1, 12) > ?1 LIMIT ?2";
// The old value is compared: what was changed meanwhile stays.
const SET_DATA_KEY: &str =
    "UPDATE data_keys SET wrapped = ?4 WHERE account_id = ?1 AND number = ?2 AND wrapped = ?3";
pub(crate) const LIST_SECOND_FACTORS: &str = "
    SELECT user_id, secret FROM second_factors WHERE substr(secret, 1, 12) < ?1
    UNION ALL SELECT user_id, secret FROM second_factors WHERE substr(secret, 1, 12) > ?1 LIMIT ?2";
const SET_SECOND_FACTOR: &str =
    "UPDATE second_factors SET secret = ?3 WHERE user_id = ?1 AND secret = ?2";

/// What one run has done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rewrapped {
    /// Values that are under the current root since.
    pub n_rewrapped: u64,
    /// Values that do not open with any root that is given. They are left as they are.
    pub n_unopened: u64,
    /// Whether there may be more for the next run.
    pub is_more: bool,
}

impl DataKeys {
    /// What values of each table begin with that the current root has sealed.
    pub fn marks(&self) -> Result<[(&'static str, String); 2], StoreError> {
        let rings = self.rings()?;
        Ok([
            (DATA_KEYS, rings.data_keys.mark()),
            (SECOND_FACTORS, rings.second_factors.mark()),
        ])
    }

    /// Seals data keys and secrets of second factors anew that are under the root before. Safe to run at any time, and twice.
    pub async fn rewrap(&self, directory: &impl Database) -> Result<Rewrapped, StoreError> {
        let rings = self.rings()?;
        let mut done = Rewrapped::default();
        self.rewrap_table(directory, &mut done, &rings.data_keys, LIST_DATA_KEYS, {
            |ring, row, nonce| {
                let (account_id, number) = (
                    row.parsed::<AccountId>("account_id")?,
                    row.uint32("number")?,
                );
                let wrapped = row.text("wrapped")?;
                let anew = field::rewrap(ring, account_id, number, wrapped, nonce);
                Ok(anew.map(|anew| {
                    let key = [Value::text(account_id), Value::Int(number.into())];
                    let values = [Value::text(wrapped), Value::Text(anew)];
                    Statement::new(SET_DATA_KEY, key.into_iter().chain(values).collect())
                }))
            }
        })
        .await?;
        self.rewrap_table(
            directory,
            &mut done,
            &rings.second_factors,
            LIST_SECOND_FACTORS,
            {
                |ring, row, nonce| {
                    let (user_id, secret) = (row.text("user_id")?, row.text("secret")?);
                    let place = Place {
                        table: SECOND_FACTORS,
                        row: user_id,
                        column: "secret",
                    };
                    let anew = ring.reseal(&place, secret, nonce);
                    Ok(anew.map(|anew| {
                        let values = [Value::text(user_id), Value::text(secret), Value::Text(anew)];
                        Statement::new(SET_SECOND_FACTOR, values.into())
                    }))
                }
            },
        )
        .await?;
        Ok(done)
    }

    async fn rewrap_table(
        &self,
        directory: &impl Database,
        done: &mut Rewrapped,
        ring: &Keyring,
        list: &'static str,
        anew: impl Fn(
            &Keyring,
            &Row,
            [u8; NONCE_BYTES],
        ) -> Result<Result<Statement, SealError>, StoreError>,
    ) -> Result<(), StoreError> {
        let mark = ring.mark();
        for _ in 0..MAX_ROUNDS {
            let parameters = [Value::text(&mark), Value::Int(PAGE.into())];
            let rows = directory.query(list, &parameters).await?;
            let mut statements = Vec::with_capacity(rows.len());
            let mut n_unopened = 0;
            for row in &rows {
                let mut nonce = [0; NONCE_BYTES];
                (self.fill_random)(&mut nonce);
                match anew(ring, row, nonce)? {
                    Ok(statement) => statements.push(statement),
                    Err(_) => n_unopened += 1,
                }
            }
            let n_rewrapped = statements.len() as u64;
            if n_rewrapped > 0 {
                directory.batch(statements).await?;
                done.n_rewrapped += n_rewrapped;
            }
            if rows.len() < PAGE as usize || n_rewrapped == 0 {
                // Those that do not open come again each round.
                done.n_unopened += n_unopened;
                done.is_more |= n_rewrapped == 0 && rows.len() == PAGE as usize;
                return Ok(());
            }
        }
        done.is_more = true;
        Ok(())
    }
}
