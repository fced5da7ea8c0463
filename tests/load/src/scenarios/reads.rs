//! Every read of the API, over a read model of a size: how long each takes while some ask at once.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use clap::Args;
use edgedesk_client::routes::api_routes;
use edgedesk_client::{Answer, Edgedesk};
use hyper::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::{Instant, interval};

use super::hooks::Opened;
use crate::connection::Connection;
use crate::report::{Report, Table};
use crate::{Latency, MAX_SECS, Note, Target, fill, machine};

/// Conversations that really take place: what is read from an object needs one.
const REAL_CONVERSATIONS: u32 = 20;
/// Reads every row of the account, on purpose.
const NOT_A_LIST: [&str; 1] = ["/api/v1/admin/checksum"];
/// Pages that are turned before a list is read far down.
const PAGES_DOWN: u32 = 20;

/// Options of `cargo xtask load reads`.
#[derive(Debug, Clone, Args)]
pub struct ReadsPlan {
    /// Conversations that the read model has before the run.
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(1..=i64::from(fill::MAX_CONVERSATIONS)))]
    pub conversations: u32,
    /// For how long to read.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=MAX_SECS))]
    pub seconds: u64,
    /// Connections that ask at once.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub connections: u32,
}

impl ReadsPlan {
    /// Files that a stack has open meanwhile.
    #[must_use]
    pub const fn n_files(&self) -> u64 {
        machine::files_for(self.connections as u64, REAL_CONVERSATIONS as u64)
    }
}

/// A read that is asked again and again.
#[derive(Debug, Clone)]
struct Read {
    name: String,
    method: Method,
    path: String,
    body: String,
}

impl Read {
    fn get(name: impl Into<String>, path: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            method: Method::GET,
            path: path.into(),
            body: String::new(),
        }
    }
}

/// Runs it over what the stack has.
///
/// # Errors
/// When the stack cannot be used. A read that fails is in the report.
pub async fn run(target: &Target, plan: &ReadsPlan, note: Note<'_>) -> Result<Report> {
    let what = format!(
        "{} conversations, {} connections for {} s",
        plan.conversations, plan.connections, plan.seconds
    );
    let mut report = Report::begin("Every read of the API", what);
    // Rows are not counted: what was made beside the objects is in none of their logs.
    let mut alone = target.clone();
    alone.is_ours = false;
    Opened::open(&alone, REAL_CONVERSATIONS, 4, note).await?;
    let admin = target.admin().await?;
    publish_articles(&admin, &target.texts, note).await?;
    let (reads, left_out) = reads_of(target, &admin).await?;
    note(&format!("{} reads", reads.len()));
    let timings = ask_all(target, plan, Arc::new(reads), note).await?;
    let mut all = Latency::default();
    for (_, timing) in &timings {
        all.merge(&timing.latency);
    }
    let n_failed: u64 = timings.iter().map(|(_, timing)| timing.n_failed).sum();
    report.fact(
        "reads a second",
        all.len() as f64 / plan.seconds as f64,
        "/s",
    );
    if n_failed > 0 {
        report
            .failures
            .push(format!("{n_failed} reads were not answered with 200"));
    }
    report.latency("all reads", &all);
    report.tables.push(by_route(&timings));
    if !left_out.is_empty() {
        report.tables.push(Table {
            title: "Not measured".into(),
            head: vec!["route".into(), "why".into()],
            rows: left_out
                .into_iter()
                .map(|(name, why)| vec![name, why])
                .collect(),
        });
    }
    Ok(report.end())
}

/// Articles to search in, one of each text.
async fn publish_articles(admin: &Edgedesk, texts: &[String], note: Note<'_>) -> Result<()> {
    for (index, text) in texts.iter().enumerate() {
        let body = json!({"title": format!("Answer {index}"), "body": text, "state": "published"});
        let answer = admin.post("/api/v1/articles", &body).await?;
        // On a folder that is kept they are there already.
        if answer.status != 409 {
            answer.expect_success()?;
        }
        note(&format!("{} articles", index + 1));
    }
    Ok(())
}

/// Every read that is answered with 200, and why others are left out.
async fn reads_of(target: &Target, admin: &Edgedesk) -> Result<(Vec<Read>, Vec<(String, String)>)> {
    let things = Things::find(target, admin).await?;
    let mut reads = Vec::new();
    let mut left_out = Vec::new();
    for route in api_routes(&target.public).await? {
        if route.method != Method::GET || !route.wants_token {
            continue;
        }
        if NOT_A_LIST.contains(&route.path.as_str()) {
            left_out.push((route.name(), "reads every row, on purpose".into()));
            continue;
        }
        match things.fill(&route.path) {
            Ok(path) => reads.push(Read::get(route.name(), path)),
            Err(missing) => left_out.push((route.name(), format!("there is no {missing}"))),
        }
    }
    reads.extend(things.filtered());
    reads.push(Read {
        name: "POST /api/v1/articles/search".into(),
        method: Method::POST,
        path: "/api/v1/articles/search".into(),
        body: json!({"query": target.text(3), "limit": 5}).to_string(),
    });
    let mut answered = Vec::new();
    for read in reads {
        let request = admin.request(read.method.clone(), &read.path);
        let request = request
            .header("content-type", "application/json")
            .body(read.body.clone());
        let answer = admin.send(request).await?;
        match answer.status {
            200 => answered.push(read),
            status => left_out.push((read.name, reason(status, &answer))),
        }
    }
    if answered.is_empty() {
        bail!("no read is answered with 200: {left_out:?}");
    }
    Ok((answered, left_out))
}

fn reason(status: u16, answer: &Answer) -> String {
    let code = answer.problem().map(|problem| problem.code);
    format!("answered {status} {}", code.unwrap_or_default())
        .trim_end()
        .to_owned()
}

/// Things of the account that paths can name.
struct Things {
    /// By the part of a path that stands before the parameter.
    by_place: HashMap<&'static str, String>,
    customer_id: String,
    external_id: String,
    far_down: String,
}

impl Things {
    async fn find(target: &Target, admin: &Edgedesk) -> Result<Self> {
        let inbox = target.stack.zendesk.inbox_id;
        // Of the newest, which really took place.
        let list = get(
            admin,
            &format!("/api/v1/conversations?inbox_id={inbox}&limit=1"),
        )
        .await?;
        let conversation = text(&list, "/conversations/0/conversation_id")?;
        let messages = get(
            admin,
            &format!("/api/v1/conversations/{conversation}/messages"),
        )
        .await?;
        let tickets = get(admin, "/api/v1/tickets?limit=1").await?;
        let mut by_place = HashMap::from([
            ("conversations", conversation.clone()),
            ("messages", text(&messages, "/messages/0/message_id")?),
            ("customers", text(&list, "/conversations/0/customer_id")?),
            ("inboxes", inbox.to_string()),
            ("versions", "1".to_owned()),
        ]);
        for (place, path, pointer) in [
            ("articles", "/api/v1/articles?limit=1", "/articles/0/id"),
            ("macros", "/api/v1/macros?limit=1", "/macros/0/id"),
            ("intents", "/api/v1/ai/intents", "/intents/0/id"),
            (
                "privacy-requests",
                "/api/v1/privacy-requests",
                "/privacy_requests/0/id",
            ),
        ] {
            let found = get(admin, path).await?;
            if let Ok(id) = text(&found, pointer) {
                by_place.insert(place, id);
            }
        }
        if let Ok(id) = text(&tickets, "/tickets/0/id") {
            by_place.insert("tickets", id);
        }
        Ok(Self {
            customer_id: by_place["customers"].clone(),
            external_id: text(&list, "/conversations/0/external_id")?,
            far_down: far_down(admin).await?,
            by_place,
        })
    }

    /// A path with its parameters filled in.
    ///
    /// # Errors
    /// The name of what there is none of.
    fn fill(&self, path: &str) -> Result<String, String> {
        let mut filled: Vec<&str> = Vec::new();
        for part in path.split('/') {
            if part.starts_with('{') {
                let place = filled.last().copied().unwrap_or_default();
                let found = self.by_place.get(place).ok_or_else(|| part.to_owned())?;
                filled.push(found);
            } else {
                filled.push(part);
            }
        }
        Ok(filled.join("/"))
    }

    /// Lists as agents narrow them down.
    fn filtered(&self) -> Vec<Read> {
        let list = "/api/v1/conversations";
        let queries = [
            ("?limit=200", "?limit=200".to_owned()),
            ("?status=active", "?status=active".to_owned()),
            (
                "?status=resolved&risk=high",
                "?status=resolved&risk=high".to_owned(),
            ),
            (
                "?customer_id=",
                format!("?customer_id={}", self.customer_id),
            ),
            (
                "?external_id=",
                format!("?external_id={}", self.external_id),
            ),
            (
                "?cursor= 4,000 rows down",
                format!("?limit=200&cursor={}", self.far_down),
            ),
        ];
        let read = |(name, query)| Read::get(format!("GET {list}{name}"), format!("{list}{query}"));
        let mut reads: Vec<Read> = queries.into_iter().map(read).collect();
        let tickets = "/api/v1/tickets?limit=200";
        reads.push(Read::get(format!("GET {tickets}"), tickets));
        reads
    }
}

/// The cursor of a list far from its top, or as far as it goes.
async fn far_down(admin: &Edgedesk) -> Result<String> {
    let mut cursor = String::new();
    for _ in 0..PAGES_DOWN {
        let query = if cursor.is_empty() {
            String::new()
        } else {
            format!("&cursor={cursor}")
        };
        let page = get(admin, &format!("/api/v1/conversations?limit=200{query}")).await?;
        match page["next_cursor"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => break,
        }
    }
    Ok(cursor)
}

async fn get(admin: &Edgedesk, path: &str) -> Result<Value> {
    Ok(admin.get(path).await?.expect(200)?.json()?)
}

fn text(value: &Value, pointer: &str) -> Result<String> {
    let found = value.pointer(pointer).and_then(Value::as_str);
    found
        .map(str::to_owned)
        .with_context(|| format!("nothing at {pointer}"))
}

/// What one read has shown.
#[derive(Default)]
struct Timing {
    latency: Latency,
    n_failed: u64,
}

/// Asks all reads by turns over several connections.
async fn ask_all(
    target: &Target,
    plan: &ReadsPlan,
    reads: Arc<Vec<Read>>,
    note: Note<'_>,
) -> Result<Vec<(String, Timing)>> {
    let turn = Arc::new(AtomicUsize::new(0));
    let end = Instant::now() + Duration::from_secs(plan.seconds);
    let mut asking = JoinSet::new();
    for _ in 0..plan.connections {
        let connection = Connection::open(&target.stack.url).await?;
        let (reads, turn, target) = (Arc::clone(&reads), Arc::clone(&turn), target.clone());
        asking.spawn(async move { ask(&target, connection, &reads, &turn, end).await });
    }
    let mut timings: Vec<(String, Timing)> = reads
        .iter()
        .map(|read| (read.name.clone(), Timing::default()))
        .collect();
    let mut again = interval(Duration::from_secs(1));
    loop {
        tokio::select! {
            part = asking.join_next() => {
                let Some(part) = part else { return Ok(timings) };
                for ((_, timing), part) in timings.iter_mut().zip(part??) {
                    timing.latency.merge(&part.latency);
                    timing.n_failed += part.n_failed;
                }
            }
            _ = again.tick() => note(&format!("{} reads", turn.load(Ordering::Relaxed))),
        }
    }
}

async fn ask(
    target: &Target,
    mut connection: Connection,
    reads: &[Read],
    turn: &AtomicUsize,
    end: Instant,
) -> Result<Vec<Timing>> {
    // A long run outlives a token.
    let mut signed = target.public.tokens(&target.stack.admin).await?;
    let mut since = Instant::now();
    let mut timings: Vec<Timing> = reads.iter().map(|_| Timing::default()).collect();
    while Instant::now() < end {
        if since.elapsed() > Duration::from_mins(10) {
            signed = target.public.tokens(&target.stack.admin).await?;
            since = Instant::now();
        }
        let bearer = format!("Bearer {}", signed.access_token);
        let headers = [
            ("authorization", bearer.as_str()),
            ("content-type", "application/json"),
        ];
        let index = turn.fetch_add(1, Ordering::Relaxed) % reads.len();
        let read = &reads[index];
        let began = Instant::now();
        let body = Bytes::from(read.body.clone());
        let answer = connection
            .send(read.method.clone(), &read.path, &headers, body)
            .await;
        match answer {
            Ok((200, _)) => timings[index].latency.add(began.elapsed()),
            _ => timings[index].n_failed += 1,
        }
    }
    Ok(timings)
}

/// The slowest first.
fn by_route(timings: &[(String, Timing)]) -> Table {
    let mut sorted: Vec<&(String, Timing)> = timings.iter().collect();
    let p95 = |(_, timing): &(String, Timing)| timing.latency.millis_at(0.95);
    sorted.sort_by(|a, b| p95(b).total_cmp(&p95(a)));
    let rows = sorted.iter().map(|(name, timing)| {
        let shares =
            [0.5, 0.95, 0.99].map(|share| format!("{:.1}", timing.latency.millis_at(share)));
        let words = [name.clone(), timing.latency.len().to_string()];
        words.into_iter().chain(shares).collect()
    });
    Table {
        title: "By route, the slowest first".into(),
        head: ["in ms", "n", "p50", "p95", "p99"]
            .map(str::to_owned)
            .into(),
        rows: rows.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn things() -> Things {
        Things {
            by_place: HashMap::from([
                ("conversations", "cnv_1".to_owned()),
                ("messages", "msg_1".to_owned()),
            ]),
            customer_id: "cus_1".into(),
            external_id: "7".into(),
            far_down: "next".into(),
        }
    }

    #[test]
    fn a_path_is_filled_with_what_stands_at_its_place() {
        let things = things();
        for (path, filled) in [
            ("/api/v1/me", Ok("/api/v1/me")),
            (
                "/api/v1/conversations/{id}",
                Ok("/api/v1/conversations/cnv_1"),
            ),
            (
                "/api/v1/conversations/{id}/messages/{message_id}/decision",
                Ok("/api/v1/conversations/cnv_1/messages/msg_1/decision"),
            ),
            ("/api/v1/macros/{macro_id}", Err("{macro_id}")),
        ] {
            let expected = filled.map(str::to_owned).map_err(str::to_owned);
            assert_eq!(things.fill(path), expected, "{path}");
        }
        assert!(
            things
                .filtered()
                .iter()
                .all(|read| read.path.starts_with("/api/v1/"))
        );
    }
}
