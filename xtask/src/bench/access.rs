//! What it costs to let a request in and to write down that it was here, and how fast passwords are taken.
//!
//! Three kinds of requests that do nothing else are compared, one after the other on one connection: without a token (401),
//! with one and a query that cannot be read (400, after all checks), and with one whose role does not allow it, which leaves
//! an entry in the audit log (403). The entry is written after the answer; on one connection the next request waits for
//! what of it is on workerd's one thread.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use edgedesk_load::connection::Connection;
use hyper::Method;
use serde_json::json;

use super::Bench;
use super::report::Row;
use crate::progress::Step;
use crate::stats::Samples;

/// Requests of each kind in a run of the whole length, in turns.
const ROUNDS: u32 = 1_000;
/// Logins, one after the other: each takes a hash.
const LOGINS: u32 = 20;
/// Most that authentication and counting may add to a request.
const ACCESS_BUDGET_MILLIS: f64 = 3.0;
/// Most that the entry of the audit log may add to the request after it.
const AUDIT_BUDGET_MILLIS: f64 = 3.0;

const LIST_PATH: &str = "/api/v1/conversations";
const BROKEN_PATH: &str = "/api/v1/conversations?limit=none";
const KEYS_PATH: &str = "/api/v1/api-keys";

/// A request, what it must be answered with, and how long that took.
struct Kind<'a> {
    method: Method,
    path: &'static str,
    headers: &'a [(&'a str, &'a str)],
    status: u16,
    samples: Samples,
}

impl Kind<'_> {
    async fn ask(&mut self, connection: &mut Connection) -> Result<()> {
        let began = Instant::now();
        let (method, path) = (self.method.clone(), self.path);
        let body = match self.method {
            Method::GET => Bytes::new(),
            _ => Bytes::from_static(b"{}"),
        };
        let answer = connection.send(method, path, self.headers, body).await?;
        self.samples.add(began.elapsed());
        if answer.0 != self.status {
            bail!("{path} answered {} and not {}", answer.0, self.status);
        }
        Ok(())
    }

    fn percentile(&mut self, share: f64) -> Result<f64> {
        self.samples
            .percentile(share)
            .context("nothing was measured")
    }
}

/// The rows.
pub async fn rows(bench: &Bench) -> Result<Vec<Row>> {
    let step = Step::begin("letting requests in, and writing them down");
    let agent = bench.public.tokens(&bench.stack.agent).await?;
    let bearer = format!("Bearer {}", agent.access_token);
    let signed_in = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/json"),
    ];
    let kind = |method, path, headers, status| Kind {
        method,
        path,
        headers,
        status,
        samples: Samples::default(),
    };
    let mut outside = kind(Method::GET, BROKEN_PATH, &[], 401);
    let mut inside = kind(Method::GET, BROKEN_PATH, &signed_in, 400);
    let mut written = kind(Method::POST, KEYS_PATH, &signed_in, 403);
    let mut whole = kind(Method::GET, LIST_PATH, &signed_in, 200);
    let mut connection = Connection::open(&bench.stack.url).await?;
    // In turns, so that whatever else the machine does falls on all alike. The one that follows an entry pays for it.
    let mut after_entry = kind(Method::GET, BROKEN_PATH, &signed_in, 400);
    let rounds = ROUNDS.min(bench.plan.model_runs * 5);
    for _ in 0..rounds {
        outside.ask(&mut connection).await?;
        inside.ask(&mut connection).await?;
        whole.ask(&mut connection).await?;
        written.ask(&mut connection).await?;
        after_entry.ask(&mut connection).await?;
    }
    let logins = logins_a_second(bench).await?;
    step.end(&format!("{rounds} rounds"));

    let mut rows = Vec::new();
    for (name, share) in [("p50", 0.5), ("p95", 0.95)] {
        let (without, with) = (outside.percentile(share)?, inside.percentile(share)?);
        let (before, after) = (with, after_entry.percentile(share)?);
        let request = whole.percentile(share)?;
        let access = (with - without).max(0.0);
        let audit = (after - before).max(0.0);
        rows.push(Row::at_most(
            format!("token, session and count of a call, {name}"),
            access,
            "ms",
            ACCESS_BUDGET_MILLIS,
        ));
        rows.push(Row::plain(
            format!("the same, share of a list of conversations, {name}"),
            access / request,
            "",
        ));
        rows.push(Row::at_most(
            format!("audit entry, added to the request after it, {name}"),
            audit,
            "ms",
            AUDIT_BUDGET_MILLIS,
        ));
        rows.push(Row::plain(
            format!("the same, share of a list of conversations, {name}"),
            audit / request,
            "",
        ));
    }
    rows.push(Row::plain(
        "right logins a second, one after the other",
        logins,
        "/s",
    ));
    rows.push(
        Row::plain(
            "wrong logins an hour that one address allows",
            wrong_logins_an_hour(),
            "",
        )
        .note("by the lock-out, not measured"),
    );
    Ok(rows)
}

async fn logins_a_second(bench: &Bench) -> Result<f64> {
    let login = &bench.stack.agent;
    let body = json!({"email": login.email, "password": login.password}).to_string();
    let headers = [("content-type", "application/json")];
    let mut connection = Connection::open(&bench.stack.url).await?;
    let began = Instant::now();
    for _ in 0..LOGINS {
        let body = Bytes::from(body.clone());
        let path = "/api/v1/auth/login";
        let (status, _) = connection.send(Method::POST, path, &headers, body).await?;
        if status != 200 {
            bail!("a login was answered {status}");
        }
    }
    Ok(f64::from(LOGINS) / began.elapsed().as_secs_f64())
}

/// Ten failures, then a lock of a quarter of an hour: what decision 19 says.
fn wrong_logins_an_hour() -> f64 {
    let lock = Duration::from_millis(edgedesk_store::directory::LOCK_MILLIS.unsigned_abs());
    let hour = Duration::from_hours(1);
    f64::from(edgedesk_store::directory::MAX_FAILURES) * hour.as_secs_f64() / lock.as_secs_f64()
}
