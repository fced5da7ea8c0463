//! What a page says of itself, and where in it the article stands.

use html5gum::Token;

use super::{Tag, attribute, name_of, tokens};
use crate::import::one_line;

/// Where the article stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Root {
    /// In `<main>`, or what has its role.
    Main,
    /// In `<article>`; of several, in all of them.
    Article,
    /// Anywhere.
    Body,
}

impl Root {
    pub(super) fn begins_with(self, tag: &Tag) -> bool {
        let name = name_of(&tag.name);
        match self {
            Self::Main => {
                name == "main" || attribute(tag, "role").is_some_and(|role| role == "main")
            }
            Self::Article => name == "article",
            Self::Body => false,
        }
    }
}

/// What a page says of itself.
#[derive(Debug)]
pub(super) struct Survey {
    pub(super) root: Root,
    /// That of the head.
    pub(super) title: Option<String>,
    /// A language tag.
    pub(super) language: Option<String>,
    pub(super) canonical: Option<String>,
    pub(super) charset: Option<String>,
}

pub(super) fn survey(text: &str) -> Survey {
    let mut found = Survey {
        root: Root::Body,
        title: None,
        language: None,
        canonical: None,
        charset: None,
    };
    let mut title: Option<String> = None;
    for Ok(token) in tokens(text) {
        match token {
            Token::StartTag(tag) => {
                found.take(&tag);
                // That of a picture in the page is none of the page's.
                if name_of(&tag.name) == "title" && found.title.is_none() {
                    title = Some(String::new());
                }
            }
            Token::String(text) => {
                if let Some(title) = &mut title {
                    title.push_str(&String::from_utf8_lossy(&text));
                }
            }
            Token::EndTag(tag) if name_of(&tag.name) == "title" => {
                if let Some(title) = title.take() {
                    found.title.get_or_insert(one_line(&title));
                }
            }
            _ => {}
        }
    }
    found
}

impl Survey {
    fn take(&mut self, tag: &Tag) {
        if Root::Main.begins_with(tag) {
            self.root = Root::Main;
        } else if Root::Article.begins_with(tag) && self.root == Root::Body {
            self.root = Root::Article;
        }
        match name_of(&tag.name) {
            "html" if self.language.is_none() => self.language = attribute(tag, "lang"),
            "link" if self.canonical.is_none() => {
                let relations = attribute(tag, "rel").unwrap_or_default().to_lowercase();
                if relations
                    .split_whitespace()
                    .any(|relation| relation == "canonical")
                {
                    self.canonical = attribute(tag, "href");
                }
            }
            "meta" if self.charset.is_none() => {
                let is_type = attribute(tag, "http-equiv")
                    .is_some_and(|name| name.eq_ignore_ascii_case("content-type"));
                let of_type = || {
                    let content = attribute(tag, "content").filter(|_| is_type)?;
                    crate::page::charset_of(&content).map(str::to_owned)
                };
                self.charset = attribute(tag, "charset").or_else(of_type);
            }
            _ => {}
        }
    }
}
