//! A ZIP archive in memory, of bounded size.

use std::io::{Cursor, Write};

use edgedesk_domain::time::Timestamp;
use serde::Serialize;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

/// Most bytes of an archive: it is put together in the memory of an isolate, which has 128 MB. Texts shrink to a fifth or
/// less, so this is some 100,000 messages.
pub const MAX_ARCHIVE_BYTES: usize = 24 * 1024 * 1024;

/// Why a file could not be added.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ArchiveError {
    /// The archive would have more than [`MAX_ARCHIVE_BYTES`].
    #[error("the archive is too large")]
    TooLarge,
    /// The writer did not do it.
    #[error("the archive could not be written: {0}")]
    Writer(String),
}

/// An archive that is being written.
pub(crate) struct Archive {
    zip: ZipWriter<Cursor<Vec<u8>>>,
    options: SimpleFileOptions,
    n_left: usize,
    max_bytes: usize,
}

impl Archive {
    /// An empty one, whose files bear the time `now`.
    pub(crate) fn new(now: Timestamp, max_bytes: usize) -> Self {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .last_modified_time(time_of(now));
        Self {
            zip: ZipWriter::new(Cursor::new(Vec::new())),
            options,
            n_left: max_bytes,
            max_bytes,
        }
    }

    /// Adds a file of JSON, for people and programs.
    pub(crate) fn add_json(
        &mut self,
        name: &str,
        value: &impl Serialize,
    ) -> Result<(), ArchiveError> {
        let json = serde_json::to_vec_pretty(value)
            .map_err(|error| ArchiveError::Writer(error.to_string()))?;
        self.add(name, &json)
    }

    /// Whether a file that somebody uploaded still fits: half of the archive is kept for texts, and a file and its archive are in
    /// memory together.
    pub(crate) fn has_room_for(&self, n_bytes: u64) -> bool {
        let half = self.max_bytes / 2;
        usize::try_from(n_bytes).is_ok_and(|n_bytes| self.n_left >= half.saturating_add(n_bytes))
    }

    /// Adds a file.
    pub(crate) fn add(&mut self, name: &str, bytes: &[u8]) -> Result<(), ArchiveError> {
        let writer = |error: &dyn std::fmt::Display| ArchiveError::Writer(error.to_string());
        let before = self.len();
        self.zip
            .start_file(name, self.options)
            .map_err(|error| writer(&error))?;
        self.zip.write_all(bytes).map_err(|error| writer(&error))?;
        // Ends the file, so that its bytes are counted.
        self.zip.flush().map_err(|error| writer(&error))?;
        let added = self.len().saturating_sub(before);
        self.n_left = self
            .n_left
            .checked_sub(added)
            .ok_or(ArchiveError::TooLarge)?;
        Ok(())
    }

    /// The bytes of the whole.
    pub(crate) fn finish(self) -> Result<Vec<u8>, ArchiveError> {
        let cursor = self
            .zip
            .finish()
            .map_err(|error| ArchiveError::Writer(error.to_string()))?;
        Ok(cursor.into_inner())
    }

    fn len(&self) -> usize {
        // What the codec still holds is at most some tens of kilobytes.
        self.zip
            .get_ref()
            .map_or(0, |cursor| cursor.get_ref().len())
    }
}

/// ZIP knows years from 1980 and seconds in twos.
fn time_of(now: Timestamp) -> DateTime {
    let text = now.to_string();
    let part = |range: std::ops::Range<usize>| text.get(range)?.parse::<u16>().ok();
    let small = |range| part(range).and_then(|number| u8::try_from(number).ok());
    let parts = (
        part(0..4),
        small(5..7),
        small(8..10),
        small(11..13),
        small(14..16),
        small(17..19),
    );
    match parts {
        (Some(year), Some(month), Some(day), Some(hour), Some(minute), Some(second)) => {
            DateTime::from_date_and_time(year, month, day, hour, minute, second).unwrap_or_default()
        }
        _ => DateTime::default(),
    }
}
