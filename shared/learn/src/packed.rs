//! Numbers as base64 of their little-endian bytes: a head of 30 labels over 1,152 features is 92 kB of JSON rather than
//! 400 kB, and stays one string in the database.

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use half::f16;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serializer};

/// The nearest `f32` that an `f16` can hold. Numbers beyond its range become the largest it has.
///
/// A head is rounded when it is fitted, so that what is stored is what was validated.
pub(crate) fn rounded(value: f32) -> f32 {
    f16::from_f32(value.clamp(f16::MIN.to_f32(), f16::MAX.to_f32())).to_f32()
}

/// `Vec<f32>` as `f16`s; exact for numbers that went through [`rounded`].
pub(crate) mod halves {
    use super::{Deserializer, Engine, Error, STANDARD_NO_PAD, Serializer, f16, rounded};

    pub fn serialize<S: Serializer>(values: &[f32], serializer: S) -> Result<S::Ok, S::Error> {
        let bytes: Vec<u8> = values
            .iter()
            .flat_map(|value| f16::from_f32(rounded(*value)).to_le_bytes())
            .collect();
        serializer.serialize_str(&STANDARD_NO_PAD.encode(bytes))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<f32>, D::Error> {
        let bytes = super::bytes(deserializer)?;
        let (pairs, rest) = bytes.as_chunks::<2>();
        if !rest.is_empty() {
            return Err(Error::custom("an odd number of bytes"));
        }
        Ok(pairs
            .iter()
            .map(|pair| f16::from_le_bytes(*pair).to_f32())
            .collect())
    }
}

/// `Vec<u32>`, exact.
pub(crate) mod words {
    use super::{Deserializer, Engine, Error, STANDARD_NO_PAD, Serializer};

    pub fn serialize<S: Serializer>(values: &[u32], serializer: S) -> Result<S::Ok, S::Error> {
        let bytes: Vec<u8> = values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect();
        serializer.serialize_str(&STANDARD_NO_PAD.encode(bytes))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u32>, D::Error> {
        let bytes = super::bytes(deserializer)?;
        let (quads, rest) = bytes.as_chunks::<4>();
        if !rest.is_empty() {
            return Err(Error::custom("not a multiple of four bytes"));
        }
        Ok(quads.iter().map(|quad| u32::from_le_bytes(*quad)).collect())
    }
}

fn bytes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    let text = String::deserialize(deserializer)?;
    STANDARD_NO_PAD.decode(text).map_err(Error::custom)
}
