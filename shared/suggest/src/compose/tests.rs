use edgedesk_domain::conversation::Priority;

use super::*;
use crate::answer::sources;
use crate::testing::{analysis, article, case, with_act, with_intent, with_priority, with_score};
use crate::validate::validate;

const REFUND: &str = "# Requesting a refund\n\nYou can ask for a refund within 30 days:\n\n1. Open **My orders**.\n\
    2. Choose the order and press *Return or refund*.\n3. Send the article back in its box.\n\n\
    A refund is approved as soon as the article has reached us. It is paid within two working days.\n\n\
    ![The form](form.png) Fill in the form.\n\n| state | means |\n| --- | --- |\n| Paid | On its way. |\n";
const PASSWORD_DE: &str = "# Passwort zurücksetzen\n\nKlicken Sie auf der Anmeldeseite auf **Passwort vergessen**. \
    Geben Sie die E-Mail-Adresse Ihres Kontos ein. Sie erhalten einen Link, der eine Stunde lang gilt. \
    Senden Sie uns Ihr Passwort, wenn nichts hilft.\n";
const DELIVERY_FR: &str = "# Délais de livraison\n\nLa livraison standard prend de deux à quatre jours ouvrés. \
    Le lien de suivi se trouve dans le message qui confirme l’expédition.\n";
const ORDER_ES: &str = "# Cambiar un pedido\n\nPuede cambiar su pedido mientras no esté preparado. \
    Abra **Mis pedidos**, elija el pedido y pulse *Editar*.\n";
const INVOICE_IT: &str = "# Trovare le fatture\n\nTutte le fatture si trovano nel Suo account sotto **Ordini**. \
    Una fattura si può scaricare come PDF.\n";
const CANCEL_PT: &str = "# Cancelar um pedido\n\nUm pedido pode ser cancelado até ser embalado. \
    Abra **Os meus pedidos** e escolha o pedido.\n";
const LAMP_NL: &str = "# Een lamp koppelen\n\nHoud de knop van de lamp ingedrukt tot hij knippert. \
    Open daarna de app en kies **Lamp toevoegen**.\n";

/// The draft and, for agents, why; every one of them is free of what has no source.
fn shown(case: &Case, passages: &[Passage]) -> String {
    let draft = compose(case, passages);
    let sources = sources(case, passages, &draft.language);
    let findings = validate(&draft.text, Some(&draft.language), &sources);
    assert_eq!(findings, [], "{}", draft.text);
    for cited in &draft.citations {
        assert!(draft.text.contains(&cited.quote));
    }
    assert!(draft.text.split_whitespace().count() <= MAX_WORDS);
    let codes: Vec<&str> = draft
        .reasons
        .iter()
        .map(|reason| reason.code.as_str())
        .collect();
    format!(
        "{}\n---\n{} | {:?} | {:.2} | {} | {}",
        draft.text,
        draft.title,
        draft.action,
        draft.confidence,
        draft.language,
        codes.join(" ")
    )
}

fn asks(intent: &str, act: &str) -> edgedesk_domain::analysis::Analysis {
    with_act(with_intent(analysis(), intent, 0.9), act)
}

#[test]
fn drafts_in_english() {
    let refund = [article(1, "en", 0.8, REFUND)];
    let calm = case(
        "en",
        "How do I get my money back?",
        asks("refund_request", "question"),
    );
    insta::assert_snapshot!("en_refund", shown(&calm, &refund));
    let angry = with_score(asks("refund_request", "complaint"), -0.8);
    let angry = with_priority(angry, Priority::Urgent);
    let angry = case(
        "en",
        "I want my 49.90 EUR for order 20012345 back NOW!",
        angry,
    );
    insta::assert_snapshot!("en_refund_angry", shown(&angry, &refund));
    let legal = with_score(asks("refund_request", "complaint"), -0.8);
    let legal = case("en", "I will see my lawyer about order 20012345", legal);
    insta::assert_snapshot!("en_legal", shown(&legal, &[]));
    let kind = with_score(asks("feedback", "compliment"), 0.9);
    let kind = case("en", "You are great, thank you!", kind);
    insta::assert_snapshot!("en_kind", shown(&kind, &refund));
    let unknown = case(
        "en",
        "Where is my parcel?",
        asks("order_status", "question"),
    );
    insta::assert_snapshot!(
        "en_no_source",
        shown(&unknown, &[article(1, "en", 0.3, REFUND)])
    );
    let mut nameless = case("en", "Help", analysis());
    (nameless.customer_name, nameless.agent_name) = (Some("x@y.example".into()), None);
    insta::assert_snapshot!("en_nameless", shown(&nameless, &[]));
}

#[test]
fn drafts_in_other_languages() {
    let password = case(
        "de",
        "Ich habe mein Passwort vergessen",
        asks("account_access", "statement"),
    );
    insta::assert_snapshot!(
        "de_password",
        shown(&password, &[article(1, "de", 0.75, PASSWORD_DE)])
    );
    let late = with_score(asks("shipping_inquiry", "complaint"), -0.5);
    let late = case("fr", "Ma commande n'arrive pas !", late);
    insta::assert_snapshot!(
        "fr_delivery",
        shown(&late, &[article(1, "fr", 0.7, DELIVERY_FR)])
    );
    let change = case(
        "es",
        "Quiero cambiar mi pedido 20012345",
        asks("order_status", "request"),
    );
    insta::assert_snapshot!(
        "es_order",
        shown(&change, &[article(1, "es", 0.7, ORDER_ES)])
    );
    let invoice = case(
        "it",
        "Dove trovo le fatture?",
        asks("billing_inquiry", "question"),
    );
    insta::assert_snapshot!(
        "it_invoice",
        shown(&invoice, &[article(1, "it", 0.7, INVOICE_IT)])
    );
    let cancel = case(
        "pt",
        "Quero cancelar o meu pedido",
        asks("cancellation", "request"),
    );
    insta::assert_snapshot!(
        "pt_cancel",
        shown(&cancel, &[article(1, "pt", 0.7, CANCEL_PT)])
    );
    let lamp = case(
        "nl",
        "De lamp werkt niet",
        asks("technical_support", "statement"),
    );
    insta::assert_snapshot!("nl_lamp", shown(&lamp, &[article(1, "nl", 0.7, LAMP_NL)]));
}

#[test]
fn an_article_in_another_language_is_said_to_be_in_one() {
    let german = case(
        "de",
        "Wie bekomme ich mein Geld zurück?",
        asks("refund_request", "question"),
    );
    let passages = [article(1, "en", 0.8, REFUND)];
    insta::assert_snapshot!("de_from_english", shown(&german, &passages));
    let draft = compose(&german, &passages);
    let own = [
        article(1, "en", 0.9, REFUND),
        article(2, "de", 0.7, PASSWORD_DE),
    ];
    let in_own = compose(&german, &own);
    assert!(
        in_own
            .citations
            .iter()
            .all(|cited| cited.title == "Passwort zurücksetzen")
    );
    assert!(draft.confidence < 0.5);
    // A language without phrases has the article's, or English.
    let finnish = case("fi", "Rahat takaisin", asks("refund_request", "request"));
    assert_eq!(
        compose(&finnish, &[article(1, "de", 0.8, PASSWORD_DE)]).language,
        "de"
    );
    assert_eq!(compose(&finnish, &[]).language, "en");
}

#[test]
fn a_sentence_that_asks_for_a_password_is_never_taken() {
    let case = case("de", "Passwort?", asks("account_access", "question"));
    let draft = compose(&case, &[article(1, "de", 0.9, PASSWORD_DE)]);
    assert!(!draft.text.contains("Senden Sie uns Ihr Passwort"));
    assert!(draft.text.contains("niemals Ihr Passwort"));
}

#[test]
fn how_near_and_how_far_ahead_decides() {
    let english = |number, similarity| article(number, "en", similarity, REFUND);
    let cited = |passages: &[Passage]| {
        let case = case("en", "refund", asks("refund_request", "request"));
        let draft = compose(&case, passages);
        let ids: Vec<u128> = draft
            .citations
            .iter()
            .map(|cited| cited.article_id.ulid().0)
            .collect();
        (ids.first().copied(), draft.confidence)
    };
    // Far off, whatever the others are.
    assert_eq!(cited(&[english(1, 0.45), english(2, 0.1)]).0, None);
    // Near, and far ahead.
    assert_eq!(cited(&[english(1, 0.5), english(2, 0.35)]).0, Some(1));
    // As near, and not ahead: nothing tells which of the many it is.
    let many: Vec<Passage> = (1..6).map(|number| english(number, 0.55)).collect();
    assert_eq!(cited(&many).0, None);
    // Two that are ahead of the others answer together, less surely.
    let two = [english(1, 0.6), english(2, 0.58), english(3, 0.4)];
    let (first, confidence) = cited(&two);
    assert_eq!(first, Some(1));
    assert!(confidence < cited(&two[..1]).1);
    // More of it is surer, and decisions of agents count.
    assert!(cited(&[english(1, 0.9)]).1 > cited(&[english(1, 0.6)]).1);
    let mut turned_down = case("en", "refund", asks("refund_request", "request"));
    turned_down.draft_outcomes.n_rejected = 20;
    let confidence = compose(&turned_down, &[english(1, 0.9)]).confidence;
    assert!(confidence < cited(&[english(1, 0.9)]).1);
}

#[test]
fn a_draft_has_room_for_so_much_and_nothing_twice() {
    let long: Vec<String> = (0..60)
        .map(|number| format!("Thing{number} of kind{number} has part{number} and use{number}."))
        .collect();
    let long = format!("# Long\n\n{}\n", long.join(" "));
    let case = case("en", "long", analysis());
    let draft = compose(&case, &[article(1, "en", 0.9, &long)]);
    let n = draft.text.split_whitespace().count();
    assert!((MAX_WORDS - 20..=MAX_WORDS).contains(&n), "{n}");
    let twice =
        "# Twice\n\nOpen the settings of your account. Open the settings of your account!\n";
    assert_eq!(
        compose(&case, &[article(1, "en", 0.9, twice)])
            .citations
            .len(),
        1
    );
    // An article of which nothing can stand in a letter is no source.
    let table = "# Table\n\n| a | b |\n| --- | --- |\n| c | d |\n";
    let draft = compose(&case, &[article(1, "en", 0.9, table)]);
    assert_eq!(draft.reasons[0].code, "no_source");
}
