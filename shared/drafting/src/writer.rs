//! Who writes the draft: somebody outside where the account wants that, and the embedded composer in any other case.

use edgedesk_domain::analysis::{ModelRef, Reason};
use edgedesk_domain::ids::{AccountId, ConversationId, IdSource, MessageId};
use edgedesk_suggest::answer::suggest_with;
use edgedesk_suggest::compose::Draft;
use edgedesk_suggest::{Case, MacroCandidate, Passage, Suggested, suggest};

/// Writes drafts. Never fails: who cannot write one says why in the reasons, and the composer does.
#[expect(
    async_fn_in_trait,
    reason = "the runtime has one thread; nobody asks for `Send`"
)]
pub trait DraftWriter {
    /// Writes one.
    async fn write(&self, asked: Asked<'_>) -> Writing;
}

/// What a draft is wanted for.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The account.
    pub account_id: AccountId,
    /// The conversation.
    pub conversation_id: ConversationId,
    /// The message that is to be answered.
    pub message_id: MessageId,
    /// It, and what belongs to it.
    pub case: &'a Case,
    /// What the search has found.
    pub passages: &'a [Passage],
}

/// What came of it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Writing {
    /// The draft and who wrote it; `None` leaves it to the composer.
    pub draft: Option<(Draft, ModelRef)>,
    /// What agents should know of how it came about: who could not write it, and why.
    pub reasons: Vec<Reason>,
}

/// Leaves every draft to the composer, and sends nothing to anybody.
#[derive(Debug, Clone, Copy, Default)]
pub struct Embedded;

impl DraftWriter for Embedded {
    async fn write(&self, _: Asked<'_>) -> Writing {
        Writing::default()
    }
}

/// Suggestions with a draft of this writer's, or of the composer's where it gives none or states what no source does.
pub async fn suggest_by(
    writer: &impl DraftWriter,
    asked: Asked<'_>,
    macros: &[MacroCandidate],
    ids: &impl IdSource,
) -> Suggested {
    let Asked { case, passages, .. } = asked;
    let Writing { draft, mut reasons } = writer.write(asked).await;
    if let Some((draft, model)) = draft {
        let by = model.id.clone();
        let mut suggested = suggest_with(case, macros, passages, draft, model, ids);
        if suggested.findings.is_empty() {
            suggested.reasons.extend(reasons);
            return suggested;
        }
        let stated: Vec<String> = suggested
            .findings
            .iter()
            .map(|finding| format!("{} “{}”", finding.kind.as_str(), finding.text))
            .collect();
        let text = format!(
            "A draft of {by} is held back: no source has {}.",
            stated.join(", ")
        );
        reasons.push(reason("generator_unsupported", text));
    }
    let mut suggested = suggest(case, macros, passages, ids);
    suggested.reasons.extend(reasons);
    suggested
}

/// A reason without a weight.
pub(crate) fn reason(code: &str, text: String) -> Reason {
    Reason {
        code: code.to_owned(),
        text,
        weight: 0.0,
        spans: Vec::new(),
    }
}
