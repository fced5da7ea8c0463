//! A provider's public keys: RFC 7517, of the two kinds that we take signatures of.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

/// Shortest modulus of an RSA key: 2048 bits, RFC 7518, section 3.3.
const MIN_MODULUS_BYTES: usize = 256;
/// Longest one that is worked with: 8192 bits. Larger ones only cost time.
const MAX_MODULUS_BYTES: usize = 1024;
/// Bytes of a coordinate of P-256.
const COORDINATE_BYTES: usize = 32;

/// How a token is signed. There are no others: not `none`, and nothing with a shared secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// ECDSA on P-256 with SHA-256.
    Es256,
}

impl Algorithm {
    /// The one of a name of RFC 7518, section 3.1, if it is one of ours.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        match name {
            "RS256" => Some(Self::Rs256),
            "ES256" => Some(Self::Es256),
            _ => None,
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
        }
    }
}

/// A public key, in base64url as it came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kty")]
pub enum PublicKey {
    /// For [`Algorithm::Rs256`].
    #[serde(rename = "RSA")]
    Rsa {
        /// The modulus.
        n: String,
        /// The exponent.
        e: String,
    },
    /// For [`Algorithm::Es256`].
    #[serde(rename = "EC")]
    P256 {
        /// The curve's name.
        crv: &'static str,
        /// A coordinate.
        x: String,
        /// The other.
        y: String,
    },
    /// For [`Algorithm::Rs256`], as a `SubjectPublicKeyInfo` of RFC 5280: there is no JWK of it.
    #[serde(skip)]
    Spki {
        /// The bytes.
        der: Vec<u8>,
    },
}

/// A key of a set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Jwk {
    /// Its name in the set.
    pub kid: Option<String>,
    /// What it verifies.
    pub algorithm: Algorithm,
    /// The key.
    pub key: PublicKey,
}

#[derive(Deserialize)]
struct Set {
    keys: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
struct Raw {
    kty: String,
    kid: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    alg: Option<String>,
    n: Option<String>,
    e: Option<String>,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

/// The keys of a set that verify signatures of ours to take; none when it is no set. Others are passed over, as RFC 7517,
/// section 5, asks for.
#[must_use]
pub fn read_keys(body: &[u8]) -> Option<Vec<Jwk>> {
    let set: Set = serde_json::from_slice(body).ok()?;
    let raw = set
        .keys
        .into_iter()
        .filter_map(|value| serde_json::from_value(value).ok());
    Some(raw.filter_map(read_key).collect())
}

/// The key of a token's header. A token that names none is taken where only one key could be meant.
#[must_use]
pub fn find_key<'a>(keys: &'a [Jwk], algorithm: Algorithm, kid: Option<&str>) -> Option<&'a Jwk> {
    let mut suited = keys.iter().filter(|key| key.algorithm == algorithm);
    match kid {
        Some(kid) => suited.find(|key| key.kid.as_deref() == Some(kid)),
        None => suited.next().filter(|_| suited.next().is_none()),
    }
}

fn read_key(raw: Raw) -> Option<Jwk> {
    if raw.usage.is_some_and(|usage| usage != "sig") {
        return None;
    }
    let (algorithm, key) = match raw.kty.as_str() {
        "RSA" => {
            let (n, e) = (raw.n?, raw.e?);
            let n_bytes = n_bytes(&n)?;
            n_bytes_of_exponent(&e)?;
            if !(MIN_MODULUS_BYTES..=MAX_MODULUS_BYTES).contains(&n_bytes) {
                return None;
            }
            (Algorithm::Rs256, PublicKey::Rsa { n, e })
        }
        "EC" if raw.crv.as_deref() == Some("P-256") => {
            let (x, y) = (raw.x?, raw.y?);
            if n_bytes(&x)? != COORDINATE_BYTES || n_bytes(&y)? != COORDINATE_BYTES {
                return None;
            }
            (Algorithm::Es256, PublicKey::P256 { crv: "P-256", x, y })
        }
        _ => return None,
    };
    if raw.alg.is_some_and(|name| name != algorithm.name()) {
        return None;
    }
    Some(Jwk {
        kid: raw.kid,
        algorithm,
        key,
    })
}

fn n_bytes(text: &str) -> Option<usize> {
    URL_SAFE_NO_PAD.decode(text).ok().map(|bytes| bytes.len())
}

/// An exponent of more than eight bytes is nobody's, and slow.
fn n_bytes_of_exponent(text: &str) -> Option<usize> {
    n_bytes(text).filter(|n_bytes| (1..=8).contains(n_bytes))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::testing::{P256_JWK, RSA_JWK};

    fn read(keys: &[Value]) -> Vec<Jwk> {
        read_keys(json!({ "keys": keys }).to_string().as_bytes()).unwrap()
    }

    fn with(jwk: &str, name: &str, value: &Value) -> Value {
        let mut key: Value = serde_json::from_str(jwk).unwrap();
        key[name] = value.clone();
        key
    }

    #[test]
    fn keys_of_both_kinds_are_read_and_others_passed_over() {
        let rsa = with(RSA_JWK, "kid", &json!("a"));
        let p256 = with(P256_JWK, "kid", &json!("b"));
        let keys = read(&[
            json!({ "kty": "oct", "kid": "a", "k": "c2VjcmV0" }),
            json!({ "kty": "OKP", "crv": "Ed25519", "x": "AA" }),
            json!("no key"),
            rsa,
            p256,
        ]);
        assert_eq!(keys.len(), 2);
        assert_eq!(find_key(&keys, Algorithm::Rs256, Some("a")), Some(&keys[0]));
        assert_eq!(find_key(&keys, Algorithm::Es256, Some("b")), Some(&keys[1]));
        // A key verifies by its own algorithm alone.
        assert_eq!(find_key(&keys, Algorithm::Es256, Some("a")), None);
        assert_eq!(find_key(&keys, Algorithm::Rs256, None), Some(&keys[0]));
    }

    #[test]
    fn keys_that_are_weak_or_for_something_else_are_passed_over() {
        for (name, value) in [
            ("use", json!("enc")),
            ("alg", json!("RS512")),
            ("alg", json!("HS256")),
            ("n", json!("AQAB")),
            ("n", json!("A".repeat(4000))),
            ("n", json!("not base64!")),
            ("e", json!("")),
            ("e", json!("A".repeat(40))),
            ("e", json!(null)),
        ] {
            assert_eq!(read(&[with(RSA_JWK, name, &value)]), [], "{name} {value}");
        }
        for (name, value) in [
            ("crv", json!("P-384")),
            ("x", json!("AQAB")),
            ("y", json!(null)),
        ] {
            assert_eq!(read(&[with(P256_JWK, name, &value)]), [], "{name} {value}");
        }
    }

    #[test]
    fn a_token_that_names_no_key_is_not_tried_with_several() {
        let key = |kid: &str| with(RSA_JWK, "kid", &json!(kid));
        let keys = read(&[key("a"), key("b")]);
        assert_eq!(find_key(&keys, Algorithm::Rs256, None), None);
        assert_eq!(find_key(&keys, Algorithm::Rs256, Some("c")), None);
    }

    #[test]
    fn what_is_no_set_has_no_keys() {
        for body in ["", "{}", "[]", r#"{"keys":{}}"#, "<html>"] {
            assert_eq!(read_keys(body.as_bytes()), None, "{body}");
        }
    }

    #[test]
    fn a_key_is_written_as_a_jwk() {
        let keys = read(&[serde_json::from_str(P256_JWK).unwrap()]);
        let written = serde_json::to_value(&keys[0].key).unwrap();
        assert_eq!(written["kty"], "EC");
        assert_eq!(written["crv"], "P-256");
    }
}
