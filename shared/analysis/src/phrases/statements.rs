//! What makes an escalation more likely when a customer says it outright.

use std::sync::LazyLock;

use edgedesk_domain::analysis::Span;

use self::Statement::{
    AsksForManager, Cancels, Chargeback, Insult, LegalThreat, LongWait, PublicComplaint,
    RepeatContact,
};
use super::Tongue::{English, Finnish, French, German, Swedish};
use super::{Finder, Rule, pair, phrase};
use crate::words::Word;

/// A statement that makes an escalation more likely.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Statement {
    /// Threatens with a lawyer, a court or an authority.
    LegalThreat,
    /// Asks for a manager or supervisor.
    AsksForManager,
    /// Will dispute the payment.
    Chargeback,
    /// Threatens with reviews, press or social media.
    PublicComplaint,
    /// Wants to leave or to cancel.
    Cancels,
    /// Writes about the same thing again.
    RepeatContact,
    /// Has waited long.
    LongWait,
    /// Insults or swears.
    Insult,
}

impl Statement {
    /// All of them, in their order.
    pub const ALL: [Self; 8] = [
        Self::LegalThreat,
        Self::AsksForManager,
        Self::Chargeback,
        Self::PublicComplaint,
        Self::Cancels,
        Self::RepeatContact,
        Self::LongWait,
        Self::Insult,
    ];
}

/// Words before `manager` that make it a thing or a job.
const MANAGER_THINGS: [&str; 6] = ["password", "account", "project", "package", "task", "file"];

/// The statements made in a text, each where it is made, in the order of the text.
#[must_use]
pub fn find_statements(words: &[Word]) -> Vec<(Statement, Span)> {
    static FINDER: LazyLock<Finder<Statement>> = LazyLock::new(|| Finder::new(RULES));
    FINDER.find(words, |statement, last| {
        statement != AsksForManager || !is_thing(words, last)
    })
}

fn is_thing(words: &[Word], at: usize) -> bool {
    let is_manager = words
        .get(at)
        .is_some_and(|word| word.text.starts_with("manager"));
    is_manager
        && at
            .checked_sub(1)
            .and_then(|before| words.get(before))
            .is_some_and(|word| MANAGER_THINGS.contains(&word.text.as_str()))
}

#[rustfmt::skip]
static RULES: &[Rule<Statement>] = &[
    pair(AsksForManager, English,
        "speak|talk|get me|get|want|need|demand|give me|put me|connect me|transfer me|forward|escalate|escalated|contact|where is|involve|complain", 6,
        "manager|managers|supervisor|supervisors|superior|boss|in charge|team lead"),
    phrase(AsksForManager, English,
        "escalate this|escalate it|escalate my|higher up|someone above you|formal complaint"),
    phrase(LegalThreat, English,
        "my lawyer|a lawyer|my lawyers|my attorney|an attorney|my solicitor|a solicitor|legal action|legal steps|legal proceedings|\
         small claims|sue|suing|lawsuit|take you to court|see you in court|consumer protection|trading standards|ombudsman|\
         better business bureau|attorney general|report you|breach of contract|fraud department"),
    phrase(Chargeback, English,
        "chargeback|charge back|chargebacks|dispute the charge|dispute this charge|dispute the payment|dispute the transaction|\
         dispute with my bank|reverse the charge|reverse the payment|file a dispute|open a dispute|call my bank|contact my bank"),
    phrase(PublicComplaint, English,
        "bad review|negative review|one star|1 star|trustpilot|go public|tell everyone|warn everyone|warn others|social media|the press|\
         the media|all over twitter|post about this|name and shame"),
    pair(Cancels, English, "cancel|cancelling|canceling|terminate|close|delete", 4,
        "account|subscription|contract|membership|plan|service|everything"),
    phrase(Cancels, English,
        "switch to a competitor|switching to a competitor|go to a competitor|going elsewhere|go elsewhere|take my business|\
         taking my business|lost a customer|losing a customer|lost me as a customer|never buy|never order|never use|never again|\
         i am leaving|i'm leaving|done with you|done with this company|i'm done|i am done"),
    pair(RepeatContact, English,
        "second|third|fourth|fifth|sixth|tenth|2nd|3rd|4th|5th|umpteenth|nth|last", 1,
        "time i|time that i|time im|time i'm|email|e-mail|message|call|request|attempt|ticket|complaint"),
    pair(RepeatContact, English, "called|written|emailed|contacted|wrote|asked|messaged|complained|told you", 6,
        "times|already|again|twice|again and again|over and over"),
    pair(RepeatContact, English, "already|twice|again and again", 2,
        "called|written|emailed|contacted|wrote|asked|messaged|complained|told"),
    phrase(RepeatContact, English,
        "no one answers|nobody answers|no one replies|nobody replies|no one responds|nobody responds|no one has|nobody has|keep asking|\
         keep getting|still no answer|still no reply|still no response|still not fixed|still not working|still not resolved|\
         still waiting|how many times|ignoring me|being ignored|keeps happening|same problem again|yet again"),
    pair(LongWait, English, "waiting|waited|wait|been|took|taken|after", 4,
        "hours|days|weeks|months|a week|a month|forever|ages|all day"),
    phrase(LongWait, English,
        "on hold|how much longer|how long do i have to|running out of patience|weeks ago|months ago|a month ago|overdue"),
    phrase(Insult, English,
        "idiot|idiots|moron|morons|incompetent|useless|scam|scammers|scammer|thieves|liars|liar|crooks|rip off|ripoff|bullshit|fuck|\
         fucking|fucked|shit|shitty|crap|pathetic|clowns|asshole|assholes|wtf|stupid|worst company|worst service|\
         worst customer service|worst support|joke of a company"),

    pair(AsksForManager, German, "sprechen|verlange|will|möchte|geben sie mir|verbinden sie mich|eskalieren", 6,
        "vorgesetzten|vorgesetzte|vorgesetzter|chef|geschäftsführer|geschäftsführung|filialleiter|teamleiter|abteilungsleiter"),
    pair(AsksForManager, German, "vorgesetzten|chef|geschäftsführer|teamleiter", 3, "sprechen|verlange|verlangen"),
    phrase(AsksForManager, German, "offizielle beschwerde|formelle beschwerde|beschwerde einreichen"),
    phrase(LegalThreat, German,
        "anwalt|anwältin|anwälte|rechtsanwalt|rechtliche schritte|rechtlichen schritte|rechtsweg|vor gericht|klage|verklage|verklagen|\
         anzeige erstatten|anzeige|verbraucherzentrale|verbraucherschutz|abmahnung"),
    phrase(Chargeback, German, "rückbuchung|zurückbuchen|rücklastschrift|lastschrift zurückgeben|zahlung zurückholen|käuferschutz"),
    phrase(PublicComplaint, German,
        "schlechte bewertung|negative bewertung|ein stern|1 stern|trustpilot|soziale medien|sozialen medien|an die presse|öffentlich machen"),
    pair(Cancels, German, "kündige|kündigen|kündigung|stornieren|storniere|löschen", 5,
        "vertrag|abo|abonnement|konto|mitgliedschaft|hiermit|fristlos|alles"),
    pair(Cancels, German, "vertrag|abo|abonnement|konto|mitgliedschaft|alles", 5, "kündigen|stornieren|löschen"),
    phrase(Cancels, German, "nie wieder|zur konkurrenz|anbieter wechseln|wechsle den anbieter|letztes mal bei euch|letzte mal bei ihnen"),
    pair(RepeatContact, German, "zum", 1, "zweiten mal|dritten mal|vierten mal|x-ten mal|wiederholten mal|hundertsten mal"),
    phrase(RepeatContact, German,
        "schon wieder|schon mehrfach|bereits mehrfach|mehrmals geschrieben|mehrmals angerufen|keine antwort|niemand antwortet|\
         niemand meldet|immer noch nicht|immer noch keine|noch immer nicht|wie oft noch|werde ignoriert"),
    pair(LongWait, German, "warte|warten|gewartet|seit", 5, "stunden|tagen|wochen|monaten|ewigkeiten|einer woche|einem monat"),
    phrase(LongWait, German, "in der warteschleife|wie lange noch|geduld ist am ende|überfällig"),
    phrase(Insult, German,
        "idiot|idioten|unfähig|unfähige|betrüger|betrug|abzocke|abzocker|scheiße|scheiss|scheiß|lächerlich|frechheit|\
         unverschämt|unverschämtheit|saftladen|sauladen|schlechtester service|dilettanten"),

    pair(AsksForManager, French, "parler|veux|exige|passez-moi|contacter|voir", 6,
        "responsable|directeur|directrice|supérieur|superviseur|gérant|chef de service"),
    phrase(AsksForManager, French, "réclamation officielle|plainte officielle|plainte formelle"),
    phrase(LegalThreat, French,
        "avocat|mon avocat|mes avocats|action en justice|porter plainte|porterai plainte|plainte à la police|tribunal|poursuites|\
         poursuivre en justice|mise en demeure|répression des fraudes|dgccrf|défense des consommateurs|médiateur"),
    phrase(Chargeback, French,
        "opposition bancaire|faire opposition|contester le paiement|contester le prélèvement|contester la transaction|rétrofacturation"),
    phrase(PublicComplaint, French,
        "mauvais avis|avis négatif|une étoile|1 étoile|trustpilot|réseaux sociaux|la presse|prévenir tout le monde"),
    pair(Cancels, French, "résilier|résilie|annuler|annule|annulez|clôturer|supprimer", 4,
        "abonnement|contrat|compte|adhésion|tout|service"),
    phrase(Cancels, French, "plus jamais|chez la concurrence|à la concurrence|changer de fournisseur|perdu un client|vais ailleurs"),
    phrase(RepeatContact, French,
        "deuxième fois|troisième fois|quatrième fois|énième fois|plusieurs fois|toujours pas|toujours aucune|personne ne répond|\
         aucune réponse|sans réponse|déjà écrit|déjà appelé|déjà contacté|combien de fois|encore une fois"),
    pair(LongWait, French, "attends|attend|attendu|attente|depuis", 5, "heures|jours|semaines|mois|une semaine|un mois|longtemps"),
    phrase(LongWait, French, "combien de temps encore|perds patience|à bout de patience"),
    phrase(Insult, French,
        "idiot|idiots|imbécile|imbéciles|incompétent|incompétents|arnaque|arnaqueurs|escroc|escrocs|escroquerie|voleurs|merde|nul|nuls|\
         honteux|scandaleux|inadmissible|lamentable|ridicule|pire service"),

    pair(AsksForManager, Finnish, "puhua|haluan|vaadin|yhdistä|yhdistäkää|ottakaa", 6,
        "esimie*|esihenkilö*|päällikö*|johtaj*|pomo*|vastuuhenkilö*"),
    pair(AsksForManager, Finnish, "esimiehe*|esihenkilö*|päällikö*|johtaj*", 4, "puhua|puhelimeen|juttusille|yhteyttä"),
    phrase(AsksForManager, Finnish, "virallinen valitus|virallisen valituksen|teen valituksen"),
    phrase(LegalThreat, Finnish,
        "asianaja*|lakimie*|juristi*|oikeustoimi*|oikeuteen|käräjä*|haastan teidät|rikosilmoitu*|kuluttajaneuvon*|kuluttaja-asiamie*|\
         kuluttajariita*|poliisille"),
    phrase(Chargeback, Finnish, "maksun peruutusta pankista|riitautan|riitauttaa|peruutan maksun pankis*|otan yhteyttä pankkiin"),
    phrase(PublicComplaint, Finnish,
        "huonon arvostelun|huono arvostelu|yhden tähden|yksi tähti|trustpilot*|sosiaalisessa mediassa|someen|lehdistö*|julkisuuteen|varoitan muita"),
    pair(Cancels, Finnish, "irtisanon|irtisanoa|peru|perun|perua|peruuttaa|lopetan|lopettaa|poistakaa|sulkekaa", 4,
        "sopimu*|tilau*|tili*|jäsenyy*|kaikki"),
    phrase(Cancels, Finnish, "en enää ikinä|ei enää ikinä|ei koskaan enää|en koskaan enää|vaihdan kilpailijalle|kilpailijalle|vaihdan palveluntarjoajaa"),
    phrase(RepeatContact, Finnish,
        "toista kertaa|kolmatta kertaa|neljättä kertaa|kolmas kerta|monta kertaa|monennen kerran|useaan otteeseen|edelleenkään|\
         vieläkään|kukaan ei vastaa|ei vastausta|en ole saanut vastausta|taas sama|jo aiemmin|kuinka monta kertaa"),
    pair(LongWait, Finnish, "odottanut|odotan|odottaneet|odottaa|odotellut|kestänyt", 5,
        "tunti*|päivä*|viikko*|viikkoja|kuukau*|ikuisuu*"),
    phrase(LongWait, Finnish, "kuinka kauan vielä|kärsivällisyy* loppu*|viikkoja sitten|kuukausi sitten|myöhässä"),
    phrase(Insult, Finnish,
        "idioot*|urpo*|huijau*|huijari*|huijaat*|varka*|vittu*|paska*|perkele*|saatana*|surkea*|surkeaa|säälittävä*|\
         ala-arvoi*|törkeä*|naurettava*|häpeällis*"),

    pair(AsksForManager, Swedish, "prata|tala|kräver|vill|koppla mig|kontakta|få", 6, "chef|chefen|chefer|ansvarig|ansvarige|överordnad|förman"),
    phrase(AsksForManager, Swedish, "formellt klagomål|officiellt klagomål|anmäla ett klagomål"),
    phrase(LegalThreat, Swedish,
        "advokat|advokaten|jurist|jurister|rättsliga åtgärder|stämma er|stämmer er|domstol|polisanmäla|polisanmälan|polisanmäler|\
         konsumentverket|reklamationsnämnden|arn|konsumentombudsmannen"),
    phrase(Chargeback, Swedish, "bestrida|bestrider|återkräva betalningen|återkalla betalningen|kontakta min bank|kontaktar min bank"),
    phrase(PublicComplaint, Swedish,
        "dålig recension|dåligt omdöme|en stjärna|1 stjärna|trustpilot|sociala medier|pressen|gå till tidningen|varna andra"),
    pair(Cancels, Swedish, "säga upp|säger upp|avsluta|avslutar|avbeställa|avbeställer|stäng|radera", 4,
        "abonnemang|abonnemanget|prenumeration|prenumerationen|avtal|avtalet|konto|kontot|medlemskap|medlemskapet|allt"),
    phrase(Cancels, Swedish, "aldrig mer|aldrig igen|byter leverantör|går till en konkurrent|tappat en kund"),
    phrase(RepeatContact, Swedish,
        "andra gången|tredje gången|fjärde gången|flera gånger|gång på gång|ingen svarar|inget svar|fortfarande inte|fortfarande inget|\
         hur många gånger|redan skrivit|redan ringt|redan mejlat|ännu en gång"),
    pair(LongWait, Swedish, "väntat|väntar|vänta|tagit", 5, "timmar|dagar|veckor|månader|en vecka|en månad|evighet|evigheter"),
    phrase(LongWait, Swedish, "hur länge till|tålamodet är slut|veckor sedan|en månad sedan|försenad|försenat"),
    phrase(Insult, Swedish,
        "idiot|idioter|inkompetent|inkompetenta|bedragare|bluff|lurendrejare|tjuvar|jävla|fan|skit|skitdåligt|patetiskt|\
         skandal|under all kritik|löjligt|sämsta service|sämsta företaget"),
];
