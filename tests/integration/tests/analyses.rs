//! Texts as strange as customers send them, through the whole stack: each is kept as it was written and has an analysis, and
//! none keeps another from its own. The inference Worker has no door of its own here; what it says is read from the messages.

use edgedesk_integration::{Live, eventually, unique};

/// Of a batch's longest text; a message may be longer.
const LONG: usize = 16 * 1024;

#[tokio::test]
async fn no_text_is_too_strange_for_an_analysis() {
    let live = Live::get();
    let agent = live.agent().await;
    let (ticket, state) = live.conversation("Where is my parcel?").await;
    let texts = [
        "🎉👍🏽😡👩‍👩‍👧".to_owned(),
        "\u{202E}אני מאוד כועס, איפה החבילה שלי?\u{202C}".to_owned(),
        "أين طردي؟ طلب رقم 48213".to_owned(),
        "\u{200B}\u{200D}\u{2060}\u{FEFF}x\u{200B}".to_owned(),
        "I want a re\u{200B}fund\u{AD} now, '\u{200B}please".to_owned(),
        "e\u{301}".repeat(500),
        "?!".repeat(1_000),
        "a".repeat(LONG),
        "help ".repeat(LONG / 5 + 1),
        "ends well, thank you".to_owned(),
    ];
    for text in &texts {
        let body = ticket.comment(&unique("evt-"), text, false, true);
        live.deliver(&body).await.expect(200).expect("taken");
    }
    // Nothing was written: nothing is kept, and nothing waits for an analysis.
    for empty in ["", " \n\t"] {
        let body = ticket.comment(&unique("evt-"), empty, false, true);
        live.deliver(&body).await.expect(200).expect("taken");
    }

    let messages = eventually("every message has its analysis", async || {
        let messages = agent
            .messages(state.conversation_id)
            .await
            .expect("messages");
        let n_analysed = messages
            .iter()
            .filter(|message| message.analysis.is_some())
            .count();
        let is_whole = messages.len() == texts.len() + 1 && n_analysed == messages.len();
        is_whole.then_some(messages)
    })
    .await;
    for (message, text) in messages.iter().skip(1).zip(&texts) {
        let start: String = text.chars().take(20).collect();
        assert_eq!(message.message.text.trim(), text.trim(), "{start:?}");
        let analysis = message.analysis.as_ref().expect("an analysis");
        assert!(analysis.sentiment.score.abs() <= 1.0, "{start:?}");
        assert!((0.0..=1.0).contains(&analysis.escalation_risk), "{start:?}");
        assert!(!analysis.reasons.is_empty(), "{start:?}");
        let n_characters = message.message.text.chars().count();
        for span in analysis.reasons.iter().flat_map(|reason| &reason.spans) {
            assert!(
                span.start < span.end && span.end <= n_characters,
                "{start:?}"
            );
        }
    }
    let state = agent
        .conversation(state.conversation_id)
        .await
        .expect("a conversation");
    assert!(state.unanalyzed.is_empty(), "{:?}", state.unanalyzed);
}
