//! What the clients share: a request with its time limits, the answer read whole or as events, and what an error's status means.

use std::pin::pin;

use edgedesk_domain::time::Timestamp;
use futures::future::{Either, select};
use serde::de::DeserializeOwned;

use crate::sse::{Event, Parser};
use crate::transport::{ByteStream, HttpAnswer, HttpRequest, HttpStream, Limits, Runtime};
use crate::{Fault, GenerateError, Generated};

/// What `work` gives, if it is over in time. What is over at the very moment is.
pub async fn within<T>(
    runtime: &impl Runtime,
    millis: u64,
    work: impl Future<Output = T>,
) -> Option<T> {
    let work = pin!(work);
    let sleep = pin!(runtime.sleep(millis));
    match select(work, sleep).await {
        Either::Left((done, _)) => Some(done),
        Either::Right(_) => None,
    }
}

/// Milliseconds from `earlier` to now; none when the clock went back.
pub fn millis_since(runtime: &impl Runtime, earlier: Timestamp) -> u64 {
    u64::try_from(runtime.now().millis_since(earlier)).unwrap_or(0)
}

/// Posts, and waits for the answer's head.
pub async fn post<'a, H: HttpStream, R: Runtime>(
    http: &H,
    runtime: &'a R,
    limits: Limits,
    request: HttpRequest,
) -> Result<HttpAnswer<Incoming<'a, H::Body, R>>, GenerateError> {
    let sent_at = runtime.now();
    let wait = limits.first_byte_millis.min(limits.whole_millis);
    let answer = within(runtime, wait, http.post(request))
        .await
        .ok_or(Fault::SlowStart)?
        .map_err(|reason| GenerateError::new(Fault::Unreachable, reason))?;
    Ok(HttpAnswer {
        status: answer.status,
        headers: answer.headers,
        body: Incoming::new(answer.body, runtime, limits, sent_at),
    })
}

/// The body of an answer, with its limits.
#[derive(Debug)]
pub struct Incoming<'a, B, R> {
    body: B,
    runtime: &'a R,
    limits: Limits,
    sent_at: Timestamp,
    n_bytes: usize,
}

/// Whether a stream is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// More comes.
    GoesOn,
    /// That was all.
    Ends,
}

impl<'a, B: ByteStream, R: Runtime> Incoming<'a, B, R> {
    pub fn new(body: B, runtime: &'a R, limits: Limits, sent_at: Timestamp) -> Self {
        Self {
            body,
            runtime,
            limits,
            sent_at,
            n_bytes: 0,
        }
    }

    async fn next_piece(&mut self) -> Result<Option<Vec<u8>>, GenerateError> {
        let gone = millis_since(self.runtime, self.sent_at);
        let left = self.limits.whole_millis.saturating_sub(gone);
        let (wait, fault) = if self.n_bytes == 0 {
            let wait = self.limits.first_byte_millis.saturating_sub(gone);
            (wait, Fault::SlowStart)
        } else {
            (self.limits.between_millis, Fault::Stalled)
        };
        let fault = if left < wait { Fault::OutOfTime } else { fault };
        // Also when pieces come so fast that no wait ever is too long.
        if left == 0 {
            return Err(Fault::OutOfTime.into());
        }
        let piece = within(self.runtime, wait.min(left), self.body.next_piece())
            .await
            .ok_or(fault)?
            .map_err(|reason| GenerateError::new(Fault::Cut, reason))?;
        self.n_bytes += piece.as_ref().map_or(0, Vec::len);
        if self.n_bytes > self.limits.max_body_bytes {
            return Err(Fault::Endless.into());
        }
        Ok(piece)
    }

    /// The whole body.
    pub async fn whole(&mut self) -> Result<Vec<u8>, GenerateError> {
        let mut whole = Vec::new();
        while let Some(piece) = self.next_piece().await? {
            whole.extend(piece);
        }
        Ok(whole)
    }

    /// The whole body as JSON of this shape.
    pub async fn json<T: DeserializeOwned>(&mut self) -> Result<T, GenerateError> {
        parse(&self.whole().await?)
    }

    /// Hands each event to `take` until that says it was the last.
    ///
    /// # Errors
    ///
    /// [`Fault::Cut`] when the body is over first, unless `take` says of nothing (`None`) that this is an end, too.
    pub async fn events(
        &mut self,
        mut take: impl FnMut(Option<&Event>) -> Result<Flow, GenerateError>,
    ) -> Result<(), GenerateError> {
        let mut parser = Parser::new(self.limits.max_event_bytes);
        while let Some(piece) = self.next_piece().await? {
            let events = parser
                .read(&piece)
                .map_err(|too_long| GenerateError::new(Fault::Endless, too_long.to_string()))?;
            for event in &events {
                if take(Some(event))? == Flow::Ends {
                    return Ok(());
                }
            }
        }
        match take(None)? {
            Flow::Ends => Ok(()),
            Flow::GoesOn => Err(GenerateError::new(
                Fault::Cut,
                "the stream ended without its last event",
            )),
        }
    }
}

/// JSON of this shape. The error quotes none of it.
pub fn parse<T: DeserializeOwned>(json: &[u8]) -> Result<T, GenerateError> {
    serde_json::from_slice(json).map_err(|error| {
        let place = format!("line {}, column {}", error.line(), error.column());
        GenerateError::new(Fault::Garbled, format!("{:?} at {place}", error.classify()))
    })
}

/// How an answer with 200 is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// One JSON value.
    Json,
    /// Server-sent events.
    Events,
}

/// From its `content-type`. A server may answer a request for a stream with the whole; nothing else is read.
pub fn form<B>(answer: &HttpAnswer<B>) -> Result<Form, GenerateError> {
    let content_type = answer.header("content-type").unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    match essence.to_ascii_lowercase().as_str() {
        "application/json" => Ok(Form::Json),
        "text/event-stream" => Ok(Form::Events),
        other => Err(GenerateError::new(
            Fault::Garbled,
            format!("content type {other:?}"),
        )),
    }
}

/// What a status other than 200 means where the provider says nothing better.
pub const fn fault_of(status: u16) -> Fault {
    match status {
        401 | 403 => Fault::Unauthorized,
        402 => Fault::QuotaExhausted,
        408 | 409 | 425 | 500..=599 => Fault::Unavailable,
        413 => Fault::TooLarge,
        429 => Fault::RateLimited,
        // Redirects are none of ours.
        _ => Fault::BadRequest,
    }
}

/// How long a provider wants to be left alone: `retry-after-ms`, or `retry-after` in seconds. A date is not read: no provider of ours
/// sends one.
pub fn retry_after_millis<B>(answer: &HttpAnswer<B>) -> Option<u64> {
    let read = |name, factor: f64| {
        let value = answer.header(name)?.trim().parse::<f64>().ok()? * factor;
        // A day is as good as for ever. Also keeps the number in range.
        (value.is_finite() && value >= 0.0).then_some(value.min(DAY_MILLIS).ceil())
    };
    let millis = read("retry-after-ms", 1.0).or_else(|| read("retry-after", 1000.0))?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "whole, and from 0 to a day"
    )]
    Some(millis as u64)
}

const DAY_MILLIS: f64 = 86_400_000.0;

/// The text, if there is one.
pub fn not_empty(generated: Generated) -> Result<Generated, GenerateError> {
    if generated.text.trim().is_empty() {
        return Err(GenerateError {
            usage: generated.usage,
            ..Fault::Empty.into()
        });
    }
    Ok(generated)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_long_to_wait_is_read_from_either_header() {
        for (name, value, expected) in [
            ("Retry-After", "20", Some(20_000)),
            ("retry-after", " 0.5 ", Some(500)),
            ("retry-after-ms", "1500", Some(1500)),
            ("retry-after", "999999999999", Some(86_400_000)),
            ("retry-after", "-1", None),
            ("retry-after", "NaN", None),
            ("retry-after", "Wed, 21 Oct 2026 07:28:00 GMT", None),
            ("x-other", "1", None),
        ] {
            let answer = HttpAnswer {
                status: 429,
                headers: vec![(name.to_owned(), value.to_owned())],
                body: (),
            };
            assert_eq!(retry_after_millis(&answer), expected, "{name}: {value}");
        }
    }
}
