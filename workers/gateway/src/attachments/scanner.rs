//! The hook for a virus scanner: a service of the deployment's own that reads a file and says whether it is harmful.
//!
//! `POST` of the file itself, with its `Content-Type` and its name in `X-File-Name` (percent-encoded UTF-8); the answer is
//! `{"infected": false}` or `{"infected": true, "threat": "Eicar-Test-Signature"}`. Anything else, and no answer in time, means that
//! the file is not taken: one that nobody has looked at is not handed on.

use std::time::Duration;

use edgedesk_domain::attachment::Attachment;
use edgedesk_platform::time::sleep;
use futures::future::{Either, select};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use wasm_bindgen::JsValue;
use worker::{
    Fetch, Headers, Method, Request, RequestInit, RequestRedirect, ResponseBody, ResponseBuilder,
    web_sys,
};

use crate::config::Scanner;

/// How long it may take: `clamd` reads some tens of megabytes a second.
const LIMIT: Duration = Duration::from_secs(25);
/// Longest name of a threat that is kept, in characters.
const MAX_THREAT_CHARS: usize = 100;

/// What a scanner says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Nothing was found.
    Clean,
    /// It is harmful; how the scanner calls it.
    Infected(String),
}

/// Has a file read by the scanner.
///
/// # Errors
///
/// It did not answer, or not as it should.
pub(super) async fn scan(
    scanner: &Scanner,
    attachment: &Attachment,
    body: ResponseBody,
) -> Result<Verdict, String> {
    let call = async {
        let headers = Headers::new();
        let name = utf8_percent_encode(&attachment.name, NON_ALPHANUMERIC).to_string();
        headers
            .set("content-type", &attachment.content_type)
            .map_err(text)?;
        headers.set("x-file-name", &name).map_err(text)?;
        if let Some(token) = &scanner.token {
            let value = format!("Bearer {}", token.expose());
            headers.set("authorization", &value).map_err(text)?;
        }
        // Only an answer gives its stream away.
        let raw: web_sys::Response = ResponseBuilder::new().body(body).into();
        let mut init = RequestInit::new();
        init.with_method(Method::Post)
            .with_headers(headers)
            .with_redirect(RequestRedirect::Manual)
            .with_body(raw.body().map(JsValue::from));
        let request = Request::new_with_init(&scanner.url, &init).map_err(text)?;
        let mut response = Fetch::Request(request).send().await.map_err(text)?;
        let answer = response.text().await.map_err(text)?;
        read(response.status_code(), &answer)
    };
    match select(std::pin::pin!(call), std::pin::pin!(sleep(LIMIT))).await {
        Either::Left((verdict, _)) => verdict,
        Either::Right(_) => Err(format!("no answer within {} s", LIMIT.as_secs())),
    }
}

/// An answer of the scanner.
fn read(status: u16, answer: &str) -> Result<Verdict, String> {
    #[derive(Deserialize)]
    struct Answer {
        infected: bool,
        #[serde(default)]
        threat: Option<String>,
    }
    if status != 200 {
        return Err(format!("status {status}"));
    }
    let answer: Answer =
        serde_json::from_str(answer).map_err(|error| format!("not an answer: {error}"))?;
    Ok(if answer.infected {
        let threat = answer.threat.unwrap_or_else(|| "something".to_owned());
        let plain = threat.chars().filter(|character| !character.is_control());
        Verdict::Infected(plain.take(MAX_THREAT_CHARS).collect())
    } else {
        Verdict::Clean
    })
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_clear_word_lets_a_file_pass() {
        assert_eq!(read(200, r#"{"infected":false}"#), Ok(Verdict::Clean));
        let infected = read(200, r#"{"infected":true,"threat":"Eicar\n"}"#);
        assert_eq!(infected, Ok(Verdict::Infected("Eicar".to_owned())));
        let nameless = read(200, r#"{"infected":true}"#);
        assert_eq!(nameless, Ok(Verdict::Infected("something".to_owned())));
        for (status, answer) in [
            (200, "{}"),
            (200, "OK"),
            (200, r#"{"infected":"no"}"#),
            (204, r#"{"infected":false}"#),
            (302, r#"{"infected":false}"#),
            (500, ""),
        ] {
            assert!(read(status, answer).is_err(), "{status} {answer}");
        }
    }
}
