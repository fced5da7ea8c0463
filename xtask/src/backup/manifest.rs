//! The list of a backup's files. It is written last: a folder without it is no backup.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Component, Path};

use anyhow::{Context, Result, bail, ensure};
use edgedesk_domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Its file.
const FILE: &str = "manifest.json";
/// The number of what this module writes. It grows when an older command could not restore a backup any more.
const FORMAT: u32 = 1;
/// How many flaws a message names.
const MAX_NAMED: usize = 5;

/// What a backup has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`FORMAT`] of whoever wrote it.
    pub format: u32,
    /// What was acknowledged before is in the backup.
    pub began_at: Timestamp,
    /// What came after is not.
    pub ended_at: Timestamp,
    /// Files by their paths in the state folder.
    pub files: BTreeMap<String, Listed>,
}

/// A file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// Its length.
    pub bytes: u64,
    /// Its SHA-256, in hexadecimal.
    pub sha256: String,
}

impl fmt::Display for Manifest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes: u64 = self.files.values().map(|file| file.bytes).sum();
        write!(
            f,
            "{} files, {:.1} MB, as of {}",
            self.files.len(),
            bytes as f64 / 1e6,
            self.began_at
        )
    }
}

impl Manifest {
    /// One that lists every file of a folder.
    pub(super) fn of(folder: &Path, began_at: Timestamp) -> Result<Self> {
        let mut files = BTreeMap::new();
        for path in super::plan::files_below(folder)? {
            let name = path.strip_prefix(folder)?.to_str();
            let name = name.with_context(|| format!("{} is no text", path.display()))?;
            files.insert(name.to_owned(), read_through(&path, &mut std::io::sink())?);
        }
        Ok(Self {
            format: FORMAT,
            began_at,
            ended_at: edgedesk_client::api::now(),
            files,
        })
    }

    /// Writes it into the folder.
    pub(super) fn write(&self, folder: &Path) -> Result<()> {
        let path = folder.join(FILE);
        let mut file =
            File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
        file.write_all((serde_json::to_string_pretty(self)? + "\n").as_bytes())?;
        file.sync_all()?;
        Ok(())
    }

    fn read(folder: &Path) -> Result<Self> {
        #[derive(Deserialize)]
        struct Format {
            format: u32,
        }
        let path = folder.join(FILE);
        let text = fs::read_to_string(&path)
            .with_context(|| format!("{} is no backup: it has no {FILE}", folder.display()))?;
        let wrong = || format!("{} cannot be read", path.display());
        // The number first: of another one the rest may look different.
        let Format { format } = serde_json::from_str(&text).with_context(wrong)?;
        ensure!(
            format == FORMAT,
            "the backup is of format {format}, and this command knows {FORMAT}: use the version that made it"
        );
        let manifest: Self = serde_json::from_str(&text).with_context(wrong)?;
        for name in manifest.files.keys() {
            let mut parts = Path::new(name).components();
            ensure!(
                !name.is_empty() && parts.all(|part| matches!(part, Component::Normal(_))),
                "the manifest names {name:?}, which leads out of the backup"
            );
        }
        Ok(manifest)
    }

    /// Copies every file from a backup into a new folder, and compares what is written with the list.
    pub(super) fn copy(&self, from: &Path, to: &Path) -> Result<()> {
        for (name, listed) in &self.files {
            let target = to.join(name);
            super::plan::make_parent(&target)?;
            let mut file = File::create(&target)
                .with_context(|| format!("cannot write {}", target.display()))?;
            let read = read_through(&from.join(name), &mut file)?;
            file.sync_all()?;
            ensure!(
                read == *listed,
                "{name} changed while it was read: nothing was restored"
            );
        }
        Ok(())
    }
}

/// Compares a backup with its manifest.
///
/// # Errors
/// When a file is missing, other than it was, or not listed: the first of them are named.
pub fn verify(folder: &Path) -> Result<Manifest> {
    let manifest = Manifest::read(folder)?;
    let mut flaws = Vec::new();
    for (name, listed) in &manifest.files {
        let path = folder.join(name);
        if !path.is_file() {
            flaws.push(format!("{name} is missing"));
            continue;
        }
        let found = read_through(&path, &mut std::io::sink())?;
        if found.bytes != listed.bytes {
            flaws.push(format!(
                "{name} has {} bytes and had {}",
                found.bytes, listed.bytes
            ));
        } else if found != *listed {
            flaws.push(format!("{name} is not as it was written"));
        }
    }
    for path in super::plan::files_below(folder)? {
        let name = path.strip_prefix(folder)?.to_string_lossy().into_owned();
        if name != FILE && !manifest.files.contains_key(&name) {
            flaws.push(format!("{name} is not in the manifest"));
        }
    }
    if flaws.is_empty() {
        return Ok(manifest);
    }
    let n_more = flaws.len().saturating_sub(MAX_NAMED);
    flaws.truncate(MAX_NAMED);
    if n_more > 0 {
        flaws.push(format!("and {n_more} more"));
    }
    bail!(
        "the backup {} is not whole: {}",
        folder.display(),
        flaws.join("; ")
    )
}

/// Reads a file to its end into `sink`, and says what it was.
fn read_through(path: &Path, sink: &mut impl Write) -> Result<Listed> {
    let cannot = || format!("cannot read {}", path.display());
    let mut file = File::open(path).with_context(cannot)?;
    let (mut digest, mut bytes) = (Sha256::new(), 0);
    let mut buffer = vec![0; 1 << 16];
    loop {
        let n = file.read(&mut buffer).with_context(cannot)?;
        if n == 0 {
            break;
        }
        digest.update(&buffer[..n]);
        sink.write_all(&buffer[..n])?;
        bytes += n as u64;
    }
    Ok(Listed {
        bytes,
        sha256: hex::encode(digest.finalize()),
    })
}
