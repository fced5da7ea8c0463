use std::collections::BTreeSet;

use super::*;
use crate::words::words;

fn check(text: &str, expected: &[Statement]) {
    let found: BTreeSet<_> = find_statements(&words(text))
        .into_iter()
        .map(|(statement, _)| statement)
        .collect();
    assert_eq!(found.into_iter().collect::<Vec<_>>(), expected, "{text:?}");
}

fn check_signs(text: &str, expected: &[Sign]) {
    let found: BTreeSet<_> = find_signs(&words(text))
        .into_iter()
        .map(|(sign, _)| sign)
        .collect();
    assert_eq!(found.into_iter().collect::<Vec<_>>(), expected, "{text:?}");
}

#[test]
fn statements_are_found_in_plain_words() {
    use Statement::{
        AsksForManager, Cancels, Chargeback, Insult, LegalThreat, LongWait, PublicComplaint,
        RepeatContact,
    };
    check("Let me speak to your manager, please.", &[AsksForManager]);
    check("I WANT A SUPERVISOR NOW", &[AsksForManager]);
    check("I’ll take legal action", &[LegalThreat]);
    check("I will not hesitate to sue you", &[LegalThreat]);
    check("I am going to open a dispute with my bank", &[Chargeback]);
    check("You will get a bad review for this", &[PublicComplaint]);
    check("Please cancel my subscription", &[Cancels]);
    check("I will never order from you again", &[Cancels]);
    check("This is the third time I write", &[RepeatContact]);
    check("I have already contacted you", &[RepeatContact]);
    check("I have been waiting for 3 weeks", &[LongWait]);
    check("you are useless", &[Insult]);
    check(
        "I called four times and want my lawyer to hear it",
        &[LegalThreat, RepeatContact],
    );
}

#[test]
fn statements_are_found_in_the_other_languages() {
    use Statement::{AsksForManager, Cancels, Insult, LegalThreat, LongWait, RepeatContact};
    check("Ich möchte Ihren Vorgesetzten sprechen", &[AsksForManager]);
    check("Ich schalte meinen Anwalt ein", &[LegalThreat]);
    check("Ich warte seit drei Wochen", &[LongWait]);
    check("Hiermit kündige ich meinen Vertrag", &[Cancels]);
    check("Je veux parler à un responsable", &[AsksForManager]);
    check("C'est la troisième fois que j'écris", &[RepeatContact]);
    check("Je vais porter plainte", &[LegalThreat]);
    check("Haluan puhua esimiehelle", &[AsksForManager]);
    check("Otan yhteyttä kuluttajaneuvontaan", &[LegalThreat]);
    check("Olen odottanut kaksi viikkoa", &[LongWait]);
    check("Tämä on törkeää", &[Insult]);
    check("Jag vill prata med en chef", &[AsksForManager]);
    check("Jag kontaktar min advokat", &[LegalThreat]);
    check("Ingen svarar på mina mejl", &[RepeatContact]);
}

#[test]
fn ordinary_questions_state_nothing() {
    for text in [
        "",
        "Where is my order?",
        "How do I sync my password manager?",
        "I don't want to cancel my subscription, only pause it",
        "I am not going to sue anybody",
        "Can I change the delivery address?",
        "The issue is solved, thank you",
        "Thanks, that took two minutes",
        "Ich möchte nicht kündigen, nur pausieren",
        "Wo ist meine Bestellung?",
        "Où est ma commande ?",
        "Missä tilaukseni on?",
        "Var är min beställning?",
        "My compliments to the chef",
    ] {
        check(text, &[]);
    }
    // A name that is also a threat: the price of plain words, and one signal alone raises no alert.
    check("My daughter Sue loves it", &[Statement::LegalThreat]);
}

#[test]
fn signs_press_in_five_languages() {
    use Sign::{
        BusinessImpact, Danger, Deadline, ManyAffected, NoHurry, Outage, PaymentFailure,
        SaysUrgent, Security,
    };
    check_signs("My payment failed", &[PaymentFailure]);
    check_signs("I was charged twice", &[PaymentFailure]);
    check_signs("The charger caught fire", &[Danger]);
    check_signs("My account was hacked", &[Security]);
    check_signs("I don't recognise this payment", &[Security]);
    check_signs(
        "Your API is down and all our users are affected, we are losing money",
        &[Outage, BusinessImpact, ManyAffected],
    );
    check_signs("I need it by Friday, ASAP", &[SaysUrgent, Deadline]);
    check_signs("It is not urgent, no hurry", &[NoHurry]);
    check_signs("Die Zahlung ist fehlgeschlagen", &[PaymentFailure]);
    check_signs("Bitte dringend bis morgen", &[SaysUrgent, Deadline]);
    check_signs("Hat keine Eile", &[NoHurry]);
    check_signs("Mon paiement a été refusé", &[PaymentFailure]);
    check_signs("C'est urgent, avant ce soir", &[SaysUrgent, Deadline]);
    check_signs("Maksu epäonnistui", &[PaymentFailure]);
    check_signs(
        "Tilini on hakkeroitu, kiireellinen",
        &[Security, SaysUrgent],
    );
    check_signs("Ei kiirettä", &[NoHurry]);
    check_signs("Betalningen misslyckades", &[PaymentFailure]);
    check_signs("Det är brådskande", &[SaysUrgent]);
    check_signs("Sajten ligger nere", &[Outage]);
    for calm in ["", "Does it come in blue?", "Where is my parcel?", "ok"] {
        check_signs(calm, &[]);
    }
}

#[test]
fn what_is_found_is_marked_exactly() {
    let text = "Ääni: I want to speak to your manager, please";
    let found = find_statements(&words(text));
    let (_, span) = found.last().expect("a statement");
    let marked: String = text
        .chars()
        .skip(span.start)
        .take(span.end - span.start)
        .collect();
    assert_eq!(marked, "speak to your manager");
}

#[test]
fn shouting_is_capitals_or_a_row_of_marks() {
    for (text, expected) in [
        ("", 0.0),
        ("Hello!", 0.0),
        ("OK", 0.0),
        ("AB-123-XYZ", 0.0),
        ("WHERE IS MY ORDER", 1.0),
        ("where is it!!!", 0.5),
        ("ГДЕ МОЙ ЗАКАЗ СЕЙЧАС", 1.0),
    ] {
        assert!((shouting(text) - expected).abs() < 1e-9, "{text:?}");
    }
}
