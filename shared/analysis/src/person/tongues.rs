//! The words by which somebody asks for a person, by language.

/// The words of one language. Entries are separated by `|`; one may be of several words; `*` at its end stands for any ending.
pub(super) struct Tongue {
    /// Whoever is wanted. Alone they are a wish already.
    pub(super) persons: &'static str,
    /// Who is a person only when talked to: `speak to someone`, and not `I need someone`.
    pub(super) anybody: &'static str,
    /// Verbs of talking and of being handed on, before the person.
    pub(super) talking: &'static str,
    /// Verbs of wanting, before the person.
    pub(super) wanting: &'static str,
    /// The verb where it stands behind the person; empty in languages where it does not.
    pub(super) behind: &'static str,
    /// Small words that may stand between the two.
    pub(super) between: &'static str,
    /// What may stand beside the word in a short text.
    pub(super) polite: &'static str,
    /// What makes a person something else when it stands right behind.
    pub(super) things: &'static str,
    /// What takes the wish back before the verb.
    pub(super) negations: &'static str,
}

#[rustfmt::skip]
pub(super) static TONGUES: [Tongue; 12] = [
    // English
    Tongue {
        persons: "human|human being|human assistant|live assistant|real assistant|person|agent|representative|rep|operator",
        anybody: "someone|somebody|anyone|anybody|assistant|advisor|adviser|employee|staff|manager|supervisor|colleague|support|customer service|customer care|customer support|service|helpdesk|help desk|support team",
        talking: "speak|talk|talk directly|chat|connect me|put me through|transfer me|pass me on|pass me|forward me|hand me over|hand me|escalate me|switch me|get me|get in touch|get through|prefer speaking|prefer talking|help speaking|help talking|help chatting|assistance speaking|assistance talking|assistance chatting",
        wanting: "i want|i need|we need|we want|i'd like|id like|i would like|we would like|would prefer|i'd prefer|give me|bring me|find me|can i have|could i have|may i have|can i get|could i get|i wanna have|i demand|contact|reach|let me have|is there",
        behind: "i can talk|i can speak|i can chat|i could talk|i could speak|to talk|to speak|to chat|call me|to call me|contact me|to contact me",
        between: "to|with|over|on|through|a|an|the|one of|your|any|some|actual|real|live|human|proper|living|customer|support|service|care|sales|help|desk|team|member of|directly|please|just|me|another|different|available",
        polite: "please|pls|plz|now|asap|hi|hello|hey|thanks|thank you|i|want|need|talk|talking|speak|speaking|chat|chatting|connect|contact|get|give|me|can i have|only|no bot|not a bot|immediately|right now",
        things: "resource|resources|right|rights|error|errors|access|licence|license|licenses|licences|seat|seats|account|app|name|names|fee|fees|dashboard|console|login|portal|version|software|tool|mode|number|readable|verification|profile|role|status|code|sample|size|who ordered|who bought|booked|told|said|at my|at our",
        negations: "not|don't|dont|didn't|didnt|doesn't|do i need|do i have|no need|never|without|instead of|rather than",
    },
    // German
    Tongue {
        persons: "mensch|menschen|person|mitarbeiter|mitarbeiterin|mitarbeitern|agent|agenten|agentin|berater|beraterin|kundenberater|kundenberaterin|sachbearbeiter|sachbearbeiterin|ansprechpartner|ansprechpartnerin|operator",
        anybody: "jemand|jemanden|jemandem|kollegen|kollegin|kundendienst|kundenservice|support|service|vorgesetzten|chef",
        talking: "sprechen mit|sprechen sie mit|rede mit|reden mit|chatten mit|verbinden sie mich|verbinde mich|verbindet mich|stellen sie mich|stell mich|leiten sie mich|geben sie mir|gib mir|holen sie mir|erreiche ich|erreichen",
        wanting: "ich möchte|ich will|ich brauche|ich hätte gerne|ich hätte gern|ich wünsche|wir brauchen|möchte bitte|kann ich",
        behind: "sprechen|reden|chatten|schreiben|verbinden|verbunden|weitergeleitet|telefonieren|kommunizieren|weiterverbinden|weiterverbunden|weiterleiten",
        between: "mit|zu|an|einen|einem|einer|eine|ein|den|dem|der|die|echten|echter|echte|echtem|richtigen|richtige|realen|lebenden|menschlichen|menschlicher|menschliche|ihrer|ihrem|ihren|eurem|eurer|bitte|mal|gerne|gern|direkt|aus dem|vom|support|kundenservice|kundendienst|persönlich|durch|lieber|jetzt|sofort|weiter",
        polite: "bitte|hallo|hi|danke|jetzt|sofort|kein bot|keinen bot|sprechen|reden|ich|will|möchte|brauche|nur",
        things: "karte|daten|ausweis|rabatt|konto",
        negations: "nicht|kein|keine|keinen|nie|niemals|ohne|statt",
    },
    // French
    Tongue {
        persons: "humain|humaine|être humain|personne|agent|agente|conseiller|conseillère|opérateur|opératrice|représentant|représentante|téléconseiller|personne réelle|vraie personne|personne humaine",
        anybody: "quelqu'un|quelqu’un|employé|responsable|collègue|service client|service clients|service clientèle|support",
        talking: "parler|discuter|échanger|mettre en relation|mettez-moi en relation|mets-moi en relation|mettez moi en relation|mettre en contact|transférez-moi|transférez moi|transférer|passez-moi|passez moi|contacter|joindre|parle|entrer en contact",
        wanting: "je veux|je voudrais|je souhaite|j'aimerais|je désire|j'ai besoin|j'ai besoin d'un|j'ai besoin d'une|je préfère|donnez-moi|je demande",
        behind: "",
        between: "à|a|avec|un|une|le|la|l'un|de|d'un|d'une|vos|votre|vrai|vraie|réel|réelle|véritable|directement|du|des|service|client|avoir|plutôt|au|svp",
        polite: "s'il vous plaît|s'il vous plait|s'il te plaît|svp|bonjour|merci|maintenant|pas un robot|pas de robot|je|veux|parler",
        things: "immobilier|immobilière|immobiliers|voyage|voyages|sécurité|assurance|ressources|commercial d'|handicapée|âgée",
        negations: "ne|pas|jamais|sans|aucun|aucune",
    },
    // Finnish
    Tongue {
        persons: "ihminen|ihmisen|ihmiselle|ihmistä|ihmiseltä|asiakaspalvelija|asiakaspalvelijan|asiakaspalvelijalle|asiakaspalvelijaa|asiakasneuvoja|asiakasneuvojan|asiakasneuvojalle|virkailija|virkailijan|virkailijalle|virkailijaa|henkilön kanssa|oikea henkilö|oikean henkilön",
        anybody: "jonkun|jollekin|jollekulle|työntekijän|työntekijälle|henkilön|henkilölle|asiakaspalvelun|asiakaspalveluun|esimiehen|esimiehelle",
        talking: "puhua|jutella|keskustella|chatata|yhdistä|yhdistäkää|yhdistä minut|yhdistäkää minut|siirrä minut|siirtäkää minut|yhteyden|yhteyttä|saanko|saisinko|voinko saada",
        wanting: "haluan|haluaisin|tarvitsen|tahdon|antakaa|anna|pyydän",
        behind: "kanssa|puhua|jutella|keskustella|chatata",
        between: "oikean|oikealle|oikeaa|elävän|elävälle|elävää|suoraan|minut|jonkun|teidän|minä|heti|nyt|aidon|aidolle|kanssa|toisen",
        polite: "kiitos|hei|moi|terve|nyt|heti|haluan|ei bottia|ei botti|pyydän|oikea",
        things: "oikeudet|oikeuksia|oikeuksista",
        negations: "en|ei|emme|älä|eikä|enkä",
    },
    // Swedish
    Tongue {
        persons: "människa|människor|person|medarbetare|agent|handläggare|kundtjänstmedarbetare|operatör|rådgivare|kundrådgivare|mänsklig",
        anybody: "någon|kundtjänst|kundservice|support|supporten|chef|kollega|personal|anställd",
        talking: "prata|tala|snacka|chatta|koppla mig|koppla|kopplas|kopplad|skicka mig|komma i kontakt|få kontakt|nå",
        wanting: "jag vill ha|jag behöver|jag skulle vilja ha|jag önskar|kan jag få|får jag|ge mig",
        behind: "",
        between: "med|till|en|ett|er|era|riktig|riktiga|levande|verklig|mänsklig|från|i|på|vidare|direkt|av|tack|istället|hos",
        polite: "tack|hej|snälla|nu|ingen bot|inte en bot|prata|med|jag|vill",
        things: "rättigheter|nummer|uppgifter|nr",
        negations: "inte|aldrig|ingen|inget|ej|utan",
    },
    // Spanish
    Tongue {
        persons: "humano|humana|ser humano|persona|personas|agente|agentes|operador|operadora|representante|asesor|asesora|persona real|ejecutivo",
        anybody: "alguien|empleado|encargado|gerente|supervisor|servicio al cliente|atención al cliente|soporte",
        talking: "hablar|chatear|conversar|comunicarme|comuníqueme|comunícame|conectarme|conécteme|conéctame|páseme|pásame|transfiérame|transfiéreme|transferirme|contactar|póngame|ponme|comunicar",
        wanting: "quiero|quisiera|necesito|deseo|me gustaría|prefiero|deme|dame",
        behind: "",
        between: "con|a|al|un|una|el|la|de|del|su|sus|tu|tus|verdadero|verdadera|real|directamente|algún|alguna|otro|otra|servicio|atención|cliente|tener|que sea",
        polite: "por favor|hola|gracias|ahora|no un robot|no robot|ningún bot|quiero|hablar|ya",
        things: "inmobiliario|inmobiliaria|viaje|viajes|seguros|aduanas|recursos|legal|física|jurídica",
        negations: "no|nunca|jamás|sin|tampoco",
    },
    // Italian
    Tongue {
        persons: "umano|umana|essere umano|persona|persone|operatore|operatrice|agente|addetto|addetta|rappresentante|consulente|persona reale|persona vera",
        anybody: "qualcuno|dipendente|responsabile|servizio clienti|assistenza clienti|assistenza|supporto",
        talking: "parlare|chattare|comunicare|parlo|mettermi in contatto|mettetemi in contatto|mi metta in contatto|passatemi|passami|mi passi|mi può passare|collegatemi|mi colleghi|trasferitemi|mi trasferisca|contattare|contatto",
        wanting: "voglio|vorrei|ho bisogno|desidero|preferisco|datemi|mi serve",
        behind: "",
        between: "con|a|ad|al|un|un'|una|uno|il|la|l'|di|del|dei|vostro|vostri|vero|vera|reale|direttamente|qualche|altro|altra|servizio|clienti|avere|in carne e ossa",
        polite: "per favore|per piacere|ciao|buongiorno|salve|grazie|adesso|subito|ora|no bot|niente bot|voglio|parlare",
        things: "immobiliare|viaggio|viaggi|assicurativo|fisica|giuridica|atmosferico|turistico",
        negations: "non|mai|senza|nessun",
    },
    // Dutch
    Tongue {
        persons: "mens|mensen|persoon|medewerker|medewerkster|agent|adviseur|operator|vertegenwoordiger|klantenservicemedewerker",
        anybody: "iemand|collega|leidinggevende|klantenservice|klantendienst|support|helpdesk",
        talking: "spreken met|praten met|chatten met|spreek ik met|verbind me|verbind mij|verbindt u mij|kunt u mij doorverbinden|doorverbinden|doorverbinden met|schakel me|contact met|contact opnemen met|in contact komen met|spreken|praten",
        wanting: "ik wil|ik wil graag|ik zou graag|ik heb|geef me|geef mij|mag ik|kan ik",
        behind: "spreken|praten|chatten|nodig|doorverbonden|doorverbinden|verbinden|te spreken|te praten",
        between: "met|naar|aan|een|de|echt|echte|levende|menselijke|van|jullie|uw|graag|alstublieft|aub|door|direct|rechtstreeks|klantenservice|even|worden|liever|andere",
        polite: "alstublieft|alsjeblieft|aub|graag|hallo|hoi|dank|nu|geen bot|geen robot|ik|wil",
        things: "nummer|gegevens|korting|account",
        negations: "niet|nooit|geen|zonder",
    },
    // Portuguese
    Tongue {
        persons: "humano|humana|ser humano|pessoa|pessoas|atendente|agente|operador|operadora|representante|assistente humano|pessoa real|pessoa de verdade",
        anybody: "alguém|funcionário|funcionária|colaborador|colaboradora|gerente|supervisor|atendimento|suporte|apoio ao cliente",
        talking: "falar|conversar|falo|contactar|contatar|me conecte|conecte-me|me transfira|transfira-me|me passe|passe-me|me coloque|ligue-me|ser atendido|ser atendida",
        wanting: "quero|queria|preciso|gostaria|desejo|prefiro|me dê|dê-me",
        behind: "",
        between: "com|a|ao|um|uma|o|de|do|da|dos|seu|seus|vosso|verdadeiro|verdadeira|real|diretamente|directamente|algum|alguma|outro|outra|por|ter|atendimento",
        polite: "por favor|olá|oi|obrigado|obrigada|agora|já|sem robô|sem bot|quero|falar",
        things: "imobiliário|imobiliária|viagem|viagens|seguros|recursos|física|jurídica|infiltrado",
        negations: "não|nunca|jamais|sem|nem",
    },
    // Polish
    Tongue {
        persons: "człowiek|człowiekiem|człowieka|osoba|osobą|osobę|konsultant|konsultantem|konsultanta|konsultantką|konsultantkę|agent|agentem|agenta|pracownik|pracownikiem|pracownika|doradca|doradcą|doradcę|operatorem|operatora|przedstawicielem",
        anybody: "kimś|kogoś|kierownikiem|obsługą|obsługą klienta|biurem obsługi|pomocą techniczną",
        talking: "rozmawiać|porozmawiać|pogadać|mówić|połącz mnie|połączcie mnie|proszę mnie połączyć|połączyć|połączyć się|przełącz mnie|proszę o połączenie|połączenie|skontaktować się|skontaktuj mnie|poproszę o rozmowę|rozmowa",
        wanting: "chcę|chciałbym|chciałabym|potrzebuję|poproszę|proszę o|wolę",
        behind: "",
        between: "z|ze|do|o|prawdziwym|prawdziwą|prawdziwego|żywym|żywą|żywego|realną|jakąś|jakimś|waszym|państwa|bezpośrednio|kontakt|rozmowę|mnie|się|innym|inną",
        polite: "proszę|cześć|dzień dobry|dziękuję|teraz|nie bot|bez bota|chcę|z",
        things: "nieruchomości|ubezpieczeniowy|ubezpieczeniowym|celnym|prawnej|fizycznej",
        negations: "nie|nigdy|bez|żadnym|żadnego",
    },
    // Danish
    Tongue {
        persons: "menneske|mennesker|person|medarbejder|medarbejdere|agent|rådgiver|kundeservicemedarbejder|operatør|konsulent",
        anybody: "nogen|en fra kundeservice|kundeservice|support|supporten|chef|kollega|ansat",
        talking: "tale|snakke|chatte|stil mig|stille mig|viderestil mig|viderestilles|viderestillet|forbind mig|forbindes|sæt mig|komme i kontakt|få kontakt|kontakte",
        wanting: "jeg vil have|jeg vil gerne have|jeg skal bruge|jeg ønsker|jeg har brug for|kan jeg få|må jeg få|giv mig",
        behind: "",
        between: "med|til|om|igennem|en|et|jeres|rigtig|rigtigt|levende|ægte|fra|i|direkte|af|tak|anden|over",
        polite: "tak|hej|venligst|nu|ingen bot|ikke en bot|tale|med|jeg|vil",
        things: "oplysninger|nummer|rettigheder",
        negations: "ikke|aldrig|ingen|intet|uden",
    },
    // Norwegian (bokmål)
    Tongue {
        persons: "menneske|mennesker|person|medarbeider|medarbeidere|agent|rådgiver|kundebehandler|saksbehandler|operatør|konsulent",
        anybody: "noen|kundeservice|kundestøtte|support|sjef|kollega|ansatt",
        talking: "snakke|prate|chatte|tale|sett meg|koble meg|kobles|overfør meg|komme i kontakt|få kontakt|kontakte|sett meg over",
        wanting: "jeg vil ha|jeg vil gjerne ha|jeg trenger|jeg ønsker|kan jeg få|får jeg|gi meg",
        behind: "",
        between: "med|til|en|et|ei|deres|ekte|virkelig|levende|fra|i|direkte|av|takk|annen|over|videre",
        polite: "takk|hei|vennligst|nå|ingen bot|ikke en bot|snakke|med|jeg|vil",
        things: "opplysninger|nummer|rettigheter",
        negations: "ikke|aldri|ingen|intet|uten",
    },
];
