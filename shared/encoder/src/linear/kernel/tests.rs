use super::*;

/// Numbers that look random, the same in every run.
fn noise(seed: u32) -> impl FnMut() -> i32 {
    let mut state = seed;
    move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8).cast_signed()
    }
}

fn tile_and_panel(n_pairs: usize, seed: u32) -> (Vec<Pairs>, Vec<Weights>) {
    let mut next = noise(seed);
    // Any 13 bits: 1024 pairs of them with weights of 8 bits still fit.
    let mut level = || next() % 8192 - 4096;
    let mut pair = || (level() & 0xFFFF) | (level() << 16);
    let tile = (0..n_pairs)
        .map(|_| std::array::from_fn(|_| pair()))
        .collect();
    let mut next = noise(seed ^ 0x5555);
    let mut weight = || next().to_le_bytes()[0].cast_signed();
    let panel = (0..n_pairs)
        .map(|_| std::array::from_fn(|_| weight()))
        .collect();
    (tile, panel)
}

fn check<const R: usize>(tile: &[Pairs], panel: &[Weights]) {
    let expected = plain::<R>(tile, panel);
    assert_eq!(products(tile, panel, R), expected, "{R} rows");
}

#[test]
fn every_version_gives_the_same_sums() {
    for (n_pairs, seed) in [(1, 1), (2, 2), (7, 3), (192, 4), (768, 5), (1024, 6)] {
        let (tile, panel) = tile_and_panel(n_pairs, seed);
        check::<1>(&tile, &panel);
        check::<2>(&tile, &panel);
        check::<3>(&tile, &panel);
        check::<ROWS>(&tile, &panel);
    }
}
