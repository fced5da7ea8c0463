//! A log of decisions, made up, is replayed: does it move the right macros up?
//!
//! An account's macros grow old: here, of every third there is an outdated copy with nearly the same words, which agents turn down. The
//! decisions of one half of the messages are fed back, round by round; the other half, whose decisions nobody has seen, is measured
//! before and after.

use edgedesk_domain::ids::MacroId;
use edgedesk_domain::macros::SuggestionOutcomes;
use edgedesk_suggest::macros::{MacroCandidate, rank_macros};
use serde_json::{Map, Value, json};
use ulid::Ulid;

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
}

/// Share of right macros shown first, and share of shown macros that agents would send, before and after.
pub(super) fn run(rows: &[Row], seed: u64) -> Value {
    let mut chance = Chance(seed);
    let asked: Vec<Asked> = rows
        .iter()
        .map(|row| Asked {
            row,
            candidates: with_copies(&row.candidates, &mut chance),
        })
        .collect();
    let (heard, held): (Vec<_>, Vec<_>) = asked
        .iter()
        .enumerate()
        .partition(|(place, _)| place % 2 == 0);
    let n_macros = asked.first().map_or(0, |asked| asked.candidates.len());
    let mut outcomes = vec![SuggestionOutcomes::default(); n_macros];
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
        .iter()
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
fn shown(asked: &Asked<'_>, outcomes: &[SuggestionOutcomes]) -> Vec<usize> {
    let mut candidates = asked.candidates.clone();
    for (candidate, outcome) in candidates.iter_mut().zip(outcomes) {
        candidate.entry.outcomes = *outcome;
    }
    let fits = rank_macros(&asked.row.case, &candidates);
    let place = |id: MacroId| candidates.iter().position(|other| other.entry.id == id);
    fits.iter()
        .take(SHOWN)
        .filter_map(|fit| place(fit.entry.id))
        .collect()
}

fn is_right(asked: &Asked<'_>, place: usize) -> bool {
    let candidate = asked.candidates.get(place);
    candidate.is_some_and(|candidate| candidate.entry.id == asked.row.right)
}

/// What an agent does with what is shown: goes down the list to the right one.
fn decide(asked: &Asked<'_>, outcomes: &mut [SuggestionOutcomes], chance: &mut Chance) {
    for place in shown(asked, outcomes) {
        let is_right = is_right(asked, place) != (chance.share() < MISTAKES);
        let drawn = chance.share();
        let Some(outcome) = outcomes.get_mut(place) else {
            continue;
        };
        if !is_right {
            outcome.n_rejected += u32::from(drawn < BOTHERED);
            continue;
        }
        if drawn < ACCEPTED {
            outcome.n_accepted += 1;
        } else if drawn < ACCEPTED + EDITED {
            outcome.n_edited += 1;
        } else {
            outcome.n_rejected += 1;
        }
        return;
    }
}

fn measure(held: &[(usize, &Asked<'_>)], outcomes: &[SuggestionOutcomes]) -> Map<String, Value> {
    let (mut n_first, mut n_right, mut n_shown) = (0, 0, 0);
    for (_, asked) in held {
        let shown = shown(asked, outcomes);
        n_first += usize::from(shown.first().is_some_and(|place| is_right(asked, *place)));
        n_right += shown
            .iter()
            .filter(|place| is_right(asked, **place))
            .count();
        n_shown += held.len().min(1);
    }
    let share = |n: usize| rounded(n as f64 / n_shown.max(1) as f64);
    let mut fields = Map::new();
    fields.insert("right_first".into(), share(n_first));
    fields.insert("right_in_top_3".into(), share(n_right));
    fields
}
