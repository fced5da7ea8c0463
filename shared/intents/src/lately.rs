//! The heads that were used lately, so that a request names a version instead of carrying it.

use std::rc::Rc;

use edgedesk_domain::ids::AccountId;

use crate::StoredHead;

/// Bytes of JSON whose heads are kept at most. Parsed, a head takes twice its JSON: eight megabytes beside the model, with
/// room for some forty heads of ten intents.
pub const MAX_BYTES: usize = 4 * 1024 * 1024;

/// Heads by account and version, least recently used first out.
#[derive(Debug, Default)]
pub struct Lately {
    /// The last one used comes last.
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    account_id: AccountId,
    version: u32,
    n_bytes: usize,
    head: Rc<StoredHead>,
}

impl Lately {
    /// None yet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            entries: Vec::new(),
        }
    }

    /// The head of a version, if it was used lately.
    pub fn get(&mut self, account_id: AccountId, version: u32) -> Option<Rc<StoredHead>> {
        let place = self.place(account_id, version)?;
        let entry = self.entries.remove(place);
        let head = Rc::clone(&entry.head);
        self.entries.push(entry);
        Some(head)
    }

    /// Remembers a head of `n_bytes` of JSON and forgets those unused for longest. One over [`MAX_BYTES`] is kept alone.
    pub fn put(
        &mut self,
        account_id: AccountId,
        version: u32,
        n_bytes: usize,
        head: Rc<StoredHead>,
    ) {
        if let Some(place) = self.place(account_id, version) {
            self.entries.remove(place);
        }
        self.entries.push(Entry {
            account_id,
            version,
            n_bytes,
            head,
        });
        while self.entries.len() > 1 && self.n_bytes() > MAX_BYTES {
            self.entries.remove(0);
        }
    }

    fn place(&self, account_id: AccountId, version: u32) -> Option<usize> {
        self.entries
            .iter()
            .position(|entry| entry.account_id == account_id && entry.version == version)
    }

    fn n_bytes(&self) -> usize {
        self.entries.iter().map(|entry| entry.n_bytes).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::tests::{account, trained};

    #[test]
    fn the_heads_used_least_recently_are_forgotten_first() {
        let head = Rc::new(trained(2).head);
        let mut lately = Lately::new();
        let third = MAX_BYTES / 3;
        for version in 1..=3 {
            lately.put(account(1), version, third, Rc::clone(&head));
        }
        assert!(lately.get(account(1), 1).is_some(), "used again");
        lately.put(account(1), 4, third, Rc::clone(&head));
        let known: Vec<bool> = (1..=4)
            .map(|version| lately.get(account(1), version).is_some())
            .collect();
        assert_eq!(known, [true, false, true, true]);
        assert!(
            lately.get(account(2), 1).is_none(),
            "another account's version of the same number"
        );
        lately.put(account(2), 1, MAX_BYTES * 2, head);
        assert!(lately.get(account(2), 1).is_some(), "kept alone");
        assert!(lately.get(account(1), 4).is_none());
    }
}
