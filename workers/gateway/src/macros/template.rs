//! Texts with variables: `{{customer.name}}`, or `{{customer.name|there}}` with what stands there when the name is not known.

/// What a template may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Variable {
    /// What to call the customer.
    CustomerName,
    /// The first part of it.
    CustomerFirstName,
    /// Who answers.
    AgentName,
    /// What the account is called.
    AccountName,
    /// The number of the conversation's ticket.
    TicketNumber,
    /// The last order number that the customer wrote.
    OrderNumber,
}

impl Variable {
    const ALL: [Self; 6] = [
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
}

/// What is known for a template.
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
    /// `order.number`.
    pub order_number: Option<String>,
}

impl Variables {
    fn get(&self, variable: Variable) -> Option<&str> {
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
}

/// A text with variables, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template(Vec<Piece>);

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
    #[error("opens braces at byte {at} and does not close them")]
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
    #[error("has a default at byte {at} that is empty or has braces in it")]
    BadDefault {
        /// Where the braces open.
        at: usize,
    },
}

/// What is not known and has no default, each once: nothing was filled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// In the order of the text; never empty.
    pub variables: Vec<Variable>,
}

impl Template {
    /// Reads a text.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, inside)) = rest.split_once("{{") {
            let at = text.len() - rest.len() + before.len();
            let (inside, behind) = inside
                .split_once("}}")
                .ok_or(TemplateError::NotClosed { at })?;
            pieces.push(Piece::Text(before.to_owned()));
            pieces.push(value(inside, at)?);
            rest = behind;
        }
        pieces.push(Piece::Text(rest.to_owned()));
        Ok(Self(pieces))
    }

    /// Whether it names `variable`.
    #[must_use]
    pub fn names(&self, variable: Variable) -> bool {
        let is_it = |piece: &Piece| matches!(piece, Piece::Value { variable: other, .. } if *other == variable);
        self.0.iter().any(is_it)
    }

    /// The text with its values. Braces in a value are no variables.
    pub fn fill(&self, values: &Variables) -> Result<String, Missing> {
        let mut text = String::new();
        let mut missing = Vec::new();
        for piece in &self.0 {
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
}

fn value(inside: &str, at: usize) -> Result<Piece, TemplateError> {
    let (name, default) = match inside.split_once('|') {
        Some((name, default)) => (name.trim(), Some(default.trim())),
        None => (inside.trim(), None),
    };
    let variable = Variable::ALL
        .into_iter()
        .find(|variable| variable.as_str() == name)
        .ok_or_else(|| TemplateError::Unknown {
            name: name.to_owned(),
            at,
        })?;
    if default.is_some_and(|default| default.is_empty() || default.contains(['{', '}'])) {
        return Err(TemplateError::BadDefault { at });
    }
    Ok(Piece::Value {
        variable,
        default: default.map(str::to_owned),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn filled(text: &str, values: &Variables) -> Result<String, Vec<Variable>> {
        let template = Template::parse(text).unwrap();
        template.fill(values).map_err(|missing| missing.variables)
    }

    #[test]
    fn a_template_is_filled_with_what_is_known_or_not_at_all() {
        let values = Variables {
            customer_name: Some("Ada {{agent.name}}".to_owned()),
            agent_name: Some(" ".to_owned()),
            ticket_number: Some("7".to_owned()),
            ..Variables::default()
        };
        for (text, expected) in [
            ("", Ok("")),
            ("{x} }} é", Ok("{x} }} é")),
            (
                "Hi {{ customer.name }}, #{{ticket.number}}.",
                Ok("Hi Ada {{agent.name}}, #7."),
            ),
            ("{{customer.name|there}}", Ok("Ada {{agent.name}}")),
            ("Hi {{customer.first_name | there }}", Ok("Hi there")),
            (
                "{{order.number}} {{agent.name}} {{order.number}}",
                Err(vec![Variable::OrderNumber, Variable::AgentName]),
            ),
        ] {
            assert_eq!(filled(text, &values), expected.map(str::to_owned), "{text}");
        }
        let template = Template::parse("{{ticket.number}}").unwrap();
        assert!(template.names(Variable::TicketNumber) && !template.names(Variable::AgentName));
    }

    #[test]
    fn what_is_no_template_is_told_with_its_place() {
        let unknown = |name: &str, at| TemplateError::Unknown {
            name: name.to_owned(),
            at,
        };
        for (text, expected) in [
            ("é{{agent.name", TemplateError::NotClosed { at: 2 }),
            ("{{agent.name}} {{a}}", unknown("a", 15)),
            ("{{ {{agent.name}} }}", unknown("{{agent.name", 0)),
            ("{{agent.name|}}", TemplateError::BadDefault { at: 0 }),
            ("{{agent.name|{x}}}", TemplateError::BadDefault { at: 0 }),
        ] {
            assert_eq!(Template::parse(text), Err(expected), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused_and_without_variables_stays_as_it_is(text in "[{}|a.é ]{0,20}") {
            match Template::parse(&text) {
                Ok(template) => prop_assert_eq!(template.fill(&Variables::default()).unwrap(), text),
                Err(_) => prop_assert!(text.contains("{{")),
            }
        }
    }
}
