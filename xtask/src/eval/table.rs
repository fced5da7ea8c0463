//! Labelled texts from files: tab-separated with or without a header, or JSON lines; plain or gzip.

use std::fmt;
use std::io::Read;
use std::path::Path;

use anyhow::Result;
use flate2::read::MultiGzDecoder;
use serde::de::DeserializeOwned;

/// What whoever called should mend: a file, a column, a line. Such an error ends the command with exit code 2.
#[derive(Debug)]
pub struct BadInput(pub String);

impl fmt::Display for BadInput {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for BadInput {}

/// Ends with [`BadInput`].
macro_rules! bad_input {
    ($($part:tt)*) => { return Err($crate::eval::table::BadInput(format!($($part)*)).into()) };
}
pub(crate) use bad_input;

/// A column that a task reads.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// Names that it may have in a header; the first is the one to speak of.
    pub names: &'static [&'static str],
    /// Whether the task works without it.
    pub is_optional: bool,
}

/// A column that must be there.
pub const fn required(names: &'static [&'static str]) -> Column {
    Column {
        names,
        is_optional: false,
    }
}

/// A column that may be there.
pub const fn optional(names: &'static [&'static str]) -> Column {
    Column {
        names,
        is_optional: true,
    }
}

/// One row: its line in the file, from 1, and its values in the order of the columns that were asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub number: usize,
    pub values: Vec<Option<String>>,
}

impl Line {
    /// The value of a column; empty when an optional one is absent.
    pub fn value(&self, column: usize) -> &str {
        let value = self.values.get(column).and_then(Option::as_deref);
        value.unwrap_or_default()
    }
}

/// Reads the columns of a table. One rule for every task: a first line that names the required columns is a header, in any
/// order and with any others; one that names none of the columns is a row already, and then there are as many columns as
/// the task has, or as it requires, in that order. A first line that names some columns is a header that lacks others.
///
/// # Errors
/// [`BadInput`] for a file that cannot be read or has no rows, a column that is missing, a line that is too short.
pub fn read_table(path: &Path, columns: &[Column]) -> Result<Vec<Line>> {
    let shown = path.display();
    let text = read_text(path)?;
    let mut lines = text
        .lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line.trim_end_matches('\r')))
        .filter(|(_, line)| !line.is_empty())
        .peekable();
    let Some(&(_, first)) = lines.peek() else {
        bad_input!("{shown}: the file is empty");
    };
    let places = if let Some(places) = header(first, columns) {
        lines.next();
        places
    } else if let Some(places) = by_order(first, columns) {
        places
    } else if columns.iter().all(|column| place(first, column).is_none()) {
        bad_input!(
            "{shown}: line 1: {} columns; without a header they are {}",
            first.split('\t').count(),
            order(columns)
        );
    } else {
        let missing: Vec<&str> = columns
            .iter()
            .filter(|column| !column.is_optional && place(first, column).is_none())
            .map(|column| column.names[0])
            .collect();
        bad_input!(
            "{shown}: line 1: no column `{}` in the header `{}`",
            missing.join("`, `"),
            first
                .replace('\t', ", ")
                .chars()
                .take(200)
                .collect::<String>()
        );
    };
    let n_fields = places.iter().flatten().max().map_or(0, |last| last + 1);
    let mut rows = Vec::new();
    for (number, line) in lines {
        // Only the last column may hold further tabs.
        let fields: Vec<&str> = line
            .splitn(n_fields.max(first.split('\t').count()), '\t')
            .collect();
        if fields.len() < n_fields {
            bad_input!(
                "{shown}: line {number}: {} columns where {n_fields} are needed",
                fields.len()
            );
        }
        let value = |place: &Option<usize>| Some((*fields.get((*place)?)?).to_owned());
        rows.push(Line {
            number,
            values: places.iter().map(value).collect(),
        });
    }
    if rows.is_empty() {
        bad_input!("{shown}: there are no rows below the header");
    }
    Ok(rows)
}

/// Reads one JSON object a line.
///
/// # Errors
/// [`BadInput`] for a file that cannot be read or has no rows, and for a line that is not such an object.
pub fn read_json_lines<T: DeserializeOwned>(path: &Path) -> Result<Vec<T>> {
    let text = read_text(path)?;
    let mut rows = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        match serde_json::from_str(line) {
            Ok(row) => rows.push(row),
            Err(error) => bad_input!("{}: line {}: {error}", path.display(), index + 1),
        }
    }
    if rows.is_empty() {
        bad_input!("{}: the file is empty", path.display());
    }
    Ok(rows)
}

/// The whole file as text, unpacked when its name ends in `.gz`. Bytes that are not UTF-8 become replacement characters:
/// customers send such, and a score should count them.
fn read_text(path: &Path) -> Result<String> {
    let shown = path.display();
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) => bad_input!("{shown}: {error}"),
    };
    let bytes = if path.extension().is_some_and(|suffix| suffix == "gz") {
        let mut unpacked = Vec::new();
        if let Err(error) = MultiGzDecoder::new(bytes.as_slice()).read_to_end(&mut unpacked) {
            bad_input!("{shown}: not gzip: {error}");
        }
        unpacked
    } else {
        bytes
    };
    let text = String::from_utf8_lossy(&bytes);
    Ok(text.strip_prefix('\u{feff}').unwrap_or(&text).to_owned())
}

/// The place of each column, if the line is a header that names all that are required.
fn header(line: &str, columns: &[Column]) -> Option<Vec<Option<usize>>> {
    columns
        .iter()
        .map(|column| {
            let place = place(line, column);
            (place.is_some() || column.is_optional).then_some(place)
        })
        .collect()
}

fn place(line: &str, column: &Column) -> Option<usize> {
    column.names.iter().find_map(|name| {
        line.split('\t')
            .position(|field| field.trim().eq_ignore_ascii_case(name))
    })
}

/// The place of each column in a file without a header; none if its first line is one.
fn by_order(line: &str, columns: &[Column]) -> Option<Vec<Option<usize>>> {
    if columns.iter().any(|column| place(line, column).is_some()) {
        return None;
    }
    let n_fields = line.split('\t').count();
    if n_fields == columns.len() {
        return Some((0..n_fields).map(Some).collect());
    }
    if n_fields != columns.iter().filter(|column| !column.is_optional).count() {
        return None;
    }
    let mut next = 0..n_fields;
    let places = columns.iter().map(|column| {
        if column.is_optional {
            None
        } else {
            next.next()
        }
    });
    Some(places.collect())
}

/// The columns in their order, those in brackets that may be left out.
fn order(columns: &[Column]) -> String {
    let names = columns.iter().map(|column| {
        if column.is_optional {
            format!("[{}]", column.names[0])
        } else {
            column.names[0].to_owned()
        }
    });
    names.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    const COLUMNS: [Column; 3] = [
        optional(&["lang"]),
        required(&["label", "intent"]),
        required(&["text"]),
    ];

    fn read(name: &str, bytes: &[u8]) -> Result<Vec<Vec<String>>> {
        let folder = tempdir(name);
        let path = folder.join(name);
        std::fs::write(&path, bytes)?;
        let rows = read_table(&path, &COLUMNS)?;
        Ok(rows
            .iter()
            .map(|row| (0..3).map(|at| row.value(at).to_owned()).collect())
            .collect())
    }

    fn tempdir(name: &str) -> std::path::PathBuf {
        let folder =
            std::env::temp_dir().join(format!("edgedesk-table-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a temporary folder can be made");
        folder
    }

    #[test]
    fn columns_are_found_by_name_in_any_order() {
        let rows = read(
            "a.tsv",
            b"text\tx\tINTENT\nhello\t1\tgreeting\r\n\nbye\t2\tend\n",
        )
        .unwrap();
        assert_eq!(rows, [["", "greeting", "hello"], ["", "end", "bye"]]);
    }

    #[test]
    fn a_table_without_header_is_read_by_order() {
        let rows = read("b.tsv", b"good\tfine\ngood\tvery\tfine\n").unwrap();
        assert_eq!(rows, [["", "good", "fine"], ["", "good", "very\tfine"]]);
        let rows = read("c.tsv", b"en\tgood\tfine\n").unwrap();
        assert_eq!(rows, [["en", "good", "fine"]]);
    }

    #[test]
    fn gzip_and_bytes_that_are_no_text_are_read() {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(b"\xef\xbb\xbflabel\ttext\ngood\tf\xffne\n")
            .unwrap();
        let rows = read("d.tsv.gz", &gzip.finish().unwrap()).unwrap();
        assert_eq!(rows, [["", "good", "f\u{fffd}ne"]]);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        for (name, bytes, said) in [
            ("e.tsv", b"".as_slice(), "the file is empty"),
            ("f.tsv", b"label\ttext\n", "no rows"),
            ("g.tsv", b"name\ttext\nx\ty\n", "line 1: no column `label`"),
            ("j.tsv", b"lang\tother\nx\ty\n", "no column `label`, `text`"),
            (
                "k.tsv",
                b"a\tb\tc\td\n",
                "line 1: 4 columns; without a header they are [lang], label, text",
            ),
            (
                "h.tsv",
                b"label\ttext\ngood\tfine\nalone\n",
                "line 3: 1 columns where 2",
            ),
            ("i.tsv.gz", b"label\ttext\n", "not gzip"),
        ] {
            let error = read(name, bytes).unwrap_err();
            assert!(error.is::<BadInput>(), "{error:?}");
            assert!(error.to_string().contains(said), "{error}");
        }
        let error = read_table(Path::new("/no/such.tsv"), &COLUMNS).unwrap_err();
        assert!(error.is::<BadInput>() && error.to_string().contains("/no/such.tsv"));
    }

    #[test]
    fn a_broken_json_line_is_said_with_its_number() {
        let path = tempdir("json").join("queries.jsonl");
        std::fs::write(&path, "{\"a\":1}\n\n{\"a\":").unwrap();
        let error = read_json_lines::<serde_json::Value>(&path).unwrap_err();
        assert!(error.to_string().contains("line 3"), "{error}");
    }
}
