//! Links and e-mail addresses that lead to where no source does.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use super::Flaw;

/// Whether every link and address in `text` is in one of the `known` texts.
pub fn check<'a>(text: &str, known: impl Iterator<Item = &'a str>) -> Result<(), Flaw> {
    let found = Found::in_text(text);
    if found.links.is_empty() && found.addresses.is_empty() && found.hosts.is_empty() {
        return Ok(());
    }
    let mut ours = Found::default();
    for text in known {
        ours.add(text);
    }
    // An address of ours shows a host that is ours.
    if !found.links.is_subset(&ours.links) || !found.hosts.is_subset(&ours.hosts) {
        return Err(Flaw::Link);
    }
    if !found.addresses.is_subset(&ours.addresses) {
        return Err(Flaw::Address);
    }
    Ok(())
}

#[derive(Debug, Default)]
struct Found {
    /// With a scheme or a path, in lower case.
    links: BTreeSet<String>,
    /// Names of hosts alone. Those of links and addresses, too, so that a text may name them.
    hosts: BTreeSet<String>,
    addresses: BTreeSet<String>,
}

impl Found {
    fn in_text(text: &str) -> Self {
        let mut found = Self::default();
        found.add(text);
        found
    }

    fn add(&mut self, text: &str) {
        // Marks of Markdown and quotes are no part of a link.
        let ends = |character: char| {
            character.is_whitespace() || "<>\"'`()[]{}|*,;，。；、（）「」«»“”„".contains(character)
        };
        for word in text.split(ends) {
            self.add_word(&word.to_lowercase());
        }
    }

    fn add_word(&mut self, word: &str) {
        let word = word.trim_matches(['.', ':', '!', '?', '_', '~']);
        let word = word.trim_end_matches('/');
        if let Some((scheme, rest)) = word.split_once("://") {
            // `see:https://…` has a word in front.
            let scheme = scheme.rsplit(':').next().unwrap_or_default();
            self.links.insert(format!("{scheme}://{rest}"));
            self.hosts.insert(host(rest).to_owned());
            return;
        }
        let word = word.strip_prefix("mailto:").unwrap_or(word);
        if let Some((local, domain)) = word.split_once('@') {
            // A handle such as `@shop` has nothing in front.
            if !local.is_empty() && domain.contains('.') {
                let domain = host(domain);
                self.addresses.insert(format!("{local}@{domain}"));
                self.hosts.insert(domain.to_owned());
                return;
            }
        }
        let word = word.strip_prefix("//").unwrap_or(word);
        let name = host(word);
        let is_alone = name == word;
        if looks_like_host(name, !is_alone) {
            self.hosts.insert(name.to_owned());
            if !is_alone {
                self.links.insert(word.to_owned());
            }
        }
    }
}

/// The name of the host that a link without its scheme begins with. Whoever is in front of an `@` is nobody.
fn host(rest: &str) -> &str {
    let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or(rest);
    let host = authority.rsplit('@').next().unwrap_or(authority);
    host.split(':').next().unwrap_or(host)
}

/// Whether a word without a scheme is taken for a host: `www.…`, two labels with an end that is one, or anything like it with a path.
/// `e.g`, `3.5` and `settings.json` are none.
fn looks_like_host(name: &str, has_path: bool) -> bool {
    let is_number = has_path && name.parse::<Ipv4Addr>().is_ok();
    if name.starts_with("www.") || is_number {
        return true;
    }
    let Some((before, last)) = name.rsplit_once('.') else {
        return false;
    };
    let is_label = |label: &str| {
        let of_label = |character: char| character.is_alphanumeric() || character == '-';
        !label.is_empty() && label.chars().all(of_label)
    };
    let is_name = before.split('.').all(is_label) && before.chars().count() > 1;
    let is_plain = last.chars().count() > 1 && last.chars().all(char::is_alphabetic);
    let is_end = last.starts_with("xn--")
        || is_plain && (has_path || last.len() == 2 || ENDS.contains(&last));
    is_name && is_end
}

/// Top-level domains of more than two letters that links of strangers mostly have, and those that nobody has (RFC 2606).
const ENDS: [&str; 34] = [
    "app", "biz", "click", "cloud", "club", "com", "dev", "edu", "email", "example", "gov", "help",
    "icu", "info", "int", "invalid", "link", "live", "mil", "mobi", "net", "online", "org", "page",
    "pro", "shop", "site", "store", "support", "tech", "test", "top", "website", "xyz",
];

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: &str = "See https://Shop.example/returns. Write to help@shop.example, or come to www.shop.example/map";

    #[test]
    fn what_a_source_has_may_be_repeated() {
        for text in [
            "Nothing here: e.g. 3.5 kg, z.B. settings.json, v1.2.3, 10:30, and/or, a@b",
            "[Returns](https://shop.example/returns/).",
            "HTTPS://SHOP.EXAMPLE/RETURNS!",
            "help@shop.example, mailto:help@shop.example",
            "on shop.example",
            "www.shop.example/map",
            "Done.Thanks",
        ] {
            assert_eq!(check(text, [KNOWN].into_iter()), Ok(()), "{text}");
        }
    }

    #[test]
    fn what_leads_elsewhere_is_found() {
        for text in [
            "https://evil.example",
            "https://shop.example/returns?next=https://evil.example",
            "https://shop.example@evil.example/returns",
            "http://shop.example/returns",
            "![x](https://evil.example/a.png)",
            "<//evil.example/x>",
            "evil.example",
            "evil.com",
            "EVIL.COM/login",
            "shop.example.evil.com",
            "bücher.de",
            "www.evil",
            "ftp://shop.example/returns",
            "bit.ly/abc",
            "192.0.2.1/login",
            "см.https://evil.example",
            "请访问evil.com。",
            "xn--80ak6aa92e.xn--p1ai",
        ] {
            assert_eq!(check(text, [KNOWN].into_iter()), Err(Flaw::Link), "{text}");
        }
        for text in [
            "boss@shop.example",
            "help@shop.example.",
            "Help@SHOP.example",
        ] {
            let is_ours = text.to_lowercase().starts_with("help");
            assert_eq!(check(text, [KNOWN].into_iter()).is_ok(), is_ours, "{text}");
        }
        assert_eq!(check("a@evil.com", [KNOWN].into_iter()), Err(Flaw::Link));
        assert_eq!(
            check("x@www.shop.example", [KNOWN].into_iter()),
            Err(Flaw::Address)
        );
    }
}
