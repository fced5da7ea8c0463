//! What a model wrote for a customer, held against what it was shown.
//!
//! What passes is inert: no tag, no script, no invisible character; it names no web address but the one source's, none of the request's
//! secret words, and no source that was not shown; and it is as short as was agreed.

use edgedesk_fuzz::text;
use edgedesk_generate::guard::Guard;
use edgedesk_generate::prompt::{Prompt, Secrets, Source};
use edgedesk_generate::reply::{Action, Reply};

const MAX_CHARS: usize = 300;
const HOST: &str = "shop.example";

pub fn run(bytes: &[u8]) {
    let answer = text(bytes);
    if let Some(reply) = Reply::parse(&answer) {
        let json = serde_json::to_string(&reply).expect("a reply is JSON");
        assert_eq!(Reply::parse(&json).as_ref(), Some(&reply));
    }
    let sources = [Source {
        id: "art_1",
        title: "Returns",
        text: "Send it back within 30 days: https://shop.example/returns. It costs $5.",
    }];
    let secrets = Secrets::new([7; 32]);
    let prompt = Prompt {
        instructions: "You answer for a shop that sells lamps and nothing but lamps.",
        about: &[],
        sources: &sources,
        thread: &[],
        language: "en",
        max_output_tokens: 100,
        temperature: None,
        stream: false,
    };
    let request = prompt.build(&secrets);
    let guard = Guard {
        instructions: &request.instructions,
        secrets: &secrets,
        sources: &sources,
        known: &[],
        actions: &[Action::Answer, Action::Ask],
        max_chars: MAX_CHARS,
    };
    let Ok(reply) = guard.reply(&answer) else {
        return;
    };
    assert!(reply.action != Action::HandOff);
    assert!(reply.citations.iter().all(|citation| citation == "art_1"));
    assert!(reply.citations.len() <= 1);
    check_text(&reply.text);
    assert_eq!(guard.text(&reply.text), Ok(()));
}

fn check_text(text: &str) {
    assert!(text.chars().count() <= MAX_CHARS && !text.trim().is_empty());
    assert!(!text.contains("hhhhhhhh"), "a secret word");
    for (at, _) in text.match_indices('<') {
        let next = text[at + 1..].chars().next();
        let opens = next.is_some_and(|next| next.is_ascii_alphabetic() || "/!?".contains(next));
        assert!(!opens, "a tag");
    }
    let lower = text.to_lowercase();
    assert!(!lower.contains("javascript:"));
    for (at, _) in lower.match_indices("://") {
        let rest = &lower[at + 3..];
        let is_ours = rest
            .strip_prefix(HOST)
            .is_some_and(|path| !path.starts_with(['.', '@', '-', ':']));
        // Without a scheme in front, or a name behind, it leads nowhere.
        let leads = lower[..at].ends_with(|last: char| last.is_ascii_alphabetic())
            && rest.starts_with(|first: char| first.is_ascii_alphanumeric());
        assert!(is_ours || !leads, "a link elsewhere: {text:?}");
    }
    let is_hidden = |character: char| matches!(character, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{e0000}'..='\u{e007f}');
    assert!(!text.contains(is_hidden), "{text:?}");
}
