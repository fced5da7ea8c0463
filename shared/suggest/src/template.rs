//! Answers with variables: `Hello {{customer.first_name|there}}`.
//!
//! A variable is one of [`Variable`], so a misspelt one is found when a template is saved and not when it is sent. One whose value is
//! not known and that has no default refuses to be filled: no answer has a hole. Values are put in as they are; what looks like a
//! variable in one is text.

use std::fmt;

use crate::case::Variables;

const OPEN: &str = "{{";
const CLOSE: &str = "}}";
/// Most variables of one template.
pub const MAX_VARIABLES: usize = 50;

/// What a template may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Variable {
    /// What to call the customer.
    CustomerName,
    /// The first part of it.
    CustomerFirstName,
    /// Who answers.
    AgentName,
    /// Whom they answer for.
    AccountName,
    /// The ticket's number.
    TicketNumber,
    /// The last order number that the conversation names.
    OrderNumber,
}

impl Variable {
    /// All of them, in the order of lists.
    pub const ALL: [Self; 6] = [
        Self::CustomerName,
        Self::CustomerFirstName,
        Self::AgentName,
        Self::AccountName,
        Self::TicketNumber,
        Self::OrderNumber,
    ];

    /// Its name between the braces.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CustomerName => "customer.name",
            Self::CustomerFirstName => "customer.first_name",
            Self::AgentName => "agent.name",
            Self::AccountName => "account.name",
            Self::TicketNumber => "ticket.number",
            Self::OrderNumber => "order.number",
        }
    }

    /// The variable of a name, if there is one.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|variable| variable.as_str() == name)
    }
}

impl fmt::Display for Variable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text with variables, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Value {
        variable: Variable,
        default: Option<String>,
    },
}

/// A text that is no template. Places are in bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// Braces are opened and not closed.
    #[error("the braces that open at byte {at} are not closed")]
    NotClosed {
        /// Where they open.
        at: usize,
    },
    /// What stands between the braces is no variable.
    #[error(
        "{name:?} at byte {at} is no variable; there are customer.name, customer.first_name, agent.name, account.name, ticket.number, order.number"
    )]
    Unknown {
        /// What stands there.
        name: String,
        /// Where the braces open.
        at: usize,
    },
    /// A default has braces in it, or no word.
    #[error("the default at byte {at} is empty or has braces in it")]
    BadDefault {
        /// Where the braces open.
        at: usize,
    },
    /// There are more than [`MAX_VARIABLES`].
    #[error("there are more than {MAX_VARIABLES} variables")]
    TooMany,
}

/// What is not known and has no default: nothing was filled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no value is known of {}", names(.variables))]
pub struct Missing {
    /// Each once, in the order of the text. Never empty.
    pub variables: Vec<Variable>,
}

fn names(variables: &[Variable]) -> String {
    let names: Vec<&str> = variables.iter().map(|variable| variable.as_str()).collect();
    names.join(", ")
}

/// What a text's variables are, each once, in the order of the text: the check on saving.
pub fn check(text: &str) -> Result<Vec<Variable>, TemplateError> {
    Ok(Template::parse(text)?.variables())
}

impl Template {
    /// Reads a text.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let mut pieces = Vec::new();
        let mut n_variables = 0;
        let mut rest = text;
        while let Some((before, inside)) = rest.split_once(OPEN) {
            let at = text.len() - rest.len() + before.len();
            let (inside, behind) = inside
                .split_once(CLOSE)
                .ok_or(TemplateError::NotClosed { at })?;
            n_variables += 1;
            if n_variables > MAX_VARIABLES {
                return Err(TemplateError::TooMany);
            }
            if !before.is_empty() {
                pieces.push(Piece::Text(before.to_owned()));
            }
            pieces.push(value(inside, at)?);
            rest = behind;
        }
        if !rest.is_empty() {
            pieces.push(Piece::Text(rest.to_owned()));
        }
        Ok(Self { pieces })
    }

    /// Its variables, each once, in the order of the text.
    #[must_use]
    pub fn variables(&self) -> Vec<Variable> {
        let mut found = Vec::new();
        for piece in &self.pieces {
            if let Piece::Value { variable, .. } = piece
                && !found.contains(variable)
            {
                found.push(*variable);
            }
        }
        found
    }

    /// The text with its values, or all that is missing.
    pub fn fill(&self, values: &Variables) -> Result<String, Missing> {
        let mut text = String::new();
        let mut missing = Vec::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(piece) => text.push_str(piece),
                Piece::Value { variable, default } => {
                    match values.get(*variable).or(default.as_deref()) {
                        Some(value) => text.push_str(value),
                        None if missing.contains(variable) => {}
                        None => missing.push(*variable),
                    }
                }
            }
        }
        if missing.is_empty() {
            Ok(text)
        } else {
            Err(Missing { variables: missing })
        }
    }

    /// Its own words, without variables: what may be compared with a message. Defaults are none.
    #[must_use]
    pub fn words_alone(&self) -> String {
        let pieces = self.pieces.iter().filter_map(|piece| match piece {
            Piece::Text(text) => Some(text.as_str()),
            Piece::Value { .. } => None,
        });
        pieces.collect::<Vec<_>>().join(" ")
    }
}

fn value(inside: &str, at: usize) -> Result<Piece, TemplateError> {
    let (name, default) = match inside.split_once('|') {
        Some((name, default)) => (name, Some(default)),
        None => (inside, None),
    };
    let name = name.trim();
    let variable = Variable::from_name(name).ok_or_else(|| TemplateError::Unknown {
        name: name.chars().take(40).collect(),
        at,
    })?;
    if default.is_some_and(|text| text.trim().is_empty() || text.contains(['{', '}'])) {
        return Err(TemplateError::BadDefault { at });
    }
    let default = default.map(|text| text.trim().to_owned());
    Ok(Piece::Value { variable, default })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn anna() -> Variables {
        Variables {
            customer_name: Some("Anna Berger".into()),
            customer_first_name: Some("Anna".into()),
            ..Variables::default()
        }
    }

    fn fill(text: &str, values: &Variables) -> Result<String, Missing> {
        Template::parse(text).unwrap().fill(values)
    }

    #[test]
    fn variables_are_filled_and_defaults_stand_in() {
        for (text, expected) in [
            ("No variable, one } brace {", "No variable, one } brace {"),
            ("Dear {{customer.name}},", "Dear Anna Berger,"),
            ("Hi {{ customer.first_name | there }}!", "Hi Anna!"),
            ("{{agent.name|Your team}}", "Your team"),
            (
                "{{customer.name}}{{customer.name}}",
                "Anna BergerAnna Berger",
            ),
            ("}} {{customer.name}} }}", "}} Anna Berger }}"),
        ] {
            assert_eq!(fill(text, &anna()).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_missing_is_named_and_nothing_is_filled() {
        let missing = fill(
            "{{order.number}} {{ticket.number}} {{order.number}} {{customer.name}}",
            &anna(),
        );
        let missing = missing.unwrap_err();
        assert_eq!(
            missing.variables,
            [Variable::OrderNumber, Variable::TicketNumber]
        );
        assert_eq!(
            missing.to_string(),
            "no value is known of order.number, ticket.number"
        );
        // Spaces are no value.
        let blank = Variables {
            customer_name: Some("  ".into()),
            ..Variables::default()
        };
        assert!(fill("{{customer.name}}", &blank).is_err());
    }

    #[test]
    fn mistakes_are_found_on_saving() {
        let unknown = |name: &str, at| {
            Err(TemplateError::Unknown {
                name: name.to_owned(),
                at,
            })
        };
        for (text, expected) in [
            ("Hi {{customer.nam}}", unknown("customer.nam", 3)),
            ("{{}}", unknown("", 0)),
            ("{{Customer.Name}}", unknown("Customer.Name", 0)),
            ("ä{{{customer.name}}}", unknown("{customer.name", 2)),
            (
                "Hi {{customer.name",
                Err(TemplateError::NotClosed { at: 3 }),
            ),
            (
                "{{customer.name|}}",
                Err(TemplateError::BadDefault { at: 0 }),
            ),
            (
                "{{customer.name|{x}}",
                Err(TemplateError::BadDefault { at: 0 }),
            ),
            (
                "{{agent.name}} {{customer.name}} {{agent.name|x}}",
                Ok(vec![Variable::AgentName, Variable::CustomerName]),
            ),
        ] {
            assert_eq!(check(text), expected, "{text}");
        }
        let many = "{{agent.name}}".repeat(MAX_VARIABLES);
        assert!(check(&many).is_ok());
        assert_eq!(
            check(&format!("{many}{{{{agent.name}}}}")),
            Err(TemplateError::TooMany)
        );
    }

    #[test]
    fn a_value_is_never_read_as_a_template() {
        let values = Variables {
            customer_name: Some("{{agent.name}}".into()),
            agent_name: Some("Secret".into()),
            ..Variables::default()
        };
        assert_eq!(
            fill("Hi {{customer.name}}", &values).as_deref(),
            Ok("Hi {{agent.name}}")
        );
    }

    proptest! {
        #[test]
        fn any_text_is_a_template_or_a_mistake(text in "[\\PC{}|a-z.]{0,200}") {
            let _ = check(&text);
        }

        /// What is filled is the text with every variable's value in its place, whatever the values are.
        #[test]
        fn filling_puts_values_in_and_changes_nothing_else(
            texts in prop::collection::vec("[^{}]{0,20}", 1..6),
            value in "[^\\s]\\PC{0,20}",
        ) {
            let template = texts.join("{{agent.name}}");
            let values = Variables { agent_name: Some(value.clone()), ..Variables::default() };
            prop_assert_eq!(fill(&template, &values), Ok(texts.join(&value)));
            let none = fill(&template, &Variables::default());
            prop_assert_eq!(none.is_ok(), texts.len() == 1);
        }
    }
}
