//! A draft of an article out of what customers asked and agents answered, with nothing in it that nobody said.
//!
//! What belongs into an article is what several agents answered: a sentence counts when another answer says it, too. What agents also
//! write when they are asked something else, such as a greeting, is no answer to this question. Questions and answers come masked
//! (`edgedesk-masking`); a sentence with a mask in it was about one customer, and is left out.

use std::collections::BTreeSet;

use edgedesk_domain::article::MAX_TITLE_CHARS;

use crate::import::escape::{escape_inline, escape_line_start};
use crate::import::one_line;
use crate::parts::sentences;

/// The heading above the questions.
pub const ASKED_AS: &str = "Asked as";
/// Most sentences of a draft.
const MAX_SENTENCES: usize = 8;
/// Most questions that are listed.
const MAX_QUESTIONS: usize = 20;
/// Most answers that are looked at, and most sentences of each: every sentence is compared with every other.
const MAX_ANSWERS: usize = 40;
const MAX_ANSWER_SENTENCES: usize = 30;
/// Two sentences say the same when they share this much of their words (Dice 1945).
const SAME_FROM: f64 = 0.6;
/// A sentence of fewer words says nothing by itself.
const MIN_WORDS: usize = 4;
/// A draft takes a sentence that at least so many answers have.
const MIN_ANSWERS: usize = 2;
/// Characters by which words are compared: languages inflect at the end.
const STEM_CHARS: usize = 6;

/// What a draft is made of. Everything is plain text, masked.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The question in the middle of the others.
    pub medoid: &'a str,
    /// All questions, that one included.
    pub questions: &'a [&'a str],
    /// What agents answered to them, each answer once.
    pub answers: &'a [&'a str],
    /// What they answered to other questions: what is said there, too, is no answer to these.
    pub other_answers: &'a [&'a str],
}

/// A draft of an article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// One line, 1 to 200 characters.
    pub title: String,
    /// Markdown.
    pub body: String,
    /// How many sentences of answers are in it; with none it only says what was asked.
    pub n_sentences: usize,
}

/// The draft; `None` when the question in the middle has no words. The order of questions and answers does not matter.
#[must_use]
pub fn draft(asked: Asked<'_>) -> Option<Draft> {
    let title = title(asked.medoid)?;
    let said = common(asked.answers, asked.other_answers);
    let mut body = String::new();
    for sentence in &said {
        if !body.is_empty() {
            body.push(' ');
        }
        body.push_str(&escape_inline(sentence));
    }
    let mut body = escape_line_start(&body);
    if !body.is_empty() {
        body.push_str("\n\n");
    }
    body.push_str("## ");
    body.push_str(ASKED_AS);
    body.push_str("\n\n");
    for question in listed(&asked) {
        let question = escape_line_start(&escape_inline(&question));
        body.push_str("- ");
        body.push_str(&question);
        body.push('\n');
    }
    Some(Draft {
        title,
        body: body.trim_end().to_owned(),
        n_sentences: said.len(),
    })
}

/// The question as a title: its first sentence that has enough words, else all of it, cut at a word.
#[must_use]
pub fn title(question: &str) -> Option<String> {
    let question = one_line(question);
    let asks = sentences(&question).find(|sentence| sentence.split(' ').count() >= MIN_WORDS);
    let title = asks.unwrap_or(&question).trim_end_matches(['.', ' ']);
    if !title.contains(char::is_alphanumeric) {
        return None;
    }
    if title.chars().count() <= MAX_TITLE_CHARS {
        return Some(title.to_owned());
    }
    let cut: String = title.chars().take(MAX_TITLE_CHARS - 1).collect();
    let whole_words = cut
        .rsplit_once(' ')
        .map_or(cut.as_str(), |(words, _)| words);
    Some(format!("{whole_words}…"))
}

/// The questions as they are listed: each once, that in the middle first, the others by the letters.
fn listed(asked: &Asked<'_>) -> Vec<String> {
    let first = one_line(asked.medoid);
    let mut seen = BTreeSet::from([first.to_lowercase()]);
    let mut others: Vec<String> = asked.questions.iter().map(|text| one_line(text)).collect();
    others.sort();
    others.retain(|question| !question.is_empty() && seen.insert(question.to_lowercase()));
    let all = std::iter::once(first).chain(others);
    all.take(MAX_QUESTIONS).collect()
}

/// A sentence of an answer.
#[derive(Debug)]
struct Sentence<'a> {
    text: &'a str,
    words: BTreeSet<String>,
    /// Which answer it is of.
    answer: usize,
    /// Where in it, 0 at its beginning and 1 at its end.
    place: f64,
}

/// What several answers say, in the order in which they say it: of sentences that say the same the one that is most like the others.
fn common(answers: &[&str], other_answers: &[&str]) -> Vec<String> {
    let answers: Vec<String> = in_order(answers);
    let others: Vec<String> = in_order(other_answers);
    let said = said(&answers);
    let elsewhere = said_words(&others);
    let mut groups: Vec<Group<'_>> = said
        .iter()
        .filter(|sentence| {
            !elsewhere
                .iter()
                .any(|words| is_same(words, &sentence.words))
        })
        .map(|sentence| Group::around(sentence, &said))
        .filter(|group| group.n_answers >= MIN_ANSWERS)
        .collect();
    // What most answers say first; of as many the most central; then by the letters, whatever order the answers came in.
    groups.sort_by(|a, b| {
        let by_answers = b.n_answers.cmp(&a.n_answers);
        by_answers
            .then_with(|| b.likeness.total_cmp(&a.likeness))
            .then_with(|| a.sentence.text.cmp(b.sentence.text))
    });
    let mut taken: Vec<Group<'_>> = Vec::new();
    for group in groups {
        let is_new = taken
            .iter()
            .all(|other| !is_same(&other.sentence.words, &group.sentence.words));
        if is_new && taken.len() < MAX_SENTENCES {
            taken.push(group);
        }
    }
    taken.sort_by(|a, b| {
        let by_place = a.place.total_cmp(&b.place);
        by_place.then_with(|| a.sentence.text.cmp(b.sentence.text))
    });
    let texts = taken.iter().map(|group| group.sentence.text.to_owned());
    texts.collect()
}

/// A sentence, and what other answers say that is the same.
#[derive(Debug)]
struct Group<'a> {
    sentence: &'a Sentence<'a>,
    n_answers: usize,
    /// How like it those sentences are, added up.
    likeness: f64,
    /// Where they stand on average.
    place: f64,
}

impl<'a> Group<'a> {
    fn around(sentence: &'a Sentence<'a>, all: &[Sentence<'_>]) -> Self {
        let same = || {
            all.iter()
                .filter(|other| is_same(&other.words, &sentence.words))
        };
        let answers: BTreeSet<usize> = same().map(|other| other.answer).collect();
        let n = same().count().max(1) as f64;
        Self {
            sentence,
            n_answers: answers.len(),
            likeness: same()
                .map(|other| likeness(&other.words, &sentence.words))
                .sum(),
            place: same().map(|other| other.place).sum::<f64>() / n,
        }
    }
}

/// Each once, in an order of their own.
fn in_order(answers: &[&str]) -> Vec<String> {
    let mut lines: Vec<String> = answers.iter().map(|answer| (*answer).to_owned()).collect();
    lines.sort();
    lines.truncate(MAX_ANSWERS);
    lines
}

fn said(answers: &[String]) -> Vec<Sentence<'_>> {
    let mut said = Vec::new();
    for (answer, text) in answers.iter().enumerate() {
        let lines = text.lines().map(str::trim);
        let all: Vec<&str> = lines
            .flat_map(sentences)
            .take(MAX_ANSWER_SENTENCES)
            .collect();
        let n = all.len().max(1) as f64;
        for (place, text) in all.iter().enumerate() {
            let words = words(text);
            if words.len() >= MIN_WORDS && !has_mask(text) {
                said.push(Sentence {
                    text,
                    words,
                    answer,
                    place: place as f64 / n,
                });
            }
        }
    }
    said
}

fn said_words(answers: &[String]) -> Vec<BTreeSet<String>> {
    let said = said(answers).into_iter();
    said.map(|sentence| sentence.words).collect()
}

/// Whether a piece in brackets stands for something of one customer: `[email]`, `[card]`.
fn has_mask(text: &str) -> bool {
    text.split('[').skip(1).any(|behind| {
        let inner = behind.split_once(']').map(|(inner, _)| inner);
        inner.is_some_and(|inner| {
            !inner.is_empty() && inner.bytes().all(|byte| byte.is_ascii_lowercase())
        })
    })
}

/// The beginnings of its words, in small letters.
fn words(text: &str) -> BTreeSet<String> {
    let words = text.split(|character: char| !character.is_alphanumeric());
    words
        .filter(|word| !word.is_empty())
        .map(|word| word.to_lowercase().chars().take(STEM_CHARS).collect())
        .collect()
}

fn is_same(a: &BTreeSet<String>, b: &BTreeSet<String>) -> bool {
    likeness(a, b) >= SAME_FROM
}

fn likeness(a: &BTreeSet<String>, b: &BTreeSet<String>) -> f64 {
    let n_both = a.intersection(b).count() as f64;
    2.0 * n_both / (a.len() + b.len()).max(1) as f64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const QUESTIONS: [&str; 5] = [
        "How do I change my delivery address?",
        "can i change the delivery address",
        "Wrong address on my order, *please* change it",
        "Can I change the  delivery address",
        "Delivery goes to my old flat. How can I change that?",
    ];
    const ANSWERS: [&str; 4] = [
        "Hi Anna!\nThank you for writing to us today. Open the order and choose \"Change address\". You can change the address until the parcel leaves.\nBest wishes, Tom",
        "Thank you for writing to us today! Until the parcel leaves you can change the address. Is there anything else?",
        "Thank you for writing to us. Please open the order and choose \"Change address\". I have changed it to [address] for you.",
        "I have sent it to [email] now, so all is well.",
    ];
    const OTHERS: [&str; 2] = [
        "Thank you for writing to us today. The refund is on its way.",
        "Is there anything else that I can do for you?",
    ];

    fn asked() -> Asked<'static> {
        Asked {
            medoid: QUESTIONS[0],
            questions: &QUESTIONS,
            answers: &ANSWERS,
            other_answers: &OTHERS,
        }
    }

    #[test]
    fn a_draft_says_what_several_answers_say_and_how_it_was_asked() {
        let draft = draft(asked()).unwrap();
        assert_eq!(draft.title, "How do I change my delivery address?");
        assert_eq!(draft.n_sentences, 2);
        assert_eq!(
            draft.body,
            "Open the order and choose \"Change address\". Until the parcel leaves you can change the address.\n\n\
            ## Asked as\n\n\
            - How do I change my delivery address?\n\
            - Can I change the delivery address\n\
            - Delivery goes to my old flat. How can I change that?\n\
            - Wrong address on my order, \\*please\\* change it"
        );
    }

    #[test]
    fn what_one_answer_says_or_what_is_said_to_everybody_is_left_out() {
        for (answers, others) in [
            (&ANSWERS[..1], &[][..]),
            (&ANSWERS[2..], &[]),
            (&[], &[]),
            // Every answer is one to other questions, too.
            (&ANSWERS, &ANSWERS),
        ] {
            let draft = draft(Asked {
                answers,
                other_answers: others,
                ..asked()
            });
            let draft = draft.unwrap();
            assert_eq!(draft.n_sentences, 0, "{answers:?}");
            assert!(
                draft.body.starts_with("## Asked as\n\n- How do"),
                "{}",
                draft.body
            );
        }
    }

    #[test]
    fn a_title_is_the_question_without_a_greeting() {
        let long = "word ".repeat(60);
        for (question, expected) in [
            (
                "Hello there! How do I  get\nmy money back?",
                Some("How do I get my money back?".to_owned()),
            ),
            ("Refund?", Some("Refund?".to_owned())),
            ("Hi. Refund.", Some("Hi. Refund".to_owned())),
            ("?!", None),
            ("", None),
            (
                long.as_str(),
                Some(format!("{}…", "word ".repeat(39).trim_end())),
            ),
        ] {
            assert_eq!(title(question), expected, "{question}");
        }
    }

    #[test]
    fn a_draft_is_inert() {
        let evil = "<script>alert(1)</script> [click](javascript:x) # ![a](b)";
        let answer = "- Open the <b>settings</b> and [Press](javascript:x) the button.";
        let draft = draft(Asked {
            medoid: evil,
            questions: &[evil, "# heading"],
            answers: &[answer, answer],
            other_answers: &[],
        });
        let draft = draft.unwrap();
        for event in pulldown_cmark::Parser::new(&draft.body) {
            use pulldown_cmark::{Event, Tag};
            let is_markup = matches!(
                event,
                Event::Html(_)
                    | Event::InlineHtml(_)
                    | Event::Start(Tag::Link { .. } | Tag::Image { .. })
            );
            assert!(!is_markup, "{event:?}");
        }
        assert_eq!(draft.n_sentences, 1);
    }

    proptest! {
        #[test]
        fn the_order_does_not_matter(
            questions in Just(QUESTIONS.to_vec()).prop_shuffle(),
            answers in Just(ANSWERS.to_vec()).prop_shuffle(),
        ) {
            let shuffled = Asked { questions: &questions, answers: &answers, ..asked() };
            prop_assert_eq!(draft(shuffled), draft(asked()));
        }

        /// Every sentence of a draft is one of an answer, word for word.
        #[test]
        fn nothing_is_invented(answers in prop::collection::vec("([a-e]{1,2} ){0,9}[a-e]\\. ([a-e] ){0,9}[a-e]\\.", 0..6)) {
            let answers: Vec<&str> = answers.iter().map(String::as_str).collect();
            for sentence in common(&answers, &[]) {
                prop_assert!(answers.iter().any(|answer| answer.contains(&sentence)), "{}", sentence);
            }
        }

        #[test]
        fn any_texts_make_a_draft(texts in prop::collection::vec("\\PC{0,60}", 1..6)) {
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            let made = draft(Asked { medoid: texts[0], questions: &texts, answers: &texts, other_answers: &texts[1..] });
            if let Some(draft) = made {
                prop_assert!((1..=MAX_TITLE_CHARS).contains(&draft.title.chars().count()));
            }
        }
    }
}
