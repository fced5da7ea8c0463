//! A browser in a few words, from its `User-Agent`: enough to recognise one's own, and no more.

/// What a browser says of itself, by the word that gives it away. The first that is there counts: most claim to be several.
const BROWSERS: &[(&str, &str)] = &[
    ("Edg/", "Edge"),
    ("EdgA/", "Edge"),
    ("EdgiOS/", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
];
/// The same for systems. An Android phone says that it is Linux, and an iPhone that it is like Mac OS X.
const SYSTEMS: &[(&str, &str)] = &[
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Mac OS X", "Mac"),
    ("Linux", "Linux"),
];

/// Such as `Firefox on Windows`; what is not known is `Unknown browser`. At most 30 characters, and none of the header's own.
#[must_use]
pub fn short_user_agent(text: &str) -> String {
    let known = |list: &[(&str, &'static str)]| {
        list.iter()
            .find(|(sign, _)| text.contains(sign))
            .map(|(_, name)| *name)
    };
    let browser = known(BROWSERS).unwrap_or("Unknown browser");
    match known(SYSTEMS) {
        Some(system) => format!("{browser} on {system}"),
        None => browser.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_told_in_a_few_words() {
        for (header, expected) in [
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:133.0) Gecko/20100101 Firefox/133.0",
                "Firefox on Windows",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0",
                "Edge on Windows",
            ),
            (
                "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36",
                "Chrome on Android",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1",
                "Safari on iPhone",
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
                "Chrome on Mac",
            ),
            ("curl/8.5.0", "curl"),
            ("", "Unknown browser"),
            ("<script>alert(1)</script>", "Unknown browser"),
        ] {
            assert_eq!(short_user_agent(header), expected, "{header}");
        }
    }

    #[test]
    fn no_pair_is_longer_than_promised() {
        for (_, browser) in BROWSERS {
            for (_, system) in SYSTEMS {
                assert!(format!("{browser} on {system}").len() <= 30);
            }
        }
    }
}
