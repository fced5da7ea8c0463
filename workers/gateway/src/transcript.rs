//! Messages and analyses, read from runs of a conversation's log.

use std::collections::HashMap;

use edgedesk_domain::analysis::Analysis;
use edgedesk_domain::event::{Event, EventData};
use edgedesk_wire::api::{MessageAnalysis, MessageList, MessageView};

/// A page of messages in the making: feed it the log from behind `after_seq` on, to its end, since the analysis of a
/// message stands somewhere behind it.
#[derive(Debug)]
pub struct Transcript {
    limit: usize,
    messages: Vec<MessageView>,
    has_more: bool,
    analyses: HashMap<u64, Analysis>,
}

impl Transcript {
    /// A page of at most `limit` messages.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self {
            limit,
            messages: Vec::new(),
            has_more: false,
            analyses: HashMap::new(),
        }
    }

    /// Takes the next run of the log.
    pub fn extend(&mut self, events: Vec<Event>) {
        for event in events {
            match event.data {
                EventData::MessageCreated(_) if self.messages.len() == self.limit => {
                    self.has_more = true;
                }
                EventData::MessageCreated(message) => self.messages.push(MessageView {
                    conversation_id: event.conversation_id,
                    seq: event.seq,
                    at: event.at,
                    message,
                    analysis: None,
                }),
                EventData::MessageAnalyzed(analyzed) => {
                    // A later analysis of the same message is the better one.
                    self.analyses
                        .insert(analyzed.message_seq, analyzed.analysis);
                }
                _ => {}
            }
        }
    }

    /// The page.
    #[must_use]
    pub fn finish(mut self) -> MessageList {
        for message in &mut self.messages {
            message.analysis = self.analyses.remove(&message.seq);
        }
        let next_after_seq = self
            .messages
            .last()
            .filter(|_| self.has_more)
            .map(|message| message.seq);
        MessageList {
            messages: self.messages,
            next_after_seq,
        }
    }
}

/// The analyses in a log, one for each message (the latest), by message `seq`.
#[must_use]
pub fn analyses(events: Vec<Event>) -> Vec<MessageAnalysis> {
    let mut analyses: Vec<MessageAnalysis> = Vec::new();
    for event in events {
        if let EventData::MessageAnalyzed(analyzed) = event.data {
            analyses.retain(|other| other.message_seq != analyzed.message_seq);
            analyses.push(MessageAnalysis {
                message_id: analyzed.message_id,
                message_seq: analyzed.message_seq,
                at: event.at,
                analysis: analyzed.analysis,
            });
        }
    }
    analyses.sort_by_key(|analysis| analysis.message_seq);
    analyses
}

#[cfg(test)]
mod tests;
