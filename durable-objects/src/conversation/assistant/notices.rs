//! What a customer is told when a person goes on, in the languages that are told apart.

/// The two sentences of a language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Notice {
    /// They asked for it.
    pub(super) requested: &'static str,
    /// The assistant had no answer.
    pub(super) passed_on: &'static str,
}

const ENGLISH: Notice = Notice {
    requested: "You will talk to a person. Somebody will answer you here as soon as they can.",
    passed_on: "I pass this on to a person. Somebody will answer you here as soon as they can.",
};

/// Those of a language, ISO 639-1; English where it is not known.
pub(super) fn of(language: Option<&str>) -> Notice {
    match language {
        Some("de") => Notice {
            requested: "Sie sprechen gleich mit einem Menschen. Jemand antwortet Ihnen hier, so bald es geht.",
            passed_on: "Das gebe ich an einen Menschen weiter. Jemand antwortet Ihnen hier, so bald es geht.",
        },
        Some("fr") => Notice {
            requested: "Vous allez parler à une personne. Quelqu'un vous répondra ici dès que possible.",
            passed_on: "Je transmets votre message à une personne. Quelqu'un vous répondra ici dès que possible.",
        },
        Some("es") => Notice {
            requested: "Hablará con una persona. Alguien le responderá aquí lo antes posible.",
            passed_on: "Paso su mensaje a una persona. Alguien le responderá aquí lo antes posible.",
        },
        Some("it") => Notice {
            requested: "Parlerà con una persona. Qualcuno le risponderà qui appena possibile.",
            passed_on: "Passo il suo messaggio a una persona. Qualcuno le risponderà qui appena possibile.",
        },
        Some("pt") => Notice {
            requested: "Vai falar com uma pessoa. Alguém vai responder aqui assim que possível.",
            passed_on: "Passo a sua mensagem a uma pessoa. Alguém vai responder aqui assim que possível.",
        },
        Some("nl") => Notice {
            requested: "U krijgt een medewerker te spreken. Iemand antwoordt u hier zo snel mogelijk.",
            passed_on: "Ik geef dit door aan een medewerker. Iemand antwoordt u hier zo snel mogelijk.",
        },
        Some("sv") => Notice {
            requested: "Du får prata med en människa. Någon svarar dig här så snart det går.",
            passed_on: "Jag lämnar över till en människa. Någon svarar dig här så snart det går.",
        },
        Some("da") => Notice {
            requested: "Du kommer til at tale med et menneske. Nogen svarer dig her, så snart det er muligt.",
            passed_on: "Jeg giver det videre til et menneske. Nogen svarer dig her, så snart det er muligt.",
        },
        Some("nb" | "no") => Notice {
            requested: "Du får snakke med et menneske. Noen svarer deg her så snart som mulig.",
            passed_on: "Jeg gir dette videre til et menneske. Noen svarer deg her så snart som mulig.",
        },
        Some("fi") => Notice {
            requested: "Pääset puhumaan ihmisen kanssa. Joku vastaa sinulle tässä mahdollisimman pian.",
            passed_on: "Välitän asian ihmiselle. Joku vastaa sinulle tässä mahdollisimman pian.",
        },
        Some("pl") => Notice {
            requested: "Połączę z człowiekiem. Ktoś odpowie tutaj najszybciej, jak to możliwe.",
            passed_on: "Przekazuję to człowiekowi. Ktoś odpowie tutaj najszybciej, jak to możliwe.",
        },
        _ => ENGLISH,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_language_has_sentences_of_its_own() {
        let known = [
            "de", "fr", "es", "it", "pt", "nl", "sv", "da", "nb", "fi", "pl",
        ];
        let texts: BTreeSet<_> = known
            .iter()
            .map(|language| of(Some(language)))
            .chain([ENGLISH])
            .flat_map(|notice| [notice.requested, notice.passed_on])
            .collect();
        assert_eq!(texts.len(), 2 * (known.len() + 1));
        assert_eq!(of(None), ENGLISH);
        assert_eq!(of(Some("xx")), ENGLISH);
    }
}
