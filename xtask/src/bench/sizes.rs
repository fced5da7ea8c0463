//! How much is shipped.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};
use flate2::Compression;
use flate2::write::GzEncoder;

use super::report::Row;
use crate::build::{Part, Profile, folder, kept};
use crate::workspace::root;

const KB: f64 = 1000.0;
const MB: f64 = 1_000_000.0;

/// The Wasm of each Worker.
pub fn workers() -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (worker, budget) in [
        (Part::Gateway, Some(1.0)),
        (Part::Inference, Some(3.0)),
        (Part::Jobs, None),
    ] {
        let file = kept(worker, Profile::Release).join("index_bg.wasm");
        let bytes = fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
        let name = folder(worker);
        rows.push(Row::plain(
            format!("{name} Wasm"),
            bytes.len() as f64 / MB,
            "MB",
        ));
        let packed = gzipped(&bytes)? / MB;
        let name = format!("{name} Wasm, gzip");
        rows.push(budget.map_or_else(
            || Row::plain(&name, packed, "MB"),
            |budget| Row::at_most(&name, packed, "MB", budget),
        ));
    }
    Ok(rows)
}

/// What a page loads before it works.
pub fn pages() -> Result<Vec<Row>> {
    let dist = root().join("web/dist");
    let widget = gzipped(&fs::read(dist.join("widget.js"))?)? / KB;
    let mut console = 0.0;
    for script in scripts_of(&dist, "console/index.html")? {
        console += gzipped(&fs::read(dist.join(script))?)? / KB;
    }
    Ok(vec![
        Row::at_most("widget JS, gzip", widget, "kB", 12.0),
        Row::at_most("console JS, gzip", console, "kB", 150.0).note("all scripts that it can load"),
    ])
}

/// The scripts under `assets/` that a page names, and those that they name.
fn scripts_of(dist: &Path, page: &str) -> Result<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    let mut waiting = vec![page.to_owned()];
    while let Some(file) = waiting.pop() {
        let path = dist.join(&file);
        let text =
            fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        for name in named_scripts(&text) {
            let script = format!("assets/{name}");
            if dist.join(&script).exists() && found.insert(script.clone()) {
                waiting.push(script);
            }
        }
    }
    Ok(found)
}

/// Names of files that end in `.js`, between quotes, without their folder.
fn named_scripts(text: &str) -> Vec<&str> {
    text.split(['"', '\'', '`'])
        .filter(|word| word.strip_suffix(".js").is_some() && !word.contains(char::is_whitespace))
        .filter_map(|word| word.rsplit('/').next())
        .collect()
}

fn gzipped(bytes: &[u8]) -> Result<f64> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_are_found_by_their_quotes() {
        let page = r#"<script src="/assets/a-1.js"></script> import{x}from"./b-2.js"; import('./c.js') "not a .js" d.js"#;
        assert_eq!(named_scripts(page), ["a-1.js", "b-2.js", "c.js"]);
    }

    #[test]
    fn what_repeats_packs_small() {
        assert!(gzipped(&[7; 10_000]).unwrap() < 100.0);
    }
}
