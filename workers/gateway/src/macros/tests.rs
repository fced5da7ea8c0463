use edgedesk_domain::account::Channel;

use super::*;

fn body(kind: MacroKind, title: &str, text: &str) -> MacroBody {
    MacroBody {
        kind,
        title: title.to_owned(),
        text: text.to_owned(),
        language: None,
        channels: Vec::new(),
        intents: Vec::new(),
        categories: Vec::new(),
    }
}

fn refusal(body: &MacroBody) -> (String, Vec<String>) {
    let error = checked(body).unwrap_err();
    assert_eq!(error.status.as_u16(), 422, "{error:?}");
    let pointers = error.errors.into_iter().map(|field| field.pointer);
    (error.code, pointers.collect())
}

#[test]
fn a_macro_is_trimmed_keeps_no_card_number_and_names_each_label_once() {
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    let stored = checked(&MacroBody {
        language: Some(" fi ".to_owned()),
        channels: vec![Channel::Zendesk, Channel::Widget, Channel::Zendesk],
        intents: words(&[" refund_request ", "refund_request", "int_1"]),
        categories: words(&["billing"]),
        ..body(
            MacroKind::Macro,
            "  Refunds  ",
            "\nOn its way to 4242 4242 4242 4242. {x}\n",
        )
    });
    let expected = MacroBody {
        language: Some("fi".to_owned()),
        channels: vec![Channel::Widget, Channel::Zendesk],
        intents: words(&["refund_request", "int_1"]),
        categories: words(&["billing"]),
        ..body(
            MacroKind::Macro,
            "Refunds",
            "On its way to [card 4242]. {x}",
        )
    };
    assert_eq!(stored, Ok(expected));
    let largest = body(MacroKind::Macro, &"é".repeat(120), &"é".repeat(8_000));
    assert!(checked(&largest).is_ok());
}

#[test]
fn what_is_wrong_with_a_macro_is_named_by_its_field() {
    let labels = |n: usize| (0..n).map(|n| n.to_string()).collect::<Vec<_>>();
    let good = || body(MacroKind::Macro, "A", "b");
    assert!(
        checked(&MacroBody {
            intents: labels(20),
            ..good()
        })
        .is_ok()
    );
    for (wrong, pointers) in [
        (body(MacroKind::Macro, " ", "b"), vec!["/title"]),
        (
            body(MacroKind::Macro, &"é".repeat(121), "b"),
            vec!["/title"],
        ),
        (body(MacroKind::Macro, "A", " \n"), vec!["/text"]),
        (body(MacroKind::Macro, "A", "b\0"), vec!["/text"]),
        (
            body(MacroKind::Macro, "A", &"é".repeat(8_001)),
            vec!["/text"],
        ),
        (
            body(MacroKind::Macro, "A", "Hello {{customer.name}}"),
            vec!["/text"],
        ),
        (
            MacroBody {
                language: Some("english".to_owned()),
                intents: labels(21),
                categories: vec![String::new()],
                ..body(MacroKind::Template, "", "b")
            },
            vec!["/title", "/language", "/intents", "/categories"],
        ),
        (
            body(MacroKind::Template, "A", "Hello {{customer.name"),
            vec!["/text"],
        ),
    ] {
        let pointers: Vec<_> = pointers.into_iter().map(str::to_owned).collect();
        assert_eq!(refusal(&wrong), ("invalid_value".to_owned(), pointers));
    }
}

#[test]
fn a_template_names_only_variables_that_there_are() {
    let template = |text: &str| body(MacroKind::Template, "A", text);
    for text in [
        "No variable at all",
        "{{customer.name}} {{ customer.first_name | there }} {{agent.name}} {{account.name}} {{ticket.number}} {{order.number}}",
    ] {
        assert!(checked(&template(text)).is_ok(), "{text}");
    }
    for text in [
        "{{customer.email}}",
        "{{}}",
        "a {{agent.name}} {{Agent.Name}}",
    ] {
        assert_eq!(
            refusal(&template(text)),
            ("unknown_variable".to_owned(), vec!["/text".to_owned()]),
            "{text}"
        );
    }
}

#[test]
fn each_reason_why_a_macro_is_not_stored_has_its_own_answer() {
    for (error, expected) in [
        (MacroError::NotFound, (404, "not_found")),
        (MacroError::TitleTaken, (409, "title_taken")),
        (MacroError::TooMany, (409, "too_many_macros")),
    ] {
        let error = not_stored(error);
        assert_eq!((error.status.as_u16(), error.code.as_str()), expected);
    }
}
