//! Numbers, spans of time and shares in a text in small letters.

use std::sync::LazyLock;

use regex_lite::Regex;

/// A number as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Number<'a> {
    pub(super) text: &'a str,
    /// Its digits alone.
    pub(super) digits: String,
    /// Digits that a draft may have from it: all of them, and each run, as `2` and `3` of `2-3`.
    pub(super) forms: Vec<String>,
}

/// How long something takes: the number or its word as a number, and the unit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Duration {
    number: String,
    unit: &'static str,
}

/// Units of time by the beginnings of their words in our languages; a longer one stands before a shorter one that it begins with.
#[rustfmt::skip]
const UNITS: [(&str, &str); 37] = [
    ("minut", "minute"), ("min", "minute"),
    ("hour", "hour"), ("hrs", "hour"), ("stunde", "hour"), ("heure", "hour"), ("hora", "hour"), ("ore", "hour"), ("ora", "hour"),
    ("uur", "hour"), ("uren", "hour"),
    ("day", "day"), ("werktag", "day"), ("arbeitstag", "day"), ("tag", "day"), ("jour", "day"), ("día", "day"), ("dia", "day"),
    ("giorn", "day"), ("werkdag", "day"), ("dag", "day"),
    ("week", "week"), ("woche", "week"), ("semaine", "week"), ("semana", "week"), ("settiman", "week"), ("weken", "week"),
    ("month", "month"), ("monat", "month"), ("mois", "month"), ("mes", "month"), ("maand", "month"),
    ("year", "year"), ("jahr", "year"), ("anné", "year"), ("año", "year"), ("mês", "month"),
];
/// Further words of months and years that begin like other words.
#[rustfmt::skip]
const WHOLE_UNITS: [(&str, &str); 7] = [
    ("mese", "month"), ("mesi", "month"), ("an", "year"), ("ans", "year"),
    ("anni", "year"), ("anos", "year"), ("jaar", "year"),
];
/// Numbers in words; where a word is also an article, as `a` and `ein` are, it is none.
#[rustfmt::skip]
const NUMBER_WORDS: [(&str, &str); 52] = [
    ("two", "2"), ("three", "3"), ("four", "4"), ("five", "5"), ("six", "6"), ("seven", "7"), ("eight", "8"), ("nine", "9"), ("ten", "10"),
    ("fourteen", "14"), ("thirty", "30"), ("zwei", "2"), ("drei", "3"), ("vier", "4"), ("fünf", "5"), ("sechs", "6"), ("sieben", "7"),
    ("acht", "8"), ("neun", "9"), ("zehn", "10"), ("vierzehn", "14"), ("deux", "2"), ("trois", "3"), ("quatre", "4"), ("cinq", "5"),
    ("sept", "7"), ("huit", "8"), ("dix", "10"), ("quinze", "15"), ("dos", "2"), ("tres", "3"), ("cuatro", "4"), ("cinco", "5"),
    ("seis", "6"), ("siete", "7"), ("ocho", "8"), ("diez", "10"), ("due", "2"), ("tre", "3"), ("quattro", "4"), ("cinque", "5"),
    ("sette", "7"), ("dieci", "10"), ("dois", "2"), ("duas", "2"), ("três", "3"), ("quatro", "4"), ("sete", "7"), ("dez", "10"),
    ("twee", "2"), ("drie", "3"), ("tien", "10"),
];
/// Words for days that the entity patterns of the analysis do not know.
#[rustfmt::skip]
const DAYS: [&str; 15] = [
    "hoy", "pasado mañana", "mañana por la mañana", "oggi", "domani", "dopodomani", "hoje", "amanhã", "vandaag", "overmorgen", "lunes",
    "lunedì", "segunda-feira", "maandag", "vrijdag",
];

static NUMBER: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"[0-9]+(?:[.,:/-]?[0-9]+)*").ok());
static DURATION: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let words: Vec<&str> = NUMBER_WORDS.iter().map(|(word, _)| *word).collect();
    let units: Vec<&str> = UNITS.iter().map(|(unit, _)| *unit).collect();
    let whole: Vec<&str> = WHOLE_UNITS.iter().map(|(unit, _)| *unit).collect();
    Regex::new(&format!(
        r"([0-9]+(?:\s?(?:-|–|to|bis|à|a|tot)\s?[0-9]+)?|\b(?:{}))[\s-](?:(?:business|working|calendar|full|volle|ganze)[\s-])?(?:({})|({})\b)",
        words.join("|"),
        units.join("|"),
        whole.join("|")
    ))
    .ok()
});
static PERCENTAGE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"[0-9]+(?:[.,][0-9]+)?\s?(?:%|percent|per cent|prozent|pour cent|por ciento|por cento|per cento|procent)").ok()
});

pub(super) fn numbers(text: &str) -> Vec<Number<'_>> {
    let Some(pattern) = &*NUMBER else {
        return Vec::new();
    };
    pattern
        .find_iter(text)
        .map(|found| {
            let text = found.as_str();
            let runs = text.split(|c: char| !c.is_ascii_digit());
            let digits: String = runs.clone().collect();
            let mut forms: Vec<String> = runs.map(str::to_owned).collect();
            forms.push(digits.clone());
            Number {
                text,
                digits,
                forms,
            }
        })
        .collect()
}

/// Spans of time, each as it is written and what it means.
pub(super) fn durations(text: &str) -> Vec<(&str, Duration)> {
    let Some(pattern) = &*DURATION else {
        return Vec::new();
    };
    pattern
        .captures_iter(text)
        .filter_map(|captures| {
            let whole = captures.get(0)?;
            let number = captures.get(1)?.as_str();
            let meaning = |list: &[(&str, &'static str)], word: &str| {
                let found = list.iter().find(|(name, _)| *name == word);
                found.map(|(_, meaning)| *meaning)
            };
            let unit = match (captures.get(2), captures.get(3)) {
                (Some(unit), _) => meaning(&UNITS, unit.as_str()),
                (_, Some(unit)) => meaning(&WHOLE_UNITS, unit.as_str()),
                _ => None,
            };
            let runs = number.split(|c: char| !c.is_ascii_digit());
            let digits: Vec<&str> = runs.filter(|run| !run.is_empty()).collect();
            let number = match meaning(&NUMBER_WORDS, number) {
                Some(number) => number.to_owned(),
                None => digits.join("-"),
            };
            let unit = unit?;
            Some((whole.as_str(), Duration { number, unit }))
        })
        .collect()
}

pub(super) fn percentages(text: &str) -> Vec<&str> {
    let found = PERCENTAGE
        .iter()
        .flat_map(|pattern| pattern.find_iter(text));
    found.map(|found| found.as_str()).collect()
}

/// Words for days, by themselves.
pub(super) fn days(text: &str) -> impl Iterator<Item = &'static str> {
    DAYS.into_iter()
        .filter(move |word| crate::text::holds(text, word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_of_time_is_the_same_in_words_and_in_figures() {
        let of = |text: &str| {
            durations(text)
                .into_iter()
                .map(|(_, duration)| duration)
                .collect::<Vec<_>>()
        };
        for (one, other) in [
            ("14 days", "a 14-day limit"),
            ("two weeks", "2 weeks"),
            ("3–5 business days", "3 to 5 working days"),
            ("zwei wochen", "2 wochen"),
            ("24 stunden", "24 hours"),
            ("3 werktage", "3 tagen"),
            ("deux ans", "2 années"),
            ("30 días", "30 dias"),
        ] {
            assert_eq!(of(one).len(), 1, "{one}");
            assert_eq!(of(one), of(other), "{one}");
        }
        assert_ne!(of("5 days"), of("3-5 days"));
        assert_ne!(of("5 days"), of("5 weeks"));
        for none in ["for a day", "weekday", "version 5", "2 answers"] {
            assert!(of(none).is_empty(), "{none}");
        }
    }

    #[test]
    fn a_number_may_be_told_in_part() {
        let found = numbers("from 1,499.90 to 2-3");
        let digits: Vec<&str> = found.iter().map(|number| number.digits.as_str()).collect();
        assert_eq!(digits, ["149990", "23"]);
        assert!(found[1].forms.contains(&"3".to_owned()));
        assert_eq!(percentages("10 % or 2,5 prozent"), ["10 %", "2,5 prozent"]);
    }
}
