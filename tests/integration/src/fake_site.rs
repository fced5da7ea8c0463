//! A website of the test's own.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::listen::{Answer, listen_to};

#[derive(Debug, Default)]
struct State {
    url: String,
    pages: HashMap<String, Answer>,
    asked: Vec<String>,
}

/// A running website. It ends with its runtime.
#[derive(Debug, Clone)]
pub struct FakeSite(Arc<Mutex<State>>);

impl FakeSite {
    /// Starts to listen on a free port; every path is 404 so far.
    pub async fn start() -> Self {
        let site = Self(Arc::default());
        let served = site.clone();
        let url = listen_to(move |head, _| served.answer(head)).await;
        site.state().url = url;
        site
    }

    /// Serves a body at a path from now on; with a status of a redirect, the body is where it leads.
    pub fn serve(&self, path: &str, status: u16, content_type: &str, body: &str) {
        let is_redirect = (300..400).contains(&status);
        let answer = Answer {
            status,
            content_type: content_type.to_owned(),
            location: is_redirect.then(|| body.to_owned()),
            body: if is_redirect {
                String::new()
            } else {
                body.to_owned()
            },
        };
        self.state().pages.insert(path.to_owned(), answer);
    }

    /// The address of a path.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.state().url)
    }

    /// Whether somebody asked for a path.
    #[must_use]
    pub fn was_asked(&self, path: &str) -> bool {
        self.state().asked.iter().any(|asked| asked == path)
    }

    fn answer(&self, head: &str) -> Answer {
        let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
        let mut state = self.state();
        let found = state.pages.get(&path).cloned();
        state.asked.push(path);
        found.unwrap_or_else(|| Answer {
            status: 404,
            content_type: "text/html".to_owned(),
            location: None,
            body: "nothing here".to_owned(),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
