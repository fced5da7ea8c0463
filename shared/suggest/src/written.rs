//! A draft that something else has written, as this crate's own are: with places of articles, a confidence and a reason.

use edgedesk_domain::analysis::Reason;
use edgedesk_domain::suggestion::Citation;

use crate::case::Case;
use crate::compose::{Draft, Near, is_compliment};
use crate::extract::{Statement, statements};
use crate::macros::moved;
use crate::output::NextAction;
use crate::passage::Passage;
use crate::text::{one_line, word_set};

/// Most places that are cited of one passage.
const PLACES_OF_PASSAGE: usize = 3;
/// The share of a statement's words that a draft has when it is taken to say the same. In another language none has, and the nearest
/// is cited.
const SAID: f64 = 0.5;

/// What a draft of this case may rest on, the nearest first, and how likely the first one's article is the right one, 0 to 1. Nothing
/// where no article is near enough, or where there is only to be thanked: then the embedded composer says all that there is to say.
#[must_use]
pub fn grounds<'a>(case: &Case, passages: &'a [Passage]) -> (Vec<&'a Passage>, f64) {
    if is_compliment(case) {
        return (Vec::new(), 0.0);
    }
    let Near {
        passages,
        relevance,
    } = Near::of(case, passages);
    (passages, relevance)
}

/// What was written, and by whom.
#[derive(Debug, Clone, PartialEq)]
pub struct Written<'a> {
    /// What is to be done with it.
    pub action: NextAction,
    /// The whole text, plain.
    pub text: String,
    /// ISO 639-1.
    pub language: String,
    /// The passages that it says it rests on.
    pub cited: Vec<&'a Passage>,
    /// How likely the first article is the right one, of [`grounds`].
    pub relevance: f64,
    /// Who wrote it, as agents know them.
    pub by: String,
}

impl Written<'_> {
    /// As a draft. What it states is not looked at here: [`crate::answer::suggest_with`] does.
    #[must_use]
    pub fn into_draft(self, case: &Case) -> Draft {
        let said = word_set(&self.text);
        let cited = self.cited.iter();
        let citations: Vec<Citation> = cited.flat_map(|passage| places(passage, &said)).collect();
        let title = self.cited.first().map(|passage| passage.title.clone());
        let from = match &title {
            Some(title) => format!(" out of “{title}”"),
            None => String::new(),
        };
        Draft {
            action: self.action,
            text: self.text,
            title: title.unwrap_or_else(|| "A question back".to_owned()),
            language: self.language,
            confidence: moved(self.relevance, case.draft_outcomes),
            citations,
            reasons: vec![Reason {
                code: "written_by".to_owned(),
                text: format!("Written by {}{from}, and checked against it.", self.by),
                weight: 0.0,
                spans: Vec::new(),
            }],
        }
    }
}

/// The statements of a passage that a draft says, in the order of the article; the nearest one where it says none in the same words, and
/// the whole passage where no statement of it stands by itself.
fn places(passage: &Passage, said: &std::collections::BTreeSet<String>) -> Vec<Citation> {
    let mut scored: Vec<(f64, Statement)> = statements(passage)
        .into_iter()
        .map(|statement| {
            let words = word_set(&statement.text);
            let n_said = words.intersection(said).count();
            (n_said as f64 / words.len().max(1) as f64, statement)
        })
        .collect();
    // Stable: of two that are said as much the first stays the first.
    scored.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    let n_said = scored
        .iter()
        .take_while(|(share, _)| *share >= SAID)
        .count();
    scored.truncate(n_said.clamp(1, PLACES_OF_PASSAGE));
    scored.sort_by_key(|(_, statement)| statement.span.start);
    let cited = |start, end, quote| Citation {
        article_id: passage.article_id,
        title: passage.title.clone(),
        version: passage.version,
        start,
        end,
        quote,
    };
    if scored.is_empty() {
        return vec![cited(passage.start, passage.end, one_line(&passage.text))];
    }
    let scored = scored.into_iter();
    scored
        .map(|(_, statement)| cited(statement.span.start, statement.span.end, statement.text))
        .collect()
}

#[cfg(test)]
mod tests {
    use edgedesk_domain::account::Channel;
    use edgedesk_domain::ids::ArticleId;
    use ulid::Ulid;

    use super::*;

    const MARKDOWN: &str = "# Returns\n\nYou can send an item back within 30 days. Print the label from your account. \
        The parcel must not weigh more than 20 kg.";

    fn passage(markdown: Option<&str>) -> Passage {
        Passage {
            article_id: ArticleId::new(Ulid(9)),
            title: "Returns".into(),
            version: 2,
            language: Some("en".into()),
            headings: Vec::new(),
            text: MARKDOWN.strip_prefix("# Returns\n\n").unwrap().into(),
            markdown: markdown.map(Into::into),
            start: 11,
            end: MARKDOWN.len(),
            similarity: 0.9,
            score: 0.9,
        }
    }

    fn written<'a>(text: &str, cited: Vec<&'a Passage>) -> Written<'a> {
        Written {
            action: NextAction::Reply,
            text: text.into(),
            language: "en".into(),
            cited,
            relevance: 0.8,
            by: "example/model-1".into(),
        }
    }

    #[test]
    fn a_draft_cites_the_sentences_that_it_says() {
        let (case, passage) = (Case::of("How?", Channel::Widget), passage(Some(MARKDOWN)));
        let text =
            "Of course! You can send it back within 30 days; print the label from your account.";
        let draft = written(text, vec![&passage]).into_draft(&case);
        let quotes: Vec<_> = draft
            .citations
            .iter()
            .map(|citation| MARKDOWN.get(citation.start..citation.end).unwrap())
            .collect();
        assert_eq!(
            quotes,
            [
                "You can send an item back within 30 days.",
                "Print the label from your account."
            ]
        );
        assert_eq!(
            (draft.citations[0].version, draft.title.as_str()),
            (2, "Returns")
        );
        assert!(draft.reasons[0].text.contains("example/model-1"));
    }

    #[test]
    fn in_other_words_the_nearest_sentence_is_cited_and_without_any_the_passage() {
        let (case, passage) = (Case::of("Wie?", Channel::Widget), passage(Some(MARKDOWN)));
        let text = "Gerne, Sie haben 30 Tage.";
        let draft = written(text, vec![&passage]).into_draft(&case);
        assert_eq!(draft.citations.len(), 1);
        assert!(draft.citations[0].quote.contains("30 days"));
        let bare = Passage {
            text: "See below".into(),
            markdown: None,
            ..passage.clone()
        };
        let draft = written(text, vec![&bare]).into_draft(&case);
        assert_eq!(
            (draft.citations[0].start, draft.citations[0].end),
            (11, MARKDOWN.len())
        );
        assert!(
            written(text, Vec::new())
                .into_draft(&case)
                .citations
                .is_empty()
        );
    }

    #[test]
    fn nothing_is_to_be_rested_on_that_is_far_off() {
        let case = Case::of("How do I send it back?", Channel::Widget);
        let near = passage(None);
        let far = Passage {
            similarity: 0.2,
            ..near.clone()
        };
        assert_eq!(grounds(&case, std::slice::from_ref(&near)).0, [&near]);
        assert!(grounds(&case, &[far]).0.is_empty());
    }
}
