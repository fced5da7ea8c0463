//! Key sets of issuers, as they were last read, and signatures by them.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use edgedesk_domain::time::Timestamp;

use crate::client::{Http, Signatures};
use crate::jwks::{Jwk, PublicKey, find_key, read_keys};
use crate::jws::{Fault, Unverified};

/// How long a set is remembered: an hour.
pub(crate) const REMEMBERED_MILLIS: i64 = 60 * 60 * 1000;
/// Most sets that are remembered: some kB each, half a megabyte of the isolate's 128.
const MAX_SETS: usize = 256;

/// Why a signature is not known to be good.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeysError {
    /// The keys are not to be had.
    #[error("keys: no answer: {0}")]
    Unreachable(String),
    /// What is where they should be is no set of keys.
    #[error("keys: not understood")]
    NotUnderstood,
    /// The token is signed by none of them, or not at all.
    #[error(transparent)]
    Token(#[from] Fault),
}

/// Sets by the URL that they were read from. Only a cache; a clone is the same one.
#[derive(Debug, Clone, Default)]
pub struct KeySets(Rc<RefCell<BTreeMap<String, KeySet>>>);

#[derive(Debug, Clone)]
struct KeySet {
    keys: Vec<Jwk>,
    read_at: Timestamp,
}

/// Looks signatures up in sets.
#[derive(Debug)]
pub(crate) struct Verifier<'a, H, S> {
    pub http: &'a H,
    pub signatures: &'a S,
    pub sets: &'a KeySets,
    /// How long a set is not read again for a key that is not in it. Zero where nobody brings tokens at will.
    pub stays_millis: i64,
}

impl<H: Http, S: Signatures> Verifier<'_, H, S> {
    /// Checks that a token is signed by a key of the set at `url`. Issuers change their keys: one that is not known is looked for
    /// once more, and then no more.
    pub async fn check(
        &self,
        url: &str,
        token: &Unverified<'_>,
        now: Timestamp,
    ) -> Result<(), KeysError> {
        let key = self.key_of(url, token, now).await?;
        let is_good = self
            .signatures
            .is_good(token.algorithm, &key, token.signing_input, &token.signature)
            .await;
        if is_good {
            Ok(())
        } else {
            Err(Fault::Signature.into())
        }
    }

    async fn key_of(
        &self,
        url: &str,
        token: &Unverified<'_>,
        now: Timestamp,
    ) -> Result<PublicKey, KeysError> {
        let find = |set: &KeySet| {
            find_key(&set.keys, token.algorithm, token.kid.as_deref())
                .map(|found| found.key.clone())
        };
        let known = self.known(url, now).await?;
        if let Some(key) = find(&known) {
            return Ok(key);
        }
        if (0..self.stays_millis).contains(&now.millis_since(known.read_at)) {
            return Err(Fault::UnknownKey.into());
        }
        let read = self.read(url, now).await?;
        Ok(find(&read).ok_or(Fault::UnknownKey)?)
    }

    async fn known(&self, url: &str, now: Timestamp) -> Result<KeySet, KeysError> {
        let remembered = self.sets.0.borrow().get(url).cloned();
        match remembered {
            Some(set) if set.is_fresh(now) => Ok(set),
            _ => self.read(url, now).await,
        }
    }

    async fn read(&self, url: &str, now: Timestamp) -> Result<KeySet, KeysError> {
        let answer = self.http.get(url, None).await;
        let answer = answer.map_err(KeysError::Unreachable)?;
        if answer.status != 200 {
            return Err(KeysError::Unreachable(format!("status {}", answer.status)));
        }
        let set = KeySet {
            keys: read_keys(&answer.body).ok_or(KeysError::NotUnderstood)?,
            read_at: now,
        };
        self.sets.remember(url, set.clone(), now);
        Ok(set)
    }
}

impl KeySet {
    fn is_fresh(&self, now: Timestamp) -> bool {
        (0..REMEMBERED_MILLIS).contains(&now.millis_since(self.read_at))
    }
}

impl KeySets {
    fn remember(&self, url: &str, set: KeySet, now: Timestamp) {
        let mut sets = self.0.borrow_mut();
        if sets.len() >= MAX_SETS && !sets.contains_key(url) {
            sets.retain(|_, set| set.is_fresh(now));
            if sets.len() >= MAX_SETS {
                sets.clear();
            }
        }
        sets.insert(url.to_owned(), set);
    }
}
