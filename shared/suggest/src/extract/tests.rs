use std::sync::Arc;

use edgedesk_domain::ids::ArticleId;
use proptest::prelude::*;
use ulid::Ulid;

use super::*;

fn passage(markdown: &str) -> Passage {
    let words: Vec<String> = elements(markdown)
        .into_iter()
        .map(|element| element.text)
        .collect();
    Passage {
        article_id: ArticleId::new(Ulid(1)),
        title: "Title".into(),
        version: 1,
        language: None,
        headings: Vec::new(),
        text: words.join(" "),
        markdown: Some(Arc::from(markdown)),
        start: 0,
        end: markdown.len(),
        similarity: 0.9,
        score: 0.9,
    }
}

fn texts(statements: &[Statement]) -> Vec<&str> {
    statements
        .iter()
        .map(|statement| statement.text.as_str())
        .collect()
}

fn kept(markdown: &str) -> Vec<String> {
    let statements = statements(&passage(markdown));
    statements
        .into_iter()
        .map(|statement| statement.text)
        .collect()
}

#[test]
fn sentences_know_their_place_to_the_byte() {
    let markdown = "# Größe\n\n**Send** it *back* to us.\nUse the box that [we](https://x.example) sent. Keep the receipt.";
    let found = statements(&passage(markdown));
    let places: Vec<&str> = found
        .iter()
        .map(|statement| &markdown[statement.span.clone()])
        .collect();
    assert_eq!(
        texts(&found),
        [
            "Send it back to us.",
            "Use the box that we sent.",
            "Keep the receipt."
        ]
    );
    assert_eq!(places[0], "**Send** it *back* to us.");
    assert_eq!(places[2], "Keep the receipt.");
    assert!(places[1].starts_with("Use the box") && places[1].ends_with("sent."));
}

#[test]
fn what_needs_its_surroundings_is_left_out() {
    for sentence in [
        "Click here to go on with it.",
        "The table shows the prices of all plans.",
        "![The red button](x.png) Press the red button twice.",
        "Siehe die Abbildung mit dem Knopf.",
        "What happens when I send it back?",
        "No end of a sentence",
        "Too short.",
        "Cliquez ici pour continuer la commande.",
    ] {
        assert!(
            kept(sentence).is_empty(),
            "{sentence}: {:?}",
            kept(sentence)
        );
    }
    assert!(kept("| a | b |\n| --- | --- |\n| It costs five euros. | Yes it does. |").is_empty());
    assert!(kept("```\nRun this command now please.\n```").is_empty());
}

#[test]
fn a_sentence_that_leans_goes_with_the_one_before_it() {
    assert_eq!(
        kept("Open the settings first. It takes a moment to load."),
        ["Open the settings first.", "It takes a moment to load."]
    );
    assert!(kept("It takes a moment to load.").is_empty());
    let under_a_heading = "# The address is taken\n\nThen you have signed up before. Reset your password for that account.\n\nAsk us otherwise.";
    assert_eq!(kept(under_a_heading), ["Ask us otherwise."]);
    assert_eq!(
        kept("See the picture of the settings. It takes a moment. Save your changes then."),
        ["Save your changes then."]
    );
}

#[test]
fn a_list_comes_with_what_introduces_it_and_steps_from_the_first() {
    let list = "Keep these ready:\n\n- the receipt\n- the box\n";
    assert_eq!(kept(list), ["Keep these ready:", "the receipt", "the box"]);
    assert!(kept("- the receipt\n- the box\n").is_empty());
    assert_eq!(kept("- Keep the receipt.\n"), ["Keep the receipt."]);
    let steps = "1. Open **Settings**.\n2. Choose *Orders*.\n3. Press `Cancel`.\n";
    let found = statements(&passage(steps));
    assert_eq!(
        texts(&found),
        ["Open Settings.", "Choose Orders.", "Press Cancel."]
    );
    let roles: Vec<Role> = found.iter().map(|statement| statement.role).collect();
    assert_eq!(roles, [Role::Step(1), Role::Step(2), Role::Step(3)]);
    // A passage that begins in the middle of the steps has none of them.
    let mut middle = passage(steps);
    middle.start = steps.find("Choose").unwrap();
    middle.text = "Choose Orders. Press Cancel.".into();
    assert!(statements(&middle).is_empty());
    assert_eq!(kept("0. Sit down.\n1. Get up.\n"), ["Sit down.", "Get up."]);
    // An introduction alone introduces nothing.
    assert!(kept("Keep all of these ready:\n\n| a |\n| --- |\n| b |\n").is_empty());
}

#[test]
fn of_a_longer_block_only_the_passage_is_taken() {
    let markdown = "Open the settings first. Then choose your orders. Press the last button.";
    let mut part = passage(markdown);
    part.text = "Open the settings first. Then choose your orders.".into();
    assert_eq!(statements(&part).len(), 2);
}

#[test]
fn without_markdown_sentences_are_cited_by_the_passage() {
    let mut part = passage("Open the settings first. Keep the receipt");
    part.markdown = None;
    (part.start, part.end) = (10, 90);
    let found = statements(&part);
    assert_eq!(texts(&found), ["Open the settings first."]);
    part.text = "It loads. Open the settings first.".into();
    assert_eq!(texts(&statements(&part)), ["Open the settings first."]);
    assert_eq!(found[0].span, 10..90);
}

proptest! {
    /// Whatever the Markdown, a statement's words stand in its span, in their order.
    #[test]
    fn words_stand_in_their_span(markdown in "([a-zäß]{1,9}[ .!\\n]|\\n\\n|\n# |\n- |\n1\\. |`|\\*|\\[x\\]\\(y\\)){0,80}") {
        for element in elements(&markdown) {
            let source = markdown.get(element.span.clone());
            prop_assert!(source.is_some());
            let mut rest = source.unwrap_or_default();
            for letter in element.text.chars().filter(|c| c.is_alphanumeric()) {
                let place = rest.find(letter);
                prop_assert!(place.is_some(), "{} is not in {:?}", letter, source);
                rest = &rest[place.unwrap_or_default() + letter.len_utf8()..];
            }
        }
    }

    #[test]
    fn any_passage_has_statements(markdown in "[\\PC\\n<>#*`|_\\[\\]()!.-]{0,300}") {
        let part = passage(&markdown);
        for statement in statements(&part) {
            prop_assert!(part.text.contains(&statement.text));
        }
    }
}
