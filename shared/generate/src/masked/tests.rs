use edgedesk_masking::mask;
use proptest::prelude::*;

use super::*;

fn names(names: &[&str]) -> Names {
    Names::new(names.iter().copied())
}

#[test]
fn the_same_text_is_the_same_placeholder_in_all_texts() {
    let (masked, texts) = Masked::of(
        [
            "Maria Keller (maria@example.com, +49 151 12345678)",
            "Hi Maria, is maria@example.com right, or ada@example.com? Card 4242 4242 4242 4242, DE89 3704 0044 0532 0130 00",
        ],
        &names(&["Maria Keller", "Ada"]),
    );
    assert_eq!(
        texts,
        [
            "[NAME_1] ([EMAIL_1], [PHONE_1])",
            "Hi [NAME_2], is [EMAIL_1] right, or [EMAIL_2]? Card [CARD_1], [IBAN_1]",
        ]
    );
    let answer = "Dear [NAME_2], we wrote to [EMAIL_1] and called [phone_1].";
    let restored = masked.restore(answer, Into::Text);
    assert_eq!(
        restored.text,
        "Dear Maria, we wrote to maria@example.com and called +49 151 12345678."
    );
    assert_eq!(restored.n_invented, 0);
}

#[test]
fn a_placeholder_that_somebody_typed_comes_back_as_they_typed_it() {
    let text = "What is [EMAIL_1]? Mine is ada@example.com. [name_7] [TEXT_1]";
    let (masked, texts) = Masked::of([text], &names(&[]));
    assert_eq!(
        texts,
        ["What is [TEXT_1]? Mine is [EMAIL_1]. [TEXT_2] [TEXT_3]"]
    );
    assert_eq!(masked.restore(&texts[0], Into::Text).text, text);
}

#[test]
fn what_a_model_makes_up_is_left_out_and_counted() {
    let (masked, _) = Masked::of(["ada@example.com"], &names(&[]));
    let restored = masked.restore(
        "[EMAIL_1], [EMAIL_2], [CARD_999999], [EMAIL_9999999], [URL_1], [1], [",
        Into::Text,
    );
    assert_eq!(
        restored.text,
        "ada@example.com, , , [EMAIL_9999999], [URL_1], [1], ["
    );
    assert_eq!(restored.n_invented, 2);
}

#[test]
fn what_is_put_back_into_json_leaves_it_json() {
    let (masked, texts) = Masked::of(["I am Bo \"Rock\\\" Li"], &names(&["Bo \"Rock\\\" Li"]));
    assert_eq!(texts, ["I am [NAME_1]"]);
    let restored = masked.restore(r#"{"text":"Hello [NAME_1]"}"#, Into::Json);
    let json: serde_json::Value = serde_json::from_str(&restored.text).unwrap();
    assert_eq!(json["text"], "Hello Bo \"Rock\\\" Li");
}

fn texts() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        prop::sample::select(
            &[
                "ada@example.com",
                "+49 151 12345678",
                "4242 4242 4242 4242",
                "DE89370400440532013000",
                "Maria",
                "KELLERS",
                "Maria Keller",
                "İpek",
                "[EMAIL_1]",
                "[text_2]",
                "[NAME_",
                "[",
                "1]",
                " ",
                "12345678 ",
            ][..]
        )
        .prop_map(str::to_owned),
        "\\PC{0,6}",
        "[0-9a-zA-Z @.+_\\[\\]-]{0,12}",
    ];
    prop::collection::vec(part, 0..8).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    /// Nothing is left of what was to be hidden, and all of it comes back.
    #[test]
    fn a_masked_text_has_nothing_left_and_comes_back_exactly(all in prop::collection::vec(texts(), 1..4)) {
        let names = names(&["Maria Keller", "İpek"]);
        let (masked, texts) = Masked::of(all.iter().map(String::as_str), &names);
        for (text, original) in texts.iter().zip(&all) {
            prop_assert_eq!(mask(text), text.as_str());
            prop_assert!(name_spans(text, &names).is_empty(), "{}", text);
            let restored = masked.restore(text, Into::Text);
            prop_assert_eq!(&restored.text, original);
            prop_assert_eq!(restored.n_invented, 0);
        }
    }

    /// However an answer is cut into pieces, what comes back is the same, and what is held back is no more than a placeholder.
    #[test]
    fn pieces_make_no_difference(original in texts(), answer in texts(), cuts in prop::collection::vec(1_usize..5, 1..40)) {
        let (masked, texts) = Masked::of([original.as_str()], &names(&["Maria Keller"]));
        let answer: Vec<char> = (texts.concat() + &answer).chars().collect();
        let whole = masked.restore(&answer.iter().collect::<String>(), Into::Text);
        let mut restorer = masked.restorer(Into::Text);
        let mut pieces = String::new();
        let mut rest = answer.as_slice();
        for cut in cuts.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (piece, behind) = rest.split_at((*cut).min(rest.len()));
            pieces.push_str(&restorer.push(&piece.iter().collect::<String>()));
            prop_assert!(restorer.held.len() <= "[EMAIL_123456".len());
            rest = behind;
        }
        pieces.push_str(&restorer.end());
        prop_assert_eq!(pieces, whole.text);
        prop_assert_eq!(restorer.n_invented, whole.n_invented);
    }

    /// No text of a model makes it panic.
    #[test]
    fn any_answer_is_restored(answer in "[\\[\\]A-Za-z0-9_é]{0,40}") {
        let (masked, _) = Masked::of(["ada@example.com"], &names(&[]));
        let _ = masked.restore(&answer, Into::Json);
    }
}
