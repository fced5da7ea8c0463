//! Files that go with a message: what they are called, what they may be, how large.
//!
//! What is taken is a list of types that a browser shows or a program for documents opens. A file's first bytes are compared with
//! the type that its sender names, so that a page or a program does not travel as a picture.

use serde::{Deserialize, Serialize};

use crate::ids::AttachmentId;

/// Largest file, in bytes: what Gmail and Outlook take of a whole message is 20 to 25 MB.
pub const MAX_ATTACHMENT_BYTES: u64 = 20 * 1024 * 1024;
/// Most files of one message.
pub const MAX_ATTACHMENTS: usize = 10;
/// Most files of a conversation that were uploaded and are in no message yet.
pub const MAX_UNSENT: u64 = 30;
/// Milliseconds after which a file that is in no message is deleted: a day.
pub const UNSENT_MILLIS: i64 = 24 * 3600 * 1000;
/// First bytes of a file that are looked at. The archive of an office document is told by its first few hundred.
pub const HEAD_BYTES: u64 = 4096;

/// Longest name, in characters; those of file systems have at most 255 bytes.
const MAX_NAME_CHARS: usize = 120;

/// A file of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Attachment {
    /// Its id here.
    pub id: AttachmentId,
    /// What its sender calls it: no path, no control characters, at most 120 characters.
    pub name: String,
    /// Its type, one of those that are taken, in lower case and without parameters.
    pub content_type: String,
    /// Its length.
    pub size_bytes: u64,
}

/// How a type shows in a file's first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Signature {
    /// One of these at the start.
    Starts(&'static [&'static [u8]]),
    /// The first at the start, the second at the place.
    At(&'static [u8], usize, &'static [u8]),
    /// `ftyp` at 4, as in all files of ISO/IEC 14496-12.
    IsoMedia,
    /// UTF-8 without NUL characters that does not begin like a page.
    Text,
}

use Signature::{At, IsoMedia, Starts, Text};

const ZIP: Signature = Starts(&[b"PK\x03\x04", b"PK\x05\x06"]);
/// The compound file of older office programs.
const COMPOUND: Signature = Starts(&[b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"]);

/// What is taken, with how it begins and whether a browser may show it in place: pictures of points, which hold no script.
const TYPES: [(&str, Signature, bool); 23] = [
    ("image/png", Starts(&[b"\x89PNG\r\n\x1a\n"]), true),
    ("image/jpeg", Starts(&[b"\xff\xd8\xff"]), true),
    ("image/gif", Starts(&[b"GIF87a", b"GIF89a"]), true),
    ("image/webp", At(b"RIFF", 8, b"WEBP"), true),
    ("image/heic", IsoMedia, false),
    ("application/pdf", Starts(&[b"%PDF-"]), false),
    ("text/plain", Text, false),
    ("text/csv", Text, false),
    ("text/markdown", Text, false),
    ("application/json", Text, false),
    ("application/zip", ZIP, false),
    ("application/msword", COMPOUND, false),
    ("application/vnd.ms-excel", COMPOUND, false),
    ("application/vnd.ms-powerpoint", COMPOUND, false),
    (
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        ZIP,
        false,
    ),
    (
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        ZIP,
        false,
    ),
    (
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        ZIP,
        false,
    ),
    ("application/vnd.oasis.opendocument.text", ZIP, false),
    ("application/vnd.oasis.opendocument.spreadsheet", ZIP, false),
    ("video/mp4", IsoMedia, false),
    ("video/quicktime", IsoMedia, false),
    (
        "audio/mpeg",
        Starts(&[b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2"]),
        false,
    ),
    ("audio/ogg", Starts(&[b"OggS"]), false),
];

/// Why a file is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAttachment {
    /// Nothing is left of its name.
    #[error("the file needs a name")]
    Name,
    /// Nothing is in it.
    #[error("the file is empty")]
    Empty,
    /// Over [`MAX_ATTACHMENT_BYTES`].
    #[error("the file has more than {} MB", MAX_ATTACHMENT_BYTES / 1024 / 1024)]
    TooLarge,
    /// Of a type that is not taken.
    #[error("files of this type are not taken")]
    Type,
    /// It does not begin as its type does.
    #[error("the file is not of the type that it is said to be")]
    Content,
}

impl Attachment {
    /// What a sender says of a file, if such a file is taken.
    pub fn new(
        id: AttachmentId,
        name: &str,
        content_type: &str,
        size_bytes: u64,
    ) -> Result<Self, InvalidAttachment> {
        let content_type = content_type.split(';').next().unwrap_or_default();
        let content_type = content_type.trim().to_ascii_lowercase();
        if kind_of(&content_type).is_none() {
            return Err(InvalidAttachment::Type);
        }
        if size_bytes == 0 {
            return Err(InvalidAttachment::Empty);
        }
        if size_bytes > MAX_ATTACHMENT_BYTES {
            return Err(InvalidAttachment::TooLarge);
        }
        Ok(Self {
            id,
            name: clean_name(name).ok_or(InvalidAttachment::Name)?,
            content_type,
            size_bytes,
        })
    }

    /// Compares the first [`HEAD_BYTES`] of the file, or all of a shorter one, with its type.
    pub fn check_head(&self, head: &[u8]) -> Result<(), InvalidAttachment> {
        let signature = kind_of(&self.content_type).map(|(signature, _)| signature);
        if signature.is_some_and(|signature| signature.is_of(head)) {
            Ok(())
        } else {
            Err(InvalidAttachment::Content)
        }
    }
}

/// Whether a browser may show files of this type in place: it runs nothing of them.
#[must_use]
pub fn is_shown_in_place(content_type: &str) -> bool {
    kind_of(content_type).is_some_and(|(_, in_place)| in_place)
}

impl Signature {
    fn is_of(self, head: &[u8]) -> bool {
        match self {
            Starts(starts) => starts.iter().any(|start| head.starts_with(start)),
            At(start, place, word) => {
                head.starts_with(start)
                    && head.get(place..).is_some_and(|rest| rest.starts_with(word))
            }
            IsoMedia => head.get(4..8) == Some(b"ftyp"),
            Text => is_text(head),
        }
    }
}

/// Whether bytes are a text, of which the last character may be cut.
fn is_text(head: &[u8]) -> bool {
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&head[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return false,
    };
    let start = text.trim_start_matches('\u{feff}').trim_start();
    let is_page = ["<!doctype", "<html", "<script", "<svg", "<?xml"]
        .iter()
        .any(|tag| {
            start
                .get(..tag.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(tag))
        });
    !text.contains('\0') && !is_page && !start.starts_with("#!")
}

fn kind_of(content_type: &str) -> Option<(Signature, bool)> {
    let found = TYPES.iter().find(|(name, _, _)| *name == content_type)?;
    Some((found.1, found.2))
}

/// The last part of a path, without what a file system or a header could misread.
fn clean_name(name: &str) -> Option<String> {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let is_hidden = |character: char| {
        // Marks that turn the direction of writing hide what a name ends with.
        matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let clean: String = last
        .chars()
        .filter(|character| !character.is_control() && !is_hidden(*character))
        .map(|character| {
            if "\"<>:|?*".contains(character) {
                '_'
            } else {
                character
            }
        })
        .collect();
    let clean = clean.trim_end();
    let n_chars = clean.chars().count();
    // What is too long keeps its end, which says what it is.
    let kept: String = clean
        .chars()
        .skip(n_chars.saturating_sub(MAX_NAME_CHARS))
        .collect();
    // After the cut, which may leave a dot in front; and that hides a file where it is saved.
    let shown = kept.trim_start_matches(|first: char| first == '.' || first.is_whitespace());
    (!shown.is_empty()).then(|| shown.to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use ulid::Ulid;

    use super::*;

    fn attachment(name: &str, content_type: &str) -> Result<Attachment, InvalidAttachment> {
        Attachment::new(AttachmentId::new(Ulid(1)), name, content_type, 10)
    }

    #[test]
    fn a_file_is_taken_by_its_type_and_length() {
        let file = attachment("Bild.PNG", "Image/PNG; charset=x").unwrap();
        assert_eq!(
            (file.name.as_str(), file.content_type.as_str()),
            ("Bild.PNG", "image/png")
        );
        for refused in [
            "text/html",
            "image/svg+xml",
            "application/x-msdownload",
            "",
            "png",
        ] {
            assert_eq!(
                attachment("a", refused),
                Err(InvalidAttachment::Type),
                "{refused}"
            );
        }
        let of_size = |size| {
            Attachment::new(AttachmentId::new(Ulid(1)), "a.png", "image/png", size).map(|_| ())
        };
        assert_eq!(of_size(0), Err(InvalidAttachment::Empty));
        assert_eq!(of_size(MAX_ATTACHMENT_BYTES), Ok(()));
        assert_eq!(
            of_size(MAX_ATTACHMENT_BYTES + 1),
            Err(InvalidAttachment::TooLarge)
        );
    }

    #[test]
    fn a_name_keeps_nothing_that_could_be_misread() {
        for (name, expected) in [
            ("../../etc/passwd", Some("passwd")),
            ("C:\\Users\\me\\invoice.pdf", Some("invoice.pdf")),
            ("a\"b\r\nX: y.txt", Some("a_bX_ y.txt")),
            ("evil\u{202e}fdp.exe", Some("evilfdp.exe")),
            (".htaccess", Some("htaccess")),
            (". .. hidden.txt", Some("hidden.txt")),
            (
                "Rechnung für Straße 🙂.pdf",
                Some("Rechnung für Straße 🙂.pdf"),
            ),
            ("...", None),
            ("\0\n", None),
            ("", None),
        ] {
            assert_eq!(clean_name(name).as_deref(), expected, "{name:?}");
        }
        let long = clean_name(&format!("{}.pdf", "x".repeat(500))).unwrap();
        assert_eq!(long.chars().count(), MAX_NAME_CHARS);
        assert_eq!(long.split_once('.').map(|(_, end)| end), Some("pdf"));
        let dot_behind_the_cut = format!("{}.{}", "x".repeat(9), "y".repeat(MAX_NAME_CHARS - 1));
        let kept = clean_name(&dot_behind_the_cut).unwrap();
        assert_eq!(kept, "y".repeat(MAX_NAME_CHARS - 1));
        assert_eq!(
            clean_name(&format!("x{}", ".".repeat(MAX_NAME_CHARS))),
            None
        );
    }

    #[test]
    fn a_file_begins_as_its_type_does() {
        let program: &[u8] = b"MZ\x90\0\x03";
        let page: &[u8] = b"\n<!DOCTYPE html><script>";
        for (content_type, good) in [
            ("image/png", &b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"[..]),
            ("image/jpeg", b"\xff\xd8\xff\xe0\0\x10JFIF"),
            ("image/webp", b"RIFF\x10\0\0\0WEBPVP8 "),
            ("application/pdf", b"%PDF-1.7\n"),
            ("application/zip", b"PK\x03\x04\x14\0"),
            ("video/mp4", b"\0\0\0\x18ftypmp42"),
            ("text/csv", b"a;b\n1;\xc3\xa4"),
            // Cut within a character.
            ("text/plain", b"caf\xc3"),
        ] {
            let file = attachment("a", content_type).unwrap();
            assert_eq!(file.check_head(good), Ok(()), "{content_type}");
            for bad in [program, page, b"", b"RIFF\x10\0\0\0WAVE"] {
                let is_empty_text = bad.is_empty() && content_type.starts_with("text/");
                let is_text = bad.starts_with(b"RIFF") && content_type.starts_with("text/");
                if !is_empty_text && !is_text {
                    let answer = file.check_head(bad);
                    assert_eq!(
                        answer,
                        Err(InvalidAttachment::Content),
                        "{content_type} {bad:?}"
                    );
                }
            }
        }
        let text = attachment("a.txt", "text/plain").unwrap();
        for bad in [&b"#!/bin/sh"[..], b"<svg onload=x>", b"a\0b", b"\xff\xfe\0"] {
            assert_eq!(
                text.check_head(bad),
                Err(InvalidAttachment::Content),
                "{bad:?}"
            );
        }
    }

    #[test]
    fn only_pictures_of_points_are_shown_in_place() {
        for (name, _, in_place) in TYPES {
            assert_eq!(is_shown_in_place(name), in_place);
            assert!(!in_place || name.starts_with("image/"), "{name}");
        }
        assert!(!is_shown_in_place("image/svg+xml"));
    }

    proptest! {
        #[test]
        fn no_name_and_no_content_breaks_anything(name in "\\PC*", bytes: Vec<u8>, place in 0..TYPES.len()) {
            if let Ok(file) = attachment(&name, TYPES[place].0) {
                prop_assert!(!file.name.contains(['/', '\\', '"', '\r', '\n']));
                let _ = file.check_head(&bytes);
            }
        }
    }
}
