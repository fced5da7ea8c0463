//! Whether what a build reads has changed since it last succeeded: a hash over its inputs, kept beside its output.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use crate::workspace::root;

/// Names that are never an input: outputs and installed things.
const SKIPPED: [&str; 7] = [
    "build",
    "node_modules",
    "target",
    "dist",
    ".wrangler",
    "__pycache__",
    "snapshots",
];

/// A hash over everything that a build reads.
#[derive(Debug, Default, Clone)]
pub struct Inputs {
    digest: Sha256,
}

impl Inputs {
    /// Counts a word, such as a profile or a version.
    #[must_use]
    pub fn word(mut self, word: &str) -> Self {
        self.digest.update(word.as_bytes());
        self.digest.update([0]);
        self
    }

    /// Counts a file or, recursively, a folder; a missing one counts as missing. `keep` says which files count.
    pub fn path(mut self, path: impl AsRef<Path>, keep: &dyn Fn(&Path) -> bool) -> Result<Self> {
        let path = root().join(path);
        let mut files = Vec::new();
        collect(&path, keep, &mut files)?;
        files.sort();
        for file in files {
            let content =
                fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
            let name = file.strip_prefix(root()).unwrap_or(&file);
            self = self.word(&name.to_string_lossy());
            self.digest.update((content.len() as u64).to_le_bytes());
            self.digest.update(&content);
        }
        Ok(self)
    }

    /// Counts a whole file or folder.
    pub fn all(self, path: impl AsRef<Path>) -> Result<Self> {
        self.path(path, &|_| true)
    }

    /// The stamp.
    #[must_use]
    pub fn finish(self) -> String {
        hex::encode(self.digest.finalize())
    }
}

/// Whether `file` holds this stamp.
pub fn is_fresh(file: &Path, stamp: &str) -> bool {
    fs::read_to_string(file).is_ok_and(|text| text.trim() == stamp)
}

/// Writes the stamp, once the output it is for is complete.
pub fn write(file: &Path, stamp: &str) -> Result<()> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(file, stamp).with_context(|| format!("cannot write {}", file.display()))
}

fn collect(path: &Path, keep: &dyn Fn(&Path) -> bool, files: &mut Vec<PathBuf>) -> Result<()> {
    let Ok(metadata) = fs::metadata(path) else {
        return Ok(());
    };
    if metadata.is_file() {
        if keep(path) {
            files.push(path.to_owned());
        }
        return Ok(());
    }
    for entry in fs::read_dir(path).with_context(|| format!("cannot list {}", path.display()))? {
        let entry = entry?;
        let name = entry.file_name();
        if !SKIPPED.iter().any(|skipped| name == *skipped) {
            collect(&entry.path(), keep, files)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_follows_names_contents_and_words() {
        let folder = std::env::temp_dir().join(format!("edgedesk-stamp-{}", std::process::id()));
        fs::create_dir_all(folder.join("build")).unwrap();
        let stamp = |word: &str| {
            let inputs = Inputs::default().word(word);
            inputs.all(&folder).unwrap().finish()
        };
        fs::write(folder.join("a"), "1").unwrap();
        let first = stamp("dev");
        assert_eq!(stamp("dev"), first);
        assert_ne!(stamp("release"), first);

        fs::write(folder.join("build/out"), "ignored").unwrap();
        assert_eq!(stamp("dev"), first);

        fs::write(folder.join("a"), "2").unwrap();
        assert_ne!(stamp("dev"), first);
        fs::rename(folder.join("a"), folder.join("b")).unwrap();
        fs::write(folder.join("b"), "1").unwrap();
        assert_ne!(stamp("dev"), first);
        fs::remove_dir_all(folder).unwrap();
    }
}
