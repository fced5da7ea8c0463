//! The macros of an account, compared with a message by their meaning.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use edgedesk_domain::macros::Macro;
use edgedesk_retrieval::Embedder;
use edgedesk_search::row::Row;
use edgedesk_store::database::Database;
use edgedesk_store::shards::MacroToMatch;
use edgedesk_store::{AccountStore, StoreError};
use edgedesk_suggest::MacroCandidate;
use edgedesk_suggest::template::Template;
use edgedesk_wire::inference::MAX_EMBED_TEXTS;
use edgedesk_wire::knowledge::Question;

/// Macros whose embeddings one draft makes: 32 are half a second. The others follow with the next drafts, and are compared by their
/// words and labels until then.
const MADE_AT_ONCE: usize = MAX_EMBED_TEXTS;

/// The account's macros, each with how near it is to the question as far as that is known.
pub async fn candidates<D: Database>(
    store: AccountStore<'_, D>,
    embedder: &impl Embedder,
    question: Option<&Question>,
) -> Result<Vec<MacroCandidate>, StoreError> {
    let mut macros = store.list_macros_to_match().await?;
    let asked = question.and_then(|question| {
        let row = decode(&question.row)?;
        Some((question.model.key(), row))
    });
    if let Some((model, _)) = &asked {
        make_missing(store, embedder, &mut macros, model).await?;
    }
    let near = |entry: &MacroToMatch| {
        let (model, row) = asked.as_ref()?;
        let (vector, made_by) = entry.vector.as_ref()?;
        (made_by == model)
            .then(|| decode(vector))
            .flatten()
            .map(|vector| f64::from(row.similarity(&vector)))
    };
    Ok(macros
        .into_iter()
        .map(|entry| MacroCandidate {
            similarity: near(&entry),
            entry: entry.content,
        })
        .collect())
}

/// Makes and keeps the embeddings of macros that have none of this model. That it cannot be done now costs no draft.
async fn make_missing<D: Database>(
    store: AccountStore<'_, D>,
    embedder: &impl Embedder,
    macros: &mut [MacroToMatch],
    model: &str,
) -> Result<(), StoreError> {
    let mut missing: Vec<&mut MacroToMatch> = macros
        .iter_mut()
        .filter(|entry| {
            entry
                .vector
                .as_ref()
                .is_none_or(|(_, made_by)| made_by != model)
        })
        .take(MADE_AT_ONCE)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let texts = missing
        .iter()
        .map(|entry| text_of(&entry.content))
        .collect();
    let Ok(made) = embedder.embed(texts).await else {
        return Ok(());
    };
    let made_by = made.model.key();
    if made_by != model {
        return Ok(());
    }
    for (entry, row) in missing.iter_mut().zip(made.rows) {
        entry.vector = row.map(|row| (row, made_by.clone()));
    }
    let vectors: Vec<_> = missing
        .iter()
        .filter_map(|entry| {
            let (vector, _) = entry.vector.as_ref()?;
            Some((entry.content.id, entry.revision, vector.as_str()))
        })
        .collect();
    store.set_macro_vectors(&vectors, &made_by).await
}

/// What the model reads of a macro: its variables say nothing of what it is about.
fn text_of(entry: &Macro) -> String {
    let words = Template::parse(&entry.text)
        .map_or_else(|_| entry.text.clone(), |template| template.words_alone());
    format!("{}\n{words}", entry.title)
}

fn decode(row: &str) -> Option<Row> {
    let bytes = STANDARD.decode(row).ok()?;
    Row::from_bytes(&bytes).ok()
}
