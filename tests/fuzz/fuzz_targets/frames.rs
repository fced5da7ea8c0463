//! Frames that clients send over sockets, of visitors and of agents.
//!
//! What is read is written as what reads the same. The text of a message comes out without NUL, no longer than it went in, at most
//! 100,000 bytes, and cleaning it twice is cleaning it once.

use edgedesk_domain::message::{MAX_TEXT_BYTES, clean_text};
use edgedesk_fuzz::text;
use edgedesk_wire::frames::ClientFrame;

pub fn run(bytes: &[u8]) {
    let whole = text(bytes);
    check_text(&whole);
    let Ok(frame) = serde_json::from_str::<ClientFrame>(&whole) else {
        return;
    };
    let written = serde_json::to_string(&frame).expect("a frame is JSON");
    let again: ClientFrame = serde_json::from_str(&written).expect("and reads back");
    assert_eq!(again, frame);
    if let ClientFrame::MessageSend { data, .. } = &frame {
        check_text(&data.text);
    }
}

fn check_text(text: &str) {
    let Ok(clean) = clean_text(text) else {
        return;
    };
    assert!(clean.len() <= text.len().min(MAX_TEXT_BYTES));
    assert!(!clean.contains('\0') && !clean.trim().is_empty());
    assert_eq!(clean_text(&clean).as_ref(), Ok(&clean));
}
