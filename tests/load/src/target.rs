//! What is put under load: a stack on this machine, and what is known of it.

use std::net::SocketAddrV4;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use edgedesk_client::{Edgedesk, Stack};
use tokio::sync::Mutex;
use tokio::time::Instant;

/// Logins are made anew after this long: an access token lasts for fifteen minutes.
const LOGIN_AGE: Duration = Duration::from_mins(8);

/// A running stack.
#[derive(Debug, Clone)]
pub struct Target {
    /// Where it is, and its secrets.
    pub stack: Stack,
    /// A caller without a credential.
    pub public: Edgedesk,
    /// What customers write, in turns.
    pub texts: Vec<String>,
    /// The group of its processes, where it is known: its memory is read from there.
    pub group: Option<i32>,
    /// Whether nobody else uses it, so that its rows may be counted.
    pub is_ours: bool,
    admin: Arc<Mutex<Option<Signed>>>,
}

/// Somebody logged in, and since when.
type Signed = (Instant, Edgedesk);

impl Target {
    /// A stack on this machine.
    ///
    /// # Errors
    /// When it is elsewhere, or customers have nothing to write.
    pub fn new(stack: Stack, texts: Vec<String>) -> Result<Self> {
        check_address(&stack.url)?;
        if texts.is_empty() {
            bail!("there is nothing for customers to write");
        }
        Ok(Self {
            public: Edgedesk::anonymous(&stack.url),
            stack,
            texts,
            group: None,
            is_ours: false,
            admin: Arc::default(),
        })
    }

    /// The account's admin, logged in for some minutes more.
    ///
    /// # Errors
    /// When the login is refused.
    pub async fn admin(&self) -> Result<Edgedesk> {
        let mut signed = self.admin.lock().await;
        if let Some((since, admin)) = &*signed
            && since.elapsed() < LOGIN_AGE
        {
            return Ok(admin.clone());
        }
        let admin = self.public.login(&self.stack.admin).await;
        let admin = admin.context("the stack does not let its admin in")?;
        *signed = Some((Instant::now(), admin.clone()));
        Ok(admin)
    }

    /// One of its agents, logged in anew.
    ///
    /// # Errors
    /// When the login is refused.
    pub async fn agent(&self) -> Result<Edgedesk> {
        let agent = self.public.login(&self.stack.agent).await;
        agent.context("the stack does not let its agent in")
    }

    /// The text of the `n`th message.
    #[must_use]
    pub fn text(&self, n: u64) -> &str {
        let index = usize::try_from(n).unwrap_or_default() % self.texts.len();
        &self.texts[index]
    }
}

/// Refuses every address but this machine's own.
///
/// # Errors
/// For any other.
pub fn check_address(url: &str) -> Result<()> {
    if is_this_machine(url) {
        return Ok(());
    }
    bail!("load is for this machine alone, `http://127.0.0.1:PORT`, not for {url}")
}

/// Whether a URL is `http://127.0.0.1:PORT`, with nothing behind it. A name is none: it could lead anywhere.
fn is_this_machine(url: &str) -> bool {
    let address = url.strip_prefix("http://").unwrap_or_default();
    address
        .parse::<SocketAddrV4>()
        .is_ok_and(|address| address.ip().is_loopback() && address.port() != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_other_machine_is_ever_put_under_load() {
        for fine in ["http://127.0.0.1:8787", "http://127.0.0.1:1"] {
            assert!(check_address(fine).is_ok(), "{fine}");
        }
        for other in [
            "",
            "http://127.0.0.1",
            "http://127.0.0.1:0",
            "http://localhost:8787",
            "http://127.0.0.1:8787/x",
            "http://127.0.0.1:8787@example.com",
            "http://127.0.0.1.example.com:80",
            "http://10.0.0.1:8787",
            "http://[::1]:8787",
            "https://127.0.0.1:8787",
            "https://desk.example.com",
            "127.0.0.1:8787",
        ] {
            assert!(check_address(other).is_err(), "{other}");
        }
    }
}
