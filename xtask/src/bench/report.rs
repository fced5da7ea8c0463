//! What was measured, next to what was asked for.

use anyhow::Result;
use serde::Serialize;
use serde_json::json;

/// One measurement.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    /// What.
    pub name: String,
    /// The number.
    pub value: f64,
    /// Its unit.
    pub unit: &'static str,
    /// The number that it should be at most, or at least.
    pub budget: Option<f64>,
    /// Whether it meets the budget.
    pub hit: Option<bool>,
    /// What one should know of it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub note: String,
}

impl Row {
    /// A number without a budget.
    pub fn plain(name: impl Into<String>, value: f64, unit: &'static str) -> Self {
        Self {
            name: name.into(),
            value,
            unit,
            budget: None,
            hit: None,
            note: String::new(),
        }
    }

    /// A number that should be at most `budget`.
    pub fn at_most(name: impl Into<String>, value: f64, unit: &'static str, budget: f64) -> Self {
        Self {
            budget: Some(budget),
            hit: Some(value <= budget),
            ..Self::plain(name, value, unit)
        }
    }

    /// A number that should be at least `budget`.
    pub fn at_least(name: impl Into<String>, value: f64, unit: &'static str, budget: f64) -> Self {
        Self {
            budget: Some(budget),
            hit: Some(value >= budget),
            ..Self::plain(name, value, unit)
        }
    }

    /// With a note.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }
}

/// All measurements of a run.
#[derive(Debug)]
pub struct Report {
    rows: Vec<Row>,
    is_quick: bool,
    load_before: String,
}

impl Report {
    /// Nothing yet.
    pub fn begin(is_quick: bool) -> Self {
        Self {
            rows: Vec::new(),
            is_quick,
            load_before: load_average(),
        }
    }

    /// Takes measurements in.
    pub fn add(&mut self, rows: Vec<Row>) {
        self.rows.extend(rows);
    }

    /// For a person.
    pub fn table(&self) -> String {
        let width = self
            .rows
            .iter()
            .map(|row| row.name.chars().count())
            .max()
            .unwrap_or(0);
        let mut lines = vec![format!(
            "{:<width$}  {:>10}        {:>10}",
            "what", "measured", "budget"
        )];
        for row in &self.rows {
            let budget = row.budget.map(format_number).unwrap_or_default();
            let verdict = match row.hit {
                Some(true) => "hit",
                Some(false) => "MISSED",
                None => "",
            };
            let line = format!(
                "{:<width$}  {:>10} {:<6} {budget:>10}  {verdict:<6}  {}",
                row.name,
                format_number(row.value),
                row.unit,
                row.note
            );
            lines.push(line.trim_end().to_owned());
        }
        let n_missed = self
            .rows
            .iter()
            .filter(|row| row.hit == Some(false))
            .count();
        let n_hit = self.rows.iter().filter(|row| row.hit == Some(true)).count();
        lines.push(format!(
            "\n{n_hit} budgets hit, {n_missed} missed; load average before {}, after {}",
            self.load_before,
            load_average()
        ));
        if self.is_quick {
            lines.push("a quick run: too short to trust its percentiles".to_owned());
        }
        lines.join("\n")
    }

    /// For programs.
    pub fn json(&self) -> Result<String> {
        let value = json!({
            "at": edgedesk_client::api::now(),
            "quick": self.is_quick,
            "cores": std::thread::available_parallelism().map_or(0, usize::from),
            "load_average_before": self.load_before,
            "load_average_after": load_average(),
            "rows": self.rows,
        });
        Ok(serde_json::to_string_pretty(&value)?)
    }
}

/// Three numbers, where the system has them.
fn load_average() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').take(3).collect::<Vec<_>>().join(" ")
}

fn format_number(value: f64) -> String {
    if value >= 100.0 {
        format!("{value:.0}")
    } else if value >= 10.0 {
        format!("{value:.1}")
    } else {
        format!("{value:.2}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missed_budget_is_said_aloud() {
        let mut report = Report::begin(false);
        report.add(vec![
            Row::at_most("latency", 5.0, "ms", 4.5).note("busy"),
            Row::at_least("rate", 1500.0, "/s", 1300.0),
            Row::plain("starts", 1.0, ""),
        ]);
        let table = report.table();
        assert!(table.contains("MISSED  busy"), "{table}");
        assert!(table.contains("1 budgets hit, 1 missed"), "{table}");
        let json: serde_json::Value = serde_json::from_str(&report.json().unwrap()).unwrap();
        assert_eq!(json["rows"][0]["hit"], false);
        assert_eq!(json["rows"][2]["hit"], serde_json::Value::Null);
    }
}
