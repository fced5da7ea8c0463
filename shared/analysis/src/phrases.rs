//! What a customer says outright: phrases that a rule finds more surely than a model, and can quote as a reason.
//!
//! English only, like the sentiment model; the tables are the place for more languages.

use std::collections::BTreeSet;

/// A statement that makes an escalation more likely.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Statement {
    /// Threatens with a lawyer, a court or an authority.
    LegalThreat,
    /// Asks for a manager or supervisor.
    AsksForManager,
    /// Will dispute the payment.
    Chargeback,
    /// Threatens with reviews, press or social media.
    PublicComplaint,
    /// Wants to leave or to cancel.
    Cancels,
    /// Writes about the same thing again.
    RepeatContact,
    /// Has waited long.
    LongWait,
    /// Insults or swears.
    Insult,
}

/// Words that, a few words apart, make one statement: any of `first`, then any of `second` within `gap` words.
/// An empty `second` means that `first` alone is enough. An entry may be of several words.
struct Pattern {
    statement: Statement,
    first: &'static [&'static str],
    second: &'static [&'static str],
    gap: usize,
}

const fn phrase(statement: Statement, first: &'static [&'static str]) -> Pattern {
    Pattern {
        statement,
        first,
        second: &[],
        gap: 0,
    }
}

const PATTERNS: [Pattern; 16] = [
    Pattern {
        statement: Statement::AsksForManager,
        first: &[
            "speak",
            "talk",
            "get me",
            "get",
            "want",
            "need",
            "demand",
            "give me",
            "put me",
            "connect me",
            "transfer me",
            "forward",
            "escalate",
            "escalated",
            "contact",
            "where is",
            "involve",
            "complain",
        ],
        second: &[
            "manager",
            "managers",
            "supervisor",
            "supervisors",
            "superior",
            "boss",
            "in charge",
            "team lead",
        ],
        gap: 6,
    },
    phrase(
        Statement::AsksForManager,
        &[
            "escalate this",
            "escalate it",
            "escalate my",
            "higher up",
            "someone above you",
            "formal complaint",
        ],
    ),
    phrase(
        Statement::LegalThreat,
        &[
            "my lawyer",
            "a lawyer",
            "my lawyers",
            "my attorney",
            "an attorney",
            "my solicitor",
            "a solicitor",
            "legal action",
            "legal steps",
            "legal proceedings",
            "small claims",
            "sue",
            "suing",
            "lawsuit",
            "take you to court",
            "see you in court",
            "consumer protection",
            "trading standards",
            "ombudsman",
            "better business bureau",
            "attorney general",
            "report you",
            "breach of contract",
            "fraud department",
        ],
    ),
    phrase(
        Statement::Chargeback,
        &[
            "chargeback",
            "charge back",
            "chargebacks",
            "dispute the charge",
            "dispute this charge",
            "dispute the payment",
            "dispute the transaction",
            "dispute with my bank",
            "reverse the charge",
            "reverse the payment",
            "file a dispute",
            "open a dispute",
            "call my bank",
            "contact my bank",
        ],
    ),
    phrase(
        Statement::PublicComplaint,
        &[
            "bad review",
            "negative review",
            "one star",
            "1 star",
            "trustpilot",
            "go public",
            "tell everyone",
            "warn everyone",
            "warn others",
            "social media",
            "the press",
            "the media",
            "all over twitter",
            "post about this",
            "name and shame",
        ],
    ),
    Pattern {
        statement: Statement::Cancels,
        first: &[
            "cancel",
            "cancelling",
            "canceling",
            "terminate",
            "close",
            "delete",
        ],
        second: &[
            "account",
            "subscription",
            "contract",
            "membership",
            "plan",
            "service",
            "everything",
        ],
        gap: 4,
    },
    phrase(
        Statement::Cancels,
        &[
            "switch to a competitor",
            "switching to a competitor",
            "go to a competitor",
            "going elsewhere",
            "go elsewhere",
            "take my business",
            "taking my business",
            "lost a customer",
            "losing a customer",
            "lost me as a customer",
            "never buy",
            "never order",
            "never use",
            "never again",
            "i am leaving",
            "i'm leaving",
            "done with you",
            "done with this company",
            "i'm done",
            "i am done",
        ],
    ),
    Pattern {
        statement: Statement::RepeatContact,
        first: &[
            "second",
            "third",
            "fourth",
            "fifth",
            "sixth",
            "tenth",
            "2nd",
            "3rd",
            "4th",
            "5th",
            "umpteenth",
            "nth",
            "last",
        ],
        second: &[
            "time i",
            "time that i",
            "time im",
            "time i'm",
            "email",
            "e-mail",
            "message",
            "call",
            "request",
            "attempt",
            "ticket",
            "complaint",
        ],
        gap: 1,
    },
    Pattern {
        statement: Statement::RepeatContact,
        first: &[
            "called",
            "written",
            "emailed",
            "contacted",
            "wrote",
            "asked",
            "messaged",
            "complained",
            "told you",
        ],
        second: &[
            "times",
            "already",
            "again",
            "twice",
            "again and again",
            "over and over",
        ],
        gap: 6,
    },
    Pattern {
        statement: Statement::RepeatContact,
        first: &["already", "twice", "again and again"],
        second: &[
            "called",
            "written",
            "emailed",
            "contacted",
            "wrote",
            "asked",
            "messaged",
            "complained",
            "told",
        ],
        gap: 2,
    },
    phrase(
        Statement::RepeatContact,
        &[
            "no one answers",
            "nobody answers",
            "no one replies",
            "nobody replies",
            "no one responds",
            "nobody responds",
            "no one has",
            "nobody has",
            "keep asking",
            "keep getting",
            "still no answer",
            "still no reply",
            "still no response",
            "still not fixed",
            "still not working",
            "still not resolved",
            "still waiting",
            "how many times",
            "ignoring me",
            "being ignored",
            "keeps happening",
            "same problem again",
            "yet again",
        ],
    ),
    Pattern {
        statement: Statement::LongWait,
        first: &[
            "waiting", "waited", "wait", "been", "took", "taken", "after",
        ],
        second: &[
            "hours", "days", "weeks", "months", "a week", "a month", "forever", "ages", "all day",
        ],
        gap: 4,
    },
    phrase(
        Statement::LongWait,
        &[
            "on hold",
            "how much longer",
            "how long do i have to",
            "running out of patience",
        ],
    ),
    phrase(
        Statement::LongWait,
        &["weeks ago", "months ago", "a month ago", "overdue"],
    ),
    phrase(
        Statement::Insult,
        &[
            "idiot",
            "idiots",
            "moron",
            "morons",
            "incompetent",
            "useless",
            "scam",
            "scammers",
            "scammer",
            "thieves",
            "liars",
            "liar",
            "crooks",
            "rip off",
            "ripoff",
            "bullshit",
            "fuck",
            "fucking",
            "fucked",
            "shit",
            "shitty",
            "crap",
            "pathetic",
            "clowns",
            "asshole",
            "assholes",
            "wtf",
            "stupid",
        ],
    ),
    phrase(
        Statement::Insult,
        &[
            "worst company",
            "worst service",
            "worst customer service",
            "worst support",
            "joke of a company",
        ],
    ),
];

/// Words before `manager` that make it a thing or a job.
const MANAGER_THINGS: [&str; 6] = ["password", "account", "project", "package", "task", "file"];
const NEGATIONS: [&str; 8] = [
    "not", "don't", "dont", "didn't", "didnt", "won't", "wont", "never",
];
/// `I will not hesitate to sue`: no negation after all.
const HESITATIONS: [&str; 2] = ["hesitate", "only"];
/// Words before a statement among which a negation takes it back.
const NEGATION_REACH: usize = 3;

/// The statements made in a text.
#[must_use]
pub fn statements(text: &str) -> BTreeSet<Statement> {
    let words = words(text);
    PATTERNS
        .iter()
        .filter(|pattern| pattern.occurs(&words))
        .map(|pattern| pattern.statement)
        .collect()
}

/// 0 to 1: how loudly a text is written. Capitals throughout are 1, three or more `!` in a row 0.5.
#[must_use]
pub fn shouting(text: &str) -> f64 {
    let n_letters = text.chars().filter(|c| c.is_alphabetic()).count();
    let n_capitals = text.chars().filter(|c| c.is_uppercase()).count();
    // Under a dozen letters it may be an order number, a name or `OK`.
    if n_letters >= 12 && n_capitals as f64 > 0.7 * n_letters as f64 {
        return 1.0;
    }
    let exclaims = text
        .as_bytes()
        .windows(3)
        .any(|three| three == b"!!!" || three == b"?!?" || three == b"!?!");
    if exclaims { 0.5 } else { 0.0 }
}

impl Pattern {
    fn occurs(&self, words: &[String]) -> bool {
        (0..words.len()).any(|at| {
            longest_match(self.first, &words[at..])
                .is_some_and(|length| self.completes(words, at, at + length))
        })
    }

    fn completes(&self, words: &[String], start: usize, end: usize) -> bool {
        if is_negated(&words[..start]) && self.first.iter().all(|entry| !entry.starts_with("never"))
        {
            return false;
        }
        self.second.is_empty()
            || (end..words.len().min(end + self.gap + 1)).any(|at| {
                longest_match(self.second, &words[at..]).is_some() && !is_thing(words, at)
            })
    }
}

/// Words of the longest entry that `words` begins with.
fn longest_match(entries: &[&str], words: &[String]) -> Option<usize> {
    let matched = |entry: &&str| {
        let mut length = 0;
        for part in entry.split(' ') {
            if words.get(length).is_none_or(|word| word != part) {
                return None;
            }
            length += 1;
        }
        Some(length)
    };
    entries.iter().filter_map(matched).max()
}

fn is_negated(before: &[String]) -> bool {
    let near = &before[before.len().saturating_sub(NEGATION_REACH)..];
    let has = |list: &[&str]| near.iter().any(|word| list.contains(&word.as_str()));
    has(&NEGATIONS) && !has(&HESITATIONS)
}

fn is_thing(words: &[String], at: usize) -> bool {
    words[at].starts_with("manager") && at > 0 && MANAGER_THINGS.contains(&words[at - 1].as_str())
}

/// Lower-case words: letters, digits, apostrophes and hyphens between them.
fn words(text: &str) -> Vec<String> {
    text.replace('\u{2019}', "'")
        .split(|c: char| !(c.is_alphanumeric() || c == '\'' || c == '-'))
        .map(|word| word.trim_matches(['\'', '-']).to_lowercase())
        .filter(|word| !word.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[Statement]) {
        assert_eq!(
            statements(text).into_iter().collect::<Vec<_>>(),
            expected,
            "{text:?}"
        );
    }

    #[test]
    fn statements_are_found_in_plain_words() {
        use Statement::{
            AsksForManager, Cancels, Chargeback, Insult, LegalThreat, LongWait, PublicComplaint,
            RepeatContact,
        };
        check("Let me speak to your manager, please.", &[AsksForManager]);
        check("I WANT A SUPERVISOR NOW", &[AsksForManager]);
        check("I’ll take legal action", &[LegalThreat]);
        check("I will not hesitate to sue you", &[LegalThreat]);
        check("I am going to open a dispute with my bank", &[Chargeback]);
        check("You will get a bad review for this", &[PublicComplaint]);
        check("Please cancel my subscription", &[Cancels]);
        check("I will never order from you again", &[Cancels]);
        check("This is the third time I write", &[RepeatContact]);
        check("I have already contacted you", &[RepeatContact]);
        check("I have been waiting for 3 weeks", &[LongWait]);
        check("you are useless", &[Insult]);
        check(
            "I called four times and want my lawyer to hear it",
            &[LegalThreat, RepeatContact],
        );
    }

    #[test]
    fn ordinary_questions_state_nothing() {
        for text in [
            "",
            "Where is my order?",
            "How do I sync my password manager?",
            "I don't want to cancel my subscription, only pause it",
            "I am not going to sue anybody",
            "Can I change the delivery address?",
            "The issue is solved, thank you",
            "Thanks, that took two minutes",
        ] {
            check(text, &[]);
        }
        // A name that is also a threat: the price of plain words, and one signal alone raises no alert.
        check("My daughter Sue loves it", &[Statement::LegalThreat]);
    }

    #[test]
    fn shouting_is_capitals_or_a_row_of_marks() {
        for (text, expected) in [
            ("", 0.0),
            ("Hello!", 0.0),
            ("OK", 0.0),
            ("AB-123-XYZ", 0.0),
            ("WHERE IS MY ORDER", 1.0),
            ("where is it!!!", 0.5),
            ("ГДЕ МОЙ ЗАКАЗ СЕЙЧАС", 1.0),
        ] {
            assert!((shouting(text) - expected).abs() < 1e-9, "{text:?}");
        }
    }
}
