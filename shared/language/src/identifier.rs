//! Which language: the table of weights, and what it says of a text.

use crate::MalformedModel;
use crate::features::for_each_feature;
use crate::table::{Reader, Table, TableSize, malformed};
use crate::words::ReadText;

/// The code of a language that the model does not know (BCP 47).
pub const UNDETERMINED: &str = "und";

const MAGIC: [u8; 8] = *b"EDLANG01";
const CODE_BYTES: usize = 4;
const MAX_LABELS: usize = 32;
/// Letters below which a text in Latin script is never said to be in another language: too many short words are.
const MIN_FOREIGN_LETTERS: usize = 20;
/// Other guesses that a guess carries.
const MAX_ALTERNATIVES: usize = 2;

/// A language, how sure the model is, and what else it may be.
#[derive(Debug, Clone, PartialEq)]
pub struct Guess<'a> {
    /// ISO 639-1, or [`UNDETERMINED`].
    pub code: &'a str,
    /// 0 to 1, calibrated: of guesses with 0.8 about eight in ten are right. For a known language it is said given that
    /// the text is in one of those the model knows.
    pub confidence: f32,
    /// The next best known languages, best first.
    pub alternatives: Vec<Alternative<'a>>,
}

/// A language that was not the best guess.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Alternative<'a> {
    /// ISO 639-1.
    pub code: &'a str,
    /// 0 to 1, like [`Guess::confidence`].
    pub confidence: f32,
}

/// A linear model over hashed character n-grams.
///
/// The file, little-endian: magic; `bits`, `labels`, `rows` (u32); `scale`, `sharpness`, `sharpness_exponent`,
/// `foreign_margin` (f32); a code per label (four bytes, filled with zeros); a bias per label (f32); one bit per bucket,
/// `2^bits` of them, for those that have a row; the rows in the order of their buckets, an i8 per label each.
#[derive(Clone)]
pub struct Identifier {
    labels: Vec<String>,
    biases: Vec<f32>,
    /// What an int8 step of a weight is worth.
    scale: f32,
    /// Confidence comes from outputs times `sharpness * n_features^sharpness_exponent`.
    sharpness: f32,
    sharpness_exponent: f32,
    /// How far [`UNDETERMINED`] must be ahead of the best known language.
    foreign_margin: f32,
    table: Table,
}

impl Identifier {
    /// Checks and takes a model file; `models/train/language.py` writes it.
    pub fn parse(bytes: &[u8]) -> Result<Self, MalformedModel> {
        let mut reader = Reader::open(bytes, MAGIC)?;
        let size = TableSize::read(&mut reader, MAX_LABELS)?;
        Ok(Self {
            scale: reader.factor()?,
            sharpness: reader.factor()?,
            sharpness_exponent: reader.float()?,
            foreign_margin: reader.float()?,
            labels: (0..size.labels)
                .map(|_| read_code(&mut reader))
                .collect::<Result<_, _>>()?,
            biases: reader.floats(size.labels)?,
            table: Table::read(&mut reader, size)?,
        })
    }

    /// The languages the model tells apart, without [`UNDETERMINED`].
    pub fn languages(&self) -> impl Iterator<Item = &str> {
        let known = self.labels.iter().map(String::as_str);
        known.filter(|code| *code != UNDETERMINED)
    }

    /// The language of a text of any length; `None` where there is no word to tell by, as in an order number.
    #[must_use]
    pub fn identify(&self, text: &str) -> Option<Guess<'_>> {
        let read = ReadText::read(text);
        if read.words.is_empty() {
            return None;
        }
        if read.n_other > read.n_latin {
            // Every language of the model is written in Latin letters.
            let n_letters = read.n_other + read.n_latin;
            return Some(undetermined(read.n_other as f32 / n_letters as f32));
        }
        let codes = self.labels.iter().map(String::as_str);
        let (foreign, mut known): (Vec<_>, Vec<_>) = codes
            .zip(self.outputs(&read.words))
            .partition(|(code, _)| *code == UNDETERMINED);
        known.sort_by(|a, b| b.1.total_cmp(&a.1));
        let (_, best) = *known.first()?;

        if let Some((_, foreign)) = foreign.first()
            && read.n_latin >= MIN_FOREIGN_LETTERS
            && foreign - best > self.foreign_margin
        {
            let all: f32 = known
                .iter()
                .map(|(_, output)| (output - foreign).exp())
                .sum();
            return Some(undetermined(1.0 / (1.0 + all)));
        }
        let all: f32 = known.iter().map(|(_, output)| (output - best).exp()).sum();
        let mut ranked = known.into_iter().map(|(code, output)| Alternative {
            code,
            confidence: (output - best).exp() / all,
        });
        let Alternative { code, confidence } = ranked.next()?;
        Some(Guess {
            code,
            confidence,
            alternatives: ranked.take(MAX_ALTERNATIVES).collect(),
        })
    }

    /// One calibrated output per label.
    fn outputs(&self, words: &[Vec<char>]) -> Vec<f32> {
        let mut sums = self.table.sums();
        for word in words {
            for_each_feature(word, |hash| self.table.add(hash, &mut sums));
        }
        let sharpness = self.sharpness * (sums.n_features as f32).powf(self.sharpness_exponent);
        let mut outputs = sums.outputs(self.scale, &self.biases);
        for output in &mut outputs {
            *output *= sharpness;
        }
        outputs
    }
}

impl std::fmt::Debug for Identifier {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Identifier({})", self.labels.join(" "))
    }
}

const fn undetermined(confidence: f32) -> Guess<'static> {
    Guess {
        code: UNDETERMINED,
        confidence,
        alternatives: Vec::new(),
    }
}

fn read_code(reader: &mut Reader) -> Result<String, MalformedModel> {
    let bytes = reader.take(CODE_BYTES)?;
    let bytes = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
    if bytes.is_empty() || !bytes.iter().all(u8::is_ascii_lowercase) {
        return Err(malformed("a language without a code"));
    }
    Ok(bytes.iter().copied().map(char::from).collect())
}
