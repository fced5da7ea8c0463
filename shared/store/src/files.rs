//! Where files are kept: archives now, attachments later. R2 in `workers/platform`, memory in tests.

use edgedesk_domain::files::FileKey;
use edgedesk_domain::ids::{AccountId, CustomerId};
use edgedesk_domain::time::Timestamp;

use crate::shards::EXPORT_MILLIS;

/// Most pages of a list that one run looks at: 1,000 files each.
const MAX_PAGES: usize = 20;

/// Why a file could not be written, read or deleted. It may work later.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the files are not available: {0}")]
pub struct FileError(pub String);

/// A file in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredFile {
    /// Its whole name.
    pub name: String,
    /// When it was written.
    pub stored_at: Timestamp,
}

/// A run of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FilePage {
    /// By name.
    pub files: Vec<StoredFile>,
    /// Where to go on; absent at the end.
    pub next_cursor: Option<String>,
}

/// A place for files. Names are those of [`FileKey`].
#[expect(
    async_fn_in_trait,
    reason = "the runtime has one thread; nobody asks for `Send`"
)]
pub trait FileStore {
    /// Writes a file, in the place of one that is there.
    async fn put(&self, key: &FileKey, content_type: &str, bytes: Vec<u8>)
    -> Result<(), FileError>;

    /// The bytes of a file, if it is there.
    async fn get(&self, key: &FileKey) -> Result<Option<Vec<u8>>, FileError>;

    /// Files whose name begins with `prefix`, by name.
    async fn list(&self, prefix: &str, cursor: Option<&str>) -> Result<FilePage, FileError>;

    /// Deletes files, at most 1,000; those that are not there are fine.
    async fn delete(&self, names: &[String]) -> Result<(), FileError>;
}

/// Deletes archives that were written [`EXPORT_MILLIS`] ago or earlier, and says how many. What the rows say of them follows
/// from the time by itself. Safe to run at any time, and twice.
pub async fn delete_old_exports(files: &impl FileStore, now: Timestamp) -> Result<u64, FileError> {
    let until = now.plus_millis(-EXPORT_MILLIS);
    let (mut cursor, mut n_deleted) = (None, 0);
    for _ in 0..MAX_PAGES {
        let page = files.list(FileKey::EXPORTS, cursor.as_deref()).await?;
        let old: Vec<String> = page
            .files
            .into_iter()
            .filter(|file| file.stored_at <= until)
            .map(|file| file.name)
            .collect();
        if !old.is_empty() {
            files.delete(&old).await?;
            n_deleted += old.len() as u64;
        }
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    Ok(n_deleted)
}

/// Deletes all archives of a customer.
pub async fn delete_exports_of(
    files: &impl FileStore,
    account_id: AccountId,
    customer_id: CustomerId,
) -> Result<(), FileError> {
    let prefix = FileKey::exports_of(account_id, customer_id);
    loop {
        // From the start each time: those before are gone.
        let page = files.list(&prefix, None).await?;
        let names: Vec<String> = page.files.into_iter().map(|file| file.name).collect();
        if names.is_empty() {
            return Ok(());
        }
        files.delete(&names).await?;
    }
}

#[cfg(test)]
mod tests {
    use edgedesk_domain::ids::ExportId;
    use futures::executor::block_on;
    use ulid::Ulid;

    use super::*;
    use crate::testing::MemoryFiles;

    fn key(export: u128) -> FileKey {
        FileKey::export(
            AccountId::new(Ulid(1)),
            CustomerId::new(Ulid(2)),
            ExportId::new(Ulid(export)),
        )
    }

    #[test]
    fn archives_are_deleted_after_seven_days_and_not_a_moment_before() {
        let files = MemoryFiles::default();
        for n in 0..10_u32 {
            files.now.set(Timestamp::from_millis(1_000 + i64::from(n)));
            block_on(files.put(&key(u128::from(n)), "application/zip", vec![1])).unwrap();
        }
        let at = |millis| Timestamp::from_millis(1_000 + EXPORT_MILLIS + millis);
        assert_eq!(block_on(delete_old_exports(&files, at(-1))), Ok(0));
        assert_eq!(block_on(delete_old_exports(&files, at(3))), Ok(4));
        assert_eq!(block_on(delete_old_exports(&files, at(3))), Ok(0));
        assert_eq!(block_on(files.get(&key(3))), Ok(None));
        assert_eq!(block_on(files.get(&key(4))), Ok(Some(vec![1])));
    }

    #[test]
    fn of_a_customer_who_is_erased_no_archive_is_left_and_of_others_all() {
        let files = MemoryFiles::default();
        let theirs = FileKey::export(
            AccountId::new(Ulid(1)),
            CustomerId::new(Ulid(3)),
            ExportId::new(Ulid(1)),
        );
        for key in [key(1), key(2), theirs.clone()] {
            block_on(files.put(&key, "application/zip", vec![1])).unwrap();
        }
        let erase = || {
            let customer_id = CustomerId::new(Ulid(2));
            block_on(delete_exports_of(
                &files,
                AccountId::new(Ulid(1)),
                customer_id,
            ))
        };
        assert_eq!(erase(), Ok(()));
        assert_eq!(erase(), Ok(()));
        assert_eq!(block_on(files.get(&key(2))), Ok(None));
        assert_eq!(block_on(files.get(&theirs)), Ok(Some(vec![1])));
    }

    #[test]
    fn what_could_not_be_deleted_is_deleted_by_the_next_run() {
        let files = MemoryFiles::default();
        block_on(files.put(&key(1), "application/zip", vec![1])).unwrap();
        let now = Timestamp::from_millis(EXPORT_MILLIS);
        for n_calls in [1, 2] {
            files.fail_at.set(Some(n_calls));
            assert!(block_on(delete_old_exports(&files, now)).is_err());
        }
        assert_eq!(block_on(delete_old_exports(&files, now)), Ok(1));
    }
}
