//! Numbers of orders, invoices, tickets and parcels.

use edgedesk_domain::analysis::EntityKind;

use super::{Found, n_digits, pattern, stands_alone};

/// Digits that a number without a cue must have: fewer are an amount, a year or a size.
const MIN_BARE_DIGITS: usize = 6;

/// What follows `order`, `invoice no.`, `Rechnung Nr.` and the like: a code with at least one digit.
pub(super) fn find_cued(text: &str) -> Vec<Found> {
    let Some(cued) = pattern!(
        r"(?i)(?:orders?|purchases?|invoices?|tickets?|tracking|parcel|package|shipment|booking|reservation|reference|ref|confirmation|case|rma|return|transaction|bestellung|bestellnummer|auftrag|auftragsnummer|rechnung|rechnungsnummer|sendung|sendungsnummer|kundennummer|commande|facture|colis|dossier|réservation|tilaus|tilausta|tilauksen|tilaukseni|tilausnumero|tilausnumeroni|lasku|laskun|seurantakoodi|paketti|beställning|beställningen|ordernummer|faktura|fakturan|paket)(?:\s{0,2}(?:number|numbers|numero|numéro|nummer|no|nro|nr|num|id|code|koodi|n°|is|är|on|ist|est))?(?:\s?(?:number|is|är|on|ist|est))?[\s.:=(]{0,3}(#?\s?[A-Za-z0-9]{1,20}(?:[-/_][A-Za-z0-9]{1,20}){0,4})"
    ) else {
        return Vec::new();
    };
    cued.captures_iter(text)
        .filter_map(|captures| {
            let code = captures.get(1)?;
            let is_code = n_digits(code.as_str()) >= 1
                && code.as_str().len() >= 3
                && stands_alone(text, &code.range())
                && captures.get(0).is_some_and(|whole| {
                    let before = text.get(..whole.start()).and_then(|part| part.chars().next_back());
                    !before.is_some_and(char::is_alphanumeric)
                })
                // `order 2 weeks ago`, `order 3 lamps`: a count or an ordinal, not a name.
                && !is_ordinal(code.as_str());
            is_code.then(|| Found {
                kind: EntityKind::OrderNumber,
                range: code.range(),
                value: None,
            })
        })
        .collect()
}

fn is_ordinal(code: &str) -> bool {
    let letters = code.trim_start_matches(|c: char| c.is_ascii_digit());
    letters.len() < code.len()
        && matches!(
            letters.to_ascii_lowercase().as_str(),
            "st" | "nd" | "rd" | "th" | "x" | "pm" | "am" | "kg" | "cm" | "mm" | "gb"
        )
}

/// `#10045`, a long row of digits, or capitals and digits joined by hyphens, wherever they stand.
pub(super) fn find_bare(text: &str) -> Vec<Found> {
    let Some(bare) = pattern!(
        r"#\s?[A-Za-z]{0,4}-?[0-9]{3,20}(?:-[0-9]{1,12})?|[A-Z]{1,5}[0-9]*(?:-[A-Z0-9]{1,12}){1,4}|[A-Z0-9]{10,22}|[0-9]{3,12}(?:-[0-9]{3,12}){1,3}|[0-9]{6,20}"
    ) else {
        return Vec::new();
    };
    bare.find_iter(text)
        .filter(|code| stands_alone(text, &code.range()))
        .filter(|code| {
            let digits = n_digits(code.as_str());
            code.as_str().starts_with('#')
                || digits >= MIN_BARE_DIGITS
                || (digits >= 3 && code.as_str().contains('-'))
        })
        .map(|code| Found {
            kind: EntityKind::OrderNumber,
            range: code.range(),
            value: None,
        })
        .collect()
}
