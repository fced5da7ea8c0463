//! Words that bind an account, and wishes for what nobody may ask, in small letters.

/// What binds: money back, something for nothing, a result.
#[rustfmt::skip]
const PROMISES: [&str; 75] = [
    // English
    "we will refund", "we'll refund", "i will refund", "i'll refund", "will be refunded", "have refunded", "has been refunded",
    "refunded you", "you will receive a refund", "you will get a refund", "you'll get a refund", "issued a refund", "full refund",
    "money back", "we guarantee", "i guarantee", "guarantee that", "guaranteed", "we promise", "i promise", "free of charge",
    "at no cost", "at no extra cost", "for free", "compensate you", "compensation", "we have cancelled", "i have cancelled",
    "has been cancelled", "as a gift", "voucher", "discount",
    // German
    "wir erstatten", "ich erstatte", "wird erstattet", "wurde erstattet", "bekommen ihr geld zurück", "erhalten ihr geld zurück",
    "garantieren", "garantiert", "wir versprechen", "ich verspreche", "kostenlos", "kostenfrei", "gutschein", "rabatt", "entschädigung",
    // French
    "nous vous rembourserons", "vous serez remboursé", "je vous rembourse", "nous garantissons", "je garantis", "garanti", "nous promettons",
    "gratuitement", "bon d'achat", "une remise",
    // Spanish
    "le reembolsaremos", "le devolveremos", "garantizamos", "garantizado", "le prometemos", "sin coste", "gratis",
    // Italian
    "la rimborseremo", "garantiamo", "garantito", "gratuitamente",
    // Portuguese
    "vamos reembolsar", "será reembolsado", "garantimos", "gratuito",
    // Dutch
    "we betalen u terug", "we garanderen", "gegarandeerd",
];
/// Verbs by which somebody is asked to send something.
#[rustfmt::skip]
const SENDING: [&str; 22] = [
    "send us", "send me", "tell us", "tell me", "give us", "give me", "reply with", "provide", "confirm your", "share", "senden sie",
    "schicken sie", "nennen sie", "teilen sie", "envoyez", "indiquez", "envíenos", "indíquenos", "ci invii", "envie-nos", "stuur ons",
    "geef ons",
];
/// What only its owner may know.
#[rustfmt::skip]
const SECRETS: [&str; 19] = [
    "password", "passcode", "full card number", "card number", "cvv", "cvc", "security code", "your pin", "passwort", "kartennummer",
    "prüfnummer", "mot de passe", "numéro de carte", "contraseña", "número de tarjeta", "numero di carta", "senha", "wachtwoord",
    "kaartnummer",
];
/// Words that turn such a wish into a warning.
#[rustfmt::skip]
const WARNINGS: [&str; 20] = [
    "never", "not", "don't", "do not", "without", "niemals", "nie", "nicht", "kein", "keine", "jamais", "pas", "nunca", "no", "mai", "non",
    "não", "nooit", "niet", "geen",
];

/// Promises in a text, each once.
pub(super) fn promises(text: &str) -> impl Iterator<Item = &'static str> {
    PROMISES
        .into_iter()
        .filter(move |phrase| crate::text::holds(text, phrase))
}

/// What a text asks for and may not.
pub(super) fn secrets(text: &str) -> Vec<&'static str> {
    let sentences = crate::text::sentences(text).into_iter();
    sentences.flat_map(secrets_of_sentence).collect()
}

fn secrets_of_sentence(sentence: &str) -> impl Iterator<Item = &'static str> {
    let has = |phrases: &[&str]| {
        let mut phrases = phrases.iter();
        phrases.any(|phrase| crate::text::holds(sentence, phrase))
    };
    let asks = has(&SENDING) && !has(&WARNINGS);
    SECRETS
        .into_iter()
        .filter(move |phrase| asks && crate::text::holds(sentence, phrase))
}

/// Whether a sentence, however written, asks for what only its owner may know.
pub(crate) fn asks_for_secret(sentence: &str) -> bool {
    secrets_of_sentence(&super::flat(sentence)).next().is_some()
}
