//! No SQL of the product is made of values: they are bound. D1 statements are `&'static str` by type; objects take a text, so
//! that the sources are looked at.

use std::path::{Path, PathBuf};

/// Where SQL of the product is.
const FOLDERS: [&str; 3] = ["shared", "durable-objects", "workers"];

/// Words that only SQL has in capitals.
const SQL_WORDS: [&str; 9] = [
    "SELECT ",
    "INSERT ",
    "UPDATE ",
    "DELETE FROM ",
    " WHERE ",
    " VALUES ",
    " ORDER BY ",
    "CREATE TABLE ",
    "PRAGMA ",
];

/// Sources below a folder that are not tests.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    let entries = std::fs::read_dir(folder).expect("a folder of sources");
    for entry in entries {
        let path = entry.expect("an entry").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() {
            if !["tests", "target", "build", "node_modules"].contains(&name.as_ref()) {
                sources(&path, found);
            }
        } else if name.ends_with(".rs") && !["tests.rs", "testing.rs"].contains(&name.as_ref()) {
            found.push(path);
        }
    }
}

/// What stands before the tests of a file.
fn product(source: &str) -> &str {
    source
        .split_once("#[cfg(test)]\nmod tests {")
        .map_or(source, |(product, _)| product)
}

/// Texts that are made by `format!` and its like, with the line that each begins in.
fn made_texts(source: &str) -> Vec<(usize, &str)> {
    let mut texts = Vec::new();
    for name in ["format!(", "format_args!(", "write!(", "writeln!("] {
        for (at, _) in source.match_indices(name) {
            let arguments = &source[at + name.len()..];
            let Some(begin) = arguments.find('"') else {
                continue;
            };
            let text = &arguments[begin + 1..];
            let end = text
                .char_indices()
                .find(|(at, letter)| *letter == '"' && !text[..*at].ends_with('\\'))
                .map_or(text.len(), |(at, _)| at);
            let line = source[..at].lines().count();
            texts.push((line, &text[..end]));
        }
    }
    texts
}

/// Names in the braces of a text that is made.
fn placeholders(text: &str) -> impl Iterator<Item = &str> {
    text.split('{')
        .skip(1)
        .filter_map(|rest| rest.split_once('}').map(|(name, _)| name))
        .map(|name| name.split(':').next().unwrap_or_default())
}

fn is_sql(text: &str) -> bool {
    SQL_WORDS.iter().any(|word| text.contains(word))
}

fn is_constant(name: &str) -> bool {
    !name.is_empty()
        && name
            .chars()
            .all(|letter| letter.is_ascii_uppercase() || letter == '_')
}

/// Places in a source where SQL is made of something that is no constant.
fn faults(source: &str) -> Vec<String> {
    let source = product(source);
    let mut faults = Vec::new();
    for (line, text) in made_texts(source) {
        if is_sql(text) {
            let values = placeholders(text).filter(|name| !is_constant(name));
            faults.extend(values.map(|name| format!("{line}: `{{{name}}}` in SQL")));
        }
    }
    for (number, line) in source.lines().enumerate() {
        let pasted = [
            "sql.push_str(&",
            "statement.push_str(&",
            "sql += &",
            "sql + &",
        ];
        if pasted.iter().any(|pasted| line.contains(pasted)) {
            faults.push(format!("{}: a value at the end of SQL", number + 1));
        }
    }
    faults
}

#[test]
fn no_sql_of_the_product_is_made_of_values() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut files = Vec::new();
    for folder in FOLDERS {
        sources(&root.join(folder), &mut files);
    }
    let mut n_with_sql = 0;
    for file in files {
        let source = std::fs::read_to_string(&file).expect("a source");
        n_with_sql += usize::from(is_sql(&source));
        assert_eq!(faults(&source), Vec::<String>::new(), "{}", file.display());
    }
    assert!(n_with_sql > 20, "{n_with_sql}");
}

#[test]
fn d1_takes_no_text_but_a_constant() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let database = std::fs::read_to_string(root.join("shared/store/src/database.rs"));
    let database = database.expect("the source of the databases");
    assert!(database.contains("async fn query(&self, sql: &'static str,"));
    assert!(database.contains("pub sql: &'static str,"));
    for file in ["shared/store/src", "workers"] {
        let mut files = Vec::new();
        sources(&root.join(file), &mut files);
        for file in files {
            let source = std::fs::read_to_string(&file).expect("a source");
            assert!(!product(&source).contains(".leak()"), "{}", file.display());
        }
    }
}

#[test]
fn sql_with_a_value_in_it_is_seen() {
    for bad in [
        r#"exec(&format!("SELECT * FROM t WHERE id = '{id}'"), &[])"#,
        r#"write!(sql, "DELETE FROM t WHERE id = {}", id)"#,
        r#"format!("UPDATE {TABLE} SET a = {value:?}")"#,
        "sql.push_str(&value);",
    ] {
        assert_eq!(faults(bad).len(), 1, "{bad}");
    }
    for good in [
        r#"exec(&format!("SELECT {COLUMNS} FROM t WHERE id = ?"), &[])"#,
        r#"exec("SELECT * FROM t WHERE id = ?", &[id.into()])"#,
        r#"format!("{n} of {m} rows")"#,
        r#"sql.push_str(" AND seq < ?");"#,
    ] {
        assert_eq!(faults(good), Vec::<String>::new(), "{good}");
    }
}
