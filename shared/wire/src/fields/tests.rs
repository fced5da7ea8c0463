use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::{Fields, FieldsError, MAX_DEPTH, MAX_FIELDS};

fn select(fields: &str, answer: &Value) -> Result<Value, FieldsError> {
    let known = [
        "id", "subject", "customer", "name", "reasons", "code", "rare",
    ];
    let selected = fields
        .parse::<Fields>()?
        .select(&answer.to_string(), |name| known.contains(&name))?;
    Ok(serde_json::from_str(&selected).unwrap())
}

#[track_caller]
#[expect(clippy::needless_pass_by_value, reason = "cases read better as values")]
fn check(fields: &str, answer: Value, expected: Value) {
    assert_eq!(
        select(fields, &answer),
        Ok(expected),
        "{fields} of {answer}"
    );
}

#[test]
fn each_item_of_a_list_is_made_smaller_and_its_envelope_stays() {
    check(
        "id,customer.name",
        json!({"conversations": [
            {"id": 1, "subject": "a", "customer": {"id": 2, "name": "Zoë"}},
            {"id": 3, "customer": null},
        ], "next_cursor": "c"}),
        json!({"conversations": [{"id": 1, "customer": {"name": "Zoë"}}, {"id": 3, "customer": null}], "next_cursor": "c"}),
    );
    check(
        "id",
        json!({"conversations": [], "next_cursor": null}),
        json!({"conversations": [], "next_cursor": null}),
    );
}

#[test]
fn one_resource_is_made_smaller_in_its_envelope_and_without_one() {
    check(
        "id",
        json!({"macro": {"id": 1, "name": "n"}}),
        json!({"macro": {"id": 1}}),
    );
    check(
        "name",
        json!({"id": 1, "name": "n", "words": ["a"]}),
        json!({"name": "n"}),
    );
}

#[test]
fn lists_in_a_resource_are_looked_through() {
    check(
        "reasons.code",
        json!({"analysis": {"id": 1, "reasons": [{"code": "a", "text": "t"}, {"code": "b"}]}}),
        json!({"analysis": {"reasons": [{"code": "a"}, {"code": "b"}]}}),
    );
}

#[test]
fn a_field_and_a_part_of_it_are_the_whole_field_in_either_order() {
    let answer = json!({"conversation": {"customer": {"id": 2, "name": "n"}}});
    for fields in [
        "customer,customer.name",
        "customer.name,customer",
        "customer.name,customer.id",
    ] {
        check(fields, answer.clone(), answer.clone());
    }
}

#[test]
fn a_name_that_is_none_is_refused_and_one_that_is_absent_here_is_not() {
    let answer = json!({"conversations": [{"id": 1}]});
    check("id,rare", answer.clone(), answer.clone());
    check(
        "own_name",
        json!({"rows": [{"own_name": 1}]}),
        json!({"rows": [{"own_name": 1}]}),
    );
    for (fields, unknown) in [("idd", "idd"), ("id,customer.nmae", "customer.nmae")] {
        assert_eq!(
            select(fields, &answer),
            Err(FieldsError::Unknown(unknown.to_owned()))
        );
    }
}

#[test]
fn what_is_no_list_of_names_is_refused() {
    for text in ["", ",", "id,", "a..b", ".a", "Id", "a b", "é", "a\"b", "*"] {
        assert!(
            matches!(text.parse::<Fields>(), Err(FieldsError::NoName(_))),
            "{text:?}"
        );
    }
    let many = ["a"; MAX_FIELDS + 1].join(",");
    let deep = ["a"; MAX_DEPTH + 1].join(".");
    for text in [many, deep] {
        assert_eq!(text.parse::<Fields>(), Err(FieldsError::TooMany));
    }
    assert!(["a"; MAX_FIELDS].join(",").parse::<Fields>().is_ok());
}

#[test]
fn numbers_and_texts_keep_the_form_that_they_had() {
    let fields: Fields = "id,name".parse().unwrap();
    let answer = r#"{"rows":[{"id":0.30000000000000004,"x":1,"name":"\u00e9\n"},{"id":12345678901234567890,"name":1e400}]}"#;
    let selected = fields.select(answer, |_| true).unwrap();
    let expected = r#"{"rows":[{"id":0.30000000000000004,"name":"\u00e9\n"},{"id":12345678901234567890,"name":1e400}]}"#;
    assert_eq!(selected, expected);
}

#[test]
fn an_answer_that_is_no_object_is_none_of_ours() {
    let fields: Fields = "id".parse().unwrap();
    for answer in ["[]", "1", "", "{"] {
        assert!(matches!(
            fields.select(answer, |_| true),
            Err(FieldsError::Unreadable(_))
        ));
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[ -~é\\\\\"]{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec(("[abc]", inner), 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn any_answer() -> impl Strategy<Value = Value> {
    prop::collection::vec(("[abc]", any_json()), 0..4)
        .prop_map(|members| Value::Object(members.into_iter().collect::<Map<_, _>>()))
}

/// Whether `part` is `whole` with members of objects taken away.
fn is_part(part: &Value, whole: &Value) -> bool {
    match (part, whole) {
        (Value::Object(part), Value::Object(whole)) => part
            .iter()
            .all(|(name, value)| whole.get(name).is_some_and(|whole| is_part(value, whole))),
        (Value::Array(part), Value::Array(whole)) => {
            part.len() == whole.len()
                && part
                    .iter()
                    .zip(whole)
                    .all(|(part, whole)| is_part(part, whole))
        }
        _ => part == whole,
    }
}

proptest! {
    #[test]
    fn a_selection_only_takes_away_and_twice_is_once(
        answer in any_answer(),
        fields in prop::collection::vec("[abc](\\.[abc]){0,3}", 1..5),
    ) {
        let fields: Fields = fields.join(",").parse().unwrap();
        let once = fields.select(&answer.to_string(), |_| true).unwrap();
        let selected: Value = serde_json::from_str(&once).unwrap();
        prop_assert!(is_part(&selected, &answer), "{} of {}", selected, answer);
        // An object that lost all its resources is looked at as one itself.
        prop_assert!(fields.select(&once, |_| true).is_ok());
    }

    #[test]
    fn all_names_of_a_resource_are_all_of_it(item in prop::collection::vec(("[abc]", any_json()), 1..4)) {
        let item: Map<String, Value> = item.into_iter().collect();
        let names = item.keys().cloned().collect::<Vec<_>>().join(",");
        let answer = json!({"rows": [item.clone(), item], "next_cursor": null});
        let selected = names.parse::<Fields>().unwrap().select(&answer.to_string(), |_| false).unwrap();
        prop_assert_eq!(serde_json::from_str::<Value>(&selected).unwrap(), answer);
    }

    #[test]
    fn no_text_makes_it_panic(fields in "\\PC{0,20}", answer in "\\PC{0,30}") {
        if let Ok(fields) = fields.parse::<Fields>() {
            let _ = fields.select(&answer, |_| true);
        }
    }
}
