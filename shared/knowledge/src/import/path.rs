//! Paths of files that are imported.

/// Longest path, in characters.
pub(super) const MAX_PATH_CHARS: usize = 500;

/// A path as it is kept: `/` between folders, nothing before the first and no step back. `None` for what is no path.
///
/// The path is only a name here and opens nothing; a step back is refused since two names of one file would be two articles.
pub(super) fn tidy(path: &str) -> Option<String> {
    if path.chars().any(char::is_control) {
        return None;
    }
    let path = path.trim().replace('\\', "/");
    let mut folders = Vec::new();
    for folder in path.split('/') {
        match folder {
            "" | "." => {}
            ".." => return None,
            folder => folders.push(folder),
        }
    }
    let path = folders.join("/");
    let is_short = path.chars().count() <= MAX_PATH_CHARS;
    (!path.is_empty() && is_short).then_some(path)
}

/// What stands behind the last dot of a file's name, in small letters; empty without one.
pub(super) fn ending(path: &str) -> String {
    let ending = name(path).rsplit_once('.').map_or("", |(_, ending)| ending);
    ending.to_lowercase()
}

/// A title made of a file's name: `how-to_return.md` is "How to return".
pub(super) fn title(path: &str) -> String {
    let stem = name(path)
        .rsplit_once('.')
        .map_or(name(path), |(stem, _)| stem);
    let words = super::one_line(&stem.replace(['-', '_'], " "));
    let mut characters = words.chars();
    characters
        .next()
        .map(|first| first.to_uppercase().chain(characters).collect())
        .unwrap_or_default()
}

fn name(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_has_one_form_and_no_step_back() {
        for (path, expected) in [
            ("a.md", Some("a.md")),
            ("./guides//returns.md", Some("guides/returns.md")),
            ("/guides/./returns.md", Some("guides/returns.md")),
            ("guides\\sub\\a.md", Some("guides/sub/a.md")),
            ("a..b.md", Some("a..b.md")),
            (" ä b.md ", Some("ä b.md")),
            ("../a.md", None),
            ("a/../b.md", None),
            ("a\\..\\b.md", None),
            ("a\0.md", None),
            ("a\n.md", None),
            ("", None),
            ("/", None),
            (".", None),
        ] {
            assert_eq!(tidy(path).as_deref(), expected, "{path:?}");
        }
        assert_eq!(tidy(&"a".repeat(501)), None);
    }

    #[test]
    fn a_name_gives_its_ending_and_a_title() {
        for (path, its_ending, its_title) in [
            ("guides/how-to_return.MD", "md", "How to return"),
            ("a.b/readme", "", "Readme"),
            ("v1.2-notes.txt", "txt", "V1.2 notes"),
            (".md", "md", ""),
            ("x/äpfel.html", "html", "Äpfel"),
        ] {
            assert_eq!(ending(path), its_ending, "{path}");
            assert_eq!(title(path), its_title, "{path}");
        }
    }
}
