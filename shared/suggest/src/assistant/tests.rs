use proptest::prelude::*;

use super::*;
use crate::case::Earlier;
use crate::testing::{analysis, article, case, with_act, with_intent, with_score};
use edgedesk_domain::assistant::DEFAULT_MIN_CONFIDENCE;

const REFUND: &str = "# Requesting a refund\n\nYou can ask for a refund within 30 days. Open **My orders**, choose the order and press \
    *Return or refund*. A refund is approved as soon as the article has reached us.\n";
const DELIVERY: &str = "# How long delivery takes\n\nA parcel takes two to four working days.\n";
const TRANSFER: &str =
    "# Refunds\n\nI am transferring you to an agent. A refund takes two working days.\n";
const REFUND_FI: &str =
    "# Rahojen palautus\n\nVoit pyytää rahojasi takaisin 30 päivän sisällä. Avaa omat tilaukset.\n";

/// A refund is asked for, and the article on it is far ahead.
fn refund(text: &str) -> (Case, Vec<Passage>) {
    let analysis = with_act(with_intent(analysis(), "refund_request", 0.9), "question");
    let passages = vec![
        article(1, "en", 0.9, REFUND),
        article(2, "en", 0.3, DELIVERY),
    ];
    (case("en", text, analysis), passages)
}

fn done(case: &Case, passages: &[Passage]) -> (NextAction, Option<HandOffReason>) {
    let answered = answer(case, passages, DEFAULT_MIN_CONFIDENCE);
    assert!((0.0..=1.0).contains(&answered.confidence));
    let hands_off = answered.action == NextAction::HandOff;
    assert_eq!(hands_off, answered.hand_off.is_some());
    assert_eq!(hands_off, answered.text.trim().is_empty());
    (answered.action, answered.hand_off)
}

#[test]
fn a_question_is_answered_in_the_articles_own_words() {
    let (case, passages) = refund("How do I ask for a refund?");
    let answered = answer(&case, &passages, DEFAULT_MIN_CONFIDENCE);
    assert_eq!(answered.action, NextAction::Reply);
    assert_eq!(
        answered.text,
        "You can ask for a refund within 30 days. Open My orders, choose the order and press Return or refund. \
        A refund is approved as soon as the article has reached us."
    );
    assert!(answered.confidence >= DEFAULT_MIN_CONFIDENCE);
    assert_eq!(answered.language, "en");
    let quotes: Vec<&str> = answered
        .citations
        .iter()
        .map(|cited| cited.quote.as_str())
        .collect();
    assert_eq!(quotes.join(" "), answered.text);
    assert!(
        answered
            .citations
            .iter()
            .all(|cited| cited.title == "Requesting a refund")
    );
    // No greeting, no names: it is a chat.
    for name in ["Anna", "Kim", "Lamp House"] {
        assert!(!answered.text.contains(name));
    }
    // The same with a bar that nothing reaches.
    let strict = answer(&case, &passages, 1.01);
    assert_eq!(strict.hand_off, Some(HandOffReason::NotSure));
    assert!((strict.confidence - answered.confidence).abs() < f64::EPSILON);
    assert!(strict.citations.is_empty());
}

#[test]
fn an_answer_is_short_but_for_a_list_that_comes_whole() {
    let (case, _) = refund("How do I ask for a refund?");
    let sentences: Vec<String> = (0..60)
        .map(|number| format!("A refund of kind{number} has part{number} and use{number}."))
        .collect();
    let long = format!("# Refund\n\n{}\n", sentences.join(" "));
    let answered = answer(&case, &[article(1, "en", 0.95, &long)], 0.0);
    let n = n_words(&answered.text);
    assert!((MAX_WORDS - 10..=MAX_WORDS).contains(&n), "{n}");
    let steps: Vec<String> = (1..=12)
        .map(|number| format!("{number}. Open the settings{number} of refund{number} and press the button{number} there."))
        .collect();
    let list = format!("# Refund\n\n{}\n", steps.join("\n"));
    let answered = answer(&case, &[article(1, "en", 0.95, &list)], 0.0);
    assert!(answered.text.starts_with("Here is what I can tell you:"));
    assert!(answered.text.contains("12. Open"), "{}", answered.text);
}

#[test]
fn prose_hands_nobody_over() {
    let (case, _) = refund("How long does a refund take?");
    let passages = [article(1, "en", 0.95, TRANSFER)];
    let answered = answer(&case, &passages, 0.0);
    assert!(answered.text.contains("I am transferring you to an agent."));
    assert_eq!(answered.action, NextAction::Reply);
    assert_eq!(answered.hand_off, None);
    // And a hand-over is one whatever is said with it.
    let (mut case, passages) = refund("I want to talk to a human");
    case.language = Some("de".into());
    let answered = answer(&case, &passages, 0.0);
    assert_eq!(answered.action, NextAction::HandOff);
    assert_eq!(answered.text, "");
}

#[test]
fn who_needs_a_person_gets_one_whatever_was_found() {
    for (text, risk, reason) in [
        ("agent please", 0.0, HandOffReason::Requested),
        (
            "How do I ask for a refund? I want to talk to a person.",
            0.0,
            HandOffReason::Requested,
        ),
        (
            "How do I ask for a refund? My lawyer wants to know.",
            0.0,
            HandOffReason::Escalated,
        ),
        ("How do I ask for a refund?", 0.71, HandOffReason::Escalated),
    ] {
        let (mut case, passages) = refund(text);
        if let Some(analysis) = &mut case.analysis {
            analysis.escalation_risk = risk;
        }
        assert_eq!(
            done(&case, &passages),
            (NextAction::HandOff, Some(reason)),
            "{text}"
        );
    }
    // At the line, and not above it.
    let (mut case, passages) = refund("How do I ask for a refund?");
    if let Some(analysis) = &mut case.analysis {
        analysis.escalation_risk = RISK_ALERT;
    }
    assert_eq!(done(&case, &passages), (NextAction::Reply, None));
}

#[test]
fn who_asks_nothing_is_answered_without_articles() {
    let (mut hello, passages) = refund("Hello!");
    assert_eq!(done(&hello, &passages), (NextAction::Ask, None));
    assert_eq!(
        answer(&hello, &passages, 0.0).text,
        "Hello! How can I help you?"
    );
    hello.language = Some("fr".into());
    assert!(answer(&hello, &passages, 0.0).text.starts_with("Bonjour"));
    let (thanks, _) = refund("Thank you so much!");
    let answered = answer(&thanks, &passages, 0.0);
    assert_eq!(answered.action, NextAction::Reply);
    assert!(answered.text.starts_with("You are welcome.") && answered.citations.is_empty());
    let kind = with_score(
        with_act(with_intent(analysis(), "feedback", 0.9), "compliment"),
        0.9,
    );
    let kind = case("de", "Ihr Laden ist großartig!", kind);
    let answered = answer(&kind, &passages, 0.0);
    assert_eq!(answered.action, NextAction::Reply);
    assert!(
        answered.text.starts_with("Vielen herzlichen Dank"),
        "{}",
        answered.text
    );
}

#[test]
fn what_no_article_answers_goes_to_a_person() {
    let far = [article(1, "en", 0.3, REFUND)];
    let unsure = [
        article(1, "en", 0.46, DELIVERY),
        article(2, "en", 0.46, REFUND),
    ];
    for (text, passages, reason) in [
        (
            "Does the lamp of 1950 glow in another colour?",
            &far[..],
            HandOffReason::NoArticle,
        ),
        (
            "Does the lamp of 1950 glow in another colour?",
            &[],
            HandOffReason::NoArticle,
        ),
        (
            "Does the lamp of 1950 glow in another colour?",
            &unsure,
            HandOffReason::NotSure,
        ),
        (
            "My lamp has glowed in another colour since May",
            &unsure,
            HandOffReason::OwnCase,
        ),
        (
            "My lamp has glowed in another colour since May",
            &far,
            HandOffReason::OwnCase,
        ),
    ] {
        let case = case("en", text, analysis());
        assert_eq!(
            done(&case, passages),
            (NextAction::HandOff, Some(reason)),
            "{text}"
        );
    }
    // An article of which nothing can stand in a message is none.
    let table = [article(
        1,
        "en",
        0.9,
        "# Table\n\n| a | b |\n| --- | --- |\n| c | d |\n",
    )];
    let case = case("en", "How long is the table over there?", analysis());
    assert_eq!(done(&case, &table).1, Some(HandOffReason::NoArticle));
}

#[test]
fn a_word_alone_is_asked_about_once() {
    let mut case = case("en", "problem", analysis());
    let asked = answer(&case, &[], DEFAULT_MIN_CONFIDENCE);
    assert_eq!(asked.action, NextAction::Ask);
    case.earlier = vec![Earlier {
        by_customer: false,
        text: asked.text,
    }];
    assert_eq!(
        done(&case, &[]),
        (NextAction::HandOff, Some(HandOffReason::NoArticle))
    );
}

#[test]
fn the_same_is_not_said_twice() {
    let (mut case, passages) = refund("How do I ask for a refund?");
    let text = answer(&case, &passages, DEFAULT_MIN_CONFIDENCE).text;
    case.earlier = vec![Earlier {
        by_customer: true,
        text: text.clone(),
    }];
    assert_eq!(done(&case, &passages), (NextAction::Reply, None));
    case.earlier = vec![Earlier {
        by_customer: false,
        text,
    }];
    assert_eq!(
        done(&case, &passages),
        (NextAction::HandOff, Some(HandOffReason::SaidBefore))
    );
}

#[test]
fn an_answer_is_in_the_customers_language_or_a_person_answers() {
    let finnish = case("fi", "Miten saan rahat takaisin?", analysis());
    let both = [
        article(1, "en", 0.95, REFUND),
        article(2, "fi", 0.9, REFUND_FI),
    ];
    let answered = answer(&finnish, &both, DEFAULT_MIN_CONFIDENCE);
    assert_eq!(
        (answered.action, answered.language.as_str()),
        (NextAction::Reply, "fi")
    );
    assert!(answered.text.starts_with("Voit pyytää"));
    // A translation is nobody's to give, and a sentence in another language is not sure enough.
    let german = case("de", "Wie bekomme ich mein Geld zurück?", analysis());
    let answered = answer(&german, &both[..1], DEFAULT_MIN_CONFIDENCE);
    assert_eq!(answered.action, NextAction::HandOff);
    assert_eq!(answered.language, "de");
    // Unless an account lets it, and then it is said.
    let answered = answer(&german, &both[..1], 0.0);
    assert!(answered.text.starts_with("Unsere Hilfe zu diesem Thema"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    /// Whatever is asked and found, an answer rests on what was found, and only the field hands over.
    #[test]
    fn an_answer_states_nothing_without_a_source(
        text in "\\PC{0,80}",
        markdown in "([A-Z][a-z]{1,6}( [a-z]{1,6}| [0-9]{1,5}| EUR 5| #[0-9]{5}| today| guaranteed| \\*[a-z]{2}\\*| [0-9] days| agent){2,6}[.!:] ?|\n\n|\n- |\n1\\. ){1,12}",
        similarity in 0.0_f64..1.0,
        bar in 0.0_f64..1.0,
        language in prop::sample::select(vec!["en", "de", "fr", "es", "it", "pt", "nl", "fi"]),
    ) {
        let case = case(language, &text, with_intent(analysis(), "refund_request", 0.9));
        let passages = [article(1, language, similarity, &format!("# Title\n\n{markdown}"))];
        let answered = answer(&case, &passages, bar);
        prop_assert_eq!(answered.action == NextAction::HandOff, answered.hand_off.is_some());
        prop_assert_eq!(answered.action == NextAction::HandOff, answered.text.is_empty());
        prop_assert!((0.0..=1.0).contains(&answered.confidence));
        let sources = sources(&case, &passages, &answered.language);
        prop_assert_eq!(validate(&answered.text, Some(&answered.language), &sources), vec![]);
        for cited in &answered.citations {
            prop_assert!(answered.text.contains(&cited.quote));
            prop_assert!(answered.confidence >= bar);
        }
    }
}
