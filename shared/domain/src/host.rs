//! Names of hosts that are built from what somebody typed.

/// Longest label of a host name: RFC 1035, section 2.3.4.
const MAX_LABEL_CHARS: usize = 63;

/// Whether a text is one label of a host name, in small letters: nothing that would lead to another host than the one that it is put
/// in front of.
#[must_use]
pub fn is_label(text: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    (1..=MAX_LABEL_CHARS).contains(&text.len())
        && text.bytes().all(|byte| is_letter(byte) || byte == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_leads_nowhere_else() {
        for good in ["a", "acme-2", "7", &"a".repeat(63)] {
            assert!(is_label(good), "{good}");
        }
        for bad in [
            "",
            "-",
            "-a",
            "a-",
            "A",
            "a.b",
            "a/",
            "a@b",
            "a:1",
            "a#",
            "a?",
            "a\\",
            "a b",
            "a\n",
            "ä",
            &"a".repeat(64),
        ] {
            assert!(!is_label(bad), "{bad:?}");
        }
    }
}
