//! `eval drafts`: is the right macro offered, and does a draft rest on the right article and on nothing else?
//!
//! The messages are rows of a set with 27 intents, some of each; macros and articles are our own, one of each for an intent. Nothing is
//! fitted here. The intent head of the model has seen the training rows of this set, so it knows its way of speaking: what is found
//! without it (`macro_without_model`) says more about a stranger's messages.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use edgedesk_domain::account::Channel;
use edgedesk_domain::analysis::Analysis;
use edgedesk_domain::ids::MacroId;
use edgedesk_suggest::case::Case;
use edgedesk_suggest::compose::{Draft, compose};
use edgedesk_suggest::macros::{MacroCandidate, rank_macros};
use edgedesk_suggest::{Suggested, suggest};
use serde_json::{Map, Value, json};

use super::table::{bad_input, read_table, required};
use super::{Inputs, rounded};
use crate::reader::{Analyst, AsyncWork, Reader};

mod check;
pub(super) mod help_centre;
mod replay;

use help_centre::{Counter, HelpCentre, dot};

/// Messages of each intent. All of the validation rows would take five minutes on two cores and tell no more.
pub(super) const PER_INTENT: usize = 10;
/// What the sample and the replay are drawn by.
pub(super) const SEED: u64 = 17;
/// Macros that an agent sees.
const SHOWN: usize = 3;

/// A message, what is known of it, and what was made for it.
struct Row {
    intent: String,
    /// The macro of the intent.
    right: MacroId,
    case: Case,
    candidates: Vec<MacroCandidate>,
    suggested: Suggested,
    draft: Draft,
}

/// Scores of macros and drafts.
pub async fn run(reader: &mut Reader, inputs: &Inputs) -> Result<Map<String, Value>> {
    let centre = HelpCentre::read(reader).await?;
    let messages = sample(inputs, |intent| {
        let mut macros = centre.macros.iter();
        macros.any(|(name, ..)| *name == intent)
    })?;
    let texts: Vec<String> = messages.iter().map(|(_, text)| text.clone()).collect();
    let vectors = reader.embed("embedding messages", texts.clone()).await?;
    let analyses = reader.analyze_each(texts, Analyze).await?;
    let mut rows = Vec::with_capacity(messages.len());
    for (((intent, text), vector), analysis) in messages.into_iter().zip(vectors).zip(analyses) {
        rows.push(Row::of(
            intent,
            &text,
            vector.as_deref(),
            analysis,
            &centre,
        )?);
    }
    for row in shown(&rows, inputs.show) {
        let found = &row.suggested.findings;
        eprintln!(
            "=== {}: {}\n{}\n{found:?}",
            row.intent, row.case.text, row.draft.text
        );
    }
    let mut fields = macro_scores(&rows);
    fields.extend(draft_scores(&rows, &centre));
    fields.insert("feedback".into(), replay::run(&rows, &centre, SEED));
    fields.insert("n".into(), json!(rows.len()));
    fields.insert("per_intent".into(), json!(PER_INTENT));
    fields.insert("seed".into(), json!(SEED));
    fields.insert("articles".into(), json!(centre.library.articles.len()));
    fields.insert("macros".into(), json!(centre.macros.len()));
    Ok(fields)
}

/// `n` rows, evenly spread.
pub(super) fn shown<T>(rows: &[T], n: usize) -> impl Iterator<Item = &T> {
    let step = rows.len().checked_div(n).unwrap_or(rows.len()).max(1);
    rows.iter().step_by(step).take(n)
}

/// [`PER_INTENT`] messages of each intent, drawn by [`SEED`]; `is_known` tells whether anything answers an intent.
pub(super) fn sample(
    inputs: &Inputs,
    is_known: impl Fn(&str) -> bool,
) -> Result<Vec<(String, String)>> {
    let columns = [required(&["intent"]), required(&["text"])];
    let mut by_intent: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in read_table(&inputs.data, &columns)? {
        let intent = line.value(0).to_owned();
        if !is_known(&intent) {
            bad_input!(
                "{}: line {}: tests/corpora/support has no macro for {intent:?}",
                inputs.data.display(),
                line.number
            );
        }
        by_intent
            .entry(intent)
            .or_default()
            .push(line.value(1).to_owned());
    }
    let mut chance = Chance(SEED);
    let mut drawn = Vec::new();
    for (intent, texts) in by_intent {
        // The set says some things twice.
        let texts: BTreeSet<String> = texts.into_iter().collect();
        let mut texts: Vec<String> = texts.into_iter().collect();
        for _ in 0..PER_INTENT.min(texts.len()) {
            let place = chance.below(texts.len());
            drawn.push((intent.clone(), texts.swap_remove(place)));
        }
    }
    Ok(drawn)
}

/// Analyses a message by itself.
pub(super) struct Analyze;

impl AsyncWork<String, Option<Analysis>> for Analyze {
    async fn apply(&self, models: &mut Analyst<'_>, text: &String) -> Result<Option<Analysis>> {
        Ok(models.analyze(text, &[]).await?.ok())
    }
}

impl Row {
    fn of(
        intent: String,
        text: &str,
        vector: Option<&[f32]>,
        analysis: Option<Analysis>,
        centre: &HelpCentre,
    ) -> Result<Self> {
        let case = Case {
            analysis,
            // All of the set is English; a short message is not to be left to the guess of its language.
            language: Some("en".to_owned()),
            customer_name: Some("Anna Berger".to_owned()),
            agent_name: Some("Kim Lind".to_owned()),
            account_name: Some("Lamp House".to_owned()),
            ..Case::of(text, Channel::Widget)
        };
        let candidates: Vec<MacroCandidate> = centre
            .macros
            .iter()
            .map(|(_, entry, other)| MacroCandidate {
                entry: entry.clone(),
                similarity: vector
                    .zip(other.as_deref())
                    .map(|(one, other)| dot(one, other)),
            })
            .collect();
        let passages = centre.passages(text, vector)?;
        let mut macros = centre.macros.iter();
        let right = macros.find(|(name, ..)| *name == intent);
        let right = right.map(|(_, entry, _)| entry.id);
        Ok(Self {
            suggested: suggest(&case, &candidates, &passages, &Counter::default()),
            draft: compose(&case, &passages),
            right: right.context("each intent has its macro")?,
            intent,
            case,
            candidates,
        })
    }

    /// The place of the right macro among those of a ranking, from 0.
    fn place(&self, case: &Case, candidates: &[MacroCandidate]) -> Option<usize> {
        let fits = rank_macros(case, candidates);
        fits.iter().position(|fit| fit.entry.id == self.right)
    }

    /// Whether the draft's first statement is from the article of the intent.
    fn cites_right(&self, centre: &HelpCentre) -> bool {
        let first = self.draft.citations.first();
        first.is_some_and(|cited| centre.library.name_of(cited.article_id) == Some(&self.intent))
    }
}

fn macro_scores(rows: &[Row]) -> Map<String, Value> {
    let share_within = |most: usize, place: &dyn Fn(&Row) -> Option<usize>| {
        share(rows, |row| place(row).is_some_and(|place| place < most))
    };
    let full = |row: &Row| row.place(&row.case, &row.candidates);
    let by_words = |row: &Row| {
        let case = Case {
            analysis: None,
            ..row.case.clone()
        };
        let mut candidates = row.candidates.clone();
        for candidate in &mut candidates {
            candidate.similarity = None;
        }
        row.place(&case, &candidates)
    };
    let without_model = |row: &Row| {
        let case = Case {
            analysis: None,
            ..row.case.clone()
        };
        row.place(&case, &row.candidates)
    };
    let judged: Vec<(f64, bool)> = rows
        .iter()
        .filter_map(|row| {
            let fits = rank_macros(&row.case, &row.candidates);
            let first = fits.first()?;
            Some((first.confidence, first.entry.id == row.right))
        })
        .collect();
    let at = |place: &dyn Fn(&Row) -> Option<usize>| {
        json!({
            "first": rounded(share_within(1, place)),
            "in_top_3": rounded(share_within(SHOWN, place)),
        })
    };
    let mut fields = Map::new();
    fields.insert("macro_first".into(), rounded(share_within(1, &full)));
    fields.insert("macro_in_top_3".into(), rounded(share_within(SHOWN, &full)));
    fields.insert("macro_by_words".into(), at(&by_words));
    fields.insert("macro_without_model".into(), at(&without_model));
    fields.insert(
        "macro_calibration_error".into(),
        rounded(calibration_error(&judged)),
    );
    fields
}

fn draft_scores(rows: &[Row], centre: &HelpCentre) -> Map<String, Value> {
    let with_source: Vec<&Row> = rows
        .iter()
        .filter(|row| !row.draft.citations.is_empty())
        .collect();
    let cited: Vec<bool> = rows
        .iter()
        .flat_map(|row| {
            let citations = row.draft.citations.iter();
            citations.map(|cited| centre.library.name_of(cited.article_id) == Some(&row.intent))
        })
        .collect();
    let n_right = cited.iter().filter(|right| **right).count();
    let mut words: Vec<usize> = with_source
        .iter()
        .map(|row| row.draft.text.split_whitespace().count())
        .collect();
    words.sort_unstable();
    let in_range = words.iter().filter(|n| (100..=200).contains(*n)).count();
    let judged: Vec<(f64, bool)> = with_source
        .iter()
        .map(|row| (row.draft.confidence, row.cites_right(centre)))
        .collect();
    let unproven = |row: &Row| {
        let found = check::unproven(&row.draft, &row.case, centre);
        for text in &found {
            eprintln!("  ! no source: {text:?} in a draft for {:?}", row.case.text);
        }
        !found.is_empty()
    };
    let offers_right = |row: &Row| {
        let mut suggestions = row.suggested.suggestions.iter();
        suggestions.any(|suggestion| match suggestion.macro_id {
            Some(id) => id == row.right,
            None => row.cites_right(centre),
        })
    };
    let fields = [
        ("article_first", share(rows, |row| row.cites_right(centre))),
        (
            "article_first_of_sourced",
            share(&with_source, |row| row.cites_right(centre)),
        ),
        (
            "citation_precision",
            n_right as f64 / cited.len().max(1) as f64,
        ),
        (
            "fallback",
            share(rows, |row| row.draft.citations.is_empty()),
        ),
        (
            "blocked",
            share(rows, |row| !row.suggested.findings.is_empty()),
        ),
        ("unsupported", share(rows, unproven)),
        (
            "words_100_to_200",
            in_range as f64 / words.len().max(1) as f64,
        ),
        ("draft_calibration_error", calibration_error(&judged)),
        ("right_among_suggestions", share(rows, offers_right)),
    ];
    let mut fields: Map<String, Value> = fields
        .into_iter()
        .map(|(name, value)| (name.to_owned(), rounded(value)))
        .collect();
    fields.insert("median_words".into(), json!(words.get(words.len() / 2)));
    fields
}

pub(super) fn share<T>(rows: &[T], is: impl Fn(&T) -> bool) -> f64 {
    rows.iter().filter(|row| is(row)).count() as f64 / rows.len().max(1) as f64
}

/// The expected calibration error over ten bins of equal width (Naeini et al. 2015).
fn calibration_error(judged: &[(f64, bool)]) -> f64 {
    let mut bins = [(0.0, 0.0, 0.0); 10];
    for (confidence, is_right) in judged {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a confidence is within 0 to 1"
        )]
        let bin = ((confidence * 10.0) as usize).min(9);
        bins[bin].0 += 1.0;
        bins[bin].1 += confidence;
        bins[bin].2 += f64::from(u8::from(*is_right));
    }
    let off: f64 = bins
        .iter()
        .map(|(_, sure, right)| (sure - right).abs())
        .sum();
    off / judged.len().max(1) as f64
}

/// Numbers that look drawn by chance and are the same on every run (`SplitMix64`).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// 0 to below `n`; 0 for none.
    fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.next() % (n.max(1) as u64)).unwrap_or_default()
    }

    /// 0 to below 1.
    fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}
