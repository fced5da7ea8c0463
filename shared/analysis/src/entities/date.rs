//! Days, written out, in figures, or relative to today.

use std::collections::HashSet;
use std::sync::LazyLock;

use edgedesk_domain::analysis::EntityKind;
use regex_lite::Regex;

use super::{Found, pattern, stands_alone};
use crate::words::Word;

const MONTHS: &str = "january|february|march|april|may|june|july|august|september|october|november|december|jan|feb|mar|apr|jun|jul|aug|sept|sep|oct|nov|dec|\
    januar|februar|märz|mai|juni|juli|oktober|dezember|janvier|février|mars|avril|juin|juillet|août|septembre|octobre|novembre|décembre|\
    januari|februari|maj|augusti|tammikuuta|helmikuuta|maaliskuuta|huhtikuuta|toukokuuta|kesäkuuta|heinäkuuta|elokuuta|syyskuuta|lokakuuta|\
    marraskuuta|joulukuuta";
const WEEKDAYS: &str = "monday|tuesday|wednesday|thursday|friday|saturday|sunday|montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag|\
    lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|måndag|tisdag|onsdag|torsdag|fredag|lördag|söndag|\
    maanantaina|tiistaina|keskiviikkona|torstaina|perjantaina|lauantaina|sunnuntaina|maanantai|tiistai|keskiviikko|torstai|perjantai|lauantai|sunnuntai";
/// Units of time, at least one of which a counted date holds.
const UNITS: &str = "day|days|week|weeks|month|months|year|years|hours|hour|weekend|tag|tagen|woche|wochen|monat|monate|monaten|monats|jahr|\
    jour|jours|semaine|semaines|mois|année|dag|dagar|vecka|veckan|veckor|månad|månaden|månader|år|året|päivää|viikko|viikkoa|viikolla|kuukausi|\
    kuukautta|kuussa|vuonna";
const RELATIVE: &str = "the day before yesterday|the day after tomorrow|day before yesterday|day after tomorrow|yesterday|today|tonight|tomorrow|\
    vorgestern|gestern|heute|übermorgen|avant-hier|hier|aujourd'hui|aujourd’hui|après-demain|demain|\
    toissapäivänä|eilen|tänään|ylihuomenna|huomenna|förrgår|igår|i går|idag|i dag|imorgon|i morgon|ikväll";

/// `2026-11-21`, `21.11.2026`, `11/21/26`, `21.11.`; a value only where day, month and year are beyond doubt.
pub(super) fn find_figures(text: &str) -> Vec<Found> {
    let Some(pattern) = pattern!(
        r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})|([0-9]{1,2})([./-])([0-9]{1,2})[./-]([0-9]{4}|[0-9]{2})|([0-9]{1,2})\.([0-9]{1,2})\."
    ) else {
        return Vec::new();
    };
    pattern
        .captures_iter(text)
        .filter_map(|captures| {
            let whole = captures.get(0)?;
            let number = |group: usize| captures.get(group)?.as_str().parse::<u32>().ok();
            let value = match (number(1), number(4), number(8)) {
                (Some(year), ..) => iso(year, number(2)?, number(3)?)?.into(),
                (_, Some(first), _) => {
                    let (second, year) = (number(6)?, number(7)?);
                    if !is_day_and_month(first, second) && !is_day_and_month(second, first) {
                        return None;
                    }
                    // With dots the day comes first everywhere; with strokes only a number over 12 tells.
                    let day_first = captures.get(5)?.as_str() == "." || first > 12;
                    let month_first = !day_first && second > 12;
                    match (year >= 1000, day_first, month_first) {
                        (true, true, _) => Some(iso(year, second, first)?),
                        (true, _, true) => Some(iso(year, first, second)?),
                        _ => None,
                    }
                }
                (_, _, Some(day)) => {
                    if !is_day_and_month(day, number(9)?) {
                        return None;
                    }
                    None
                }
                _ => return None,
            };
            stands_alone(text, &whole.range()).then(|| Found {
                kind: EntityKind::Date,
                range: whole.range(),
                value,
            })
        })
        .collect()
}

fn is_day_and_month(day: u32, month: u32) -> bool {
    (1..=31).contains(&day) && (1..=12).contains(&month)
}

fn iso(year: u32, month: u32, day: u32) -> Option<String> {
    (is_day_and_month(day, month) && (1900..2200).contains(&year))
        .then(|| format!("{year:04}-{month:02}-{day:02}"))
}

/// `3rd of May 2026`, `November 21, 2026`.
pub(super) fn find_with_month(text: &str) -> Vec<Found> {
    let pattern = pattern!(&format!(
        r"(?i)(?:the )?[0-9]{{1,2}}(?:st|nd|rd|th|\.|er)? ?(?:of )?(?:{MONTHS})\b\.?(?:,? [0-9]{{4}})?|(?:{MONTHS})\.? (?:the )?[0-9]{{1,2}}(?:st|nd|rd|th)?\b(?:,? [0-9]{{4}})?"
    ));
    all(pattern.as_ref(), text)
}

/// `next Friday`, `two weeks ago`, `in 3 days`, `yesterday`, in five languages. The pattern is long, so it is tried only where one
/// of the words is that such a date cannot do without.
pub(super) fn find_relative(text: &str, words: &[Word]) -> Vec<Found> {
    static SIGNALS: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
        let units = UNITS.split('|');
        let days = WEEKDAYS.split('|').chain(RELATIVE.split('|'));
        let last_words = days.filter_map(|phrase| phrase.split([' ', '-']).next_back());
        units.chain(last_words).map(str::trim).collect()
    });
    let is_signal = |word: &Word| {
        let last = word.text.rsplit('-').next().unwrap_or_default();
        SIGNALS.contains(last) || SIGNALS.contains(word.text.as_str())
    };
    if !words.iter().any(is_signal) {
        return Vec::new();
    }
    let pattern = pattern!(&format!(
        r"(?i)(?:last|next|this|coming|past|letzten|letzte|nächsten|nächste|kommenden|diesen|viime|ensi|förra|nästa) (?:{WEEKDAYS}|week|month|year|weekend|woche|monat|monats|jahr|viikolla|kuussa|vuonna|viikko|vecka|veckan|månad|månaden|år|året)|(?:{WEEKDAYS}) (?:dernier|prochain)|(?:la semaine|le mois|l'année) (?:dernière|prochaine|dernier|prochain)|(?:[0-9]{{1,3}}|a|an|one|two|three|four|five|six|seven|eight|nine|ten|a few|a couple of|several) (?:days?|weeks?|months?|years?|hours?) ago|in (?:[0-9]{{1,3}}|a|one|two|three|four|five|six|a few|a couple of) (?:days?|weeks?|months?)|vor (?:[0-9]{{1,3}}|einem|einer|zwei|drei|vier|fünf|sechs) (?:tagen|tag|wochen|woche|monaten|monat)|il y a (?:[0-9]{{1,3}}|un|une|deux|trois|quatre|cinq|six) (?:jours?|semaines?|mois)|för (?:[0-9]{{1,3}}|en|två|tre|fyra|fem|sex) (?:dagar|dag|veckor|vecka|månader|månad) sedan|(?:[0-9]{{1,3}}|kaksi|kolme|neljä|viisi) (?:päivää|viikkoa|kuukautta) sitten|(?:viikko|kuukausi) sitten|{RELATIVE}|{WEEKDAYS}"
    ));
    all(pattern.as_ref(), text)
}

fn all(pattern: Option<&Regex>, text: &str) -> Vec<Found> {
    pattern
        .into_iter()
        .flat_map(|pattern| pattern.find_iter(text))
        .filter(|found| stands_alone(text, &found.range()))
        .map(|found| Found {
            kind: EntityKind::Date,
            range: found.range(),
            value: None,
        })
        .collect()
}
