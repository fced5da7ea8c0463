//! What texts cost, and who says whether an account may have more.

use serde::{Deserialize, Serialize};

use crate::{GenerateRequest, Usage};

/// What a model costs. A setting, like the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Price {
    /// Millionths of a dollar for a million tokens that are read: 3,000,000 for three dollars.
    pub input_micro_dollars: u64,
    /// The same for what is written.
    pub output_micro_dollars: u64,
}

/// Tokens and money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Spend {
    /// Tokens read.
    pub input_tokens: u64,
    /// Tokens written.
    pub output_tokens: u64,
    /// Millionths of a dollar, rounded up.
    pub micro_dollars: u64,
}

/// One call, for the books.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Whom was asked.
    pub provider: String,
    /// Which model.
    pub model: String,
    /// What [`Ledger::may_spend`] said yes to.
    pub held: Spend,
    /// What it came to.
    pub spent: Spend,
    /// Whether `spent` is our estimate, since the provider did not say.
    pub is_estimate: bool,
}

/// The books of one account.
#[expect(async_fn_in_trait, reason = "the runtime has one thread")]
pub trait Ledger {
    /// Whether the account may spend this. Who says yes may hold it back until it is recorded, so that calls at the same time do not
    /// spend the same; a hold should end by itself, since a call that is dropped is never recorded. An error is a no.
    async fn may_spend(&self, spend: &Spend) -> Result<bool, String>;

    /// What a call came to, which may be nothing. Follows each yes, unless the call is dropped.
    async fn record(&self, entry: &Entry);
}

impl Price {
    /// What this many tokens cost.
    #[must_use]
    pub fn spend(&self, usage: Usage) -> Spend {
        let input = u128::from(usage.input_tokens) * u128::from(self.input_micro_dollars);
        let output = u128::from(usage.output_tokens) * u128::from(self.output_micro_dollars);
        // Each is below 2^128 / 2, as both factors are below 2^64: only the sum is not.
        let micro_dollars = input.saturating_add(output).div_ceil(1_000_000);
        Spend {
            input_tokens: usage.input_tokens,
            output_tokens: usage.output_tokens,
            micro_dollars: u64::try_from(micro_dollars).unwrap_or(u64::MAX),
        }
    }
}

/// About how many tokens a text is, rather too many than too few: a token for three ASCII characters, and one for each byte but the
/// first of any other. English has four characters or more a token with every tokeniser in use, digits three; what is neither (long
/// runs of punctuation, random letters) may have more tokens than is said here.
#[must_use]
pub fn estimate_tokens(text: &str) -> u64 {
    let (mut n_ascii, mut n_other) = (0_u64, 0_u64);
    for character in text.chars() {
        if character.is_ascii() {
            n_ascii += 1;
        } else {
            n_other += character.len_utf8() as u64 - 1;
        }
    }
    n_ascii.div_ceil(3) + n_other
}

/// Tokens around a message: its role, its beginning and end.
const MESSAGE_TOKENS: u64 = 8;

/// What a request may take at most, as [`estimate_tokens`] counts: everything that is sent, and as much as may be written.
#[must_use]
pub fn estimate_request(request: &GenerateRequest) -> Usage {
    let messages = request.messages.iter().map(|message| &message.text);
    let texts = messages.chain([&request.instructions]);
    let of_texts: u64 = texts
        .map(|text| estimate_tokens(text) + MESSAGE_TOKENS)
        .sum();
    let schema = request.response_schema.as_ref();
    let of_schema = schema.map_or(0, |schema| estimate_tokens(&schema.to_string()));
    Usage {
        input_tokens: of_texts + of_schema,
        output_tokens: u64::from(request.max_output_tokens),
    }
}

/// Books that say yes to everything: for tests, and for a server of one's own.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoLedger;

impl Ledger for NoLedger {
    async fn may_spend(&self, _: &Spend) -> Result<bool, String> {
        Ok(true)
    }

    async fn record(&self, _: &Entry) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_is_kept_in_whole_numbers_and_rounded_up() {
        let price = Price {
            input_micro_dollars: 3_000_000,
            output_micro_dollars: 15_000_000,
        };
        let cost = |input_tokens, output_tokens| {
            let usage = Usage {
                input_tokens,
                output_tokens,
            };
            price.spend(usage).micro_dollars
        };
        assert_eq!(cost(1_000_000, 0), 3_000_000);
        assert_eq!(cost(1200, 300), 3600 + 4500);
        assert_eq!(cost(0, 0), 0);
        let cheap = Price {
            input_micro_dollars: 50_000,
            ..Price::default()
        };
        let one = Usage {
            input_tokens: 1,
            output_tokens: 9,
        };
        assert_eq!(cheap.spend(one).micro_dollars, 1);
        assert_eq!(cost(u64::MAX, u64::MAX), u64::MAX);
    }

    /// Of words that a tokeniser knows each is one token, so that their number is the least there can be; for Chinese, one for two
    /// characters.
    #[test]
    fn an_estimate_is_rather_too_high() {
        for (text, at_least, at_most) in [
            ("", 0, 0),
            ("The quick brown fox jumps over the lazy dog.", 9, 20),
            ("Ihre Bestellung wurde gestern verschickt.", 5, 20),
            ("您的订单已经发货。", 5, 27),
            ("Ваш заказ отправлен", 3, 30),
            ("48213", 2, 3),
        ] {
            let estimate = estimate_tokens(text);
            assert!(
                (at_least..=at_most).contains(&estimate),
                "{text}: {estimate}"
            );
        }
    }
}
