use proptest::prelude::*;

use super::*;

fn source<'a>(path: &'a str, text: &'a str) -> Source<'a> {
    Source { path, text }
}

fn one(path: &str, text: &str) -> Result<ReadArticle, Problem> {
    let mut rows = read(&[source(path, text)]);
    assert_eq!(rows.len(), 1, "{path}");
    rows.remove(0).result
}

#[test]
fn each_format_is_told_by_the_path() {
    let rows = read(&[
        source(
            "a\\Guide.MD",
            "\u{feff}# Returns\r\n\r\nSend\rit\0 back.\r\n",
        ),
        source("./notes.txt", "*Nine* to five."),
        source("c.htm", "<h1>Page</h1><p>Text"),
        source("d.csv", "\u{feff}title;body\r\nA;1\r\nB;2\r\n"),
        source("e.pdf", "x"),
        source("../f.md", "x"),
    ]);
    let found: Vec<_> = rows
        .iter()
        .map(|row| {
            let article = row.result.as_ref();
            let article = article.map(|article| (article.key.as_str(), article.body.as_str()));
            (row.source.as_str(), row.line, article)
        })
        .collect();
    assert_eq!(
        found,
        [
            ("a/Guide.MD", None, Ok(("a/Guide.MD", "Send\nit back."))),
            ("notes.txt", None, Ok(("notes.txt", "\\*Nine\\* to five."))),
            ("c.htm", None, Ok(("c.htm", "Text"))),
            ("d.csv", Some(2), Ok(("d.csv#A", "1"))),
            ("d.csv", Some(3), Ok(("d.csv#B", "2"))),
            ("e.pdf", None, Err(&Problem::Format)),
            ("../f.md", None, Err(&Problem::Path)),
        ]
    );
    let titles: Vec<Option<&str>> = rows.iter().map(|row| row.title.as_deref()).collect();
    let expected = ["Returns", "Notes", "Page", "A", "B"].map(Some);
    assert_eq!(titles, [expected.as_slice(), &[None, None]].concat());
}

#[test]
fn what_is_too_long_is_refused_and_what_just_fits_is_not() {
    let body = "x".repeat(MAX_ARTICLE_BYTES);
    assert_eq!(
        one("a.md", &body).map(|article| article.body.len()),
        Ok(MAX_ARTICLE_BYTES)
    );
    assert_eq!(one("a.md", &format!("{body}x")), Err(Problem::BodyTooLong));
    assert_eq!(
        one("a.html", &format!("<p>{body}x")),
        Err(Problem::BodyTooLong)
    );
    assert_eq!(one("a.txt", &format!("{body}*")), Err(Problem::BodyTooLong));
    let title = "ä".repeat(MAX_TITLE_CHARS);
    assert!(one("a.md", &format!("# {title}\n")).is_ok());
    let rows = read(&[source("a.md", &format!("# {title}ä\n"))]);
    assert_eq!(rows[0].result, Err(Problem::TitleTooLong));
    // Who looks for it still finds it by its beginning.
    assert_eq!(rows[0].title.as_deref(), Some(title.as_str()));
    assert_eq!(one(".md", "text"), Err(Problem::NoTitle));
    let category = format!("---\ntitle: A\ncategory: {}\n---\n", "c".repeat(81));
    assert_eq!(one("a.md", &category), Err(Problem::CategoryTooLong));
}

#[test]
fn the_same_article_twice_is_said_with_its_first_place() {
    let rows = read(&[
        source("a.md", "one"),
        source("./a.md", "two"),
        source(
            "t.csv",
            "id,title,body,language\n1,A,x,\n1,B,y,\n,C,z,en\n,C,z,de\n,C,z,en\n",
        ),
    ]);
    let problems: Vec<Option<Problem>> = rows.into_iter().map(|row| row.result.err()).collect();
    let duplicate = |source: &str, line_before| {
        Some(Problem::Duplicate {
            source_before: source.to_owned(),
            line_before,
        })
    };
    assert_eq!(
        problems,
        [
            None,
            duplicate("a.md", None),
            None,
            duplicate("t.csv", Some(2)),
            None,
            None,
            duplicate("t.csv", Some(4)),
        ]
    );
    assert_eq!(
        duplicate("t.csv", Some(4)).unwrap().to_string(),
        "the same article is there already: t.csv, line 4"
    );
}

#[test]
fn an_import_ends_behind_its_last_row_and_says_so() {
    let line = |number: usize| format!("T{number},x\n");
    let table = |n: usize| format!("title,body\n{}", (0..n).map(line).collect::<String>());
    let full = table(MAX_ROWS);
    let rows = read(&[source("a.csv", &full)]);
    assert_eq!(rows.len(), MAX_ROWS);
    assert!(rows.iter().all(|row| row.result.is_ok()));
    for files in [
        vec![
            source("a.csv", &full),
            source("b.md", "x"),
            source("c.md", "y"),
        ],
        vec![source("b.md", "x"), source("a.csv", &full)],
        vec![source("a.csv", &table(MAX_ROWS * 2))],
    ] {
        let rows = read(&files);
        assert_eq!(rows.len(), MAX_ROWS + 1);
        assert_eq!(rows.iter().filter(|row| row.result.is_err()).count(), 1);
        assert_eq!(rows[MAX_ROWS].result, Err(Problem::TooManyRows));
    }
}

#[test]
fn a_fingerprint_is_that_of_all_but_the_key() {
    let article = ReadArticle {
        key: "a.md".into(),
        title: "Returns".into(),
        body: "Send it back.".into(),
        language: Some("en".into()),
        category: None,
        state: None,
    };
    // It is stored: another one would make every article changed.
    assert_eq!(
        article.fingerprint(),
        "6294421ed0312385ee5fd926f591485608f312d59ec7c4600f853308feb9867a"
    );
    let with = |change: fn(&mut ReadArticle)| {
        let mut changed = article.clone();
        change(&mut changed);
        changed.fingerprint()
    };
    assert_eq!(
        with(|article| article.key = "b.md".into()),
        article.fingerprint()
    );
    let all = [
        article.fingerprint(),
        with(|article| article.title = "Return".into()),
        with(|article| article.body.push('!')),
        with(|article| (article.title, article.body) = ("ReturnsSend".into(), " it back.".into())),
        with(|article| article.language = None),
        with(|article| article.category = Some(String::new())),
        with(|article| article.category = Some("en".into())),
        with(|article| article.state = Some(ArticleState::Draft)),
        with(|article| article.state = Some(ArticleState::Published)),
    ];
    let distinct: std::collections::BTreeSet<&String> = all.iter().collect();
    assert_eq!(distinct.len(), all.len());
}

#[test]
fn the_same_file_from_another_editor_is_the_same_article() {
    let unix = one("a.md", "# T\n\nOne\ntwo\n").unwrap();
    let windows = one("a.md", "\u{feff}# T\r\n\r\nOne\r\ntwo\r\n\r\n").unwrap();
    assert_eq!(unix, windows);
    assert_eq!(unix.fingerprint(), windows.fingerprint());
}

/// Files that were made to break something: each is read in the time and memory that its size explains.
#[test]
fn hostile_files_are_read_or_refused() {
    let mib = 1024 * 1024;
    let texts = [
        "<".repeat(4 * mib),
        "<b".repeat(2 * mib),
        "<b>".repeat(mib),
        format!("{}{}", "<b>".repeat(mib / 2), "</i>".repeat(mib / 2)),
        format!("{}text{}", "<div>".repeat(10_000), "</div>".repeat(10_000)),
        format!(
            "{}text{}",
            "<ul><li>".repeat(10_000),
            "</ul>".repeat(10_000)
        ),
        format!("{}text", "<blockquote>".repeat(100_000)),
        format!("{}text", "<table><tr><td>".repeat(100_000)),
        format!("{}text", "<a href='https://x.example'>".repeat(50_000)),
        format!(
            "<table><tr>{}{}",
            "<td>x".repeat(50_000),
            "<tr><td>y".repeat(20_000)
        ),
        format!("<p>{}", "x<br>".repeat(500_000)),
        format!("<p {}>x", "a=b ".repeat(500_000)),
        format!("<p>{}", "&".repeat(200_000)),
        format!("<pre>{}", "`".repeat(200_000)),
        "<!--".repeat(mib),
        "<nav>".repeat(500_000),
        "\0".repeat(4 * mib),
        "\"".repeat(4 * mib + 1),
        ",".repeat(4 * mib),
        format!("title,body\n{}", "\"\"\n".repeat(mib)),
        "> ".repeat(20_000),
        "[".repeat(100_000),
        "---\n".repeat(mib),
        "\u{202e}\u{0}\u{feff}\r\r\n\u{85}".repeat(10_000),
    ];
    for text in &texts {
        for path in ["a.md", "a.txt", "a.csv", "a.html"] {
            for row in read(&[source(path, text)]) {
                if let Ok(article) = row.result {
                    assert!(article.body.len() <= MAX_ARTICLE_BYTES);
                }
            }
        }
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes: Vec<u8>, path in "[a./\\\\]{0,8}\\.(md|csv|html|txt|x)") {
        let text = String::from_utf8_lossy(&bytes);
        let rows = read(&[source(&path, &text)]);
        // What is read twice is the same.
        prop_assert_eq!(read(&[source(&path, &text)]), rows);
    }

    #[test]
    fn anything_like_a_table_is_rows_in_their_order(text in "title[,;]body\n([a\",;\n ]|\"\"|ä){0,80}") {
        let rows = read(&[source("a.csv", &text)]);
        let lines: Vec<Option<u32>> = rows.iter().map(|row| row.line).collect();
        prop_assert!(lines.is_sorted());
        let n_lines = u32::try_from(text.lines().count()).unwrap();
        prop_assert!(lines.iter().all(|line| line.is_some_and(|line| line <= n_lines)));
    }

    /// What a spreadsheet writes is what it had.
    #[test]
    fn a_table_that_was_written_is_read_as_it_was(
        cells in prop::collection::vec(("[a-z]{1,9}", "[a-z\",;\n]{0,30}"), 1..20),
        delimiter in prop::sample::select(vec![',', ';']),
    ) {
        let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
        let mut text = format!("title{delimiter}body{delimiter}id\r\n");
        for (place, (title, body)) in cells.iter().enumerate() {
            let fields = [title.clone(), quoted(body), place.to_string()];
            text.push_str(&fields.join(&delimiter.to_string()));
            text.push_str("\r\n");
        }
        let rows = read(&[source("a.csv", &text)]);
        prop_assert_eq!(rows.len(), cells.len());
        for (row, (title, body)) in rows.iter().zip(&cells) {
            let article = row.result.as_ref().unwrap();
            prop_assert_eq!(&article.title, title);
            prop_assert_eq!(&article.body, body.trim_matches('\n'));
        }
    }
}
