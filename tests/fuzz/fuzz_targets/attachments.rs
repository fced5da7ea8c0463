//! What a sender says of a file, and the file's first bytes.
//!
//! A name that is kept has no path, no control character, no mark that turns the direction of writing, and at most 120 characters. A type
//! is one of ours. A text has no NUL and is UTF-8; what is shown in place begins as its kind of picture does.

use edgedesk_domain::attachment::{Attachment, is_shown_in_place};
use edgedesk_domain::ids::AttachmentId;
use edgedesk_fuzz::{parts, text};

const PICTURES: [&[u8]; 5] = [b"\x89PNG", b"\xff\xd8\xff", b"GIF87a", b"GIF89a", b"RIFF"];

pub fn run(bytes: &[u8]) {
    let [name, content_type, head] = parts(bytes);
    let (name, content_type) = (text(name), text(content_type));
    let id: AttachmentId = "att_01JH2ZJ3Q4R5S6T7V8W9X0Y1Z2".parse().expect("an id");
    let Ok(file) = Attachment::new(id, &name, &content_type, 10) else {
        return;
    };
    assert!((1..=120).contains(&file.name.chars().count()));
    let is_bad = |character: char| {
        character.is_control()
            || "/\\\"<>:|?*".contains(character)
            || matches!(character, '\u{202a}'..='\u{202e}')
    };
    assert!(!file.name.contains(is_bad), "{:?}", file.name);
    let again = Attachment::new(id, &file.name, &file.content_type, 10);
    assert_eq!(again.as_ref(), Ok(&file), "a clean name is one");
    assert_eq!(file.content_type, file.content_type.to_ascii_lowercase());
    if file.check_head(head).is_err() {
        return;
    }
    if file.content_type.starts_with("text/") || file.content_type == "application/json" {
        assert!(!head.contains(&0));
        let is_cut = |error: std::str::Utf8Error| error.error_len().is_none();
        assert!(std::str::from_utf8(head).map_or_else(is_cut, |_| true));
    }
    if is_shown_in_place(&file.content_type) {
        assert!(PICTURES.iter().any(|start| head.starts_with(start)));
    }
}
