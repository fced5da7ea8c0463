//! An identity provider of the test's own: OpenID Connect over HTTP on this machine, and a word in what it signs.
//!
//! It checks what it gets as a real one does: client, redirect, verifier, and each code once.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use edgedesk_client::api::now;
use p256::ecdsa;
use rsa::pkcs1v15::SigningKey;
use rsa::signature::{SignatureEncoding as _, Signer as _};
use rsa::{BoxedUint, PrivateKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::listen::listen;
use crate::unique;

const CLIENT_ID: &str = "edgedesk-tests";
const CLIENT_SECRET: &str = "a secret & more";
/// The keys of RFC 7515, appendices A.2.1 and A.3.1.
const RSA_N: &str = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";
const RSA_D: &str = "Eq5xpGnNCivDflJsRQBXHx1hdR1k6Ulwe2JZD50LpXyWPEAeP88vLNO97IjlA7_GQ5sLKMgvfTeXZx9SE-7YwVol2NXOoAJe46sui395IW_GO-pWJ1O0BkTGoVEn2bKVRUCgu-GjBVaYLU6f3l9kJfFNS3E0QbVdxzubSu3Mkqzjkn439X0M_V51gfpRLI9JYanrC4D4qAdGcopV_0ZHHzQlBjudU2QvXt4ehNYTCBr6XCLQUShb1juUO1ZdiYoFaFQT5Tw8bGUl_x_jTj3ccPDVZFD9pIuhLhBOneufuBiB4cS98l2SR_RQyGWSeWjnczT0QU91p1DhOVRuOopznQ";
const P256_X: &str = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
const P256_Y: &str = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";
const P256_D: &str = "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI";

/// What the provider says of a person: the header and the claims of the ID token, which a test may spoil.
#[derive(Debug, Clone)]
pub struct Word {
    /// The header: `alg` `RS256` or `ES256` signs with the key of that kind.
    pub header: Value,
    /// The claims.
    pub claims: Value,
    /// Whether the claims are changed once they are signed.
    pub is_tampered: bool,
}

/// The page that a browser is sent to, with the parameters of its URL.
#[derive(Debug, Clone)]
pub struct Page(pub BTreeMap<String, String>);

#[derive(Debug)]
struct State {
    url: String,
    /// The names of the keys of both kinds.
    kids: [String; 2],
    /// What each code is good for: the page it was asked for on, and what is said then.
    codes: HashMap<String, (Page, Word)>,
    is_down: bool,
}

/// A running provider. It ends with its runtime.
#[derive(Debug, Clone)]
pub struct Issuer(Arc<Mutex<State>>);

impl Issuer {
    /// Starts to listen on a free port.
    pub async fn start() -> Self {
        let issuer = Self(Arc::new(Mutex::new(State {
            url: String::new(),
            kids: ["rsa-1".to_owned(), "p256-1".to_owned()],
            codes: HashMap::new(),
            is_down: false,
        })));
        let served = issuer.clone();
        let url = listen(move |head, body| {
            let line = head.lines().next().unwrap_or_default();
            let (status, answer) = served.answer(line, body);
            (status, answer.to_string())
        })
        .await;
        issuer.state().url = url;
        issuer
    }

    /// The options of `cargo xtask dev` that make it the gateway's provider `oidc`.
    #[must_use]
    pub fn options(&self) -> Vec<String> {
        let vars = [
            ("OIDC_NAME", "Test issuer"),
            ("OIDC_ISSUER", &self.url()),
            ("OIDC_CLIENT_ID", CLIENT_ID),
            ("OIDC_CLIENT_SECRET", CLIENT_SECRET),
        ];
        let vars = vars.map(|(name, value)| format!("--var={name}={value}"));
        std::iter::once("--direct".to_owned()).chain(vars).collect()
    }

    /// Its issuer.
    #[must_use]
    pub fn url(&self) -> String {
        self.state().url.clone()
    }

    /// Does not answer from now on, or does again.
    pub fn set_down(&self, is_down: bool) {
        self.state().is_down = is_down;
    }

    /// Has the same keys under other names from now on.
    pub fn rename_keys(&self) {
        self.state().kids = [unique("rsa"), unique("p256")];
    }

    /// What it says by itself of a person who has come by a page.
    #[must_use]
    pub fn word(&self, page: &Page, subject: &str, email: &str) -> Word {
        let (state, seconds) = (self.state(), now().seconds());
        Word {
            header: json!({ "alg": "RS256", "typ": "JWT", "kid": state.kids[0] }),
            claims: json!({
                "iss": state.url, "sub": subject, "aud": CLIENT_ID, "iat": seconds, "exp": seconds + 300,
                "nonce": page.0["nonce"], "email": email, "email_verified": true, "name": "Test Person",
            }),
            is_tampered: false,
        }
    }

    /// The same, signed with the key on P-256.
    #[must_use]
    pub fn word_by_p256(&self, page: &Page, subject: &str, email: &str) -> Word {
        let mut word = self.word(page, subject, email);
        word.header = json!({ "alg": "ES256", "kid": self.state().kids[1] });
        word
    }

    /// The page of a URL that a browser is sent to, looked at as a provider does.
    #[must_use]
    pub fn page(&self, url: &str) -> Page {
        let (endpoint, query) = url.split_once('?').expect("a query");
        assert_eq!(endpoint, format!("{}/authorize", self.url()));
        let parsed = form_urlencoded::parse(query.as_bytes()).into_owned();
        let page = Page(parsed.collect());
        assert_eq!(page.0["client_id"], CLIENT_ID);
        assert_eq!(page.0["response_type"], "code");
        assert_eq!(page.0["code_challenge_method"], "S256");
        assert!(page.0["redirect_uri"].ends_with("/console/"));
        assert!(page.0["scope"].split(' ').any(|scope| scope == "openid"));
        page
    }

    /// A code of a person who has agreed on a page; what is said for it is `word`.
    #[must_use]
    pub fn code(&self, page: &Page, word: Word) -> String {
        let code = unique("code");
        self.state()
            .codes
            .insert(code.clone(), (page.clone(), word));
        code
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer(&self, line: &str, body: &str) -> (u16, Value) {
        let mut state = self.state();
        if state.is_down {
            return (503, json!({}));
        }
        let url = &state.url;
        match line {
            line if line.starts_with("GET /.well-known/openid-configuration ") => (
                200,
                json!({
                    "issuer": url,
                    "authorization_endpoint": format!("{url}/authorize"),
                    "token_endpoint": format!("{url}/token"),
                    "jwks_uri": format!("{url}/keys"),
                    "response_types_supported": ["code"],
                    "subject_types_supported": ["public"],
                    "id_token_signing_alg_values_supported": ["RS256", "ES256"],
                    "token_endpoint_auth_methods_supported": ["client_secret_post"],
                }),
            ),
            line if line.starts_with("GET /keys ") => {
                let [rsa, p256] = &state.kids;
                let keys = json!({ "keys": [
                    rsa_key(rsa),
                    { "kty": "EC", "use": "sig", "kid": p256, "crv": "P-256", "x": P256_X, "y": P256_Y },
                ]});
                (200, keys)
            }
            line if line.starts_with("POST /token ") => match state.exchange(body) {
                Some(id_token) => (
                    200,
                    json!({ "access_token": "unused", "token_type": "Bearer", "id_token": id_token }),
                ),
                None => (400, json!({ "error": "invalid_grant" })),
            },
            _ => (404, json!({})),
        }
    }
}

impl State {
    /// The ID token for a code, if all that must come with it is right.
    fn exchange(&mut self, body: &str) -> Option<String> {
        let form: BTreeMap<String, String> = form_urlencoded::parse(body.as_bytes())
            .into_owned()
            .collect();
        let (page, word) = self.codes.remove(form.get("code")?)?;
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(form.get("code_verifier")?));
        let is_right = form.get("grant_type")? == "authorization_code"
            && form.get("client_id")? == CLIENT_ID
            && form.get("client_secret")? == CLIENT_SECRET
            && form.get("redirect_uri")? == &page.0["redirect_uri"]
            && challenge == page.0["code_challenge"];
        is_right.then(|| sign(&word))
    }
}

/// The public half of the RSA key under a name, as sets have it.
pub(crate) fn rsa_key(kid: &str) -> Value {
    json!({ "kty": "RSA", "use": "sig", "alg": "RS256", "kid": kid, "n": RSA_N, "e": "AQAB" })
}

/// The token, signed as its header says.
pub(crate) fn sign(word: &Word) -> String {
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let (header, mut payload) = (encode(&word.header), encode(&word.claims));
    let text = format!("{header}.{payload}");
    let signature = match word.header["alg"].as_str() {
        Some("RS256") => {
            let (n, d) = (number(RSA_N), number(RSA_D));
            let e = BoxedUint::from(65_537_u64);
            let key = PrivateKey::from_components(n, e, d, Vec::new()).expect("a key");
            SigningKey::<Sha256>::new(key)
                .sign(text.as_bytes())
                .to_vec()
        }
        Some("ES256") => {
            let key = ecdsa::SigningKey::from_slice(&decode(P256_D)).expect("a key");
            let signature: ecdsa::Signature = key.sign(text.as_bytes());
            signature.to_bytes().to_vec()
        }
        // Whatever else it is, it is to be refused for its name.
        _ => Vec::new(),
    };
    if word.is_tampered {
        let mut claims = word.claims.clone();
        claims["tampered"] = json!(true);
        payload = encode(&claims);
    }
    format!("{header}.{payload}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn number(text: &str) -> BoxedUint {
    BoxedUint::from_be_slice_vartime(&decode(text))
}

fn decode(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).expect("base64url")
}
