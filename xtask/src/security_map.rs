//! The control map of `docs/SECURITY.md` names tests and rows that exist.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs")
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The rows of the control map: the cells of each.
fn control_map(document: &str) -> Vec<Vec<&str>> {
    let (_, map) = document
        .split_once("## Control map")
        .expect("the document has a control map");
    map.lines()
        .filter(|line| line.starts_with("| "))
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .skip_while(|cells: &Vec<&str>| cells[0] == "control" || cells[0].starts_with('-'))
        .filter(|cells| !cells[0].starts_with('-'))
        .collect()
}

/// The links of a cell: what stands in the brackets, without its quotes, and where it leads.
fn links(cell: &str) -> Vec<(&str, &str)> {
    cell.split("[`")
        .skip(1)
        .map(|link| {
            let (text, rest) = link.split_once("`](").expect("a link: [`test`](path)");
            let (path, _) = rest.split_once(')').expect("a link ends");
            (text, path)
        })
        .collect()
}

#[test]
fn every_control_names_a_row_of_the_test_matrix_and_a_test_that_exists() {
    let document = read(&docs().join("SECURITY.md"));
    let matrix = read(&docs().join("test-matrix.md"));
    let map = control_map(&document);
    let mut standards = BTreeSet::new();
    for cells in &map {
        let [control, _, row, shown_by, _] = cells[..] else {
            panic!("five cells: {cells:?}");
        };
        standards.insert(control.split(' ').next().unwrap_or_default());
        assert!(
            matrix.contains(&format!("| {row} |")) || matrix.contains(&format!("| {row}, ")),
            "{control}: {row} is not in the test matrix"
        );
        let links = links(shown_by);
        assert!(!links.is_empty(), "{control} has no test");
        for (test, path) in links {
            let source = read(&docs().join(path));
            assert!(
                source.contains(&format!("fn {test}(")),
                "{control}: there is no {test} in {path}"
            );
        }
    }
    assert_eq!(
        standards.into_iter().collect::<Vec<_>>(),
        ["HIPAA", "ISO", "PCI", "SOC"]
    );
    assert!(map.len() > 20, "{}", map.len());
}

#[test]
fn every_link_of_the_document_leads_to_a_file() {
    let document = read(&docs().join("SECURITY.md"));
    let mut n_links = 0;
    for link in document.split("](").skip(1) {
        let (path, _) = link.split_once(')').expect("a link ends");
        n_links += 1;
        assert!(docs().join(path).is_file(), "{path}");
    }
    assert!(n_links > 30, "{n_links}");
}
