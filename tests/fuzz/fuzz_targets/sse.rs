//! A stream of server-sent events, as a text generator sends it.
//!
//! However it is cut into pieces, its events are the same, and those that a plain reading of the standard finds. None is longer than
//! was agreed.

use edgedesk_fuzz::text;
use edgedesk_generate::sse::{Event, Parser, TooLong};

const MAX_EVENT_BYTES: usize = 512;

pub fn run(bytes: &[u8]) {
    let Some((piece_bytes, stream)) = bytes.split_first() else {
        return;
    };
    let whole = read(stream, stream.len());
    assert_eq!(read(stream, usize::from(*piece_bytes)), whole);
    let Ok(events) = whole else {
        return;
    };
    for event in &events {
        // What is no UTF-8 is replaced by three bytes.
        assert!(event.data.len() + event.kind.len() <= 3 * MAX_EVENT_BYTES);
    }
    assert_eq!(events, by_the_book(stream));
}

fn read(stream: &[u8], piece_bytes: usize) -> Result<Vec<Event>, TooLong> {
    let mut parser = Parser::new(MAX_EVENT_BYTES);
    let mut events = Vec::new();
    for piece in stream.chunks(piece_bytes.max(1)) {
        events.extend(parser.read(piece)?);
    }
    Ok(events)
}

/// HTML, section 9.2.6, of a whole text, line by line.
fn by_the_book(stream: &[u8]) -> Vec<Event> {
    let stream = text(stream);
    let stream = stream.strip_prefix('\u{feff}').unwrap_or(&stream);
    let stream = stream.replace("\r\n", "\n").replace('\r', "\n");
    // What stands behind the last end of a line is a line that has not ended.
    let (lines, _) = stream.rsplit_once('\n').unwrap_or_default();
    let mut events = Vec::new();
    let (mut kind, mut data) = (String::new(), None::<String>);
    for line in lines.split('\n') {
        if line.is_empty() {
            if let Some(data) = data.take() {
                let kind = if kind.is_empty() { "message" } else { &kind };
                events.push(Event {
                    kind: kind.to_owned(),
                    data,
                });
            }
            kind.clear();
            continue;
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut kind),
            "data" => {
                data = Some(match data.take() {
                    Some(before) => format!("{before}\n{value}"),
                    None => value.to_owned(),
                });
            }
            _ => {}
        }
    }
    events
}
