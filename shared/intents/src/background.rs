//! Sentences of no own intent: what customers write anyway, so that a head of two intents knows a third answer.
//!
//! They are of our own writing, and every account's training is given the same. Some will be about what an account has
//! made an intent of; those are left out of its training (see [`fitting`]).

use edgedesk_learn::Row;

/// The sentences, none of them long: their features are a part of every first training of an isolate. Most are English, as
/// the encoder is; without some in other languages, a head of, say, Finnish examples would learn that Finnish is an intent.
pub const BACKGROUND: [&str; 60] = [
    "Hello, is anybody there?",
    "Hi, I have a question.",
    "Thanks a lot for your help!",
    "Okay, that works for me.",
    "No, that is not what I meant.",
    "Where is my order?",
    "My parcel has not arrived yet.",
    "The tracking page shows nothing new.",
    "When will it be delivered?",
    "Can I change the delivery address?",
    "I want my money back.",
    "How do I return this?",
    "The refund is not on my account.",
    "I was charged twice this month.",
    "Can you send me the invoice again?",
    "My card was declined at the checkout.",
    "Which ways of paying do you take?",
    "Please cancel my subscription.",
    "How do I upgrade my plan?",
    "What does the yearly plan cost?",
    "I cannot log in any more.",
    "The password link does not work.",
    "How do I change my e-mail address?",
    "Please delete my account and my data.",
    "The app crashes when I open it.",
    "The page stays blank in my browser.",
    "I get an error when I save.",
    "Is the service down right now?",
    "How do I export my contacts?",
    "Does it work together with my calendar?",
    "Could you add a dark theme?",
    "The box was damaged when it came.",
    "You sent me the wrong size.",
    "Part of my order is missing.",
    "Is the blue one in stock again?",
    "What is the difference between the two models?",
    "Do you have a shop in my city?",
    "What are your opening hours?",
    "Can somebody call me back today?",
    "I would like to speak to a person.",
    "I have been waiting for three weeks now.",
    "This is the worst service I ever had.",
    "I am very happy with it, great work.",
    "My discount code is not accepted.",
    "Do you ship to other countries?",
    "How long does the guarantee last?",
    "Are you hiring at the moment?",
    "Somebody used my account without asking me.",
    "Wo bleibt meine Bestellung?",
    "Ich kann mich nicht anmelden.",
    "Je n'ai pas reçu mon colis.",
    "Merci pour votre réponse.",
    "¿Cómo puedo pagar con tarjeta?",
    "No funciona la aplicación.",
    "Missä pakettini on?",
    "Haluaisin rahat takaisin.",
    "Hur ändrar jag min adress?",
    "Non riesco ad accedere.",
    "Waar kan ik mijn factuur vinden?",
    "Quanto custa o envio?",
];

/// The share of the background that is kept whatever the intents are, in halves: the farther one.
const KEPT_ONE_OF: usize = 2;

/// The places of the background rows that belong to none of the intents, as far as features tell, ascending.
///
/// A row that is nearer (by cosine, around the middle of all rows) to a sentence of an intent than half of the intent's
/// sentences are to each other's nearest is about what the intent is about, and would teach it wrongly. The nearest half of
/// the background may be left out so; intents that are about everything do not push away all of it.
pub fn fitting(own: &[Row<'_>], intents: &[Option<usize>], background: &[Row<'_>]) -> Vec<usize> {
    let centred = Centred::around_the_middle(own, background);
    let mut excess: Vec<(usize, f32)> = (0..background.len())
        .map(|place| (place, f32::NEG_INFINITY))
        .collect();
    let n_intents = intents.iter().flatten().max().map_or(0, |last| last + 1);
    for intent in 0..n_intents {
        let members: Vec<&[f32]> = intents
            .iter()
            .zip(&centred.own)
            .filter(|(of, _)| **of == Some(intent))
            .map(|(_, row)| row.as_slice())
            .collect();
        let usual = usual_nearness(&members);
        for ((_, excess), row) in excess.iter_mut().zip(&centred.background) {
            let nearest = members
                .iter()
                .map(|member| dot(member, row))
                .fold(f32::NEG_INFINITY, f32::max);
            *excess = excess.max(nearest - usual);
        }
    }
    excess.sort_by(|a, b| a.1.total_cmp(&b.1));
    let n_kept = excess.len().div_ceil(KEPT_ONE_OF);
    let mut kept: Vec<usize> = excess
        .into_iter()
        .enumerate()
        .filter(|(rank, (_, excess))| *rank < n_kept || *excess < 0.0)
        .map(|(_, (place, _))| place)
        .collect();
    kept.sort_unstable();
    kept
}

/// Rows less the mean of all, each of length 1.
struct Centred {
    own: Vec<Vec<f32>>,
    background: Vec<Vec<f32>>,
}

impl Centred {
    fn around_the_middle(own: &[Row<'_>], background: &[Row<'_>]) -> Self {
        let width = own.first().map_or(0, |row| row.features.len());
        let mut middle = vec![0.0_f32; width];
        let n_rows = (own.len() + background.len()).max(1) as f32;
        for row in own.iter().chain(background) {
            for (sum, value) in middle.iter_mut().zip(row.features) {
                *sum += value / n_rows;
            }
        }
        let centred = |row: &Row<'_>| {
            let mut values: Vec<f32> = row
                .features
                .iter()
                .zip(&middle)
                .map(|(value, middle)| value - middle)
                .collect();
            let length = dot(&values, &values).sqrt().max(f32::MIN_POSITIVE);
            for value in &mut values {
                *value /= length;
            }
            values
        };
        Self {
            own: own.iter().map(centred).collect(),
            background: background.iter().map(centred).collect(),
        }
    }
}

/// How near the sentences of an intent are to the nearest of the others: the median.
fn usual_nearness(members: &[&[f32]]) -> f32 {
    let mut nearest: Vec<f32> = members
        .iter()
        .enumerate()
        .map(|(place, member)| {
            members
                .iter()
                .enumerate()
                .filter(|(other, _)| *other != place)
                .map(|(_, other)| dot(member, other))
                .fold(-1.0, f32::max)
        })
        .collect();
    nearest.sort_by(f32::total_cmp);
    nearest.get(nearest.len() / 2).copied().unwrap_or(1.0)
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(features: &[[f32; 2]]) -> Vec<Row<'_>> {
        features
            .iter()
            .map(|features| Row { features, text: "" })
            .collect()
    }

    #[test]
    fn what_is_about_an_intent_is_left_out_of_the_background() {
        let own = [[1.0, 0.0], [1.0, 0.1], [1.0, -0.1]];
        let background = [[0.9, 0.0], [-1.0, 0.3], [-1.0, 0.0], [-1.0, -0.3]];
        let intents = [Some(0); 3];
        assert_eq!(
            fitting(&rows(&own), &intents, &rows(&background)),
            [1, 2, 3]
        );
    }

    #[test]
    fn half_of_the_background_stays_whatever_the_intents_are() {
        let own = [[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]];
        let background = own.map(|[x, y]| [x * 0.9, y * 0.9]);
        let kept = fitting(&rows(&own), &[Some(0); 4], &rows(&background));
        assert_eq!(kept.len(), 2);
        // Corrections to none are of no intent: they push nothing away.
        let kept = fitting(&rows(&own), &[None; 4], &rows(&background));
        assert_eq!(kept, [0, 1, 2, 3]);
    }

    #[test]
    fn no_sentence_stands_twice_and_none_is_long() {
        let mut sentences = BACKGROUND.to_vec();
        sentences.sort_unstable();
        sentences.dedup();
        assert_eq!(sentences.len(), BACKGROUND.len());
        assert!(sentences.iter().all(|text| text.len() < 60));
    }
}
