//! Server-sent events, as the HTML standard reads them (section 9.2.6, "Interpreting an event stream"), of pieces of any size.
//!
//! Only the type and the data of an event are kept: nobody reconnects to a model.

/// Something that the server said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its type; `message` where the server names none.
    pub kind: String,
    /// Its data, lines joined by a line feed. What is no UTF-8 is replaced, as the standard says.
    pub data: String,
}

/// An event is longer than was agreed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an event is longer than {0} bytes")]
pub struct TooLong(pub usize);

/// Reads a stream piece by piece. Holds at most one event.
#[derive(Debug)]
pub struct Parser {
    max_event_bytes: usize,
    /// The line under way.
    line: Vec<u8>,
    /// The last byte was a carriage return: a line feed behind it belongs to it.
    is_behind_return: bool,
    /// Whether a byte order mark may still come.
    is_at_start: bool,
    kind: String,
    data: String,
    /// An event without any data line is none.
    has_data: bool,
}

impl Parser {
    /// An event may have as many bytes: its lines and their names.
    #[must_use]
    pub fn new(max_event_bytes: usize) -> Self {
        Self {
            max_event_bytes,
            line: Vec::new(),
            is_behind_return: false,
            is_at_start: true,
            kind: String::new(),
            data: String::new(),
            has_data: false,
        }
    }

    /// The events that end in this piece. One that has not ended when the stream does is none.
    pub fn read(&mut self, piece: &[u8]) -> Result<Vec<Event>, TooLong> {
        let mut events = Vec::new();
        for &byte in piece {
            let was_return = std::mem::replace(&mut self.is_behind_return, byte == b'\r');
            match byte {
                b'\n' if was_return => {}
                b'\n' | b'\r' => events.extend(self.end_line()),
                _ => {
                    self.line.push(byte);
                    let length = self.line.len() + self.data.len() + self.kind.len();
                    if length > self.max_event_bytes {
                        return Err(TooLong(self.max_event_bytes));
                    }
                }
            }
        }
        Ok(events)
    }

    /// The event that an empty line ends.
    fn end_line(&mut self) -> Option<Event> {
        let bytes = std::mem::take(&mut self.line);
        let bytes = match bytes.strip_prefix(BYTE_ORDER_MARK) {
            Some(rest) if self.is_at_start => rest,
            _ => &bytes,
        };
        self.is_at_start = false;
        if bytes.is_empty() {
            return self.end_event();
        }
        let line = String::from_utf8_lossy(bytes);
        // A line that begins with a colon is a comment: its field has no name.
        let (field, value) = line.split_once(':').unwrap_or((&line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut self.kind),
            "data" => {
                if self.has_data {
                    self.data.push('\n');
                }
                self.data.push_str(value);
                self.has_data = true;
            }
            _ => {}
        }
        None
    }

    fn end_event(&mut self) -> Option<Event> {
        let kind = std::mem::take(&mut self.kind);
        let data = std::mem::take(&mut self.data);
        let has_data = std::mem::take(&mut self.has_data);
        has_data.then(|| Event {
            kind: if kind.is_empty() {
                "message".to_owned()
            } else {
                kind
            },
            data,
        })
    }
}

/// U+FEFF in UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

#[cfg(test)]
mod tests;
