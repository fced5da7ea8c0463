//! What holds for every migration: it expands, or says since when nobody uses what it takes away; and it may be killed at any statement
//! and applied again.

mod resume;
mod rules;

use std::path::{Path, PathBuf};

/// The kinds of databases: the directory, and shards.
const KINDS: [&str; 2] = ["directory", "shard"];

/// A migration.
#[derive(Debug, Clone)]
struct Migration {
    /// `KIND/FILE`.
    name: String,
    text: String,
}

/// The migrations of a kind, in the order in which they are applied: by their names.
fn migrations(kind: &str) -> Vec<Migration> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../migrations")
        .join(kind);
    let entries = std::fs::read_dir(&folder).expect("the migrations are there");
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.expect("a folder can be listed").path())
        .collect();
    files.sort();
    files
        .iter()
        .map(|file| Migration {
            name: format!("{kind}/{}", file.file_name().unwrap().to_str().unwrap()),
            text: std::fs::read_to_string(file).expect("a migration is a text"),
        })
        .collect()
}

/// The statements of a text, without comments and with one space between words. Texts in quotes stay as they are.
fn statements(text: &str) -> Vec<String> {
    let mut statements = vec![String::new()];
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let statement = statements.last_mut().expect("there is one");
        match letter {
            '-' if letters.peek() == Some(&'-') => {
                letters.by_ref().find(|letter| *letter == '\n');
                space(statement);
            }
            '/' if letters.peek() == Some(&'*') => {
                letters.next();
                let mut last = ' ';
                for letter in letters.by_ref() {
                    if last == '*' && letter == '/' {
                        break;
                    }
                    last = letter;
                }
                space(statement);
            }
            // A quote is written as two, which are two texts here: that makes no difference.
            '\'' | '"' | '`' => {
                statement.push(letter);
                for inner in letters.by_ref() {
                    statement.push(inner);
                    if inner == letter {
                        break;
                    }
                }
            }
            ';' => statements.push(String::new()),
            _ if letter.is_whitespace() => space(statement),
            _ => statement.push(letter),
        }
    }
    let statements = statements
        .iter()
        .map(|statement| statement.trim().to_owned());
    statements
        .filter(|statement| !statement.is_empty())
        .collect()
}

fn space(statement: &mut String) {
    if !statement.ends_with(' ') {
        statement.push(' ');
    }
}

#[test]
fn statements_are_told_apart() {
    let text = "-- a; b\nCREATE TABLE t (a TEXT -- it's; c\n, b TEXT DEFAULT 'x;  ''y');\n/* d; */ DROP\n TABLE t;\n-- end\n";
    assert_eq!(
        statements(text),
        [
            "CREATE TABLE t (a TEXT , b TEXT DEFAULT 'x;  ''y')",
            "DROP TABLE t"
        ]
    );
    assert_eq!(statements("-- nothing;\n"), Vec::<String>::new());
}
