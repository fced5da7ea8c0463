//! A Zendesk of the test's own: the few routes that are asked, over HTTP on this machine, and the tokens of its app's frame.
//!
//! It refuses whoever does not bring the API token, as the real one does.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use edgedesk_client::api::now;
use serde_json::{Value, json};

use crate::issuer::{Word, sign};
use crate::listen::listen;
use crate::unique;

/// The part of its address in front of `.zendesk.com`.
pub const SUBDOMAIN: &str = "aurora-tests";
const ORIGIN: &str = "https://aurora-tests.zendesk.com";
const INSTALLATION_ID: u64 = 7;
const APP_ID: u64 = 42;
const ADMIN_EMAIL: &str = "ops@aurora.example";
const API_TOKEN: &str = "an-api-token";
/// The key of RFC 7515, appendix A.2.1, as Zendesk gives the keys of apps.
const RSA_PEM: &str = "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAofgWCuLjybRlzo0tZWJj\nNiuSfb4p4fAkd/wWJcyQoTbji9k0l8W26mPddxHmfHQp+Vaw+4qPCJrcS2mJPMEz\nP1Pt0Bm4d4QlL+yRT+SFd2lZS+pCgNMsD1W/YpRPEwOWvG6b32690r2jZ47soMZo\n9wGzjb/7OMg0LOL+bSf63kpaSHSXndS5z5rexMdbBYUsLA9e+KXBdQOS+UTo7WTB\nEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6/I5IhlJH7aGhyxX\nFvUK+DWNmoudF8NAco9/h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXp\noQIDAQAB\n-----END PUBLIC KEY-----\n";

#[derive(Debug)]
struct State {
    url: String,
    users: BTreeMap<u64, Value>,
    is_down: bool,
}

/// A running Zendesk. It ends with its runtime.
#[derive(Debug, Clone)]
pub struct FakeZendesk(Arc<Mutex<State>>);

impl FakeZendesk {
    /// Starts to listen on a free port.
    pub async fn start() -> Self {
        let zendesk = Self(Arc::new(Mutex::new(State {
            url: String::new(),
            users: BTreeMap::new(),
            is_down: false,
        })));
        let served = zendesk.clone();
        let url = listen(move |head, _| served.answer(head)).await;
        zendesk.state().url = url;
        zendesk
    }

    /// The options of `cargo xtask dev` that have the gateway ask here.
    #[must_use]
    pub fn options(&self) -> Vec<String> {
        vec![
            "--direct".to_owned(),
            format!("--var=ZENDESK_BASE={}", self.state().url),
        ]
    }

    /// The body that links an account to it.
    #[must_use]
    pub fn link(&self) -> Value {
        json!({
            "subdomain": SUBDOMAIN, "installation_id": INSTALLATION_ID, "email": ADMIN_EMAIL, "api_token": API_TOKEN,
        })
    }

    /// Has a user with this address and role, or has them so from now on.
    pub fn set_user(&self, id: u64, email: &str, role: &str) {
        let user = json!({
            "id": id, "email": email, "role": role, "active": true, "suspended": false, "verified": true, "name": "Test Person",
        });
        self.state().users.insert(id, user);
    }

    /// Changes what it says of a user.
    pub fn change_user(&self, id: u64, field: &str, value: Value) {
        let mut state = self.state();
        state.users.get_mut(&id).expect("a user")[field] = value;
    }

    /// Does not answer from now on, or does again.
    pub fn set_down(&self, is_down: bool) {
        self.state().is_down = is_down;
    }

    /// What the token of a frame that a user has opened says.
    #[must_use]
    pub fn word(&self, user_id: u64) -> Word {
        let seconds = now().seconds();
        Word {
            header: json!({ "alg": "RS256", "typ": "JWT" }),
            claims: json!({
                "iss": format!("{SUBDOMAIN}.zendesk.com"),
                "aud": format!("{ORIGIN}/api/v2/apps/installations/{INSTALLATION_ID}.json"),
                "sub": format!("{ORIGIN}/api/v2/users/{user_id}.json"),
                "iat": seconds, "nbf": seconds, "exp": seconds + 120, "jti": unique("jti"),
            }),
            is_tampered: false,
        }
    }

    /// The token of what is said.
    #[must_use]
    pub fn token(word: &Word) -> String {
        sign(word)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer(&self, head: &str) -> (u16, String) {
        let state = self.state();
        if state.is_down {
            return (503, String::new());
        }
        let pair = STANDARD.encode(format!("{ADMIN_EMAIL}/token:{API_TOKEN}"));
        let is_authorized = head.lines().any(|line| {
            let (name, value) = line.split_once(':').unwrap_or_default();
            name.eq_ignore_ascii_case("authorization") && value.trim() == format!("Basic {pair}")
        });
        if !is_authorized {
            return (
                401,
                json!({ "error": "Couldn't authenticate you" }).to_string(),
            );
        }
        let path = head
            .strip_prefix("GET ")
            .and_then(|rest| rest.split(' ').next());
        let path = path.and_then(|path| path.strip_prefix("/api/v2/"));
        let user = |user: &Value| (200, json!({ "user": user }).to_string());
        match path.unwrap_or_default() {
            "users/me.json" => user(&json!({
                "id": 1, "email": ADMIN_EMAIL, "role": "admin", "active": true, "suspended": false, "verified": true,
            })),
            "apps/installations/7.json" => (
                200,
                json!({ "id": INSTALLATION_ID, "app_id": APP_ID }).to_string(),
            ),
            "apps/42/public_key.pem" => (200, RSA_PEM.to_owned()),
            other => {
                let id = other
                    .strip_prefix("users/")
                    .and_then(|id| id.strip_suffix(".json"));
                let found = id.and_then(|id| state.users.get(&id.parse().ok()?));
                found.map_or_else(
                    || (404, json!({ "error": "RecordNotFound" }).to_string()),
                    user,
                )
            }
        }
    }
}
