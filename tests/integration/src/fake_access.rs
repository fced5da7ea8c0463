//! A team of Cloudflare Access of the test's own: its keys, over HTTP on this machine, and what it says of who comes through it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use edgedesk_client::api::now;
use serde_json::{Value, json};

use crate::issuer::{Word, rsa_key, sign};
use crate::listen::listen;

/// The team's domain. Its keys are asked for at the test's own server.
pub const TEAM_DOMAIN: &str = "edgedesk-tests.cloudflareaccess.com";
const AUDIENCE: &str = "32eafc7626e974616deaf0dc3ce63d7bcbed58a2731e84d06bc3cdf1b53c4228";
const KID: &str = "team-1";

#[derive(Debug, Default)]
struct State {
    url: String,
    is_down: bool,
}

/// A running team. It ends with its runtime.
#[derive(Debug, Clone)]
pub struct FakeAccess(Arc<Mutex<State>>);

impl FakeAccess {
    /// Starts to listen on a free port.
    pub async fn start() -> Self {
        let team = Self(Arc::default());
        let served = team.clone();
        let url = listen(move |head, _| served.answer(head)).await;
        team.state().url = url;
        team
    }

    /// The options of `cargo xtask dev` that have the gateway ask here.
    #[must_use]
    pub fn options(&self) -> Vec<String> {
        vec![
            "--direct".to_owned(),
            format!("--var=ACCESS_BASE={}", self.state().url),
        ]
    }

    /// The body that has an account ask for its application.
    #[must_use]
    pub fn application(&self) -> Value {
        json!({ "team_domain": TEAM_DOMAIN, "audience": AUDIENCE })
    }

    /// Does not answer from now on, or does again.
    pub fn set_down(&self, is_down: bool) {
        self.state().is_down = is_down;
    }

    /// What it says of somebody who came through the application two hours ago.
    #[must_use]
    pub fn word(&self, email: &str) -> Word {
        let seconds = now().seconds();
        let issued = seconds - 7_200;
        Word {
            header: json!({ "alg": "RS256", "typ": "JWT", "kid": KID }),
            claims: json!({
                "iss": format!("https://{TEAM_DOMAIN}"), "aud": [AUDIENCE], "type": "app", "email": email,
                "iat": issued, "nbf": issued, "exp": seconds + 7_200, "sub": "7335d417-61da-459d-899c-0a01c76a2f94",
                "identity_nonce": "6ei69kawdKzMIAPF", "country": "US",
            }),
            is_tampered: false,
        }
    }

    /// The assertion of what is said.
    #[must_use]
    pub fn assertion(word: &Word) -> String {
        sign(word)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer(&self, head: &str) -> (u16, String) {
        if self.state().is_down {
            return (503, String::new());
        }
        if !head.starts_with("GET /cdn-cgi/access/certs ") {
            return (404, String::new());
        }
        let certificate = json!({ "kid": KID, "cert": "-----BEGIN CERTIFICATE-----" });
        let keys = json!({
            "keys": [rsa_key(KID)], "public_cert": certificate, "public_certs": [certificate],
        });
        (200, keys.to_string())
    }
}
