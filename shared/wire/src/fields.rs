//! Which fields of an answer a caller wants: `?fields=id,subject,customer.name`.
//!
//! The names are those of the resources in an answer: of each object in the answer's own object, and of each object in a list there.
//! What stands beside them, such as `next_cursor`, stays. An answer that holds no resource is one itself. Lists inside of a resource
//! are looked through: `reasons.code` is the code of each reason. A selection only ever takes away, and what it leaves is the same
//! text as before, down to the digits of numbers.

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// Most names of a selection: no resource of ours has as many.
pub const MAX_FIELDS: usize = 64;
/// Most parts of a name. Each costs a step of recursion.
pub const MAX_DEPTH: usize = 8;

/// The fields that a caller wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fields(Wanted);

/// What is wanted of an object; nothing in particular means all of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Wanted(BTreeMap<String, Wanted>);

/// Why a selection cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FieldsError {
    /// The text is no list of names.
    #[error(
        "`{0}` is no name of a field: names are lower-case words, with a dot between a field and a field in it"
    )]
    NoName(String),
    /// Too many names, or one with too many parts.
    #[error("at most {MAX_FIELDS} names with at most {MAX_DEPTH} parts each")]
    TooMany,
    /// There is no such field.
    #[error("there is no field `{0}`")]
    Unknown(String),
    /// The answer is not what we write.
    #[error("an answer that is no JSON: {0}")]
    Unreadable(String),
}

impl From<serde_json::Error> for FieldsError {
    fn from(error: serde_json::Error) -> Self {
        Self::Unreadable(error.to_string())
    }
}

impl std::str::FromStr for Fields {
    type Err = FieldsError;

    fn from_str(text: &str) -> Result<Self, FieldsError> {
        let names: Vec<&str> = text.split(',').map(str::trim).collect();
        if names.len() > MAX_FIELDS {
            return Err(FieldsError::TooMany);
        }
        let mut wanted = Wanted::default();
        for name in names {
            let parts: Vec<&str> = name.split('.').collect();
            if parts.len() > MAX_DEPTH {
                return Err(FieldsError::TooMany);
            }
            if !parts.iter().all(|part| is_word(part)) {
                return Err(FieldsError::NoName(name.to_owned()));
            }
            wanted.add(&parts, true);
        }
        Ok(Self(wanted))
    }
}

fn is_word(part: &str) -> bool {
    !part.is_empty()
        && part
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

impl Wanted {
    fn is_everything(&self) -> bool {
        self.0.is_empty()
    }

    /// Who wants a field wants no less of it because somebody also names a part.
    fn add(&mut self, parts: &[&str], is_first: bool) {
        let Some((part, rest)) = parts.split_first() else {
            self.0.clear();
            return;
        };
        if self.is_everything() && !is_first {
            return;
        }
        match self.0.get_mut(*part) {
            Some(inner) => inner.add(rest, false),
            None => {
                self.0.insert((*part).to_owned(), Self::of(rest));
            }
        }
    }

    fn of(parts: &[&str]) -> Self {
        match parts.split_first() {
            None => Self::default(),
            Some((part, rest)) => Self(BTreeMap::from([((*part).to_owned(), Self::of(rest))])),
        }
    }

    /// Every name in it, as it is written.
    fn names(&self, before: &str, names: &mut Vec<String>) {
        for (part, inner) in &self.0 {
            let name = join(before, part);
            if inner.is_everything() {
                names.push(name);
            } else {
                inner.names(&name, names);
            }
        }
    }
}

fn join(before: &str, part: &str) -> String {
    if before.is_empty() {
        part.to_owned()
    } else {
        format!("{before}.{part}")
    }
}

impl Fields {
    /// The answer with these fields alone. `is_known` says whether any answer has a field of that name: a field that an answer happens
    /// to lack, because it is empty or because there is no row, is not a wrong name.
    ///
    /// # Errors
    ///
    /// [`FieldsError::Unknown`] for a name that stands nowhere in the answer and is none; [`FieldsError::Unreadable`].
    pub fn select(
        &self,
        json: &str,
        is_known: impl Fn(&str) -> bool,
    ) -> Result<String, FieldsError> {
        let root: Members<'_> = serde_json::from_str(json)?;
        let mut selection = Selection::default();
        let mut out = String::with_capacity(json.len());
        if root.0.iter().any(|(_, value)| holds_resources(value)) {
            out.push('{');
            for (index, (name, value)) in root.0.iter().enumerate() {
                write_name(&mut out, index, name)?;
                if holds_resources(value) {
                    selection.write(&mut out, &self.0, value, "")?;
                } else {
                    out.push_str(value.get());
                }
            }
            out.push('}');
        } else {
            selection.write_members(&mut out, &self.0, &root, "")?;
        }
        self.check(&selection.seen, is_known)?;
        Ok(out)
    }

    fn check(
        &self,
        seen: &BTreeSet<String>,
        is_known: impl Fn(&str) -> bool,
    ) -> Result<(), FieldsError> {
        let mut names = Vec::new();
        self.0.names("", &mut names);
        let unknown = names
            .into_iter()
            .find(|name| !seen.contains(name) && !name.split('.').all(&is_known));
        unknown.map_or(Ok(()), |name| Err(FieldsError::Unknown(name)))
    }
}

/// Whether a member of an answer is a resource or a list of them. Nobody can tell of an empty list.
fn holds_resources(value: &RawValue) -> bool {
    let text = value.get();
    text.starts_with('{')
        || text
            .strip_prefix('[')
            .is_some_and(|items| items.trim_start().starts_with(['{', ']']))
}

#[derive(Default)]
struct Selection {
    /// Names of the selection that the answer has.
    seen: BTreeSet<String>,
}

impl Selection {
    fn write(
        &mut self,
        out: &mut String,
        wanted: &Wanted,
        value: &RawValue,
        before: &str,
    ) -> Result<(), FieldsError> {
        let text = value.get();
        if text.starts_with('{') {
            let members: Members<'_> = serde_json::from_str(text)?;
            self.write_members(out, wanted, &members, before)
        } else if text.starts_with('[') {
            let items: Vec<&RawValue> = serde_json::from_str(text)?;
            out.push('[');
            for (index, item) in items.into_iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                self.write(out, wanted, item, before)?;
            }
            out.push(']');
            Ok(())
        } else {
            // A part of what has none, such as `null`: the whole says so.
            out.push_str(text);
            Ok(())
        }
    }

    fn write_members(
        &mut self,
        out: &mut String,
        wanted: &Wanted,
        members: &Members<'_>,
        before: &str,
    ) -> Result<(), FieldsError> {
        out.push('{');
        let mut n_written = 0;
        for (name, value) in &members.0 {
            let Some(inner) = wanted.0.get(name.as_ref()) else {
                continue;
            };
            let path = join(before, name);
            write_name(out, n_written, name)?;
            n_written += 1;
            if inner.is_everything() {
                self.seen.insert(path);
                out.push_str(value.get());
            } else {
                self.write(out, inner, value, &path)?;
            }
        }
        out.push('}');
        Ok(())
    }
}

fn write_name(out: &mut String, index: usize, name: &str) -> Result<(), FieldsError> {
    if index > 0 {
        out.push(',');
    }
    out.push_str(&serde_json::to_string(name)?);
    out.push(':');
    Ok(())
}

/// The members of an object in their order, each as the text that it is.
struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OfObject;
        impl<'de> Visitor<'de> for OfObject {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(Name(name)) = map.next_key()? {
                    members.push((name, map.next_value()?));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(OfObject)
    }
}

/// The name of a member: borrowed, unless it has escapes.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);
