//! What the composer and the assistant say themselves: greetings, thanks, apologies, questions, closings. Everything else in a draft is an article's.
//!
//! No phrase states a fact about the account, an order or a time, so none can be wrong; a test runs all of them through
//! [`validate`](crate::validate). A language has all of them or is not in the list.

mod de;
mod en;
mod es;
mod fr;
mod it;
mod nl;
mod pt;

/// The phrases of one language. `{name}` and `{title}` stand for what is put in.
#[derive(Debug)]
pub struct Phrases {
    /// ISO 639-1.
    pub language: &'static str,
    pub(crate) hello: &'static str,
    pub(crate) hello_name: &'static str,
    pub(crate) formal_name: &'static str,
    pub(crate) warm: &'static str,
    pub(crate) warm_name: &'static str,
    /// Behind a greeting, by topic: to somebody who is content, and to somebody who is not.
    pub(crate) thanks: ByTopic,
    pub(crate) sorry: ByTopic,
    /// To somebody who is happy.
    pub(crate) kind_words: &'static str,
    /// Behind an apology.
    pub(crate) urgent: &'static str,
    /// Before what articles say, to somebody who is not content.
    pub(crate) lead: &'static str,
    /// Before what articles say in another language.
    pub(crate) other_language: &'static str,
    /// Nothing is promised where money is concerned.
    pub(crate) money: &'static str,
    /// Nobody sends a password.
    pub(crate) secret: &'static str,
    pub(crate) ask_order: &'static str,
    pub(crate) ask_fault: &'static str,
    pub(crate) ask_more: &'static str,
    /// Where no article says anything.
    pub(crate) looking: &'static str,
    /// To somebody who complains or threatens.
    pub(crate) passed_on: &'static str,
    pub(crate) more: &'static str,
    pub(crate) reply: &'static str,
    pub(crate) closing: &'static str,
    pub(crate) warm_closing: &'static str,
    pub(crate) chat: Chat,
}

/// What the assistant says in a chat beside what articles say. Each is a whole text by itself.
#[derive(Debug)]
pub(crate) struct Chat {
    /// To somebody who only greets.
    pub(crate) greeting: &'static str,
    /// To somebody who only says thanks.
    pub(crate) welcome: &'static str,
}

/// One phrase for each topic.
#[derive(Debug)]
pub(crate) struct ByTopic {
    pub(crate) billing: &'static str,
    pub(crate) refund: &'static str,
    pub(crate) cancellation: &'static str,
    pub(crate) account: &'static str,
    pub(crate) order: &'static str,
    pub(crate) shipping: &'static str,
    pub(crate) technical: &'static str,
    pub(crate) product: &'static str,
    pub(crate) feedback: &'static str,
    pub(crate) other: &'static str,
}

static ALL: [&Phrases; 7] = [
    &en::PHRASES,
    &de::PHRASES,
    &fr::PHRASES,
    &es::PHRASES,
    &it::PHRASES,
    &pt::PHRASES,
    &nl::PHRASES,
];

impl Phrases {
    /// Those of a language, ISO 639-1, if there are any.
    #[must_use]
    pub fn of(language: &str) -> Option<&'static Self> {
        ALL.into_iter().find(|phrases| phrases.language == language)
    }

    /// Those in English.
    #[must_use]
    pub fn english() -> &'static Self {
        &en::PHRASES
    }

    /// Every one of them, with `{name}` and `{title}` in them.
    #[must_use]
    pub fn all(&self) -> Vec<&'static str> {
        let mut all = vec![
            self.hello,
            self.hello_name,
            self.formal_name,
            self.warm,
            self.warm_name,
            self.kind_words,
            self.urgent,
            self.lead,
            self.other_language,
            self.money,
            self.secret,
            self.ask_order,
            self.ask_fault,
            self.ask_more,
            self.looking,
            self.passed_on,
            self.more,
            self.reply,
            self.closing,
            self.warm_closing,
        ];
        all.extend(self.chat.all());
        all.extend(self.thanks.all());
        all.extend(self.sorry.all());
        all
    }
}

/// The languages that have phrases, ISO 639-1.
pub fn languages() -> impl Iterator<Item = &'static str> {
    ALL.into_iter().map(|phrases| phrases.language)
}

impl Chat {
    pub(crate) const fn all(&self) -> [&'static str; 2] {
        [self.greeting, self.welcome]
    }
}

impl ByTopic {
    /// The phrase of a model's intent; the general one of any other.
    pub(crate) fn of(&self, intent: Option<&str>) -> &'static str {
        match intent {
            Some("billing_inquiry") => self.billing,
            Some("refund_request") => self.refund,
            Some("cancellation") => self.cancellation,
            Some("account_access") => self.account,
            Some("order_status") => self.order,
            Some("shipping_inquiry") => self.shipping,
            Some("technical_support") => self.technical,
            Some("product_question") => self.product,
            Some("feedback") => self.feedback,
            _ => self.other,
        }
    }

    const fn all(&self) -> [&'static str; 10] {
        [
            self.billing,
            self.refund,
            self.cancellation,
            self.account,
            self.order,
            self.shipping,
            self.technical,
            self.product,
            self.feedback,
            self.other,
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::{Sources, validate};

    #[test]
    fn no_phrase_states_what_needs_a_source() {
        for language in languages() {
            let phrases = Phrases::of(language).unwrap();
            for phrase in phrases.all() {
                assert!(!phrase.trim().is_empty(), "{language}");
                let findings = validate(phrase, Some(language), &Sources::default());
                assert!(findings.is_empty(), "{language}: {phrase}: {findings:?}");
            }
        }
    }

    #[test]
    fn what_is_put_in_has_its_place() {
        for language in languages() {
            let phrases = Phrases::of(language).unwrap();
            for phrase in [phrases.hello_name, phrases.formal_name, phrases.warm_name] {
                assert!(phrase.contains("{name}"), "{phrase}");
            }
            assert!(phrases.more.contains("{title}"));
            let n_others = phrases
                .all()
                .iter()
                .filter(|text| text.contains('{'))
                .count();
            assert_eq!(n_others, 4, "{language}");
        }
        assert!(Phrases::of("fi").is_none() && Phrases::of("").is_none());
    }
}
