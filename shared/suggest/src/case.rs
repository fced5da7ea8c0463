//! What may be used for an answer: the message, what is known of it, and who writes to whom.

use edgedesk_analysis::entities::find_entities;
use edgedesk_analysis::words::words;
use edgedesk_domain::account::Channel;
use edgedesk_domain::analysis::{Analysis, Entity, EntityKind, Polarity, SentimentLabel};
use edgedesk_domain::conversation::Priority;
use edgedesk_domain::macros::SuggestionOutcomes;

use crate::template::Variable;

/// Longest value of a variable, in characters: whoever writes in chooses their own name.
const MAX_VALUE_CHARS: usize = 80;
/// Confidence from which the model's intent is spoken of. Below it, the general phrase is right more often.
pub const MIN_INTENT_CONFIDENCE: f64 = 0.7;

/// A customer's message and all that may be used to answer it.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// The message.
    pub text: String,
    /// What the models and rules say of it; absent when it could not be analysed.
    pub analysis: Option<Analysis>,
    /// Where it came from.
    pub channel: Channel,
    /// ISO 639-1, where it is known otherwise than by the analysis.
    pub language: Option<String>,
    /// What to call the customer.
    pub customer_name: Option<String>,
    /// Who will answer.
    pub agent_name: Option<String>,
    /// Whom they answer for.
    pub account_name: Option<String>,
    /// The ticket's number in the account.
    pub ticket_number: Option<u64>,
    /// The messages before it, oldest first.
    pub earlier: Vec<Earlier>,
    /// What became of the account's drafts so far.
    pub draft_outcomes: SuggestionOutcomes,
}

/// A message before the one that is answered. Private notes are none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Earlier {
    /// Whether the customer wrote it, or somebody of the account.
    pub by_customer: bool,
    /// What it says.
    pub text: String,
}

/// The values of the variables of a [`Template`](crate::template::Template); what is not known is absent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Variables {
    /// `customer.name`.
    pub customer_name: Option<String>,
    /// `customer.first_name`.
    pub customer_first_name: Option<String>,
    /// `agent.name`.
    pub agent_name: Option<String>,
    /// `account.name`.
    pub account_name: Option<String>,
    /// `ticket.number`.
    pub ticket_number: Option<String>,
    /// `order.number`: the last one that the conversation names.
    pub order_number: Option<String>,
}

impl Case {
    /// A case of a message alone.
    #[must_use]
    pub fn of(text: &str, channel: Channel) -> Self {
        Self {
            text: text.to_owned(),
            analysis: None,
            channel,
            language: None,
            customer_name: None,
            agent_name: None,
            account_name: None,
            ticket_number: None,
            earlier: Vec::new(),
            draft_outcomes: SuggestionOutcomes::default(),
        }
    }

    /// The language of the message, ISO 639-1, as far as it is known.
    #[must_use]
    pub fn language(&self) -> Option<&str> {
        let analysed = self.analysis.as_ref().and_then(|analysis| {
            let language = analysis.language.as_ref()?;
            Some(language.code.as_str()).filter(|code| *code != "und")
        });
        self.language.as_deref().or(analysed)
    }

    /// The model's intent, if it is sure enough to be spoken of.
    #[must_use]
    pub fn intent(&self) -> Option<&str> {
        let intent = self.analysis.as_ref()?.intent.as_ref()?;
        (intent.confidence >= MIN_INTENT_CONFIDENCE).then_some(intent.primary.as_str())
    }

    /// Whether the message is about one of these categories, by the model or by rules.
    #[must_use]
    pub fn is_about(&self, categories: &[&str]) -> bool {
        self.analysis.as_ref().is_some_and(|analysis| {
            let mut found = analysis.categories.iter();
            found.any(|scored| categories.contains(&scored.category.as_str()))
        })
    }

    /// Whether the customer is unhappy. Who asks for something in plain words reads as mildly negative to the model, and wants no
    /// apology: of a question or a request the mood must be plain.
    #[must_use]
    pub fn is_negative(&self) -> bool {
        let asks = matches!(self.act(), Some("question" | "request"));
        let label = self
            .analysis
            .as_ref()
            .map(|analysis| analysis.sentiment.label);
        match label {
            Some(SentimentLabel::VeryNegative) => true,
            Some(SentimentLabel::Negative) => !asks,
            _ => false,
        }
    }

    /// Whether the customer is happy.
    #[must_use]
    pub fn is_positive(&self) -> bool {
        self.analysis.as_ref().is_some_and(|analysis| {
            analysis.sentiment.polarity == Polarity::Positive && !self.is_negative()
        })
    }

    /// How soon an agent should see it.
    #[must_use]
    pub fn priority(&self) -> Priority {
        let suggested = self
            .analysis
            .as_ref()
            .and_then(|analysis| analysis.priority.as_ref());
        suggested.map_or(Priority::Normal, |suggested| suggested.level)
    }

    /// What the customer does by writing, such as `request`, and how surely.
    #[must_use]
    pub fn act(&self) -> Option<&str> {
        let act = self.analysis.as_ref()?.intent.as_ref()?.act.as_ref()?;
        Some(act.label.as_str())
    }

    /// The last order number that the conversation names: the customer's own words first, since they are what is meant.
    #[must_use]
    pub fn order_number(&self) -> Option<String> {
        let here = self.analysis.as_ref().map(|analysis| &analysis.entities);
        let here = here.and_then(|entities| last_order(entities));
        here.or_else(|| last_order(&self.entities_of(&self.text)))
            .or_else(|| {
                let mut earlier = self.earlier.iter().rev();
                earlier.find_map(|message| last_order(&self.entities_of(&message.text)))
            })
    }

    /// Whose values are known.
    #[must_use]
    pub fn variables(&self) -> Variables {
        let customer_name = self.customer_name.as_deref().and_then(person);
        Variables {
            customer_first_name: customer_name.as_deref().and_then(first_name),
            customer_name,
            agent_name: self.agent_name.as_deref().and_then(value),
            account_name: self.account_name.as_deref().and_then(value),
            ticket_number: self.ticket_number.map(|number| number.to_string()),
            order_number: self.order_number().as_deref().and_then(value),
        }
    }

    fn entities_of(&self, text: &str) -> Vec<Entity> {
        find_entities(text, &words(text), self.language())
    }
}

impl Variables {
    /// The value of a variable.
    #[must_use]
    pub fn get(&self, variable: Variable) -> Option<&str> {
        let value = match variable {
            Variable::CustomerName => &self.customer_name,
            Variable::CustomerFirstName => &self.customer_first_name,
            Variable::AgentName => &self.agent_name,
            Variable::AccountName => &self.account_name,
            Variable::TicketNumber => &self.ticket_number,
            Variable::OrderNumber => &self.order_number,
        };
        value.as_deref().filter(|value| !value.trim().is_empty())
    }

    /// All that are known.
    pub fn values(&self) -> impl Iterator<Item = &str> {
        Variable::ALL
            .into_iter()
            .filter_map(|variable| self.get(variable))
    }
}

fn last_order(entities: &[Entity]) -> Option<String> {
    let mut orders = entities
        .iter()
        .filter(|entity| entity.kind == EntityKind::OrderNumber);
    let number = orders
        .next_back()?
        .text
        .trim_start_matches(['#', ' '])
        .trim();
    (!number.is_empty()).then(|| number.to_owned())
}

/// One line of a value, or nothing if there is no word in it or it is too long to be one.
fn value(text: &str) -> Option<String> {
    let line = crate::text::one_line(text);
    let is_one = line.chars().any(char::is_alphanumeric)
        && line.chars().count() <= MAX_VALUE_CHARS
        && !line.chars().any(char::is_control);
    is_one.then_some(line)
}

/// A name to greet by. An address, a number or a link in its place is no name: it stands there when nobody gave one, or when
/// somebody wants it sent on under the account's name.
fn person(text: &str) -> Option<String> {
    let name = value(text)?;
    let is_name = !name.contains(['@', '/', ':', '{', '}', '<', '>'])
        && !name.chars().any(char::is_numeric)
        && !name.to_lowercase().contains("www.");
    is_name.then_some(name)
}

/// `Anna` of `Anna Berger` and of `Berger, Anna`; nothing of an initial.
fn first_name(name: &str) -> Option<String> {
    let given = name.split_once(',').map_or(name, |(_, given)| given);
    let first = given.split_whitespace().next()?;
    let n_letters = first.chars().filter(|c| c.is_alphabetic()).count();
    (n_letters >= 2 && !first.ends_with('.')).then(|| first.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(text: &str) -> Case {
        Case::of(text, Channel::Widget)
    }

    #[test]
    fn the_last_order_number_of_the_conversation_is_meant() {
        assert_eq!(case("Where is it?").order_number(), None);
        let text = "I ordered 20012345 and #44718, where is order #44718?";
        assert_eq!(case(text).order_number().as_deref(), Some("44718"));
        let earlier = |text: &str, by_customer| Earlier {
            by_customer,
            text: text.to_owned(),
        };
        let mut asked = case("So, where is it?");
        asked.earlier = vec![
            earlier("My order number is 20012345", true),
            earlier("Thank you!", false),
        ];
        assert_eq!(asked.order_number().as_deref(), Some("20012345"));
        "No, order 99887".clone_into(&mut asked.text);
        assert_eq!(asked.order_number().as_deref(), Some("99887"));
    }

    #[test]
    fn what_is_no_name_greets_nobody() {
        for (given, name, first) in [
            ("Anna Berger", Some("Anna Berger"), Some("Anna")),
            (" Berger,  Anna ", Some("Berger, Anna"), Some("Anna")),
            ("J. Smith", Some("J. Smith"), None),
            ("李雷", Some("李雷"), Some("李雷")),
            ("anna@example.com", None, None),
            ("visit http://evil.example", None, None),
            ("{{agent.name}}", None, None),
            ("Visitor 17", None, None),
            ("", None, None),
            ("...", None, None),
        ] {
            let mut case = case("Hello");
            case.customer_name = Some(given.to_owned());
            let variables = case.variables();
            assert_eq!(variables.customer_name.as_deref(), name, "{given}");
            assert_eq!(variables.customer_first_name.as_deref(), first, "{given}");
        }
        let mut case = case("Hello");
        case.customer_name = Some("x".repeat(MAX_VALUE_CHARS + 1));
        assert_eq!(case.variables(), Variables::default());
    }
}
