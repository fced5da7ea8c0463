//! What becomes of each article of an import. Decides only: what there is comes in, what is to be stored goes out.

use std::collections::{BTreeMap, BTreeSet};

use edgedesk_domain::article::ArticleState;
use edgedesk_domain::ids::{ArticleId, CategoryId, IdSource};
use edgedesk_store::shards::{ImportedArticle, KnownSource, MAX_CATEGORIES};
use edgedesk_wire::articles::{CategoryView, ImportOutcome, ImportReport, ImportRow};
use edgedesk_wire::jobs::{ReadArticle, ReadRow};

use super::super::checks::{DEFAULT_LANGUAGE, MAX_CATEGORY_CHARS, checked_body, checked_title};
use crate::fields::{checked_language, checked_name};

/// What the account has already.
pub struct Stored<'a> {
    /// Articles that came from the places of this import, by place.
    pub known: &'a BTreeMap<String, KnownSource>,
    /// All its categories.
    pub categories: &'a [CategoryView],
}

/// What is to be done.
#[derive(Debug, PartialEq, Eq)]
pub struct Plan {
    /// A row for each article, in their order; nothing is stored yet.
    pub report: ImportReport,
    /// What is new or changed. Nothing, when a row is broken.
    pub articles: Vec<ImportedArticle>,
    /// Categories that these stand under and that there are none of. Nothing, when a row is broken.
    pub new_categories: Vec<(CategoryId, String)>,
}

/// Plans the import of `rows`. What is new is in the state that its file says, or else in `state`.
pub fn plan(
    rows: Vec<ReadRow>,
    stored: &Stored<'_>,
    state: ArticleState,
    ids: &impl IdSource,
) -> Plan {
    let mut planner = Planner {
        stored,
        state,
        ids,
        categories: Categories::of(stored.categories),
        seen: BTreeSet::new(),
        articles: Vec::new(),
    };
    let rows: Vec<_> = rows.into_iter().map(|row| planner.row(row)).collect();
    let count = |outcome| {
        let n = rows.iter().filter(|row| row.outcome == outcome).count();
        u32::try_from(n).unwrap_or(u32::MAX)
    };
    let n_broken = count(ImportOutcome::Broken);
    let (articles, new_categories) = if n_broken == 0 {
        (planner.articles, planner.categories.new)
    } else {
        (Vec::new(), Vec::new())
    };
    Plan {
        report: ImportReport {
            id: None,
            is_stored: false,
            n_new: count(ImportOutcome::New),
            n_changed: count(ImportOutcome::Changed),
            n_unchanged: count(ImportOutcome::Unchanged),
            n_broken,
            rows,
        },
        articles,
        new_categories,
    }
}

struct Planner<'a, I> {
    stored: &'a Stored<'a>,
    state: ArticleState,
    ids: &'a I,
    categories: Categories,
    /// Places of the rows so far.
    seen: BTreeSet<String>,
    articles: Vec<ImportedArticle>,
}

impl<I: IdSource> Planner<'_, I> {
    fn row(&mut self, row: ReadRow) -> ImportRow {
        let title = row
            .result
            .as_ref()
            .map_or(row.title, |read| Some(read.title.clone()));
        let planned = row.result.and_then(|read| self.article(&row.key, read));
        let (outcome, problem) = match planned {
            Ok(outcome) => (outcome, None),
            Err(problem) => (ImportOutcome::Broken, Some(problem)),
        };
        ImportRow {
            source: row.source,
            line: row.line,
            title,
            outcome,
            problem,
        }
    }

    fn article(&mut self, source: &str, read: ReadArticle) -> Result<ImportOutcome, String> {
        if !self.seen.insert(source.to_owned()) {
            return Err("comes from the same place as an earlier one".to_owned());
        }
        let known = self.stored.known.get(source);
        if known.is_some_and(|known| known.is_deleted) {
            return Err("was deleted here; restore it first".to_owned());
        }
        if known.is_some_and(|known| known.fingerprint.as_ref() == Some(&read.fingerprint)) {
            return Ok(ImportOutcome::Unchanged);
        }
        let title = checked_title(&read.title).map_err(|detail| format!("the title {detail}"))?;
        let body = checked_body(&read.body).map_err(|detail| format!("the text {detail}"))?;
        let language = read.language.as_deref().unwrap_or(DEFAULT_LANGUAGE);
        let language =
            checked_language(language).map_err(|detail| format!("the language {detail}"))?;
        let category_id = match read.category.as_deref() {
            None => None,
            Some(name) => Some(self.categories.find_or_add(name, self.ids)?),
        };
        self.articles.push(ImportedArticle {
            id: known.map_or_else(|| ArticleId::generate(self.ids), |known| known.id),
            previous_version: known.map(|known| known.version),
            source: source.to_owned(),
            fingerprint: read.fingerprint,
            title,
            body,
            language: language.to_owned(),
            category_id,
            state: read.state.unwrap_or(self.state),
        });
        Ok(if known.is_some() {
            ImportOutcome::Changed
        } else {
            ImportOutcome::New
        })
    }
}

/// Categories by their names, whatever the case.
struct Categories {
    ids: BTreeMap<String, CategoryId>,
    new: Vec<(CategoryId, String)>,
}

impl Categories {
    fn of(stored: &[CategoryView]) -> Self {
        let ids = stored
            .iter()
            .map(|category| (category.name.to_lowercase(), category.id))
            .collect();
        Self {
            ids,
            new: Vec::new(),
        }
    }

    fn find_or_add(&mut self, name: &str, ids: &impl IdSource) -> Result<CategoryId, String> {
        let name = checked_name(name, MAX_CATEGORY_CHARS)
            .map_err(|detail| format!("the category {detail}"))?;
        let key = name.to_lowercase();
        if let Some(id) = self.ids.get(&key) {
            return Ok(*id);
        }
        if self.ids.len() >= MAX_CATEGORIES as usize {
            return Err(format!(
                "there is no category {name:?}, and an account has at most {MAX_CATEGORIES}"
            ));
        }
        let id = CategoryId::generate(ids);
        self.ids.insert(key, id);
        self.new.push((id, name.to_owned()));
        Ok(id)
    }
}

#[cfg(test)]
mod tests;
