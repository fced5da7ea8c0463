//! `eval deflection`: what the assistant answers customers by itself, how much of that is wrong, and when it had better say nothing.
//!
//! Each question is asked twice: with all articles, and once more with the right one taken away, when every answer is wrong. What is right
//! is the article by the label of the row. A table of messages is answered from the help centre of `eval drafts`; questions in JSON
//! lines from their threads, and then every other thread's are the held-back part, the others the tuning part. Only messages are analysed:
//! questions of a forum are no customer's, who may be at risk or full of praise.

use std::collections::BTreeMap;

use anyhow::Result;
use edgedesk_domain::account::Channel;
use edgedesk_domain::analysis::Analysis;
use edgedesk_domain::assistant::DEFAULT_MIN_CONFIDENCE;
use edgedesk_suggest::assistant::{AssistantAnswer, REASONS, answer};
use edgedesk_suggest::case::Case;
use edgedesk_suggest::output::NextAction;
use edgedesk_suggest::passage::Passage;
use serde_json::{Map, Value, json};

use super::drafts::help_centre::articles;
use super::drafts::{Analyze, sample, share, shown};
use super::faq::Rows;
use super::library::{Article, Library, Wanted};
use super::{Inputs, rounded};
use crate::reader::Reader;

/// What a job asks the search for: articles, and places of each.
const ARTICLES: usize = 3;
const PLACES: usize = 5;
/// Confidences in hundredths from which it would reply.
const THRESHOLDS: [u8; 10] = [40, 50, 60, 65, 70, 75, 80, 85, 90, 95];

/// A question and what answers it.
struct Question {
    text: String,
    /// The name of the right article.
    right: String,
    /// Whether thresholds may be chosen on it.
    is_for_tuning: bool,
}

/// What is known of a question when it is answered.
struct Asked {
    question: Question,
    case: Case,
    passages: Vec<Passage>,
    /// Without the right article.
    others: Vec<Passage>,
}

/// Shares of questions by what the assistant does with them.
pub async fn run(reader: &mut Reader, inputs: &Inputs) -> Result<Map<String, Value>> {
    let is_table = !inputs.data.to_string_lossy().contains(".jsonl");
    let (articles, questions) = if is_table {
        help_centre(inputs)?
    } else {
        threads(inputs)?
    };
    let library = Library::read(reader, articles).await?;
    let texts: Vec<String> = questions
        .iter()
        .map(|question| question.text.clone())
        .collect();
    let analyses = if is_table {
        reader.analyze_each(texts, Analyze).await?
    } else {
        texts.iter().map(|_| None).collect()
    };
    let asked = ask(reader, &library, questions, analyses).await?;
    for asked in shown(&asked, inputs.show) {
        let answered = asked.answer(DEFAULT_MIN_CONFIDENCE);
        eprintln!(
            "=== {}: {}\n{:?} {:?} {:.2}\n{}",
            asked.question.right,
            asked.case.text,
            answered.action,
            answered.hand_off,
            answered.confidence,
            answered.text
        );
    }
    let (tuning, held_back): (Vec<Asked>, Vec<Asked>) = asked
        .into_iter()
        .partition(|asked| asked.question.is_for_tuning);
    let mut fields = scores(&held_back, &library);
    fields.insert("min_confidence".into(), json!(DEFAULT_MIN_CONFIDENCE));
    fields.insert("articles".into(), json!(library.articles.len()));
    if !tuning.is_empty() {
        let judged: Vec<Judged> = tuning.iter().map(|asked| asked.judged(&library)).collect();
        fields.insert("n_tuning".into(), json!(tuning.len()));
        fields.insert("tuning_by_threshold".into(), by_threshold(&judged));
    }
    Ok(fields)
}

/// Rows of a table, some of each intent, and our own articles.
fn help_centre(inputs: &Inputs) -> Result<(Vec<Article>, Vec<Question>)> {
    let articles = articles()?;
    let rows = sample(inputs, |intent| {
        articles.iter().any(|article| article.name == intent)
    })?;
    let questions = rows.into_iter().map(|(right, text)| Question {
        text,
        right,
        is_for_tuning: false,
    });
    Ok((articles, questions.collect()))
}

/// Questions and the threads that answer them, each thread being an article.
fn threads(inputs: &Inputs) -> Result<(Vec<Article>, Vec<Question>)> {
    let Rows {
        queries,
        threads,
        wanted,
    } = Rows::read(inputs)?;
    let articles = threads.into_iter().zip(0_usize..).map(|(thread, place)| {
        let markdown = format!("# {}\n\n{}\n", thread.title, thread.answers.join("\n\n"));
        Article::of(place.to_string(), thread.title, markdown)
    });
    let questions = queries
        .into_iter()
        .zip(wanted)
        .map(|(query, place)| Question {
            text: query.text,
            right: place.to_string(),
            is_for_tuning: place % 2 == 0,
        });
    Ok((articles.collect(), questions.collect()))
}

async fn ask(
    reader: &mut Reader,
    library: &Library,
    questions: Vec<Question>,
    analyses: Vec<Option<Analysis>>,
) -> Result<Vec<Asked>> {
    let texts: Vec<String> = questions
        .iter()
        .map(|question| question.text.clone())
        .collect();
    let vectors = reader.embed("embedding questions", texts).await?;
    let mut asked = Vec::with_capacity(questions.len());
    for ((question, vector), analysis) in questions.into_iter().zip(vectors).zip(analyses) {
        let search = |without| {
            let wanted = Wanted {
                n_articles: ARTICLES,
                n_places: Some(PLACES),
                without,
            };
            library.passages(&question.text, vector.as_deref(), wanted)
        };
        asked.push(Asked {
            passages: search(None)?,
            others: search(Some(&question.right))?,
            case: Case {
                analysis,
                // All of the sets are English; a short message is not to be left to the guess of its language.
                language: Some("en".to_owned()),
                ..Case::of(&question.text, Channel::Widget)
            },
            question,
        });
    }
    Ok(asked)
}

impl Asked {
    fn answer(&self, min_confidence: f64) -> AssistantAnswer {
        answer(&self.case, &self.passages, min_confidence)
    }

    /// What would be said at any threshold.
    fn judged(&self, library: &Library) -> Judged {
        let answered = self.answer(0.0);
        let cited = answered.citations.first();
        Judged {
            is_right: cited.is_some_and(|cited| {
                library.name_of(cited.article_id) == Some(&self.question.right)
            }),
            reply: reply(&answered),
            reply_without: reply(&answer(&self.case, &self.others, 0.0)),
        }
    }
}

/// A question's answers where no confidence is asked for.
struct Judged {
    /// The threshold up to which it is replied to; `None` where it never is.
    reply: Option<f64>,
    is_right: bool,
    /// The same without the right article.
    reply_without: Option<f64>,
}

/// The threshold up to which an answer is given. Small talk is given at any.
fn reply(answered: &AssistantAnswer) -> Option<f64> {
    let threshold = if answered.citations.is_empty() {
        1.0
    } else {
        answered.confidence
    };
    (answered.action == NextAction::Reply).then_some(threshold)
}

fn scores(asked: &[Asked], library: &Library) -> Map<String, Value> {
    let judged: Vec<Judged> = asked.iter().map(|asked| asked.judged(library)).collect();
    let mut fields = at(&judged, DEFAULT_MIN_CONFIDENCE);
    fields.insert("n".into(), json!(asked.len()));
    let answers: Vec<AssistantAnswer> = asked
        .iter()
        .map(|asked| asked.answer(DEFAULT_MIN_CONFIDENCE))
        .collect();
    let is = |action| share(&answers, |answered| answered.action == action);
    fields.insert("asked_back".into(), rounded(is(NextAction::Ask)));
    fields.insert("handed_off".into(), rounded(is(NextAction::HandOff)));
    let reasons = REASONS.map(|reason| {
        let share = share(&answers, |answered| answered.hand_off == Some(reason));
        (reason.as_str().to_owned(), rounded(share))
    });
    fields.insert(
        "handed_off_because".into(),
        Value::Object(reasons.into_iter().collect()),
    );
    let mut words: Vec<usize> = answers
        .iter()
        .filter(|answered| !answered.citations.is_empty())
        .map(|answered| answered.text.split_whitespace().count())
        .collect();
    words.sort_unstable();
    fields.insert("median_words".into(), json!(words.get(words.len() / 2)));
    fields.insert("by_threshold".into(), by_threshold(&judged));
    fields
}

fn by_threshold(judged: &[Judged]) -> Value {
    let rows: BTreeMap<String, Value> = THRESHOLDS
        .into_iter()
        .map(|hundredths| {
            let threshold = f64::from(hundredths) / 100.0;
            (
                format!("{threshold:.2}"),
                Value::Object(at(judged, threshold)),
            )
        })
        .collect();
    json!(rows)
}

/// What is answered from a confidence on, and how much of it is wrong; of the questions whose article is not there, whatever is.
fn at(judged: &[Judged], threshold: f64) -> Map<String, Value> {
    let is_given = |reply: Option<f64>| reply.is_some_and(|most| most >= threshold);
    let replied: Vec<&Judged> = judged.iter().filter(|row| is_given(row.reply)).collect();
    let is_wrong = |row: &Judged| is_given(row.reply) && !row.is_right;
    let fields = [
        ("deflection", share(judged, |row| is_given(row.reply))),
        ("wrong_answer_rate", share(&replied, |row| is_wrong(row))),
        ("wrong_of_all", share(judged, is_wrong)),
        (
            "unanswerable_answered",
            share(judged, |row| is_given(row.reply_without)),
        ),
    ];
    fields
        .into_iter()
        .map(|(name, value)| (name.to_owned(), rounded(value)))
        .collect()
}
