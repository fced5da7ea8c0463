//! A page that was fetched: whether it changed, whether it can be read, and its article.

use sha2::{Digest, Sha256};

use crate::import::{Problem, ReadArticle, clean, html, read_markdown, read_plain};
use crate::safe_url::{Allowance, SafeUrl};

/// Largest page, in bytes.
pub const MAX_PAGE_BYTES: usize = 4 * 1024 * 1024;
/// Longest value of a header that is kept, in bytes.
const MAX_VALIDATOR_BYTES: usize = 256;

/// What a server answered.
#[derive(Debug, Clone, Copy)]
pub struct Fetched<'a> {
    /// Where it was fetched in the end, behind all redirects.
    pub url: &'a SafeUrl,
    /// The header `Content-Type`.
    pub content_type: Option<&'a str>,
    /// The bytes.
    pub body: &'a [u8],
}

/// A page that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadPage {
    /// Its article. Its key is the address.
    pub article: ReadArticle,
    /// What it says its address is, if it is one of the same host: two addresses with the same one are the same page.
    pub canonical: Option<SafeUrl>,
}

/// Why a page gives no article.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PageProblem {
    /// Neither HTML nor text.
    #[error("the page is neither HTML nor text: `{0}`")]
    ContentType(String),
    /// Another encoding than UTF-8.
    #[error("the page is not in UTF-8")]
    Charset,
    /// Too large.
    #[error("the page has more than {} MiB", MAX_PAGE_BYTES / (1024 * 1024))]
    TooLarge,
    /// No article for another reason.
    #[error(transparent)]
    Article(#[from] Problem),
}

/// Reads a page that was fetched from `address`, which is what the article is known by.
pub fn read(address: &SafeUrl, fetched: Fetched<'_>) -> Result<ReadPage, PageProblem> {
    if fetched.body.len() > MAX_PAGE_BYTES {
        return Err(PageProblem::TooLarge);
    }
    let content_type = fetched.content_type.unwrap_or("text/html");
    if charset_of(content_type).is_some_and(|charset| !is_utf8(charset)) {
        return Err(PageProblem::Charset);
    }
    let text = std::str::from_utf8(fetched.body).map_err(|_| PageProblem::Charset)?;
    let text = clean(text);
    let url = fetched.url.url();
    let (found, canonical) = match media_type(content_type).as_str() {
        "text/html" | "application/xhtml+xml" => {
            let page = html::read(url.path(), &text, Some(url))?;
            // A page whose header is silent may still say that it is something else, with bytes that happen to be UTF-8.
            if page.charset.is_some_and(|charset| !is_utf8(&charset)) {
                return Err(PageProblem::Charset);
            }
            (page.found, page.canonical)
        }
        "text/markdown" | "text/x-markdown" => (read_markdown(url.path(), &text)?, None),
        "text/plain" => (read_plain(url.path(), &text), None),
        other => return Err(PageProblem::ContentType(other.chars().take(80).collect())),
    };
    let canonical = canonical.and_then(|canonical| canonical_of(fetched.url, &canonical));
    Ok(ReadPage {
        article: found.into_article(address.as_str().to_owned())?,
        canonical,
    })
}

/// Another host's page is not ours to name.
fn canonical_of(page: &SafeUrl, canonical: &str) -> Option<SafeUrl> {
    let found = page.join(canonical, Allowance::default()).ok()?;
    let is_same_host = found.url().host_str() == page.url().host_str();
    is_same_host.then_some(found)
}

fn media_type(content_type: &str) -> String {
    let essence = content_type.split(';').next().unwrap_or_default();
    essence.trim().to_lowercase()
}

/// The encoding that a content type names.
pub(crate) fn charset_of(content_type: &str) -> Option<&str> {
    content_type.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let is_charset = name.trim().eq_ignore_ascii_case("charset");
        is_charset.then(|| value.trim().trim_matches(['"', '\'']))
    })
}

/// ASCII is a part of it.
fn is_utf8(charset: &str) -> bool {
    ["utf-8", "utf8", "us-ascii", "ascii"]
        .iter()
        .any(|name| name.eq_ignore_ascii_case(charset.trim()))
}

/// What tells an answer from an earlier one (RFC 9110, section 8.8), as it is kept between two fetches.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Validators {
    /// The header `ETag`.
    pub etag: Option<String>,
    /// The header `Last-Modified`.
    pub last_modified: Option<String>,
    /// SHA-256 of the bytes, 64 hexadecimal digits.
    pub digest: Option<String>,
}

impl Validators {
    /// Those of an answer. A header that is too long or no text of a header is left out: it is sent back one day.
    #[must_use]
    pub fn of(etag: Option<&str>, last_modified: Option<&str>, body: &[u8]) -> Self {
        Self {
            etag: etag.and_then(header_value),
            last_modified: last_modified.and_then(header_value),
            digest: Some(hex::encode(Sha256::digest(body))),
        }
    }

    /// The headers of the next request: a server that knows them answers 304 when nothing changed.
    #[must_use]
    pub fn headers(&self) -> Vec<(&'static str, &str)> {
        let etag = self.etag.as_deref().map(|etag| ("If-None-Match", etag));
        let last = self.last_modified.as_deref();
        let last = last.map(|last| ("If-Modified-Since", last));
        etag.into_iter().chain(last).collect()
    }

    /// Whether an answer is the page as it was at the fetch before: the server says so (304), or its tag or its bytes are the same. A
    /// date alone says too little: pages change twice a second, and clocks are set.
    #[must_use]
    pub fn is_unchanged(&self, status: u16, now: &Self) -> bool {
        let is_same =
            |before: &Option<String>, now: &Option<String>| before.is_some() && before == now;
        status == 304 || is_same(&self.etag, &now.etag) || is_same(&self.digest, &now.digest)
    }
}

fn header_value(value: &str) -> Option<String> {
    let value = value.trim();
    let is_visible = value.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    let is_kept = !value.is_empty() && value.len() <= MAX_VALIDATOR_BYTES && is_visible;
    is_kept.then(|| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> SafeUrl {
        SafeUrl::parse(text, Allowance::default()).unwrap()
    }

    fn page(content_type: Option<&str>, body: &[u8]) -> Result<ReadPage, PageProblem> {
        let url = url("https://help.acme.example/returns/how-to.html");
        let fetched = Fetched {
            url: &url,
            content_type,
            body,
        };
        read(&url, fetched)
    }

    #[test]
    fn a_page_is_an_article_known_by_its_address() {
        let html = b"<html lang=de><title>R - Acme</title><link rel='canonical' href='/returns'>\
            <main><h1>Returns</h1><p>See <a href='../prices?a=1&b=2'>prices</a>.</main>";
        let read = page(Some("text/html; charset=UTF-8"), html).unwrap();
        assert_eq!(
            read.article.key,
            "https://help.acme.example/returns/how-to.html"
        );
        assert_eq!(read.article.title, "Returns");
        assert_eq!(read.article.language.as_deref(), Some("de"));
        assert_eq!(
            read.article.body,
            "See [prices](https://help.acme.example/prices?a=1&amp;b=2)."
        );
        assert_eq!(
            read.canonical,
            Some(url("https://help.acme.example/returns"))
        );
    }

    #[test]
    fn a_page_of_another_host_is_not_named() {
        for href in [
            "https://evil.example/returns",
            "http://help.acme.example/",
            "//10.0.0.1/",
            "javascript:x",
            "https://[",
        ] {
            let html = format!("<link rel=canonical href='{href}'><p>Text");
            assert_eq!(
                page(None, html.as_bytes()).unwrap().canonical,
                None,
                "{href}"
            );
        }
    }

    #[test]
    fn texts_are_read_as_what_they_are_and_files_not_at_all() {
        let read = page(Some("text/markdown"), b"# Title\n\n*Text*")
            .unwrap()
            .article;
        assert_eq!(
            (read.title.as_str(), read.body.as_str()),
            ("Title", "*Text*")
        );
        let read = page(Some("text/plain;charset=us-ascii"), b"*Text*")
            .unwrap()
            .article;
        assert_eq!(
            (read.title.as_str(), read.body.as_str()),
            ("How to", "\\*Text\\*")
        );
        for other in ["application/pdf", "image/svg+xml", "text/html2", ""] {
            assert_eq!(
                page(Some(other), b"x"),
                Err(PageProblem::ContentType(other.to_owned()))
            );
        }
    }

    #[test]
    fn only_utf8_is_read() {
        for (content_type, body) in [
            (Some("text/html; charset=iso-8859-1"), b"<p>x".as_slice()),
            (Some("text/html; Charset=\"windows-1252\""), b"<p>x"),
            (None, b"<meta charset=latin1><p>x"),
            (
                None,
                b"<meta http-equiv=Content-Type content='text/html; charset=shift_jis'><p>x",
            ),
            (Some("text/html"), b"<p>caf\xe9"),
            (None, b"\xff\xfe<\0p\0"),
        ] {
            assert_eq!(
                page(content_type, body),
                Err(PageProblem::Charset),
                "{content_type:?}"
            );
        }
        assert!(
            page(
                Some("text/html;charset=utf-8"),
                b"<meta charset=UTF8><p>caf\xc3\xa9"
            )
            .is_ok()
        );
        assert_eq!(
            page(None, &vec![b' '; MAX_PAGE_BYTES + 1]),
            Err(PageProblem::TooLarge)
        );
        assert_eq!(
            page(None, b"<script>1</script>"),
            Err(PageProblem::Article(Problem::NoText))
        );
    }

    #[test]
    fn a_page_is_unchanged_by_what_the_server_says_or_by_its_bytes() {
        let before = Validators::of(Some("\"1\""), Some("Tue, 01 Sep 2026 00:00:00 GMT"), b"a");
        let now = |etag, body| Validators::of(etag, Some("Tue, 01 Sep 2026 00:00:00 GMT"), body);
        for (status, now, expected) in [
            (304, Validators::default(), true),
            (200, now(Some("\"1\""), b"b"), true),
            (200, now(Some("\"2\""), b"a"), true),
            (200, now(Some("\"2\""), b"b"), false),
            // The date alone.
            (200, now(None, b"b"), false),
        ] {
            assert_eq!(before.is_unchanged(status, &now), expected, "{now:?}");
        }
        // Of nothing that was known nothing is the same.
        assert!(!Validators::default().is_unchanged(200, &Validators::default()));
        assert_eq!(
            before.headers(),
            [
                ("If-None-Match", "\"1\""),
                ("If-Modified-Since", "Tue, 01 Sep 2026 00:00:00 GMT")
            ]
        );
    }

    #[test]
    fn no_header_is_sent_back_that_is_none() {
        let long = "x".repeat(257);
        for bad in ["", " ", "a\r\nX: y", "ä", long.as_str()] {
            assert_eq!(
                Validators::of(Some(bad), Some(bad), b"").headers(),
                [],
                "{bad:?}"
            );
        }
    }
}
