//! Over state folders of a few small databases, laid out as Miniflare lays them out.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use rusqlite::Connection;

use super::{create, manifest, restore};

const SHARD: &str = "v3/d1/miniflare-D1DatabaseObject/1a.sqlite";
const DIRECTORY: &str = "v3/d1/miniflare-D1DatabaseObject/0b.sqlite";
const CONVERSATIONS: &str = "v3/do/edgedesk-gateway-ConversationObject";
const DESKS: &str = "v3/do/edgedesk-gateway-DeskObject";
const PRIVACY: &str = "v3/do/edgedesk-gateway-PrivacyObject";
const FILES: &str = "v3/r2/miniflare-R2BucketObject";
const ALARMS: &str = "CREATE TABLE _cf_ALARM (actor_id TEXT PRIMARY KEY, scheduled_time INTEGER, actor_name TEXT) WITHOUT ROWID;";

/// A folder that is deleted when the test ends.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = format!("edgedesk-backup-{name}-{}", std::process::id());
        let folder = std::env::temp_dir().join(folder);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A database as workerd has one, which stays open.
fn database(path: &Path, schema: &str) -> Connection {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let connection = Connection::open(path).unwrap();
    connection
        .execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;")
        .unwrap();
    connection.execute_batch(schema).unwrap();
    connection
}

/// A state folder in which somebody has written, and the connections of whoever goes on.
fn state(folder: &Folder) -> (PathBuf, BTreeMap<String, Connection>) {
    let state = folder.at("state");
    let open = BTreeMap::from(
        [
            (SHARD.to_owned(), "CREATE TABLE messages (n INTEGER);"),
            (DIRECTORY.to_owned(), "CREATE TABLE accounts (id TEXT); INSERT INTO accounts VALUES ('acc');"),
            (
                format!("{CONVERSATIONS}/c1.sqlite"),
                "CREATE TABLE events (n INTEGER); CREATE TABLE outbox (desk INTEGER); INSERT INTO outbox VALUES (0);",
            ),
            (format!("{CONVERSATIONS}/metadata.sqlite"), ALARMS),
            (format!("{DESKS}/d1.sqlite"), "CREATE TABLE conversations (n INTEGER);"),
            (format!("{DESKS}/metadata.sqlite"), ALARMS),
            (format!("{PRIVACY}/p1.sqlite"), "CREATE TABLE requests (n INTEGER);"),
            (format!("{FILES}/metadata.sqlite"), "CREATE TABLE objects (blob TEXT); INSERT INTO objects VALUES ('b1');"),
        ]
        .map(|(path, schema)| {
            let connection = database(&state.join(&path), schema);
            (path, connection)
        }),
    );
    let write = |path: &str, text: &str| {
        let path = state.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("v3/r2/edgedesk-files/blobs/b1", "a picture");
    write("v3/cache/miniflare-CacheObject/metadata.sqlite", "not ours");
    write("seed.json", "{}");
    write("dev.json", "{}");
    write("runtime.pgid", "2147483646");
    (state, open)
}

fn numbers(path: &Path, sql: &str) -> Vec<i64> {
    let connection = Connection::open(path).unwrap();
    let mut statement = connection.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

fn fault<T: std::fmt::Debug>(outcome: anyhow::Result<T>) -> String {
    format!("{:#}", outcome.unwrap_err())
}

#[test]
fn what_is_committed_is_in_the_copy_and_nothing_else() {
    let folder = Folder::new("committed");
    let (state, open) = state(&folder);
    let log = &open[&format!("{CONVERSATIONS}/c1.sqlite")];
    log.execute_batch("INSERT INTO events VALUES (1), (2); BEGIN; INSERT INTO events VALUES (3);")
        .unwrap();
    let path = state.join(CONVERSATIONS).join("c1.sqlite");
    let before = fs::read(&path).unwrap();
    assert!(
        fs::metadata(path.with_extension("sqlite-wal"))
            .unwrap()
            .len()
            > 0
    );

    let made = create(&state, &folder.at("backup")).unwrap();
    assert_eq!(
        fs::read(&path).unwrap(),
        before,
        "the source stays as it is"
    );
    log.execute_batch("COMMIT").unwrap();
    let restored = folder.at("restored");
    assert_eq!(
        restore(&folder.at("backup"), &restored, false).unwrap(),
        made
    );

    let log = restored.join(CONVERSATIONS).join("c1.sqlite");
    assert_eq!(numbers(&log, "SELECT n FROM events"), [1, 2]);
    let listed: Vec<&str> = made.files.keys().map(String::as_str).collect();
    insta::assert_snapshot!(listed.join("\n"), @r"
    seed.json
    v3/d1/miniflare-D1DatabaseObject/0b.sqlite
    v3/d1/miniflare-D1DatabaseObject/1a.sqlite
    v3/do/edgedesk-gateway-ConversationObject/c1.sqlite
    v3/do/edgedesk-gateway-ConversationObject/metadata.sqlite
    v3/do/edgedesk-gateway-DeskObject/d1.sqlite
    v3/do/edgedesk-gateway-DeskObject/metadata.sqlite
    v3/do/edgedesk-gateway-PrivacyObject/p1.sqlite
    v3/r2/edgedesk-files/blobs/b1
    v3/r2/miniflare-R2BucketObject/metadata.sqlite
    ");
}

/// Ends whoever writes, also when a comparison fails.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Somebody writes as the product does: an erasure in the log before it is noted as done, the log before the desk and the read model,
/// and that the desk has heard only when it has.
#[test]
fn whatever_is_derived_is_never_newer_than_the_log_and_the_desk_never_older() {
    let folder = Folder::new("order");
    let (state, open) = state(&folder);
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let stop = &stop;
        scope.spawn(move || {
            let mut n = 0;
            while !stop.load(Ordering::Relaxed) {
                n += 1;
                for (path, sql) in [
                    (
                        format!("{CONVERSATIONS}/c1.sqlite"),
                        "INSERT INTO events VALUES (?1)",
                    ),
                    (
                        format!("{PRIVACY}/p1.sqlite"),
                        "INSERT INTO requests VALUES (?1)",
                    ),
                    (SHARD.to_owned(), "INSERT INTO messages VALUES (?1)"),
                    (
                        format!("{DESKS}/d1.sqlite"),
                        "INSERT INTO conversations VALUES (?1)",
                    ),
                    (
                        format!("{CONVERSATIONS}/c1.sqlite"),
                        "UPDATE outbox SET desk = ?1",
                    ),
                ] {
                    open[&path].execute(sql, [n]).unwrap();
                }
            }
        });
        let _stop = Stop(stop);
        let mut last = 0;
        // The other thread may be late.
        for round in 0.. {
            let backup = folder.at(&format!("backup-{round}"));
            create(&state, &backup).unwrap();
            let largest = |path: &str, sql: &str| {
                let found = numbers(&backup.join(path), sql);
                found.first().copied().unwrap_or_default()
            };
            let log = format!("{CONVERSATIONS}/c1.sqlite");
            let logged = largest(&log, "SELECT ifnull(max(n), 0) FROM events");
            let heard = largest(&log, "SELECT desk FROM outbox");
            let desk = largest(
                &format!("{DESKS}/d1.sqlite"),
                "SELECT ifnull(max(n), 0) FROM conversations",
            );
            let shown = largest(SHARD, "SELECT ifnull(max(n), 0) FROM messages");
            let erased = largest(
                &format!("{PRIVACY}/p1.sqlite"),
                "SELECT ifnull(max(n), 0) FROM requests",
            );
            assert!(
                shown <= logged,
                "the read model has {shown}, the log {logged}"
            );
            assert!(
                erased <= logged,
                "{erased} are noted as erased, the log has {logged}"
            );
            assert!(heard <= desk, "the desk has heard {heard} and knows {desk}");
            assert!(logged >= last, "{logged} after {last}");
            last = logged;
            if round >= 7 && last > 8 {
                break;
            }
            assert!(round < 300, "nobody writes");
        }
    });
}

/// The list is of another moment than the objects: what each of them says itself counts.
#[test]
fn every_object_is_woken_when_its_own_copy_says_so() {
    let folder = Folder::new("alarms");
    let (state, open) = state(&folder);
    let object = |name: &str, own: &str| {
        let schema = "CREATE TABLE _cf_METADATA (key INTEGER PRIMARY KEY, value BLOB);";
        let object = database(&state.join(CONVERSATIONS).join(name), schema);
        object.execute_batch(own).unwrap();
        object
    };
    let _open = [
        object("late.sqlite", "INSERT INTO _cf_METADATA VALUES (1, 30)"),
        object("missed.sqlite", "INSERT INTO _cf_METADATA VALUES (1, 20)"),
        object(
            "over.sqlite",
            "INSERT INTO _cf_METADATA VALUES (1, NULL), (2, 9)",
        ),
        object("never.sqlite", ""),
    ];
    open[&format!("{CONVERSATIONS}/metadata.sqlite")]
        .execute_batch("INSERT INTO _cf_ALARM VALUES ('late', 10, 'acc:late'), ('over', 10, 'acc:over'), ('gone', 40, 'acc:gone')")
        .unwrap();
    create(&state, &folder.at("backup")).unwrap();
    let alarms = folder
        .at("backup")
        .join(CONVERSATIONS)
        .join("metadata.sqlite");
    let times = "SELECT scheduled_time FROM _cf_ALARM ORDER BY actor_id";
    assert_eq!(numbers(&alarms, times), [40, 30, 20]);
}

#[test]
fn a_backup_that_is_not_as_it_was_written_is_refused_and_nothing_changes() {
    let folder = Folder::new("damaged");
    let (state, _open) = state(&folder);
    let backup = folder.at("backup");
    create(&state, &backup).unwrap();
    manifest::verify(&backup).unwrap();
    let blob = backup.join("v3/r2/edgedesk-files/blobs/b1");
    let list = backup.join("manifest.json");
    let listed = fs::read_to_string(&list).unwrap();
    let target = folder.at("restored");
    let refused = |what: &str| {
        let error = fault(restore(&backup, &target, false));
        assert!(error.contains(what), "{error}");
        assert!(!target.exists(), "{what}");
    };

    fs::write(&blob, "a p1cture").unwrap();
    refused("blobs/b1 is not as it was written");
    fs::write(&blob, "a pic").unwrap();
    refused("blobs/b1 has 5 bytes and had 9");
    fs::remove_file(&blob).unwrap();
    refused("blobs/b1 is missing");
    fs::write(&blob, "a picture").unwrap();
    manifest::verify(&backup).unwrap();

    fs::write(backup.join("v3/more"), "").unwrap();
    refused("v3/more is not in the manifest");
    fs::remove_file(backup.join("v3/more")).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", backup.join("v3/link")).unwrap();
    refused("v3/link is neither a file nor a folder");
    fs::remove_file(backup.join("v3/link")).unwrap();

    fs::write(&list, listed.replace("v3/r2/", "../r2/")).unwrap();
    refused("leads out of the backup");
    fs::write(&list, listed.replace("\"format\": 1", "\"format\": 2")).unwrap();
    refused("of format 2, and this command knows 1");
    fs::write(&list, "{").unwrap();
    refused("cannot be read");
    fs::remove_file(&list).unwrap();
    refused("is no backup");
    fs::write(&list, listed).unwrap();
    restore(&backup, &target, false).unwrap();
}

#[test]
fn a_folder_with_something_in_it_is_left_alone_or_moved_aside() {
    let folder = Folder::new("force");
    let (state, _open) = state(&folder);
    let backup = folder.at("backup");
    create(&state, &backup).unwrap();
    assert!(fault(create(&state, &backup)).contains("has something in it"));
    assert!(fault(create(&folder.at("nothing"), &folder.at("b"))).contains("is no state folder"));

    let target = folder.at("target");
    fs::create_dir(&target).unwrap();
    fs::write(target.join("mine"), "mine").unwrap();
    assert!(fault(restore(&backup, &target, false)).contains("has something in it"));
    // A stack runs there: we are one.
    let group = nix::unistd::getpgrp().as_raw().to_string();
    fs::write(target.join("runtime.pgid"), group).unwrap();
    assert!(fault(restore(&backup, &target, true)).contains("a stack runs on"));
    fs::remove_file(target.join("runtime.pgid")).unwrap();

    restore(&backup, &target, true).unwrap();
    assert!(target.join(SHARD).exists() && !target.join("mine").exists());
    let names = fs::read_dir(&folder.0).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let aside: Vec<String> = names.filter(|name| name.starts_with("target.")).collect();
    assert_eq!(aside.len(), 1, "{aside:?}");
    assert_eq!(
        fs::read_to_string(folder.at(&aside[0]).join("mine")).unwrap(),
        "mine"
    );
}

#[test]
fn a_backup_is_for_nobody_elses_eyes() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new("private");
    let (state, _open) = state(&folder);
    create(&state, &folder.at("backup")).unwrap();
    restore(&folder.at("backup"), &folder.at("restored"), false).unwrap();
    for made in ["backup", "restored"] {
        let mode = fs::metadata(folder.at(made)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700, "{made}");
    }
}
