//! Tables (CSV, RFC 4180): an article a row.

use std::collections::HashMap;
use std::ops::Range;

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};

use super::{Found, Problem, ReadRow, language_of, one_line, state_of};

/// What may stand between fields. Where the comma is in numbers, spreadsheets write semicolons.
const DELIMITERS: [u8; 2] = [b',', b';'];
/// Most fields of a row that are kept; of more only the number is known.
const MAX_FIELDS: usize = 256;

const TITLE: &str = "title";
const BODY: &str = "body";
const LANGUAGE: &str = "language";
const CATEGORY: &str = "category";
const STATE: &str = "state";
const ID: &str = "id";

/// A row as it stands in the file.
#[derive(Debug)]
struct Record {
    /// From 1.
    line: u32,
    fields: Vec<String>,
    n_fields: usize,
    is_closed: bool,
}

/// Reads the rows of a table, at most `most`. The first row names the columns, in any order and case; a column that is not known is left alone.
pub(super) fn read(path: &str, text: &str, most: usize, rows: &mut Vec<ReadRow>) {
    let (mut records, columns) = match open(text) {
        Ok(opened) => opened,
        Err(problem) => {
            rows.push(ReadRow {
                line: Some(1),
                ..ReadRow::broken(path.to_owned(), problem)
            });
            return;
        }
    };
    for _ in 0..most {
        let Some(record) = records.next() else { return };
        rows.push(columns.row(path, &record));
    }
}

/// The rows behind the header, and its columns, with the delimiter that gives the columns that are needed.
fn open(text: &str) -> Result<(Records<'_>, Columns), Problem> {
    let mut problem = None;
    for delimiter in DELIMITERS {
        let mut records = Records::new(text, delimiter);
        let header = records.next();
        match Columns::of(header) {
            Ok(columns) => return Ok((records, columns)),
            // What the comma lacks is what is said: most tables have commas.
            Err(of_delimiter) => problem = problem.or(Some(of_delimiter)),
        }
    }
    Err(problem.unwrap_or(Problem::NoColumn(TITLE)))
}

/// Where each column stands.
#[derive(Debug)]
struct Columns {
    places: HashMap<String, usize>,
    n_fields: usize,
}

impl Columns {
    fn of(header: Option<Record>) -> Result<Self, Problem> {
        let Some(header) = header else {
            return Err(Problem::NoColumn(TITLE));
        };
        if !header.is_closed {
            return Err(Problem::UnclosedQuote);
        }
        let mut places = HashMap::new();
        for (place, name) in header.fields.iter().enumerate() {
            places.entry(one_line(name).to_lowercase()).or_insert(place);
        }
        for needed in [TITLE, BODY] {
            if !places.contains_key(needed) {
                return Err(Problem::NoColumn(needed));
            }
        }
        Ok(Self {
            places,
            n_fields: header.n_fields,
        })
    }

    fn value<'a>(&self, record: &'a Record, column: &str) -> &'a str {
        let place = self.places.get(column);
        let value = place.and_then(|place| record.fields.get(*place));
        value.map_or("", String::as_str)
    }

    fn row(&self, path: &str, record: &Record) -> ReadRow {
        let line = Some(record.line);
        match self.found(record) {
            Ok(found) => {
                let key = self.key(path, record, &found);
                found.into_row(path.to_owned(), line, key)
            }
            Err(problem) => {
                let title = one_line(self.value(record, TITLE));
                let is_known = record.is_closed && record.n_fields == self.n_fields;
                ReadRow {
                    source: path.to_owned(),
                    line,
                    title: Some(title).filter(|title| is_known && !title.is_empty()),
                    result: Err(problem),
                }
            }
        }
    }

    fn found(&self, record: &Record) -> Result<Found, Problem> {
        if !record.is_closed {
            return Err(Problem::UnclosedQuote);
        }
        if record.n_fields != self.n_fields {
            return Err(Problem::Fields {
                found: record.n_fields,
                expected: self.n_fields,
            });
        }
        let value = |column| self.value(record, column);
        Ok(Found {
            title: value(TITLE).to_owned(),
            body: value(BODY).to_owned(),
            language: language_of(value(LANGUAGE))?,
            category: Some(value(CATEGORY).to_owned()),
            state: state_of(value(STATE))?,
        })
    }

    /// By its id; without one by its title, and by its language: the same title in two languages is two articles.
    fn key(&self, path: &str, record: &Record, found: &Found) -> String {
        let id = one_line(self.value(record, ID));
        if !id.is_empty() {
            return format!("{path}#{id}");
        }
        let title = one_line(&found.title);
        match &found.language {
            Some(language) => format!("{path}#{title} ({language})"),
            None => format!("{path}#{title}"),
        }
    }
}

/// The rows of a text.
struct Records<'a> {
    reader: Reader,
    rest: &'a [u8],
    line: u32,
    fields: Vec<u8>,
}

impl<'a> Records<'a> {
    fn new(text: &'a str, delimiter: u8) -> Self {
        Self {
            reader: ReaderBuilder::new().delimiter(delimiter).build(),
            rest: text.as_bytes(),
            line: 1,
            // A field is never longer than it is in the file.
            fields: vec![0; text.len() + 1],
        }
    }

    /// Goes on by so many bytes.
    fn skip(&mut self, n: usize) {
        let (done, rest) = self.rest.split_at_checked(n).unwrap_or((self.rest, &[]));
        let n_lines = done.split(|byte| *byte == b'\n').count() - 1;
        self.line = self
            .line
            .saturating_add(u32::try_from(n_lines).unwrap_or(u32::MAX));
        self.rest = rest;
    }

    /// Empty lines are no rows.
    fn skip_empty_lines(&mut self) {
        let n = self.rest.iter().take_while(|byte| **byte == b'\n').count();
        self.skip(n);
    }

    fn read(&mut self) -> Record {
        let line = self.line;
        let mut ends = [0; MAX_FIELDS];
        let (mut n_written, mut n_ends, mut n_fields, mut n_breaks) = (0, 0, 0, 0);
        let mut is_closed = true;
        let mut kept: Vec<Range<usize>> = Vec::new();
        loop {
            let input = match (self.rest.is_empty(), n_breaks) {
                (false, _) => self.rest,
                // The file's last line may have no break. Where a quote is open this break is part of the field, and only the end ends it.
                (true, 0) => b"\n",
                (true, _) => b"",
            };
            is_closed &= !(input.is_empty());
            let (output, places) = (self.fields.get_mut(n_written..), ends.get_mut(n_ends..));
            let (result, n_read, n_out, n_new) = self.reader.read_record(
                input,
                output.unwrap_or_default(),
                places.unwrap_or_default(),
            );
            if self.rest.is_empty() {
                n_breaks += 1;
            }
            self.skip(n_read);
            n_written += n_out;
            n_ends += n_new;
            match result {
                ReadRecordResult::InputEmpty => {}
                // Nothing is kept of what does not fit: a row of so many fields is refused anyhow.
                ReadRecordResult::OutputFull => n_written = 0,
                ReadRecordResult::OutputEndsFull => {
                    n_fields += n_ends;
                    n_ends = 0;
                }
                ReadRecordResult::Record | ReadRecordResult::End => break,
            }
        }
        n_fields += n_ends;
        if n_fields <= MAX_FIELDS {
            let mut start = 0;
            for end in ends.iter().take(n_ends) {
                kept.push(start..*end);
                start = *end;
            }
        }
        let fields = kept.into_iter().map(|range| {
            let bytes = self.fields.get(range).unwrap_or_default();
            String::from_utf8_lossy(bytes).into_owned()
        });
        Record {
            line,
            fields: fields.collect(),
            n_fields,
            is_closed,
        }
    }
}

impl Iterator for Records<'_> {
    type Item = Record;

    fn next(&mut self) -> Option<Record> {
        self.skip_empty_lines();
        (!self.rest.is_empty()).then(|| self.read())
    }
}

#[cfg(test)]
mod tests {
    use edgedesk_domain::article::ArticleState;

    use super::*;

    fn rows(text: &str) -> Vec<ReadRow> {
        let mut rows = Vec::new();
        read("faq.csv", text, 100, &mut rows);
        rows
    }

    fn problems(text: &str) -> Vec<(Option<u32>, Option<Problem>)> {
        rows(text)
            .into_iter()
            .map(|row| (row.line, row.result.err()))
            .collect()
    }

    #[test]
    fn columns_stand_in_any_order_and_quotes_hold_breaks() {
        let text = "State;BODY; Title ;extra;Language;id;category\n\
            published;\"Line one.\n\nLine; \"\"two\"\".\";Returns;x;de-DE;r1;Shop\n\n;Text;Prices;;;;\n";
        let found = rows(text);
        assert_eq!(found.len(), 2);
        let first = found[0].result.as_ref().unwrap();
        assert_eq!((first.key.as_str(), found[0].line), ("faq.csv#r1", Some(2)));
        assert_eq!(first.title, "Returns");
        assert_eq!(first.body, "Line one.\n\nLine; \"two\".");
        assert_eq!(first.language.as_deref(), Some("de"));
        assert_eq!(first.category.as_deref(), Some("Shop"));
        assert_eq!(first.state, Some(ArticleState::Published));
        let second = found[1].result.as_ref().unwrap();
        assert_eq!(
            (second.key.as_str(), found[1].line),
            ("faq.csv#Prices", Some(6))
        );
        assert_eq!(
            (&second.language, &second.category, second.state),
            (&None, &None, None)
        );
    }

    #[test]
    fn each_broken_row_is_said_with_its_line() {
        let long = "x".repeat(201);
        let text = format!(
            "title,body,language,state,category\nA,1,,,\n,2,,,\nB,3\nC,4,xx,,\nD,5,,open,\n{long},6,,,\nE,7,,,{long}\nF,8,en,draft,\n"
        );
        let expected = [
            (2, None),
            (3, Some(Problem::NoTitle)),
            (
                4,
                Some(Problem::Fields {
                    found: 2,
                    expected: 5,
                }),
            ),
            (5, Some(Problem::Language("xx".into()))),
            (6, Some(Problem::State("open".into()))),
            (7, Some(Problem::TitleTooLong)),
            (8, Some(Problem::CategoryTooLong)),
            (9, None),
        ];
        let expected = expected.map(|(line, problem)| (Some(line), problem));
        assert_eq!(problems(&text), expected);
        // Who looks for the row knows it by its title.
        assert_eq!(rows(&text)[3].title.as_deref(), Some("C"));
        assert_eq!(rows(&text)[2].title, None);
    }

    #[test]
    fn a_quote_without_end_is_said_where_its_row_begins() {
        assert_eq!(
            problems("title,body\nA,1\n\nB,\"2\nC,3\nD,4\n"),
            [(Some(2), None), (Some(4), Some(Problem::UnclosedQuote))]
        );
        assert_eq!(
            problems("\"title,body\nA,1\n"),
            [(Some(1), Some(Problem::UnclosedQuote))]
        );
        // Closed by the very last character.
        assert_eq!(problems("title,body\nA,\"1\""), [(Some(2), None)]);
        assert_eq!(problems("title,body\nA,\"1\n\""), [(Some(2), None)]);
    }

    #[test]
    fn a_table_without_its_columns_is_no_table() {
        for (text, column) in [
            ("", TITLE),
            ("\n\n", TITLE),
            ("a,b\n1,2", TITLE),
            ("title,text\n1,2", BODY),
            ("body\n1", TITLE),
        ] {
            assert_eq!(
                problems(text),
                [(Some(1), Some(Problem::NoColumn(column)))],
                "{text:?}"
            );
        }
        assert!(problems("title;body\n").is_empty());
    }

    #[test]
    fn rows_of_many_fields_and_only_quotes_are_told_apart_from_articles() {
        let commas = ",".repeat(100_000);
        assert_eq!(
            problems(&format!("title,body\n{commas}\nA,1")),
            [
                (
                    Some(2),
                    Some(Problem::Fields {
                        found: 100_001,
                        expected: 2
                    })
                ),
                (Some(3), None)
            ]
        );
        assert_eq!(problems(&"\"".repeat(1_000_001)).len(), 1);
    }

    #[test]
    fn no_more_rows_are_read_than_wanted() {
        let mut rows = Vec::new();
        read(
            "a.csv",
            &format!("title,body\n{}", "A,1\n".repeat(50)),
            7,
            &mut rows,
        );
        assert_eq!(rows.len(), 7);
    }
}
