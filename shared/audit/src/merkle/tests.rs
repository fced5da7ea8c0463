use std::convert::Infallible;

use proptest::prelude::*;

use super::*;

/// A tree whose every node is in memory, by level.
#[derive(Default)]
struct Tree {
    levels: Vec<Vec<Hash>>,
    frontier: Frontier,
}

impl Tree {
    fn of(leaves: impl IntoIterator<Item = Vec<u8>>) -> Self {
        let mut tree = Self::default();
        for leaf in leaves {
            let completed = tree.frontier.push(leaf_hash(&leaf));
            for (level, node) in completed.into_iter().enumerate() {
                if tree.levels.len() == level {
                    tree.levels.push(Vec::new());
                }
                tree.levels[level].push(node);
            }
        }
        tree
    }

    fn root(&self, size: u64) -> Hash {
        root(self, size).unwrap()
    }

    fn inclusion(&self, index: u64, size: u64) -> Vec<Hash> {
        inclusion_proof(self, index, size).unwrap().unwrap()
    }

    fn consistency(&self, from: u64, to: u64) -> Vec<Hash> {
        consistency_proof(self, from, to).unwrap().unwrap()
    }
}

impl Nodes for Tree {
    type Error = Infallible;

    fn node(&self, level: u32, index: u64) -> Result<Hash, Infallible> {
        Ok(self.levels[level as usize][usize::try_from(index).unwrap()])
    }
}

/// Leaves of Certificate Transparency's reference tests: google/certificate-transparency `cpp/merkletree/merkle_tree_test.cc`
/// and transparency-dev/merkle `testonly/constants.go`.
const LEAVES: [&str; 8] = [
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
];

/// Their roots by size, from the same files.
const ROOTS: [&str; 9] = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

const LEAF_1: &str = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7";
const LEAF_4: &str = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b";
const LEAF_6: &str = "b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f";
const NODE_1_0: &str = "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125";
const NODE_1_1: &str = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e";
const NODE_1_2: &str = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a";
const NODE_1_3: &str = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0";
const NODE_2_0: &str = "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7";
const NODE_2_1: &str = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4";

fn reference() -> Tree {
    Tree::of(LEAVES.map(|leaf| hex::decode(leaf).unwrap()))
}

fn texts(hashes: &[Hash]) -> Vec<String> {
    hashes.iter().map(Hash::to_string).collect()
}

#[test]
fn roots_are_those_of_the_reference() {
    let tree = reference();
    for (size, expected) in (0..).zip(ROOTS) {
        assert_eq!(tree.root(size).to_string(), expected, "{size}");
        let begun = Tree::of(
            LEAVES[..usize::try_from(size).unwrap()]
                .iter()
                .map(|leaf| hex::decode(leaf).unwrap()),
        );
        assert_eq!(begun.frontier.root().to_string(), expected, "{size}");
    }
}

#[test]
fn proofs_are_those_of_the_reference() {
    let tree = reference();
    for (index, size, expected) in [
        (0, 1, vec![]),
        (0, 8, vec![LEAF_1, NODE_1_1, NODE_2_1]),
        (5, 8, vec![LEAF_4, NODE_1_3, NODE_2_0]),
        (2, 3, vec![NODE_1_0]),
        (1, 5, vec![ROOTS[1], NODE_1_1, LEAF_4]),
    ] {
        assert_eq!(
            texts(&tree.inclusion(index, size)),
            expected,
            "{index} {size}"
        );
    }
    for (from, to, expected) in [
        (1, 1, vec![]),
        (1, 8, vec![LEAF_1, NODE_1_1, NODE_2_1]),
        (6, 8, vec![NODE_1_2, NODE_1_3, NODE_2_0]),
        (2, 5, vec![NODE_1_1, LEAF_4]),
        (6, 7, vec![NODE_1_2, LEAF_6, NODE_2_0]),
    ] {
        assert_eq!(texts(&tree.consistency(from, to)), expected, "{from} {to}");
    }
}

/// A tree of `size` leaves that differ.
fn counted(size: u64) -> Tree {
    Tree::of((0..size).map(|n| n.to_be_bytes().to_vec()))
}

/// The definition of RFC 9162, section 2.1.1, word for word.
fn by_definition(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => empty_root(),
        [leaf] => *leaf,
        leaves => {
            let mut k = 1;
            while k * 2 < leaves.len() {
                k *= 2;
            }
            node_hash(&by_definition(&leaves[..k]), &by_definition(&leaves[k..]))
        }
    }
}

#[test]
fn every_leaf_of_every_size_is_proved_and_no_other() {
    let tree = counted(200);
    let leaves = &tree.levels[0];
    for size in 1..=200 {
        let root = tree.root(size);
        let n = usize::try_from(size).unwrap();
        assert_eq!(root, by_definition(&leaves[..n]), "{size}");
        assert_eq!(Frontier::load(&tree, size).unwrap().root(), root, "{size}");
        for index in 0..size {
            let leaf = leaves[usize::try_from(index).unwrap()];
            let path = tree.inclusion(index, size);
            let holds = |leaf: &Hash, index, size, path: &[Hash]| {
                verify_inclusion(leaf, index, size, path, &root)
            };
            assert!(holds(&leaf, index, size, &path), "{index} {size}");
            assert!(
                !holds(&leaf_hash(b"other"), index, size, &path),
                "{index} {size}"
            );
            assert!(
                !holds(&leaf, index ^ 1, size, &path) || size == 1,
                "{index} {size}"
            );
            assert!(!verify_inclusion(
                &leaf,
                index,
                size,
                &path,
                &leaf_hash(b"other")
            ));
            let longer = [path.as_slice(), &[root]].concat();
            assert!(!holds(&leaf, index, size, &longer), "{index} {size}");
            if let Some((_, shorter)) = path.split_last() {
                assert!(!holds(&leaf, index, size, shorter), "{index} {size}");
            }
        }
        assert!(!verify_inclusion(&leaves[0], size, size, &[], &root));
        assert_eq!(inclusion_proof(&tree, size, size), Ok(Err(OutOfRange)));
    }
}

#[test]
fn every_size_is_consistent_with_every_later_one_and_with_no_other_tree() {
    let tree = counted(200);
    let roots: Vec<Hash> = (0..=200).map(|size| tree.root(size)).collect();
    let other = leaf_hash(b"other");
    for to in 1..=200_u64 {
        for from in 1..=to {
            let path = tree.consistency(from, to);
            let (old, new) = (
                &roots[usize::try_from(from).unwrap()],
                &roots[usize::try_from(to).unwrap()],
            );
            assert!(verify_consistency(from, to, old, new, &path), "{from} {to}");
            assert!(
                !verify_consistency(from, to, &other, new, &path),
                "{from} {to}"
            );
            assert!(
                !verify_consistency(from, to, old, &other, &path),
                "{from} {to}"
            );
            let longer = [path.as_slice(), &[other]].concat();
            assert!(
                !verify_consistency(from, to, old, new, &longer),
                "{from} {to}"
            );
            if let Some((_, shorter)) = path.split_last() {
                assert!(
                    !verify_consistency(from, to, old, new, shorter),
                    "{from} {to}"
                );
            }
        }
    }
    for (from, to) in [(0, 0), (0, 5), (6, 5)] {
        assert_eq!(consistency_proof(&tree, from, to), Ok(Err(OutOfRange)));
        assert!(!verify_consistency(from, to, &roots[5], &roots[5], &[]));
    }
}

#[test]
fn a_leaf_completes_the_nodes_that_end_with_it() {
    let mut frontier = Frontier::default();
    let completed: Vec<usize> = (0..9_u8)
        .map(|n| frontier.push(leaf_hash(&[n])).len())
        .collect();
    assert_eq!(completed, [1, 2, 1, 3, 1, 2, 1, 4, 1]);
    assert_eq!(frontier.size(), 9);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// One flipped bit anywhere in a proof, its leaf or its roots breaks it.
    #[test]
    fn one_flipped_bit_breaks_a_proof(
        size in 1..=200_u64,
        index in any::<prop::sample::Index>(),
        place in any::<prop::sample::Index>(),
        bit in 0..256_usize,
    ) {
        let tree = counted(size);
        let index = index.index(usize::try_from(size).unwrap()) as u64;
        let root = tree.root(size);
        let leaf = tree.levels[0][usize::try_from(index).unwrap()];
        let mut parts = vec![leaf, root];
        parts.extend(tree.inclusion(index, size));
        flip(&mut parts, place, bit);
        prop_assert!(!verify_inclusion(&parts[0], index, size, &parts[2..], &parts[1]));

        let from = index + 1;
        let mut parts = vec![tree.root(from), root];
        parts.extend(tree.consistency(from, size));
        flip(&mut parts, place, bit);
        prop_assert!(!verify_consistency(from, size, &parts[0], &parts[1], &parts[2..]));
    }

    /// Nothing that can be claimed makes the verification panic.
    #[test]
    fn no_claim_makes_it_panic(
        from in any::<u64>(),
        to in any::<u64>(),
        n_hashes in 0..70_u8,
    ) {
        let path: Vec<Hash> = (0..n_hashes).map(|n| leaf_hash(&[n])).collect();
        let root = leaf_hash(b"root");
        prop_assert!(!verify_inclusion(&root, from, to, &path, &leaf_hash(b"other")));
        prop_assert!(!verify_consistency(from, to, &root, &leaf_hash(b"other"), &path));
    }
}

fn flip(parts: &mut [Hash], place: prop::sample::Index, bit: usize) {
    let part = &mut parts[place.index(parts.len())];
    let mut bytes = *part.as_bytes();
    bytes[bit / 8] ^= 1 << (bit % 8);
    *part = hex::encode(bytes).parse().unwrap();
}
