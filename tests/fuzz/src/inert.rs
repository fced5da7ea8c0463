//! Markdown that does nothing but say something.

use pulldown_cmark::{Event, Options, Parser, Tag};

/// That no HTML is in a text, and no link or picture that leads elsewhere than to `https`, `http` and `mailto`.
///
/// # Panics
///
/// When there is one.
pub fn assert_is_inert(markdown: &str) {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
    for event in Parser::new_ext(markdown, options) {
        match event {
            Event::Html(html) | Event::InlineHtml(html) => panic!("HTML is left: {html:?}"),
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                let starts = ["https://", "http://", "mailto:"];
                let leads_out = starts.iter().any(|start| dest_url.starts_with(start));
                assert!(leads_out || dest_url.is_empty(), "a link to {dest_url:?}");
            }
            _ => {}
        }
    }
}
