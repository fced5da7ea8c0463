//! Every place that holds data of a customer, and what an archive does with it. A new table has to be said here: a test
//! compares the list with the migrations.

/// A place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Table of a shard, or another place by its name.
    pub name: &'static str,
    /// What is there, for the reader of an archive.
    pub what: &'static str,
    /// What an archive does with it.
    pub fate: Fate,
}

/// What an archive does with a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is in these files.
    In(&'static str),
    /// It is not in there, for a reason.
    Out(&'static str),
}

use Fate::{In, Out};

/// All places.
pub const PLACES: [Place; 28] = [
    Place {
        name: "customers",
        what: "Your name, your e-mail address, and when you first wrote",
        fate: In("profile.json"),
    },
    Place {
        name: "customer_consents",
        what: "What you agreed to and what you withdrew, with dates",
        fate: In("consents.json"),
    },
    Place {
        name: "customer_exports",
        what: "When copies of your data like this one were made",
        fate: In("exports.json"),
    },
    Place {
        name: "conversations",
        what: "Your conversations: subject, status, when they began",
        fate: In("conversations/"),
    },
    Place {
        name: "messages",
        what: "What you wrote and what was answered",
        fate: In("conversations/"),
    },
    Place {
        name: "analyses",
        what: "What software read in your messages: mood, intent, urgency, and why",
        fate: In("conversations/"),
    },
    Place {
        name: "feedback",
        what: "Where people corrected what software had read",
        fate: In("conversations/"),
    },
    Place {
        name: "tickets",
        what: "The numbers of your requests",
        fate: In("conversations/"),
    },
    Place {
        name: "conversation logs",
        what: "The history of each conversation, from which all lists are made",
        fate: In("conversations/"),
    },
    Place {
        name: "attachments",
        what: "Files that you sent and got with messages",
        fate: In("files/"),
    },
    Place {
        name: "parked_messages",
        what: "Copies of entries of that history that were held up on their way to a list",
        fate: Out("the history itself is in here"),
    },
    Place {
        name: "deliveries",
        what: "Copies of what other systems sent, for the last thousand at most",
        fate: Out(
            "what was taken from them is in here; they are kept for repairs and name no customer",
        ),
    },
    Place {
        name: "audit log",
        what: "Who opened your conversations and when",
        fate: Out("it is about the people who work here; ask for it if you need it"),
    },
    Place {
        name: "own_intents",
        what: "Names of topics that software is taught",
        fate: Out("they are about no customer"),
    },
    Place {
        name: "own_intent_examples",
        what: "Example sentences for these topics",
        fate: Out("they are written down without their author"),
    },
    Place {
        name: "own_intent_models",
        what: "Numbers that software learned from examples and corrections",
        fate: Out("nothing of it can be traced to a customer"),
    },
    Place {
        name: "own_intent_promotions",
        what: "Which of these was in use when",
        fate: Out("they are about no customer"),
    },
    Place {
        name: "article_votes",
        what: "Which help articles you found helpful or not",
        fate: In("votes.json"),
    },
    Place {
        name: "articles",
        what: "Help articles: their titles and who may see them",
        fate: Out("they are about no customer"),
    },
    Place {
        name: "article_versions",
        what: "The texts of help articles",
        fate: Out("they are about no customer"),
    },
    Place {
        name: "article_categories",
        what: "Headings that help articles stand under",
        fate: Out("they are about no customer"),
    },
    Place {
        name: "article_sources",
        what: "Addresses of pages that help articles were made of",
        fate: Out("they are about no customer"),
    },
    Place {
        name: "article_gaps",
        what: "Which conversations ask the same and have no help article, by number alone",
        fate: Out("what was asked is in the history of each conversation"),
    },
    Place {
        name: "daily_runs",
        what: "When such conversations were looked for",
        fate: Out("they are about no customer"),
    },
    Place {
        name: "macros",
        what: "Answers that are written once for many",
        fate: Out("they are about no customer"),
    },
    Place {
        name: "questions of open conversations",
        what: "Numbers made of the first question of each of your open conversations, by which similar ones are found",
        fate: Out(
            "they are made of what you wrote, which is in here, and go when the conversation is over",
        ),
    },
    Place {
        name: "suggestions",
        what: "What software offered people here as an answer to you, by number alone",
        fate: Out("what it said is in the history of each conversation"),
    },
    Place {
        name: "assistant_steps",
        what: "When the assistant answered you and when a person went on, by number alone",
        fate: Out("it is in the history of each conversation"),
    },
];
