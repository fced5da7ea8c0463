//! An issuer's side: keys, signatures by them, and where they are read.
#![allow(
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    reason = "helpers of tests panic when the test has failed"
)]

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa;
use rsa::pkcs1v15;
use rsa::signature::{SignatureEncoding as _, Signer as _, Verifier as _};
use rsa::{BoxedUint, PrivateKey, PublicKey as RsaKey};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::client::{Answer, Http, Signatures};
use crate::jwks::{Algorithm, PublicKey};

/// The key of RFC 7515, appendix A.2.1: the public half.
pub const RSA_JWK: &str = r#"{"kty":"RSA","e":"AQAB","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"}"#;
/// The same in PEM, as Zendesk gives keys.
pub const RSA_PEM: &str = "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAofgWCuLjybRlzo0tZWJj\nNiuSfb4p4fAkd/wWJcyQoTbji9k0l8W26mPddxHmfHQp+Vaw+4qPCJrcS2mJPMEz\nP1Pt0Bm4d4QlL+yRT+SFd2lZS+pCgNMsD1W/YpRPEwOWvG6b32690r2jZ47soMZo\n9wGzjb/7OMg0LOL+bSf63kpaSHSXndS5z5rexMdbBYUsLA9e+KXBdQOS+UTo7WTB\nEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6/I5IhlJH7aGhyxX\nFvUK+DWNmoudF8NAco9/h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXp\noQIDAQAB\n-----END PUBLIC KEY-----\n";
/// What stands in front of its modulus there, and behind: those of every RSA key of 2048 bits with this exponent.
const SPKI_AROUND: (usize, usize) = (33, 5);
/// Its private exponent.
const RSA_D: &str = "Eq5xpGnNCivDflJsRQBXHx1hdR1k6Ulwe2JZD50LpXyWPEAeP88vLNO97IjlA7_GQ5sLKMgvfTeXZx9SE-7YwVol2NXOoAJe46sui395IW_GO-pWJ1O0BkTGoVEn2bKVRUCgu-GjBVaYLU6f3l9kJfFNS3E0QbVdxzubSu3Mkqzjkn439X0M_V51gfpRLI9JYanrC4D4qAdGcopV_0ZHHzQlBjudU2QvXt4ehNYTCBr6XCLQUShb1juUO1ZdiYoFaFQT5Tw8bGUl_x_jTj3ccPDVZFD9pIuhLhBOneufuBiB4cS98l2SR_RQyGWSeWjnczT0QU91p1DhOVRuOopznQ";
/// The key of RFC 7515, appendix A.3.1: the public half.
pub const P256_JWK: &str = r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#;
/// Its private half.
const P256_D: &str = "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI";

/// In base64url.
pub fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// From base64url.
#[must_use]
pub fn decode(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).unwrap()
}

/// A token of this header and these claims, signed by one of the two keys as the header's `alg` says; whatever else it says,
/// by `signature`.
#[must_use]
pub fn token(header: &Value, claims: &Value, signature: &[u8]) -> String {
    let text = format!(
        "{}.{}",
        encode(header.to_string()),
        encode(claims.to_string())
    );
    let signature = match header["alg"].as_str() {
        Some("RS256") => sign_rsa(text.as_bytes()),
        Some("ES256") => sign_p256(text.as_bytes()),
        _ => signature.to_vec(),
    };
    format!("{text}.{}", encode(signature))
}

fn sign_rsa(text: &[u8]) -> Vec<u8> {
    let jwk: Value = serde_json::from_str(RSA_JWK).unwrap();
    let d = number(RSA_D);
    let (n, e) = (
        number(jwk["n"].as_str().unwrap()),
        BoxedUint::from(65_537_u64),
    );
    let key = PrivateKey::from_components(n, e, d, Vec::new()).unwrap();
    let key = pkcs1v15::SigningKey::<Sha256>::new(key);
    key.sign(text).to_vec()
}

fn sign_p256(text: &[u8]) -> Vec<u8> {
    let key = ecdsa::SigningKey::from_slice(&decode(P256_D)).unwrap();
    let signature: ecdsa::Signature = key.sign(text);
    signature.to_bytes().to_vec()
}

fn number(text: &str) -> BoxedUint {
    BoxedUint::from_be_slice_vartime(&decode(text))
}

/// A key under a name, as sets have it.
#[must_use]
pub fn named_key(jwk: &str, kid: &str) -> Value {
    let mut key: Value = serde_json::from_str(jwk).unwrap();
    key["kid"] = json!(kid);
    key["use"] = json!("sig");
    key
}

/// Whatever is asked for is the set of the RSA key, under the name [`KID`].
#[derive(Debug)]
pub struct Keys;

/// The name of the key of [`Keys`].
pub const KID: &str = "one";

impl Http for Keys {
    async fn get(&self, _: &str, _: Option<String>) -> Result<Answer, String> {
        let set = json!({ "keys": [named_key(RSA_JWK, KID)] });
        Ok(Answer {
            status: 200,
            body: set.to_string().into_bytes(),
        })
    }

    async fn post_form(&self, _: &str, _: String, _: Option<String>) -> Result<Answer, String> {
        Err("nothing is posted".to_owned())
    }
}

/// Signatures over well-kept crates.
#[derive(Debug)]
pub struct RustCrypto;

impl Signatures for RustCrypto {
    async fn is_good(
        &self,
        algorithm: Algorithm,
        key: &PublicKey,
        text: &[u8],
        signature: &[u8],
    ) -> bool {
        match (algorithm, key) {
            (Algorithm::Rs256, PublicKey::Rsa { n, e }) => {
                let key = RsaKey::new(number(n), number(e)).unwrap();
                let key = pkcs1v15::VerifyingKey::<Sha256>::new(key);
                pkcs1v15::Signature::try_from(signature)
                    .is_ok_and(|signature| key.verify(text, &signature).is_ok())
            }
            (Algorithm::Rs256, PublicKey::Spki { der }) => {
                let (start, end) = SPKI_AROUND;
                let n = encode(&der[start..der.len() - end]);
                let e = encode([1, 0, 1]);
                let key = PublicKey::Rsa { n, e };
                Box::pin(self.is_good(algorithm, &key, text, signature)).await
            }
            (Algorithm::Es256, PublicKey::P256 { x, y, .. }) => {
                let point = [vec![4], decode(x), decode(y)].concat();
                let key = ecdsa::VerifyingKey::from_sec1_bytes(&point).unwrap();
                ecdsa::Signature::from_slice(signature)
                    .is_ok_and(|signature| key.verify(text, &signature).is_ok())
            }
            _ => false,
        }
    }
}
