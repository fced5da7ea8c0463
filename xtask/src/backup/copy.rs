//! A SQLite file copied as it is at one moment, while others write to it.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};

/// How long a database may be locked: a checkpoint takes milliseconds.
const BUSY_FOR: Duration = Duration::from_secs(10);

/// Copies a database page by page within one read transaction: its file alone is not enough, since what was committed last is in the
/// file of its write-ahead log. Gives the copy, which has been checked.
///
/// `VACUUM INTO` would be smaller, and give rows of tables without a key of their own other numbers, by which FTS5 finds them.
pub fn database(source: &Path, target: &Path) -> Result<Connection> {
    super::plan::make_parent(target)?;
    let copy = || -> Result<Connection> {
        let from = open(source)?;
        let mut to = Connection::open(target)?;
        whole(&from, &mut to)?;
        let verdict: String = to.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        ensure!(verdict == "ok", "the copy is damaged: {verdict}");
        Ok(to)
    };
    copy().with_context(|| format!("cannot copy {}", source.display()))
}

/// Opens somebody else's database. Read only: else the last to close would write the log into the file.
pub fn open(source: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(source, flags)?;
    connection.busy_timeout(BUSY_FOR)?;
    Ok(connection)
}

/// All pages in one step: a step that ends before would begin anew with each write of others.
fn whole(from: &Connection, to: &mut Connection) -> Result<()> {
    let backup = Backup::new(from, to)?;
    let deadline = Instant::now() + BUSY_FOR;
    loop {
        match backup.step(-1)? {
            StepResult::Done => return Ok(()),
            _ => ensure!(
                Instant::now() < deadline,
                "it is locked for {} s",
                BUSY_FOR.as_secs()
            ),
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Closes a copy, and sees that all of it is in its one file.
pub fn close(copy: Connection, target: &Path) -> Result<()> {
    copy.close().map_err(|(_, error)| error)?;
    let log = target.with_extension("sqlite-wal");
    ensure!(
        !log.exists(),
        "{} was left behind: the copy is in two files",
        log.display()
    );
    Ok(())
}
