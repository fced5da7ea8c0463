//! UTC days: each has a Merkle tree of its own.

use std::fmt;
use std::str::FromStr;

use edgedesk_domain::time::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

const MILLIS_PER_DAY: i64 = 86_400_000;

/// A UTC day, as `2025-01-08` on every wire. Range: years 1970 to 9999, as of [`Timestamp`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(i64);

/// A text that is no day of the years 1970 to 9999.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a day such as 2025-01-08")]
pub struct InvalidDay;

impl Day {
    /// The day that `at` is in. UTC has no leap seconds here: a day has 86,400 seconds.
    #[must_use]
    pub const fn of(at: Timestamp) -> Self {
        Self(at.millis() / MILLIS_PER_DAY)
    }

    /// Days since 1970-01-01.
    #[must_use]
    pub const fn number(self) -> i64 {
        self.0
    }

    /// The day `number` days after 1970-01-01, clamped into the range of the type.
    #[must_use]
    pub const fn from_number(number: i64) -> Self {
        Self::of(Timestamp::from_millis(
            number.saturating_mul(MILLIS_PER_DAY),
        ))
    }

    /// Its first millisecond.
    #[must_use]
    pub const fn start(self) -> Timestamp {
        Timestamp::from_millis(self.0 * MILLIS_PER_DAY)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let start = self.start().to_string();
        f.write_str(start.split('T').next().unwrap_or_default())
    }
}

impl FromStr for Day {
    type Err = InvalidDay;

    fn from_str(text: &str) -> Result<Self, InvalidDay> {
        let start = Timestamp::parse(&format!("{text}T00:00:00Z")).map_err(|_| InvalidDay)?;
        let day = Self::of(start);
        // One day has one spelling.
        if day.to_string() == text {
            Ok(day)
        } else {
            Err(InvalidDay)
        }
    }
}

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for Day {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .format(Some(utoipa::openapi::SchemaFormat::KnownFormat(
                utoipa::openapi::KnownFormat::Date,
            )))
            .into()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for Day {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_ends_at_midnight_utc() {
        for (at, expected) in [
            ("1970-01-01T00:00:00Z", "1970-01-01"),
            ("2024-02-29T23:59:59.999Z", "2024-02-29"),
            ("2024-03-01T00:00:00Z", "2024-03-01"),
            ("9999-12-31T23:59:59.999Z", "9999-12-31"),
        ] {
            let day = Day::of(Timestamp::parse(at).unwrap());
            assert_eq!(day.to_string(), expected);
            assert_eq!(expected.parse(), Ok(day));
            assert_eq!(Day::from_number(day.number()), day);
            assert_eq!(Day::of(day.start()), day);
        }
    }

    #[test]
    fn what_is_no_day_is_refused() {
        for text in [
            "",
            "2025-1-8",
            "2025-02-30",
            "1969-12-31",
            "2025-01-08T00:00:00Z",
            "20250108",
            " 2025-01-08",
        ] {
            assert_eq!(text.parse::<Day>(), Err(InvalidDay), "{text:?}");
        }
    }
}
