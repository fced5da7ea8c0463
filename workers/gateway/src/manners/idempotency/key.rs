//! The header (draft-ietf-httpapi-idempotency-key-header-07): a string in quotes. Most clients send it without them, and are understood.

use http::{HeaderMap, HeaderName};

use crate::error::AppError;

/// Names a change that must not happen twice.
pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Says that an answer was given before.
pub const IDEMPOTENCY_REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// Most characters of a key.
const MAX_KEY_CHARS: usize = 255;

/// The key of a request that has the header.
pub fn read_key(headers: &HeaderMap) -> Result<String, AppError> {
    let mut lines = headers.get_all(IDEMPOTENCY_KEY).iter();
    let line = lines.next().and_then(|value| value.to_str().ok());
    let key = line.and_then(|line| unquoted(line.trim()));
    match (key, lines.next()) {
        (Some(key), None) if is_key(&key) => Ok(key),
        _ => Err(AppError::bad_request(
            "invalid_idempotency_key",
            "an Idempotency-Key is sent once and has 1 to 255 visible ASCII characters",
        )),
    }
}

fn is_key(key: &str) -> bool {
    (1..=MAX_KEY_CHARS).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Without the quotes of a string (RFC 8941, section 3.3.3), in which a backslash stands before a quote or a backslash.
fn unquoted(line: &str) -> Option<String> {
    let Some(rest) = line.strip_prefix('"') else {
        return Some(line.to_owned());
    };
    let inner = rest.strip_suffix('"')?;
    let mut key = String::with_capacity(inner.len());
    let mut characters = inner.chars();
    while let Some(character) = characters.next() {
        match character {
            '"' => return None,
            '\\' => key.push(
                characters
                    .next()
                    .filter(|next| ['"', '\\'].contains(next))?,
            ),
            _ => key.push(character),
        }
    }
    Some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[&str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(IDEMPOTENCY_KEY, line.parse().unwrap());
        }
        read_key(&headers).ok()
    }

    #[test]
    fn a_key_is_the_same_with_quotes_and_without() {
        for line in [
            "8e03978e-40d5-43dd",
            "\"8e03978e-40d5-43dd\"",
            "  8e03978e-40d5-43dd ",
        ] {
            assert_eq!(
                read(&[line]).as_deref(),
                Some("8e03978e-40d5-43dd"),
                "{line}"
            );
        }
        assert_eq!(read(&[r#""a\"b\\c""#]).as_deref(), Some(r#"a"b\c"#));
        assert_eq!(read(&["\u{21}~"]).as_deref(), Some("!~"));
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let long = "k".repeat(256);
        for line in [
            "", "\"\"", "a b", "\"a", "\"a\"b\"", r#""\a""#, r#""\""#, "\"", "a\u{e9}", &long,
        ] {
            assert_eq!(read(&[line]), None, "{line}");
        }
        assert!(read(&[&long[1..]]).is_some());
        assert_eq!(read(&["a", "a"]), None);
        assert_eq!(read(&[]), None);
    }
}
