//! From questions that no article answers to drafts: one for each group of five, and none for what is asked less often.

use edgedesk_knowledge::gap::{Asked, Draft, draft};
use edgedesk_search::clusters::{Bounds, Question, gaps};
use edgedesk_search::row::Row;
use proptest::prelude::*;

/// A question as it was asked, with what was answered.
#[derive(Debug, Clone)]
struct Asks {
    question: Question,
    text: String,
    answer: String,
}

/// What is asked how often, and answered how.
const TOPICS: [(usize, &str, &str); 4] = [
    (
        5,
        "How can I pay by invoice",
        "Choose invoice at the checkout and pay within two weeks.",
    ),
    (
        6,
        "Where do I find my old orders",
        "Your orders of the last two years are in your profile.",
    ),
    (
        7,
        "Can I send a present to a friend",
        "Add the address of your friend as the place of delivery.",
    ),
    (
        4,
        "Do you have a shop in the city",
        "There is a shop beside the main station of the city.",
    ),
];

/// The questions of each topic near to a direction of its own, and as many that are near to nothing.
fn desk() -> Vec<Asks> {
    let mut desk = Vec::new();
    let mut ask = |direction: Option<usize>, text: String, answer: &str| {
        let id = desk.len();
        let mut vector = [0.0_f32; 64];
        vector[8 + id] = if direction.is_some() { 0.5 } else { 1.0 };
        if let Some(direction) = direction {
            vector[direction] = 1.0;
        }
        desk.push(Asks {
            question: Question {
                id: id as u64,
                row: Row::of(&vector).expect("it has a direction"),
                best_article: 0.2,
            },
            text,
            answer: format!("Thank you for your message to us, number {id}. {answer} Have a very nice day, says agent {id}."),
        });
    };
    for (topic, (n, question, answer)) in TOPICS.into_iter().enumerate() {
        for number in 0..n {
            ask(
                Some(topic),
                format!("{question}, asks customer {number}?"),
                answer,
            );
        }
    }
    for number in 0..20 {
        ask(
            None,
            format!("Something else altogether, thing {number}?"),
            "That was something of yours alone.",
        );
    }
    desk
}

/// What a nightly run would do.
fn drafts(desk: &[Asks]) -> Vec<Draft> {
    let questions: Vec<Question> = desk.iter().map(|asks| asks.question.clone()).collect();
    let gaps = gaps(&questions, Bounds::default());
    let drafts = gaps.iter().filter_map(|gap| {
        let is_in = |asks: &&Asks| gap.questions.contains(&asks.question.id);
        let (inside, outside): (Vec<&Asks>, Vec<&Asks>) = desk.iter().partition(is_in);
        let medoid = inside.iter().find(|asks| asks.question.id == gap.medoid)?;
        let texts: Vec<&str> = inside.iter().map(|asks| asks.text.as_str()).collect();
        let answers: Vec<&str> = inside.iter().map(|asks| asks.answer.as_str()).collect();
        let other_answers: Vec<&str> = outside.iter().map(|asks| asks.answer.as_str()).collect();
        draft(Asked {
            medoid: &medoid.text,
            questions: &texts,
            answers: &answers,
            other_answers: &other_answers,
        })
    });
    drafts.collect()
}

#[test]
fn three_groups_of_five_and_more_give_exactly_three_drafts() {
    let found = drafts(&desk());
    assert_eq!(found.len(), 3);
    // The largest group first. Greetings are said to everybody, and are in no draft.
    for (draft, topic) in found.iter().zip([2, 1, 0]) {
        let (n, question, answer) = TOPICS[topic];
        assert!(draft.title.starts_with(question), "{}", draft.title);
        assert!(
            draft
                .body
                .starts_with(&format!("{answer}\n\n## Asked as\n\n- {question}")),
            "{}",
            draft.body
        );
        assert_eq!(draft.n_sentences, 1);
        assert_eq!(draft.body.matches("\n- ").count(), n);
    }
}

#[test]
fn once_an_article_answers_them_there_is_nothing_to_draft() {
    let mut desk = desk();
    for asks in &mut desk {
        asks.question.best_article = 0.8;
    }
    assert!(drafts(&desk).is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_order_of_questions_does_not_matter(shuffled in Just(desk()).prop_shuffle()) {
        prop_assert_eq!(drafts(&shuffled), drafts(&desk()));
    }
}
