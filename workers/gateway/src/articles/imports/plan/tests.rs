use std::cell::Cell;

use edgedesk_domain::article::MAX_ARTICLE_BYTES;
use proptest::prelude::*;
use ulid::Ulid;

use super::*;

/// Ids 1000, 1001 and so on.
struct Counted(Cell<u128>);

impl Counted {
    fn new() -> Self {
        Self(Cell::new(1000))
    }
}

impl IdSource for Counted {
    fn next_ulid(&self) -> Ulid {
        self.0.set(self.0.get() + 1);
        Ulid(self.0.get() - 1)
    }
}

fn read(title: &str, fingerprint: &str) -> ReadArticle {
    ReadArticle {
        title: title.to_owned(),
        body: "So.".to_owned(),
        language: None,
        category: None,
        state: None,
        fingerprint: fingerprint.to_owned(),
    }
}

fn row(source: &str, result: Result<ReadArticle, String>) -> ReadRow {
    ReadRow {
        source: source.to_owned(),
        key: source.to_owned(),
        line: None,
        title: None,
        result,
    }
}

fn known(number: u128, fingerprint: &str, is_deleted: bool) -> KnownSource {
    KnownSource {
        id: ArticleId::new(Ulid(number)),
        fingerprint: Some(fingerprint.to_owned()),
        version: 4,
        is_deleted,
    }
}

fn category(number: u128, name: &str) -> CategoryView {
    CategoryView {
        id: CategoryId::new(Ulid(number)),
        name: name.to_owned(),
        n_articles: 0,
    }
}

fn planned(rows: Vec<ReadRow>, known: &[(&str, KnownSource)], categories: &[CategoryView]) -> Plan {
    let known = known
        .iter()
        .map(|(source, known)| ((*source).to_owned(), known.clone()))
        .collect();
    let stored = Stored {
        known: &known,
        categories,
    };
    plan(rows, &stored, ArticleState::Draft, &Counted::new())
}

fn outcomes(plan: &Plan) -> Vec<ImportOutcome> {
    plan.report.rows.iter().map(|row| row.outcome).collect()
}

fn problem(plan: &Plan, place: usize) -> &str {
    plan.report.rows[place]
        .problem
        .as_deref()
        .unwrap_or_default()
}

#[test]
fn what_is_new_changed_and_unchanged_is_told_by_where_it_is_from_and_what_it_says() {
    let rows = vec![
        row("a.md", Ok(read("A", "f1"))),
        row("b.md", Ok(read("B", "f2"))),
        row("c.md", Ok(read("C", "f3"))),
    ];
    let stored = [
        ("b.md", known(2, "f0", false)),
        ("c.md", known(3, "f3", false)),
    ];
    let plan = planned(rows, &stored, &[]);
    assert_eq!(
        outcomes(&plan),
        [
            ImportOutcome::New,
            ImportOutcome::Changed,
            ImportOutcome::Unchanged
        ]
    );
    let report = &plan.report;
    assert_eq!(
        (
            report.n_new,
            report.n_changed,
            report.n_unchanged,
            report.n_broken
        ),
        (1, 1, 1, 0)
    );
    assert!(!report.is_stored && report.id.is_none());
    let [new, changed] = plan.articles.as_slice() else {
        panic!("two are stored: {:?}", plan.articles);
    };
    assert_eq!(
        (new.id, new.previous_version),
        (ArticleId::new(Ulid(1000)), None)
    );
    assert_eq!(
        (new.language.as_str(), new.state),
        ("en", ArticleState::Draft)
    );
    assert_eq!(
        (changed.id, changed.previous_version),
        (ArticleId::new(Ulid(2)), Some(4))
    );
}

#[test]
fn one_broken_row_keeps_all_from_being_stored() {
    let rows = vec![
        row("a.md", Ok(read("A", "f1"))),
        ReadRow {
            line: Some(7),
            ..row("b.csv", Err("has no title".to_owned()))
        },
    ];
    let plan = planned(rows, &[], &[]);
    assert_eq!(outcomes(&plan), [ImportOutcome::New, ImportOutcome::Broken]);
    assert_eq!((plan.report.n_new, plan.report.n_broken), (1, 1));
    assert_eq!(plan.report.rows[1].line, Some(7));
    assert_eq!(problem(&plan, 1), "has no title");
    assert!(plan.articles.is_empty());
}

#[test]
fn what_was_deleted_here_is_not_brought_back() {
    for fingerprint in ["f0", "f1"] {
        let rows = vec![row("a.md", Ok(read("A", fingerprint)))];
        let plan = planned(rows, &[("a.md", known(1, "f0", true))], &[]);
        assert_eq!(problem(&plan, 0), "was deleted here; restore it first");
    }
}

#[test]
fn what_is_wrong_with_an_article_is_told() {
    let long = "a".repeat(MAX_ARTICLE_BYTES + 1);
    let wrong = [
        (read(" ", "f"), "the title has"),
        (read(&"a".repeat(201), "f"), "the title has"),
        (
            ReadArticle {
                body: long,
                ..read("A", "f")
            },
            "the text has",
        ),
        (
            ReadArticle {
                language: Some("english".to_owned()),
                ..read("A", "f")
            },
            "the language is",
        ),
        (
            ReadArticle {
                category: Some("  ".to_owned()),
                ..read("A", "f")
            },
            "the category has",
        ),
    ];
    for (article, expected) in wrong {
        let plan = planned(vec![row("a.md", Ok(article))], &[], &[]);
        assert!(problem(&plan, 0).starts_with(expected), "{plan:?}");
    }
    let rows = vec![
        row("a.md", Ok(read("A", "f1"))),
        row("a.md", Ok(read("B", "f2"))),
    ];
    let plan = planned(rows, &[], &[]);
    assert_eq!(outcomes(&plan), [ImportOutcome::New, ImportOutcome::Broken]);
}

#[test]
fn a_category_is_found_by_its_name_or_made_once() {
    let under = |source: &str, name: &str| {
        let article = ReadArticle {
            category: Some(name.to_owned()),
            ..read("A", source)
        };
        row(source, Ok(article))
    };
    let rows = vec![
        under("a.md", "BILLING"),
        under("b.md", " Returns "),
        under("c.md", "returns"),
    ];
    let plan = planned(rows, &[], &[category(1, "Billing")]);
    let [(made, name)] = plan.new_categories.as_slice() else {
        panic!("one is made: {:?}", plan.new_categories);
    };
    assert_eq!(name, "Returns");
    let ids: Vec<_> = plan
        .articles
        .iter()
        .map(|article| article.category_id)
        .collect();
    assert_eq!(
        ids,
        [Some(CategoryId::new(Ulid(1))), Some(*made), Some(*made)]
    );

    let full: Vec<_> = (0..200).map(|n| category(n, &format!("C{n}"))).collect();
    let plan = planned(vec![under("a.md", "c7")], &[], &full);
    assert_eq!(outcomes(&plan), [ImportOutcome::New]);
    let plan = planned(vec![under("a.md", "another")], &[], &full);
    assert!(problem(&plan, 0).contains("at most 200"), "{plan:?}");
}

#[test]
fn a_file_says_its_state_and_language_or_the_import_does() {
    let article = ReadArticle {
        language: Some("fi".to_owned()),
        state: Some(ArticleState::Archived),
        ..read("A", "f")
    };
    let rows = vec![row("a.md", Ok(article)), row("b.md", Ok(read("B", "g")))];
    let known = BTreeMap::new();
    let stored = Stored {
        known: &known,
        categories: &[],
    };
    let plan = plan(rows, &stored, ArticleState::Published, &Counted::new());
    let seen: Vec<_> = plan
        .articles
        .iter()
        .map(|article| (article.language.as_str(), article.state))
        .collect();
    assert_eq!(
        seen,
        [
            ("fi", ArticleState::Archived),
            ("en", ArticleState::Published)
        ]
    );
}

proptest! {
    /// Whatever is imported: each row is told of once, in order, and what is stored is what is new or changed, or nothing.
    #[test]
    fn every_row_has_an_outcome_and_nothing_is_half_stored(
        rows in prop::collection::vec((0_u8..6, "[ a-z]{0,3}", 0_u8..3, prop::option::of("[a-c ]{0,2}"), any::<bool>()), 0..12),
        deleted in prop::collection::vec(any::<bool>(), 6),
    ) {
        let known: Vec<_> = (0..3_u8)
            .map(|n| (format!("{n}.md"), known(u128::from(n), "0", deleted[usize::from(n)])))
            .collect();
        let known: Vec<_> = known.iter().map(|(source, known)| (source.as_str(), known.clone())).collect();
        let rows: Vec<_> = rows
            .into_iter()
            .map(|(source, title, fingerprint, category, is_read)| {
                let article = ReadArticle { category, ..read(&title, &fingerprint.to_string()) };
                row(&format!("{source}.md"), if is_read { Ok(article) } else { Err("no".to_owned()) })
            })
            .collect();
        let sources: Vec<_> = rows.iter().map(|row| row.source.clone()).collect();
        let plan = planned(rows, &known, &[category(1, "a")]);
        let told: Vec<_> = plan.report.rows.iter().map(|row| row.source.clone()).collect();
        prop_assert_eq!(told, sources);
        let report = &plan.report;
        let n_rows = report.n_new + report.n_changed + report.n_unchanged + report.n_broken;
        prop_assert_eq!(n_rows as usize, report.rows.len());
        for row in &report.rows {
            prop_assert_eq!(row.outcome == ImportOutcome::Broken, row.problem.is_some());
        }
        if report.n_broken > 0 {
            prop_assert!(plan.articles.is_empty() && plan.new_categories.is_empty());
        } else {
            let n_stored = (report.n_new + report.n_changed) as usize;
            prop_assert_eq!(plan.articles.len(), n_stored);
            let distinct: BTreeSet<_> = plan.articles.iter().map(|article| &article.source).collect();
            prop_assert_eq!(distinct.len(), plan.articles.len());
        }
    }
}
