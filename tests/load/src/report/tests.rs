use std::time::Duration;

use super::*;

fn report() -> Report {
    let mut latency = Latency::default();
    for millis in [3, 4, 4, 5, 7, 18, 240] {
        latency.add(Duration::from_millis(millis));
    }
    let mut report = Report::begin("Webhooks at a rate", "50 a second for 30 s");
    report.command = "cargo xtask load hooks --loop open --rate 50".into();
    report.at = Timestamp::from_millis(1_767_225_600_000);
    report.machine = Machine {
        cores: 2,
        processor: "A Processor".into(),
        load_before: "0.10 0.20 0.30".into(),
        load_after: "1.10 0.40 0.30".into(),
    };
    report.fact("messages sent", 1_500.0, "");
    report.fact("taken", 49.97, "/s");
    report.latency("response", &latency);
    report.latency("nothing", &Latency::default());
    report.tables.push(Table {
        title: "Lag by minute".into(),
        head: vec!["minute".into(), "longest".into()],
        rows: vec![
            vec!["1".into(), "120 ms".into()],
            vec!["2".into(), "–".into()],
        ],
    });
    report.found(
        "in the logs",
        Losses {
            n_acknowledged: 1_500,
            ..Losses::default()
        },
    );
    report
}

#[test]
fn a_run_is_told_in_words_and_histograms() {
    insta::assert_snapshot!("text", report().text());
    insta::assert_snapshot!("markdown", report().markdown());
    assert!(report().verdict().is_ok());
}

#[test]
fn a_loss_is_said_aloud_and_fails_the_run() {
    let mut lossy = report();
    lossy.found(
        "at the agents",
        Losses {
            n_acknowledged: 9,
            n_lost: 2,
            n_unanswered: 1,
            examples: vec!["lost 0:1".into(), "lost 0:2".into()],
            ..Losses::default()
        },
    );
    lossy.failures.push("3 messages are parked".into());
    let error = lossy.verdict().expect_err("it lost some").to_string();
    assert_eq!(
        error,
        "at the agents: 9 acknowledged, 2 LOST; 1 unanswered, of which 0 are there (lost 0:1, lost 0:2)\n3 messages are parked"
    );
    for told in [lossy.text(), lossy.markdown()] {
        assert!(
            told.contains("2 LOST") && told.contains("3 messages are parked"),
            "{told}"
        );
    }
}

#[test]
fn a_program_reads_the_same_numbers() {
    let json: serde_json::Value =
        serde_json::from_str(&report().json().expect("JSON")).expect("JSON");
    assert_eq!(json["machine"]["cores"], 2);
    assert_eq!(json["facts"][1]["value"], 49.97);
    assert_eq!(json["latencies"][0]["n"], 7);
    assert_eq!(json["latencies"].as_array().map(Vec::len), Some(1));
    assert_eq!(json["losses"][0]["n_lost"], 0);
}

#[test]
fn a_section_takes_the_place_of_the_one_before() {
    let mut report = report();
    let page = "# Page\n\n## Under load\n";
    let first = with_section(page, &report);
    assert!(
        first.starts_with("# Page\n\n## Under load\n\n### Webhooks at a rate\n"),
        "{first}"
    );
    let mut other = report.clone();
    other.title = "Webhooks at a rate and more";
    let both = with_section(&first, &other) + "\n## After\n";
    report.facts[0].value = 7.0;
    let renewed = with_section(&both, &report);
    assert_eq!(renewed.matches("### ").count(), 2, "{renewed}");
    assert!(renewed.contains("| messages sent | 7 |"), "{renewed}");
    assert!(renewed.ends_with("\n## After\n"), "{renewed}");
    // Again and again it stays the same page.
    assert_eq!(with_section(&renewed, &report), renewed);
    assert_eq!(with_section("", &report), report.markdown());
}
