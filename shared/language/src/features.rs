//! A word into the numbers of its n-grams: the twin of `feature_ids` in `models/train/language.py`.

/// Characters of the longest n-gram; a word itself is a feature at any length.
const MAX_GRAM_CHARS: usize = 5;

/// FNV-1a's, over code points rather than bytes.
const GRAM_SEED: u32 = 0x811C_9DC5;
const PRIME: u32 = 0x0100_0193;
/// Another beginning, so that a short word and the n-gram of the same characters differ.
const WORD_SEED: u32 = 0x9E37_79B9;

/// Calls `visit` with the hash of every n-gram of one to five characters of `<word>`, its boundaries included, and of
/// the whole word; returns the latter.
pub fn for_each_feature(word: &[char], mut visit: impl FnMut(u32)) -> u32 {
    let bounded: Vec<u32> = [u32::from('<')]
        .into_iter()
        .chain(word.iter().copied().map(u32::from))
        .chain([u32::from('>')])
        .collect();
    let last = bounded.len() - 1;
    for start in 0..bounded.len() {
        let mut hash = GRAM_SEED;
        let gram = bounded.iter().skip(start).take(MAX_GRAM_CHARS);
        for (n, code) in gram.enumerate() {
            hash = step(hash, *code);
            // A boundary alone says nothing.
            if n > 0 || (start > 0 && start < last) {
                visit(mixed(hash));
            }
        }
    }
    let whole = hash_of(WORD_SEED, &bounded);
    visit(whole);
    whole
}

/// The feature that `parts` make together; `seed` says what kind it is.
pub fn hash_of(seed: u32, parts: &[u32]) -> u32 {
    mixed(parts.iter().fold(seed, |hash, part| step(hash, *part)))
}

const fn step(hash: u32, code: u32) -> u32 {
    (hash ^ code).wrapping_mul(PRIME)
}

/// Spreads what the last characters changed over the low bits, which pick the bucket.
const fn mixed(hash: u32) -> u32 {
    let hash = (hash ^ (hash >> 15)).wrapping_mul(0x2C1B_3C6D);
    hash ^ (hash >> 12)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_has_all_its_grams_and_itself() {
        let mut features = Vec::new();
        let whole = for_each_feature(&['å', 'r'], |feature| features.push(feature));
        // <å <år <år> å år år> r r> and the word; neither boundary alone.
        assert_eq!(features.len(), 9);
        assert_eq!(features.last(), Some(&whole));
        let mut distinct = features.clone();
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!(distinct.len(), features.len());
    }
}
