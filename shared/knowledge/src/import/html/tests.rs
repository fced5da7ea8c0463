use proptest::prelude::*;

use super::*;
use crate::blocks::{BlockKind, blocks};

fn page(html: &str) -> Page {
    read("a.html", html, None).unwrap()
}

fn body(html: &str) -> String {
    page(html).found.body
}

fn check(html: &str, expected: &str) {
    assert_eq!(body(html), expected, "{html}");
}

#[test]
fn a_page_becomes_an_article() {
    let html = "<!doctype html><html lang='en-GB'><head><title>Returns | Acme</title><style>p{}</style>\
        <script>var a = '<p>no</p>';</script></head><body><header>Acme</header><nav><a href='/'>Home</a></nav>\
        <main><header><h1>Returning <em>things</em></h1></header>\
        <p>Send it back within\n  <strong>30 days</strong>, see <a href='https://acme.example/how_to?a=1&amp;b=(2)'>how</a>.</p>\
        <h2>What you need</h2><ul><li>the <code>receipt</code><li>a box<ol start=3><li>large<li>strong</ol></ul>\
        <blockquote><p>Kept &amp; cared for<p>Twice</blockquote>\
        <pre><code class='language-sh'>ship --back\n  now\n</code></pre>\
        <table><thead><tr><th>plan<th>days</thead><tr><td>Pro | Max<td>60</table>\
        <img src=x.png alt='A red box'><form>Was this helpful? <button>Yes</button></form></main>\
        <footer>Imprint</footer></body></html>";
    let page = page(html);
    assert_eq!(page.found.title, "Returning things");
    assert_eq!(page.found.language.as_deref(), Some("en"));
    assert_eq!(
        page.found.body,
        "Send it back within **30 days**, see [how](https://acme.example/how\\_to?a=1&amp;b=%282%29).\n\n\
        ## What you need\n\n- the `receipt`\n- a box\n\n  3. large\n  4. strong\n\n\
        > Kept & cared for\n>\n> Twice\n\n```\nship --back\n  now\n```\n\n\
        | plan | days |\n| --- | --- |\n| Pro \\| Max | 60 |\n\nA red box"
    );
    let texts: Vec<String> = blocks(&page.found.body)
        .into_iter()
        .map(|block| block.text)
        .collect();
    assert_eq!(
        texts,
        [
            "Send it back within 30 days, see how.",
            "What you need",
            "the receipt",
            "a box",
            "large",
            "strong",
            "Kept & cared for",
            "Twice",
            "ship --back\n  now",
            "plan days",
            "Pro | Max 60",
            "A red box"
        ]
    );
}

#[test]
fn the_article_is_where_the_page_says_it_is() {
    for (html, expected) in [
        ("<p>a<main><p>b</main><p>c", "b"),
        ("<p>a<div role=main>b<div>c</div>d</div>e", "b\n\nc\n\nd"),
        ("<p>a<article>b</article>c<article>d</article>", "b\n\nd"),
        ("<article>a</article><main>b</main>", "b"),
        // What should be the article is empty, or never ends.
        ("<p>a<main></main>", "a"),
        ("<p>a<main>b<p>c", "b\n\nc"),
        ("<header>a</header><p>b", "b"),
        ("<article><header>a</header><p>b</article>", "a\n\nb"),
        ("a<nav>b<nav>c</nav>d</nav>e", "ae"),
        // What is never closed ends with what is around it.
        ("<main>a<nav>b</main>c", "a"),
        (
            "a<div hidden>b<div>c</div></div>d<span aria-hidden=true>#</span>",
            "ad",
        ),
        ("a<svg><title>b</title><path/></svg>c<svg/>d", "acd"),
        ("a<textarea><p>b</textarea>c", "ac"),
    ] {
        check(html, expected);
    }
}

#[test]
fn the_title_is_the_first_heading_or_the_heads_or_the_name() {
    for (html, expected) in [
        ("<title>T</title><h1>H <b>b</b></h1><p>x", "H b"),
        ("<title>T &amp;\n more</title><h2>H</h2><p>x", "T & more"),
        ("<title></title><h1></h1><p>x", "A"),
        ("<title>T</title><h1>H</h1><main><p>x</main>", "T"),
    ] {
        assert_eq!(page(html).found.title, expected, "{html}");
    }
    check("<h1>One</h1><p>x<h1>Two</h1><p>y", "x\n\n# Two\n\ny");
    for empty in [
        "",
        "<h1>Only</h1>",
        "<script>x</script>",
        "<div id=app></div><noscript>Turn it on</noscript>",
        " \n&nbsp;",
    ] {
        assert_eq!(read("a.html", empty, None), Err(Problem::NoText), "{empty}");
    }
}

#[test]
fn links_lead_to_pages_and_mail_alone() {
    for (href, expected) in [
        ("https://x.example/a b", "[t](https://x.example/a%20b)"),
        ("HTTP://X.example", "[t](http://x.example/)"),
        ("mailto:a@x.example", "[t](mailto:a@x.example)"),
        ("javascript:alert(1)", "t"),
        ("java\nscript:alert(1)", "t"),
        (" &#106;avascript:alert(1)", "t"),
        ("data:text/html,x", "t"),
        ("vbscript:x", "t"),
        ("file:///etc/passwd", "t"),
        ("https://user:pass@x.example/", "t"),
        ("/relative", "t"),
        ("#place", "t"),
        (
            "https://x.example/)[a](javascript:b",
            "[t](https://x.example/%29\\[a\\]%28javascript:b)",
        ),
    ] {
        check(&format!("<a href=\"{href}\">t</a>"), expected);
    }
    let base = Url::parse("https://x.example/help/a").unwrap();
    let found = read(
        "a",
        "<a href=b>t</a> <a href=//y.example>u</a>",
        Some(&base),
    )
    .unwrap();
    assert_eq!(
        found.found.body,
        "[t](https://x.example/help/b) [u](https://y.example/)"
    );
}

#[test]
fn marks_are_written_where_markdown_takes_them() {
    for (html, expected) in [
        ("a<b> b </b>c", "a **b** c"),
        ("<b>F</b>irst", "**F**irst"),
        ("<b>a</b><i>b</i>", "**a**b"),
        ("<b><i>a</i></b>", "***a***"),
        ("<b>(a)</b>b", "(a)b"),
        ("<b>(a)</b> b", "**(a)** b"),
        ("<del>old</del> new", "~~old~~ new"),
        ("<b></b><i> </i>a", "a"),
        ("<code>a`b</code>", "``a`b``"),
        (
            "<a href=https://x.example><b>a</b> b</a>",
            "[**a** b](https://x.example/)",
        ),
        (
            "Look!<a href=https://x.example>a</a>",
            "Look\\![a](https://x.example/)",
        ),
        ("a<br>b<br><br>c", "a\\\nb\n\nc"),
        ("<b>a<p>b", "**a**\n\nb"),
        ("<dl><dt>Term<dd>What it is</dl>", "**Term**\n\nWhat it is"),
        ("1. a<br># b<br>- c", "1\\. a\\\n\\# b\\\n\\- c"),
        ("<h2>a<br>b #</h2>", "## a b # #"),
        (
            "<ul><li><p>a<p>b<li>c<ul><li>d</ul></ul>e",
            "- a\n\n  b\n- c\n  - d\n\ne",
        ),
        ("<li>a<li>b", "- a\n- b"),
        (
            "<ul><li><blockquote>a<br>b</blockquote></ul>",
            "- > a\\\n  > b",
        ),
        ("<table><tr><td>a<br>b<p>c<tr><td>d</table>", "a b c\n\nd"),
        (
            "<table><caption>t</caption><tr><td>a<td><table><tr><td>b</table><td>c</table>",
            "| t |  |  |\n| --- | --- | --- |\n| a | b | c |",
        ),
    ] {
        check(html, expected);
    }
}

proptest! {
    /// What is text on a page is text in the article, and marks up nothing.
    #[test]
    fn text_stays_text(text in "([#*_`~<>|:=+.)(&;!\\\\-]|\\[|\\]|[0-9]|a|ä| ){1,40}") {
        let words = super::super::one_line(&text);
        let escaped = text.replace('&', "&amp;").replace('<', "&lt;");
        for html in [format!("<p>{escaped}</p>"), format!("<p>x</p><p><b></b>{escaped}")] {
            let Ok(page) = read("a.html", &html, None) else {
                prop_assert!(words.is_empty());
                continue;
            };
            let last = blocks(&page.found.body).into_iter().next_back().unwrap();
            let expected = if words.is_empty() { "x" } else { &words };
            prop_assert_eq!((last.kind, last.text.as_str()), (BlockKind::Text, expected), "{}", page.found.body);
        }
    }

    /// Whatever tags stand around them, words are neither lost nor marked up, and nothing of HTML is left.
    #[test]
    fn words_are_kept_whatever_is_around_them(
        html in "(</?(p|b|i|em|a|code|ul|ol|li|h2|h3|blockquote|table|tr|td|div|br|pre|del)>|w[0-9]{2}[ *_.!&-]|<a href=https://x\\.example/a_b>| ){0,60}",
    ) {
        let words = |text: &str| -> Vec<String> {
            let characters: String = text.chars().filter(|character| !character.is_whitespace()).collect();
            characters.split('w').skip(1).map(str::to_owned).collect()
        };
        let text_of = |html: &str| {
            let mut text = String::new();
            for Ok(token) in tokens(html) {
                if let Token::String(string) = token {
                    text.push_str(&String::from_utf8_lossy(&string));
                }
            }
            text
        };
        let expected = words(&text_of(&html));
        let Ok(page) = read("a.html", &html, None) else {
            prop_assert!(expected.is_empty(), "{:?}", expected);
            return Ok(());
        };
        let found = blocks(&page.found.body);
        let texts: Vec<String> = found.into_iter().map(|block| block.text).collect();
        let mut found = words(&texts.join(" "));
        let (mut expected, of_body) = (expected, page.found.body);
        found.sort();
        expected.sort();
        prop_assert_eq!(found, expected, "{}", of_body);
    }

    #[test]
    fn any_page_is_read(html in "(<[a-z/!?-]{0,6}[ a-z=\"'>]{0,6}|\\PC|&[a-z#0-9]{0,5};?){0,40}") {
        if let Ok(page) = read("a.html", &html, None) {
            // Inert: of HTML a reader of Markdown would find nothing.
            let parser = pulldown_cmark::Parser::new(&page.found.body);
            for event in parser {
                prop_assert!(!matches!(event, pulldown_cmark::Event::Html(_) | pulldown_cmark::Event::InlineHtml(_)));
            }
        }
    }
}
