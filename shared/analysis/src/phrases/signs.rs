//! What makes a message pressing.

use std::sync::LazyLock;

use edgedesk_domain::analysis::Span;

use self::Sign::{
    BusinessImpact, Danger, Deadline, ManyAffected, NoHurry, Outage, PaymentFailure, SaysUrgent,
    Security,
};
use super::Tongue::{English, Finnish, French, German, Swedish};
use super::{Finder, Rule, pair, phrase};
use crate::words::Word;

/// A sign that somebody should look soon, or, for [`Sign::NoHurry`] alone, that nobody need hurry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sign {
    /// People or things are in danger.
    Danger,
    /// Fraud, theft, a break-in.
    Security,
    /// A service is down.
    Outage,
    /// A payment failed or was taken wrongly.
    PaymentFailure,
    /// Says that it is urgent.
    SaysUrgent,
    /// Money or work is being lost.
    BusinessImpact,
    /// Many people are affected.
    ManyAffected,
    /// Something must happen by a time that is near.
    Deadline,
    /// Says that there is no hurry.
    NoHurry,
}

impl Sign {
    /// All that press, in their order; not [`Sign::NoHurry`].
    pub const PRESSING: [Self; 8] = [
        Self::Danger,
        Self::Security,
        Self::Outage,
        Self::PaymentFailure,
        Self::SaysUrgent,
        Self::BusinessImpact,
        Self::ManyAffected,
        Self::Deadline,
    ];
}

/// The signs in a text, each where it stands, in the order of the text.
#[must_use]
pub fn find_signs(words: &[Word]) -> Vec<(Sign, Span)> {
    static FINDER: LazyLock<Finder<Sign>> = LazyLock::new(|| Finder::new(RULES));
    FINDER.find(words, |_, _| true)
}

#[rustfmt::skip]
static RULES: &[Rule<Sign>] = &[
    phrase(Danger, English,
        "caught fire|on fire|catching fire|smoke is coming|smoking and|started smoking|electric shock|got a shock|exploded|burnt my|\
         burned my|injured|carbon monoxide|gas leak|allergic reaction|ambulance|life threatening|choking hazard|smells of gas|smell of gas"),
    phrase(Security, English,
        "hacked|been stolen|was stolen|stole my|card stolen|fraud|fraudulent|unauthorised|unauthorized|never authorised|never authorized|\
         did not authorise|didn't authorize|identity theft|phishing|data breach|data leak|security breach|someone logged in|\
         somebody logged in|wasn't me|was not me|wasnt me|compromised|without my permission|without my consent|someone else is using|\
         somebody is using my|suspicious login|i did not make this|i didn't make this"),
    pair(Security, English, "don't recognise|don't recognize|do not recognise|do not recognize|dont recognise|dont recognize", 3,
        "charge|payment|transaction|login|purchase|device|debit|withdrawal"),
    pair(Outage, English,
        "site|website|service|server|system|api|app|platform|dashboard|network|internet|production|checkout|database|everything|shop", 3,
        "is down|are down|went down|goes down|is offline|is unreachable|is unavailable|not reachable|not loading for anyone|completely down|been down|down since"),
    phrase(Outage, English, "outage|nothing works|nothing is working|production is down|complete failure|total failure|service disruption"),
    pair(PaymentFailure, English, "payment|payments|card|transaction|direct debit|transfer|top up|purchase|checkout", 4,
        "failed|fails|failing|fail|declined|rejected|refused|bounced|not go through|not going through|doesn't go through|didn't go through|does not go through|did not go through|went wrong|not accepted"),
    pair(PaymentFailure, English, "failed|declined|rejected|unsuccessful", 2, "payment|payments|transaction|direct debit|transfer"),
    pair(PaymentFailure, English, "charged|billed|debited|paid|deducted", 5, "twice|double|two times|three times|2 times|2x"),
    phrase(PaymentFailure, English, "double charged|double charge|double payment|duplicate charge|duplicate payment|can't pay|cannot pay|cant pay|unable to pay|overcharged"),
    phrase(SaysUrgent, English,
        "urgent|urgently|asap|as soon as possible|immediately|right away|right now|straight away|at once|emergency|critical|time sensitive|\
         top priority|high priority|quickly please|without delay|need this now|need it now|immediate attention|immediate help"),
    phrase(BusinessImpact, English,
        "losing money|losing customers|losing sales|losing business|lost sales|lost revenue|costing us|can't work|cannot work|cant work|\
         unable to work|can't do business|blocks us|blocking us|blocked from working|work has stopped|standstill|our customers cannot|\
         our customers can't|can't sell|cannot sell|miss my flight|missed my flight|cost me"),
    pair(ManyAffected, English, "all|all of|many|most of|hundreds of|thousands of|dozens of|multiple|several|every one of", 2,
        "users|customers|employees|colleagues|clients|staff|people|teams|locations|stores|of us"),
    phrase(ManyAffected, English, "whole team|entire team|whole company|entire company|whole office|entire office|everyone in|everybody in|affects everyone|nobody in our"),
    pair(Deadline, English, "by|before|until|no later than|latest", 2,
        "today|tonight|tomorrow|noon|midnight|monday|tuesday|wednesday|thursday|friday|saturday|sunday|end of day|eod|end of the day|end of the week|this evening|christmas"),
    pair(Deadline, English, "flight|train|event|wedding|meeting|exam|funeral|presentation|interview|party|launch|trip|surgery", 4,
        "today|tonight|tomorrow|in an hour|in one hour|in two hours|in a few hours|in 2 hours|this evening|this afternoon|this morning|in the morning"),
    phrase(Deadline, English, "deadline|due today|due tomorrow|expires today|expires tomorrow|last day|within the hour|within an hour|within 24 hours|running out of time|in an hour"),
    phrase(NoHurry, English, "no hurry|no rush|not urgent|nothing urgent|no urgency|whenever you have time|when you have time|take your time|at your convenience|low priority|not in a hurry|isn't urgent"),

    phrase(Danger, German, "brennt|feuer gefangen|in flammen|stromschlag|explodiert|verletzt|gasgeruch|raucht|allergische reaktion|lebensgefahr"),
    phrase(Security, German,
        "gehackt|gestohlen|betrug|betrügerisch|unbefugt|unbefugte|nicht autorisiert|nicht von mir|phishing|datenleck|identitätsdiebstahl|\
         missbraucht|fremder zugriff|kenne ich nicht|ohne meine zustimmung"),
    phrase(Outage, German, "ausfall|ausgefallen|nicht erreichbar|offline|nichts geht mehr|nichts funktioniert|totalausfall|server down|störung"),
    pair(PaymentFailure, German, "zahlung|zahlungen|karte|überweisung|lastschrift|kreditkarte", 5,
        "fehlgeschlagen|abgelehnt|schlägt fehl|funktioniert nicht|nicht akzeptiert|gescheitert|geht nicht|nicht durchgegangen"),
    pair(PaymentFailure, German, "doppelt|zweimal|zwei mal", 2, "abgebucht|berechnet|belastet|bezahlt|gezahlt|eingezogen"),
    phrase(SaysUrgent, German, "dringend|dringende|eilig|eilt|sofort|umgehend|schnellstmöglich|so schnell wie möglich|unverzüglich|notfall|asap|auf der stelle|eilsache"),
    phrase(BusinessImpact, German, "verlieren geld|verlieren kunden|umsatzausfall|können nicht arbeiten|kann nicht arbeiten|stillstand|steht still|kostet uns|können nichts verkaufen"),
    pair(ManyAffected, German, "alle|viele|mehrere|sämtliche|hunderte", 1, "kunden|nutzer|mitarbeiter|kollegen|benutzer|filialen|anwender"),
    phrase(ManyAffected, German, "ganze team|gesamte team|ganze firma|gesamte firma|ganzes büro"),
    pair(Deadline, German, "bis|vor|spätestens", 2, "heute|morgen|montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag|mittag|ende der woche|weihnachten|abend"),
    phrase(Deadline, German, "frist|deadline|läuft heute ab|läuft morgen ab|heute abend|letzter tag|in einer stunde"),
    phrase(NoHurry, German, "nicht dringend|nicht eilig|keine eile|eilt nicht|hat zeit|keinen stress|kein stress|nicht so eilig"),

    phrase(Danger, French, "pris feu|prend feu|en feu|choc électrique|explosé|blessé|blessée|fuite de gaz|odeur de gaz|réaction allergique|danger de mort"),
    phrase(Security, French,
        "piraté|piratée|volé|volée|fraude|frauduleux|frauduleuse|non autorisé|non autorisée|jamais autorisé|hameçonnage|phishing|\
         usurpation d'identité|fuite de données|sans mon accord|sans mon autorisation|pas moi"),
    phrase(Outage, French, "en panne|hors service|hors ligne|ne fonctionne plus|rien ne marche|rien ne fonctionne|inaccessible|site est down|panne"),
    pair(PaymentFailure, French, "paiement|paiements|carte|virement|prélèvement|transaction", 4,
        "échoué|échoue|refusé|refusée|rejeté|rejetée|ne passe pas|pas passé|ne fonctionne pas|n'est pas passé"),
    pair(PaymentFailure, French, "débité|débitée|facturé|prélevé|payé", 2, "deux fois|en double|2 fois"),
    phrase(SaysUrgent, French, "urgent|urgente|urgence|urgemment|immédiatement|tout de suite|dès que possible|au plus vite|le plus vite possible|sans délai|sur-le-champ|rapidement svp"),
    phrase(BusinessImpact, French, "perdons de l'argent|perdons des clients|perds de l'argent|perte de chiffre|ne pouvons plus travailler|ne peux plus travailler|bloqués|à l'arrêt"),
    pair(ManyAffected, French, "tous|toutes|plusieurs|nombreux|des centaines de", 2, "clients|utilisateurs|employés|collègues|salariés|magasins"),
    phrase(ManyAffected, French, "toute l'équipe|toute l'entreprise|tout le bureau"),
    pair(Deadline, French, "avant|d'ici|jusqu'à|pour", 2, "ce soir|demain|aujourd'hui|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|midi|minuit|noël|fin de journée"),
    phrase(Deadline, French, "date limite|délai expire|expire aujourd'hui|expire demain|dernier jour|dans une heure"),
    phrase(NoHurry, French, "pas urgent|rien d'urgent|pas pressé|pas pressée|prenez votre temps|quand vous aurez le temps|pas d'urgence|aucune urgence"),

    phrase(Danger, Finnish, "syttyi tuleen|palaa|tulipalo*|sähköisku*|räjähti|loukkaantu*|kaasuvuoto|savuaa|allerginen reaktio|hengenvaara*"),
    phrase(Security, Finnish,
        "hakkeroi*|varastet*|varasti|petos|petoks*|luvaton|luvatt*|tietojenkalastelu*|tietovuo*|identiteettivarkau*|en ole tehnyt tätä|\
         en tunnista|ilman lupaani|joku muu käyttää|väärinkäy*"),
    phrase(Outage, Finnish, "alhaalla|kaatunut|kaatui|ei toimi mikään|mikään ei toimi|käyttökatko*|palvelukatko*|ei vastaa ollenkaan|poissa käytöstä"),
    pair(PaymentFailure, Finnish, "maksu|maksun|maksuni|kortti|korttini|korttimaksu|tilisiirto|maksaminen", 4,
        "epäonnistu*|hylä*|ei mene läpi|ei mennyt läpi|ei onnistu|ei onnistunut|ei toimi|ei kelpaa"),
    pair(PaymentFailure, Finnish, "veloitettu|veloitettiin|laskutettu|maksoin|veloititte", 3, "kahdesti|kahteen kertaan|tuplana|kaksi kertaa"),
    phrase(PaymentFailure, Finnish, "kaksinkertainen veloitus|tuplaveloitus"),
    phrase(SaysUrgent, Finnish, "kiireelli*|kiire|pikaisesti|heti|välittömästi|mahdollisimman pian|mahdollisimman nopeasti|hätätapau*|asap|viipymättä"),
    phrase(BusinessImpact, Finnish, "menetämme rahaa|menetämme asiakkaita|emme voi työskennellä|en voi tehdä töitä|työt seisovat|emme pysty myymään|seisahtu*"),
    pair(ManyAffected, Finnish, "kaikki|kaikilla|kaikilta|monet|monilla|useat|usealla|satoja", 2, "asiakkaa*|käyttäj*|työntekij*|työkaver*|myymälä*"),
    phrase(ManyAffected, Finnish, "koko tiimi*|koko yrity*|koko toimisto*"),
    pair(Deadline, Finnish, "ennen|viimeistään", 2, "tänään|huomenna|huomista|maanantai*|tiistai*|keskiviikko*|torstai*|perjantai*|lauantai*|sunnuntai*|joulua|iltaa|puoltapäivää"),
    phrase(Deadline, Finnish, "määräaika*|deadline|huomiseen mennessä|perjantaihin mennessä|maanantaihin mennessä|vanhenee tänään|viimeinen päivä|tunnin päästä|tänä iltana"),
    phrase(NoHurry, Finnish, "ei kiirettä|ei ole kiirettä|ei kiire|ei ole kiire|ei mitään kiirettä|kun ehditte|kun ehdit"),

    phrase(Danger, Swedish, "fattade eld|fattat eld|brinner|elstöt|exploderade|skadad|gasläcka|ryker|allergisk reaktion|livsfara"),
    phrase(Security, Swedish,
        "hackat|hackad|hackats|stulen|stulet|stulits|bedrägeri|bedräglig|obehörig|obehöriga|nätfiske|phishing|dataläcka|identitetsstöld|\
         känner inte igen|utan min tillåtelse|var inte jag"),
    phrase(Outage, Swedish, "ligger nere|är nere|gick ner|driftstopp|avbrott|inget fungerar|ingenting fungerar|går inte att nå"),
    pair(PaymentFailure, Swedish, "betalning|betalningen|kort|kortet|överföring|överföringen|autogiro", 4,
        "misslyckades|misslyckas|nekas|nekades|nekad|avvisades|gick inte igenom|går inte igenom|fungerar inte|medges inte"),
    pair(PaymentFailure, Swedish, "debiterad|debiterats|debiterade|dragit|dragits|betalat|fakturerad", 3, "två gånger|dubbelt|dubbla"),
    phrase(SaysUrgent, Swedish, "brådskande|bråttom|brådskar|omedelbart|genast|omgående|snarast|så snart som möjligt|så fort som möjligt|akut|asap|med en gång"),
    phrase(BusinessImpact, Swedish, "förlorar pengar|förlorar kunder|kan inte arbeta|kan inte jobba|står still|kostar oss|kan inte sälja"),
    pair(ManyAffected, Swedish, "alla|många|flera|samtliga|hundratals", 2, "kunder|användare|anställda|kollegor|medarbetare|butiker"),
    phrase(ManyAffected, Swedish, "hela teamet|hela företaget|hela kontoret"),
    pair(Deadline, Swedish, "innan|före|senast|till", 2, "idag|ikväll|imorgon|måndag|tisdag|onsdag|torsdag|fredag|lördag|söndag|i morgon|i kväll|i dag|jul|helgen"),
    phrase(Deadline, Swedish, "deadline|sista dagen|går ut idag|går ut imorgon|om en timme"),
    phrase(NoHurry, Swedish, "ingen brådska|inte bråttom|inte brådskande|ingen stress|när du har tid|när ni har tid"),
];
