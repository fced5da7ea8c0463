use proptest::prelude::*;

use super::*;

#[test]
fn who_asks_for_a_person_is_heard_in_every_language() {
    for text in [
        "human",
        "Human!",
        "HUMAN PLEASE",
        "agent please",
        "Hi, agent please",
        "a real person",
        "operator",
        "live agent",
        "representative",
        "I want to talk to a human",
        "Can I talk to a person?",
        "can i speak to someone",
        "Please connect me to a live agent now.",
        "My lamp broke twice and nobody answers my mails, so I want to speak to an agent about it today.",
        "Let me speak with one of your customer service representatives",
        "I'd like to chat with somebody from support",
        "I need a human",
        "I need a real person who understands this",
        "I don't want a bot. Give me a human being!",
        "can you transfer me to customer service?",
        "How do I talk to a human agent?",
        "I need help chatting with an operator",
        "I do not know how to contact a live agent",
        "how could I contact an operator?",
        "is there someone I can talk to about my luggage",
        "I hate this, put me through to a person",
        "Mensch",
        "Mitarbeiter bitte",
        "Kann ich mit einem Menschen sprechen?",
        "Ich möchte mit einem echten Mitarbeiter reden",
        "Verbinden Sie mich bitte mit einem Mitarbeiter.",
        "Ich will einen Menschen!",
        "kann ich mit jemandem sprechen",
        "un humain svp",
        "Je veux parler à un humain",
        "Puis-je parler à quelqu'un ?",
        "Mettez-moi en relation avec un conseiller s'il vous plaît",
        "ihminen",
        "Haluan puhua ihmisen kanssa",
        "Voinko jutella asiakaspalvelijan kanssa?",
        "Yhdistä minut asiakaspalvelijalle",
        "människa tack",
        "Jag vill prata med en människa",
        "Kan jag få tala med en riktig person?",
        "humano por favor",
        "Quiero hablar con una persona",
        "¿Puedo hablar con un agente?",
        "Páseme con un operador",
        "operatore",
        "Vorrei parlare con un operatore",
        "Posso parlare con una persona vera?",
        "mens aub",
        "Ik wil een mens spreken",
        "Kan ik met een medewerker praten?",
        "Verbind me door met een medewerker",
        "atendente",
        "Quero falar com um atendente",
        "Gostaria de falar com uma pessoa real",
        "konsultant",
        "Chcę rozmawiać z człowiekiem",
        "Proszę mnie połączyć z konsultantem",
        "menneske tak",
        "Jeg vil gerne tale med et menneske",
        "Kan jeg snakke med en medarbejder?",
        "Kan jeg få snakke med en kundebehandler?",
        "Jeg vil prate med et ekte menneske",
    ] {
        assert!(asks_for_person(text), "{text}");
    }
}

#[test]
fn who_only_speaks_of_people_is_not() {
    for text in [
        "",
        "?",
        "hello",
        "The travel agent booked the wrong flight",
        "How do I contact human resources?",
        "I want to talk to human resources about my pay",
        "your agent told me that it would come on Monday",
        "I spoke to an agent yesterday and still have no refund",
        "I don't want to talk to an agent, just tell me the price",
        "Is the human body lotion vegan?",
        "I need an agent licence for two more people",
        "How many agent seats do I have?",
        "How do I add a person to my account?",
        "What is the price for one person?",
        "Can someone please tell me how much I can top up?",
        "I am upset with your service. Please delete my account.",
        "Do I need to speak to a representative to change my PIN?",
        "is there anyone in the area who can check my engine",
        "Are you a bot or a real person?",
        "I need someone's address",
        "I want to talk about my order",
        "By what name do people call me?",
        "The estate agent has not been paid",
        "Wie viele Mitarbeiter hat die Firma?",
        "Ihr Mitarbeiter hat mir das Paket gegeben",
        "Ich möchte nicht mit einem Menschen sprechen",
        "Kann eine Person mitfahren?",
        "Je ne veux pas parler à un agent",
        "L'agent immobilier a signé le contrat",
        "La personne qui a livré le colis était gentille",
        "Kuinka monta henkilöä mahtuu?",
        "Hur många personer får plats?",
        "¿Cuánto cuesta por persona?",
        "No quiero hablar con un agente",
        "Quanto costa per persona?",
        "Hoeveel mensen passen erin?",
        "Quanto custa por pessoa?",
        "Ile kosztuje bilet dla jednej osoby?",
        "Hvor mange personer er der plads til?",
        "Hvor mange personer er det plass til?",
    ] {
        assert!(!asks_for_person(text), "{text}");
    }
}

#[test]
fn each_language_has_words_of_every_kind() {
    for tongue in &TONGUES {
        for list in [
            tongue.persons,
            tongue.anybody,
            tongue.talking,
            tongue.wanting,
            tongue.between,
            tongue.polite,
            tongue.things,
            tongue.negations,
        ] {
            assert!(entries(list).next().is_some(), "{list}");
            // An empty entry would be found everywhere.
            assert!(
                list.split('|').all(|entry| !entry.trim().is_empty()),
                "{list}"
            );
            assert_eq!(list.to_lowercase(), list);
        }
    }
}

proptest! {
    #[test]
    fn any_text_is_read(text in "\\PC{0,300}") {
        let _ = asks_for_person(&text);
    }

    #[test]
    fn the_wish_is_heard_whatever_is_around_it(before in "([a-z]{9}\\. ){0,20}", behind in "( [a-z]{9}){0,20}") {
        let text = format!("{before}I want to talk to a human.{behind}");
        prop_assert!(asks_for_person(&text), "{}", text);
    }
}
