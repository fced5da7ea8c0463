//! Messages that ask nothing: a greeting or a word of thanks, and nothing else.

use std::sync::LazyLock;

use edgedesk_analysis::words::{Word, words};

/// Words up to which a text may be small talk.
const MOST_WORDS: usize = 12;

/// What a message is that asks nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SmallTalk {
    /// Only a greeting.
    Greeting,
    /// Only thanks, an `ok`, or a farewell.
    Thanks,
}

// Entries are separated by `|`, in small letters, in the languages that are told apart; an entry may be of several words.
const GREETINGS: &str = "hello|hi|hey|hiya|howdy|good morning|good afternoon|good evening|good day|greetings|hi there|hello there|hey there\
    |how are you|hallo|guten tag|guten morgen|guten abend|moin|servus|grüß gott|grüezi|bonjour|bonsoir|salut|coucou|hei|moi|terve|moikka|huomenta\
    |hyvää päivää|hyvää huomenta|hyvää iltaa|päivää|hej|hejsan|tjena|god morgon|god dag|god kväll|hola|buenos días|buenas tardes|buenas noches|buenas\
    |ciao|buongiorno|buonasera|salve|hoi|goedemorgen|goedemiddag|goedenavond|goedendag|dag|olá|ola|oi|bom dia|boa tarde|boa noite\
    |cześć|dzień dobry|witam|hejka|dobry wieczór|goddag|godmorgen|god morgen|god aften|god kveld|god ettermiddag|heisann";
const THANKS: &str = "thank you|thanks|thank you so much|thank you very much|many thanks|thanks a lot|thx|ty|cheers|that helped|that helps\
    |that worked|it worked|works now|solved|ok|okay|perfect|great|got it|no thanks|no thank you|bye|goodbye|have a nice day\
    |danke|danke schön|dankeschön|vielen dank|besten dank|herzlichen dank|danke sehr|super|das hat geholfen|nein danke|tschüss|auf wiedersehen\
    |merci|merci beaucoup|un grand merci|parfait|d'accord|au revoir|non merci|kiitos|kiitti|kiitoksia|paljon kiitoksia|kiitos paljon|näkemiin\
    |tack|tack så mycket|tusen tack|stort tack|hej då|gracias|muchas gracias|mil gracias|perfecto|vale|no gracias|adiós\
    |grazie|grazie mille|molte grazie|perfetto|va bene|no grazie|arrivederci|bedankt|dank je|dank u|dank je wel|dank u wel|hartelijk dank|prima\
    |tot ziens|obrigado|obrigada|muito obrigado|muito obrigada|perfeito|não obrigado|não obrigada|tchau\
    |dziękuję|dziękuję bardzo|dzięki|bardzo dziękuję|do widzenia|tak|mange tak|tusind tak|takk|tusen takk|mange takk|ha det";
/// What may stand beside either, and says nothing by itself.
const BESIDE: &str = "there|all|everyone|everybody|team|sir|madam|again|so|very|much|for|your|the|help|you|really|everything|now|then|and|a lot\
    |to|support|ihr|euch|für|die|hilfe|ihnen|sehr|ihre|pour|votre|aide|à|tous|por|su|ayuda|per|l'aiuto|voor|uw|hulp|pela|ajuda|avusta|för|hjälpen\
    |for hjælpen|for hjelpen|za pomoc|a todos|a tutti|allemaal|zusammen";

/// What a message is if it asks nothing.
pub(super) fn of(text: &str) -> Option<SmallTalk> {
    static LISTS: LazyLock<[Vec<Vec<&'static str>>; 3]> =
        LazyLock::new(|| [GREETINGS, THANKS, BESIDE].map(entries));
    let all = words(text);
    if all.is_empty() || all.len() > MOST_WORDS || text.contains('?') && !is_how_are_you(text) {
        return None;
    }
    let [greetings, thanks, beside] = &*LISTS;
    let mut rest = all.as_slice();
    let (mut greets, mut gives_thanks) = (false, false);
    while !rest.is_empty() {
        let of_thanks = longest(thanks, rest);
        let of_greeting = longest(greetings, rest);
        let length = match (of_thanks, of_greeting) {
            (Some(one), other) if other.is_none_or(|other| one >= other) => {
                gives_thanks = true;
                one
            }
            (_, Some(other)) => {
                greets = true;
                other
            }
            _ => longest(beside, rest)?,
        };
        rest = rest.get(length..)?;
    }
    match (gives_thanks, greets) {
        (true, _) => Some(SmallTalk::Thanks),
        (false, true) => Some(SmallTalk::Greeting),
        (false, false) => None,
    }
}

/// The one question that is a greeting.
fn is_how_are_you(text: &str) -> bool {
    text.to_lowercase().contains("how are you")
}

fn entries(list: &'static str) -> Vec<Vec<&'static str>> {
    let entries = list.split('|');
    entries
        .map(|entry| entry.split_whitespace().collect())
        .collect()
}

/// Words of the longest entry that `words` begins with.
fn longest(list: &[Vec<&str>], words: &[Word]) -> Option<usize> {
    list.iter()
        .filter(|entry| {
            words.len() >= entry.len()
                && entry
                    .iter()
                    .zip(words)
                    .all(|(entry, word)| word.text == *entry)
        })
        .map(Vec::len)
        .max()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_asks_nothing_is_a_greeting_or_thanks() {
        for text in [
            "hi",
            "Hello!",
            "hello there",
            "Good morning",
            "Hi, how are you?",
            "Hallo",
            "Guten Tag",
            "Bonjour à tous",
            "Moi",
            "hej",
            "Hola, buenos días",
            "Buongiorno",
            "Hoi",
            "Olá!",
            "Cześć",
            "Goddag",
            "Hei",
        ] {
            assert_eq!(of(text), Some(SmallTalk::Greeting), "{text}");
        }
        for text in [
            "thanks",
            "Thank you so much for your help!",
            "ok",
            "Great, thank you",
            "Hi, thanks",
            "Danke für die Hilfe",
            "merci beaucoup",
            "Kiitos",
            "tack så mycket",
            "Muchas gracias",
            "Grazie mille",
            "Dank u wel",
            "Muito obrigado pela ajuda",
            "Dziękuję bardzo",
            "mange tak",
            "Tusen takk",
            "no thanks",
            "bye",
        ] {
            assert_eq!(of(text), Some(SmallTalk::Thanks), "{text}");
        }
        for text in [
            "",
            "?",
            "ok?",
            "hi, where is my order",
            "thanks for nothing",
            "thank you but it still does not work",
            "for your help",
            "help",
            "Danke, aber wo ist mein Paket",
            "no",
            "yes",
        ] {
            assert_eq!(of(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "\\PC{0,100}") {
            let _ = of(&text);
        }
    }
}
