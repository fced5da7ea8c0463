//! What test programs say of their tests: how many passed and failed, and which failed.

/// Tests, counted and named.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Count {
    /// Those that passed, be it at the second try.
    pub passed: u64,
    /// Those that failed.
    pub failed: u64,
    /// Names of those that failed and then passed when run again.
    pub unsteady: Vec<String>,
}

impl Count {
    /// Adds another count.
    pub fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.unsteady.extend(other.unsteady);
    }

    /// One that had failed has passed.
    pub fn passed_again(&mut self, name: String) {
        self.failed = self.failed.saturating_sub(1);
        self.passed += 1;
        self.unsteady.push(name);
    }
}

/// One failed test of a test program that cargo ran.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    /// The program: the name of a file in `tests/`, without its ending.
    pub program: String,
    /// The test's path within it.
    pub name: String,
}

/// Reads the output of a test program line by line.
#[derive(Debug, Default)]
pub struct Reader {
    program: Option<String>,
    is_flaky_list: bool,
    /// What was counted so far.
    pub count: Count,
    /// Tests that failed, where cargo ran them.
    pub failed: Vec<Failed>,
}

impl Reader {
    /// Takes a line.
    pub fn read(&mut self, line: &str) {
        let line = line.trim();
        if let Some(rest) = line.strip_prefix("test result: ") {
            // cargo and wasm-bindgen: `test result: ok. 3 passed; 0 failed; …`.
            self.count.passed += number_before(rest, " passed");
            self.count.failed += number_before(rest, " failed");
        } else if let Some(rest) = line.strip_prefix("Running tests/") {
            // cargo: `Running tests/audit.rs (target/debug/deps/audit-1b3f)`.
            self.program = rest.split(".rs ").next().map(str::to_owned);
        } else if let Some(name) = failed_name(line) {
            self.failed
                .extend(self.program.clone().map(|program| Failed {
                    program,
                    name: name.to_owned(),
                }));
        } else if let Some(rest) = line.strip_prefix("ℹ ") {
            // Node's runner: `ℹ pass 3`, `ℹ fail 0`.
            self.count.passed += number_after(rest, "pass ");
            self.count.failed += number_after(rest, "fail ");
        } else {
            self.read_playwright(line);
        }
    }

    /// Playwright: `3 passed (4.5s)`, `1 failed`, `1 flaky` alone on a line, the last two followed by a list of tests.
    fn read_playwright(&mut self, line: &str) {
        let mut words = line.split(' ');
        let number: Option<u64> = words.next().and_then(|word| word.parse().ok());
        let (word, rest) = (words.next(), words.next());
        let is_alone = rest.is_none_or(|rest| rest.starts_with('('));
        let (Some(number), Some(word), true) = (number, word, is_alone) else {
            if self.is_flaky_list && line.contains(" › ") {
                self.count.unsteady.push(line.to_owned());
            }
            return;
        };
        self.is_flaky_list = word == "flaky";
        match word {
            "passed" | "flaky" => self.count.passed += number,
            "failed" | "interrupted" => self.count.failed += number,
            _ => {}
        }
    }
}

/// The name in `test NAME ... FAILED`.
fn failed_name(line: &str) -> Option<&str> {
    line.strip_prefix("test ")?.strip_suffix(" ... FAILED")
}

fn number_before(text: &str, word: &str) -> u64 {
    let digits = text.split(word).next().unwrap_or_default();
    let digits = digits.rsplit([' ', ';']).next().unwrap_or_default();
    digits.parse().unwrap_or(0)
}

fn number_after(text: &str, word: &str) -> u64 {
    let number = text.strip_prefix(word).map(str::trim);
    number.and_then(|number| number.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(output: &str) -> Reader {
        let mut reader = Reader::default();
        output.lines().for_each(|line| reader.read(line));
        reader
    }

    #[test]
    fn tests_are_counted_from_the_closing_line_of_each_runner() {
        let table = [
            (
                "test result: ok. 12 passed; 0 failed; 0 ignored; 0 measured; 3 filtered out; finished in 0.1s",
                12,
                0,
            ),
            (
                "test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 filtered out",
                1,
                2,
            ),
            ("  7 passed (12.3s)", 7, 0),
            ("  2 failed", 0, 2),
            ("  1 flaky", 1, 0),
            ("ℹ pass 5", 5, 0),
            ("ℹ fail 1", 0, 1),
            ("3 passed tests are listed above", 0, 0),
            ("test a_message_is_passed ... ok", 0, 0),
        ];
        for (line, passed, failed) in table {
            let found = read(line).count;
            assert_eq!((found.passed, found.failed), (passed, failed), "{line}");
        }
    }

    #[test]
    fn failed_tests_of_cargo_are_named_with_their_program() {
        let reader = read(
            "     Running tests/audit.rs (target/debug/deps/audit-1b3f)\n\
             test feed::goes_on ... ok\n\
             test feed::stops ... FAILED\n\
             failures:\n    feed::stops\n\
             test result: FAILED. 1 passed; 1 failed; 0 ignored\n\
                  Running tests/models.rs (target/debug/deps/models-77aa)\n\
             test a_missing_file ... FAILED\n",
        );
        let failed = |program: &str, name: &str| Failed {
            program: program.to_owned(),
            name: name.to_owned(),
        };
        let expected = [
            failed("audit", "feed::stops"),
            failed("models", "a_missing_file"),
        ];
        assert_eq!(reader.failed, expected);
    }

    #[test]
    fn what_playwright_calls_flaky_passed_and_is_named() {
        let reader = read(
            "  1 failed\n    tests/browser/a.spec.ts:3:1 › one ─────\n\
             \x20 1 flaky\n    tests/browser/b.spec.ts:9:1 › two ─────\n\
             \x20 2 skipped\n  7 passed (3.1m)\n",
        );
        assert_eq!((reader.count.passed, reader.count.failed), (8, 1));
        assert_eq!(reader.count.unsteady.len(), 1);
        assert!(reader.count.unsteady[0].contains("b.spec.ts"));
    }
}
