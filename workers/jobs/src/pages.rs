//! Pages of an import, fetched from their addresses.
//!
//! What an address leads to is somebody else's: it is checked before each request, also behind a redirect, and an answer is read up to
//! its bound and no further.

use std::time::Duration;

use edgedesk_knowledge::page::{self, MAX_PAGE_BYTES};
use edgedesk_knowledge::safe_url::{Allowance, SafeUrl};
use edgedesk_platform::time::sleep;
use edgedesk_retrieval::imports;
use edgedesk_wire::jobs::{ReadArticle, ReadRow};
use futures::StreamExt as _;
use futures::future::{Either, join_all, select};
use worker::{Fetch, Headers, Request, RequestInit, RequestRedirect, Response};

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

async fn read_page(url: &str, allowed: Allowance<'_>) -> ReadRow {
    let result = match SafeUrl::parse(url, allowed) {
        Ok(address) => limited(fetch(address, allowed)).await,
        Err(error) => Err(error.to_string()),
    };
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

type Found = Result<(String, ReadArticle), String>;

async fn limited(call: impl Future<Output = Found>) -> Found {
    match select(std::pin::pin!(call), std::pin::pin!(sleep(LIMIT))).await {
        Either::Left((found, _)) => found,
        Either::Right(_) => Err(format!("it did not answer within {} s", LIMIT.as_secs())),
    }
}

/// An article is known by the address that it was asked for by.
async fn fetch(address: SafeUrl, allowed: Allowance<'_>) -> Found {
    let mut url = address.clone();
    for _ in 0..=MAX_REDIRECTS {
        let mut response = send(&url)
            .await
            .map_err(|error| format!("it could not be fetched: {error}"))?;
        let status = response.status_code();
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
        let fetched = page::Fetched {
            url: &url,
            content_type: content_type.as_deref(),
            body: &body,
        };
        let article = page::read(&address, fetched)
            .map_err(|problem| problem.to_string())?
            .article;
        return Ok((article.key.clone(), imports::article(article)));
    }
    Err("it leads on and on".to_owned())
}

async fn send(url: &SafeUrl) -> worker::Result<Response> {
    let headers = Headers::new();
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
