//! Merkle trees as of RFC 9162, section 2.1 (and RFC 6962, whose tree is the same): a leaf's hash is SHA-256 of `00` and its
//! data, a node's that of `01` and its two children, and a tree of n leaves splits at the largest power of two below n.
//!
//! A tree that grows keeps its *nodes*: the hashes of its complete subtrees, by level (0 for leaves) and place. Each is made
//! once, by the leaf that completes it, and never changes. Every root and proof of every size follows from them.

use crate::hash::Hash;

/// The hash of a leaf.
#[must_use]
pub fn leaf_hash(data: &[u8]) -> Hash {
    Hash::of(&[&[0], data])
}

/// The hash of a node.
#[must_use]
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Hash::of(&[&[1], left.as_bytes(), right.as_bytes()])
}

/// The root of a tree without leaves.
#[must_use]
pub fn empty_root() -> Hash {
    Hash::of(&[])
}

/// Where the nodes of a tree are kept.
pub trait Nodes {
    /// Why a node cannot be had.
    type Error;

    /// The hash of the complete subtree over the leaves from `index << level` to before `(index + 1) << level`. Asked only for
    /// such as the tree has.
    fn node(&self, level: u32, index: u64) -> Result<Hash, Self::Error>;
}

/// A place in a tree, or a size of one, that there is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the tree has no such leaf or size")]
pub struct OutOfRange;

/// The right edge of a growing tree: what is needed to add a leaf and to say the root.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Frontier {
    size: u64,
    /// The largest complete subtrees from left to right, one for each 1 in the binary form of `size`.
    peaks: Vec<Hash>,
}

impl Frontier {
    /// The right edge of a tree of `size` leaves.
    pub fn load<N: Nodes>(nodes: &N, size: u64) -> Result<Self, N::Error> {
        let mut peaks = Vec::new();
        let mut start = 0;
        for level in (0..u64::BITS).rev().filter(|level| size >> level & 1 == 1) {
            peaks.push(nodes.node(level, start >> level)?);
            start += 1 << level;
        }
        Ok(Self { size, peaks })
    }

    /// Leaves.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Adds a leaf. Returns the nodes that it completes: itself, its parent if it is a right child, and so on up.
    pub fn push(&mut self, leaf: Hash) -> Vec<Hash> {
        let mut completed = vec![leaf];
        let mut node = leaf;
        for _ in 0..self.size.trailing_ones() {
            // There is a peak for each 1, and the lowest ones are the last.
            if let Some(left) = self.peaks.pop() {
                node = node_hash(&left, &node);
                completed.push(node);
            }
        }
        self.peaks.push(node);
        self.size += 1;
        completed
    }

    /// The root.
    #[must_use]
    pub fn root(&self) -> Hash {
        let mut peaks = self.peaks.iter().rev();
        let Some(last) = peaks.next() else {
            return empty_root();
        };
        peaks.fold(*last, |right, left| node_hash(left, &right))
    }
}

/// The root of the first `size` leaves.
pub fn root<N: Nodes>(nodes: &N, size: u64) -> Result<Hash, N::Error> {
    if size == 0 {
        return Ok(empty_root());
    }
    range_root(nodes, 0, size)
}

/// The path from leaf `index` to the root of the first `size` leaves, bottom up (RFC 9162, section 2.1.3.1): at most 64 hashes.
pub fn inclusion_proof<N: Nodes>(
    nodes: &N,
    index: u64,
    size: u64,
) -> Result<Result<Vec<Hash>, OutOfRange>, N::Error> {
    if index >= size {
        return Ok(Err(OutOfRange));
    }
    let (mut start, mut end) = (0, size);
    let mut path = Vec::new();
    while end - start > 1 {
        let middle = start + split(end - start);
        if index < middle {
            path.push(range_root(nodes, middle, end)?);
            end = middle;
        } else {
            path.push(range_root(nodes, start, middle)?);
            start = middle;
        }
    }
    path.reverse();
    Ok(Ok(path))
}

/// What shows that the first `from` leaves of a tree of `to` are those of the tree of `from` (RFC 9162, section 2.1.4.1).
pub fn consistency_proof<N: Nodes>(
    nodes: &N,
    from: u64,
    to: u64,
) -> Result<Result<Vec<Hash>, OutOfRange>, N::Error> {
    if from == 0 || from > to {
        return Ok(Err(OutOfRange));
    }
    let (mut start, mut end) = (0, to);
    let mut path = Vec::new();
    // Until the old tree is a whole subtree of the new one, which is then left out if its root is known as the old root.
    while from < end {
        let middle = start + split(end - start);
        if from <= middle {
            path.push(range_root(nodes, middle, end)?);
            end = middle;
        } else {
            path.push(range_root(nodes, start, middle)?);
            start = middle;
        }
    }
    if start > 0 {
        path.push(range_root(nodes, start, end)?);
    }
    path.reverse();
    Ok(Ok(path))
}

/// Whether `path` leads from a leaf to a root (RFC 9162, section 2.1.3.2).
#[must_use]
pub fn verify_inclusion(leaf: &Hash, index: u64, size: u64, path: &[Hash], root: &Hash) -> bool {
    if index >= size {
        return false;
    }
    let (mut place, mut last) = (index, size - 1);
    let mut node = *leaf;
    for sibling in path {
        if last == 0 {
            return false;
        }
        if place & 1 == 1 || place == last {
            node = node_hash(sibling, &node);
            while place & 1 == 0 && place != 0 {
                place >>= 1;
                last >>= 1;
            }
        } else {
            node = node_hash(&node, sibling);
        }
        place >>= 1;
        last >>= 1;
    }
    last == 0 && node == *root
}

/// Whether `path` shows that the tree of `to` leaves with `to_root` begins with the tree of `from` leaves with `from_root` (RFC
/// 9162, section 2.1.4.2).
#[must_use]
pub fn verify_consistency(
    from: u64,
    to: u64,
    from_root: &Hash,
    to_root: &Hash,
    path: &[Hash],
) -> bool {
    if from == 0 || from > to {
        return false;
    }
    if from == to {
        return path.is_empty() && from_root == to_root;
    }
    // An old tree that is a whole subtree of the new one is not sent along.
    let (first, rest) = if from.is_power_of_two() {
        (from_root, path)
    } else {
        match path.split_first() {
            Some(parts) => parts,
            None => return false,
        }
    };
    let (mut place, mut last) = (from - 1, to - 1);
    while place & 1 == 1 {
        place >>= 1;
        last >>= 1;
    }
    let (mut old, mut new) = (*first, *first);
    for sibling in rest {
        if last == 0 {
            return false;
        }
        if place & 1 == 1 || place == last {
            old = node_hash(sibling, &old);
            new = node_hash(sibling, &new);
            while place & 1 == 0 && place != 0 {
                place >>= 1;
                last >>= 1;
            }
        } else {
            new = node_hash(&new, sibling);
        }
        place >>= 1;
        last >>= 1;
    }
    last == 0 && old == *from_root && new == *to_root
}

/// The root over the leaves from `start` to before `end`, which are a left subtree or the right edge of a tree: so `start` is a
/// multiple of every power of two up to their number.
fn range_root<N: Nodes>(nodes: &N, start: u64, end: u64) -> Result<Hash, N::Error> {
    let (mut left, mut rest) = (Vec::new(), start);
    while !(end - rest).is_power_of_two() {
        let middle = rest + split(end - rest);
        left.push(complete(nodes, rest, middle)?);
        rest = middle;
    }
    let last = complete(nodes, rest, end)?;
    Ok(left
        .iter()
        .rev()
        .fold(last, |right, left| node_hash(left, &right)))
}

fn complete<N: Nodes>(nodes: &N, start: u64, end: u64) -> Result<Hash, N::Error> {
    let level = (end - start).trailing_zeros();
    nodes.node(level, start >> level)
}

/// The largest power of two below `size`, which is at least 2.
const fn split(size: u64) -> u64 {
    1 << (u64::BITS - 1 - (size - 1).leading_zeros())
}

#[cfg(test)]
mod tests;
