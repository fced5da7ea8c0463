//! Addresses that somebody types, and the pages that are fetched from there.
//!
//! An address that may be fetched is `https`, has neither a name nor a password nor a port nor a fragment, leads into no private network,
//! and reads back as itself; so is what a page leads to. A page's article is inert, and keeps to its limits.

use std::net::{Ipv4Addr, Ipv6Addr};

use edgedesk_domain::article::{MAX_ARTICLE_BYTES, MAX_TITLE_CHARS};
use edgedesk_fuzz::inert::assert_is_inert;
use edgedesk_fuzz::{parts, text};
use edgedesk_knowledge::page::{Fetched, Validators, read};
use edgedesk_knowledge::safe_url::{Allowance, MAX_URL_BYTES, SafeUrl};

pub fn run(bytes: &[u8]) {
    let [address, content_type, body] = parts(bytes);
    let (address, content_type) = (text(address), text(content_type));
    let home =
        SafeUrl::parse("https://help.acme.example/a/b", Allowance::default()).expect("a safe one");
    for url in [
        SafeUrl::parse(&address, Allowance::default()),
        home.join(&address, Allowance::default()),
    ]
    .into_iter()
    .flatten()
    {
        check_url(&url);
    }
    let validators = Validators::of(Some(&address), Some(&content_type), body);
    for (_, value) in validators.headers() {
        assert!(value.len() <= 256 && value.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
    }
    let fetched = Fetched {
        url: &home,
        content_type: Some(&content_type)
            .filter(|text| !text.is_empty())
            .map(AsRef::as_ref),
        body,
    };
    let Ok(page) = read(&home, fetched) else {
        return;
    };
    let article = page.article;
    assert_eq!(article.key, home.as_str());
    assert!((1..=MAX_TITLE_CHARS).contains(&article.title.chars().count()));
    assert!(article.body.len() <= MAX_ARTICLE_BYTES);
    if !content_type.to_lowercase().contains("markdown") {
        assert_is_inert(&article.body);
    }
    if let Some(canonical) = page.canonical {
        check_url(&canonical);
        assert_eq!(canonical.url().host_str(), home.url().host_str());
    }
}

fn check_url(url: &SafeUrl) {
    let text = url.as_str();
    assert!(text.starts_with("https://") && text.len() <= MAX_URL_BYTES);
    assert!(text.bytes().all(|byte| byte.is_ascii_graphic()));
    let parts = url.url();
    assert!(parts.username().is_empty() && parts.password().is_none());
    assert!(parts.port().is_none() && parts.fragment().is_none());
    let host = parts.host_str().expect("a host");
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    if let Ok(address) = bare.parse::<Ipv4Addr>() {
        check_v4(address);
    }
    if let Ok(address) = bare.parse::<Ipv6Addr>() {
        assert!(!address.is_loopback() && !address.is_unspecified() && !address.is_multicast());
        assert!(!address.is_unique_local() && !address.is_unicast_link_local());
        if let Some(address) = address.to_ipv4_mapped() {
            check_v4(address);
        }
    }
    assert!(host.trim_end_matches('.') != "localhost" && host.contains(['.', ':']));
    let again = SafeUrl::parse(text, Allowance::default());
    assert_eq!(again.as_ref(), Ok(url));
}

fn check_v4(address: Ipv4Addr) {
    assert!(!address.is_loopback() && !address.is_private() && !address.is_link_local());
    assert!(!address.is_unspecified() && !address.is_broadcast() && !address.is_multicast());
}
