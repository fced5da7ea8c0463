//! A second look at drafts that shares nothing with the composer's own check: every bit of a draft is a sentence that stands word for word
//! at the place it is cited by, or a phrase of the list.

use edgedesk_knowledge::blocks::blocks;
use edgedesk_suggest::case::Case;
use edgedesk_suggest::compose::Draft;
use edgedesk_suggest::phrases::Phrases;

use super::help_centre::HelpCentre;

/// What of a draft is neither; citations whose place says something else are among it.
pub(super) fn unproven(draft: &Draft, case: &Case, centre: &HelpCentre) -> Vec<String> {
    let mut allowed = phrases(draft, case);
    let mut unproven = Vec::new();
    for cited in &draft.citations {
        let markdown = centre
            .library
            .article(cited.article_id)
            .map(|article| &article.markdown);
        let source = markdown.and_then(|markdown| markdown.get(cited.start..cited.end));
        if stands_in(&cited.quote, source.unwrap_or_default()) {
            allowed.push(cited.quote.clone());
        } else {
            unproven.push(cited.quote.clone());
        }
    }
    // The longest first: `Hello,` is the beginning of nothing else then.
    allowed.sort_by_key(|text| std::cmp::Reverse(text.len()));
    unproven.extend(
        draft
            .text
            .lines()
            .filter_map(|line| rest_of(line, &allowed)),
    );
    unproven
}

/// Whether a sentence is what a piece of Markdown says, white space aside.
fn stands_in(quote: &str, markdown: &str) -> bool {
    let said: Vec<String> = blocks(markdown)
        .into_iter()
        .map(|block| block.text)
        .collect();
    let flat = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    !quote.is_empty() && flat(&said.join(" ")) == flat(quote)
}

/// What is left of a line after everything that is allowed; nothing of one that is all allowed.
fn rest_of(line: &str, allowed: &[String]) -> Option<String> {
    let mark = line.split_once(' ').filter(|(mark, _)| {
        let number = mark.strip_suffix('.').unwrap_or_default();
        *mark == "-" || !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
    });
    let mut rest = mark.map_or(line, |(_, text)| text);
    while !rest.trim_start().is_empty() {
        rest = rest.trim_start();
        match allowed
            .iter()
            .find_map(|text| rest.strip_prefix(text.as_str()))
        {
            Some(behind) => rest = behind,
            None => return Some(rest.to_owned()),
        }
    }
    None
}

/// The phrases of the draft's language with what may stand in them, and the lines of whoever signs.
fn phrases(draft: &Draft, case: &Case) -> Vec<String> {
    let values = case.variables();
    let names = [&values.customer_name, &values.customer_first_name];
    let titles = draft.citations.iter().map(|cited| cited.title.as_str());
    let titles: Vec<&str> = titles.collect();
    let mut allowed: Vec<String> = [values.agent_name.clone(), values.account_name.clone()]
        .into_iter()
        .flatten()
        .collect();
    for phrase in Phrases::of(&draft.language)
        .map(Phrases::all)
        .unwrap_or_default()
    {
        if phrase.contains("{name}") {
            let names = names.iter().copied().flatten();
            allowed.extend(names.map(|name| phrase.replace("{name}", name)));
        } else if phrase.contains("{title}") {
            allowed.extend(titles.iter().map(|title| phrase.replace("{title}", title)));
        } else {
            allowed.push(phrase.to_owned());
        }
    }
    allowed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_allowed_is_left() {
        let allowed = ["Keep the receipt.".to_owned(), "Hello,".to_owned()];
        for line in [
            "",
            "Hello,",
            "- Keep the receipt.",
            "12. Keep the receipt.",
            "Keep the receipt. Hello,",
        ] {
            assert_eq!(rest_of(line, &allowed), None, "{line}");
        }
        let rest = rest_of("Keep the receipt. You get 5 euros.", &allowed);
        assert_eq!(rest.as_deref(), Some("You get 5 euros."));
        assert_eq!(
            rest_of("a. Keep the receipt.", &allowed).as_deref(),
            Some("a. Keep the receipt.")
        );
    }

    #[test]
    fn a_quote_is_all_that_its_place_says() {
        assert!(stands_in("Open Settings now.", "Open **Settings**\nnow."));
        assert!(!stands_in("Open Settings.", "Open **Settings** now."));
        assert!(!stands_in("", ""));
    }
}
