//! One attempt to sign in, and what is derived for it.
//!
//! Two random texts are drawn: the *state* travels through the provider and back, the *browser's secret* stays in a cookie.
//! Nonce and code verifier are derived from both, so that neither has to be stored: what the database keeps of an attempt are
//! two hashes, and a copy of it opens nothing.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// Characters of a drawn text: base64url of 256 bits.
const TEXT_CHARS: usize = 43;

/// An attempt: its state, and the secret of the browser that began it.
#[derive(Clone, PartialEq, Eq)]
pub struct Attempt {
    state: String,
    browser: String,
}

impl Attempt {
    /// A new one, from random bytes.
    #[must_use]
    pub fn new(state: [u8; 32], browser: [u8; 32]) -> Self {
        Self {
            state: URL_SAFE_NO_PAD.encode(state),
            browser: URL_SAFE_NO_PAD.encode(browser),
        }
    }

    /// The one that a browser comes back with; none when a text is not of the form that we give out.
    #[must_use]
    pub fn resume(state: &str, browser: &str) -> Option<Self> {
        (is_drawn(state) && is_drawn(browser)).then(|| Self {
            state: state.to_owned(),
            browser: browser.to_owned(),
        })
    }

    /// What goes to the provider and comes back.
    #[must_use]
    pub fn state(&self) -> &str {
        &self.state
    }

    /// What the cookie holds.
    #[must_use]
    pub fn browser_secret(&self) -> &str {
        &self.browser
    }

    /// SHA-256 of the state, in hex: what is stored of it.
    #[must_use]
    pub fn state_hash(&self) -> String {
        hex::encode(Sha256::digest(self.state.as_bytes()))
    }

    /// SHA-256 of the browser's secret, in hex: what is stored of it.
    #[must_use]
    pub fn browser_hash(&self) -> String {
        hex::encode(Sha256::digest(self.browser.as_bytes()))
    }

    /// What the ID token must repeat: OpenID Connect Core 1.0, section 3.1.2.1.
    #[must_use]
    pub fn nonce(&self) -> String {
        self.derive("nonce")
    }

    /// What the code is exchanged with: RFC 7636, section 4.1. 43 characters, the least that it allows, of 256 bits, which
    /// section 7.1 recommends.
    #[must_use]
    pub fn code_verifier(&self) -> String {
        self.derive("code-verifier")
    }

    /// What the provider gets beforehand.
    #[must_use]
    pub fn code_challenge(&self) -> String {
        code_challenge(&self.code_verifier())
    }

    /// Both texts have a fixed length, so no two inputs run into each other.
    fn derive(&self, purpose: &str) -> String {
        let hash = Sha256::new()
            .chain_update(b"edgedesk/oidc/")
            .chain_update(self.state.as_bytes())
            .chain_update(self.browser.as_bytes())
            .chain_update(purpose.as_bytes())
            .finalize();
        URL_SAFE_NO_PAD.encode(hash)
    }
}

impl std::fmt::Debug for Attempt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Attempt(****)")
    }
}

/// The challenge of a verifier by the method `S256`: RFC 7636, section 4.2.
#[must_use]
pub fn code_challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()))
}

fn is_drawn(text: &str) -> bool {
    text.len() == TEXT_CHARS
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_challenge_is_that_of_rfc_7636_appendix_b() {
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        assert_eq!(code_challenge(verifier), challenge);
    }

    #[test]
    fn another_state_or_another_browser_has_another_nonce_and_verifier() {
        let one = Attempt::new([1; 32], [2; 32]);
        let all = [
            one.clone(),
            Attempt::new([3; 32], [2; 32]),
            Attempt::new([1; 32], [3; 32]),
            Attempt::new([2; 32], [1; 32]),
        ];
        let mut texts: Vec<String> = all
            .iter()
            .flat_map(|attempt| [attempt.nonce(), attempt.code_verifier()])
            .collect();
        texts.sort();
        texts.dedup();
        assert_eq!(texts.len(), 8);
        assert!(texts.iter().all(|text| text.len() == 43));
        let again = Attempt::resume(one.state(), one.browser_secret()).unwrap();
        assert_eq!(again, one);
        assert_eq!(again.nonce(), one.nonce());
    }

    #[test]
    fn only_texts_of_our_form_are_resumed() {
        let good = "a".repeat(43);
        for bad in ["", "a", &"a".repeat(44), &"ä".repeat(21), &"=".repeat(43)] {
            assert_eq!(Attempt::resume(bad, &good), None, "{bad}");
            assert_eq!(Attempt::resume(&good, bad), None, "{bad}");
        }
    }

    #[test]
    fn nothing_of_an_attempt_is_printed() {
        assert_eq!(
            format!("{:?}", Attempt::new([1; 32], [2; 32])),
            "Attempt(****)"
        );
    }
}
