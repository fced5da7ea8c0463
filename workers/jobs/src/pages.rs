//! Pages of an import, fetched from their addresses.
//!
//! What an address leads to is somebody else's: it is checked before each request, also behind a redirect, and an answer is read up to
//! its bound and no further.

use std::time::Duration;

use edgedesk_crypto::root::{DEVELOPMENT, ENVIRONMENT};
use edgedesk_knowledge::page::{self, MAX_PAGE_BYTES, Validators};
use edgedesk_knowledge::safe_url::{Allowance, SafeUrl};
use edgedesk_platform::time::sleep;
use edgedesk_retrieval::imports;
use edgedesk_retrieval::recrawl::{PageAnswer, Pages};
use edgedesk_store::shards::PageMarks;
use edgedesk_wire::jobs::{ReadArticle, ReadRow};
use futures::StreamExt as _;
use futures::future::{Either, join_all, select};
use worker::{Env, Fetch, Headers, Request, RequestInit, RequestRedirect, Response};

/// Pages that are fetched at once: what the platform opens at a time.
const AT_ONCE: usize = 6;
/// How long a page may take, redirects included.
const LIMIT: Duration = Duration::from_secs(8);
/// Redirects that are followed.
const MAX_REDIRECTS: usize = 4;

/// The articles at these addresses, in their order. `own_machine` allows addresses of this machine, in development alone.
pub async fn read_pages(urls: &[String], own_machine: bool) -> Vec<ReadRow> {
    let allowed = Allowance {
        ports: &[],
        own_machine,
    };
    let mut rows = Vec::with_capacity(urls.len());
    for urls in urls.chunks(AT_ONCE) {
        rows.extend(join_all(urls.iter().map(|url| read_page(url, allowed))).await);
    }
    rows
}

/// Whether addresses of this machine may be fetched: in development alone.
pub fn own_machine(env: &Env) -> bool {
    env.var(ENVIRONMENT)
        .is_ok_and(|value| value.to_string() == DEVELOPMENT)
}

/// Pages as this deployment may read them.
pub fn web(env: &Env) -> Web {
    Web {
        own_machine: own_machine(env),
    }
}

/// Pages that are read again.
#[derive(Debug, Clone, Copy)]
pub struct Web {
    /// Whether addresses of this machine may be read, in development alone.
    pub own_machine: bool,
}

impl Pages for Web {
    async fn read(&self, url: &str, marks: &PageMarks) -> Result<PageAnswer, String> {
        let allowed = Allowance {
            ports: &[],
            own_machine: self.own_machine,
        };
        let known = Validators {
            etag: marks.etag.clone(),
            last_modified: marks.last_modified.clone(),
            digest: marks.digest.clone(),
        };
        let address = SafeUrl::parse(url, allowed).map_err(|error| error.to_string())?;
        let found = limited(fetch(address, allowed, &known)).await?;
        Ok(match found {
            None => PageAnswer::Unchanged,
            Some(Found { article, marks, .. }) => PageAnswer::Read {
                article,
                marks: PageMarks {
                    etag: marks.etag,
                    last_modified: marks.last_modified,
                    digest: marks.digest,
                },
            },
        })
    }
}

async fn read_page(url: &str, allowed: Allowance<'_>) -> ReadRow {
    let result = match SafeUrl::parse(url, allowed) {
        Ok(address) => limited(fetch(address, allowed, &Validators::default()))
            .await
            // Nobody asked whether it is as it was.
            .and_then(|found| found.ok_or_else(|| "it answered 304".to_owned())),
        Err(error) => Err(error.to_string()),
    }
    .map(|found| (found.key, found.article));
    let (key, title) = result.as_ref().map_or_else(
        |_| (url.to_owned(), None),
        |(key, article)| (key.clone(), Some(article.title.clone())),
    );
    ReadRow {
        source: url.to_owned(),
        key,
        line: None,
        title,
        result: result.map(|(_, article)| article),
    }
}

/// What a page says.
struct Found {
    key: String,
    article: ReadArticle,
    /// What tells the next answer from this one.
    marks: Validators,
}

/// Nothing where the page is as it was known, or a sentence about why it cannot be read.
type Fetched = Result<Option<Found>, String>;

async fn limited(call: impl Future<Output = Fetched>) -> Fetched {
    match select(std::pin::pin!(call), std::pin::pin!(sleep(LIMIT))).await {
        Either::Left((found, _)) => found,
        Either::Right(_) => Err(format!("it did not answer within {} s", LIMIT.as_secs())),
    }
}

/// An article is known by the address that it was asked for by.
async fn fetch(address: SafeUrl, allowed: Allowance<'_>, known: &Validators) -> Fetched {
    let mut url = address.clone();
    for _ in 0..=MAX_REDIRECTS {
        let mut response = send(&url, known)
            .await
            .map_err(|error| format!("it could not be fetched: {error}"))?;
        let status = response.status_code();
        if status == 304 {
            return Ok(None);
        }
        if (300..400).contains(&status) {
            let target = header(&response, "location")
                .ok_or_else(|| format!("it answered {status} without saying where to go"))?;
            url = url
                .join(&target, allowed)
                .map_err(|error| format!("it leads elsewhere: {error}"))?;
            continue;
        }
        if status != 200 {
            return Err(format!("it answered {status}"));
        }
        let content_type = header(&response, "content-type");
        let body = bytes_of(&mut response).await?;
        let (etag, last_modified) = (
            header(&response, "etag"),
            header(&response, "last-modified"),
        );
        let marks = Validators::of(etag.as_deref(), last_modified.as_deref(), &body);
        if known.is_unchanged(status, &marks) {
            return Ok(None);
        }
        let fetched = page::Fetched {
            url: &url,
            content_type: content_type.as_deref(),
            body: &body,
        };
        let article = page::read(&address, fetched)
            .map_err(|problem| problem.to_string())?
            .article;
        return Ok(Some(Found {
            key: article.key.clone(),
            article: imports::article(article),
            marks,
        }));
    }
    Err("it leads on and on".to_owned())
}

async fn send(url: &SafeUrl, known: &Validators) -> worker::Result<Response> {
    let headers = Headers::new();
    for (name, value) in known.headers() {
        headers.set(name, value)?;
    }
    headers.set("accept", "text/html, text/markdown, text/plain")?;
    headers.set(
        "user-agent",
        "Edgedesk (imports articles that somebody asked for)",
    )?;
    let mut init = RequestInit::new();
    init.with_headers(headers)
        .with_redirect(RequestRedirect::Manual);
    let request = Request::new_with_init(url.as_str(), &init)?;
    Fetch::Request(request).send().await
}

/// The body, unless it is too large: what is behind the bound is not waited for.
async fn bytes_of(response: &mut Response) -> Result<Vec<u8>, String> {
    let broken = |error: worker::Error| format!("its answer broke off: {error}");
    let mut body = Vec::new();
    let mut pieces = response.stream().map_err(broken)?;
    while let Some(piece) = pieces.next().await {
        body.extend(piece.map_err(broken)?);
        if body.len() > MAX_PAGE_BYTES {
            return Err("the page is larger than 4 MiB".to_owned());
        }
    }
    Ok(body)
}

fn header(response: &Response, name: &str) -> Option<String> {
    response.headers().get(name).ok().flatten()
}
