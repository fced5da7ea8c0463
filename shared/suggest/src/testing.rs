//! Analyses and passages for tests.

use std::sync::Arc;

use edgedesk_domain::account::Channel;
use edgedesk_domain::analysis::{
    Analysis, Intent, ModelRef, Polarity, Scored, Sentiment, SentimentLabel, SuggestedPriority,
    Trend,
};
use edgedesk_domain::conversation::Priority;
use edgedesk_domain::ids::ArticleId;
use ulid::Ulid;

use crate::case::Case;
use crate::passage::Passage;

/// Of a calm message about nothing.
pub(crate) fn analysis() -> Analysis {
    Analysis {
        sentiment: Sentiment {
            polarity: Polarity::Neutral,
            label: SentimentLabel::Neutral,
            confidence: 0.8,
            score: 0.0,
            trend: Trend::Stable,
        },
        emotions: Vec::new(),
        intent: None,
        categories: Vec::new(),
        priority: None,
        urgency: None,
        language: None,
        entities: Vec::new(),
        escalation_risk: 0.0,
        confidence: 0.8,
        handling: None,
        reasons: Vec::new(),
        model: ModelRef {
            id: "model".into(),
            version: "1".into(),
        },
        elapsed_ms: 0.0,
    }
}

pub(crate) fn with_intent(mut analysis: Analysis, intent: &str, confidence: f64) -> Analysis {
    analysis.intent = Some(Intent {
        primary: intent.to_owned(),
        confidence,
        secondary: Vec::new(),
        act: None,
        own: None,
    });
    analysis
}

/// After [`with_intent`].
pub(crate) fn with_act(mut analysis: Analysis, act: &str) -> Analysis {
    if let Some(intent) = &mut analysis.intent {
        intent.act = Some(Scored {
            label: act.to_owned(),
            score: 0.9,
        });
    }
    analysis
}

pub(crate) fn with_score(mut analysis: Analysis, score: f64) -> Analysis {
    analysis.sentiment.score = score;
    analysis.sentiment.label = edgedesk_analysis::assemble::five_way(score);
    analysis.sentiment.polarity = if score < -0.2 {
        Polarity::Negative
    } else if score > 0.2 {
        Polarity::Positive
    } else {
        Polarity::Neutral
    };
    analysis
}

pub(crate) fn with_priority(mut analysis: Analysis, level: Priority) -> Analysis {
    analysis.priority = Some(SuggestedPriority {
        level,
        reasons: Vec::new(),
    });
    analysis
}

/// Anna Berger writes to Kim Lind of the Lamp House.
pub(crate) fn case(language: &str, text: &str, analysis: Analysis) -> Case {
    Case {
        analysis: Some(analysis),
        language: Some(language.to_owned()),
        customer_name: Some("Anna Berger".into()),
        agent_name: Some("Kim Lind".into()),
        account_name: Some("Lamp House".into()),
        ..Case::of(text, Channel::Widget)
    }
}

/// The whole of an article as one passage. Its title is the first line.
pub(crate) fn article(number: u128, language: &str, similarity: f64, markdown: &str) -> Passage {
    let title = markdown.lines().next().unwrap_or_default();
    let texts = crate::extract::elements(markdown).into_iter();
    let texts: Vec<String> = texts.map(|element| element.text).collect();
    Passage {
        article_id: ArticleId::new(Ulid(number)),
        title: title.trim_start_matches(['#', ' ']).to_owned(),
        version: 3,
        language: Some(language.to_owned()),
        headings: Vec::new(),
        text: texts.join(" "),
        markdown: Some(Arc::from(markdown)),
        start: 0,
        end: markdown.len(),
        similarity,
        score: similarity,
    }
}
