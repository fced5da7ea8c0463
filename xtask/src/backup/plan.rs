//! In which order a state folder is copied. Each database is copied as it is at one moment, but not all at the same moment, so that what
//! is copied later is newer. The order makes that harmless:
//!
//! 1. **Requests of privacy and indexes of articles.** An erasure that is restored as open is done again; one that is restored as done while
//!    the log has the words would never be. An index takes whatever is newer than it, and nothing that is older.
//! 2. **The read model**, shards before the directory: the directory has the keys under which rows of shards are sealed.
//! 3. **Conversations**, the truth. They have everything that the read model was told, and more, which a rebuild adds.
//! 4. **Desks.** They have given each conversation its ticket's number: an older desk would give numbers a second time, and a rebuild would
//!    not hear of conversations that it does not know.
//! 5. **All other objects**, and **files**, which are there before a message names them.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use rusqlite::{Connection, OptionalExtension};

use super::copy;
use super::manifest::Manifest;

/// Where Miniflare keeps everything, in a state folder.
pub const DATA: &str = "v3";
/// Folders of it that are made anew by whoever misses them.
const LEFT_OUT: [&str; 1] = ["cache"];
/// Files beside it that belong to the data: who the demo accounts are, and that nothing is to be migrated or seeded.
const BESIDE: [&str; 4] = ["seed.json", "seed.stamp", "migrations.stamp", "filled"];
/// When which object of a folder wants to be woken, as whoever wakes them reads it.
const ALARMS: &str = "metadata.sqlite";
/// How often to look for files that came meanwhile, before the next step.
const MAX_ROUNDS: u32 = 5;

/// Copies everything that belongs to the state into a new folder.
pub fn copy_state(state: &Path, to: &Path) -> Result<Manifest> {
    let began_at = edgedesk_client::api::now();
    let copying = Copying { from: state, to };
    make_private(to)?;
    let objects = copying.folders_in("do")?;
    let with_end = |end: &str| -> Vec<&PathBuf> {
        let of_class = |folder: &&PathBuf| folder.to_string_lossy().ends_with(end);
        objects.iter().filter(of_class).collect()
    };
    let mut done = BTreeSet::new();
    let mut take = |end: &str| -> Result<()> {
        for folder in with_end(end) {
            if done.insert(folder.clone()) {
                copying.objects(folder)?;
            }
        }
        Ok(())
    };
    take("-PrivacyObject")?;
    take("-KnowledgeObject")?;
    for folder in copying.folders_in("d1")? {
        copying.read_model(&folder)?;
    }
    take("-ConversationObject")?;
    take("-DeskObject")?;
    take("")?;
    for folder in copying.folders_in("")? {
        let name = folder.file_name().unwrap_or_default();
        if !["do", "d1"]
            .iter()
            .chain(&LEFT_OUT)
            .any(|known| *known == name)
        {
            copying.files(&folder)?;
        }
    }
    for name in BESIDE {
        if state.join(name).is_file() {
            fs::copy(state.join(name), to.join(name))?;
        }
    }
    for file in files_below(to)? {
        File::open(&file)?.sync_all()?;
    }
    Manifest::of(to, began_at)
}

/// A state folder on its way.
struct Copying<'a> {
    from: &'a Path,
    to: &'a Path,
}

impl Copying<'_> {
    /// Folders in a folder of the data, as paths in the state folder.
    fn folders_in(&self, name: &str) -> Result<Vec<PathBuf>> {
        let folder = Path::new(DATA).join(name);
        let mut folders = Vec::new();
        for path in entries_of(&self.from.join(&folder))? {
            if path.is_dir() {
                folders.push(folder.join(path.file_name().unwrap_or_default()));
            }
        }
        Ok(folders)
    }

    /// The D1 databases: shards, then the directory.
    fn read_model(&self, folder: &Path) -> Result<()> {
        let (mut shards, mut directories) = (Vec::new(), Vec::new());
        for name in self.databases_in(folder)? {
            let path = self.from.join(folder).join(&name);
            let is_directory = copy::open(&path)
                .and_then(|database| has_table(&database, "accounts"))
                .with_context(|| format!("cannot read {}", path.display()))?;
            if is_directory {
                directories.push(name);
            } else {
                shards.push(name);
            }
        }
        for name in shards.iter().chain(&directories) {
            self.database(&folder.join(name))?;
        }
        Ok(())
    }

    /// The objects of a class, then their alarms.
    fn objects(&self, folder: &Path) -> Result<()> {
        let mut wake = BTreeMap::new();
        for _ in 0..MAX_ROUNDS {
            let mut new = self.databases_in(folder)?;
            new.retain(|name| name != ALARMS && !wake.contains_key(name));
            if new.is_empty() {
                break;
            }
            for name in new {
                let due = self.object(&folder.join(&name))?;
                wake.insert(name, due);
            }
        }
        let source = self.from.join(folder).join(ALARMS);
        if !source.exists() {
            return Ok(());
        }
        let target = self.to.join(folder).join(ALARMS);
        let copy = copy::database(&source, &target)?;
        set_alarms(&copy, &wake)
            .with_context(|| format!("cannot set the alarms of {}", folder.display()))?;
        copy::close(copy, &target)
    }

    /// Copies an object, and says when it wants to be woken.
    fn object(&self, name: &Path) -> Result<Option<i64>> {
        let (source, target) = (self.from.join(name), self.to.join(name));
        if !source.exists() {
            // Deleted since it was listed.
            return Ok(None);
        }
        let copy = copy::database(&source, &target)?;
        let due = alarm_of(&copy)
            .with_context(|| format!("cannot read the alarm of {}", source.display()))?;
        copy::close(copy, &target)?;
        Ok(due)
    }

    /// Everything below a folder: files as they are, then databases, which name them, then files that came meanwhile.
    fn files(&self, folder: &Path) -> Result<()> {
        self.plain_files(folder)?;
        for path in files_below(&self.from.join(folder))? {
            if path.extension() == Some(OsStr::new("sqlite")) {
                self.database(path.strip_prefix(self.from)?)?;
            }
        }
        self.plain_files(folder)
    }

    fn plain_files(&self, folder: &Path) -> Result<()> {
        for path in files_below(&self.from.join(folder))? {
            let target = self.to.join(path.strip_prefix(self.from)?);
            if is_of_database(&path) || target.exists() {
                continue;
            }
            make_parent(&target)?;
            match fs::copy(&path, &target) {
                Ok(_) => {}
                // Deleted since it was listed.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => bail!("cannot copy {}: {error}", path.display()),
            }
        }
        Ok(())
    }

    fn database(&self, name: &Path) -> Result<()> {
        let (source, target) = (self.from.join(name), self.to.join(name));
        if !source.exists() {
            // Deleted since it was listed.
            return Ok(());
        }
        copy::close(copy::database(&source, &target)?, &target)
    }

    fn databases_in(&self, folder: &Path) -> Result<Vec<String>> {
        let names = entries_of(&self.from.join(folder))?;
        let names = names.iter().filter_map(|path| path.file_name()?.to_str());
        let names = names.filter(|name| name.ends_with(".sqlite"));
        Ok(names.map(str::to_owned).collect())
    }
}

/// When an object wants to be woken, in nanoseconds, as workerd keeps it in the object's own database: there it is of the same moment as
/// everything else of the object.
fn alarm_of(object: &Connection) -> rusqlite::Result<Option<i64>> {
    if !has_table(object, "_cf_METADATA")? {
        return Ok(None);
    }
    let sql = "SELECT value FROM _cf_METADATA WHERE key = 1";
    let due = object.query_row(sql, [], |row| row.get(0)).optional()?;
    Ok(due.flatten())
}

/// Wakes every object when it wants to be woken. The list that was copied is of another moment than the objects, and an alarm that is not in
/// it, or at another time than the object's own, may never go off.
fn set_alarms(list: &Connection, wake: &BTreeMap<String, Option<i64>>) -> rusqlite::Result<()> {
    if !has_table(list, "_cf_ALARM")? {
        return Ok(());
    }
    let mut set = list.prepare(
        "INSERT INTO _cf_ALARM (actor_id, scheduled_time) VALUES (?1, ?2)
         ON CONFLICT (actor_id) DO UPDATE SET scheduled_time = excluded.scheduled_time",
    )?;
    let mut forget = list.prepare("DELETE FROM _cf_ALARM WHERE actor_id = ?1")?;
    for (file, due) in wake {
        let id = file.trim_end_matches(".sqlite");
        match due {
            Some(due) => set.execute(rusqlite::params![id, due])?,
            None => forget.execute([id])?,
        };
    }
    Ok(())
}

fn has_table(database: &Connection, table: &str) -> rusqlite::Result<bool> {
    let sql = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = ?1";
    let n: i64 = database.query_row(sql, [table], |row| row.get(0))?;
    Ok(n > 0)
}

/// Whether a file is a database, or what SQLite keeps beside one.
fn is_of_database(path: &Path) -> bool {
    let end = path.extension().unwrap_or_default().to_string_lossy();
    ["sqlite", "sqlite-wal", "sqlite-shm", "sqlite-journal"].contains(&end.as_ref())
}

/// What is in a folder, in the order of the names. A folder that is not there has nothing.
fn entries_of(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => bail!("cannot list {}: {error}", folder.display()),
    };
    let mut paths = entries
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

/// Every file below a folder. What is neither a file nor a folder, such as a link, is an error: it would lead elsewhere.
pub fn files_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in entries_of(folder)? {
        let kind = match fs::symlink_metadata(&path) {
            Ok(metadata) => metadata.file_type(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => bail!("cannot look at {}: {error}", path.display()),
        };
        if kind.is_dir() {
            files.extend(files_below(&path)?);
        } else if kind.is_file() {
            files.push(path);
        } else {
            bail!("{} is neither a file nor a folder", path.display());
        }
    }
    Ok(files)
}

/// Makes the folder of a file.
pub fn make_parent(file: &Path) -> Result<()> {
    let parent = file.parent().unwrap_or_else(|| Path::new("."));
    make_private(parent)
}

/// Makes a folder with those above it that nobody else may read: it has what customers wrote, and how one logs in.
fn make_private(folder: &Path) -> Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    let made = fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder);
    made.with_context(|| format!("cannot make {}", folder.display()))
}
