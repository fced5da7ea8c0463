use super::*;

/// Numbers between -1 and 1 that look random, the same in every run.
fn noise(seed: u32) -> impl FnMut() -> f32 {
    let mut state = seed;
    move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (f32::from(u16::try_from(state >> 16).unwrap_or(0)) - 32_768.0) / 32_768.0
    }
}

fn weights(n: usize, seed: u32) -> Vec<i8> {
    let mut next = noise(seed);
    #[expect(clippy::cast_possible_truncation, reason = "within ±127")]
    (0..n).map(|_| (next() * 127.0) as i8).collect()
}

fn floats(n: usize, seed: u32) -> Vec<f32> {
    let mut next = noise(seed);
    (0..n).map(|_| next()).collect()
}

/// The layer in f64, without quantised inputs.
fn exact(inputs: &[f32], weight: &[i8], scales: &[f32], bias: &[f32]) -> Vec<f64> {
    let n_inputs = weight.len() / scales.len();
    let rows = inputs.chunks_exact(n_inputs);
    rows.flat_map(|row| {
        let outputs = weight.chunks_exact(n_inputs).zip(scales).zip(bias);
        outputs.map(move |((weights, scale), bias)| {
            let products = row.iter().zip(weights);
            let sum: f64 = products.map(|(x, w)| f64::from(*x) * f64::from(*w)).sum();
            sum * f64::from(*scale) + f64::from(*bias)
        })
    })
    .collect()
}

#[test]
fn a_layer_is_close_to_the_product_without_rounding() {
    for (n_rows, n_inputs, n_outputs) in [(1, 2, 8), (3, 10, 16), (4, 384, 24), (9, 1536, 8)] {
        let weight = weights(n_inputs * n_outputs, 1);
        let (scales, bias) = (floats(n_outputs, 2), floats(n_outputs, 3));
        let inputs = floats(n_rows * n_inputs, 4);
        let layer =
            Linear::pack(&weight, &scales, &bias, Activation::None).expect("lengths that fit");
        assert_eq!((layer.n_inputs(), layer.n_outputs()), (n_inputs, n_outputs));
        let found = layer.apply(&inputs);
        let expected = exact(&inputs, &weight, &scales, &bias);
        assert_eq!(found.len(), expected.len());
        // An input is off by half a level at most, in either direction: errors average out.
        let half_a_level = 0.5 / f64::from(levels(n_inputs));
        let tolerance = 127.0 * half_a_level * (n_inputs as f64).sqrt() * 2.0 + 1e-4;
        for (found, expected) in found.iter().zip(expected) {
            let error = (f64::from(*found) - expected).abs();
            assert!(error < tolerance, "{found} for {expected}");
        }
    }
}

#[test]
fn a_row_does_not_depend_on_its_neighbours() {
    let (weight, scales, bias) = (weights(32 * 8, 1), floats(8, 2), floats(8, 3));
    let layer = Linear::pack(&weight, &scales, &bias, Activation::Gelu).expect("lengths that fit");
    let inputs = floats(7 * 32, 4);
    let together = layer.apply(&inputs);
    let alone: Vec<f32> = inputs.chunks(32).flat_map(|row| layer.apply(row)).collect();
    assert_eq!(together, alone);
}

#[test]
fn the_activation_is_applied_to_what_comes_out() {
    let (weight, scales, bias) = (weights(32 * 8, 1), floats(8, 2), floats(8, 3));
    let pack =
        |activation| Linear::pack(&weight, &scales, &bias, activation).expect("lengths that fit");
    let inputs = floats(5 * 32, 4);
    let plain = pack(Activation::None).apply(&inputs);
    let expected: Vec<f32> = plain.into_iter().map(float::gelu).collect();
    assert_eq!(pack(Activation::Gelu).apply(&inputs), expected);
}

#[test]
fn the_largest_sums_fit() {
    for (n_inputs, expected) in [
        (2, 32_767),
        (384, 32_767),
        (512, 32_767),
        (1536, 10_922),
        (4096, 4_095),
    ] {
        let levels = levels(n_inputs);
        assert_eq!(levels, expected, "{n_inputs} inputs");
        let largest = i64::from(levels) * 128 * i64::try_from(n_inputs).expect("few");
        assert!(
            largest <= i64::from(i32::MAX),
            "{n_inputs} inputs: {largest}"
        );
        // The same through the kernel: a row of its largest value with weights of -128.
        let layer = Linear::pack(
            &vec![-128; 8 * n_inputs],
            &[1.0; 8],
            &[0.0; 8],
            Activation::None,
        )
        .expect("lengths that fit");
        for output in layer.apply(&vec![1.0; n_inputs]) {
            let exact = -128.0 * n_inputs as f32;
            assert!((output / exact - 1.0).abs() < 1e-6, "{output} for {exact}");
        }
    }
}

#[test]
fn zeros_and_what_is_no_number_do_no_harm() {
    let layer =
        Linear::pack(&[100; 64], &[1.0; 8], &[0.5; 8], Activation::None).expect("lengths that fit");
    assert_eq!(layer.apply(&[0.0; 8]), [0.5; 8]);
    assert!(layer.apply(&[]).is_empty());
    for strange in [f32::NAN, f32::INFINITY, f32::MAX] {
        assert_eq!(layer.apply(&[strange; 16]).len(), 16);
    }
}

#[test]
fn lengths_that_do_not_fit_are_refused() {
    let pack = |n_weights, n_scales, n_biases| {
        let (scales, bias) = (vec![1.0; n_scales], vec![1.0; n_biases]);
        Linear::pack(&vec![1; n_weights], &scales, &bias, Activation::None)
    };
    assert!(pack(16, 8, 8).is_some());
    for (n_weights, n_scales, n_biases) in [
        (16, 8, 7),
        (15, 8, 8),
        (24, 8, 8),
        (8, 4, 4),
        (0, 0, 0),
        (0, 8, 8),
        (8 * 4098, 8, 8),
    ] {
        assert!(
            pack(n_weights, n_scales, n_biases).is_none(),
            "{n_weights} {n_scales} {n_biases}"
        );
    }
}
