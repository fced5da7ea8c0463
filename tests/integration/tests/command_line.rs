//! `cargo xtask analyze` and `eval` through the inference Worker: they say what they say natively.

use std::path::Path;
use std::process::Stdio;

use edgedesk_integration::unique;
use serde_json::Value;
use tokio::process::Command;

/// Of scores: Wasm has no fused multiply-add, and the network's layers are int8 either way.
const TOLERANCE: f64 = 1e-4;

/// What a command of `xtask` prints on stdout, line by line.
async fn printed(arguments: &[&str]) -> Vec<Value> {
    let xtask = std::env::var_os("EDGEDESK_XTASK");
    let mut command = Command::new(xtask.as_deref().unwrap_or("cargo".as_ref()));
    if xtask.is_none() {
        command.args(["run", "--quiet", "--package", "xtask", "--"]);
    }
    let output = command
        .args(arguments)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .expect("xtask");
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {words}");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    text.lines()
        .filter(|line| line.starts_with('{'))
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect()
}

/// Compares all but times and where it ran.
fn assert_alike(place: &str, native: &Value, wasm: &Value) {
    match (native, wasm) {
        (Value::Object(native), Value::Object(wasm)) => {
            let names = |fields: &serde_json::Map<String, Value>| -> Vec<String> {
                fields.keys().cloned().collect()
            };
            assert_eq!(names(native), names(wasm), "{place}");
            for (name, value) in native {
                if !matches!(name.as_str(), "elapsed_ms" | "seconds" | "runs_in") {
                    assert_alike(&format!("{place}/{name}"), value, &wasm[name]);
                }
            }
        }
        (Value::Array(native), Value::Array(wasm)) => {
            assert_eq!(native.len(), wasm.len(), "{place}");
            for (index, (native, wasm)) in native.iter().zip(wasm).enumerate() {
                assert_alike(&format!("{place}/{index}"), native, wasm);
            }
        }
        (Value::Number(native), Value::Number(wasm)) => {
            let (native, wasm) = (native.as_f64(), wasm.as_f64());
            let difference = native.zip(wasm).map(|(native, wasm)| (native - wasm).abs());
            assert!(
                difference.is_some_and(|difference| difference < TOLERANCE),
                "{place}: {native:?} natively, {wasm:?} under Wasm"
            );
        }
        _ => assert_eq!(native, wasm, "{place}"),
    }
}

fn written(folder: &Path, name: &str, text: &str) -> String {
    let file = folder.join(name);
    std::fs::write(&file, text).expect("a file");
    file.to_str().expect("UTF-8").to_owned()
}

#[tokio::test]
async fn what_is_read_through_the_worker_is_what_is_read_natively() {
    let folder = std::env::temp_dir().join(unique("edgedesk-command-line-"));
    std::fs::create_dir_all(&folder).expect("a folder");
    let messages = written(
        &folder,
        "messages.jsonl",
        concat!(
            r#"{"id":"1","text":"I was charged twice, this is awful! I want a refund NOW"}"#,
            "\n",
            r#"{"id":"2","text":"Danke, alles super 😊"}"#,
            "\n",
            r#"{"id":"3","text":""}"#,
            "\n",
        ),
    );
    let analyze = ["analyze", "--in", &messages];
    let native = printed(&analyze).await;
    let wasm = printed(&[&analyze[..], &["--wasm"]].concat()).await;
    assert_eq!(native.len(), 3);
    assert_eq!(native[0]["sentiment"]["polarity"], "negative");
    assert_alike("analyze", &Value::from(native), &Value::from(wasm));

    let rows = written(
        &folder,
        "rows.tsv",
        "label\ttext\nnegative\tThis is terrible.\npositive\tI love it, thank you!\nneutral\tThe parcel arrives on Monday.\n",
    );
    let eval = ["eval", "sentiment", "--data", &rows];
    let native = printed(&eval).await.pop().expect("an outcome");
    let wasm = printed(&[&eval[..], &["--wasm"]].concat()).await.pop();
    let wasm = wasm.expect("an outcome");
    assert_eq!(
        (&native["n"], &wasm["runs_in"]),
        (&3.into(), &"wasm".into())
    );
    assert_alike("eval", &native, &wasm);
    let _ = std::fs::remove_dir_all(&folder);
}
