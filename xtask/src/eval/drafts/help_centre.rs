//! The articles and macros that messages are answered with: `tests/corpora/support`.

use std::cell::Cell;
use std::path::PathBuf;

use anyhow::{Context, Result};
use edgedesk_domain::ids::{IdSource, MacroId};
use edgedesk_domain::macros::{Macro, MacroKind, SuggestionOutcomes};
use edgedesk_suggest::passage::Passage;
use serde::Deserialize;
use ulid::Ulid;

use super::super::library::{Article, Library, Wanted};
use super::super::table::read_json_lines;
use crate::reader::Reader;
use crate::workspace::root;

const FOLDER: &str = "tests/corpora/support";
/// Articles whose parts are handed to the composer.
const ARTICLES: usize = 10;

/// All of it, with what a search needs.
pub(super) struct HelpCentre {
    pub(super) library: Library,
    /// The intent that a macro answers, the macro, and its embedding.
    pub(super) macros: Vec<(String, Macro, Option<Vec<f32>>)>,
}

#[derive(Deserialize)]
struct Line {
    id: String,
    title: String,
    text: String,
    intents: Vec<String>,
    categories: Vec<String>,
}

impl HelpCentre {
    pub(super) async fn read(reader: &mut Reader) -> Result<Self> {
        let library = Library::read(reader, articles()?).await?;
        let lines: Vec<Line> = read_json_lines(&root().join(FOLDER).join("macros.jsonl"))?;
        let texts = lines
            .iter()
            .map(|line| format!("{}\n{}", line.title, line.text));
        let vectors = reader.embed("embedding macros", texts.collect()).await?;
        let macros = lines.into_iter().zip(vectors).zip(1_u128..);
        let macros = macros.map(|((line, vector), number)| {
            let entry = Macro {
                id: MacroId::new(Ulid(number)),
                kind: MacroKind::Template,
                title: line.title,
                text: line.text,
                language: Some("en".to_owned()),
                channels: Vec::new(),
                intents: line.intents,
                categories: line.categories,
                outcomes: SuggestionOutcomes::default(),
            };
            (line.id, entry, vector)
        });
        Ok(Self {
            macros: macros.collect(),
            library,
        })
    }

    /// The parts of articles that the composer is handed.
    pub(super) fn passages(&self, text: &str, vector: Option<&[f32]>) -> Result<Vec<Passage>> {
        let wanted = Wanted {
            n_articles: ARTICLES,
            ..Wanted::default()
        };
        self.library.passages(text, vector, wanted)
    }
}

/// The articles of the help centre, each named by the intent that it answers, or `other_…`.
pub(in crate::eval) fn articles() -> Result<Vec<Article>> {
    let folder = root().join(FOLDER).join("articles");
    let entries =
        std::fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut paths = entries
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<Vec<PathBuf>>>()?;
    paths.sort();
    paths
        .into_iter()
        .map(|path| {
            let markdown = std::fs::read_to_string(&path)
                .with_context(|| format!("cannot read {}", path.display()))?;
            let title = markdown.lines().next().unwrap_or_default();
            let name = path
                .file_stem()
                .map(|stem| stem.to_string_lossy().into_owned());
            let title = title.trim_start_matches(['#', ' ']).to_owned();
            Ok(Article::of(name.unwrap_or_default(), title, markdown))
        })
        .collect()
}

/// The cosine of two vectors of length 1.
pub(super) fn dot(one: &[f32], other: &[f32]) -> f64 {
    let products = one.iter().zip(other).map(|(a, b)| f64::from(a * b));
    products.sum()
}

/// Ids in their order.
#[derive(Default)]
pub(super) struct Counter(Cell<u128>);

impl IdSource for Counter {
    fn next_ulid(&self) -> Ulid {
        self.0.set(self.0.get() + 1);
        Ulid(self.0.get())
    }
}
