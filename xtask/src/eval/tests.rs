//! The commands over small tables that were written for this: real files, the real model, every kind of outcome.

use std::path::PathBuf;

use super::*;

/// A folder of its own for a test.
fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("edgedesk-eval-{}-{name}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a temporary folder can be made");
    folder
}

fn file(folder: &std::path::Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, text).expect("a temporary file can be written");
    path
}

async fn outcome(task: Task, inputs: &Inputs) -> Result<Map<String, Value>> {
    let mut reader = Reader::native().await?;
    measure(&mut reader, task, inputs).await
}

/// The outcome with its shape only: numbers become what they are, so that a new model changes no snapshot.
fn shape(outcome: Map<String, Value>) -> Value {
    fn of(value: Value) -> Value {
        match value {
            Value::Number(_) => json!("number"),
            Value::Array(values) => Value::Array(values.into_iter().map(of).collect()),
            Value::Object(fields) => fields
                .into_iter()
                .map(|(name, value)| (name, of(value)))
                .collect(),
            other => other,
        }
    }
    let mut outcome = outcome;
    outcome.insert("model".into(), json!("name version"));
    of(Value::Object(outcome))
}

const MOODS: &str = "label\ttext\n\
    negative\tThis is awful, nothing works and nobody helps me\n\
    negative\tI am so angry, my order is broken again\n\
    neutral\tThe parcel arrives on Tuesday\n\
    neutral\tWhere can I see my invoice\n\
    positive\tThank you so much, you made my day\n\
    positive\tI love it, perfect service\n";

#[tokio::test(flavor = "multi_thread")]
async fn sentiment_is_scored() {
    let folder = folder("sentiment");
    let inputs = Inputs {
        data: file(&folder, "moods.tsv", MOODS),
        ..Inputs::default()
    };
    let outcome = outcome(Task::Sentiment, &inputs)
        .await
        .expect("the table is well formed");
    assert_eq!(outcome["n"], 6);
    assert!(outcome["accuracy"].as_f64() > Some(0.6), "{outcome:?}");
    insta::assert_json_snapshot!("sentiment", shape(outcome));
}

#[tokio::test(flavor = "multi_thread")]
async fn sentiment_is_scored_by_language() {
    let folder = folder("languages");
    let table = "lang\tlabel\ttext\nen\tpositive\tGreat\nen\tnegative\tBad\nen\tneutral\tOk\n\
        de\tpositive\tSehr gut\nde\tnegative\tSchlecht\n";
    let inputs = Inputs {
        data: file(&folder, "moods.tsv", table),
        ..Inputs::default()
    };
    let outcome = outcome(Task::Sentiment, &inputs)
        .await
        .expect("the table is well formed");
    insta::assert_json_snapshot!("sentiment_by_language", shape(outcome));
}

#[tokio::test(flavor = "multi_thread")]
async fn emotions_are_learnt_and_told() {
    let folder = folder("emotion");
    let data = file(&folder, "emotions.tsv", EMOTIONS);
    let inputs = Inputs {
        data: data.clone(),
        train: Some(data),
        ..Inputs::default()
    };
    let outcome = outcome(Task::Emotion, &inputs)
        .await
        .expect("the table is well formed");
    assert_eq!(
        outcome["accuracy"], 1.0,
        "the head has seen these very rows"
    );
    insta::assert_json_snapshot!("emotion", shape(outcome));
}

/// The shipped head has 28 labels, among them each of TweetEval's four: all of joy counts as joy, not `joy` alone.
#[tokio::test(flavor = "multi_thread")]
async fn emotions_of_the_shipped_head_are_grouped_as_the_datas() {
    let folder = folder("shipped");
    let tweets = "label\ttext\n\
        joy\tThank you so much for your help, I am really grateful\n\
        joy\tI love this shop, you are amazing\n\
        anger\tThis is so annoying, stop sending me the wrong thing\n\
        sadness\tI am so disappointed and sad about this\n\
        optimism\tI hope everything will be better soon\n";
    let fine = "labels\ttext\n\
        gratitude,joy\tThank you, wonderful\nannoyance\tThis is so annoying\nneutral\tThe parcel arrives on Monday\n";
    for (name, table, grouping, head_grouping) in [
        ("tweets.tsv", tweets, Value::Null, "tweet"),
        ("fine.tsv", fine, json!("ekman"), "ekman"),
    ] {
        let inputs = Inputs {
            data: file(&folder, name, table),
            ..Inputs::default()
        };
        let outcome = outcome(Task::Emotion, &inputs)
            .await
            .expect("the table is well formed");
        assert_eq!(outcome["grouping"], grouping, "{name}");
        assert_eq!(outcome["head_grouping"], head_grouping, "{name}");
        assert_eq!(outcome["per_label"]["joy"]["recall"], 1.0, "{outcome:?}");
    }
}

const EMOTIONS: &str = "label\ttext\n\
    anger\tThis makes me furious\nanger\tHow dare you\nanger\tI hate waiting for nothing\n\
    joy\tWhat a lovely day\njoy\tSo happy right now\njoy\tWe laughed all evening\n\
    sadness\tI miss her so much\nsadness\tEverything feels empty\nsadness\tI cried all night\n";

#[tokio::test(flavor = "multi_thread")]
async fn fine_emotions_are_grouped() {
    let folder = folder("groups");
    let table = "labels\ttext\n\
        gratitude,joy\tThank you, wonderful\nannoyance\tThis is annoying\nneutral\tIt is a table\n\
        grief,sadness\tHe died yesterday\nannoyance,anger\tStop it now\nneutral\tThe door is open\n\
        joy\tGreat fun\nneutral\tMonday follows Sunday\nsadness\tI am sad\nanger\tI hate this\n";
    let data = file(&folder, "emotions.tsv", table);
    let inputs = Inputs {
        data: data.clone(),
        train: Some(data),
        ..Inputs::default()
    };
    let outcome = outcome(Task::Emotion, &inputs)
        .await
        .expect("the table is well formed");
    assert_eq!(outcome["grouping"], "ekman");
    let labels: Vec<&String> = outcome["per_label"]
        .as_object()
        .expect("scores per label")
        .keys()
        .collect();
    assert_eq!(labels, ["anger", "joy", "neutral", "sadness"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn intents_are_learnt_and_the_others_rejected() {
    let folder = folder("intent");
    let items = ["shoes", "lamp", "book", "phone", "table", "chair"];
    let rows = items.map(|item| {
        format!(
            "shop\trefund\tI want my money back for the {item}\n\
             shop\ttracking\twhere is the parcel with my {item}\n\
             oos\toos\tsing a song about a {item} and the moon\n"
        )
    });
    let table = format!("domain\tintent\ttext\n{}", rows.concat());
    let data = file(&folder, "intents.tsv", &table);
    let inputs = Inputs {
        data: data.clone(),
        train: Some(data),
        ..Inputs::default()
    };
    let outcome = outcome(Task::Intent, &inputs)
        .await
        .expect("the table is well formed");
    assert!(
        outcome["in_scope_accuracy"].as_f64() > Some(0.9),
        "{outcome:?}"
    );
    assert!(outcome["oos_recall"].as_f64() > Some(0.9), "{outcome:?}");
    insta::assert_json_snapshot!("intent", shape(outcome));
}

#[tokio::test(flavor = "multi_thread")]
async fn languages_are_told_and_those_unknown_left_out() {
    let folder = folder("language");
    let rows = [
        (
            "en",
            "sentences",
            "Where is the parcel that I ordered on Monday?",
        ),
        (
            "de",
            "sentences",
            "Wo bleibt das Paket, das ich am Montag bestellt habe?",
        ),
        (
            "fi",
            "sentences",
            "Missä on paketti, jonka tilasin maanantaina?",
        ),
        ("fi", "single-words", "maanantaina"),
        ("xx", "sentences", "a language that nobody knows"),
        ("yy", "single-words", "nobody"),
    ];
    let table = |header: &str, row: &dyn Fn(&(&str, &str, &str)) -> String| {
        format!("{header}{}", rows.iter().map(row).collect::<String>())
    };
    let with_kind = |row: &(&str, &str, &str)| format!("{}\t{}\t{}\n", row.0, row.1, row.2);
    let without = |row: &(&str, &str, &str)| format!("{}\t{}\n", row.0, row.2);
    let swapped = |row: &(&str, &str, &str)| format!("{}\t{}\tx\t{}\n", row.2, row.1, row.0);
    let kinds = ["sentences", "single-words"].as_slice();
    for (name, table, kinds) in [
        ("kind.tsv", table("lang\tkind\ttext\n", &with_kind), kinds),
        // The shape of ../shared/data/langid/train.tsv.gz.
        (
            "source.tsv",
            table("lang\tsource\ttext\n", &with_kind),
            kinds,
        ),
        (
            "order.tsv",
            table("Text\tKind\tnote\tLang\n", &swapped),
            kinds,
        ),
        ("bare.tsv", table("", &with_kind), kinds),
        ("pairs.tsv", table("lang\ttext\n", &without), &kinds[..0]),
        ("bare-pairs.tsv", table("", &without), &kinds[..0]),
    ] {
        let inputs = Inputs {
            data: file(&folder, name, &table),
            ..Inputs::default()
        };
        let outcome = outcome(Task::Language, &inputs)
            .await
            .expect("the table is well formed");
        assert_eq!(
            (&outcome["n"], &outcome["left_out"]),
            (&json!(4), &json!(2)),
            "{name}"
        );
        let names = |field: &str| -> Vec<String> {
            let fields = outcome.get(field).and_then(Value::as_object);
            fields
                .into_iter()
                .flatten()
                .map(|(name, _)| name.clone())
                .collect()
        };
        assert_eq!(names("by_kind"), kinds, "{name}");
        assert_eq!(names("by_language"), ["de", "en", "fi"], "{name}");
        assert_eq!(outcome["by_language"]["de"], 1.0, "{name}");
        if name == "kind.tsv" {
            assert_eq!(outcome["by_kind"]["sentences"], 1.0);
            insta::assert_json_snapshot!("language", shape(outcome));
        }
    }
}

/// One rule for all tasks: a first line that names no column is a row.
#[tokio::test(flavor = "multi_thread")]
async fn tables_without_a_header_are_read_by_the_order_of_their_columns() {
    let folder = folder("headerless");
    let train = |table: &str, header: &str| table.replacen(header, "", 1);
    let emotions = file(&folder, "e.tsv", &train(EMOTIONS, "label\ttext\n"));
    let intents = "pay\tWhere is my invoice\npay\tI was charged twice\nship\tWhere is my parcel\nship\tIs it on its way\n";
    let intents = file(&folder, "i.tsv", intents);
    let moods = file(&folder, "s.tsv", &train(MOODS, "label\ttext\n"));
    for (task, data, is_fitted, n) in [
        (Task::Emotion, emotions, true, 9),
        (Task::Intent, intents, true, 4),
        (Task::Sentiment, moods, false, 6),
    ] {
        let inputs = Inputs {
            train: is_fitted.then(|| data.clone()),
            data,
            ..Inputs::default()
        };
        let outcome = outcome(task, &inputs)
            .await
            .expect("the table is well formed");
        assert_eq!(outcome["n"], n, "{task:?}");
    }
}

#[test]
fn options_that_a_task_has_no_use_for_are_refused() {
    use clap::Parser as _;

    #[derive(Debug, clap::Parser)]
    struct Command {
        #[command(flatten)]
        eval: EvalArguments,
    }
    let check = |line: &str| {
        let words = std::iter::once("eval").chain(line.split(' '));
        let command = Command::try_parse_from(words).expect(line);
        command.eval.check()
    };
    for (line, option) in [
        ("sentiment --data d --train t", "--train"),
        ("language --data d --train t", "--train"),
        ("faq --data d --train t", "--train"),
        ("all --train t", "--train"),
        ("intent --data d --ekman", "--ekman"),
        ("all --ekman", "--ekman"),
        ("search --data d --show 3", "--show"),
        ("deflection --data d --train t", "--train"),
        ("emotion --data d --corpus c", "--corpus"),
        ("all --corpus c", "--corpus"),
        ("all --at-least accuracy=0.5", "--at-least"),
    ] {
        let error = check(line).expect_err(line);
        assert!(error.is::<BadInput>(), "{error:?}");
        assert!(error.to_string().ends_with(option), "{line}: {error}");
    }
    for line in [
        "sentiment --data d --at-least accuracy=0.5 --at-least macro_f1=0.5",
        "emotion --data d --train t --ekman",
        "intent --data d --train t --wasm",
        "faq --data d --corpus c",
        "drafts --data d --show 3",
        "deflection --data d --corpus c --show 3",
        "all --data d --wasm",
    ] {
        check(line).expect(line);
    }
    let broken = ["eval", "faq", "--data", "d", "--at-least", "accuracy"];
    assert!(Command::try_parse_from(broken).is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_finds_its_thread() {
    let folder = folder("faq");
    file(
        &folder,
        "corpus.jsonl",
        "{\"id\": \"1\", \"title\": \"How do I reset my password?\", \"answers\": [\"Open settings and choose a new password\"]}\n\
         {\"id\": \"2\", \"title\": \"Where is my order?\", \"answers\": [\"See the tracking page\", \"Orders take three days\"]}\n",
    );
    let queries = "{\"id\": \"a\", \"text\": \"password reset\", \"doc\": \"1\"}\n\
        {\"id\": \"b\", \"text\": \"my order has not arrived\", \"doc\": \"2\"}\n";
    let inputs = Inputs {
        data: file(&folder, "queries.jsonl", queries),
        ..Inputs::default()
    };
    let outcome = outcome(Task::Faq, &inputs)
        .await
        .expect("the lines are well formed");
    assert_eq!(outcome["title"]["recall_at_1"], 1.0);
    insta::assert_json_snapshot!("faq", shape(outcome));
}

#[tokio::test(flavor = "multi_thread")]
async fn drafts_and_macros_are_judged() {
    let folder = folder("drafts");
    let table = "intent\ttext\ntrack_order\tWhere is my package right now?\n\
        newsletter_subscription\tHow do I unsubscribe from your newsletter?\n\
        recover_password\tI forgot my password and need a new one\n";
    let inputs = Inputs {
        data: file(&folder, "messages.tsv", table),
        ..Inputs::default()
    };
    let outcome = outcome(Task::Drafts, &inputs)
        .await
        .expect("each intent has its macro");
    assert_eq!(outcome["macro_in_top_3"], 1.0);
    assert_eq!(outcome["article_first_of_sourced"], 1.0);
    assert_eq!(outcome["unsupported"], 0.0);
    assert_eq!(outcome["blocked"], 0.0);
    insta::assert_json_snapshot!("drafts", shape(outcome));
}

#[tokio::test(flavor = "multi_thread")]
async fn customers_are_answered_or_handed_over() {
    let folder = folder("deflection");
    let table = "intent\ttext\n\
        track_order\tHow can I track my order?\n\
        contact_human_agent\tI want to talk to a human\n\
        recover_password\tMy parrot sings at night and nobody sleeps\n";
    let inputs = Inputs {
        data: file(&folder, "messages.tsv", table),
        ..Inputs::default()
    };
    let found = outcome(Task::Deflection, &inputs)
        .await
        .expect("each intent has its article");
    let third = rounded(1.0 / 3.0);
    assert_eq!(found["deflection"], third);
    assert_eq!(found["wrong_of_all"], 0.0);
    assert_eq!(found["handed_off_because"]["requested"], third);
    // Whatever the bar is, who asks for a person gets one.
    assert!(found["by_threshold"]["0.40"]["deflection"].as_f64() < Some(0.7));
    insta::assert_json_snapshot!("deflection", shape(found));
    // Threads: every other one is for tuning.
    file(
        &folder,
        "corpus.jsonl",
        "{\"id\": \"1\", \"title\": \"How do I reset my password?\", \"answers\": [\"Open settings and choose a new password.\"]}\n\
         {\"id\": \"2\", \"title\": \"Where is my order?\", \"answers\": [\"See the tracking page of your order.\"]}\n",
    );
    let queries = "{\"text\": \"How do I reset the password?\", \"doc\": \"1\"}\n\
        {\"text\": \"Where is the order?\", \"doc\": \"2\"}\n";
    let inputs = Inputs {
        data: file(&folder, "queries.jsonl", queries),
        ..Inputs::default()
    };
    let found = outcome(Task::Deflection, &inputs)
        .await
        .expect("the lines are well formed");
    assert_eq!((&found["n"], &found["n_tuning"]), (&json!(1), &json!(1)));
    assert!(found["tuning_by_threshold"].is_object());
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_input_is_named() {
    let folder = folder("bad");
    let labels = file(&folder, "labels.tsv", "label\ttext\nhappy\tHi\n");
    let one = file(&folder, "one.tsv", "intent\ttext\na\tHi\na\tHo\n");
    let query = file(
        &folder,
        "queries.jsonl",
        "{\"text\": \"x\", \"doc\": \"9\"}\n",
    );
    let missing = folder.join("missing.tsv");
    let alone = |data: &PathBuf| Inputs {
        data: data.clone(),
        ..Inputs::default()
    };
    for (task, inputs, said) in [
        (Task::Sentiment, alone(&labels), "line 2: the label `happy`"),
        (Task::Sentiment, alone(&missing), "missing.tsv"),
        (Task::Sentiment, alone(&one), "no column `label`"),
        (Task::Intent, alone(&one), "--train"),
        (
            Task::Intent,
            Inputs {
                train: Some(one.clone()),
                ..alone(&one)
            },
            "all rows have the same label",
        ),
        (Task::Faq, alone(&query), "corpus.jsonl"),
        (Task::Drafts, alone(&one), "no macro for \"a\""),
    ] {
        let error = outcome(task, &inputs).await.expect_err(said);
        assert!(error.is::<BadInput>(), "{error:?}");
        assert!(error.to_string().contains(said), "{error}");
    }
}
