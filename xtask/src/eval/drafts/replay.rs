//! A log of decisions, made up, is replayed: does it move the right macros up?
//!
//! An account's macros grow old: here, of every third there is an outdated copy with nearly the same words, which agents turn down. The
//! decisions of one half of the messages are fed back, round by round; the other half, whose decisions nobody has seen, is measured
//! before and after.

use edgedesk_domain::ids::MacroId;
use edgedesk_domain::macros::SuggestionOutcomes;
use edgedesk_suggest::macros::{MacroCandidate, moved, rank_macros};
use serde_json::{Map, Value, json};
use ulid::Ulid;

use super::help_centre::HelpCentre;
use super::{Chance, Row, SHOWN};
use crate::eval::rounded;

const ROUNDS: usize = 5;
/// Every so many macros, one has an outdated copy.
const COPY_EVERY: usize = 3;
/// How much less near an outdated copy is, and how much nearer, at most: its words have hardly changed.
const COPY_DRIFT: f64 = 0.02;
/// How often agents send the right one as it is, send it after changes, and decide wrongly.
const ACCEPTED: f64 = 0.7;
const EDITED: f64 = 0.2;
const MISTAKES: f64 = 0.1;
/// How often they bother to turn down a wrong one that stands above.
const BOTHERED: f64 = 0.7;

/// Which macros are the right ones of a message is known by their ids.
struct Asked<'a> {
    row: &'a Row,
    candidates: Vec<MacroCandidate>,
    draft_is_right: bool,
}

/// What became of each macro, by its place, and of all drafts.
struct Outcomes {
    macros: Vec<SuggestionOutcomes>,
    drafts: SuggestionOutcomes,
}

/// Share of right macros shown first, and share of shown macros that agents would send, before and after.
pub(super) fn run(rows: &[Row], centre: &HelpCentre, seed: u64) -> Value {
    let mut chance = Chance(seed);
    let asked: Vec<Asked> = rows
        .iter()
        .map(|row| Asked {
            row,
            candidates: with_copies(&row.candidates, &mut chance),
            draft_is_right: row.cites_right(centre),
        })
        .collect();
    let (heard, held): (Vec<_>, Vec<_>) = asked
        .iter()
        .enumerate()
        .partition(|(place, _)| place % 2 == 0);
    let n_macros = asked.first().map_or(0, |asked| asked.candidates.len());
    let mut outcomes = Outcomes {
        macros: vec![SuggestionOutcomes::default(); n_macros],
        drafts: SuggestionOutcomes::default(),
    };
    let before = measure(&held, &outcomes);
    let mut by_round = Vec::new();
    for _ in 0..ROUNDS {
        for (_, asked) in &heard {
            decide(asked, &mut outcomes, &mut chance);
        }
        by_round.push(measure(&held, &outcomes)["right_first"].clone());
    }
    let after = measure(&held, &outcomes);
    let n_decisions: u32 = outcomes
        .macros
        .iter()
        .chain([&outcomes.drafts])
        .map(|outcome| outcome.n_accepted + outcome.n_edited + outcome.n_rejected)
        .sum();
    json!({
        "before": before,
        "after": after,
        "by_round": by_round,
        "decisions": n_decisions,
        "macros": n_macros,
        "measured_on": held.len(),
    })
}

fn with_copies(candidates: &[MacroCandidate], chance: &mut Chance) -> Vec<MacroCandidate> {
    let mut all = candidates.to_vec();
    for candidate in candidates.iter().step_by(COPY_EVERY) {
        let mut copy = candidate.clone();
        copy.entry.id = MacroId::new(Ulid(1_000 + all.len() as u128));
        copy.entry
            .intents
            .retain(|name| !name.starts_with("judged"));
        let drift = COPY_DRIFT * (2.0 * chance.share() - 1.0);
        copy.similarity = copy.similarity.map(|cosine| cosine + drift);
        all.push(copy);
    }
    all
}

/// The shown ones, by their places among the candidates, best first.
fn shown(asked: &Asked<'_>, outcomes: &[SuggestionOutcomes]) -> Vec<(usize, f64)> {
    let mut candidates = asked.candidates.clone();
    for (candidate, outcome) in candidates.iter_mut().zip(outcomes) {
        candidate.entry.outcomes = *outcome;
    }
    let fits = rank_macros(&asked.row.case, &candidates);
    let place = |id: MacroId| candidates.iter().position(|other| other.entry.id == id);
    fits.iter()
        .take(SHOWN)
        .filter_map(|fit| Some((place(fit.entry.id)?, fit.confidence)))
        .collect()
}

fn is_right(asked: &Asked<'_>, place: usize) -> bool {
    let candidate = asked.candidates.get(place);
    candidate.is_some_and(|candidate| candidate.entry.id == asked.row.right)
}

/// What an agent does with what is shown: goes down the list to the right macro, and decides on the draft.
fn decide(asked: &Asked<'_>, outcomes: &mut Outcomes, chance: &mut Chance) {
    judge(asked.draft_is_right, &mut outcomes.drafts, chance);
    for (place, _) in shown(asked, &outcomes.macros) {
        let is_right = is_right(asked, place);
        let Some(outcome) = outcomes.macros.get_mut(place) else {
            continue;
        };
        if judge(is_right, outcome, chance) {
            return;
        }
    }
}

/// Whether the agent took it for right.
fn judge(is_right: bool, outcome: &mut SuggestionOutcomes, chance: &mut Chance) -> bool {
    let seems_right = is_right != (chance.share() < MISTAKES);
    let drawn = chance.share();
    if !seems_right {
        outcome.n_rejected += u32::from(drawn < BOTHERED);
    } else if drawn < ACCEPTED {
        outcome.n_accepted += 1;
    } else if drawn < ACCEPTED + EDITED {
        outcome.n_edited += 1;
    } else {
        outcome.n_rejected += 1;
    }
    seems_right
}

/// How many were shown first, and how many of them were right.
#[derive(Default)]
struct First {
    n: usize,
    n_right: usize,
}

fn measure(held: &[(usize, &Asked<'_>)], outcomes: &Outcomes) -> Map<String, Value> {
    let (mut n_first, mut n_right) = (0, 0);
    let (mut macros, mut drafts) = (First::default(), First::default());
    for (_, asked) in held {
        let shown = shown(asked, &outcomes.macros);
        let best = shown.first();
        let best_is_right = best.is_some_and(|(place, _)| is_right(asked, *place));
        n_first += usize::from(best_is_right);
        let mut places = shown.iter();
        n_right += usize::from(places.any(|(place, _)| is_right(asked, *place)));
        // The draft's confidence was made without outcomes.
        let draft = moved(asked.row.draft.confidence, outcomes.drafts);
        let (first, right) = if best.is_some_and(|(_, confidence)| *confidence >= draft) {
            (&mut macros, best_is_right)
        } else {
            (&mut drafts, asked.draft_is_right)
        };
        first.n += 1;
        first.n_right += usize::from(right);
    }
    let share = |n: usize, of: usize| rounded(n as f64 / of.max(1) as f64);
    let fields = [
        ("right_first", share(n_first, held.len())),
        ("right_in_top_3", share(n_right, held.len())),
        (
            "right_at_the_top",
            share(macros.n_right + drafts.n_right, held.len()),
        ),
        ("macro_at_the_top", share(macros.n, held.len())),
        ("macro_at_the_top_is_right", share(macros.n_right, macros.n)),
        ("draft_at_the_top_is_right", share(drafts.n_right, drafts.n)),
    ];
    let fields = fields.into_iter();
    fields
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}
